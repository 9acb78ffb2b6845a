/** What is said where a picture is not that of f at x, but the recorded quadratic written down there, or one that the reader has made. */

import type { Item, Scene } from "../scene/types";
import type { Context } from "./context";

type Told = Pick<Context, "frozen" | "words">;

/** The sentence across a picture; "" where the picture is f's own. */
export const bannerOf = ({ frozen, words: { views } }: Told): string => ({ "": "", model: views.bannerModel, infinite: views.bannerInfinite, shadow: views.bannerShadow, hand: views.bannerHand })[frozen];

/** The sentence below it. */
export const noteOf = ({ frozen, words: { views } }: Told): string => ({ "": "", model: views.noteDragged, infinite: views.noteInfinite, shadow: views.noteNoShadow, hand: views.noteHand })[frozen];

/** The scene with both. */
export function warned(scene: Scene, context: Told): Scene {
  const text = bannerOf(context), [x0, x1, y0, y1] = scene.window;
  if (!text) return scene;
  const banner: Item = { kind: "text", role: "frozen", at: [(x0 + x1) / 2, y1 - 0.06 * (y1 - y0)], text, anchor: "middle" };
  return { ...scene, items: [...scene.items, banner], notes: [...(scene.notes ?? []), noteOf(context)] };
}

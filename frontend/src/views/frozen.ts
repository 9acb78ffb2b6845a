/** What is said where a picture is not that of f computed at x: the recorded quadratic written down there, one that the reader has made, or f read from a grid. */

import type { Item, Scene } from "../scene/types";
import type { Context } from "./context";

type Told = Pick<Context, "frozen" | "source" | "words">;

/** The lines across a picture; none where the picture is f's own. */
export function bannerOf({ frozen, source, words: { views } }: Told): string[] {
  const text = { "": "", model: views.bannerModel, infinite: views.bannerInfinite, shadow: views.bannerShadow, hand: views.bannerHand }[frozen];
  return text ? [text] : source ? views.bannerGrid(source) : [];
}

/** The sentence below it. */
export const noteOf = ({ frozen, source, words: { views } }: Told): string =>
  ({ "": source ? views.noteGrid : "", model: views.noteDragged, infinite: views.noteInfinite, shadow: views.noteNoShadow, hand: views.noteHand })[frozen];

/** The scene with both. */
export function warned(scene: Scene, context: Told): Scene {
  const [x0, x1, y0, y1] = scene.window, role = context.frozen ? "frozen" : "interpolated";
  const banner = bannerOf(context).map((text, k): Item => ({ kind: "text", role, at: [(x0 + x1) / 2, y1 - (0.06 + 0.05 * k) * (y1 - y0)], text, anchor: "middle" }));
  return banner.length > 0 ? { ...scene, items: [...scene.items, ...banner], notes: [...(scene.notes ?? []), noteOf(context)] } : scene;
}

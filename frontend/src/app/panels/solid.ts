/** Three dimensions: f and its model over the plane, or for three variables the ellipsoid. */

import type { Engine } from "../../engine/engine";
import type { Scene } from "../../scene/types";
import { ellipsoid } from "../../views/ellipsoid";
import { warned } from "../../views/frozen";
import { surface } from "../../views/surface";
import { element } from "../dom";
import { Figure } from "../figure";
import { explainScene, say, section, spoken, type Panel } from "../panel";
import type { Shown } from "../shown";
import type { Store } from "../store";
import type { Words } from "../words/words";

/** Degrees per pixel of a drag. */
const SPEED = 0.5;

/** f and its model over the plane. */
export function surfacePanel(_engine: Engine, store: Store, words: Words): Panel {
  return solidPanel("surface", store, words, ({ context, state }) => context && warned(surface(context, state.azimuth, state.elevation), context));
}

/** The level of the model through the recorded point, for three variables. */
export function ellipsoidPanel(engine: Engine, store: Store, words: Words): Panel {
  return solidPanel("ellipsoid", store, words, ({ state, context }) => {
    const cube = engine.point(state.position)?.cube;
    if (!cube) return null;
    const [a, b, c, d, e, f] = cube.hessian;
    const scene = ellipsoid([[a, b, c], [b, d, e], [c, e, f]], cube.gradient, state.azimuth, state.elevation, words);
    const notes = [...(context && !context.recorded ? [words.views.noteRecordedSolid] : []), ...(context?.frozen === "hand" ? [words.views.noteOwnH] : [])];
    return { ...scene, notes: [...(scene.notes ?? []), ...notes] };
  });
}

function solidPanel(name: "surface" | "ellipsoid", store: Store, words: Words, sceneOf: (shown: Shown) => Scene | null): Panel {
  const figure = new Figure(name, () => store.touch());
  const turn = element("input", { type: "range", min: -180, max: 180, step: 1 });
  const tilt = element("input", { type: "range", min: 0, max: 90, step: 1 });
  turn.addEventListener("input", () => store.set({ azimuth: Number(turn.value) }));
  tilt.addEventListener("input", () => store.set({ elevation: Number(tilt.value) }));
  const tools = element("div", { class: "tools" }, element("label", {}, words.surface.turn, turn), element("label", {}, words.surface.tilt, tilt));
  const { root, explain } = section(name, words.panels[name], figure.root, tools);
  rotate(figure, store);
  return {
    root,
    needs: ({ context, state }) => [context?.quad, context?.showFunction, context?.grid, context?.window, context?.frozen, context?.recorded, state.position, state.azimuth, state.elevation, figure.size],
    paint: (shown) => {
      [turn.value, tilt.value] = [String(shown.state.azimuth), String(shown.state.elevation)];
      const scene = sceneOf(shown);
      root.classList.toggle("empty", !scene);
      if (!scene) return say(explain, words.none.plane);
      figure.draw(scene, spoken(words.panels[name], scene));
      explainScene(root, explain, scene, words.surface.explain, words);
    },
  };
}

/** Dragging the picture turns it; for the keyboard there are the sliders. */
function rotate(figure: Figure, store: Store): void {
  let from: { x: number; y: number; azimuth: number; elevation: number } | null = null;
  figure.root.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    from = { x: event.clientX, y: event.clientY, azimuth: store.state.azimuth, elevation: store.state.elevation };
    figure.root.setPointerCapture(event.pointerId);
  });
  figure.root.addEventListener("pointermove", (event) => {
    if (!from) return;
    const azimuth = from.azimuth - SPEED * (event.clientX - from.x);
    const elevation = from.elevation + SPEED * (event.clientY - from.y);
    store.set({ azimuth: ((((azimuth + 180) % 360) + 360) % 360) - 180, elevation: Math.min(90, Math.max(0, elevation)) });
  });
  for (const end of ["pointerup", "pointercancel"]) figure.root.addEventListener(end, () => (from = null));
}

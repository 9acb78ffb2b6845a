/** The whole run on contours of f. */

import type { Engine } from "../../engine/engine";
import type { Plane } from "../../engine/record";
import { element } from "../dom";
import { Figure } from "../figure";
import { found, runNumbers } from "../numbers";
import { say, section, type Heading, type Panel } from "../panel";
import { nearest, runScene } from "../run-scene";
import type { Shown } from "../shown";
import type { Store } from "../store";
import type { Words } from "../words/words";

export function runPanel(engine: Engine, store: Store, words: Words): Panel {
  const figure = new Figure("run", () => store.touch());
  // Where the reader has dragged x to: moved alone, the picture below it stays.
  const dragged = element("div", { class: "ghost", hidden: true });
  figure.root.append(dragged);
  const { root, explain } = section("run", headingOf(engine, words), figure.root);
  const trials = engine.recording.trials;
  let painted: readonly unknown[] = [];
  if (trials) figure.root.addEventListener("click", (event) => select(event, engine, store, figure));
  else placeable(figure);

  const draw = (shown: Shown) => {
    const plane = engine.plane(shown.state.plane)!;
    const needs = [plane, shown.local, shown.context?.window, shown.state.position, shown.state.showFunction, figure.size];
    if (needs.every((need, i) => need === painted[i])) return;
    painted = needs;
    figure.draw(runScene(engine, plane, shown, words), trials ? words.run.label(trials.of) : words.panels.function.title);
  };
  return {
    root,
    needs: ({ state, local, context }) => [state.plane, local, context?.window, state.position, state.showFunction, state.x, figure.size],
    paint: (shown) => {
      const { state } = shown;
      root.classList.toggle("empty", !engine.plane(state.plane));
      if (!engine.plane(state.plane)) return say(explain, words.none.plane);
      const plane = engine.plane(state.plane)!;
      draw(shown);
      const pixel = state.x && !state.quad && figure.frame ? figure.frame.toPixel(state.x) : null;
      dragged.hidden = pixel === null;
      if (pixel) dragged.style.transform = `translate(${pixel[0].toFixed(2)}px, ${pixel[1].toFixed(2)}px)`;
      const outcome = trials || engine.recording.kind === "run" ? words.run.explain(runNumbers(engine, state.position)) : "";
      const projected = !plane.whole && trials && state.showFunction ? words.run.projected(found(engine.recording)) : "";
      say(explain, [outcome, projected, frameSeen(plane, shown) ? words.run.frame : "", state.showFunction ? "" : words.run.hidden].filter((text) => text !== "").join(" "));
    },
  };
}

/** Whether an edge of the local model's window lies in the picture. */
function frameSeen({ window }: Plane, { context, state }: Shown): boolean {
  return context !== null && !state.quad && context.window.some((edge, i) => (i % 2 === 0 ? edge > window[i] : edge < window[i]));
}

/** A point without a run has no history to tell. */
export function headingOf(engine: Engine, words: Words): Heading {
  return engine.answer > 1 ? words.panels.run : words.panels.function;
}

/** A click into the picture of one point: the laboratory takes the place for another start. */
export function placeable(figure: Figure): void {
  figure.root.addEventListener("click", (event) => {
    const box = figure.root.getBoundingClientRect();
    const detail = figure.frame?.toData([event.clientX - box.left, event.clientY - box.top]);
    if (detail) figure.root.dispatchEvent(new CustomEvent("raphson-place", { detail, bubbles: true }));
  });
}

function select(event: MouseEvent, engine: Engine, store: Store, figure: Figure): void {
  const plane = engine.plane(store.state.plane);
  if (!plane || !figure.frame) return;
  const box = figure.root.getBoundingClientRect();
  const position = nearest(plane, figure.frame.toPixel, [event.clientX - box.left, event.clientY - box.top]);
  if (position) store.set({ position, x: null, lens: null, playing: "", quad: null });
}

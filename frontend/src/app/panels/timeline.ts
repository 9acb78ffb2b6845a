/** What came of each trial, in strips above one axis. */

import type { Engine } from "../../engine/engine";
import type { Trials } from "../../engine/record";
import { element } from "../dom";
import { Figure } from "../figure";
import { timelineNumbers } from "../numbers";
import { say, section, type Panel } from "../panel";
import type { Store } from "../store";
import { across, drawStrips, edges, type Strip } from "../strips";
import type { Words } from "../words/words";

export function timelinePanel(engine: Engine, store: Store, words: Words): Panel {
  const trials = engine.recording.trials!;
  const figure = new Figure("timeline", () => store.touch()), { svg } = figure;
  const cursor = element("div", { class: "cursor" });
  figure.root.prepend(cursor);
  for (const [name, value] of [["role", "img"], ["aria-label", words.timeline.label(trials.of)], ["aria-hidden", "false"]]) svg.setAttribute(name, value);
  const { root, explain } = section("timeline", words.panels.timeline, figure.root);
  const numbers = timelineNumbers(engine);
  let [width, drawnAt] = [0, ""];
  pointer(figure.root, store, trials.index.length, () => width);
  return {
    root,
    needs: ({ state }) => [state.position, figure.size],
    paint: ({ state }) => {
      const size = figure.size.split("x").map(Number), [, height] = size;
      [width] = size;
      if (width < 80) return;
      if (drawnAt !== figure.size) drawStrips(svg, stripsOf(trials, words), trials.accepted, trials.index.map((k) => k + 1), { width, height });
      drawnAt = figure.size;
      cursor.hidden = state.position >= engine.answer;
      cursor.style.transform = `translateX(${across(state.position - 1, trials.index.length, width).toFixed(2)}px)`;
      if (numbers) say(explain, words.timeline.explain(numbers));
    },
  };
}

function stripsOf(trials: Trials, words: Words): Strip[] {
  const { best, value } = trials;
  const gap = value.map((v) => (v === null || best === null ? null : Math.max(v - best, 0)));
  return [
    { name: "gap", label: words.timeline.gap, values: gap, log: true },
    { name: "gradient", label: words.timeline.gradient, values: trials.gradientNorm, log: true },
    { name: "tau", label: words.timeline.tau[trials.tauUnit], values: trials.tau, log: true },
    { name: "ratio", label: words.timeline.ratio, values: trials.ratio, log: false, clip: [-0.5, 1.5], lines: [0, 1] },
  ];
}

/** Pressing selects the nearest trial, dragging runs through them. The keyboard has the slider. */
function pointer(figure: HTMLElement, store: Store, m: number, width: () => number): void {
  const select = (event: PointerEvent) => {
    const [left, right] = edges(width());
    const share = (event.clientX - figure.getBoundingClientRect().left - left) / (right - left);
    const position = 1 + Math.round(Math.min(1, Math.max(0, share)) * (m - 1));
    if (position !== store.state.position) store.set({ position, x: null, playing: "", quad: null });
  };
  figure.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (event.pointerType !== "touch") figure.setPointerCapture(event.pointerId);
    select(event);
  });
  figure.addEventListener("pointermove", (event) => figure.hasPointerCapture(event.pointerId) && select(event));
}

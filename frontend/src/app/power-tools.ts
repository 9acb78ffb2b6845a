/** A slider for a power t from 0 to 1, with a button that plays it and the number beside it. */

import { element, iconButton, setIcon } from "./dom";
import { sweep } from "./play";
import type { State, Store } from "./store";

const MILLISECONDS = 2400;

/** `ends`: what stands at t = 0 and at t = 1. `movable`: there is something between. */
export function powerTools(
  store: Store, what: "morph" | "stretch", words: { slider: string; play: string; pause: string }, ends: [string, string], ...more: Node[]
): { root: HTMLElement; paint: (state: State, movable: boolean) => void } {
  const slider = element("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": words.slider });
  slider.addEventListener("input", () => store.set({ [what]: Number(slider.value), playing: "" }));
  const button = iconButton("play", words.play, () => sweep(store, what, MILLISECONDS));
  const value = element("output", { class: "number" });
  const end = (text: string) => element("span", { "aria-hidden": "true" }, text);
  const root = element("div", { class: "tools" }, button, end(ends[0]), slider, end(ends[1]), value, ...more);
  return {
    root,
    paint: (state, movable) => {
      const playing = state.playing === what, t = movable || what === "morph" ? state[what] : 1;
      setIcon(button, playing ? "pause" : "play", playing ? words.pause : words.play);
      slider.value = String(t);
      value.textContent = `t = ${t.toFixed(2)}`;
      slider.disabled = button.disabled = !movable;
    },
  };
}

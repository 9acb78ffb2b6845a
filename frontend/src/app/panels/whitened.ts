/** The whitened picture: a slider turns the ellipse into the circle. */

import type { Engine } from "../../engine/engine";
import { kind } from "../../maths/quadratic";
import { whitened } from "../../views/whitened";
import { element, iconButton, setIcon } from "../dom";
import { Figure } from "../figure";
import { explainScene, say, section, spoken, type Panel } from "../panel";
import { play } from "../play";
import type { Store } from "../store";
import type { Words } from "../words/words";

const MILLISECONDS = 2400;

export function whitenedPanel(_engine: Engine, store: Store, words: Words): Panel {
  const figure = new Figure("whitened", () => store.touch());
  const slider = element("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": words.whitened.slider });
  slider.addEventListener("input", () => store.set({ morph: Number(slider.value), playing: "" }));
  const button = iconButton("play", words.whitened.play, () => playMorph(store));
  const value = element("output", { class: "number" });
  const tools = element("div", { class: "tools" }, button, element("span", { "aria-hidden": "true" }, "s"), slider, element("span", { "aria-hidden": "true" }, "y"), value);
  const { root, explain } = section("whitened", words.panels.whitened, figure.root, tools);
  return {
    root,
    needs: ({ context, state }) => [context?.quad, context?.morph, state.playing === "morph", figure.size],
    paint: ({ context, state }) => {
      root.classList.toggle("empty", !context);
      if (!context) return say(explain, words.none.plane);
      const playing = state.playing === "morph";
      setIcon(button, playing ? "pause" : "play", playing ? words.whitened.pause : words.whitened.play);
      slider.value = String(state.morph);
      value.textContent = `t = ${state.morph.toFixed(2)}`;
      slider.disabled = button.disabled = kind(context.quad) !== "bowl";
      const scene = whitened(context);
      figure.draw(scene, spoken(words.panels.whitened, scene));
      explainScene(root, explain, scene, "", words);
    },
  };
}

/** From the ellipse to the circle; from the beginning where the circle was reached. */
function playMorph(store: Store): void {
  if (store.state.playing === "morph") return store.set({ playing: "" });
  const from = store.state.morph >= 1 ? 0 : store.state.morph;
  store.set({ morph: from, playing: "morph" });
  play(store, "morph", MILLISECONDS * (1 - from), (share) => store.set({ morph: share >= 1 ? 1 : from + (1 - from) * share, playing: share >= 1 ? "" : "morph" }));
}

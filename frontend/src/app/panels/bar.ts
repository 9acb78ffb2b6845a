/** The bar that stays in sight: which trial, which plane, what is hidden. */

import type { Engine } from "../../engine/engine";
import type { Plane } from "../../engine/record";
import { numberOf } from "../address";
import { found } from "../numbers";
import { element, iconButton, setIcon } from "../dom";
import type { Panel } from "../panel";
import { halt, repeat } from "../play";
import { radios } from "../radios";
import type { State, Store } from "../store";
import type { Words } from "../words/words";

const PAUSE_MILLISECONDS = 700;

export function bar(engine: Engine, store: Store, words: Words): Panel {
  const parts = [
    ...(engine.answer > 1 ? [transport(engine, store, words)] : []),
    ...(engine.recording.planes.some((plane) => !plane.whole) ? [planes(engine, store, words), sections(store, words)] : []),
    hide(store, words),
  ];
  const root = element("section", { class: engine.answer > 1 ? "bar with-trials" : "bar", "data-panel": "bar", "aria-label": words.controls.label }, ...parts.map((part) => part.root));
  return {
    root,
    needs: ({ state, local }) => [state.position, state.plane, state.section, state.showFunction, state.playing, local],
    paint: (shown) => parts.forEach((part) => part.paint(shown)),
  };
}

type Part = Pick<Panel, "root" | "paint">;

/** Another trial: what was dragged belonged to the old one. */
export function select(store: Store, engine: Engine, position: number, playing: State["playing"] = ""): void {
  store.set({ position: Math.min(engine.answer, Math.max(1, position)), x: null, lens: null, quad: null, playing });
}

/** Plays the trials to the answer; from the first one where the answer is shown. */
export function playTrials(store: Store, engine: Engine): void {
  if (store.state.playing === "trials") return store.set({ playing: "" });
  halt();
  if (store.state.position >= engine.answer) select(store, engine, 1, "trials");
  else store.set({ playing: "trials" });
  repeat(store, "trials", PAUSE_MILLISECONDS, () => {
    select(store, engine, store.state.position + 1, "trials");
    return store.state.position < engine.answer;
  });
}

function transport(engine: Engine, store: Store, words: Words): Part {
  const { controls } = words;
  const go = (position: () => number) => () => select(store, engine, position());
  const [first, previous, next, last] = [
    iconButton("first", controls.first, go(() => 1)),
    iconButton("previous", controls.previous, go(() => store.state.position - 1)),
    iconButton("next", controls.next, go(() => store.state.position + 1)),
    iconButton("last", controls.last(found(engine.recording)), go(() => engine.answer)),
  ];
  const button = iconButton("play", controls.play, () => playTrials(store, engine));
  const slider = element("input", { type: "range", min: 1, max: engine.answer, step: 1, "aria-label": controls.slider, "data-control": "trial" });
  slider.addEventListener("input", () => select(store, engine, Number(slider.value)));
  const label = element("output", { class: "where", "aria-live": "polite" });
  const root = element("div", { class: "transport", role: "group", "aria-label": controls.run }, first, previous, button, next, last, slider, label);
  return {
    root,
    paint: ({ state }) => {
      const text = labelOf(engine, state.position, words);
      slider.value = String(state.position);
      slider.setAttribute("aria-valuetext", text);
      label.textContent = text;
      const playing = state.playing === "trials";
      setIcon(button, playing ? "pause" : "play", playing ? controls.pause : controls.play);
      // Not `disabled`: a button that goes out while it has the focus loses it.
      for (const [b, off] of [[first, state.position <= 1], [previous, state.position <= 1], [next, state.position >= engine.answer], [last, state.position >= engine.answer]] as const)
        b.setAttribute("aria-disabled", String(off));
    },
  };
}

function labelOf(engine: Engine, position: number, words: Words): string {
  const trials = engine.recording.trials!;
  if (position >= engine.answer) return words.controls.answer(trials.of, found(engine.recording));
  return words.controls.trial(numberOf(engine, position), trials.of, trials.accepted[position - 1]);
}

function planes(engine: Engine, store: Store, words: Words): Part {
  const { controls } = words;
  const choice = element("select", { id: "plane" }, ...engine.recording.planes.map((plane) => element("option", { value: plane.id }, nameOf(engine, plane, words))));
  choice.addEventListener("change", () => store.set({ plane: choice.value, x: null, lens: null, quad: null }));
  const share = element("span", { class: "share" });
  return {
    root: element("div", { class: "choice" }, element("label", { for: "plane" }, controls.plane), choice, share),
    paint: ({ state }) => {
      choice.value = state.plane;
      const plane = engine.plane(state.plane);
      share.textContent = plane && plane.share !== null ? controls.share(plane.share) : "";
    },
  };
}

function nameOf({ recording }: Engine, plane: Plane, words: Words): string {
  return words.controls.planeName(plane.kind, recording.points.length > 1, found(recording)) ?? plane.label;
}

/** Slice or shadow: two radio buttons. */
function sections(store: Store, { controls }: Words): Part {
  const { root, check } = radios("section", controls.section, { slice: controls.slice, shadow: controls.shadow }, (section) => store.set({ section, x: null }));
  const label = root.lastElementChild as HTMLLabelElement, shadow = label.control as HTMLInputElement;
  return {
    root,
    paint: ({ local }) => {
      const none = local !== null && !local.shadow;
      check(local?.section === "shadow" ? "shadow" : "slice");
      shadow.disabled = none;
      label.classList.toggle("off", none);
      label.title = none ? controls.noShadow : "";
    },
  };
}

function hide(store: Store, words: Words): Part {
  const input = element("input", { type: "checkbox", "data-control": "hide" });
  input.addEventListener("change", () => store.set({ showFunction: !input.checked }));
  return {
    root: element("label", { class: "radio hide" }, input, element("span", {}, words.controls.hide)),
    paint: ({ state }) => {
      input.checked = !state.showFunction;
    },
  };
}

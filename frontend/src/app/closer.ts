/** Looking closer at the local picture: buttons, the wheel with Ctrl (a pinch on most pads), and Shift to move the window. */

import { middle } from "../maths/window";
import { add, scale, subtract } from "../maths/vector";
import type { Vec } from "../maths/quadratic";
import { element } from "./dom";
import type { Figure } from "./figure";
import type { Shown } from "./shown";
import type { Store } from "./store";
import type { Words } from "./words/words";

/** Beyond this neither f nor its levels can be told from rounding, or from infinity. */
const CLOSEST = 40;
const FARTHEST = -12;

/** The buttons, and the figure's wheel and Shift-drag; all act only where the page computes f. */
export function closerTools(store: Store, words: Words, figure: Figure, shown: () => Shown | null): { root: HTMLElement; paint: (shown: Shown) => void } {
  const zoom = (by: number, about: Vec | null): void => {
    const { context, local, state } = shown() ?? {};
    if (!context || !local?.live || local.section === "shadow" || !state || by === 0) return;
    const old = state.lens ?? { at: middle(context.window), zoom: 0 }, next = Math.min(CLOSEST, Math.max(FARTHEST, old.zoom + by));
    const fixed = about ?? context.quad.at;
    // The place under the pointer stays where it is.
    store.set({ lens: { at: add(fixed, scale(2 ** ((old.zoom - next) / 2), subtract(old.at, fixed))), zoom: next } });
  };
  const button = (sign: string, label: string, by: number): HTMLButtonElement => {
    const b = element("button", { type: "button", class: "quiet", "aria-label": label, title: label }, sign);
    b.addEventListener("click", () => zoom(by, null));
    return b;
  };
  const root = element("span", { class: "closer", role: "group", "aria-label": words.local.closer.label, title: words.local.closer.label }, button("+", words.local.closer.nearer, 2), button("\u2212", words.local.closer.farther, -2));
  figure.root.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(-Math.sign(event.deltaY), placeOf(event, figure));
  }, { passive: false });
  pan(store, figure, shown);
  return { root, paint: ({ local }) => { root.hidden = !local?.live || local.section === "shadow"; } };
}

/** Shift and a drag move the window instead of x. */
function pan(store: Store, figure: Figure, shown: () => Shown | null): void {
  let from: { place: Vec; at: Vec; zoom: number; toData: (p: Vec) => Vec } | null = null;
  figure.root.addEventListener("pointerdown", (event) => {
    const { context, local, state } = shown() ?? {}, { frame } = figure;
    if (!event.shiftKey || event.button !== 0 || !context || !local?.live || local.section === "shadow" || !state || !frame) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    const toData = (p: Vec): Vec => frame.toData(p);
    from = { place: toData(pixel(event, figure)), at: state.lens?.at ?? middle(context.window), zoom: state.lens?.zoom ?? 0, toData };
    figure.root.setPointerCapture(event.pointerId);
  }, { capture: true });
  figure.root.addEventListener("pointermove", (event) => {
    if (from) store.set({ lens: { at: add(from.at, subtract(from.place, from.toData(pixel(event, figure)))), zoom: from.zoom } });
  });
  for (const end of ["pointerup", "pointercancel"]) figure.root.addEventListener(end, () => (from = null));
}

function pixel(event: MouseEvent, figure: Figure): Vec {
  const box = figure.root.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

const placeOf = (event: MouseEvent, figure: Figure): Vec | null => figure.frame?.toData(pixel(event, figure)) ?? null;

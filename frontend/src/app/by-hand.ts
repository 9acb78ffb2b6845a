/** H by hand, beside the picture: a slider for each eigenvalue, through zero; what H is then; and the way back to f's own. */

import { eigen, signs, type Vec } from "../maths/quadratic";
import { short } from "../scene/number";
import type { Context } from "../views/context";
import { element } from "./dom";
import { matrix } from "./matrix";
import type { Store } from "./store";
import { axisWords, frameOf, nameOf } from "./tips";
import type { Words } from "./words/words";

/** The sliders' ends in units of f's own eigenvalue, and their steps to one of it: zero and f's own are among them. */
const LOW = -2, HIGH = 4, STEPS = 20;
/** The unit where an eigenvalue is zero: this share of the other. */
const SHARE = 0.1;

export function byHand(store: Store, words: Words): { root: HTMLElement; paint: (context: Context | null) => void } {
  const said = words.local.hand, H = matrix(), told = [0, 1].map(() => element("output"));
  let context: Context | null = null;
  const sliders = told.map((_, i) => {
    const slider = element("input", { type: "range", min: LOW * STEPS, max: HIGH * STEPS, step: 1, "aria-label": nameOf(i), "data-control": `lambda-${i + 1}` });
    slider.addEventListener("input", () => {
      if (!context) return;
      const { axes, values } = frameOf(context), next: Vec = [...values];
      next[i] = (Number(slider.value) / STEPS) * unitOf(context, i);
      store.set({ hand: { axes, values: next } });
    });
    return slider;
  });
  const back = element("button", { type: "button", class: "quiet" }, said.back);
  back.addEventListener("click", () => store.set({ hand: null }));
  const root = element("details", { class: "by-hand" }, element("summary", {}, said.title), element("div", { class: "tools" }, ...sliders.map((slider, i) => element("label", {}, slider, told[i])), H.root, back));
  return {
    root,
    paint: (now) => {
      if (now?.hand && !context?.hand) root.open = true;
      context = now;
      root.hidden = !now || now.section === "shadow";
      if (!now) return;
      sliders.forEach((slider, k) => {
        const i = k as 0 | 1, text = (told[i].textContent = axisWords(now, i, words));
        slider.value = String(Math.round((STEPS * frameOf(now).values[i]) / unitOf(now, i)));
        slider.setAttribute("aria-valuetext", text);
      });
      H.show(now.quad.hessian, (entry) => short(entry, 4));
      back.disabled = !now.hand;
    },
  };
}

/** The size of f's own eigenvalue. */
function unitOf({ f, quad }: Context, i: number): number {
  const q = f ?? quad, sizes = eigen(q).values.map(Math.abs);
  return (signs(q)[i] ? sizes[i] : SHARE * Math.max(...sizes)) || 1;
}

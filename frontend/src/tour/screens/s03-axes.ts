/** Eigenvectors are the axes of the contour, eigenvalues their lengths: pull a tip, push one eigenvalue through zero. */

import { element } from "../../app/dom";
import { Figure } from "../../app/figure";
import { Handle } from "../../app/handle";
import { matrix } from "../../app/matrix";
import { short } from "../../scene/number";
import { chapter, type Host, type Screen } from "../screen";
import { type Shape, axesScene, hessianOf, nameOf, pulled, semiOf, tipsOf } from "./s03-scene";
import { words, type AxesWords } from "./s03-words";
import "./s03.css";

interface State extends Shape {
  /** The axis of which the number is told: the one that was moved last. */
  told: 0 | 1;
}

/** The slider's ends and its steps: zero is one of them. */
const SLIDER = { min: -2, max: 6, step: 0.05 };

const begin = (): State => ({ lambda: [4, 1], turn: -0.96, told: 1 });

function make(host: Host, said: AxesWords, state: State): Screen {
  const figure = new Figure("axes", host.touch), names: [string, string] = ["x\u2081", "x\u2082"];
  const set = (next: Partial<State>): void => {
    Object.assign(state, next);
    host.touch();
  };
  const tips = ([0, 1] as const).map((i) => new Handle(figure, { label: said.pull(i), kind: host.page.local.draggable, role: "axis", move: (p) => set({ ...pulled(state, i, p), told: i }), reset: () => set(begin()) }));
  const slider = element("input", { type: "range", ...SLIDER, "aria-label": said.slider, "data-control": "lambda" });
  slider.addEventListener("input", () => set({ lambda: [state.lambda[0], Number(slider.value)], told: 1 }));
  slider.addEventListener("keydown", (event) => event.key === "Escape" && set(begin()));
  slider.addEventListener("dblclick", () => set(begin()));
  const value = element("output", { class: "number" }), H = matrix();
  return {
    root: element("div", {}, figure.root, element("div", { class: "under" }, element("p", { class: "tools" }, element("label", {}, said.lambda(1), slider), value), H.root)),
    paint: () => {
      figure.draw(axesScene(state, names, said), said.picture);
      tipsOf(state).forEach((tip, i) => tips[i].place(tip, said.axis(i, state.lambda[i], semiOf(state.lambda[i]))));
      slider.value = String(state.lambda[1]);
      value.textContent = short(state.lambda[1]);
      slider.setAttribute("aria-valuetext", `${said.lambda(1)} = ${short(state.lambda[1])}: ${said.names[nameOf(state)]}`);
      H.show(hessianOf(state), fixed);
    },
    readout: () => said.told(state.told, nameOf(state), state.lambda[state.told], semiOf(state.lambda[state.told])),
  };
}

/** Two decimals: numbers that keep their places can be watched. */
const fixed = (value: number): string => value.toFixed(2).replace(/^-(?=0\.00$)/, "").replace("-", "\u2212");

export const axes = chapter({ id: "axes", words, begin, make });

/** A curve fit: the data that can be dragged, and the plane of its two parameters with J'J beside H. */

import { element } from "../../app/dom";
import { Figure } from "../../app/figure";
import { Handle } from "../../app/handle";
import { sampled } from "../../engine/refined";
import { level } from "../../maths/conic";
import { contours } from "../../maths/contour";
import type { Sym, Vec } from "../../maths/quadratic";
import type { Window } from "../../maths/window";
import type { Trial } from "../../methods/types";
import { percent, short } from "../../scene/number";
import type { Item, Pair, Scene } from "../../scene/types";
import type { Host } from "../screen";
import { SIDEWAYS, roving } from "../roving";
import { type Fit, fit, sumAt, taken, ways } from "../squares";
import type { MillionWords, Part } from "./s10-words";

/** Made up: a decay with noise. */
export const T = [0.2, 0.5, 0.8, 1.2, 1.6, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0];
export const Y = [2.28, 1.70, 1.81, 1.02, 1.16, 0.55, 0.72, 0.26, 0.47, 0.05, 0.24, 0.16];
/** Where both methods begin. */
export const START: Vec = [3.4, 1.4];

const DATA: Scene["window"] = [-0.1, 5.3, -0.4, 3.2];
const PLANE: Window = [1.5, 3.75, -0.05, 1.6];
/** Points on a side of the grid of its levels: they change with every drag. */
const SIDE = 57;
/** From an answer to the edge of its plane, at least. */
const ROOM: Vec = [0.5, 0.3];

export interface FitState { y: number[] }
export const beginFit = (): FitState => ({ y: [...Y] });

/** What the data say. */
export interface Solved { fit: Fit | null; newton: Trial[]; damped: Trial[] }

export function solved(y: readonly number[]): Solved {
  const { newton, damped } = ways(T, y, START);
  return { newton, damped, fit: fit(T, y) };
}

export function dataScene(y: readonly number[], found: Fit | null, said: MillionWords): Scene {
  const items: Item[] = [{ kind: "curve", role: "cell-rule", points: [[DATA[0], 0], [DATA[1], 0]] }];
  if (found) {
    const [a, b] = found.x, at = (t: number): number => a * Math.exp(-b * t), worst = found.residuals.reduce((most, r, i) => (Math.abs(r) > Math.abs(found.residuals[most]) ? i : most), 0);
    T.forEach((t, i) => items.push({ kind: "curve", role: "residual", points: [[t, y[i]], [t, at(t)]], label: i === worst ? said.fit.residual : undefined }));
    items.push({ kind: "curve", role: "fit-curve", points: Array.from({ length: 121 }, (_, k): Pair => [(DATA[1] * k) / 120, at((DATA[1] * k) / 120)]), label: "a exp(\u2212b t)" });
  }
  items.push({ kind: "dots", role: "data", points: T.map((t, i): Pair => [t, y[i]]), filled: T.map(() => true) });
  return { view: "fit-data", question: "", window: DATA, items, equal: false, x_label: "t", y_label: "y" };
}

/** The window of the plane: the same while the answer stays in it. */
function windowFor(found: Fit | null): Window {
  if (!found) return PLANE;
  const [a, b] = found.x, [a0, a1, b0, b1] = PLANE;
  return [Math.min(a0, a - ROOM[0]), Math.max(a1, a + ROOM[0]), Math.min(b0, b - ROOM[1]), Math.max(b1, b + ROOM[1])];
}

/** Where a method went: its steps, and hollow what it rejected. */
function wayItems(role: string, trials: readonly Trial[], label: string): Item[] {
  const line = [START, ...taken(trials).map(({ end }): Pair => [end[0], end[1]])];
  return [
    { kind: "curve", role, points: line, label },
    { kind: "dots", role, points: trials.map(({ end }): Pair => [end[0], end[1]]), filled: trials.map(({ accepted }) => accepted) },
  ];
}

export function planeScene(y: readonly number[], { fit: found, newton, damped }: Solved, said: MillionWords): Scene {
  const window = windowFor(found), grid = sampled({ value: ([a, b]) => sumAt(T, y, a, b) }, window, { most: SIDE, patience: Infinity }), items: Item[] = grid ? [contours(grid)] : [];
  items.push(...wayItems("race-newton", newton, said.fit.gaussNewton), ...wayItems("race-damped", damped, said.fit.levenberg));
  if (found) items.push(...ring(found, found.hessian, "model-level", "H", window), ...ring(found, found.squares, "squares", "J\u2032J", window), { kind: "dots", role: "center", points: [found.x], filled: [false] });
  items.push({ kind: "dots", role: "start", points: [START], filled: [true], label: said.fit.start });
  return { view: "fit-plane", question: "", window, items, equal: false, x_label: "a", y_label: "b" };
}

/** Where 1/2 s'Bs has risen by half the variance of the data: for B = J'J the error ellipse of one standard error. */
function ring({ x, value, spread }: Fit, B: Sym, role: string, label: string, window: Window): Item[] {
  const items = level({ at: x, value, gradient: [0, 0], hessian: B }, window, role, 0.5 * spread * spread);
  return items.map((item, i) => (i ? item : ({ ...item, label } as Item)));
}

/** What J'J leaves out of H, as a share: at the answer they differ in the entry of b alone. */
export const leftOut = ({ squares, hessian }: Fit): number => Math.abs((hessian[2] - squares[2]) / hessian[2]);

/** Arrived: to this share of every standard error. */
export const NEAR = 0.01;

/** The steps until a way arrives at the answer, and the trials that were rejected on it; null where it goes elsewhere. */
export function arrival(way: readonly Trial[], { x, errors }: Fit): { steps: number; rejected: number } | null {
  const at = way.findIndex(({ accepted, end }) => accepted && x.every((a, i) => Math.abs(end[i] - a) <= NEAR * errors[i])), until = way.slice(0, at + 1);
  return at < 0 ? null : { steps: taken(until).length, rejected: until.length - taken(until).length };
}

export function fitPart(host: Host, said: MillionWords, state: FitState): Part {
  const left = new Figure("fit-data", host.touch), right = new Figure("fit-plane", host.touch);
  const took = element("p", { class: "explain" }), numbers = element("div", { class: "matrices" }), rows = element("tbody");
  const reset = (): void => { state.y = [...Y]; host.touch(); };
  const handles = T.map((_, i) => new Handle(left, {
    label: said.fit.point(i + 1), kind: host.page.local.draggable, role: "data", reset,
    move: ([, to]) => {
      state.y[i] = Math.min(3.1, Math.max(-0.3, to));
      host.touch();
    },
  }));
  roving(handles, SIDEWAYS);
  const heads = ["t", "r", "\u2202r/\u2202a", "\u2202r/\u2202b"].map((head) => element("th", { scope: "col" }, head));
  const table = element("details", {}, element("summary", {}, said.fit.numbers), element("table", { class: "errors" }, element("thead", {}, element("tr", {}, ...heads)), rows));
  let now: Solved = solved(state.y);
  return {
    root: element("div", {}, element("div", { class: "pair" }, left.root, right.root), took, element("p", { class: "explain" }, said.fit.explain), numbers, table),
    size: () => left.size + right.size,
    paint: () => {
      now = solved(state.y);
      left.draw(dataScene(state.y, now.fit, said), said.fit.data);
      right.draw(planeScene(state.y, now, said), said.fit.plane);
      handles.forEach((handle, i) => handle.place([T[i], state.y[i]], `t = ${T[i]}, y = ${short(state.y[i], 3)}`));
      took.textContent = now.fit ? said.fit.took(arrival(now.newton, now.fit), arrival(now.damped, now.fit)) : "";
      numbers.replaceChildren(...(now.fit ? [matrix("J\u2032J", now.fit.squares), matrix("H", now.fit.hessian)] : []));
      rows.replaceChildren(...(now.fit?.residuals ?? []).map((r, i) => element("tr", {}, ...[T[i], r, ...now.fit!.jacobian[i]].map((a) => element("td", {}, short(a, 3))))));
    },
    readout: () => {
      if (!now.fit) return said.fit.lost;
      const { x, errors } = now.fit, [a, b] = x.map((value) => short(value, 3)), [da, db] = errors.map((error) => short(error, 2));
      return said.fit.told({ a, b, da, db, out: percent(leftOut(now.fit)).replace(" ", "\u00a0") });
    },
  };
}

/** A symmetric 2 x 2 matrix in small. */
function matrix(name: string, [p, q, r]: Sym): HTMLElement {
  const row = (...values: number[]): HTMLElement => element("tr", {}, ...values.map((a) => element("td", {}, short(a, 4))));
  return element("span", { class: "named-matrix", "data-matrix": name }, `${name} = `, element("table", { class: "matrix" }, element("tbody", {}, row(p, q), row(q, r))));
}

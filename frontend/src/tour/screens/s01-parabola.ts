/** One variable: the tangent and the parabola that fits best, and how quickly each goes wrong. */

import { element } from "../../app/dom";
import { Figure } from "../../app/figure";
import { Handle } from "../../app/handle";
import { machineOf } from "../../engine/live";
import { compile } from "../../formula/compile";
import { short } from "../../scene/number";
import type { Item, Pair, Scene } from "../../scene/types";
import { chapter, type Host, type Screen } from "../screen";
import { words, type ParabolaWords } from "./s01-words";
import "./s01.css";

/** A bowl and a hill; f''' is negative everywhere, so that the parabola's error falls to an eighth wherever x is. */
const FORMULA = "2*exp(-0.7*x) - 0.42*x^2 + 2*x";
export const WINDOW: Scene["window"] = [-2.5, 3.3, 0, 4];
/** Rows of the table: s and its halves. */
const ROWS = 7;
/** A step so short that its errors are rounding is lengthened to this; a longer one is not yet short in the last rows. */
const SHORTEST = 0.02;
export const LONGEST = 2;
/** Where the last row's quarter is off by more than this, the words do not speak of a quarter. */
const NEAR = 0.05;
/** The height of the arrow that measures how long down lasts, as a share of the window. */
const BASE = 0.09;

export interface State { x: number; s: number }
/** "straight": f'' is so near 0 that the tangent is nearly the parabola. */
export type Shape = "bowl" | "hill" | "straight";

const machine = machineOf(compile(FORMULA).program);

/** f, its slope and its curvature at x. */
export function jetAt(x: number): { f: number; slope: number; bend: number } {
  const { value, gradient, hessian } = machine.jet([x], [1], 1);
  return { f: value, slope: gradient[0], bend: hessian[0] };
}

/** By how much the tangent and the parabola of x miss f at x + s. */
export function errorsAt(x: number, s: number): { line: number; parabola: number } {
  const { f, slope, bend } = jetAt(x), truth = machine.value([x + s]);
  return { line: truth - (f + slope * s), parabola: truth - (f + slope * s + 0.5 * bend * s * s) };
}

interface Miss { size: number; smaller: number | null }

/** s and its halves: how far each is off, and how many times less than one step before. */
export function halvings(x: number, s: number): { s: number; line: Miss; parabola: Miss }[] {
  const steps = Array.from({ length: ROWS }, (_, k) => s / 2 ** k), errors = steps.map((a) => errorsAt(x, a));
  const miss = (key: "line" | "parabola", k: number): Miss => ({ size: Math.abs(errors[k][key]), smaller: k ? Math.abs(errors[k - 1][key] / errors[k][key]) : null });
  return steps.map((a, k) => ({ s: a, line: miss("line", k), parabola: miss("parabola", k) }));
}

export function shapeAt({ x, s }: State): Shape {
  const { line } = halvings(x, s)[ROWS - 1], { bend } = jetAt(x);
  return Math.abs(line.smaller! / 4 - 1) >= NEAR ? "straight" : bend > 0 ? "bowl" : "hill";
}

export function parabolaScene({ x, s }: State, said: ParabolaWords): Scene {
  const { f, slope, bend } = jetAt(x), [x0, x1] = WINDOW, ticks = Array.from({ length: 241 }, (_, i) => x0 + ((x1 - x0) * i) / 240);
  const line = (a: number): number => f + slope * (a - x), parabola = (a: number): number => line(a) + 0.5 * bend * (a - x) ** 2;
  const curve = (role: string, of: (a: number) => number, label: string): Item => ({ kind: "curve", role, points: ticks.map((a): Pair => [a, of(a)]), label });
  const to = x + s, truth = machine.value([to]), bar = (role: string, end: number): Item => ({ kind: "curve", role, points: [[to, truth], [to, end]] });
  const dot = (role: string, at: Pair, filled: boolean, label: string): Item => ({ kind: "dots", role, points: [at], filled: [filled], held: true, label });
  return {
    view: "parabola", question: "", window: WINDOW, equal: false, x_label: "x", y_label: "f",
    items: [
      ...lasting(x, said, parabola), curve("run", (a) => machine.value([a]), said.f), curve("minus-gradient", line, said.line), curve("model-level", parabola, said.parabola),
      bar("parabola-error", parabola(to)), bar("line-error", line(to)), ...turning(x, said, parabola),
      dot("trial", [to, truth], false, "x + s"), dot("point", [x, f], true, "x"),
    ],
  };
}

const seen = (a: number): boolean => a > WINDOW[0] && a < WINDOW[1];

/** The lowest point of the parabola, to which the arrow below points; or the highest. */
function turning(x: number, said: ParabolaWords, parabola: (a: number) => number): Item[] {
  const { slope, bend } = jetAt(x), bottom = x - slope / bend;
  return seen(bottom) ? [{ kind: "dots", role: "center", points: [[bottom, parabola(bottom)]], filled: [true], label: bend > 0 ? "" : said.highest }] : [];
}

/** How long down lasts: from x to below the lowest point of the parabola. Where it opens downward, down does not end. */
function lasting(x: number, said: ParabolaWords, parabola: (a: number) => number): Item[] {
  const { f, slope, bend } = jetAt(x), bottom = x - slope / bend, base = WINDOW[2] + BASE * (WINDOW[3] - WINDOW[2]);
  if (!(bend > 0 && seen(bottom))) return [];
  const plumb = (a: number, from: number): Item => ({ kind: "curve", role: "closing", points: [[a, from], [a, base]] });
  return [plumb(x, f), plumb(bottom, parabola(bottom)), { kind: "arrow", role: "newton", tail: [x, base], head: [bottom, base], label: said.lasts }];
}

function make(host: Host, said: ParabolaWords, state: State): Screen {
  const figure = new Figure("parabola", host.touch), body = element("tbody");
  const clamp = (a: number): number => Math.min(WINDOW[1] - 0.1, Math.max(WINDOW[0] + 0.1, a));
  const pull = (to: number): void => {
    const s = clamp(to) - state.x, long = Math.min(LONGEST, Math.max(SHORTEST, Math.abs(s))), end = state.x + Math.sign(s || 1) * long;
    // At the edge of the picture the shortest step turns round.
    state.s = end === clamp(end) ? end - state.x : state.x - end;
    host.touch();
  };
  // As far as x + s stays in the picture: s keeps its length.
  const move = (a: number): void => {
    state.x = clamp(clamp(a) + state.s) - state.s;
    host.touch();
  };
  const reset = (): void => {
    Object.assign(state, begin());
    host.touch();
  };
  const common = { kind: host.page.local.draggable, reset };
  const step = new Handle(figure, { ...common, label: said.pullStep, role: "trial", move: ([a]) => pull(a) });
  const point = new Handle(figure, { ...common, label: said.pullPoint, role: "point", move: ([a]) => move(a) });
  const halve = element("button", { type: "button", class: "quiet", "data-control": "halve" }, said.halve);
  halve.addEventListener("click", () => pull(state.x + state.s / 2));
  const back = element("button", { type: "button", class: "quiet", "data-control": "back" }, said.back);
  back.addEventListener("click", reset);
  const heads = [["", "s"], ["minus-gradient", said.lineError], ["", said.above], ["model-level", said.parabolaError], ["", said.above]];
  const head = element("tr", {}, ...heads.map(([role, text]) => element("th", { scope: "col", "data-of": role || null }, text)));
  const table = element("table", { class: "errors", "aria-label": said.table }, element("thead", {}, head), body);
  return {
    root: element("div", {}, figure.root, element("p", { class: "tools" }, halve, back), table),
    paint: () => {
      const { f } = jetAt(state.x), to = state.x + state.s;
      figure.draw(parabolaScene(state, said), said.picture);
      point.place([state.x, f], `x = ${short(state.x, 3)}`);
      step.place([to, machine.value([to])], `s = ${short(state.s, 3)}`);
      body.replaceChildren(...rows(state));
    },
    readout: () => {
      const { slope, bend } = jetAt(state.x);
      return said.told({ slope: short(slope, 3), bend: short(bend, 3), bottom: short(state.x - slope / bend, 3), shape: shapeAt(state) });
    },
  };
}

/** Each error with a bar, all on one scale, and how many times smaller it is than the one above. */
function rows({ x, s }: State): HTMLElement[] {
  const all = halvings(x, s), most = Math.max(...all.flatMap(({ line, parabola }) => [line.size, parabola.size]));
  return all.map((row) => {
    const cells = (["line", "parabola"] as const).flatMap((key) => {
      const { size, smaller } = row[key], bar = element("i", { class: `amount amount-${key}`, style: `width: ${((100 * size) / most).toFixed(2)}%` });
      const miss = element("td", { "data-error": key, "data-value": size }, element("div", {}, element("span", {}, short(size, 3)), element("span", { class: "track" }, bar)));
      return [miss, element("td", { "data-smaller": smaller }, smaller === null ? "" : `÷ ${smaller.toPrecision(3)}`)];
    });
    return element("tr", {}, element("td", {}, short(row.s, 3)), ...cells);
  });
}

export const begin = (): State => ({ x: -2, s: 1 });

export const parabola = chapter({ id: "parabola", words, begin, make });

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

const FORMULA = "cosh(0.8*x) + 0.6*sin(1.7*x)";
const WINDOW: Scene["window"] = [-2.9, 2.9, 0.2, 4.4];
/** Rows of the table: s and its halves. */
const ROWS = 5;
/** A step so short that its errors are rounding is lengthened to this. */
const SHORTEST = 0.02;

interface State { x: number; s: number }

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

export function parabolaScene({ x, s }: State, said: ParabolaWords): Scene {
  const { f, slope, bend } = jetAt(x), ticks = Array.from({ length: 241 }, (_, i) => WINDOW[0] + ((WINDOW[1] - WINDOW[0]) * i) / 240);
  const line = (a: number): number => f + slope * (a - x), parabola = (a: number): number => line(a) + 0.5 * bend * (a - x) ** 2;
  const curve = (role: string, of: (a: number) => number, label: string): Item => ({ kind: "curve", role, points: ticks.map((a): Pair => [a, of(a)]), label });
  const to = x + s, truth = machine.value([to]), bottom = x - slope / bend;
  const bar = (role: string, end: number): Item => ({ kind: "curve", role, points: [[to, truth], [to, end]] });
  const turn: Item[] = bottom > WINDOW[0] && bottom < WINDOW[1] ? [{ kind: "dots", role: "center", points: [[bottom, parabola(bottom)]], filled: [true], label: bend > 0 ? said.lowest : said.highest }] : [];
  return {
    view: "parabola", question: "", window: WINDOW, equal: false, x_label: "x", y_label: "f",
    items: [
      curve("run", (a) => machine.value([a]), said.f), curve("minus-gradient", line, said.line), curve("model-level", parabola, said.parabola), ...turn,
      bar("line-error", line(to)), bar("parabola-error", parabola(to)),
      { kind: "dots", role: "trial", points: [[to, truth]], filled: [false], label: "x + s" }, { kind: "dots", role: "point", points: [[x, f]], filled: [true], label: "x" },
    ],
  };
}

function make(host: Host, said: ParabolaWords, state: State): Screen {
  const figure = new Figure("parabola", host.touch), body = element("tbody");
  const clamp = (a: number): number => Math.min(WINDOW[1] - 0.1, Math.max(WINDOW[0] + 0.1, a));
  const pull = (to: number): void => {
    const s = clamp(to) - state.x;
    state.s = Math.abs(s) < SHORTEST ? Math.sign(s || 1) * SHORTEST : s;
    host.touch();
  };
  const step = new Handle(figure, { label: said.pullStep, kind: host.page.local.draggable, role: "trial", move: ([a]) => pull(a), reset: () => pull(state.x + begin().s) });
  const point = new Handle(figure, {
    label: said.pullPoint, kind: host.page.local.draggable, role: "point", reset: () => Object.assign(state, begin()) && host.touch(),
    move: ([a]) => {
      state.x = clamp(a);
      pull(state.x + state.s);
    },
  });
  const halve = element("button", { type: "button", "data-control": "halve" }, said.halve);
  halve.addEventListener("click", () => pull(state.x + state.s / 2));
  const heads = ["s", said.lineError, said.times, said.parabolaError, said.times];
  const table = element("table", { class: "errors" }, element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))), body);
  return {
    root: element("div", {}, figure.root, element("p", { class: "tools" }, halve), table),
    paint: () => {
      const { f } = jetAt(state.x), to = state.x + state.s;
      figure.draw(parabolaScene(state, said), said.picture);
      point.place([state.x, f], `x = ${short(state.x, 3)}`);
      step.place([to, machine.value([to])], `s = ${short(state.s, 3)}`);
      body.replaceChildren(...rows(state));
    },
    readout: () => {
      const { slope, bend } = jetAt(state.x);
      return said.told({ slope: short(slope, 3), bend: short(bend, 3), bottom: short(state.x - slope / bend, 3), bowl: bend > 0 });
    },
  };
}

/** s and its halves; how often each error is smaller than the one above. */
function rows({ x, s }: State): HTMLElement[] {
  const steps = Array.from({ length: ROWS }, (_, k) => s / 2 ** k), errors = steps.map((a) => errorsAt(x, a)), most = Math.max(...errors.flatMap((e) => [Math.abs(e.line), Math.abs(e.parabola)]));
  return steps.map((a, k) => {
    const cells = (["line", "parabola"] as const).flatMap((key) => {
      const size = Math.abs(errors[k][key]), bar = element("span", { class: `amount amount-${key}`, style: `width: ${((100 * size) / most).toFixed(2)}%` });
      const smaller = k ? `÷ ${(Math.abs(errors[k - 1][key]) / size).toPrecision(3)}` : "";
      return [element("td", { "data-error": key, "data-value": errors[k][key] }, element("span", {}, short(size, 3)), bar), element("td", {}, smaller)];
    });
    return element("tr", {}, element("td", {}, short(a, 3)), ...cells);
  });
}

const begin = (): State => ({ x: -1.1, s: 1 });

export const parabola = chapter({ id: "parabola", words, begin, make });

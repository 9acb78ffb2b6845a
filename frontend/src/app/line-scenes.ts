/** One variable: f and its parabola instead of planes and ellipses. */

import type { Engine } from "../engine/engine";
import type { Point } from "../engine/record";
import type { Item, Pair, Scene } from "../scene/types";
import type { Context } from "../views/context";
import type { Words } from "./words/words";

type Line = NonNullable<Point["line"]>;

/** The parabola of a point, written down at another place on it. */
export interface Parabola {
  at: number;
  value: number;
  gradient: number;
  hessian: number;
  /** Why this is the recorded parabola written down at x, and not f's own there. */
  frozen: Context["frozen"];
  /** The recorded values that it was read from. */
  source?: Context["source"];
}

/** Where f can be computed its own parabola at x, else the recorded one written down there. */
export function parabolaAt(point: Point, x: number | null, onLine: Engine["onLine"] = null): Parabola | null {
  if (!point.line || point.value === null) return null;
  const { at, gradient, hessian } = point.line;
  const own = x === null ? "" : (onLine?.(x) ?? "model");
  if (typeof own === "object") return { at: x!, ...own, frozen: "" };
  const s = (x ?? at) - at;
  return { at: at + s, value: point.value + gradient * s + 0.5 * hessian * s * s, gradient: gradient + hessian * s, hessian, frozen: x === at ? "" : own };
}

/** f and the parabola around a point, the step to the parabola's stationary point, and where the trial ended. */
export function curveScene(engine: Engine, line: Line, parabola: Parabola, position: number, showFunction: boolean, words: Words): Scene {
  const { recording } = engine;
  const { at, value, gradient, hessian } = parabola;
  const model = (x: number) => value + gradient * (x - at) + 0.5 * hessian * (x - at) ** 2;
  const center = at - gradient / hessian;
  const items: Item[] = showFunction ? pieces(line.x, line.f, words.curve.f) : [];
  items.push({ kind: "curve", role: "model-level", points: line.x.map((x): Pair => [x, model(x)]), label: words.curve.model });
  if (Number.isFinite(center)) items.push({ kind: "arrow", role: "newton", tail: [at, value], head: [center, model(center)], label: words.views.newton });
  const [end, ended] = [recording.line?.ends[position - 1] ?? null, recording.trials?.value[position - 1] ?? null];
  if (end !== null && ended !== null) {
    const taken = recording.trials!.accepted[position - 1];
    items.push({ kind: "dots", role: "trial", points: [[end, ended]], filled: [taken], label: taken ? words.views.taken : words.views.rejected });
  }
  items.push({ kind: "dots", role: "point", points: [[at, value]], filled: [true], label: words.views.point });
  const seen = Number.isFinite(center) && center >= line.x[0] && center <= line.x[line.x.length - 1] ? [model(center)] : [];
  return scene(engine, "curve", line.x, [...line.f, value, ...seen], items);
}

/** f over the whole run, with the trials on it. */
export function lineRunScene(engine: Engine, position: number, showFunction: boolean, words: Words): Scene | null {
  const { line, trials } = engine.recording;
  if (!line) return null;
  const items: Item[] = showFunction ? pieces(line.x, line.f, "") : [];
  const ends = line.ends.map((end, k): Pair => [end ?? NaN, trials?.value[k] ?? NaN]);
  const known = ends.map((_, k) => k).filter((k) => ends[k].every(Number.isFinite));
  if (trials) {
    const start: Pair = [line.start, trials.startValue ?? NaN];
    items.push({ kind: "curve", role: "run", points: [start, ...known.filter((k) => trials.accepted[k]).map((k) => ends[k])] });
    items.push({ kind: "dots", role: "start", points: [start], filled: [true], label: words.run.start });
    items.push({ kind: "dots", role: "trial", points: known.map((k) => ends[k]), filled: known.map((k) => trials.accepted[k]) });
  }
  const point = engine.point(position);
  if (point?.line && point.value !== null) items.push({ kind: "dots", role: "center", points: [[point.line.at, point.value]], filled: [true], label: words.views.point });
  return scene(engine, "run", line.x, [...line.f, ...known.map((k) => ends[k][1])], items);
}

/** As high as the values say; the parabola may leave the window, but not hide f. */
function scene({ recording }: Engine, view: string, x: number[], values: (number | null)[], items: Item[]): Scene {
  const known = values.filter((a): a is number => a !== null && Number.isFinite(a));
  const [low, high] = [Math.min(...known), Math.max(...known)];
  // The scale of a window of the smallest numbers that there are would overflow.
  const pad = 0.08 * [high - low, Math.abs(high), 1].find((size) => size > 1e-300)!;
  return { view, question: "", window: [x[0], x[x.length - 1], low - pad, high + pad], items, equal: false, x_label: recording.names[0] ?? "x", y_label: "f" };
}

/** f in pieces: nothing is drawn across values that are not finite. */
export function pieces(x: number[], f: (number | null)[], label: string): Item[] {
  const out: Pair[][] = [[]];
  x.forEach((at, i) => {
    const value = f[i];
    if (value !== null && Number.isFinite(value)) out[out.length - 1].push([at, value]);
    else if (out[out.length - 1].length > 0) out.push([]);
  });
  const drawn = out.filter((piece) => piece.length > 1);
  return drawn.map((points, i): Item => ({ kind: "curve", role: "function-level", points, label: i === drawn.length - 1 ? label : "" }));
}

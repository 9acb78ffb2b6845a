/** The race: the ways of several methods on the contours of f, and how many digits each of their steps brings. */

import { contours } from "../maths/contour";
import type { Window } from "../maths/window";
import type { End } from "../methods/basin";
import type { Runner } from "../methods/race";
import { MOST_DIGITS } from "../methods/race";
import type { Grid, Item, Pair, Scene } from "../scene/types";

export interface RaceWords {
  question: string;
  trial: string;
  digits: string;
  decades: string;
  method: (name: Runner["method"]) => string;
  end: (number: number, value: number) => string;
}

/** What the strip counts: right digits of x, or decades of f - f*. */
export type Measure = "x" | "f";

/** More points of a way are drawn without marks. */
const MARKED = 40;
/** More ends of a basin map are not named. */
const NAMED = 9;

export const roleOf = (method: Runner["method"]): string => `race-${method}`;

/** The ways on the contours, or above a basin map with its `ends`. Trials that were rejected are hollow. */
export function raceScene(runners: readonly Runner[], grid: Grid | null, window: Window, axes: readonly [string, string], ends: readonly End[], words: RaceWords): Scene {
  const items: Item[] = grid ? [contours(grid)] : [];
  if (ends.length <= NAMED) ends.forEach(({ x, value }, k) => items.push({ kind: "dots", role: "muted", points: [pair(x)], filled: [false], label: words.end(k + 1, value) }));
  for (const { method, points, trials } of runners) {
    const role = roleOf(method), way = points.filter((x, k) => k === 0 || x !== points[k - 1]).map(pair);
    items.push({ kind: "curve", role, points: way.filter(finite) });
    const tried = trials.slice(0, MARKED).map(({ end, accepted }) => ({ end: pair(end), accepted })).filter(({ end }) => finite(end));
    if (tried.length) items.push({ kind: "dots", role, points: tried.map(({ end }) => end), filled: tried.map(({ accepted }) => accepted) });
  }
  if (runners.length) items.push({ kind: "dots", role: "start", points: [pair(runners[0].points[0])], filled: [true] });
  return { view: "race", question: words.question, window: [...window], items, equal: true, x_label: axes[0], y_label: axes[1] };
}

/** Digits over trials: a line for every method, its name at its end. */
export function digitsScene(runners: readonly Runner[], measure: Measure, words: RaceWords): Scene {
  const items: Item[] = [], known = runners.filter((runner) => runner.digits && runner.decades);
  const seriesOf = (runner: Runner): number[] => (measure === "x" ? runner.digits! : runner.decades!);
  const laps = Math.max(4, ...known.map((runner) => runner.trials.length));
  const top = measure === "x" ? MOST_DIGITS + 1 : Math.max(4, ...known.map((runner) => Math.max(...seriesOf(runner)))) * 1.06;
  for (const runner of known) {
    const role = roleOf(runner.method), points = seriesOf(runner).map((digits, k): Pair => [k, digits]);
    const accepted = [true, ...runner.trials.map((trial) => trial.accepted)];
    items.push({ kind: "curve", role, points, label: words.method(runner.method) });
    if (points.length <= MARKED) items.push({ kind: "dots", role, points, filled: accepted });
  }
  return {
    view: "digits", question: words.question, window: [-0.03 * laps, 1.03 * laps, Math.min(-0.04 * top, lowest(known, measure)), top], items, equal: false,
    x_label: words.trial, y_label: measure === "x" ? words.digits : words.decades,
  };
}

/** f may rise above its start: the strip shows that, too, to a point. */
const lowest = (runners: readonly Runner[], measure: Measure): number =>
  measure === "x" ? 0 : Math.max(-4, Math.min(0, ...runners.flatMap((runner) => runner.decades!.filter(Number.isFinite))) * 1.1);

const pair = (x: readonly number[]): Pair => [x[0], x[1]];
const finite = (p: Pair): boolean => Number.isFinite(p[0]) && Number.isFinite(p[1]);

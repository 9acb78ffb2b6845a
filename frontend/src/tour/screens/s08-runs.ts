/** The runs of the race: its two functions, how many steps each method needs, what each step adds. */

import { decomposed } from "../../maths/symmetric";
import type { Window } from "../../maths/window";
import { fixedStep } from "../../methods/fixed";
import { race, type Racer, type Runner } from "../../methods/race";
import type { Objective, Vector } from "../../methods/types";
import type { Item, Pair, Scene } from "../../scene/types";

export type Ground = "quadratic" | "rosenbrock";

/** The quadratic has the eigenvalues 1 and 16. The valley is Rosenbrock's with 10 in the place of 100: of that the ellipses are too thin to be seen. */
export const GROUNDS: Record<Ground, { formula: string; window: Window; start: Pair; least: Pair }> = {
  quadratic: { formula: "2*x1^2 + 6*x1*x2 + 6.5*x2^2", window: [-2, 2, -1.6, 1.6], start: [-1.5, 1.2], least: [0, 0] },
  rosenbrock: { formula: "(1 - x1)^2 + 10*(x2 - x1^2)^2", window: [-1.8, 1.8, -1.2, 2], start: [-1.2, 1], least: [1, 1] },
};

/** Right digits of x that a method is asked for; more are lost to rounding by methods that see only g. */
export const GOAL = 6;
/** Steps that the pictures show, and after which nobody waits any longer. */
export const SHOWN = 40, PATIENCE = 10_000;

/** The step from which on all digits are at least `goal`; null where the run does not come so far. */
export function stepsTo(digits: readonly number[] | null, goal: number): number | null {
  if (!digits || digits[digits.length - 1] < goal) return null;
  let k = digits.length - 1;
  while (k > 0 && digits[k - 1] >= goal) k -= 1;
  return k;
}

/** Digits per step between two numbers of right digits, on average. */
export function gainOf(digits: readonly number[] | null, from: number, to: number): number | null {
  const [a, b] = [stepsTo(digits, from), stepsTo(digits, to)];
  return a === null || b === null || a === b ? null : (digits![b] - digits![a]) / (b - a);
}

/** 2 / lambda_max of H at x: a fixed step beyond it cannot come to rest there. */
export const limitAt = (objective: Objective, x: Vector): number => {
  const H = objective(x).hessian;
  return 2 / decomposed([H[0], H[1], H[3]]).values[1];
};

/** From so many digits on all is rounding. */
const ROUNDING = 14.5;

/** The run until all that is left is rounding: the trials after that show nothing. */
export const untilRounding = (runner: Runner): Runner => cut(runner, runner.digits?.findIndex((a) => a >= ROUNDING) ?? -1);

/** A run that diverges until it has left the picture: a hundred lines across it would hide all else. */
export const untilLost = (runner: Runner, [a, b, c, d]: Window): Runner =>
  runner.answer ? runner : cut(runner, runner.points.findIndex(([x, y]) => Math.max(Math.abs(2 * x - a - b) / (b - a), Math.abs(2 * y - c - d) / (d - c)) > LOST));

/** Half sizes of the window. */
const LOST = 2;

/** The first k trials; all where k is negative. */
function cut(runner: Runner, k: number): Runner {
  if (k < 0) return runner;
  const { trials, points, values, digits, decades } = runner;
  return { ...runner, trials: trials.slice(0, k), points: points.slice(0, k + 1), values: values.slice(0, k + 1), digits: digits && digits.slice(0, k + 1), decades: decades && decades.slice(0, k + 1) };
}

/** The scene of paths with ellipses between them and the contours. */
export function pathsScene(all: Scene, ellipses: Item[]): Scene {
  const first = all.items.findIndex((item) => item.kind !== "contours");
  return { ...all, items: [...all.items.slice(0, first), ...ellipses, ...all.items.slice(first)] };
}

/** Right digits of the last steps, as far as they are neither of the way there nor of rounding. */
export const chainOf = (digits: readonly number[] | null): number[] => (digits ?? []).filter((a) => a > 0.8 && a < 15.9).slice(-4);

/** What a method needs from a start: steps to the goal; null: it is not reached. */
export interface Tally { method: Racer; steps: number | null; diverges: boolean; digits: readonly number[] | null; gain: number | null }

export function tally(method: Racer, objective: Objective, start: Vector, alpha: number): Tally {
  const { digits, status } = runOf(method, objective, start, alpha, PATIENCE);
  return { method, steps: stepsTo(digits, GOAL), diverges: status === "UNBOUNDED" || status === "NOT_FINITE", digits, gain: gainOf(digits, GOAL / 2, GOAL) };
}

export const runOf = (method: Racer, objective: Objective, start: Vector, alpha: number, laps: number): Runner =>
  method === "fixed-step" ? fixedStep(objective, start, alpha, laps) : race([method], objective, start, laps)[0];

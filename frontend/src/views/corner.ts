/** Corner: which parameters make up for each other? The ellipses of 1 and 2 standard errors of every pair. */

import type { FitRecord } from "../engine/record";
import type { Item, Pair, Scene } from "../scene/types";

/** Standard errors that a cell reaches on each side. */
export const REACH = 2.9;

/** The levels, in standard errors. */
export const LEVELS = [1, 2] as const;

/** The correlation of two parameters; null where it is not known, or not among those that the file holds. */
export function correlationOf(fit: FitRecord, i: number, j: number): number | null {
  const [row, column] = [fit.cells.indexOf(i), fit.cells.indexOf(j)];
  return row < 0 || column < 0 ? null : fit.correlation[row][column];
}

/** What the full H makes of a pair, in standard errors of J'J: those of both, and their correlation; null where there is none. */
export function wholeOf({ corner, whole, parameters }: FitRecord, i: number, j: number): { across: number; up: number; r: number } | null {
  const [p, q] = [corner.indexOf(i), corner.indexOf(j)], r = whole?.correlation[p]?.[q] ?? null;
  const [up, across] = [p, q].map((k) => (whole?.errors[k] ?? NaN) / (parameters[corner[k]]?.error ?? NaN));
  return r === null || !(up > 0 && across > 0) ? null : { across, up, r };
}

/** The standard error of a parameter by the full H over that by J'J; null where there is none. */
export const grownOf = (fit: FitRecord, i: number): number | null => wholeOf(fit, i, i)?.up ?? null;

/** Where H has larger errors its ellipse needs more room; beyond this many times it may leave the picture. */
const ROOM = 4;

/** Standard errors that are seen to each side. */
const reachOf = (fit: FitRecord, i: number, whole: boolean): number => REACH * Math.min(ROOM, Math.max(1, (whole && grownOf(fit, i)) || 1));

/** The probability within k standard errors of two parameters together: less than of one, and less where s comes from few data. */
export function held(fit: FitRecord, k: number): number {
  const { absolute, degrees } = fit.noise;
  return absolute ? -Math.expm1((-k * k) / 2) : -Math.expm1((-degrees / 2) * Math.log1p((k * k) / degrees));
}

/**
 * A pair, parameter j to the right and i upwards, both in standard errors from the answer: s'C^-1 s = k^2 becomes an ellipse
 * with semi-axes k sqrt(1 + r) and k sqrt(1 - r) on the diagonals, r the correlation.
 */
export function pairScene(fit: FitRecord, i: number, j: number, labels: readonly string[], whole = false): Scene {
  const items: Item[] = cross(), r = correlationOf(fit, i, j), other = whole ? wholeOf(fit, i, j) : null, [across, up] = [j, i].map((k) => reachOf(fit, k, whole));
  if (r !== null)
    for (const [n, k] of [...LEVELS.entries()].reverse())
      items.push({
        kind: "ellipse", role: n ? "confidence" : "confidence-inner", center: [0, 0], semi: [k * Math.sqrt(1 + r), k * Math.sqrt(Math.max(1 - r, 0))],
        angle: Math.PI / 4, label: labels[n] ?? "",
      });
  if (other) items.push({ ...ellipseOf(other.across, other.up, other.r), label: labels[LEVELS.length] ?? "" });
  for (const way of ways(fit, i, j)) {
    items.push({ kind: "curve", role: "profile", points: way });
    items.push({ kind: "dots", role: "profile", points: way, filled: way.map(() => false), small: true });
  }
  items.push({ kind: "dots", role: "center", points: [[0, 0]], filled: [true], small: true });
  return { view: "pair", question: "", window: [-across, across, -up, up], items, equal: false, ticks: "" };
}

/** The outer level of a covariance with these standard errors: the smaller semi-axis by the determinant, whose 1 - r r keeps its digits. */
function ellipseOf(a: number, b: number, r: number): Extract<Item, { kind: "ellipse" }> {
  const k = LEVELS[LEVELS.length - 1], tie = r * a * b, half = (a * a - b * b) / 2, large = (a * a + b * b) / 2 + Math.hypot(half, tie);
  const semi: Pair = [k * Math.sqrt(large), k * a * b * Math.sqrt(Math.max((1 - r) * (1 + r), 0) / large)];
  return { kind: "ellipse", role: "confidence-whole", center: [0, 0], semi, angle: Math.atan2(tie, half) / 2 };
}

/** One parameter with its profile: the rise of the cost, in s^2 / 2, beside the parabola of the standard error; null without one. */
export function profileScene(fit: FitRecord, i: number, whole = false): Scene | null {
  const profile = fit.profiles.find(({ parameter }) => parameter === i);
  if (!profile) return null;
  const reach = reachOf(fit, i, whole), grown = whole ? grownOf(fit, i) : null;
  const parabola = (error: number): Pair[] => Array.from({ length: 61 }, (_, k): Pair => [(k / 30 - 1) * reach, (((k / 30 - 1) * reach) / error) ** 2]);
  const roots = profile.points.map((value, k): Pair => {
    const at = inErrors(fit, i, value);
    return [at, Math.sign(at) * Math.sqrt(profile.rise[k] ?? NaN)];
  });
  const points = roots.map(([at, root]): Pair => [at, root ** 2]);
  // The root of the rise is nearly straight: between the values that were tried the rise is read off it.
  const way = roots.slice(1).flatMap(([b, to], k) =>
    Array.from({ length: 16 }, (_, n): Pair => {
      const [a, from] = roots[k], share = n / 15;
      return [a + share * (b - a), (from + share * (to - from)) ** 2];
    }),
  );
  const items: Item[] = [
    ...cross(), { kind: "curve", role: "confidence-inner", points: parabola(1) }, ...(grown ? [{ kind: "curve", role: "confidence-whole", points: parabola(grown) } as Item] : []),
    { kind: "curve", role: "profile", points: way },
    { kind: "dots", role: "profile", points, filled: points.map(() => false), small: true },
  ];
  return { view: "profile", question: "", window: [-reach, reach, -0.4, REACH * REACH], items, equal: false, ticks: "" };
}

/** Where the answer is, and one standard error to each side. */
function cross(): Item[] {
  const far = ROOM * REACH;
  const lines = [-1, 1].flatMap((at): Pair[][] => [[[at, -far], [at, far]], [[-far, at], [far, at]]]);
  return lines.map((points): Item => ({ kind: "curve", role: "cell-rule", points }));
}

/** Where both parameters went while one of them was profiled. */
function ways(fit: FitRecord, i: number, j: number): Pair[][] {
  const found = fit.profiles.filter(({ parameter }) => parameter === i || parameter === j);
  return found.map(({ path }) => path.map((at): Pair => [inErrors(fit, j, at[j]), inErrors(fit, i, at[i])]));
}

function inErrors(fit: FitRecord, i: number, value: number | null): number {
  const { value: answer, error } = fit.parameters[i];
  return value === null || answer === null || error === null ? NaN : (value - answer) / error;
}

/** The methods of the page make the trials of Python's: traces.json holds those of Python on the zoo. */

import { describe, expect, it } from "vitest";
import traces from "./fixtures/traces.json";
import { problem } from "./fixtures/zoo";
import { METHODS, run } from "../src/methods/run";
import type { MethodName, Trial, Vector } from "../src/methods/types";

interface Recorded { ends: (number | null)[][]; tau: (number | null)[]; accepted: string; of: number; status: string }
interface Entry { x0: number[]; methods: Record<string, Recorded> }

const ZOO = traces as unknown as Record<string, Entry>;
const RELATIVE = 1e-9;

/** Runs in which a start moved by two units in the last place moves the tenth trial by more than 1e-9, in any language. */
const CHAOTIC = ["ackley newton", "levy-13 newton", "nist-misra1d newton", "nist-misra1d gradient-descent"];
/** How much more than such a start rounding on the way may do. */
const ROUNDINGS = 30;
/**
 * Trials that agree, where not all do. BoxBOD: at b2 = 44 JAX's derivative of expm1, expm1 + 1, is rounded to 0; the page
 * has exp = 1e-19, and steps of rounding along b2, on which f does not depend there.
 */
const AGREE: Record<string, number> = { "nist-boxbod trust-exact": 1 };

/** Where every trial led; a run that came to rest stays there: rounding may leave g exactly zero in one language alone. */
function ends(trials: readonly Trial[], x0: Vector, count: number): Vector[] {
  let rest = x0;
  return Array.from({ length: count }, (_, k) => {
    const trial = trials[k];
    if (trial?.accepted) rest = trial.end;
    return trial?.end ?? rest;
  });
}

/** The deviation of every trial, relative to the largest size of its variable so far. */
function deviations(found: Vector[], wanted: readonly (readonly (number | null)[])[], x0: Vector): number[] {
  const size = x0.map(Math.abs);
  return wanted.map((end, k) => Math.max(...end.map((a, i) => {
    if (a === null) return Number.isFinite(found[k][i]) ? Infinity : 0;
    size[i] = Math.max(size[i], Math.abs(a));
    return found[k][i] === a ? 0 : Math.abs(found[k][i] - a) / size[i];
  })));
}

/** What the last digit of the start does to every trial. */
function sensitivity(method: MethodName, name: string, x0: number[], count: number): number[] {
  const plain = ends(run(method, problem(name), x0, { trials: count }), x0, count) as number[][];
  const moved = x0.flatMap((a, i) => [-2, -1, 1, 2].map((k) => x0.map((b, j) => (i === j ? a + k * 2 ** -52 * Math.abs(a) : b))));
  const all = moved.map((x) => deviations(ends(run(method, problem(name), x, { trials: count }), x, count), plain, x0));
  return plain.map((_, k) => Math.max(...all.map((one) => one[k])));
}

describe("methods", () => {
  it("are held against Python on every problem in two variables, and in more", () => {
    expect(Object.keys(ZOO).length).toBeGreaterThanOrEqual(35);
    for (const { methods } of Object.values(ZOO)) expect(Object.keys(methods)).toEqual(Object.keys(METHODS));
  });
  for (const [name, { x0, methods }] of Object.entries(ZOO))
    for (const [method, { ends: wanted, accepted }] of Object.entries(methods) as [MethodName, Recorded][])
      it(`${method} makes Python's trials on ${name}`, () => {
        const key = `${name} ${method}`, count = AGREE[key] ?? wanted.length, trials = run(method, problem(name), x0, { trials: count });
        const found = ends(trials, x0, count), gaps = deviations(found, wanted.slice(0, count), x0);
        const own = CHAOTIC.includes(key) ? sensitivity(method, name, x0, count) : [];
        gaps.forEach((gap, k) => expect(gap, `trial ${k + 1}`).toBeLessThan(Math.max(RELATIVE, ROUNDINGS * (own[k] ?? 0))));
        if (own.length) return expect(Math.max(...own)).toBeGreaterThan(RELATIVE);
        // Where less is promised than f's own rounding may be (sums of residuals: more than 10 eps f), rounding decides.
        trials.forEach((trial, k) => {
          if (Math.abs(trial.predicted) > 100 * trial.noise) expect(Number(trial.accepted), `trial ${k + 1}`).toBe(Number(accepted[k]));
        });
      });
});

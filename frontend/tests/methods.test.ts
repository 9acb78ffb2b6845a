/** The methods of the page make the trials of Python's: traces.json holds those of Python on the zoo. */

import { describe, expect, it } from "vitest";
import traces from "./fixtures/traces.json";
import { problem } from "./fixtures/zoo";
import { run } from "../src/methods/run";
import type { MethodName, Trial } from "../src/methods/types";

interface Recorded { ends: (number | null)[][]; tau: (number | null)[]; accepted: string; of: number; status: string }
interface Entry { x0: number[]; methods: Record<string, Recorded> }

const ZOO = traces as unknown as Record<string, Entry>;
const RELATIVE = 1e-9;

/**
 * The largest deviation of x, relative to the largest size of its variable so far. A run that came to rest stays there:
 * where rounding leaves g exactly zero in one language, the other makes one trial more.
 */
function deviation(trials: Trial[], { ends }: Recorded, x0: number[]): number {
  const size = x0.map(Math.abs);
  let worst = 0, rest = x0 as readonly number[];
  ends.forEach((wanted, k) => {
    const end = trials[k]?.end ?? rest;
    wanted.forEach((a, i) => {
      if (a === null) return void (Number.isFinite(end[i]) && (worst = Infinity));
      size[i] = Math.max(size[i], Math.abs(a));
      if (end[i] !== a) worst = Math.max(worst, size[i] > 0 ? Math.abs(end[i] - a) / size[i] : Infinity);
    });
    if (trials[k]?.accepted) rest = end;
  });
  return worst;
}

describe("methods", () => {
  for (const [name, { x0, methods }] of Object.entries(ZOO))
    for (const [method, recorded] of Object.entries(methods))
      it(`${method} makes Python's trials on ${name}`, () => {
        const trials = run(method as MethodName, problem(name), x0, { trials: recorded.ends.length });
        const worst = deviation(trials, recorded, x0);
        expect(worst).toBeLessThan(RELATIVE);
        expect(recorded.accepted.startsWith(trials.map((t) => Number(t.accepted)).join(""))).toBe(true);
      });
});

/** The methods of the page make the trials of Python's: traces.json holds those of Python on the zoo. */

import { describe, expect, it } from "vitest";
import traces from "./fixtures/traces.json";
import { problem } from "./fixtures/zoo";
import { run } from "../src/methods/run";
import type { MethodName, Trial } from "../src/methods/types";

interface Recorded { ends: (number | null)[][]; tau: (number | null)[]; accepted: string; of: number; status: string }
interface Entry { x0: number[]; data?: number[][]; methods: Record<string, Recorded> }

const ZOO = traces as unknown as Record<string, Entry>;
const RELATIVE = 1e-9;

/** The largest deviation of x, relative to the largest size of its variable so far, over the first trials. */
function deviation(trials: Trial[], { ends }: Recorded, x0: number[]): number {
  const size = x0.map(Math.abs);
  let worst = 0;
  ends.forEach((end, k) => end.forEach((a, i) => {
    if (a === null) return void (Number.isFinite(trials[k]?.end[i]) && (worst = Infinity));
    size[i] = Math.max(size[i], Math.abs(a));
    const gap = Math.abs((trials[k]?.end[i] ?? NaN) - a);
    worst = Math.max(worst, gap === 0 ? 0 : Number.isNaN(gap) ? Infinity : gap / size[i]);
  }));
  return worst;
}

describe("methods", () => {
  for (const [name, { x0, data, methods }] of Object.entries(ZOO))
    for (const [method, recorded] of Object.entries(methods))
      it(`${method} makes Python's trials on ${name}`, () => {
        const trials = run(method as MethodName, problem(name, data), x0, { trials: recorded.ends.length });
        const worst = deviation(trials, recorded, x0);
        expect(worst).toBeLessThan(RELATIVE);
        expect(trials.map((t) => Number(t.accepted)).join("")).toBe(recorded.accepted);
      });
});

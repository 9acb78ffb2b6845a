/** The engine against JAX (programs.json, written by fixtures/programs.py), against closed forms, and against differences. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Machine } from "../src/engine/jets";
import type { Program } from "../src/engine/program";

interface Place { x: number[]; f: number; g: number[]; H: number[] }
interface Row { name: string; program?: Program; places: Place[] }

const rows = JSON.parse(readFileSync(new URL("./fixtures/programs.json", import.meta.url), "utf8")) as Row[];

const identity = (n: number): number[] => Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0));

/** The largest difference beside the largest entry. */
function apart(found: ArrayLike<number>, wanted: number[]): number {
  const size = Math.max(...wanted.map(Math.abs), Number.MIN_VALUE);
  return Math.max(...wanted.map((w, i) => (Object.is(found[i], w) ? 0 : Math.abs(found[i] - w) / size)));
}

describe("the zoo, and functions of every kind", () => {
  it("all of them are held", () => {
    expect(rows.filter((row) => !row.program).map((row) => row.name)).toEqual([]);
    expect(rows.length).toBeGreaterThanOrEqual(98 + 59);
  });

  for (const { name, program, places } of rows.filter((row) => row.program)) {
    it(name, () => {
      const machine = new Machine(program!);
      for (const { x, f, g, H } of places) {
        const n = x.length, jet = machine.jet(x, identity(n), n);
        expect(Math.abs(jet.value - f)).toBeLessThanOrEqual(1e-12 * Math.max(Math.abs(f), 1e-3));
        expect(machine.value(x)).toBe(jet.value);
        expect(apart(jet.gradient, g)).toBeLessThan(1e-12);
        expect(apart(jet.hessian, H)).toBeLessThan(1e-12);
      }
    });
  }
});

it("where a derivative is infinite none is made up: (x^4)^0.5 + y^2 at 0 has no finite H, as in JAX", () => {
  const program: Program = { n: 2, constants: [0.5], operations: [
    { op: "pick", args: [0], size: 1, runs: [[0, 0, 1]] }, { op: "pick", args: [0], size: 1, runs: [[1, 0, 1]] },
    { op: "integer_pow", args: [2], size: 1, power: 4 }, { op: "pow", args: [4, 1], size: 1 }, { op: "integer_pow", args: [3], size: 1, power: 2 },
    { op: "add", args: [5, 6], size: 1 },
  ], out: 7 };
  const { gradient, hessian } = new Machine(program).jet([0, 0], identity(2), 2);
  expect([...gradient, ...hessian].every(Number.isFinite)).toBe(false);
});

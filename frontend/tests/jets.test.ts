/** The engine against JAX (programs.json, written by fixtures/programs.py), against closed forms, and against differences. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Machine } from "../src/engine/jets";
import type { Program } from "../src/engine/program";
import { between, generator } from "./fixtures/random";

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

describe("along directions", () => {
  it("two are computed as three are, to the last bit, and f alone as with them", () => {
    const random = generator(1);
    for (const { name, program, places } of rows.filter((row) => row.program))
      for (const { x } of places) {
        const machine = new Machine(program!), E = x.flatMap(() => [between(random, -1, 1), between(random, -1, 1), between(random, -1, 1)]);
        const { value, gradient, hessian } = machine.jet(x, E, 3), [a, b] = [gradient[0], gradient[1]], all = [value, a, b, hessian[0], hessian[1], hessian[3]];
        const two = machine.jet(x, E.filter((_, i) => i % 3 < 2), 2);
        expect([two.value, ...two.gradient, ...two.hessian].map((number) => number + 0), name).toEqual(all.map((number) => number + 0));
        expect(machine.value(x)).toBe(value);
      }
  });

  it("numbers are taken from several values, backwards, and over and over; x and constants are functions, too", () => {
    const program = (operations: Program["operations"], last: number): Machine => new Machine({ n: 2, constants: [3], operations, out: last });
    const taken = program([
      { op: "pick", args: [0, 1, 0], size: 6, runs: [[4, -1, 3], [1, 0, 2], [2, 1, 1]] }, { op: "mul", args: [2, 2], size: 6 }, { op: "sum", args: [3], size: 1, group: 6 },
    ], 4);
    // 4, 3, 2 of (u, v, 3, u, v) laid end to end, twice v, and 3: v, u, 3, v, v, 3.
    expect(taken.value([5, 7])).toBe(3 * 49 + 25 + 2 * 9);
    expect([...taken.jet([5, 7], identity(2), 2).hessian]).toEqual([2, 0, 6]);
    expect([...program([{ op: "pick", args: [0], size: 1, runs: [[1, 0, 1]] }], 2).jet([5, 7], identity(2), 2).gradient]).toEqual([0, 1]);
    const still = program([], 1).jet([5, 7], identity(2), 2);
    expect([still.value, ...still.gradient, ...still.hessian]).toEqual([3, 0, 0, 0, 0, 0]);
  });

  it("answers of other directions in between change nothing", () => {
    const machine = new Machine(rows.find((row) => row.name === "himmelblau")!.program!), x = [1.3, -0.4], first = machine.jet(x, identity(2), 2);
    const before = [first.value, ...first.gradient, ...first.hessian];
    machine.jet([9, 9], [1, 1, 1, 2, 2, 2], 3);
    machine.value([8, 8]);
    const again = machine.jet(x, identity(2), 2);
    expect([again.value, ...again.gradient, ...again.hessian]).toEqual(before);
  });
});

it("an operation that the page does not know is refused in words", () => {
  const machine = new Machine({ n: 1, constants: [], operations: [{ op: "fft", args: [0], size: 1 }], out: 1 });
  expect(() => machine.value([1])).toThrow(/does not know: fft/);
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

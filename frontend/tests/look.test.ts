/** The recording that the laboratory makes of a formula, against what Python records (looks.json); windows that show something. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decode, range } from "../src/engine/decode";
import { Machine } from "../src/engine/jets";
import type { Plane, Recording } from "../src/engine/record";
import { compile } from "../src/formula/compile";
import { usualStart } from "../src/lab/descent";
import { look } from "../src/lab/look";

interface Row { text: string; x: number[]; point: Record<string, unknown>; line: Record<string, number> | null; planes: Partial<Plane>[]; views: Record<string, Record<string, unknown>> }

const rows = JSON.parse(readFileSync(new URL("./fixtures/looks.json", import.meta.url), "utf8")) as Row[];

/** Every number of `wanted` is that of `found`, beside the largest of its array; every text is the same. */
function same(found: unknown, wanted: unknown, where: string, size = 0): void {
  if (typeof wanted === "number") return void expect(Math.abs((found as number) - wanted), where).toBeLessThanOrEqual(1e-8 * Math.max(size, Math.abs(wanted)));
  if (wanted === null || typeof wanted !== "object") return void expect(plain(found), where).toEqual(plain(wanted));
  const numbers = Array.isArray(wanted) ? wanted.flat().filter((a): a is number => typeof a === "number") : [];
  for (const [key, value] of Object.entries(wanted)) same((found as Record<string, unknown>)[key], value, `${where} ${key}`, Math.max(size, ...numbers.map(Math.abs)));
}

const plain = (a: unknown): unknown => (typeof a === "string" ? a.replaceAll("\u2212", "-") : a);

describe("a look at a formula is what Python records of it", () => {
  for (const { text, x, point, line, planes, views } of rows)
    it(text, () => {
      const recording = look(compile(text), x), [own] = recording.points;
      same(own, point, "point");
      if (line) same(own.line, line, "line");
      for (const wanted of planes) {
        const found = recording.planes.find(({ id }) => id === wanted.id);
        same(found, wanted, "plane");
        same(own.views[wanted.id!], views[wanted.id!], `view ${wanted.id}`);
      }
      const n = x.length;
      expect(recording.planes.length).toBe((n * (n - 1)) / 2);
      for (const plane of recording.planes) grids(recording, plane, text, x);
    });
});

/** Grids hold f where they say, and x lies in the windows. */
function grids({ points: [point], program }: Recording, plane: Plane, text: string, x: number[]): void {
  const machine = new Machine(program!), { at, window, grid } = point.views[plane.id];
  for (const [w, g] of [[plane.window, plane.grid], [window!, grid]] as const) {
    expect(at[0] > w[0] && at[0] < w[1] && at[1] > w[2] && at[1] < w[3], text).toBe(true);
    const drawn = decode(g)!, [i, j] = [7, 11];
    const p = x.map((a, k) => a + plane.basis![k][0] * (drawn.x[i] - at[0]) + plane.basis![k][1] * (drawn.y[j] - at[1]));
    const f = machine.value(p);
    const [low, high] = range(drawn.values);
    // Single precision of the height above the lowest value.
    expect(Math.abs(drawn.values[j][i] - f)).toBeLessThanOrEqual(2 ** -24 * (f - low) + 1e-12 * (high - low));
  }
}

describe("windows", () => {
  const map = (text: string, x: number[]): Plane => look(compile(text), x).planes[0];
  const holds = ({ window: w }: Plane, [u, v]: [number, number]): boolean => u > w[0] && u < w[1] && v > w[2] && v < w[3];

  it("a minimum that is reached from the start lies on the map", () => {
    expect(holds(map("(1 - x)^2 + 100*(y - x^2)^2", [-1.2, 1]), [1, 1])).toBe(true);
    expect(holds(map("(x - 300)^2 + (y + 500)^2", [0, 0]), [300, -500])).toBe(true);
    expect(holds(map("(x - 3e-7)^2 + (y + 5e-7)^2", [0, 0]), [3e-7, -5e-7])).toBe(true);
  });

  it("f without a minimum, without curvature, or constant along a variable still has one that is of the size of x", () => {
    for (const text of ["x + y", "x^3 + y^3", "exp(x) + y", "x^2 + 0*y", "0*x*y", "-x^2 - y^4", "1/(x*y)"]) {
      const { window: w } = map(text, [1, 2]), size = w[1] - w[0];
      expect(size > 0.01 && size < 1000, `${text}: ${w}`).toBe(true);
    }
  });

  it("a start at which f is not finite has a map, and no quadratic", () => {
    const recording = look(compile("log(x) + y^2"), [-1, 1]);
    expect(recording.points[0].views).toEqual({});
    const values = decode(recording.planes[0].grid)!.values.flat();
    expect(values.some(Number.isFinite) && values.some(Number.isNaN)).toBe(true);
  });

  it("a start is found where the usual one is outside of the domain", () => {
    for (const text of ["sqrt(x) + log(y)", "log(-x) + log(-y)", "asin(x)*acos(y)", "log(x - 4) + y", "x^y", "log(0.1 - x) + log(0.1 - y) + log(x) + log(y)"]) {
      const { program, names } = compile(text), machine = new Machine(program);
      expect(Number.isFinite(machine.value(usualStart(machine, names.length))), text).toBe(true);
    }
  });
});

/** Screen 1: what it says of the tangent and of the parabola is true to f, which is written down here by hand. */

import { describe, expect, it } from "vitest";
import type { Arrow, Curve, Dots, Scene } from "../src/scene/types";
import { begin, errorsAt, halvings, jetAt, LONGEST, parabolaScene, shapeAt, WINDOW } from "../src/tour/screens/s01-parabola";
import { words } from "../src/tour/screens/s01-words";

const f = (x: number): number => 2 * Math.exp(-0.7 * x) - 0.42 * x * x + 2 * x;
const slope = (x: number): number => -1.4 * Math.exp(-0.7 * x) - 0.84 * x + 2;
const bend = (x: number): number => 0.98 * Math.exp(-0.7 * x) - 0.84;

const PLACES = Array.from({ length: 57 }, (_, i) => WINDOW[0] + 0.1 + ((WINDOW[1] - WINDOW[0] - 0.2) * i) / 56);
const STEPS = [-LONGEST, -1.2, -0.8, -0.3, 0.3, 0.8, 1.2, LONGEST];
const last = (x: number, s: number): { line: number; parabola: number }[] => halvings(x, s).slice(-3).map(({ line, parabola }) => ({ line: line.smaller!, parabola: parabola.smaller! }));
const off = (ratio: number, limit: number): number => Math.abs(ratio / limit - 1);
const seen = <T>(scene: Scene, role: string): T => scene.items.find((item) => item.kind !== "rightangle" && item.role === role) as T;

describe("the parabola of x", () => {
  it("has f's height, slope and curvature at x, and its turning point at x - f'/f''", () => {
    for (const x of PLACES) {
      const here = jetAt(x);
      for (const [own, exact] of [[here.f, f(x)], [here.slope, slope(x)], [here.bend, bend(x)]]) expect(Math.abs(own - exact)).toBeLessThan(1e-12);
      const scene = parabolaScene({ x, s: 0.5 }, words.en), { points } = seen<Curve>(scene, "model-level");
      const turning = seen<Dots | undefined>(scene, "center"), bottom = x - slope(x) / bend(x);
      for (const [a, b] of points) expect(Math.abs(b - (f(x) + slope(x) * (a - x) + 0.5 * bend(x) * (a - x) ** 2))).toBeLessThan(1e-9);
      // Only where it can be seen; and the drawn curve turns there.
      expect(turning !== undefined).toBe(bottom > WINDOW[0] && bottom < WINDOW[1]);
      if (!turning) continue;
      expect(Math.abs(turning.points[0][0] - bottom)).toBeLessThan(1e-9);
      const extreme = points.reduce((best, p) => (Math.sign(bend(x)) * (p[1] - best[1]) < 0 ? p : best));
      expect(Math.abs(extreme[0] - bottom)).toBeLessThan((WINDOW[1] - WINDOW[0]) / 200);
      expect(turning.label).toBe(bend(x) > 0 ? "" : words.en.highest);
    }
  });

  it("opens downward where f'' < 0: no arrow says that down ends, and the words say so", () => {
    const kinds = new Set<string>();
    for (const x of PLACES) {
      const state = { x, s: 0.5 }, scene = parabolaScene(state, words.en), arrow = seen<Arrow | undefined>(scene, "newton"), shape = shapeAt(state);
      kinds.add(shape);
      if (bend(x) <= 0) expect(arrow).toBe(undefined);
      if (shape !== "straight") expect(shape).toBe(bend(x) > 0 ? "bowl" : "hill");
      if (!arrow) continue;
      expect(Math.abs(arrow.head[0] - arrow.tail[0] + slope(x) / bend(x))).toBeLessThan(1e-9);
      expect(arrow.tail[0]).toBe(x);
    }
    expect([...kinds].sort()).toEqual(["bowl", "hill", "straight"]);
    const said = (shape: "bowl" | "hill" | "straight") => words.en.told({ slope: "1", bend: "2", bottom: "3", shape });
    expect(new Set([said("bowl"), said("hill"), said("straight")]).size).toBe(3);
  });
});

describe("halving the step", () => {
  it("the errors are those of f", () => {
    for (const x of PLACES)
      for (const s of STEPS) {
        const { line, parabola } = errorsAt(x, s), straight = f(x + s) - f(x) - slope(x) * s;
        expect(Math.abs(line - straight)).toBeLessThan(1e-11);
        expect(Math.abs(parabola - straight + 0.5 * bend(x) * s * s)).toBeLessThan(1e-11);
      }
  });

  it("at the start the last three rows show a quarter and an eighth to 5 %", () => {
    const { x, s } = begin();
    for (const { line, parabola } of last(x, s)) expect(Math.max(off(line, 4), off(parabola, 8))).toBeLessThan(0.05);
    expect(Math.abs(errorsAt(x, s).parabola)).toBeGreaterThan(0.1);
  });

  it("wherever x and s are dragged the parabola's last three show an eighth; the tangent's a quarter unless f'' is near 0", () => {
    for (const x of PLACES)
      for (const s of STEPS) {
        const rows = last(x, s);
        for (const { parabola } of rows) expect(off(parabola, 8)).toBeLessThan(0.05);
        if (Math.abs(bend(x)) >= 0.35 && Math.abs(s) <= 0.8) for (const { line } of rows) expect(off(line, 4)).toBeLessThan(0.05);
        // The last row is a quarter, or else the words say that f is nearly straight here.
        expect(off(rows[2].line, 4) < 0.05).toBe(shapeAt({ x, s }) !== "straight");
      }
  });

  it("where f'' is 0 both fall to an eighth, as is said beside the picture", () => {
    const flat = Math.log(0.98 / 0.84) / 0.7, rows = last(flat, 0.8);
    expect(Math.abs(bend(flat))).toBeLessThan(1e-12);
    for (const { line, parabola } of rows) expect(Math.max(off(line, 8), off(parabola, 8))).toBeLessThan(0.05);
    expect(shapeAt({ x: flat, s: 0.8 })).toBe("straight");
  });

  it("no other parabola is nearer to f in the end: change any of its numbers and a short step is farther off", () => {
    for (const x of PLACES.filter((_, i) => i % 7 === 0))
      for (const [a, b, c] of [[1e-3, 0, 0], [0, 1e-2, 0], [0, 0, 0.1], [0, 0, -0.1], [1e-4, -1e-2, 0.05]])
        for (const s of [-1e-3, 1e-3]) {
          const own = errorsAt(x, s).parabola, other = own - (a + b * s + c * s * s);
          expect(Math.abs(own)).toBeLessThan(Math.abs(other));
        }
  });
});

describe("the picture", () => {
  it("the bars go from f to the tangent and to the parabola, at x + s", () => {
    for (const x of PLACES.filter((_, i) => i % 5 === 0)) {
      const s = 0.7, to = x + s, scene = parabolaScene({ x, s }, words.en);
      const bar = (role: string) => seen<Curve>(scene, role).points;
      expect(bar("line-error").flat()).toEqual([to, expect.closeTo(f(to), 10), to, expect.closeTo(f(x) + slope(x) * s, 10)]);
      expect(bar("parabola-error").flat()).toEqual([to, expect.closeTo(f(to), 10), to, expect.closeTo(f(x) + slope(x) * s + 0.5 * bend(x) * s * s, 10)]);
    }
  });
});

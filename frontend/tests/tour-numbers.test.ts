/** The numbers of the tour's functions are JAX's. Screen 2: the ring is where the model is off by a tenth; the twist twists. f is written down here by hand. */

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { fidelity, trusted } from "../src/maths/trust";
import { evaluate, kind, type Quadratic, type Vec } from "../src/maths/quadratic";
import type { Contours, Curve, Ellipse, Item } from "../src/scene/types";
import { enWords } from "./fixtures/page";
import { jetAt } from "../src/tour/screens/s01-parabola";
import { GROUND, board, numbersScene, reachOf, type Show } from "../src/tour/screens/s02-numbers";
import { words } from "../src/tour/screens/s02-words";
import { land as directions } from "../src/tour/screens/s06-directions";
import { GROUNDS } from "../src/tour/screens/s08-runs";
import { LAND } from "../src/tour/screens/s09-scene";
import { ROSENBROCK, VALLEY, terrain } from "../src/tour/terrain";
import { between, generator } from "./fixtures/random";

interface Row { name: string; text: string; places: { x: Vec; f: number; g: Vec; H: [Vec, Vec]; u: Vec; error: number }[] }
const ROWS = JSON.parse(readFileSync(new URL("./fixtures/tour.json", import.meta.url), "utf8")) as Row[];

/** What the screens compute: the first one by itself, for it has one variable; the others all by a terrain. */
function computed({ name, text }: Row): { quadratic(x: Vec): Quadratic; value(x: Vec): number } {
  if (name !== "CURVE") {
    const land = terrain(text);
    return { quadratic: (x) => land.quadratic(x)!, value: land.value };
  }
  const quadratic = (x: Vec): Quadratic => {
    const { f: value, slope, bend } = jetAt(x[0]);
    return { at: x, value, gradient: [slope, 0], hessian: [bend, 0, 0] };
  };
  return { quadratic, value: ([x]) => jetAt(x).f };
}

const waves = ([x, y]: Vec): { sin: number; cos: number; sine: number; cosine: number } => {
  const [u, v] = [1.2 * x - 0.6 * y - 0.2, x + 1.8 * y - 1.3];
  return { sin: 0.4 * Math.sin(u), cos: 0.4 * Math.cos(u), sine: 0.5 * Math.sin(v), cosine: 0.5 * Math.cos(v) };
};
const f = ([x, y]: Vec): number => 0.2 * x * x + 0.3 * y * y + 0.4 * x * y + waves([x, y]).sin + waves([x, y]).cosine;
const gradient = ([x, y]: Vec): Vec => {
  const { cos, sine } = waves([x, y]);
  return [0.4 * x + 0.4 * y + 1.2 * cos - sine, 0.6 * y + 0.4 * x - 0.6 * cos - 1.8 * sine];
};
const hessian = (x: Vec): [number, number, number] => {
  const { sin, cosine } = waves(x);
  return [0.4 - 1.44 * sin - cosine, 0.4 + 0.72 * sin - 1.8 * cosine, 0.6 - 0.36 * sin - 3.24 * cosine];
};

/** The model's change and the size of its terms, with |H| the square root of H^2 (a formula for two rows: no eigenvectors). */
function model(x: Vec, s: Vec): { value: number; terms: number } {
  const g = gradient(x), [a, b, c] = hessian(x), form = (p: number, q: number, r: number): number => p * s[0] ** 2 + 2 * q * s[0] * s[1] + r * s[1] ** 2;
  const [p, q, r] = [a * a + b * b, b * (a + c), b * b + c * c], root = Math.abs(a * c - b * b), trace = Math.sqrt(p + r + 2 * root);
  const slope = g[0] * s[0] + g[1] * s[1];
  return { value: f(x) + slope + 0.5 * form(a, b, c), terms: Math.abs(slope) + 0.5 * form((p + root) / trace, q / trace, (r + root) / trace) };
}
const off = (x: Vec, s: Vec): number => Math.abs(f([x[0] + s[0], x[1] + s[1]]) - model(x, s).value) / model(x, s).terms;

const random = generator(12), PLACES: Vec[] = Array.from({ length: 6 }, () => [between(random, -2, 1.6), between(random, -1.4, 1.2)]);
const around = (n: number): Vec[] => Array.from({ length: n }, (_, k) => [Math.cos((2 * Math.PI * k) / n + 0.01), Math.sin((2 * Math.PI * k) / n + 0.01)]);
const scene = (x: Vec, show: Show): Item[] => numbersScene({ x, show }, words.en, enWords)!.items;
const of = (items: Item[], role: string): Item[] => items.filter((item) => item.role === role);

// Levels are followed for a limited time: here it stands still, so that a busy machine draws the same.
beforeAll(() => {
  vi.spyOn(performance, "now").mockReturnValue(0);
  vi.setConfig({ testTimeout: 30_000 });
});

describe("f, g and H", () => {
  it("are JAX's at 25 random places of every function of the tour", () => {
    // The text of the curve is its screen's own affair: its values tell.
    const { CURVE, ...texts } = Object.fromEntries(ROWS.map(({ name, text }) => [name, text]));
    expect(CURVE).toBeDefined();
    expect(texts).toEqual({ VALLEY, GROUND, ROSENBROCK, DIRECTIONS: directions.formula, STEPS: GROUNDS.quadratic.formula, BENT: GROUNDS.rosenbrock.formula, LAND: LAND.formula });
    for (const row of ROWS) {
      const { places } = row, land = computed(row);
      expect(places.length).toBe(25);
      for (const { x, f: value, g, H } of places) {
        const quad = land.quadratic(x), size = Math.max(...H.flat().map(Math.abs));
        expect(Math.abs(quad.value - value)).toBeLessThan(1e-9 * Math.max(1, Math.abs(value)));
        quad.gradient.forEach((a, i) => expect(Math.abs(a - g[i])).toBeLessThan(1e-9 * Math.max(1, Math.hypot(...g))));
        [H[0][0], H[0][1], H[1][1]].forEach((a, i) => expect(Math.abs(quad.hessian[i] - a)).toBeLessThan(1e-9 * Math.max(1, size)));
        expect(H[0][1]).toBe(H[1][0]);
      }
    }
  });

  it("H12 says how the slope along x1 changes as x2 changes, and how that along x2 changes with x1; H11 and H22 are the bends", () => {
    const h = 1e-5, change = (x: Vec, of: 0 | 1, along: 0 | 1): number => {
      const to = (side: number): number => gradient(along ? [x[0], x[1] + side * h] : [x[0] + side * h, x[1]])[of];
      return (to(1) - to(-1)) / (2 * h);
    };
    for (const x of PLACES) {
      const { hessian: [a, b, c] } = board(x)!.quad;
      for (const [entry, exact] of [[b, change(x, 0, 1)], [b, change(x, 1, 0)], [a, change(x, 0, 0)], [c, change(x, 1, 1)]]) expect(Math.abs(entry - exact)).toBeLessThan(1e-7);
    }
    // All three are alive on this ground.
    for (const k of [0, 1, 2]) expect(new Set(PLACES.map((x) => board(x)!.quad.hessian[k].toFixed(3))).size).toBe(PLACES.length);
  });
});

describe("the ring", () => {
  const far = 6;
  it("on 50 rays is the first place where the model is off by a tenth of its own terms", () => {
    for (const x of PLACES) {
      const quad = board(x)!.quad, rays = around(50), reach = trusted(quad, f, rays, far);
      expect(reach.filter(Number.isFinite).length).toBeGreaterThan(40);
      rays.forEach((d, k) => {
        const at = (r: number): number => off(x, [r * d[0], r * d[1]]), r = reach[k];
        const inside = Number.isFinite(r) ? r : far;
        expect(Math.max(...Array.from({ length: 39 }, (_, i) => at((inside * (i + 1)) / 40)))).toBeLessThan(0.1);
        if (Number.isFinite(r)) expect(Math.abs(at(r) / 0.1 - 1)).toBeLessThan(1e-6);
      });
    }
  });

  it("as it is drawn lies there, too, and the shade within it holds nowhere more than a tenth", () => {
    for (const x of PLACES) {
      const items = scene(x, "both"), ring = of(items, "ten-percent") as Curve[], [shade] = of(items, "fidelity") as Curve[];
      expect(ring.length).toBeGreaterThan(0);
      expect(Math.max(...ring.flatMap(({ points }) => points.map((p) => Math.abs(off(x, [p[0] - x[0], p[1] - x[1]]) / 0.1 - 1))))).toBeLessThan(1e-6);
      expect(Math.max(...shade.points.flatMap((p) => [0.2, 0.5, 0.8, 0.97].map((share) => off(x, [share * (p[0] - x[0]), share * (p[1] - x[1])]))))).toBeLessThan(0.1 * (1 + 1e-6));
      // No piece jumps: half-way between neighbours the ray ends there, too.
      const quad = board(x)!.quad, jumps = ring.flatMap(({ points }) => points.slice(1).map((p, i) => {
        const q: Vec = [(p[0] + points[i][0]) / 2 - x[0], (p[1] + points[i][1]) / 2 - x[1]], size = Math.hypot(...q);
        return Math.abs(trusted(quad, f, [[q[0] / size, q[1] / size]], far)[0] / size - 1);
      }));
      expect(Math.max(...jumps)).toBeLessThan(0.04);
      const { nearest, farthest } = reachOf(x)!, distances = ring.flatMap(({ points }) => points.map((p) => Math.hypot(p[0] - x[0], p[1] - x[1])));
      expect(Math.abs(nearest / Math.min(...distances) - 1)).toBeLessThan(1e-9);
      if (farthest !== null) expect(Math.abs(farthest / Math.max(...distances) - 1)).toBeLessThan(1e-9);
    }
  });

  it("has the measure of Python's picture `fidelity`", () => {
    for (const row of ROWS)
      for (const { x, u, error } of row.places) {
        const land = computed(row), own = fidelity(land.quadratic(x), land.value)([u[0] - x[0], u[1] - x[1]]);
        expect(Math.abs(own - error)).toBeLessThan(1e-9 * Math.max(1, Math.abs(error)));
      }
  });

  it("of a quadratic is nowhere", () => {
    const bowl = { at: [0.3, -0.2] as Vec, value: 1, gradient: [1, 2] as Vec, hessian: [2, 0.5, 3] as [number, number, number] };
    expect(trusted(bowl, (p) => evaluate(bowl, p), around(50), 10).every((r) => r === Infinity)).toBe(true);
  });
});

describe("the levels", () => {
  it("of the model are its own, at the heights of f's contours; each choice shows what it says", () => {
    for (const x of PLACES) {
      const quad = board(x)!.quad, both = scene(x, "both"), heights = (of(both, "function")[0] as Contours).levels;
      expect(heights.length).toBeGreaterThan(5);
      const drawn = of(both, "model-contour");
      for (const item of drawn) {
        const points: Vec[] = item.kind === "curve" ? item.points : around(12).map(([c, s]) => {
          const { center: [u, v], semi: [a, b], angle } = item as Ellipse;
          return [u + a * c * Math.cos(angle) - b * s * Math.sin(angle), v + a * c * Math.sin(angle) + b * s * Math.cos(angle)];
        });
        const values = points.map((p) => model(x, [p[0] - x[0], p[1] - x[1]]).value);
        expect(Math.max(...values.map((value) => Math.min(...heights.map((h) => Math.abs(h - value))) / Math.max(1, Math.abs(value))))).toBeLessThan(1e-9);
      }
      expect(new Set(drawn.map((item) => item.kind))).toEqual(new Set([kind(quad) === "saddle" ? "curve" : "ellipse"]));
      const roles = (show: Show): string[] => [...new Set(scene(x, show).map((item) => item.role))];
      expect(roles("f")).not.toContain("model-contour");
      expect(roles("f")).not.toContain("model-level");
      expect(roles("f")).toContain("function-level");
      expect(roles("model")).not.toContain("function");
      expect(roles("model")).not.toContain("function-level");
      expect(roles("both")).toEqual(expect.arrayContaining(["function", "function-level", "model-contour", "model-level", "ten-percent", "point"]));
    }
  });

  it("through x have one direction and one bend, f's and the model's", () => {
    for (const x of PLACES) {
      const level = of(scene(x, "both"), "function-level") as Curve[], g = gradient(x), size = Math.hypot(...g), n: Vec = [g[0] / size, g[1] / size];
      const points = level.flatMap(({ points }) => points), [a, b, c] = hessian(x), t: Vec = [-n[1], n[0]];
      // A curve with this direction and this bend: s = a t - 1/2 a^2 (t'Ht / |g|) n, to third order.
      const bend = (a * t[0] ** 2 + 2 * b * t[0] * t[1] + c * t[1] ** 2) / size;
      const close = points.map((p): Vec => [p[0] - x[0], p[1] - x[1]]).filter((s) => Math.hypot(...s) < 0.08 && Math.hypot(...s) > 0);
      expect(close.length).toBeGreaterThan(2);
      const third = close.map((s) => {
        const along = s[0] * t[0] + s[1] * t[1], across = s[0] * n[0] + s[1] * n[1];
        return Math.abs(across + 0.5 * bend * along * along) / (30 * Math.abs(along) ** 3 + 1e-7);
      });
      expect(Math.max(...third)).toBeLessThan(1);
    }
  });
});

/** Levels followed exactly: they stay on the level, close where it closes, and pass x at right angles to the gradient. */

import { expect, it } from "vitest";
import { levelThrough, type Smooth } from "../src/maths/level";
import type { Vec } from "../src/maths/quadratic";
import { norm, subtract } from "../src/maths/vector";

const rosenbrock: Smooth = ([x, y]) => ({
  value: 100 * (y - x * x) ** 2 + (1 - x) ** 2,
  gradient: [-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)],
  hessian: [1200 * x * x - 400 * y + 2, -400 * x, 200],
});

it("of an ellipse is closed and all of it", () => {
  const bowl: Smooth = ([x, y]) => ({ value: x * x + 25 * y * y, gradient: [2 * x, 50 * y], hessian: [2, 0, 50] });
  const points = levelThrough(bowl, [3, 0.8], [-6, 6, -6, 6], Infinity)!, c = 9 + 16;
  expect(points[0]).toEqual(points[points.length - 1]);
  expect(points[0]).not.toEqual([3, 0.8]);
  expect(points).toContainEqual([3, 0.8]);
  for (const [x, y] of points) expect(Math.abs((x * x + 25 * y * y) / c - 1)).toBeLessThan(1e-6);
  const angles = points.map(([x, y]) => Math.atan2(5 * y, x)).sort((a, b) => a - b);
  const gaps = angles.map((a, i) => (i ? a - angles[i - 1] : 0));
  expect(Math.max(...gaps)).toBeLessThan(0.2);
});

it("of Rosenbrock's valley stays on the level and passes x as a vertex, at right angles to g", () => {
  for (let k = 0; k < 25; k += 1) {
    const p: Vec = [-1.5 + 0.12 * k, 1.7 * Math.sin(1.7 * k) + 0.5], first = rosenbrock(p)!;
    const points = levelThrough(rosenbrock, p, [-2, 2, -1.5, 3], Infinity)!, at = points.findIndex((q) => q[0] === p[0] && q[1] === p[1]);
    expect(at).toBeGreaterThanOrEqual(0);
    for (const q of points) {
      const here = rosenbrock(q)!;
      expect(Math.abs(here.value - first.value) / norm(here.gradient)).toBeLessThan(1e-6);
    }
    const next = points[at + 1] ?? points[at - 1], way = subtract(next, p);
    expect(Math.abs(way[0] * first.gradient[0] + way[1] * first.gradient[1]) / (norm(way) * norm(first.gradient))).toBeLessThan(0.04);
  }
});

it("of a function that is not finite everywhere ends there, and a stationary point has none", () => {
  const cut: Smooth = ([x, y]) => (x <= 0 ? null : { value: y - Math.log(x), gradient: [-1 / x, 1], hessian: [1 / x / x, 0, 0] });
  const points = levelThrough(cut, [1, 0], [-2, 2, -2, 2], Infinity)!;
  expect(points.length).toBeGreaterThan(20);
  for (const [x, y] of points) expect(Math.abs(y - Math.log(x))).toBeLessThan(1e-6);
  expect(levelThrough(() => ({ value: 0, gradient: [0, 0], hessian: [1, 0, 1] }), [0, 0], [-1, 1, -1, 1], Infinity)).toBe(null);
});

it.each([10, 1e2, 1e3, 1e4])("of a thin bowl, condition %d, is all of the ellipse from wherever it begins", (c) => {
  const bowl: Smooth = ([x, y]) => ({ value: x * x + c * y * y, gradient: [2 * x, 2 * c * y], hessian: [2, 0, 2 * c] });
  for (const t of [0.1, 0.7, 1.5, 2.5, 4.4]) {
    const points = levelThrough(bowl, [Math.cos(t), Math.sin(t) / Math.sqrt(c)], [-1.2, 1.2, -1.2, 1.2], Infinity)!;
    const along = points.map(([x]) => x), across = points.map(([, y]) => y * Math.sqrt(c));
    for (const [low, high] of [along, across].map((a) => [Math.min(...a), Math.max(...a)])) expect(Math.max(low + 1, 1 - high)).toBeLessThan(2e-3);
  }
});

it.each([100, 1e4])("of a banana of steepness %d reaches both of its ends", (steep) => {
  const banana: Smooth = ([x, y]) => ({
    value: steep * (y - x * x) ** 2 + (1 - x) ** 2,
    gradient: [-4 * steep * x * (y - x * x) - 2 * (1 - x), 2 * steep * (y - x * x)],
    hessian: [12 * steep * x * x - 4 * steep * y + 2, -4 * steep * x, 2 * steep],
  });
  for (const p of [[0.9, 0.8], [0.5, 0.2503], [1.2, 1.445]] as Vec[]) {
    const points = levelThrough(banana, p, [-2, 2, -1, 3], Infinity)!, reach = Math.sqrt(banana(p)!.value), xs = points.map(([x]) => x);
    expect(Math.min(...xs)).toBeLessThan(1 - reach + 2e-3);
    expect(Math.max(...xs)).toBeGreaterThan(Math.min(1 + reach, 1.7) - 2e-3);
  }
});

it("at a kink it is lost, and the grid has to tell", () => {
  const diamond: Smooth = ([x, y]) => ({ value: Math.abs(x) + Math.abs(y), gradient: [Math.sign(x), Math.sign(y)], hessian: [0, 0, 0] });
  expect(levelThrough(diamond, [0.3, 0.7], [-2, 2, -2, 2], Infinity)).toBe(null);
});

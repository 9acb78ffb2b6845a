import { expect, test } from "vitest";
import { arcs, asymptotes, fitting, level } from "../src/maths/conic";
import { contours, holes, levels, lines, sample } from "../src/maths/contour";
import { angleBetween3, camera, decomposed3, dot3, powered, project, type Sym3, type Vec3, scale3, shadow } from "../src/maths/project3";
import * as Q from "../src/maths/quadratic";
import { decomposed } from "../src/maths/symmetric";
import { add, angleBetween, dot, norm, scale, subtract } from "../src/maths/vector";
import { around, exit, inside, roomy } from "../src/maths/window";
import type { Item } from "../src/scene/types";
import { gridOf } from "./fixtures/contexts";
import { between, generator, shaped, turned as shapedBy } from "./fixtures/random";

const curves = (items: Item[]) => items.flatMap((item) => (item.kind === "curve" ? [item] : []));
/** How far a point is from the level of `value`, as a share of the size of the terms of q there. */
const off = (q: Q.Quadratic, u: Q.Vec, value: number): number => {
  const s = subtract(u, q.at), slope = norm(Q.moved(q, u).gradient) * (norm(s) + norm(q.at));
  return Math.abs(Q.evaluate(q, u) - value) / (slope + Math.abs(q.value) + Math.abs(value));
};

test("the level of a bowl is one ellipse through x, of semi-axes sqrt(2 c / lambda), with the gradient as normal", () => {
  const random = generator(21);
  for (let k = 0; k < 200; k += 1) {
    const q = shaped(random, [1, 1]), items = level(q, [-1, 1, -1, 1], "model-level");
    expect(items.map((item) => item.kind)).toEqual(["ellipse"]);
    const e = items[0] as Extract<Item, { kind: "ellipse" }>;
    expect(e.hill).toBe(false);
    e.semi.forEach((a, i) => expect(Math.abs((a * a * e.lam![i]) / (2 * Q.rise(q)) - 1)).toBeLessThan(1e-12));
    const [c, s] = [Math.cos(e.angle), Math.sin(e.angle)], from = subtract(q.at, e.center);
    const [u, v] = [(from[0] * c + from[1] * s) / e.semi[0], (from[1] * c - from[0] * s) / e.semi[1]];
    expect(Math.abs(u * u + v * v - 1)).toBeLessThan(1e-8);
    // The tangent where x is, from the ellipse alone.
    const tangent: Q.Vec = [-e.semi[0] * v * c - e.semi[1] * u * s, -e.semi[0] * v * s + e.semi[1] * u * c];
    expect(Math.abs(dot(tangent, q.gradient)) / norm(tangent) / norm(q.gradient)).toBeLessThan(1e-7);
  }
});

test("in 1000 indefinite cases there is never an ellipse: branches on the level, with x as a vertex", () => {
  const random = generator(22);
  for (let k = 0; k < 1000; k += 1) {
    const q = shaped(random, [-1, 1], 4), window = around(q.at, [3 * random() + 1e-3, 2]);
    const items = [...level(q, window, "model-level"), ...asymptotes(q, window)];
    expect(items.some((item) => item.kind === "ellipse")).toBe(false);
    const branches = curves(items).filter(({ role }) => role === "model-level");
    expect(branches.length).toBeGreaterThan(0);
    expect(Math.max(...branches.flatMap(({ points }) => points.map((p) => off(q, p, q.value))))).toBeLessThan(1e-9);
    expect(branches.some(({ points }) => points.some((p) => p[0] === q.at[0] && p[1] === q.at[1]))).toBe(true);
  }
});

test("a saddle seen from far has two branches that are its mirror images, between asymptotes as high as the centre", () => {
  const q = Q.moved({ at: [0.5, 0.2], value: 1, gradient: [0, 0], hessian: [1, 0.3, -2] }, [1.5, 0.4]);
  for (const lift of [0, 0.7, -3]) {
    const branches = curves(level(q, [-3, 3, -3, 3], "model-level", lift));
    expect(branches.length).toBe(2);
    for (const { points } of branches) for (const p of points) expect(off(q, p, q.value + lift)).toBeLessThan(1e-12);
  }
  const crossed = curves(asymptotes(q, [-3, 3, -3, 3]));
  expect(crossed.length).toBe(2);
  for (const { points } of crossed) for (const p of points) expect(off(q, p, 1)).toBeLessThan(1e-12);
  const through = curves(level(Q.moved(q, [0.5, 0.2]), [-3, 3, -3, 3], "model-level"));
  expect(through.length).toBe(2);
});

test("neighbours on a branch are so close that the curve is smooth", () => {
  const q = Q.moved({ at: [0, 0], value: 0, gradient: [0, 0], hessian: [1, 0, -1] }, [1e-4, 0]);
  for (const { points } of curves(level(q, [-1, 1, -1, 1], "model-level")))
    for (let k = 1; k + 1 < points.length; k += 1) {
      const middle = scale(0.5, add(points[k], points[k - 1])), g = Q.moved(q, middle).gradient;
      expect(Math.abs(Q.evaluate(q, middle) - q.value) / Math.max(norm(g), 1e-6)).toBeLessThan(1e-3);
    }
});

test("a dome has an ellipse that is marked as a hill, and a valley has none", () => {
  const random = generator(23);
  for (let k = 0; k < 100; k += 1) {
    const [item] = level(shaped(random, [-1, -1]), [-1, 1, -1, 1], "model-level");
    expect(item).toMatchObject({ kind: "ellipse", hill: true });
  }
  const valley: Q.Quadratic = { at: [1, 1], value: 2, gradient: [2, 4], hessian: [1, 2, 4] };
  const lines = curves(level(valley, [-2, 2, -2, 2], "model-level"));
  expect(lines.length).toBe(2);
  for (const { points } of lines) for (const p of points) expect(off(valley, p, 2)).toBeLessThan(1e-12);
  expect(lines[0].points.some((p) => p[0] === 1 && p[1] === 1)).toBe(true);
  const slope: Q.Quadratic = { ...valley, gradient: [3, 2] };
  const [parabola, ...none] = curves(level(slope, [-2, 2, -2, 2], "model-level"));
  expect(none).toEqual([]);
  for (const p of parabola.points) expect(off(slope, p, 2)).toBeLessThan(1e-12);
  expect(level({ ...valley, hessian: [0, 0, 0] }, [-2, 2, -2, 2], "model-level")).toEqual([]);
});

test("the contour that stands for a level through a stationary x fits its window", () => {
  const random = generator(24);
  for (let k = 0; k < 200; k += 1) {
    const base = shaped(random, k % 2 ? [1, 1] : [-1, -1]), q = { ...base, gradient: [0, 0] as Q.Vec };
    const half: Q.Vec = [between(random, 0.1, 5), between(random, 0.1, 5)];
    const [item] = level(q, around(q.at, half), "model-level", fitting(q, half));
    const e = item as Extract<Item, { kind: "ellipse" }>;
    const box = [0, 1].map((i) => Math.hypot(e.semi[0] * [Math.cos(e.angle), Math.sin(e.angle)][i], e.semi[1] * [-Math.sin(e.angle), Math.cos(e.angle)][i]));
    expect(Math.max(box[0] / half[0], box[1] / half[1])).toBeCloseTo(0.6, 6);
  }
});

test("the pieces of a large ellipse lie on it and inside the window", () => {
  const window = around([0, 0], [1, 1]), pieces = arcs([1e4, 0], [1e4, 3e3], 0.2, window);
  const [c, s] = [Math.cos(0.2), Math.sin(0.2)];
  for (const p of pieces.flat()) {
    const [x, y] = subtract(p, [1e4, 0]), u = (x * c + y * s) / 1e4, v = (y * c - x * s) / 3e3;
    expect(Math.abs(u * u + v * v - 1)).toBeLessThan(1e-9);
    expect(Math.max(Math.abs(p[0]), Math.abs(p[1]))).toBeLessThan(1 + 1e-6);
  }
});

test("level lines: a circle is one closed line, saddle cells do not cross, holes are left out", () => {
  const circle = gridOf((x, y) => x * x + y * y, [-2, 2, -2, 2], 81), [line, ...none] = lines(circle, 1);
  expect(none).toEqual([]);
  expect(line[0]).toEqual(line[line.length - 1]);
  for (const p of line) expect(Math.abs(norm(p) - 1)).toBeLessThan(1e-3);
  expect(line.length).toBeGreaterThan(100);
  const open = lines(gridOf((x, y) => x + 0.3 * y, [-1, 1, -1, 1], 21), 0.05);
  expect(open.length).toBe(1);
  expect(Math.abs(open[0][0][1] - open[0].at(-1)![1])).toBeCloseTo(2, 9);
  const saddle = gridOf((x, y) => x * y, [-1, 1, -1, 1], 2);
  expect(lines(saddle, 0.1).length).toBe(2);
  const broken = gridOf((x, y) => (x > 0.5 ? NaN : x * x + y * y), [-2, 2, -2, 2], 81);
  const pieces = lines(broken, 1);
  expect(pieces.every((path) => path.every((p) => p[0] <= 0.5 + 1e-12))).toBe(true);
  expect(holes(broken).length).toBe(80);
  expect(holes(circle)).toEqual([]);
});

test("the line through a point has it as a vertex", () => {
  const grid = gridOf((x, y) => (1 - x) ** 2 + 100 * (y - x * x) ** 2, [-2, 2, -1, 3], 61), p: Q.Vec = [-1.2, 1.03];
  const height = sample(grid, p), all = lines(grid, height, p);
  expect(all.some((path) => path.some((q) => q[0] === p[0] && q[1] === p[1]))).toBe(true);
  expect(sample(grid, [5, 5])).toBeNaN();
  expect(sample(grid, [grid.x[3], grid.y[7]])).toBeCloseTo(grid.values[7][3], 12);
});

test("levels ascend within the range of the grid, and contours are made once", () => {
  const grid = gridOf((x, y) => Math.exp(x) + y * y, [-2, 4, -3, 3]), all = levels(grid);
  expect(all.every((level, k) => k === 0 || level > all[k - 1])).toBe(true);
  expect(contours(grid)).toBe(contours(grid));
  expect(levels(gridOf(() => 1, [0, 1, 0, 1]))).toEqual([]);
});

test("windows: the way out, and room for every panel", () => {
  expect(exit([0, 2, 0, 1], [0.5, 0.5], [1, 0])).toBe(1.5);
  expect(exit([0, 2, 0, 1], [0.5, 0.5], [0, -2])).toBe(0.25);
  expect(inside(roomy([0, 2, 0, 1]), [4.5, 4])).toBe(true);
});

test("in space: eigenpairs, and the outline of an ellipsoid is that of its shadow", () => {
  const random = generator(25);
  for (let k = 0; k < 50; k += 1) {
    const rows = [0, 1, 2].map(() => [0, 1, 2].map(() => between(random, -1, 1))) as Sym3;
    const H = rows.map((a, i) => rows.map((b, j) => dot3(a, b) + (i === j ? 0.1 : 0))) as Sym3, frame = decomposed3(H);
    frame.axes.forEach((axis, i) => H.forEach((row, j) => expect(dot3(row, axis)).toBeCloseTo(frame.values[i] * axis[j], 12)));
    const eye = camera(between(random, 0, 360), between(random, -90, 90)), inner = decomposed(shadow(frame, eye));
    for (let a = 0; a < 6; a += 1) {
      // The farthest point of {s'Hs = 1} in a direction of the picture is the farthest of the ellipse.
      const way: Q.Vec = [Math.cos(a), Math.sin(a)], d = [0, 1, 2].map((i) => way[0] * eye.right[i] + way[1] * eye.up[i]) as Vec3;
      const far = powered(frame, -1, d), point = scale3(1 / Math.sqrt(dot3(d, far)), far);
      const reach = Math.sqrt(inner.values[0] * dot(inner.axes[0], way) ** 2 + inner.values[1] * dot(inner.axes[1], way) ** 2);
      expect(dot(project(eye, point), way)).toBeCloseTo(reach, 10);
    }
  }
  expect(angleBetween3([1, 0, 0], [0, 2, 0])).toBeCloseTo(90, 12);
});

test("the tangent of a branch is at right angles to the gradient", () => {
  const random = generator(26);
  for (let k = 0; k < 100; k += 1) {
    const q = shapedBy(random, [-between(random, 0.1, 2), between(random, 0.1, 2)]);
    for (const { points } of curves(level(q, around(q.at, [2, 2]), "model-level"))) {
      const i = points.findIndex((p) => p[0] === q.at[0] && p[1] === q.at[1]);
      if (i < 1 || i + 1 >= points.length) continue;
      const [d, e] = [subtract(points[i], points[i - 1]), subtract(points[i + 1], points[i])], [p, r] = [norm(d), norm(e)];
      // The tangent of the parabola through three neighbours.
      const tangent = add(scale(r / p, d), scale(p / r, e));
      expect(Math.abs(angleBetween(tangent, q.gradient) - 90)).toBeLessThan(0.1);
    }
  }
});

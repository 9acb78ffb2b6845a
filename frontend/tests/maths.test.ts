import { expect, test } from "vitest";
import * as Q from "../src/maths/quadratic";
import { decomposed, form, inverse, power, solve, times } from "../src/maths/symmetric";
import { add, angleBetween, cross, dot, norm, scale, subtract } from "../src/maths/vector";
import fixture from "./fixtures/quadratics.json";
import { between, generator, shaped, vector } from "./fixtures/random";

interface Numbers { eigenvalues: number[]; newton: number[]; rise: number; angle: number | null }
interface Entry extends Numbers { group: string; quadratic: Q.Quadratic; axes: number[][]; signs: number[]; kind: string; exact: Numbers | null }

const entries = fixture as unknown as Entry[];
const bowls = (seed: number, count = 200, decades = 3): Q.Quadratic[] => {
  const random = generator(seed);
  return Array.from({ length: count }, () => shaped(random, [1, 1], decades));
};
const near = (a: number, b: number, relative = 1e-12, scale = Math.abs(b)): void => expect(Math.abs(a - b)).toBeLessThanOrEqual(relative * scale + 1e-60);
/** Both entries, relative to the length of the vector. */
const nearVector = (a: Q.Vec, b: Q.Vec, relative = 1e-12): void => a.forEach((x, i) => near(x, b[i], relative, norm(b)));

test("the numbers of quadratics are those of long arithmetic to 1e-12", () => {
  const known = entries.filter((entry) => entry.exact);
  expect(known.length).toBeGreaterThan(25);
  for (const { quadratic, exact } of known) {
    Q.eigen(quadratic).values.forEach((value, i) => near(value, exact!.eigenvalues[i]));
    Q.newton(quadratic).forEach((step, i) => near(step, exact!.newton[i]));
    near(Q.rise(quadratic), exact!.rise);
    near(Q.angleDeg(quadratic), exact!.angle!);
  }
});

test("the numbers of quadratics are those of Python to 1e-12 where those are", () => {
  for (const entry of entries.filter(({ group }) => group !== "wild")) {
    const q = entry.quadratic, { values, axes } = Q.eigen(q), loss = Q.condition(q) < 1e4 ? Q.condition(q) : 1;
    expect([...Q.signs(q)]).toEqual(entry.signs);
    expect(Q.kind(q)).toBe(entry.kind);
    // Python's eigenvalues are accurate beside the largest one.
    values.forEach((value, i) => near(value, entry.eigenvalues[i], 1e-12, Math.max(...entry.eigenvalues.map(Math.abs))));
    if (values[0] !== values[1]) axes.forEach((axis, i) => nearVector(axis, entry.axes[i] as Q.Vec));
    nearVector(Q.newton(q), entry.newton as Q.Vec, 1e-15 * loss + 1e-12);
    near(Q.rise(q), entry.rise, 1e-15 * loss + 1e-12);
    if (entry.angle === null) expect(Q.angleDeg(q)).toBeNaN();
    else near(Q.angleDeg(q), entry.angle, 1e-12, 180);
  }
});

test("a quadratic written down at another point is the same function", () => {
  const random = generator(1);
  for (const q of bowls(2)) {
    const u = vector(random), v = vector(random), there = Q.moved(q, u);
    near(Q.evaluate(there, v), Q.evaluate(q, v), 1e-11, 1 + Math.abs(Q.evaluate(q, v)) + Math.abs(there.value));
    nearVector(there.gradient, add(q.gradient, times(q.hessian, subtract(u, q.at))), 1e-12);
    near(norm(subtract(Q.center(there), Q.center(q))), 0, 1e-9, 1 + norm(Q.newton(q)) + norm(Q.newton(there)));
  }
});

test("eigenpairs make the matrix again, and inverse, root and solution belong to it", () => {
  for (const { hessian: H, gradient: g } of bowls(3)) {
    const { values, axes } = decomposed(H), size = values[1];
    expect(values[0]).toBeLessThanOrEqual(values[1]);
    axes.forEach((axis, i) => nearVector(times(H, axis), scale(values[i], axis), (1e-14 * size) / values[i]));
    expect(Math.abs(dot(axes[0], axes[1]))).toBeLessThan(1e-15);
    nearVector(times(H, solve(H, g)), g, 1e-10);
    nearVector(times(inverse(H), g), solve(H, g), 1e-10);
    const root = power(H, 0.5);
    nearVector(times(root, times(root, g)), times(H, g), 1e-10);
  }
});

test("the gradient at s is H s, and Newton's step from everywhere ends at the centre", () => {
  const random = generator(4);
  for (const q of bowls(5)) {
    const u = vector(random, 5), there = Q.moved(q, u), s = subtract(u, Q.center(q));
    nearVector(there.gradient, times(q.hessian, s), 1e-9);
    near(Q.rise(there), 0.5 * form(q.hessian, s), 1e-8);
    near(Q.evaluate(q, u) - Q.evaluate(q, Q.center(q)), Q.rise(there), 1e-8, 1e-6 + Math.abs(Q.rise(there)) + Math.abs(q.value));
  }
});

test("on the dual the normal at g is the Newton direction, and its own Newton step is -g", () => {
  for (const q of bowls(6)) {
    const dual = Q.dual(q)!;
    nearVector(dual.gradient, scale(-1, Q.newton(q)), 1e-13);
    nearVector(Q.newton(dual), scale(-1, q.gradient), 1e-9);
    near(Q.rise(dual), Q.rise(q), 1e-9);
    near(Q.angleDeg(dual), Q.angleDeg(q), 1e-8, 180);
    Q.eigen(dual).values.forEach((value, i) => near(value, 1 / Q.eigen(q).values[1 - i], 1e-12));
  }
  expect(Q.dual({ at: [0, 0], value: 0, gradient: [1, 1], hessian: [1, 1, 1] })).toBeNull();
});

test("whitening: Hessian H^(1-t), one centre at every t, and in the round picture -g points at it", () => {
  for (const q of bowls(7)) {
    const { values } = Q.eigen(q);
    for (const t of [0, 0.3, 0.5, 0.9, 1]) {
      const round = Q.whitened(q, t)!;
      Q.eigen(round).values.forEach((value, i) => near(value, values[i] ** (1 - t), 1e-10));
      near(norm(Q.center(round)), 0, 1e-9, norm(round.at));
      near(Q.rise(round), Q.rise(q), 1e-9);
    }
    const circle = Q.whitened(q, 1)!;
    nearVector(circle.gradient, circle.at, 1e-14);
    expect(Q.angleDeg(circle)).toBeLessThan(1e-6);
    nearVector(Q.whitened(q, 0)!.gradient, q.gradient, 1e-13);
  }
  expect(Q.whitened({ at: [0, 0], value: 0, gradient: [1, 1], hessian: [1, 0, -1] }, 0.5)).toBeNull();
});

test("the angle never exceeds arccos(2 sqrt(k) / (1 + k)), and reaches it", () => {
  for (const q of bowls(8, 400)) expect(Q.angleDeg(q)).toBeLessThanOrEqual(Q.largestAngle(q) + 1e-9);
  const k = 100, worst: Q.Quadratic = { at: [0, 0], value: 0, gradient: [1, Math.sqrt(k)], hessian: [1, 0, k] };
  near(Q.angleDeg(worst), (180 / Math.PI) * Math.acos((2 * Math.sqrt(k)) / (1 + k)));
  near(Q.largestAngle(worst), Q.angleDeg(worst));
});

test("angles keep their digits near 0, 90 and 180 degrees", () => {
  near(angleBetween([1, 0], [1, 1e-9]), (180 / Math.PI) * 1e-9);
  near(180 - angleBetween([1, 0], [-1, 1e-7]), (180 / Math.PI) * 1e-7, 1e-6);
  near(angleBetween([1e200, 0], [0, 1e-200]), 90);
  expect(angleBetween([0, 0], [1, 0])).toBeNaN();
});

test("the lowest point along -g has a gradient at right angles to it; there is none where the model falls", () => {
  for (const q of bowls(9)) {
    const there = Q.moved(q, add(q.at, Q.cauchy(q)!));
    expect(Math.abs(dot(there.gradient, q.gradient))).toBeLessThan(1e-9 * dot(q.gradient, q.gradient));
  }
  expect(Q.cauchy({ at: [0, 0], value: 0, gradient: [0, 1], hessian: [1, 0, -1] })).toBeNull();
  expect(Q.cauchy({ at: [0, 0], value: 0, gradient: [0, 0], hessian: [1, 0, 1] })).toBeNull();
});

test("signs do not depend on the units of the variables", () => {
  const random = generator(10);
  for (const signs of [[1, 1], [-1, 1], [-1, -1]] as Q.Vec[])
    for (let k = 0; k < 100; k += 1) {
      const q = shaped(random, signs), u = 10 ** between(random, -8, 8), [a, b, c] = q.hessian;
      expect(Q.signs({ ...q, hessian: [a * u * u, b * u, c] })).toEqual([...signs].sort((p, r) => p - r));
    }
});

test("a singular matrix has the shortest step to its floor", () => {
  const q: Q.Quadratic = { at: [1, 1], value: 0, gradient: [2, 4], hessian: [1, 2, 4] };
  expect(Q.kind(q)).toBe("valley");
  expect(Q.hasCenter(q)).toBe(true);
  nearVector(Q.newton(q), [-0.4, -0.8]);
  const slope: Q.Quadratic = { ...q, gradient: [3, 2] };
  expect(Q.hasCenter(slope)).toBe(false);
  expect(Math.abs(cross(Q.newton(slope), [1, 2]))).toBeLessThan(1e-14);
  expect(Q.kind({ ...q, hessian: [0, 0, 0] })).toBe("flat");
});

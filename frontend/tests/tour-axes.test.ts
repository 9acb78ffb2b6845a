import { expect, test } from "vitest";
import { kind } from "../src/maths/quadratic";
import { times } from "../src/maths/symmetric";
import { cross, dot, norm, scale, subtract } from "../src/maths/vector";
import type { Item } from "../src/scene/types";
import { type Shape, RISE, axesScene, hessianOf, nameOf, pointsOf, pulled, quadraticOf, semiOf, tipsOf, vectorsOf } from "../src/tour/screens/s03-scene";
import { words } from "../src/tour/screens/s03-words";
import { between, generator } from "./fixtures/random";

const names: [string, string] = ["x1", "x2"];
const of = <K extends Item["kind"]>(shape: Shape, role: string, kind: K): Extract<Item, { kind: K }>[] =>
  axesScene(shape, names, words.en).items.filter((item): item is Extract<Item, { kind: K }> => item.role === role && item.kind === kind);

function* shapes(seed: number, signs: (1 | 0 | -1)[], count = 60): Generator<Shape> {
  const random = generator(seed);
  for (let k = 0; k < count; k += 1) yield { lambda: [between(random, 0.2, 6), signs[k % signs.length] * between(random, 0.05, 2)], turn: between(random, -4, 4) };
}

test("H v = lambda v, and the entries that are shown are symmetric with these eigenvalues", () => {
  for (const shape of shapes(1, [1, 0, -1])) {
    const H = hessianOf(shape), size = Math.max(...shape.lambda.map(Math.abs));
    vectorsOf(shape).forEach((v, i) => expect(norm(subtract(times(H, v), scale(shape.lambda[i], v)))).toBeLessThan(1e-14 * size));
    expect(Math.abs(H[0] + H[2] - shape.lambda[0] - shape.lambda[1])).toBeLessThan(1e-14 * size);
  }
});

test("lambda times the semi-axis squared is 2c of the ellipse that is drawn: four times as steep is half as long", () => {
  for (const shape of shapes(2, [1])) {
    const [ellipse, ...more] = of(shape, "model-level", "ellipse");
    expect(more).toEqual([]);
    ellipse.semi.forEach((a, i) => expect(Math.abs(ellipse.lam![i] * a * a - 2 * RISE)).toBeLessThan(1e-12));
    shape.lambda.forEach((lambda) => expect(Math.abs(lambda * semiOf(lambda) ** 2 - 2 * RISE)).toBeLessThan(1e-12));
    // The axes end on the ellipse: their lengths are its semi-axes.
    const drawn = of(shape, "axis", "curve").flatMap(({ points }) => (points.length === 3 ? [norm(points[2])] : [])).sort((a, b) => b - a);
    drawn.forEach((a, i) => expect(Math.abs(a - [...ellipse.semi].sort((p, q) => q - p)[i])).toBeLessThan(1e-12 * a));
    expect(semiOf(4 * shape.lambda[0]) / semiOf(shape.lambda[0])).toBeCloseTo(0.5, 14);
  }
});

test("the sign of the second eigenvalue makes an ellipse, a strip or a hyperbola, and that is what is drawn", () => {
  for (const [sign, name, shape] of [[1, "ellipse", "bowl"], [0, "strip", "valley"], [-1, "hyperbola", "saddle"]] as const)
    for (const one of shapes(3, [sign], 20)) {
      expect([nameOf(one), kind(quadraticOf(one))]).toEqual([name, shape]);
      const curves = of(one, "model-level", "curve"), height = (p: [number, number]): number => 0.5 * dot(p, times(hessianOf(one), p));
      expect(of(one, "model-level", "ellipse").length).toBe(sign > 0 ? 1 : 0);
      if (sign > 0) continue;
      // Pieces of two branches (lines), each point of them at the height c.
      for (const { points } of curves) expect(Math.max(...points.map((p) => Math.abs(height(p) - RISE) / (1 + norm(p) ** 2)))).toBeLessThan(1e-9);
      const sides = curves.map(({ points }) => Math.sign(dot(points[0], vectorsOf(one)[0])));
      expect(new Set(sides)).toEqual(new Set([1, -1]));
      if (sign === 0) for (const { points } of curves) expect(Math.abs(cross(subtract(points[1], points[0]), vectorsOf(one)[1]))).toBeLessThan(1e-9);
      expect(of(one, "asymptote", "curve").length > 0).toBe(sign < 0);
      // Dashed is lower than the center: nothing else is.
      for (const { points, dashed } of of(one, "model", "curve")) expect(height(points[0]) < 0).toBe(dashed === true);
      expect(tipsOf(one)[1]).toBe(null);
    }
});

test("every arrow is H s at its point of the contour; along an axis and nowhere else it keeps to the line from the center", () => {
  for (const shape of shapes(4, [1])) {
    const points = pointsOf(shape), H = hessianOf(shape), arrows = of(shape, "slope-part", "arrow"), [u, v] = vectorsOf(shape);
    for (const { tail, head } of arrows) {
      expect(Math.abs(0.5 * dot(tail, times(H, tail)) - RISE)).toBeLessThan(1e-12);
      expect(Math.abs(cross(subtract(head, tail), times(H, tail)))).toBeLessThan(1e-10);
      const twist = Math.abs(cross(tail, times(H, tail))), off = Math.min(Math.abs(dot(tail, u)), Math.abs(dot(tail, v)));
      if (off < 1e-9) expect(twist).toBeLessThan(1e-12);
      else expect(twist).toBeGreaterThan(1e-3 * Math.abs(shape.lambda[0] - shape.lambda[1]) * off);
    }
    for (const tip of tipsOf(shape)) expect(Math.min(...points.map((p) => norm(subtract(p, tip!))))).toBeLessThan(1e-12);
  }
});

test("where both eigenvalues are equal the contour is a circle, and every direction is an axis: H s is along s all around", () => {
  for (const { lambda: [steep], turn } of shapes(7, [1])) {
    const round: Shape = { lambda: [steep, steep], turn }, H = hessianOf(round), [{ semi: [a, b] }] = of(round, "model-level", "ellipse");
    expect(Math.abs(a / b - 1)).toBeLessThan(1e-12);
    for (const s of pointsOf(round)) expect(Math.abs(cross(s, times(H, s)))).toBeLessThan(1e-12);
  }
});

test("a name stays with its axis, also where a hand has made the flat one the steeper", () => {
  for (const shape of shapes(8, [1])) {
    const [first, second] = vectorsOf(shape), steeper = pulled({ ...shape, lambda: [Math.min(5, shape.lambda[0]), shape.lambda[1]] }, 1, scale(0.83, second));
    expect(steeper.lambda[1]).toBeGreaterThan(steeper.lambda[0]);
    expect(Math.abs(cross(vectorsOf(steeper)[0], first)) + Math.abs(cross(vectorsOf(steeper)[1], second))).toBeLessThan(1e-12);
    const labels = of(steeper, "axis", "curve").map(({ label }) => label ?? "").filter(Boolean);
    expect(labels.map((label) => label.slice(0, 2))).toEqual(["\u03bb\u2082", "\u03bb\u2081"]);
    expect(labels[1]).toContain(words.en.axis(1, steeper.lambda[1], semiOf(steeper.lambda[1])));
  }
});

test("a pulled tip is where the hand is, and only its own eigenvalue has changed", () => {
  const random = generator(5);
  for (const shape of shapes(6, [1])) for (const i of [0, 1] as const) {
    const radius = between(random, 0.85, 8), way = between(random, -3, 3), p: [number, number] = [radius * Math.cos(way), radius * Math.sin(way)], next = pulled(shape, i, p);
    expect(norm(subtract(tipsOf(next)[i]!, p))).toBeLessThan(1e-12 * radius);
    expect(next.lambda[1 - i]).toBe(shape.lambda[1 - i]);
    expect(next.lambda[i]).toBeCloseTo((2 * RISE) / radius ** 2, 12);
  }
});

test("the sentence is about what is drawn, in both languages", () => {
  for (const { told } of [words.en, words.zh]) {
    expect(told(1, "ellipse", 1, 2)).toContain("= 4 = 2c");
    expect(told(1, "strip", 0, Infinity)).not.toContain("2c");
    expect(told(1, "hyperbola", -1, Infinity)).not.toContain("2c");
  }
  expect(words.en.told(0, "hyperbola", 4, 1)).toContain("hyperbola");
  expect(words.zh.told(0, "hyperbola", 4, 1)).toContain("双曲线");
});

// @vitest-environment jsdom
import { expect, test } from "vitest";
import { type Quadratic, type Vec, angleDeg, eigen, largestAngle, moved, newton, rise } from "../src/maths/quadratic";
import { factors, parts, stretched, unstretched } from "../src/maths/stretch";
import { solve, times } from "../src/maths/symmetric";
import { add, angleBetween, dot, norm, scale, subtract } from "../src/maths/vector";
import { render } from "../src/scene/render";
import type { Arrow, Ellipse, Item, Scene } from "../src/scene/types";
import { dual } from "../src/views/dual";
import { local } from "../src/views/local";
import { SPOKES, type Choice, chosen, slopes, stretch } from "../src/views/stretch";
import { viewWordsZh } from "../src/views/words";
import { contextOf, words } from "./fixtures/contexts";
import { between, generator, shaped, vector } from "./fixtures/random";

const SHAPES: Vec[] = [[1, 1], [-1, 1], [-1, -1]];
const of = (scene: Scene, role: string): Item[] => scene.items.filter((item) => item.role === role);
const ellipse = (scene: Scene, role: string): Ellipse => of(scene, role).find((item): item is Ellipse => item.kind === "ellipse")!;
const heads = (scene: Scene, role: string): Vec[] => of(scene, role).filter((item): item is Arrow => item.kind === "arrow").map((a) => a.head);
const tips = (scene: Scene): Vec[] => of(scene, "spoke").map((item) => (item as Extract<Item, { kind: "curve" }>).points[1]);
const now: Choice = { t: 1, around: null };

function* all(signs: Vec, seed: number, count = 60, decades = 3): Generator<Quadratic> {
  const random = generator(seed);
  for (let k = 0; k < count; k += 1) yield shaped(random, signs, decades);
}

/** How far a vector is from another, as a share of a size. */
const off = (a: Vec, b: Vec, size: number): number => norm(subtract(a, b)) / size;

test("H^(-1) of a vector solves H s = v, its parts are divided by lambda, and it leads back", () => {
  for (const signs of SHAPES)
    for (const q of all(signs, 61)) {
      const v = scale(-1, q.gradient), { values, axes } = eigen(q), smallest = Math.min(...values.map(Math.abs));
      const size = norm(v) / smallest, step = stretched(q, 1, v)!;
      // By elimination, without eigenvectors.
      expect(off(step, solve(q.hessian, v), size)).toBeLessThan(1e-12);
      expect(off(step, newton(q), size)).toBeLessThan(1e-12);
      parts(q, step).forEach((part, i) => expect(Math.abs(part - dot(axes[i], v) / values[i])).toBeLessThan(1e-12 * size));
      expect(off(unstretched(q, 1, step)!, v, (norm(v) * Math.max(...values.map(Math.abs))) / smallest)).toBeLessThan(1e-12);
      expect(off(stretched(q, 0, v)!, v, norm(v))).toBeLessThan(1e-12);
    }
});

test("powers add: H^(-1/2) twice is H^(-1), H^s undoes H^(-s), on the axes lambda^(-t)", () => {
  const random = generator(62);
  for (const q of all([1, 1], 63)) {
    const v = vector(random), s = between(random, -0.5, 0.5), { values, axes } = eigen(q);
    const twice = stretched(q, 0.5, stretched(q, 0.5, v)!)!;
    expect(off(twice, solve(q.hessian, v), norm(v) / values[0])).toBeLessThan(1e-12);
    expect(off(stretched(q, -s, stretched(q, s, v)!)!, v, norm(v) * (values[1] / values[0]) ** Math.abs(s))).toBeLessThan(1e-12);
    axes.forEach((axis, i) => expect(off(stretched(q, s, axis)!, scale(values[i] ** -s, axis), values[i] ** -s)).toBeLessThan(1e-10));
  }
  // A diagonal H, by hand.
  expect(off(stretched({ at: [0, 0], value: 0, gradient: [0, 0], hessian: [4, 0, 100] }, 0.5, [3, 5])!, [1.5, 0.5], 1)).toBeLessThan(1e-12);
});

test("there is no power between of what is no bowl, and no inverse of what is flat", () => {
  for (const signs of SHAPES.slice(1)) for (const q of all(signs, 64, 20)) {
    for (const t of [-0.5, 0.2, 0.5]) expect(factors(q, t)).toBeNull();
    expect(factors(q, 1)!.map(Math.sign)).toEqual(eigen(q).values.map(Math.sign));
  }
  for (const hessian of [[1, 2, 4], [-1, 2, -4], [0, 0, 0]] as Quadratic["hessian"][]) {
    const q: Quadratic = { at: [0, 0], value: 0, gradient: [1, 1], hessian };
    expect(factors(q, 1)).toBeNull();
    expect(unstretched(q, 1, [1, 1])).toBeNull();
  }
});

test("the pictures: a circle of -g, and the ellipse {|Hs| = |g|} with every spoke in its place", () => {
  for (const signs of SHAPES)
    for (const q of all(signs, 65)) {
      const context = contextOf(q), left = slopes(context, now), right = stretch(context, now), size = norm(q.gradient);
      expect(ellipse(left, "slopes").semi).toEqual([size, size]);
      const ring = ellipse(right, "stretched"), { values } = eigen(q);
      ring.semi.forEach((a, i) => expect(Math.abs((a * Math.abs(values[i])) / size - 1)).toBeLessThan(1e-12));
      expect(ring.semi[0] / ring.semi[1]).toBeCloseTo(Math.abs(values[1] / values[0]), 6);
      const [before, after] = [tips(left), tips(right)];
      expect(before.length).toBe(SPOKES);
      before.forEach((u, k) => {
        expect(Math.abs(norm(u) / size - 1)).toBeLessThan(1e-12);
        expect(off(times(q.hessian, after[k]), u, (size * Math.max(...ring.semi)) / Math.min(...ring.semi))).toBeLessThan(1e-12);
      });
      expect(heads(right, "newton")).toEqual([newton(q)]);
      expect(heads(left, "minus-gradient")).toEqual([scale(-1, q.gradient)]);
      for (const [scene, role, whole] of [[left, "slope-part", scale(-1, q.gradient)], [right, "step-part", newton(q)]] as const) {
        const [a, b] = heads(scene, role);
        expect(off(add(a, b), whole, Math.max(norm(a), norm(b)) / (role === "step-part" ? 1e-3 : 1))).toBeLessThan(1e-12);
        expect(Math.abs(dot(a, b))).toBeLessThan(1e-12 * Math.max(norm(a), norm(b)) ** 2);
      }
    }
});

test("the family: half-way the contour's shape, before zero the dual's", () => {
  const ratio = ({ semi: [a, b] }: Ellipse): number => a / b;
  for (const q of all([1, 1], 66)) {
    const context = contextOf(q), { values } = eigen(q), size = norm(q.gradient);
    for (const t of [0, 0.2, 0.5, 0.9, 1]) ellipse(stretch(context, { t, around: null }), "stretched").semi.forEach((a, i) => expect(Math.abs(a / (size * values[i] ** -t) - 1)).toBeLessThan(1e-12));
    const half = ellipse(stretch(context, { t: 0.5, around: null }), "stretched"), contour = ellipse(local(context), "model-level");
    expect(Math.abs(ratio(half) / ratio(contour) - 1)).toBeLessThan(1e-3);
    expect(half.angle).toBeCloseTo(contour.angle, 9);
    // The dual's own semi-axes, in the order of the eigenvalues of H.
    const own = ellipse(dual(context), "dual"), byLambda = own.semi.map((a, i) => [own.lam![i], a]).sort((a, b) => a[0] - b[0]).map(([, a]) => a) as Vec;
    expect(Math.abs((byLambda[0] / byLambda[1]) * Math.sqrt(values[1] / values[0]) - 1)).toBeLessThan(1e-3);
    expect(rise(q)).toBeGreaterThan(0);
  }
});

test("around the circle: the step goes around the ellipse, turns at most by arccos(2 sqrt k / (1 + k)), and is said", () => {
  for (const q of all([1, 1], 67, 12)) {
    const context = contextOf(q), size = norm(q.gradient), ring = ellipse(stretch(context, now), "stretched");
    let most = 0, astray = 0;
    for (let k = 0; k < 720; k += 1) {
      const { vector: u } = chosen(context, { t: 1, around: (Math.PI * (k - 360)) / 360 }), s = stretched(q, 1, u)!, along = parts(q, s);
      astray = Math.max(astray, Math.abs(norm(u) / size - 1), Math.abs(Math.hypot(along[0] / ring.semi[0], along[1] / ring.semi[1]) - 1));
      most = Math.max(most, angleBetween(u, s));
    }
    expect(astray).toBeLessThan(1e-9);
    expect(most).toBeLessThanOrEqual(largestAngle(q) + 1e-9);
    expect(most).toBeGreaterThan(largestAngle(q) - 1);
    const scene = stretch(context, { t: 1, around: 1 }), [mine, other] = [heads(scene, "newton"), heads(scene, "stretched")];
    expect(mine).toEqual([newton(q)]);
    expect(off(other[0], solve(q.hessian, scale(size, [Math.cos(1), Math.sin(1)])), Math.max(...ring.semi))).toBeLessThan(1e-12);
  }
  const [q] = all([1, 1], 68, 1);
  expect(stretch(contextOf(q), now).caption).toContain(`${Number(angleDeg(q).toFixed(1))}°`);
});

test("elsewhere: said to be reversed, said to have no end, said to be nothing", () => {
  for (const q of all([-1, 1], 69, 20)) {
    const scene = stretch(contextOf(q), { t: 0.5, around: null });
    expect(scene.caption).toMatch(/absolute value.*reversed/);
    expect(heads(scene, "newton")).toEqual([newton(q)]);
  }
  for (const q of all([-1, -1], 70, 20)) expect(stretch(contextOf(q), now).caption).toContain("both λ are negative");
  const valley: Quadratic = { at: [1, 1], value: 2, gradient: [2, 4], hessian: [1, 2, 4] };
  const open = stretch(contextOf(valley), now), edges = of(open, "stretched") as Extract<Item, { kind: "curve" }>[];
  expect(edges.length).toBe(2);
  for (const { points } of edges) for (const p of points) expect(norm(times(valley.hessian, p))).toBeCloseTo(norm(valley.gradient), 8);
  expect(open.caption).toContain("no end");
  const flat = stretch(contextOf({ ...valley, hessian: [0, 0, 0] }), now);
  expect(flat.items.map((item) => item.kind)).toEqual(["text"]);
});

test("where x is the centre the circle has the length 1, and no -g that would be noise", () => {
  const q: Quadratic = { at: [1, 2], value: 0, gradient: [0, 1e-14], hessian: [2, 0.5, 1] }, context = contextOf(q, { window: [0, 2, 1, 3] });
  const [left, right] = [slopes(context, now), stretch(context, now)];
  expect(ellipse(left, "slopes").semi).toEqual([1, 1]);
  expect([...of(left, "minus-gradient"), ...of(right, "newton")]).toEqual([]);
  ellipse(right, "stretched").semi.forEach((a, i) => expect(a * eigen(q).values[i]).toBeCloseTo(1, 12));
  expect(right.caption).toContain("1/λ");
});

test("in pixels the ellipse keeps its ratio, and the Newton arrow ends on it", () => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const q of all([1, 1], 71, 10, 2))
    for (const t of [0, 0.5, 1]) {
      const frame = render(svg, stretch(contextOf(q), { t, around: null }), { width: 420, height: 380 });
      const node = svg.querySelector('ellipse[data-role="stretched"]')!, [rx, ry] = ["rx", "ry"].map((name) => Number(node.getAttribute(name)));
      const { values } = eigen(q), scale = frame.plot.width / (frame.window[1] - frame.window[0]);
      expect(Math.abs(rx / ry / (values[1] / values[0]) ** t - 1)).toBeLessThan(1e-3);
      expect(Math.abs(rx - scale * norm(q.gradient) * values[0] ** -t)).toBeLessThan(0.01);
    }
});

test("in both languages, of every shape, while x is dragged", () => {
  const random = generator(72), zh = { ...words, views: viewWordsZh };
  for (const signs of [...SHAPES, [0, 1], [-1, 0], [0, 0]] as Vec[])
    for (let k = 0; k < 10; k += 1) {
      const base = shaped(random, signs), quad = moved(base, add(base.at, vector(random)));
      for (const choice of [now, { t: 0, around: null }, { t: 0.5, around: null }, { t: 0.3, around: 2 }])
        for (const view of [slopes, stretch]) {
          const scene = view(contextOf(base, { quad, words: zh }), choice);
          expect(scene.caption).toMatch(/[一-鿿]/);
          expect(scene.question).toMatch(/[一-鿿]/);
          expect(JSON.stringify(scene)).not.toMatch(/undefined|NaN|[A-Za-z]{4,}[^"]*[一-鿿]/);
          expect(scene.window.every(Number.isFinite)).toBe(true);
          expect(JSON.stringify(view(contextOf(base, { quad }), choice))).not.toMatch(/[一-鿿]|undefined/);
        }
    }
});

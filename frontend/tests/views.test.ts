import { expect, test } from "vitest";
import { kind, moved, newton, whitened as whitenedOf, eigen, rise, angleDeg, center, type Quadratic, type Vec } from "../src/maths/quadratic";
import type { Sym3 } from "../src/maths/project3";
import { add, angleBetween, dot, norm, subtract } from "../src/maths/vector";
import type { Arrow, Ellipse, Item, Scene } from "../src/scene/types";
import { dual } from "../src/views/dual";
import { ellipsoid } from "../src/views/ellipsoid";
import { warned } from "../src/views/frozen";
import { local } from "../src/views/local";
import { spectrum } from "../src/views/spectrum";
import { surface } from "../src/views/surface";
import { whitened } from "../src/views/whitened";
import { viewWordsEn, viewWordsZh } from "../src/views/words";
import { contextOf, gridOf, words } from "./fixtures/contexts";
import { generator, shaped, vector } from "./fixtures/random";

const of = (scene: Scene, role: string): Item[] => scene.items.filter((item) => item.role === role);
const ellipses = (scene: Scene): Ellipse[] => scene.items.filter((item): item is Ellipse => item.kind === "ellipse");
const arrow = (scene: Scene, role: string): Arrow => of(scene, role).find((item): item is Arrow => item.kind === "arrow")!;
const way = (a: Arrow): Vec => subtract(a.head, a.tail);
const valley: Quadratic = { at: [1, 1], value: 2, gradient: [2, 4], hessian: [1, 2, 4] };

/** 60 quadratics of every shape. */
function* all(signs: Vec, seed: number): Generator<Quadratic> {
  const random = generator(seed);
  for (let k = 0; k < 60; k += 1) yield shaped(random, signs);
}

test("local, bowl: ellipse through x, Newton to its centre, -g at right angles to the level, the angle in degrees", () => {
  for (const q of all([1, 1], 31)) {
    const scene = local(contextOf(q)), [level] = of(scene, "model-level") as Ellipse[];
    expect(level.kind).toBe("ellipse");
    expect(norm(subtract(arrow(scene, "newton").head, level.center))).toBeLessThan(1e-12 * (1 + norm(level.center)));
    expect(arrow(scene, "newton").tail).toEqual(q.at);
    expect(angleBetween(way(arrow(scene, "minus-gradient")), [-q.gradient[0], -q.gradient[1]])).toBeLessThan(1e-6);
    const [corner] = of(scene, "right-angle") as Extract<Item, { kind: "rightangle" }>[];
    expect(Math.abs(dot(corner.along, corner.across))).toBeLessThan(1e-14);
    expect(dot(corner.along, q.gradient)).toBeLessThan(0);
    const [arc] = of(scene, "angle") as Extract<Item, { kind: "arc" }>[];
    if (angleDeg(q) >= 0.5) expect(arc.degrees).toBeCloseTo(angleBetween(way(arrow(scene, "newton")), way(arrow(scene, "minus-gradient"))), 6);
    expect(of(scene, "axis").length).toBe(2);
    expect(scene.equal).toBe(true);
  }
});

test("local, elsewhere: no ellipse at a saddle, a hill at a dome, a strip in a valley, only words on a plane", () => {
  for (const q of all([-1, 1], 32)) {
    const scene = local(contextOf(q));
    expect(ellipses(scene)).toEqual([]);
    expect(of(scene, "asymptote").length).toBe(2);
    expect(scene.caption).toContain("saddle");
  }
  for (const q of all([-1, -1], 33)) {
    const scene = local(contextOf(q));
    expect(ellipses(scene).every((e) => e.hill && e.label!.includes("hill"))).toBe(true);
    expect(scene.caption).toContain("hill");
  }
  expect(of(local(contextOf(valley)), "model-level").map((item) => item.kind)).toEqual(["curve", "curve"]);
  expect(local(contextOf(valley)).caption).toContain("strip");
  const slope = local(contextOf({ ...valley, gradient: [3, 1] }));
  expect(slope.caption).toContain("parabola");
  expect(of(slope, "center")).toEqual([]);
  const flat = local(contextOf({ ...valley, hessian: [0, 0, 0] }));
  for (const role of ["model-level", "axis", "newton", "right-angle", "angle"]) expect(of(flat, role)).toEqual([]);
});

test("local, where x is the centre: a contour of a rise that is told, and no direction that would be noise", () => {
  for (const hessian of [[2, 0.5, 1], [1, 0, -1], [-1, 0, -2]] as Quadratic["hessian"][]) {
    const scene = local(contextOf({ at: [1, 2], value: 0, gradient: [0, 1e-14], hessian }, { window: [0, 2, 1, 3] }));
    expect(of(scene, "model-level").length).toBeGreaterThan(0);
    expect(of(scene, "minus-gradient")).toEqual([]);
    expect(scene.caption).toMatch(/\d/);
  }
});

test("local: trust region, steps and trial of the recorded point; f's level passes through x itself", () => {
  const f = (x: number, y: number): number => x * x + 2 * y * y + 0.2 * x ** 3, base: Quadratic = { at: [1, 1], value: 3.2, gradient: [2.6, 4], hessian: [3.2, 0, 4] };
  const window: [number, number, number, number] = [-2, 2, -2, 2], trial = { end: [0.4, 0.3] as Vec, accepted: false, radius: 1, metric: [4, 0, 1] as [number, number, number], curve: [[1, 1], [0.4, 0.3]] as Vec[] };
  const scene = local(contextOf(base, { grid: gridOf(f, window), window, trial }));
  const [region] = of(scene, "trust-region") as Ellipse[];
  expect(region.center).toEqual([1, 1]);
  expect(region.semi).toEqual([1, 0.5]);
  const [trialDots] = of(scene, "trial") as Extract<Item, { kind: "dots" }>[];
  expect(trialDots.filled).toEqual([false]);
  expect(of(scene, "path").length).toBe(1);
  const levels = of(scene, "function-level") as Extract<Item, { kind: "curve" }>[];
  expect(levels.some(({ points }) => points.some((p) => p[0] === 1 && p[1] === 1))).toBe(true);
  const dragged = local(contextOf(base, { quad: moved(base, [0.5, 1.5]), grid: gridOf(f, window), window, trial }));
  expect(of(dragged, "muted").length).toBe(1);
  expect(dragged.notes!.join(" ")).toContain("Computed at x");
  expect(of(dragged, "frozen")).toEqual([]);
  // Where f cannot be computed nothing that looks like f is drawn, and the picture says what moves.
  for (const frozen of ["model", "infinite", "shadow"] as const) {
    const told = contextOf(base, { quad: moved(base, [0.5, 1.5]), grid: gridOf(f, window), window, trial, frozen, level: null }), still = warned(local(told), told);
    expect(of(still, "function-level")).toEqual([]);
    expect(of(still, "frozen").length).toBe(1);
    expect(still.notes!.join(" ")).toContain("recorded point");
    expect(of(still, "function").length).toBe(frozen === "model" ? 0 : 1);
    // Where nothing is hatched nothing is said of it.
    const holed = contextOf(base, { ...told, grid: gridOf((x, y) => (x < -1 ? NaN : f(x, y)), window) });
    expect(local(holed).notes!.join(" ").includes("Hatched")).toBe(frozen !== "model");
  }
  expect(of(local(contextOf(base, { trial, section: "shadow" })), "trust-region")).toEqual([]);
  expect(local(contextOf(base, { grid: gridOf((x, y) => (x < -1 ? NaN : f(x, y)), window), window })).notes!.join(" ")).toContain("Hatched");
});

test("dual: -g ends at the centre, the Newton direction is at right angles to the ellipse, which passes through g", () => {
  for (const q of all([1, 1], 34)) {
    const scene = dual(contextOf(q)), [e] = of(scene, "dual") as Ellipse[];
    expect(norm(arrow(scene, "minus-gradient").head)).toBeLessThan(1e-9 * norm(q.gradient));
    expect(arrow(scene, "minus-gradient").tail).toEqual(q.gradient);
    expect(angleBetween(way(arrow(scene, "newton")), newton(q))).toBeLessThan(1e-5);
    // Semi-axes sqrt(2 c lambda), named by the eigenvalues of H itself.
    e.semi.forEach((a, i) => expect(a / Math.sqrt(2 * rise(q) * e.lam![i])).toBeCloseTo(1, 8));
    expect([...e.lam!].sort((a, b) => a - b)).toEqual(eigen(q).values);
  }
  for (const q of all([-1, 1], 35)) expect(ellipses(dual(contextOf(q)))).toEqual([]);
  for (const q of all([-1, -1], 36)) expect(ellipses(dual(contextOf(q))).every((e) => e.hill)).toBe(true);
  expect(ellipses(dual(contextOf(valley)))).toEqual([]);
  expect(dual(contextOf(valley)).caption).toContain("no inverse");
});

test("whitened: semi-axes sqrt(2c) lambda^((t-1)/2), Newton always to the centre, a circle at the end", () => {
  for (const q of all([1, 1], 37))
    for (const morph of [0, 0.4, 1]) {
      const scene = whitened(contextOf(q, { morph })), [e] = of(scene, "whitened") as Ellipse[];
      e.semi.forEach((a, i) => expect(a / (Math.sqrt(2 * rise(q)) * eigen(q).values[i] ** ((morph - 1) / 2))).toBeCloseTo(1, 8));
      expect(norm(arrow(scene, "newton").head)).toBeLessThan(1e-8 * norm(whitenedOf(q, morph)!.at));
      expect(e.semi.every((a) => a <= Math.hypot(scene.window[1], scene.window[3]))).toBe(true);
      if (morph < 1) continue;
      expect(Math.abs(e.semi[0] / e.semi[1] - 1)).toBeLessThan(1e-3);
      expect(angleBetween(way(arrow(scene, "minus-gradient")), way(arrow(scene, "newton")))).toBeLessThan(1e-5);
      expect((of(scene, "cauchy")[0] as Extract<Item, { kind: "curve" }>).points.length).toBe(2);
    }
  for (const signs of [[-1, 1], [-1, -1]] as Vec[])
    for (const q of all(signs, 38)) expect(whitened(contextOf(q, { morph: 0.5 })).items.map((item) => item.kind)).toEqual(["text"]);
});

test("spectrum: lengths are absolute values and say so, signs and shares are apart", () => {
  const scene = spectrum({ ...contextOf(valley), spectrum: { eigenvalues: [-2, 0, 30], components: [3, 0, 4], directions: ["a", "b", "c"], signs: [-1, 0, 1] } });
  const [stems] = scene.items as Extract<Item, { kind: "stems" }>[];
  expect(stems.signs).toEqual([-1, 0, 1]);
  expect(stems.values[0]).toBe(2);
  expect(stems.shares!.map((s) => Number(s.toFixed(6)))).toEqual([0.36, 0, 0.64]);
  expect(scene.x_label).toContain("absolute value");
  expect(stems.labels[0]).toContain("−2");
});

test("surface: x and the centre, facets of f and of the model, none where f is not finite", () => {
  const q: Quadratic = { at: [1, 1], value: 3, gradient: [2, 4], hessian: [2, 0, 4] }, window: [number, number, number, number] = [-2, 2, -2, 2];
  const count = (f: (x: number, y: number) => number): number => of(surface(contextOf(q, { window, grid: gridOf(f, window) }), 30, 40), "function").length;
  const whole = count((x, y) => x * x + 2 * y * y), half = count((x, y) => (x < 0 ? NaN : x * x + 2 * y * y));
  expect(half).toBeGreaterThan(0);
  expect(half).toBeLessThan(0.6 * whole);
  expect(of(surface(contextOf(q, { window }), 30, 40), "function")).toEqual([]);
});

test("ellipsoid: its outline, three principal planes and axes; only words where H is no bowl", () => {
  const H: Sym3 = [[4, 1, 0], [1, 3, 0.5], [0, 0.5, 2]], scene = ellipsoid(H, [1, 2, 1], 30, 20, words);
  expect(ellipses(scene).length).toBe(1);
  expect(of(scene, "axis").length).toBe(3 + 6);
  expect(norm(arrow(scene, "newton").head)).toBe(0);
  for (const bad of [[[4, 1, 0], [1, 3, 0.5], [0, 0.5, -2]], [[1, 1, 0], [1, 1, 0], [0, 0, 1]]] as Sym3[])
    expect(ellipsoid(bad, [1, 2, 1], 30, 20, words).items.map((item) => item.kind)).toEqual(["text"]);
});

test("right angles are marked only where a unit is as long on both axes", () => {
  const random = generator(39);
  for (let k = 0; k < 40; k += 1) {
    const context = contextOf(shaped(random, [1, 1]), { morph: random() });
    for (const scene of [local(context), dual(context), whitened(context), spectrum(context), surface(context, 20, 30)])
      if (of(scene, "right-angle").length) expect(scene.equal).toBe(true);
  }
});

test("both languages say everything, of every shape, while x is dragged", () => {
  const random = generator(40), zh = { ...words, views: viewWordsZh };
  expect(Object.keys(viewWordsZh).sort()).toEqual(Object.keys(viewWordsEn).sort());
  for (const signs of [[1, 1], [-1, 1], [-1, -1], [0, 1], [-1, 0], [0, 0]] as Vec[])
    for (let k = 0; k < 10; k += 1) {
      const base = shaped(random, signs), quad = moved(base, add(base.at, vector(random)));
      for (const scene of [local, dual, whitened, spectrum].map((view) => view(contextOf(base, { quad, words: zh, morph: 0.3 })))) {
        expect(scene.question).toMatch(/[一-鿿]/);
        expect(scene.caption).toMatch(/[一-鿿]/);
        expect(JSON.stringify(scene)).not.toContain("undefined");
        expect(scene.window.every(Number.isFinite)).toBe(true);
      }
      expect(["bowl", "saddle", "dome", "valley", "flat"]).toContain(kind(base));
      expect(center(quad).every(Number.isFinite)).toBe(true);
    }
});

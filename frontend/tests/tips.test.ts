// @vitest-environment jsdom
/** H by hand: a pulled tip is where the hand is, everything else of H and of f stays, and what is drawn is nobody's but the reader's. */

import { beforeEach, describe, expect, it, vi } from "vitest";
import { fromHash, toHash } from "../src/app/address";
import { changed } from "../src/app/changed";
import { spectrumNumbers } from "../src/app/numbers";
import { shower } from "../src/app/shown";
import { firstState, Store } from "../src/app/store";
import { axisWords } from "../src/app/tips";
import { en } from "../src/app/words/en";
import { zh } from "../src/app/words/zh";
import type { Recording } from "../src/engine/record";
import { recorded } from "../src/engine/recorded";
import { type Quadratic, type Vec, center, eigen, evaluate, hasCenter, kind } from "../src/maths/quadratic";
import { type Eigen, times } from "../src/maths/symmetric";
import { type Crossing, type End, crossing, lambdaAt, pulledTo, withEigen } from "../src/maths/tips";
import { add, angleBetween, cross, dot, norm, scale, subtract } from "../src/maths/vector";
import type { Arrow, Ellipse, Scene } from "../src/scene/types";
import { liftOf } from "../src/views/anatomy";
import type { Context } from "../src/views/context";
import { dual } from "../src/views/dual";
import { warned } from "../src/views/frozen";
import { local } from "../src/views/local";
import { slopes, stretch } from "../src/views/stretch";
import { surface } from "../src/views/surface";
import { whitened } from "../src/views/whitened";
import { contextOf, gridOf } from "./fixtures/contexts";
import { between, generator, shaped } from "./fixtures/random";
import runRecord from "./fixtures/run.json";
import threeRecord from "./fixtures/three.json";

const SHAPES: Vec[] = [[1, 1], [-1, 1], [-1, -1]];
const ENDS: End[] = ["far", "near"];
const at = (c: Crossing, tau: number): Vec => add(c.foot, scale(tau, c.along));
const replaced = ({ axes, values }: Eigen, i: number, lambda: number): Eigen => ({ axes, values: values.map((old, k) => (k === i ? lambda : old)) as Vec });
const ellipses = (scene: Scene): Ellipse[] => scene.items.filter((item): item is Ellipse => item.kind === "ellipse" && item.role === "model-level");
const run = recorded(runRecord as unknown as Recording), three = recorded(threeRecord as unknown as Recording);

/** Every tip of 60 quadratics of a shape. */
function* tips(shape: Vec, seed: number, decades = 2): Generator<{ q: Quadratic; own: Eigen; i: 0 | 1; c: Crossing; end: End }> {
  const random = generator(seed);
  for (let k = 0; k < 60; k += 1) {
    const q = shaped(random, shape, decades), own = eigen(q);
    for (const i of [0, 1] as const) for (const end of ENDS) {
      const c = crossing(q, own, i, 0);
      if (c?.[end]) yield { q, own, i, c, end };
    }
  }
}

describe("the tips", () => {
  it.each(SHAPES)("of signs %d, %d lie on the level through x and on their axes, and there are as many as the level has", (...shape) => {
    let count = 0;
    for (const { q, own, i, c, end } of tips(shape, 1)) {
      const tip = at(c, c[end]), size = Math.abs(q.value) + Math.abs(dot(q.gradient, subtract(tip, q.at))) + norm(times(q.hessian, subtract(tip, q.at))) * norm(subtract(tip, q.at));
      expect(Math.abs(evaluate(q, tip) - q.value)).toBeLessThan(1e-12 * size);
      expect(Math.abs(cross(subtract(tip, center(q)), own.axes[i]))).toBeLessThan(1e-9 * norm(subtract(tip, center(q))));
      count += 1;
    }
    // An ellipse has four, a hyperbola two.
    expect(count).toBe(60 * (shape[0] * shape[1] > 0 ? 4 : 2));
  });
  it("of a contour around the centre are its semi-axes away: sqrt(2 c / lambda)", () => {
    const random = generator(2);
    for (const shape of SHAPES) for (let k = 0; k < 40; k += 1) {
      const q = { ...shaped(random, shape), gradient: [0, 0] as Vec }, own = eigen(q), lift = (shape[1] < 0 ? -1 : 1) * between(random, 0.1, 3);
      for (const i of [0, 1] as const) for (const end of ENDS) expect(Math.abs(crossing(q, own, i, lift)![end])).toBeCloseTo(Math.sqrt((2 * Math.abs(lift)) / Math.abs(own.values[i])), 9);
    }
  });
  it("are not where there is no level: flat ground, along a flat direction, x on the axis itself", () => {
    const flat: Quadratic = { at: [1, 2], value: 0, gradient: [1, 2], hessian: [0, 0, 0] }, valley: Quadratic = { ...flat, gradient: [0, 2], hessian: [0, 0, 4] };
    expect([0, 1].map((i) => crossing(flat, eigen(flat), i as 0 | 1, 0))).toEqual([null, null]);
    const [along, across] = [0, 1].map((i) => crossing(valley, eigen(valley), i as 0 | 1, 0)!);
    expect([along.far, across.near]).toEqual([0, 0]);
    expect(along.near === 0 || Math.abs(along.near) > 1e12).toBe(true);
    at(across, across.far).forEach((a) => expect(a).toBeCloseTo(1, 14));
    expect(crossing({ ...valley, gradient: [1, 2] }, eigen(valley), 1, 0)).toBe(null);
  });
});

describe("a tip that is pulled", () => {
  it.each(SHAPES)("at signs %d, %d: it is where the hand is; value, g, the axes and the other eigenvalue are as they were", (...shape) => {
    const random = generator(3);
    for (const { q, own, i, c, end } of tips(shape, 4)) {
      const share = between(random, 0.3, 2.5), lambda = pulledTo(c, end, share * c[end], 0, 0), next = withEigen(q, replaced(own, i, lambda), false);
      expect([next.value, next.gradient, next.at]).toEqual([q.value, q.gradient, q.at]);
      const other = own.axes[1 - i], size = Math.max(...own.values.map(Math.abs), Math.abs(lambda));
      expect(norm(subtract(times(next.hessian, other), scale(own.values[1 - i], other)))).toBeLessThan(1e-12 * size);
      expect(norm(subtract(times(next.hessian, own.axes[i]), scale(lambda, own.axes[i])))).toBeLessThan(1e-12 * size);
      // Beyond its turn a tip does not go: there is the other one.
      const turn = Math.abs(c.k / c.g), held = c.k * c.g * c[end] > 0 && (end === "near" ? share * Math.abs(c[end]) > turn : share * Math.abs(c[end]) < turn);
      const tip = at(c, held ? Math.sign(c[end]) * turn : share * c[end]), away = subtract(tip, q.at);
      expect(Math.abs(evaluate(next, tip) - q.value)).toBeLessThan(1e-9 * (Math.abs(q.value) + norm(q.gradient) * norm(away) + norm(times(next.hessian, away)) * norm(away)));
    }
  });
  it("its distance from the centre is the semi-axis of the ellipse that is drawn, and -g stands at right angles on it in x", () => {
    const random = generator(5);
    let drawn = 0;
    for (const { q, own, i, c, end } of tips([1, 1], 6)) {
      const tau = between(random, 0.4, 1.6) * c[end], hand = replaced(own, i, pulledTo(c, end, tau, 0, 0)), context = changed(contextOf(q), hand, "parameters"), scene = local(context);
      if (kind(context.quad) !== "bowl") continue;
      const [e] = ellipses(scene), reach = norm(subtract(at(c, tau), e.center)), mine = e.lam![0] === e.lam![1] || hand.values[i] <= hand.values[1 - i] ? 0 : 1;
      expect(Math.abs(e.semi[mine] / reach - 1)).toBeLessThan(1e-7);
      expect(Math.abs(e.lam![mine] / hand.values[i] - 1)).toBeLessThan(1e-9);
      const arrow = scene.items.find((item): item is Arrow => item.kind === "arrow" && item.role === "minus-gradient")!;
      expect(angleBetween(subtract(arrow.head, arrow.tail), times(context.quad.hessian, subtract(q.at, e.center)))).toBeGreaterThan(180 - 1e-4);
      expect(axisWords(context, i, en)).toBe(`${["λ₁", "λ₂"][i]}${en.views.axis(hand.values[i], e.semi[mine]).slice(1)}`);
      drawn += 1;
    }
    expect(drawn).toBeGreaterThan(180);
  });
  it("out through zero: a bowl, a valley, a saddle, and an ellipse in the bowl alone; the level goes through the hand all the way", () => {
    for (const { q, own, i, c, end } of tips([1, 1], 7)) {
      if (end === "far") continue;
      const zero = c.k / c.g / 2, kinds: string[] = [];
      expect(Math.sign(zero)).toBe(Math.sign(c.near));
      for (const share of [0.5, 0.9, 1, 1.05, 1.3, 1.7, 9]) {
        const next = withEigen(q, replaced(own, i, pulledTo(c, end, share * zero, 0, 1e-9 * Math.abs(zero))), false), context = contextOf(next, { window: [-9, 9, -9, 9] });
        kinds.push(kind(next));
        expect(ellipses(local(context)).length).toBe(kind(next) === "bowl" ? 1 : 0);
      }
      expect(kinds).toEqual(["bowl", "bowl", "valley", "saddle", "saddle", "saddle", "saddle"]);
    }
  });
  it("within the snap it is zero exactly, and goes on beyond it", () => {
    const q: Quadratic = { at: [0, 0], value: 0, gradient: [1, 4], hessian: [1, 0, 4] }, c = crossing(q, eigen(q), 0, 0)!, zero = c.k / c.g / 2;
    expect([0.99, 1, 1.01].map((share) => pulledTo(c, "near", share * zero, 0, 0.011 * Math.abs(zero)))).toEqual([0, 0, 0]);
    expect(pulledTo(c, "near", 0.9 * zero, 0, 0.01 * Math.abs(zero))).toBeGreaterThan(0);
    expect(pulledTo(c, "near", 1.1 * zero, 0, 0.01 * Math.abs(zero))).toBeLessThan(0);
    // The far one leaves the picture on the way to zero: it does not jump to the other side.
    // Nor does a hand that comes too near: it is held where it may be, or where it is.
    expect(pulledTo(c, "near", 0, 9 * Math.abs(c.near), 0)).toBe(lambdaAt(c, c.near));
    for (const tau of [-5, 0, 1e-9, 5, 1e9]) expect(pulledTo(c, "far", tau, 0.01, 0.1)).toBe(lambdaAt(c, Math.sign(c.far) * Math.max(0.01, Math.sign(c.far) * tau)));
  });
  it("at a stationary point keeps the centre and the rise, and a zero has a strip", () => {
    const q: Quadratic = { at: [2, 1], value: 3, gradient: [3e-12, -2e-12], hessian: [5, 1, 2] }, f = contextOf(q, { window: [0, 4, 0, 2] }), own = eigen(q), lift = liftOf(q, f.window);
    expect(lift).toBeGreaterThan(0);
    for (const [values, shape] of [[[0.7, 9], "bowl"], [[0, 6], "valley"], [[-2, 6], "saddle"], [[-2, -6], "dome"]] as const) {
      const context = changed(f, { axes: own.axes, values: [...values] }, "parameters"), scene = local(context), levels = scene.items.filter(({ role }) => role === "model-level");
      expect([kind(context.quad), hasCenter(context.quad), context.lift]).toEqual([shape, true, shape === "dome" ? -lift : lift]);
      expect(levels.map((item) => item.kind)).toEqual(shape === "bowl" || shape === "dome" ? ["ellipse"] : shape === "valley" ? ["curve", "curve"] : ["curve", "curve", "curve", "curve"]);
      if (shape !== "valley" && shape !== "saddle") ellipses(scene)[0].semi.forEach((a, k) => expect(a).toBeCloseTo(Math.sqrt((2 * lift) / Math.abs(eigen(context.quad).values[k])), 9));
      expect(scene.items.some(({ role }) => role === "minus-gradient")).toBe(false);
      // And back: what was a hill, say, and is a bowl now has its contour above the centre.
      const again = changed(contextOf(withEigen(q, { axes: own.axes, values: [...values] }, true), { window: f.window }), own, "parameters");
      expect(Math.sign(again.lift!)).toBe(1);
    }
  });
});

describe("what is drawn then", () => {
  const q: Quadratic = { at: [0.3, 0.4], value: 1, gradient: [1, 3], hessian: [2, 0.5, 5] }, window: Context["window"] = [-1, 1, -1, 1];
  const f = contextOf(q, { window, grid: gridOf((x, y) => x * x + 2.5 * y * y, window), level: [[0, 0], [0.3, 0.4], [1, 1]], trial: { end: [0, 0], accepted: true, radius: 1, metric: [1, 0, 1], curve: [[0, 0], [1, 1]] } });
  const hand: Eigen = { axes: eigen(q).axes, values: [0.5, 9] };
  it.each([["en", en], ["zh", zh]] as const)("in %s says across every picture that it is not f, and shows nothing of f", (_, words) => {
    const context = changed({ ...f, words }, hand, "parameters"), choice = { t: 1, around: null };
    for (const view of [local, dual, whitened, (c: Context) => slopes(c, choice), (c: Context) => surface(c, -60, 30)]) {
      const scene = warned(view(context), context);
      expect(scene.items.filter(({ role }) => role === "frozen").map((item) => (item.kind === "text" ? item.text : ""))).toEqual([words.views.bannerHand]);
      expect(scene.notes).toContain(words.views.noteHand);
      const roles = scene.items.filter((item) => item.kind !== "curve" || view !== whitened).map(({ role }) => role);
      for (const own of ["function", "function-level", "trial", "path", "trust-region"]) expect(roles, view.name).not.toContain(own);
    }
    expect(words.views.bannerHand).toMatch(words === en ? /not f’s.*Esc brings f’s own back/ : /不是 f 的.*Esc/);
    expect(stretch(context, choice).items.find((item): item is Ellipse => item.kind === "ellipse")!.lam).toEqual(eigen(context.quad).values);
    const saddle = changed({ ...f, words }, { axes: hand.axes, values: [-0.5, 9] }, "parameters");
    expect(words.spectrum.explain(spectrumNumbers(saddle.spectrum, false, true)!)).not.toMatch(/^f /);
    expect(local(context).notes).not.toContain(words.views.noteLive);
  });
  it("all linked numbers are those of the changed H; with f's own numbers it is f's own context again", () => {
    const context = changed(f, hand, "parameters");
    expect(context.spectrum.eigenvalues.map((a) => Math.round(a * 1e12) / 1e12)).toEqual([0.5, 9]);
    context.spectrum.components.forEach((c, k) => expect(Math.abs(c)).toBeCloseTo(Math.abs(dot(hand.axes[k], q.gradient)), 12));
    expect([context.f, context.stale, context.level, context.trial]).toEqual([q, false, null, null]);
    expect(changed(f, { axes: hand.axes, values: eigen(q).values }, "parameters")).toBe(f);
    expect(changed({ ...f, section: "shadow" }, hand, "parameters").quad).toBe(q);
  });
  it("in a slice of three variables it is the plane's block", () => {
    const state = { ...firstState(three.recording.planes[0].id), position: 1 }, own = shower(three, en)(state).context!;
    const seen = shower(three, en)({ ...state, hand: { axes: eigen(own.quad).axes, values: [-1, 2] } });
    expect(seen.spectrum!.eigenvalues.map((a) => Math.round(a * 1e9) / 1e9)).toEqual([-1, 2]);
    expect([seen.context!.frozen, seen.context!.section]).toEqual(["hand", "slice"]);
  });
});

describe("the way back", () => {
  const hand: Eigen = { axes: [[0.6, 0.8], [-0.8, 0.6]], values: [1, 3] };
  beforeEach(() => vi.stubGlobal("requestAnimationFrame", () => 0));
  it("Esc undoes H first, then the drag, and then nothing; the numbers are the very same", () => {
    const store = new Store(firstState("x1,x2")), shown = shower(run, en);
    store.set({ x: [0.4, 0.3] });
    const before = shown(store.state).context!;
    store.set({ hand: { axes: eigen(before.quad).axes, values: [1, 3] } });
    expect(shown(store.state).context!.quad.hessian).not.toEqual(before.quad.hessian);
    expect(store.undo()).toBe(true);
    expect([store.state.hand, store.state.x]).toEqual([null, [0.4, 0.3]]);
    expect(shown(store.state).context!.quad).toEqual(before.quad);
    expect([store.undo(), store.state.x, store.undo()]).toEqual([true, null, false]);
  });
  it("moving x, or choosing a trial, plane, section or quadratic brings f's own back; looking closer and the language do not", () => {
    const first = firstState("x1,x2");
    for (const change of [{ x: [1, 1] as Vec }, { x: null }, { position: 2 }, { plane: "x1,x2" }, { section: "shadow" as const }, { quad: null }]) {
      const store = new Store({ ...first, hand });
      store.set(change);
      expect(store.state.hand).toBe(null);
    }
    const store = new Store({ ...first, hand });
    store.set({ lens: { at: [0, 0], zoom: 2 }, language: "zh", morph: 0.5, showFunction: false });
    expect(store.state.hand).toBe(hand);
  });
  it("stands in the address", () => {
    const initial = firstState("x1,x2"), hash = toHash({ ...initial, x: [0.5, 0.25], hand }, initial, run), back = fromHash(hash, initial, run);
    expect(hash).toBe("x=0.5,0.25&H=2.28,-0.96,1.72");
    [...back.hand!.values].forEach((lambda, k) => expect(lambda).toBeCloseTo(hand.values[k], 10));
    for (const wrong of ["H=1,2", "H=a,b,c", "H=1,2,Infinity", "H=", "H=1,2,3,4"]) expect(fromHash(wrong, initial, run).hand).toBe(null);
  });
});

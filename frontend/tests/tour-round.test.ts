import { expect, test } from "vitest";
import { en } from "../src/app/words/en";
import { zh } from "../src/app/words/zh";
import { angleDeg, center, cauchy, kind, moved, type Vec } from "../src/maths/quadratic";
import type { Arrow, Ellipse, Item, Scene } from "../src/scene/types";
import { carry, chartWindow, meant } from "../src/tour/chart";
import { levelLines } from "../src/tour/levels";
import { WINDOW, begin, contextOf, descentSteps, land, roundScene, xAt } from "../src/tour/screens/s07-round";
import { words } from "../src/tour/screens/s07-words";
import { STEPS } from "../src/views/whitened";
import { strings } from "./fixtures/strings";
import { between, generator } from "./fixtures/random";

const POWERS = [0, 0.2, 0.5, 0.8, 1];
const of = (scene: Scene, role: string): Item[] => scene.items.filter((item) => item.role === role);
const ellipse = (scene: Scene): Ellipse => of(scene, "whitened").find((item): item is Ellipse => item.kind === "ellipse")!;
const arrow = (scene: Scene, role: string): Arrow => of(scene, role).find((item): item is Arrow => item.kind === "arrow")!;
const curves = (scene: Scene, role: string): Vec[][] => of(scene, role).flatMap((item) => (item.kind === "curve" ? [item.points] : []));
const far = (a: Vec, b: Vec): number => Math.hypot(a[0] - b[0], a[1] - b[1]);
const degrees = (u: Vec, v: Vec): number => (Math.atan2(Math.abs(u[0] * v[1] - u[1] * v[0]), u[0] * v[0] + u[1] * v[1]) * 180) / Math.PI;
const way = ({ tail, head }: Arrow): Vec => [head[0] - tail[0], head[1] - tail[1]];

/** The screen's f by hand, its gradient by differences. */
const f = ([x, y]: Vec): number => 0.5 * x * x + 2 * (y - 0.25 * x * x) ** 2 + 0.4 * x * y;
const slope = ([x, y]: Vec, h = 1e-6): Vec => [(f([x + h, y]) - f([x - h, y])) / (2 * h), (f([x, y + h]) - f([x, y - h])) / (2 * h)];

/** Places where f is a bowl. */
function* bowls(count = 25): Generator<Vec> {
  const random = generator(707);
  for (let k = 0; k < count; ) {
    const x: Vec = [between(random, -1.8, 1.8), between(random, -1.4, 0.8)];
    if (kind(land.quadratic(x)!) !== "bowl") continue;
    k += 1;
    yield x;
  }
}

test("at t = 1 the ellipse is a circle, and -gradient ends in the centre; at t = 0 the angle is that of the quadratic", () => {
  for (const x of bowls()) {
    const whole = roundScene(contextOf({ t: 1, x }, en), words.en), { semi, center: middle } = ellipse(whole), plain = roundScene(contextOf({ t: 0, x }, en), words.en);
    expect(Math.abs(semi[0] / semi[1] - 1)).toBeLessThan(1e-9);
    for (const role of ["minus-gradient", "newton"]) expect(far(arrow(whole, role).head, middle) / semi[0]).toBeLessThan(1e-9);
    const angle = degrees(way(arrow(plain, "minus-gradient")), way(arrow(plain, "newton")));
    expect(Math.abs(angle - angleDeg(land.quadratic(x)!))).toBeLessThan(1e-6);
    // And that of f: -gradient by differences, and the way to the model's centre.
    const c = center(land.quadratic(x)!);
    expect(Math.abs(angle - degrees(slope(x).map((a) => -a) as Vec, [c[0] - x[0], c[1] - x[1]]))).toBeLessThan(1e-4);
    expect(curves(whole, "cauchy")[0].length).toBe(2);
    expect(curves(whole, "ray").length).toBe(1);
  }
});

test("the true length: at t = 1 the arrow is H^(-1/2) g, which is as long as sqrt(2 rise)", () => {
  for (const x of bowls()) {
    const q = land.quadratic(x)!, step = [center(q)[0] - x[0], center(q)[1] - x[1]] as Vec, fall = -(q.gradient[0] * step[0] + q.gradient[1] * step[1]);
    expect(Math.abs(Math.hypot(...way(arrow(roundScene(contextOf({ t: 1, x }, en), words.en), "minus-gradient"))) / Math.sqrt(fall) - 1)).toBeLessThan(1e-9);
  }
});

test("the angle shrinks all the way; the path of gradient descent has as many steps as is said, and ends in the centre", () => {
  for (const x of bowls()) {
    let last = Infinity;
    for (const t of POWERS) {
      const scene = roundScene(contextOf({ t, x }, en), words.en), off = degrees(way(arrow(scene, "minus-gradient")), way(arrow(scene, "newton")));
      expect(off).toBeLessThanOrEqual(last + 1e-9);
      last = off;
      const path = curves(scene, "cauchy")[0], steps = descentSteps(scene), [x0, x1, y0, y1] = scene.window;
      expect(steps).toBe(path.length - 1);
      expect(steps).toBeLessThanOrEqual(STEPS);
      if (steps < STEPS) {
        expect(Math.hypot(...path[path.length - 1]) / ((x1 - x0 + y1 - y0) / 2)).toBeLessThan(0.002);
      }
      // Each step goes down straight in these units: at right angles to the one before.
      for (let k = 2; k < Math.min(6, path.length); k += 1)
        expect(Math.abs(degrees([path[k][0] - path[k - 1][0], path[k][1] - path[k - 1][1]], [path[k - 1][0] - path[k - 2][0], path[k - 1][1] - path[k - 2][1]]) - 90)).toBeLessThan(1e-4);
    }
  }
  // At t = 0 it is the path of the model itself: one step by hand.
  const x = begin().x, q = land.quadratic(x)!, one = moved(q, [x[0] + cauchy(q)![0], x[1] + cauchy(q)![1]]).at, c = center(q);
  expect(far(curves(roundScene(contextOf(begin(), en), words.en), "cauchy")[0][1], [one[0] - c[0], one[1] - c[1]])).toBeLessThan(1e-12);
});

test("the level lines are those of f: carried back, each of their points has one value of f, and chords leave them by little", () => {
  const values = new Set<string>();
  for (const t of POWERS) {
    const state = { t, x: begin().x }, q = land.quadratic(state.x)!, scene = roundScene(contextOf(state, en), words.en);
    // The inverse of y = H^(t/2) (u - centre), by its images of two unit steps.
    const to = carry(q, t), zero = to([0, 0]), [a, b] = [to([1, 0]), to([0, 1])].map((p): Vec => [p[0] - zero[0], p[1] - zero[1]]), det = a[0] * b[1] - a[1] * b[0];
    const back = (y: Vec): Vec => [((y[0] - zero[0]) * b[1] - (y[1] - zero[1]) * b[0]) / det, (a[0] * (y[1] - zero[1]) - a[1] * (y[0] - zero[0])) / det];
    for (const line of curves(scene, "function")) {
      const level = f(back(line[0]));
      values.add(level.toFixed(2));
      for (const y of line) expect(Math.abs(f(back(y)) - level)).toBeLessThan(2e-4 * (1 + level));
    }
  }
  expect(values.size).toBe(22);
  for (const line of levelLines(land, [-2, 2, -2, 2], [0.11, 0.44, 2]))
    for (let k = 1; k < line.length; k += 1) {
      const middle: Vec = [(line[k][0] + line[k - 1][0]) / 2, (line[k][1] + line[k - 1][1]) / 2], level = f(line[0]);
      expect(Math.abs(f(middle) - level) / Math.hypot(...slope(middle))).toBeLessThan(1e-3);
    }
});

test("the picture keeps areas and its middle: nothing swells as t or x changes", () => {
  for (const x of bowls())
    for (const t of POWERS) {
      const q = land.quadratic(x)!, window = chartWindow(q, t, WINDOW), to = carry(q, t), middle: Vec = [(WINDOW[0] + WINDOW[1]) / 2, (WINDOW[2] + WINDOW[3]) / 2];
      expect(far(to(middle), [(window[0] + window[1]) / 2, (window[2] + window[3]) / 2])).toBeLessThan(1e-12);
      const [o, a, b] = [to([0, 0]), to([1, 0]), to([0, 1])], area = Math.abs((a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]));
      expect(area * (WINDOW[1] - WINDOW[0]) * (WINDOW[3] - WINDOW[2]) / (window[1] - window[0]) / (window[3] - window[2])).toBeCloseTo(1, 9);
    }
});

test("a hand means the x that its own chart puts there, at every t", () => {
  const plot = { x: 0, y: 0, width: 880, height: 528 }, random = generator(708), plain: Vec = [(WINDOW[0] + WINDOW[1]) / 2, (WINDOW[2] + WINDOW[3]) / 2];
  let found = 0, tried = 0;
  for (const x of bowls(12))
    for (const t of POWERS) {
      const q = land.quadratic(x)!, window = chartWindow(q, t, WINDOW), unit = (window[1] - window[0]) / (WINDOW[1] - WINDOW[0]), at = carry(q, t)(x);
      const to: Vec = [at[0] + unit * between(random, -0.2, 0.2), at[1] + unit * between(random, -0.2, 0.2)], moved = xAt({ t, x }, to, { plot, window });
      tried += 1;
      if (t === 0) {
        expect(far(moved, [x[0] + to[0] - at[0], x[1] + to[1] - at[1]])).toBeLessThan(1e-9);
        found += 1;
      } else if (kind(land.quadratic(moved)!) === "bowl") {
        const r = land.quadratic(moved)!, there = carry(r, t)(moved), w = chartWindow(r, t, WINDOW), own = (w[1] - w[0]) / (WINDOW[1] - WINDOW[0]);
        const place = (y: Vec, v: typeof w, u: number): Vec => [(y[0] - (v[0] + v[1]) / 2) / u, (y[1] - (v[2] + v[3]) / 2) / u];
        if (far(place(there, w, own), place(to, window, unit)) < 1e-6) found += 1;
      }
    }
  // The others lie where f is no bowl, or no x of a bowl is.
  expect(found / tried).toBeGreaterThan(0.8);
  // Out of the bowl the hand means the plain plane.
  expect(meant((u) => land.quadratic(u), 1, WINDOW, [0, 1.5], [0.5, 1.2])).toEqual([plain[0] + 0.5, plain[1] + 1.2]);
});

test("where H is not positive definite there is no root and no circle, and the picture says so", () => {
  for (const x of [[-1.2, 1], [0, 0.8], [0.5, 1.2]] as Vec[])
    for (const t of POWERS) {
      expect(kind(land.quadratic(x)!)).not.toBe("bowl");
      const scene = roundScene(contextOf({ t, x }, en), words.en);
      expect(of(scene, "whitened").concat(of(scene, "newton"), of(scene, "minus-gradient"), of(scene, "ray"))).toEqual([]);
      expect(strings(scene.items)).toMatch(/exists only where every curvature is positive; here the model is a saddle/);
      expect(of(scene, "function").length).toBeGreaterThan(5);
    }
});

test("the words: both languages, at every t, in the bowl and out of it", () => {
  for (const language of ["en", "zh"] as const) {
    const said = words[language], page = { en, zh }[language], all: unknown[] = [said, said.noRoot(page.views.kinds.saddle)];
    for (const t of POWERS) for (const steps of [1, 7, 40]) all.push(said.told({ t: "0.3", round: t === 1, angle: "3", steps, more: steps === 40 }));
    for (const t of POWERS) for (const x of [begin().x, [0, 0.8] as Vec]) all.push(roundScene(contextOf({ t, x }, page), said).items.filter((item) => item.role !== "function"));
    const text = strings(all);
    expect(text).not.toMatch(/undefined|NaN/);
    expect(text).not.toMatch(language === "en" ? /[一-鿿]/ : /[A-Za-z]{3,}/);
  }
});


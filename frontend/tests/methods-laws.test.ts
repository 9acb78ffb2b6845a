/** What holds of the methods whatever they are run on; the race, the basin map and the walk are what they say. */

import { describe, expect, it } from "vitest";
import { between, generator, shaped, type Random } from "./fixtures/random";
import { problem } from "./fixtures/zoo";
import { pixelsOf, speeds } from "../src/app/basin-image";
import { BasinMap, OPEN, WAITING, basin, endOf, joined, ranked, type Window } from "../src/methods/basin";
import { eigenpairs } from "../src/maths/jacobi";
import { curve } from "../src/methods/curve";
import { absoluteStep, absoluteTimes, cholesky, components, divided, dot, lengthOf, lower, multiple, norm, plus, scaled, shortestStep, sizes, times, upper } from "../src/methods/dense";
import { errorsOfX, observedOrder, race } from "../src/methods/race";
import { METHODS, begin, run } from "../src/methods/run";
import { Shifted } from "../src/methods/shifted";
import type { Jet, MethodName, Objective } from "../src/methods/types";
import { alongScene, reachOf, walk, walkScene } from "../src/views/walk";
import { digitsScene, raceScene } from "../src/views/race";
import { en } from "../src/app/words/en";

const NAMES = Object.keys(METHODS) as MethodName[];

/** f = g'u + 1/2 u'Hu + c in n variables, a random H with these eigenvalues. */
function quadratic(random: Random, values: number[]): { objective: Objective; center: number[] } {
  const n = values.length, Q = rotation(random, n), center = values.map(() => between(random, -2, 2));
  const H = Array.from({ length: n * n }, (_, k) => values.reduce((sum, w, m) => sum + w * Q[Math.floor(k / n)][m] * Q[k % n][m], 0));
  const objective = (x: readonly number[]): Jet => {
    const u = x.map((a, i) => a - center[i]), g = times(H, u);
    return { value: 0.5 * dot(u, g), gradient: g, hessian: H };
  };
  return { objective, center };
}

/** Orthonormal rows by Gram and Schmidt. */
function rotation(random: Random, n: number): number[][] {
  const rows: number[][] = [];
  while (rows.length < n) {
    let v = Array.from({ length: n }, () => between(random, -1, 1));
    for (const u of [...rows, ...rows]) v = v.map((a, i) => a - dot(v, u) * u[i]);
    if (norm(v) > 1e-3) rows.push(v.map((a) => a / norm(v)));
  }
  return rows[0].map((_, i) => rows.map((row) => row[i]));
}

describe("linear algebra", () => {
  it("decomposes what it was given, n = 1 to 8", () => {
    const random = generator(1);
    for (let n = 1; n <= 8; n += 1) {
      const values = Array.from({ length: n }, () => between(random, -3, 3)).sort((a, b) => a - b), { objective } = quadratic(random, values);
      const H = Array.from(objective(values).hessian), { w, V } = eigenpairs(H, n);
      w.forEach((value, i) => expect(value).toBeCloseTo(values[i], 12));
      for (let j = 0; j < n; j += 1) {
        const v = Array.from({ length: n }, (_, i) => V[i * n + j]), Hv = times(H, v);
        Hv.forEach((a, i) => expect(a).toBeCloseTo(w[j] * v[i], 12));
      }
    }
  });
  it("does to two variables what it does to three of which the third stands apart, to the last bit", () => {
    const random = generator(5), two = (a: readonly number[]): number[] => [a[0] + 0, a[1] + 0], four = (A: readonly number[]): number[] => [A[0], A[1], A[3], A[4]].map((a) => a + 0);
    for (let k = 0; k < 2000; k += 1) {
      const size = (): number => between(random, -1, 1) * 10 ** between(random, -6, 6), c = k % 5 ? size() : 0, A = [size(), c, c, size()], wide = [A[0], c, 0, c, A[3], 0, 0, 0, 1];
      const [v, w] = [[size(), size()], [size(), size()]], [v3, w3] = [[...v, 0], [...w, 1]], shift = Math.abs(size());
      expect([dot(v, w), norm(v), lengthOf(v, w)].map((a) => a + 0)).toEqual([dot(v3, w3), norm(v3), lengthOf(v3, w3)].map((a) => a + 0));
      expect([...times(A, v), ...absoluteTimes(A, v), ...plus(v, w, 3)].map((a) => a + 0)).toEqual([times(wide, v3), absoluteTimes(wide, v3), plus(v3, w3, 3)].flatMap(two));
      expect([...divided(v, w), ...multiple(3, v), ...sizes(v)].map((a) => a + 0)).toEqual([divided(v3, w3), multiple(3, v3), sizes(v3)].flatMap(two));
      expect([...scaled(A, w)].map((a) => a + 0)).toEqual(four(scaled(wide, w3)));
      const L = cholesky(A, 2, shift), L3 = cholesky(wide, 3, shift);
      expect(L).toEqual(L3 && four(L3));
      if (L) expect([...lower(L, v), ...upper(L, v)].map((a) => a + 0)).toEqual([lower(L3!, v3), upper(L3!, v3)].flatMap(two));
      // A third eigenvalue above all others: the first two are those of A.
      const found = eigenpairs(A, 2), found3 = eigenpairs([A[0], c, 0, c, A[3], 0, 0, 0, 1e9], 3);
      expect(found.w).toEqual(two(found3.w));
      expect([...found.V, ...components(found, v)].map((a) => a + 0)).toEqual([...four(found3.V), ...two(components(found3, v3))]);
    }
    for (const bad of [NaN, Infinity, -1, 0]) for (const at of [0, 2, 3]) expect(cholesky([1, 0, 0, 1].map((a, i) => (i === at ? bad : a)), 2) === null).toBe(cholesky([1, 0, 0, 0, 1, 0, 0, 0, 1].map((a, i) => (i === [0, 1, 3, 4][at] ? bad : a)), 3) === null);
  });
  it("steps downhill whatever H is", () => {
    const random = generator(2);
    for (let k = 0; k < 50; k += 1) {
      const H = shaped(random, [random() < 0.5 ? -1 : 1, random() < 0.5 ? -1 : 1]).hessian, g = [between(random, -1, 1), between(random, -1, 1)];
      expect(dot(absoluteStep([H[0], H[1], H[1], H[2]], g), g)).toBeLessThan(0);
    }
    expect(shortestStep([1, 0, 0, 0], [2, 0], [1e-12, 1e-12]).map((a) => a + 0)).toEqual([-2, 0]);
  });
});

describe("every method", () => {
  it("finds the minimum of a bowl in 1 to 8 variables", () => {
    const random = generator(3);
    for (const name of NAMES)
      for (let n = 1; n <= 8; n += 1) {
        const { objective, center } = quadratic(random, Array.from({ length: n }, () => 10 ** between(random, 0, 1)));
        const trials = run(name, objective, center.map((a) => a + between(random, -1, 1))), last = trials.filter((t) => t.accepted).at(-1)!;
        last.end.forEach((a, i) => expect(Math.abs(a - center[i]), `${name} ${n}`).toBeLessThan(1e-5));
      }
  });
  it("leaves a saddle that it starts on, if it sees H", () => {
    for (const name of ["newton", "damped-newton", "trust-exact", "damped"] as const) {
      const end = endOf(name, problem("saddle"), [0, 0]);
      expect(Math.abs(end.x[1])).toBeCloseTo(Math.SQRT2, 8);
    }
  });
  it("takes no trial whose f is not finite", () => {
    const wall: Objective = ([a, b]) => (a > 1 ? { value: NaN, gradient: [NaN, NaN], hessian: [NaN, NaN, NaN, NaN] } : problem("rosenbrock")([a, b]));
    for (const name of NAMES) for (const trial of run(name, wall, [-1.2, 1], { trials: 50 })) expect(trial.accepted && !Number.isFinite(trial.value)).toBe(false);
  });
  it("needs one full Newton step on a quadratic", () => {
    const random = generator(4);
    for (let k = 0; k < 100; k += 1) {
      const { objective, center } = quadratic(random, [10 ** between(random, -3, 3), 10 ** between(random, -3, 3)]);
      const [first] = run("newton", objective, [between(random, -5, 5), between(random, -5, 5)]);
      first.end.forEach((a, i) => expect(Math.abs(a - center[i])).toBeLessThan(1e-8));
    }
  });
  it("stops where it is told to, and goes nowhere from a minimum", () => {
    for (const name of NAMES) {
      expect(run(name, problem("rosenbrock"), [-1.2, 1], { trials: 3 })).toHaveLength(3);
      expect(run(name, problem("rosenbrock"), [1, 1])).toHaveLength(0);
    }
  });
});

describe("curves s(tau)", () => {
  it("go through the trial that was made on them", () => {
    for (const name of NAMES) {
      const state = begin(name, problem("rosenbrock"), [-1.2, 1]), points = curve(name, state), s = state.steps(state.control.tau).s;
      const gap = Math.min(...points.slice(1).map((p, k) => distance(s, points[k].s, p.s)));
      expect(gap).toBeLessThan(2e-2 * norm(s));
    }
  });
});

/** From a point to the leg from a to b. */
function distance(p: number[], a: number[], b: number[]): number {
  const d = b.map((v, i) => v - a[i]), t = Math.min(1, Math.max(0, dot(p.map((v, i) => v - a[i]), d) / (dot(d, d) || 1)));
  return norm(p.map((v, i) => v - a[i] - t * d[i]));
}

describe("damping and radius", () => {
  const jetOf = (random: Random, signs: [number, number]): Jet => {
    const { hessian: [a, b, c], gradient } = shaped(random, signs);
    return { value: 0, gradient, hessian: [a, b, b, c] };
  };
  it("are two names of one curve: from -g to Newton", () => {
    const random = generator(5);
    for (const signs of [[1, 1], [-1, 1], [-1, -1]] as [number, number][])
      for (let k = 0; k < 30; k += 1) {
        const shifted = new Shifted(jetOf(random, signs)), g = shifted.gradient, far = 1e9 * (norm(g) + Math.abs(shifted.least) + 1) * 1e3;
        const steep = shifted.step(far);
        steep.forEach((a, i) => expect(a / norm(steep)).toBeCloseTo(-g[i] / norm(g), 5));
        if (signs[0] > 0) {
          const newton = shifted.step(0), Hs = times(Array.from(shifted.jet.hessian), newton);
          Hs.forEach((a, i) => expect(Math.abs(a + g[i])).toBeLessThan(1e-8 * (1 + norm(g))));
        }
        for (const share of [0.9, 0.3, 0.01]) {
          const length = share * (shifted.longest < Infinity ? shifted.longest : 3);
          expect(norm(shifted.step(shifted.damping(length)))).toBeCloseTo(length, 9);
        }
      }
  });
  it("give the least m within the radius, in the hard case too", () => {
    const random = generator(6), hard: Jet = { value: 0, gradient: [1, 0], hessian: [2, 0, 0, -1] };
    const jets = [hard, ...[[1, 1], [-1, 1], [-1, -1]].flatMap((signs) => Array.from({ length: 8 }, () => jetOf(random, signs as [number, number])))];
    for (const jet of jets)
      for (const radius of [0.05, 0.7, 4]) {
        const shifted = new Shifted(jet), { s } = shifted.within(radius), best = shifted.promise(s);
        expect(norm(s)).toBeLessThan(radius * (1 + 1e-9));
        for (let k = 0; k < 60; k += 1) {
          const turn = between(random, 0, 2 * Math.PI), r = radius * Math.sqrt(random());
          expect(shifted.promise([r * Math.cos(turn), r * Math.sin(turn)])).toBeLessThanOrEqual(best + 1e-9 * (1 + Math.abs(best)));
        }
      }
  });
  it("are drawn as they are: the step in the circle, taken or not as f says", () => {
    const rosenbrock = problem("rosenbrock"), window: Window = [-2, 2, -1, 3];
    for (const at of [[-1.2, 1], [0.3, 0.8], [1.5, -0.5]] as [number, number][]) {
      const reach = reachOf(new Shifted(rosenbrock(at)), [...window]);
      for (const share of [0.02, 0.3, 1]) {
        const w = walk(rosenbrock, at, share * reach, reach), there = rosenbrock([at[0] + w.s[0], at[1] + w.s[1]]).value;
        expect(w.actual).toBe(w.value - there);
        expect(w.taken).toBe(w.value - there > 1e-4 * w.predicted);
        const dots = walkScene(w, null, [...window], ["a", "b"], { ...en.methods.walk, question: "" }).items.find((item) => item.role === "trial");
        expect(dots).toMatchObject({ points: [[at[0] + w.s[0], at[1] + w.s[1]]], filled: [w.taken] });
        const along = alongScene(w, { ...en.methods.walk, question: "" }), m = along.items.find((item) => item.kind === "dots" && item.role === "model-level");
        expect((m as { points: number[][] }).points[0][1]).toBeCloseTo(w.value - w.predicted, 12);
      }
    }
  });
  it("draw no direction where there is nothing to gain", () => {
    const rosenbrock = problem("rosenbrock"), window: Window = [0, 2, 0, 2];
    for (const at of [[1, 1], [1 + 1e-17, 1]] as [number, number][]) {
      const w = walk(rosenbrock, at, 0, reachOf(new Shifted(rosenbrock(at)), [...window])), words = { ...en.methods.walk, question: "" };
      expect(w.still).toBe(true);
      expect(walkScene(w, null, [...window], ["a", "b"], words).items.map((item) => item.role)).toEqual(["point"]);
      expect(alongScene(w, words).window.every(Number.isFinite)).toBe(true);
    }
  });
  it("end on the model alone where f is not finite", () => {
    // log(x1) has no value left of 0, and from 0.5 Newton's step on x1 - 0.1 log(x1) leads there.
    const edge: Objective = ([u, v]) => ({ value: u - 0.1 * Math.log(u) + v * v, gradient: [1 - 0.1 / u, 2 * v], hessian: [0.1 / (u * u), 0, 0, 2] });
    const w = walk(edge, [0.5, 0.2], 3, 3), words = { ...en.methods.walk, question: "" }, along = alongScene(w, words);
    expect(w.s[0]).toBeLessThan(-0.5);
    expect(w.actual).toBeNaN();
    expect(along.window.every(Number.isFinite)).toBe(true);
    expect(along.items.map((item) => item.role)).not.toContain("trial");
    for (const item of along.items) if (item.kind === "curve" || item.kind === "dots") expect(item.points.flat().every(Number.isFinite)).toBe(true);
  });
});

describe("the race", () => {
  it("sees the orders: Newton doubles digits, gradient descent adds the same part of one", () => {
    const [newton, steepest] = race(["newton", "gradient-descent"], problem("himmelblau"), [4, 4], 200);
    expect(observedOrder(errorsOfX(newton.points, newton.answer!.x))).toBeGreaterThan(1.7);
    expect(observedOrder(errorsOfX(newton.points, newton.answer!.x))).toBeLessThan(2.3);
    const taken = steepest.points.filter((x, k) => k === 0 || x !== steepest.points[k - 1]);
    expect(Math.abs(observedOrder(errorsOfX(taken, steepest.answer!.x))! - 1)).toBeLessThan(0.1);
  });
  it("measures against the minimum that each method goes to", () => {
    for (const runner of race(NAMES, problem("rosenbrock"), [-1.2, 1])) {
      runner.answer!.x.forEach((a) => expect(a).toBeCloseTo(1, 9));
      expect(runner.points).toHaveLength(runner.trials.length + 1);
      expect(runner.digits![0]).toBe(0);
      runner.points.forEach((x, k) => {
        const error = Math.max(Math.abs(x[0] - 1) / 2.2, Math.abs(x[1] - 1));
        if (error > 1e-9 && runner.method === "newton") expect(runner.digits![k]).toBeLessThan(16);
      });
    }
  });
  it("has a number for every method where f has no minimum", () => {
    const slope: Objective = ([a, b]) => ({ value: a + 2 * b, gradient: [1, 2], hessian: [0, 0, 0, 0] });
    for (const runner of race(NAMES, slope, [0, 0])) expect(runner.answer).toBeNull();
  });
  it("is drawn: every way from the start, every trial, hollow where rejected", () => {
    const runners = race(NAMES, problem("rosenbrock"), [-1.2, 1]), words = { ...en.methods.race, question: "", method: String, end: String };
    const scene = raceScene(runners, null, [-2, 2, -1, 3], ["x1", "x2"], [], words);
    for (const { method, trials } of runners) {
      const items = scene.items.filter((item) => item.role === `race-${method}`), way = items[0] as { points: number[][] }, dots = items[1] as { filled: boolean[] };
      expect(way.points[0]).toEqual([-1.2, 1]);
      expect(dots.filled).toEqual(trials.slice(0, 40).map((trial) => trial.accepted));
    }
    expect(digitsScene(runners, "x", words).items.filter((item) => item.kind === "curve")).toHaveLength(NAMES.length);
  });
});

describe("the basin map", () => {
  const himmelblau = problem("himmelblau"), window: Window = [-5, 5, -5, 5], MINIMA = [[3, 2], [-2.805118086952745, 3.131312518250573], [-3.779310253377747, -3.283185991286170], [3.584428340330492, -1.848126526964404]];
  it("says of every start where a run of its own ends", () => {
    for (const name of ["newton", "trust-exact", "damped"] as const) {
      const map = new BasinMap(himmelblau, window, 20, 20, name);
      map.advance();
      const found = ranked(map.basin);
      expect(found.ends).toHaveLength(4);
      for (const { x } of found.ends) expect(MINIMA.some((m) => Math.hypot(m[0] - x[0], m[1] - x[1]) < 1e-6)).toBe(true);
      for (let index = 0; index < 400; index += 37) {
        const { x, trials } = endOf(name, himmelblau, map.start(index)), end = found.ends[found.end[index]];
        expect(Math.hypot(end.x[0] - x[0], end.x[1] - x[1])).toBeLessThan(1e-2);
        expect(found.trials[index]).toBe(trials);
      }
    }
  });
  it("is the same in slices, and can be painted while it grows", () => {
    const map = new BasinMap(himmelblau, window, 24, 24, "newton");
    map.advance(() => true);
    expect(map.done).toBe(64);
    expect([...map.basin.end].filter((k) => k === WAITING)).toHaveLength(24 * 24 - 64);
    expect([...pixelsOf(map.basin)].filter((opacity, k) => k % 4 === 3 && opacity === 255)).toHaveLength(64);
    while (!map.finished) map.advance(() => true);
    expect(ranked(map.basin)).toEqual(basin(himmelblau, window, [24, 24], "newton"));
  });
  it("is the same in parts, joined", () => {
    const parts = [0, 1, 2].map((first) => new BasinMap(himmelblau, window, 24, 24, "newton", undefined, [first, 3]));
    parts.forEach((part) => part.advance());
    const whole = basin(himmelblau, window, [24, 24], "newton"), found = ranked(joined(parts.map((part) => part.basin)));
    expect([...found.end]).toEqual([...whole.end]);
    expect([...found.trials]).toEqual([...whole.trials]);
    expect(found.ends.map((end) => end.starts)).toEqual(whole.ends.map((end) => end.starts));
  });
  it("hatches what comes to no rest, and knows the fewest and the most trials", () => {
    const found = basin(problem("rosenbrock"), [-2, 2, -1, 3], [8, 8], "gradient-descent", 20);
    expect([...found.end].every((k) => k === OPEN)).toBe(true);
    const quick = basin(himmelblau, window, [8, 8], "newton"), at = [...quick.trials].filter((_, i) => quick.end[i] >= 0);
    expect(speeds(quick)).toEqual([Math.max(1, Math.min(...at)), Math.max(...at)]);
  });
  it("has the color of its end, the stronger the more trials, on light and on dark ground", () => {
    const found = basin(himmelblau, window, [24, 24], "newton"), [, most] = speeds(found);
    for (const ground of [[255, 255, 255], [20, 25, 31]] as [number, number, number][]) {
      const pixels = pixelsOf(found, ground), colorAt = (index: number): number[] => {
        const i = index % 24, j = Math.floor(index / 24), at = 4 * ((23 - j) * 24 + i);
        return [...pixels.slice(at, at + 3)];
      };
      const distance = (index: number): number => Math.hypot(...colorAt(index).map((c, k) => c - ground[k]));
      for (let k = 0; k < found.ends.length; k += 1) {
        const mine = [...found.end.keys()].filter((index) => found.end[index] === k).sort((a, b) => found.trials[a] - found.trials[b]);
        mine.slice(1).forEach((index, n) => expect(distance(index)).toBeGreaterThanOrEqual(distance(mine[n])));
        expect(distance(mine[0])).toBeGreaterThan(8);
      }
      const slowest = found.ends.map((_, k) => colorAt([...found.end.keys()].find((index) => found.end[index] === k && found.trials[index] > 0.5 * most) ?? found.end.indexOf(k)).join());
      expect(new Set(slowest).size).toBe(found.ends.length);
    }
  });
  it("counts the starts of every end", () => {
    const { ends, end } = basin(himmelblau, window, [16, 16], "damped");
    ends.forEach(({ starts }, k) => expect([...end].filter((e) => e === k)).toHaveLength(starts));
  });
});

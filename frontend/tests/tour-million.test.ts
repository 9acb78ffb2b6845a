/** Screen 10 of the tour: what it says of a fit, of a map, and of costs. Python's side: fixtures/squares.py. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import fixture from "./fixtures/squares.json";
import { between, generator } from "./fixtures/random";
import { form, inverse, solve } from "../src/maths/symmetric";
import type { Sym, Vec } from "../src/maths/quadratic";
import { run } from "../src/methods/run";
import type { Curve, Dots, Ellipse, Scene } from "../src/scene/types";
import { LOOP, POSE, advance, blocks, countOf, misfit, poseOf, reckoned, rows, squaresOf, strain, total, wrapped } from "../src/tour/poses";
import { type Fit, decay, fit, gaussNewton, normal, sumAt, taken, ways, wholeHessian } from "../src/tour/squares";
import { terrain } from "../src/tour/terrain";
import { DOUBLE, ENTRIES, GIB, LAPTOP, MEASURED, WORK, beginCost, costScene, counted, sized } from "../src/tour/screens/s10-cost";
import { NEAR, START, T, Y, arrival, dataScene, leftOut, planeScene, solved } from "../src/tour/screens/s10-fit";
import { SLIGHT, beginMap, edgeRole, mapScene, stepped, worst } from "../src/tour/screens/s10-poses";
import { words } from "../src/tour/screens/s10-words";

const said = words.en;
const off = (a: number, b: number, size = Math.abs(b)): number => Math.abs(a - b) / size;
const ellipse = (scene: Scene, role: string): Ellipse => scene.items.find((item): item is Ellipse => item.kind === "ellipse" && item.role === role)!;
const curves = (scene: Scene, role: string): Curve[] => scene.items.filter((item): item is Curve => item.kind === "curve" && item.role === role);
const dots = (scene: Scene, role: string): Dots => scene.items.find((item): item is Dots => item.kind === "dots" && item.role === role)!;
/** f as a formula: the engine of the page has its own derivatives. */
const typed = (y: readonly number[]) => terrain(`0.5*(${T.map((t, i) => `(x1*exp(-${t}*x2) - (${y[i]}))^2`).join(" + ")})`);
const SETS = fixture.fits;

/** The sum of squares of the best a for this b. */
function profile(y: readonly number[], b: number): number {
  const e = T.map((t) => Math.exp(-b * t)), a = e.reduce((sum, u, i) => sum + u * y[i], 0) / e.reduce((sum, u) => sum + u * u, 0);
  return sumAt(T, y, a, b);
}

describe("the fit", () => {
  it("agrees with Python to 1e-9: values, standard errors, J'J, for three sets of data", () => {
    expect([SETS[0].t, SETS[0].y]).toEqual([T, Y]);
    for (const { y, x, squares, errors } of SETS) {
      const found = solved(y).fit!;
      found.x.forEach((a, i) => expect(off(a, x[i])).toBeLessThan(1e-9));
      found.errors.forEach((a, i) => expect(off(a, errors[i])).toBeLessThan(1e-9));
      [squares[0][0], squares[0][1], squares[1][1]].forEach((a, i) => expect(off(found.squares[i], a)).toBeLessThan(1e-9));
    }
  });

  it("J'r is the gradient and H the Hessian of half the sum of squares, wherever one stands", () => {
    const random = generator(101);
    for (const { y } of SETS) {
      const land = typed(y), { residuals, jacobian } = decay(T, y);
      for (let k = 0; k < 20; k += 1) {
        const x: Vec = [between(random, -1, 4), between(random, -0.2, 2)], jet = land.quadratic(x)!, own = normal(residuals(x), jacobian(x), 2), H = wholeHessian(T, y, x);
        const size = Math.max(...jet.hessian.map(Math.abs));
        expect(off(own.value, jet.value)).toBeLessThan(1e-12);
        [0, 1].forEach((i) => expect(Math.abs(own.gradient[i] - jet.gradient[i])).toBeLessThan(1e-12 * size * 5));
        H.forEach((a, i) => expect(off(a, jet.hessian[i], size)).toBeLessThan(1e-12));
      }
    }
  });

  it("at the answer J'J and H differ in the entry of b alone; little where the fit is good", () => {
    const found = SETS.map(({ y }) => solved(y).fit!);
    for (const { squares, hessian } of found) [0, 1].forEach((i) => expect(off(squares[i], hessian[i])).toBeLessThan(1e-9));
    found.forEach((one) => expect(leftOut(one)).toBe(Math.abs(one.hessian[2] - one.squares[2]) / Math.abs(one.hessian[2])));
    expect(leftOut(found[0])).toBeLessThan(0.003);
    expect(leftOut(found[1])).toBeGreaterThan(0.05);
    // Without noise nothing is left out.
    expect(leftOut(solved(T.map((t) => 2 * Math.exp(-0.5 * t))).fit!)).toBeLessThan(1e-9);
  });

  it("the error ellipse is the contour of J'J on which the sum of squares has risen by s^2; its shadows are the standard errors", () => {
    for (const { y, errors } of SETS) {
      const all = solved(y), found = all.fit!, scene = planeScene(y, all, said);
      for (const [role, B] of [["squares", found.squares], ["model-level", found.hessian]] as [string, Sym][]) {
        const { center, semi, angle } = ellipse(scene, role), reach: Vec = [0, 0];
        for (let k = 0; k < 720; k += 1) {
          const [p, q] = [semi[0] * Math.cos((k * Math.PI) / 360), semi[1] * Math.sin((k * Math.PI) / 360)];
          const s: Vec = [p * Math.cos(angle) - q * Math.sin(angle), p * Math.sin(angle) + q * Math.cos(angle)];
          // Twice 1/2 s'Bs: the sum of squares, not half of it.
          expect(off(form(B, s), found.spread ** 2)).toBeLessThan(1e-9);
          [0, 1].forEach((i) => { reach[i] = Math.max(reach[i], Math.abs(s[i])); });
        }
        center.forEach((a, i) => expect(off(a, found.x[i])).toBeLessThan(1e-12));
        if (role === "squares") reach.forEach((a, i) => expect(off(a, errors[i])).toBeLessThan(1e-4));
        // The covariance s^2 (J'J)^-1 says the same exactly.
        if (role === "squares") [0, 2].forEach((i, k) => expect(off(found.spread * Math.sqrt(inverse(B)[i]), errors[k])).toBeLessThan(1e-9));
      }
    }
  });

  it("a step of Gauss-Newton solves J'J s = -J'r, one of Levenberg-Marquardt the same with damping on the diagonal", () => {
    for (const { y } of SETS) {
      const { newton, damped } = ways(T, y, START), { residuals, jacobian } = decay(T, y);
      let at: readonly number[] = START, lambda = 1e-3, factor = 2;
      const matrix = (x: readonly number[]): { JJ: Sym; g: Vec } => {
        const { gradient, hessian: H } = normal(residuals(x), jacobian(x), 2);
        return { JJ: [H[0], H[1], H[3]], g: [-gradient[0], -gradient[1]] };
      };
      for (const { x, step } of newton.slice(0, 3)) {
        const { JJ, g } = matrix(x);
        solve(JJ, g).forEach((a, i) => expect(off(step[i], a)).toBeLessThan(1e-8));
      }
      // Nielsen: damping doubles, quadruples, ... until a trial is taken; the first is 1e-3 of the scaled diagonal.
      for (const { step, accepted, end, value } of damped) {
        const { JJ, g } = matrix(at), f = normal(residuals(at), jacobian(at), 2).value;
        solve([JJ[0] * (1 + lambda), JJ[1], JJ[2] * (1 + lambda)], g).forEach((a, i) => expect(off(step[i], a)).toBeLessThan(1e-8));
        if (accepted) {
          expect(value).toBeLessThan(f);
          at = end;
          break;
        }
        expect(value > f * 0.99).toBe(true);
        [lambda, factor] = [lambda * factor, factor * 2];
      }
    }
  });

  it("each step of Levenberg-Marquardt lowers the sum; the picture fills what was taken; the count is of what is drawn", () => {
    for (const { y } of SETS) {
      const all = solved(y), found = all.fit!, scene = planeScene(y, all, said), marks = dots(scene, "race-damped"), { residuals } = decay(T, y);
      const sum = (x: readonly number[]): number => residuals(x).reduce((total, r) => total + r * r, 0);
      const way = curves(scene, "race-damped")[0].points.map(sum);
      way.slice(1).forEach((value, k) => expect(value).toBeLessThanOrEqual(way[k] * (1 + 1e-14)));
      expect(marks.filled).toEqual(all.damped.map(({ accepted }) => accepted));
      const { steps, rejected } = arrival(all.damped, found)!, before = all.damped.slice(0, steps + rejected - 1);
      const near = (x: readonly number[]): boolean => found.x.every((a, i) => Math.abs(x[i] - a) <= NEAR * found.errors[i]);
      expect([near(all.damped[steps + rejected - 1].end), before.some(({ end, accepted }) => accepted && near(end))]).toEqual([true, false]);
      expect(before.filter(({ accepted }) => !accepted).length).toBe(rejected);
    }
    const first = solved(Y);
    expect([arrival(first.newton, first.fit!)!.steps, arrival(first.damped, first.fit!)!.rejected]).toEqual([4, 3]);
  });

  it("wherever the points are dragged: a minimum with right angles, or no answer at all", () => {
    const random = generator(102);
    let found = 0;
    for (let k = 0; k < 120; k += 1) {
      const y = k % 3 ? Y.map((a) => a + between(random, -0.8, 0.8)) : T.map(() => between(random, -0.3, 3.1)), all = solved(y), land = typed(y);
      if (k < 20) expect(() => planeScene(y, all, said)).not.toThrow();
      expect(dataScene(y, all.fit, said).items.length).toBeGreaterThan(1);
      // For every b the best a is known: where no fit is found, the sum falls towards an end of all b, or its curve is no decay at all.
      const sums = Array.from({ length: 1401 }, (_, i) => profile(y, -1 + i / 200)), lowest = sums.indexOf(Math.min(...sums));
      if (!all.fit) {
        expect([0, sums.length - 1]).toContain(lowest);
        continue;
      }
      found += 1;
      expect(2 * all.fit.value).toBeLessThanOrEqual(sums[lowest] * (1 + 1e-9));
      const { x, value, errors } = all.fit, { gradient } = land.quadratic(x)!;
      [0, 1].forEach((i) => expect(Math.abs(gradient[i]) * errors[i]).toBeLessThan(1e-5 * value));
      // No lower within a standard error.
      for (let i = 0; i < 12; i += 1) expect(land.value([x[0] + 0.1 * errors[0] * Math.cos(i), x[1] + 0.1 * errors[1] * Math.sin(i)])).toBeGreaterThanOrEqual(value * (1 - 1e-9));
    }
    expect(found).toBeGreaterThan(80);
    // Flat data at zero determine no b.
    expect(fit(T, T.map(() => 0))).toBeNull();
    expect(fit(T, T.map((_, i) => (i ? 0 : 3)))).toBeNull();
  }, 60_000);

  it("the levels are those of the sum of squares", () => {
    const { residuals } = decay(T, Y);
    for (const [a, b] of [[1, 0.2], [3, 1.5]]) expect(off(sumAt(T, Y, a, b), residuals([a, b]).reduce((sum, r) => sum + r * r, 0))).toBeLessThan(1e-14);
  });

  it("every residual is drawn between its point and the curve", () => {
    const { fit: found } = solved(Y), scene = dataScene(Y, found, said), sticks = curves(scene, "residual");
    expect(sticks.length).toBe(T.length);
    sticks.forEach(({ points: [[t, y], [s, on]] }, i) => expect([t, y, s, on - y]).toEqual([T[i], Y[i], T[i], expect.closeTo((found as Fit).residuals[i], 12)]));
  });
});

/** All poses moved by up to so much. */
function disturbed(seed: number, place: number, turn: number): number[] {
  const random = generator(seed);
  return reckoned(LOOP).map((a, i) => (i < POSE ? a : a + between(random, -1, 1) * (i % POSE === 2 ? turn : place)));
}

describe("the map", () => {
  it("begins as odometry alone leaves it: every edge fits but the closing one", () => {
    const all = reckoned(LOOP);
    all.forEach((a, i) => expect(Math.abs(a - fixture.loop.reckoned[i])).toBeLessThan(1e-12));
    expect(off(total(LOOP, all), fixture.loop.begin)).toBeLessThan(1e-12);
    expect(off(strain(LOOP.edges.at(-1)!, all) ** 2, total(LOOP, all))).toBeLessThan(1e-12);
    expect([countOf(LOOP), LOOP.edges.length]).toEqual([20, 20]);
  });

  it("angles are wrapped: a pose turned by whole turns is the same pose", () => {
    for (const angle of [-9, -3.2, -0.1, 0, 3.1, 3.2, 40]) {
      expect(Math.abs(wrapped(angle))).toBeLessThanOrEqual(Math.PI);
      expect([Math.cos(wrapped(angle)), Math.sin(wrapped(angle))]).toEqual([expect.closeTo(Math.cos(angle), 12), expect.closeTo(Math.sin(angle), 12)]);
    }
    const all = disturbed(1, 0.3, 0.3), turned = all.map((a, i) => (i % POSE === 2 ? a + 2 * Math.PI * ((i % 4) - 2) : a));
    LOOP.edges.forEach((edge) => misfit(edge, all).forEach((a, i) => expect(misfit(edge, turned)[i]).toBeCloseTo(a, 9)));
  });

  it("J is the derivative of the misfits", () => {
    const all = disturbed(2, 0.5, 0.5), h = 1e-6;
    for (const edge of LOOP.edges) {
      const J = rows(edge, all);
      all.forEach((_, i) => {
        const at = (step: number): number[] => misfit(edge, all.map((a, j) => (i === j ? a + step : a)));
        const [high, low] = [at(h), at(-h)];
        high.forEach((a, k) => expect(Math.abs((a - low[k]) / (2 * h) - J[k][i])).toBeLessThan(1e-6));
      });
    }
  });

  it("every step that is taken brings the sum down, from the start and from disturbed ones, to where SciPy ends", () => {
    for (const start of [reckoned(LOOP), ...Array.from({ length: 20 }, (_, k) => disturbed(k + 3, 0.05 + 0.06 * k, 0.02 * k))]) {
      let all = start;
      for (let k = 0; k < 40; k += 1) {
        const next = advance(LOOP, all);
        if (next.share === 0) break;
        expect(total(LOOP, next.all)).toBeLessThan(total(LOOP, all));
        all = next.all;
      }
      all.forEach((a, i) => expect(Math.abs((i % POSE === 2 ? wrapped(a - fixture.loop.poses[i]) : a - fixture.loop.poses[i]))).toBeLessThan(1e-6));
      expect(off(total(LOOP, all), fixture.loop.end)).toBeLessThan(1e-9);
      // Where the method comes to rest, the gradient is what rounding makes of a sum of these terms.
      const squares = squaresOf(LOOP), x = taken(run("damped-newton", gaussNewton(squares), start.slice(POSE))).at(-1)!.end, r = squares.residuals(x), J = squares.jacobian(x);
      normal(r, J, x.length).gradient.forEach((g, i) => expect(Math.abs(g)).toBeLessThan(1e-11 * r.reduce((sum, a, k) => sum + Math.abs(a * J[k][i]), 0)));
      expect(all.slice(0, POSE)).toEqual(LOOP.first);
    }
  });

  it("a step of the button is one of Gauss-Newton's: J'J s = -J'r", () => {
    const objective = gaussNewton(squaresOf(LOOP)), all = reckoned(LOOP), x = all.slice(POSE), next = advance(LOOP, all), s = next.all.slice(POSE).map((a, i) => a - x[i]);
    const { gradient, hessian } = objective(x), n = x.length;
    expect(next.share).toBe(1);
    const rest = Array.from({ length: n }, (_, i) => s.reduce((sum, a, j) => sum + hessian[i * n + j] * a, gradient[i]));
    const size = Math.max(...Array.from(gradient, Math.abs));
    rest.forEach((a) => expect(Math.abs(a)).toBeLessThan(1e-9 * size));
    // What Newton's method of the page makes of the same function.
    taken(run("newton", objective, x, { trials: 1 }))[0].end.forEach((a, i) => expect(a).toBeCloseTo(next.all[POSE + i], 9));
  });

  it("settled says that a further step changes the sum by less than a billionth", () => {
    let state = beginMap();
    for (let k = 0; k < 20 && !state.settled; k += 1) state = stepped(state);
    expect([state.settled, state.falls.length > 3]).toEqual([true, true]);
    state.falls.slice(1).forEach((sum, k) => expect(sum).toBeLessThan(state.falls[k]));
    const last = state.falls.at(-1)!;
    expect(off(total(LOOP, advance(LOOP, state.all).all), last)).toBeLessThan(SLIGHT);
    expect(worst(beginMap().all)).toBeGreaterThan(50);
    expect(worst(state.all)).toBeLessThan(1);
  });

  it("of the 400 blocks of J'J 60 are not zero: a band and two corners", () => {
    const met = blocks(LOOP, disturbed(4, 0.3, 0.3)), n = met.length, J = LOOP.edges.flatMap((edge) => rows(edge, disturbed(4, 0.3, 0.3)));
    const { hessian } = normal(J.map(() => 0), J, POSE * n);
    met.forEach((row, i) => row.forEach((here, j) => {
      const entries = [0, 1, 2].flatMap((a) => [0, 1, 2].map((b) => hessian[(POSE * i + a) * POSE * n + POSE * j + b]));
      expect(here).toBe(entries.some((a) => a !== 0));
      expect(here).toBe(Math.abs(i - j) <= 1 || Math.abs(i - j) === n - 1);
    }));
    expect([n * n, met.flat().filter(Boolean).length]).toEqual([400, 60]);
  });

  it("draws every edge by how far it is off, and every pose with its heading", () => {
    let state = beginMap();
    for (let k = 0; k < 3; k += 1) {
      const scene = mapScene(state, said);
      for (const edge of LOOP.edges) {
        const far = strain(edge, state.all), role = far > 3 ? "edge-broken" : far > 1 ? "edge-strained" : "edge";
        expect(edgeRole(far)).toBe(role);
        expect(curves(scene, role).some(({ points: [p, q] }) => p[0] === state.all[POSE * edge.from] && q[0] === state.all[POSE * edge.to])).toBe(true);
      }
      const arrows = scene.items.filter((item) => item.kind === "arrow");
      arrows.forEach(({ tail, head }, i) => expect(wrapped(Math.atan2(head[1] - tail[1], head[0] - tail[0]) - poseOf(state.all, i)[2])).toBeCloseTo(0, 9));
      expect(arrows.length).toBe(20);
      state = stepped(state);
    }
  });
});

describe("the cost", () => {
  it("counts what is computed", () => {
    const count = (n: number): { dense: number; chain: number; product: number } => {
      let [dense, chain, product] = [0, 0, 0];
      // Cholesky: for every entry below the diagonal, a product and a difference for every column before.
      for (let j = 0; j < n; j += 1) for (let i = j; i < n; i += 1) dense += 2 * j + 1;
      // L D L' of a tridiagonal matrix: l = e/d, d' = d - l e.
      for (let i = 1; i < n; i += 1) chain += 3;
      // Row by row: two or three products, one or two sums.
      for (let i = 0; i < n; i += 1) product += i === 0 || i === n - 1 ? 3 : 5;
      return { dense, chain, product };
    };
    for (const n of [2, 5, 40, 1000]) {
      expect([WORK.chain(n), WORK.product(n)]).toEqual([count(n).chain, count(n).product]);
      expect(ENTRIES.chain(n)).toBe(Array.from({ length: n }, (_, i) => (i ? 2 : 1)).reduce((a: number, b) => a + b, 0));
      expect(ENTRIES.dense(n)).toBe(n * n);
    }
    expect(off(WORK.dense(1000), count(1000).dense)).toBeLessThan(0.002);
  });

  it("takes what was measured from the committed benchmark", () => {
    const runs = JSON.parse(readFileSync(new URL("../../benchmarks/results/large/runs.json", import.meta.url), "utf8"));
    for (const { key, n, seconds, products, peak } of MEASURED) {
      expect([n, products]).toEqual([runs[key].n, runs[key].products]);
      expect([seconds, peak]).toEqual([Number(runs[key].wall.toPrecision(3)), Number(runs[key].peak.toPrecision(3))]);
      expect(runs[key].success).toBe(true);
    }
    expect(MEASURED.at(-1)!.n).toBe(1e6);
  });

  it("draws the lines where the counts are", () => {
    const scene = costScene(beginCost(), said);
    for (const [role, kind] of [["cost-dense", "dense"], ["cost-chain", "chain"], ["cost-product", "product"]] as const)
      curves(scene, role)[0].points.forEach(([n, size]) => expect(size).toBe(DOUBLE * ENTRIES[kind](n)));
    dots(scene, "data").points.forEach(([n, size], k) => expect([n, size]).toEqual([MEASURED[k].n, MEASURED[k].peak * GIB]));
    expect(DOUBLE * ENTRIES.dense(46340)).toBeLessThan(LAPTOP);
    expect(DOUBLE * ENTRIES.dense(46341)).toBeGreaterThan(LAPTOP);
  });

  it("says sizes and counts as a person does", () => {
    expect([8, 8e6, 8e12].map(sized)).toEqual(["8\u00a0B", "7.63\u00a0MiB", "7.28\u00a0TiB"]);
    expect([16, 3000, 999999, 1e12, 3.333e17].map(counted)).toEqual(["16", "3\u202f000", "999\u202f999", "10\u00b9\u00b2", "3.3\u00a0\u00b7\u00a010\u00b9\u2077"]);
  });
});

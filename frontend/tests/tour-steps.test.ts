/** One step, or several: what screen 8 of the tour says is true of the runs. */

import { describe, expect, it } from "vitest";
import { between, generator } from "./fixtures/random";
import { decomposed, mapped } from "../src/maths/symmetric";
import type { Sym, Vec } from "../src/maths/quadratic";
import { fixedStep } from "../src/methods/fixed";
import { errorsOfX, observedOrder, race } from "../src/methods/race";
import { run } from "../src/methods/run";
import type { Jet, Objective } from "../src/methods/types";
import { apart, ellipseItems, seenBy, shapesScene } from "../src/tour/step-ellipses";
import { ROSENBROCK, terrain } from "../src/tour/terrain";
import { GOAL, GROUNDS, chainOf, gainOf, limitAt, stepsTo, tally } from "../src/tour/screens/s08-runs";
import { words } from "../src/tour/screens/s08-words";

const EPS = 2 ** -52;

/** A quadratic with these eigenvalues, turned; its gradient is rounded as that of any f. */
function quadratic(turn: number, [p, q]: Vec, center: Vec): { objective: Objective; H: Sym } {
  const [c, s] = [Math.cos(turn), Math.sin(turn)], H = mapped({ values: [p, q], axes: [[c, s], [-s, c]] }, (lambda) => lambda);
  const objective = ([x, y]: readonly number[]): Jet => {
    const u = x - center[0], v = y - center[1], g = [H[0] * u + H[1] * v, H[1] * u + H[2] * v];
    return { value: 0.5 * (u * g[0] + v * g[1]), gradient: g, hessian: [H[0], H[1], H[1], H[2]] };
  };
  return { objective, H };
}

const STARTS: Vec[] = [[-1.2, 1], [1.5, -0.5], [-0.5, -0.5], [0.3, 0.3], [1.6, 2.2]];
const valley = terrain(GROUNDS.rosenbrock.formula), steep = terrain(ROSENBROCK);

describe("a quadratic", () => {
  it("takes Newton one step, wherever it starts, however long the ellipse", () => {
    const random = generator(8);
    for (let k = 0; k < 100; k += 1) {
      const condition = 10 ** between(random, 0, 6), size = 10 ** between(random, -3, 3), center: Vec = [between(random, -2, 2), between(random, -2, 2)];
      const { objective } = quadratic(between(random, 0, Math.PI), [size, size * condition], center);
      const start: Vec = [between(random, -5, 5), between(random, -5, 5)], [first] = run("newton", objective, start);
      const way = Math.hypot(start[0] - center[0], start[1] - center[1]), error = Math.hypot(first.end[0] - center[0], first.end[1] - center[1]);
      expect(first.accepted).toBe(true);
      // Rounding of H and g moves the solution by at most about the condition times the precision.
      expect(error / way, `condition ${condition}`).toBeLessThan(32 * EPS * condition + 32 * EPS);
    }
  });
  it("of the screen does so from everywhere in its window", () => {
    const { formula, window: [a, b, c, d] } = GROUNDS.quadratic, { objective } = terrain(formula), random = generator(9);
    for (let k = 0; k < 50; k += 1) expect(tally("newton", objective, [between(random, a, b), between(random, c, d)], 0).steps).toBe(1);
  });
  it("has the eigenvalues 1 and 16, so that 2 / 16 is the longest fixed step", () => {
    const seen = terrain(GROUNDS.quadratic.formula).quadratic([0.3, -0.4])!;
    decomposed(seen.hessian).values.forEach((value, i) => expect(value).toBeCloseTo([1, 16][i], 12));
    expect(limitAt(terrain(GROUNDS.quadratic.formula).objective, [0.3, -0.4])).toBeCloseTo(0.125, 12);
  });
});

describe("near the minimum", () => {
  const orderOf = (method: "newton" | "gradient-descent", objective: Objective, start: Vec): number => {
    const [{ points, answer }] = race([method], objective, start, 100_000);
    return observedOrder(errorsOfX(points.filter((x, k) => k === 0 || x !== points[k - 1]), answer!.x))!;
  };
  it("Newton's order is 2: its right digits double", () => {
    for (const start of STARTS) expect(Math.abs(orderOf("newton", valley.objective, start) - 2), `${start}`).toBeLessThan(0.3);
    // From others too few steps lie between 0.5 and rounding for p to be told from C in e' = C e^p.
    for (const start of [STARTS[0], STARTS[3], STARTS[4]]) expect(Math.abs(orderOf("newton", steep.objective, start) - 2), `${start}`).toBeLessThan(0.3);
  });
  it("gradient descent's order is 1", () => {
    for (const start of STARTS) expect(Math.abs(orderOf("gradient-descent", valley.objective, start) - 1), `${start}`).toBeLessThan(0.1);
    expect(Math.abs(orderOf("gradient-descent", steep.objective, STARTS[0]) - 1)).toBeLessThan(0.1);
  });
  it("gradient descent adds, on average, the same fraction of a digit each time", () => {
    for (const start of STARTS) {
      const [{ digits }] = race(["gradient-descent"], valley.objective, start, 100_000), at = [2, 4, 6].map((goal) => stepsTo(digits, goal)!);
      const [early, late] = [gainOf(digits, 2, 4)!, gainOf(digits, 4, 6)!];
      expect(early).toBeCloseTo(2 / (at[1] - at[0]), 2);
      expect(late / early).toBeGreaterThan(0.8);
      expect(late / early).toBeLessThan(1.25);
    }
  });
  it("counts are those of the runs", () => {
    const told = tally("newton", valley.objective, [-1.2, 1], 0), [{ digits }] = race(["newton"], valley.objective, [-1.2, 1], 1000);
    expect(digits![told.steps!]).toBeGreaterThanOrEqual(GOAL);
    expect(digits![told.steps! - 1]).toBeLessThan(GOAL);
    expect(stepsTo([0, 1, 7, 3, 8, 9], 6)).toBe(4);
    expect(stepsTo([0, 1, 2], 6)).toBeNull();
    expect(stepsTo(null, 6)).toBeNull();
  });
});

describe("the sentence about Newton", () => {
  it("at the minimum says that the start is the minimum, not that Newton does not arrive", () => {
    for (const ground of ["quadratic", "rosenbrock"] as const) {
      const { formula, least } = GROUNDS[ground], newton = tally("newton", terrain(formula).objective, least, 0);
      expect(newton.steps).toBe(0);
      expect([words.en, words.zh].map(({ told }) => told({ newton, descent: null, chain: chainOf(newton.digits) }))).toEqual(["The start is the minimum.", "起点就是极小点。"]);
    }
  });
  it("has a colon only where digits follow", () => {
    const newton = { ...tally("newton", valley.objective, [-1.2, 1], 0), steps: 3 };
    expect([words.en, words.zh].map(({ told }) => told({ newton, descent: null, chain: [] }))).toEqual(["{race-newton:Newton} has six right digits after 3 steps.", "{race-newton:牛顿法} 3 步就有六位正确。"]);
    for (const { told } of [words.en, words.zh]) expect(told({ newton, descent: null, chain: [3, 6.04] })).toMatch(/[:：] ?3\.0 → 6\.0[.。]$/);
  });
});

describe("a fixed step", () => {
  it("converges below 2 / lambda_max and diverges above it, on every quadratic", () => {
    const random = generator(10);
    for (let k = 0; k < 40; k += 1) {
      const top = 10 ** between(random, -2, 2), low = top / 10 ** between(random, 0, 1.5), center: Vec = [between(random, -1, 1), between(random, -1, 1)];
      const { objective } = quadratic(between(random, 0, Math.PI), [low, top], center), start: Vec = [center[0] + between(random, 1, 3), center[1] + between(random, 1, 3)];
      const limit = limitAt(objective, start);
      expect(limit * top).toBeCloseTo(2, 9);
      const below = fixedStep(objective, start, 0.97 * limit, 3000), above = fixedStep(objective, start, 1.03 * limit, 3000);
      expect(below.answer && below.digits!.at(-1)!).toBeGreaterThan(6);
      expect(above.status).toBe("UNBOUNDED");
      expect(above.digits).toBeNull();
      expect(above.values.at(-1)!).toBeGreaterThan(1e6 * above.values[0]);
    }
  });
  it("is x - alpha g, every time", () => {
    const { points } = fixedStep(valley.objective, [-1.2, 1], 0.002, 50);
    expect(points).toHaveLength(51);
    for (let k = 0; k < 50; k += 1) {
      const g = valley.objective(points[k]).gradient;
      expect(points[k + 1]).toEqual([points[k][0] - 0.002 * g[0], points[k][1] - 0.002 * g[1]]);
    }
  });
  it("adds the digits that its eigenvalues say", () => {
    const { objective } = terrain(GROUNDS.quadratic.formula), { digits } = fixedStep(objective, [-1.7, 0.9], 0.1, 400);
    expect(gainOf(digits, 3, 6)).toBeCloseTo(-Math.log10(0.9), 3);
  });
  it("cannot settle at Rosenbrock's minimum beyond 2 / lambda_max of that place", () => {
    const limit = limitAt(valley.objective, [1, 1]);
    expect(tally("fixed-step", valley.objective, [0.9, 0.8], 1.03 * limit).steps).toBeNull();
    expect(tally("fixed-step", valley.objective, [0.9, 0.8], 0.9 * limit).steps).toBeGreaterThan(100);
  });
});

describe("the ellipse of each step", () => {
  it("is Newton's model level: through the point, around the next one", () => {
    const seen = seenBy("newton", valley.objective, [-1.2, 1], 40), items = ellipseItems(seen, [-2, 2, -1, 3], "step-ellipse");
    const [{ points }] = race(["newton"], valley.objective, [-1.2, 1]);
    expect(items.length).toBeGreaterThan(5);
    items.forEach((item, k) => {
      if (item.kind !== "ellipse") throw new Error(item.kind);
      const [u, v] = [seen[k].x[0] - item.center[0], seen[k].x[1] - item.center[1]], [c, s] = [Math.cos(item.angle), Math.sin(item.angle)];
      expect(((c * u + s * v) / item.semi[0]) ** 2 + ((-s * u + c * v) / item.semi[1]) ** 2).toBeCloseTo(1, 6);
      item.center.forEach((a, i) => expect(a).toBeCloseTo(points[k + 1][i], 9));
    });
  });
  it("is not drawn where H is not positive definite", () => {
    const seen = seenBy("newton", valley.objective, [0, 2], 40), bowls = seen.filter(({ own, gradient: [a, b] }) => own[0] * own[2] > own[1] ** 2 && own[0] > 0 && (a !== 0 || b !== 0));
    expect(seen[0].own[0] * seen[0].own[2]).toBeLessThan(seen[0].own[1] ** 2 + 1e-9);
    expect(bowls.length).toBeLessThan(seen.length);
    expect(ellipseItems(seen, [-2, 2, -1, 3], "step-ellipse")).toHaveLength(bowls.length);
  });
  it("of BFGS begins as a circle and ends as that of H: angle and ratio of axes fall", () => {
    for (const start of [...STARTS, [-1, 2] as Vec, [0, 2] as Vec]) for (const { objective } of [valley, steep]) {
      const seen = seenBy("bfgs", objective, start, 200), first = decomposed(seen[0].own).values;
      expect(first[1] / first[0]).toBeCloseTo(1, 9);
      // The first pairs that are ellipses both, against the last.
      const gaps = seen.flatMap(({ own, hessian }) => apart(own, hessian) ?? []), early = gaps.slice(1, 5), last = gaps.at(-1)!;
      expect(last.degrees).toBeLessThan(0.2);
      expect(last.ratio).toBeLessThan(1.02);
      expect(Math.max(...early.map((gap) => gap.degrees))).toBeGreaterThan(50 * last.degrees);
      expect(Math.max(...early.map((gap) => gap.ratio))).toBeGreaterThan(1.5);
    }
  });
  it("angle and ratio are those of the matrices", () => {
    const turn = (values: Vec, degrees: number): Sym => {
      const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
      return mapped({ values, axes: [[c, s], [-s, c]] }, (lambda) => lambda);
    };
    const gap = apart(turn([1, 16], 10), turn([3, 27], -75))!;
    expect(gap.degrees).toBeCloseTo(85, 9);
    expect(gap.ratio).toBeCloseTo(4 / 3, 12);
    expect(apart(turn([1, 16], 10), turn([-1, 2], 0))).toBeNull();
    expect(apart([2, 0, 2], turn([1, 16], 10))!.degrees).toBeNaN();
  });
  it("pairs stand in order, as long as each other", () => {
    const seen = seenBy("bfgs", valley.objective, [-1.2, 1], 40), scene = shapesScene(seen, { view: "", step: (k) => String(k) });
    const of = (role: string) => scene.items.filter((item) => item.role === role && item.kind === "ellipse");
    expect(of("learned-ellipse")).toHaveLength(seen.length);
    expect(of("step-ellipse")).toHaveLength(seen.filter(({ hessian: [a, b, c] }) => a > 0 && a * c > b * b).length);
    for (const item of [...of("learned-ellipse"), ...of("step-ellipse")]) {
      if (item.kind !== "ellipse") continue;
      expect(Math.max(...item.semi)).toBeCloseTo(0.4, 12);
      const [x0, x1, y0, y1] = scene.window, [x, y] = item.center;
      expect(x > x0 && x < x1 && y > y0 && y < y1).toBe(true);
    }
  });
});

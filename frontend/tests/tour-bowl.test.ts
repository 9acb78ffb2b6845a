/** Where there is no bowl: the kinds that are said and drawn, which way Newton's step goes, and the steps between -g and Newton. */

import { describe, expect, it } from "vitest";
import { between, generator } from "./fixtures/random";
import { spectral } from "../src/maths/jacobi";
import { newton } from "../src/maths/quadratic";
import { angleBetween, dot, norm } from "../src/maths/vector";
import type { Curve, Dots, Ellipse, Item, Pair } from "../src/scene/types";
import { TAKE, walk } from "../src/views/walk";
import { LAND, NAMED, WINDOW, begin, bowlScene, change, ground, seenAt, shapeOf, slopeAlong, stepAt, type Hold, type State } from "../src/tour/screens/s09-scene";
import { words } from "../src/tour/screens/s09-words";

const [en, zh] = [words.en, words.zh], random = generator(9);
const PLACES = Array.from({ length: 40 }, (): Pair => [between(random, WINDOW[0], WINDOW[1]), between(random, WINDOW[2], WINDOW[3])]);
const at = (x: Pair, hold: Hold = "damping", slide = 0.5): State => ({ ...begin(), x, hold, slide: { ...begin().slide, [hold]: slide } });

/** H of the formula by hand: f = sin(0.6 u) + sin(1.2 v) + 0.15 u v. */
const byHand = ([u, v]: Pair): number[] => [-0.36 * Math.sin(0.6 * u), 0.15, 0.15, -1.44 * Math.sin(1.2 * v)];
const slopes = ([u, v]: Pair): Pair => [0.6 * Math.cos(0.6 * u) + 0.15 * v, 1.2 * Math.cos(1.2 * v) + 0.15 * u];
/** Bowls are rare among them. */
const MORE = generator(10), BOWLS = Array.from({ length: 200 }, (): Pair => [between(MORE, WINDOW[0], WINDOW[1]), between(MORE, WINDOW[2], WINDOW[3])]).filter((x) => spectral(byHand(x), 2).values[0] > 0);
const kindByHand = (x: Pair): string => {
  const [low, high] = spectral(byHand(x), 2).values;
  return low > 0 ? "bowl" : high < 0 ? "dome" : "saddle";
};
const drawn = (items: Item[], role: string): Item[] => items.filter((item) => item.role === role);
const scene = (state: State): Item[] => bowlScene(state, stepAt(state), en).items;

const SLOW = { timeout: 60_000 };

describe("the kind of a place", SLOW, () => {
  it("is that of H in words and in the picture, at 40 random places", () => {
    const seen = new Set<string>();
    for (const x of PLACES) {
      const quad = LAND.quadratic(x)!, kind = kindByHand(x), items = scene(at(x)), levels = drawn(items, "model-level");
      seen.add(kind);
      expect(quad.hessian[0]).toBeCloseTo(byHand(x)[0], 12);
      expect(quad.hessian[2]).toBeCloseTo(byHand(x)[3], 12);
      expect(shapeOf(quad)).toBe(kind);
      const ellipses = levels.filter((item): item is Ellipse => item.kind === "ellipse");
      expect(ellipses.length, kind).toBe(kind === "saddle" ? 0 : 1);
      expect(levels.every((item) => item.kind === (kind === "saddle" ? "curve" : "ellipse"))).toBe(true);
      if (kind !== "saddle") expect(ellipses[0].hill).toBe(kind === "dome");
      for (const said of [en, zh]) {
        const told = said.told(seenAt(at(x)));
        expect(told).toContain(said.kinds[kind as "bowl"]);
        for (const other of ["bowl", "saddle", "dome"] as const) if (other !== kind) expect(told).not.toContain(said.kinds[other]);
      }
    }
    expect([...seen].sort()).toEqual(["bowl", "dome", "saddle"]);
  });

  it("is written where it is so, and colored so: the regions hold exactly the places of their kind", () => {
    for (const [kind, place] of NAMED) expect(kindByHand(place)).toBe(kind);
    const inside = (curve: Curve, [x, y]: Pair): boolean => {
      let odd = false;
      curve.points.forEach(([a, b], i) => {
        const [c, d] = curve.points[(i + 1) % curve.points.length];
        if (b > y !== d > y && x < a + ((y - b) / (d - b)) * (c - a)) odd = !odd;
      });
      return odd;
    };
    // Beside the line, within the accuracy of the contour, either is right.
    const clear = PLACES.filter((x) => Math.min(...spectral(byHand(x), 2).values.map(Math.abs)) > 2e-3);
    expect(clear.length).toBeGreaterThan(35);
    for (const x of clear)
      for (const kind of ["bowl", "dome"] as const)
        expect(ground().regions.filter((item) => item.role === `region-${kind}` && inside(item, x)).length, `${kind} at ${x}`).toBe(kindByHand(x) === kind ? 1 : 0);
  });

  it("changes on the line det H = 0, where one eigenvalue is 0 to the accuracy of the contour", () => {
    expect(ground().borders.length).toBeGreaterThan(1);
    for (const { role, points } of ground().borders) {
      expect(role).toBe("singular");
      for (const p of points as Pair[]) {
        const values = spectral(byHand(p), 2).values.map(Math.abs);
        expect(Math.min(...values)).toBeLessThan(1e-6);
        expect(Math.max(...values)).toBeGreaterThan(0.02);
      }
    }
  });
});

describe("Newton's step", SLOW, () => {
  it("climbs in a dome always, in a bowl never; from a saddle it goes either way", () => {
    const ways: Record<string, number[]> = { bowl: [], saddle: [], dome: [] };
    for (const x of PLACES) {
      const quad = LAND.quadratic(x)!, slope = slopeAlong(quad)!, g = slopes(x), [a, b, , d] = byHand(x), det = a * d - b * b;
      // g'(-H^-1 g), by Cramer's rule.
      expect(slope).toBeCloseTo(-(d * g[0] ** 2 - 2 * b * g[0] * g[1] + a * g[1] ** 2) / det, 6);
      ways[kindByHand(x)].push(Math.sign(slope));
      const up = slope > 0, told = seenAt(at(x));
      expect(told.up).toBe(up);
      for (const said of [en, zh]) expect(said.told(told)).toContain(up ? said.up : said.down);
      const [arrow] = drawn(scene(at(x)), "newton");
      expect(arrow.kind === "arrow" && arrow.label).toContain(up ? en.up : en.down);
    }
    expect(new Set(ways.dome)).toEqual(new Set([1]));
    expect(new Set(ways.bowl)).toEqual(new Set([-1]));
    expect(new Set(ways.saddle)).toEqual(new Set([1, -1]));
  });

  it("is drawn to where the slope of the quadratic is zero", () => {
    for (const x of PLACES) {
      const [arrow] = drawn(scene(at(x)), "newton");
      if (arrow.kind !== "arrow") throw new Error("no arrow");
      const s = arrow.head.map((a, i) => a - x[i]) as Pair, [a, b, , d] = byHand(x), g = slopes(x);
      expect(Math.hypot(g[0] + a * s[0] + b * s[1], g[1] + b * s[0] + d * s[1])).toBeLessThan(1e-9 * (1 + norm(s)));
    }
  });
});

describe("a step that is held back", SLOW, () => {
  const SLIDES = Array.from({ length: 11 }, (_, k) => k / 10);

  it.each(["damping", "radius"] as const)("by %s goes from -g to Newton, and grows as less holds it", (hold) => {
    for (const x of PLACES) {
      const steps = SLIDES.map((slide) => stepAt(at(x, hold, slide))!), lengths = steps.map((w) => norm(w.s)), down = slopes(x).map((a) => -a) as Pair;
      lengths.slice(1).forEach((length, k) => {
        expect(length).toBeGreaterThanOrEqual(lengths[k] * (1 - 1e-9));
        expect(steps[k + 1].lambda).toBeLessThanOrEqual(steps[k].lambda * (1 + 1e-9));
      });
      // Downhill at first, whatever H: every one of them.
      for (const { s } of steps) expect(dot(s, down)).toBeGreaterThan(0);
      const last = steps[SLIDES.length - 1];
      if (hold === "damping") expect(angleBetween(steps[0].s, down)).toBeLessThan(1);
      if (kindByHand(x) !== "bowl") continue;
      const [a, b, , d] = byHand(x), g = slopes(x), det = a * d - b * b, newton: Pair = [-(d * g[0] - b * g[1]) / det, -(a * g[1] - b * g[0]) / det];
      if (hold === "damping" || norm(newton) < 3) expect(norm([last.s[0] - newton[0], last.s[1] - newton[1]]) / norm(newton)).toBeLessThan(1e-9);
    }
  });

  it.each(["damping", "radius"] as const)("by %s turns from -g towards Newton in a bowl, and never beyond: it stays between them", (hold) => {
    expect(BOWLS.length).toBeGreaterThan(10);
    for (const x of BOWLS) {
      const down = slopes(x).map((a) => -a) as Pair, step = newton(LAND.quadratic(x)!), whole = angleBetween(down, step), turned = SLIDES.map((slide) => {
        const { s } = stepAt(at(x, hold, slide))!;
        expect(Math.abs(angleBetween(down, s) + angleBetween(s, step) - whole), `${x}`).toBeLessThan(1e-6);
        return angleBetween(down, s);
      });
      turned.slice(1).forEach((angle, k) => expect(angle).toBeGreaterThanOrEqual(turned[k] - 1e-6));
    }
  });

  it("by a radius begins along -g, whatever H: the shorter the radius, the nearer", () => {
    const angles: number[] = [];
    for (const x of PLACES) {
      const down = slopes(x).map((a) => -a) as Pair, angle = (radius: number): number => angleBetween(walk(LAND.objective, x, radius, 1).s, down), { radius, s } = stepAt(at(x, "radius", 0))!;
      angles.push(angleBetween(s, down));
      expect(norm(s)).toBeCloseTo(radius, 9);
      expect(angle(1e-5)).toBeLessThan(0.01);
      expect(angle(radius / 8)).toBeLessThanOrEqual(angle(radius) / 4 + 1e-6);
    }
    // At the slider's end the radius is a hundredth of the longest.
    expect(Math.max(...angles)).toBeLessThan(10);
  });

  it("has an H + lambda I that is positive definite wherever there is no bowl", () => {
    for (const x of PLACES)
      for (const slide of SLIDES) {
        const { lambda } = stepAt(at(x, "damping", slide))!, [low] = spectral(byHand(x), 2).values;
        expect(low + lambda).toBeGreaterThan(0);
      }
  });

  it("by alpha keeps Newton's direction: where that climbs, every share of it is rejected", () => {
    for (const x of PLACES) {
      const quad = LAND.quadratic(x)!, up = slopeAlong(quad)! > 0, whole = stepAt(at(x, "length", 1))!;
      for (const slide of [0, 0.4, 1]) {
        const w = stepAt(at(x, "length", slide))!;
        expect(angleBetween(w.s, whole.s)).toBeLessThan(1e-4);
        if (up) expect([w.predicted < 0, w.taken]).toEqual([true, false]);
        else expect(w.predicted).toBeGreaterThan(0);
      }
    }
  });

  it("is drawn filled exactly when it is taken, and taken exactly when the ratio says so", () => {
    const both = new Set<boolean>();
    for (const x of PLACES)
      for (const hold of ["damping", "radius", "length"] as const)
        for (const slide of [0.2, 0.6, 0.9]) {
          const state = at(x, hold, slide), w = stepAt(state)!, [dots] = drawn(scene(state), "trial") as Dots[];
          const [u, v] = w.s, to: Pair = [x[0] + u, x[1] + v], [a, b, , d] = byHand(x), g = slopes(x);
          const value = ([p, q]: Pair): number => Math.sin(0.6 * p) + Math.sin(1.2 * q) + 0.15 * p * q;
          const promised = -(g[0] * u + g[1] * v + 0.5 * (a * u * u + 2 * b * u * v + d * v * v)), fell = value(x) - value(to);
          expect(w.predicted).toBeCloseTo(promised, 9);
          expect(w.actual).toBeCloseTo(fell, 9);
          const take = promised > 0 && fell > TAKE * promised;
          expect(w.taken).toBe(take);
          both.add(take);
          expect(dots.filled).toEqual([take]);
          expect(dots.points[0][0]).toBeCloseTo(to[0], 12);
          if (dots.label) expect(dots.label).toBe(take ? en.taken : en.rejected);
          for (const said of [en, zh]) expect(said.step(seenAt(state))).toContain(take ? `{trial:${said.taken}}` : `{trial:${said.rejected}}`);
        }
    expect(both.size).toBe(2);
  });

  it("is the same when the hand changes from damping to the radius and back", () => {
    for (const x of PLACES) {
      const state = at(x, "damping", 0.35), before = stepAt(state)!;
      change(state, "radius");
      const through = stepAt(state)!;
      // The radius has ends of its own.
      if (state.slide.radius <= 0 || state.slide.radius >= 1) continue;
      expect(norm([through.s[0] - before.s[0], through.s[1] - before.s[1]])).toBeLessThan(1e-6 * norm(before.s));
      change(state, "damping");
      expect(state.slide.damping).toBeCloseTo(0.35, 5);
    }
  });
});

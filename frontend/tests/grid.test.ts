/** f from recorded values: polynomials come back, nothing jumps, derivatives are the function's own, and doubt is said. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { shower } from "../src/app/shown";
import type { State } from "../src/app/store";
import { en } from "../src/app/words/en";
import { zh } from "../src/app/words/zh";
import { decode } from "../src/engine/decode";
import { patch, type Patch } from "../src/engine/grid";
import type { Seen } from "../src/engine/live";
import type { Grid, Recording } from "../src/engine/record";
import { recorded } from "../src/engine/recorded";
import { cellOf } from "../src/maths/contour";
import { interpolant } from "../src/maths/interpolant";
import { levelThrough } from "../src/maths/level";
import type { Vec } from "../src/maths/quadratic";
import { angleBetween, norm, subtract } from "../src/maths/vector";
import type { Window } from "../src/maths/window";
import { local } from "../src/views/local";
import { warned } from "../src/views/frozen";
import type { Grid as Drawn } from "../src/scene/types";
import { generator } from "./fixtures/random";

type F = (u: number, v: number) => number;

const WINDOW: Window = [-1.3, 2.1, 0.4, 1.9];

function ticks(low: number, high: number, count: number): number[] {
  return Array.from({ length: count }, (_, k) => low + ((high - low) * k) / (count - 1));
}

function drawn(f: F, nu = 33, nv = 29, [u0, u1, v0, v1] = WINDOW): Drawn {
  const [x, y] = [ticks(u0, u1, nu), ticks(v0, v1, nv)];
  return { x, y, values: y.map((v) => x.map((u) => f(u, v))) };
}

/** The record of a function, with the middles of every seventh cell. */
function record(f: F, nu = 33, nv = 29, held: F = f): Grid {
  const grid = drawn(f, nu, nv), { x, y } = grid, cells: Vec[] = [];
  for (let k = 0; k < (nu - 1) * (nv - 1); k += 7) cells.push([k % (nu - 1), Math.floor(k / (nu - 1))]);
  const whole = cells.filter(([i, j]) => [0, 1].every((a) => [0, 1].every((b) => Number.isFinite(grid.values[j + b][i + a]))));
  const values = whole.map(([i, j]) => held((x[i] + x[i + 1]) / 2, (y[j] + y[j + 1]) / 2));
  const bytes = Buffer.from(Float32Array.from(grid.values.flat()).buffer);
  return { window: WINDOW, nu, nv, values: bytes.toString("base64"), held: { cells: whole, values: values.map((a) => (Number.isFinite(a) ? a : null)) } };
}

const perhaps = (...args: Parameters<typeof record>): Patch | null => {
  const grid = record(...args);
  return patch(decode(grid)!, grid.held!, "");
};
const patched = (...args: Parameters<typeof record>): Patch => perhaps(...args)!;

const wavy: F = (u, v) => Math.sin(1.3 * u + v) + 0.5 * (u - v) ** 2 + Math.exp(-u * u);
const places = (count: number, seed: number): Vec[] => {
  const next = generator(seed);
  return Array.from({ length: count }, () => [WINDOW[0] + (WINDOW[1] - WINDOW[0]) * next(), WINDOW[2] + (WINDOW[3] - WINDOW[2]) * next()]);
};

describe("between the values of a grid", () => {
  it("polynomials of degree five in u and in v are reproduced to 1e-12, with gradient and Hessian", () => {
    for (const degree of [3, 5]) {
      const next = generator(degree), c = Array.from({ length: degree + 1 }, () => Array.from({ length: degree + 1 }, () => 2 * next() - 1));
      const power = (x: number, k: number, d: number): number => (d > k ? 0 : (d > 0 ? k : 1) * (d > 1 ? k - 1 : 1) * x ** (k - d));
      const f = (u: number, v: number, a = 0, b = 0): number => c.reduce((sum, row, i) => sum + row.reduce((part, w, j) => part + w * power(u, i, a) * power(v, j, b), 0), 0);
      const grid = drawn(f), own = interpolant(grid), size = Math.max(...grid.values.flat().map(Math.abs));
      for (const p of places(200, 5)) {
        const seen = own.at(p)!, [h, k] = [grid.x, grid.y].map((ticks) => ticks[1] - ticks[0]);
        const wanted = [f(...p), f(...p, 1), f(...p, 0, 1), f(...p, 2), f(...p, 1, 1), f(...p, 0, 2)], scale = [1, h, k, h * h, h * k, k * k];
        [seen.value, ...seen.gradient, ...seen.hessian].forEach((a, q) => expect(Math.abs(a - wanted[q]) * scale[q]).toBeLessThan(1e-12 * size));
      }
    }
  });

  it("value, gradient and Hessian do not jump from cell to cell", () => {
    const grid = drawn(wavy), own = interpolant(grid), tiny = 1e-11;
    for (const [k, p] of places(60, 7).entries())
      for (const [a, b] of [[k % 31, null], [null, k % 27]] as const) {
        const edge: Vec = [a === null ? p[0] : grid.x[a + 1], b === null ? p[1] : grid.y[b + 1]];
        const [one, two] = [-tiny, tiny].map((s) => own.at([edge[0] + (a === null ? 0 : s), edge[1] + (b === null ? 0 : s)])!);
        [one.value - two.value, ...subtract(one.gradient, two.gradient), ...one.hessian.map((h, q) => h - two.hessian[q])].forEach((jump) => expect(Math.abs(jump)).toBeLessThan(1e-8));
      }
  });

  it("the gradient is that of the value, and the Hessian that of the gradient", () => {
    const own = interpolant(drawn(wavy)), h = 1e-5;
    for (const p of places(60, 9)) {
      const seen = own.at(p)!, ahead = ([[h, 0], [0, h]] as Vec[]).map(([a, b]) => [-1, 1].map((s) => own.at([p[0] + s * a, p[1] + s * b])));
      for (const [k, [low, high]] of ahead.entries()) {
        if (!low || !high) continue;
        expect((high.value - low.value) / (2 * h)).toBeCloseTo(seen.gradient[k], 8);
        for (const q of [0, 1]) expect((high.gradient[q] - low.gradient[q]) / (2 * h)).toBeCloseTo(seen.hessian[k + q], 5);
      }
    }
  });

  it("holes take the cells around them, and no others; rows too short for a difference have none", () => {
    const grid = drawn((u, v) => (u + v < 0 ? NaN : wavy(u, v))), own = interpolant(grid);
    for (const p of places(300, 11)) {
      const [i, j] = [cellOf(grid.x, p[0]), cellOf(grid.y, p[1])], whole = [0, 1].every((a) => [0, 1].every((b) => Number.isFinite(grid.values[j + b][i + a])));
      const edge = grid.x[i] + grid.y[j] < 3 * (grid.x[1] - grid.x[0]);
      if (!edge || !whole) expect(own.at(p) !== null).toBe(whole);
      if (whole && !edge) expect(Math.abs(own.at(p)!.value - wavy(...p))).toBeLessThan(1e-4);
    }
    expect(own.at([WINDOW[1] + 1e-9, 1])).toBe(null);
    const corner: Vec = [grid.x[32], grid.y[28]];
    expect(own.at(corner)!.value).toBeCloseTo(wavy(...corner), 12);
    expect(interpolant(drawn(wavy, 2, 9)).at([0, 1])).toBe(null);
  });
});

describe("a grid stands for f where its values say so", () => {
  it("the level through x meets -g at right angles, to 0.1 degrees", () => {
    const seen = patched(wavy);
    for (const p of places(100, 13)) {
      const points = levelThrough(seen.at, p, WINDOW, Infinity)!, at = points.findIndex((q) => q[0] === p[0] && q[1] === p[1]);
      expect(at).toBeGreaterThanOrEqual(0);
      if (at === 0 || at === points.length - 1) continue;
      const [a, b] = [subtract(p, points[at - 1]), subtract(points[at + 1], p)];
      // The tangent of the parabola through three neighbors.
      const way = [0, 1].map((k) => (b[k] / norm(b)) * norm(a) + (a[k] / norm(a)) * norm(b)) as Vec;
      expect(Math.abs(angleBetween(way, seen.at(p)!.gradient) - 90)).toBeLessThan(0.1);
    }
  });

  it("H is told to 3 %, where it is told; along a kink, in noise and between waves it is not", () => {
    const turned: F = (u, v) => 0.3 * Math.abs(u - 0.43 * v), next = generator(3);
    const kinked = patched((u, v) => wavy(u, v) + turned(u, v)), far = ([u, v]: Vec): number => Math.abs(u - 0.43 * v);
    for (const p of places(400, 15)) if (far(p) < 0.05) expect(kinked.at(p)).toBe(null);
    expect(places(400, 15).filter((p) => far(p) > 1.5).every((p) => kinked.at(p) !== null)).toBe(true);
    expect(perhaps((u, v) => wavy(u, v) + 0.02 * next())).toBe(null);
    const fast = perhaps((u, v) => Math.sin(60 * u) + v);
    expect(fast).toBe(null);
    const smooth = patched(wavy);
    for (const p of places(100, 19)) {
      const [u, v] = p, s = -Math.sin(1.3 * u + v), e = Math.exp(-u * u), H = [1.69 * s + 1 + (4 * u * u - 2) * e, 1.3 * s - 1, s + 1];
      smooth.at(p)!.hessian.forEach((h, k) => expect(Math.abs(h - H[k])).toBeLessThan(0.03 * Math.hypot(...H)));
    }
  });

  it("values held out decide: one that f does not have, or none at all, and the grid is not used", () => {
    expect(patched(wavy).source.error).toBeLessThan(1e-6);
    expect(perhaps(wavy, 33, 29, (u, v) => wavy(u, v) + (u > 1.5 ? 0.05 : 0))).toBe(null);
    expect(perhaps(wavy, 33, 29, (u, v) => (u > 1.5 && v > 1.5 ? NaN : wavy(u, v)))).toBe(null);
    expect(patch(decode(record(wavy))!, { cells: [], values: [] }, "")).toBe(null);
  });

  it("a plane, a constant beside f, and another unit change nothing", () => {
    const flat = patched((u, v) => 3 * u - v + 2);
    for (const p of places(40, 21)) {
      const { gradient } = flat.quadratic(p)!.quad;
      expect(norm(subtract(gradient, [3, -1]))).toBeLessThan(1e-4);
    }
  });
});

const read = (name: string): Recording => JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8")) as Recording;

describe("a report without a program", () => {
  const recording = read("host"), engine = recorded(recording), plane = recording.planes[0].id;
  const state: State = {
    position: 1, plane, section: "slice", x: null, lens: null, morph: 0, stretch: 1, around: null, language: "en", showFunction: true, whole: false, open: [],
    azimuth: -60, elevation: 30, show: "gap", over: "evaluations", race: 1, picked: "", playing: "", quad: null, hand: null,
  };
  const [u0, u1, v0, v1] = engine.local(1, plane, "slice")!.window, mccormick: F = (a, b) => Math.sin(a + b) + (a - b) ** 2 - 1.5 * a + 2.5 * b + 1;
  const inside = places(40, 23).map(([u, v]): Vec => [u0 + ((u - WINDOW[0]) / (WINDOW[1] - WINDOW[0])) * (u1 - u0), v0 + ((v - WINDOW[2]) / (WINDOW[3] - WINDOW[2])) * (v1 - v0)]);

  it("f, g, H, spectrum and signs at x are those of f", () => {
    const show = shower(engine, en);
    for (const x of inside) {
      const { quad, frozen, source, spectrum, stale } = show({ ...state, x }).context!, s = Math.sin(x[0] + x[1]);
      expect([frozen, stale]).toEqual(["", false]);
      expect(["65 × 65", "81 × 81"]).toContain(source!.size);
      expect(quad.value).toBeCloseTo(mccormick(...x), 5);
      const c = Math.cos(x[0] + x[1]), g = [c + 2 * (x[0] - x[1]) - 1.5, c - 2 * (x[0] - x[1]) + 2.5];
      quad.gradient.forEach((a, k) => expect(a).toBeCloseTo(g[k], 4));
      [2 - s, -2 - s, 2 - s].forEach((a, k) => expect(quad.hessian[k]).toBeCloseTo(a, 3));
      const sorted = [-2 * s, 4].sort((a, b) => a - b);
      spectrum.eigenvalues.forEach((a, k) => expect(a).toBeCloseTo(sorted[k], 3));
      expect(Math.hypot(...spectrum.components)).toBeCloseTo(Math.hypot(...g), 4);
      if (Math.abs(s) > 0.01) expect(spectrum.signs).toEqual(sorted.map(Math.sign));
    }
  });

  it("the picture says so across itself, in both languages, and in a sentence", () => {
    for (const [words, across, below] of [[en, /from (65 × 65|81 × 81) recorded values.*error about .* of the range shown/, /recorded values/], [zh, /(65 × 65|81 × 81) 个记录值.*误差约为/, /记录值/]] as const) {
      const { context } = shower(engine, words)({ ...state, x: inside[0] }), scene = warned(local(context!), context!);
      const banner = scene.items.flatMap((item) => (item.kind === "text" && item.role === "interpolated" ? [item.text] : []));
      expect(banner.join(" ")).toMatch(across);
      expect(scene.notes!.join(" ")).toMatch(below);
      expect(scene.notes!.join(" ")).not.toContain(words.views.noteLive);
      expect(scene.items.some(({ role }) => role === "function-level")).toBe(true);
    }
  });

  it("beside its window the grid of the whole run goes on, the window follows; beyond that the model moves, and is called that", () => {
    const [w0, w1, z0, z1] = recording.planes[0].grid!.window, show = shower(engine, en), see = (x: Vec) => show({ ...state, x }).context!;
    for (const x of [[w0 + 0.02 * (w1 - w0), z1 - 0.02 * (z1 - z0)], [(w0 + w1) / 2, (z0 + z1) / 2]] as Vec[]) {
      const { frozen, quad, grid, window } = see(x);
      expect(frozen).toBe("");
      expect(quad.value).toBeCloseTo(mccormick(...x), 5);
      expect(grid!.values.flat().every(Number.isFinite)).toBe(true);
      expect(x[0] >= window[0] && x[0] <= window[1] && x[1] >= window[2] && x[1] <= window[3]).toBe(true);
    }
    const outside = see([w1 + 50 * (w1 - w0), z0]);
    expect([outside.frozen, outside.level, outside.source]).toEqual(["model", null, undefined]);
    expect(outside.quad.hessian).toEqual(outside.base.hessian);
  });

  it("has no shadow of it, and none of the recorded points is read from a grid", () => {
    const show = shower(engine, en);
    for (const position of [1, 2, engine.answer]) {
      const { context } = show({ ...state, position });
      expect([context!.quad === context!.base, context!.source]).toEqual([true, undefined]);
    }
    const seen = engine.local(1, plane, "slice")!.live!.at(engine.local(1, plane, "slice")!.base.at) as Seen, { base } = engine.local(1, plane, "slice")!;
    seen.quad.hessian.forEach((h, k) => expect(h).toBeCloseTo(base.hessian[k], 3));
  });
});

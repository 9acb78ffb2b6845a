/** The page's parts that need no browser: numbers, words, the recorded engine, the address, what is derived from the state. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHash, toHash } from "../src/app/address";
import { degrees, percent, short } from "../src/scene/number";
import { runNumbers, spectrumNumbers, timelineNumbers } from "../src/app/numbers";
import { nearest, runScene } from "../src/app/run-scene";
import { curveScene, parabolaAt } from "../src/app/line-scenes";
import { shower } from "../src/app/shown";
import type { State } from "../src/app/store";
import { across, edges } from "../src/app/strips";
import { en } from "../src/app/words/en";
import { zh } from "../src/app/words/zh";
import { decode } from "../src/engine/decode";
import type { Recording } from "../src/engine/record";
import type { Seen } from "../src/engine/live";
import { recorded } from "../src/engine/recorded";
import { windowOf } from "../src/engine/window";
import { moved } from "../src/maths/quadratic";

const read = (name: string) => JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8")) as Recording;
const run = recorded(read("run"));
const three = recorded(read("three"));
const initial: State = {
  position: 1, plane: "x1,x2", section: "slice", x: null, lens: null, morph: 0, stretch: 1, around: null, language: "en", showFunction: true, whole: false, open: [],
  azimuth: -60, elevation: 30, show: "gap", over: "evaluations", race: 1, picked: "", playing: "", quad: null, hand: null,
};

describe("numbers", () => {
  it("are as a person writes them", () => {
    expect([0, 1, 1000, 12345, 0.1, 1e-5, -0.25, 6.02e23, 999.6].map((a) => short(a))).toEqual(["0", "1", "1000", "12300", "0.1", "1e\u22125", "\u22120.25", "6.02e23", "1000"]);
    expect([null, NaN, Infinity, -Infinity].map((a) => short(a))).toEqual(["\u2013", "\u2013", "\u221e", "\u2212\u221e"]);
    expect(short(1 / 3, 7)).toBe("0.3333333");
  });
  it("do not round an angle to a right one", () => {
    expect([64.123, 90, 89.9999, 0.00012, 0].map(degrees)).toEqual(["64.1", "90", "90", "0.0001", "0"].map((a, i) => (i === 2 ? short(89.9999, 5) : a)));
    expect([0, 0.5, 0.9996, 1, 0.0001].map(percent)).toEqual(["0 %", "50 %", "> 99.9 %", "100 %", "< 0.1 %"]);
  });
});

describe("words", () => {
  const shape = (a: unknown): unknown =>
    typeof a === "object" && a !== null ? Object.fromEntries(Object.entries(a).map(([key, value]) => [key, shape(value)])) : typeof a;
  it("are the same in both languages", () => {
    const loose = (words: typeof en) => ({ ...words, terms: {} });
    expect(shape(loose(zh))).toEqual(shape(loose(en)));
  });
  it("are all there in Chinese", () => {
    const flat = (a: unknown): string[] => (typeof a === "string" ? [a] : typeof a === "object" && a !== null ? Object.values(a).flatMap(flat) : []);
    const same = flat(zh.panels).filter((text) => /[a-z]{4}/.test(text));
    expect(same).toEqual([]);
  });
  it("name every verdict by its numbers", () => {
    const verdict = read("run").verdict!;
    for (const words of [en, zh])
      for (const key of ["minimum", "noise", "saddle", "flat", "stopped", "not-finite", "unbounded"] as const) {
        const text = words.verdict.criterion({ ...verdict, key, inertia: [1, 1, 1] });
        expect(text.length).toBeGreaterThan(10);
        expect(text).not.toMatch(/undefined|NaN|null/);
      }
  });
});

describe("the recorded engine", () => {
  it("decodes grids, with what is not finite", () => {
    const values = Buffer.from(new Float32Array([1, 2, 3, NaN, 5, 6]).buffer).toString("base64");
    const grid = decode({ window: [0, 2, 10, 11], nu: 3, nv: 2, values })!;
    expect(grid.x).toEqual([0, 1, 2]);
    expect(grid.y).toEqual([10, 11]);
    expect(grid.values).toEqual([[1, 2, 3], [NaN, 5, 6]]);
  });
  it("gives every trial the point it was made from", () => {
    const { trials, points } = run.recording;
    expect(run.answer).toBe(trials!.index.length + 1);
    expect(run.point(1)).toBe(points[0]);
    expect(run.point(run.answer)).toBe(points[points.length - 1]);
    const local = run.local(1, "x1,x2", "slice")!;
    expect(local.section).toBe("whole");
    expect(local.trial!.end).toEqual([run.plane("x1,x2")!.u[0], run.plane("x1,x2")!.v[0]]);
    expect(run.local(run.answer, "x1,x2", "slice")!.trial).toBeNull();
    expect(run.local(1, "nowhere", "slice")).toBeNull();
  });
  it("offers slice and shadow where they are", () => {
    const plane = three.recording.planes[0].id;
    const last = three.answer;
    expect(three.local(last, plane, "slice")!.section).toBe("slice");
    expect(three.local(last, plane, "shadow")!.section).toBe("shadow");
    expect(three.local(last, plane, "shadow")!.base.hessian).not.toEqual(three.local(last, plane, "slice")!.base.hessian);
  });
  it("has a window around x and the centre", () => {
    const quad = { at: [1, 2], value: 0, gradient: [4, 1], hessian: [2, 0, 1] } as const;
    const [u0, u1, v0, v1] = windowOf({ at: [...quad.at], value: 0, gradient: [...quad.gradient], hessian: [...quad.hessian] });
    expect(u0).toBeLessThan(-1);
    expect(u1).toBeGreaterThan(1);
    expect(v0).toBeLessThan(1);
    expect(v1).toBeGreaterThan(2);
    const still = windowOf({ at: [1, 2], value: 0, gradient: [1e-17, 0], hessian: [2, 0, 1] });
    expect(still[1] - still[0]).toBeGreaterThan(1e-4);
    expect(windowOf({ at: [1, 2], value: 0, gradient: [1e-6, 0], hessian: [2, 0, 1] }, null, [0, 2, 1, 3])).toEqual([0, 2, 1, 3]);
  });
});

describe("what is shown", () => {
  it("follows the dragged point on a recorded model: v_i'g by lambda (v_i'E) du", () => {
    const shown = shower(recorded({ ...three.recording, program: null }), en);
    const plane = three.recording.planes.find((p) => p.kind === "parameters")!.id;
    const before = shown({ ...initial, plane }).context!;
    const x: [number, number] = [before.quad.at[0] + 0.3, before.quad.at[1] - 0.2];
    const after = shown({ ...initial, plane, x }).context!;
    expect(after.quad.gradient).toEqual(moved(before.base, x).gradient);
    // In all of the space the gradient's part in the plane is sum_i c_i (v_i'E).
    const turn = three.local(1, plane, "slice")!.turn!;
    const inPlane = [0, 1].map((k) => after.spectrum.components.reduce((sum, c, i) => sum + c * turn[i][k], 0));
    inPlane.forEach((g, k) => expect(g).toBeCloseTo(after.quad.gradient[k], 6));
  });
  it("is the same object while nothing changed", () => {
    const shown = shower(run, en);
    expect(shown(initial).context).toBe(shown({ ...initial, open: ["table"] }).context);
  });
  it("puts numbers into the explanations", () => {
    const context = shower(run, en)(initial).context!;
    expect(spectrumNumbers(context.spectrum, false)!.share).toBeGreaterThan(0.5);
    expect(runNumbers(run, 2)).toMatchObject({ position: 2, accepted: run.recording.trials!.accepted[1] });
    expect(runNumbers(run, run.answer).position).toBeNull();
    expect(timelineNumbers(run)).toMatchObject({ trials: run.recording.trials!.of });
  });
  it("draws the run", () => {
    const shown = shower(run, en);
    const scene = runScene(run, run.plane("x1,x2")!, shown(initial), en);
    expect(scene.equal).toBe(true);
    expect(scene.items.map((item) => item.role)).toEqual(expect.arrayContaining(["function", "run", "start", "trial", "path", "point"]));
    const hidden = runScene(run, run.plane("x1,x2")!, shown({ ...initial, showFunction: false }), en);
    expect(hidden.items.some((item) => item.role === "function")).toBe(false);
    const { u, v } = run.plane("x1,x2")!;
    expect(nearest(run.plane("x1,x2")!, (p) => p, [u[2]!, v[2]!])).toBe(3);
  });
  it("draws one variable, across nothing that is not finite", () => {
    const one = recorded(read("one"));
    const point = one.point(1)!;
    const parabola = parabolaAt(point, null)!;
    const line = { ...point.line!, f: point.line!.f.map((f, i) => (i === 60 ? null : f)) };
    const pieces = curveScene(one, line, parabola, 1, true, en).items.filter((item) => item.role === "function-level");
    expect(pieces.length).toBeGreaterThan(1);
    const [moved_, back] = [parabolaAt(point, parabola.at + 0.5)!, parabola];
    expect(moved_.gradient).toBeCloseTo(back.gradient + 0.5 * back.hessian, 12);
    expect(moved_.at - moved_.gradient / moved_.hessian).toBeCloseTo(back.at - back.gradient / back.hessian, 8);
  });
  it("places trials on the strips", () => {
    const [left, right] = edges(400);
    expect([across(0, 11, 400), across(10, 11, 400), across(0, 1, 400)]).toEqual([left, right, (left + right) / 2]);
  });
});

describe("the address", () => {
  it("comes back as it was", () => {
    const state: State = { ...initial, position: 3, x: [0.3, -0.4], morph: 0.5, stretch: 0.25, around: -1.5, language: "zh", showFunction: false, whole: true, open: ["surface", "table"], azimuth: 20 };
    const hash = toHash(state, initial, run);
    expect(hash).toBe("trial=3&x=0.3,-0.4&t=0.5&stretch=0.25&around=-1.5&lang=zh&f=hidden&H=full&open=surface,table&turn=20");
    expect(fromHash(`#${hash}`, initial, run)).toEqual(state);
    expect(toHash(initial, initial, run)).toBe("");
    expect(fromHash("", initial, run)).toEqual(initial);
    expect(fromHash("#trial=answer", initial, run).position).toBe(run.answer);
  });
  it("does not believe what is wrong", () => {
    expect(fromHash("#trial=9999&plane=nowhere&x=1,a&t=7&stretch=-3&around=here&lang=fr&H=half&open=<b>&turn=1e9&section=wedge&tilt=", initial, run)).toEqual({ ...initial, morph: 1, stretch: 0, azimuth: 180 });
  });
});

describe("where x goes", () => {
  const { local, context } = shower(run, en)({ ...initial, x: null });
  it("the page computes f there, and the window follows when x has left it", () => {
    const [u0, u1, v0, v1] = local!.window, far: [number, number] = [u1 + 0.9 * (u1 - u0), v0 - 0.4 * (v1 - v0)];
    for (const x of [[u0 + 0.3 * (u1 - u0), v0 + 0.6 * (v1 - v0)] as [number, number], far]) {
      const seen = shower(run, en)({ ...initial, x }).context!, [w0, w1, z0, z1] = seen.window;
      expect(x[0] >= w0 && x[0] <= w1 && x[1] >= z0 && x[1] <= z1).toBe(true);
      expect([w1 - w0, z1 - z0]).toEqual([u1 - u0, v1 - v0].map((a) => expect.closeTo(a, 9)));
      expect(seen.frozen).toBe("");
      const [a, b] = x, r = b - a * a;
      expect(seen.quad.value).toBeCloseTo(100 * r * r + (1 - a) ** 2, 6);
      expect(seen.quad.hessian[0]).toBeCloseTo(1200 * a * a - 400 * b + 2, 6);
      expect(seen.grid!.values.flat().every(Number.isFinite)).toBe(true);
    }
    expect(context!.level!.length).toBeGreaterThan(10);
  });
  it("without a program it is the recorded model that moves, and it is called that", () => {
    const bare = recorded({ ...run.recording, program: null, frozen: "f runs on the host" });
    const seen = shower(bare, en)({ ...initial, x: [0.5, 0.5] }).context!;
    expect(seen.frozen).toBe("model");
    expect(seen.level).toBe(null);
    expect(seen.quad.hessian).toEqual(local!.base.hessian);
  });
  it("three variables: slice, shadow and spectrum are those of x", () => {
    for (const section of ["slice", "shadow"] as const) {
      const at = shower(three, en)({ ...initial, section, plane: three.recording.planes[0].id, position: three.answer });
      const here = at.context!, seen = at.local!.live!.at(here.base.at) as Seen;
      for (const [found, want] of [[seen.quad.hessian, here.base.hessian], [seen.quad.gradient, here.base.gradient]] as const)
        found.forEach((a, i) => expect(Math.abs(a - want[i])).toBeLessThan(1e-9 * Math.max(1, ...want.map(Math.abs))));
      seen.spectrum!.eigenvalues.forEach((a, i) => expect(a).toBeCloseTo(here.spectrum.eigenvalues[i], 8));
      expect(seen.spectrum!.directions).toEqual(here.spectrum.directions);
      expect(seen.spectrum!.signs).toEqual(here.spectrum.signs);
    }
  });
});

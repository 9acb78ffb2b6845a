// @vitest-environment jsdom
/** No word of the page says more than the record knows: verdicts, spectra, bounds, roles that differ in more than color. */

import { describe, expect, it } from "vitest";
import { axesIn } from "../src/app/shown";
import { runNumbers, spectrumNumbers, timelineNumbers } from "../src/app/numbers";
import { en } from "../src/app/words/en";
import type { Words } from "../src/app/words/words";
import { zh } from "../src/app/words/zh";
import type { Recording, Verdict } from "../src/engine/record";
import { recorded } from "../src/engine/recorded";
import { holes } from "../src/maths/contour";
import { insideConvex } from "../src/maths/polygon";
import { type Quadratic, type Vec, angleDeg } from "../src/maths/quadratic";
import { angleInSpace } from "../src/maths/space";
import { render } from "../src/scene/render";
import { darkInks } from "../src/scene/style";
import type { Item } from "../src/scene/types";
import { reduced } from "../src/views/bound";
import { dual } from "../src/views/dual";
import { local } from "../src/views/local";
import { sharesOf, spectrum } from "../src/views/spectrum";
import { viewWordsEn, viewWordsZh } from "../src/views/words";
import { whitened } from "../src/views/whitened";
import palette from "../../src/raphson/picture/palette.json";
import { contextOf, gridOf } from "./fixtures/contexts";
import run from "./fixtures/run.json";
import three from "./fixtures/three.json";
import { between, generator, shaped, vector } from "./fixtures/random";

const RECORDINGS = { run, three } as unknown as Record<string, Recording>;
const read = (name: string): Recording => structuredClone(RECORDINGS[name]);
const LANGUAGES: [string, Words][] = [["en", en], ["zh", zh]];
const GOOD = ["minimum", "noise", "kink"] as const, BAD = ["saddle", "flat", "recedes", "stopped", "not-finite", "unbounded"] as const;
const CAUSES = ["", "level", "falls", "steep", "kink", "limit", "endless", "noise", "denied", "away"] as const;

const verdict = (more: Partial<Verdict>): Verdict => ({ ...read("run").verdict!, held: [], cause: "", proof: "exact", success: GOOD.includes(more.key as never), ...more });

/** What certificates look like: everything known, nothing known, beside a kink, lower somewhere, no second derivatives, all held. */
const KNOWN: Partial<Verdict>[] = [
  { smallest: 0.4, inertia: [0, 0, 2] }, { smallest: -3, inertia: [1, 0, 1] }, { smallest: 0, inertia: [0, 1, 1], level: 1 },
  { smallest: null, largest: null, condition: null, inertia: null, distance: null, decrement: null, noise: null, value: null, gradientNorm: null },
  { slopes: [-1, 2], inertia: [0, 0, 2] }, { lower: 0.3, inertia: [0, 0, 2] }, { distance: 1e-12, distanceLimit: 1e-6, decrement: 3, inertia: [0, 0, 2] },
  { inertia: [0, 0, 0], smallest: null, held: ["x1", "x2"] }, { proof: "likely", smallest: 0.2, inertia: [0, 0, 5000] },
];

describe.each(LANGUAGES)("verdicts in %s", (_, words) => {
  const claims = words === en ? /within .* of the minimum|x is the minimum|smallest curvature .* > 0/ : /到极小点的相对距离不超过|就是极小点|最小曲率 .* > 0/;
  it.each([...GOOD, ...BAD])("%s says what its numbers say, whatever is known of them", (key) => {
    for (const known of KNOWN) for (const cause of CAUSES) {
      const text = words.verdict.criterion(verdict({ key, cause, ...known }));
      expect(text).not.toMatch(/undefined|NaN|null|\b0 directions|有 0 个/);
      expect(text.length).toBeGreaterThan(8);
      expect(text).toMatch(words === en ? /\.$/ : /。$/);
      if (BAD.includes(key as never)) expect(text).not.toMatch(claims);
    }
  });
  it("has a headline for each, and calls only what was shown a minimum", () => {
    const minimum = words === en ? /^Minimum/ : /极小点/;
    for (const key of GOOD) expect(words.verdict.headline[key]).toMatch(minimum);
    for (const key of BAD) expect(words.verdict.headline[key].replace(/^No minimum$|^没有极小点$/, "")).not.toMatch(minimum);
    expect(new Set([verdict({ key: "minimum" }), verdict({ key: "noise" }), verdict({ key: "kink" }), verdict({ key: "minimum", proof: "likely" })].map(words.verdict.shown)).size).toBe(4);
  });
  it("does not call the end of a failed run the answer", () => {
    const said = words === en ? /answer/i : /解处|答案/;
    for (const key of [...GOOD, ...BAD]) {
      const recording = { ...read("three"), verdict: verdict({ key }) }, engine = recorded(recording), ok = GOOD.includes(key as never);
      const plane = recording.planes.find((p) => p.kind === "extreme")!;
      const texts = [
        words.run.explain(runNumbers(engine, engine.answer)), words.controls.last(ok), words.controls.answer(3, ok), words.run.projected(ok),
        words.controls.planeName("extreme", true, ok)!, ...axesIn(engine, plane.axes, "extreme", words),
      ];
      for (const text of texts) expect(said.test(text), `${key}: ${text}`).toBe(ok);
      const timeline = words.timeline.explain(timelineNumbers(engine)!);
      expect(/no minimum that was shown|没有被验证为极小值/.test(timeline)).toBe(!ok);
    }
  });
  it("counts rejected trials over the whole run, also where few of them are here", () => {
    const recording = read("run"), trials = { ...recording.trials!, of: 90, rejected: 41 };
    const text = words.timeline.explain(timelineNumbers(recorded({ ...recording, trials }))!);
    expect(text).toContain("41");
    expect(text).toContain(String(trials.index.length));
  });
});

describe("the spectrum", () => {
  const many = (n: number, stored: number) => {
    const of = (k: number) => 10 ** ((6 * k) / n - 3), half = Math.ceil(stored / 2);
    const eigenvalues = Array.from({ length: stored }, (_, i) => of(i < half ? i : n - stored + i));
    return { eigenvalues, components: eigenvalues.map(() => 1), directions: eigenvalues.map((_, i) => `x${i}`), signs: eigenvalues.map(() => 1), total: n, inertia: [0, 0, n] as [number, number, number], size: Math.sqrt(n) };
  };
  it.each(LANGUAGES)("in %s counts all of n, and says how many are stored", (_, words) => {
    for (const [n, stored] of [[100, 60], [301, 60], [2, 2], [14, 14]]) {
      const { caption } = spectrum({ ...contextOf({ at: [0, 0], value: 0, gradient: [1, 1], hessian: [1, 0, 2] }), words, spectrum: many(n, stored) } as never);
      expect(caption).toMatch(words === en ? new RegExp(`\\b${n} positive`) : new RegExp(`${n} 个为正`));
      expect(caption!.includes(words === en ? `${stored} of ${n} are stored` : `${n} 个中的 ${stored} 个`)).toBe(stored < n);
    }
  });
  it("has rows for twelve, dots for more, whose shape is the sign", () => {
    const items = (n: number, stored: number) => spectrum({ ...contextOf({ at: [0, 0], value: 0, gradient: [1, 1], hessian: [1, 0, 2] }), spectrum: many(n, stored) }).items[0] as Extract<Item, { kind: "stems" }>;
    expect(items(12, 12)).toMatchObject({ horizontal: true });
    expect(items(13, 13)).toMatchObject({ bare: true });
    const thinned = items(100, 60);
    expect(thinned.positions.slice(0, 2).concat(thinned.positions.slice(-2))).toEqual([1, 2, 99, 100]);
    expect(thinned.positions[30] - thinned.positions[29]).toBe(41);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const signs = Array.from({ length: 15 }, (_, i) => Math.sign(i - 5));
    render(svg, spectrum({ ...contextOf({ at: [0, 0], value: 0, gradient: [1, 1], hessian: [1, 0, 2] }), spectrum: { ...many(15, 15), signs, inertia: [5, 1, 9] } }), { width: 400, height: 300 });
    expect(svg.querySelectorAll("g[data-sign] line").length).toBe(0);
    const shapes = new Map([...svg.querySelectorAll("g[data-sign]")].map((g) => [g.getAttribute("data-sign"), g.firstElementChild!.tagName + (g.firstElementChild!.getAttribute("d")?.split("L")[2] ?? "")[0]]));
    expect(new Set([...svg.querySelectorAll("g[data-sign='1'] > :first-child")].map((e) => e.tagName))).toEqual(new Set(["path"]));
    expect(shapes.get("0")).toMatch(/^circle/);
  });
  it("knows the condition only from what it has", () => {
    const known = many(100, 60);
    expect(spectrumNumbers({ ...known, inertia: [1, 0, 99], signs: [-1, ...known.signs.slice(1)] }, false)).toMatchObject({ negative: 1, zero: 0 });
    expect(spectrumNumbers({ ...known, inertia: [0, 3, 97] }, false)).toMatchObject({ zero: 3, condition: null });
  });
  it.each(LANGUAGES)("in %s says nothing of shares where g is rounding", (_, words) => {
    const rounding = { ...many(2, 2), components: [3e-15, 4e-15], size: undefined, error: 1e-12 };
    expect(sharesOf(rounding)).toBeNull();
    const scene = spectrum({ ...contextOf({ at: [0, 0], value: 0, gradient: [0, 0], hessian: [1, 0, 2] }), words, spectrum: rounding } as never);
    expect([scene.caption, ...(scene.items[0] as Extract<Item, { kind: "stems" }>).labels].join(" ")).not.toMatch(/\|g\||%/);
    const text = words.spectrum.explain(spectrumNumbers(rounding, false)!);
    expect(text).not.toMatch(/%/);
    expect(text).toMatch(/rounding|舍入/);
    // The same point dragged away has a gradient, and shares.
    expect(sharesOf({ ...rounding, components: [3, 4] })!.map((s) => Math.round(100 * s))).toEqual([36, 64]);
    expect(sharesOf({ ...rounding, components: [0, 0] })).toBeNull();
  });
});

describe("more than two variables", () => {
  it("have the angle of the whole space, whatever plane is drawn", () => {
    const random = generator(71);
    for (let k = 0; k < 200; k += 1) {
      const q = shaped(random, k % 2 ? [1, 1] : [-1, 1]), { eigenvalues, components, signs } = contextOf(q).spectrum;
      expect(angleInSpace(eigenvalues, signs, components)).toBeCloseTo(angleDeg(q), 7);
    }
    expect(angleInSpace([1, 1, 1], [1, 1, 1], [1, 2, 3])).toBeCloseTo(0, 12);
    expect(angleInSpace([1e-12, 1], [1, 1], [1, 1])).toBeCloseTo(45, 6);
    expect(angleInSpace([-1, -2], [-1, -1], [1, 0])).toBeCloseTo(180, 12);
    expect(angleInSpace([1, 2], [1, 1], [0, 0])).toBeNaN();
  });
  it.each(LANGUAGES)("in %s say it first, and whose step is drawn; at the answer they say nothing of it", (_, words) => {
    const q: Quadratic = { at: [1, 2], value: 3, gradient: [2, 4], hessian: [2, 0, 9] };
    const spectrum = { eigenvalues: [1, 2, 9], components: [5, 2, 4], directions: ["a", "b", "c"], signs: [1, 1, 1], total: 3, inertia: [0, 0, 3] as [number, number, number], error: 1e-9 };
    const first = words === en ? /^In all 3 dimensions/ : /^在全部 3 维中/;
    const scene = local({ ...contextOf(q, { section: "slice", spectrum }), words });
    expect(scene.caption).toMatch(first);
    expect(scene.caption).toContain(angleInSpace([1, 2, 9], [1, 1, 1], [5, 2, 4]).toFixed(1));
    expect(scene.items.find((item) => item.kind === "arrow" && item.role === "newton")).toMatchObject({ label: words.views.newtonHere });
    expect(local({ ...contextOf(q, { section: "slice", spectrum: { ...spectrum, error: 1e3 } }), words }).caption).not.toMatch(first);
    expect(local({ ...contextOf(q, { spectrum }), words }).caption).not.toMatch(first);
  });
  it("open on the plane of -g and the Newton step", () => {
    expect(read("three").planes[0].kind).toBe("newton");
  });
});

describe("bounds", () => {
  const feasible: Vec[] = [[-9, -9], [0.5, -9], [0.5, 9], [-9, 9]], window: [number, number, number, number] = [-1, 1, -1, 1];
  const q: Quadratic = { at: [0.5, 0.2], value: 1, gradient: [-3, 1], hessian: [4, 1, 2] };
  it("are hatched exactly up to the bound, and nothing over feasible ground", () => {
    const grid = gridOf((x, y) => (x > 0.5 ? NaN : x * x + y * y), window, 33), svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const size of [{ width: 320, height: 300 }, { width: 900, height: 380 }]) {
      const frame = render(svg, local(contextOf(q, { window, grid, feasible })), size), d = svg.querySelector("[data-role=outside]")!.getAttribute("d")!;
      const corners = [...d.split("Z")[1].matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map((m) => [Number(m[1]), Number(m[2])]);
      expect(corners.length).toBe(4);
      feasible.forEach((p, i) => frame.toPixel(p).forEach((a, k) => expect(Math.abs(corners[i][k] - a)).toBeLessThan(0.01)));
      expect(svg.querySelector("[data-role=not-finite]")).toBeNull();
    }
    // f's own level, followed by the page itself, ends there, too.
    const level: Vec[] = Array.from({ length: 41 }, (_, k) => [k / 20 - 1, 0.1]), drawn = local(contextOf(q, { window, grid, feasible, level })).items;
    const lines = drawn.flatMap((item) => (item.kind === "curve" && item.role === "function-level" ? [item.points] : []));
    expect(lines.length).toBe(1);
    expect(Math.max(...lines.flat().map(([x]) => x))).toBe(0.5);
    // Without the bound the cells beside it would be hatched, a part of them feasible.
    expect(holes(grid).length).toBeGreaterThan(0);
    expect(holes(grid, (p) => !insideConvex(feasible, p))).toEqual([]);
    // Where f itself is not finite between the bounds it still is.
    const broken = gridOf((x, y) => (x > 0.5 || x < -0.8 ? NaN : y), window, 33);
    expect(holes(broken, (p) => !insideConvex(feasible, p)).every(([x0, x1]) => x1 < -0.7 && x0 < x1)).toBe(true);
  });
  it("leave the model along them, as elimination gives it", () => {
    const random = generator(72);
    for (let k = 0; k < 100; k += 1) {
      const bowl = shaped(random, [1, 1], 2), at: Vec = [0.5, between(random, -0.9, 0.9)], gradient: Vec = [-between(random, 0.1, 2), vector(random)[1]];
      const held = reduced({ quad: { ...bowl, at, gradient }, feasible, window })!;
      expect(held).toMatchObject({ axis: 0, corner: false });
      expect(held.step![0]).toBeCloseTo(0, 12);
      expect(held.step![1]).toBeCloseTo(-gradient[1] / bowl.hessian[2], 9);
      expect(reduced({ quad: { ...bowl, at, gradient: [-gradient[0], gradient[1]] }, feasible, window })).toBeNull();
      expect(reduced({ quad: { ...bowl, at: [0.3, 0], gradient }, feasible, window })).toBeNull();
    }
    expect(reduced({ quad: { ...q, at: [0.5, 9], gradient: [-1, -1] }, feasible, window })).toMatchObject({ corner: true, step: null });
    expect(reduced({ quad: { ...q, hessian: [4, 0, -2] }, feasible, window })).toMatchObject({ step: null, corner: false });
    expect(reduced({ quad: q, window })).toBeNull();
  });
  it.each(LANGUAGES)("in %s say what they leave", (_, words) => {
    const scene = local({ ...contextOf(q, { window, feasible }), words });
    expect(scene.caption).toMatch(words === en ? /^x1 sits at its bound/ : /^x1 停在界限上/);
    expect(scene.notes).toContain(words.views.noteBounds);
    expect(scene.items.filter((item) => item.kind === "arrow" && item.role === "newton").map((item) => "label" in item && item.label)).toEqual([words.views.newtonFree, words.views.newtonHeld]);
    expect(local({ ...contextOf(q, { window }), words }).items.some((item) => item.kind === "outside")).toBe(false);
    expect(local({ ...contextOf(q, { window, section: "slice", held: ["k", "m"] }), words }).notes!.join(" ")).toContain(words === en ? "k, m" : "k、m");
  });
});

describe("roles", () => {
  const SIX = ["function-level", "model-level", "minus-gradient", "newton", "trust-region", "path"];
  /** Brettel, Viénot and Mollon's projection for deuteranopia, in linear light. Source: Viénot, Brettel and Mollon (1999), Color Res. Appl. 24. */
  const deutan = (hex: string): number[] => {
    const [r, g, b] = [1, 3, 5].map((k) => (parseInt(hex.slice(k, k + 2), 16) / 255) ** 2.2);
    return [0.29275 * r + 0.70725 * g, 0.29275 * r + 0.70725 * g, -0.02234 * r + 0.02234 * g + b].map((c) => Math.round(255 * Math.max(0, c) ** (1 / 2.2)));
  };
  const drawnAs = (): Map<string, string> => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), window: [number, number, number, number] = [-1, 3, -1, 3];
    const q: Quadratic = { at: [2, 2], value: 5, gradient: [2, 9], hessian: [1, 0, 4] }, grid = gridOf((x, y) => x * x / 2 + 2 * y * y, window);
    const trial = { end: [1, 1] as Vec, accepted: true, radius: 0.5, metric: [1, 0, 1] as [number, number, number], curve: [[2, 2], [1.5, 1.2], [1, 1]] as Vec[] };
    render(svg, local(contextOf(q, { window, grid, trial })), { width: 500, height: 460 });
    return new Map(SIX.map((role) => {
      const node = svg.querySelector(`[data-layer=items] [data-role="${role}"]`)!, arrow = node.tagName === "g";
      return [role, arrow ? `arrow, head ${node.querySelector("path")!.getAttribute("data-head") ?? "filled"}` : `line ${node.getAttribute("stroke-dasharray") ?? "solid"}`];
    }));
  };
  it("differ in line or mark, so that no two need their colors; with deuteranopia some colors are one", () => {
    const looks = drawnAs();
    expect(new Set(looks.values()).size).toBe(SIX.length);
    const seen = SIX.map((role) => deutan((palette as Record<string, { color: string }>)[role].color));
    const distance = (i: number, j: number) => Math.hypot(...seen[i].map((c, k) => c - seen[j][k]));
    // The reason for the law: at least one pair of these colors is hard to tell apart (f's grey and Newton's green are).
    expect(Math.min(...SIX.flatMap((_, i) => SIX.slice(i + 1).map((_, j) => distance(i, i + 1 + j))))).toBeLessThan(40);
    const series = [1, 2, 3, 4, 5, 6].map((k) => JSON.stringify((palette as Record<string, { dash?: number[] }>)[`series-${k}`].dash ?? "solid"));
    expect(new Set(series).size).toBe(6);
  });
  it("can be read on dark ground", () => {
    const light = (hex: string) => { const [r, g, b] = [1, 3, 5].map((k) => (parseInt(hex.slice(k, k + 2), 16) / 255) ** 2.2); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const inks = darkInks("#14191f").split(";").map((one) => /^--ink-([\w-]+):(#[0-9a-f]{6})$/.exec(one)!);
    expect(inks.length).toBe(Object.keys(palette).length);
    for (const [, role, hex] of inks) expect((light(hex) + 0.05) / (light("#14191f") + 0.05), role).toBeGreaterThan(role === "cell-rule" ? 1.2 : ["function", "rejected", "bounds", "spoke", "data-many"].includes(role) ? 2 : 4.4);
  });
});

describe("where H is no bowl", () => {
  it("a picture that does not exist is a sentence, and nothing is drawn for it", () => {
    const saddle: Quadratic = { at: [1, 1], value: 0, gradient: [1, 2], hessian: [1, 0, -2] };
    expect(whitened(contextOf(saddle)).items.every((item) => item.kind === "text")).toBe(true);
    expect(dual(contextOf({ ...saddle, hessian: [0, 0, 0] })).items.every((item) => item.kind === "text")).toBe(true);
  });
});

describe("Chinese words", () => {
  const flat = (a: unknown): string[] => (typeof a === "string" ? [a] : typeof a === "object" && a !== null ? Object.values(a).flatMap(flat) : typeof a === "function" ? [String(a)] : []);
  it("are those of the field", () => {
    const all = flat(zh).join("\n");
    expect(all.match(/斜率|等高|半轴(?!长)|步 s\(τ\)|下方无界|答案|时间线/g)).toBeNull();
    for (const term of ["梯度 g", "半轴长", "步的轨迹 s(τ)", "无下界", "特征值谱", "收敛过程", "迭代过程", "解处", "等值线"]) expect(all.includes(term), term).toBe(true);
    expect(zh.dual.explain).toContain("x 随之移动 H\u207b\u00b9Δg");
  });
  it("hold no English: neither sentences nor labels of pictures", () => {
    const english = flat({ ...zh, terms: {}, language: {} }).concat(flat(viewWordsZh)).flatMap((text) => text.replace(/\$\{[^}]*\}/g, "").match(/[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}/g) ?? []);
    expect(english.filter((words) => !/return|const|=>/.test(words))).toEqual([]);
    expect(Object.keys(viewWordsZh)).toEqual(Object.keys(viewWordsEn));
  });
});

/** A fit's pictures from its record: curve and band as recorded, ellipses against the covariance, words in both languages. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { share } from "../src/app/panels/parameters";
import { fitWordsEn, fitWordsZh } from "../src/app/words/fit";
import type { FitRecord } from "../src/engine/record";
import { framed } from "../src/scene/frame";
import type { Curve, Dots, Ellipse, Scene } from "../src/scene/types";
import { LEVELS, REACH, correlationOf, grownOf, held, pairScene, profileScene } from "../src/views/corner";
import { fitScene, residualScene } from "../src/views/fit";

interface Known {
  record: FitRecord;
  covariance: number[][];
  /** s^2 H^-1 by NumPy and JAX. */
  whole: number[][];
}
const KNOWN = JSON.parse(readFileSync(new URL("fixtures/fit.json", import.meta.url), "utf8")) as Record<string, Known>;
const fits = Object.entries(KNOWN);
const of = <T>(scene: Scene, role: string) => scene.items.filter((item) => item.role === role) as T[];
const changed = (fit: FitRecord, change: Partial<FitRecord>): FitRecord => ({ ...fit, ...change });

describe("data, curve and residuals", () => {
  it.each(fits)("are as recorded: %s", (_, { record }) => {
    const scene = fitScene(record, fitWordsEn.picture)!, { curve, data } = record;
    const [line] = of<Curve>(scene, "fit-curve"), [band] = of<Curve>(scene, "band");
    expect(line.points).toEqual(curve!.x.map((x, k) => [x, curve!.y[k]]));
    const m = curve!.x.length;
    expect(band.points.length).toBe(2 * m);
    for (const k of [0, 7, m - 1]) {
      expect(band.points[k][1] - band.points[2 * m - 1 - k][1]).toBeCloseTo(2 * curve!.half![k]!, 10);
      expect(band.points[k][0]).toBe(curve!.x[k]);
    }
    expect(of<Dots>(scene, "data").at(-1)!.points).toEqual(data.x.map((x, k) => [x, data.y![k]]));
    const lower = residualScene(record, fitWordsEn.picture);
    expect(of<Dots>(lower, "residual")[0].points).toEqual(data.x.map((x, k) => [x, data.residual[k]]));
    expect(lower.window.slice(0, 2)).toEqual(scene.window.slice(0, 2));
    expect(of<Curve>(lower, "band").length).toBe(record.scaled ? 0 : 1);
  });

  it("have their left edges in one line", () => {
    const { record } = KNOWN.misra, scenes = [fitScene(record, fitWordsEn.picture)!, residualScene(record, fitWordsEn.picture)];
    const size = { width: 600, height: 200 }, left = Math.max(...scenes.map((scene) => framed(scene, size).frame.plot.x));
    for (const scene of scenes) expect(framed({ ...scene, left }, size).frame.plot.x).toBe(left);
  });

  it("do not bridge places where the model or its band is not finite", () => {
    const { record } = KNOWN.misra, curve = record.curve!;
    const y = curve.y.map((a, k) => (k > 50 && k < 60 ? null : a)), half = curve.half!.map((a, k) => (k === 100 ? null : a));
    const scene = fitScene(changed(record, { curve: { ...curve, y, half } }), fitWordsEn.picture)!;
    expect(of<Curve>(scene, "fit-curve").length).toBe(2);
    expect(of<Curve>(scene, "band").length).toBe(3);
  });

  it("become a cloud behind the curve where there are many points", () => {
    const { record } = KNOWN.misra, x = Array.from({ length: 500 }, (_, k) => k), one = x.map(() => 1);
    const scene = fitScene(changed(record, { data: { x, y: one, residual: one, number: x, sigma: null } }), fitWordsEn.picture)!;
    const roles = scene.items.map(({ role }) => role);
    expect(roles.indexOf("data-many")).toBeLessThan(roles.indexOf("fit-curve"));
    expect(of<Dots>(scene, "data-many")[0].small).toBe(true);
  });

  it("are residuals alone where nothing else is known", () => {
    const { record } = KNOWN.misra, alone = changed(record, { kind: "index", curve: null, data: { ...record.data, y: null } });
    expect(fitScene(alone, fitWordsEn.picture)).toBeNull();
    expect(residualScene(alone, fitWordsEn.picture).x_label).toBe("number of the residual");
  });
});

describe("pairs of parameters", () => {
  it.each(fits)("are the ellipses of their block of the covariance: %s", (_, { record, covariance }) => {
    const { parameters, corner } = record;
    for (const i of corner)
      for (const j of corner.filter((other) => other < i)) {
        const scene = pairScene(record, i, j, []), ellipses = [...of<Ellipse>(scene, "confidence-inner"), ...of<Ellipse>(scene, "confidence")];
        expect(ellipses.length).toBe(2);
        const [a, b, c] = [covariance[j][j], covariance[i][j], covariance[i][i]], det = a * c - b * b;
        ellipses.forEach(({ semi, angle }, n) => {
          for (let turn = 0; turn < 12; turn++) {
            const [u, v] = [semi[0] * Math.cos(turn / 2), semi[1] * Math.sin(turn / 2)];
            // From standard errors to the parameters' own units.
            const s = (u * Math.cos(angle) - v * Math.sin(angle)) * parameters[j].error!, t = (u * Math.sin(angle) + v * Math.cos(angle)) * parameters[i].error!;
            expect((c * s * s - 2 * b * s * t + a * t * t) / det / LEVELS[n] ** 2).toBeCloseTo(1, 5);
          }
        });
      }
  });

  it("hold less than a single parameter does", () => {
    expect(LEVELS.map((k) => held(KNOWN.peak.record, k))).toEqual([1 - Math.exp(-0.5), 1 - Math.exp(-2)].map((a) => expect.closeTo(a, 12)));
    // Of 12 degrees of freedom: F(2, 12) at 1/2 and 2.
    expect(LEVELS.map((k) => held(KNOWN.misra.record, k))).toEqual([1 - (1 + 1 / 12) ** -6, 1 - (1 + 4 / 12) ** -6].map((a) => expect.closeTo(a, 12)));
  });

  it("have a profile only where one was computed, and its points lie on its curve", () => {
    const { record } = KNOWN.misra;
    expect(profileScene(record, 1)).toBeNull();
    const scene = profileScene(record, 0)!, [dots] = of<Dots>(scene, "profile").filter((item) => item.kind === "dots"), [way] = of<Curve>(scene, "profile");
    for (const [x, y] of dots.points) expect(Math.min(...way.points.map(([a, b]) => Math.hypot(a - x, b - y)))).toBeLessThan(1e-9);
    expect(Math.min(...dots.points.map(([, y]) => y))).toBeCloseTo(0, 6);
    expect(of<Curve>(pairScene(record, 1, 0, []), "profile").length).toBeGreaterThan(0);
  });
});

describe("the full H beside J'J", () => {
  it.each(fits)("is the ellipse of NumPy's inverse of JAX's Hessian, on request alone: %s", (_, { record, whole }) => {
    const { parameters, corner } = record;
    for (const i of corner)
      for (const j of corner.filter((other) => other < i)) {
        expect(of(pairScene(record, i, j, []), "confidence-whole")).toEqual([]);
        const scene = pairScene(record, i, j, [], true), [{ semi, angle }] = of<Ellipse>(scene, "confidence-whole");
        const [a, b, c] = [whole[j][j], whole[i][j], whole[i][i]], det = a * c - b * b;
        for (let turn = 0; turn < 12; turn++) {
          const [u, v] = [semi[0] * Math.cos(turn / 2), semi[1] * Math.sin(turn / 2)];
          const s = (u * Math.cos(angle) - v * Math.sin(angle)) * parameters[j].error!, t = (u * Math.sin(angle) + v * Math.cos(angle)) * parameters[i].error!;
          expect((c * s * s - 2 * b * s * t + a * t * t) / det / LEVELS[1] ** 2).toBeCloseTo(1, 5);
        }
        // J'J's own stay where they were.
        for (const role of ["confidence", "confidence-inner"]) expect(of(scene, role)).toEqual(of(pairScene(record, i, j, []), role));
      }
    corner.forEach((i) => expect(grownOf(record, i)).toBeCloseTo(Math.sqrt(whole[i][i]) / parameters[i].error!, 8));
  });

  it("coincides with it where H is J'J, also of pairs that are all but tied", () => {
    for (const r of [0, 0.3, -0.9, 0.9999999, -1]) {
      const { record } = KNOWN.misra, errors = record.parameters.map(({ error }) => error), correlation = [[1, r], [r, 1]];
      const same = changed(record, { correlation, whole: { why: "", errors, correlation } }), scene = pairScene(same, 1, 0, [], true);
      const [own] = of<Ellipse>(scene, "confidence"), [other] = of<Ellipse>(scene, "confidence-whole"), turned = (e: Ellipse, t: number) => {
        const [u, v] = [e.semi[0] * Math.cos(t), e.semi[1] * Math.sin(t)];
        return [u * Math.cos(e.angle) - v * Math.sin(e.angle), u * Math.sin(e.angle) + v * Math.cos(e.angle)];
      };
      // The long axis is that of 1 + r: for r < 0 the other one.
      const sorted = (e: Ellipse) => [...e.semi].sort((a, b) => b - a);
      sorted(other).forEach((length, k) => expect(length).toBeCloseTo(sorted(own)[k], 7));
      if (Math.abs(r) > 0.1) expect(Math.abs(turned(other, 0)[0] - Math.sign(r) * turned(other, 0)[1])).toBeLessThan(1e-6);
      expect(scene.window).toEqual(pairScene(same, 1, 0, []).window);
    }
  });

  it("gets room where its errors are larger, the same in a row and a column, but not without end", () => {
    const { record } = KNOWN.mgh09, errors = record.corner.map((i, k) => [1, 2, 100, 0.5][k] * record.parameters[i].error!);
    const grown = changed(record, { whole: { why: "", errors, correlation: record.whole!.correlation } });
    expect(pairScene(grown, 1, 0, [], true).window).toEqual([-REACH, REACH, -2 * REACH, 2 * REACH]);
    expect(pairScene(grown, 3, 2, [], true).window).toEqual([-4 * REACH, 4 * REACH, -REACH, REACH]);
    expect(pairScene(grown, 3, 2, []).window).toEqual([-REACH, REACH, -REACH, REACH]);
    const profiled = profileScene(changed(KNOWN.misra.record, { whole: { why: "", errors: KNOWN.misra.record.parameters.map(({ error }) => 2 * error!), correlation: [[1, 0], [0, 1]] } }), 0, true)!;
    for (const [x, y] of of<Curve>(profiled, "confidence-whole")[0].points) expect(y).toBeCloseTo((x / 2) ** 2, 10);
    expect(profiled.window[1]).toBe(2 * REACH);
  });

  it("is not drawn where there is none, or in a file of an older version", () => {
    const { record } = KNOWN.misra;
    for (const whole of [undefined, { why: "indefinite" as const, errors: [], correlation: [] }, { why: "" as const, errors: [null, null], correlation: [[null, null], [null, null]] }]) {
      const scene = pairScene(changed(record, { whole }), 1, 0, [], true);
      expect(scene).toEqual(pairScene(record, 1, 0, []));
      expect(of(profileScene(changed(record, { whole }), 0, true)!, "confidence-whole")).toEqual([]);
    }
  });

  it("is told in both languages: both standard errors of every parameter, whose differ most, and why there is none", () => {
    for (const { corner: { whole: said } } of [fitWordsEn, fitWordsZh]) {
      const text = said.explain({ pairs: [["b1", "2.71", "2.72"], ["b4", "0.09", "0.07"]], name: "b4", most: 0.7838 });
      for (const part of ["b1 2.71", "2.72", "b4 0.09", "0.07", "0.784"]) expect(text).toContain(part);
      expect(said.explain({ pairs: [["a", "1", "1.01"]], name: "a", most: 1.01 })).not.toContain("1.01 ");
      expect(Object.keys(said.none).sort()).toEqual(["indefinite", "rounding", "undetermined", "unknown"]);
    }
    expect(Object.values(fitWordsZh.corner.whole.none).join("")).not.toMatch(/[a-z]{4}/);
  });
});

describe("words about fits", () => {
  it("write a correlation below 1 not as 1", () => {
    expect([0.5, -0.99876, 0.9999988, 1, 0, 0.004, null].map(share)).toEqual(["+0.50", "\u22120.9988", "+0.9999988", "+1", "0", "0.00", "\u2013"]);
    expect(share(correlationOf(KNOWN.misra.record, 1, 0))).toBe("\u22120.9988");
  });

  it("say what is left out, in both languages", () => {
    const { record } = KNOWN.misra;
    const poor = changed(record, {
      undetermined: ["a - b"], omitted: 2, unmeasured: 1, of: 100_000, loss: "huber", noise: { ...record.noise, degrees: 2 },
      parameters: record.parameters.map((p) => ({ ...p, state: "bound-lower", value: 1e-9 })), curve: { ...record.curve!, joined: true },
    });
    for (const words of [fitWordsEn, fitWordsZh]) {
      const all = [...words.left(poor), ...words.facts(poor).map(({ text }) => text), words.explain(poor)].join(" ");
      expect(all).toContain("a \u2212 b");
      for (const number of ["2", "1", "100000", "50"]) expect(all).toContain(number);
      expect(all).not.toMatch(/undefined|NaN|null/);
      expect(words.facts(poor).some(({ grave }) => grave)).toBe(true);
    }
    expect(fitWordsZh.left(poor).join("")).not.toMatch(/[a-z]{4}/);
    expect(fitWordsZh.facts(changed(poor, { loss: "linear" })).map(({ text }) => text).join("")).not.toMatch(/[a-z]{4}/);
  });
});

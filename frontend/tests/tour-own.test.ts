/** What the last screen of the tour says of a formula is true of it. */

import { describe, expect, it } from "vitest";
import { compile } from "../src/formula/compile";
import { FormulaError } from "../src/formula/grammar";
import { own, tell } from "../src/tour/screens/s11-own";
import { words } from "../src/tour/screens/s11-words";

const plain = (text: string): string => text.replace(/\{[a-z-]+:([^}]*)\}/g, "$1");
const told = (formula: string, x: number[], language: "en" | "zh" = "en"): string => plain(tell(compile(formula), x, words[language]));

describe("the readout", () => {
  it("says eigenvalues and the angle, worked out by hand", () => {
    // H = (2 0; 0 8), g = (2, 8) at (1, 1): -g and -(1, 1) are atan(4) - 45 degrees apart.
    expect(told("x^2 + 4*y^2", [1, 1])).toBe("At x, f = 5. The eigenvalues of H go from 2 to 8: a bowl. \u2212g points 31\u00b0 away from the Newton step.");
    expect(Math.atan(4) * (180 / Math.PI) - 45).toBeCloseTo(30.96, 2);
  });
  it("names saddle, dome, valley, ridge and flat by the signs", () => {
    expect(told("x^2 - y^2", [1, 0.5])).toContain("from \u22122 to 2: a saddle.");
    expect(told("-x^2 - 2*y^2", [1, 0.5])).toContain("from \u22124 to \u22122: a dome.");
    expect(told("(x + y)^2", [1, 0.5])).toContain(": a valley.");
    expect(told("-(x + y)^2", [1, 0.5])).toContain("from \u22124 to 0: a ridge.");
    expect(told("-(x + y)^2", [1, 0.5], "zh")).toContain("：脊。");
    expect(told("x + 2*y", [1, 0.5])).toContain(": flat.");
  });
  it("says no direction where there is none: at the answer, and where no step of Newton is", () => {
    expect(told("(x - 1)^2 + (y - 2)^2", [1, 2])).not.toContain("Newton");
    expect(told("x + 2*y", [1, 0.5])).not.toContain("Newton");
  });
  it("is of one variable, of three, and silent where f is not finite", () => {
    expect(told("t^3", [2])).toBe("At x, f = 8, the slope f\u2032 = 12 and the curvature f\u2033 = 12.");
    expect(told("x^2 + 2*y^2 + 3*z^2", [1, 1, 1])).toContain("from 2 to 6: a bowl.");
    expect(told("log(x) + y", [-1, 2])).toBe("");
  });
  it("is said in Chinese", () => {
    expect(told("x^2 + 4*y^2", [1, 1], "zh")).toBe("在 x 处，f = 5；H 的特征值从 2 到 8：碗。\u2212g 与牛顿步的夹角是 31\u00b0。");
  });
});

it("begins with a formula that can be read, where the center is in sight", () => {
  const { text, start } = own.begin() as { text: string; start: number[] };
  expect(() => compile(text)).not.toThrow(FormulaError);
  expect(told(text, start)).toContain(": a bowl.");
  expect(Number(/points ([\d.]+)/.exec(told(text, start))![1])).toBeGreaterThan(20);
});

it("the words say how to get the same from Python, with a command that can be typed", () => {
  for (const { careful } of [words.en, words.zh]) {
    const formula = /raphson lab "([^"]+)"/.exec(careful!)![1];
    expect(compile(formula).names).toEqual(["x", "y"]);
  }
});

/** Formulas against Python's parser and JAX (formulas.json, written by fixtures/formulas.py); and what must never run. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { faultEn, faultZh } from "../src/app/words/formula";
import { Machine } from "../src/engine/jets";
import { compile } from "../src/formula/compile";
import { CONSTANTS, FormulaError } from "../src/formula/grammar";
import { parse } from "../src/formula/parse";
import { ATTACKS } from "./fixtures/attacks";

interface Right { text: string; names: string[]; x: number[]; f: number; g: number[]; H: number[] }
interface Wrong { text: string; column: number; what: string }

const { right, wrong } = JSON.parse(readFileSync(new URL("./fixtures/formulas.json", import.meta.url), "utf8")) as { right: Right[]; wrong: Wrong[] };

function apart(found: ArrayLike<number>, wanted: number[]): number {
  const size = Math.max(...wanted.map(Math.abs), 1e-3);
  return Math.max(...wanted.map((w, i) => Math.abs(found[i] - w) / size));
}

function refused(text: string): FormulaError | null {
  try {
    compile(text);
  } catch (error) {
    if (error instanceof FormulaError) return error;
    throw error;
  }
  return null;
}

describe("right formulas", () => {
  it("there are 500, and they use all that there is", () => {
    expect(right.length).toBe(500);
    const used = new Set(right.flatMap(({ text }) => parse(text).code.map((step) => (step.kind === "apply" ? step.name : step.kind))));
    for (const name of ["gamma", "lgamma", "erf", "erfc", "atan2", "min", "max", "log2", "log10", "whole", "**", "/", "negative"]) expect(used).toContain(name);
  });

  it("f, g and H are JAX's to 1e-12", () => {
    const off: string[] = [];
    for (const { text, names, x, f, g, H } of right) {
      const compiled = compile(text), n = names.length;
      expect(compiled.names, text).toEqual(names);
      const jet = new Machine(compiled.program).jet(x, Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0)), n);
      const error = Math.max(apart([jet.value], [f]), apart(jet.gradient, g), apart(jet.hessian, H));
      if (!(error <= 1e-12)) off.push(`${text} at ${x}: ${error}`);
    }
    expect(off).toEqual([]);
  });

  it("a response, constants, one variable twice", () => {
    expect(compile("y = a*x + a").names).toEqual(["a", "x"]);
    expect(parse("y = a*x").response).toBe("y");
    expect(new Machine(compile("2*pi - e").program).value([])).toBe(2 * Math.PI - Math.E);
    expect(new Machine(compile("-2^2 + 2^3^2 - 2**-1").program).value([])).toBe(-4 + 512 - 0.5);
  });
});

describe("wrong formulas", () => {
  it("there are 40 and more", () => expect(wrong.filter(({ column }) => column >= 0).length).toBeGreaterThanOrEqual(40));

  for (const { text, column, what } of wrong)
    it(JSON.stringify(text.slice(0, 40)), () => {
      const error = refused(text);
      expect(error?.column ?? -1).toBe(column);
      expect(error ? faultEn(error.fault) : "").toBe(what.replace("--help lists the functions", "the functions are listed below"));
      if (error) expect(faultZh(error.fault)).toMatch(/[\u4e00-\u9fff]/);
    });
});

describe("attacks", () => {
  it("there are 50", () => expect(ATTACKS.length).toBeGreaterThanOrEqual(50));

  for (const text of ATTACKS)
    it(JSON.stringify(text.slice(0, 40)), () => {
      const world = globalThis as Record<string, unknown>;
      const before = [Object.keys(world).length, Object.getOwnPropertyNames(Object.prototype).length];
      if (!refused(text)) {
        const { program, names } = compile(text);
        expect(typeof new Machine(program).value(names.map(() => 0.5))).toBe("number");
        expect(program.constants.every((a) => typeof a === "number")).toBe(true);
      }
      expect(world.attacked).toBeUndefined();
      expect([Object.keys(world).length, Object.getOwnPropertyNames(Object.prototype).length]).toEqual(before);
    });

  it("names of objects' own are names", () => {
    expect([...CONSTANTS.keys()]).toEqual(["pi", "e"]);
    expect(compile("constructor + __proto__*toString").names).toEqual(["constructor", "__proto__", "toString"]);
  });
});

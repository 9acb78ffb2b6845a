/** What the views of src/views need of a quadratic alone, where nothing is drawn of f but what a screen draws itself. */

import type { Words } from "../app/words/words";
import { type Quadratic, eigen, signs } from "../maths/quadratic";
import { parts } from "../maths/stretch";
import type { Window } from "../maths/window";
import type { Context } from "../views/context";

export function bareContext(quad: Quadratic, window: Window, page: Words, more: Partial<Context> = {}): Context {
  const spectrum = { eigenvalues: [...eigen(quad).values], components: [...parts(quad, quad.gradient)], directions: ["v₁", "v₂"], signs: [...signs(quad)] };
  return {
    quad, base: quad, frozen: "", stale: false, recorded: true, level: null, grid: null, spectrum, trial: null, axes: ["x₁", "x₂"],
    section: "whole", morph: 0, showFunction: true, window, words: page, ...more,
  };
}

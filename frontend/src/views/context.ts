import type { Quadratic } from "../maths/quadratic";
import type { Eigen } from "../maths/symmetric";
import type { Grid } from "../scene/types";
import type { ViewWords } from "./words";

/** Recorded values of f: how many ("41 × 41"), and by how much f between them may be off, as a share of the range of f there. */
export interface Source { size: string; error: number }

/** What a view of the local quadratic needs to know; made by the app for the selected trial, plane and dragged point. */
export interface Context {
  /** The quadratic of f at x (equal to `base` where nothing was dragged), or what `frozen` says; with `frozen` "hand" that of `hand`, and f's own is `f`. */
  quad: Quadratic;
  /** "model": f cannot be computed here, and `quad` is the recorded quadratic, written down at x; "infinite": f or a derivative is not finite at x; "shadow": f has no shadow at x, or the page cannot compute it; "hand": the reader has changed H. */
  frozen: "" | "model" | "infinite" | "shadow" | "hand";
  /** The recorded grid that `quad` was read from; none: f itself was computed, or recorded there. */
  source?: Source;
  hand?: Eigen;
  f?: Quadratic;
  /** The rise of the contour that stands for the level through x, 0 for none; not given: `quad` itself decides. */
  lift?: number;
  /** Whether the spectrum is still that of the recorded point. */
  stale: boolean;
  /** Whether x is the recorded point. */
  recorded: boolean;
  /** The level of f through x, point by point; null where it is read from the grid. */
  level: [number, number][] | null;
  /** The quadratic at the recorded point. */
  base: Quadratic;
  /** Eigenvalues of the whole H (n of them, at most 60), v_i'g at the dragged point, and the directions in words. */
  spectrum: {
    eigenvalues: number[];
    components: number[];
    directions: string[];
    signs: number[];
    /** n, and how many of all n are negative, zero, positive; where these are not known, what is here is all. */
    total?: number;
    inertia?: [number, number, number] | null;
    /** |g| of the whole gradient, where components are left out; by how much |g| may be off. */
    size?: number;
    error?: number;
    /** Degrees from -g to the Newton step in all n dimensions, where the components do not tell. */
    angle?: number | null;
  };
  /** f around the recorded point in this plane, or null. */
  grid: Grid | null;
  /** The selected trial in this plane: where it ended, whether it was taken, the radius and its metric, the curve s(tau). */
  trial: { end: [number, number]; accepted: boolean; radius: number | null; metric: [number, number, number] | null; curve: [number, number][] | null } | null;
  /** Feasible ground in this plane, the corners of a polygon; none: no bound is in sight. */
  feasible?: [number, number][];
  /** Variables that sit at a bound beyond which f falls, at the recorded point. */
  held?: string[];
  /** Axis labels. */
  axes: [string, string];
  /** Whether the plane is all of the space, a slice of it or a shadow. */
  section: "whole" | "slice" | "shadow";
  /** 0..1: H^(t/2). */
  morph: number;
  /** Draw f's own contours. */
  showFunction: boolean;
  /** The window of the local panel in plane coordinates, fixed while x is dragged. */
  window: [number, number, number, number];
  /** Labels and sentences in the chosen language. */
  words: { views: ViewWords };
}

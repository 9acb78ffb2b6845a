/** The numbers that the explanations put into words. */

import type { Num } from "../../engine/record";

export type Kind = "bowl" | "saddle" | "dome" | "valley" | "flat";

export interface LocalNumbers {
  kind: Kind;
  /** The gradient is zero to rounding. */
  still: boolean;
  /** Degrees from -g to the Newton step. */
  angle: Num;
  /** The largest that angle can be at this condition. */
  worst: Num;
  /** The smaller and the larger curvature. */
  low: number;
  high: number;
  condition: Num;
}

export interface CurveNumbers {
  value: number;
  slope: number;
  curvature: number;
  step: number;
}

export interface SpectrumNumbers {
  low: number;
  high: number;
  lowName: string;
  condition: Num;
  negative: number;
  zero: number;
  /** The gradient is zero to rounding: it has no shares. */
  rounding: boolean;
  /** The largest share of the gradient's energy, and where it lies. */
  share: Num;
  shareName: string;
  shareValue: Num;
  /** A shadow: the spectrum does not follow the dragged point. */
  fixed: boolean;
  /** H was changed by hand: nothing is said of f. */
  hand: boolean;
}

export interface RunNumbers {
  /** Number of the trial, from 1; null: the answer. */
  position: Num;
  value: Num;
  predicted: Num;
  actual: Num;
  ratio: Num;
  accepted: boolean;
  exact: boolean;
  /** The run ended at a minimum that was shown. */
  found: boolean;
}

export interface TimelineNumbers {
  trials: number;
  rejected: number;
  /** Trials that are drawn. */
  shown: number;
  found: boolean;
  first: Num;
  last: Num;
}

export interface RaceNumbers {
  /** How many different minima the methods go to. */
  minima: number;
  /** The plane is all of the space. */
  whole: boolean;
}

export interface BasinNumbers {
  starts: number;
  minima: number;
  /** Ends share colors. */
  repeated: boolean;
  /** Starts that came to no rest. */
  open: number;
  /** Trials that a start was given; the fewest and the most that one at rest took. */
  limit: number;
  fewest: number;
  most: number;
}

export interface WalkNumbers {
  /** What a step could gain lies below the rounding of f. */
  still: boolean;
  /** The radius holds the step back. */
  held: boolean;
  lambda: number;
  radius: number;
  length: number;
  /** H is positive definite; else the smallest damping that makes it so. */
  definite: boolean;
  least: number;
  predicted: Num;
  actual: Num;
  ratio: Num;
  taken: boolean;
}

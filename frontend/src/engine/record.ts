/** What a report's file holds: a run (or one point) recorded by raphson/picture/recording/record.py, and nothing computed from it. */

import type { Program } from "./program";

/** A number of the record: JSON has no NaN and no infinities, they are null. */
export type Num = number | null;

export interface Recording {
  schema: 1;
  kind: "run" | "look" | "race";
  title: string;
  n: number;
  /** Names of the variables (the first 60). */
  names: string[];
  dtype: string;
  verdict: Verdict | null;
  /** The text twin, line by line: ["why", "max|g| = ..."]. English, as in the console. */
  lines: [string, string][];
  trials: Trials | null;
  planes: Plane[];
  /** n = 1 instead of planes: f over the whole run, and where every trial ended. */
  line?: Line & { ends: Num[]; start: number };
  points: Point[];
  /** What was thinned or left out, in words. */
  notes: string[];
  /** `lines` and `notes` in Chinese. */
  zh?: { lines: [string, string][]; notes: string[] };
  /** f itself, for the page to compute; null: `frozen` says why not, in English. */
  program?: Program | null;
  frozen?: string;
  /** Where data were fitted. */
  fit?: FitRecord;
  /** What Python drew of a large run (raphson/picture/recording/drawn.py). */
  drawn?: DrawnPanel[];
  /** Where methods were compared: then there is one plane, or a line, and one point that places f in it. */
  race?: RaceRecord;
}

/** Pictures as SVG in both languages; an image's `href` is `#` and its number in the part without scripts. */
export interface DrawnPanel {
  name: string;
  words: Record<"en" | "zh", { title: string; question: string }>;
  figures: Record<"en" | "zh", string>[];
}

/** Runs of several methods from one start: raphson/picture/recording/race.py. */
export interface RaceRecord {
  /** All that the page says of them: no other page needs these words. */
  words: Record<"en" | "zh", RaceWords>;
  /** What is seen of the plane, or of the curve of one variable; null where there is neither. */
  window: [number, number, number, number] | null;
  /** The axes of every strip: its window, its logarithmic axes, what is added to the numbers of trials, and the longest run. */
  strips: Record<"gap" | "digits", Record<"evaluations" | "trials", { window: [number, number, number, number]; log: string; shift: number; most: number }>>;
  methods: RacerRecord[];
}

/** raphson/picture/recording/race_words.py. Pairs are a title and its question; `failed`: name, verdict, and why. */
export interface RaceWords {
  title: string;
  facts: string;
  headline: string;
  cost: string;
  failed: [string, string, string][];
  verdicts: string[];
  paths: [string, string];
  pace: [string, string];
  methods: [string, string];
  /** Of the methods that run in the page. */
  here: [string, string];
  columns: string[];
  about: string;
  show: string;
  gap: string;
  digits: string;
  over: string;
  evaluations: string;
  trials: string;
  counted: string;
  after: Record<"evaluations" | "trials", string>;
  slider: string;
  hint: string;
  legend: string;
  /** Of the picture of the paths. */
  axes: string[];
  nowhere: string;
}

/** One method: points of its run in columns, the start first (thinned: `trial` says which). */
export interface RacerRecord {
  name: string;
  /** How it is drawn: a role of palette.json, and the path of its mark around 0,0. */
  role: string;
  mark: string;
  /** Its row: trials, f, g, H, time, time of compiling, final f, order; as in the console. */
  cells: string[];
  /** Whether it showed a minimum. */
  found: boolean;
  /** Trials and evaluations of f, g and H made up to here. */
  trial: number[];
  count: number[];
  /** f above the lowest; right digits of x (null: the run goes to no minimum that was shown). */
  gap: Num[];
  digits: number[] | null;
  /** Whether the trial was taken (1) or rejected (0), where it ended, and the point that was returned; of one variable x and f. */
  taken: number[];
  ends: [Num, Num][] | null;
  answer: [Num, Num] | null;
}

/** A fit beside its run: raphson/picture/recording/fit.py. */
export interface FitRecord {
  /** What data.x is: the predictor of the curve, the model's own value (several predictors), or the number of the residual. */
  kind: "curve" | "fitted" | "index";
  /** Names of x and y. */
  names: [string, string];
  /** How many points were fitted, those with gaps left out, those with infinite sigma left out. */
  of: number;
  omitted: number;
  unmeasured: number;
  /** The points that are drawn, x ascending; `number` counts from 0 in the order given. */
  data: { x: Num[]; y: Num[] | null; residual: Num[]; number: number[]; sigma: Num[] | null };
  /** y is the model at x, `half` the half height of the confidence band; `joined`: known at the points alone. */
  curve: { x: number[]; y: Num[]; half: Num[] | null; joined: boolean; log: boolean } | null;
  /** Probability of band and intervals; the band is `factor` standard errors. */
  level: number;
  factor: Num;
  /** Two standard deviations of the residuals as they are drawn; null where that means nothing. */
  spread: Num;
  /** Residuals are divided by sigma. */
  scaled: boolean;
  parameters: FitParameter[];
  /** How many there are (the record holds 60). */
  count: number;
  /** Correlations of these parameters, a whole matrix. */
  cells: number[];
  correlation: Num[][];
  /** The parameters of the corner plot. */
  corner: number[];
  /** Of these by the full H instead of J'J; `why` there is nothing (files of older versions have none). */
  whole?: { why: "" | "unknown" | "undetermined" | "indefinite" | "rounding"; errors: Num[]; correlation: Num[][] };
  profiles: { parameter: number; points: Num[]; rise: Num[]; path: Num[][]; low: Num; high: Num; probability: number }[];
  /** Combinations that the data do not determine: "3 a - b". */
  undetermined: string[];
  loss: string;
  /** s, degrees of freedom, sum of squares; `absolute`: sigmas are what they say. */
  noise: { std: Num; degrees: number; sum: Num; absolute: boolean };
}

export interface FitParameter {
  name: string;
  value: Num;
  /** Standard error; null where there is none. */
  error: Num;
  /** As in the console: value, standard error, error in percent, ends of the interval. */
  words: [string, string, string, string, string];
  state: "known" | "free" | "unknown" | "bound-lower" | "bound-upper" | "bound-any";
}

/** What speaks against a minimum, beyond the verdict (raphson/certificate/verdict.py). */
export type Cause = "" | "level" | "falls" | "steep" | "kink" | "limit" | "endless" | "noise" | "denied" | "away";

export interface Verdict {
  key: "minimum" | "noise" | "kink" | "saddle" | "flat" | "recedes" | "stopped" | "not-finite" | "unbounded";
  success: boolean;
  value: Num;
  /** Certificate: largest gradient entry, relative distance to the minimum and its limit, decrement, noise of f. */
  gradientNorm: Num;
  distance: Num;
  distanceLimit: Num;
  decrement: Num;
  noise: Num;
  smallest: Num;
  largest: Num;
  condition: Num;
  inertia: [number, number, number] | null;
  /** By how much f was found lower along a weak direction; in how many directions it is level; slopes beside a kink. */
  lower: Num;
  level: number;
  slopes: Num[] | null;
  cause?: Cause;
  /** How much of H was seen: every eigenvalue, bounds of them, or products with H alone. */
  proof?: "exact" | "bounded" | "likely";
  /** Variables that sit at a bound beyond which f falls. */
  held?: string[];
  method: string;
  status: string;
}

/** Trials in columns, oldest first, all of the same length (thinned: see `shown`, `of`). */
export interface Trials {
  of: number;
  /** The number of each trial, 0-based, in the whole run. */
  index: number[];
  value: Num[];
  predicted: Num[];
  actual: Num[];
  ratio: Num[];
  tau: Num[];
  gradientNorm: Num[];
  accepted: boolean[];
  /** How many of all trials (not only of those here) were rejected. */
  rejected?: number;
  /** Index into `points` of the recorded point from which (or nearest before which) the trial was made. */
  point: number[];
  /** Whether that point is exactly the one the trial was made from. */
  exact: boolean[];
  tauUnit: "length" | "radius" | "1/lambda" | "1/sigma";
  /** f at the start and max|g| there. */
  startValue: Num;
  startGradientNorm: Num;
  /** The smallest f of the run: gaps are measured from it. */
  best: Num;
}

/** A plane of the space of x. Its coordinates are (u, v); a unit is as long in both. */
export interface Plane {
  id: string;
  kind: "parameters" | "newton" | "extreme" | "path";
  /** Axis labels with units, e.g. "b2 / 1e-6". */
  axes: [string, string];
  /** Words for the chooser, e.g. "x1, x2". */
  label: string;
  /** True where the plane is all there is (n = 2): no slice and no shadow then. */
  whole: boolean;
  /** Share of the path's variance that lies in the plane, 0..1. */
  share: Num;
  /** u0, u1, v0, v1 of the whole run. */
  window: [number, number, number, number];
  /** f in the window, the other coordinates as at the answer. */
  grid: Grid | null;
  /** Where every trial of `trials` ended (x + s), and where the run started. */
  u: Num[];
  v: Num[];
  start: [number, number];
  /** With a program: x = x0 + basis (p - p0), n rows of 2, and p - p0 = project (x - x0), 2 rows of n. */
  basis?: [number, number][];
  project?: [number[], number[]];
  /** Bounds of the two variables as u0, u1, v0, v1 (null: none). */
  bounds: [Num, Num, Num, Num] | null;
  /** What lies between all bounds, as the corners (u, v) of a polygon far larger than the window; none: no bound is in sight. */
  feasible?: [number[], number[]];
}

/** f = unit (base / unit + value) at nu * nv points, v slow, u fast: base64 of little-endian Float32, NaN where f is not finite. */
export interface Grid {
  window: [number, number, number, number];
  nu: number;
  nv: number;
  values: string;
  /** 0 and 1 where they are missing. */
  base?: number;
  unit?: number;
  /** In the same unit. */
  held?: Held;
}

/** f where the page has no program: values at the middles of some cells (column, row), null where f is not finite. */
export interface Held {
  cells: [number, number][];
  values: Num[];
}

/** f of one variable at evenly spaced points. */
export interface Line {
  x: number[];
  f: Num[];
  /** Of cells (column, 0). */
  held?: Held;
}

/** A point of the run that was taken (x0 first, the answer last), with the exact Taylor model there. */
export interface Point {
  /** The trial that led here; -1: the start. */
  trial: number;
  /** The first 12 coordinates; all of them where there is a program. */
  x: Num[];
  value: Num;
  gradientNorm: Num;
  /** Ascending; at most 60: the lowest and the highest. */
  eigenvalues: number[];
  /** (v_i'g)^2 / |g|^2 and v_i'g for each of them. */
  energy: number[];
  components: number[];
  /** The eigenvector in words, "0.89 x1 - 0.45 x2". */
  directions: string[];
  /** Negative, zero, positive of all n; null where n is too large to know. */
  inertia: [number, number, number] | null;
  /** By how much |g| may be off: a gradient below it is rounding. */
  gradientError?: Num;
  /** Degrees from -g to the Newton step in all n dimensions; null where the one or the other is rounding. */
  angle?: Num;
  /** Names of the variables that sit at a bound beyond which f falls: methods leave them out there. */
  held?: string[];
  /** By plane id. */
  views: Record<string, PointView>;
  /** n = 1: f around the point, and its two derivatives there. */
  line?: Line & { at: number; gradient: number; hessian: number };
  /** n = 3: gradient and Hessian (h11, h12, h13, h22, h23, h33) in x / unit, for the ellipsoid. */
  cube?: { gradient: [number, number, number]; hessian: [number, number, number, number, number, number] };
}

export interface PointView {
  /** The point in the plane. */
  at: [number, number];
  /** Others held fixed. */
  slice: Quad;
  /** Others minimized again (a sub-block of H^-1); null where H is no bowl, or n is too large. */
  shadow: Quad | null;
  /** What the local picture is meant to show; the grid reaches a little farther. */
  window?: [number, number, number, number];
  /** As `Plane.feasible`, for this point: the others are fixed here. */
  feasible?: [number[], number[]];
  /** f around the point (others fixed), for its level through x. */
  grid: Grid | null;
  /** v_i'E (k rows of 2): how the components above change when x moves in the plane: c += lambda * (v_i'E) du. */
  turn: [number, number][];
  /** The curve s(tau) that the method tried from here, as points of the plane; null where it is not known. */
  curve: [number[], number[]] | null;
  /** M (m11, m12, m22) with the trust region {s'Ms <= tau^2} in the plane; null where the method has none. */
  metric: [number, number, number] | null;
}

/** value, gradient (2), Hessian (h11, h12, h22) in the plane's coordinates, at `at`. */
export interface Quad {
  value: number;
  gradient: [number, number];
  hessian: [number, number, number];
  /** Relative rounding of the Hessian (default: that of double precision). */
  noise?: number;
}

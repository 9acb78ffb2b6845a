/** What the page asks of the numbers behind it. A report answers from its record; a studio could answer over HTTP. */

import type { Quadratic, Vec } from "../maths/quadratic";
import type { Grid } from "../scene/types";
import type { Context } from "../views/context";
import type { Live, OnLine } from "./live";
import type { Plane, Point, Recording } from "./record";

export type Section = "whole" | "slice" | "shadow";
export type Window = [number, number, number, number];
export type Spectrum = Context["spectrum"];

/** The local quadratic of one point in one plane, with everything that is known around it. */
export interface Local {
  /** The quadratic at the recorded point, in the plane. */
  base: Quadratic;
  /** What the plane is made of (record.ts). */
  kind: Plane["kind"];
  section: Section;
  /** Whether the point has a shadow in this plane. */
  shadow: boolean;
  axes: [string, string];
  window: Window;
  grid: Grid | null;
  /** Between the bounds, and which variables sit at theirs. */
  feasible?: Context["feasible"];
  held?: Context["held"];
  trial: Context["trial"];
  spectrum: Spectrum;
  /** v_i'E: components of the gradient change by lambda_i (turn_i . du); null where they are not known to. */
  turn: Vec[] | null;
  /** f itself in this plane; null where the page cannot compute it. */
  live: Live | null;
}

/** The trials of a run are numbered from 1 in the order of the record; the position after the last is the answer. */
export interface Engine {
  readonly recording: Recording;
  /** The answer's position: trials + 1. 1 where there are no trials. */
  readonly answer: number;
  /** The point from which the trial at a position was made (the answer's own point at the end). */
  point(position: number): Point | null;
  plane(id: string): Plane | null;
  /** The local quadratic at a position; null where none was recorded. */
  local(position: number, plane: string, section: Section): Local | null;
  /** Eigenvalues at a position, also where no plane was recorded. */
  spectrum(position: number): Spectrum | null;
  /** f of one variable; null where it has more, or the page does not know it. */
  readonly onLine: OnLine | null;
  /** f over the window of a plane. */
  grid(plane: string): Grid | null;
}

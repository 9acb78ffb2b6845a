/** What methods work with: a function with its derivatives, models of it, trials. The room has no DOM. */

export type Vector = readonly number[];
/** Square, row after row. */
export type Matrix = readonly number[];

/** f, g and H at a point. */
export interface Jet { value: number; gradient: Float64Array | readonly number[]; hessian: Float64Array | Matrix }
export type Objective = (x: readonly number[]) => Jet;

export type MethodName = "gradient-descent" | "newton" | "damped-newton" | "trust-exact" | "damped" | "bfgs";

/** The names of status.py. RUNNING: the next trial may be made. */
export type Status = "RUNNING" | "CONVERGED" | "NOISE" | "STALLED" | "STEPS" | "NOT_FINITE" | "UNBOUNDED";

/** The curvature B of a model, in the words of operators/base.py. */
export interface Curvature {
  /** Whether no eigenvalue is negative, by construction. */
  semidefinite: boolean;
  /** B where it lies ready as a matrix; null: it says nothing of rounding or of negative curvature. */
  matrix: Matrix | null;
  /** B v. */
  times(v: Vector): number[];
  /** s'B s. */
  quadratic(s: Vector): number;
  /** -B^-1 g, or a descent direction near to it where B is not positive definite. */
  newton(model: Model): number[];
}

/** m(s) = f + g's + 1/2 s'B s; lengths are ||scale * s||. */
export interface Model { x: Vector; value: number; gradient: Vector; scale: Vector; curvature: Curvature }

/** A step; `bound`: tau holds it back from the model's own minimum. */
export interface Proposal { s: number[]; bound: boolean }
/** s(tau) at a model, with all that does not depend on tau done once. */
export type Steps = (tau: number) => Proposal;
export type Path = (model: Model) => Steps;

/** One trial, as kernel/trace.py has it: `predicted` and `actual` are decreases, `slope` and `endSlope` g's at both ends. */
export interface Trial {
  /** Where it was made from. */
  x: Vector;
  /** Where it led; the run goes on there if it was accepted. */
  end: Vector;
  /** f at `end`. */
  value: number;
  tau: number;
  step: number[];
  predicted: number;
  actual: number;
  ratio: number;
  slope: number;
  endSlope: number;
  noise: number;
  length: number;
  bound: boolean;
  accepted: boolean;
}

/** What steers tau, with what it remembers in a state of its own. */
export interface Control<S extends { tau: number } = { tau: number }> {
  start(model: Model): S;
  judge(state: S, trial: Trial): { accepted: boolean; state: S };
}

/** What a curvature remembers from point to point is its own business. */
export interface Learner<M = unknown> {
  start(objective: Objective, x: Vector): M;
  /** `s`: the step that led to x; `memory`: of the point before it. */
  model(x: Vector, jet: Jet, s: Vector, memory: M): { model: Model; memory: M };
}

export interface Recipe { learner: Learner<any>; path: Path; control: Control<any>; unit: "length" | "radius" | "1/lambda"; most: number }

/** The step: try, evaluate, judge, accept. The same for every method (solver/step.py, presets.py, drive.py). */

import { armijo, full, nielsen, quality, radius } from "./controls";
import { bfgs, exact, identity } from "./curvature";
import { dot, finite, lengthOf, plus } from "./dense";
import { EPS, EPS_2, ROOT_EPS, valueNoise } from "../maths/number";
import { damped, ray, trust } from "./paths";
import { tilted } from "./saddle";
import { arrival, begunStop, negligible, promiseOf, wholeOf } from "./stop";
import type { StopState } from "./stop";
import type { Jet, MethodName, Model, Objective, Recipe, Status, Trial, Vector, Steps } from "./types";
import { wolfe } from "./wolfe";

/** The presets of raphson, with the trials that they may make. */
export const METHODS: Record<MethodName, Recipe> = {
  "gradient-descent": { learner: identity, path: ray, control: armijo(false), unit: "length", most: 100_000 },
  newton: { learner: exact, path: ray, control: full, unit: "length", most: 1000 },
  "damped-newton": { learner: exact, path: ray, control: armijo(true), unit: "length", most: 1000 },
  "trust-exact": { learner: exact, path: trust, control: radius, unit: "radius", most: 10_000 },
  damped: { learner: exact, path: damped, control: nielsen, unit: "1/lambda", most: 1000 },
  bfgs: { learner: bfgs, path: ray, control: wolfe, unit: "length", most: 3000 },
};

export interface Options {
  /** Trials at most; the method's own limit where none is given. */
  trials?: number;
}

/** Exactly what the next step needs. `k` counts trials. */
export interface State {
  model: Model;
  memory: unknown;
  steps: Steps;
  control: { tau: number };
  stop: StopState;
  k: number;
  status: Status;
}

/** The state at a start: f, g and H there are known, and the first step is planned. */
export function begin(method: MethodName, objective: Objective, x0: Vector, options: Options = {}): State {
  const { learner, path, control, most } = METHODS[method], x = [...x0], s = x.map(() => 0);
  const { model, memory } = learner.model(x, objective(x), s, learner.start(objective, x));
  const look = { step: s, predicted: 0, slope: 0, length: 0, bound: false } as unknown as Trial;
  const stop = arrival(model, begunStop(x.length), look), begun = control.start(model);
  const status = stop.status === "RUNNING" && (options.trials ?? most) <= 0 ? "STEPS" : stop.status;
  const state: State = { model, memory, steps: path(model), control: begun, stop, k: 0, status };
  return left(method, state, options.trials ?? most);
}

/** One trial, and the state after it. */
export function step(method: MethodName, objective: Objective, state: State, options: Options = {}): { state: State; trial: Trial } {
  const { learner, path, control, most } = METHODS[method], { model } = state;
  const { s, bound } = state.steps(state.control.tau), end = plus(model.x, s), jet = objective(end);
  const trial = appraised(model, state.control.tau, s, end, bound, jet);
  const judged = control.judge(state.control, trial);
  const limit = options.trials ?? most, reached = judged.accepted ? learner.model(end, jet, s, state.memory) : null;
  // Written out: a basin map makes a million states, and spread objects are slow.
  const next: State = { model, memory: state.memory, steps: state.steps, control: judged.state, stop: state.stop, k: state.k + 1, status: "RUNNING" };
  if (reached && usable(jet, reached.model)) {
    trial.accepted = true;
    next.model = reached.model;
    next.memory = reached.memory;
    next.stop = arrival(reached.model, state.stop, trial);
    next.steps = path(reached.model);
  } else if (reached) next.control = { ...state.control, tau: 0.25 * state.control.tau };
  next.status = concluded(state, next, trial, limit);
  return { state: trial.accepted ? left(method, next, limit) : next, trial };
}

/** All trials of a run, up to its end. */
export function run(method: MethodName, objective: Objective, x0: Vector, options: Options = {}): Trial[] {
  const trials: Trial[] = [];
  let state = begin(method, objective, x0, options);
  while (state.status === "RUNNING") {
    const made = step(method, objective, state, options);
    trials.push(made.trial);
    state = made.state;
  }
  return trials;
}

/** What came of a proposal, not yet judged. */
function appraised(model: Model, tau: number, s: number[], end: number[], bound: boolean, jet: Jet): Trial {
  const slope = dot(model.gradient, s), predicted = -(slope + 0.5 * model.curvature.quadratic(s)), noise = valueNoise(model.value);
  const { actual, ratio } = quality(model.value, jet.value, predicted, noise);
  return {
    x: model.x, end, value: jet.value, tau, step: s, predicted, actual, ratio, slope,
    endSlope: dot(jet.gradient as Vector, s), noise, length: lengthOf(s, model.scale), bound, accepted: false,
  };
}

/** Whether the derivatives at a point can be used (where f is -inf they need not be: the run ends there). */
function usable(jet: Jet, { gradient, curvature }: Model): boolean {
  return (finite(gradient) && (!curvature.matrix || finite(curvature.matrix))) || jet.value === -Infinity;
}

/** The status after a trial. */
function concluded(before: State, after: State, trial: Trial, limit: number): Status {
  const { model, stop } = before;
  if (trial.accepted && after.stop.status !== "RUNNING") return after.stop.status;
  // The same trial again: in the noise of f a bracket closes on a point whose slope, rounding too, forbids it.
  const again = after.control.tau === before.control.tau;
  if (!trial.accepted && (!trial.bound || again)) {
    // A full step that promises less than the noise of f and makes f worse: there is nothing left to see.
    const short = trial.length <= ROOT_EPS * wholeOf(model);
    if (promiseOf(trial) <= (short ? Math.max(trial.noise, EPS_2 * stop.reference) : trial.noise)) return "NOISE";
  }
  if (negligible(trial.step, model.x, EPS) || trial.length === 0) return "STALLED";
  return after.k >= limit ? "STEPS" : "RUNNING";
}

/** The state to go on from where a run rests on a saddle; elsewhere the state itself. */
function left(method: MethodName, state: State, limit: number): State {
  if (state.stop.status !== "CONVERGED" && state.stop.status !== "NOISE") return state;
  const model = tilted(state.model);
  if (!model) return state;
  const { path, control } = METHODS[method];
  // The control begins anew: a radius of rounding, from a start on the saddle, would take 50 trials to grow.
  const stop: StopState = { ...state.stop, status: "RUNNING", stagnated: 0 };
  return { ...state, steps: path(model), control: control.start(model), stop, status: state.k >= limit ? "STEPS" : "RUNNING" };
}

/** Gradient descent with a step of one length: x - alpha g, whatever f does there. None of raphson's methods: it may diverge. */

import { dot, finite, multiple, norm, plus } from "./dense";
import { EPS, valueNoise } from "../maths/number";
import { LAPS, measured, type Runner } from "./race";
import { negligible } from "./stop";
import type { Objective, Status, Trial, Vector } from "./types";

/** So much higher than the start, f is called unbounded: from there every step leads farther away. */
const HIGHER = 1e8;

export function fixedStep(objective: Objective, x0: Vector, alpha: number, laps = LAPS): Runner {
  const trials: Trial[] = [], points: Vector[] = [x0], first = objective(x0), values = [first.value];
  let jet = first, status: Status = "RUNNING";
  while (status === "RUNNING") {
    const x = points[points.length - 1], g = Array.from(jet.gradient), step = multiple(-alpha, g), end = plus(x, step), value = jet.value, next = objective(end), size = dot(g, g);
    trials.push({
      x, end, value: next.value, tau: alpha, step, predicted: 0.5 * alpha * size, actual: value - next.value, ratio: (value - next.value) / (0.5 * alpha * size), slope: -alpha * size,
      endSlope: dot(Array.from(next.gradient), step), noise: valueNoise(value), length: norm(step), bound: false, accepted: true,
    });
    points.push(end);
    values.push(next.value);
    jet = next;
    if (!Number.isFinite(next.value) || !finite(next.gradient)) status = "NOT_FINITE";
    else if (next.value > HIGHER * (Math.abs(first.value) + 1)) status = "UNBOUNDED";
    else if (negligible(step, end, EPS)) status = "STALLED";
    else if (trials.length >= laps) status = "STEPS";
  }
  const run = { method: "fixed-step" as const, trials, status, points, values };
  // Higher than it began it is on its way to nowhere: digits of a minimum far behind it would mean nothing.
  return values[values.length - 1] > values[0] ? { ...run, answer: null, digits: null, decades: null } : measured(objective, run);
}

/** The units of variables for methods that learn from gradients: read once, at the start (model/units.py). */

import { divided, norm, plain } from "./dense";
import { EPS } from "../maths/number";
import { filled, naturalScale } from "./scale";
import type { Objective, Vector } from "./types";

/** Units are told apart by factors of 2^10, as kilo, milli and micro are. */
const PREFIX = 10;

/** Units of length, powers of two, and the least curvature that is to be expected in them. */
export interface Units { scale: number[]; least: number }

/** Half to even, as NumPy rounds. */
function rounded(a: number): number {
  const low = Math.floor(a), rest = a - low;
  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;
}

/**
 * The largest is sqrt|H_ii| of the stiffest variable, the others are 2^(10 k) times it; a smaller one is believed where
 * gradients confirm it.
 */
export function unitsAt(objective: Objective, x: Vector): Units {
  const n = x.length, jet = objective(x), H = plain(jet.hessian), g = plain(jet.gradient);
  const scale = naturalScale(H, n), own = filled(scale);
  const power = own.map(Math.log2), top = Math.log2(Math.max(...scale));
  if (!Number.isFinite(top)) return { scale: x.map(() => 1), least: 0 };
  const steps = power.every(Number.isFinite) ? power.map((a) => rounded((a - top) / PREFIX)) : power.map(() => 0);
  const fine = steps.some((k) => k < 0) ? confirmed(objective, x, g, H, own) : [];
  return { scale: steps.map((k, i) => 2 ** (rounded(top) + (fine[i] ? PREFIX * k : 0))), least: 2 ** -PREFIX };
}

/** Whether the gradient changes with a variable alone as its column of H says, at eps^(1/3) of the full step, and half. */
function confirmed(objective: Objective, x: Vector, g: Vector, H: Vector, d: Vector): boolean[] {
  const n = x.length, step = EPS ** (1 / 3) * norm(divided(g, d));
  return x.map((_, i) => {
    const t = step / d[i];
    const miss = (far: number): number => {
      const there = objective(x.map((a, j) => (j === i ? a + far : a))).gradient;
      let worst = 0;
      for (let j = 0; j < n; j += 1) worst = Math.max(worst, Math.abs((there[j] - g[j]) / (far !== 0 ? far : 1) - H[i * n + j]) / d[j]);
      return worst;
    };
    let size = 0;
    for (let j = 0; j < n; j += 1) size = Math.max(size, Math.abs(H[i * n + j]) / d[j]);
    return t !== 0 && Math.max(miss(t), miss(t / 2)) <= 0.5 * size;
  });
}

/** Leaving saddles: a run that came to rest where f curves downwards goes on, whatever the method (solver/saddle.py). */

import { cholesky, divided, dot, lowestVector, noiseShift, norm, scaled } from "./dense";
import type { Model } from "./types";

/**
 * The model to go on with from a saddle; null where there is none. Its gradient points up a direction of negative
 * curvature, by as much as makes the step along it a tenth of x. More and Sorensen (1979).
 */
export function tilted(model: Model): Model | null {
  const { curvature, scale: d, gradient, x } = model, n = d.length;
  if (curvature.semidefinite || !curvature.matrix) return null;
  const H = scaled(curvature.matrix, d);
  if (cholesky(H, n, noiseShift(H, n))) return null;
  const v = lowestVector(H, n), down = dot(v, divided(gradient, d)) > 0 ? v.map((a) => -a) : v;
  const reach = 0.1 * norm(x.map((a, i) => d[i] * Math.abs(a)));
  const pull = Math.abs(curvature.quadratic(divided(v, d))) * (reach > 0 ? reach : 1);
  return { ...model, gradient: gradient.map((a, i) => a - d[i] * pull * down[i]) };
}

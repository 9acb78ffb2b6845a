/** What the views are told where the reader has changed H: a quadratic of the reader's own, with nothing of f beside it. */

import { direction } from "../engine/live";
import type { Local, Spectrum } from "../engine/engine";
import { type Quadratic, eigen, kind as kindOf, signs } from "../maths/quadratic";
import type { Eigen } from "../maths/symmetric";
import { withEigen } from "../maths/tips";
import { dot } from "../maths/vector";
import { raised } from "../views/anatomy";
import type { Context } from "../views/context";

/** The context of f with another H in the plane: not with f's own again. A shadow stays, because its H belongs to all variables. */
export function changed(f: Context, hand: Eigen, kind: Local["kind"]): Context {
  if (f.section === "shadow" || String(hand.values) === String(eigen(f.quad).values)) return f;
  const still = raised(f), quad = withEigen(f.quad, hand, still !== 0), lift = Math.abs(still) * (kindOf(quad) === "dome" ? -1 : 1);
  const spectrum = { ...spectrumIn(quad, kind === "parameters" ? f.axes : ["→", "↑"]), error: f.spectrum.error };
  return { ...f, quad, hand, f: f.quad, lift, frozen: "hand", stale: false, level: null, trial: null, spectrum };
}

/** Of the quadratic in its plane alone. */
export function spectrumIn(q: Quadratic, names: string[]): Spectrum {
  const { values, axes } = eigen(q);
  return { eigenvalues: [...values], components: axes.map((axis) => dot(axis, q.gradient)), directions: axes.map((axis) => direction(axis, names)), signs: [...signs(q)] };
}

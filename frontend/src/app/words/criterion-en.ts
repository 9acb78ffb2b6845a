/** What a verdict rests on, in English: only what the certificate's own numbers say. */

import type { Cause, Num, Verdict } from "../../engine/record";
import { short } from "../../scene/number";

const directions = (count: number): string => (count === 1 ? "one direction" : `${count} directions`);
const known = (a: Num): a is number => a !== null && Number.isFinite(a);

export function criterionEn(v: Verdict): string {
  const held = v.held?.length ? ` Held by ${v.held.length === 1 ? "its bound" : "their bounds"}: ${v.held.join(", ")}.` : "";
  return reason(v) + held;
}

function reason(v: Verdict): string {
  const g = `max|g| = ${short(v.gradientNorm, 2)}`;
  switch (v.key) {
    case "minimum": return minimum(v, g);
    case "noise": return noise(v);
    case "kink": return kink(v) || `${g}.`;
    case "saddle": return `${g}, and ${downwards(v)}: f can still be made smaller.`;
    case "recedes": return `${g}; ${v.cause === "endless" && v.lower ? `f is lower by ${short(v.lower, 2)} some way along a direction, and still falling` : "x can go on for ever while f comes nearer to an infimum"}: no minimum that way.`;
    case "flat": return `${g}; no curvature in any direction: near x, f does not change.`;
    case "stopped": return stopped(v, g);
    case "not-finite": return "f or a derivative is not finite at the point reached.";
    case "unbounded": return known(v.value) ? `f = ${short(v.value)}, and still falling.` : "f falls beyond all numbers.";
  }
}

function minimum(v: Verdict, g: string): string {
  const zero = v.inertia?.[1] ?? 0, limit = `(limit ${short(v.distanceLimit, 1)})`;
  const within = v.distance === 0 ? "x is the minimum to rounding" : known(v.distance) ? `x is within ${short(v.distance, 1)} of the minimum, relative ${limit}` : "";
  if (v.inertia && v.inertia[2] === 0 && zero === 0) return "bounds hold every variable, and f rises from each of them.";
  const curved = zero || !known(v.smallest) || v.smallest <= 0 ? "no negative curvature, and f is nowhere lower where it was looked at" : `smallest curvature ${short(v.smallest)} > 0`;
  const seen = v.proof === "likely" ? `${curved}, as far as products with H show` : curved;
  const level = v.level ? `f is level in ${directions(v.level)}, where x is not determined` : "";
  return `${[g, level, within, seen].filter(Boolean).join("; ")}.`;
}

function noise(v: Verdict): string {
  const level = v.level ? ` f is level in ${directions(v.level)}, where x is not determined.` : "";
  return `the decrease left, ${short(v.decrement, 1)}, lies below the noise of f, ${short(v.noise, 1)}.${level}`;
}

const kink = (v: Verdict): string => (v.slopes ? `f has a kink: slope ${short(v.slopes[0] ?? null, 2)} on one side, ${short(v.slopes[1] ?? null, 2)} on the other.` : "");

function downwards({ inertia, smallest }: Verdict): string {
  const size = known(smallest) && smallest < 0 ? ` (${short(smallest)})` : "";
  return `the curvature is negative${size}${inertia?.[0] ? ` in ${directions(inertia[0])}` : ""}`;
}

const CAUSES: Partial<Record<Cause, (v: Verdict) => string>> = {
  endless: () => "f goes on falling as far as it was looked at",
  steep: () => "slope and curvature change faster than x here: a root, a logarithm or a kink near x",
  noise: (v) => `values of f scatter by more than what is left to gain (noise of f: ${short(v.noise, 1)})`,
  denied: () => "f does not rise as H says: near x, H is not that of f",
  level: () => "near x, f does not change",
};

function stopped(v: Verdict, g: string): string {
  const cause = v.cause ? CAUSES[v.cause] : undefined;
  if (v.lower) return `${g}; f was found lower by ${short(v.lower, 2)} some way along a direction.`;
  if (v.slopes) return `${kink(v).slice(0, -1)}; derivatives do not show whether it falls in other directions.`;
  if (v.inertia?.[0]) return `${g}; ${downwards(v)}: f can still be made smaller.`;
  if (cause) return `${g}; ${cause(v)}.`;
  if (!known(v.distance)) return `${g}; what is known of f does not show how far a minimum is.`;
  const promise = known(v.decrement) ? ` and promises ${short(v.decrement, 1)}` : "";
  if (known(v.distanceLimit) && v.distance <= v.distanceLimit) return `${g}; the Newton step changes x by ${short(v.distance, 1)} only, relative,${promise} (noise of f: ${short(v.noise, 1)}).`;
  return `${g}; the Newton step would still change x by ${short(v.distance, 1)}, relative (limit ${short(v.distanceLimit, 1)})${promise && `,${promise}`}.`;
}

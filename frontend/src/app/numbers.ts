/** The numbers in the explanations, from what is shown. */

import type { Engine, Spectrum } from "../engine/engine";
import type { Recording } from "../engine/record";
import { angleDeg, condition, eigen, kind, largestAngle, newton } from "../maths/quadratic";
import type { Context } from "../views/context";
import { inertiaOf, isRounding, sharesOf } from "../views/spectrum";
import type { LocalNumbers, RunNumbers, SpectrumNumbers, TimelineNumbers } from "./words/numbers";

/** A step shorter than this share of the window cannot be seen. */
const INVISIBLE = 1e-3;

/** Whether a run ended at a minimum that was shown (of a single point nothing was asked). */
export const found = ({ verdict }: Recording): boolean => verdict?.success ?? true;

export function localNumbers({ quad, window }: Context): LocalNumbers {
  const [low, high] = eigen(quad).values;
  const step = Math.hypot(...newton(quad));
  const size = Math.max(window[1] - window[0], window[3] - window[2]);
  return {
    kind: kind(quad), still: step < INVISIBLE * size, angle: finite(angleDeg(quad)), worst: finite(largestAngle(quad)),
    low, high, condition: finite(condition(quad)),
  };
}

/** `hand`: H is the reader's, not f's. */
export function spectrumNumbers(spectrum: Spectrum, fixed: boolean, hand = false): SpectrumNumbers | null {
  const { eigenvalues, components, directions } = spectrum;
  if (eigenvalues.length === 0) return null;
  const sizes = eigenvalues.map(Math.abs), shares = sharesOf(spectrum);
  const most = shares ? shares.indexOf(Math.max(...shares)) : -1;
  const weakest = sizes.indexOf(Math.min(...sizes));
  const [negative, zero] = inertiaOf(spectrum);
  return {
    low: eigenvalues[0], high: eigenvalues[eigenvalues.length - 1], lowName: directions[negative ? 0 : weakest] ?? "",
    condition: zero ? null : Math.max(...sizes) / sizes[weakest],
    negative, zero, rounding: isRounding(spectrum) && components.some((c) => c !== 0),
    share: shares && shares[most], shareName: directions[most] ?? "", shareValue: eigenvalues[most] ?? null,
    fixed, hand,
  };
}

export function runNumbers(engine: Engine, position: number): RunNumbers {
  const trials = engine.recording.trials;
  const k = position - 1;
  if (!trials || position >= engine.answer)
    return { position: null, value: engine.recording.verdict?.value ?? engine.point(position)?.value ?? null, predicted: null, actual: null, ratio: null, accepted: true, exact: true, found: found(engine.recording) };
  return {
    position: trials.index[k] + 1, value: trials.value[k], predicted: trials.predicted[k], actual: trials.actual[k],
    ratio: trials.ratio[k], accepted: trials.accepted[k], exact: trials.exact[k],
    found: found(engine.recording),
  };
}

export function timelineNumbers(engine: Engine): TimelineNumbers | null {
  const trials = engine.recording.trials;
  if (!trials || trials.index.length === 0) return null;
  const { startValue } = trials;
  const taken = trials.value.filter((_, k) => trials.accepted[k]);
  const last = taken[taken.length - 1] ?? startValue;
  const rejected = trials.rejected ?? trials.accepted.filter((a) => !a).length;
  return { trials: trials.of, rejected, shown: trials.index.length, found: found(engine.recording), first: startValue, last };
}

function finite(a: number): number | null {
  return Number.isFinite(a) ? a : null;
}

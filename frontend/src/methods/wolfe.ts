/** The strong Wolfe conditions by a flat bracket: one trial a step, with its gradient (controls/wolfe.py). */

import { clip } from "../maths/number";
import type { Control, Trial } from "./types";

/** Trials after which any decrease is taken: by then the bracket is a billionth of its start. */
const PATIENCE = 30;
const C1 = 1e-4, C2 = 0.9;

/** The next tau, the bracket's ends, and f and slope (per unit of tau, relative to x) at its better end. */
export interface Bracket { tau: number; low: number; f: number; slope: number; high: number; k: number }

const fresh = (): Bracket => ({ tau: 1, low: 0, f: 0, slope: 0, high: Infinity, k: 0 });

/** Nocedal and Wright (2006), algorithms 3.5 and 3.6, as one state that one trial moves on; Hager and Zhang (2005). */
export const wolfe: Control<Bracket> = {
  start: fresh,
  judge(state, trial) {
    const first = trial.slope / trial.tau, here = trial.endSlope / trial.tau, change = -trial.actual;
    const blind = Math.abs(change) <= trial.noise, flat = Math.abs(here) <= C2 * Math.abs(first);
    const gentle = blind && here <= (2 * C1 - 1) * first && here >= C2 * first;
    const high = !(change <= C1 * trial.slope) || (change >= state.f && state.low > 0), bad = high && !blind;
    const tired = state.k >= PATIENCE && trial.actual > 0;
    if ((!bad && flat) || gentle || tired) return { accepted: true, state: fresh() };
    return { accepted: false, state: moved(state, trial, { first, here, change, bad }) };
  },
};

/** What a trial says of the line: f's change there, its slopes at both ends, whether it is no better end. */
interface Seen { first: number; here: number; change: number; bad: boolean }

/** The part of the line that holds a minimum lies between the better end and the new `high`. */
function moved(state: Bracket, { tau: at }: Trial, { first, here, change, bad }: Seen): Bracket {
  const lowSlope = state.low > 0 ? state.slope : first;
  const outward = state.high === Infinity || state.high > state.low;
  const turned = !bad && (outward ? here >= 0 : here <= 0);
  const high = bad ? at : turned ? state.low : state.high, low = bad ? state.low : at;
  const [f, slope] = bad ? [state.f, lowSlope] : [change, here], [fFar, dFar] = bad ? [change, here] : [state.f, lowSlope];
  // Next trial: the minimum of the cubic through both ends where it lies well inside, else the middle.
  const inner = cubicMinimum(low, f, slope, bad ? at : state.low, fFar, dFar);
  const mid = 0.5 * (low + high), width = Math.abs(high - low);
  const inside = Number.isFinite(inner) && Math.abs(inner - mid) <= 0.4 * width && (bad || turned);
  const out = clip(Number.isFinite(inner) ? inner : 0, 1.5 * at, 4 * at);
  return { tau: high === Infinity ? out : inside ? inner : mid, low, f, slope, high, k: state.k + 1 };
}

/** The minimizer of the cubic with given values and slopes at a and b; NaN where it has none. Equation 3.59. */
function cubicMinimum(a: number, fa: number, da: number, b: number, fb: number, db: number): number {
  const one = da + db - (3 * (fa - fb)) / (a === b ? 1 : a - b);
  // In units of the largest slope (a power of two): squares of slopes leave the range before f does.
  const top = Math.max(Math.abs(one), Math.abs(da), Math.abs(db));
  const unit = top > 0 && top < Infinity ? 2 ** (Math.floor(Math.log2(top)) + 1) : 1;
  const root = Math.sign(b - a) * unit * Math.sqrt((one / unit) ** 2 - (da / unit) * (db / unit));
  const below = db - da + 2 * root;
  return below === 0 ? NaN : b - ((b - a) * (db + root - one)) / below;
}

/** Which directions are stiff, flat or downhill? One stem for each eigenvalue, named by the variables it moves; of many a dot. */

import type { Scene } from "../scene/types";
import type { Context } from "./context";

/** Up to so many eigenvalues have a row with words each. */
export const NAMED = 12;

type Spectrum = Context["spectrum"];

/** Negative, zero, positive of all n, not only of those that are here. */
export function inertiaOf({ signs, inertia }: Spectrum): [number, number, number] {
  const count = (sign: number): number => signs.filter((s) => s === sign).length;
  return inertia ?? [count(-1), count(0), count(1)];
}

/** Whether g is zero to rounding. */
export const isRounding = ({ components, error = 0 }: Spectrum): boolean => Math.hypot(...components) <= error;

/** The part of |g|^2 along each direction here; null where g is rounding (its parts then mean nothing) or |g| is not known. */
export function sharesOf(spectrum: Spectrum): number[] | null {
  const { components, size } = spectrum, whole = size ?? Math.hypot(...components);
  return whole > 0 && !isRounding(spectrum) ? components.map((c) => (c / whole) ** 2) : null;
}

export function spectrum(context: Context): Scene {
  const { spectrum: known, words: { views: words } } = context, { eigenvalues, signs, directions } = known;
  const shares = sharesOf(known), total = known.total ?? eigenvalues.length, few = eigenvalues.length <= NAMED;
  const sizes = eigenvalues.filter((_, i) => signs[i] !== 0).map(Math.abs).filter((size) => size > 0);
  const [low, high] = sizes.length ? [Math.min(...sizes), Math.max(...sizes)] : [1, 1];
  // A decade of room on the left, where stems begin: the smallest must be seen too. What is zero has no length.
  const bottom = 10 ** (Math.floor(Math.log10(low)) - 1), top = 10 ** Math.ceil(Math.log10(high) + 0.15);
  const values = eigenvalues.map((lambda, i) => (signs[i] === 0 ? bottom : Math.abs(lambda)));
  const caption = words.captionSpectrum(inertiaOf(known), eigenvalues.length, total, few, shares !== null);
  const scene = { view: "spectrum", question: words.questionSpectrum, equal: false, caption, notes: [] };
  if (few) {
    const labels = eigenvalues.map((lambda, i) => words.stem(lambda, signs[i], directions[i] ?? "", shares && shares[i]));
    return {
      ...scene, window: [bottom, top, 0.4, eigenvalues.length + 0.8], log: "x", ticks: "x", x_label: words.spectrumAxis,
      items: [{ kind: "stems", role: "positive", positions: eigenvalues.map((_, i) => i + 1), values, signs, labels, horizontal: true, shares: shares ?? undefined }],
    };
  }
  // Of a long spectrum the lower half is here and the upper one: their numbers say what lies between.
  const half = Math.ceil(eigenvalues.length / 2), positions = eigenvalues.map((_, i) => (i < half ? i + 1 : total - eigenvalues.length + i + 1));
  const edge = 0.03 * total;
  return {
    ...scene, window: [1 - edge, total + edge, bottom, top], log: "y", ticks: "xy", x_label: words.spectrumNumber, y_label: words.spectrumAxis,
    items: [{ kind: "stems", role: "positive", positions, values, signs, labels: [], bare: true, shares: shares ?? undefined }],
  };
}

/** Which directions are stiff, flat or downhill? One stem for each eigenvalue, named by the variables it moves. */

import type { Scene } from "../scene/types";
import type { Context } from "./context";

export function spectrum({ spectrum: { eigenvalues, components, directions, signs }, words: { views: words } }: Context): Scene {
  const total = components.reduce((sum, c) => sum + c * c, 0);
  const shares = components.map((c) => (total > 0 ? (c * c) / total : 0));
  const sizes = eigenvalues.filter((_, i) => signs[i] !== 0).map(Math.abs).filter((size) => size > 0);
  const [low, high] = sizes.length ? [Math.min(...sizes), Math.max(...sizes)] : [1, 1];
  // A decade of room on the left, where stems begin: the smallest must be seen too. What is zero has no length.
  const window: Scene["window"] = [10 ** (Math.floor(Math.log10(low)) - 1), 10 ** Math.ceil(Math.log10(high) + 0.15), 0.4, eigenvalues.length + 0.8];
  const values = eigenvalues.map((lambda, i) => (signs[i] === 0 ? window[0] : Math.abs(lambda)));
  const labels = eigenvalues.map((lambda, i) => words.stem(lambda, signs[i], directions[i] ?? "", shares[i]));
  const count = (sign: number): number => signs.filter((s) => s === sign).length;
  return {
    view: "spectrum", question: words.questionSpectrum, window, equal: false, log: "x", ticks: "x", x_label: words.spectrumAxis,
    items: [{ kind: "stems", role: "positive", positions: eigenvalues.map((_, i) => i + 1), values, signs, labels, horizontal: true, shares }],
    caption: words.captionSpectrum(count(-1), count(0), count(1)), notes: [],
  };
}

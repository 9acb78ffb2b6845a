/** A basin map as an image: a color for every end, darker where more trials were needed, hatched where none was reached. */

import { WAITING, type Basin } from "../methods/basin";
import { tint } from "../scene/style";
import { colorOf } from "./dom";

/** Roles of the ends' colors, from the lowest end up. */
export const COLORS = ["series-1", "series-2", "series-3", "series-4", "series-5", "series-6"];
/** Shares of a color on white: of the fastest start and of the slowest. The paths must be seen above them. */
const PALE = 0.1, FULL = 0.5;
const SHADES = 24;
const HATCH = 7;

export const endColor = (number: number): string => colorOf(COLORS[number % COLORS.length]);

/** Red, green, blue, opacity of every pixel, the highest y first, as canvases have them. */
export function pixelsOf(basin: Basin): Uint8ClampedArray {
  const { columns, rows, end, trials, ends } = basin, pixels = new Uint8ClampedArray(4 * columns * rows);
  const [fewest, most] = speeds(basin), table = ends.map((_, k) => shades(endColor(k)));
  for (let j = 0; j < rows; j += 1)
    for (let i = 0; i < columns; i += 1) {
      const index = j * columns + i, at = 4 * ((rows - 1 - j) * columns + i), k = end[index];
      if (k === WAITING) continue;
      const slow = most > fewest ? Math.log(Math.max(trials[index], 1) / fewest) / Math.log(most / fewest) : 0;
      const color = k >= 0 ? table[k][Math.round(slow * (SHADES - 1))] : (i + j) % HATCH < 2 ? [150, 156, 164] : [255, 255, 255];
      pixels.set([...color, 255], at);
    }
  return pixels;
}

/** The fewest and the most trials of starts that came to rest. */
export function speeds({ end, trials }: Basin): [number, number] {
  let [fewest, most] = [Infinity, 0];
  for (let i = 0; i < end.length; i += 1)
    if (end[i] >= 0) {
      fewest = Math.min(fewest, Math.max(trials[i], 1));
      most = Math.max(most, trials[i]);
    }
  return most > 0 ? [fewest, most] : [1, 1];
}

function shades(color: string): number[][] {
  return Array.from({ length: SHADES }, (_, k) => {
    const hex = tint(color, PALE + ((FULL - PALE) * k) / (SHADES - 1));
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  });
}

/** A basin map as an image: a color for every end, stronger where more trials were needed, hatched where none was reached. */

import { WAITING, type Basin } from "../methods/basin";
import { mixed, type Rgb } from "../scene/style";

/** Roles of the ends' colors, from the lowest end up. */
export const COLORS = ["series-1", "series-2", "series-3", "series-4", "series-5", "series-6"];
/** Shares of a color on the ground: of the fastest start and of the slowest. The paths must be seen above them. */
const PALE = 0.1, FULL = 0.5;
const SHADES = 24;
const HATCH = 7;

/** Red, green, blue, opacity of every pixel, the highest y first, as canvases have them. */
export function pixelsOf(basin: Basin, ground: Rgb = [255, 255, 255]): Uint8ClampedArray {
  const { columns, rows, end, trials, ends } = basin, pixels = new Uint32Array(columns * rows), hatch = packed([150, 156, 164]), plain = packed(ground);
  const [fewest, most] = speeds(basin), table = ends.map((_, k) => shades(COLORS[k % COLORS.length], ground));
  for (let j = 0; j < rows; j += 1)
    for (let i = 0; i < columns; i += 1) {
      const index = j * columns + i, k = end[index];
      if (k === WAITING) continue;
      const slow = most > fewest ? Math.log(Math.max(trials[index], 1) / fewest) / Math.log(most / fewest) : 0;
      pixels[(rows - 1 - j) * columns + i] = k >= 0 ? table[k][Math.round(slow * (SHADES - 1))] : (i + j) % HATCH < 2 ? hatch : plain;
    }
  return new Uint8ClampedArray(pixels.buffer);
}

/** A color as one number, in the order of the machine's bytes: an array for every pixel takes longer than the map. */
const packed = (color: Rgb): number => new Uint32Array(Uint8Array.of(...color, 255).buffer)[0];

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

const known = new Map<string, Uint32Array>();

/** A canvas knows no variables of the page: these are the colors of light ground, mixed with what the ground is. */
function shades(role: string, ground: Rgb): Uint32Array {
  const name = [role, ...ground].join(), found = known.get(name) ?? Uint32Array.from({ length: SHADES }, (_, k) => packed(mixed(role, PALE + ((FULL - PALE) * k) / (SHADES - 1), ground)));
  known.set(name, found);
  return found;
}

/** The ellipses that hold the places of a map with 95 % probability, as they are seen on the paper. No DOM. */

import { camera } from "../maths/project3";
import type { EllipseRecord } from "./record";
import { bytes } from "./record";
import type { View } from "./view";

export interface Ellipses {
  /** Semi-axes in standard deviations. */
  reach: number;
  /** Whether all of them are drawn at first. */
  all: boolean;
  /** Upper triangles of the covariances, row by row: 3 or 6 numbers a place; NaN where something is not determined. */
  upper: Float32Array;
}

export const decodeEllipses = (record: EllipseRecord | null): Ellipses | null =>
  record && { reach: record.reach, all: record.all, upper: new Float32Array(bytes(record.covariances)) };

/** Larger and smaller semi-axis, and the angle of the larger one, y up; three numbers a place, NaN where there is none. */
export function semiAxes({ upper, reach }: Ellipses, dimension: 2 | 3, { azimuth, elevation }: Pick<View, "azimuth" | "elevation">): Float32Array {
  const width = dimension === 2 ? 3 : 6, count = upper.length / width, out = new Float32Array(3 * count);
  const { right: r, up: u } = camera(azimuth, elevation);
  for (let k = 0; k < count; k += 1) {
    const C = upper.subarray(width * k, width * (k + 1));
    let [a, b, c] = [C[0], C[1], C[2]];
    if (dimension === 3) {
      const rows = [[C[0], C[1], C[2]], [C[1], C[3], C[4]], [C[2], C[4], C[5]]];
      const form = (v: number[], w: number[]): number => rows.reduce((sum, row, i) => sum + v[i] * (row[0] * w[0] + row[1] * w[1] + row[2] * w[2]), 0);
      [a, b, c] = [form(r, r), form(r, u), form(u, u)];
    }
    const half = (a - c) / 2, apart = Math.hypot(half, b), middle = (a + c) / 2;
    out[3 * k] = reach * Math.sqrt(middle + apart);
    out[3 * k + 1] = reach * Math.sqrt(Math.max(0, middle - apart));
    out[3 * k + 2] = Math.atan2(b, half) / 2;
  }
  return out;
}

/** Places (count x 2) with the corners of their ellipses, which reach out of the places' own extent by at most as much as that is. As `reaching` in src/raphson/picture/maps/map_ellipses.py. */
export function reaching(flat: Float32Array, axes: Float32Array): Float32Array {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let k = 0; k < flat.length; k += 2) if (Number.isFinite(flat[k] + flat[k + 1])) [x0, x1, y0, y1] = [Math.min(x0, flat[k]), Math.max(x1, flat[k]), Math.min(y0, flat[k + 1]), Math.max(y1, flat[k + 1])];
  const size = Math.max(x1 - x0, y1 - y0), out = [x0, y0, x1, y1];
  for (let k = 0; 2 * k < flat.length; k += 1) {
    const [large, small, angle] = axes.subarray(3 * k, 3 * k + 3), x = flat[2 * k], y = flat[2 * k + 1];
    if (!(large > 0)) continue;
    const dx = Math.hypot(large * Math.cos(angle), small * Math.sin(angle)), dy = Math.hypot(large * Math.sin(angle), small * Math.cos(angle));
    out[0] = Math.min(out[0], Math.max(x - dx, x0 - size)), out[1] = Math.min(out[1], Math.max(y - dy, y0 - size));
    out[2] = Math.max(out[2], Math.min(x + dx, x1 + size)), out[3] = Math.max(out[3], Math.min(y + dy, y1 + size));
  }
  return Float32Array.from(out);
}

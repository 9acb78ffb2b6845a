/** Grids of a record as grids of a scene: base64 of little-endian Float32 into rows. Decoded once, when first asked for. */

import type { Grid as Drawn } from "../scene/types";
import type { Grid } from "./record";

const decoded = new WeakMap<Grid, Drawn>();

/** The grid to draw; NaN where f is not finite. */
export function decode(grid: Grid | null): Drawn | null {
  if (!grid) return null;
  const known = decoded.get(grid);
  if (known) return known;
  const [u0, u1, v0, v1] = grid.window;
  const values = floats(grid.values), { base = 0, unit = 1 } = grid;
  const at = (k: number) => unit * (base / unit + values[k]);
  const rows = Array.from({ length: grid.nv }, (_, j) => Array.from({ length: grid.nu }, (_, i) => at(j * grid.nu + i)));
  const drawn = { x: steps(u0, u1, grid.nu), y: steps(v0, v1, grid.nv), values: rows };
  decoded.set(grid, drawn);
  return drawn;
}

/** The lowest and the highest of all finite values; infinities where there are none. */
export function range(rows: Iterable<Iterable<number>>): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const row of rows) for (const a of row) if (Number.isFinite(a)) [low, high] = [Math.min(low, a), Math.max(high, a)];
  return [low, high];
}

function floats(text: string): Float32Array {
  const binary = atob(text);
  const view = new DataView(new ArrayBuffer(binary.length));
  for (let i = 0; i < binary.length; i++) view.setUint8(i, binary.charCodeAt(i));
  return Float32Array.from({ length: binary.length >> 2 }, (_, i) => view.getFloat32(4 * i, true));
}

function steps(low: number, high: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => low + ((high - low) * i) / Math.max(1, count - 1));
}

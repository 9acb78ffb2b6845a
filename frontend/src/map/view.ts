/** From places to pixels: a window that is moved and enlarged, and an eye that is turned around a map in space. No DOM. */

import { camera } from "../maths/project3";

/** `middle` of the picture in the plane of the paper, `scale` pixels a unit, the eye in degrees. */
export interface View {
  middle: [number, number];
  scale: number;
  azimuth: number;
  elevation: number;
}

/** As src/raphson/picture/maps/map_page.py. */
export const EYE = { azimuth: -60, elevation: 30 };

const MARGIN = 26;

/** Places (count x dimension) in the plane of the paper (count x 2): of a map in space as the eye sees it, y up. */
export function flattened(places: Float32Array, dimension: 2 | 3, { azimuth, elevation }: Pick<View, "azimuth" | "elevation">): Float32Array {
  if (dimension === 2) return places;
  const { right, up } = camera(azimuth, elevation), out = new Float32Array((places.length / 3) * 2);
  for (let k = 0, i = 0; k < places.length; k += 3, i += 2) {
    out[i] = right[0] * places[k] + right[1] * places[k + 1];
    out[i + 1] = up[0] * places[k] + up[1] * places[k + 1] + up[2] * places[k + 2];
  }
  return out;
}

/** The view in which all of these points are seen. */
export function whole(flat: Float32Array, width: number, height: number, eye = EYE): View {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let k = 0; k < flat.length; k += 2) {
    const x = flat[k], y = flat[k + 1];
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    x0 = Math.min(x0, x); x1 = Math.max(x1, x); y0 = Math.min(y0, y); y1 = Math.max(y1, y);
  }
  if (x0 > x1) [x0, x1, y0, y1] = [0, 1, 0, 1];
  const size = Math.max(x1 - x0, y1 - y0), least = size > 0 ? size * 1e-6 : 1;
  const scale = Math.min((width - 2 * MARGIN) / Math.max(x1 - x0, least), (height - 2 * MARGIN) / Math.max(y1 - y0, least));
  return { middle: [(x0 + x1) / 2, (y0 + y1) / 2], scale: Math.max(scale, 1e-30), azimuth: eye.azimuth, elevation: eye.elevation };
}

/** x in pixels is a + scale * x, y in pixels b - scale * y. */
export const shift = ({ middle, scale }: View, width: number, height: number): [number, number] => [width / 2 - scale * middle[0], height / 2 + scale * middle[1]];

/** The view moved by pixels. */
export const moved = (view: View, dx: number, dy: number): View => ({ ...view, middle: [view.middle[0] - dx / view.scale, view.middle[1] + dy / view.scale] });

/** The view enlarged around a pixel, which stays where it is. */
export function enlarged(view: View, factor: number, [x, y]: [number, number], width: number, height: number): View {
  const dx = x - width / 2, dy = y - height / 2, back = moved(view, -dx, -dy);
  return moved({ ...back, scale: view.scale * factor }, dx, dy);
}

/** The eye turned by pixels: half a degree each, never over the poles. */
export const turned = (view: View, dx: number, dy: number): View => ({ ...view, azimuth: (view.azimuth - dx / 2) % 360, elevation: Math.min(90, Math.max(-90, view.elevation + dy / 2)) });

/** What is under the pointer: a place within `reach` pixels, else an edge within half of that; row or -1. */
export function under(flat: Float32Array, ends: Uint32Array, seen: (edge: number) => boolean, view: View, [px, py]: [number, number], width: number, height: number, reach = 9): { pose: number; edge: number } {
  const [a, b] = shift(view, width, height), { scale } = view;
  let pose = -1, best = reach * reach;
  for (let k = 0; k < flat.length; k += 2) {
    const dx = a + scale * flat[k] - px, dy = b - scale * flat[k + 1] - py, d = dx * dx + dy * dy;
    if (d < best) [best, pose] = [d, k / 2];
  }
  if (pose >= 0) return { pose, edge: -1 };
  let edge = -1, nearest = (reach * reach) / 4;
  for (let k = 0; k < ends.length; k += 2) {
    const i = 2 * ends[k], j = 2 * ends[k + 1], x = a + scale * flat[i] - px, y = b - scale * flat[i + 1] - py;
    const u = scale * (flat[j] - flat[i]), v = -scale * (flat[j + 1] - flat[i + 1]), square = u * u + v * v;
    if (square === 0) continue;
    const t = Math.min(1, Math.max(0, -(x * u + y * v) / square)), d = (x + t * u) ** 2 + (y + t * v) ** 2;
    if (d < nearest && seen(k / 2)) [nearest, edge] = [d, k / 2];
  }
  return { pose: -1, edge };
}

/** A round length (1, 2 or 5 times a power of ten) that is between 60 and 150 pixels long. */
export function barLength(scale: number): number {
  const power = 10 ** Math.floor(Math.log10(150 / scale));
  return power * ([5, 2, 1].find((a) => a * power * scale <= 150) ?? 1);
}

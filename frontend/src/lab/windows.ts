/** How much of the plane the laboratory shows. As raphson/picture/recording/windows.py, from a formula alone. */

import type { Window } from "../engine/engine";
import { windowOf } from "../engine/window";
import type { Quadratic, Vec } from "../maths/quadratic";

const ASPECT = 1.1;
/** Room around the way from the start to where f leads, as a share of its length. */
const MARGIN = 0.6;
/** The surroundings of a point at which there is no step to measure by, as a share of the map. */
const AROUND = 0.25;
/** A local picture larger than so many maps shows nothing of f. */
const WIDEST = 4;

/** The map: the start, and where f leads from it. `quad`: at the start, null where f is not finite there. */
export function mapWindow(start: Vec, end: Vec | null, quad: Quadratic | null): Window {
  const size = Math.max(1, Math.abs(start[0]), Math.abs(start[1]));
  const usual: Window = [start[0] - size, start[0] + size, start[1] - size, start[1] + size];
  const way = end ? Math.max(Math.abs(end[0] - start[0]), Math.abs(end[1] - start[1])) : 0;
  if (!end || way < 1e-3 * size) {
    const near = quad && widened(windowOf(quad, null, usual), 2);
    return shaped(near && side(near) <= 10 * size ? near : widened(usual, 2));
  }
  const low = [0, 1].map((k) => Math.min(start[k], end[k]) - MARGIN * way);
  const high = [0, 1].map((k) => Math.max(start[k], end[k]) + MARGIN * way);
  return shaped([low[0], high[0], low[1], high[1]]);
}

/** The window around a point: x, the centre, the level through x. */
export function nearWindow(quad: Quadratic, map: Window): Window {
  const half = (AROUND * side(map)) / 2, [u, v] = quad.at;
  const usual: Window = [u - half, u + half, v - half, v + half];
  const found = windowOf(quad, null, usual);
  return shaped(side(found) <= WIDEST * side(map) ? found : usual);
}

/** The map with the surroundings of the point on it, where they are not much larger. */
export function together(map: Window, near: Window): Window {
  if (side(near) > 2 * side(map)) return map;
  return shaped([Math.min(map[0], near[0]), Math.max(map[1], near[1]), Math.min(map[2], near[2]), Math.max(map[3], near[3])]);
}

const side = (w: Window): number => Math.max(w[1] - w[0], w[3] - w[2]);

/** The same middle, as wide or as high as a panel's shape wants it. */
export function shaped([u0, u1, v0, v1]: Window): Window {
  const [u, v] = [(u0 + u1) / 2, (v0 + v1) / 2];
  const du = Math.max(u1 - u0, ASPECT * (v1 - v0)) / 2, dv = Math.max(v1 - v0, (2 * du) / ASPECT) / 2;
  return [u - du, u + du, v - dv, v + dv];
}

export function widened([u0, u1, v0, v1]: Window, factor: number): Window {
  const [u, v, du, dv] = [(u0 + u1) / 2, (v0 + v1) / 2, (factor * (u1 - u0)) / 2, (factor * (v1 - v0)) / 2];
  return [u - du, u + du, v - dv, v + dv];
}

/** For one variable: all the points with room for one side each; `reach` around them where they are one. */
export function interval(points: number[], reach: number, room: number): [number, number] {
  const [low, high] = [Math.min(...points), Math.max(...points)], size = high - low;
  return size > 1e-6 * reach ? [low - room * size, high + room * size] : [low - reach, high + reach];
}

/** Convex polygons: feasible ground between bounds. */

import type { Vec } from "./quadratic";

/** Whether p lies in a convex polygon (corners in order, either way round) or on its edge, to rounding. */
export function insideConvex(corners: readonly Vec[], p: Vec): boolean {
  let turn = 0;
  for (let i = 0; i < corners.length; i += 1) {
    const [a, b] = [corners[i], corners[(i + 1) % corners.length]], [ex, ey] = [b[0] - a[0], b[1] - a[1]];
    const cross = ex * (p[1] - a[1]) - ey * (p[0] - a[0]), slack = 1e-9 * (Math.abs(ex * (p[1] - a[1])) + Math.abs(ey * (p[0] - a[0])));
    if (Math.abs(cross) <= slack) continue;
    if (turn !== 0 && Math.sign(cross) !== turn) return false;
    turn = Math.sign(cross);
  }
  return corners.length > 0;
}

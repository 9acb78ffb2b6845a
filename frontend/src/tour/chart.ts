/** Where the plane lies in a picture of y = H^(t/2) (u - centre), and which x a hand means there. No DOM here. */

import { type Quadratic, type Sym, type Vec, center, eigen, kind } from "../maths/quadratic";
import { mapped, power, times } from "../maths/symmetric";
import { add, norm, scale, subtract } from "../maths/vector";
import { type Window, around, halves, middle } from "../maths/window";

/** sqrt of det H: dividing H by it keeps areas, so that the picture swells or shrinks neither with t nor with x. */
const size = (q: Quadratic): number => Math.sqrt(eigen(q).values[0] * eigen(q).values[1]);

/** H^(t/2) without its growth: what is seen of it in a window that grows as well. */
const bend = (q: Quadratic, t: number): Sym => mapped(eigen(q), (lambda) => (lambda / size(q)) ** (t / 2));

/** y = H^(t/2) (u - centre) of a bowl. */
export function carry(q: Quadratic, t: number): (u: Vec) => Vec {
  const root = power(q.hessian, t / 2), origin = center(q);
  return (u) => times(root, subtract(u, origin));
}

/** The window that the chart needs to show of the plane what `plain` shows of it at t = 0, as large and around the same u. */
export const chartWindow = (q: Quadratic, t: number, plain: Window): Window => around(carry(q, t)(middle(plain)), scale(size(q) ** (t / 2), halves(plain)));

/** A hand far away is followed in so many stretches, each by so many steps of Newton's method. */
const STRETCHES = 8, STEPS = 6;
const CLOSE = 1e-9, NUDGE = 1e-5;

/**
 * The x whose place in its own chart is `p`, counted from the middle of the picture in units of the plain plane: H, and
 * the chart with it, changes as x moves. `from`: where x is now. A place that no x of the bowl has leads as near as it
 * goes; where that is the edge of the bowl the hand leaves it, and means the plain plane.
 */
export function meant(quadratic: (u: Vec) => Quadratic | null, t: number, plain: Window, from: Vec, p: Vec): Vec {
  const origin = middle(plain), flat = add(origin, p);
  const place = (u: Vec): Vec | null => {
    const q = quadratic(u);
    return q && kind(q) === "bowl" ? times(bend(q, t), subtract(u, origin)) : null;
  };
  const start = t === 0 ? null : (place(from) ?? place(flat));
  if (!start) return flat;
  let x = place(from) ? from : flat;
  for (let k = 1; k <= STRETCHES; k += 1) {
    const next = solved(place, x, add(start, scale(k / STRETCHES, subtract(p, start))));
    if (!next) return place(flat) ? x : flat;
    x = next;
  }
  return x;
}

/** The u near `from` with place(u) = p; null where it is not found, or lies beyond the bowl. */
function solved(place: (u: Vec) => Vec | null, from: Vec, p: Vec): Vec | null {
  let u = from;
  for (let k = 0; k < STEPS; k += 1) {
    const here = place(u), right = place([u[0] + NUDGE, u[1]]), up = place([u[0], u[1] + NUDGE]);
    if (!here || !right || !up) return null;
    const off = subtract(p, here), [a, b] = [scale(1 / NUDGE, subtract(right, here)), scale(1 / NUDGE, subtract(up, here))];
    if (norm(off) <= CLOSE) return u;
    const determinant = a[0] * b[1] - a[1] * b[0];
    if (!(Math.abs(determinant) > 1e-3)) return null;
    u = add(u, [(off[0] * b[1] - off[1] * b[0]) / determinant, (a[0] * off[1] - a[1] * off[0]) / determinant]);
  }
  const end = place(u);
  return end && norm(subtract(p, end)) <= 1e-4 ? u : null;
}

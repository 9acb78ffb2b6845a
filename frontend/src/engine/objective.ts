/** f in a plane, with its derivatives, from what can be sent to a worker: a program, and where the plane lies. */

import type { Vec } from "../maths/quadratic";
import type { Objective } from "../methods/types";
import { machineOf } from "./live";
import type { Program } from "./program";
import type { Plane, Point, Recording } from "./record";

/** x = x0 + basis (p - at): the point p of the plane. */
export interface Sight { program: Program; x0: number[]; at: Vec; basis: [number, number][] }

/** The plane through a recorded point; null where the page does not know f or where the plane lies, or x has bounds. */
export function sightOf({ program, planes }: Recording, plane: Plane | null, point: Point | null): Sight | null {
  const view = plane && point?.views[plane.id];
  // The methods of the page know no bounds.
  if (planes.some(({ bounds, feasible }) => bounds || feasible)) return null;
  if (!program || !plane?.basis || !view || point.x.length !== program.n || point.x.some((a) => a === null)) return null;
  return { program, x0: point.x as number[], at: view.at, basis: plane.basis };
}

/** Value, gradient and Hessian (2, 2) at points of the plane; infinities and NaN come through: methods judge them. */
export function objectiveOf({ program, x0, at, basis }: Sight): Objective {
  const machine = machineOf(program), E = Float64Array.from(basis.flat()), x = new Float64Array(x0.length);
  return ([u, v]) => {
    for (let i = 0; i < x.length; i += 1) x[i] = x0[i] + E[2 * i] * (u - at[0]) + E[2 * i + 1] * (v - at[1]);
    const { value, gradient, hessian } = machine.jet(x, E, 2);
    return { value, gradient: [gradient[0], gradient[1]], hessian: [hessian[0], hessian[1], hessian[1], hessian[2]] };
  };
}

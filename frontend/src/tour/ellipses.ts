/** The four ellipses that get mixed up, of one H and one rise: all are H^(-t) of a circle. No DOM here. */

import { type Quadratic, type Vec, eigen } from "../maths/quadratic";

/** With this rise they are H^(-t) of the circle of radius 1. */
export const RISE = 0.5;

export type EllipseName = "contour" | "stretched" | "dual" | "whitened";

export interface EllipseRow {
  name: EllipseName;
  /** H^(-t) of the circle. */
  t: number;
  /** The semi-axis along each v_i. */
  semi: Vec;
  /** The role in which it is drawn. */
  role: string;
}

/** Semi-axes along the eigenvectors of a positive definite H, ascending eigenvalues. */
export function fourEllipses(q: Quadratic, rise = RISE): EllipseRow[] {
  const along = (of: (lambda: number) => number): Vec => eigen(q).values.map(of) as Vec;
  return [
    { name: "contour", t: 0.5, role: "model-level", semi: along((lambda) => Math.sqrt((2 * rise) / lambda)) },
    { name: "stretched", t: 1, role: "stretched", semi: along((lambda) => 1 / lambda) },
    { name: "dual", t: -0.5, role: "dual", semi: along((lambda) => Math.sqrt(2 * rise * lambda)) },
    { name: "whitened", t: 0, role: "whitened", semi: along(() => Math.sqrt(2 * rise)) },
  ];
}

/** A map as a sum of squares: poses (x, y, heading), and edges that say how one pose sees another. */

import { begin, step } from "../methods/run";
import type { Vector } from "../methods/types";
import loop from "./loop.json";
import { type Squares, gaussNewton } from "./squares";

export interface Edge {
  from: number;
  to: number;
  /** The pose `to` as seen from `from`: along its heading, to its left, turned by. */
  seen: number[];
  /** Standard deviations of the three. */
  sigma: number[];
}

/** The first pose is fixed: a map has no place of its own. */
export interface Graph { first: number[]; edges: Edge[] }

/** A simulated drive of 20 poses around a loop (tests/fixtures/squares.py). */
export const LOOP: Graph = loop;
/** Entries of a pose. */
export const POSE = 3;

/** An angle between -pi and pi. */
export const wrapped = (angle: number): number => angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));

export const countOf = ({ edges }: Graph): number => 1 + Math.max(...edges.flatMap(({ from, to }) => [from, to]));
export const poseOf = (all: Vector, k: number): Vector => all.slice(POSE * k, POSE * (k + 1));

/** Every pose by the edge from the one before it: dead reckoning. */
export function reckoned({ first, edges }: Graph): number[] {
  const all = [...first];
  edges.filter(({ from, to }) => to === from + 1).forEach(({ from, seen: [u, v, turn] }) => {
    const [x, y, angle] = poseOf(all, from), [c, s] = [Math.cos(angle), Math.sin(angle)];
    all.push(x + c * u - s * v, y + s * u + c * v, angle + turn);
  });
  return all;
}

/** By how many standard deviations an edge is off, in its three parts. */
export function misfit({ from, to, seen, sigma }: Edge, all: Vector): number[] {
  const [x, y, angle] = poseOf(all, from), [p, q, other] = poseOf(all, to), [c, s] = [Math.cos(angle), Math.sin(angle)], [dx, dy] = [p - x, q - y];
  return [(c * dx + s * dy - seen[0]) / sigma[0], (c * dy - s * dx - seen[1]) / sigma[1], wrapped(other - angle - seen[2]) / sigma[2]];
}

/** The length of that: edges of 1 are as good as their sensors. */
export const strain = (edge: Edge, all: Vector): number => Math.hypot(...misfit(edge, all));

/** The weighted sum of squares. */
export const total = ({ edges }: Graph, all: Vector): number => edges.reduce((sum, edge) => sum + strain(edge, all) ** 2, 0);

/** The three rows of J of an edge, over all poses. */
export function rows({ from, to, sigma }: Edge, all: Vector): number[][] {
  const [x, y, angle] = poseOf(all, from), [p, q] = poseOf(all, to), [c, s] = [Math.cos(angle), Math.sin(angle)], [dx, dy] = [p - x, q - y];
  const own = [[-c, -s, c * dy - s * dx], [s, -c, -c * dx - s * dy], [0, 0, -1]], other = [[c, s, 0], [-s, c, 0], [0, 0, 1]];
  return sigma.map((size, k) => {
    const row = new Array<number>(all.length).fill(0);
    for (let i = 0; i < POSE; i += 1) [row[POSE * from + i], row[POSE * to + i]] = [own[k][i] / size, other[k][i] / size];
    return row;
  });
}

/** The squares over the poses that are free: all but the first. */
export function squaresOf({ first, edges }: Graph): Squares {
  const whole = (x: Vector): number[] => [...first, ...x];
  return {
    residuals: (x) => edges.flatMap((edge) => misfit(edge, whole(x))),
    jacobian: (x) => edges.flatMap((edge) => rows(edge, whole(x)).map((row) => row.slice(POSE))),
  };
}

export interface Advance {
  all: number[];
  /** The share of the full Gauss-Newton step that was taken; 0: none makes the sum smaller. */
  share: number;
}

/** Trials within one step. */
const TRIES = 30;

/** One step of Gauss and Newton, shortened where the whole of it would not bring the sum down (Armijo's rule). */
export function advance(graph: Graph, all: Vector): Advance {
  const objective = gaussNewton(squaresOf(graph));
  let state = begin("damped-newton", objective, all.slice(POSE));
  for (let k = 0; k < TRIES && state.status === "RUNNING"; k += 1) {
    const made = step("damped-newton", objective, state);
    state = made.state;
    const there = [...graph.first, ...made.trial.end];
    if (made.trial.accepted && total(graph, there) < total(graph, all)) return { all: there, share: made.trial.tau };
  }
  return { all: [...all], share: 0 };
}

/** The 3 x 3 blocks of J'J that are not zero, over all poses. */
export function blocks(graph: Graph, all: Vector): boolean[][] {
  const n = countOf(graph), out = Array.from({ length: n }, () => new Array<boolean>(n).fill(false));
  const J = graph.edges.flatMap((edge) => rows(edge, all));
  for (const row of J) {
    const met = [...new Set([...row.keys()].filter((i) => row[i] !== 0).map((i) => Math.floor(i / POSE)))];
    for (const i of met) for (const j of met) out[i][j] = true;
  }
  return out;
}

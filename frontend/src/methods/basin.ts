/** Where starts end: a method run from every point of a window, coarse to fine, so that it can be stopped and gone on with. */

import { begin, step } from "./run";
import type { MethodName, Objective, Status, Vector } from "./types";

export type Window = readonly [number, number, number, number];

/** An end of runs: a point where they came to rest, its f, and how many starts end there. */
export interface End { x: number[]; value: number; starts: number }

/** `end`: by row from the lowest y, the number of the end (ends are sorted by f), or one of the codes below; `trials`. */
export interface Basin { method: MethodName; window: Window; columns: number; rows: number; end: Int16Array; trials: Uint16Array; ends: End[] }

/** Runs that came to no rest: the limit of trials, f without bound, f or a derivative not finite; not run yet. */
export const OPEN = -1, UNBOUNDED = -2, BROKEN = -3, WAITING = -4;

/** Trials after which a start counts as open. */
export const LIMIT = 200;
/** Distance, as a share of the window, within which two ends are one: digits that are left when a run rests. */
const SAME = 1e-3;
/** Every eighth point first, then the others between them. */
const STRIDES = [8, 4, 2, 1];

const RESTING: readonly Status[] = ["CONVERGED", "NOISE", "STALLED"];

/** Where one start ends, and after how many trials. */
export function endOf(method: MethodName, objective: Objective, x0: Vector, limit = LIMIT): { x: Vector; value: number; status: Status; trials: number } {
  let state = begin(method, objective, x0, { trials: limit });
  while (state.status === "RUNNING") state = step(method, objective, state, { trials: limit }).state;
  return { x: state.model.x, value: state.model.value, status: state.status, trials: state.k };
}

/** A basin map in the making. */
export class BasinMap {
  readonly basin: Basin;
  /** How many starts were run. */
  done = 0;
  private order: Int32Array;

  /** `part`: every so many-th start of the order, from which on; maps of all parts make one (`joined`). */
  constructor(private objective: Objective, window: Window, columns: number, rows: number, method: MethodName, private limit = LIMIT, [first, of]: readonly [number, number] = [0, 1]) {
    const count = columns * rows;
    this.basin = { method, window, columns, rows, end: new Int16Array(count).fill(WAITING), trials: new Uint16Array(count), ends: [] };
    this.order = coarseToFine(columns, rows).filter((_, k) => k % of === first);
  }

  /** 0..1 */
  get share(): number {
    return this.done / this.order.length;
  }

  get finished(): boolean {
    return this.done === this.order.length;
  }

  /** The start of a pixel: its middle. */
  start(index: number): [number, number] {
    const { window: [a, b, c, d], columns, rows } = this.basin, i = index % columns, j = (index - i) / columns;
    return [a + ((i + 0.5) * (b - a)) / columns, c + ((j + 0.5) * (d - c)) / rows];
  }

  /** Runs starts until `until` says that it is enough (asked every few starts), or all are run. */
  advance(until: () => boolean = () => false): void {
    while (!this.finished) {
      const index = this.order[this.done];
      const { x, value, status, trials } = endOf(this.method, this.objective, this.start(index), this.limit);
      this.basin.trials[index] = trials;
      this.basin.end[index] = RESTING.includes(status) ? this.find(x, value) : status === "UNBOUNDED" ? UNBOUNDED : status === "NOT_FINITE" ? BROKEN : OPEN;
      this.done += 1;
      if (this.done % 64 === 0 && until()) return;
    }
  }

  private get method(): MethodName {
    return this.basin.method;
  }

  /** The number of an end, in the order in which they were met. */
  private find(x: Vector, value: number): number {
    return added(this.basin, { x, value, starts: 1 });
  }
}

/** The number of an end among those of a map, which it joins or is counted with. */
function added({ ends, window: [a, b, c, d] }: Basin, { x, value, starts }: { x: Vector; value: number; starts: number }): number {
  const width = SAME * (b - a), height = SAME * (d - c);
  let k = 0;
  while (k < ends.length && !(Math.abs(ends[k].x[0] - x[0]) <= width && Math.abs(ends[k].x[1] - x[1]) <= height)) k += 1;
  if (k === ends.length) ends.push({ x: [...x], value, starts: 0 });
  ends[k].starts += starts;
  if (value < ends[k].value) Object.assign(ends[k], { x: [...x], value });
  return k;
}

/** One map of the parts of a map, as far as they are. */
export function joined(parts: readonly Basin[]): Basin {
  const [first] = parts, whole: Basin = { ...first, end: first.end.slice(), trials: first.trials.slice(), ends: [] };
  for (const part of parts) {
    const number = part.ends.map((end) => added(whole, end));
    part.end.forEach((k, index) => {
      if (k === WAITING) return;
      whole.end[index] = k >= 0 ? number[k] : k;
      whole.trials[index] = part.trials[index];
    });
  }
  return whole;
}

/** The map with its ends sorted by f, the lowest first: colors then mean the same on every map of a function. */
export function ranked(basin: Basin): Basin {
  const order = basin.ends.map((_, k) => k).sort((a, b) => basin.ends[a].value - basin.ends[b].value);
  const rank = order.reduce<number[]>((all, k, place) => ((all[k] = place), all), []);
  return { ...basin, ends: order.map((k) => basin.ends[k]), end: basin.end.map((k) => (k >= 0 ? rank[k] : k)) };
}

/** The whole map at once. */
export function basin(objective: Objective, window: Window, [columns, rows]: readonly [number, number], method: MethodName, limit = LIMIT): Basin {
  const map = new BasinMap(objective, window, columns, rows, method, limit);
  map.advance();
  return ranked(map.basin);
}

/** Every point once, those of a coarse grid before those of a finer one. */
function coarseToFine(columns: number, rows: number): Int32Array {
  const order = new Int32Array(columns * rows), seen = new Uint8Array(columns * rows);
  let count = 0;
  for (const stride of STRIDES)
    for (let j = 0; j < rows; j += stride)
      for (let i = 0; i < columns; i += stride) {
        const index = j * columns + i;
        if (seen[index]) continue;
        seen[index] = 1;
        order[count] = index;
        count += 1;
      }
  return order;
}

/** A grid of f as fine as a large picture needs, where the page can compute f quickly enough. */

import type { Grid } from "../scene/types";
import type { Window } from "./engine";
import type { Live } from "./live";

/** Points on a side: contours of a picture of 800 px show no corners. */
const SIDE = 113;
/** What all of them may take, in milliseconds, by the time that the first ones took. */
const PATIENCE = 80;
const SAMPLE = 40;

/** f on a grid over a window, as fine as there is time for, at most `most` points on a side; null where even a coarse one takes too long. */
export function sampled(live: Pick<Live, "value">, window: Window, { patience = PATIENCE, most = SIDE } = {}): Grid | null {
  return [most, 57, 29].filter((side) => side <= most).reduce<Grid | null>((found, side) => found ?? gridOf(live, window, side, patience), null);
}

function gridOf(live: Pick<Live, "value">, [u0, u1, v0, v1]: Window, side: number, patience = PATIENCE): Grid | null {
  const ticks = (low: number, high: number): number[] => Array.from({ length: side }, (_, i) => low + ((high - low) * i) / (side - 1));
  const [x, y] = [ticks(u0, u1), ticks(v0, v1)], count = Math.min(SAMPLE, side);
  const begin = performance.now();
  for (let k = 0; k < count; k += 1) live.value([x[k], y[k]]);
  if ((performance.now() - begin) * side * side > patience * count) return null;
  return { x, y, values: y.map((v) => x.map((u) => live.value([u, v]))) };
}

/** The recorded grid computed anew, finer; the recorded one where f has holes (bounds, domains) or takes too long. */
export function refined(live: Pick<Live, "value"> | null, recorded: Grid | null, patience = PATIENCE): Grid | null {
  if (!live || !recorded || recorded.x.length >= SIDE || recorded.values.some((row) => !row.every(Number.isFinite))) return recorded;
  const ends = (ticks: number[]): [number, number] => [ticks[0], ticks[ticks.length - 1]];
  const found = gridOf(live, [...ends(recorded.x), ...ends(recorded.y)], SIDE, patience);
  return found?.values.every((row) => row.every(Number.isFinite)) ? found : recorded;
}

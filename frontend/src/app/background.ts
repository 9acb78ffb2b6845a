/** Long computations in slices between frames: the page answers to the hand while they run. */

import { BasinMap, ranked, type Basin, type Window } from "../methods/basin";
import type { MethodName, Objective } from "../methods/types";

/** Milliseconds of a slice. */
const SLICE = 12;

export interface BasinRequest { window: Window; columns: number; rows: number; method: MethodName }

/** Runs a basin map; `tell` hears of it as it grows, and once it is finished. Returns how to stop. */
export function mapBasin(objective: Objective, request: BasinRequest, tell: (basin: Basin, share: number) => void): () => void {
  const { window, columns, rows, method } = request, map = new BasinMap(objective, window, columns, rows, method);
  let timer: ReturnType<typeof setTimeout>, told = 0;
  const slice = (): void => {
    const until = performance.now() + SLICE;
    map.advance(() => performance.now() > until);
    const share = map.done / (columns * rows);
    if (map.finished || share > told + 0.05) {
      told = share;
      tell(ranked(map.basin), share);
    }
    if (!map.finished) timer = setTimeout(slice, 0);
  };
  timer = setTimeout(slice, 0);
  return () => clearTimeout(timer);
}

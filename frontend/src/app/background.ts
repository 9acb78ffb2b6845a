/**
 * Basin maps beside the page: in a worker made of the page's own script, without a network; where workers are refused (a
 * page opened from disk may refuse them), in slices between frames.
 */

import { objectiveOf, type Sight } from "../engine/objective";
import { BasinMap, LIMIT, joined, ranked, type Basin, type Window } from "../methods/basin";
import type { MethodName } from "../methods/types";

export interface BasinRequest { sight: Sight; window: Window; columns: number; rows: number; method: MethodName; part?: readonly [number, number] }

interface Told { basin: Basin; share: number }

/** Milliseconds of a slice on the page's own thread, and between two reports from a worker. */
const SLICE = 12, REPORT = 150;

/** The script that this code came with; empty where it did not come as one inline script. */
const SCRIPT = typeof document === "undefined" ? "" : (document.currentScript?.textContent ?? "");

/** Workers of one map: more would take from the page, and from others on the machine. */
const CREW = Math.max(1, Math.min(2, typeof navigator === "undefined" ? 1 : (navigator.hardwareConcurrency ?? 1)));

/** Runs a basin map; `tell` hears of it as it grows, and once it is finished (share 1). Returns how to stop. */
export function mapBasin(request: BasinRequest, tell: (told: Told) => void): () => void {
  const workers = crew();
  if (!workers.length) return sliced(request, tell);
  const heard: Told[] = [];
  let stop = (): void => workers.forEach((worker) => worker.terminate());
  workers.forEach((worker, k) => {
    worker.onmessage = ({ data }: MessageEvent<Told>) => {
      heard[k] = data;
      if (data.share === 1) worker.terminate();
      const known = heard.filter((told) => told !== undefined), share = known.reduce((sum, told) => sum + told.share, 0) / workers.length;
      tell({ basin: ranked(joined(known.map((told) => told.basin))), share });
    };
    worker.onerror = () => {
      for (const one of workers) one.onerror = one.onmessage = null;
      stop();
      stop = sliced(request, tell);
    };
    worker.postMessage({ ...request, part: [k, workers.length] });
  });
  return () => stop();
}

/** Workers of the page's own script; none where they are refused. */
function crew(): Worker[] {
  if (!SCRIPT || typeof Worker === "undefined") return [];
  const url = URL.createObjectURL(new Blob([SCRIPT], { type: "text/javascript" }));
  // The workers hold the script from then on.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  try {
    return Array.from({ length: CREW }, () => new Worker(url));
  } catch {
    return [];
  }
}

/** What this script is inside a worker. */
export function serve(scope: { onmessage: ((event: MessageEvent<BasinRequest>) => void) | null; postMessage(told: Told): void }): void {
  scope.onmessage = ({ data }) => {
    const map = mapOf(data);
    while (!map.finished) {
      const until = performance.now() + REPORT;
      map.advance(() => performance.now() > until);
      scope.postMessage({ basin: map.basin, share: map.share });
    }
  };
}

function sliced(request: BasinRequest, tell: (told: Told) => void): () => void {
  const map = mapOf(request);
  let timer: ReturnType<typeof setTimeout>, next = 0;
  const slice = (): void => {
    const until = performance.now() + SLICE;
    map.advance(() => performance.now() > until);
    if (map.finished || performance.now() > next) {
      tell({ basin: ranked(map.basin), share: map.share });
      next = performance.now() + REPORT;
    }
    if (!map.finished) timer = setTimeout(slice, 0);
  };
  timer = setTimeout(slice, 0);
  return () => clearTimeout(timer);
}

const mapOf = ({ sight, window, columns, rows, method, part }: BasinRequest): BasinMap => new BasinMap(objectiveOf(sight), window, columns, rows, method, LIMIT, part);

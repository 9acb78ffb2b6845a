/** One variable: f over the way from the start to where it leads, and around the start. */

import type { Machine } from "../engine/jets";
import type { Recording } from "../engine/record";
import { interval } from "./windows";

const COUNT = 241;
/** Beyond this the scale of a picture overflows. */
const HUGE = 1e150;

export function addLine(recording: Recording, machine: Machine, start: number, end: number | null, finite: boolean): void {
  const size = Math.max(1, Math.abs(start));
  const sample = (low: number, high: number): { x: number[]; f: (number | null)[] } => {
    const x = Array.from({ length: COUNT }, (_, i) => low + ((high - low) * i) / (COUNT - 1));
    const f = x.map((a) => machine.value([a])).map((a) => (Math.abs(a) < HUGE ? a : null));
    return { x, f };
  };
  const way = end === null ? [start] : [start, end, start - Math.abs(start), start + Math.abs(start)];
  const [low, high] = interval(way, 2 * size, 0.5);
  const map = sample(low, high);
  if (map.f.some((a) => a !== null)) recording.line = { ...map, ends: [], start };
  else recording.points[0].value = null;
  if (!finite || !recording.line || !(Math.abs(machine.value([start])) < HUGE)) return;
  const { gradient, hessian } = machine.jet([start], [1], 1), g = gradient[0], h = hessian[0], reach = high - low;
  const center = h !== 0 && Math.abs(g) <= 2 * reach * Math.abs(h) ? [start - g / h] : [];
  recording.points[0].line = { ...sample(...interval([start, ...center], 0.1 * reach, 0.6)), at: start, gradient: g, hessian: h };
}

/** The run as a scene: the path on contours of f, taken trials filled, rejected ones hollow, the selected one marked. */

import type { Engine, Window } from "../engine/engine";
import type { Plane } from "../engine/record";
import { corners } from "../engine/recorded";
import { contours } from "../maths/contour";
import type { Item, Pair, Scene } from "../scene/types";
import { axesIn, type Shown } from "./shown";
import type { Words } from "./words/words";

export function runScene(engine: Engine, plane: Plane, { state, local, context }: Shown, words: Words): Scene {
  const grid = state.showFunction ? engine.grid(plane.id) : null;
  const trials = engine.recording.trials;
  const [x_label, y_label] = axesIn(engine, plane.axes, plane.kind, words);
  const items: Item[] = [];
  if (grid) items.push(contours(grid));
  const feasible = corners(plane.feasible);
  if (feasible) items.push({ kind: "outside", role: "bounds", points: feasible });
  if (local && state.quad === null) items.push(rectangle("muted", (context ?? local).window));
  if (trials) {
    const ends = plane.u.map((u, k): Pair => [u ?? NaN, plane.v[k] ?? NaN]);
    items.push({ kind: "curve", role: "run", points: pathOf(plane.start, ends, trials.accepted) });
    items.push({ kind: "dots", role: "start", points: [plane.start], filled: [true], label: words.run.start });
    const seen = ends.map((_, k) => k).filter((k) => ends[k].every(Number.isFinite));
    items.push({ kind: "dots", role: "trial", points: seen.map((k) => ends[k]), filled: seen.map((k) => trials.accepted[k]) });
    items.push(...selected(engine, plane, state.position, ends));
  }
  else if (local && state.quad === null) items.push({ kind: "dots", role: "point", points: [local.base.at], filled: [true], label: words.views.point });
  return {
    view: "run", question: words.panels.run.question, window: plane.window, items, equal: true,
    x_label, y_label,
  };
}

/** The points that were taken, in order; a gap where one is not known. */
function pathOf(start: Pair, ends: Pair[], accepted: boolean[]): Pair[] {
  return [start, ...ends.filter((end, k) => accepted[k] && end.every(Number.isFinite))];
}

/** Where trial `position` began: the last point taken before it. */
function baseOf(plane: Plane, accepted: boolean[], position: number): Pair {
  for (let k = position - 2; k >= 0; k--) if (accepted[k] && plane.u[k] !== null && plane.v[k] !== null) return [plane.u[k]!, plane.v[k]!];
  return plane.start;
}

function selected(engine: Engine, plane: Plane, position: number, ends: Pair[]): Item[] {
  const trials = engine.recording.trials!;
  const base = baseOf(plane, trials.accepted, position);
  const place: Item = { kind: "dots", role: "point", points: [base], filled: [true] };
  const end = ends[position - 1];
  if (!end || !end.every(Number.isFinite)) return [place];
  return [{ kind: "arrow", role: "path", tail: base, head: end }, place];
}

function rectangle(role: string, [u0, u1, v0, v1]: Window): Item {
  return { kind: "curve", role, closed: true, points: [[u0, v0], [u1, v0], [u1, v1], [u0, v1]] };
}

/** The position of the trial that ended nearest to a place of the picture, measured in its pixels. */
export function nearest(plane: Plane, toPixel: (p: Pair) => Pair, pixel: Pair): number | null {
  let best: { position: number; distance: number } | null = null;
  plane.u.forEach((u, k) => {
    const v = plane.v[k];
    if (u === null || v === null) return;
    const [x, y] = toPixel([u, v]);
    const distance = Math.hypot(x - pixel[0], y - pixel[1]);
    if (!best || distance < best.distance) best = { position: k + 1, distance };
  });
  return best && (best as { position: number }).position;
}

/** The engine of a report: what was recorded, and f itself where the record holds it as a program. */

import type { Quadratic, Vec } from "../maths/quadratic";
import type { Context } from "../views/context";
import { decode } from "./decode";
import { interpolated, interpolatedOnLine } from "./grid";
import type { Engine, Local, Section, Spectrum } from "./engine";
import type { Plane, Point, PointView, Quad, Recording } from "./record";
import { liveIn, liveOnLine } from "./live";
import { refined } from "./refined";
import { windowOf } from "./window";

/** |lambda| below this share of the largest is zero where the record does not count the signs. */
const NOISE = 1e-13;

export function recorded(recording: Recording): Engine {
  const { trials, points } = recording;
  const planes = new Map(recording.planes.map((plane) => [plane.id, plane]));
  const answer = (trials?.index.length ?? 0) + 1;
  const pointAt = (position: number): Point | null =>
    points[trials && position < answer ? trials.point[position - 1] : points.length - 1] ?? null;

  const local = (position: number, id: string, section: Section): Local | null => {
    const plane = planes.get(id);
    const point = pointAt(position);
    const view = point?.views[id];
    if (!plane || !point || !view) return null;
    const drawn = plane.whole ? "whole" : section === "shadow" && view.shadow ? "shadow" : "slice";
    const base = quadratic(drawn === "shadow" ? view.shadow! : view.slice, view.at);
    const shown = view.window ?? view.grid?.window ?? null;
    const trial = position < answer ? trialOf(recording, plane, view, position - 1) : null;
    // The grid of a whole run lies in the plane through its last point: where there is but one plane, in that of all.
    const far = plane.whole || point === points.at(-1) ? plane.grid : null, { names } = recording;
    const live = liveIn(recording.program, plane, point, names, drawn) ?? (drawn === "shadow" ? null : interpolated([view.grid, far], plane, point, names));
    return {
      base,
      kind: plane.kind,
      section: drawn,
      shadow: view.shadow !== null,
      axes: plane.axes,
      // The grid shows f with the others fixed: it is not the function whose model a shadow is.
      grid: drawn === "shadow" ? null : refined(live, decode(view.grid)),
      window: drawn !== "shadow" && shown ? shown : windowOf(base, trial?.end, shown),
      feasible: drawn === "shadow" ? undefined : corners(view.feasible),
      held: point.held,
      trial,
      spectrum: spectrumOf(point, recording.n),
      turn: drawn === "shadow" ? null : view.turn,
      live,
    };
  };
  const spectrum = (position: number): Spectrum | null => {
    const point = pointAt(position);
    return point && spectrumOf(point, recording.n);
  };
  const onLine = liveOnLine(recording.program) ?? interpolatedOnLine([recording.line, ...points.map((point) => point.line)]);
  return { recording, answer, onLine, spectrum, point: pointAt, plane: (id) => planes.get(id) ?? null, local, grid: (id) => decode(planes.get(id)?.grid ?? null) };
}

/** A recorded polygon. */
export const corners = (polygon?: [number[], number[]]): Vec[] | undefined => polygon && polygon[0].map((u, i): Vec => [u, polygon[1][i]]);

function quadratic(quad: Quad, at: [number, number]): Quadratic {
  return { at, value: quad.value, gradient: quad.gradient, hessian: quad.hessian, noise: quad.noise };
}

function trialOf(recording: Recording, plane: Plane, view: PointView, k: number): Context["trial"] {
  const trials = recording.trials!;
  const [u, v, tau] = [plane.u[k], plane.v[k], trials.tau[k]];
  // From another point than the recorded one the step would be drawn where it was not.
  if (!trials.exact[k] || u === null || v === null) return null;
  return {
    end: [u, v],
    accepted: trials.accepted[k],
    radius: trials.tauUnit === "radius" ? tau : null,
    metric: view.metric,
    curve: view.curve && view.curve[0].map((a, i) => [a, view.curve![1][i]]),
  };
}

function spectrumOf(point: Point, n: number): Spectrum {
  const { eigenvalues, components, energy, inertia } = point;
  const top = energy.indexOf(Math.max(...energy)), size = energy[top] > 0 ? Math.abs(components[top]) / Math.sqrt(energy[top]) : 0;
  const directions = point.directions.map((words) => words.replace(/(^|\s)-(?=[\s\d])/g, "$1\u2212"));
  // Of all components |g| is known wherever x is dragged; of some it is that of the recorded point.
  const whole = eigenvalues.length === n;
  return {
    eigenvalues, components, directions, signs: signsOf(point, n), total: n, inertia, size: whole ? undefined : size,
    error: point.gradientError ?? undefined, angle: point.angle,
  };
}

/** The signs that Python counted; of a long spectrum only the lowest and the highest are here. */
function signsOf(point: Point, n: number): number[] {
  const values = point.eigenvalues;
  const [negative, zero] = point.inertia ?? [0, 0];
  const level = NOISE * Math.max(...values.map(Math.abs), 0);
  const low = Math.ceil(values.length / 2);
  return values.map((value, i) => {
    if (!point.inertia) return Math.abs(value) <= level ? 0 : Math.sign(value);
    const rank = i < low ? i : n - values.length + i;
    return rank < negative ? -1 : rank < negative + zero ? 0 : 1;
  });
}

/** What is shown in a frame: derived from the state, each part only when what it depends on has changed. */

import type { Engine, Local, Spectrum } from "../engine/engine";
import type { Plane } from "../engine/record";
import { windowOf } from "../engine/window";
import { levelThrough } from "../maths/level";
import { add, scale } from "../maths/vector";
import { type Window, around, common, halves, inside, middle } from "../maths/window";
import { sampled } from "../engine/refined";
import { eigen, moved } from "../maths/quadratic";
import type { Quadratic, Vec } from "../maths/quadratic";
import type { Context } from "../views/context";
import { changed, spectrumIn } from "./changed";
import { found } from "./numbers";
import type { Lens, State } from "./store";
import type { Words } from "./words/words";

export interface Shown {
  state: State;
  local: Local | null;
  /** For the views; null where no plane was recorded. */
  context: Context | null;
  /** Of the whole H; known also where no plane was recorded. */
  spectrum: Spectrum | null;
}

/** A function of the state that remembers its last answers. */
export function shower(engine: Engine, words: Words): (state: State) => Shown {
  const localOf = remembered((position: number, plane: string, section: State["section"], quad: Quadratic | null) =>
    quad ? localOfQuadratic(quad) : engine.local(position, plane, section),
  );
  const spectrumOf = remembered((position: number) => engine.spectrum(position));
  const seenAt = remembered((local: Local, x: Vec) => local.live?.at(x) ?? "model");
  const viewAt = remembered(viewOf), levelIn = remembered(levelAt);
  const contextOf = remembered((local: Local, x: Vec | null, lens: Lens | null, morph: number, showFunction: boolean): Context => {
    const { trial, section, base, feasible, held } = local, { window, grid } = viewAt(local, x, lens);
    const axes = axesIn(engine, local.axes, local.kind, words);
    const level = (at: Vec) => (showFunction ? levelIn(local, window, at) : null);
    const shared = { base, grid, trial, axes, section, morph, showFunction, window, feasible, held, words, recorded: !x };
    if (!x) return { ...shared, quad: base, spectrum: local.spectrum, stale: false, frozen: "", level: level(base.at) };
    const seen = seenAt(local, x);
    if (typeof seen === "object") return { ...shared, quad: seen.quad, spectrum: seen.spectrum ?? local.spectrum, stale: !seen.spectrum, frozen: "", level: level(x), source: seen.source };
    // What is drawn then is the recorded quadratic, written down at another place.
    const quad = moved(base, x);
    return { ...shared, quad, spectrum: spectrumAt(local, quad), stale: !local.turn, frozen: seen, level: null };
  });
  const changedBy = remembered(changed);
  return (state) => {
    const local = localOf(state.position, state.plane, state.section, state.quad);
    const f = local && contextOf(local, state.x, state.lens, state.morph, state.showFunction), context = f && state.hand ? changedBy(f, state.hand, local.kind) : f;
    return { state, local, context, spectrum: context ? context.spectrum : spectrumOf(state.position) };
  };
}

/** The labels of the axes in the language of the page: names of variables are names, the others are words. */
export function axesIn({ recording }: Engine, recorded: [string, string], kind: Plane["kind"], words: Words): [string, string] {
  const known = words.controls.planeAxes(kind, recording.points.length > 1, found(recording));
  if (!known) return recorded;
  return [0, 1].map((k) => known[k] + (recorded[k].endsWith("(scaled)") ? words.controls.scaled : "")) as [string, string];
}

/** The window and f in it: under the lens, or moved on by half its size where x has left it. Only where f can be computed. */
function viewOf(local: Local, x: Vec | null, lens: Lens | null): Pick<Local, "window" | "grid"> {
  const { window, live, section } = local, half = halves(window);
  if (!live || section === "shadow") return local;
  if (lens) return computed(local, around(lens.at, scale(2 ** (-lens.zoom / 2), half)), lens.at);
  if (!x || inside(window, x)) return local;
  const steps = x.map((a, k) => Math.round((a - middle(window)[k]) / half[k]));
  return computed(local, around(add(middle(window), [steps[0] * half[0], steps[1] * half[1]]), half), x);
}

/** Pictures are widened to their panels: f is needed somewhat beyond the window. */
const BEYOND = 1.6;

/** A window with f in it, as far as f is known around a point: computed once; what was recorded where it is not known there. */
function computed(local: Local, window: Window, about: Vec): Pick<Local, "window" | "grid"> {
  const room = local.live!.room(about);
  if (!room) return local;
  const known = moves.get(local) ?? new Map<string, Pick<Local, "window" | "grid">>(), key = [...window, ...room].join();
  moves.set(local, known);
  if (known.size > 60) known.clear();
  const found = known.get(key) ?? { window, grid: sampled(local.live!, common(room, around(middle(window), scale(BEYOND, halves(window))))) };
  known.set(key, found);
  return found;
}

const moves = new WeakMap<Local, Map<string, Pick<Local, "window" | "grid">>>();

/** The level of f through a point, followed exactly; null where f cannot be computed, or is not what is drawn. */
function levelAt({ live, section }: Local, window: Window, x: Vec): Vec[] | null {
  return live && section !== "shadow" ? levelThrough(live.smooth, x, window) : null;
}

/** The components v_i'g where the reader has dragged x to. */
function spectrumAt(local: Local, quad: Quadratic): Spectrum {
  const { spectrum, turn, base } = local;
  if (!turn || quad === base) return spectrum;
  const [du, dv] = [quad.at[0] - base.at[0], quad.at[1] - base.at[1]];
  const components = spectrum.components.map((c, i) => c + spectrum.eigenvalues[i] * (turn[i][0] * du + turn[i][1] * dv));
  // Of directions that are not here nobody knows how g changes along them.
  return { ...spectrum, components, size: spectrum.size === undefined ? undefined : NaN };
}

/** A quadratic from nowhere, with the names u and v. */
function localOfQuadratic(base: Quadratic): Local {
  const names: [string, string] = ["u", "v"], spectrum = spectrumIn(base, names), { axes } = eigen(base);
  return { base, kind: "parameters", section: "whole", shadow: false, axes: names, window: windowOf(base), grid: null, trial: null, spectrum, turn: axes.map((a): Vec => [a[0], a[1]]), live: null };
}

/** The last answer again while the arguments are the same. */
function remembered<A extends readonly unknown[], R>(make: (...args: A) => R): (...args: A) => R {
  let last: { args: A; answer: R } | null = null;
  return (...args) => {
    if (!last || last.args.some((a, i) => a !== args[i])) last = { args, answer: make(...args) };
    return last.answer;
  };
}

/** The walk along s(tau) as a piece of a page: the plane, f and the quadratic along the curve, two sliders, the ratio gauge. */

import type { Window } from "../maths/window";
import { Dampings, Shifted } from "../methods/shifted";
import type { Objective } from "../methods/types";
import { short } from "../scene/number";
import type { Grid, Pair } from "../scene/types";
import { GROW, STAY, TAKE, alongScene, reachOf, walk, walkScene, type Walk, type WalkWords } from "../views/walk";
import { element } from "./dom";
import { Figure } from "./figure";
import { Gauge } from "./gauge";
import { Handle } from "./handle";
import { say } from "./panel";
import type { Words } from "./words/words";

/** Where the walk is made: x, and the radius where the last one stood. */
export interface Place { objective: Objective; window: Window; grid: Grid | null; axes: readonly [string, string]; at: Pair; note?: string }

/** The smallest radius as a share of the largest, and the decades of damping below the largest. */
const LEAST = 0.01, DECADES = 8;
/** The zones of the gauge. */
const EDGES = [-0.5, TAKE, STAY, GROW, 1.5];

export class WalkBoard {
  readonly root: HTMLElement;
  version = 0;
  /** The last walk that was painted. */
  walk: Walk | null = null;
  /** The radius as a share of the reach at x. */
  private share = 0.5;
  private plane: Figure;
  private line: Figure;
  private handle: Handle;
  private radius = element("input", { type: "range", min: 0, max: 1, step: 0.002, "data-control": "radius" });
  private damping = element("input", { type: "range", min: 0, max: 1, step: 0.002, "data-control": "damping" });
  private gauge: Gauge;
  private explain = element("p", { class: "explain" });
  private words: WalkWords;

  constructor(private page: Words, private touch: () => void, move: (x: Pair | null) => void) {
    const said = page.methods.walk;
    this.words = { ...said, question: page.panels.walk.question };
    this.plane = new Figure("walk", () => this.changed());
    this.line = new Figure("along", () => this.changed());
    this.handle = new Handle(this.plane, { label: said.handle, kind: said.draggable, role: "point", move, reset: () => move(null) });
    this.radius.addEventListener("input", () => this.set(LEAST + (1 - LEAST) * Number(this.radius.value)));
    this.damping.addEventListener("input", () => this.damp(Number(this.damping.value)));
    this.gauge = new Gauge(said.gauge, EDGES, said.zones);
    const sliders = element("div", { class: "tools" }, element("label", {}, said.radiusSlider, this.radius), element("label", {}, said.dampingSlider, this.damping));
    const left = element("div", {}, this.plane.root, element("p", { class: "tools hint" }, element("span", {}, said.hint)));
    this.root = element("div", { class: "board" }, sliders, element("div", { class: "abreast" }, left, element("div", {}, this.line.root, this.gauge.root, this.explain)));
  }

  paint({ objective, window, grid, axes, at, note }: Place): void {
    const said = this.page.methods.walk, reach = reachOf(new Shifted(objective(at)), window), w = walk(objective, at, this.share * reach, reach);
    this.walk = w;
    this.plane.draw(walkScene(w, grid, window, axes, this.words), said.plane);
    this.line.draw(alongScene(w, this.words), said.along);
    this.handle.place(at, this.page.local.value(axes[0], short(at[0], 4), axes[1], short(at[1], 4)));
    this.radius.value = String((this.share - LEAST) / (1 - LEAST));
    this.radius.setAttribute("aria-valuetext", short(w.radius));
    this.damping.value = String(this.dampings(w).of(w.lambda));
    this.damping.setAttribute("aria-valuetext", short(w.lambda));
    this.show(w);
    const known = Number.isFinite(w.actual);
    say(this.explain, said.explain({
      still: w.still, held: w.held, lambda: w.lambda, radius: w.radius, length: Math.hypot(...w.s), definite: w.shifted.definite, least: w.shifted.least,
      predicted: w.predicted, actual: known ? w.actual : null, ratio: known ? w.ratio : null, taken: w.taken,
    }), note);
  }

  private changed(): void {
    this.version += 1;
    this.touch();
  }

  private set(share: number): void {
    this.share = Math.min(1, Math.max(LEAST, share));
    this.changed();
  }

  /** Damping falls from left to right, as the step grows: from a step as short as the smallest radius to the least damping that H allows. */
  private dampings({ shifted, radius }: Walk): Dampings {
    return new Dampings(shifted.least, shifted.damping((LEAST * radius) / this.share), DECADES);
  }

  /** The radius that gives the same step as a damping. */
  private damp(slider: number): void {
    const w = this.walk;
    if (!w) return;
    const { shifted } = w, reach = w.radius / this.share;
    const s = slider >= 1 ? shifted.within(reach).s : shifted.step(this.dampings(w).at(slider));
    this.set(Math.hypot(...s) / reach);
  }

  private show({ ratio, held, still }: Walk): void {
    // A radius grows only where it held the step back.
    const [, , keep, grow] = this.page.methods.walk.zones;
    this.gauge.zones[3].textContent = held ? grow : keep;
    this.gauge.show(still ? null : ratio);
  }
}

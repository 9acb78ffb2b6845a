/** Paints the panels whose needs changed: those in sight in this frame, the others in the next one that is free, the closed ones not. */

import type { Panel } from "./panel";
import type { Shown } from "./shown";
import type { State } from "./store";

/** Milliseconds without a change after which a hand that holds x rests. */
const REST = 150;

/** Share of a panel, or of the window, below which nobody reads it: an edge of a picture that looks into the window. */
const SEEN = 0.2;

export class Painter {
  private painted = new Map<Panel, readonly unknown[]>();
  private hidden = new Set<Element>();
  private waiting: (() => void) | null = null;
  private frame = 0;
  private timer = 0;

  constructor(private root: HTMLElement, private panels: Panel[], private shownIn: (state: State) => Shown) {
    for (const end of ["pointerup", "pointercancel"]) root.addEventListener(end, () => this.catchUp());
    const seen = new IntersectionObserver((entries) => {
      for (const { target, intersectionRatio, intersectionRect, rootBounds } of entries)
        this.hidden[intersectionRatio >= SEEN || intersectionRect.height >= SEEN * (rootBounds?.height ?? 0) ? "delete" : "add"](target);
    }, { threshold: Array.from({ length: 21 }, (_, k) => k / 20) });
    for (const panel of panels) seen.observe(panel.root);
  }

  paint(state: State, now: boolean): void {
    this.forget();
    const shown = this.shownIn(state);
    const due = this.panels.filter((panel) => this.isDue(panel, shown));
    const waiting = due.filter(({ root }) => !now && this.hidden.has(root));
    for (const panel of due) if (!waiting.includes(panel)) this.paintOne(panel, shown);
    if (waiting.length === 0) return;
    // The next change comes first: while x is dragged, only what is in sight is painted.
    this.waiting = () => waiting.forEach((panel) => this.paintOne(panel, shown));
    if (this.root.querySelector(".dragging")) this.timer = window.setTimeout(() => this.catchUp(), REST);
    else this.frame = requestAnimationFrame(() => this.catchUp());
  }

  /** Paints what was out of sight. */
  private catchUp(): void {
    const { waiting } = this;
    this.forget();
    waiting?.();
  }

  private forget(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.waiting = null;
  }

  private isDue(panel: Panel, shown: Shown): boolean {
    if (panel.closed?.(shown.state)) return false;
    const before = this.painted.get(panel);
    return !before || panel.needs(shown).some((need, i) => need !== before[i]);
  }

  private paintOne(panel: Panel, shown: Shown): void {
    this.painted.set(panel, panel.needs(shown));
    try {
      panel.paint(shown);
      panel.root.classList.remove("broken");
    } catch (error) {
      // One picture that cannot be drawn must not take the others with it.
      panel.root.classList.add("broken");
      console.error(`raphson: panel ${panel.root.dataset.panel}`, error);
    }
  }
}

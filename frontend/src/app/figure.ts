/** A place for a scene: an SVG that is a picture for those who cannot see it, and room above it for handles. */

import { render } from "../scene/render";
import type { Frame } from "../scene/render";
import type { Scene } from "../scene/types";
import { drawn, element } from "./dom";

/** Figures by name: several on a page may have the same one, and what refers to an id finds the first that has it. */
const known = new Map<string, number>();

/** The name for ids of the next figure of that name. */
function unique(name: string): string {
  const before = known.get(name) ?? 0;
  known.set(name, before + 1);
  return before ? `${name}-${before + 1}` : name;
}

/** Pixels: nothing can be drawn in less. */
const LEAST = 20;

export class Figure {
  /** Nothing to be read out until there is a picture. */
  readonly svg = drawn("svg", { "aria-hidden": "true" });
  readonly root = element("div", { class: "figure" }, this.svg);
  frame: Frame | null = null;
  private box = { width: 0, height: 0 };
  private readonly id: string;

  constructor(name: string, resized: () => void) {
    this.root.dataset.figure = name;
    this.id = unique(name);
    new ResizeObserver(([entry]) => {
      const { width, height } = entry.contentRect, before = this.box;
      this.box = { width: Math.round(width), height: Math.round(height) };
      if (this.box.width !== before.width || this.box.height !== before.height) resized();
    }).observe(this.root);
  }

  /** Changes with the size: a picture depends on it. */
  get size(): string {
    this.measure();
    return `${this.box.width}x${this.box.height}`;
  }

  /** What was hidden, or not in the page, until now has a size that nobody has told yet: drawn with it, it is drawn once. */
  private measure(): void {
    if (this.box.width < LEAST) this.box = { width: this.root.clientWidth, height: this.root.clientHeight };
  }

  /** Draws the scene; `label` is what a screen reader says. */
  draw(scene: Scene, label: string): void {
    this.measure();
    if (this.box.width < LEAST || this.box.height < LEAST) return;
    this.frame = render(this.svg, scene, this.box, this.id, label);
    this.svg.removeAttribute("aria-hidden");
  }
}

/** A point of a figure that can be dragged, with a pointer or with the keyboard. */

import type { Frame } from "../scene/render";
import type { Pair } from "../scene/types";
import { colorOf, element } from "./dom";
import type { Figure } from "./figure";

interface Choices {
  label: string;
  kind: string;
  role: string;
  /** The point was brought to these coordinates of the figure: of the frame in which it was taken hold of. */
  move: (to: Pair, frame: Frame) => void;
  reset: () => void;
  /** A point on a circle: the arrow keys turn it by so many degrees instead. */
  turn?: (degrees: number) => void;
  /** A point on a line: the arrow keys push it in this direction of the screen, by this share. */
  nudge?: (way: Pair, share: number) => void;
  /** One of several about a larger one: only a press that hits it is for it. */
  small?: boolean;
}

/** Arrow keys move by these shares of the window. */
const STEP = 0.01;
const STRIDE = 0.05;
/** Or turn by these, in degrees: with an arrow to the right or up against the clock. */
const TURN = 2;
const WHEEL = 10;

/** The handles of a figure: a press moves the one that it hits, or the nearest. */
const together = new WeakMap<Figure, Handle[]>();

const KEYS: Record<string, Pair> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Handle {
  readonly root: HTMLElement;
  private at: Pair = [0, 0];
  private dragging: { id: number; frame: Frame; offset: Pair } | null = null;

  constructor(private figure: Figure, private choices: Choices) {
    this.root = element("div", {
      class: "handle", role: "slider", tabindex: 0, hidden: true, style: `--role: ${colorOf(choices.role)}`,
      "aria-label": choices.label, "aria-roledescription": choices.kind, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 50,
    });
    figure.root.append(this.root);
    together.set(figure, [...(together.get(figure) ?? []), this]);
    figure.root.addEventListener("pointerdown", (event) => this.press(event));
    figure.root.addEventListener("pointermove", (event) => this.pull(event));
    for (const end of ["pointerup", "pointercancel"]) figure.root.addEventListener(end, (event) => this.drop((event as PointerEvent).pointerId));
    figure.root.addEventListener("dblclick", () => choices.reset());
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  /** Puts the handle on a point of the scene; null takes it away. */
  place(point: Pair | null, text: string): void {
    const frame = this.figure.frame;
    const pixel = point && frame ? frame.toPixel(point) : null;
    const seen = pixel !== null && pixel.every(Number.isFinite);
    this.root.hidden = !seen;
    if (!seen || !frame) return;
    const { x, y, width, height } = frame.plot;
    this.at = pixel;
    // A handle that has left the window waits at its edge.
    const [left, top] = [Math.min(x + width, Math.max(x, pixel[0])), Math.min(y + height, Math.max(y, pixel[1]))];
    this.root.style.transform = `translate(${left.toFixed(2)}px, ${top.toFixed(2)}px)`;
    this.root.setAttribute("aria-valuenow", ((100 * (left - x)) / width).toFixed(0));
    this.root.setAttribute("aria-valuetext", text);
  }

  private pixel(event: PointerEvent): Pair {
    const box = this.figure.root.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private press(event: PointerEvent): void {
    const frame = this.figure.frame;
    const grabbed = event.target === this.root;
    // A finger beside the handle scrolls the page.
    if (!frame || this.root.hidden || event.button !== 0 || (!grabbed && (this.choices.small || event.pointerType === "touch"))) return;
    const [px, py] = this.pixel(event);
    const { x, y, width, height } = frame.plot;
    if (this.meant(event) !== this) return;
    if (!grabbed && (px < x || px > x + width || py < y || py > y + height)) return;
    // The frame of the first moment: a scene that rescales itself must not run away under the pointer.
    this.dragging = { id: event.pointerId, frame, offset: grabbed ? [this.at[0] - px, this.at[1] - py] : [0, 0] };
    this.figure.root.setPointerCapture(event.pointerId);
    this.figure.root.classList.add("dragging");
    event.preventDefault();
    this.root.focus({ preventScroll: true });
    if (!grabbed) this.pull(event);
  }

  /** The handle of the figure that a press is for. */
  private meant(event: PointerEvent): Handle {
    const all = together.get(this.figure)!.filter(({ root }) => !root.hidden), [px, py] = this.pixel(event);
    const far = ({ at }: Handle): number => Math.hypot(at[0] - px, at[1] - py);
    return all.find(({ root }) => root === event.target) ?? all.filter(({ choices }) => !choices.small).reduce((best, one) => (far(one) < far(best) ? one : best));
  }

  private pull(event: PointerEvent): void {
    if (this.dragging?.id !== event.pointerId) return;
    const [px, py] = this.pixel(event);
    const { frame, offset } = this.dragging;
    this.choices.move(frame.toData([px + offset[0], py + offset[1]]), frame);
  }

  /** Lets go, if it was this pointer that held it. */
  private drop(id = this.dragging?.id): void {
    if (!this.dragging || this.dragging.id !== id) return;
    this.dragging = null;
    this.figure.root.classList.remove("dragging");
  }

  private key(event: KeyboardEvent): void {
    const frame = this.figure.frame;
    const way = KEYS[event.key];
    const { turn, nudge } = this.choices;
    if (event.key === "Escape") {
      this.drop();
      this.choices.reset();
    }
    else if (way && turn && !event.ctrlKey && !event.altKey && !event.metaKey) turn((way[0] - way[1]) * (event.shiftKey ? WHEEL : TURN));
    else if (way && frame && !event.ctrlKey && !event.altKey && !event.metaKey) {
      const share = event.shiftKey ? STRIDE : STEP;
      if (nudge) nudge(way, share);
      else this.choices.move(frame.toData([this.at[0] + way[0] * share * frame.plot.width, this.at[1] + way[1] * share * frame.plot.height]), frame);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

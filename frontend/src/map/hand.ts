/** Mouse, fingers, wheel and keys on the map. */

import type { MapPage } from "./page";
import { enlarged, moved, turned, under } from "./view";

export const NOTHING = { pose: -1, edge: -1 };

/** Pixels, and factor, of a key press. */
const NUDGE = 60, FACTOR = 1.35;
/** Pixels that a press may move and still be one. */
const STILL = 4;

export class Hand {
  private fingers = new Map<number, [number, number]>();
  private travelled = 0;

  constructor(private page: MapPage) {
    const { element } = page.canvas;
    element.tabIndex = 0;
    element.setAttribute("role", "application");
    element.addEventListener("pointerdown", (event) => this.down(event));
    element.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"] as const) element.addEventListener(name, (event) => this.up(event));
    element.addEventListener("pointerleave", () => this.fingers.size === 0 && page.set({ over: NOTHING }));
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    element.addEventListener("keydown", (event) => this.key(event));
  }

  private at({ offsetX, offsetY }: MouseEvent): [number, number] {
    return [offsetX, offsetY];
  }

  private found(at: [number, number]): { pose: number; edge: number } {
    const { page } = this, { state, canvas, map } = page;
    return under(canvas.flat(state.moment, state.view), map.ends, (k) => state.classes[map.classes[k]], state.view, at, canvas.width, canvas.height);
  }

  private down(event: PointerEvent): void {
    this.page.canvas.element.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.at(event));
    this.travelled = 0;
  }

  private move(event: PointerEvent): void {
    const { page } = this, { view, turning } = page.state, before = this.fingers.get(event.pointerId), now = this.at(event);
    if (!before) return page.set({ over: this.found(now) });
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]], other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.fingers.set(event.pointerId, now);
    this.travelled += Math.hypot(dx, dy);
    if (other) {
      const apart = (p: [number, number]) => Math.max(20, Math.hypot(p[0] - other[0], p[1] - other[1]));
      return page.set({ view: moved(enlarged(view, apart(now) / apart(before), other, page.canvas.width, page.canvas.height), dx / 2, dy / 2) });
    }
    // The right button, or Shift, does the other of the two.
    const turn = page.map.record.dimension === 3 && turning !== (event.shiftKey || (event.buttons & 2) > 0);
    page.set({ view: turn ? turned(view, dx, dy) : moved(view, dx, dy), over: NOTHING });
  }

  private up(event: PointerEvent): void {
    const { page } = this;
    if (this.fingers.size === 1 && this.travelled < STILL && event.type === "pointerup") page.set({ kept: this.found(this.at(event)), over: NOTHING });
    this.fingers.delete(event.pointerId);
  }

  /** Only a map that was pressed takes the wheel from the page. */
  private wheel(event: WheelEvent): void {
    const { page } = this, { canvas } = page;
    if (document.activeElement !== canvas.element && !event.ctrlKey) return;
    event.preventDefault();
    page.set({ view: enlarged(page.state.view, Math.exp(-event.deltaY / 500), this.at(event), canvas.width, canvas.height) });
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { page } = this, { view } = page.state, turn = page.map.record.dimension === 3 && event.shiftKey, middle: [number, number] = [page.canvas.width / 2, page.canvas.height / 2];
    const go = (dx: number, dy: number) => page.set({ view: turn ? turned(view, dx / 3, dy / 3) : moved(view, dx, dy) });
    const zoom = (factor: number) => page.set({ view: enlarged(view, factor, middle, page.canvas.width, page.canvas.height) });
    const keys: Record<string, () => void> = {
      ArrowLeft: () => go(NUDGE, 0), ArrowRight: () => go(-NUDGE, 0), ArrowUp: () => go(0, NUDGE), ArrowDown: () => go(0, -NUDGE),
      "+": () => zoom(FACTOR), "=": () => zoom(FACTOR), "-": () => zoom(1 / FACTOR), 0: () => page.whole(), n: () => page.next(), N: () => page.next(),
      Escape: () => page.set({ kept: NOTHING, over: NOTHING }), ",": () => page.step(-1), ".": () => page.step(1),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }
}

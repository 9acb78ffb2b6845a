/** What lies behind the paths: contours, or the basin map of a method, computed in the background and painted as it grows. */

import { LIMIT, OPEN, BROKEN, UNBOUNDED, type Basin, type End } from "../methods/basin";
import { METHODS } from "../methods/run";
import type { Sight } from "../engine/objective";
import type { MethodName } from "../methods/types";
import { mapBasin } from "./background";
import { COLORS, pixelsOf, speeds } from "./basin-image";
import { channels } from "../scene/style";
import { element } from "./dom";
import type { Figure } from "./figure";
import type { Words } from "./words/words";

/** Starts across; as many up as make pixels square. */
const COLUMNS = 200;

export class Ground {
  readonly root: HTMLElement;
  private basin: Basin | null = null;
  private share = 0;
  private canvas = element("canvas", { class: "basin", hidden: true, "aria-hidden": "true" });
  private asked: readonly unknown[] = [];
  private stop = (): void => {};

  /** `kept`: whose basin map the reader chose; null for contours. */
  constructor(private figure: Figure, private words: Words, private kept: { ground: MethodName | null }, private changed: () => void) {
    const { race: said, names } = words.methods;
    const options = (Object.keys(METHODS) as MethodName[]).map((name) => element("option", { value: name }, said.basin(names[name])));
    const choice = element("select", { "aria-label": said.ground, "data-control": "ground" }, element("option", { value: "" }, said.contours), ...options);
    choice.value = kept.ground ?? "";
    choice.addEventListener("change", () => {
      kept.ground = (choice.value || null) as MethodName | null;
      changed();
    });
    this.root = element("label", { class: "choice" }, element("span", {}, said.ground), choice);
    figure.root.prepend(this.canvas);
  }

  get chosen(): MethodName | null {
    return this.kept.ground;
  }

  /** The ends of the map, the lowest first; none while contours are shown. */
  get ends(): readonly End[] {
    return this.chosen && this.basin && this.share === 1 ? this.basin.ends : [];
  }

  /** Asks for the map of what is seen, and puts the image where it belongs. */
  paint(sight: Sight): void {
    const { frame } = this.figure;
    this.canvas.hidden = !this.chosen || !frame;
    if (!this.chosen || !frame) return this.ask([]);
    const { plot, window } = frame, rows = Math.max(1, Math.round((COLUMNS * plot.height) / plot.width));
    Object.assign(this.canvas.style, { left: `${plot.x}px`, top: `${plot.y}px`, width: `${plot.width}px`, height: `${plot.height}px` });
    const key = [sight, this.chosen, ...window, rows];
    if (key.length === this.asked.length && key.every((part, i) => part === this.asked[i])) return;
    this.ask(key);
    this.stop = mapBasin({ sight, window, columns: COLUMNS, rows, method: this.chosen }, ({ basin, share }) => {
      [this.basin, this.share] = [basin, share];
      show(this.canvas, basin);
      this.changed();
    });
  }

  /** What is seen, in words. */
  sentence(limit = LIMIT): string {
    const { basin: said } = this.words.methods;
    if (!this.chosen) return "";
    if (!this.basin || this.share < 1) return said.working(this.share);
    const { end, ends } = this.basin, [fewest, most] = speeds(this.basin);
    const open = end.reduce((count, k) => count + Number(k === OPEN || k === BROKEN || k === UNBOUNDED), 0);
    return said.explain({ starts: end.length, minima: ends.length, repeated: ends.length > COLORS.length, open, limit, fewest, most });
  }

  /** Ends what is computed. */
  close(): void {
    this.ask([]);
  }

  private ask(key: readonly unknown[]): void {
    if (key.length === 0 && this.asked.length === 0) return;
    this.stop();
    [this.asked, this.basin, this.share] = [key, null, 0];
  }
}

function show(canvas: HTMLCanvasElement, basin: Basin): void {
  const { columns, rows } = basin;
  [canvas.width, canvas.height] = [columns, rows];
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const image = pen.createImageData(columns, rows);
  const ground = getComputedStyle(canvas).getPropertyValue("--ground").trim();
  image.data.set(pixelsOf(basin, /^#[0-9a-f]{6}$/i.test(ground) ? channels(ground) : undefined));
  pen.putImageData(image, 0, 0);
}

/** The map on a canvas: a thin start, edges by error with the largest last, poses where there is room, what is held, what is told. */

import type { GraphMap } from "./record";
import { binOf } from "./record";
import { type View, barLength, flattened, shift } from "./view";

export interface Look {
  view: View;
  moment: number;
  /** Of each class of edges, whether it is drawn. */
  classes: boolean[];
  start: boolean;
  pose: number;
  edge: number;
  dark: boolean;
  units: string;
}

/** Milliseconds of a whole picture above which a moving one is drawn with fewer of the calm edges. */
const SLOW = 22;
/** Edges of the two calmest colors that a moving picture has, about. */
const CALM = 2500;
/** Pixels between poses from which on they are dots. */
const ROOM = 9;

export class MapCanvas {
  readonly element: HTMLCanvasElement;
  width = 600;
  height = 400;
  /** Milliseconds that the last whole picture took. */
  took = 0;
  private flats = new Map<number, { eye: string; flat: Float32Array }>();
  private lists = new Map<string, Uint32Array[]>();
  private spacing: number;

  constructor(private map: GraphMap) {
    this.element = document.createElement("canvas");
    this.spacing = medianLength(map);
  }

  /** Fits the canvas to its frame; whether its size has changed. */
  fit(width: number, height: number): boolean {
    if (width === this.width && height === this.height && this.element.width > 0 && this.element.dataset.sized) return false;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    [this.width, this.height] = [width, height];
    [this.element.width, this.element.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    this.element.dataset.sized = "1";
    this.element.getContext("2d")?.setTransform(ratio, 0, 0, ratio, 0, 0);
    return true;
  }

  /** The places of a moment on the paper. */
  flat(moment: number, view: View): Float32Array {
    const eye = `${view.azimuth},${view.elevation}`, known = this.flats.get(moment);
    if (known && (this.map.record.dimension === 2 || known.eye === eye)) return known.flat;
    const flat = flattened(this.map.moments[moment].places, this.map.record.dimension, view);
    this.flats.set(moment, { eye, flat });
    return flat;
  }

  /** Edges of a moment by color, of the classes that are shown. */
  private byBin(moment: number, classes: boolean[]): Uint32Array[] {
    const key = `${moment}:${classes.join()}`, known = this.lists.get(key);
    if (known) return known;
    const { record: { bounds }, ends, moments } = this.map, lists: number[][] = Array.from({ length: bounds.length + 1 }, () => []);
    moments[moment].error.forEach((error, k) => {
      if (classes[this.map.classes[k]] && ends[2 * k] !== ends[2 * k + 1]) lists[binOf(bounds, error)].push(k);
    });
    const found = lists.map((list) => Uint32Array.from(list));
    if (this.lists.size > 60) this.lists.clear();
    this.lists.set(key, found);
    return found;
  }

  /** `moving`: another picture comes soon. */
  draw(look: Look, moving = false): void {
    const g = this.element.getContext("2d");
    if (!g) return;
    const begin = performance.now(), fewer = moving && this.took > SLOW, { record } = this.map, ramp = record.ramp[look.dark ? "dark" : "light"];
    g.clearRect(0, 0, this.width, this.height);
    g.lineCap = "round";
    const flat = this.flat(look.moment, look.view), lists = this.byBin(look.moment, look.classes);
    if (look.start && look.moment > 0) {
      const chain = this.byBin(0, look.classes.map((_, k) => k === 0)).flatMap((list) => [...(fewer ? thin(list, CALM / 4) : list)]);
      this.lines(g, this.flat(0, look.view), chain, look.view, look.dark ? "#59626d" : "#b4bac1", 0.7);
    }
    lists.forEach((list, bin) => this.lines(g, flat, fewer && bin < 3 ? thin(list, CALM / 2) : list, look.view, ramp[bin], 0.9 + 0.32 * bin));
    this.places(g, flat, look);
    this.chosen(g, flat, look);
    this.bar(g, look);
    if (!fewer) this.took = performance.now() - begin;
  }

  private lines(g: CanvasRenderingContext2D, flat: Float32Array, list: ArrayLike<number>, view: View, color: string, width: number): void {
    const [a, b] = shift(view, this.width, this.height), { scale } = view, { ends } = this.map, [right, bottom] = [this.width, this.height];
    g.strokeStyle = color;
    g.lineWidth = width;
    g.beginPath();
    for (let n = 0; n < list.length; n += 1) {
      const i = 2 * ends[2 * list[n]], j = 2 * ends[2 * list[n] + 1];
      const x = a + scale * flat[i], y = b - scale * flat[i + 1], u = a + scale * flat[j], v = b - scale * flat[j + 1];
      if ((x < 0 && u < 0) || (y < 0 && v < 0) || (x > right && u > right) || (y > bottom && v > bottom)) continue;
      g.moveTo(x, y);
      g.lineTo(u, v);
    }
    g.stroke();
  }

  /** Poses as dots, landmarks as crosses, where they are far enough from each other; what is held as a square. */
  private places(g: CanvasRenderingContext2D, flat: Float32Array, { view, dark }: Look): void {
    const [a, b] = shift(view, this.width, this.height), { scale } = view, { types, held } = this.map.record, ink = dark ? "#e3e7ec" : "#1b1f24";
    let first = 0;
    g.fillStyle = g.strokeStyle = ink;
    for (const [, count, pose] of types) {
      const size = pose ? 2 : 2.6;
      if (this.spacing * scale >= ROOM || !pose || types[0][1] < 60)
        for (let k = first; k < first + count; k += 1) {
          const x = a + scale * flat[2 * k], y = b - scale * flat[2 * k + 1];
          if (x < -4 || y < -4 || x > this.width + 4 || y > this.height + 4) continue;
          if (pose) g.fillRect(x - size, y - size, 2 * size, 2 * size);
          else g.fillRect(x - size, y - 0.6, 2 * size, 1.2), g.fillRect(x - 0.6, y - size, 1.2, 2 * size);
        }
      first += count;
    }
    g.lineWidth = 2;
    for (const k of held) g.strokeRect(a + scale * flat[2 * k] - 6, b - scale * flat[2 * k + 1] - 6, 12, 12);
  }

  /** A ring around the pose, or a broad line along the edge, that is told about. */
  private chosen(g: CanvasRenderingContext2D, flat: Float32Array, { view, pose, edge, dark }: Look): void {
    const [a, b] = shift(view, this.width, this.height), { scale } = view, at = (k: number): [number, number] => [a + scale * flat[2 * k], b - scale * flat[2 * k + 1]];
    g.strokeStyle = dark ? "#6cc5ff" : "#0072b2";
    g.lineWidth = 3;
    if (pose >= 0) {
      g.beginPath();
      g.arc(...at(pose), 9, 0, 2 * Math.PI);
      g.stroke();
    }
    if (edge < 0) return;
    const [from, to] = [at(this.map.ends[2 * edge]), at(this.map.ends[2 * edge + 1])];
    g.lineWidth = 4;
    g.beginPath();
    g.moveTo(...from);
    g.lineTo(...to);
    g.stroke();
    g.lineWidth = 2;
    for (const [x, y] of [from, to]) {
      g.beginPath();
      g.arc(x, y, 7, 0, 2 * Math.PI);
      g.stroke();
    }
  }

  /** How long a round number of units is. */
  private bar(g: CanvasRenderingContext2D, { view, dark, units }: Look): void {
    const length = barLength(view.scale), pixels = length * view.scale, [x, y] = [14, this.height - 14], text = `${Number(length.toPrecision(3))} ${units}`;
    g.font = "12px system-ui, sans-serif";
    g.fillStyle = dark ? "rgb(20 25 31 / 80%)" : "rgb(255 255 255 / 80%)";
    g.fillRect(x - 6, y - 24, Math.max(pixels, g.measureText(text).width) + 12, 32);
    g.strokeStyle = g.fillStyle = dark ? "#e3e7ec" : "#1b1f24";
    g.lineWidth = 1.5;
    g.beginPath();
    g.moveTo(x, y - 5);
    g.lineTo(x, y);
    g.lineTo(x + pixels, y);
    g.lineTo(x + pixels, y - 5);
    g.stroke();
    g.fillText(text, x, y - 10);
  }
}

/** Every so many of a list, at most about `most`. */
function thin(list: Uint32Array, most: number): Uint32Array {
  const every = Math.ceil(list.length / most);
  return every <= 1 ? list : list.filter((_, k) => k % every === 0);
}

/** Half of the edges between poses that follow each other are longer. */
function medianLength({ record: { dimension }, ends, classes, moments }: GraphMap): number {
  const { places } = moments[moments.length - 1], lengths: number[] = [];
  for (let k = 0; k < classes.length; k += Math.ceil(classes.length / 2000)) {
    if (classes[k] !== 0) continue;
    let square = 0;
    for (let d = 0; d < dimension; d += 1) square += (places[dimension * ends[2 * k] + d] - places[dimension * ends[2 * k + 1] + d]) ** 2;
    lengths.push(Math.sqrt(square));
  }
  return lengths.sort((a, b) => a - b)[lengths.length >> 1] ?? 0;
}

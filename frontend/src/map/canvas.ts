/** The map on a canvas: a thin start, edges by error with the largest last, poses where there is room, what is held, what is told. */

import { semiAxes } from "./ellipse";
import type { GraphMap } from "./record";
import { binOf, isSpared } from "./record";
import { type View, barLength, flattened, shift } from "./view";

export interface Look {
  view: View;
  moment: number;
  /** Of each class of edges, whether it is drawn. */
  classes: boolean[];
  start: boolean;
  /** Whether edges that count little are drawn. */
  spared: boolean;
  /** Whether all ellipses are drawn; that of the pose that is told about always is. */
  ellipses: boolean;
  pose: number;
  edge: number;
  dark: boolean;
  units: string;
}

/** A picture that turns or grows has fewer of the calm edges where frames came farther apart than this (ms), and more again below half of it. */
const SLOW = 34;
/** Edges that such a picture has at least, about, and at first. */
const LEAST = 1500, FIRST = 12_000;
/** Pixels between poses from which on they are dots; three times that in space, where those behind shine through. */
const ROOM = 18;
/** Landmarks from which on they are dots, not crosses. */
const DOTS = 1000;

export class MapCanvas {
  /** Two layers: the edges, which are copied where the map is only moved, and above them what is redrawn each time. */
  readonly element = document.createElement("canvas");
  readonly below = document.createElement("canvas");
  width = 600;
  height = 400;
  private flats = new Map<number, { eye: string; flat: Float32Array }>();
  private rounds: { eye: string; axes: Float32Array } | null = null;
  private lists = new Map<string, Uint32Array[]>();
  private spacing: number;
  private most = FIRST;
  private last = 0;
  /** What the lower layer shows, and where. */
  private drawn: { what: string; at: [number, number] } | null = null;

  constructor(private map: GraphMap) {
    this.spacing = medianLength(map);
    this.below.setAttribute("aria-hidden", "true");
  }

  /** Fits the canvas to its frame; whether its size has changed. */
  fit(width: number, height: number): boolean {
    if (width === this.width && height === this.height && this.element.dataset.sized) return false;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    [this.width, this.height, this.drawn] = [width, height, null];
    this.element.dataset.sized = "1";
    for (const layer of [this.element, this.below]) {
      [layer.width, layer.height] = [Math.round(width * ratio), Math.round(height * ratio)];
      layer.getContext("2d")?.setTransform(ratio, 0, 0, ratio, 0, 0);
    }
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

  /** Semi-axes and angles of the ellipses on the paper, at the last moment; else null. */
  axes(moment: number, view: View): Float32Array | null {
    const { ellipses, moments, record: { dimension } } = this.map, eye = dimension === 2 ? "" : `${view.azimuth},${view.elevation}`;
    if (!ellipses || moment < moments.length - 1) return null;
    if (this.rounds?.eye !== eye) this.rounds = { eye, axes: semiAxes(ellipses, dimension, view) };
    return this.rounds.axes;
  }

  /** Edges of a moment by color, of the classes that are shown; those that count little last. */
  private byBin(moment: number, classes: boolean[]): Uint32Array[] {
    const key = `${moment}:${classes.join()}`, known = this.lists.get(key);
    if (known) return known;
    const { record: { bounds }, ends, moments } = this.map, lists: number[][] = Array.from({ length: bounds.length + 2 }, () => []);
    moments[moment].error.forEach((error, k) => {
      if (classes[this.map.classes[k]] && ends[2 * k] !== ends[2 * k + 1]) lists[isSpared(this.map, k) ? bounds.length + 1 : binOf(bounds, error)].push(k);
    });
    const found = lists.map((list) => Uint32Array.from(list));
    if (this.lists.size > 60) this.lists.clear();
    this.lists.set(key, found);
    return found;
  }

  /** `moving`: another picture comes soon. */
  draw(look: Look, moving = false): void {
    const g = this.element.getContext("2d"), lower = this.below.getContext("2d");
    if (!g || !lower) return;
    const now = performance.now(), gap = now - this.last;
    this.last = now;
    if (moving && gap < 500) this.most = gap > SLOW ? Math.max(LEAST, this.most * 0.75) : gap < SLOW / 2 ? Math.min(1e6, this.most * 1.2) : this.most;
    this.edges(lower, look, moving);
    g.clearRect(0, 0, this.width, this.height);
    const flat = this.flat(look.moment, look.view);
    this.places(g, flat, look);
    this.chosen(g, flat, look);
    this.bar(g, look);
  }

  /** The lower layer: copied where it was only moved, and drawn anew along its borders; else drawn anew. */
  private edges(g: CanvasRenderingContext2D, look: Look, moving: boolean): void {
    const { view, moment, classes, start, spared, dark, ellipses } = look, { width, height } = this, [a, b] = origin(view, width, height);
    const what = [view.scale, view.azimuth, view.elevation, moment, classes, start, spared, dark, ellipses].join(), before = this.drawn;
    const [dx, dy] = before ? [a - before.at[0], b - before.at[1]] : [0, 0];
    if (before?.what === what && Math.abs(dx) < width && Math.abs(dy) < height) {
      this.drawn = { what, at: [a, b] };
      if (dx === 0 && dy === 0) return;
      g.globalCompositeOperation = "copy";
      g.drawImage(this.below, dx, dy, width, height);
      g.globalCompositeOperation = "source-over";
      const across: Box = dy > 0 ? [0, 0, width, dy] : [0, height + dy, width, height], along: Box = dx > 0 ? [0, 0, dx, height] : [width + dx, 0, width, height];
      for (const box of [...(dy ? [across] : []), ...(dx ? [along] : [])]) {
        g.save();
        g.beginPath();
        g.rect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
        g.clip();
        g.clearRect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
        this.network(g, look, box, Infinity);
        g.restore();
      }
      return;
    }
    g.clearRect(0, 0, width, height);
    // A picture with fewer edges is not one to be copied.
    const total = this.map.classes.length, fewer = moving && total > this.most;
    this.drawn = fewer ? null : { what, at: [a, b] };
    this.network(g, look, [0, 0, width, height], fewer ? this.most : Infinity);
  }

  /** The start, thin, and the edges by color, within a box; at most about so many. */
  private network(g: CanvasRenderingContext2D, { view, moment, classes, start, spared, dark, ellipses }: Look, box: Box, most: number): void {
    const ramp = this.map.record.ramp[dark ? "dark" : "light"], flat = this.flat(moment, view), lists = this.byBin(moment, classes).slice(), little = lists.pop() ?? new Uint32Array(), share = most / (1.5 * this.map.classes.length);
    const some = (list: Uint32Array): Uint32Array => (share >= 1 ? list : thin(list, Math.ceil(share * list.length)));
    if (start && moment > 0)
      for (const list of this.byBin(0, classes.map((_, k) => k === 0)).slice(0, -1)) this.lines(g, this.flat(0, view), some(list), view, dark ? "#4a4339" : "#d3cdc4", 0.8, box);
    if (spared && little.length) {
      g.setLineDash([5, 4]);
      this.lines(g, flat, some(little), view, dark ? "#d898bd" : "#b5588f", 0.9, box);
      g.setLineDash([]);
    }
    // Lines of at most a pixel are much faster, without a graphics card: only what matters is broader in a large graph.
    const broad = most < Infinity ? 5 : this.map.classes.length > FIRST ? 3 : 0;
    lists.forEach((list, bin) => this.lines(g, flat, bin < 5 ? some(list) : list, view, ramp[bin], bin < broad ? 1 : 1.2 + 0.28 * bin, box));
    if (!ellipses) return;
    g.strokeStyle = dark ? "rgb(108 197 255 / 70%)" : "rgb(0 114 178 / 70%)";
    g.lineWidth = 1;
    this.rings(g, this.axes(moment, view), flat, view, box, 0, flat.length / 2, Math.max(1, Math.ceil(flat.length / 2 / most)));
  }

  /** The ellipses of every so many places, those that are to be seen, within a box. */
  private rings(g: CanvasRenderingContext2D, axes: Float32Array | null, flat: Float32Array, view: View, [left, top, right, bottom]: Box, from: number, to: number, every = 1): void {
    if (!axes) return;
    const [a, b] = origin(view, this.width, this.height), { scale } = view;
    g.beginPath();
    for (let k = from; k < to; k += every) {
      const large = scale * axes[3 * k], small = scale * axes[3 * k + 1], angle = -axes[3 * k + 2], x = a + scale * flat[2 * k], y = b - scale * flat[2 * k + 1];
      if (!(large > 1 && large < 1e6) || x + large < left || x - large > right || y + large < top || y - large > bottom) continue;
      g.moveTo(x + large * Math.cos(angle), y + large * Math.sin(angle));
      g.ellipse(x, y, large, small, angle, 0, 2 * Math.PI);
    }
    g.stroke();
  }

  private lines(g: CanvasRenderingContext2D, flat: Float32Array, list: Uint32Array, view: View, color: string, width: number, [left, top, right, bottom]: Box): void {
    const [a, b] = origin(view, this.width, this.height), { scale } = view, { ends } = this.map;
    g.strokeStyle = color;
    g.lineWidth = width;
    g.beginPath();
    for (let n = 0; n < list.length; n += 1) {
      const i = 2 * ends[2 * list[n]], j = 2 * ends[2 * list[n] + 1];
      const x = a + scale * flat[i], y = b - scale * flat[i + 1], u = a + scale * flat[j], v = b - scale * flat[j + 1];
      if ((x < left && u < left) || (y < top && v < top) || (x > right && u > right) || (y > bottom && v > bottom)) continue;
      g.moveTo(x, y);
      g.lineTo(u, v);
    }
    g.stroke();
  }

  /** Poses as dots, landmarks as crosses, where they are far enough from each other; what is held as a square. */
  private places(g: CanvasRenderingContext2D, flat: Float32Array, { view, dark }: Look): void {
    const [a, b] = origin(view, this.width, this.height), { scale } = view, { types, held } = this.map.record, ink = dark ? "#e3e7ec" : "#1b1f24";
    let first = 0;
    g.fillStyle = g.strokeStyle = ink;
    for (const [, count, pose] of types) {
      const size = pose ? 2 : 2.6, dot = !pose && count > DOTS;
      if (this.spacing * scale >= ROOM * (this.map.record.dimension === 3 ? 3 : 1) || !pose || types[0][1] < 60)
        for (let k = first; k < first + count; k += 1) {
          const x = a + scale * flat[2 * k], y = b - scale * flat[2 * k + 1];
          if (x < -4 || y < -4 || x > this.width + 4 || y > this.height + 4) continue;
          if (dot) g.fillRect(x - 0.7, y - 0.7, 1.4, 1.4);
          else if (pose) g.fillRect(x - size, y - size, 2 * size, 2 * size);
          else g.fillRect(x - size, y - 0.6, 2 * size, 1.2), g.fillRect(x - 0.6, y - size, 1.2, 2 * size);
        }
      first += count;
    }
    g.lineWidth = 2;
    for (const k of held) g.strokeRect(a + scale * flat[2 * k] - 6, b - scale * flat[2 * k + 1] - 6, 12, 12);
  }

  /** A ring around the pose, or a broad line along the edge, that is told about. */
  private chosen(g: CanvasRenderingContext2D, flat: Float32Array, { view, moment, pose, edge, dark }: Look): void {
    const [a, b] = origin(view, this.width, this.height), { scale } = view, at = (k: number): [number, number] => [a + scale * flat[2 * k], b - scale * flat[2 * k + 1]];
    g.strokeStyle = dark ? "#6cc5ff" : "#0072b2";
    g.lineWidth = 3;
    if (pose >= 0) {
      g.beginPath();
      g.arc(...at(pose), 9, 0, 2 * Math.PI);
      g.stroke();
      g.lineWidth = 2;
      this.rings(g, this.axes(moment, view), flat, view, [0, 0, this.width, this.height], pose, pose + 1);
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

/** Left, top, right, bottom in pixels. */
type Box = [number, number, number, number];

/** Where the origin is, on whole pixels: a picture that is moved is then the same picture elsewhere. */
function origin(view: View, width: number, height: number): [number, number] {
  const [a, b] = shift(view, width, height);
  return [Math.round(a), Math.round(b)];
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

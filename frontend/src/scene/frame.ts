/** Where a scene lies in its picture: the plot's rectangle and the way from data to pixels and back. */

import type { Pair, Scene } from "./types";
import { type Scale, linear, logarithmic } from "./ticks";
import { FONT_SIZE, widthOf } from "./svg";

export interface Size {
  width: number;
  height: number;
}

export interface Box extends Size {
  x: number;
  y: number;
}

export interface Frame {
  toPixel(p: Pair): Pair;
  toData(p: Pair): Pair;
  plot: Box;
  /** What is seen: the scene's window, widened where both axes have the same unit. */
  window: [number, number, number, number];
}

export interface Axes {
  x: Scale;
  y: Scale;
}

/** Pixels between ticks, about. */
const SPACING: Pair = [78, 46];

/** The frame of a scene and the ticks of its axes. The left margin is as wide as the widest number. */
export function framed(scene: Scene, size: Size): { frame: Frame; axes: Axes } {
  const has = (axis: string): boolean => (scene.ticks ?? "xy").includes(axis);
  const none: Scale = { ticks: [], base: "" };
  const least = scene.left ?? 0;
  let left = Math.max(least, has("y") ? 34 : scene.y_label ? 24 : 14), frame = placed(scene, size, left), axes: Axes;
  for (let round = 0; ; round += 1) {
    const [x0, x1, y0, y1] = frame.window, { plot } = frame;
    const ticks = (k: 0 | 1, low: number, high: number): Scale =>
      (scene.log?.includes("xy"[k]) ? logarithmic : linear)(low, high, Math.max(k ? 4 : 2, Math.floor((k ? plot.height : plot.width) / SPACING[k])));
    axes = { x: has("x") ? ticks(0, x0, x1) : none, y: has("y") ? ticks(1, y0, y1) : none };
    const widest = Math.max(0, ...axes.y.ticks.map((tick) => widthOf(tick.text, FONT_SIZE - 1)));
    const wanted = has("y") ? Math.max(least, Math.ceil(widest + 12 + (scene.y_label ? 18 : 0))) : left;
    if (round === 1 || wanted === left) return { frame, axes };
    left = wanted;
    frame = placed(scene, size, left);
  }
}

function placed(scene: Scene, size: Size, left: number): Frame {
  const below = ((scene.ticks ?? "xy").includes("x") ? 20 : 6) + (scene.x_label ? 18 : 0);
  const plot = { x: left, y: 8, width: Math.max(1, size.width - left - 14), height: Math.max(1, size.height - 8 - below) };
  const log = [scene.log?.includes("x") ?? false, scene.log?.includes("y") ?? false];
  const forward = (k: number, value: number): number => (log[k] ? Math.log10(value) : value);
  const back = (k: number, value: number): number => (log[k] ? 10 ** value : value);
  const [a, b, c, d] = scene.window.map((value, i) => forward(i >> 1, value));
  const window = scene.equal ? widened([a, b, c, d], plot) : ([a, b, c, d] as Frame["window"]);
  const [u0, u1, v0, v1] = window, ppx = plot.width / (u1 - u0), ppy = plot.height / (v1 - v0);
  return {
    toPixel: (p) => [plot.x + (forward(0, p[0]) - u0) * ppx, plot.y + plot.height - (forward(1, p[1]) - v0) * ppy],
    toData: (p) => [back(0, u0 + (p[0] - plot.x) / ppx), back(1, v0 + (plot.y + plot.height - p[1]) / ppy)],
    plot,
    window: window.map((value, i) => back(i >> 1, value)) as Frame["window"],
  };
}

/** The window in which a unit is as long on both axes: more is seen in one direction, nothing less. */
function widened([a, b, c, d]: number[], plot: Size): Frame["window"] {
  const unit = Math.max((b - a) / plot.width, (d - c) / plot.height);
  const [w, h] = [(unit * plot.width) / 2, (unit * plot.height) / 2], [x, y] = [(a + b) / 2, (c + d) / 2];
  return [x - w, x + w, y - h, y + h];
}

/** Strips over the trials: one small chart per quantity above one axis, drawn as SVG. No DOM but the one given. */

import { colorOf, drawn } from "./dom";
import { short } from "../scene/number";
import { GROUND } from "../scene/style";

export interface Strip {
  name: string;
  label: string;
  values: (number | null)[];
  log: boolean;
  /** Values are cut off at these. */
  clip?: [number, number];
  /** Lines across at these values. */
  lines?: number[];
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** More marks than this are not drawn one by one. */
const MARKS = 400;
const LABEL_HEIGHT = 27;
const GAP = 6;
const AXIS = 22;

/** Left edge, right edge of the strips in pixels. */
export function edges(width: number): [number, number] {
  return [46, width - 12];
}

/** Where trial k (from 0) of m stands. */
export function across(k: number, m: number, width: number): number {
  const [left, right] = edges(width);
  return m < 2 ? (left + right) / 2 : left + ((right - left) * k) / (m - 1);
}

export function drawStrips(svg: SVGSVGElement, strips: Strip[], accepted: boolean[], numbers: number[], size: { width: number; height: number }): void {
  const { width, height } = size;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const each = (height - AXIS) / strips.length;
  const [left, right] = edges(width);
  const parts = strips.map((strip, i) => {
    const box = { left, right, top: i * each + LABEL_HEIGHT, bottom: (i + 1) * each - GAP };
    return one(strip, accepted, box, width);
  });
  svg.replaceChildren(...parts, axis(numbers, height - AXIS + 4, width));
}

function one(strip: Strip, accepted: boolean[], box: Box, width: number): SVGGElement {
  const m = strip.values.length;
  const { up, ticks } = scale(strip, box);
  const place = (k: number): [number, number] | null => {
    const y = up(strip.values[k]);
    return y === null ? null : [across(k, m, width), y];
  };
  const group = drawn("g", { "data-strip": strip.name });
  group.append(drawn("text", { x: box.left, y: box.top - 11, class: "strip-label" }, strip.label));
  for (const tick of ticks) {
    group.append(drawn("line", { x1: box.left, x2: box.right, y1: tick.y, y2: tick.y, class: "rule" }));
    group.append(drawn("text", { x: box.left - 6, y: tick.y + 3.5, class: "tick", "text-anchor": "end" }, tick.text));
  }
  // A rejected trial is not on the way: the line joins the taken ones.
  const way = accepted.map((taken, k) => (taken ? place(k) : null)).filter((p) => p !== null);
  group.append(drawn("polyline", { points: way.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" "), class: "way", stroke: colorOf("run") }));
  if (m <= MARKS) for (let k = 0; k < m; k++) group.append(...mark(place(k), accepted[k], strip, k, box, across(k, m, width)));
  else group.append(specks(strip.values.map((_, k) => (accepted[k] ? null : place(k)))));
  return group;
}

/** Many rejected trials: specks beside the line, in one element. */
function specks(places: ([number, number] | null)[]): SVGPathElement {
  const d = places.filter((p) => p !== null).map(([x, y]) => `M${x.toFixed(1)} ${y.toFixed(1)}h.01`).join("");
  return drawn("path", { d, stroke: colorOf("minus-gradient"), "stroke-width": 2.4, "stroke-linecap": "round", "data-strip": "rejected" });
}

function mark(at: [number, number] | null, taken: boolean, strip: Strip, k: number, box: Box, x: number): SVGElement[] {
  const color = colorOf("trial");
  // Not finite: a cross at the upper edge, so that the trial is not missing.
  if (at === null) return [drawn("path", { d: `M${x - 3} ${box.top - 1}l6 6m0 -6l-6 6`, stroke: color, class: "missing", "data-trial": k + 1 })];
  // Zero on a logarithmic axis is below everything: an arrow head instead of a dot.
  const shape = strip.log && strip.values[k] === 0 ? drawn("path", { d: `M${(at[0] - 4).toFixed(2)} ${(at[1] - 3).toFixed(2)}h8l-4 6z` }) : drawn("circle", { cx: at[0].toFixed(2), cy: at[1].toFixed(2), r: 3 });
  for (const [name, value] of [["fill", taken ? color : GROUND], ["stroke", color], ["data-trial", k + 1], ["data-value", strip.values[k]!]] as const) shape.setAttribute(name, String(value));
  return [shape];
}

interface Scale {
  up: (value: number | null) => number | null;
  ticks: { y: number; text: string }[];
}

function scale(strip: Strip, box: Box): Scale {
  const known = strip.values.filter((v): v is number => v !== null && Number.isFinite(v) && (!strip.log || v > 0));
  return strip.log ? logarithmic(known, box) : linear(known, strip, box);
}

/** Zero has no logarithm: it stands at the lower edge, below the smallest power of ten. */
function logarithmic(known: number[], box: Box): Scale {
  const powers = known.map((v) => Math.log10(v));
  let low = Math.floor(Math.min(...powers, Infinity)), high = Math.ceil(Math.max(...powers, -Infinity));
  if (!Number.isFinite(low)) [low, high] = [-1, 0];
  if (high === low) high = low + 1;
  const y = (power: number) => box.bottom - ((power - low) / (high - low)) * (box.bottom - box.top);
  const up = (v: number | null) => (v === null || !Number.isFinite(v) || v < 0 ? null : v === 0 ? box.bottom : y(Math.log10(v)));
  const stride = Math.ceil((high - low) / 3);
  const ticks = [];
  for (let power = low; power <= high; power += stride) ticks.push({ y: y(power), text: power >= -1 && power <= 2 ? short(10 ** power) : `1e${power}`.replace("-", "\u2212") });
  return { up, ticks };
}

function linear(known: number[], strip: Strip, box: Box): Scale {
  const [low, high] = strip.clip ?? [Math.min(...known, 0), Math.max(...known, 1)];
  const y = (v: number) => box.bottom - ((v - low) / (high - low)) * (box.bottom - box.top);
  const up = (v: number | null) => (v === null || !Number.isFinite(v) ? null : y(Math.min(high, Math.max(low, v))));
  return { up, ticks: (strip.lines ?? [low, high]).map((v) => ({ y: y(v), text: short(v) })) };
}

/** Numbers of some trials below the last strip. */
function axis(numbers: number[], top: number, width: number): SVGGElement {
  const m = numbers.length;
  const [left, right] = edges(width);
  const stride = Math.max(1, Math.ceil(m / Math.max(1, Math.floor((right - left) / 48))));
  const group = drawn("g", { "data-strip": "axis" });
  for (let k = 0; k < m; k += stride) group.append(drawn("text", { x: across(k, m, width).toFixed(2), y: top + 10, class: "tick", "text-anchor": "middle" }, String(numbers[k])));
  return group;
}

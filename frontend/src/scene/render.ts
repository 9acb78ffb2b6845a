/** Draws a scene into an SVG element. Elements carry data-role, and ellipses and arrows their exact geometry. */

import { type Axes, type Frame, type Size, framed } from "./frame";
import { type Memory, placedLabels } from "./labels";
import { type Canvas, drawn } from "./marks";
import type { Tick } from "./ticks";
import { FRAME, color } from "./style";
import { FONT_SIZE, element, pixels, type Sketch, updated } from "./svg";
import type { Pair, Scene } from "./types";

export type { Frame, Size } from "./frame";

/**
 * Draws `scene` and returns where it lies. Only the one group that the last call made is changed, where it differs: what
 * else is in `svg`, a handle to drag for example, stays. `prefix` must differ between the SVG elements of a page; `label` is
 * what a screen reader says where the scene's own words are not enough.
 */
export function render(svg: SVGSVGElement, scene: Scene, size: Size, prefix = "scene", label?: string): Frame {
  const { frame, axes } = framed(scene, size), id = `${prefix}-${scene.view}`;
  const canvas: Canvas = { frame, scene, id, labels: [], marks: [] };
  const items = scene.items.flatMap((item) => drawn(item, canvas));
  canvas.marks.push(...(scene.holds ?? []).flatMap((hold) => spot(frame.toPixel(hold))));
  const group = element("g", { "data-scene": scene.view, "font-size": FONT_SIZE, "font-family": "system-ui, sans-serif" },
    definitions(frame, id),
    ...axesOf(scene, frame, axes),
    element("g", { "clip-path": `url(#${id}-plot)`, "data-layer": "items" }, ...items),
    element("g", { "data-layer": "labels", "aria-hidden": "true" }, ...placedLabels(canvas.labels, canvas.marks, frame.plot, memoryOf(svg, scene.view), MOST_LABELS[scene.view])),
  );
  mark(svg, "viewBox", `0 0 ${size.width} ${size.height}`);
  if (!svg.hasAttribute("role")) svg.setAttribute("role", "img");
  if (svg.getAttribute("role") === "img") mark(svg, "aria-label", label ?? [scene.title, scene.question, scene.caption].filter(Boolean).join(" "));
  const old = [...svg.children].find((child) => child.hasAttribute("data-scene")) ?? null, node = updated(old, group);
  if (!old) svg.prepend(node);
  else if (old !== node) old.replaceWith(node);
  return frame;
}

/** The marks of a handle: its middle, and two rings as far as its disk reaches. */
function spot([x, y]: Pair): Pair[] {
  const turns = Array.from({ length: 8 }, (_, k) => (k * Math.PI) / 4);
  return [[x, y], ...[HOLD / 2, HOLD].flatMap((r) => turns.map((t): Pair => [x + r * Math.cos(t), y + r * Math.sin(t)]))];
}

/** The radius (px) of a small handle, with a pixel of ground around it. */
const HOLD = 7;

/** Sets an attribute that differs: even the same viewBox again has all of a picture laid out anew. */
function mark(svg: SVGSVGElement, name: string, value: string): void {
  if (svg.getAttribute(name) !== value) svg.setAttribute(name, value);
}

/** The large picture says at most so much at first sight. */
const MOST_LABELS: Record<string, number> = { local: 5 };

const memories = new WeakMap<SVGSVGElement, { view: string; memory: Memory }>();

/** Where labels stood in the last frame of the same view. */
function memoryOf(svg: SVGSVGElement, view: string): Memory {
  const known = memories.get(svg);
  if (known?.view === view) return known.memory;
  const memory: Memory = new Map();
  memories.set(svg, { view, memory });
  return memory;
}

function definitions({ plot }: Frame, id: string): Sketch {
  const hatch = element("path", { d: "M-1,1L1,-1M0,6L6,0M5,7L7,5", stroke: color("zero"), "stroke-width": 0.8 });
  return element("defs", {},
    element("clipPath", { id: `${id}-plot` }, element("rect", { ...plot })),
    element("pattern", { id: `${id}-hatch`, width: 6, height: 6, patternUnits: "userSpaceOnUse" }, hatch),
  );
}

/** The plot's border, ticks, numbers and the axes' labels. */
function axesOf(scene: Scene, frame: Frame, axes: Axes): Sketch[] {
  const { plot } = frame, bottom = plot.y + plot.height, ink = color("muted"), has = (axis: string) => (scene.ticks ?? "xy").includes(axis);
  const border = has("x") || has("y") ? [element("rect", { ...plot, fill: "none", stroke: FRAME, "data-role": "plot" })] : [];
  const number = (tick: Tick, x: number, y: number, anchor: string): Sketch =>
    element("text", { x: pixels(x), y: pixels(y), "text-anchor": anchor, "font-size": FONT_SIZE - 1, fill: ink, "data-role": "tick" }, tick.text);
  const across = axes.x.ticks.flatMap((tick) => {
    const x = frame.toPixel([tick.value, frame.window[2]])[0];
    return [element("path", { d: `M${pixels(x)},${bottom}v4`, stroke: FRAME }), number(tick, x, bottom + 16, "middle")];
  });
  const upwards = axes.y.ticks.flatMap((tick) => {
    const y = frame.toPixel([frame.window[0], tick.value])[1];
    return [element("path", { d: `M${plot.x},${pixels(y)}h-4`, stroke: FRAME }), number(tick, plot.x - 7, y + 4, "end")];
  });
  const named = (label: string | undefined, base: string): string => (base ? `${label ?? ""} \u2212 (${base})`.trim() : (label ?? ""));
  const label = (text: string, more: Record<string, string | number>): Sketch[] =>
    text ? [element("text", { "text-anchor": "middle", fill: ink, "data-role": "axis-label", ...more }, text)] : [];
  const [x, y] = [plot.x + plot.width / 2, plot.y + plot.height / 2], below = bottom + (has("x") ? 33 : 17);
  return [
    ...border, ...across, ...upwards,
    ...label(named(scene.x_label, axes.x.base), { x: pixels(x), y: below }),
    ...label(named(scene.y_label, axes.y.base), { x: 12, y: pixels(y), transform: `rotate(-90 12 ${pixels(y)})` }),
  ];
}

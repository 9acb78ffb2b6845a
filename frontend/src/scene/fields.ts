/** Grids: level lines and heat. Where the function is not finite the plot is hatched, never interpolated. */

import { holes, lines } from "../maths/contour";
import { insideConvex } from "../maths/polygon";
import type { Canvas } from "./marks";
import { color, stroke } from "./style";
import { element, pixels, type Sketch } from "./svg";
import type { Contours, Grid, Heat, Outside, Pair } from "./types";

/** Shades of a heat map. */
const SHADES = 20;

interface Drawing {
  key: string;
  levels: string[];
  holes: string;
}

/** Level lines in pixels cost milliseconds: those of the last frame are used again while nothing moved. */
const drawings = new WeakMap<Contours, Drawing>();

export function field(item: Contours, canvas: Canvas): Sketch[] {
  const { frame, id } = canvas, key = [...frame.toPixel([0, 0]), ...frame.toPixel([1, 1]), ...frame.window].join();
  let drawing = drawings.get(item);
  if (drawing?.key !== key) {
    const line = (points: Pair[]): string => points.map((p, i) => (i ? "L" : "M") + short(frame.toPixel(p))).join("");
    drawing = { key, levels: item.levels.map((level) => lines(item.grid, level).map(line).join("")), holes: hatching(item.grid, canvas) };
    drawings.set(item, drawing);
  }
  const { levels } = drawing;
  const drawn = levels.map((d, i) => element("path", { ...stroke(item.role), "stroke-linejoin": "round", "data-level": item.levels[i], d }));
  return [...hatched(drawing.holes, id), ...edges(item.grid, canvas), ...drawn];
}

/** The border of what was recorded, where it is seen: contours do not end there, only our knowledge of them. */
function edges({ x, y }: Grid, { frame }: Canvas): Sketch[] {
  const [x0, x1, y0, y1] = frame.window, slack = 1e-3 * (x1 - x0);
  if (x[0] <= x0 + slack && x[x.length - 1] >= x1 - slack && y[0] <= y0 + slack && y[y.length - 1] >= y1 - slack) return [];
  const d = rectangle(frame.toPixel([x[0], y[y.length - 1]]), frame.toPixel([x[x.length - 1], y[0]]));
  return [element("path", { "data-role": "recorded-area", fill: "none", stroke: color("function"), "stroke-width": 1, "stroke-dasharray": "1 3", d })];
}

const short = (p: Pair): string => `${Math.round(p[0] * 10) / 10},${Math.round(p[1] * 10) / 10}`;

function hatching(grid: Grid, { frame, scene }: Canvas): string {
  const feasible = scene.items.find((item) => item.kind === "outside")?.points;
  const beyond = feasible && ((p: Pair): boolean => !insideConvex(feasible, p));
  return holes(grid, beyond).map(([x0, x1, y0, y1]) => rectangle(frame.toPixel([x0, y1]), frame.toPixel([x1, y0]))).join("");
}

const hatched = (d: string, id: string): Sketch[] => (d ? [element("path", { "data-role": "not-finite", fill: `url(#${id}-hatch)`, d })] : []);

const rectangle = ([x0, y0]: Pair, [x1, y1]: Pair): string => `M${pixels(x0)},${pixels(y0)}H${pixels(x1)}V${pixels(y1)}H${pixels(x0)}Z`;

/** The plot without a polygon, hatched exactly up to its edge. */
export function outside(item: Outside, { frame, id }: Canvas): Sketch[] {
  const { x, y, width, height } = frame.plot, corners = item.points.map(frame.toPixel);
  const polygon = corners.length ? `M${corners.map((p) => `${pixels(p[0])},${pixels(p[1])}`).join("L")}Z` : "";
  const d = rectangle([x, y], [x + width, y + height]) + polygon;
  const hatch = element("path", { "data-role": "outside", fill: `url(#${id}-hatch)`, "fill-rule": "evenodd", d });
  return polygon ? [hatch, element("path", { ...stroke(item.role), d: polygon })] : [hatch];
}

/** Cells in shades of the role's color: white at `low`, full at `high`; runs of one shade are one box. */
export function heat(item: Heat, canvas: Canvas): Sketch[] {
  const { grid: { x, y, values }, low, high } = item, { frame } = canvas, shades: string[] = Array(SHADES).fill("");
  const shade = (value: number): number => Math.min(SHADES - 1, Math.max(0, Math.floor((SHADES * (value - low)) / (high - low))));
  const edge = (ticks: number[], i: number): number => (i <= 0 ? ticks[0] : i >= ticks.length ? ticks[ticks.length - 1] : (ticks[i - 1] + ticks[i]) / 2);
  values.forEach((row, j) => {
    for (let i = 0; i < row.length; i += 1) {
      if (!Number.isFinite(row[i])) continue;
      const from = i, mine = shade(row[i]);
      while (i + 1 < row.length && Number.isFinite(row[i + 1]) && shade(row[i + 1]) === mine) i += 1;
      shades[mine] += rectangle(frame.toPixel([edge(x, from), edge(y, j + 1)]), frame.toPixel([edge(x, i + 1), edge(y, j)]));
    }
  });
  const look = { "data-role": item.role, class: `role-${item.role}`, fill: color(item.role) };
  const boxes = shades.flatMap((d, k) => (d ? [element("path", { ...look, "fill-opacity": (k + 0.5) / SHADES, d })] : []));
  return [...boxes, ...hatched(hatching(item.grid, canvas), canvas.id)];
}

/** Three variables: the contour ellipsoid through x, its principal planes and axes, -g and the Newton step. */

import { type Eigen3, type Sym3, type Vec3, add3, angleBetween3, camera, decomposed3, dot3, nearness, powered, project, scale3, shadow } from "../maths/project3";
import type { Vec } from "../maths/quadratic";
import { decomposed } from "../maths/symmetric";
import { around } from "../maths/window";
import type { Item, Scene } from "../scene/types";
import type { Context } from "./context";

export function ellipsoid(H: Sym3, g: Vec3, azimuth: number, elevation: number, { views: words }: Context["words"]): Scene {
  const frame = decomposed3(H), [negative, zero] = inertia(H), eye = camera(azimuth, elevation);
  const scene = { view: "ellipsoid", question: words.questionEllipsoid, equal: true, ticks: "", notes: [] };
  if (negative || zero) {
    const text = words.captionNoEllipsoid(negative, zero);
    return { ...scene, window: [-1, 1, -1, 1], caption: text, items: [{ kind: "text", role: "text", at: [0, 0], text, anchor: "middle" }] };
  }
  // x seen from the centre; where x is the centre itself, a contour of any size.
  const at = powered(frame, -1, g), through = dot3(g, at) > 0, height = through ? dot3(g, at) / 2 : frame.values[0] / 2;
  const semi = frame.values.map((lambda) => Math.sqrt((2 * height) / lambda)) as Vec3, size = 1.15 * semi[0];
  const flat = (p: Vec3): Vec => project(eye, p);
  const items = [
    ...sections(frame, semi, azimuth, elevation), silhouette(frame, height, azimuth, elevation),
    ...frame.axes.map((axis, i): Item => ({
      kind: "curve", role: "axis", points: [flat(scale3(-semi[i], axis)), flat(scale3(semi[i], axis))], label: words.axis(frame.values[i], semi[i]),
    })),
    ...triad(size, flat),
  ];
  if (through) {
    const down = scale3((-0.45 * semi[0]) / Math.sqrt(dot3(g, g)), g), p = flat(at);
    items.push({ kind: "arrow", role: "newton", tail: p, head: [0, 0], label: words.newton });
    items.push({ kind: "arrow", role: "minus-gradient", tail: p, head: flat(add3(at, down)), label: words.minusGradient });
    items.push({ kind: "dots", role: "point", points: [p], filled: [true], label: words.point });
  }
  items.splice(items.length - (through ? 1 : 0), 0, { kind: "dots", role: "center", points: [[0, 0]], filled: [false], label: words.center });
  const caption = through ? words.captionEllipsoid(angleBetween3(g, at)) : words.captionStill(height);
  return { ...scene, window: around([0, 0], [size, size]), items, caption };
}

/** Negative and vanishing eigenvalues, in natural units of length. */
function inertia(H: Sym3): [number, number] {
  const d = H.map((row, i) => Math.sqrt(Math.abs(row[i])) || 1), scaled = H.map((row, i) => row.map((h, j) => h / d[i] / d[j])) as Sym3;
  const { values } = decomposed3(scaled), level = 32 * 3 * 2.2e-16 * Math.max(...values.map(Math.abs));
  return [values.filter((w) => w < -level).length, values.filter((w) => Math.abs(w) <= level).length];
}

/** The outline of an ellipsoid is an ellipse: that of its shadow. */
function silhouette(frame: Eigen3, height: number, azimuth: number, elevation: number): Item {
  const { values, axes } = decomposed(shadow(frame, camera(azimuth, elevation)));
  const semi: Vec = [Math.sqrt(2 * height * values[1]), Math.sqrt(2 * height * values[0])];
  return { kind: "ellipse", role: "model-level", center: [0, 0], semi, angle: Math.atan2(axes[1][1], axes[1][0]), lam: null };
}

/** The ellipses in the three principal planes: the half in front as a line, the half behind dashed. */
function sections(frame: Eigen3, semi: Vec3, azimuth: number, elevation: number): Item[] {
  const eye = camera(azimuth, elevation);
  return [[0, 1], [0, 2], [1, 2]].flatMap(([i, j]) => {
    const a = scale3(semi[i], frame.axes[i]), b = scale3(semi[j], frame.axes[j]);
    const middle = Math.atan2(nearness(eye, b), nearness(eye, a));
    const half = (from: number): Vec[] => Array.from({ length: 49 }, (_, k) => {
      const t = from + (Math.PI * k) / 48;
      return project(eye, add3(scale3(Math.cos(t), a), scale3(Math.sin(t), b)));
    });
    const line = (from: number, dashed: boolean): Item => ({ kind: "curve", role: "axis", points: half(from), dashed });
    return [line(middle + Math.PI / 2, true), line(middle - Math.PI / 2, false)];
  });
}

/** The directions of the three variables, in a corner. */
function triad(size: number, flat: (p: Vec3) => Vec): Item[] {
  const origin: Vec = [-0.8 * size, -0.8 * size], length = 0.16 * size;
  return ([[1, 0, 0], [0, 1, 0], [0, 0, 1]] as Vec3[]).flatMap((axis, i): Item[] => {
    const [x, y] = flat(scale3(length, axis)), at: Vec = [origin[0] + 1.35 * x, origin[1] + 1.35 * y];
    return [
      { kind: "curve", role: "muted", points: [origin, [origin[0] + x, origin[1] + y]] },
      { kind: "text", role: "muted", at, text: `x${"₁₂₃"[i]}`, anchor: "middle" },
    ];
  });
}

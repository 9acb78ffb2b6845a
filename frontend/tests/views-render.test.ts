// @vitest-environment jsdom
import { beforeEach, expect, test } from "vitest";
import { type Quadratic, type Vec, rise } from "../src/maths/quadratic";
import { angleBetween, norm, subtract } from "../src/maths/vector";
import { type Size, render } from "../src/scene/render";
import { linear, logarithmic } from "../src/scene/ticks";
import type { Scene } from "../src/scene/types";
import { widthOf, wrapped } from "../src/scene/svg";
import { dual } from "../src/views/dual";
import { local } from "../src/views/local";
import { spectrum } from "../src/views/spectrum";
import { whitened } from "../src/views/whitened";
import { contextOf, gridOf } from "./fixtures/contexts";
import { generator, shaped } from "./fixtures/random";

const SIZES: Size[] = [{ width: 320, height: 300 }, { width: 520, height: 420 }, { width: 900, height: 380 }];
let svg: SVGSVGElement;

beforeEach(() => {
  svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
});

const number = (node: Element, name: string): number => Number(node.getAttribute(name));
const find = (role: string, tag = ""): Element => svg.querySelector(`[data-layer="items"] ${tag}[data-role="${role}"]`)!;

/** Head minus tail of an arrow, in pixels. */
function way(role: string): Vec {
  const line = find(role, "g").querySelector("line")!;
  return [number(line, "x2") - number(line, "x1"), number(line, "y2") - number(line, "y1")];
}

interface Drawn { center: Vec; semi: Vec; angle: number }

function ellipse(role: string): Drawn {
  const node = find(role, "ellipse"), turn = /rotate\((\S+)/.exec(node.getAttribute("transform")!)!;
  return { center: [number(node, "cx"), number(node, "cy")], semi: [number(node, "rx"), number(node, "ry")], angle: (Number(turn[1]) * Math.PI) / 180 };
}

/** The tangent of a drawn ellipse at the pixel p, and how far p is from it (as a share of its size). */
function tangentAt({ center, semi, angle }: Drawn, p: Vec): { tangent: Vec; off: number } {
  const [c, s] = [Math.cos(angle), Math.sin(angle)], d = subtract(p, center), u = (d[0] * c + d[1] * s) / semi[0], v = (d[1] * c - d[0] * s) / semi[1];
  return { tangent: [-semi[0] * v * c - semi[1] * u * s, -semi[0] * v * s + semi[1] * u * c], off: Math.abs(Math.hypot(u, v) - 1) };
}

function* bowls(seed: number, count = 20): Generator<Quadratic> {
  const random = generator(seed);
  for (let k = 0; k < count; k += 1) yield shaped(random, [1, 1], 2.5);
}

test("in pixels -g is at right angles to the level, Newton ends at the centre, semi-axes are sqrt(2 rise / lambda)", () => {
  for (const q of bowls(51))
    for (const size of SIZES) {
      const frame = render(svg, local(contextOf(q)), size), drawn = ellipse("model-level"), x = frame.toPixel(q.at);
      const { tangent, off } = tangentAt(drawn, x);
      expect(off).toBeLessThan(1e-3);
      expect(Math.abs(angleBetween(tangent, way("minus-gradient")) - 90)).toBeLessThan(0.1);
      const line = find("newton", "g").querySelector("line")!;
      expect(norm(subtract([number(line, "x2"), number(line, "y2")], drawn.center))).toBeLessThan(0.01);
      const lambda = find("model-level").getAttribute("data-lambda")!.split(" ").map(Number), scale = frame.plot.width / (frame.window[1] - frame.window[0]);
      lambda.forEach((l, i) => expect(Math.abs(drawn.semi[i] - scale * Math.sqrt((2 * rise(q)) / l))).toBeLessThan(0.01));
    }
});

test("in the dual the Newton direction is at right angles to the ellipse and -g ends at the centre, in pixels", () => {
  for (const q of bowls(52)) {
    const frame = render(svg, dual(contextOf(q)), SIZES[1]), drawn = ellipse("dual"), { tangent, off } = tangentAt(drawn, frame.toPixel(q.gradient));
    expect(off).toBeLessThan(1e-3);
    expect(Math.abs(angleBetween(tangent, way("newton")) - 90)).toBeLessThan(0.1);
    const line = find("minus-gradient", "g").querySelector("line")!;
    expect(norm(subtract([number(line, "x2"), number(line, "y2")], drawn.center))).toBeLessThan(0.01);
  }
});

test("at the end of the morph the ellipse is round and -g points at its centre, in pixels", () => {
  for (const q of bowls(53)) {
    render(svg, whitened(contextOf(q, { morph: 1 })), SIZES[0]);
    const { semi } = ellipse("whitened");
    expect(Math.abs(semi[0] / semi[1] - 1)).toBeLessThan(1e-3);
    expect(angleBetween(way("minus-gradient"), way("newton"))).toBeLessThan(0.1);
  }
});

test("with equal axes a unit is as long on both, the window is never cropped, and pixels lead back to data", () => {
  const scene: Scene = { view: "local", question: "?", window: [-1, 3, 10, 11], items: [], equal: true, x_label: "u", y_label: "v" };
  for (const size of SIZES) {
    const { toPixel, toData, plot, window } = render(svg, scene, size), [o, a, b] = [toPixel([0, 0]), toPixel([1, 0]), toPixel([0, 1])];
    expect(a[0] - o[0]).toBeCloseTo(o[1] - b[1], 9);
    for (const p of [[-1, 10], [3, 11], [-1, 11]] as Vec[]) {
      const [x, y] = toPixel(p);
      expect(x).toBeGreaterThanOrEqual(plot.x - 1e-9);
      expect(x).toBeLessThanOrEqual(plot.x + plot.width + 1e-9);
      expect(y).toBeGreaterThanOrEqual(plot.y - 1e-9);
      expect(y).toBeLessThanOrEqual(plot.y + plot.height + 1e-9);
      toData([x, y]).forEach((value, i) => expect(value).toBeCloseTo(p[i], 9));
    }
    expect(window[0]).toBeLessThanOrEqual(-1);
    expect(plot.x + plot.width).toBeLessThanOrEqual(size.width);
  }
});

test("only the scene's own group is replaced, and names within the SVG do not clash", () => {
  const handle = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "circle")), [q] = bowls(54);
  for (let k = 0; k < 3; k += 1) render(svg, local(contextOf(q)), SIZES[1], "a");
  expect([...svg.children].map((child) => child.tagName)).toEqual(["g", "circle"]);
  expect(svg.lastChild).toBe(handle);
  expect(svg.querySelector("clipPath")!.id).toBe("a-local-plot");
  expect(svg.querySelector("[clip-path]")!.getAttribute("clip-path")).toBe("url(#a-local-plot)");
  expect(svg.getAttribute("role")).toBe("img");
  expect(svg.getAttribute("aria-label")).toContain("°");
});

test("where f is not finite the plot is hatched, and level lines stay out of there", () => {
  const q: Quadratic = { at: [1, 1], value: 3, gradient: [2, 4], hessian: [2, 0, 4] }, window: Scene["window"] = [-2, 2, -2, 2];
  render(svg, local(contextOf(q, { window, grid: gridOf((x, y) => (x < -1 ? NaN : x * x + 2 * y * y), window) })), SIZES[1], "b");
  expect(find("not-finite").getAttribute("fill")).toBe("url(#b-local-hatch)");
  expect(svg.querySelectorAll("path[data-level]").length).toBeGreaterThan(5);
});

test("a hill is an ellipse that is marked, a saddle draws none, an ellipse far larger than the window is cut", () => {
  const base: Quadratic = { at: [1, 0.2], value: 0, gradient: [-1, -0.4], hessian: [-1, 0, -2] };
  render(svg, local(contextOf(base)), SIZES[1]);
  expect(find("model-level").getAttribute("data-hill")).toBe("true");
  render(svg, local(contextOf({ ...base, hessian: [-1, 0, 2] })), SIZES[1]);
  expect(svg.querySelector("ellipse")).toBeNull();
  render(svg, local(contextOf({ ...base, hessian: [1e-9, 0, 2] }, { window: [0, 2, -1, 1] })), SIZES[1]);
  expect(svg.querySelector("ellipse")).toBeNull();
  expect(find("model-level", "path").getAttribute("data-semi")).not.toBeNull();
});

test("labels stay inside the picture and do not cover one another in usual scenes", () => {
  let covered = 0, all = 0;
  for (const q of bowls(55))
    for (const size of SIZES) {
      const { plot } = render(svg, local(contextOf(q)), size);
      const boxes = [...svg.querySelectorAll('[data-layer="labels"] text')].map((node) => {
        const width = widthOf(node.textContent!), x = number(node, "x") - width / 2, y = number(node, "y");
        return [x, y - 11, x + width, y + 4];
      });
      for (const [x0, y0, x1, y1] of boxes) {
        expect(x1 - x0 > plot.width || (x0 >= plot.x && x1 <= plot.x + plot.width)).toBe(true);
        expect(y0 >= plot.y - 3 && y1 <= plot.y + plot.height + 3).toBe(true);
      }
      boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => {
        all += 1;
        if (a[0] < b[2] - 1 && b[0] < a[2] - 1 && a[1] < b[3] - 1 && b[1] < a[3] - 1) covered += 1;
      }));
    }
  expect(covered / all).toBeLessThan(0.01);
});

test("stems carry their signs and shares; dots, text and heat are drawn", () => {
  render(svg, spectrum({ ...contextOf([...bowls(56, 1)][0]), spectrum: { eigenvalues: [-2, 0, 30], components: [3, 0, 4], directions: ["a", "b", "c"], signs: [-1, 0, 1] } }), SIZES[0]);
  expect([...svg.querySelectorAll("g[data-sign]")].map((g) => g.getAttribute("data-role"))).toEqual(["negative", "zero", "positive"]);
  const grid = gridOf((x, y) => (x > 0.9 ? NaN : x + y), [-1, 1, -1, 1], 11);
  render(svg, { view: "h", question: "?", window: [-1, 1, -1, 1], equal: false, items: [
    { kind: "heat", role: "fidelity", grid, low: -2, high: 2 },
    { kind: "dots", role: "trial", points: Array.from({ length: 400 }, (_, k): Vec => [k / 400, 0]), filled: Array.from({ length: 400 }, (_, k) => k % 2 === 0) },
    { kind: "text", role: "text", at: [0, 0], text: "words that are far too long for such a picture, and have to be broken into lines somewhere", anchor: "middle" },
    { kind: "ellipse", role: "confidence", center: [0, 0], semi: [1, 0.5], angle: 0.3 },
  ] }, SIZES[0]);
  expect(svg.querySelectorAll('path[data-role="fidelity"]').length).toBeGreaterThan(8);
  expect(svg.querySelectorAll('path[data-role="trial"]').length).toBe(2);
  expect(svg.querySelectorAll("tspan").length).toBeGreaterThan(1);
  expect(find("not-finite")).not.toBeNull();
});

test("ticks are round numbers; far from zero they are distances from a base", () => {
  expect(linear(-1, 1, 5).ticks.map(({ text }) => text)).toEqual(["−1.0", "−0.5", "0", "0.5", "1.0"]);
  const late = linear(1 + 1e-9, 1 + 3e-9, 4);
  expect(late.base).toBe("1");
  expect(late.ticks.every(({ text }) => text.length <= 7)).toBe(true);
  expect(logarithmic(1e-6, 1e3, 5).ticks.map(({ text }) => text)).toEqual(["1e−6", "1e−4", "0.01", "1", "100"]);
  expect(linear(0, 0, 5).ticks).toEqual([]);
  for (const [a, b] of [[0, 3e7], [-2e-8, 5e-8], [1e5, 1.2e5], [-4, 1e-3]]) expect(linear(a, b, 5).ticks.every(({ text }) => text.length < 10)).toBe(true);
});

test("the numbers of one axis are of one kind: with decimals, or with one power of ten", () => {
  for (const [a, b] of [[0, 1e5], [0, 2e5], [9e4, 3e5], [0, 1e6], [-3e5, 4e4], [0, 5e-4], [-2e-8, 5e-8], [0, 9.9e4], [1e5, 1.2e5], [0, 3e7], [1e9, 1e9 + 5]]) {
    for (const count of [2, 4, 5, 8, 12]) {
      const { ticks } = linear(a, b, count), others = ticks.map(({ text }) => text).filter((text) => text !== "0");
      const powers = new Set(others.map((text) => text.split("e")[1]));
      expect(powers.size, `${a} to ${b}: ${ticks.map(({ text }) => text)}`).toBeLessThan(2);
      const read = ticks.map(({ text }) => Number(text.replaceAll("\u2212", "-")));
      if (linear(a, b, count).base === "") ticks.forEach(({ value }, i) => expect(Math.abs(read[i] - value)).toBeLessThan(1e-9 * b));
    }
  }
  expect(linear(0, 1.2e5, 3).ticks.map(({ text }) => text)).toEqual(["0", "0.5e5", "1.0e5"]);
});

test("words are broken between words or between Chinese characters", () => {
  expect(wrapped("one two three", 52)).toEqual(["one two", "three"]);
  expect(wrapped("牛顿步正好到达中心。", 60).every((line) => widthOf(line) <= 72)).toBe(true);
  expect(wrapped("牛顿步正好到达中心。", 108)).toEqual(["牛顿步正好到达中心。"]);
});

import { expect, test } from "vitest";
import { en } from "../src/app/words/en";
import { zh } from "../src/app/words/zh";
import type { Arrow, Ellipse, Item, Scene } from "../src/scene/types";
import { fourEllipses } from "../src/tour/ellipses";
import { contextOf, dualScene, land, numbers, slopeAt, stretchScene } from "../src/tour/screens/s06-directions";
import { words } from "../src/tour/screens/s06-words";
import { strings } from "./fixtures/strings";

type Vec = [number, number];
const POWERS = [0, 0.1, 0.25, 0.5, 0.73, 0.9, 1], WAYS = Array.from({ length: 24 }, (_, k) => 0.13 + (k * Math.PI) / 12);

/** H of 0.45 x1^2 - 0.8 x1 x2 + 1.05 x2^2 by hand, its eigenvalues by the quadratic formula, H^-1 by Cramer's rule. */
const [A, B, C] = [0.9, -0.8, 2.1], HALF = Math.sqrt(((A - C) / 2) ** 2 + B * B), LAMBDA: Vec = [(A + C) / 2 - HALF, (A + C) / 2 + HALF];
const times = ([u, v]: Vec): Vec => [A * u + B * v, B * u + C * v];
const divided = ([u, v]: Vec): Vec => [(C * u - B * v) / (A * C - B * B), (A * v - B * u) / (A * C - B * B)];
const of = (scene: Scene, role: string): Item[] => scene.items.filter((item) => item.role === role);
const ellipse = (scene: Scene, role: string): Ellipse => of(scene, role).find((item): item is Ellipse => item.kind === "ellipse")!;
const head = (scene: Scene, role: string): Vec => of(scene, role).find((item): item is Arrow => item.kind === "arrow")!.head;
const around = ({ center, semi, angle }: Ellipse, k: number): Vec => {
  const [u, v] = [semi[0] * Math.cos(k), semi[1] * Math.sin(k)];
  return [center[0] + u * Math.cos(angle) - v * Math.sin(angle), center[1] + u * Math.sin(angle) + v * Math.cos(angle)];
};
const near = (found: Vec, wanted: Vec, size = 1): void => expect(Math.hypot(found[0] - wanted[0], found[1] - wanted[1]) / size).toBeLessThan(1e-10);

test("f of the screen has this H everywhere, and each -g that is followed has length 1 and its direction", () => {
  near(LAMBDA, [0.5, 2.5]);
  for (const around of WAYS) {
    const { quad } = contextOf(around, en);
    expect(Math.hypot(quad.hessian[0] - A, quad.hessian[1] - B, quad.hessian[2] - C)).toBeLessThan(1e-12);
    near(quad.gradient, slopeAt(around).map((a) => -a) as Vec);
    near(times(quad.at), quad.gradient);
  }
});

test("H^(-t) makes of the circle an ellipse with the semi-axes lambda^(-t): at every t, and every vector lands on it", () => {
  for (const t of POWERS)
    for (const way of WAYS) {
      const context = contextOf(way, en), scene = stretchScene(context, t, words.en), ring = ellipse(scene, "stretched");
      ring.semi.forEach((a, i) => expect(Math.abs(a * LAMBDA[i] ** t - 1)).toBeLessThan(1e-10));
      expect(ellipse(scene, "slopes").semi).toEqual([1, 1]);
      const image = head(scene, t === 0 ? "minus-gradient" : t === 1 ? "newton" : "stretched"), [c, s] = [Math.cos(ring.angle), Math.sin(ring.angle)];
      expect(Math.abs(Math.hypot((image[0] * c + image[1] * s) / ring.semi[0], (image[1] * c - image[0] * s) / ring.semi[1]) - 1)).toBeLessThan(1e-10);
      const told = numbers(context.quad, t);
      expect(Math.abs(told.length - Math.hypot(...image))).toBeLessThan(1e-12);
      near(told.semi, ring.semi);
    }
});

test("at t = 1 it is the step that solves H s = -g; two half powers make it", () => {
  for (const way of WAYS) {
    const slope = slopeAt(way), step = divided(slope);
    near(head(stretchScene(contextOf(way, en), 1, words.en), "newton"), step);
    const half = head(stretchScene(contextOf(way, en), 0.5, words.en), "stretched"), size = Math.hypot(...half);
    const again = head(stretchScene(contextOf(Math.atan2(half[1], half[0]), en), 0.5, words.en), "stretched");
    near([size * again[0], size * again[1]], step);
  }
});

test("half-way it is the contour of rise 1/2, point by point, and at no other power has it the contour's shape", () => {
  for (const t of POWERS) {
    const scene = stretchScene(contextOf(1, en), t, words.en), ring = ellipse(scene, "stretched"), contour = ellipse(scene, "model");
    for (let k = 0; k < 6.3; k += 0.21) {
      const s = around(contour, k), [p, q] = times(s);
      expect(Math.abs(0.5 * (s[0] * p + s[1] * q) - 0.5)).toBeLessThan(1e-12);
      if (t === 0.5) near(around(ring, k), s);
    }
    const off = Math.abs(ring.semi[0] / ring.semi[1] / (contour.semi[0] / contour.semi[1]) - 1);
    if (t === 0.5) expect(off).toBeLessThan(1e-12);
    else expect(off).toBeGreaterThan(0.2);
  }
});

test("the dual's normal at g is the Newton direction; -g ends in its centre; it is long where the contour is short", () => {
  for (const way of WAYS) {
    const context = contextOf(way, en), scene = dualScene(context), ring = ellipse(scene, "dual"), g = context.quad.gradient;
    // The normal by differences along the drawn ellipse, not by H.
    const k = Array.from({ length: 3600 }, (_, i) => (i * Math.PI) / 1800).sort((a, b) => Math.hypot(around(ring, a)[0] - g[0], around(ring, a)[1] - g[1]) - Math.hypot(around(ring, b)[0] - g[0], around(ring, b)[1] - g[1]))[0];
    const [p, q] = [around(ring, k - 1e-4), around(ring, k + 1e-4)], arrow = of(scene, "newton").find((item): item is Arrow => item.kind === "arrow")!;
    const tip: Vec = [arrow.head[0] - arrow.tail[0], arrow.head[1] - arrow.tail[1]], step = divided(slopeAt(way));
    const degrees = (u: Vec, v: Vec): number => (Math.atan2(Math.abs(u[0] * v[1] - u[1] * v[0]), u[0] * v[0] + u[1] * v[1]) * 180) / Math.PI;
    expect(Math.abs(degrees(tip, [q[0] - p[0], q[1] - p[1]]) - 90)).toBeLessThan(0.2);
    expect(degrees(tip, step)).toBeLessThan(1e-5);
    near(head(scene, "minus-gradient"), [0, 0]);
    near(arrow.tail, g);
    const flat = ring.lam![0] < ring.lam![1] ? 0 : 1;
    expect(ring.semi[flat]).toBeLessThan(ring.semi[1 - flat]);
  }
});

test("the table's four ellipses: each is what its set says, and H^(-t) of the circle of radius 1", () => {
  const rows = Object.fromEntries(fourEllipses(land.quadratic([0.3, -0.2])!).map((row) => [row.name, row]));
  const root: Vec[] = [[2 / Math.sqrt(5), 1 / Math.sqrt(5)], [1 / Math.sqrt(5), -2 / Math.sqrt(5)]];
  root.forEach((v, i) => {
    near(times(v), [LAMBDA[i] * v[0], LAMBDA[i] * v[1]]);
    const tip = (name: string): Vec => [rows[name].semi[i] * v[0], rows[name].semi[i] * v[1]], dot = (a: Vec, b: Vec): number => a[0] * b[0] + a[1] * b[1];
    expect(0.5 * dot(tip("contour"), times(tip("contour")))).toBeCloseTo(0.5, 12);
    expect(Math.hypot(...times(tip("stretched")))).toBeCloseTo(1, 12);
    expect(0.5 * dot(tip("dual"), divided(tip("dual")))).toBeCloseTo(0.5, 12);
    expect(rows.whitened.semi[i]).toBeCloseTo(Math.sqrt(dot(tip("contour"), times(tip("contour")))), 12);
    for (const { t, semi } of Object.values(rows)) expect(semi[i]).toBeCloseTo(LAMBDA[i] ** -t, 12);
  });
});

test("the words: both languages, whatever t is", () => {
  for (const language of ["en", "zh"] as const) {
    const said = words[language], page = { en, zh }[language], all: unknown[] = [said];
    for (const t of POWERS)
      all.push(stretchScene(contextOf(2, page), t, said).items, said.told({ t, semi: ["1", "2"], length: "1", turn: "3.0", dual: true }), said.caption("1", "2"), said.at("3"));
    const text = strings([...all, dualScene(contextOf(2, page)).items]);
    expect(text).not.toMatch(/undefined|NaN/);
    expect(text).not.toMatch(language === "en" ? /[一-鿿]/ : /[A-Za-z]{3,}/);
  }
});

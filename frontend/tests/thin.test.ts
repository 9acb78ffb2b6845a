/** Lines on paper lose points that nobody would miss, and nothing else. */

import { describe, expect, it } from "vitest";
import { between, generator } from "./fixtures/random";
import { thinned } from "../src/tour/thin";

type Point = [number, number];
const written = (points: Point[]): string => points.map(([x, y], k) => `${k ? "L" : "M"}${x},${y}`).join("");
const read = (d: string): Point[][] => d.split("M").slice(1).map((line) => line.replace("Z", "").split("L").map((p) => p.split(",").map(Number) as Point));

/** How far a point is from the nearest of the lines. */
const far = ([x, y]: Point, lines: Point[][]): number => Math.min(...lines.flatMap((line) => line.slice(1).map(([c, d], k) => {
  const [a, b] = line[k], [u, v] = [c - a, d - b], t = Math.min(1, Math.max(0, ((x - a) * u + (y - b) * v) / (u * u + v * v || 1)));
  return Math.hypot(x - a - t * u, y - b - t * v);
})));

const box: [number, number] = [330, 300];
const inside = ([x, y]: Point): boolean => x >= 0 && x <= box[0] && y >= 0 && y <= box[1];
const wave: Point[] = Array.from({ length: 2000 }, (_, k) => [k / 5 - 30, 150 + 190 * Math.sin(k / 90)]);

describe("lines on paper", () => {
  it("stay within a fraction of a pixel where they are seen, with far fewer points", () => {
    const lines = read(thinned(written(wave), box)), count = lines.flat().length;
    for (const p of wave.filter(inside)) expect(far(p, lines)).toBeLessThan(0.2);
    expect(count).toBeLessThan(wave.length / 8);
    expect(lines.length).toBeGreaterThan(1);
  });
  it("pass no place where there was no line", () => {
    const random = generator(3), jagged: Point[] = Array.from({ length: 400 }, () => [between(random, -200, 530), between(random, -200, 500)]);
    const before = [jagged], lines = read(thinned(written(jagged), box));
    for (const line of lines) for (const p of line) expect(far(p, before)).toBeLessThan(1e-9);
    const cut = jagged.slice(1).flatMap((b, k): Point[] => Array.from({ length: 9 }, (_, i) => [jagged[k][0] + ((b[0] - jagged[k][0]) * i) / 8, jagged[k][1] + ((b[1] - jagged[k][1]) * i) / 8]));
    for (const p of cut.filter(inside)) expect(far(p, lines)).toBeLessThan(0.2);
  });
  it("that are short or have other commands are left as they are", () => {
    for (const d of ["M1,2L3,4", "M1,2a3,3 0 1,0 6,0", "M-1,1L1,-1M0,6L6,0", `${written(wave)}Z`, "M4,4H29"]) expect(thinned(d, box)).toBe(d);
  });
});

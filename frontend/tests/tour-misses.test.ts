import { expect, test } from "vitest";
import { angleDeg, newton, rise } from "../src/maths/quadratic";
import { add, angleBetween, cross, norm, scale, subtract, unit } from "../src/maths/vector";
import type { Item } from "../src/scene/types";
import { MOST_CONDITION, angleAt, hits, missed, missesScene, mostAt, nearest, placeNear, quadraticAt, semiAxes, walkScene } from "../src/tour/screens/s04-scene";
import { words } from "../src/tour/screens/s04-words";
import { viewWordsEn } from "../src/views/words";
import { between, generator } from "./fixtures/random";

const CONDITIONS = [1, 1.5, 4, 10, 37, MOST_CONDITION];
const formula = (k: number): number => (180 / Math.PI) * Math.acos(Math.min(1, (2 * Math.sqrt(k)) / (1 + k)));
const scene = (around: number, condition: number): Item[] => missesScene({ around, condition }, ["x1", "x2"], words.en, viewWordsEn).items;

test("the walk stays on one level, whose axes end at 0, 90, 180 and 270 degrees; the Newton step ends at its center", () => {
  for (const condition of CONDITIONS) {
    const [a, b] = semiAxes(condition);
    expect(a / b).toBeCloseTo(Math.sqrt(condition), 12);
    for (let around = 0; around < 360; around += 7) {
      const q = quadraticAt({ around, condition });
      expect(rise(q)).toBeCloseTo(0.5 * a * a, 10);
      expect(norm(add(q.at, newton(q)))).toBeLessThan(1e-12);
    }
    [a, b, a, b].forEach((length, k) => expect(norm(quadraticAt({ around: 90 * k, condition }).at)).toBeCloseTo(length, 12));
  }
});

test("-g points at the center from the ends of the axes and from nowhere else, but on a circle from everywhere", () => {
  for (const condition of CONDITIONS)
    for (let around = 0; around <= 360; around += 3) {
      const angle = angleAt({ around, condition });
      if (around % 90 === 0 || condition === 1) expect(angle).toBeLessThan(1e-9);
      else expect(angle).toBeGreaterThan(0.1);
      expect(hits({ around, condition })).toBe(angle < 0.05);
    }
});

test("the largest angle is arccos(2 sqrt(k) / (1 + k)), half-way between the ends, and the line is drawn at it", () => {
  for (const condition of CONDITIONS) {
    const angles = Array.from({ length: 3600 }, (_, i) => angleAt({ around: i / 10, condition })), most = Math.max(...angles);
    expect(most).toBeCloseTo(formula(condition), 6);
    expect(mostAt(condition)).toBeCloseTo(formula(condition), 6);
    for (const around of [45, 135, 225, 315]) expect(angles[10 * around]).toBeCloseTo(most, 9);
    const items = walkScene({ around: 20, condition }, words.en).items, line = items.find((item) => item.role === "closing") as Extract<Item, { kind: "curve" }>;
    line.points.forEach(([, angle]) => expect(angle).toBeCloseTo(formula(condition), 6));
    const walk = items.find((item) => item.role === "run") as Extract<Item, { kind: "curve" }>;
    walk.points.forEach(([around, angle]) => expect(Math.abs(angle - angleDeg(quadraticAt({ around, condition })))).toBeLessThan(1e-12));
  }
});

test("the distance at which the ray passes the center is the least of all its points, and it is what is marked", () => {
  const random = generator(41);
  for (let k = 0; k < 60; k += 1) {
    const place = { around: between(random, 0, 360), condition: 10 ** between(random, 0.1, 2) }, q = quadraticAt(place), down = unit(scale(-1, q.gradient)), foot = nearest(q);
    expect(Math.abs(cross(down, subtract(foot, q.at)))).toBeLessThan(1e-12);
    for (const step of [-0.1, 0.1]) expect(norm(add(foot, scale(step, down)))).toBeGreaterThan(missed(q));
    expect(Math.abs(missed(q) - norm(q.at) * Math.sin((angleAt(place) * Math.PI) / 180))).toBeLessThan(1e-10);
    const mark = scene(place.around, place.condition).find((item) => item.role === "miss") as Extract<Item, { kind: "curve" }> | undefined;
    if (mark) expect(norm(subtract(mark.points[0], mark.points[1]))).toBeCloseTo(missed(q), 12);
    else expect(missed(q)).toBeLessThan(0.03);
    for (const corner of scene(place.around, place.condition)) if (corner.kind === "rightangle") expect(angleBetween(corner.along, corner.across)).toBeCloseTo(90, 6);
  }
});

test("where it hits nothing is marked as missed, and no angle is shown", () => {
  for (const [around, condition] of [[0, 10], [90, 100], [180, 3], [270, 10], [33, 1]]) expect(scene(around, condition).map((item) => item.role).filter((role) => ["miss", "angle"].includes(role))).toEqual([]);
});

test("the hand finds the nearest place", () => {
  const random = generator(42);
  for (let k = 0; k < 30; k += 1) {
    const condition = 10 ** between(random, 0, 2), p: [number, number] = [between(random, -3, 3), between(random, -2, 2)], found = placeNear(p, condition);
    const away = (around: number): number => norm(subtract(quadraticAt({ around, condition }).at, p));
    for (let around = 0; around < 360; around += 1) expect(away(found)).toBeLessThan(away(around) + 1e-6);
  }
});

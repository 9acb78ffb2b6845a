import { expect, test } from "vitest";
import { type Vec, angleDeg, center, kind } from "../src/maths/quadratic";
import { times } from "../src/maths/symmetric";
import { add, dot, norm, scale, subtract } from "../src/maths/vector";
import type { Arrow, Item } from "../src/scene/types";
import { DIVIDED, SPLIT, WINDOW, atRest, dividesScene, kept, partsOf, scaleOf, walkable } from "../src/tour/screens/s05-scene";
import { words } from "../src/tour/screens/s05-words";
import { VALLEY, terrain } from "../src/tour/terrain";
import { viewWordsEn } from "../src/views/words";
import { between, generator } from "./fixtures/random";

const land = terrain(VALLEY), random = generator(51);
/** Places that x can be dragged to. */
const PLACES = Array.from({ length: 400 }, (): Vec => [between(random, WINDOW[0], WINDOW[1]), between(random, WINDOW[2], WINDOW[3])]).flatMap((p) => {
  const q = land.quadratic(p);
  return walkable(q) && !atRest(q) ? [q] : [];
});
const arrows = (q: (typeof PLACES)[number], t: number, role: string): Arrow[] =>
  dividesScene(q, t, null, ["x1", "x2"], words.en, viewWordsEn).items.filter((item: Item): item is Arrow => item.kind === "arrow" && item.role === role);
const way = ({ tail, head }: Arrow): Vec => subtract(head, tail);

test("each part is -(v'g) / lambda, and their sum solves H s = -g and ends at the center", () => {
  expect(PLACES.length).toBeGreaterThan(100);
  for (const q of PLACES) {
    const own = partsOf(q), size = norm(q.gradient);
    for (const { axis, lambda, slope, step } of own) {
      expect(Math.abs(slope + dot(axis, q.gradient))).toBeLessThan(1e-12 * size);
      expect(step).toBe(slope / lambda);
      expect(norm(subtract(times(q.hessian, axis), scale(lambda, axis)))).toBeLessThan(1e-12 * own[1].lambda);
    }
    const s = add(scale(own[0].step, own[0].axis), scale(own[1].step, own[1].axis));
    expect(norm(add(times(q.hessian, s), q.gradient))).toBeLessThan(1e-11 * size);
    expect(norm(subtract(add(q.at, s), center(q)))).toBeLessThan(1e-10);
  }
});

test("on the picture, too: the parts are -g's before, the step's after, and one behind the other they end where the Newton step does", () => {
  for (const q of PLACES.slice(0, 60)) {
    const k = scaleOf(q), own = partsOf(q), [minus] = arrows(q, 0, "minus-gradient");
    expect(norm(subtract(way(minus), scale(-k, q.gradient)))).toBeLessThan(1e-12);
    expect([arrows(q, 0, "slope-part").length, arrows(q, 0, "newton").length, arrows(q, DIVIDED, "newton").length]).toEqual([0, 0, 0]);
    arrows(q, SPLIT, "slope-part").forEach((arrow, i) => expect(norm(subtract(way(arrow), scale(k * own[i].slope, own[i].axis)))).toBeLessThan(1e-12));
    for (const t of [DIVIDED, 1]) arrows(q, t, "step-part").forEach((arrow, i) => expect(norm(subtract(way(arrow), scale(own[i].step, own[i].axis)))).toBeLessThan(1e-12));
    const [flat, steep] = arrows(q, 1, "step-part"), [step] = arrows(q, 1, "newton");
    expect([steep.tail, flat.tail, step.tail]).toEqual([q.at, steep.head, q.at]);
    for (const { head } of [flat, step]) expect(norm(subtract(head, center(q)))).toBeLessThan(1e-10);
  }
});

test("-g is drawn at a scale between 1/lambda of both axes: the steep part never grows, the flat one never shrinks, and steep shrinks against flat", () => {
  for (const q of PLACES) {
    const k = scaleOf(q), [flat, steep] = partsOf(q);
    expect(k).toBeGreaterThanOrEqual(1 / steep.lambda);
    expect(k).toBeLessThanOrEqual(1 / flat.lambda);
    expect(steep.step / (k * steep.slope)).toBeLessThanOrEqual(flat.step / (k * flat.slope));
    const drawn = [SPLIT, 0.4, 0.5, 0.6, DIVIDED].map((t) => arrows(q, t, t > SPLIT ? "step-part" : "slope-part").map((arrow) => norm(way(arrow))));
    for (let i = 1; i < drawn.length; i += 1) {
      expect(drawn[i][0]).toBeGreaterThanOrEqual(drawn[i - 1][0] - 1e-12);
      expect(drawn[i][1]).toBeLessThanOrEqual(drawn[i - 1][1] + 1e-12);
    }
  }
});

test("x stays where H is positive definite, and goes as far as it can", () => {
  let stopped = 0;
  for (let k = 0; k < 60; k += 1) {
    const from = PLACES[k].at, to: Vec = [between(random, -4, 4), between(random, -3, 3)], end = kept(from, to, land.quadratic), q = land.quadratic(end)!;
    expect(walkable(q) && kind(q)).toBe("bowl");
    expect(angleDeg(q)).toBeLessThan(90);
    if (walkable(land.quadratic(to))) expect(end).toEqual(to);
    else {
      stopped += 1;
      const beyond = add(end, scale(1e-5, subtract(to, from)));
      expect(walkable(land.quadratic(beyond))).toBe(false);
    }
  }
  expect(stopped).toBeGreaterThan(20);
});

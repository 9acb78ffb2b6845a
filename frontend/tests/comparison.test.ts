// @vitest-environment jsdom
/** The pictures of a comparison show what was recorded, as far as the race has come. */

import { describe, expect, it } from "vitest";
import type { RaceRecord, RacerRecord, RaceWords } from "../src/engine/record";
import { render } from "../src/scene/render";
import type { Curve, Dots, Scene } from "../src/scene/types";
import { paceScene, until, waysScene, type Stage } from "../src/views/comparison";

const SQUARE = "M-3-3L3-3L3 3L-3 3Z", TRIANGLE = "M0-4L3 3L-3 3Z";

const racer = (name: string, more: Partial<RacerRecord>): RacerRecord => ({
  name, role: `race-${name}`, mark: SQUARE, cells: [], found: true, trial: [0, 1, 2, 3], count: [2, 5, 6, 9], gap: [10, 1, 1, 0], digits: [0, 1.5, 1.5, 8],
  taken: [1, 1, 0, 1], ends: [[0, 0], [1, 1], [9, 9], [2, 1]], answer: [2, 1], ...more,
});

const strip = (high: number, log: string, shift = 0) => ({ window: [log.includes("x") ? 0.8 : -0.03 * high, 1.08 * high, 1e-3, 20] as [number, number, number, number], log, shift, most: high });

const RACE: RaceRecord = {
  words: {} as never, window: [-1, 3, -1, 2],
  strips: { gap: { evaluations: strip(40, "xy"), trials: strip(20, "y") }, digits: { evaluations: strip(40, "x"), trials: strip(20, "x", 1) } },
  methods: [
    racer("newton", {}),
    racer("bfgs", { mark: TRIANGLE, found: false, digits: null, trial: [0, 5, 20], count: [1, 12, 40], gap: [10, null, 4], taken: [1, 1, 1], ends: [[0, 0], [null, null], [-1, 1]], answer: [-1, 1] }),
  ],
};

const WORDS = { evaluations: "evaluations", trials: "trials", counted: "from 1", gap: "gap", digits: "digits" } as RaceWords;
const stage = (more: Partial<Stage> = {}): Stage => ({ show: "gap", over: "evaluations", race: 1, ...more });
const of = (scene: Scene, role: string): [Curve[], Dots[]] => [scene.items.filter((item): item is Curve => item.kind === "curve" && item.role === role), scene.items.filter((item): item is Dots => item.kind === "dots" && item.role === role)];
const ways = (more: Partial<Stage> = {}): Scene => waysScene(RACE, [], ["a", "b"], true, stage(more), "start");

describe("how far the race has come", () => {
  it("is all of it at the end, never more, and never less for a later moment", () => {
    for (const show of ["gap", "digits"] as const)
      for (const over of ["evaluations", "trials"] as const) {
        const at = Array.from({ length: 51 }, (_, k) => until(RACE, stage({ show, over, race: k / 50 })));
        expect(at.every((a, k) => k === 0 || a >= at[k - 1])).toBe(true);
        expect(at.at(-1)).toBe(RACE.strips[show][over].most);
        expect(Math.max(...at)).toBe(RACE.strips[show][over].most);
      }
  });
});

describe("the paths", () => {
  it("lead from the start through the trials that were taken to the point returned; a rejected one is hollow", () => {
    const [[path], [ring, marks]] = of(ways(), "race-newton");
    expect(path.points).toEqual([[0, 0], [1, 1], [2, 1], [2, 1]]);
    expect(path.label).toBe("newton");
    expect(marks.points).toEqual([[0, 0], [1, 1], [9, 9], [2, 1]]);
    expect(marks.filled).toEqual([true, true, false, true]);
    expect(marks.shape).toBe(SQUARE);
    expect(ring).toMatchObject({ points: [[2, 1]], filled: [false] });
  });
  it("have no ring where no minimum was shown, and no mark where a trial is not known", () => {
    const [[path], dots] = of(ways(), "race-bfgs");
    expect(path.points).toEqual([[0, 0], [-1, 1], [-1, 1]]);
    expect(dots.length).toBe(1);
    expect(dots[0].points).toEqual([[0, 0], [-1, 1]]);
  });
  it("are cut where the race stands, the counts of all methods at once", () => {
    for (const over of ["evaluations", "trials"] as const)
      for (let race = 0; race < 1; race += 0.05) {
        const now = until(RACE, stage({ over, race })), scene = ways({ over, race });
        for (const { role, trial, count, taken, ends } of RACE.methods) {
          const made = (over === "trials" ? trial : count).filter((at) => at <= now).length;
          const known = ends!.slice(0, made).filter(([u], k) => u !== null && taken[k]);
          const whole = made === taken.length;
          expect(of(scene, role)[0][0].points.length, `${over} ${race} ${role}`).toBe(known.length + (whole ? 1 : 0));
        }
      }
  });
});

describe("the lines", () => {
  it("leave out what a logarithm cannot show, and methods without digits", () => {
    expect(of(paceScene(RACE, stage(), WORDS), "race-newton")[0][0].points).toEqual([[2, 10], [5, 1], [6, 1]]);
    expect(of(paceScene(RACE, stage(), WORDS), "race-bfgs")[0][0].points).toEqual([[1, 10], [40, 4]]);
    const digits = paceScene(RACE, stage({ show: "digits", over: "trials" }), WORDS);
    expect(of(digits, "race-newton")[0][0].points).toEqual([[1, 0], [2, 1.5], [3, 1.5], [4, 8]]);
    expect(of(digits, "race-bfgs")[0][0].points).toEqual([]);
    expect(digits).toMatchObject({ log: "x", x_label: "from 1", y_label: "digits" });
  });
  it("have a rule where the race stands, and none at its end", () => {
    expect(of(paceScene(RACE, stage(), WORDS), "muted")[0]).toEqual([]);
    const [[rule]] = of(paceScene(RACE, stage({ race: 0.5 }), WORDS), "muted");
    expect(rule.points.map(([x]) => x)).toEqual([until(RACE, stage({ race: 0.5 })), until(RACE, stage({ race: 0.5 }))]);
  });
  it("of many points have some marks, the first and the last among them", () => {
    const long = Array.from({ length: 300 }, (_, k) => k), race = { ...RACE, methods: [racer("newton", { trial: long, count: long.map((k) => k + 1), gap: long.map((k) => 300 - k), taken: long.map(() => 1) })] };
    const [[line], [marks]] = of(paceScene(race, stage(), WORDS), "race-newton");
    expect(line.points.length).toBe(300);
    expect(marks.points.length).toBeLessThan(20);
    expect([marks.points[0], marks.points.at(-1)]).toEqual([line.points[0], line.points.at(-1)]);
  });
});

describe("marks", () => {
  it("stand where their points are, in the shape of their method", () => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), frame = render(svg, ways(), { width: 500, height: 400 });
    for (const { role, mark } of RACE.methods) {
      const drawn = [...svg.querySelectorAll(`path[data-role="${role}"][transform]`)].filter((node) => node.getAttribute("d") === mark);
      expect(drawn.length).toBeGreaterThan(1);
      for (const node of drawn) {
        const [x, y] = frame.toPixel(node.getAttribute("data-center")!.split(" ").map(Number) as [number, number]);
        const [, a, b] = /translate\((\S+) (\S+)\)/.exec(node.getAttribute("transform")!)!;
        expect(Math.hypot(Number(a) - x, Number(b) - y)).toBeLessThan(1e-3);
      }
    }
    expect(new Set([...svg.querySelectorAll("[data-layer=items] path")].map((node) => node.getAttribute("d"))).size).toBeGreaterThan(3);
  });
});

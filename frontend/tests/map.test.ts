import ramp from "../../src/raphson/picture/maps/ramp.json";
import { channels } from "../src/scene/style";
import { describe, expect, it } from "vitest";
import { decodeEllipses, reaching, semiAxes } from "../src/map/ellipse";
import { type GraphMap, type MapRecord, binOf, bytes, decodeMap, errorOf, nameOf } from "../src/map/record";
import { EYE, barLength, enlarged, flattened, moved, shift, turned, under, whole } from "../src/map/view";
import { CONTROLS, controlsOf, tellEdge, tellPose } from "../src/map/words";

const packed = (array: Float32Array | Uint16Array | Uint32Array | Uint8Array): string => Buffer.from(array.buffer).toString("base64");

/** Three poses and a landmark; two odometry edges, one observation. */
const record = {
  schema: 1, dimension: 2, success: true, types: [["SE2", 3, true], ["XY", 1, false]], ids: "5,7,9007199254740993,1", held: [0], count: 4, edges: 3, steps: 4,
  ends: packed(Uint32Array.from([0, 1, 1, 2, 2, 3])), classes: packed(Uint8Array.from([0, 0, 2])), share: packed(Float32Array.from([0.25, 0, 0.75])), bounds: [0.5, 1, 2], worst: [2, 0, 1],
  // A thin one that leans, a round one, one that is not determined, one that is held.
  ellipses: { reach: 2.4477, all: true, covariances: packed(Float32Array.from([4, 1.9, 1, 9, 0, 9, NaN, NaN, NaN, 0, 0, 0])) },
  moments: [
    { step: 0, value: 8, low: [0, 0], high: [10, 20], precise: false, places: packed(Uint16Array.from([0, 0, 65535, 0, 65535, 65535, 0, 65535])), error: packed(Uint16Array.from([65535, 1, 0])) },
    { step: 4, value: 2, low: [0, 0], high: [10, 20], precise: true, places: packed(Float32Array.from([0, 0, 10, 0, 10, 20, 0, 20.5])), error: packed(Uint16Array.from([32768, 32768, 32768])) },
  ],
  ramp: { light: [], dark: [] }, words: {},
} as unknown as MapRecord;
const map: GraphMap = decodeMap(record);

describe("the record of a map", () => {
  it("has places and errors in both precisions", () => {
    expect([...map.moments[0].places]).toEqual([0, 0, 10, 0, 10, 20, 0, 20]);
    expect([...map.moments[1].places.slice(6)]).toEqual([0, 20.5]);
    expect(errorOf(0)).toBe(0);
    expect(errorOf(1)).toBeCloseTo(1e-6, 12);
    expect(errorOf(65535)).toBeCloseTo(1e6, 3);
    // One code more is 0.042 % more: no third digit is lost.
    expect(errorOf(40001) / errorOf(40000)).toBeLessThan(1.0005);
    expect(bytes("").byteLength).toBe(0);
  });

  it("keeps ids of 64 bits, and names types where there are several", () => {
    expect([0, 2, 3].map((row) => nameOf(map, row))).toEqual(["SE2 5", "SE2 9007199254740993", "XY 1"]);
    expect(nameOf({ ...map, ids: null, record: { ...record, types: [["SE2", 4, true]] } }, 2)).toBe("2");
  });

  it("has one color more than bounds", () => {
    expect([0, 0.49, 0.5, 1.9, 2, 99].map((error) => binOf([0.5, 1, 2], error))).toEqual([0, 0, 1, 2, 3, 3]);
  });
});

describe("the scale of errors", () => {
  const light = (hex: string): number => channels(hex).map((c) => (c / 255) ** 2.2).reduce((sum, c, k) => sum + [0.2126, 0.7152, 0.0722][k] * c, 0);

  it("reads in gray: on white each color is darker than the one before, on dark ground lighter", () => {
    expect(ramp.light).toHaveLength(7);
    expect(ramp.dark).toHaveLength(7);
    for (let k = 1; k < 7; k += 1) {
      expect(light(ramp.light[k])).toBeLessThan(light(ramp.light[k - 1]));
      expect(light(ramp.dark[k])).toBeGreaterThan(light(ramp.dark[k - 1]));
    }
    // The start is lighter than all of them.
    expect(light("#d3cdc4")).toBeGreaterThan(light(ramp.light[0]));
    expect(light("#4a4339")).toBeLessThan(light(ramp.dark[0]));
  });
});

describe("the view of a map", () => {
  const flat = map.moments[1].places, view = whole(flat, 400, 300);
  const pixel = (k: number, v = view) => [shift(v, 400, 300)[0] + v.scale * flat[2 * k], shift(v, 400, 300)[1] - v.scale * flat[2 * k + 1]];

  it("shows all of it, y upwards, with equal axes", () => {
    for (let k = 0; k < 4; k += 1) {
      const [x, y] = pixel(k);
      expect(x >= 20 && x <= 380 && y >= 20 && y <= 280).toBe(true);
    }
    expect(pixel(2)[1]).toBeLessThan(pixel(1)[1]);
    expect((pixel(1)[0] - pixel(0)[0]) / 10).toBeCloseTo((pixel(1)[1] - pixel(2)[1]) / 20, 9);
  });

  it("is finite for one point, for none, and for points that are not finite", () => {
    for (const points of [[3, 4], [], [NaN, 1, 2, 3], [1, 1, 1, 1]]) {
      const found = whole(Float32Array.from(points), 400, 300);
      expect(Number.isFinite(found.scale) && found.middle.every(Number.isFinite)).toBe(true);
    }
  });

  it("moves by pixels, and is enlarged around a pixel that stays", () => {
    expect(pixel(1, moved(view, 30, -12)).map((a, i) => a - pixel(1)[i])).toEqual([expect.closeTo(30, 6), expect.closeTo(-12, 6)]);
    const [x, y] = pixel(2), near = enlarged(view, 3, [x, y], 400, 300);
    expect(pixel(2, near)).toEqual([expect.closeTo(x, 6), expect.closeTo(y, 6)]);
    expect(near.scale).toBeCloseTo(3 * view.scale, 9);
  });

  it("turns a map in space without going over the poles, and keeps lengths across the sight", () => {
    const space = Float32Array.from([0, 0, 0, 0, 0, 1, 1, 0, 0]);
    const [, , , up] = flattened(space, 3, { azimuth: EYE.azimuth, elevation: 0 });
    expect(up).toBeCloseTo(1, 6);
    const above = flattened(space, 3, { azimuth: -90, elevation: 90 });
    expect([above[4], above[5]]).toEqual([expect.closeTo(1, 6), expect.closeTo(0, 6)]);
    expect(turned(view, 0, 999).elevation).toBe(90);
    expect(flattened(flat, 2, EYE)).toBe(flat);
  });

  it("finds the pose under the pointer before the edge, and only edges that are shown", () => {
    const all = () => true, [x, y] = pixel(1), [u, v] = pixel(2), middle: [number, number] = [(x + u) / 2, (y + v) / 2];
    expect(under(flat, map.ends, all, view, [x + 3, y], 400, 300)).toEqual({ pose: 1, edge: -1 });
    expect(under(flat, map.ends, all, view, middle, 400, 300)).toEqual({ pose: -1, edge: 1 });
    expect(under(flat, map.ends, () => false, view, middle, 400, 300)).toEqual({ pose: -1, edge: -1 });
    expect(under(flat, map.ends, all, view, [2, 150], 400, 300)).toEqual({ pose: -1, edge: -1 });
  });

  it("has a bar of a round length between 60 and 150 pixels", () => {
    for (const scale of [1e-7, 0.031, 1, 7.3, 420, 1e9]) {
      const length = barLength(scale), digit = Number((length / 10 ** Math.floor(Math.log10(length * 1.0001))).toPrecision(6));
      expect(length * scale).toBeLessThanOrEqual(150.001);
      expect(length * scale).toBeGreaterThanOrEqual(59.999);
      expect([1, 2, 5]).toContain(digit);
    }
  });
});

describe("the ellipses", () => {
  const { reach, upper } = map.ellipses!, axes = semiAxes(map.ellipses!, 2, EYE);

  it("lie at the quantile of chi-square: every point of the outline", () => {
    const [large, small, angle] = axes, [xx, xy, yy] = upper, det = xx * yy - xy * xy;
    expect(large).toBeGreaterThan(small);
    for (let t = 0; t < 6.3; t += 0.3) {
      const [p, q] = [large * Math.cos(t), small * Math.sin(t)], x = p * Math.cos(angle) - q * Math.sin(angle), y = p * Math.sin(angle) + q * Math.cos(angle);
      expect((yy * x * x - 2 * xy * x * y + xx * y * y) / det).toBeCloseTo(reach ** 2, 3);
    }
    expect([axes[3], axes[4]]).toEqual([expect.closeTo(3 * reach, 5), expect.closeTo(3 * reach, 5)]);
    expect(Number.isNaN(axes[6])).toBe(true);
    expect([axes[9], axes[10]]).toEqual([0, 0]);
    expect(decodeEllipses(null)).toBeNull();
  });

  it("are in space those of the two coordinates of the paper", () => {
    // From above, with the first axis to the right: the block of x and y, whatever z does.
    const solid = { reach: 1, all: true, upper: Float32Array.from([4, 1.9, 0.3, 1, -0.2, 25]) }, [large, small, angle] = semiAxes(solid, 3, { azimuth: -90, elevation: 90 });
    const [flatLarge, flatSmall, flatAngle] = semiAxes({ reach: 1, all: true, upper: Float32Array.from([4, 1.9, 1]) }, 2, EYE);
    expect([large, small, angle]).toEqual([flatLarge, flatSmall, flatAngle].map((a) => expect.closeTo(a, 5)));
    // From the side: z upwards has the deviation 5.
    const side = semiAxes({ ...solid, upper: Float32Array.from([4, 0, 0, 1, 0, 25]) }, 3, { azimuth: -90, elevation: 0 });
    expect([side[0], side[1], Math.abs(side[2])]).toEqual([5, 2, Math.PI / 2].map((a) => expect.closeTo(a, 5)));
  });

  it("are in the whole picture, as far as that is not more than twice beyond the places", () => {
    const flat = Float32Array.from([0, 0, 10, 0]), few = (a: number) => [...reaching(flat, Float32Array.from([a, a / 2, 0, 0, 0, 0]))];
    expect(few(2)).toEqual([-2, -1, 10, 1]);
    expect(few(1000)).toEqual([-10, -10, 20, 10]);
    expect([...reaching(flat, Float32Array.from([NaN, NaN, NaN, 0, 0, 0]))]).toEqual([0, 0, 10, 0]);
  });

  it("are told of the place that is pointed at", () => {
    expect(tellPose(map, 1, 1, CONTROLS.en, axes)).toBe("SE2 7 at (10, 0): 2 edges, the largest error is 1 σ. Its 95 % ellipse has semi-axes 7.34 and 7.34.");
    expect(tellPose(map, 1, 1, CONTROLS.zh, axes)).toContain("其 95 % 椭圆的半轴长为 7.34 和 7.34。");
    for (const row of [2, 3]) expect(tellPose(map, 1, row, CONTROLS.en, axes)).not.toContain("ellipse");
  });
});

describe("what is told", () => {
  it("of a pose: its place, its edges and the largest of their errors, at the step that is shown", () => {
    expect(tellPose(map, 1, 1, CONTROLS.en)).toBe("SE2 7 at (10, 0): 2 edges, the largest error is 1 σ.");
    expect(tellPose(map, 0, 0, CONTROLS.en)).toBe("SE2 5 at (0, 0), held where it is: 1 edge, the largest error is 1e6 σ.");
    expect(tellPose(map, 1, 3, CONTROLS.zh)).toBe("XY 1 位于（0, 20.5）：1 条边，最大误差 1 σ。");
  });

  it("of an edge: its ends, kind, error and share", () => {
    expect(tellEdge(map, 1, 2, ["odometry", "loop closure", "landmark observation"], CONTROLS.en)).toBe("SE2 9007199254740993 → XY 1, landmark observation: error 1 σ, 75 % of the cost at the answer.");
    expect(tellEdge(map, 1, 1, ["里程计"], CONTROLS.zh)).toContain("占解处代价的 0 %");
    // Shares of what a loss weighs are not shares of the loss.
    const weighed = { ...map, weights: Uint8Array.from([51, 255, 255]), record: { ...map.record, robust: true } };
    expect(tellEdge(weighed, 1, 0, ["odometry"], CONTROLS.en)).toContain("25 % of the sum of e' Ω e at the answer. In the loss it counts with weight 0.2.");
    expect(tellEdge(weighed, 1, 0, ["里程计"], CONTROLS.zh)).toContain("占解处 e' Ω e 之和的 25 %。在损失中的权重为 0.2。");
    expect(tellEdge({ ...weighed, record: map.record }, 1, 0, ["odometry"], CONTROLS.en)).toContain("25 % of the cost at the answer. It counts with weight 0.2.");
  });

  it("of cameras is no pose and no edge", () => {
    const bundle = { ...map, record: { ...map.record, cameras: true } };
    for (const language of ["en", "zh"] as const) {
      const words = controlsOf(bundle, language), said = [words.idle, words.label, words.scale, words.hint, words.look("1", "2"), tellPose(bundle, 1, 1, words)].join(" ");
      expect(said).not.toMatch(/pose|edge|位姿|(?<!右|左)边/);
      expect(controlsOf(map, language)).toBe(CONTROLS[language]);
    }
  });

  it("has the same words in both languages", () => {
    expect(Object.keys(CONTROLS.zh).sort()).toEqual(Object.keys(CONTROLS.en).sort());
    expect(CONTROLS.en.at(0, 4, "8")).toBe("before the first step · f = 8");
    expect(CONTROLS.zh.at(2, 4, "3")).toContain("第 2 步");
  });
});

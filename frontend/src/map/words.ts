/** The words of the map's controls, and what is told of a pose or an edge; the other sentences come from Python. */

import { short } from "../scene/number";
import { type GraphMap, nameOf } from "./record";

const en = {
  code: "en", language: { label: "Language", en: "English", zh: "中文" },
  controls: "Map controls", steps: "Steps of the run", first: "Before", last: "Answer", previous: "Step back", next: "Step forward", play: "Play", pause: "Pause",
  at: (k: number, of: number, value: string) => (k === 0 ? `before the first step · f = ${value}` : `after step ${k} of ${of} · f = ${value}`),
  show: "Show", start: "before, thin and gray", classes: (name: string) => name,
  ellipses: "95 % ellipses", whole: "Whole map", closer: "Closer", farther: "Farther", drag: "Drag", turn: "turns", move: "moves",
  label: "The graph: poses and edges, colored by error",
  hint: "Drag to move, press + or \u2212 to enlarge; the wheel does so once the map was pressed. Arrow keys move, N goes to the next worst edge, 0 shows the whole map, Esc lets go.",
  hint3: " Shift and arrow keys turn it.",
  units: "units of the data",
  idle: "Point at a pose or an edge to read its numbers.",
  more: "and more", scale: "Error of an edge, in sigmas",
  pose: (name: string, place: string, held: boolean, edges: number, worst: string) => `${name} at (${place})${held ? ", held where it is" : ""}: ${edges} edge${edges === 1 ? "" : "s"}, the largest error is ${worst} σ.`,
  within: (large: string, small: string) => ` Its 95 % ellipse has semi-axes ${large} and ${small}.`,
  edge: (a: string, b: string, kind: string, error: string, share: string, robust: boolean) => `${a} \u2192 ${b}, ${kind}: error ${error} σ, ${share} of ${robust ? "the sum of e' Ω e" : "the cost"} at the answer.`,
  weight: (weight: string, robust: boolean) => ` ${robust ? "In the loss it" : "It"} counts with weight ${weight}.`,
  look: (a: string, b: string) => `Show the edge ${a} \u2192 ${b} in the map`,
  made: "Made by raphson. Everything on this page is inside this one file: it needs no network.",
};

export type MapControls = typeof en;

const zh: MapControls = {
  code: "zh", language: en.language,
  controls: "地图的控件", steps: "迭代的各步", first: "之前", last: "解处", previous: "后退一步", next: "前进一步", play: "播放", pause: "暂停",
  at: (k, of, value) => (k === 0 ? `第一步之前 · f = ${value}` : `第 ${k} 步之后（共 ${of} 步）· f = ${value}`),
  show: "显示", start: "之前（细灰线）", classes: (name) => name,
  ellipses: "95 % 椭圆", whole: "整张地图", closer: "放大", farther: "缩小", drag: "拖动", turn: "转动", move: "移动",
  label: "因子图：位姿和边，按误差着色",
  hint: "拖动即移动，按 + 或 \u2212 缩放；先点一下地图，滚轮也能缩放。方向键移动，N 转到误差次大的边，0 显示整张地图，Esc 取消选择。",
  hint3: "Shift 加方向键转动。",
  units: "数据的单位",
  idle: "指向一个位姿或一条边，即可读出它的数字。",
  more: "以上", scale: "边的误差（σ）",
  pose: (name, place, held, edges, worst) => `${name} 位于（${place}）${held ? "，固定不动" : ""}：${edges} 条边，最大误差 ${worst} σ。`,
  within: (large, small) => `其 95 % 椭圆的半轴长为 ${large} 和 ${small}。`,
  edge: (a, b, kind, error, share, robust) => `${a} \u2192 ${b}，${kind}：误差 ${error} σ，占解处${robust ? " e' Ω e 之和" : "代价"}的 ${share}。`,
  weight: (weight, robust) => (robust ? `在损失中的权重为 ${weight}。` : `权重为 ${weight}。`),
  look: (a, b) => `在地图上显示边 ${a} \u2192 ${b}`,
  made: "由 raphson 生成。本页的一切都在这一个文件里：不需要网络。",
};

export const CONTROLS: Record<"en" | "zh", MapControls> = { en, zh };

/** The same of cameras that see points. */
const BUNDLES: typeof CONTROLS = {
  en: {
    ...en, label: "Cameras and points: observations colored by error", idle: "Point at a camera, a point or an observation to read its numbers.", scale: "Error of an observation, in sigmas",
    hint: en.hint.replace("worst edge", "worst observation"), look: (a, b) => `Show the observation ${a} \u2192 ${b} in the map`,
    pose: (name, place, held, edges, worst) => `${name} at (${place})${held ? ", held where it is" : ""}: ${edges} observation${edges === 1 ? "" : "s"}, the largest error is ${worst} σ.`,
  },
  zh: {
    ...zh, label: "相机与路标点：观测按误差着色", idle: "指向一台相机、一个路标点或一个观测，即可读出它的数字。", scale: "观测的误差（σ）",
    hint: zh.hint.replace("误差次大的边", "误差次大的观测"), look: (a, b) => `在地图上显示观测 ${a} \u2192 ${b}`,
    pose: (name, place, held, edges, worst) => `${name} 位于（${place}）${held ? "，固定不动" : ""}：${edges} 个观测，最大误差 ${worst} σ。`,
  },
};

/** The words of a map's controls. */
export const controlsOf = ({ record: { cameras } }: GraphMap, language: "en" | "zh"): MapControls => (cameras ? BUNDLES : CONTROLS)[language];

/** A variable in words, at a moment: its place, its edges and the largest error among them, and its ellipse. */
export function tellPose(map: GraphMap, moment: number, row: number, words: MapControls, axes: Float32Array | null = null): string {
  const { dimension, held } = map.record, { places, error } = map.moments[moment];
  let [edges, worst] = [0, 0];
  for (let k = 0; k < error.length; k += 1)
    if (map.ends[2 * k] === row || map.ends[2 * k + 1] === row) [edges, worst] = [edges + 1, Math.max(worst, error[k])];
  const place = [...places.subarray(dimension * row, dimension * (row + 1))].map((a) => short(a, 5)).join(", ");
  const [large, small] = axes?.subarray(3 * row, 3 * row + 2) ?? [0, 0], within = large > 0 ? words.within(short(large, 3), short(small, 3)) : "";
  return words.pose(name(map, row), place, held.includes(row), edges, short(worst, 3)) + within;
}

/** An edge in words: its ends, its error at the moment, its share of the cost at the answer. */
export function tellEdge(map: GraphMap, moment: number, edge: number, kinds: string[], words: MapControls): string {
  const [a, b] = [map.ends[2 * edge], map.ends[2 * edge + 1]];
  const { robust } = map.record, error = short(map.moments[moment].error[edge], 3), share = `${short(100 * map.share[edge], 2)} %`;
  return words.edge(name(map, a), name(map, b), kinds[map.classes[edge]], error, share, robust) + (map.weights ? words.weight(short(map.weights[edge] / 255, 2), robust) : "");
}

/** With the type, also where there is one alone: it begins a sentence. */
function name(map: GraphMap, row: number): string {
  const { types } = map.record;
  return types.length === 1 ? `${types[0][0]} ${nameOf(map, row)}` : nameOf(map, row);
}

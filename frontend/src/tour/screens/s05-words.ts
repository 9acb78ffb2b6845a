import type { Language } from "../../app/store";
import { short } from "../../scene/number";
import type { ScreenWords } from "../screen";
import type { DividesLabels } from "./s05-scene";

type Division = [slope: string, lambda: string, step: string];

export interface DividesWords extends ScreenWords, DividesLabels {
  picture: string;
  point: string; play: string; pause: string; slider: string;
  /** -g, split, divided, added up. */
  phases: [string, string, string, string];
  /** `times`: how often as long as it was the part is drawn. */
  row(steep: boolean, slope: number, lambda: number, step: number, times: number): string[];
  split(steep: string, flat: string): string;
  divides(steep: Division, flat: Division): string;
  lands(step: string): string;
  rest: string;
}

const NUMBER = { true: "\u2082", false: "\u2081" };
const formula = (steep: boolean, slope: number, lambda: number, step: number): string => {
  const i = NUMBER[`${steep}`];
  return `\u2212v${i}\u2032g / \u03bb${i} = ${short(slope)} / ${short(lambda)} = ${short(step)}`;
};
/** Nearer to one than this nobody sees a change. */
const SAME = 0.01;

const en: DividesWords = {
  title: "H\u207b\u00b9 divides",
  sentences: [
    "Split {minus-gradient:\u2212g} along the axes and divide each part by its \u03bb. Steps are shortened where the ground is steep and lengthened where it is flat, and their sum lands on the {newton:centre}.",
    "That sum is {newton:\u2212H\u207b\u00b9g}. Solving H s = \u2212g gives it: H\u207b\u00b9 itself is never needed.",
  ],
  act: "Press play. Drag x.",
  careful: "A slope and a step have different units: \u2212g is drawn at a scale of its own, between 1/\u03bb\u2082 and 1/\u03bb\u2081. At any other scale, too, the steep part shrinks against the flat one. The ellipse is that of the model of f at x; x stays where there is one.",
  picture: "Minus g at x, its two parts along the axes of the ellipse, each divided by its eigenvalue, and their sum, the Newton step, which ends at the centre",
  point: "The point x", play: "Play the division", pause: "Pause", slider: "From \u2212g to the Newton step",
  phases: ["\u2212g", "split", "divide", "add up"],
  slope: (scale) => `\u2212g, times ${short(scale, 2)}`,
  part: (steep) => (steep ? "steep part" : "flat part"),
  divided: (steep, lambda) => `${steep ? "steep" : "flat"}: \u00f7 ${short(lambda)}`,
  center: "centre",
  row: (steep, slope, lambda, step, times) => [steep ? "steep" : "flat", formula(steep, slope, lambda, step), Math.abs(times - 1) < SAME ? "drawn as long as before" : `${times < 1 ? "shortened" : "lengthened"}: drawn ${short(times, 2)} times as long`],
  split: (steep, flat) => `{minus-gradient:\u2212g} has a steep part of {slope-part:${steep}} and a flat part of {slope-part:${flat}}.`,
  divides: (steep, flat) => `Steep: ${steep[0]} / ${steep[1]} = {step-part:${steep[2]}}. Flat: ${flat[0]} / ${flat[1]} = {step-part:${flat[2]}}.`,
  lands: (step) => `The sum is s = {newton:(${step})}: from x to the centre.`,
  rest: "Here g is zero: nothing is left to divide.",
};

const zh: DividesWords = {
  title: "逆矩阵做除法",
  sentences: [
    "把 {minus-gradient:\u2212g} 沿两条轴分解，每个分量除以自己的 \u03bb：陡处缩短，平处拉长。两个分量相加，正好落在{newton:中心}。",
    "这个和就是 {newton:\u2212H\u207b\u00b9g}。只要解方程 H s = \u2212g，不必真去求逆。",
  ],
  act: "按下播放；拖动 x。",
  careful: "梯度和步的单位不同，画 \u2212g 要另用一种比例，这里取在 1/\u03bb\u2082 与 1/\u03bb\u2081 之间。无论用什么比例，陡的分量相对平的分量总是缩短。椭圆属于 f 在 x 处的二次模型；x 只能在有这种椭圆的地方移动。",
  picture: "x 处的 \u2212g、它沿椭圆两轴的两个分量、每个分量除以自己的特征值，以及两者之和：到达中心的牛顿步",
  point: "点 x", play: "播放除法的过程", pause: "暂停", slider: "从 \u2212g 到牛顿步",
  phases: ["\u2212g", "分解", "相除", "相加"],
  slope: (scale) => `\u2212g，乘以 ${short(scale, 2)}`,
  part: (steep) => (steep ? "陡的分量" : "平的分量"),
  divided: (steep, lambda) => `${steep ? "陡" : "平"}：\u00f7 ${short(lambda)}`,
  center: "中心",
  row: (steep, slope, lambda, step, times) => [steep ? "陡" : "平", formula(steep, slope, lambda, step), Math.abs(times - 1) < SAME ? "画得与原来一样长" : `${times < 1 ? "缩短" : "拉长"}：画成原来的 ${short(times, 2)} 倍`],
  split: (steep, flat) => `{minus-gradient:\u2212g} 陡的分量是 {slope-part:${steep}}，平的分量是 {slope-part:${flat}}。`,
  divides: (steep, flat) => `陡：${steep[0]} / ${steep[1]} = {step-part:${steep[2]}}。平：${flat[0]} / ${flat[1]} = {step-part:${flat[2]}}。`,
  lands: (step) => `两个分量之和 s = {newton:(${step})}，从 x 正好到中心。`,
  rest: "这里 g 为零，没有什么可除的了。",
};

export const words: Record<Language, DividesWords> = { en, zh };

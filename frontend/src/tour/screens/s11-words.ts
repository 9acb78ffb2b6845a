import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";

export interface OwnWords extends ScreenWords {
  /** By the signs of the eigenvalues of H. */
  kinds: Record<"bowl" | "saddle" | "dome" | "valley" | "ridge" | "flat", string>;
  told(n: { value: string; low: string; high: string; kind: string; angle: string | null }): string;
  toldOne(n: { value: string; slope: string; bend: string }): string;
}

const en: OwnWords = {
  title: "Your own function",
  sentences: ["All that you have seen, on a function of yours. Its gradient and its Hessian are worked out from the formula, in this page, and drawn."],
  act: "Type a formula; any name but pi, e and those of functions is a variable. Drag x, or click into the picture of f for another start.",
  careful: "To keep it, in a page that can be sent: raphson lab \"x^4 - 3*x*y + y^2\" in a terminal. To minimize it in Python: under \u201cPython\u201d below the formula, \u201cCopy Python\u201d.",
  kinds: { bowl: "a bowl", saddle: "a saddle", dome: "a dome", valley: "a valley", ridge: "a ridge", flat: "flat" },
  told: ({ value, low, high, kind, angle }) => `At x, f = ${value}. The eigenvalues of H go from {model-level:${low}} to {model-level:${high}}: ${kind}.${angle === null ? "" : ` {minus-gradient:\u2212g} points {newton:${angle}\u00b0} away from the Newton step.`}`,
  toldOne: ({ value, slope, bend }) => `At x, f = ${value}, the slope f\u2032 = {minus-gradient:${slope}} and the curvature f\u2033 = {model-level:${bend}}.`,
};

const zh: OwnWords = {
  title: "你自己的函数",
  sentences: ["前面看到的一切，现在用在你自己的函数上：本页由公式算出它的梯度和海森矩阵，并画出来。"],
  act: "输入一个公式：除 π（pi）、e 和函数名外，每个名字都是一个变量。拖动 x，或在 f 的图上点击，另选起点。",
  careful: "想存成可以发给别人的网页：在终端输入 raphson lab \"x^4 - 3*x*y + y^2\"。想用 Python 求它的极小点：公式下方的“Python”里，点“复制 Python 代码”。",
  kinds: { bowl: "碗", saddle: "鞍", dome: "山丘", valley: "谷", ridge: "脊", flat: "平面" },
  told: ({ value, low, high, kind, angle }) => `在 x 处，f = ${value}；H 的特征值从 {model-level:${low}} 到 {model-level:${high}}：${kind}。${angle === null ? "" : `{minus-gradient:\u2212g} 与牛顿步的夹角是 {newton:${angle}\u00b0}。`}`,
  toldOne: ({ value, slope, bend }) => `在 x 处，f = ${value}，斜率 f\u2032 = {minus-gradient:${slope}}，曲率 f\u2033 = {model-level:${bend}}。`,
};

export const words: Record<Language, OwnWords> = { en, zh };

/** The words of the laboratory. */

import { faultEn, faultZh } from "./formula";

export const laboratoryEn = {
  title: "Laboratory",
  lead: "Type a function. The page computes its gradient and its Hessian, and draws what they say; drag x and everything follows.",
  formula: "f =",
  formulaLabel: "Formula of f",
  column: (k: number) => `Column ${k}: `,
  fault: faultEn,
  start: "x",
  coordinate: (name: string) => `Start of ${name}`,
  here: "Start here",
  hereHint: "Makes this x the start: the pictures are drawn anew around it.",
  python: "Python",
  copy: "Copy Python",
  copied: "Copied",
  notCopied: "Select it and copy it by hand",
  code: "Python that minimizes f from x",
  examples: "Examples",
  names: { rosenbrock: "Rosenbrock", himmelblau: "Himmelblau", saddle: "a saddle", beale: "Beale", fit: "a fit of an exponential", domain: "a domain with an edge", one: "one variable", three: "three variables" } as Record<string, string>,
  what: "What a formula may hold",
  grammar: "+ \u2212 * / ^ (or **), parentheses, numbers, the constants pi and e, and the functions below. Every other name is a variable. A name and an equals sign may stand in front.",
  constant: (value: string) => `This is the number ${value}: it has no variable, so there is nothing to draw. Write a name, as in x^2.`,
  many: (n: number, most: number) => `The formula has ${n} variables; pictures are made of ${most} at most.`,
  infinite: "f, or a derivative of it, is not finite at the start. Click into the picture of f, or type another start.",
  made: "Computed in this page, from the formula alone. It asks no network.",
  reset: "Back to the start",
};

export type LaboratoryWords = typeof laboratoryEn;

export const laboratoryZh: LaboratoryWords = {
  title: "实验室",
  lead: "输入一个函数。本页自己计算它的梯度和海森矩阵，并把它们画出来；拖动 x，一切随之变化。",
  formula: "f =",
  formulaLabel: "f 的公式",
  column: (k) => `第 ${k} 个字符：`,
  fault: faultZh,
  start: "x",
  coordinate: (name) => `${name} 的起点`,
  here: "以此为起点",
  hereHint: "把现在的 x 作为起点，围绕它重新作图。",
  python: "Python",
  copy: "复制 Python 代码",
  copied: "已复制",
  notCopied: "请选中后手动复制",
  code: "从 x 出发求 f 的极小点的 Python 代码",
  examples: "例子",
  names: { rosenbrock: "Rosenbrock 函数", himmelblau: "Himmelblau 函数", saddle: "鞍点", beale: "Beale 函数", fit: "拟合指数函数", domain: "有边界的定义域", one: "一个变量", three: "三个变量" },
  what: "公式里可以写什么",
  grammar: "+ \u2212 * / ^（或 **）、圆括号、数、常数 pi 和 e，以及下列函数。其他名字都是变量。前面可以写一个名字和等号。",
  constant: (value) => `这是常数 ${value}：没有变量，所以没有可画的。请写一个名字，例如 x^2。`,
  many: (n, most) => `公式有 ${n} 个变量；最多能画 ${most} 个变量的图。`,
  infinite: "f 或它的导数在起点不是有限值。请点击 f 的图，或输入另一个起点。",
  made: "全部由本页从公式算出，不需要网络。",
  reset: "回到起点",
};

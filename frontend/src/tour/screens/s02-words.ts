import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";

export interface NumbersWords extends ScreenWords {
  picture: string;
  show: string; f: string; model: string; both: string;
  ring: string; bends: string; slopes: string; twist: string;
  bend(name: string): string;
  slope(name: string): string;
  /** How far the model is right, in the worst direction and in the best; null: without an end in the picture. */
  told(nearest: string, farthest: string | null): string;
}

const en: NumbersWords = {
  title: "Two variables: four numbers",
  sentences: [
    "With two variables the curvature is a table of four numbers, the Hessian {model-level:H}: the bend along x₁, the bend along x₂, and the twist between them, written twice.",
    "With the height f and the {minus-gradient:gradient g} it makes the {model-level:model} m(s) = f + g′s + ½ s′Hs, the bowl, saddle or dome that fits best. At x its contour has the direction and the bend of f’s.",
  ],
  act: "Drag x and watch the numbers. Show f, the model, or both.",
  careful: "The twist says how the slope along x₁ changes on the way along x₂; on the way along x₁ the slope along x₂ changes by just as much. Off by 10 %: |f − m| is a tenth of |g′s| + ½ s′|H|s, the size of the model’s own terms (|H|: every curvature taken as positive). A prime on a vector or a matrix turns columns into rows: g′s = g₁s₁ + g₂s₂.",
  picture: "Contours of f and of its quadratic model at x, and the ring within which the model is right to 10 %",
  show: "Show", f: "f", model: "the model", both: "both",
  ring: "off by 10 %", bends: "H, the bends", slopes: "g, the slopes", twist: "twist",
  bend: (name) => `bend along ${name}`, slope: (name) => `slope along ${name}`,
  told: (nearest, farthest) => `From x the model is right to 10 % as far as {ten-percent:${nearest}} in the worst direction${farthest ? ` and {ten-percent:${farthest}} in the best` : "; in the best it is right beyond the picture"}.`,
};

const zh: NumbersWords = {
  title: "两个变量：四个数",
  sentences: [
    "有两个变量时，曲率是一张四个数的表，即海森矩阵 {model-level:H}：沿 x₁ 的弯曲、沿 x₂ 的弯曲，还有两者之间的扭曲，它写了两遍。",
    "加上高度 f 和{minus-gradient:梯度 g}，就有了{model-level:模型} m(s) = f + g′s + ½ s′Hs，也就是最贴合的碗、鞍或山丘。在 x 处，它的等值线与 f 的等值线方向相同，弯曲也相同。",
  ],
  act: "拖动 x，看这些数怎样变。可以只看 f、只看模型，或两者都看。",
  careful: "扭曲说的是：沿 x₂ 走时，沿 x₁ 的斜率怎样变；沿 x₁ 走时，沿 x₂ 的斜率也同样变。误差 10 % 是指 |f − m| 等于模型各项大小 |g′s| + ½ s′|H|s 的十分之一（|H|：把每个曲率都取成正的）。向量或矩阵上的撇号表示转置：g′s = g₁s₁ + g₂s₂。",
  picture: "f 的等值线、它在 x 处的二次模型的等值线，以及模型误差不到 10 % 的范围",
  show: "显示", f: "f", model: "模型", both: "两者",
  ring: "误差 10 %", bends: "H：弯曲", slopes: "g：梯度", twist: "扭曲",
  bend: (name) => `沿 ${name} 的弯曲`, slope: (name) => `沿 ${name} 的斜率`,
  told: (nearest, farthest) => `从 x 出发，模型误差保持在 10 % 以内：最差的方向上到 {ten-percent:${nearest}}，${farthest ? `最好的方向上到 {ten-percent:${farthest}}` : "最好的方向上直到图外"}。`,
};

export const words: Record<Language, NumbersWords> = { en, zh };

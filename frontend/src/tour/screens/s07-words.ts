import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";

export interface RoundWords extends ScreenWords {
  picture: string; roundPicture: string;
  path: string; pull: string; slider: string; play: string; pause: string;
  /** `steps`: of gradient descent on the model until the centre is reached as far as can be seen; `more`: or more than so many. */
  told(n: { t: string; round: boolean; angle: string; steps: number; more: boolean }): string;
  still: string;
  noRoot(kind: string): string;
}

const en: RoundWords = {
  title: "The round world",
  sentences: [
    "In the right units every {whitened:bowl} is round, and straight down is right: {newton:Newton’s method} is steepest descent in these units.",
    "The units are y = H^½ (u − centre). The {function-level:contours of f} are carried along. {minus-gradient:−g} and {cauchy:gradient descent} are not: in new units the gradient is another one, and so it turns towards the centre.",
  ],
  act: "Play t, or move it: the picture shows y = H^(t/2) (u − centre). Drag x, and H goes with it.",
  careful: "The circle is the model’s at x. The contours of f itself are round only where that model fits f.",
  picture: "Contours of f and of the model through x, carried along by H^(t/2), with −gradient and gradient descent in the new units",
  roundPicture: "The same at t = 1: the ellipse is a circle, and −g ends in the centre",
  path: "gradient descent", pull: "The point x", slider: "From x to y = H^½ (u − centre)", play: "Play t from 0 to 1", pause: "Pause",
  told: ({ t, round, angle, steps, more }) => {
    const way = steps === 1 ? "gradient descent on the model is there in one step" : `gradient descent on the model takes ${steps} steps${more ? " or more" : ""} to get there, as far as can be seen`;
    return round
      ? `t = ${t}: {minus-gradient:−gradient} is {minus-gradient:${angle}°} off the centre; in its true length it ends there. It is the {newton:Newton step}, and ${way}.`
      : `t = ${t}: {minus-gradient:−gradient} is {minus-gradient:${angle}°} off the centre, and ${way}.`;
  },
  still: "x is at the centre, as far as can be seen: there is no way left.",
  noRoot: (kind) => `Here the model is a ${kind}: an eigenvalue of H is not positive, so there is no H^½ that can be undone, and nothing can be made round. Drag x back into the bowl.`,
};

const zh: RoundWords = {
  title: "变回圆形的世界",
  sentences: [
    "换成合适的单位，每只{whitened:碗}都是圆的，沿最陡的方向直下，正好到中心：在这套单位里，最速下降就是{newton:牛顿法}。",
    "这套单位是 y = H^½ (u − 中心)。{function-level:f 的等值线}随之变形；{minus-gradient:−g} 和{cauchy:梯度下降}的路径却要重新计算：换了单位，梯度就变了，因而转向中心。",
  ],
  act: "播放 t，或拖动滑块：图中画的是 y = H^(t/2) (u − 中心)。拖动 x，H 也随之改变。",
  careful: "变成圆的是 x 处模型的等值线。f 自己的等值线，只有在模型贴合 f 的地方才是圆的。",
  picture: "随 H^(t/2) 变形的 f 的等值线和模型过 x 的等值线，以及新单位下的负梯度和梯度下降",
  roundPicture: "同一幅图，t = 1：椭圆变成了圆，−g 到达中心",
  path: "梯度下降", pull: "点 x", slider: "从 x 到 y = H^½ (u − 中心)", play: "把 t 从 0 播放到 1", pause: "暂停",
  told: ({ t, round, angle, steps, more }) => {
    const way = steps === 1 ? "模型上的梯度下降一步就到" : `模型上的梯度下降要走 ${steps} 步${more ? "或更多" : ""}，才在图上看来到达中心`;
    return round
      ? `t = ${t}：{minus-gradient:负梯度}偏离中心 {minus-gradient:${angle}°}，按真实长度画，正好到达中心。它就是{newton:牛顿步}，${way}。`
      : `t = ${t}：{minus-gradient:负梯度}偏离中心 {minus-gradient:${angle}°}，${way}。`;
  },
  still: "就图中所见，x 就在中心：已经无路可走。",
  noRoot: (kind) => `这里的模型是${kind}：H 有不为正的特征值，没有可逆的 H^½，什么也变不成圆。请把 x 拖回碗里。`,
};

export const words: Record<Language, RoundWords> = { en, zh };

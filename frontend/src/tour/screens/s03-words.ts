import type { Language } from "../../app/store";
import { short } from "../../scene/number";
import type { ScreenWords } from "../screen";
import { type AxesLabels, type Name, RISE } from "./s03-scene";

export interface AxesWords extends ScreenWords, AxesLabels {
  picture: string;
  slider: string;
  names: Record<Name, string>;
  lambda(i: number): string;
  pull(i: number): string;
  told(i: number, name: Name, lambda: number, semi: number): string;
}

/** The flatter one at the start is the first, as everywhere, and the slider pushes it through zero. A name stays with its axis, also where a hand has made it the steeper. */
const DIGIT = ["\u2082", "\u2081"];
const lambda = (i: number): string => `\u03bb${DIGIT[i]}`;
const product = (i: number, value: number, semi: number): string => `${lambda(i)} \u00b7 a${DIGIT[i]}\u00b2 = ${short(value, 4)} \u00b7 ${short(semi, 4)}\u00b2 = ${short(value * semi * semi)} = 2c`;
const root = (i: number): string => `a${DIGIT[i]} = \u221a(2c/${lambda(i)})`;

const en: AxesWords = {
  title: "Axes and lengths",
  sentences: [
    "Along an {axis:eigenvector} v nothing twists: H v = \u03bb v, and the gradient {slope-part:g} lies along the axis itself. Anywhere else it turns aside.",
    "Four times as steep is half as long: \u03bb times the semi-axis squared, \u03bb a\u00b2, stays 2c.",
  ],
  act: `Pull the tip of an axis out, in or around. Then push ${lambda(1)} through zero.`,
  careful: `The contour is where a quadratic has risen by c = ${RISE} above its centre. It is an ellipse only while both \u03bb are positive: H is then called positive definite. With ${lambda(1)} = ${lambda(0)} it is a circle, and every direction is an axis. Names stay with their axes: pulled beyond ${lambda(0)}, ${lambda(1)} is the steeper. With a hyperbola, light dashed contours are lower than the centre, and the two dashed lines as high as it.`,
  picture: "The contour of a quadratic with both eigenvectors as its axes, the eigenvalues, and the semi-axes",
  slider: `The eigenvalue ${lambda(1)}`,
  names: { ellipse: "an ellipse", strip: "a strip", hyperbola: "a hyperbola" },
  lambda,
  pull: (i) => `The tip of the axis v${DIGIT[i]}`,
  axis: (i, value, semi) => (value > 0 ? `${lambda(i)} = ${short(value)}, ${root(i)} = ${short(semi)}` : value < 0 ? `${lambda(i)} = ${short(value)}: downhill` : `${lambda(i)} = 0: no end`),
  gradient: "g",
  level: "risen by c",
  told: (i, name, value, semi) =>
    value > 0 ? `{axis:${product(i, value, semi)}}${name === "ellipse" ? "." : `; the other \u03bb is not positive: ${en.names[name]}.`}`
    : value === 0 ? `{axis:${lambda(i)} = 0}: along v${DIGIT[i]} the ground is level, the axis has no end, and the ellipse has opened to a strip.`
    : `{axis:${lambda(i)} = ${short(value)}}: along v${DIGIT[i]} it is downhill both ways. The contour is a hyperbola, and this axis has no length.`,
};

const zh: AxesWords = {
  title: "主轴与半轴长",
  sentences: [
    "沿{axis:特征向量} v 没有扭曲：H v = \u03bb v，{slope-part:梯度 g} 就沿着这条轴；在别处则偏向一旁。",
    "陡成四倍，长度减半：\u03bb 乘以半轴长的平方，\u03bb a\u00b2 总是 2c。",
  ],
  act: `拉动轴的端点：拉长、压短、转动。再把 ${lambda(1)} 推过零。`,
  careful: `等值线是二次函数比中心高出 c = ${RISE} 的地方。两个 \u03bb 都为正时（这时称 H 正定），它才是椭圆。${lambda(1)} = ${lambda(0)} 时它是圆，每个方向都是轴。名称跟着轴走：${lambda(1)} 拉得比 ${lambda(0)} 大，它就是较陡的那个。双曲线时，浅色虚线的等值线低于中心，两条虚直线与中心一样高。`,
  picture: "二次函数的等值线，以两个特征向量为轴，标出特征值和半轴长",
  slider: `特征值 ${lambda(1)}`,
  names: { ellipse: "椭圆", strip: "一条带", hyperbola: "双曲线" },
  lambda,
  pull: (i) => `轴 v${DIGIT[i]} 的端点`,
  axis: (i, value, semi) => (value > 0 ? `${lambda(i)} = ${short(value)}，${root(i)} = ${short(semi)}` : value < 0 ? `${lambda(i)} = ${short(value)}：下坡` : `${lambda(i)} = 0：没有尽头`),
  gradient: "g",
  level: "高出 c",
  told: (i, name, value, semi) =>
    value > 0 ? `{axis:${product(i, value, semi)}}${name === "ellipse" ? "。" : `；另一个 \u03bb 不为正：等值线是${zh.names[name]}。`}`
    : value === 0 ? `{axis:${lambda(i)} = 0}：沿 v${DIGIT[i]} 地面是平的，这条轴没有尽头，椭圆张成了一条带。`
    : `{axis:${lambda(i)} = ${short(value)}}：沿 v${DIGIT[i]} 两头都是下坡。等值线成了双曲线，这条轴没有长度。`,
};

export const words: Record<Language, AxesWords> = { en, zh };

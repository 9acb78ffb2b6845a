import type { Language } from "../../app/store";
import type { EllipseName } from "../ellipses";
import type { ScreenWords } from "../screen";

export interface DirectionsWords extends ScreenWords {
  picture: string; dualPicture: string;
  contour: string; minusGradient: string;
  pullStep: string; pullGradient: string; at(degrees: string): string;
  slider: string; play: string; pause: string; showDual: string; hideDual: string;
  /** The table. */
  four: string; caption(a: string, b: string): string; heads: string[];
  rows: Record<EllipseName, { name: string; set: string; semi: string; home: string; says: string }>;
  told(n: { t: number; semi: [string, string]; length: string; turn: string; dual: boolean }): string;
}

const en: DirectionsWords = {
  title: "Every direction at once",
  sentences: [
    "Take −g of length 1 in every direction: a {slopes:circle}. H⁻¹ takes “one step in any direction” and fits it to the ground: the {stretched:stretched circle} is short where f is steep and long where it is flat.",
    "H^(−t) goes there little by little. Half-way, at t = ½, the circle has the very shape of the {model-level:contour}.",
  ],
  act: "Play t, or move it. Drag {slopes:−g} around the circle.",
  careful: "“Long is flat” holds for the contour and for the stretched circle. The {dual:dual} lives among gradients: there it is the other way round.",
  picture: "The circle of all −g of length 1, what H^(−t) makes of it, and the contour",
  dualPicture: "The dual ellipse through g: −g runs to its centre, and the Newton direction is at right angles to the ellipse",
  contour: "contour, risen by ½", minusGradient: "−g",
  pullStep: "−g on the circle", pullGradient: "g on the circle", at: (degrees) => `${degrees}°`,
  slider: "The exponent t of H^(−t)", play: "Play t from 0 to 1", pause: "Pause", showDual: "Show the dual", hideDual: "Hide the dual",
  four: "Four ellipses that get mixed up",
  caption: (a, b) => `Of this H, with λ₁ = ${a} along v₁ (flat) and λ₂ = ${b} along v₂ (steep), and a rise of c = ½. Each is H^(−t) of the circle of radius 1.`,
  heads: ["", "the set", "semi-axis along vᵢ", "v₁", "v₂", "t", "lives in", "says"],
  rows: {
    contour: { name: "contour", set: "s with ½\u00a0s′Hs\u00a0=\u00a0c", semi: "√(2c/λ)", home: "x", says: "where f has risen by c: short where steep, long where flat" },
    stretched: { name: "stretched circle", set: "H⁻¹ of all vectors of length 1", semi: "1/λ", home: "x per gradient", says: "what H⁻¹ makes of one step in each direction" },
    dual: { name: "dual", set: "g with ½\u00a0g′H⁻¹g\u00a0=\u00a0c", semi: "√(2cλ)", home: "gradients", says: "the gradients met on the contour: long where that is short" },
    whitened: { name: "whitened circle", set: "H^½ s of the contour", semi: "√(2c)", home: "whitened x", says: "every direction alike: −g hits the centre" },
  },
  told: ({ t, semi, length, turn, dual }) =>
    `t = ${t}: semi-axes λ^(−t) = {stretched:${semi[0]}} and {stretched:${semi[1]}}` +
    (t === 0 ? ", still the circle." : t === 0.5 ? ", the shape of the {model-level:contour}." : ".") +
    (t === 0 ? "" : ` This −g of length 1 became ${length} long and turned by ${turn}°.`) +
    (dual ? " On the {dual:dual}, −g runs to the centre, and the {newton:Newton direction} is at right angles to the curve at g." : ""),
};

const zh: DirectionsWords = {
  title: "所有方向一起",
  sentences: [
    "朝每个方向都取一个长度为 1 的 −g，它们排成一个{slopes:圆}。H⁻¹ 让“朝任意方向走一步”合乎地形：这就是{stretched:步长椭圆}，陡处短，平处长。",
    "H^(−t) 让圆逐渐变形。变到一半，t = ½ 时，恰好是{model-level:等值线}的形状。",
  ],
  act: "播放 t，或拖动滑块；把 {slopes:−g} 沿圆拖动。",
  careful: "“长的方向平”对等值线和步长椭圆成立；{dual:对偶椭圆}画的是梯度，正好相反。",
  picture: "所有长度为 1 的 −g 组成的圆、它经 H^(−t) 变成的样子，以及等值线",
  dualPicture: "过 g 的对偶椭圆：−g 到达中心，牛顿方向与椭圆垂直",
  contour: "等值线，高出 ½", minusGradient: "−g",
  pullStep: "圆上的 −g", pullGradient: "圆上的 g", at: (degrees) => `${degrees}°`,
  slider: "H^(−t) 的指数 t", play: "把 t 从 0 播放到 1", pause: "暂停", showDual: "显示对偶椭圆", hideDual: "隐藏对偶椭圆",
  four: "容易混淆的四个椭圆",
  caption: (a, b) => `都属于这个 H：沿 v₁ 有 λ₁ = ${a}（平），沿 v₂ 有 λ₂ = ${b}（陡），高出 c = ½。每一个都是半径为 1 的圆经过 H^(−t) 的像。`,
  heads: ["", "集合", "沿 vᵢ 的半轴长", "v₁", "v₂", "t", "所在空间", "含义"],
  rows: {
    contour: { name: "等值椭圆", set: "满足 ½\u00a0s′Hs\u00a0=\u00a0c 的 s", semi: "√(2c/λ)", home: "x", says: "f 升高 c 的地方：陡处短，平处长" },
    stretched: { name: "步长椭圆", set: "所有长度为 1 的向量经 H⁻¹ 的像", semi: "1/λ", home: "每单位梯度的 x", says: "每个方向的一步经 H⁻¹ 变成什么" },
    dual: { name: "对偶椭圆", set: "满足 ½\u00a0g′H⁻¹g\u00a0=\u00a0c 的 g", semi: "√(2cλ)", home: "梯度", says: "等值线上各点的梯度：等值线短的方向上它长" },
    whitened: { name: "白化圆", set: "等值椭圆经 H^½ 的像", semi: "√(2c)", home: "白化后的 x", says: "各个方向都一样：−g 正指中心" },
  },
  told: ({ t, semi, length, turn, dual }) =>
    `t = ${t}：半轴长 λ^(−t) = {stretched:${semi[0]}} 和 {stretched:${semi[1]}}` +
    (t === 0 ? "，仍是圆。" : t === 0.5 ? "，正是{model-level:等值线}的形状。" : "。") +
    (t === 0 ? "" : `这个长度为 1 的 −g 变成了 ${length}，转过 ${turn}°。`) +
    (dual ? "在{dual:对偶椭圆}上，−g 到达中心，而{newton:牛顿方向}在 g 处与曲线垂直。" : ""),
};

export const words: Record<Language, DirectionsWords> = { en, zh };

/** Words inside the pictures, in both languages; the pages' own words are in app/words. */

import { degrees as precise, percent, short } from "../scene/number";
import type { Source } from "./context";

/** An angle: what no picture can show is zero. */
const degrees = (angle: number): string => precise(Math.round(angle * 1e4) / 1e4);

/** A part divided by its lambda^t, in numbers. */
function division(size: number, lambda: number, t: number, reversed: string): string {
  if (t === 0) return short(size);
  if (lambda < 0) return `${short(size)} / (${short(lambda)})${reversed}`;
  return `${short(size)} / ${short(lambda)}${t === 1 ? "" : `^${short(t, 2)}`} = ${short(size * lambda ** -t)}`;
}

export const viewWordsEn = {
  questionLocal: "Which way, and why not along −g?",
  questionDual: "What does H⁻¹ look like?",
  questionWhitened: "Why does Newton's step hit the centre?",
  questionSpectrum: "Which directions are stiff, flat or downhill?",
  questionSurface: "What do f and its model look like as ground?",
  questionEllipsoid: "What does H look like in three dimensions?",

  minusGradient: "−g",
  newton: "Newton step",
  newtonHere: "Newton step in this plane",
  newtonHeld: "Newton step along the bound",
  newtonFree: "Newton step without the bound",
  newtonDirection: "Newton direction",
  center: "centre",
  saddlePoint: "saddle point",
  top: "top",
  point: "x",
  gradient: "g",
  recorded: "recorded x",
  functionLevel: "level of f through x",
  modelThrough: "model level through x",
  modelLevel: (rise: number) => `model level, rise ${short(rise)}`,
  hillLevel: (rise: number) => `hill: model level, ${short(-rise)} below the top`,
  riseLevel: (rise: number) => `contour of rise ${short(rise)}`,
  dualLevel: "dual ellipse",
  dualBranches: "dual hyperbola",
  dualHill: "hill: dual ellipse",
  dualLine: "gradients lie on this line: no ellipse",
  axis: (lambda: number, semi: number) => `λ = ${short(lambda)}, semi-axis ${short(semi)}`,
  axisUp: (lambda: number) => `λ = ${short(lambda)}: upward`,
  axisDown: (lambda: number) => `λ = ${short(lambda)}: downward`,
  axisFlat: "λ = 0 to rounding: flat",
  angle: (angle: number) => `${degrees(angle)}°`,
  cauchy: "Cauchy point",
  trustRegion: "trust region",
  path: "steps s(τ)",
  taken: "trial, taken",
  rejected: "trial, rejected",
  steepest: "steepest descent",
  gradientAxis: (name: string) => `∂f / ∂(${name})`,

  captionBowl: (angle: number, rise: number) =>
    `−g is at right angles to the level through x and ${degrees(angle)}° off the centre; the Newton step −H⁻¹g ends at the centre. ` +
    `The ellipse through x has the rise ½ g′H⁻¹g = ${short(rise)}: the decrease that the Newton step promises.`,
  captionSaddle: (angle: number, climbs: boolean) =>
    "One curvature is negative: a saddle has no ellipse, its levels are branches of hyperbolas between two asymptotes. " +
    `The Newton step leads to the saddle point, ${degrees(angle)}° off −g, and the model ${climbs ? "climbs" : "falls"} on the way.`,
  captionDome: (angle: number) =>
    `No curvature is positive: the ellipse is a contour of a hill, and the Newton step climbs to its top, ${degrees(angle)}° off −g.`,
  captionValley: (angle: number) =>
    "One curvature is zero to rounding: the level through x is a strip of two parallel lines. " +
    `The arrow is the shortest step to the valley's floor, ${degrees(angle)}° off −g.`,
  captionRidge: (angle: number) =>
    "One curvature is zero and the other negative: the level through x is a strip along a ridge (a hill), " +
    `and the Newton step climbs to it, ${degrees(angle)}° off −g.`,
  captionParabola: (angle: number) =>
    "One curvature is zero and f falls along its direction: the level through x is a parabola, and the model has no lowest point. " +
    `The arrow is the shortest least-squares step, ${degrees(angle)}° off −g.`,
  captionFlat: "No curvature can be told from rounding: the model is a plane, and of second order there is nothing to draw.",
  captionStill: (rise: number) => `x is at the stationary point, as far as can be seen: no level passes through it. Drawn is the contour ${short(Math.abs(rise))} ${rise < 0 ? "below" : "above"} it.`,
  captionStillSaddle: (rise: number) => `x is at the saddle point, as far as can be seen. Drawn are the levels ${short(rise)} above and below it.`,
  captionStillDual: (rise: number) => `x is at the stationary point, as far as can be seen. Drawn are the gradients of the contour ${short(Math.abs(rise))} ${rise < 0 ? "below" : "above"} it.`,
  captionStillDualSaddle: (rise: number) => `x is at the saddle point, as far as can be seen. Drawn are the gradients of the levels ${short(rise)} above and below it.`,
  captionDual: (angle: number) =>
    "The gradients met on the contour, long where the contour is short: semi-axis √(2cλ). " +
    `Here −g ends at the centre, and the Newton direction is the one at right angles: the same ${degrees(angle)}° as in the contour.`,
  captionDualSaddle: (angle: number) =>
    `H⁻¹ is indefinite as H is: the gradients of one level lie on hyperbolas. −g ends at the centre, the Newton direction is at right angles, ${degrees(angle)}° between them.`,
  captionDualDome: (angle: number) =>
    `H⁻¹ is negative definite as H is: the dual ellipse of a hill. −g ends at the centre, the Newton direction is at right angles, ${degrees(angle)}° between them.`,
  captionDualSingular: "A curvature is zero to rounding, so H has no inverse and there is no dual ellipse: all gradients lie on a line.",
  captionWhitened: (morph: number, angle: number) =>
    `y = H^(t/2) (u − centre) at t = ${short(morph, 2)}: −gradient is ${degrees(angle)}° off the centre. ` +
    (morph < 1 ? "At t = 1 the ellipse is a circle and the gradient step is the Newton step." : "The ellipse is a circle: its normal goes through the centre, and steepest descent is Newton's method."),
  captionNotWhitened: (kind: string) => `H^(1/2) exists only where every curvature is positive; here the model is a ${kind}.`,
  questionSlopes: "Which −g are equally steep?",
  questionStretch: (t: number) => `What does ${t === 1 ? "H⁻¹" : t === 0 ? "H⁰" : `H^(−${short(t, 2)})`} make of them?`,
  descentWay: "direction of −g",
  slopeWay: "its direction before",
  slopes: (length: number) => `length ${short(length)}`,
  lambda: (lambda: number) => `λ = ${short(lambda)}`,
  part: (size: number) => short(size),
  /** A part of -g divided by lambda^t: "0.83 / 0.4 = 2.1". */
  division: (size: number, lambda: number, t: number) => division(size, lambda, t, ": reversed"),
  unitSlope: "a slope of length 1",
  otherSlope: "another −g",
  power: (t: number) => (t === 0 ? "−g" : `−H^(−${short(t, 2)}) g`),
  along: (what: string, axis: string) => `${what} along ${axis}`,
  stretched: (t: number) => (t === 1 ? "stretched circle" : t === 0.5 ? "the contour’s shape" : t === 0 ? "the circle" : `H^(−${short(t, 2)}) of the circle`),
  image: (t: number) => `−H^(−${short(t, 2)}) g`,
  otherImage: (t: number) => (t === 1 ? "H⁻¹ of it" : t === 0 ? "" : `H^(−${short(t, 2)}) of it`),
  shortest: "shortest Newton step",
  noEnd: "no end",
  nothingToDivide: "There is nothing to divide by.",
  captionSlopes: (length: number) => `Every −g of length ${short(length)}: equally steep, in all directions.`,
  captionCircle: "At t = 0 nothing is divided yet: the circle itself.",
  captionPower: (t: number, semi: [number, number], size: string) =>
    `At t = ${short(t, 2)} each part along an axis is divided by λ^t: semi-axes ${size} λ^(−t) = ${short(semi[0])} and ${short(semi[1])}` +
    (t === 0.5 ? ", the shape of the contour." : "."),
  captionStretch: (semi: [number, number], size: string, angle: number, own: boolean) =>
    `H⁻¹ divides each part along an axis by its λ: semi-axes ${size}/λ = ${short(semi[0])} and ${short(semi[1])}, short where λ is large, long where it is small. ` +
    (own ? `The parts of −g add up to the Newton step, ${degrees(angle)}° from −g.` : `This direction is turned by ${degrees(angle)}°.`),
  captionReversed: (both: boolean, semi: [number, number], size: string, lambda: number) =>
    `Semi-axes ${size}/|λ| = ${short(semi[0])} and ${short(semi[1])}, with the absolute value of λ; but ` +
    (both ? "both λ are negative" : `λ = ${short(lambda)} is negative`) + `, and along ${both ? "both axes" : "its axis"} every step is reversed: up, where −g goes down.`,
  captionEndless: (climbs: boolean) =>
    "λ = 0 to rounding along one axis: H has no inverse, and the stretched circle has no end, only two edges." + (climbs ? " Across them every step is reversed: it climbs." : ""),
  captionSpace: (n: number, angle: number) => `In all ${n} dimensions −g is ${degrees(angle)}° off the Newton step. In this plane:`,
  captionSpectrum: ([negative, zero, positive]: [number, number, number], stored: number, total: number, few: boolean, shares: boolean) =>
    `${total === stored ? "Curvatures" : `Curvatures of all ${total} directions`}: ${positive} positive, ${zero} zero to rounding, ${negative} negative. ` +
    (stored < total ? `${stored} of ${total} are stored: the ${Math.ceil(stored / 2)} lowest and the ${Math.floor(stored / 2)} highest. ` : "") +
    (few ? "The length of a stem is the absolute value |λ|, its color the sign" : "The height of a dot is the absolute value |λ|; upright triangles curve upwards, inverted ones downwards, circles are zero to rounding") +
    (!shares ? "." : few ? "; the filled part of a tip is the direction's share of |g|²." : "; the area of a ring is the direction's share of |g|²."),
  /** `away`: how far the bottom along the bound is; 0: too near to be seen; null: there is none. */
  captionHeld: (name: string | null, away: number | null) =>
    `${name ?? "x"} sits at ${name ? "its" : "a"} bound, and −g points beyond it: the method leaves ${name ? "this variable" : "that direction"} out. Along the bound the model is ` +
    (away === null ? "no bowl: it has no bottom there." : away === 0 ? "a parabola, and x is at its bottom as far as can be seen." : `a parabola, whose bottom is ${short(away)} away.`) +
    " Without the bound:",
  captionCorner: "Two bounds hold x, and −g points beyond both: no step is left in this plane. Without the bounds:",
  noteHeld: (names: string[]) => `At a bound, and left out by the method: ${names.join(", ")}.`,
  captionSurface: "Grey: f. Blue: the quadratic model, which touches f at x with the same slope and curvature.",
  captionSurfaceModel: "The quadratic model; f was not recorded here.",
  captionEllipsoid: (angle: number) =>
    `The contour ellipsoid through x, its three principal planes and axes. In space −g is ${degrees(angle)}° off the Newton step; a projection does not show angles as they are.`,
  captionNoEllipsoid: (negative: number, zero: number) =>
    `There is no ellipsoid here: of three curvatures ${negative} ${negative === 1 ? "is" : "are"} negative and ${zero} zero to rounding.`,

  kinds: { bowl: "bowl", saddle: "saddle", dome: "dome", valley: "valley", flat: "plane" },
  spectrumAxis: "|λ|: absolute value of the curvature",
  spectrumNumber: "number of the eigenvalue",
  stem: (lambda: number, sign: number, direction: string, share: number | null) =>
    `λ = ${sign === 0 ? "0 to rounding" : short(lambda)}${sign < 0 ? " (downward)" : ""}  ·  ${direction}${share === null ? "" : `  ·  ${percent(share)} of |g|²`}`,
  surfaceF: "f",
  surfaceModel: "model",

  noteOutside: "The stationary point lies outside this window.",
  noteHatched: "Hatched: f is not finite there.",
  noteBounds: "Hatched: beyond the bounds.",
  noteSlice: "Slice: the other variables are fixed.",
  noteShadow: "Shadow: the other variables are minimized again. f itself and the trust region are not drawn: they belong to the slice.",
  noteDragged: "f at x is not known here: the model is that of the recorded point, written down at x.",
  noteInfinite: "f or a derivative is not finite at x: the model is that of the recorded point, written down at x.",
  noteLive: "Computed at x, by this page: f, g and H.",
  bannerHand: "you changed H: this quadratic is not f\u2019s; Esc brings f\u2019s own back",
  noteHand: "This H is yours: of f only its value and g at x are left.",
  noteOwnH: "Here H is f\u2019s own.",
  bannerModel: "you are moving on the recorded model, not on f",
  noteNoShadow: "This page has no shadow at x (H is no bowl there, or there are more than 8 variables): the model is that of the recorded point, written down at x.",
  bannerGrid: ({ size, error }: Source): string[] => [`f interpolated from ${size} recorded values`, `error about ${short(error, 1)} of the range shown`],
  noteGrid: "f, g, H at x: one smooth function through recorded values.",
  bannerInfinite: "f or a derivative is not finite at x: this is the recorded model",
  bannerShadow: "no shadow at x: this is the recorded model",
  noteRecordedSolid: "The ellipsoid is that of the recorded point, not of the x that was dragged.",
  captionSurfaceHidden: "The quadratic model; f is hidden, or not drawn here.",
};

/** Every label and sentence of the pictures. */
export type ViewWords = typeof viewWordsEn;

export const viewWordsZh: ViewWords = {
  questionLocal: "该往哪里走？为什么不沿 −g？",
  questionDual: "H⁻¹ 是什么样子？",
  questionWhitened: "牛顿步为什么正中中心？",
  questionSpectrum: "哪些方向陡、哪些平、哪些向下弯？",
  questionSurface: "f 和它的模型作为地形是什么样子？",
  questionEllipsoid: "三维中的 H 是什么样子？",

  minusGradient: "−g",
  newton: "牛顿步",
  newtonHere: "这个平面里的牛顿步",
  newtonHeld: "沿界限的牛顿步",
  newtonFree: "没有界限时的牛顿步",
  newtonDirection: "牛顿方向",
  center: "中心",
  saddlePoint: "鞍点",
  top: "山顶",
  point: "x",
  gradient: "g",
  recorded: "记录的 x",
  functionLevel: "f 过 x 的等值线",
  modelThrough: "模型过 x 的等值线",
  modelLevel: (rise) => `模型等值线，高出 ${short(rise)}`,
  hillLevel: (rise) => `山丘：模型等值线，低于山顶 ${short(-rise)}`,
  riseLevel: (rise) => `高出 ${short(rise)} 的等值线`,
  dualLevel: "对偶椭圆",
  dualBranches: "对偶双曲线",
  dualHill: "山丘：对偶椭圆",
  dualLine: "梯度都在这条线上：没有椭圆",
  axis: (lambda, semi) => `λ = ${short(lambda)}，半轴长 ${short(semi)}`,
  axisUp: (lambda) => `λ = ${short(lambda)}：向上弯`,
  axisDown: (lambda) => `λ = ${short(lambda)}：向下弯`,
  axisFlat: "λ 在舍入误差内为 0：平",
  angle: (angle) => `${degrees(angle)}°`,
  cauchy: "柯西点",
  trustRegion: "信赖域",
  path: "步的轨迹 s(τ)",
  taken: "试探步，已接受",
  rejected: "试探步，被拒绝",
  steepest: "最速下降",
  gradientAxis: (name) => `∂f / ∂(${name})`,

  captionBowl: (angle, rise) =>
    `−g 与过 x 的等值线垂直，偏离中心 ${degrees(angle)}°；牛顿步 −H⁻¹g 正好到达中心。过 x 的椭圆高出中心 ½ g′H⁻¹g = ${short(rise)}：这就是牛顿步所预期的下降量。`,
  captionSaddle: (angle, climbs) =>
    `有一个曲率为负：鞍形没有椭圆，等值线是两条渐近线之间的双曲线。牛顿步指向鞍点，与 −g 成 ${degrees(angle)}°，模型沿途${climbs ? "上升" : "下降"}。`,
  captionDome: (angle) => `没有正的曲率：这个椭圆是山丘的等值线，牛顿步爬向山顶，与 −g 成 ${degrees(angle)}°。`,
  captionValley: (angle) => `有一个曲率在舍入误差内为零：过 x 的等值线是两条平行线围成的带。箭头是到谷底的最短步，与 −g 成 ${degrees(angle)}°。`,
  captionRidge: (angle) => `一个曲率为零，另一个为负：过 x 的等值线是沿山脊（山丘）的带，牛顿步爬向山脊，与 −g 成 ${degrees(angle)}°。`,
  captionParabola: (angle) =>
    `有一个曲率为零，而 f 沿该方向下降：过 x 的等值线是抛物线，模型没有最低点。箭头是最短的最小二乘步，与 −g 成 ${degrees(angle)}°。`,
  captionFlat: "所有曲率都小于舍入误差：模型是平面，没有二阶的东西可画。",
  captionStill: (rise) => `就图中所见，x 就在驻点：没有过它的等值线。画出的是${rise < 0 ? "低于" : "高于"}它 ${short(Math.abs(rise))} 的等值线。`,
  captionStillSaddle: (rise) => `就图中所见，x 就在鞍点。画出的是高于和低于它 ${short(rise)} 的等值线。`,
  captionStillDual: (rise) => `就图中所见，x 就在驻点。画出的是${rise < 0 ? "低于" : "高于"}它 ${short(Math.abs(rise))} 的等值线上的梯度。`,
  captionStillDualSaddle: (rise) => `就图中所见，x 就在鞍点。画出的是高于和低于它 ${short(rise)} 的等值线上的梯度。`,
  captionDual: (angle) =>
    `等值线上各点的梯度：等值线短的方向这里长，半轴长 √(2cλ)。在这里 −g 正好到达中心，而与椭圆垂直的是牛顿方向：夹角同样是 ${degrees(angle)}°。`,
  captionDualSaddle: (angle) => `H⁻¹ 与 H 一样是不定的：同一等值线上的梯度落在双曲线上。−g 到达中心，牛顿方向与曲线垂直，夹角 ${degrees(angle)}°。`,
  captionDualDome: (angle) => `H⁻¹ 与 H 一样是负定的：山丘的对偶椭圆。−g 到达中心，牛顿方向与椭圆垂直，夹角 ${degrees(angle)}°。`,
  captionDualSingular: "有一个曲率在舍入误差内为零，H 没有逆，也就没有对偶椭圆：所有梯度都在一条直线上。",
  captionWhitened: (morph, angle) =>
    `y = H^(t/2) (u − 中心)，t = ${short(morph, 2)}：负梯度偏离中心 ${degrees(angle)}°。` +
    (morph < 1 ? "到 t = 1 时椭圆变成圆，梯度步就是牛顿步。" : "椭圆已成为圆：法线过中心，最速下降就是牛顿法。"),
  captionNotWhitened: (kind) => `只有所有曲率都为正时才有 H^(1/2)；这里的模型是${kind}。`,
  questionSlopes: "哪些 −g 一样陡？",
  questionStretch: (t) => `${t === 1 ? "H⁻¹" : t === 0 ? "H⁰" : `H^(−${short(t, 2)})`} 把它们变成什么？`,
  descentWay: "−g 的方向",
  slopeWay: "它原来的方向",
  slopes: (length) => `长度 ${short(length)}`,
  lambda: (lambda) => `λ = ${short(lambda)}`,
  part: (size) => short(size),
  division: (size, lambda, t) => division(size, lambda, t, "：反向"),
  unitSlope: "长度为 1 的坡",
  otherSlope: "另一个 −g",
  power: (t) => (t === 0 ? "−g" : `−H^(−${short(t, 2)}) g`),
  along: (what, axis) => `${what} 沿 ${axis}`,
  stretched: (t) => (t === 1 ? "步长椭圆" : t === 0.5 ? "等值线的形状" : t === 0 ? "圆" : `圆经 H^(−${short(t, 2)})`),
  image: (t) => `−H^(−${short(t, 2)}) g`,
  otherImage: (t) => (t === 1 ? "它的 H⁻¹ 像" : t === 0 ? "" : `它的 H^(−${short(t, 2)}) 像`),
  shortest: "最短的牛顿步",
  noEnd: "没有尽头",
  nothingToDivide: "没有可以除的曲率。",
  captionSlopes: (length) => `长度为 ${short(length)} 的所有 −g：各个方向，一样陡。`,
  captionCircle: "t = 0 时还没有做除法：就是这个圆。",
  captionPower: (t, semi, size) =>
    `t = ${short(t, 2)} 时，沿每条轴的分量除以 λ^t：半轴长 ${size} λ^(−t) = ${short(semi[0])} 和 ${short(semi[1])}` + (t === 0.5 ? "，正是等值线的形状。" : "。"),
  captionStretch: (semi, size, angle, own) =>
    `H⁻¹ 把沿每条轴的分量除以该轴的 λ：半轴长 ${size}/λ = ${short(semi[0])} 和 ${short(semi[1])}，λ 大处缩短，λ 小处拉长。` +
    (own ? `−g 的各个分量除过之后相加，就是牛顿步，与 −g 成 ${degrees(angle)}°。` : `这个方向转了 ${degrees(angle)}°。`),
  captionReversed: (both, semi, size, lambda) =>
    `半轴长 ${size}/|λ| = ${short(semi[0])} 和 ${short(semi[1])}，用的是 λ 的绝对值；但${both ? "两个 λ 都为负" : `λ = ${short(lambda)} 为负`}，沿${both ? "两条轴" : "它的轴"}每一步都反了向：−g 下坡，它上坡。`,
  captionEndless: (climbs) =>
    "沿一条轴 λ 在舍入误差内为 0：H 没有逆，步长椭圆没有尽头，只剩两条边。" + (climbs ? "越过它们的每一步都反了向：往上爬。" : ""),
  captionSpace: (n, angle) => `在全部 ${n} 维中，−g 与牛顿步成 ${degrees(angle)}°。在这个平面里：`,
  captionSpectrum: ([negative, zero, positive], stored, total, few, shares) =>
    `${total === stored ? "曲率" : `全部 ${total} 个方向的曲率`}：${positive} 个为正，${zero} 个在舍入误差内为零，${negative} 个为负。` +
    (stored < total ? `保存了 ${total} 个中的 ${stored} 个：最小的 ${Math.ceil(stored / 2)} 个和最大的 ${Math.floor(stored / 2)} 个。` : "") +
    (few ? "线的长度是绝对值 |λ|，颜色表示符号" : "点的高度是绝对值 |λ|；正三角形向上弯，倒三角形向下弯，圆圈在舍入误差内为零") +
    (!shares ? "。" : few ? "；端点的实心部分是该方向在 |g|² 中所占的份额。" : "；外圈的面积是该方向在 |g|² 中所占的份额。"),
  captionHeld: (name, away) =>
    `${name ?? "x"} 停在界限上，而 −g 指向界限之外：算法不再动${name ? "这个变量" : "那个方向"}。沿着界限，模型` +
    (away === null ? "不是碗形，没有最低点。" : away === 0 ? "是一条抛物线，就图中所见 x 就在它的最低点。" : `是一条抛物线，最低点在 ${short(away)} 之外。`) +
    "若没有界限：",
  captionCorner: "两个界限挡住了 x，−g 指向两个界限之外：在这个平面里没有可走的步。若没有界限：",
  noteHeld: (names) => `停在界限上、算法不再动的变量：${names.join("、")}。`,
  captionSurface: "灰色：f。蓝色：二次模型，它在 x 处与 f 相切，梯度和曲率都相同。",
  captionSurfaceModel: "二次模型；这里没有记录 f。",
  captionEllipsoid: (angle) => `过 x 的等值椭球面，三个主平面和主轴。在空间中 −g 与牛顿步成 ${degrees(angle)}°；投影图不能如实显示角度。`,
  captionNoEllipsoid: (negative, zero) => `这里没有椭球面：三个曲率中 ${negative} 个为负，${zero} 个在舍入误差内为零。`,

  kinds: { bowl: "碗", saddle: "鞍", dome: "山丘", valley: "谷", flat: "平面" },
  spectrumAxis: "|λ|：曲率的绝对值",
  spectrumNumber: "特征值的序号",
  stem: (lambda, sign, direction, share) =>
    `λ = ${sign === 0 ? "0（舍入误差内）" : short(lambda)}${sign < 0 ? "（向下弯）" : ""}  ·  ${direction}${share === null ? "" : `  ·  占 |g|² 的 ${percent(share)}`}`,
  surfaceF: "f",
  surfaceModel: "模型",

  noteOutside: "驻点在这个窗口之外。",
  noteHatched: "阴影线：f 在那里不是有限数。",
  noteBounds: "阴影线：在界限之外。",
  noteSlice: "切片：其他变量固定。",
  noteShadow: "投影：其他变量重新取最小。不画 f 本身和信赖域：它们属于切片。",
  noteDragged: "这里不知道 x 处的 f：模型仍是记录点的模型，在 x 处重新写出。",
  noteInfinite: "f 或其导数在 x 处不是有限数：模型仍是记录点的模型，在 x 处重新写出。",
  noteLive: "x 处的 f、g 和 H 由本页当场算出。",
  bannerHand: "H 已被你改动：这个二次函数不是 f 的；按 Esc 恢复 f 自己的",
  noteHand: "这个 H 是你改的：属于 f 的只剩 x 处的函数值和 g。",
  noteOwnH: "这里的 H 是 f 自己的。",
  bannerModel: "这里移动的是记录点的模型，不是 f",
  noteNoShadow: "x 处没有投影（H 在那里不是碗形，或变量多于 8 个）：模型仍是记录点的模型，在 x 处重新写出。",
  bannerGrid: ({ size, error }) => [`f 由 ${size} 个记录值插值得到`, `误差约为所示范围的 ${short(error, 1)}`],
  noteGrid: "x 处的 f、g、H 取自通过记录值的同一光滑函数。",
  bannerInfinite: "f 或其导数在 x 处不是有限数：画的是记录点的模型",
  bannerShadow: "x 处没有投影：画的是记录点的模型",
  noteRecordedSolid: "椭球面属于记录的点，不属于拖动到的 x。",
  captionSurfaceHidden: "二次模型；f 被隐藏，或这里没有画出。",
};

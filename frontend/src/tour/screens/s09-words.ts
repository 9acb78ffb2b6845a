import type { Language } from "../../app/store";
import { short } from "../../scene/number";
import type { ScreenWords } from "../screen";
import type { Hold, Seen, Shape } from "./s09-scene";

export interface BowlWords extends ScreenWords {
  picture: string;
  kinds: Record<Shape, string>;
  up: string; down: string; taken: string; rejected: string;
  pull: string; hold: string; gauge: string; zones: string[];
  holds: Record<Hold, string>;
  walk: { minusGradient: string; curve: string; radius: string; point: string; taken: string; rejected: string; f: string; model: string; length: string };
  level(shape: Shape): string;
  newton(up: boolean, shape: Shape): string;
  /** Beside the slider. */
  amount(seen: Seen): string;
  told(seen: Seen): string;
  step(seen: Seen): string;
}

const NEWTON = "\u2212H\u207b\u00b9g";
/** In one piece, however lines are broken. */
const along = (slope: number): string => `g\u2032\u2060(${NEWTON})\u00a0=\u00a0${short(slope, 3)}`;

const amount = ({ hold, share, walk }: Seen, said: BowlWords): string =>
  hold === "length" ? `\u03b1 = ${short(share, 2)}` : !walk ? "" : hold === "damping" ? `\u03bb = ${short(walk.lambda, 3)}` : `${said.walk.radius} ${short(walk.radius, 3)}`;

const endsEn: Record<Shape, string> = { bowl: "the bottom", saddle: "the pass", dome: "the peak", valley: "", ridge: "", flat: "" };
const signsEn: Record<Shape, string> = { bowl: "both above zero", saddle: "one below zero, one above", dome: "both below zero", valley: "one of them zero", ridge: "one of them zero", flat: "both zero" };

const en: BowlWords = {
  title: "When there is no bowl",
  sentences: [
    "{newton:Newton} goes to where the slope is zero, be it a pass or a peak.",
    "So a good method asks first whether H is positive definite, all its eigenvalues above zero, and trusts its model only as far as it has been right.",
  ],
  act: "Drag x over a line det H = 0. Then slide. By damping or radius the step begins along {minus-gradient:\u2212g}, and in a bowl it turns towards {newton:Newton\u2019s}; by \u03b1 it keeps {newton:Newton\u2019s} direction.",
  careful: "Only where H is positive definite does the model have a single lowest point, with an ellipse around it. In a dome there is an ellipse, too, dashed, around the peak. The slope that is zero where Newton goes is the model\u2019s; that of f need not be. A step is taken when f falls by more than 1/10000 of what was promised.",
  picture: "Contours of f with a bowl, a saddle and a dome, and at x the contour of its model, \u2212g, Newton\u2019s step, and a step that is held back",
  kinds: { bowl: "bowl", saddle: "saddle", dome: "dome", valley: "valley", ridge: "ridge", flat: "plane" },
  up: "up", down: "down", taken: "taken", rejected: "rejected",
  pull: "The point x", hold: "Hold the step back by",
  gauge: "f fell / promised", zones: ["rejected", "taken: less than promised", "more"],
  holds: { damping: "damping H + \u03bbI", radius: "a radius", length: "shortening \u03b1" },
  walk: { minusGradient: "\u2212g", curve: "", radius: "radius", point: "x", taken: "taken", rejected: "rejected", f: "f", model: "model", length: "length of the step" },
  level: (shape) => ({ bowl: "contour: ellipse", saddle: "contour: hyperbola", dome: "contour around the peak", valley: "contour", ridge: "contour", flat: "" })[shape],
  newton: (up, shape) => `${NEWTON}: ${up ? "up" : "down"} to ${endsEn[shape]}`,
  amount: (seen) => amount(seen, en),
  told: ({ shape, low, high, slope, up }) => {
    const values = `Eigenvalues of H at x: ${short(low, 3)} and ${short(high, 3)}, ${signsEn[shape]}: a ${en.kinds[shape]}.`;
    return slope === null ? `${values} H has no inverse here.` : `${values} {newton:${NEWTON}} goes ${up ? "up" : "down"}, to ${endsEn[shape]} of the model: ${along(slope)}.`;
  },
  step: ({ walk: w, hold }) => {
    if (!w) return "H has no inverse here: there is no Newton step to be shortened.";
    if (w.still) return "What a step could gain here lies below the rounding of f.";
    const least = hold === "damping" && !w.shifted.definite ? `H + \u03bbI is positive definite for \u03bb above ${short(w.shifted.least, 3)}. ` : "";
    if (w.predicted <= 0) return `The model itself rises along this step, by ${short(-w.predicted, 3)}: {trial:rejected}. Shorter steps the same way rise, too.`;
    const fell = w.actual >= 0 ? `f fell by ${short(w.actual, 3)}` : `f rose by ${short(-w.actual, 3)}`;
    return `${least}The model promised a fall of ${short(w.predicted, 3)}; ${fell}: {trial:${w.taken ? "taken" : "rejected"}}.`;
  },
};

const endsZh: Record<Shape, string> = { bowl: "碗底", saddle: "山口", dome: "山顶", valley: "", ridge: "", flat: "" };
const signsZh: Record<Shape, string> = { bowl: "都大于零", saddle: "一负一正", dome: "都小于零", valley: "一个为零", ridge: "一个为零", flat: "都为零" };

const zh: BowlWords = {
  title: "没有碗的时候",
  sentences: [
    "{newton:牛顿步}走向梯度为零的地方，不管那里是山口还是山顶。",
    "所以好的方法先问 H 是否正定，也就是特征值是否都大于零；模型准到哪里，就只信到哪里。",
  ],
  act: "把 x 拖过 det H = 0 的线，再移动滑块。用阻尼或半径时，步先沿 {minus-gradient:−g}，在碗里再转向{newton:牛顿步}；用 α 时，方向始终是{newton:牛顿步}的方向。",
  careful: "只有 H 正定时，二次模型才有唯一的最低点，并有椭圆形的等值线围着它。山丘上也有椭圆，画成虚线，围着的是山顶。牛顿步的终点处，梯度为零的是二次模型，f 的梯度未必为零。f 的下降超过预测的万分之一，这一步就被接受。",
  picture: "f 的等值线，上面有碗、鞍和山丘；x 处有二次模型的等值线、−g、牛顿步，以及受到限制的一步",
  kinds: { bowl: "碗", saddle: "鞍", dome: "山丘", valley: "谷", ridge: "脊", flat: "平面" },
  up: "上坡", down: "下坡", taken: "接受", rejected: "拒绝",
  pull: "点 x", hold: "怎样限制这一步",
  gauge: "f 的实际下降 / 预测下降", zones: ["拒绝", "接受：少于预测", "多于预测"],
  holds: { damping: "阻尼 H + λI", radius: "半径", length: "缩短 α" },
  walk: { minusGradient: "−g", curve: "", radius: "半径", point: "x", taken: "接受", rejected: "拒绝", f: "f", model: "二次模型", length: "步长" },
  level: (shape) => ({ bowl: "等值线：椭圆", saddle: "等值线：双曲线", dome: "等值线：围着山顶", valley: "等值线", ridge: "等值线", flat: "" })[shape],
  newton: (up, shape) => `${NEWTON}：${up ? "上坡" : "下坡"}，到${endsZh[shape]}`,
  amount: (seen) => amount(seen, zh),
  told: ({ shape, low, high, slope, up }) => {
    const values = `x 处 H 的特征值是 ${short(low, 3)} 和 ${short(high, 3)}，${signsZh[shape]}：这里是${zh.kinds[shape]}。`;
    return slope === null ? `${values}H 在这里没有逆矩阵。` : `${values}{newton:${NEWTON}} 走${up ? "上坡" : "下坡"}，通向二次模型的${endsZh[shape]}：${along(slope)}。`;
  },
  step: ({ walk: w, hold }) => {
    if (!w) return "H 在这里没有逆矩阵：没有牛顿步可以缩短。";
    if (w.still) return "在这里走一步能换来的下降小于 f 的舍入误差。";
    const least = hold === "damping" && !w.shifted.definite ? `λ 大于 ${short(w.shifted.least, 3)} 时，H + λI 才正定。` : "";
    if (w.predicted <= 0) return `沿着这一步，二次模型自己就上升 ${short(-w.predicted, 3)}：{trial:拒绝}。沿同一方向缩短，也还是上升。`;
    const fell = w.actual >= 0 ? `f 下降了 ${short(w.actual, 3)}` : `f 上升了 ${short(-w.actual, 3)}`;
    return `${least}二次模型预测下降 ${short(w.predicted, 3)}，${fell}：{trial:${w.taken ? "接受" : "拒绝"}}。`;
  },
};

export const words: Record<Language, BowlWords> = { en, zh };

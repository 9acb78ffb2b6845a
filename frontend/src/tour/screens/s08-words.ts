import { short } from "../../scene/number";
import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";
import type { Ground, Tally } from "./s08-runs";

/** How far two ellipses are from each other: degrees between their long axes, and the ratio of their ratios of axes. */
export interface Gap { degrees: number; ratio: number }

export interface StepsWords extends ScreenWords {
  grounds: string; ground: Record<Ground, string>;
  ellipses: string; ellipse: Record<"" | "newton" | "bfgs", string>;
  shapes: string; list: string; count(tally: Tally, patience: number): string;
  fixedSlider: string; fixed(n: { alpha: number; lambda: number; limit: number; ground: Ground }): string;
  levels(n: { none: number }): string;
  /** `alone`: at some point H has no ellipse. */
  learned(n: { most: Gap; last: Gap } | null, alone: boolean): string;
  told(n: { newton: Tally | null; descent: Tally | null; chain: number[] }): string;
}

const FORMULAS: Record<Ground, string> = { quadratic: "2x₁² + 6x₁x₂ + 6.5x₂²", rosenbrock: "(1 − x₁)² + 10(x₂ − x₁²)²" };
const chained = (digits: number[]): string => digits.map((a) => a.toFixed(1)).join(" → ");

const en: StepsWords = {
  title: "One step, or several",
  sentences: [
    "On a quadratic bowl one {race-newton:Newton step} is enough, wherever it starts.",
    "Elsewhere each step sees a new ellipse, and near the end the number of right digits doubles with each step. {race-gradient-descent:Gradient descent} adds, on average, the same fraction of a digit each time.",
  ],
  act: "Drag the start. Then change the ground to the bent valley, and race again.",
  careful: "Rates are those near the minimum, not of the way there. Gradient descent searches along its line here; with a fixed step it may diverge: try it. The valley has 10 where Rosenbrock’s function has 100, whose ellipses are too thin to be seen.",
  grounds: "The ground", ground: { quadratic: `a quadratic: ${FORMULAS.quadratic}`, rosenbrock: `Rosenbrock’s valley: ${FORMULAS.rosenbrock}` },
  ellipses: "The ellipse of each step", ellipse: { "": "none", newton: "Newton’s", bfgs: "BFGS’s" },
  shapes: "The shape of BFGS’s ellipse beside that of H, step by step",
  list: "steps to six right digits (those rejected, drawn hollow, count)",
  count: ({ steps, diverges }, patience) => (steps !== null ? String(steps) : diverges ? "diverges" : `not in ${patience}`),
  fixedSlider: "Step length α",
  fixed: ({ alpha, lambda, limit, ground }) => `s = −αg with α = ${short(alpha)}. Beyond 2/λ = 2/${short(lambda)} = ${short(limit)}, λ the largest eigenvalue of H${ground === "quadratic" ? ", it diverges." : " at the minimum, it cannot come to rest there."}`,
  levels: ({ none }) => `Each {step-ellipse:ellipse} is a contour of the model that Newton sees at one point: it goes through that point, and the next is its centre.${none ? ` At ${none === 1 ? "one point" : `${none} points`} there is none: H is not positive definite.` : ""}`,
  learned: (n, alone) => `BFGS never sees {step-ellipse:H}. Its own {learned-ellipse:ellipse} begins as a circle and learns from gradients.${n ? ` Their long axes are up to ${n.most.degrees.toFixed(0)}° apart on the way, and one is up to ${short(n.most.ratio, 2)} times as slim as the other; in the end ${n.last.degrees.toFixed(1)}° and ${n.last.ratio.toFixed(2)} times.` : ""}${alone ? " Where it is drawn alone H is not positive definite." : ""}`,
  told: ({ newton, descent, chain }) => [
    newton?.steps === 0 ? "The start is the minimum." : newton?.steps === 1 ? "{race-newton:Newton} is there after 1 step." : newton?.steps ? `{race-newton:Newton} has six right digits after ${newton.steps} steps${chain.length ? `: ${chained(chain)}` : ""}.` : newton ? "{race-newton:Newton} does not arrive from here." : "",
    descent?.steps ? `{race-gradient-descent:Gradient descent} needs ${descent.steps} steps${descent.gain ? `, near the end ${short(descent.gain, 2)} of a digit each` : ""}.` : "",
  ].filter(Boolean).join(" "),
};

const zh: StepsWords = {
  title: "一步到位，还是几步",
  sentences: [
    "二次函数是碗时，{race-newton:牛顿法}从哪里出发都只要一步。",
    "在别的函数上，每一步看到的都是一个新的椭圆；快到终点时，正确的位数一步翻一番。{race-gradient-descent:梯度下降}平均每步多对不到一位，始终如此。",
  ],
  act: "拖动起点。再换成弯谷，让它们重新赛跑。",
  careful: "这里的快慢是极小点附近的快慢，不是路上的。图中的梯度下降每步都做线搜索；固定步长就可能发散，可以试试。弯谷里的 10 在 Rosenbrock 函数中是 100，那时的椭圆细得看不清。",
  grounds: "函数", ground: { quadratic: `二次函数：${FORMULAS.quadratic}`, rosenbrock: `Rosenbrock 弯谷：${FORMULAS.rosenbrock}` },
  ellipses: "每一步的椭圆", ellipse: { "": "不画", newton: "牛顿法的", bfgs: "BFGS 的" },
  shapes: "逐步对照：BFGS 的椭圆和 H 的椭圆的形状",
  list: "达到六位正确的步数（空心的是被拒绝的，也计入）",
  count: ({ steps, diverges }, patience) => (steps !== null ? String(steps) : diverges ? "发散" : `${patience} 步内未到`),
  fixedSlider: "步长 α",
  fixed: ({ alpha, lambda, limit, ground }) => `s = −αg，α = ${short(alpha)}。${ground === "quadratic" ? "" : "极小点处，"}H 的最大特征值 λ = ${short(lambda)}，α 一超过 2/λ = ${short(limit)}，${ground === "quadratic" ? "就发散。" : "就不会收敛到那里。"}`,
  levels: ({ none }) => `每个{step-ellipse:椭圆}都是牛顿法在一点所见二次模型的等值线：它过这一点，下一点就是它的中心。${none ? `有 ${none} 个点没有椭圆：那里 H 不正定。` : ""}`,
  learned: (n, alone) => `BFGS 从不看 {step-ellipse:H}。它自己的{learned-ellipse:椭圆}从一个圆开始，靠梯度一步步学会。${n ? `两者的长轴途中最多相差 ${n.most.degrees.toFixed(0)}°，一个的长短轴之比最多是另一个的 ${short(n.most.ratio, 2)} 倍；最后是 ${n.last.degrees.toFixed(1)}° 和 ${n.last.ratio.toFixed(2)} 倍。` : ""}${alone ? "只画了一个的地方，H 不正定。" : ""}`,
  told: ({ newton, descent, chain }) => [
    newton?.steps === 0 ? "起点就是极小点。" : newton?.steps === 1 ? "{race-newton:牛顿法}一步就到。" : newton?.steps ? `{race-newton:牛顿法} ${newton.steps} 步就有六位正确${chain.length ? `：${chained(chain)}` : ""}。` : newton ? "{race-newton:牛顿法}从这里到不了终点。" : "",
    descent?.steps ? `{race-gradient-descent:梯度下降}要 ${descent.steps} 步${descent.gain ? `，快到终点时每步多对 ${short(descent.gain, 2)} 位` : ""}。` : "",
  ].join(""),
};

export const words: Record<Language, StepsWords> = { en, zh };

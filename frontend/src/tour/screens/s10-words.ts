import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";

/** One of the three parts of the screen. */
export interface Part {
  root: HTMLElement;
  /** Changes with the sizes of its pictures. */
  size(): string;
  paint(): void;
  readout(): string;
}

type Arrival = { steps: number; rejected: number } | null;
type ByKind = Record<"dense" | "chain" | "product", string>;

export interface MillionWords extends ScreenWords {
  tabs: { choose: string; names: [string, string, string] };
  fit: {
    data: string; plane: string; point: (k: number) => string; residual: string; start: string; gaussNewton: string; levenberg: string; numbers: string; explain: string; lost: string;
    told: (n: { a: string; b: string; da: string; db: string; out: string }) => string;
    /** What it took to come within a hundredth of the standard errors; null for a method that was led astray. */
    took: (newton: Arrival, damped: Arrival) => string;
  };
  map: {
    picture: string; pose: (k: number) => string; held: string; reckoned: string; closure: (off: string) => string; step: string; open: string;
    patternName: string; pattern: (n: number, all: number, met: number) => string; sum: string; explain: (calm: number, broken: number) => string;
    told: (n: { sum: string; steps: number; worst: string; settled: boolean }) => string;
  };
  cost: {
    picture: string; n: string; variables: string; bytes: string; laptop: string; peak: string; lines: ByKind; columns: string[]; rows: ByKind; numbers: ByKind; work: ByKind;
    measured: (n: { n: string; seconds: string; products: number; peak: string }) => string;
    /** `times`: by how often it is larger than the memory of a laptop, where it is. */
    told: (n: { n: string; dense: string; chain: string; times: string | null }) => string;
  };
}

const NUMBERS = { dense: "n\u00b2", chain: "2n \u2212 1", product: "n" }, WORK = { dense: "n\u00b3/3", chain: "3n \u2212 3", product: "5n \u2212 4" };
const JJ = "J\u2032J";

const took = (way: Arrival): string => (way ? `took ${way.steps} steps${way.rejected ? ` and ${way.rejected} rejected ${way.rejected === 1 ? "trial" : "trials"}` : ""}` : "was led astray");
const tookZh = (way: Arrival): string => (way ? `走了 ${way.steps} 步${way.rejected ? `，另有 ${way.rejected} 次被拒绝` : ""}` : "走偏了");

const en: MillionWords = {
  title: "From two variables to a million",
  sentences: [
    `Squares of residuals r bring their own H: {squares:${JJ}}, from their first derivatives J alone. A map of a robot is such a sum of squares.`,
    "With a million variables H is kept only where it is sparse; otherwise its products with vectors do.",
  ],
  act: "Choose one of the three. Drag data up and down; move a pose, then step; pull n.",
  careful: `f is half the sum of squares. ${JJ} leaves out a part of its H: every residual times its own second derivatives. Where the fit is good, or the residuals nearly linear, that is little.`,
  tabs: { choose: "See", names: ["a curve fit", "a map", "the cost of n"] },
  fit: {
    data: "Twelve data points and the curve a exp(\u2212b t) that fits them best", plane: "The plane of a and b: contours of the sum of squares, the ways of two methods, and the ellipses of J\u2032J and of H around the answer",
    point: (k) => `Data point ${k}`, residual: "residual r", start: "start", gaussNewton: "Gauss\u2013Newton", levenberg: "Levenberg\u2013Marquardt", numbers: "r and J in numbers",
    explain: `Ellipses: where the sum of squares has risen by \u03c3\u00b2, the variance of the data about the curve; dashed by ${JJ}, solid by H. The dashed one is the error ellipse: its shadow on each axis reaches one standard error to either side. Hollow: rejected trials.`,
    took: (newton, damped) => `To 1\u00a0% of an error bar Gauss\u2013Newton ${took(newton)}, Levenberg\u2013Marquardt ${took(damped)}.`,
    lost: "These data do not determine a and b: there is no ellipse to draw.",
    told: ({ a, b, da, db, out }) =>
      `a = {fit-curve:${a}} \u00b1 ${da}, b = {fit-curve:${b}} \u00b1 ${db}. {squares:${JJ}} and {model-level:H} differ in the entry of b alone, by ${out}.`,
  },
  map: {
    picture: "Twenty poses of a robot around a loop, joined by what it saw", pose: (k) => `Pose ${k}`, held: "start, held fixed", reckoned: "odometry alone", closure: (off) => `loop closure, off by ${off}\u00a0\u03c3`,
    step: "One Gauss\u2013Newton step", open: "Open the loop again", patternName: "The pattern of J\u2032J: a band along the diagonal, and two corners",
    pattern: (n, all, met) => `${JJ}, ${n} \u00d7 ${n}: of its ${all} blocks ${met} are not zero. The band is the drive, the corners are the loop closure; the pale row and column belong to the pose held fixed.`,
    sum: "Weighted sum of squares, step by step:",
    explain: (calm, broken) => `A simulated drive. Every line says how one pose saw another: thin where it is off by at most ${calm} standard deviation \u03c3, dashed up to ${broken}, thick beyond.`,
    told: ({ sum, steps, worst, settled }) =>
      `The sum of squares is {pose:${sum}}${steps ? ` after ${steps === 1 ? "one step" : `${steps} steps`}` : ""}; the worst line is off by ${worst}\u00a0\u03c3.${settled ? " The map has settled: a further step changes the sum by less than a billionth of it." : ""}`,
  },
  cost: {
    picture: "Memory over the number of variables: all of H, H of a chain, one product", n: "n", variables: "number of variables n", bytes: "bytes", laptop: "16 GiB, a good laptop", peak: "measured: whole runs",
    lines: { dense: "all of H", chain: "H of a chain", product: "one product H v" }, numbers: NUMBERS, work: WORK,
    columns: ["counted, not measured", "numbers", "memory", "operations"], rows: { dense: "all of H, and its factor", chain: "H of a chain, and its factor", product: "a product H v of the chain" },
    measured: ({ n, seconds, products, peak }) => `In a chain every variable meets only its neighbors. Measured: raphson minimized a chain of Rosenbrock\u2019s, n = ${n}, with ${products} products H v, and with the certificate in ${seconds}\u00a0s (compiled already, two cores); it held ${peak} at most, Python and JAX included. This and the other dots: benchmarks/results/large.md.`,
    told: ({ n, dense, chain, times }) => `n = ${n}: all of H takes {cost-dense:${dense}}${times ? `, ${times} times what a good laptop holds` : ""}; H of a chain takes {cost-chain:${chain}}.`,
  },
};

const zh: MillionWords = {
  title: "从两个变量到一百万个",
  sentences: [
    `残差 r 的平方和自带一个近似的 H：{squares:${JJ}}，只用 r 的一阶导数 J。机器人的地图就是这样一个平方和。`,
    "变量有一百万个时，H 稀疏才存得下；否则只用它与向量的乘积。",
  ],
  act: "三幅图任选一幅：上下拖动数据点；移动一个位姿，再走一步；拉动 n。",
  careful: `f 取平方和的一半。${JJ} 漏掉了它的 H 的一部分：每个残差乘以它自己的二阶导数。拟合得好，或残差近乎线性时，这部分很小。`,
  tabs: { choose: "选看", names: ["曲线拟合", "地图", "n 的代价"] },
  fit: {
    data: "十二个数据点，和拟合得最好的曲线 a exp(\u2212b t)", plane: "a、b 平面：平方和的等值线、两种方法的路径，以及解处 J\u2032J 和 H 的椭圆",
    point: (k) => `数据点 ${k}`, residual: "残差 r", start: "起点", gaussNewton: "高斯–牛顿", levenberg: "列文伯格–马夸特", numbers: "r 和 J 的数值",
    explain: `椭圆是平方和升高 \u03c3\u00b2（数据在曲线上下的方差）处的等值线：虚线按 ${JJ} 计算，实线按 H 计算。虚线就是误差椭圆：它在每条轴上的投影，向两边各伸出一个标准误差。空心点是被拒绝的试探点。`,
    took: (newton, damped) => `到误差棒的 1\u00a0% 以内：高斯–牛顿${tookZh(newton)}，列文伯格–马夸特${tookZh(damped)}。`,
    lost: "这些数据定不出 a 和 b，也就没有椭圆可画。",
    told: ({ a, b, da, db, out }) =>
      `a = {fit-curve:${a}} \u00b1 ${da}，b = {fit-curve:${b}} \u00b1 ${db}。{squares:${JJ}} 与 {model-level:H} 只在 b 的那一项上相差 ${out}。`,
  },
  map: {
    picture: "机器人绕一圈的二十个位姿，由观测连接", pose: (k) => `位姿 ${k}`, held: "起点，固定不动", reckoned: "仅凭里程计", closure: (off) => `回环，偏差 ${off}\u00a0\u03c3`,
    step: "走一步高斯–牛顿", open: "重新断开回环", patternName: "J\u2032J 的结构：沿对角线的一条带，加上两个角",
    pattern: (n, all, met) => `${JJ}，${n} \u00d7 ${n}：${all} 个子块中只有 ${met} 个非零。带是行驶的路线，两个角是回环；浅色的行和列属于固定的位姿。`,
    sum: "每一步之后的加权平方和：",
    explain: (calm, broken) => `模拟的行驶。每条线是一个位姿对另一个位姿的观测：偏差不超过 ${calm} 个标准差 \u03c3 的画细线，不超过 ${broken} 个的画虚线，更大的画粗线。`,
    told: ({ sum, steps, worst, settled }) => `${steps ? `走了 ${steps} 步，` : ""}平方和为 {pose:${sum}}；偏差最大的一条线偏了 ${worst}\u00a0\u03c3。${settled ? "地图已稳定：再走一步，平方和的变化不到它的十亿分之一。" : ""}`,
  },
  cost: {
    picture: "内存随变量个数的变化：整个 H、链的 H、一次乘积", n: "n", variables: "变量个数 n", bytes: "字节", laptop: "16 GiB，一台好笔记本", peak: "实测：整次运行",
    lines: { dense: "整个 H", chain: "链的 H", product: "一次乘积 H v" }, numbers: NUMBERS, work: WORK,
    columns: ["计数，不是实测", "数的个数", "内存", "运算次数"], rows: { dense: "整个 H 及其分解", chain: "链的 H 及其分解", product: "链的一次乘积 H v" },
    measured: ({ n, seconds, products, peak }) => `链中每个变量只与相邻的变量相关。实测：raphson 极小化 Rosenbrock 链，n = ${n}，用了 ${products} 次乘积 H v，连同最后的验证共 ${seconds}\u00a0s（已编译，双核）；内存最多 ${peak}，包括 Python 和 JAX。此点与其余各点均出自 benchmarks/results/large.md。`,
    told: ({ n, dense, chain, times }) => `n = ${n}：整个 H 占 {cost-dense:${dense}}${times ? `，是一台好笔记本内存的 ${times} 倍` : ""}；链的 H 占 {cost-chain:${chain}}。`,
  },
};

export const words: Record<Language, MillionWords> = { en, zh };

/** The words about a fit, in both languages. */

import type { FitParameter, FitRecord } from "../../engine/record";
import { percent, short } from "../../scene/number";
import type { FitPictureWords } from "../../views/fit";

/** Something to know before the numbers are used; `grave`: they may mean nothing. */
export interface Fact {
  text: string;
  grave: boolean;
}

export interface FitWords {
  picture: FitPictureWords;
  panel: { title: string; question: string };
  /** The same where residuals alone are known. */
  alone: { title: string; question: string };
  facts: (fit: FitRecord) => Fact[];
  head: (fit: FitRecord) => string;
  answer: (fit: FitRecord, cost: number | null) => string;
  spoken: (k: number, fit: FitRecord) => string;
  explain: (fit: FitRecord) => string;
  left: (fit: FitRecord) => string[];
  parameters: {
    title: string;
    heads: (level: number) => string[];
    interval: (low: string, high: string) => string;
    state: Record<FitParameter["state"], string>;
    more: (count: number) => string;
  };
  correlations: { title: string; none: string; some: (shown: number, of: number) => string };
  corner: {
    heading: { title: string; question: string };
    level: (k: number) => string;
    pair: (a: string, b: string, correlation: string) => string;
    profile: (name: string) => string;
    explain: (held: number[], profiled: boolean) => string;
    some: (shown: number, of: number) => string;
    whole: WholeWords;
  };
}

/** The words about the full H beside J'J. */
interface WholeWords {
  switch: string;
  level: string;
  pair: (correlation: string) => string;
  /** Names with both standard errors, J'J's first; whose differ most, and H's over J'J's there. */
  explain: (a: { pairs: [string, string, string][]; name: string; most: number }) => string;
  none: Record<Exclude<NonNullable<FitRecord["whole"]>["why"], "">, string>;
}

/** Correlations from here on are named among the facts. */
const TIED = 0.99;

/** Standard errors that differ by less are called the same: of 200 degrees of freedom s itself is known to 5 %. */
const NEAR = 0.05;

/** So many of a kind are named one by one. */
const NAMED = 4;

const names = (fit: FitRecord, state: RegExp): string[] => fit.parameters.filter((p) => state.test(p.state)).map((p) => p.name);
const minus = (text: string): string => text.replace(/(^|\s)-(?=\s|\d)/g, "$1\u2212");

function tied({ cells, correlation, parameters }: FitRecord): [string, string][] {
  const found = cells.flatMap((i, a) => cells.slice(0, a).map((j, b) => ({ pair: [parameters[j].name, parameters[i].name] as [string, string], size: Math.abs(correlation[a][b] ?? 0) })));
  return found.filter(({ size }) => size > TIED).sort((a, b) => b.size - a.size).map(({ pair }) => pair);
}

/** What a line at two standard deviations is called: the same in both languages. */
const spread = (fit: FitRecord): string => (fit.noise.absolute ? "\u00b1 2 \u03c3" : `\u00b1 2 s = ${short(fit.spread)}`);

/** Of many parameters some are written down; the others are counted. */
const some = (fit: FitRecord): boolean => fit.count > fit.parameters.length;

const weak = (fit: FitRecord): string[] => fit.parameters.filter((p) => p.error !== null && p.value !== null && p.error > Math.abs(p.value)).map((p) => p.name);

export const fitWordsEn: FitWords = {
  picture: {
    curve: "", agree: "data = model", spread, byModel: (y) => `${y} by the model`, number: "number of the residual", residual: "residual",
    difference: "data \u2212 model", scaled: "(data \u2212 model) / \u03c3",
  },
  panel: { title: "Data, curve and residuals", question: "Do curve and data agree? How sure is the curve?" },
  alone: { title: "Residuals", question: "How are they spread?" },
  head: (fit) => `${plural(fit.count, "parameter")} \u00b7 ${plural(fit.of, fit.data.y ? "point" : "residual")}`,
  answer: ({ loss, noise }, cost) => (loss === "linear" ? `sum of squares ${short(noise.sum, 6)}` : `robust cost ${short(cost, 6)} (${loss})`),
  spoken: (k, fit) => (k ? `Residuals of ${plural(fit.of, "point")}` : `${plural(fit.of, "point")}${fit.curve ? ", the fitted curve" : " over the model\u2019s value"}${fit.curve?.half ? " and its confidence band" : ""}`),
  explain: (fit) =>
    [
      fit.curve?.half ? `Shaded${fit.scaled ? "" : ", among the residuals too"}: the ${percent(fit.level)} confidence band of the {fit-curve:curve}, at each ${fit.names[0]} for itself: ${short(fit.factor)} standard errors of the curve to each side.` : "",
      fit.kind === "fitted" ? "There is not one predictor: the data lie over the model\u2019s own value." : "",
      fit.kind === "index" ? "Residuals in their order: nothing is known of an x." : "",
      fit.spread === null ? "" : `Dotted: two standard deviations; of normal noise about one residual in twenty lies beyond.`,
    ].filter((text) => text !== "").join(" "),
  left: (fit) =>
    [
      fit.curve && !fit.curve.half ? "No band: no degree of freedom is left to tell the noise." : "",
      fit.curve?.half && fit.undetermined.length ? `The band leaves out what the data do not determine (${fit.undetermined.slice(0, NAMED).map(minus).join("; ")}): between the points the curve may differ.` : "",
      fit.curve?.half && names(fit, /^bound/).length ? `The band holds ${names(fit, /^bound/).join(", ")} at the bound.` : "",
      fit.curve?.joined ? "The curve joins the model\u2019s values at the points: between them it was not evaluated." : "",
      fit.data.x.length < fit.of ? `${fit.data.x.length} of ${fit.of} points are drawn, spread evenly and with the largest residuals; all were fitted.` : "",
      fit.omitted ? `${plural(fit.omitted, "point")} with gaps ${fit.omitted === 1 ? "was" : "were"} left out.` : "",
      fit.unmeasured ? `${plural(fit.unmeasured, "point")} with infinite sigma ${fit.unmeasured === 1 ? "was" : "were"} left out.` : "",
    ].filter((text) => text !== ""),
  facts: (fit) => {
    const { noise } = fit, bound = names(fit, /^bound/), bent = tied(fit), out: Fact[] = [];
    for (const text of fit.undetermined.slice(0, NAMED)) out.push({ grave: true, text: `Not determined: moving along ${minus(text)} changes no residual. Fix one of these, or merge them.` });
    if (fit.undetermined.length > NAMED) out.push({ grave: true, text: `And ${fit.undetermined.length - NAMED} more combinations that the data do not determine.` });
    if (noise.degrees === 0 && !noise.absolute) out.push({ grave: true, text: "As many parameters as points: none is left to tell the noise, so there are no standard errors." });
    if (bound.length) out.push({ grave: false, text: `At a bound, without standard error${some(fit) ? ", of those shown" : ""}: ${bound.join(", ")}. The errors of the others hold for it fixed there.` });
    if (bent.length) out.push({ grave: false, text: `Nearly tied: ${bent.slice(0, NAMED).map(([a, b]) => `${a} and ${b}`).join("; ")}. One can make up for the other: judge them together.` });
    if (weak(fit).length) out.push({ grave: false, text: `The standard error is larger than the value${some(fit) ? ", of those shown" : ""}: ${weak(fit).join(", ")}.` });
    if (!noise.absolute && noise.degrees > 0 && noise.degrees <= 3) out.push({ grave: false, text: `Only ${plural(noise.degrees, "degree")} of freedom: s, and with it every standard error, is known to ${Math.round(100 / Math.sqrt(2 * noise.degrees))} %.` });
    if (fit.loss !== "linear") out.push({ grave: false, text: `Robust loss (${fit.loss}): standard errors by Huber\u2019s formula.` });
    const degrees = `${plural(noise.degrees, "degree")} of freedom`;
    out.push({ grave: false, text: noise.absolute ? `Sigmas taken as they are; ${degrees}, sum of squares ${short(noise.sum, 6)}.` : `Residual standard deviation s = ${short(noise.std, 4)}; ${degrees}.` });
    return out;
  },
  parameters: {
    title: "Parameters",
    heads: (level) => ["parameter", "value", "\u00b1 standard error", `${percent(level)} interval`],
    interval: (low, high) => `${low} to ${high}`,
    state: { known: "", free: "not determined", unknown: "no standard error", "bound-lower": "at its lower bound", "bound-upper": "at its upper bound", "bound-any": "at a bound" },
    more: (count) => `And ${plural(count, "parameter")} more, of which none has a larger error in percent.`,
  },
  correlations: { title: "Correlations", none: "No correlations: fewer than two parameters have a standard error.", some: (shown, of) => `The ${shown} of ${of} parameters that are tied most.` },
  corner: {
    heading: { title: "Pairs of parameters", question: "Which values go together, and which make up for each other?" },
    level: (k) => `${k} \u03c3`,
    pair: (a, b, correlation) => `${a} and ${b}: correlation ${correlation}, ellipses of 1 and 2 standard errors`,
    profile: (name) => `Profile of ${name}: the rise of the cost over its value`,
    explain: ([one, two], profiled) =>
      `The {confidence:ellipses} of J\u2032J at 1 \u03c3 (dashed) and 2 \u03c3: they reach 1 and 2 standard errors to each side, and hold both parameters with ${percent(one)} and ${percent(two)}, the others estimated again. Thin lines: one standard error.` +
      (profiled ? " {profile:Profile}: where the exact least cost leads when one parameter is held; on the diagonal its rise beside the parabola of the standard error." : ""),
    some: (shown, of) => `${shown} of ${of} parameters: those with a standard error that are tied most.`,
    whole: {
      switch: "The full H beside J\u2032J", level: "2 \u03c3 by H",
      pair: (correlation) => `; by the full H ${correlation}`,
      explain: ({ pairs, most, name }) =>
        `{confidence-whole:Dash-dotted}: 2 \u03c3 by the full H, with the second derivatives of the residuals that J\u2032J leaves out. Standard errors by J\u2032J and by H: ${pairs.map(([name, a, b]) => `${name} ${a} and ${b}`).join("; ")}. ` +
        (Math.abs(most - 1) < NEAR ? "They hardly differ." : `${name} differs most: by H ${short(most)} times as much. A profile tells which to believe.`),
      none: {
        unknown: "The full H was not computed.", undetermined: "The full H has no inverse: not every parameter is determined.",
        indefinite: "The full H is not positive definite here: it has no ellipse.", rounding: "The smallest curvature of the full H is rounding.",
      },
    },
  },
};

function plural(count: number, word: string): string {
  return count === 1 ? `1 ${word}` : `${count} ${word}s`;
}

export const fitWordsZh: FitWords = {
  picture: {
    curve: "", agree: "数据 = 模型", spread, byModel: (y) => `模型给出的 ${y}`, number: "残差的序号", residual: "残差",
    difference: "数据 \u2212 模型", scaled: "（数据 \u2212 模型）/ \u03c3",
  },
  panel: { title: "数据、曲线与残差", question: "曲线与数据相符吗？曲线本身有多可靠？" },
  alone: { title: "残差", question: "残差怎样分布？" },
  head: (fit) => `${fit.count} 个参数 \u00b7 ${fit.of} 个${fit.data.y ? "数据点" : "残差"}`,
  answer: ({ loss, noise }, cost) => (loss === "linear" ? `残差平方和 ${short(noise.sum, 6)}` : `稳健代价 ${short(cost, 6)}（${loss}）`),
  spoken: (k, fit) => (k ? `${fit.of} 个点的残差` : `${fit.of} 个数据点${fit.curve ? "与拟合曲线" : "对模型值"}${fit.curve?.half ? "及其置信带" : ""}`),
  explain: (fit) =>
    [
      fit.curve?.half ? `阴影${fit.scaled ? "" : "（残差图中也有）"}：{fit-curve:曲线}的 ${percent(fit.level)} 置信带，对每个 ${fit.names[0]} 单独成立，上下各为曲线标准误的 ${short(fit.factor)} 倍。` : "",
      fit.kind === "fitted" ? "自变量不止一个：横轴是模型给出的值。" : "",
      fit.kind === "index" ? "残差按原来的顺序排列：没有已知的 x。" : "",
      fit.spread === null ? "" : "点线：两倍标准差；若噪声为正态分布，大约每二十个残差有一个在外。",
    ].filter((text) => text !== "").join(""),
  left: (fit) =>
    [
      fit.curve && !fit.curve.half ? "没有置信带：没有剩余的自由度来估计噪声。" : "",
      fit.curve?.half && fit.undetermined.length ? `置信带不含数据不能确定的方向（${fit.undetermined.slice(0, NAMED).map(minus).join("；")}）：在数据点之间，曲线可能不同。` : "",
      fit.curve?.half && names(fit, /^bound/).length ? `计算置信带时，${names(fit, /^bound/).join("、")} 固定在边界上。` : "",
      fit.curve?.joined ? "曲线只是把各点处的模型值连起来：点与点之间没有求值。" : "",
      fit.data.x.length < fit.of ? `画出 ${fit.of} 个点中的 ${fit.data.x.length} 个：均匀选取，并包括残差最大的点；拟合用了全部点。` : "",
      fit.omitted ? `略去了 ${fit.omitted} 个有缺失值的点。` : "",
      fit.unmeasured ? `略去了 ${fit.unmeasured} 个 \u03c3 为无穷大的点。` : "",
    ].filter((text) => text !== ""),
  facts: (fit) => {
    const { noise } = fit, bound = names(fit, /^bound/), bent = tied(fit), out: Fact[] = [];
    for (const text of fit.undetermined.slice(0, NAMED)) out.push({ grave: true, text: `无法确定：沿 ${minus(text)} 移动，残差不变。请固定其中一个，或者合并它们。` });
    if (fit.undetermined.length > NAMED) out.push({ grave: true, text: `另外还有 ${fit.undetermined.length - NAMED} 个组合无法由数据确定。` });
    if (noise.degrees === 0 && !noise.absolute) out.push({ grave: true, text: "参数与数据点一样多：没有剩余来估计噪声，所以没有标准误。" });
    if (bound.length) out.push({ grave: false, text: `在边界上，没有标准误${some(fit) ? "（只列出表中的）" : ""}：${bound.join("、")}。其余参数的误差以它固定在那里为前提。` });
    if (bent.length) out.push({ grave: false, text: `几乎相互绑定：${bent.slice(0, NAMED).map(([a, b]) => `${a} 与 ${b}`).join("；")}。一个可以补偿另一个，要放在一起判断。` });
    if (weak(fit).length) out.push({ grave: false, text: `标准误比数值本身还大${some(fit) ? "（只列出表中的）" : ""}：${weak(fit).join("、")}。` });
    if (!noise.absolute && noise.degrees > 0 && noise.degrees <= 3) out.push({ grave: false, text: `只有 ${noise.degrees} 个自由度：s 以及所有标准误只能准到 ${Math.round(100 / Math.sqrt(2 * noise.degrees))} %。` });
    if (fit.loss !== "linear") out.push({ grave: false, text: `稳健损失（${fit.loss}）：标准误用 Huber 公式。` });
    out.push({ grave: false, text: noise.absolute ? `\u03c3 按给定值使用；自由度 ${noise.degrees}，平方和 ${short(noise.sum, 6)}。` : `残差标准差 s = ${short(noise.std, 4)}；自由度 ${noise.degrees}。` });
    return out;
  },
  parameters: {
    title: "参数",
    heads: (level) => ["参数", "数值", "\u00b1 标准误", `${percent(level)} 区间`],
    interval: (low, high) => `${low} 到 ${high}`,
    state: { known: "", free: "无法确定", unknown: "没有标准误", "bound-lower": "在下界", "bound-upper": "在上界", "bound-any": "在边界上" },
    more: (count) => `另有 ${count} 个参数，相对误差都不更大。`,
  },
  correlations: { title: "相关系数", none: "没有相关系数：有标准误的参数不到两个。", some: (shown, of) => `${of} 个参数中相关最强的 ${shown} 个。` },
  corner: {
    heading: { title: "参数两两之间", question: "哪些值同时变化？哪些可以互相补偿？" },
    level: (k) => `${k} \u03c3`,
    pair: (a, b, correlation) => `${a} 与 ${b}：相关系数 ${correlation}，1 倍与 2 倍标准误的椭圆`,
    profile: (name) => `${name} 的剖面：代价随它的值上升多少`,
    explain: ([one, two], profiled) =>
      `J\u2032J 的{confidence:椭圆}，1 \u03c3（虚线）与 2 \u03c3：向每一侧伸到 1 倍与 2 倍标准误，同时包含两个参数的概率为 ${percent(one)} 与 ${percent(two)}，其余参数重新估计。细线：1 倍标准误。` +
      (profiled ? "{profile:剖面}：固定一个参数时，精确的最小代价所到之处；对角线上是它的上升，旁边是标准误给出的抛物线。" : ""),
    some: (shown, of) => `${of} 个参数中的 ${shown} 个：有标准误且相关最强的。`,
    whole: {
      switch: "在 J\u2032J 旁画出完整的 H", level: "H 的 2 \u03c3",
      pair: (correlation) => `；按完整的 H 为 ${correlation}`,
      explain: ({ pairs, most, name }) =>
        `{confidence-whole:点划线}：完整的 H 给出的 2 \u03c3，含 J\u2032J 略去的残差二阶导数。标准误（J\u2032J 与 H）：${pairs.map(([name, a, b]) => `${name} ${a} 与 ${b}`).join("；")}。` +
        (Math.abs(most - 1) < NEAR ? "两者几乎相同。" : `${name} 相差最大：H 给出的是 ${short(most)} 倍。该信哪一个，要看剖面。`),
      none: {
        unknown: "没有计算完整的 H。", undetermined: "完整的 H 没有逆：有参数无法确定。",
        indefinite: "完整的 H 在此处不正定：没有椭圆。", rounding: "完整的 H 的最小曲率只是舍入误差。",
      },
    },
  },
};

import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";

export interface ParabolaWords extends ScreenWords {
  picture: string;
  f: string; line: string; parabola: string; lowest: string; highest: string;
  pullPoint: string; pullStep: string; halve: string; lineError: string; parabolaError: string; times: string;
  told(n: { slope: string; bend: string; bottom: string; bowl: boolean }): string;
}

const en: ParabolaWords = {
  title: "The parabola that fits best",
  sentences: [
    "The {minus-gradient:slope} says where down is; the {model-level:curvature} says how long down lasts.",
    "Halve the step s: the tangent's error falls to a quarter, the parabola's to an eighth. Nearer to x there is no better parabola.",
  ],
  act: "Drag x along the curve. Pull s, or halve it.",
  careful: "A quarter and an eighth hold in the end, for short steps: look at the last rows.",
  picture: "A curve f with its tangent and its parabola at x, and the errors of both at x + s",
  f: "f", line: "tangent", parabola: "parabola", lowest: "lowest point of the parabola", highest: "highest point of the parabola",
  pullPoint: "The point x", pullStep: "The step s", halve: "Halve s", lineError: "the tangent is off by", parabolaError: "the parabola is off by", times: "of the row above",
  told: ({ slope, bend, bottom, bowl }) => `Slope f\u2032 = {minus-gradient:${slope}}, curvature f\u2033 = {model-level:${bend}}: the parabola is ${bowl ? "lowest" : "highest"} at x \u2212 f\u2032/f\u2033 = {newton:${bottom}}${bowl ? "" : ", a top: not where f is least"}.`,
};

const zh: ParabolaWords = {
  title: "最贴合的抛物线",
  sentences: [
    "{minus-gradient:斜率}说哪边是下坡，{model-level:曲率}说这段坡有多长。",
    "步长 s 减半：切线的误差降到四分之一，抛物线的误差降到八分之一。在 x 附近，没有更贴合的抛物线。",
  ],
  act: "沿曲线拖动 x；拉动 s，或把它减半。",
  careful: "四分之一和八分之一是步长很短时的极限：看最后几行。",
  picture: "曲线 f、它在 x 处的切线和抛物线，以及两者在 x + s 处的误差",
  f: "f", line: "切线", parabola: "抛物线", lowest: "抛物线的最低点", highest: "抛物线的最高点",
  pullPoint: "点 x", pullStep: "步长 s", halve: "s 减半", lineError: "切线的误差", parabolaError: "抛物线的误差", times: "比上一行",
  told: ({ slope, bend, bottom, bowl }) => `斜率 f\u2032 = {minus-gradient:${slope}}，曲率 f\u2033 = {model-level:${bend}}：抛物线的${bowl ? "最低点" : "最高点"}在 x \u2212 f\u2032/f\u2033 = {newton:${bottom}}${bowl ? "" : "，那是顶，不是 f 最小的地方"}。`,
};

export const words: Record<Language, ParabolaWords> = { en, zh };

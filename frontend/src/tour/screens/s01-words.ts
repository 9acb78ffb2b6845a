import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";

export interface ParabolaWords extends ScreenWords {
  picture: string;
  f: string; line: string; parabola: string; highest: string; lasts: string;
  pullPoint: string; pullStep: string; halve: string; back: string;
  table: string; lineError: string; parabolaError: string; above: string;
  told(n: { slope: string; bend: string; bottom: string; shape: "bowl" | "hill" | "straight" }): string;
}

const en: ParabolaWords = {
  title: "The parabola that fits best",
  sentences: [
    "The {minus-gradient:slope} says where down is; the {model-level:curvature} says how long down lasts.",
    "Halve the step s: in the end each halving leaves a quarter of the {line-error:tangent's error}, and an eighth of the {parabola-error:parabola's}. Close to x no other parabola does better.",
  ],
  act: "Drag x along the curve. Pull x + s, or halve s.",
  careful: "A quarter and an eighth are limits, for short steps: look at the last rows. Where the curvature is 0 the parabola is the tangent, and the error of both falls to an eighth. Curvature here means f\u2033.",
  picture: "A curve f with its tangent and its parabola at x, and the errors of both at x + s",
  f: "f", line: "tangent", parabola: "parabola", highest: "highest point", lasts: "down lasts \u2212f\u2032/f\u2033",
  pullPoint: "The point x", pullStep: "The step s", halve: "Halve s", back: "Back to the start",
  table: "How far tangent and parabola are off, for s and its halves", lineError: "tangent off by", parabolaError: "parabola off by", above: "row above",
  told: ({ slope, bend, bottom, shape }) => `Slope f\u2032 = {minus-gradient:${slope}}, curvature f\u2033 = {model-level:${bend}}: ${{
    bowl: `the parabola is lowest at x \u2212 f\u2032/f\u2033 = {center:${bottom}}.`,
    hill: `the parabola opens downward. Down never ends on it; at x \u2212 f\u2032/f\u2033 = {center:${bottom}} it is highest.`,
    straight: "f is almost straight here, so the parabola is almost the tangent.",
  }[shape]}`,
};

const zh: ParabolaWords = {
  title: "最贴合的抛物线",
  sentences: [
    "{minus-gradient:斜率}说哪边是下坡，{model-level:曲率}说这段坡有多长。",
    "把步长 s 一次次减半：到后来，每减半一次，{line-error:切线的误差}只剩四分之一，{parabola-error:抛物线的误差}只剩八分之一。在 x 近旁，没有哪条抛物线比它更贴合。",
  ],
  act: "沿曲线拖动 x；拉动 x + s，或把 s 减半。",
  careful: "四分之一和八分之一是步长趋于零时的极限，看表的最后几行。曲率为 0 处，抛物线就是切线，两者的误差都只剩八分之一。这里的曲率指二阶导数 f\u2033。",
  picture: "曲线 f、它在 x 处的切线和抛物线，以及两者在 x + s 处的误差",
  f: "f", line: "切线", parabola: "抛物线", highest: "最高点", lasts: "坡长 \u2212f\u2032/f\u2033",
  pullPoint: "点 x", pullStep: "步长 s", halve: "s 减半", back: "回到起点",
  table: "步长 s 及其逐次减半时，切线和抛物线的误差", lineError: "切线误差", parabolaError: "抛物线误差", above: "上一行",
  told: ({ slope, bend, bottom, shape }) => `斜率 f\u2032 = {minus-gradient:${slope}}，曲率 f\u2033 = {model-level:${bend}}：${{
    bowl: `抛物线的最低点在 x \u2212 f\u2032/f\u2033 = {center:${bottom}}。`,
    hill: `抛物线开口向下，沿它的下坡没有尽头；x \u2212 f\u2032/f\u2033 = {center:${bottom}} 是它的最高点。`,
    straight: "f 在这里几乎是直的，抛物线和切线几乎重合。",
  }[shape]}`,
};

export const words: Record<Language, ParabolaWords> = { en, zh };

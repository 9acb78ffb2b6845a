/** What a verdict rests on, in Chinese: only what the certificate's own numbers say. */

import type { Cause, Num, Verdict } from "../../engine/record";
import { short } from "../../scene/number";

const known = (a: Num): a is number => a !== null && Number.isFinite(a);

export function criterionZh(v: Verdict): string {
  return reason(v) + (v.held?.length ? `停在界限上的变量：${v.held.join("、")}。` : "");
}

function reason(v: Verdict): string {
  const g = `max|g| = ${short(v.gradientNorm, 2)}`;
  switch (v.key) {
    case "minimum": return minimum(v, g);
    case "noise": return noise(v);
    case "kink": return kink(v) || `${g}。`;
    case "saddle": return `${g}，并且${downwards(v)}：f 还可以变小。`;
    case "recedes": return `${g}；${v.cause === "endless" && v.lower ? `沿某个方向走远，f 低了 ${short(v.lower, 2)}，而且还在下降` : "x 可以一直走下去，f 只是越来越接近下确界"}：那边没有极小点。`;
    case "flat": return `${g}；任何方向都没有曲率：在 x 附近 f 不变。`;
    case "stopped": return stopped(v, g);
    case "not-finite": return "在到达的点上，f 或其导数不是有限值。";
    case "unbounded": return known(v.value) ? `f = ${short(v.value)}，而且还在下降。` : "f 已经小得无法表示，而且还在下降。";
  }
}

function minimum(v: Verdict, g: string): string {
  const zero = v.inertia?.[1] ?? 0, limit = `（上限 ${short(v.distanceLimit, 1)}）`;
  const within = v.distance === 0 ? "x 在舍入误差内就是极小点" : known(v.distance) ? `x 到极小点的相对距离不超过 ${short(v.distance, 1)}${limit}` : "";
  if (v.inertia && v.inertia[2] === 0 && zero === 0) return "所有变量都停在界限上，离开任何一个界限 f 都上升。";
  const curved = zero || !known(v.smallest) || v.smallest <= 0 ? "没有负曲率，在查看过的地方 f 都不更低" : `最小曲率 ${short(v.smallest)} > 0`;
  const seen = v.proof === "likely" ? `就 H 与向量的乘积所见，${curved}` : curved;
  const level = v.level ? `f 沿 ${v.level} 个方向不变，x 在那里不确定` : "";
  return `${[g, level, within, seen].filter(Boolean).join("；")}。`;
}

function noise(v: Verdict): string {
  const level = v.level ? `f 沿 ${v.level} 个方向不变，x 在那里不确定。` : "";
  return `剩下的下降量 ${short(v.decrement, 1)} 低于 f 的噪声 ${short(v.noise, 1)}。${level}`;
}

const kink = (v: Verdict): string => (v.slopes ? `f 有一个尖点：两侧的导数分别是 ${short(v.slopes[0] ?? null, 2)} 和 ${short(v.slopes[1] ?? null, 2)}。` : "");

function downwards({ inertia, smallest }: Verdict): string {
  const size = known(smallest) && smallest < 0 ? `（${short(smallest)}）` : "";
  return `${inertia?.[0] ? `有 ${inertia[0]} 个方向的` : ""}曲率为负${size}`;
}

const CAUSES: Partial<Record<Cause, (v: Verdict) => string>> = {
  endless: () => "在查看过的范围内 f 一直下降",
  steep: () => "这里梯度和曲率变化得比 x 快：x 附近有根式、对数或尖点",
  noise: (v) => `f 的值的起伏超过了还能下降的量（f 的噪声：${short(v.noise, 1)}）`,
  denied: () => "f 没有像 H 所说的那样上升：在 x 附近，H 不是 f 的",
  level: () => "在 x 附近 f 不变",
};

function stopped(v: Verdict, g: string): string {
  const cause = v.cause ? CAUSES[v.cause] : undefined;
  if (v.lower) return `${g}；沿某个方向走一段，f 低了 ${short(v.lower, 2)}。`;
  if (v.slopes) return `${kink(v).slice(0, -1)}；导数看不出 f 沿其他方向是否下降。`;
  if (v.inertia?.[0]) return `${g}；${downwards(v)}：f 还可以变小。`;
  if (cause) return `${g}；${cause(v)}。`;
  if (!known(v.distance)) return `${g}；从所知的看不出极小点有多远。`;
  const promise = known(v.decrement) ? `预期再下降 ${short(v.decrement, 1)}` : "";
  if (known(v.distanceLimit) && v.distance <= v.distanceLimit) return `${g}；牛顿步只让 x 相对改变 ${short(v.distance, 1)}，${promise}（f 的噪声：${short(v.noise, 1)}）。`;
  return `${g}；牛顿步还会让 x 相对改变 ${short(v.distance, 1)}（上限 ${short(v.distanceLimit, 1)}）${promise && `，${promise}`}。`;
}

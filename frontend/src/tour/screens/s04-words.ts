import type { Language } from "../../app/store";
import { degrees, short } from "../../scene/number";
import type { ScreenWords } from "../screen";
import type { MissesLabels } from "./s04-scene";

export interface MissesWords extends ScreenWords, MissesLabels {
  picture: string; pictureWalk: string;
  walker: string; place: string; condition: string; flattened: string;
  circle: string;
  hits(most: string): string;
  told(angle: string, distance: string, most: string): string;
}

const en: MissesWords = {
  title: "Straight down misses",
  sentences: [
    "{minus-gradient:\u2212g} stands at a right angle to the contour, as a plumb line does to still water. On a flattened planet a plumb line does not point at the centre, and on an ellipse neither does {minus-gradient:\u2212g}.",
    "It hits only from the four ends of the axes, or when the ellipse is a circle. The {newton:Newton step} hits from everywhere.",
  ],
  act: "Walk x around the ellipse. Then flatten it.",
  careful: "The likeness is one of direction only; on Earth a plumb line is at most 0.2\u00b0 off. \u201cDown\u201d here means where f falls fastest in the plane of x, in these units: in other units it is another direction.",
  picture: "An elliptic contour with x on it, minus g at a right angle to it, its ray passing the centre, and the Newton step to the centre",
  pictureWalk: "The angle between minus g and the Newton step, all the way around the ellipse",
  walker: "x on the ellipse", place: "The place on the way around", condition: "The condition number k: the larger curvature divided by the smaller", flattened: "flatten",
  passes: (distance) => `misses by ${short(distance)}`,
  ends: "ends of the axes", center: "centre",
  largest: (angle) => `largest: arccos(2\u221ak / (1 + k)) = ${degrees(angle)}\u00b0`,
  walk: "once around the ellipse",
  angle: "degrees off",
  circle: "On a circle {minus-gradient:\u2212g} hits the centre from everywhere.",
  hits: (most) => `{minus-gradient:\u2212g} hits: x is at the end of an axis. Elsewhere on this ellipse it is up to ${most}\u00b0 off.`,
  told: (angle, distance, most) => `{minus-gradient:\u2212g} is ${angle}\u00b0 off, and its ray passes the centre at a distance of {miss:${distance}}. The most on this ellipse is ${most}\u00b0.`,
};

const zh: MissesWords = {
  title: "最陡方向不指向中心",
  sentences: [
    "{minus-gradient:\u2212g} 与等值线垂直，就像铅垂线与静水面垂直。在扁的行星上，铅垂线并不指向行星中心；在椭圆上，{minus-gradient:\u2212g} 也不指向中心。",
    "只有在两条轴的四个端点上，或者椭圆就是圆时，它才指向中心。{newton:牛顿步}从哪里出发都能到中心。",
  ],
  act: "让 x 绕椭圆走一圈，再把椭圆压扁。",
  careful: "这个比喻只说方向；在地球上，铅垂线最多偏 0.2\u00b0。这里的\u201c下\u201d指 x 平面上 f 下降最快的方向，以这里的单位来量：换了单位，方向也会变。",
  picture: "椭圆等值线和它上面的 x；与它垂直的 \u2212g，其射线从中心旁边经过；还有到达中心的牛顿步",
  pictureWalk: "绕椭圆一周，\u2212g 与牛顿步之间的夹角",
  walker: "椭圆上的 x", place: "走到哪里", condition: "条件数 k：较大曲率与较小曲率之比", flattened: "压扁",
  passes: (distance) => `差 ${short(distance)}`,
  ends: "轴的端点", center: "中心",
  largest: (angle) => `最大：arccos(2\u221ak / (1 + k)) = ${degrees(angle)}\u00b0`,
  walk: "绕椭圆一周",
  angle: "偏离的度数",
  circle: "在圆上，{minus-gradient:\u2212g} 从哪里出发都指向中心。",
  hits: (most) => `x 在轴的端点，{minus-gradient:\u2212g} 正对中心。在这个椭圆的别处，最多偏离 ${most}\u00b0。`,
  told: (angle, distance, most) => `{minus-gradient:\u2212g} 偏离 ${angle}\u00b0，从中心旁 {miss:${distance}} 处经过。在这个椭圆上最多偏离 ${most}\u00b0。`,
};

export const words: Record<Language, MissesWords> = { en, zh };

/** Words of the methods that run in the page, in Chinese. */

import { short } from "../../scene/number";
import type { methodsEn } from "./methods-en";
import type { BasinNumbers, RaceNumbers, WalkNumbers } from "./numbers";

export const methodsZh: typeof methodsEn = {
  names: {
    "gradient-descent": "梯度下降", newton: "牛顿法", "damped-newton": "带线搜索的牛顿法", "trust-exact": "信赖域", damped: "列文伯格阻尼", bfgs: "BFGS", "fixed-step": "固定步长",
  },
  race: {
    trial: "试探步",
    digits: "x 的正确位数",
    decades: "f − f* 下降了几个数量级",
    handle: "赛跑的起点",
    draggable: "可拖动的起点",
    hint: "拖动起点，或用方向键。",
    back: "回到这次运行的起点",
    methods: "方法",
    ground: "路径下面",
    contours: "f 的等值线",
    basin: (method) => `每个起点走到哪里：${method}`,
    measure: "数哪个量",
    x: "x",
    f: "f",
    paths: (methods) => `f 的等值线和 ${methods} 种方法的路径`,
    strip: "每次试探之后的正确位数，一种方法一条线",
    table: "赛跑的数字",
    columns: { method: "方法", trials: "试探步", rejected: "被拒绝", value: "到达的 f", digits: "x 的位数", order: "收敛阶", end: "怎样结束" },
    limit: (laps) => `在这里只跑 ${laps} 步`,
    noOrder: "还看不出",
    noAnswer: "不走向任何极小点",
    explain: (a) => explainRace(a),
  },
  basin: {
    working: (share) => `正在从每个起点出发：${Math.floor(100 * share)} %`,
    explain: (a) => explainBasin(a),
    end: (number, value) => `${number}：f = ${short(value)}`,
  },
  walk: {
    minusGradient: "−g",
    newton: "牛顿步",
    curve: "s(τ)",
    radius: "半径",
    point: "x",
    taken: "接受",
    rejected: "拒绝",
    f: "f",
    model: "二次函数",
    length: "步长",
    handle: "点 x",
    draggable: "可拖动的点",
    hint: "拖动 x，或用方向键。",
    nowhere: "这里无路可走：f 或其导数在 x 处不是有限数，或者画的不是 f。",
    radiusSlider: "半径",
    dampingSlider: "阻尼 λ",
    plane: "从 −g 到牛顿步的步的轨迹，以及选中的一步",
    along: "沿着步的轨迹：f 和二次函数",
    gauge: "实际下降与预测下降之比，以及信赖域接着怎么做",
    zones: ["拒绝", "缩小", "半径不变", "放大"],
    explain: (a) => explainWalk(a),
  },
};

function explainRace(a: RaceNumbers): string {
  const apart = a.minima > 1 ? `这些方法走向 ${a.minima} 个不同的极小点。` : "";
  return `直线表示每次试探换来的位数一样多；向上弯的线表示一次比一次换来更多。空心的标记是被拒绝的试探。${apart}${a.whole ? "" : "其余变量固定在解处：比的只是这个平面里的函数。"}`;
}

function explainBasin(a: BasinNumbers): string {
  const open = a.open > 0 ? `；斜线处的 ${a.open} 个在 ${a.limit} 步之内没有停下、无止境地下降，或者碰到了不是有限值的 f` : "";
  return `${a.starts} 个起点，${a.minima} 个终点${open}。${a.repeated ? "颜色从最低的终点起循环使用" : "一种颜色是一个终点"}；颜色越浓，用的步数越多（${a.fewest} 到 ${a.most}）。`;
}

function explainWalk(a: WalkNumbers): string {
  if (a.still) return "在这里走一步能换来的下降小于 f 的舍入误差：没有路可走了。";
  const where = a.held ? `λ = ${short(a.lambda)} 和半径 ${short(a.radius)} 给出同一步，长 ${short(a.length)}。` : `整个{newton:牛顿步}长 ${short(a.length)}，在半径之内：λ = 0。`;
  const bowl = a.definite ? "" : `H 有负特征值：λ 大于 ${short(a.least)} 时 H + λI 才正定，轨迹也没有可以到达的牛顿步。`;
  if (a.predicted === null || a.actual === null) return `${where}${bowl}终点处 f 不是有限值：{trial:拒绝}。`;
  const fell = a.actual >= 0 ? `f 下降了 ${short(a.actual)}` : `f 上升了 ${short(-a.actual)}`;
  return `${where}${bowl}二次函数预测下降 ${short(a.predicted)}，${fell}：比值 ${short(a.ratio)}，{trial:${a.taken ? "接受" : "拒绝"}}。`;
}

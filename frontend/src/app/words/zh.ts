/** Every word of the page in Chinese. {role:text} is text in the color of that role. */

import type { Num } from "../../engine/record";
import { viewWordsZh } from "../../views/words";
import { laboratoryZh } from "./laboratory";
import { degrees, percent, short } from "../../scene/number";
import { fitWordsZh } from "./fit";
import { methodsZh } from "./methods-zh";
import { criterionZh } from "./criterion-zh";
import type { CurveNumbers, LocalNumbers, RunNumbers, SpectrumNumbers, TimelineNumbers } from "./numbers";
import type { Words } from "./words";

export const zh: Words = {
  code: "zh",
  page: {
    skip: "跳到图形",
    variables: (n) => `${n} 个变量`,
    notes: "说明",
    titles: { "Local quadratic model": "局部二次模型", Minimization: "极小化", Fit: "拟合" },
    made: "由 raphson 记录。本页的一切都在这一个文件里，不需要网络。",
  },
  guide: {
    title: "怎样看这些图",
    sentences: [
      "在点 x 处，用一个二次函数代替 f：它在那里与 f 有相同的值、相同的梯度 g 和相同的曲率 H（海森矩阵）。如果它是碗形，它的{model-level:等值线}就是围绕同一个中心的椭圆，中心处最低。",
      "{minus-gradient:\u2212g} 是 x 处最陡的下坡方向。它与等值线垂直，所以在狭长的碗里它横穿山谷而不是沿着山谷，偏离了中心。拖动 x，看看这个角。",
      "牛顿步 {newton:\u2212H\u207b\u00b9g} 是用曲率修正过的 \u2212g：陡的方向缩短，平的方向加长，正好到达中心。如果 f 本身就是这个二次函数，一步就够了。",
      "“白化”下面的滑块把平面拉伸，直到椭圆变圆。在圆的碗里，最陡的下坡方向就是到中心的方向：H\u207b\u00b9 所做的仅此而已。",
      "有负曲率的地方没有碗：等值线是双曲线，牛顿步走向鞍点或山顶。",
    ],
  },
  language: { label: "语言", en: "English", zh: "中文" },
  verdict: {
    label: "结论",
    headline: {
      minimum: "极小点",
      noise: "极小点（到 f 的噪声为止）",
      kink: "尖点处的极小点",
      saddle: "鞍点",
      flat: "平坦",
      recedes: "没有极小点",
      stopped: "未收敛",
      "not-finite": "不是有限值",
      unbounded: "无下界",
    },
    shown: (v) =>
      v.key === "kink" ? "由 x 周围的导数验证："
      : v.key === "noise" ? "在 f 的噪声允许的范围内验证："
      : v.proof === "likely" ? "由一阶条件和 H 与向量的乘积看，很可能是："
      : "一阶与二阶条件均已验证：",
    open: "没有验证出极小点：",
    stopped: (sentence) => `停止的原因：${sentence}。`,
    criterion: criterionZh,
    at: (value, x) => `f = ${value}，x = ${x}`,
    kind: { bowl: "碗形", saddle: "鞍形", dome: "山丘", valley: "山谷", flat: "平面" },
    point: "一个点",
    curvatures: (low, high, condition) => `在这一点，曲率从 ${low} 到 ${high}${condition === null ? "" : `，条件数 ${condition}`}。`,
    pointAt: (value, gradient) => `f = ${value}，max|g| = ${gradient}`,
    details: "完整结论",
  },
  controls: {
    label: "显示什么",
    run: "试探步",
    first: "第一步",
    previous: "上一步",
    play: "播放",
    pause: "暂停",
    next: "下一步",
    last: (found) => (found ? "解处" : "返回的点"),
    slider: "试探步",
    trial: (k, of, taken) => `第 ${k} / ${of} 步，${taken ? "接受" : "拒绝"}`,
    answer: (of, found) => `${found ? "解处" : "返回的点"}，共 ${of} 步`,
    plane: "平面",
    planeName: (kind, run, found) =>
      ({ parameters: null, newton: `${run ? "起点的 " : ""}\u2212g 与牛顿步`, extreme: `${run ? atEnd(found) : ""}最平与最陡的方向`, path: "路径的主平面" })[kind],
    planeAxes: (kind, run, found) =>
      ({
        parameters: null,
        newton: [`沿${run ? "起点的 " : " "}\u2212g`, `与之垂直，指向${run ? "起点的" : ""}牛顿点`] as [string, string],
        extreme: [`${run ? atEnd(found) : ""}最平的方向`, `${run ? atEnd(found) : ""}最陡的方向`] as [string, string],
        path: ["路径的第一主轴", "路径的第二主轴"] as [string, string],
      })[kind],
    scaled: "（已缩放）",
    share: (share) => `含路径方差的 ${percent(share)}`,
    section: "其余变量",
    slice: "切片：保持不变",
    shadow: "投影：重新极小化",
    noShadow: "此处没有投影：H 不正定，或维数太大",
    hide: "隐藏 f：只看算法知道的",
    reset: "回到记录的 x",
    keys: {
      button: "按键",
      title: "按键与手势",
      close: "关闭",
      trials: [["\u2190 \u2192", "上一步、下一步"], ["Home、End", "第一步、过程的终点"], ["空格", "播放或停止"]],
      always: [
        ["拖动、方向键", "移动 x 或轴的端点（用 Tab 键选中）；同时按 Shift 步子更大"],
        ["Esc、双击", "撤销：先恢复 f 自己的 H，再回到记录的 x"],
        ["Ctrl + 滚轮、Shift + 拖动", "放大局部模型；移动它的窗口"],
        ["Tab、回车", "到下一个控件；展开或收起面板"],
        ["?", "显示这些按键"],
      ],
    },
  },
  panels: {
    run: { title: "函数与迭代过程", question: "过程怎么样？" },
    function: { title: "函数", question: "这个点在哪里？" },
    local: { title: "局部模型", question: "往哪走？为什么不沿 \u2212g？" },
    dual: { title: "对偶", question: "H\u207b\u00b9 是什么样子？" },
    stretch: { title: "步长椭圆", question: "H\u207b\u00b9 把每个方向变成什么？" },
    whitened: { title: "白化", question: "牛顿步为什么有效？" },
    spectrum: { title: "特征值谱", question: "哪些方向陡，哪些平，哪些向下弯？" },
    timeline: { title: "收敛过程", question: "每一步结果如何？" },
    surface: { title: "曲面", question: "从三维看是什么样子？" },
    ellipsoid: { title: "椭球", question: "三个变量的等值面是什么样子？" },
    race: { title: "赛跑", question: "每一步换来几位正确数字？" },
    walk: { title: "半径与阻尼", question: "二次函数能信到多远？" },
    table: { title: "试探步的表格", question: "每一步的数字是多少？" },
  },
  folds: { lead: "点击问题即可展开。", open: "全部展开", close: "全部收起" },
  local: {
    handle: "点 x",
    draggable: "可拖动的点",
    hint: "拖动 x，或用方向键移动。",
    hand: { tip: "轴的端点：", title: "手动改变 H：拉动轴的端点", back: "恢复 f 自己的 H" },
    closer: { label: "放大缩小：Ctrl 加滚轮；按住 Shift 拖动则移动窗口", nearer: "放大", farther: "缩小" },
    value: (a, u, b, v) => `${a} = ${u}，${b} = ${v}`,
    explain: (a) => explainLocal(a),
  },
  dual: { handle: "梯度 g", draggable: "可拖动的梯度", explain: "拖动 {gradient:g}，x 随之移动 H\u207b\u00b9Δg。", explainLive: "拖动 {gradient:g}，x 随之移到 f 具有该梯度的地方：反复移动 H\u207b\u00b9Δg。" },
  stretch: {
    slope: "圆上的 \u2212g",
    step: "它在步长椭圆上的步",
    draggable: "可拖动的箭头",
    at: (degrees) => `${degrees}\u00b0`,
    slider: "从圆到它的 H^(\u2212t) 像",
    play: "播放拉伸",
    pause: "暂停拉伸",
    back: "回到 \u2212g 本身",
    explain: "拖动任一箭头，另一个会跟着转。",
  },
  whitened: { slider: "从 x 到 y = H^(1/2) s", play: "播放变形", pause: "暂停变形" },
  spectrum: { explain: (a) => explainSpectrum(a) },
  run: {
    label: (trials) => `f 的等值线与 ${trials} 步的路径`,
    explain: (a) => explainRun(a),
    hidden: "f 已隐藏：算法看到的只有这些。",
    projected: (found) => `路径投影到这个平面上；等值线是其余变量取${atEnd(found)}的值时的 f。`,
    frame: "方框是局部模型的窗口。",
    start: "起点",
  },
  timeline: {
    label: (of) => `${of} 步的四条曲线：f 的差距、梯度、步长控制、比值`,
    gap: "f \u2212 本次最低的 f",
    gradient: "max|g|",
    tau: { length: "步长 \u03c4", radius: "信赖域半径 \u03c4", "1/lambda": "\u03c4 = 1/\u03bb（阻尼）", "1/sigma": "\u03c4 = 1/\u03c3（三次项权重）" },
    ratio: "实际下降 / 预测下降",
    explain: (a) => explainTimeline(a),
  },
  surface: {
    turn: "旋转",
    tilt: "倾斜",
    explain: "拖动图形可以旋转。",
  },
  table: {
    caption: (shown, of) => `试探步：显示 ${of} 步中的 ${shown} 步`,
    region: "试探步的表格，可滚动",
    all: (of) => `显示全部 ${of} 步`,
    select: (k) => `选择第 ${k} 步`,
    columns: { trial: "步", taken: "接受", value: "f", predicted: "预测下降", actual: "实际下降", ratio: "比值", tau: "\u03c4", gradient: "max|g|" },
    yes: "是",
    no: "否",
    thinned: (shown, of) => `文件里保存了 ${of} 步中的 ${shown} 步。`,
  },
  curve: { explain: (a) => explainCurve(a), label: "f 与它在 x 处的抛物线", f: "f", model: "x 处的抛物线" },
  none: {
    plane: "这个点没有记录平面：函数的维数太大，或者在那里不是有限值。",
    spectrum: "这个点没有记录特征值。",
  },
  status: {
    CONVERGED: "下一步小于要求的精度",
    NOISE: "剩下的下降量低于 f 的噪声",
    STALLED: "任何还能表示的步都不能让 f 变小",
    STEPS: "达到了步数上限",
    NOT_FINITE: "f 或其导数在当前点不是有限值",
    UNBOUNDED: "f 无下界，一直下降",
    TIME: "达到了时间上限",
    USER: "被用户停止",
    CALLS: "达到了函数求值次数上限",
  },
  terms: { "\u2212H\u207b\u00b9g": "newton", "牛顿步": "newton", "牛顿方向": "newton", "负梯度": "minus-gradient", "\u2212g": "minus-gradient" },
  methods: methodsZh,
  views: viewWordsZh,
  laboratory: laboratoryZh,
  fit: fitWordsZh,
};

/** Of a run that found no minimum, the end is not called the solution. */
const atEnd = (found: boolean): string => (found ? "解处" : "返回点");

function explainLocal(a: LocalNumbers): string {
  if (a.kind !== "bowl" || a.still) return "";
  const lucky = a.angle !== null && a.angle < 1 ? "这里 \u2212g 恰好指向中心：x 在椭圆的轴上。把它拖离这条轴试试。" : "";
  return `曲率 ${short(a.low)} 与 ${short(a.high)} 相差 ${short(a.condition)} 倍，所以 \u2212g 最多可偏 ${degrees(a.worst)}\u00b0。${lucky}`;
}

function explainCurve(a: CurveNumbers): string {
  const shared = `f 与它在 x 处的抛物线有相同的值 ${short(a.value, 4)}、导数 ${short(a.slope)} 和曲率 ${short(a.curvature)}。`;
  if (a.curvature === 0) return `${shared}没有曲率，抛物线就是直线，没有最低点。`;
  if (a.curvature < 0) return `${shared}它开口向下：{newton:牛顿步} ${short(a.step)} 会爬到它的顶点，任何算法都不该走。`;
  return `${shared}{newton:牛顿步} ${short(a.step)} = \u2212导数 / 曲率，正好到达它的最低点；{minus-gradient:\u2212g} 只说明往哪边走。`;
}

function explainSpectrum(a: SpectrumNumbers): string {
  const shape =
    a.negative > 0 ? `${a.hand ? "改变后的二次函数" : "f "}沿 ${a.lowName} 向下弯（${short(a.low)}）。`
    : a.zero > 0 ? `沿 ${a.lowName} 的曲率小于舍入误差。`
    : `从 ${short(a.low)} 到 ${short(a.high)}：条件数 ${short(a.condition)}。`;
  const energy = a.rounding ? "这里 g 在舍入误差内为零：它在各方向上的份额没有意义。" : a.share === null ? "" : `|g|\u00b2 的 ${percent(a.share)} 在 ${a.shareName} 方向，那里的曲率是 ${short(a.shareValue)}。`;
  return shape + energy + (a.fixed ? "特征值谱仍是记录点的。" : "");
}

function explainRun(a: RunNumbers): string {
  if (a.position === null) return a.found ? `解处：f = ${short(a.value, 6)}。` : `返回的点：f = ${short(a.value, 6)}。没有验证它是极小点。`;
  const promise = a.predicted === null ? "" : `模型预测${a.predicted < 0 ? "上升" : "下降"} ${short(Math.abs(a.predicted))}，`;
  return `第 ${a.position} 步：${promise}${decrease(a.actual)}${a.ratio === null ? "" : `（比值 ${short(a.ratio)}）`}，这一步被{trial:${a.accepted ? "接受" : "拒绝"}}。${a.exact ? "" : "所示模型属于最近的记录点。"}`;
}

function decrease(actual: Num): string {
  if (actual === null) return "f 在那里不是有限值";
  return actual >= 0 ? `f 下降了 ${short(actual)}` : `f 上升了 ${short(-actual)}`;
}

function explainTimeline(a: TimelineNumbers): string {
  const gap = a.first !== null && a.last !== null ? `f 从 ${short(a.first, 6)} 变到 ${short(a.last, 6)}，` : "";
  const thinned = a.shown < a.trials ? `画出其中 ${a.shown} 步。` : "";
  const left = a.found ? "" : "本次最低的 f 并没有被验证为极小值：这个差距不说明还能下降多少。";
  return `${gap}共 ${a.trials} 步，其中 ${a.rejected} 步被拒绝。${thinned}实心标记是接受的步，空心是拒绝的。${left}`;
}

"""What a map says, in English and Chinese: every number in it is computed from the map."""

from dataclasses import replace
from typing import Any

import numpy as np

from raphson.picture.chinese import chinese_notes, chinese_scene, spoken
from raphson.picture.maps.graph_map import ROUNDING_ERROR, GraphMap
from raphson.picture.maps.map_ellipses import MOST, why_without
from raphson.picture.maps.pixel_lengths import length_histogram, pixel_lengths
from raphson.picture.render.svg import svg
from raphson.report.table import significant
from raphson.slam.account import FACTOR_CLASSES, ODOMETRY, costs_at_start, count_components
from raphson.slam.graduated_rounds import round_words, round_words_in_chinese

NAMED = 60
"""Outliers named in the notes of a page."""

LENGTHS_WIDTH = 400
"""Pixels of the histogram: its letters can be read at 390 of a telephone and are not too large at 440."""

WORST = 20
"""Rows of the table of the worst edges."""

CLASS_WORDS = {"en": FACTOR_CLASSES, "zh": ("里程计", "回环", "路标观测", "先验")}

HEADLINES = {
    "minimum": ("Minimum", "极小点"), "noise": ("Minimum, to the noise of f", "极小点（到 f 的噪声为止）"),
    "saddle": ("Saddle", "鞍点"), "flat": ("Flat", "平坦"), "recedes": ("No minimum", "没有极小点"),
    "stopped": ("Not converged", "未收敛"), "not_finite": ("Not finite", "不是有限值"),
    "unbounded": ("Unbounded below", "无下界"), "kink": ("Minimum at a kink", "尖点处的极小点"),
}  # fmt: skip

FIXED: dict[str, dict[str, Any]] = {
    "en": {
        "map": "Map", "question": "Where is the error in the map?",
        "worst": "Worst edges", "worstQuestion": "Which measurements fit least?",
        "worstColumns": ["from", "to", "kind", "error (sigmas)", "share of the cost"],
        "costs": "Cost", "costColumns": ["convention", "before", "after", "what it is"],
        "conventions": {
            "g2o": "sum of e' Ω e", "gtsam": "half of it, with full angles", "se-sync": "chordal, isotropic weights",
            "ceres": "half of it",
        },
        "sigma": "The error of an edge is sqrt(e' Ω e / d) for the d numbers it measures: 1 sigma is what its own "
        "information matrix leads one to expect.",
        "legend": "error of an edge, in sigmas", "start": "before (thin, gray)", "held": "held where it is",
        "ellipse": "95 % ellipse of a place",
        "ellipses": "An ellipse holds its place with 95 % probability: its marginal covariance, everything else free, "
        "relative to what is held, if noise is what the information matrices say.",
        "share": "share of e' Ω e", "weight": "weight",
        "dropped": "dropped, weight 0: {} (dashed)", "light": "weight below 1/2: {} (dashed)",
        "notes": "Notes",
        "labels": {"why": "why", "start": "start", "work": "work", "method": "method", "rounds": "rounds"},
        "inside": "Where scripts are allowed the map can be moved, enlarged and, in space, turned, and the steps of "
        "the run can be gone through. Everything is inside this one file.",
    },
    "zh": {
        "map": "地图", "question": "地图的误差在哪里？",
        "worst": "误差最大的边", "worstQuestion": "哪些测量最不吻合？",
        "worstColumns": ["从", "到", "种类", "误差（σ）", "占代价的份额"],
        "costs": "代价", "costColumns": ["约定", "之前", "之后", "含义"],
        "conventions": {"g2o": "e' Ω e 之和", "gtsam": "上者之半，用完整角度", "se-sync": "弦距离，各向同性权重",
                        "ceres": "上者之半"},
        "sigma": "一条边的误差是 sqrt(e' Ω e / d)，d 是它测量的数的个数：按它自己的信息矩阵，预期约为 1 σ。",
        "legend": "边的误差（σ）", "start": "之前（细灰线）", "held": "固定不动",
        "ellipse": "位置的 95 % 椭圆",
        "ellipses": "椭圆以 95 % 的概率包含该位置：由边缘协方差得到，其余变量都自由，相对于固定的变量；"
        "前提是噪声如信息矩阵所述。",
        "share": "占 e' Ω e 的份额", "weight": "权重",
        "dropped": "已剔除，权重为 0：{} 条（虚线）", "light": "权重低于 1/2：{} 条（虚线）",
        "notes": "说明",
        "labels": {"why": "原因", "start": "起点", "work": "工作量", "method": "方法", "rounds": "各轮"},
        "inside": "允许脚本时，地图可以移动、放大，三维的可以转动，还可以逐步查看迭代过程。一切都在这一个文件里。",
    },
}  # fmt: skip


OF_CAMERAS: dict[str, dict[str, Any]] = {
    "en": {
        "worst": "Worst observations", "legend": "error of an observation, in sigmas",
        "sigma": "The error of an observation is sqrt(e' Ω e / d) for the d numbers it measures. Pixels count as they "
        "are: 1 sigma is one pixel along each axis of the image.",
    },
    "zh": {
        "worst": "误差最大的观测", "legend": "观测的误差（σ）",
        "sigma": "一个观测的误差是 sqrt(e' Ω e / d)，d 是它测量的数的个数。"
        "像素按原样计：1 σ 即图像每个轴上的一个像素。",
        "dropped": "已剔除，权重为 0：{} 个（虚线）", "light": "权重低于 1/2：{} 个（虚线）",
    },
}  # fmt: skip
"""What is said otherwise where cameras see points."""


def map_words(fit: Any, shown: GraphMap, title: str, language: str) -> dict[str, Any]:
    """All sentences of a map's page in a language."""
    zh = language == "zh"
    own, tell = FIXED[language] | (OF_CAMERAS[language] if shown.cameras else {}), spoken if zh else str
    before, after = costs_at_start(fit), fit.chi2
    plane = after.get("gtsam") == after["g2o"] / 2
    meaning = own["conventions"] | ({"gtsam": "上者之半" if zh else "half of it"} if plane else {})
    headline = HEADLINES[fit.certificate.verdict.name.lower()][zh]
    told = {"why": tell(fit.certificate.criterion), "start": tell(fit.reasons[0]), "work": work_words(fit, zh),
            "method": fit.method if zh else fit.description}  # fmt: skip
    if fit.rounds:
        told["rounds"] = (round_words_in_chinese if zh else round_words)(fit.rounds)
    notes = chinese_notes(list(fit.notes)) if zh else list(fit.notes)
    kept = {
        key: value for key, value in own.items() if key not in ("conventions", "share", "weight", "dropped", "light")
    }
    dashed = own["dropped" if shown.judged else "light"]
    weighed = [] if shown.weights is None else [own["weight"]]
    share = own["share"] if weighed_by_loss(shown) else own["worstColumns"][-1]
    return kept | length_words(fit, zh) | {
        "title": title or ("因子图" if zh else "Factor graph"), "facts": facts(fit, shown, zh),
        "headline": f"{headline}{'：' if zh else ': '}{fell_of(fit, before, after, zh)}",
        "lines": [[own["labels"][label], text] for label, text in told.items()],
        "sentences": [spread_of_errors(shown, zh), concentrated(shown, zh), *spared_words(shown, zh)],
        "spared": dashed.format(int(shown.spared.sum())) if shown.spared.any() else "",
        "worstColumns": [*own["worstColumns"][:-1], share, *weighed],
        "costRows": [
            ["f", significant(fit.trace.start_value, 6), significant(fit.value, 6), minimized(fit, zh)],
            *[[name, significant(before[name], 6), significant(after[name], 6), meaning[name]] for name in after],
        ],
        "worstRows": [worst_row(shown, int(k), language) for k in shown.worst[:WORST]],
        "noteList": [*notes, *names_of_spared(shown, zh), *thinned(shown, zh), *without_ellipses(fit, shown, zh)],
        "classes": list(CLASS_WORDS[language]),
    }  # fmt: skip


def length_words(fit: Any, zh: bool) -> dict[str, str]:
    """The histogram of reprojection errors as SVG, its question and its numbers; empty where no camera sees a point."""
    found = pixel_lengths(fit)
    if found is None:
        return dict.fromkeys(("lengths", "lengthsQuestion", "lengthsCaption"), "")
    scene = chinese_scene(length_histogram(*found)) if zh else length_histogram(*found)
    told = "" if zh else " "
    bare = replace(scene, question="", title="", caption="", notes=())
    return {
        "lengths": svg(bare, LENGTHS_WIDTH),
        "lengthsQuestion": scene.question,
        "lengthsCaption": told.join([scene.caption, *scene.notes]),
    }


def pair_words(shown: GraphMap, count: int, zh: bool) -> str:
    """What is called an edge elsewhere: cameras observe points."""
    if zh:
        return "个观测" if shown.cameras else "条边"
    several = "" if count == 1 else "s"
    return f"observation{several}" if shown.cameras else f"edge{several}"


def facts(fit: Any, shown: GraphMap, zh: bool) -> str:
    """What the graph holds, in one line."""
    kinds = [
        f"{count} {'个' if zh else ''}{kind_words(shown, name, count, pose, zh)}" for name, count, pose in shown.types
    ]
    classes = [(CLASS_WORDS["zh" if zh else "en"][k], shown.count(name)) for k, name in enumerate(FACTOR_CLASSES)]
    parts = count_components(fit.graph)
    if zh:
        edges = [f"{count} {'个' if shown.cameras else '条'}{name}" for name, count in classes if count]
        edges = edges if shown.cameras else [f"{words}边" for words in edges]
        return " · ".join([*kinds, *edges, f"{parts} 个连通部分"])
    edges = [f"{count} {name}{'' if count == 1 or name == ODOMETRY else 's'}" for name, count in classes if count]
    return " · ".join([*kinds, *edges, f"{parts} component{'' if parts == 1 else 's'}"])


def minimized(fit: Any, zh: bool) -> str:
    """What f is."""
    if fit.loss != "linear":
        return f"被最小化的函数：损失 {fit.loss}" if zh else f"what was minimized: the loss {fit.loss}"
    return "被最小化的函数：e' Ω e 之和的一半" if zh else "what was minimized: half the sum of e' Ω e"


def kind_words(shown: GraphMap, name: str, count: int, pose: bool, zh: bool) -> str:
    """What variables of a type are, and how they are called."""
    several = "" if count == 1 else "s"
    if shown.cameras:
        known = ("相机", f"camera{several}") if name in shown.cameras else ("路标点", f"point{several}")
        return known[0 if zh else 1]
    if zh:
        return f"{'位姿' if pose else '路标'} {name}"
    return f"{'pose' if pose else 'landmark'}{several} {name}"


def spared_words(shown: GraphMap, zh: bool) -> list[str]:
    """How many edges were dropped, or count less than half."""
    count = int(shown.spared.sum())
    if shown.judged:
        if zh:
            some, none = pair_words(shown, count, zh), "一个观测" if shown.cameras else "一条边"
            return [f"{count} {some}被判为离群值而剔除，权重为 0。" if count else f"没有{none}被判为离群值。"]
        if not count:
            return [f"No {pair_words(shown, 1, zh)} was judged an outlier."]
        what = "was judged an outlier" if count == 1 else "were judged outliers"
        return [f"{count} {pair_words(shown, count, zh)} {what} and dropped: weight 0."]
    if not count:
        return []
    if zh:
        return [f"稳健损失使 {count} {pair_words(shown, count, zh)}的权重低于 1/2。"]
    return [f"The robust loss gives {count} {pair_words(shown, count, zh)} a weight below 1/2."]


def names_of_spared(shown: GraphMap, zh: bool) -> list[str]:
    """The edges that were judged outliers, those with the largest errors first."""
    rows = [int(k) for k in shown.worst if shown.spared[k]]
    if not (rows and shown.judged):
        return []
    pairs = ["{} → {}".format(*(shown.name(int(a)) for a in shown.ends[k])) for k in rows[:NAMED]]
    more = len(rows) - len(pairs)
    if zh:
        what, unit = ("观测", "个") if shown.cameras else ("边", "条")
        return [f"已剔除的{what}：{'，'.join(pairs)}" + (f"，另有 {more} {unit}（fit.outliers）" if more else "")]
    others = f", and {more} more (fit.outliers)" if more else ""
    return [f"dropped {pair_words(shown, 2, zh)}: {', '.join(pairs)}{others}"]


def error_words(error: float) -> str:
    """An error in standard deviations; what is only rounding is not written out."""
    return significant(error, 3) if error >= ROUNDING_ERROR else "0"


def percent_of(share: float) -> str:
    """A share of the cost."""
    return f"{100 * share:.2g} %" if share >= 1e-4 else "< 0.01 %" if share > 0 else "0 %"


def fell(before: float, after: float, zh: bool) -> str:
    """How far the cost has fallen."""
    a, b = significant(before, 4), significant(after, 4)
    if not after < before:
        return f"代价 {b}" if zh else f"the cost is {b}"
    return f"代价 e' Ω e 从 {a} 降到 {b}" if zh else f"the cost e' Ω e fell from {a} to {b}"


def fell_of(fit: Any, before: dict[str, float], after: dict[str, float], zh: bool) -> str:
    """The same of what was minimized: under a loss the sum of squares is mostly that of outliers."""
    if fit.loss == "linear":
        return fell(before["g2o"], after["g2o"], zh)
    a, b = significant(fit.trace.start_value, 4), significant(fit.value, 4)
    if a == b:
        return f"损失 f 为 {b}" if zh else f"the loss f is {b}"
    return f"损失 f 从 {a} 变为 {b}" if zh else f"the loss f went from {a} to {b}"


def work_words(fit: Any, zh: bool) -> str:
    """Trials and evaluations, without seconds: the same run writes the same file."""
    taken, e = int(fit.trace.accepted.sum()), fit.evaluations
    if zh:
        trials = f"{fit.steps} 步（接受 {taken}，拒绝 {fit.steps - taken}）"
        return f"{trials}；f {e.value} 次，g {e.gradient} 次，H {e.hessian} 次"
    trials = f"{fit.steps} trial{'' if fit.steps == 1 else 's'} ({taken} taken, {fit.steps - taken} rejected)"
    return f"{trials}; {e.value} f, {e.gradient} g, {e.hessian} H"


def spread_of_errors(shown: GraphMap, zh: bool) -> str:
    """Half of the edges, the largest, and how many are above 3 sigmas."""
    error, rows = shown.heard, shown.worst
    worst = int(next((k for k in rows if not shown.spared[k]), rows[0]))
    half, largest, many = (
        significant(float(np.median(error)), 2),
        significant(float(shown.end.error[worst]), 3),
        int(np.sum(error > 3)),
    )
    a, b = (shown.name(int(k)) for k in shown.ends[worst])
    pairs = pair_words(shown, error.size, zh)
    if shown.end.error[worst] < ROUNDING_ERROR:
        return f"{error.size} {pairs}全部吻合，只差舍入误差。" if zh else f"All {error.size} {pairs} fit to rounding."
    if zh:
        above = f"{many} {pairs[0]}超过 3 σ" if many else f"没有一{pairs[0]}超过 3 σ"
        return f"{error.size} {pairs}中一半的误差在 {half} σ 以内，最大的是 {largest} σ（{a} → {b}），{above}。"
    above = "none is above 3" if not many else f"{many} {'is' if many == 1 else 'are'} above 3"
    largest = f"the largest error is {largest} ({a} → {b})"
    return f"Half of the {error.size} {pairs} are within {half} sigmas, {largest}, {above}."


def concentrated(shown: GraphMap, zh: bool) -> str:
    """The share of the cost that one hundredth of the edges holds."""
    count = max(1, round(shown.share.size / 100))
    held = 100 * float(np.sum(np.sort(shown.share)[-count:]))
    one, pairs = pair_words(shown, 1, zh), pair_words(shown, count, zh)
    if weighed_by_loss(shown):
        if zh:
            return f"误差最大的 {count} {pairs}占 e' Ω e 之和的 {held:.0f} %，损失则按权重计。"
        many = f"The {count} {pairs} with the largest errors hold"
        who = f"The {one} with the largest error holds" if count == 1 else many
        return f"{who} {held:.0f} % of the sum of e' Ω e, which the loss does not count whole."
    if zh:
        return f"其中代价最大的 {count} {pairs}占全部代价的 {held:.0f} %。"
    if count == 1:
        return f"The {one} that costs most holds {held:.0f} % of the cost."
    return f"The {count} {pairs} that cost most hold {held:.0f} % of the cost."


def weighed_by_loss(shown: GraphMap) -> bool:
    """Whether the shares of the edges in e' Omega e are not those in what was minimized: under a robust loss."""
    return shown.weights is not None and not shown.judged


def worst_row(shown: GraphMap, k: int, language: str) -> list[str]:
    """A row of the table."""
    a, b = (shown.name(int(row)) for row in shown.ends[k])
    kind = CLASS_WORDS[language][int(shown.classes[k])]
    row = [a, b, kind, error_words(float(shown.end.error[k])), percent_of(float(shown.share[k]))]
    return row if shown.weights is None else [*row, f"{shown.weights[k]:.2g}"]


def thinned(shown: GraphMap, zh: bool) -> list[str]:
    """What was left out of the page."""
    kept, of = len(shown.moments) - 1, shown.steps
    if kept >= of:
        return []
    if zh:
        return [f"{of} 步中保留了 {kept} 步：全部保留会使文件过大"]
    return [f"{kept} of {of} steps are kept: all of them would make the file too large"]


def without_ellipses(fit: Any, shown: GraphMap, zh: bool) -> list[str]:
    """Why there are no ellipses, or of how many places there is none."""
    if shown.covariances is None:
        why = why_without(fit, len(shown.ids), shown.dimension)
        said = WITHOUT[why][zh].format(MOST[shown.dimension]) if why else ""
        return [f"没有椭圆：{said}" if zh else f"no ellipses: {said}"] if said else []
    count = int(np.sum(np.isnan(shown.covariances).any(axis=(1, 2))))
    if not count:
        return []
    if zh:
        return [f"有 {count} 个位置没有椭圆：因子不能确定它们"]
    return [f"{count} {'place has' if count == 1 else 'places have'} no ellipse: the factors do not determine them"]


WITHOUT = {
    "unfinished": ("they belong to a minimum, and none was shown", "椭圆属于极小点，而这里没有证明是极小点"),
    "open": ("nothing fixes the frame and the scale", "没有什么固定坐标系和尺度"),
    "many": ("they are made of at most {} places", "至多对 {} 个位置画出"),
}
"""Why a map has no ellipses, by `why_without`."""

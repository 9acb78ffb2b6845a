"""The words of the page of a comparison, in English and Chinese: those read without scripts, and those of the page."""

from typing import Any

from raphson.certificate.verdict import Verdict
from raphson.picture.chinese import spoken
from raphson.picture.recording.words import WORDS
from raphson.picture.scene import Scene
from raphson.picture.views.race import LEGEND, PROJECTED, Racer
from raphson.report.table import significant

TITLE = "Race of methods"

ENGLISH_RACE: dict[str, Any] = {
    "paths": ["Paths", "Which way does each method go?"],
    "pace": ["Pace", "What does each step bring, and at what cost?"],
    "methods": ["Methods", "Which method, at what cost?"],
    "here": ["In this page", "What if the start is another one?"],
    "columns": ["method", "trials", "f", "g", "H", "time", "compile", "final f", "order", "verdict"],
    "about": "f, g, H: evaluations. Time: of a second run, without compiling. Order: about 1 linear, 2 quadratic.",
    "unfound": "Where no minimum was shown",
    "show": "Show", "gap": "f − lowest f seen", "digits": "right digits of x",
    "over": "Over", "evaluations": "evaluations", "trials": "trials", "counted": "trials, the start counted as 1",
    "after": {"evaluations": "after {k} evaluations", "trials": "after {k} trials"},
    "slider": "How far the race has come",
    "hint": "Point at a line or a name to pick out its method; press to keep it.",
    "inside": "Where scripts are allowed methods can be picked out, and the race can be played. Everything is inside "
    "this one file.",
}  # fmt: skip

CHINESE_RACE: dict[str, Any] = {
    "paths": ["路径", "每种方法走哪条路？"], "pace": ["快慢", "每一步换来什么，花费多少？"],
    "methods": ["方法", "哪种方法，花费多少？"],
    "here": ["在本页里跑", "换一个起点会怎样？"],
    "columns": ["方法", "试探步", "f", "g", "H", "用时", "编译", "最后的 f", "收敛阶", "结论"],
    "about": "f、g、H：计算次数。用时：第二次运行，不含编译。收敛阶：约 1 是线性，约 2 是二次。",
    "unfound": "没有验证出极小点的方法",
    "show": "显示", "gap": "f − 所见最低的 f", "digits": "x 的正确位数",
    "over": "横轴", "evaluations": "计算次数", "trials": "试探步", "counted": "试探步（起点为 1）",
    "after": {"evaluations": "{k} 次计算之后", "trials": "{k} 步之后"},
    "slider": "赛跑进行到哪里",
    "hint": "指向一条线或一个名字，就突出那种方法；按下则保持突出。",
    "inside": "允许脚本时，可以单独突出一种方法，也可以播放赛跑。一切都在这一个文件里。",
}  # fmt: skip


def race_words(
    comparison: Any, racers: list[Racer], low: float, paths: Scene | None, title: str, language: str
) -> dict[str, Any]:
    """All that a page about a comparison says in a language, but for its notes; `paths`: the picture of them."""
    own, results = ENGLISH_RACE if language == "en" else CHINESE_RACE, comparison.results
    first = next(iter(results.values()))
    tell = spoken if language == "zh" else str
    verdicts = [tell(comparison.cells(racer.name, results[racer.name])[-1]) for racer in racers]
    known = [WORDS[language]["variables"](first.gradient.size), str(first.gradient.dtype)]
    lost = sum(racer.digits is None for racer in racers)
    return own | {
        "title": tell(TITLE) if title in ("", TITLE) else title,
        "facts": " · ".join([tell(counted(len(racers), "method", " from one start")), *known]),
        "headline": tell(headline_of(racers)), "cost": tell(cost_of(racers, low)), "verdicts": verdicts,
        "failed": [
            [racer.name, verdict, tell(reason(results[racer.name]))]
            for racer, verdict in zip(racers, verdicts, strict=True) if not racer.found
        ],
        "legend": tell(f"{LEGEND} {PROJECTED}" if paths and paths.title else LEGEND),
        "axes": [] if paths is None else [tell(paths.x_label), tell(paths.y_label)],
        "nowhere": tell(nowhere(lost, len(racers))) if lost else "",
    }  # fmt: skip


def counted(k: int, what: str, more: str) -> str:
    """So many of something."""
    return f"{k} {what}{'' if k == 1 else 's'}{more}"


def headline_of(racers: list[Racer]) -> str:
    """How many arrived."""
    found, of = sum(racer.found for racer in racers), len(racers)
    if found == of:
        return counted(of, "method", " showed a minimum")
    return f"{found} of {of} methods showed a minimum" if found else "No method showed a minimum"


def cost_of(racers: list[Racer], low: float) -> str:
    """Who needed least."""
    words = f"The lowest f seen is {significant(low, 6)}."
    found = [racer for racer in racers if racer.found]
    if not found:
        return words
    best = min(found, key=lambda racer: float(racer.count[-1]))
    return f"Fewest evaluations to a minimum: {best.name}, {best.count[-1]:.0f} of f, g and H together. {words}"


def reason(result: Any) -> str:
    """Why no minimum was shown."""
    ended, why = result.termination.sentence, result.certificate.criterion
    said = why.startswith(ended) or result.certificate.verdict != Verdict.STOPPED
    return why if said else f"{ended}; {why}"


def nowhere(lost: int, of: int) -> str:
    """Of whom no digits can be counted."""
    return f"{lost} of {of} methods go to no minimum that was shown: no digits are counted."

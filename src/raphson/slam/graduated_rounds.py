"""The rounds of graduated non-convexity, and what is said of them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Round:
    """One round of graduated non-convexity: its `stages`, from the softness `first` to `last`, in so many `trials`, and
    how many factors were beyond their thresholds at its end (`dropped`). `size` of the thresholds, 1 as asked for;
    `again`: it began on the map that was found, and was `kept` where it cost less."""

    first: float
    last: float
    stages: int
    trials: int
    dropped: int
    size: float = 1.0
    again: bool = False
    kept: bool = True


def round_words(rounds: Sequence[Round]) -> str:
    """All rounds in one line; those after the first also say with which thresholds or from where they began."""
    return "; ".join(f"{k}{began(one)}: {went(one)}, {one.dropped} dropped" for k, one in enumerate(rounds, 1))


def began(one: Round) -> str:
    """What is special about a round."""
    if one.again:
        return " (from the map)" if one.kept else " (from the map; not kept, as it costs no less)"
    return f" (thresholds times {one.size:.2g})" if one.size != 1 else ""


def went(one: Round) -> str:
    """From which softness to which."""
    if not one.stages:
        return "no stage"
    first, last, several = softness_text(one.first), softness_text(one.last), "" if one.stages == 1 else "s"
    return f"softness {first} to {last} in {one.stages} stage{several}"


def softness_text(a: float) -> str:
    """Two of them, without an exponent where it can be read without."""
    return f"{float(f'{a:.2g}'):g}"


def round_words_in_chinese(rounds: Sequence[Round]) -> str:
    """The same in Chinese."""
    return "；".join(
        f"第 {k} 轮{began_in_chinese(one)}：{went_in_chinese(one)}，剔除 {one.dropped} 个"
        for k, one in enumerate(rounds, 1)
    )


def began_in_chinese(one: Round) -> str:
    """What is special about a round, in Chinese."""
    if one.again:
        return "（从所得地图出发）" if one.kept else "（从所得地图出发；代价未降低，未采用）"
    return f"（阈值乘以 {one.size:.2g}）" if one.size != 1 else ""


def went_in_chinese(one: Round) -> str:
    """From which softness to which, in Chinese."""
    first, last = softness_text(one.first), softness_text(one.last)
    return f"软度 {first} 至 {last}，{one.stages} 个阶段" if one.stages else "没有阶段"

"""Methods one after another, until one shows a minimum."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from raphson.certificate.verdict import Verdict
from raphson.kernel.status import Status
from raphson.solver.allowance import Left
from raphson.solver.presets import PRESETS
from raphson.solver.result import Evaluations
from raphson.solver.step import Method

CRAWL = 1000
"""Trials of a Newton method within which f must fall by a hundredth of all that it fell, or of what it is: in a valley
without kinks hundreds are many. Other Newton methods come next, then `KINKED`."""

KINKED = tuple(
    (name, PRESETS[name], "f has kinks, or the run before crawled as it does there") for name in ("lbfgs", "bfgs")
)
"""What is tried instead of another Newton method where H says nothing: quasi-Newton methods find minima at kinks.
Source: Lewis and Overton (2013), "Nonsmooth optimization via quasi-Newton methods", Math. Program. 141."""


def better(best: Any, result: Any) -> Any:
    """The better of two results, with the evaluations of both, and what was said of either."""
    lowest = result.success and not recedes(best, result)
    chosen = result if lowest or result.value < best.value else best
    said = (*best.reasons, *(reason for reason in result.reasons[1:] if reason not in best.reasons))
    return replace(chosen, evaluations=best.evaluations + result.evaluations, reasons=said)


def said_over(best: Any, status: Status) -> Any:
    """The best result where a later run was ended from outside, which is said."""
    return replace(best, reasons=(*best.reasons, f"a run after it was ended: {status.sentence}"))


def onward_from(best: Any, aside: list[Callable[[], Any]]) -> Any:
    """The best result; runs that were laid aside go on where it shows no minimum."""
    for onward in aside:
        if best.success or best.termination in ENDED:
            break
        best = better(best, onward())
    return best


def best_of(
    candidates: list[tuple[str, Method, str]], attempt: Callable[..., Any], limited: bool,
    instead: tuple[tuple[str, Method, str], ...] = (), more: tuple[str, ...] = (),
) -> Any:  # fmt: skip
    """The first attempt that shows a minimum, else the one with the lowest value; evaluations of all are counted.

    `candidates`: (name, method, reason). Another method is tried only where it can change something (`helpless`),
    and not where the caller's number of steps (`limited`) was used up; `instead` of the rest, where f has kinks.
    `more`: what is said behind the first reason. An attempt may be `Left` for another one before its end.
    """
    tried: list[str] = list(more)
    best, last, spent = None, None, Evaluations(0, 0, 0)
    left = list(candidates)
    while left:
        name, method, reason = left.pop(0)
        result = attempt(name, method, (reason, *tried))
        if isinstance(result, Left):
            tried.append(result.why)
            spent = spent + result.evaluations
            left = [result.then, *(other for other in left if other[0] != result.then[0])]
            continue
        spent = spent + result.evaluations
        tried.extend(result.reasons[1 + len(tried) :])  # what the attempt itself has to say: runs from beside
        outdone = best is not None and recedes(best, result)
        if best is None or (result.success and not outdone) or result.value < best.value:
            best = result
        if result.success or helpless(result, last) or (limited and result.termination == Status.STEPS):
            break
        tried.append(f"{name} from x0 ended: {result.certificate.verdict}")
        last = result
        kinked, crawled = result.certificate.slopes is not None, result.termination == Status.STEPS
        if instead and (kinked or crawled):
            left, instead = [*(() if kinked else left), *instead], ()
    assert best is not None
    return best if len(tried) == 0 else replace(best, evaluations=spent, reasons=(candidates[0][2], *tried))


ENDED = (Status.TIME, Status.USER, Status.CALLS, Status.UNBOUNDED)
"""How runs end that are not begun again."""


def helpless(result: Any, last: Any) -> bool:
    """Whether no other method is likely to change what was found: the run was stopped from outside, could not begin,
    or f itself says it (no bottom, no dependence on x); or two methods came to rest at one value."""
    if result.termination in ENDED or (result.termination == Status.NOT_FINITE and not result.steps):
        return True
    verdict = result.certificate.verdict
    if verdict in (Verdict.RECEDES, Verdict.FLAT):  # another method may stay away from there, unless n = 1
        return result.gradient.size == 1 or not result.steps
    if verdict == Verdict.UNBOUNDED or last is None or verdict != last.certificate.verdict:
        return verdict == Verdict.UNBOUNDED
    return abs(result.value - last.value) <= result.certificate.noise


def recedes(before: Any, result: Any) -> bool:
    """Whether f was seen to fall for ever from a point that this result does not lie below: whatever a method stops
    at there is no minimum."""
    endless = before.certificate.verdict in (Verdict.RECEDES, Verdict.UNBOUNDED)
    return endless and result.value >= before.value - before.certificate.noise

"""`compare`: several methods from one start, in one table."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raphson.certificate.verdict import Verdict
from raphson.kernel import show
from raphson.report.table import LEFT, POINT, RIGHT, duration, significant, table
from raphson.solver.door import minimize
from raphson.solver.result import Result
from raphson.solver.wording import HEADLINES

PATIENCE = 5.0
"""Seconds that a first run may have taken, compiling aside, to be run a second time."""

HEADS = ("method", "trials", "f", "g", "H", "time", "compile", "final f", "order", "verdict")
ALIGN = (LEFT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, POINT, LEFT)


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Runs of several methods on one problem: `results` by method, `compile_seconds` of their first runs."""

    results: dict[str, Result]
    compile_seconds: dict[str, float]

    def table(self, gap: str = "  ") -> str:
        """One row a method: trials, evaluations, warm time, compile time, final f, observed order, verdict.

        Times are those of a second run (of the first, less compiling, where that took more than 5 s).
        The order is `trace.order()`: about 1 linear, 2 quadratic, "-" where the run does not show one.
        `gap`: between columns.
        """
        return table(HEADS, [self.cells(name, result) for name, result in self.results.items()], ALIGN, gap)

    def cells(self, name: str, r: Result) -> tuple[str, ...]:
        """A row of the table."""
        order = r.trace.order()
        return (
            name,
            *map(str, (r.steps, r.nfev, r.njev, r.nhev)),
            duration(r.seconds if r.compile_seconds < 0.005 else max(r.seconds - r.compile_seconds, 0.0)),
            f"{self.compile_seconds[name]:.1f} s",
            significant(r.value, 4),
            "-" if order is None else f"{order:.2f}",
            headline(r.certificate.verdict),
        )

    def plot(self, ax: Any = None) -> Any:
        """The gap of f and max |g| by trial, of all methods on one pair of logarithmic axes; matplotlib's Axes.

        ax: the Axes to draw into (None: a new figure). See `rp.plot.convergence`; ImportError without matplotlib.
        """
        return show.plot(self, ax)

    def report(self, path: str | Path, title: str = "", language: str = "en") -> Path:
        """Writes the race as one self-contained HTML file; the path of the file.

        The paths of all methods on contours of f (of more than two variables in the main plane of the first method's
        path, of one variable on its curve); f above the lowest f seen and right digits of x, by trials and by
        evaluations; the table; verdicts. A method that is pointed at, or has the focus, is picked out everywhere, and
        the race can be played. Where the page can compute f, methods also run in it from a start that can be dragged.
        `title`: what stands at the top (default: "Race of methods"); `language`: "en" or "zh", in which the page opens.
        FileNotFoundError where the folder does not exist, ValueError for another language.
        """
        return show.report(self, path, title, language)

    def __str__(self) -> str:
        return self.table()

    __repr__ = __str__


def headline(verdict: Verdict) -> str:
    """The verdict in a word or two."""
    if verdict == Verdict.NOISE:
        return "MINIMUM (noise)"
    return HEADLINES[verdict].partition(",")[0]


def compare(
    fun: Callable,
    x0: Any,
    methods: Iterable[str] = ("gradient-descent", "newton", "bfgs"),
    args: Any = (),
    **keywords: Any,
) -> Comparison:
    """Runs several methods on fun(x, *args) from x0; print the answer for one table.

    methods: names as in `minimize`; the other keywords go to `minimize` too (tol, max_steps, jac, ...).
    Every method runs twice, so that times are without compiling (once, if it takes more than 5 s).
    Raises what `minimize` raises.
    """
    names = (methods,) if isinstance(methods, str) else tuple(methods)
    if not names:
        raise ValueError("methods is empty: name at least one, as in methods=('newton', 'bfgs')")
    results, compiling = {}, {}
    for name in names:
        first = minimize(fun, x0, args, name, **keywords)
        long = first.seconds - first.compile_seconds > PATIENCE
        results[name] = first if long else minimize(fun, x0, args, name, **keywords)
        compiling[name] = first.compile_seconds
    return Comparison(results, compiling)

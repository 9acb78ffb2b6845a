"""Dolan-Moré profiles of the CUTEst run as pictures: `python -m benchmarks.cutest --subset full --render` draws them.

A line shows, for each factor t, on which part of the problems a solver reached the best f at a cost of at most t times
that of the cheapest solver there (Dolan and Moré, Mathematical Programming 91, 2002). Reaching counts, whatever the
solver says of it: false failures count as reached, which favors the peers.
"""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cutest_judge import Judge, Rows, counts, solvers
from benchmarks.cutest_pool import FAMILIES, family
from benchmarks.cutest_problems import listed

PICTURES = {
    f"{key}.svg": f"{key}: part of the problems at the best f within t times the least cost, by evaluations and by "
    "processor time"
    for key in FAMILIES
}

LEFT_OUT = ("scipy Newton-CG", "scipy trust-constr", "optimistix Newton", "scipy hybr", "ipopt equations")
"""In the table, but not in the pictures: more than seven lines cannot be told apart. Nor are those that were asked on
fewer than half of the problems."""

LOOKS = ("-", (0, (7, 2)), (0, (2, 1.5)), (0, (7, 2, 1.5, 2)), (0, (4, 1.5)), (0, (1, 1)), (0, (9, 2, 2, 2, 2, 2)))
COLORS = ("#0072b2", "#c44e00", "#007a59", "#6a3d9a", "#8a5a00", "#8b1a62", "#55606c")
"""Of the package's own palette; every line has its dashes and its name at its end as well."""

TINY = 1e-3
"""Processor seconds below this are equal: the clock's steps and the calls' own cost are as large."""

FAR = 1000.0
"""The largest factor drawn."""


def equivalents(row: dict, n: int) -> float:
    """The work of a run in values of f: a gradient is 2 (reverse mode), a product H v 4, a dense H 4 n, a dense J 2 n.

    An upper bound of theory; on small problems compiled derivatives cost less.
    """
    if "work" in row:
        f, g, H = row["work"]
        jacobian = family(row["name"]) == "equations"
        products = row["method"] in ("trust-cg", "newton-cg")
        return f + g * (2 * n if jacobian else 2) + H * (4 if products else 4 * n)
    c = row["counts"]
    return c["f"] + 2 * c["g"] + 4 * c["Hv"] + 4 * n * c["H"] + 2 * n * c["J"]


def cost(row: dict, measure: str) -> float:
    """What a run cost."""
    return max(row["spent"], TINY) if measure == "time" else max(equivalents(row, int(listed()[row["name"]]["n"])), 1.0)


def curves(judge: Judge, key: str, measure: str) -> tuple[dict[str, np.ndarray], int]:
    """The ratios of every solver, ascending (inf: not reached), and how many problems we and peers ran."""
    drawn = [s for s in solvers(judge.rows) if s not in LEFT_OUT]
    drawn = [s for s in drawn if any(family(n) == key for n, t in judge.rows if t == s)]
    by = {n: {s for m, s in judge.rows if m == n} for n, _ in judge.rows if family(n) == key}
    names = [n for n, who in by.items() if "raphson" in who and len(who & set(drawn)) > 1]
    drawn = [s for s in drawn if sum((n, s) in judge.rows for n in names) >= len(names) / 2]
    costs = np.full((len(names), len(drawn)), np.inf)
    for i, name in enumerate(names):
        for j, solver in enumerate(drawn):
            row = judge.rows.get((name, solver))
            if row is not None and counts(row) and judge.at_best(name, row):
                costs[i, j] = cost(row, measure)
    least = costs.min(axis=1, initial=np.inf)
    kept = np.isfinite(least)
    ratios = costs[kept] / least[kept, None]
    return {s: np.sort(ratios[:, j]) for j, s in enumerate(drawn)}, int(kept.sum())


def draw(rows: Rows, folder: Path) -> list[Path]:
    """One picture a family in `folder`: by evaluations and by processor time, names at the lines' ends."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    judge, made = Judge(rows), []
    plt.rcParams |= {"svg.hashsalt": "cutest", "svg.fonttype": "none", "font.size": 10, "font.family": "sans-serif"}
    for key in FAMILIES:
        panels = {measure: curves(judge, key, measure) for measure in ("evaluations", "time")}
        if not panels["time"][1]:
            continue
        figure, axes = plt.subplots(1, 2, figsize=(12.5, 4.8))
        for ax, (measure, (lines, count)) in zip(axes, panels.items(), strict=True):
            panel(ax, lines, count)
            words = "values of f (g: 2, product: 4, H: 4n, J: 2n)" if measure == "evaluations" else "processor time"
            ax.set_xlabel(f"at most t times the least cost, in {words}")
            ax.set_title(f"{key}: {count} problems", loc="left", fontsize=11)
        axes[0].set_ylabel("part of the problems at the best f")
        figure.tight_layout()
        figure.subplots_adjust(wspace=0.42, right=0.87)
        file = folder / f"{key}.svg"
        figure.savefig(file, metadata={"Date": None})
        plt.close(figure)
        made.append(file)
    return made


def panel(ax: Any, lines: dict[str, np.ndarray], count: int) -> None:
    """The lines with their names at the right, moved apart where they would touch."""
    ends = {}
    for number, (solver, ratios) in enumerate(lines.items()):
        reached = ratios[np.isfinite(ratios)]
        inside = reached[reached <= FAR]
        x = np.concatenate([[1.0], inside, [FAR]])
        y = np.concatenate([[np.mean(ratios <= 1.0)], np.arange(1, len(inside) + 1) / count, [len(inside) / count]])
        style = {"color": COLORS[number % len(COLORS)], "linestyle": LOOKS[number % len(LOOKS)]}
        ax.step(x, y, where="post", linewidth=2.4 if solver == "raphson" else 1.5, **style)
        ends[solver] = (len(inside) / count, style["color"])
    for (solver, (end, color)), place in zip(ordered(ends), spread([e for _, (e, _) in ordered(ends)]), strict=True):
        text = f"{solver.removeprefix('scipy ')} {100 * end:.0f} %"
        ax.annotate(
            text, (FAR, end), xytext=(FAR * 1.25, place), color=color, va="center", fontsize=9, annotation_clip=False,
            fontweight="bold" if solver == "raphson" else "normal",
            arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.6},
        )  # fmt: skip
    ax.set_xscale("log")
    ax.set_xlim(1, FAR)
    ax.set_ylim(0, 1.02)
    ax.grid(True, color="#dddddd", linewidth=0.6)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def ordered(ends: dict[str, tuple[float, str]]) -> list[tuple[str, tuple[float, str]]]:
    """Lowest end first."""
    return sorted(ends.items(), key=lambda item: item[1][0])


def spread(places: Iterable[float], gap: float = 0.055, top: float = 1.02) -> list[float]:
    """Ascending places, at least `gap` apart, none above `top`."""
    out: list[float] = []
    for place in places:
        out.append(max(place, out[-1] + gap) if out else place)
    limit = math.inf
    for i in range(len(out) - 1, -1, -1):
        out[i] = min(out[i], top if limit == math.inf else limit - gap)
        limit = out[i]
    return out

"""The losses of `python -m benchmarks training` as a picture: `python -m benchmarks.training_pictures` writes it."""

from pathlib import Path
from typing import Any

from benchmarks.suite import usable
from benchmarks.training import SUITE
from benchmarks.training_methods import FAMILIES
from benchmarks.training_runs import order

COLORS: dict[str, str] = dict(zip(FAMILIES, ("#555555", "#0072b2", "#d55e00", "#009e73"), strict=True))
"""Apart for the colour-blind, too (Okabe and Ito)."""


def best_settings(rows: dict[str, dict]) -> dict[str, tuple[str, list[dict]]]:
    """Of each method the setting that comes first in the table, and its runs."""
    found: dict[str, list[tuple[str, list[dict], Any]]] = {}
    for row in rows.values():
        for name, runs in row["settings"].items():
            found.setdefault(name.split()[0], []).append((name, runs, order(runs, row["targets"])))
    best = {family: min(tries, key=lambda each: each[2]) for family, tries in found.items()}
    return {family: best[family][:2] for family in FAMILIES if family in best}


def draw(folder: Path) -> Path:
    """Loss over epochs and over processor seconds, one row a case, the best setting of each method from each start."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams |= {"svg.hashsalt": "training", "svg.fonttype": "none", "font.size": 10, "font.family": "sans-serif"}
    cases = [usable(SUITE.read(name, quick=False)) for name in SUITE.sections]
    figure, axes = plt.subplots(len(cases), 2, figsize=(11.5, 4.2 * len(cases)), squeeze=False, sharey="row")
    for line, rows in zip(axes, cases, strict=True):
        best, row = best_settings(rows), next(iter(rows.values()))
        for ax, column, words in zip(line, (1, 2), ("epochs", "processor seconds, without compiling"), strict=True):
            for family, (setting, runs) in best.items():
                for k, run in enumerate(runs):
                    points = [point for point in run["curve"] if point[0] > 0]
                    told = setting if k == 0 else None
                    ax.plot(
                        [p[column] for p in points], [p[3] for p in points], color=COLORS[family], lw=1.3, label=told
                    )
            for target in row["targets"]:
                ax.axhline(target, color="#999999", lw=0.8, ls=":")
            ax.set(xscale="log", yscale="log", xlabel=words)
            ax.spines[["top", "right"]].set_visible(False)
        line[0].set_ylabel("loss on all training data")
        line[0].set_title(row["about"], loc="left", fontsize=10)
        line[1].legend(frameon=False, fontsize=9)
    figure.tight_layout()
    file = folder / "losses.svg"
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
    return file


if __name__ == "__main__":
    print(draw(SUITE.folder(quick=False)))

"""CUTEst: every unconstrained, bound-constrained and nonlinear-equation problem of sif2jax, beside the peers.

    python -m benchmarks.cutest [--subset quick|small|full] [--stage raphson|peers|beside] [--render | --show]

quick: 20 problems, in minutes, kept apart; small: at most 200 variables; full: all 490. Runs lie in
results/cutest/runs.jsonl, a line each; what is there is not run again. `--render` only writes table and pictures,
`--show` only prints counts.
Needs sif2jax (`pip install sif2jax`); peers as in `benchmarks/cutest_peers.py` says, each left out where it is absent.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import machine
from benchmarks.cutest_judge import (
    BEST,
    BOTTOMLESS,
    FALSE_FAILURE,
    FALSE_SUCCESS,
    NO,
    OTHER,
    SOLVED,
    Judge,
    counts,
    solvers,
)
from benchmarks.cutest_pool import FAMILIES, LINES, STAGES, chosen, family, gather, read
from benchmarks.cutest_problems import listed
from benchmarks.cutest_profiles import PICTURES, draw
from benchmarks.tables import digits, met, table

KINDS = (BEST, OTHER, BOTTOMLESS, NO, FALSE_SUCCESS, FALSE_FAILURE)

QUICK = (
    "BEALE", "CLIFF", "HATFLDD", "BIGGS6", "OSBORNEB", "ERRINROS", "DIXMAANA1", "ROSENBR", "HS5", "CAMEL6", "PALMER1",
    "HATFLDB", "HS110", "S368", "BARDNE", "POWELLSE", "KOWOSBNE", "HEART6", "BOOTH", "ARGAUSS",
)  # fmt: skip
"""A few of every family, easy and hard ones, of at most 200 variables where there are such."""

LEGEND = """Best f: success within 1e-6 of the lowest f that anybody met. Another minimum: success, higher.
Honest no: no success was claimed. FALSE FAILURE: at the best f, and no success claimed.
FALSE SUCCESS: success where a restart beside the answer gets lower and H shows no strict minimum.
"The best of these" picks a method problem by problem, in hindsight."""

QUICK_LINES = LINES.parents[1] / "quick" / "cutest" / "runs.jsonl"

SMALL = 200


def subset(name: str) -> tuple[list[str], Path]:
    """The problems of a subset, and the file of its lines."""
    if name == "quick":
        return [key for key in listed() if key in QUICK], QUICK_LINES
    return chosen(list(FAMILIES), 0, SMALL if name == "small" else 10**9), LINES


def small(name: str) -> bool:
    """At most 200 variables."""
    return int(listed()[name]["n"]) <= SMALL


def marks(judge: Judge) -> list[tuple]:
    """What issue 11 asks for, with how many problems were run of how many there are."""
    mine = [name for name, solver in judge.rows if solver == "raphson"]
    kinds = {name: judge.kind(name, "raphson") for name in mine}

    def share(what: str, mark: float, wanted: Callable[[str], bool]) -> tuple:
        those, there = [n for n in mine if wanted(n)], [n for n in listed() if wanted(n)]
        done = sum(kinds[n] in SOLVED for n in those)
        part = done / len(those) if those else 0.0
        lowest = done + sum(kinds[n] not in SOLVED and lies_lowest(judge, n) for n in those)
        text = f"{100 * part:.1f} % ({done} of {len(those)} run, {len(there)} listed)"
        if lowest > done:
            text += f"; with answers at the best f that do not say success {100 * lowest / len(those):.1f} % ({lowest})"
        return (what, f">= {100 * mark:.0f} %", text, met(part >= mark) if those else "not run")

    no_false = sum(k == FALSE_SUCCESS for k in kinds.values())
    no_failure = sum(k == FALSE_FAILURE for k in kinds.values())
    rows = [
        share("unconstrained, n <= 200", 0.98, lambda n: family(n) == "unconstrained" and small(n)),
        share("bounds, all sizes", 0.97, lambda n: family(n) == "bound"),
        share("equations, n <= 200", 0.99, lambda n: family(n) == "equations" and small(n)),
        share("all families and sizes, 60 s each", 0.93, lambda n: True),
        ("false success", "none", str(no_false), met(no_false == 0)),
        ("false failure", "none", str(no_failure), met(no_failure == 0)),
    ]
    for peer, of in (("Ipopt", "ipopt"), ("SciPy, the best of its methods", "scipy"), ("optimistix", "optimistix")):
        both = [n for n in mine if any(n == m and s.startswith(of) for m, s in judge.rows)]
        for what, good in (("solved", SOLVED), ("at the best f with success", (BEST, BOTTOMLESS))):
            ours = sum(kinds[n] in good for n in both)
            theirs = sum(best_kind(judge, n, of) in good for n in both)
            if both:
                text = f"{ours} to {theirs} of the {len(both)} that both ran"
                rows.append((f"{what}, beside {peer}", "more", text, met(ours > theirs)))
    return rows


def lies_lowest(judge: Judge, name: str) -> bool:
    """Whether our answer is at the best f that anybody met, whatever it says of itself."""
    row = judge.rows[name, "raphson"]
    return counts(row) and judge.at_best(name, row) and not judge.beside(name, "raphson")


def best_kind(judge: Judge, name: str, start: str) -> str:
    """The best class that any method of a peer reached."""
    found = [judge.kind(name, s) for n, s in judge.rows if n == name and s.startswith(start)]
    return min(found, key=KINDS.index, default=NO)


def comparison(judge: Judge) -> list[str]:
    """A row for each solver and family: how many answers of which class."""
    lines = []
    for key in FAMILIES:
        body = []
        for solver in solvers(judge.rows):
            names = [n for n, s in judge.rows if s == solver and family(n) == key]
            kinds = [judge.kind(n, solver) for n in names]
            if names:
                body.append((solver, len(names), *(kinds.count(k) for k in KINDS)))
        for start in ("scipy", "ipopt", "optimistix"):
            names = sorted({n for n, s in judge.rows if s.startswith(start) and family(n) == key})
            several = len({s for n, s in judge.rows if s.startswith(start) and family(n) == key}) > 1
            kinds = [best_kind(judge, n, start) for n in names]
            if several:
                body.append((f"{start}, the best of these", len(names), *(kinds.count(k) for k in KINDS)))
        if body:
            short = "best f | another minimum | no minimum, said so | honest no | FALSE SUCCESS | FALSE FAILURE"
            lines += [f"### {key.capitalize()}", "", *table(f"solver | problems | {short}", body), ""]
    return lines


def line(judge: Judge, name: str, word: str) -> tuple:
    """A row of the table of our answers."""
    row, (lowest, by) = judge.rows[name, "raphson"], judge.best(name)
    n = listed()[name]["n"]
    if not counts(row):
        return (name, n, "", "", row.get("error", "no line")[:80], "", "", "", f"{lowest:.8g}", by, "", word)
    work = "/".join(map(str, row["work"]))
    down = judge.beside(name, "raphson")
    return (
        name, n, f"{row['value']:.8g}", "yes" if row["success"] else "no", row["verdict"], work, digits(row["spent"]),
        digits(row["compile"]), f"{lowest:.8g}", by, f"{down:.2g}" if down else "", word,
    )  # fmt: skip


HEAD = "problem | n | f | success | verdict | evaluations of f, g, H | processor s | compile, s | best f | by"


def ours(judge: Judge) -> list[str]:
    """Our answers: those that are not at the best f with success, with their criterion; then the others."""
    names = [n for n, s in judge.rows if s == "raphson"]
    kinds = {n: judge.kind(n, "raphson") for n in names}
    lines = []
    odd = [n for n in names if kinds[n] != BEST]
    rows = [line(judge, n, kinds[n]) for n in odd]
    lines += ["## Our answers that are not at the best f with success", ""]
    lines += [*table(f"{HEAD} | lower beside x | class", rows), ""]
    why = [f"- {n}: {judge.rows[n, 'raphson'].get('criterion', '')}" for n in odd if kinds[n] != OTHER]
    lines += ["The criterion of those without success, or whose success is false:", "", *why, ""]
    lines += ["## Our answers at the best f with success", ""]
    for key in FAMILIES:
        rows = [line(judge, n, "")[:10] for n in names if kinds[n] == BEST and family(n) == key]
        if rows:
            lines += [f"### {key.capitalize()}", "", *table(HEAD, rows), ""]
    return lines


def missing(judge: Judge) -> list[str]:
    """Which problems were not run, by us and by the peers, plainly."""
    lines = []
    for solver in ("raphson", "scipy L-BFGS-B", "ipopt"):
        parts = []
        for key in FAMILIES:
            all_of = [n for n in listed() if family(n) == key]
            start = "scipy" if solver.startswith("scipy") else solver
            run = {n for n, s in judge.rows if s.startswith(start)}
            not_run = [n for n in all_of if n not in run]
            if not_run:
                few = not_run if len(not_run) <= 12 else [*not_run[:6], "...", *not_run[-5:]]
                parts.append(f"{len(not_run)} of {len(all_of)} {key} ({', '.join(few)})")
        name = "SciPy" if solver.startswith("scipy") else solver
        lines.append(f"- Not run by {name}: {'; '.join(parts) if parts else 'none'}.")
    return [*lines, ""]


ABOUT = (
    "`minimize`, and `least_squares` for equations, with default settings, double precision, starts as listed "
    "(clipped into the bounds). 60 processor seconds for a solver on a problem, compilation apart; a run of less "
    "than 10 s is made twice, and the second one, which compiles nothing, is what *processor s* says. Peers get "
    "exact derivatives by JAX, compiled ahead, and tolerances of 1e-8. f of equations is 1/2 |r|^2. *Best f*: the "
    "lowest that anybody met, here or in the list (four SciPy methods measured before), or at the answer that the "
    "package gives, or from restarts beside our answers. *At the best f*: within 1e-6 max(1, |best f|); of "
    "equations within 1e-6 |best f|, or no residual above 1e-6. Restarts: every variable moved by up to 0.1 %, 1 % "
    "and 10 %, SciPy, 2 s, beside answers whose word and value differ. *False success*: says success, a restart got "
    "lower, and H (scaled to a diagonal of ones, off the bounds) is not definite at x, so that no strict minimum "
    "explains it. *False failure*: at the best f, where somebody else ended too, no restart gets lower, and says "
    "no. One process a problem; other programs were computing on the same machine, therefore processor seconds."
)


def write(file: Path, lines: Path) -> None:
    """The table of all lines."""
    judge = Judge(read(lines))
    rows = list(judge.rows.values())
    loads = [{"load": [row["load"]]} for row in rows]
    text = ["# CUTEst, measured", "", *machine.describe(loads, "cutest")[2:], ABOUT, ""]
    text += ["## Marks", "", *table("what | mark | measured | met", marks(judge)), ""]
    text += ["## Everybody's answers by class", "", *comparison(judge), *missing(judge)]
    for picture, words in PICTURES.items():
        if (file.parent / "cutest" / picture).exists():
            text += [f"![{words}](cutest/{picture})", ""]
    text += ours(judge)
    when = sorted(row["when"] for row in rows)
    commits = sorted({row["commit"] for row in rows})
    text += [f"{when[0]} to {when[-1]}; commits {', '.join(commits)}."] if when else []
    file.write_text("\n".join(text).rstrip() + "\n", encoding="utf-8")


def summary(lines: Path) -> Iterable[str]:
    """What a quick run prints at its end."""
    judge = Judge(read(lines))
    if not judge.rows:
        yield f"nothing was run yet ({lines})"
        return
    yield from ("", *comparison(judge))
    for name, solver in judge.rows:
        if solver == "raphson" and judge.kind(name, solver) != BEST:
            row, (lowest, by) = judge.rows[name, solver], judge.best(name)
            value = row.get("value", float("nan"))
            yield f"{name}: {judge.kind(name, solver)}; f = {value:.8g}, best {lowest:.8g} by {by}"
    yield from ("", LEGEND, f"Kept in {lines}: what is there is not run again (delete the file to begin anew).")


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cutest", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--subset", choices=("quick", "small", "full"), default="quick")
    parser.add_argument("--stage", action="append", choices=STAGES, help="only these (repeatable)")
    parser.add_argument("--workers", type=int, default=1, help="processes at a time (default 1)")
    parser.add_argument("--fresh", action="store_true", help="run again what another commit ran")
    parser.add_argument("--render", action="store_true", help="run nothing; write the table and the pictures")
    parser.add_argument("--show", action="store_true", help="run nothing, write nothing: counts of what is there")
    asked = parser.parse_args(arguments)
    names, lines = subset(asked.subset)
    if asked.show:
        print("\n".join(summary(lines)))
        return 0
    if not asked.render:
        for stage in asked.stage or STAGES:
            gather(names, stage, lines, asked.workers, asked.fresh)
    if asked.subset == "quick":
        print("\n".join(summary(lines)))
        return 0
    draw(read(LINES), LINES.parent)
    file = LINES.parent.with_suffix(".md")
    write(file, LINES)
    print(f"tables: {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

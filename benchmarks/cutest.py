"""CUTEst, the 174 unconstrained and bound-constrained problems of sif2jax with at most 60 variables (TARGETS B)."""

import math
import sys

from benchmarks.cutest_problems import listed
from benchmarks.cutest_runs import PROTOCOL, keys, measure
from benchmarks.suite import Suite
from benchmarks.tables import digits, met, table

__all__ = ["PROTOCOL", "keys", "marks", "measure", "render"]

BEST, FALSE_FAILURE, PLATEAU, OTHER, NO = (
    "at the best f", "FALSE FAILURE: at the best f, no success", "FALSE SUCCESS: f is lower beside x",
    "another minimum", "an honest no",
)  # fmt: skip


STRICT = 1e-6
"""A strict minimum: scaled to a diagonal of ones, H of the variables off their bounds has no smaller eigenvalue (by
NumPy). A restart 10 % away that gets lower has then jumped into another basin: CAMEL6, LEVYMONT*."""


def best(key: str, row: dict) -> tuple[float, str]:
    """The lowest f known, and by whom; what is not finite does not count."""
    known = {"listed": float(listed()[key]["best"]), "ours": row["f"], **row.get("peers", {})}
    known |= {f"restart {part}": value for part, value in row.get("restarts", {}).items()}
    known = {name: value for name, value in known.items() if math.isfinite(value)}
    lowest = min(known, key=lambda name: known[name])
    return known[lowest], lowest


def at_best(key: str, row: dict) -> bool:
    """Whether f is within 1e-6 max(1, |best|) of the lowest known."""
    lowest, _ = best(key, row)
    return row["f"] - lowest <= 1e-6 * max(1.0, abs(lowest))


def beside(row: dict) -> float:
    """By how much a restart beside x got lower, where that is more than the noise of f and 1e-6 of f (else 0)."""
    lowest = min((v for v in row.get("restarts", {}).values() if math.isfinite(v)), default=math.inf)
    slack = 10 * row["noise"] + 1e-6 * abs(row["f"]) + 1e-12 * abs(row["f0"] - row["f"])
    return row["f"] - lowest if row["f"] - lowest > slack else 0.0


def kind(key: str, row: dict) -> str:
    """The class of an answer."""
    if not row["success"]:
        return FALSE_FAILURE if at_best(key, row) else NO
    if beside(row) and not row.get("smallest", 0.0) > STRICT:
        return PLATEAU
    return BEST if at_best(key, row) else OTHER


def marks(rows: dict[str, dict]) -> list[tuple]:
    """The marks of TARGETS B2."""
    if not rows:
        return []
    kinds = {key: kind(key, row) for key, row in rows.items()}
    count = lambda *names: sum(k in names for k in kinds.values())
    free = [k for key, k in kinds.items() if listed()[key]["class"] == "unconstrained"]
    share = sum(k in (BEST, OTHER) for k in free) / max(len(free), 1)
    return [
        ("success on a plateau", "none", str(count(PLATEAU)), met(count(PLATEAU) == 0)),
        ("no success at the best f", "none", str(count(FALSE_FAILURE)), met(count(FALSE_FAILURE) == 0)),
        ("the best f or another minimum, unconstrained", ">= 98 %", f"{100 * share:.1f} %", met(share >= 0.98)),
        ("problems measured", str(len(listed())), str(len(rows)), met(len(rows) == len(listed()))),
    ]


def render(rows: dict[str, dict]) -> list[str]:
    """Counts, the problems that are not at the best f with success, and all of them."""
    kinds = {key: kind(key, row) for key, row in rows.items()}
    names = (BEST, OTHER, NO, FALSE_FAILURE, PLATEAU)
    lines = [
        "## Problems",
        "",
        *table("class | problems", [(name, sum(k == name for k in kinds.values())) for name in names]),
    ]
    odd = [line(key, row, kinds[key]) for key, row in rows.items() if kinds[key] != BEST]
    head = (
        "problem | n | f | success | verdict | evaluations of f, g, H | s | compile, s | best f | by | lower beside x"
    )
    lines += ["", "### Not at the best f with success", "", *table(f"{head} | class", odd)] if odd else []
    plain = [line(key, row, "")[:-1] for key, row in rows.items() if kinds[key] == BEST]
    places = sorted({row["place"] for row in rows.values() if "place" in row})
    where = [f"{sum(row.get('place') == place for row in rows.values())} on {place}" for place in places]
    lines += ["", f"Measured elsewhere by `python -m benchmarks.cutest_pool`: {'; '.join(where)}."] if where else []
    return [*lines, "", "### At the best f with success", "", *table(head, plain), ""]


def line(key: str, row: dict, word: str) -> tuple:
    """A row of the table."""
    lowest, by = best(key, row)
    work, spent = "/".join(map(str, row["evaluations"])), row["spent"] - row["compile"]
    return (
        key, row["n"], f"{row['f']:.8g}", "yes" if row["success"] else "no", row["verdict"], work, digits(spent),
        digits(row["compile"]), f"{lowest:.8g}", by, f"{beside(row):.2g}" if beside(row) else "", word,
    )  # fmt: skip


ABOUT = (
    "The problems of sif2jax (CUTEst in JAX) without constraints other than "
    "bounds, n <= 60: `minimize` with default settings but a time limit of 50 s, double precision. *Best f*: the "
    "lowest of our answer, SciPy's trust-exact, BFGS, L-BFGS-B (with bounds: L-BFGS-B, TNC) from five starts, f at the "
    "answer that the package gives, four SciPy methods measured before (listed), and restarts beside our answer, every "
    "variable moved by up to 0.1 %, 1 % and 10 %, by SciPy and by our own method. *At the best f*: within 1e-6 "
    "max(1, |best f|). *Lower beside x*: by how much a restart beside it got lower, where that is more than the noise "
    "of f and 1e-6 of f: a plateau, unless H is definite at x (then it jumped into another basin)."
)

SUITE = Suite("cutest", "CUTEst, measured", ABOUT, {"problems": sys.modules[__name__]})

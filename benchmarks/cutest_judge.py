"""What an answer on a CUTEst problem is worth, whoever gave it."""

import math
from typing import Any

from benchmarks.cutest_pool import family
from benchmarks.cutest_problems import listed

BEST, OTHER, NO, FALSE_SUCCESS, FALSE_FAILURE, BOTTOMLESS = (
    "at the best f", "another minimum", "an honest no", "FALSE SUCCESS: f is lower beside x",
    "FALSE FAILURE: at the best f, no success", "no minimum at finite x, and said so",
)  # fmt: skip
"""The classes of answers."""

SOLVED = (BEST, OTHER, BOTTOMLESS)

ROOT = 1e-6
"""Equations are solved where no residual is larger."""

STRICT = 1e-6
"""A strict minimum: scaled to a diagonal of ones, H of the variables off their bounds has no smaller eigenvalue (by
NumPy). A restart 10 % away that gets lower has then jumped into another basin: CAMEL6, LEVYMONT*."""

FEASIBLE = 1e-9
"""Points farther outside the bounds do not count for the best f."""

Rows = dict[tuple[str, str], dict[str, Any]]


def asked(rows: Rows) -> list[str]:
    """The problems that somebody was asked, in the list's order."""
    known = {name for name, _ in rows}
    return [name for name in listed() if name in known]


def solvers(rows: Rows) -> list[str]:
    """Who was asked, in the order of the lines; not the restarts."""
    return list(dict.fromkeys(s for _, s in rows if not s.startswith("beside")))


def counts(row: dict) -> bool:
    """Whether a line holds an answer."""
    return "value" in row and math.isfinite(row["value"])


class Judge:
    """The lines of a run, and the best f of every problem in it."""

    def __init__(self, rows: Rows) -> None:
        self.rows = {key: row for key, row in rows.items() if "skipped" not in row}
        self.known = {name: self.gather(name) for name in asked(rows)}

    def gather(self, name: str) -> dict[str, float]:
        """All values of f that were met, by who met them."""
        best = listed()[name]["best"]
        known = {"listed": float(best)} if best else {}
        for (n, solver), row in self.rows.items():
            if n != name:
                continue
            if counts(row) and row.get("outside", 0) <= FEASIBLE:
                known[solver] = row["value"]
            known |= {f"restart {part}": v for part, v in row.get("restarts", {}).items() if math.isfinite(v)}
            if row.get("expected") and row["expected"]["inside"] and math.isfinite(row["expected"]["value"]):
                known["expected"] = row["expected"]["value"]
        return known

    def best(self, name: str) -> tuple[float, str]:
        """The lowest f known, and by whom."""
        known = self.known[name]
        by = min(known, key=lambda key: known[key], default="")
        return (known[by], by) if by else (math.inf, "")

    def slack(self, name: str) -> float:
        """Differences of f that do not count: 1e-6 max(1, |f|); of half a sum of squares 1e-6 of it."""
        best = abs(self.best(name)[0])
        return 1e-6 * (best if family(name) == "equations" else max(1.0, best))

    def at_best(self, name: str, row: dict) -> bool:
        """Whether f is the lowest known; or a root of the equations."""
        if not counts(row) or self.best(name)[0] == -math.inf:
            return False
        root = family(name) == "equations" and row.get("largest", math.inf) <= ROOT
        return root or row["value"] - self.best(name)[0] <= self.slack(name)

    def beside(self, name: str, solver: str) -> float:
        """By how much a restart beside an answer got lower, where that counts (else 0)."""
        row, near = self.rows[name, solver], self.rows.get((name, f"beside {solver}"), {})
        lowest = min((v for v in near.get("restarts", {}).values() if math.isfinite(v)), default=math.inf)
        down = row["value"] - lowest
        count = 1e-6 * (abs(row["value"]) if family(name) == "equations" else max(1.0, abs(row["value"])))
        return down if down > count else 0.0

    def shared(self, name: str, solver: str) -> bool:
        """Whether anybody else got as low: who is alone there may rightly say that he is under way (PALMER7E)."""
        row = self.rows[name, solver]
        if family(name) == "equations" and row.get("largest", math.inf) <= ROOT:
            return True
        others = [v for by, v in self.known[name].items() if by != solver and not by.startswith("restart")]
        return min(others, default=math.inf) <= row["value"] + self.slack(name)

    def strict(self, name: str, solver: str) -> bool:
        """Whether H is definite at an answer."""
        return (self.rows.get((name, f"beside {solver}"), {}).get("smallest") or 0.0) > STRICT

    def kind(self, name: str, solver: str) -> str:
        """The class of an answer."""
        row = self.rows[name, solver]
        if not counts(row):
            return NO
        if not row["success"]:
            if self.best(name)[0] == -math.inf and row.get("verdict", row["status"]) in ("unbounded", "no minimum"):
                return BOTTOMLESS
            if self.at_best(name, row) and row.get("verdict") == "no minimum" and row.get("level"):
                return BOTTOMLESS  # f is level to infinity one way and rises the other, looked at by f alone
            rests = self.shared(name, solver) and not self.beside(name, solver)
            return FALSE_FAILURE if self.at_best(name, row) and rests else NO
        if self.at_best(name, row):
            return BEST
        return OTHER if self.strict(name, solver) or not self.beside(name, solver) else FALSE_SUCCESS

    def wants_restarts(self, name: str) -> list[str]:
        """Who says success elsewhere than at the best f, or no success there."""
        said = [s for n, s in self.rows if n == name and not s.startswith("beside") and counts(self.rows[n, s])]
        return [s for s in said if bool(self.rows[name, s]["success"]) != self.at_best(name, self.rows[name, s])]

"""Prints the tables of budgets anew: `python -m tests.suites.measure presets > tests/suites/budgets.csv`, or `mgh`.

A cell of the presets' table is the number of evaluations of f allowed (half as many again as were measured), or the
verdict where the method honestly fails. Read the difference before committing it: a budget that grew is a regression.
"""

import math
import sys

import raphson as rp
from raphson.solver.presets import PRESETS
from tests.suites.cages import CAGES, mgh_cages, solve_caged


def budget(evaluations: int) -> int:
    """Half as many again, and two."""
    return math.ceil(1.5 * evaluations) + 2


def cell(result: rp.Result) -> str:
    """What the table says about a run."""
    if result.success:
        return str(budget(result.nfev))
    return "saddle" if result.certificate.verdict == "saddle" else "no"


def presets() -> None:
    """Problems by rows, presets by columns."""
    print("problem", *PRESETS, sep=",")
    for names in CAGES.values():
        for name in names:
            print(name, *(cell(solve_caged(name, method)) for method in PRESETS), sep=",", flush=True)


def mgh() -> None:
    """One line an entry: budgets from x0, 10 x0 and 100 x0 ("no" where it honestly fails or cannot start)."""
    print("problem,x0,10 x0,100 x0")
    for name in rp.zoo.names(trait="mgh"):
        problem = rp.zoo[name]
        cells = []
        for factor in (1, 10, 100):
            try:
                cells.append(cell(solve_caged(name, "auto", factor * problem.x0, mgh_cages())))
            except ValueError:
                cells.append("no")
        print(name, *cells, sep=",", flush=True)


if __name__ == "__main__":
    {"presets": presets, "mgh": mgh}[sys.argv[1]]()

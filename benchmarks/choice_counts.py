"""What `auto` counts of each problem, what it foresees, which way it takes, and what the choice itself costs."""

import time
from dataclasses import asdict
from typing import Any

from benchmarks.choice_problems import PROBLEMS, posed
from benchmarks.tables import digits, table

PROTOCOL = 1


def keys(quick: bool) -> list[str]:
    """A row is a problem, small ones first."""
    names = sorted(PROBLEMS, key=lambda name: PROBLEMS[name][1])
    return [name for name in names if not quick or PROBLEMS[name][1] < 1000]


def measure(key: str, quick: bool) -> dict:
    """The choice made twice, the pattern apart: the second one is compiled."""
    from raphson.problems.allowed import modes_of
    from raphson.solver.choose import DENSE, choose, counted
    from raphson.solver.inputs import jax_problem, read_point
    from raphson.solver.price import inquire
    from raphson.solver.sparsity import with_sparsity

    case = posed(key)
    x = read_point(case.x0, [])
    problem = jax_problem(case.fun, x, (), [])
    problem, found = with_sparsity(problem, x, DENSE + 1)
    spent: list[float] = []
    choice: Any = None
    for _ in range(2):
        begin = time.process_time()
        choice = choose(problem, x, modes_of(problem, x), found)
        spent.append(time.process_time() - begin)
    row = {
        "n": case.x0.size, "names": list(choice.names), "reasons": [choice.reason, *choice.more],
        "sparse": found is not None and found.sparsity is not None, "first": spent[0], "cpu": spent[1],
    }  # fmt: skip
    if case.x0.size > DENSE:
        seen = inquire(problem, x)
        row |= {"counts": asdict(counted(problem, x, found, seen)), "negative": seen.negative}
    return row


def marks(rows: dict[str, dict]) -> list[tuple]:
    """None of its own."""
    return []


def render(rows: dict[str, dict]) -> list[str]:
    """One line a problem."""
    head = "problem | n | product, us | colors | factor | operations | products at x0 | choosing, ms | first"
    body = []
    for name, row in rows.items():
        c = row.get("counts")
        seen = ("", "", "", "", "") if c is None else (
            digits(c["work"] / 1e3), c["colors"] or "", c["factor"] or "", digits(c["flops"]) if c["colors"] else "",
            "negative" if row["negative"] else digits(c["asked"]),
        )  # fmt: skip
        body.append((name, row["n"], *seen, digits(1e3 * row["cpu"]), digits(1e3 * row["first"])))
    return ["## What is counted", "", *table(head, body), ""]

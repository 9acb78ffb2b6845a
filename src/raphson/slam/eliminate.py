"""Which variables of a graph are eliminated, and how what is left is solved: from the graph, with the reason."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.linear.blocks import BlockStructure
from raphson.linear.elimination import eliminated
from raphson.slam.graph import FactorGraph
from raphson.slam.problem import EliminatedJacobian, GraphJacobian

WAYS = {"schur": "dense", "schur-sparse": "sparse", "schur-cg": "cg"}
"""How the kept unknowns are solved, by what the door calls it."""

DENSE_MOST = 3000
"""Kept unknowns whose Schur complement is factorized as a dense matrix: 72 MB, and 9e9 operations."""

DENSE_SHARE = 0.25
"""And that much of it is not zero: the Schur complement of Ladybug-49 has 84 % of its entries, of a robot's landmarks a
few percent, and CHOLMOD is 1.3 to 4.4 times faster there (shared/sketch/storey/REPORT.md, trap 15)."""

FEW = 300
"""So few kept unknowns are a dense matrix in any case: its factorization takes a millisecond."""

SHARE = 0.5
"""Eliminated unknowns must be this share of all: below, what is left is most of the work."""


@dataclass(frozen=True)
class Eliminating:
    """The type that is eliminated (None: none), how ("dense", "sparse", "cg"), and why; `automatic`: nobody asked."""

    kind: str | None
    way: str
    why: str
    automatic: bool = False


def elimination_choice(graph: FactorGraph, free: dict[str, np.ndarray], solver: str) -> Eliminating:
    """What `solver` ("auto", "cholmod", "schur", "schur-sparse", "schur-cg") means for this graph. ValueError for
    another name, or where nothing can be eliminated and this was asked for."""
    if solver not in ("auto", "cholmod", *WAYS):
        raise ValueError(f"linear_solver must be 'auto', 'cholmod', {', '.join(map(repr, WAYS))}, not {solver!r}")
    if solver == "cholmod":
        return Eliminating(None, "", "the whole of J'J by CHOLMOD: asked for")
    unknowns = {name: free[name].size * v.freedom for name, v in graph.variables.items()}
    able = [name for name in unknowns if unknowns[name] and separate(graph, name)]
    best = max(able, key=lambda name: unknowns[name], default=None)
    if best is None:
        if solver == "auto":
            return Eliminating(None, "", "the whole of J'J by CHOLMOD: every type of variables is coupled with itself")
        raise ValueError(
            f"linear_solver={solver!r} eliminates variables of a type of which no factor touches two; there is no "
            f"such type among {', '.join(map(repr, graph.variables))}: use linear_solver='cholmod'"
        )
    total, gone = sum(unknowns.values()), unknowns[best]
    if solver != "auto":
        return Eliminating(best, WAYS[solver], f"{best!r} is eliminated: asked for")
    if gone < SHARE * total or total - gone > DENSE_MOST or total == gone:
        return Eliminating(None, "", f"the whole of J'J by CHOLMOD: {total - gone} of {total} unknowns would be left")
    why = f"{best!r} is eliminated, {gone} of {total} unknowns: {total - gone} are left"
    return Eliminating(best, "dense", why, True)


def separate(graph: FactorGraph, name: str) -> bool:
    """Whether no factor touches two variables of this type."""
    return all(f.types.count(name) <= 1 for f in graph.factors)


def graph_jacobian(
    graph: FactorGraph, structure: BlockStructure, columns: list[np.ndarray], first: dict[str, int],
    free: dict[str, np.ndarray], n: int, choice: Eliminating,
) -> tuple[Any, str]:  # fmt: skip
    """What gives J of a graph, with the plan of what is eliminated; and how steps are solved, with the reason."""
    if choice.kind is None:
        return GraphJacobian(structure), choice.why
    e = graph.variables[choice.kind].freedom
    gone = first[choice.kind] + np.arange(free[choice.kind].size * e).reshape(-1, e)
    plan = eliminated(columns, [span_of(graph, f.types, choice.kind) for f in graph.factors], gone, n, choice.way)
    dense = plan.reduced.entries / (plan.kept.shape[0] * (plan.kept.shape[0] + 1) / 2)
    if choice.automatic and dense < DENSE_SHARE and plan.kept.shape[0] > FEW:
        return GraphJacobian(structure), f"the whole of J'J by CHOLMOD: without {choice.kind!r} it stays sparse"
    return EliminatedJacobian(structure, plan), choice.why


def span_of(graph: FactorGraph, types: tuple[str, ...], kind: str) -> tuple[int, int] | None:
    """Where a variable of this kind has its unknowns among those of a factor."""
    if kind not in types:
        return None
    before = sum(graph.variables[name].freedom for name in types[: types.index(kind)])
    return before, before + graph.variables[kind].freedom

"""Which variables of a graph are eliminated, and how what is left is solved: from the graph, with the reason."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.linear.blocks import block_structure
from raphson.linear.elimination import eliminated
from raphson.slam.graph import FactorGraph
from raphson.slam.problem import EliminatedJacobian, GraphJacobian
from raphson.slam.structures import structure_of
from raphson.solver.sparsity import FACTOR_WORK

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

MOST_PAIRS = 1e8
"""Pairs of variables seen together that are counted: a second or two."""


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
    if gone < SHARE * total or total == gone:
        return Eliminating(None, "", f"the whole of J'J by CHOLMOD: {total - gone} of {total} unknowns would be left")
    why = f"{best!r} is eliminated, {gone} of {total} unknowns: {total - gone} are left"
    if total - gone <= DENSE_MOST:
        return Eliminating(best, "dense", why, True)
    share = coupling(graph, free, best)
    said = f"{why}, {share:.2g} of their Schur complement is not zero"
    if share >= DENSE_SHARE:
        return Eliminating(best, "cg", f"{said}: conjugate gradients", True)
    if share < DENSE_SHARE:
        return Eliminating(best, "sparse", f"{said}: its sparse factor", True)
    return Eliminating(None, "", f"the whole of J'J by CHOLMOD: {total - gone} of {total} unknowns would be left")


def separate(graph: FactorGraph, name: str) -> bool:
    """Whether no factor touches two variables of this type."""
    return all(f.types.count(name) <= 1 for f in graph.factors)


def graph_jacobian(
    graph: FactorGraph, columns: list[np.ndarray], first: dict[str, int], free: dict[str, np.ndarray], n: int,
    choice: Eliminating,
) -> tuple[Any, str, bool]:  # fmt: skip
    """What gives J of a graph, with the plan of what is eliminated; how steps are solved, with the reason; and whether
    the whole of the Hessian can be factorized."""
    heights = [f.roots.shape[-1] for f in graph.factors]
    names = sorted(free)
    widths = np.repeat([graph.variables[name].freedom for name in names], [free[name].size for name in names])
    if choice.kind is None:
        return GraphJacobian(structure_of(columns, heights, n, widths)), choice.why, True
    e = graph.variables[choice.kind].freedom
    gone = first[choice.kind] + np.arange(free[choice.kind].size * e).reshape(-1, e)
    plan = eliminated(columns, [span_of(graph, f.types, choice.kind) for f in graph.factors], gone, n, choice.way)
    kept = plan.kept.shape[0]
    dense = plan.reduced.entries / (kept * (kept + 1) / 2)
    if choice.automatic and choice.way == "dense" and dense < DENSE_SHARE and kept > FEW:
        why = f"the whole of J'J by CHOLMOD: without {choice.kind!r} it stays sparse"
        return GraphJacobian(structure_of(columns, heights, n, widths)), why, True
    direct = choice.way != "cg" or kept**3 / 3 <= FACTOR_WORK
    return EliminatedJacobian(block_structure(columns, heights, n, whole=False), plan), choice.why, direct


def coupling(graph: FactorGraph, free: dict[str, np.ndarray], kind: str) -> float:
    """The share of entries of the Schur complement without `kind` that is not zero, counted by whole variables; not a
    number where counting takes too long."""
    from scipy.sparse import coo_array  # here: `import raphson` does without scipy.sparse

    start, total, freedom = {}, 0, []
    for name, v in graph.variables.items():
        if name != kind:
            start[name], total = total, total + len(v)
            freedom.append(np.where(v.frozen, 0, v.freedom))
    seen, group = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for f in graph.factors:
        if kind in f.types:
            others = [k for k, name in enumerate(f.types) if name != kind]
            seen.extend(start[f.types[k]] + f.rows[:, k] for k in others)
            group.extend([f.rows[:, f.types.index(kind)]] * len(others))
    places = np.concatenate(seen), np.concatenate(group)
    A = coo_array((np.ones(places[0].size), places), (total, len(graph.variables[kind]))).tocsr()
    if float(np.sum(A.sum(0) ** 2)) > MOST_PAIRS:
        return np.nan
    S, size = (A @ A.T).tocoo(), np.concatenate(freedom)
    return float(size[S.row] @ size[S.col] / size.sum() ** 2.0)


def span_of(graph: FactorGraph, types: tuple[str, ...], kind: str) -> tuple[int, int] | None:
    """Where a variable of this kind has its unknowns among those of a factor."""
    if kind not in types:
        return None
    before = sum(graph.variables[name].freedom for name in types[: types.index(kind)])
    return before, before + graph.variables[kind].freedom

"""From a factor graph to a least-squares problem: unknowns, gauge, and the pattern of J'J. On the host, array code."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.product import Product
from raphson.linear.symbolic import PatternMemory
from raphson.problems.least_squares import LeastSquares
from raphson.problems.loss import Loss, linear
from raphson.slam.eliminate import elimination_choice, graph_jacobian
from raphson.slam.graduated import GraduatedNonConvexity
from raphson.slam.graph import FactorGraph, Factors
from raphson.slam.problem import FactorKind, GraphData, GraphHessian, GraphResiduals, Group
from raphson.slam.robust import FactorLoss
from raphson.slam.structures import structure_of


@dataclass(frozen=True)
class Prepared:
    """A graph as a problem and its start; `free`, by type, the rows of its unknowns; `notes` on what was held;
    `solver`: how its steps are solved, and why.
    `columns` of J by kind, and whether a `direct` factor of the Hessian fits."""

    problem: LeastSquares
    x: dict[str, Any]
    graph: FactorGraph
    free: dict[str, np.ndarray]
    notes: tuple[str, ...]
    solver: str
    columns: list[np.ndarray]
    direct: bool = True

    @cached_property
    def whole(self) -> LeastSquares:
        """The problem with the pattern of its Hessian, which damped steps that eliminate do without."""
        known: Any = self.problem.jacobian_sparsity
        if known.structure.normal is not None or not self.direct:
            return self.problem
        structure = structure_of(self.columns, known.structure.heights, known.structure.shape[1])
        return replace(
            self.problem,
            sparsity=GraphHessian(structure, symmetry=self.graph.symmetry),
            jacobian_sparsity=replace(known, structure=structure),
        )

    def values(self, x: dict[str, Any]) -> dict[str, np.ndarray]:
        """All variables by type, the unknowns at x and the others where they are held."""
        found = {}
        for name, v in self.graph.variables.items():
            found[name] = np.array(v.values)
            if name in x:
                found[name][self.free[name]] = np.asarray(x[name])
        return found


def prepare_graph(
    graph: FactorGraph, loss: Loss | GraduatedNonConvexity | None = None, linear_solver: str = "auto"
) -> Prepared:
    """The problem of a graph: free variables are unknowns, held ones are data. ValueError where nothing is unknown.

    `linear_solver` as in `optimize`.
    """
    graph, notes = anchored(graph)
    free = {name: np.flatnonzero(~v.frozen) for name, v in graph.variables.items()}
    first, place, n = {}, {}, 0
    for name in sorted(graph.variables):  # the order in which JAX flattens a dict
        v = graph.variables[name]
        order = np.concatenate([free[name], np.flatnonzero(v.frozen)])
        place[name] = np.empty(len(v), np.int64)
        place[name][order] = np.arange(len(order))
        first[name], n = n, n + len(free[name]) * v.freedom
    if not n:
        raise ValueError("all variables are held: nothing is left to be estimated")
    columns, groups = [], []
    for f in graph.factors:
        rows = [place[name][f.rows[:, k]] for k, name in enumerate(f.types)]
        columns.append(columns_of(graph, f, rows, free, first))
        measured = jax.tree.map(jnp.asarray, f.measurements)
        groups.append(Group(tuple(jnp.asarray(a.astype(np.int32)) for a in rows), measured, jnp.asarray(f.roots)))
    choice = elimination_choice(graph, free, linear_solver)
    jacobian, why, direct = graph_jacobian(graph, columns, first, free, n, choice)
    structure = jacobian.structure
    held = {name: jnp.asarray(v.values[v.frozen]) for name, v in graph.variables.items()}
    spaces = {name: v.space for name, v in graph.variables.items()}
    x = {name: jnp.asarray(v.values[free[name]]) for name, v in graph.variables.items() if free[name].size}
    problem = LeastSquares(
        GraphResiduals(tuple(FactorKind(f.residual, f.types) for f in graph.factors)),
        (GraphData(held, spaces, tuple(groups)),),
        factor_loss(graph, loss),  # type: ignore[arg-type]
        Product({name: spaces[name] for name in x}),
        None if structure.normal is None else GraphHessian(structure, symmetry=graph.symmetry), jacobian,
    )  # fmt: skip
    return Prepared(problem, x, graph, free, notes, why, columns, direct)


def factor_loss(graph: FactorGraph, loss: Loss | GraduatedNonConvexity | None) -> FactorLoss:
    """The loss of the factors of a graph."""
    if isinstance(loss, GraduatedNonConvexity):
        return loss.loss_of(graph)
    return FactorLoss(loss or Loss(linear), tuple((len(f), f.roots.shape[-1]) for f in graph.factors))


def columns_of(graph: FactorGraph, f: Factors, rows: list[np.ndarray], free: Any, first: Any) -> np.ndarray:
    """The unknowns of each factor (m, w): columns of J, -1 for those of held variables."""
    found = []
    for row, name in zip(rows, f.types, strict=True):
        k = graph.variables[name].freedom
        own = first[name] + row[:, None] * k + np.arange(k)
        found.append(np.where((row < len(free[name]))[:, None], own, -1))
    return np.concatenate(found, axis=1)


@dataclass(frozen=True)
class Members:
    """All variables in one row: `names` of their types, `first` of each type, `total`, and the component (`label`) of
    each, of `count`."""

    names: list[str]
    first: dict[str, int]
    total: int
    label: np.ndarray
    count: int
    touched: np.ndarray
    alone: np.ndarray
    """Which variables have factors, and which one of their own."""

    def named(self, heads: np.ndarray) -> str:
        """The first few of these variables by type and row."""
        said = []
        for k in heads[:3]:
            name = [name for name in self.names if self.first[name] <= k][-1]
            said.append(f"{name} {k - self.first[name]}")
        return ", ".join(said) + (" and others" if len(heads) > 3 else "")


def members(graph: FactorGraph) -> Members:
    """The variables of a graph and their connected components."""
    first, total = {}, 0
    for name, v in graph.variables.items():
        first[name], total = total, total + len(v)
    at = [f.rows + np.array([first[name] for name in f.types]) for f in graph.factors]
    from_first, each = [np.repeat(a[:, 0], a.shape[1]) for a in at], [a.ravel() for a in at]
    i, j = np.concatenate(from_first), np.concatenate(each)
    make = lambda: joined_variables(i, j, total)
    count, label = COMPONENTS.find(i, j, total, make) if i.size <= REMEMBERED else make()
    touched, alone = np.zeros(total, bool), np.zeros(total, bool)
    touched[j] = True
    alone[np.concatenate([np.zeros(0, np.int64), *(a[:, 0] for a in at if a.shape[1] == 1)])] = True
    return Members(list(graph.variables), first, total, label, count, touched, alone)


COMPONENTS: PatternMemory[tuple[int, np.ndarray]] = PatternMemory()

REMEMBERED = 2**18
"""Pairs up to which components are kept, for when a graph is solved again: eight take 50 MB at most. Finding them takes
0.3 ms of a small graph's 1, most of it the making of SciPy's matrices."""


def joined_variables(i: np.ndarray, j: np.ndarray, total: int) -> tuple[int, np.ndarray]:
    """How many components pairs of variables make, and that of each of these (total,)."""
    from scipy.sparse import coo_array  # here: `import raphson` does without scipy.sparse
    from scipy.sparse.csgraph import connected_components

    count, label = connected_components(coo_array((np.ones(i.size), (i, j)), (total, total)), directed=False)
    return int(count), label


def anchored(graph: FactorGraph) -> tuple[FactorGraph, tuple[str, ...]]:
    """The graph with one variable held in each component that nothing holds: no factor of a single variable, no frozen
    one. It is the first of those with the most freedom, a pose before a landmark. Variables that no factor touches are
    held as well; where the `gauge` is "free", these alone.
    """
    all_of = members(graph)
    frozen = np.concatenate([v.frozen for v in graph.variables.values()])
    freedom = np.concatenate([np.full(len(v), v.freedom) for v in graph.variables.values()])
    holds = np.zeros(all_of.count, bool)
    holds[all_of.label[frozen | all_of.alone]] = True
    order = np.lexsort((np.arange(all_of.total), -freedom, all_of.label))
    heads = order[np.unique(all_of.label[order], return_index=True)[1]]
    heads = heads[~holds[all_of.label[heads]]]
    if graph.gauge == "free":
        heads = heads[~all_of.touched[heads]]
    frozen[heads] = True
    new = {}
    for name, v in graph.variables.items():
        start = all_of.first[name]
        new[name] = replace(v, frozen=frozen[start : start + len(v)])
    joined, lonely = heads[all_of.touched[heads]], heads[~all_of.touched[heads]]
    notes = []
    if joined.size == 1:
        notes.append(f"nothing fixes the frame: {all_of.named(joined)} is held where it is")
    elif joined.size:
        which = f"one variable of each is held, {all_of.named(joined)}"
        notes.append(f"nothing fixes the frames of {joined.size} components: {which}")
    if lonely.size:
        notes.append(f"no factor touches {lonely.size} variables, which stay where they are: {all_of.named(lonely)}")
    return replace(graph, variables=new), tuple(notes)

"""From a factor graph to a least-squares problem: unknowns, gauge, and the pattern of J'J. On the host, array code."""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.product import Product
from raphson.linear.blocks import block_structure
from raphson.problems.least_squares import LeastSquares
from raphson.problems.loss import Loss, linear
from raphson.slam.eliminate import elimination_choice, graph_jacobian
from raphson.slam.graph import FactorGraph, Factors
from raphson.slam.problem import GraphData, GraphHessian, GraphResiduals, Group, Kind
from raphson.slam.robust import FactorLoss


@dataclass(frozen=True)
class Prepared:
    """A graph as a problem and its start; `free`, by type, the rows of its unknowns; `notes` on what was held; `solver`: how
    its steps are solved, and why."""

    problem: LeastSquares
    x: dict[str, Any]
    graph: FactorGraph
    free: dict[str, np.ndarray]
    notes: tuple[str, ...]
    solver: str

    def values(self, x: dict[str, Any]) -> dict[str, np.ndarray]:
        """All variables by type, the unknowns at x and the others where they are held."""
        found = {}
        for name, v in self.graph.variables.items():
            found[name] = np.array(v.values)
            if name in x:
                found[name][self.free[name]] = np.asarray(x[name])
        return found


def prepare_graph(graph: FactorGraph, loss: Loss | None = None, linear_solver: str = "auto") -> Prepared:
    """The problem of a graph: free variables are unknowns, held ones are data. ValueError where nothing is unknown.

    `linear_solver` as in `optimize`.
    """
    if not graph.factors:
        raise ValueError("the graph has no factors: nothing is known of its variables")
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
        groups.append(Group(tuple(jnp.asarray(a, jnp.int32) for a in rows), measured, jnp.asarray(f.roots)))
    choice = elimination_choice(graph, free, linear_solver)
    structure = block_structure(columns, [f.roots.shape[-1] for f in graph.factors], n)
    held = {name: jnp.asarray(v.values[v.frozen]) for name, v in graph.variables.items()}
    spaces = {name: v.space for name, v in graph.variables.items()}
    x = {name: jnp.asarray(v.values[free[name]]) for name, v in graph.variables.items() if free[name].size}
    problem = LeastSquares(
        GraphResiduals(tuple(Kind(f.residual, f.types) for f in graph.factors)),
        (GraphData(held, spaces, tuple(groups)),),
        FactorLoss(loss or Loss(linear), tuple((len(f), f.roots.shape[-1]) for f in graph.factors)),  # type: ignore[arg-type]
        Product({name: spaces[name] for name in x}), GraphHessian(structure),
        graph_jacobian(graph, structure, columns, first, free, n, choice),
    )  # fmt: skip
    return Prepared(problem, x, graph, free, notes, choice.why)


def columns_of(graph: FactorGraph, f: Factors, rows: list[np.ndarray], free: Any, first: Any) -> np.ndarray:
    """The unknowns of each factor (m, w): columns of J, -1 for those of held variables."""
    found = []
    for row, name in zip(rows, f.types, strict=True):
        k = graph.variables[name].freedom
        own = first[name] + row[:, None] * k + np.arange(k)
        found.append(np.where((row < len(free[name]))[:, None], own, -1))
    return np.concatenate(found, axis=1)


def anchored(graph: FactorGraph) -> tuple[FactorGraph, tuple[str, ...]]:
    """The graph with one variable held in each component that nothing holds: no factor of a single variable, no frozen
    one. It is the first of those with the most freedom, a pose before a landmark. Variables that no factor touches are
    held as well; where the `gauge` is "free", these alone.
    """
    from scipy.sparse import coo_array  # here: `import raphson` does without scipy.sparse
    from scipy.sparse.csgraph import connected_components

    names, first, total = list(graph.variables), {}, 0
    for name in names:
        first[name], total = total, total + len(graph.variables[name])
    at = [f.rows + np.array([first[name] for name in f.types]) for f in graph.factors]
    i = np.concatenate([np.repeat(a[:, 0], a.shape[1]) for a in at])
    count, label = connected_components(coo_array((np.ones(i.size), (i, np.concatenate([a.ravel() for a in at]))), (total, total)))
    holds = np.zeros(count, bool)
    for a in at:
        if a.shape[1] == 1:
            holds[label[a[:, 0]]] = True
    frozen = np.concatenate([v.frozen for v in graph.variables.values()])
    holds[label[frozen]] = True
    freedom = np.concatenate([np.full(len(v), v.freedom) for v in graph.variables.values()])
    order = np.lexsort((np.arange(total), -freedom, label))
    heads = order[np.unique(label[order], return_index=True)[1]]
    touched = np.zeros(total, bool)
    touched[np.concatenate([a.ravel() for a in at])] = True
    heads = heads[~holds[label[heads]] & ~(touched[heads] & (graph.gauge == "free"))]
    if not heads.size:
        return graph, ()
    frozen[heads] = True
    new = {name: replace(v, frozen=frozen[first[name] : first[name] + len(v)]) for name, v in graph.variables.items()}
    notes = [note for which, note in ((touched[heads], joined_note), (~touched[heads], lonely_note)) if which.any() for note in [note(names, first, heads[which])]]
    return replace(graph, variables=new), tuple(notes)


def named(names: list[str], first: dict[str, int], heads: np.ndarray) -> str:
    """The first few of these variables by type and row."""
    said = []
    for k in heads[:3]:
        name = [name for name in names if first[name] <= k][-1]
        said.append(f"{name} {k - first[name]}")
    return ", ".join(said) + (" and others" if len(heads) > 3 else "")


def joined_note(names: list[str], first: dict[str, int], heads: np.ndarray) -> str:
    """On the gauge."""
    if heads.size == 1:
        return f"nothing fixes the frame: {named(names, first, heads)} is held where it is"
    return f"nothing fixes the frames of {heads.size} components: one variable of each is held, {named(names, first, heads)}"


def lonely_note(names: list[str], first: dict[str, int], heads: np.ndarray) -> str:
    """On variables without a factor."""
    return f"no factor touches {heads.size} variables, which stay where they are: {named(names, first, heads)}"

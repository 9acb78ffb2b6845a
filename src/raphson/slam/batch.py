"""`optimize_many`: many small graphs of one structure, solved side by side in one compiled program."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.controls.nielsen import Nielsen
from raphson.fit.residuals import read_loss
from raphson.kernel.status import Status
from raphson.problems.least_squares import LeastSquares
from raphson.slam.graph import FactorGraph
from raphson.slam.graph_file import GraphFile
from raphson.slam.optimize import FIRST
from raphson.slam.prepare import Prepared, prepare_graph
from raphson.solver.answer import Solution, solve
from raphson.solver.presets import RESIDUAL_PRESETS
from raphson.solver.step import Method
from raphson.solver.stop import Stop

MOST_UNKNOWNS = 200
"""Unknowns of one graph. J of each is a dense matrix with a QR for each trial, which keeps all digits: 3.7, 10 and 53
ms of processor time a graph of 57, 117 and 237 unknowns, where a single `optimize` with certificate takes 22 to 26."""

TO_THE_END = Stop(tolerance=4e-16, max_steps=500)
"""Loops end at the noise of the residuals, as those of fits, or after the steps that `optimize` has: all lanes wait for
the slowest."""


@dataclass(frozen=True, eq=False)
class ManyGraphs:
    """The answers of B graphs: `values` of all variables by type (B, N, ...), `costs` (B,), 1/2 sum e' Omega e or of
    the loss, `status` (B,) and `steps` (B,) of the loops. No certificate: `optimize` of a single graph has one."""

    values: dict[str, np.ndarray]
    costs: np.ndarray
    status: np.ndarray
    steps: np.ndarray

    @property
    def converged(self) -> np.ndarray:
        """Which loops ended at a minimum, as far as a loop can tell (B,)."""
        return np.isin(self.status, (Status.CONVERGED, Status.NOISE))


def optimize_many(graphs: Sequence[FactorGraph | GraphFile], loss: Any = "linear", scale: float = 1.0) -> ManyGraphs:
    """Solves many small graphs by one `vmap` of a Levenberg-Marquardt loop with dense matrices, each from its values.

    They must have the same types of variables, as many of each, as many of these held, and the same kinds of factors
    (functions, in this order), as many of each. Values, measurements, noise, and which variables a factor is of, may
    differ. loss and scale as in `optimize`. ValueError for graphs of which one differs, with what, and for more than
    200 unknowns, from where `optimize` of each is faster.
    """
    if not len(graphs):
        raise ValueError("there are no graphs")
    wanted = read_loss(loss, scale, np.dtype(float), [])
    whole = [FactorGraph.of(graph) for graph in graphs]
    empty = [k for k, graph in enumerate(whole) if not graph.factors]
    if empty:
        raise ValueError(f"graph {empty[0]} has no factors: nothing is known of its variables")
    every = [prepare_graph(graph, wanted, "cholmod") for graph in whole]
    for k, one in enumerate(every[1:], 1):
        why = difference(every[0], one)
        if why:
            raise ValueError(f"graph {k} differs from graph 0: {why}; solve graphs of different structure one by one")
    unknowns = every[0].problem.space.size(every[0].x)
    if unknowns > MOST_UNKNOWNS:
        raise ValueError(
            f"graphs with {unknowns} unknowns are faster one by one, by `optimize`: here each J is a dense matrix"
        )
    data, x = stacked([(one.problem.data, one.x) for one in every])
    problem = replace(every[0].problem, data=data, sparsity=None, jacobian_sparsity=None)
    found = lanes(problem, replace(RESIDUAL_PRESETS["lm"], control=Nielsen(first=FIRST), stop=TO_THE_END), x)
    end = {name: np.asarray(a) for name, a in found.x.items()}
    each = [one.values({name: a[k] for name, a in end.items()}) for k, one in enumerate(every)]
    return ManyGraphs(
        {name: np.stack([values[name] for values in each]) for name in each[0]},
        np.asarray(found.value), np.asarray(found.status), np.asarray(found.steps),
    )  # fmt: skip


@jax.jit
def lanes(problem: LeastSquares, method: Method, x: Any) -> Solution:
    """The solutions of a problem whose data, and x, have a leading axis."""
    return jax.vmap(lambda data, x: solve(replace(problem, data=data), method, x))(problem.data, x)


def stacked(trees: list[Any]) -> Any:
    """Equal structures as one, with a leading axis."""
    return jax.tree.map(lambda *a: jnp.asarray(np.stack(a)), *trees)


def difference(a: Prepared, b: Prepared) -> str:
    """What two graphs do not have in common; "" where one program serves both."""
    if list(a.graph.variables) != list(b.graph.variables):
        return f"it has variables {', '.join(map(repr, b.graph.variables))}"
    for name, v in a.graph.variables.items():
        w, free = b.graph.variables[name], len(b.free[name])
        if w.values.shape != v.values.shape or type(w.space) is not type(v.space):
            return f"it has {len(w)} variables {name!r}, {w.values.shape[1:]} on {type(w.space).__name__}"
        if free != len(a.free[name]):
            return f"{len(w) - free} of its variables {name!r} are held, not {len(v) - len(a.free[name])}"
    if len(a.graph.factors) != len(b.graph.factors):
        return f"it has {len(b.graph.factors)} kinds of factors, not {len(a.graph.factors)}"
    for f, g in zip(a.graph.factors, b.graph.factors, strict=True):
        if f.kind != g.kind or len(f) != len(g):
            said = f"{len(g)} {g.residual.__name__}({', '.join(g.types)})"
            return f"it has factors {said}, not {len(f)} {f.residual.__name__}({', '.join(f.types)})"
    return ""

"""`FactorGraph`: variables by type, factors by kind, all in arrays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import numpy as np

from raphson.kernel.product import Product
from raphson.linear.blocks import block_structure
from raphson.problems.least_squares import LeastSquares
from raphson.problems.loss import Loss, linear
from raphson.slam.problem import GraphHessian, GraphJacobian, GraphResiduals, Group, Kind


@dataclass(frozen=True)
class Variables:
    """All variables of a type: where they live, their values (N, ...), and which are no unknowns (N,)."""

    space: Any
    values: np.ndarray
    frozen: np.ndarray

    @property
    def freedom(self) -> int:
        """Numbers of a step of one variable."""
        return self.space.size(self.values[0])


@dataclass(frozen=True)
class Factors:
    """All factors of a kind, as they were handed over; `roots` (m, d, d): information = root'root."""

    residual: Callable[..., Any]
    types: tuple[str, ...]
    rows: np.ndarray
    measurements: Any
    roots: np.ndarray


@dataclass
class FactorGraph:
    """A graph of variables and of factors: what is known of few variables each.

    The cost is 1/2 sum |root e|^2 over all factors.
    """

    variables: dict[str, Variables] = field(default_factory=dict)
    factors: list[Factors] = field(default_factory=list)

    def add_variables(self, name: str, space: Any, values: Any, frozen: Any = None) -> None:
        """Variables of a type by `name`: their space, first values (N, ...), and which are held (N,), a mask."""
        values = np.array(values, float)
        held = np.zeros(len(values), bool) if frozen is None else np.array(frozen, bool)
        self.variables[name] = Variables(space, values, held)

    def add_factors(
        self, residual: Callable[..., Any], types: str | Sequence[str], rows: Any, measurements: Any = None,
        information: Any = None,
    ) -> None:  # fmt: skip
        """Factors of a kind: residual(x_1, ..., x_k, measurement) -> (d,), a function of single variables of these
        types; `rows` (m, k) which variables, by their place in their type; measurements (m, ...); information (d, d),
        or (m, d, d) of each."""
        types = (types,) if isinstance(types, str) else tuple(types)
        rows = np.array(rows, np.int64).reshape(-1, len(types))
        omega = np.asarray(information, float)
        roots = np.swapaxes(np.linalg.cholesky(np.broadcast_to(omega, (len(rows), *omega.shape[-2:]))), -1, -2)
        self.factors.append(Factors(residual, types, rows, measurements, roots))


@dataclass(frozen=True)
class Prepared:
    """A graph as a problem, its start, and the order of its variables: by type the places of the free ones."""

    problem: LeastSquares
    x: dict[str, Any]
    free: dict[str, np.ndarray]


def prepare_graph(graph: FactorGraph, loss: Any = None) -> Prepared:
    """The problem of a graph: free variables are unknowns, held ones are data. On the host, by array code."""
    free = {name: np.flatnonzero(~v.frozen) for name, v in graph.variables.items()}
    first, place, n = {}, {}, 0
    for name in sorted(graph.variables):  # the order in which JAX flattens a dict
        v = graph.variables[name]
        order = np.concatenate([free[name], np.flatnonzero(v.frozen)])
        place[name] = np.empty(len(v.values), np.int64)
        place[name][order] = np.arange(len(order))
        first[name], n = n, n + len(free[name]) * v.freedom
    columns, groups, kinds = [], [], []
    for f in graph.factors:
        spaces = tuple(graph.variables[name].space for name in f.types)
        rows = [place[name][f.rows[:, k]] for k, name in enumerate(f.types)]
        columns.append(columns_of(graph, f, rows, free, first))
        groups.append(Group(tuple(jnp.asarray(a, jnp.int32) for a in rows), f.measurements, jnp.asarray(f.roots)))
        kinds.append(Kind(f.residual, f.types, spaces))
    structure = block_structure(columns, [f.roots.shape[-1] for f in graph.factors], n)
    held = {name: jnp.asarray(v.values[v.frozen]) for name, v in graph.variables.items()}
    x = {name: jnp.asarray(v.values[free[name]]) for name, v in graph.variables.items() if free[name].size}
    problem = LeastSquares(
        GraphResiduals(tuple(kinds)), (held, tuple(groups)), Loss(linear) if loss is None else loss,
        Product({name: graph.variables[name].space for name in x}),
        GraphHessian(structure), GraphJacobian(structure),
    )  # fmt: skip
    return Prepared(problem, x, free)


def columns_of(graph: FactorGraph, f: Factors, rows: list[np.ndarray], free: Any, first: Any) -> np.ndarray:
    """The unknowns of each factor (m, w): columns of J, -1 for those of held variables."""
    found = []
    for row, name in zip(rows, f.types, strict=True):
        k = graph.variables[name].freedom
        own = first[name] + row[:, None] * k + np.arange(k)
        found.append(np.where((row < len(free[name]))[:, None], own, -1))
    return np.concatenate(found, axis=1)

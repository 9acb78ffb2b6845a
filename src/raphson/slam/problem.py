"""A factor graph as residuals: every kind of factor is one call over arrays, derivatives are blocks of its own."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.record import record, static
from raphson.linear.blocks import BlockStructure, Blocks
from raphson.linear.structure import SparseStructure

Array = jax.Array


@dataclass(frozen=True)
class Kind:
    """Factors of one kind: `residual(x_1, ..., x_k, measurement) -> (d,)` of one factor, of variables of these `types`
    in these `spaces`."""

    residual: Callable[..., Any]
    types: tuple[str, ...]
    spaces: tuple[Any, ...]

    def whitened(self, points: tuple[Any, ...], measurement: Any, root: Array) -> Array:
        """The residual of one factor (d,) in units of its noise: root'root is the information."""
        e = self.residual(*points) if measurement is None else self.residual(*points, measurement)
        return root @ jnp.ravel(jnp.asarray(e))

    def at(self, points: tuple[Any, ...], measurement: Any, root: Array) -> Callable[[Array], Array]:
        """The same after a step (w,) of all its variables."""

        def stepped(s: Array) -> Array:
            moved, start = [], 0
            for space, point in zip(self.spaces, points, strict=True):
                end = start + space.size(point)
                moved.append(space.retract(point, s[start:end]))
                start = end
            return self.whitened(tuple(moved), measurement, root)

        return stepped

    def zero(self, points: tuple[Any, ...]) -> Array:
        """The step of all its variables that goes nowhere (w,)."""
        return jnp.concatenate([space.zero(point) for space, point in zip(self.spaces, points, strict=True)])

    def linearized(self, points: tuple[Any, ...], measurement: Any, root: Array) -> tuple[Array, Array]:
        """The residual of one factor (d,) and its Jacobian (d, w)."""
        zero = self.zero(points)
        r, push = jax.linearize(self.at(points, measurement, root), zero)
        return r, jax.vmap(push, out_axes=1)(jnp.eye(zero.size, dtype=zero.dtype))

    def bent(self, points: tuple[Any, ...], measurement: Any, root: Array, r: Array) -> Array:
        """What a factor's second derivatives add to J'J (w, w): those of r'e(s) at 0, r held."""
        weighed = lambda s: r @ self.at(points, measurement, root)(s)
        return jax.hessian(weighed)(self.zero(points))


@record
class Group:
    """The numbers of all factors of a kind: `rows` (m,) into the free variables of each type, those held behind them;
    measurements (m, ...) or None; `roots` (m, d, d) of their information."""

    rows: tuple[Array, ...]
    measurements: Any
    roots: Array


@dataclass(frozen=True)
class GraphResiduals:
    """All residuals of a graph at its free variables x, a dict of arrays by type: a list of (m, d) by kind. `held`:
    variables that are no unknowns, by type."""

    kinds: tuple[Kind, ...]

    def __call__(self, x: Any, held: Any, groups: tuple[Group, ...]) -> list[Array]:
        found = self.points(x, held, groups)
        parts = zip(self.kinds, groups, found, strict=True)
        return [jax.vmap(kind.whitened)(at, group.measurements, group.roots) for kind, group, at in parts]

    def points(self, x: Any, held: Any, groups: tuple[Group, ...]) -> list[tuple[Any, ...]]:
        """The variables of every factor, by kind."""
        whole = {name: jnp.concatenate([x[name], a]) if name in x else a for name, a in held.items()}
        taken = lambda name, rows: whole[name].at[rows].get(mode="promise_in_bounds")
        return [
            tuple(taken(name, rows) for name, rows in zip(kind.types, group.rows, strict=True))
            for kind, group in zip(self.kinds, groups, strict=True)
        ]

    def blocks(self, x: Any, held: Any, groups: tuple[Group, ...]) -> tuple[Array, Blocks]:
        """All residuals (m,) and the blocks of J (m, d, w) by kind."""
        found = self.points(x, held, groups)
        parts = zip(self.kinds, groups, found, strict=True)
        both = [jax.vmap(kind.linearized)(at, group.measurements, group.roots) for kind, group, at in parts]
        return jnp.concatenate([jnp.ravel(r) for r, _ in both]), tuple(J for _, J in both)


@record
class GraphJacobian:
    """The blocks of J of a problem of `GraphResiduals` (`JacobianSparsity` in calculus/colored.py is the other)."""

    structure: BlockStructure

    def jacobian(self, problem: Any, x: Any) -> tuple[Array, Blocks]:
        """All residuals (m,) and the blocks."""
        return problem.residual.blocks(x, *problem.data)


@record
class GraphHessian:
    """The Hessian of such a problem from blocks of second derivatives, on the pattern of J'J."""

    blocks: BlockStructure
    direct: bool = static(default=True)

    @property
    def structure(self) -> SparseStructure:
        """Where its entries lie."""
        return self.blocks.normal

    @property
    def colors(self) -> int:
        """Products that give all entries: those along the unknowns of one factor."""
        return max(c.shape[1] for c in self.blocks.columns)

    def hessian(self, problem: Any, x: Any) -> tuple[Array, Array, Array]:
        """f, gradient (n,) and the entries of H."""
        graph, p = problem.residual, self.blocks
        r, J = graph.blocks(x, *problem.data)
        q, root = problem.loss.corrected(r)
        slope = p.transposed(p.over_rows(J, root), q)
        groups = problem.data[1]
        parts = zip(graph.kinds, groups, graph.points(x, *problem.data), p.of_rows(root * q), strict=True)
        bends = [jax.vmap(kind.bent)(at, g.measurements, g.roots, a) for kind, g, at, a in parts]
        own = [jnp.einsum("fda,fdb->fab", B, B) for B in p.over_rows(J, root)]
        return problem.loss.cost(r), slope, p.placed(tuple(a + b for a, b in zip(own, bends, strict=True)))

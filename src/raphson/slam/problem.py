"""A factor graph as residuals: every kind of factor is one call over arrays, derivatives are blocks of its own."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.kernel.record import record, static
from raphson.linear.blocks import BlockEntries, BlockStructure
from raphson.linear.elimination import Elimination
from raphson.linear.structure import SparseStructure
from raphson.linear.sums import taken
from raphson.operators.schur_gram import SchurGram
from raphson.operators.sparse_gram import SparseGram
from raphson.slam.errors import difference_of

Array = jax.Array


@dataclass(frozen=True)
class FactorKind:
    """Factors of one kind: `residual(x_1, ..., x_k, measurement) -> (d,)` of one factor, of variables of these types.

    Structure, and so no spaces: these come with the numbers.
    """

    residual: Callable[..., Any]
    types: tuple[str, ...]


@record
class Group:
    """The numbers of all factors of a kind: `rows` (m,) into the variables of each type, the held ones behind the free
    ones; `measurements` (m, ...), any structure of arrays or None; `roots` (m, d, d) of their information."""

    rows: tuple[Array, ...]
    measurements: Any
    roots: Array


@record
class GraphData:
    """What a graph knows beside its unknowns: variables that are `held` and `spaces`, by type, and `groups` by kind."""

    held: dict[str, Array]
    spaces: dict[str, Any]
    groups: tuple[Group, ...]


@record
class Factor:
    """One factor: its variables in their spaces, its measurement, and the root of its information."""

    points: tuple[Any, ...]
    spaces: tuple[Any, ...]
    measurement: Any
    root: Array
    residual: Callable[..., Any] = static()

    def error(self, points: tuple[Any, ...]) -> Array:
        """The residual (d,) in units of its noise: root'root is the information."""
        return self.root @ self.raw(*points)

    def raw(self, *points: Any) -> Array:
        """The residual (d,) as it is."""
        given = () if self.measurement is None else (self.measurement,)
        return jnp.ravel(jnp.asarray(self.residual(*points, *given)))

    def plain(self) -> Array:
        """The same at its variables."""
        return self.error(self.points)

    def stepped(self, s: Array) -> Array:
        """The same after a step (w,) of all its variables."""
        moved, start = [], 0
        for space, point in zip(self.spaces, self.points, strict=True):
            end = start + space.size(point)
            moved.append(space.retract(point, s[start:end]))
            start = end
        return self.error(tuple(moved))

    def zero(self) -> Array:
        """The step of all its variables that goes nowhere (w,)."""
        return jnp.concatenate([space.zero(point) for space, point in zip(self.spaces, self.points, strict=True)])

    def linearized(self) -> tuple[Array, Array]:
        """The residual (d,) and its Jacobian (d, w): by rows where these are fewer."""
        known = difference_of(self.residual)
        if known is not None and all(type(own) is type(known[0]) for own in self.spaces):
            return self.plain(), self.chained(*known)
        if all(space.straight or hasattr(space, "frame") for space in self.spaces):
            return self.framed()
        zero = self.zero()
        if self.root.shape[0] < zero.size:
            r, pull = jax.vjp(self.stepped, zero)
            return r, jax.vmap(lambda w: pull(w)[0])(jnp.eye(r.size, dtype=r.dtype))
        r, push = jax.linearize(self.stepped, zero)
        return r, jax.vmap(push, out_axes=1)(jnp.eye(zero.size, dtype=zero.dtype))

    def framed(self) -> tuple[Array, Array]:
        """The same by the numbers of the variables, times how these move with a step: no step is differentiated. By
        rows where these are fewer than half the numbers: a factor of a user's on city10000, three rows by six numbers,
        takes 7.0 ms by rows and 2.9 by columns."""
        d, width = self.root.shape[0], sum(np.size(point) for point in self.points)
        if 2 * d < width:
            r, pull = jax.vjp(self.raw, *self.points)
            by = jax.vmap(pull)(jnp.eye(d, dtype=r.dtype))
        else:
            r, by = self.raw(*self.points), jax.jacfwd(self.raw, tuple(range(len(self.points))))(*self.points)
        parts = [a.reshape(d, -1) for a in by]
        moved = zip(self.spaces, self.points, parts, strict=True)
        blocks = [a if space.straight else in_columns(a, space.frame(point)) for space, point, a in moved]
        return self.root @ r, self.root @ jnp.concatenate(blocks, axis=1)

    def chained(self, space: Any, of: Callable[..., Any]) -> Array:
        """The Jacobian (d, w) of an error of(z^-1 a^-1 b) of two poses (see `errors.of_difference`)."""
        a, b = self.points
        apart = space.between(a, b)
        seen = space.between(self.measurement, apart)
        _, push = jax.linearize(of, seen)
        by_b = self.root @ jax.vmap(push, 1, 1)(space.frame(seen))
        return jnp.concatenate([-in_columns(by_b, space.carried_back(apart)), by_b], axis=1)

    def slope(self, weight: Array, s: Array) -> Array:
        """The gradient of weight'error by a step s (w,), for a weight (d,)."""
        return jax.grad(lambda s: weight @ self.stepped(s))(s)


def in_columns(A: Array, B: Array) -> Array:
    """A B of small matrices, written out: of 9000 pairs in space XLA takes 3.4 ms for all blocks with it
    and 5.7 with a second batch of matrix products."""
    return functools.reduce(jnp.add, [A[:, k, None] * B[k] for k in range(B.shape[0])])


def in_rows(a: Array, A: Array) -> Array:
    """a'A of many vectors (m, d) and matrices (m, d, e), written out as `in_columns`."""
    return functools.reduce(jnp.add, [a[:, k, None] * A[:, k] for k in range(A.shape[1])])


def linearized_factors(residual: Callable[..., Any], spaces: tuple[Any, ...], *given: Any) -> tuple[Array, Array]:
    """The residuals (m, d) and blocks of J (m, d, w) of factors of a kind: `given` are points, measurements, roots."""
    points, measurements, roots = given
    return jax.vmap(Factor.linearized)(Factor(points, spaces, measurements, roots, residual))


def bends(factors: Factor, weights: Array) -> Array:
    """The second derivatives of weight'error of all factors of a kind (m, w, w), for weights (m, d)."""
    known = difference_of(factors.residual)
    if known is not None and all(type(own) is type(known[0]) for own in factors.spaces):
        return difference_bends(factors, weights, *known)
    zero = jax.vmap(Factor.zero)(factors)
    return bent_along(lambda s: jax.vmap(Factor.slope)(factors, weights, s), zero)


def bent_along(slopes: Callable[[Array], Array], zero: Array) -> Array:
    """The derivatives (m, w, w) of slopes (m, w) by steps (m, w), from these.

    One direction after another for all factors: 24 ms in place of 52 for all directions at once (5000 pairs of poses in
    space), where intermediate numbers leave the cache, and less to compile.
    """
    along = lambda e: jax.jvp(slopes, (zero,), (jnp.broadcast_to(e, zero.shape),))[1]
    H = jnp.moveaxis(lax.map(along, jnp.eye(zero.shape[1], dtype=zero.dtype)), 0, 2)
    return (H + jnp.swapaxes(H, 1, 2)) / 2


def difference_bends(factors: Factor, weights: Array, space: Any, of: Callable[..., Any]) -> Array:
    """The same of errors of(z^-1 a^-1 b) of two poses (see `errors.of_difference`): from the derivatives K by one step
    of the difference, half as many directions of a simpler function.

    The step of a^-1 b that steps p of a and s of b make is, to second order, s - A p + 1/2 (A P(p, p) + P(A p, A p))
    - P(A p, s), with A = Ad(b^-1 a) and P what `twice` says of two steps in a row.
    """
    apart = space.between(*factors.points)
    seen = space.between(factors.measurement, apart)
    zero, turned = jnp.zeros((*weights.shape[:1], space.freedom), weights.dtype), in_rows(weights, factors.root)
    height = lambda s, at, w: w @ of(space.retract(at, s))
    slopes = lambda s: jax.vmap(jax.grad(height))(s, seen, turned)
    return jax.vmap(lambda *given: of_both(space, *given))(apart, slopes(zero), bent_along(slopes, zero))


def of_both(space: Any, apart: Array, g: Array, K: Array) -> Array:
    """The second derivatives (2 w, 2 w) by steps of two poses a, b of what has slope g (w,) and second derivatives K
    by a step of the pose `apart`, b seen from a."""
    A = space.carried_back(apart)
    G, own = space.twice(g), space.twice(g @ A)
    across = -in_columns(A.T, K + G)
    first = in_columns(in_columns(A.T, K + (G + G.T) / 2), A) + (own + own.T) / 2
    return jnp.concatenate([jnp.concatenate([first, across], 1), jnp.concatenate([across.T, K], 1)])


@dataclass(frozen=True)
class GraphResiduals:
    """All residuals of a graph at its free variables x, a dict of arrays by type: a list of (m, d) by kind."""

    kinds: tuple[FactorKind, ...]

    @property
    def smooth(self) -> bool:
        """Whether no error has kinks that certificates need to look for."""
        return all(difference_of(kind.residual) is not None for kind in self.kinds)

    def __call__(self, x: Any, data: GraphData) -> list[Array]:
        return [jax.vmap(Factor.plain)(factors) for factors in self.factors(x, data)]

    def factors(self, x: Any, data: GraphData) -> list[Factor]:
        """The factors of every kind, all in one."""
        whole = {name: jnp.concatenate([x[name], a]) if name in x else a for name, a in data.held.items()}
        found = []
        for kind, group in zip(self.kinds, data.groups, strict=True):
            rows = zip(kind.types, group.rows, strict=True)
            points = tuple(taken(whole[name], at) for name, at in rows)
            spaces = tuple(data.spaces[name] for name in kind.types)
            found.append(Factor(points, spaces, group.measurements, group.roots, kind.residual))
        return found

    def blocks(self, x: Any, data: GraphData) -> tuple[Array, BlockEntries]:
        """All residuals (m,) and the blocks of J (m, d, w) by kind."""
        both = [jax.vmap(Factor.linearized)(factors) for factors in self.factors(x, data)]
        return jnp.concatenate([jnp.ravel(r) for r, _ in both]), tuple(J for _, J in both)


@record
class GraphJacobian:
    """The blocks of J of a problem of `GraphResiduals` (`JacobianSparsity` in calculus/colored.py is the other)."""

    structure: BlockStructure

    def jacobian(self, problem: Any, x: Any) -> tuple[Array, BlockEntries]:
        """All residuals (m,) and the blocks."""
        return problem.residual.blocks(x, *problem.data)

    @property
    def exact(self) -> bool:
        """Whether steps are solved for to rounding, so that what one promises is what is left."""
        return True

    def operator(self, *parts: Any) -> SparseGram:
        """J'J of these parts."""
        return SparseGram(*parts)


@record
class EliminatedJacobian(GraphJacobian):
    """The same where groups of unknowns are eliminated from damped steps."""

    elimination: Elimination

    @property
    def exact(self) -> bool:
        """Not where the kept unknowns are had by conjugate gradients."""
        return self.elimination.way != "cg"

    def operator(self, *parts: Any) -> SparseGram:
        """J'J of these parts."""
        return SchurGram(*parts, elimination=self.elimination)


@record
class GraphHessian:
    """The Hessian of such a problem from blocks of second derivatives, on the pattern of J'J. `symmetry` as in
    `FactorGraph`."""

    blocks: BlockStructure
    direct: bool = static(default=True)
    symmetry: Any = static(default=None)

    @property
    def structure(self) -> SparseStructure:
        """Where its entries lie."""
        return self.blocks.normal

    @property
    def colors(self) -> int:
        """Products that give all entries: those along the unknowns of one factor."""
        return max(c.shape[1] for c in self.blocks.columns)

    def hessian(self, problem: Any, x: Any) -> tuple[Array, Array, Array]:
        """f, gradient (n,) and the entries of H: of J' W J, W the second derivatives of the loss, and of the bends of
        all errors, weighed by its first ones."""
        graph, p, loss = problem.residual, self.blocks, problem.loss
        r, J = graph.blocks(x, *problem.data)
        first = loss.weights(r)[0] * r
        parts = zip(graph.factors(x, *problem.data), p.of_rows(first), J, loss.second(r), strict=True)
        blocks = []
        for factors, weight, j, W in parts:
            blocks.append(bends(factors, weight) + jnp.einsum("fda,fde,feb->fab", j, W, j))
        return loss.cost(r), p.transposed(J, first), p.placed(tuple(blocks))

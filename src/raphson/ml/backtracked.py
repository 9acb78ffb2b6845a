"""The path of Hessian-free training: damped conjugate gradients, walked back to where the batch's risk is least."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.kernel.number import norm, safe
from raphson.kernel.record import record, static
from raphson.linear.cg import ROOM, row_of
from raphson.model.quadratic import Model
from raphson.paths.proposal import DAMPING, Proposal, proposal

Array = jax.Array

GROWTH = 1.3
"""Points of conjugate gradients are kept after 1.3^j products: those between are near to one of them (Martens 2010)."""

EXPONENT = 0.75
"""The preconditioner is (diag F + lambda)^0.75, milder than the diagonal itself (Martens 2010, section 4.7)."""


RESIDUALS = 16
"""Residuals that a new one is made orthogonal to at a time: those that are not there yet cost little."""


def residual_rows(most: int, size: int, itemsize: int) -> int:
    """Residuals that are kept: all of them, a multiple of `RESIDUALS`; the first ones alone where memory is short."""
    room = max(ROOM // max(size * itemsize, 1), 2)
    return min(room, RESIDUALS) if room < RESIDUALS else min(room, most + RESIDUALS) // RESIDUALS * RESIDUALS


def made_orthogonal(r: Array, Q: Array, count: Array, inverse: Callable[[Array], Array]) -> Array:
    """A residual without its parts along the first `count` of those before (rows Q, of length 1 by the preconditioner),
    of which rounding leaves more and more. 1e-16 in the first product was 4e-5 of the point after 15 of a matrix of
    condition 58, and is 2e-15 so; in exact arithmetic it is 8e-16."""
    block = min(RESIDUALS, len(Q))

    def one(j: Array, r: Array) -> Array:
        rows = lax.dynamic_slice_in_dim(Q, j * block, block)
        return r - (rows @ inverse(r)) @ rows

    return lax.fori_loop(0, (jnp.minimum(count, len(Q)) + block - 1) // block, one, r)


def kept_after(most: int, size: int, itemsize: int) -> np.ndarray:
    """After how many products a point is kept, ascending; the last ones alone where memory is short."""
    marks = np.unique(np.ceil(GROWTH ** np.arange(1, 1 + int(np.ceil(np.log(most) / np.log(GROWTH))))).astype(int))
    rows = max(2, ROOM // max(size * itemsize, 1))
    return marks[-rows:]


@record
class KeptPoints:
    """Points of conjugate gradients (rows, n) that were kept, the last one among them; their s'As, number, products."""

    points: Array
    bends: Array
    count: Array
    inner: Array


type Going = tuple[Array, ...]
"""What is carried: kept points, their s'As, how many, values of the quadratic, residuals, y, r, d, r'z, k, the end."""


def relative_progress(
    mv: Callable[[Array], Array], g: Array, start: Array, inverse: Callable[[Array], Array], most: int, progress: Array
) -> KeptPoints:
    """Conjugate gradients for g'y + 1/2 y'Ay from `start`, until the quadratic falls by less than `progress` of itself
    a product, over the last tenth of them (10 at least); a direction of no positive curvature ends it as well, after a
    step as long as if it were turned upwards where it is the first.

    Residuals are kept orthogonal, or devices and processes, which add in another order, would come to other points.
    Source: Martens (2010), section 4.4: phi is what is made small, so its progress and not the residual says when.
    """
    marks = jnp.asarray(kept_after(most, g.size, g.dtype.itemsize))
    rows = len(marks)

    def body(c: Going) -> Going:
        points, bends, kept, phis, Q, y, r, d, rz, k, _ = c
        # The first product is that with the start itself: one product stands in the program.
        begins = k < 0
        Ad = mv(d)
        q = d @ Ad
        upward = (q > 0) | begins
        bent = norm(d) * norm(Ad)
        alpha = jnp.where(upward, rz / safe(q, q > 0), jnp.where(k == 0, rz / safe(bent, bent > 0), 0))
        alpha = jnp.where(begins, 1, alpha)
        k = k + 1
        y, r = y + alpha * d, made_orthogonal(r - alpha * Ad, Q, k, inverse)
        z = inverse(r)
        more = r @ z
        at = jnp.minimum(k, len(Q) - 1)
        unit = jnp.where((k < len(Q)) & (more > 0), r / jnp.sqrt(safe(more, more > 0)), row_of(Q, at))
        Q = lax.dynamic_update_index_in_dim(Q, unit, at, 0)
        phi = 0.5 * y @ (g - r) * jnp.ones((), g.dtype)
        phis = phis.at[k].set(phi)
        gap = jnp.maximum(10, k // 10)
        slow = (k > gap) & (phi < 0) & (phi - phis[jnp.maximum(k - gap, 0)] > gap * progress * phi)
        worse = ~begins & ~(phi < phis[jnp.maximum(k - 1, 0)])
        done = slow | ~upward | ~(more > 0) | worse | (k >= most)
        # A last point that is none of the marks takes a row as well.
        due = jnp.any(marks == k) | done
        at = jnp.minimum(kept, rows)
        points = lax.dynamic_update_index_in_dim(points, jnp.where(due, y, row_of(points, at)), at, 0)
        bends = bends.at[at].set(jnp.where(due, -y @ (g + r), bends[at]))
        onward = z + jnp.where(begins, 0, more / safe(rz, rz > 0)) * d
        return points, bends, kept + due, phis, Q, y, r, onward, more, k, done

    none, one = jnp.zeros((), jnp.int32), jnp.ones((), g.dtype)
    first = (
        jnp.zeros((rows + 1, *g.shape), g.dtype), jnp.zeros((rows + 1,), g.dtype), none,
        jnp.zeros((most + 1,), g.dtype), jnp.zeros((residual_rows(most, g.size, g.dtype.itemsize), *g.shape), g.dtype),
        0 * g, -g, start, one, none - 1, jnp.zeros((), bool),
    )  # fmt: skip
    points, bends, kept, *_, k, _ = lax.while_loop(lambda c: ~c[-1], body, first)
    return KeptPoints(points, bends, jnp.minimum(kept, rows + 1), k + 1)


def walked_back(value: Callable[[Array], Array], found: KeptPoints) -> Array:
    """The number of the last point, or of the latest kept before it up to which the value falls.

    Source: Martens (2010), section 4.6: a point of conjugate gradients may lie beyond where the model is right.
    """

    def better(c: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
        chosen, f, j, _ = c
        there = value(row_of(found.points, j))
        fine = (j == found.count - 1) | (there < f) | ~jnp.isfinite(f)
        return jnp.where(fine, j, chosen), jnp.where(fine, there, f), j - 1, ~fine

    last, infinite = found.count - 1, jnp.full_like(found.bends[0], jnp.inf)
    return lax.while_loop(lambda c: ~c[3] & (c[2] >= 0), better, (last, infinite, last, jnp.zeros((), bool)))[0]


@record
class Backtracked:
    """s(lambda): -(B + lambda D^2)^-1 g by conjugate gradients that begin at the last step, cut by relative progress,
    and of their points the one where the batch's risk is least. tau = 1/lambda.

    Every lambda is solved for anew. `progress`: that of the quadratic in a product, below which it ends; `most`:
    products at most; `preconditioned`: by the squares of single examples' gradients, to the power 3/4.
    Source: Martens (2010), "Deep learning via Hessian-free optimization".
    """

    progress: Any = 5e-4
    most: int = static(default=250)
    preconditioned: bool = static(default=False)
    backtracking: bool = static(default=True)
    unit: str = static(default=DAMPING)

    def prepare(self, model: Model, tau: Array | float = 1.0) -> Model:
        """The model itself: nothing is solved before lambda is known."""
        return model

    def at(self, plan: Model, tau: Array) -> Proposal:
        """The step for lambda = 1/tau."""
        d, B, shift = plan.scale, plan.curvature, 1 / tau
        g = plan.gradient / d

        def mv(y: Array) -> Array:
            return B.mv(y / d) / d + shift * y

        weight = jnp.ones_like(g)
        if self.preconditioned:
            weight = (B.squared_gradients() / d**2 + shift) ** -EXPONENT  # type: ignore[attr-defined]
            weight = jnp.where(jnp.isfinite(weight), weight, 1)
        found = relative_progress(mv, g, d * B.last, lambda r: weight * r, self.most, self.progress)  # type: ignore[attr-defined]
        j = found.count - 1
        if self.backtracking:
            j = walked_back(lambda y: B.value_after(y / d), found)  # type: ignore[attr-defined]
        y = row_of(found.points, j)
        bend = found.bends[j] - shift * (y @ y)
        bound = shift * norm(y) > 0.1 * norm(g)
        return proposal(y / d, bound, found.inner, bend=bend)

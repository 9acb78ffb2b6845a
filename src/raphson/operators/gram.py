"""J'J, kept as J: the curvature of Gauss and Newton."""

# SciPy has no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportMissingTypeStubs=false

from dataclasses import replace
from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg import lapack

from raphson.kernel.record import record
from raphson.linear.cholesky import Factor
from raphson.linear.qr import Reduced, reduced
from raphson.linear.solve import Direction, direct
from raphson.operators.base import Operator
from raphson.problems.allowed import modes_of
from raphson.problems.modes import FORWARD

Array = jax.Array


@record
class Gram(Operator):
    """J'J with J (m, n), beside the residuals r (m,) for which the gradient is J'r.

    J'J itself loses half the digits of a badly conditioned J; what needs digits (steps, standard
    errors) works on J. `root` (m,) are the roots of the weights that J carries (robust losses).
    `problem` and `x` are there where second derivatives along a direction are wanted (`bend`).
    `rounding` is zero: the end of a fit is found by steps that no longer shrink, which costs no digits of x.
    """

    forgets: ClassVar[tuple[str, ...]] = ("problem",)
    semidefinite: ClassVar[bool] = True

    J: Array
    r: Array
    root: Array
    problem: Any = None
    x: Any = None

    @property
    def size(self) -> int:
        """Number of rows n."""
        return self.J.shape[1]

    def mv(self, v: Array) -> Array:
        """J'J v."""
        return (self.J @ v) @ self.J

    def dense(self) -> Array:
        """The matrix (n, n)."""
        return self.J.T @ self.J

    def diagonal(self) -> Array:
        """Squared lengths of the columns of J (n,)."""
        return jnp.sum(self.J * self.J, axis=0)

    def quadratic(self, s: Array) -> Array:
        """|J s|^2."""
        Js = self.J @ s
        return Js @ Js

    def finite(self) -> bool:
        """True: no entry of J or r can be infinite or NaN where every entry of J'r is finite."""
        return True

    def matrix(self) -> np.ndarray:
        """J (m, n). Host."""
        return np.asarray(self.J)

    def stiffness(self, g: Array, d: Array) -> Array:
        """The squared scale: lengths of the columns, with the memory of earlier points."""
        return d**2

    def restrict(self, held: Array, stiff: Array, room: Array) -> Self:
        """Columns of held variables zeroed, and a row for each below: J'J is what it shall be, J'r the slope."""
        J = jnp.concatenate([jnp.where(held, 0, self.J), jnp.diag(stiff)])
        r = jnp.concatenate([self.r, -stiff * room])
        return replace(self, J=J, r=r, root=jnp.concatenate([self.root, 0 * stiff]))

    def newton(self, g: Array, d: Array, error: Array | None = None) -> Direction:
        """By QR of J, which has the digits that J'J lost; the shortest step where J is rank deficient."""
        plan = self.prepare(g, d)
        return direct(plan.lift(plan.newton()))

    def newton_by(self, factor: Factor, g: Array, d: Array, error: Array | None = None) -> Array:
        """By QR again: the factor is one of J'J."""
        return d * self.newton(g, d).s

    def prepare(self, g: Array, d: Array, error: Array | None = None) -> Reduced:
        """QR of [J r]: every shift is one more QR of 2n rows, and no digit of J is lost."""
        return reduced(self.J, self.r, d)

    def against(self, plan: Reduced, r: Array) -> Reduced:
        """What `prepare` gives with other residuals (m,), in the units of that plan."""
        return reduced(self.J, r, plan.d)

    def noise(self, size: Array) -> Array:
        """How uncertain the cost is: every residual is a difference of terms of size |J| |x|."""
        return jnp.abs(self.r) @ (jnp.abs(self.J) @ size)

    def bend(self, v: Array) -> Array:
        """The second derivative of the residuals along v, (m,), weighted as J is; zero where `restrict` added rows."""
        count = self.problem.count(self.x)
        added = self.root.shape[0] - count
        # Where rows were added columns of J are missing.
        known = None if added else self.J @ v
        return jnp.pad(second_along(self.problem, self.x, self.root[:count], v, known), (0, added))


def second_along(problem: Any, x: Any, root: Array, v: Array, Jv: Array | None) -> Array:
    """The second derivative of the residuals along v, (m,), times `root`; `Jv` the first, times `root` (None: it is not
    known)."""
    space = problem.space
    zero = space.zero(x)

    def along(t: Array) -> Array:
        return problem.residuals(space.retract(x, zero + t * v))

    modes = modes_of(problem, x)
    if modes.forward and modes.second == FORWARD:

        def slope(t: Array) -> Array:
            return jax.jvp(along, (t,), (jnp.ones_like(t),))[1]

        start = jnp.zeros((), v.dtype)
        return root * jax.jvp(slope, (start,), (jnp.ones_like(start),))[1]
    # Where residuals cannot be pushed forward twice: the difference of Transtrum and Sethna (2012), h theirs.
    h = jnp.asarray(0.1, v.dtype)
    if Jv is None:  # a second difference on the way of the step
        return root * (along(2 * h) - 2 * along(h) + along(0 * h)) / h**2
    return (2 / h) * (root * (along(h) - along(0 * h)) / h - Jv)


@record
class Folded(Gram):
    """The same brought to n + 1 rows by QR of [J r], as host functions are: programs for any number of residuals.

    `level` is what `noise` was of all rows.
    """

    level: Any = 0.0

    def noise(self, size: Array) -> Array:
        """How uncertain the cost is, as it was before folding."""
        return self.level


def folded_gram(gram: Any, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[J r] brought to n + 1 rows by QR, as one vector, and the noise of the cost that all rows had."""
    J, r = np.asarray(gram.J), np.asarray(gram.r)
    m, n = J.shape
    both = np.column_stack([J, r])
    with np.errstate(all="ignore"):
        level = np.abs(r) @ (np.abs(J) @ np.abs(x))
        if not np.all(np.isfinite(both)):
            return np.full((n + 1) ** 2, np.nan), np.array([np.nan])
    out = np.zeros((n + 1, n + 1))
    out[: min(m, n + 1)] = both if m <= n + 1 else np.triu(TRIANGLES[both.dtype](both, overwrite_a=1)[0][: n + 1])
    return out.ravel(), np.array([level])


TRIANGLES = {np.dtype(np.float64): lapack.dgeqrf, np.dtype(np.float32): lapack.sgeqrf}  # type: ignore[attr-defined]
"""LAPACK's QR by precision: `np.linalg.qr` takes eight times as long for a small matrix."""

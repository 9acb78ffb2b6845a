"""diag(gamma) + U diag(c) U': limited-memory approximations."""

# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from typing import TYPE_CHECKING, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.number import all_finite
from raphson.kernel.record import record
from raphson.linear.solve import Direction, direct
from raphson.operators.base import Operator
from raphson.operators.held import Held

if TYPE_CHECKING:
    from raphson.operators.limited import Limited

Array = jax.Array


@record
class LowRank(Operator):
    """diag(gamma) + U diag(c) U', gamma a number or (n,), U of shape (n, k), k small. Columns with c = 0 are dead.

    Positive definite as L-BFGS builds it. `rounding` is zero: see `Inverted`.
    """

    semidefinite: ClassVar[bool] = True

    gamma: Array
    U: Array
    c: Array

    @property
    def size(self) -> int:
        """Number of rows n."""
        return self.U.shape[0]

    def mv(self, v: Array) -> Array:
        """B v."""
        return self.gamma * v + self.U @ (self.c * (self.U.T @ v))

    def dense(self) -> Array:
        """The matrix (n, n)."""
        return jnp.diag(self.gamma * jnp.ones_like(self.U[:, 0])) + (self.U * self.c) @ self.U.T

    def diagonal(self) -> Array:
        """The diagonal (n,)."""
        return self.gamma + jnp.sum(self.c * self.U**2, axis=1)

    def quadratic(self, s: Array) -> Array:
        """s'B s."""
        p = self.U.T @ s
        return s @ (self.gamma * s) + p @ (self.c * p)

    def finite(self) -> Array:
        """Whether gamma, U and c are finite."""
        return all_finite(self.gamma) & all_finite(self.U) & all_finite(self.c)

    def restrict(self, held: Array, stiff: Array, room: Array) -> Held:
        """As products."""
        return Held(self, held, stiff)

    def newton(self, g: Array, d: Array, error: Array | None = None) -> Direction:
        """-B^-1 g by a k x k system (Sherman, Morrison and Woodbury); dead columns left out."""
        live = self.c != 0
        root = jnp.sqrt(self.gamma) * jnp.ones_like(g)
        U, y = jnp.where(live, self.U, 0) / root[:, None], g / root
        middle = jnp.diag(1 / jnp.where(live, self.c, 1)) + U.T @ U
        return direct(-(y - U @ jnp.linalg.solve(middle, U.T @ y)) / root)

    def known_inverse(self) -> "Limited":
        """As a LinearOperator of 4 n k operations."""
        from raphson.operators.limited import Limited  # here: `import raphson` does without scipy.sparse

        U, c = np.asarray(self.U, float), np.asarray(self.c, float)
        gamma = np.broadcast_to(np.asarray(self.gamma, float), len(U))
        return Limited.of(gamma, U[:, c != 0], c[c != 0])

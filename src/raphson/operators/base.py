"""What every symmetric operator answers for itself: nobody asks one for its type."""

# pyright: reportUnknownMemberType=false

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import jax
import jax.numpy as jnp

from raphson.linear.cholesky import Factor, factorize
from raphson.linear.solve import Direction, dense_direction, direct, newton_step, product_negative
from raphson.linear.spectral import scaled_spectrum
from raphson.linear.subproblem import DenseSubproblem, Subproblem

Array = jax.Array


class Factorization(Protocol):
    """(B + shift D^2) s = -g prepared so that every `shift` is cheap; y = D s in coordinates of its own.

    `lowest` is the smallest eigenvalue of D^-1 B D^-1 (zero where it is known not to be negative), `slope` the length
    of D^-1 g.
    """

    @property
    def lowest(self) -> Array: ...
    @property
    def slope(self) -> Array: ...
    def solve(self, shift: Array) -> Array:
        """y for a shift beyond -lowest, in own coordinates; its Euclidean length is ||D s||."""
        ...

    def lift(self, y: Array) -> Array:
        """The step s (n,) of y."""
        ...


class Operator(Protocol):
    """A symmetric linear map of vectors (n,): the curvature B of a model.

    An operator is a record of `size`, `mv`, `dense`, `diagonal`, `finite` and `restrict`, and says the rest in its own
    way where it knows better than what stands here. `g` (n,) is a gradient and `d` (n,) the scale in which lengths
    are measured, ||D s||. All of it can be traced; what is decided in Python (`semidefinite`, `coupled`, None)
    belongs to the class and never to a number.
    """

    semidefinite: ClassVar[bool] = False
    """Whether no eigenvalue is negative, by construction."""

    keeps_jacobian: ClassVar[bool] = False
    """Whether the sparse J of residuals is at hand, so that a result needs no evaluation."""

    coupled: ClassVar[bool] = True
    """Whether variables may be coupled: False for a diagonal."""

    compact: ClassVar[bool] = False
    """Whether it is sparse: `values` on the pattern of a `structure`."""

    ready: ClassVar[bool] = False
    """Whether its entries lie ready, so that `rounding` costs no product."""

    @property
    def size(self) -> int:
        """Number of rows n."""
        ...

    def mv(self, v: Array) -> Array:
        """B v."""
        ...

    def dense(self) -> Array:
        """The matrix (n, n), whatever it costs."""
        ...

    def diagonal(self) -> Array:
        """The diagonal (n,)."""
        ...

    def finite(self) -> Array | bool:
        """Whether its numbers are finite, where those of the gradient beside it are."""
        ...

    def restrict(self, held: Array, stiff: Array, room: Array) -> "Operator":
        """B without the rows and columns of `held` variables (n,), and `stiff`^2 on their diagonal instead.

        `stiff` is zero for free variables. `room` (n,) is how far held ones may go: an operator that holds more than
        B changes it so that the slope of a held variable is -stiff^2 room.
        """
        ...

    def quadratic(self, s: Array) -> Array:
        """s'B s."""
        return s @ self.mv(s)

    def beside(self, own: Array, others: bool = False) -> Array:
        """The largest |B_ij| / own_j of every row (n,), where own_j > 0; only of the `others`, without the diagonal."""
        matrix = self.dense() - jnp.diag(self.diagonal()) if others else self.dense()
        return jnp.max(jnp.abs(matrix) / jnp.where(own > 0, own, jnp.inf)[None, :], axis=1)

    def rounding(self, size: Array, wanted: Array | bool = True) -> Array:
        """|B| |x|: times eps, what rounding x alone does to the gradient; zero where B says nothing about that, and
        where it is not `wanted`, if that saves something."""
        return jnp.zeros_like(size)

    def stored(self) -> Array | None:
        """The matrix (n, n) where it lies ready; None where `dense` would have to form it."""
        return None

    def doubt(self) -> Array | None:
        """A bound of the error of every entry (n, n); None where they are exact to rounding."""
        return None

    def csr(self) -> Any:
        """The matrix as a SciPy CSR array (n, n), where it is sparse; else None. Host."""
        return None

    def known_inverse(self) -> Any:
        """B^-1 as a NumPy array (n, n) or a SciPy LinearOperator, where it costs no factorization; else None. Host."""
        return None

    def remembering(self, pairs: Any) -> "Operator":
        """Itself, with the pairs that conjugate gradients left behind at the point before, if it has use for them."""
        return self

    def remembered(self, g: Array) -> Any:
        """Those pairs, or room for others; None where a product costs no more than they would."""
        return None

    def preconditioner(self, d: Array) -> Callable[[Array], Array] | None:
        """v -> M v, M positive definite and near to the inverse of D^-1 B D^-1, where one is known from the entries."""
        return None

    def bare(self) -> "Operator":
        """Itself without what makes its preconditioner."""
        return self

    def stiffness(self, g: Array, d: Array) -> Array:
        """A positive curvature (n,) for every variable alone: |B_ii|, 1 where that is zero."""
        size = jnp.abs(self.diagonal())
        return jnp.where(size > 0, size, 1)

    def newton(self, g: Array, d: Array, error: Array | None = None) -> Direction:
        """-B^-1 g, or a descent direction near to it where B is not positive definite; only that depends on `d`.

        `error` (n,) of g, where it is known: no step is made along directions without slope or curvature beyond it.
        """
        return direct(dense_direction(self.dense(), g, d, error))

    def newton_by(self, factor: Factor, g: Array, d: Array, error: Array | None = None) -> Array:
        """y = -D B^-1 g, with the Cholesky factor of D^-1 B D^-1 at hand."""
        return newton_step(factor, g / d, error, d)

    def subproblem(self, g: Array, d: Array, error: Array | None = None) -> Subproblem:
        """The same for trust regions, which take few shifts: one Cholesky factorization for each."""
        H = self.dense() / (d[:, None] * d[None, :])
        factor = factorize(H)
        newton = self.newton_by(factor, g, d, error)
        return DenseSubproblem(g / d, d, factor, newton, jnp.max(jnp.sum(jnp.abs(H), axis=1)))

    def prepare(self, g: Array, d: Array, error: Array | None = None) -> Factorization:
        """What solves (B + shift D^2) s = -g for any shift: one eigendecomposition, where nothing better is known."""
        return scaled_spectrum(self.dense(), g, d, error)

    def negative_curvature(self, d: Array) -> tuple[Array, Array]:
        """Whether B has a negative eigenvalue beyond its noise (in scaled variables), and a unit direction of it."""
        if self.semidefinite:
            return jnp.zeros((), bool), jnp.zeros_like(d)
        return product_negative(self.mv, d)

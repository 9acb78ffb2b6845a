"""A sum of squares, or of robust losses, of residuals written in JAX."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.record import record, static
from raphson.kernel.space import Euclidean
from raphson.kernel.typing import Space
from raphson.problems.loss import Loss, linear

Array = jax.Array


@record
class LeastSquares:
    """The problem: minimize 1/2 c^2 sum rho((r_i(x) / c)^2) over x; 1/2 sum r_i^2 with the linear loss.

    `residual(x, *data)` returns any pytree of real arrays; x is any pytree of them. As in
    `Minimize`, the function is structure and the data are leaves. `sparsity` is that of the cost's Hessian,
    `jacobian_sparsity` that of the residuals, where they are known (calculus/colored.py).
    """

    residual: Callable[..., Any] = static()
    data: tuple = ()
    loss: Loss = Loss(linear)
    space: Space = Euclidean()
    sparsity: Any = None
    jacobian_sparsity: Any = None

    def residuals(self, x: Any) -> Array:
        """All residuals as one vector (m,) in the precision of x, whatever that of the data."""
        parts = [jnp.ravel(a) for a in jax.tree.leaves(self.residual(x, *self.data))]
        r = parts[0] if len(parts) == 1 else jnp.concatenate(parts)
        return r.astype(jnp.result_type(*jax.tree.leaves(x)))

    def count(self, x: Any) -> int:
        """The number of residuals m."""
        known = getattr(self.residual, "count", None)
        return jax.eval_shape(self.residuals, x).shape[0] if known is None else known

    def value(self, x: Any) -> Array:
        """The cost at x, a scalar: half the sum of squares (not the whole)."""
        return self.loss.cost(self.residuals(x))

    def pulled(self, x: Any) -> Callable[[Array], Array]:
        """The function s -> cost(retract(x, s)) on the tangent space at x; its derivatives at 0 are ours."""
        return lambda s: self.value(self.space.retract(x, s))

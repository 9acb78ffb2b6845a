"""A smooth function to be made small, written in JAX."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.record import record, static
from raphson.kernel.space import Euclidean
from raphson.kernel.typing import Space

Array = jax.Array


@record
class Minimize:
    """The problem: minimize `fun(x, *data)` over x, a pytree of floating-point arrays.

    `fun` is part of the structure (hashed by identity); `data` are leaves, so that `vmap` over
    problems is `vmap` over data, and other data do not compile again. `sparsity`: where the Hessian can be nonzero and
    how few products tell it, where that is known (calculus/colored.py).
    """

    fun: Callable[..., Any] = static()
    data: tuple = ()
    space: Space = Euclidean()
    sparsity: Any = None

    def value(self, x: Any) -> Array:
        """f at x, a scalar in the precision of x: that of the data must not change the type of a loop's state."""
        return jnp.asarray(self.fun(x, *self.data)).astype(jnp.result_type(*jax.tree.leaves(x)))

    def pulled(self, x: Any) -> Callable[[Array], Array]:
        """The function s -> f(retract(x, s)) on the tangent space at x; its derivatives at 0 are ours."""
        return lambda s: self.value(self.space.retract(x, s))

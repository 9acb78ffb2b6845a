"""What the shifted systems of all operators have in common."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.number import norm

Array = jax.Array


class ScaledShifts:
    """Systems in scaled variables y = D s: `g` is D^-1 times the gradient, `scale` the diagonal of D."""

    g: Any
    scale: Any

    @property
    def slope(self) -> Array:
        """The length of the scaled gradient."""
        return norm(self.g)

    def lift(self, y: Array) -> Array:
        """D^-1 y."""
        return y / self.scale


class SquareShifts(ScaledShifts):
    """The same of a matrix J'J."""

    @property
    def lowest(self) -> Array:
        """J'J has no negative eigenvalue."""
        return jnp.zeros((), self.g.dtype)

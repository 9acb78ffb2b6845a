"""Where points live: x is any pytree of floating-point arrays, a step is one flat vector."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.number import eps
from raphson.kernel.record import record

Array = jax.Array


@record
class Euclidean:
    """The space of a pytree of real arrays. It holds nothing: shapes are read off the point."""

    @property
    def straight(self) -> bool:
        """True: a step is the change of the coordinates of x."""
        return True

    def size(self, x: Any) -> int:
        """Number of variables."""
        return sum(leaf.size for leaf in jax.tree.leaves(x))

    def zero(self, x: Any) -> Array:
        """The step that goes nowhere, shape (n,), in the precision of x."""
        return jnp.zeros(self.size(x), jnp.result_type(*jax.tree.leaves(x)))

    def retract(self, x: Any, s: Array) -> Any:
        """The point x + s."""
        leaves, tree = jax.tree.flatten(x)
        out: list[Any] = []
        start = 0
        for leaf in leaves:
            part = s[start : start + leaf.size] if len(leaves) > 1 else s
            out.append(leaf + part.reshape(leaf.shape))
            start += leaf.size
        return tree.unflatten(out)

    def difference(self, y: Any, x: Any) -> Array:
        """The step s with retract(x, s) = y, shape (n,)."""
        parts = [jnp.ravel(b - a) for a, b in zip(jax.tree.leaves(x), jax.tree.leaves(y), strict=True)]
        return parts[0] if len(parts) == 1 else jnp.concatenate(parts)

    def move(self, x: Any, s: Array) -> tuple[Any, Array, Array]:
        """Where the step s leads, the step made (s itself), and whether it was cut short (never)."""
        return self.retract(x, s), s, jnp.zeros((), bool)

    def magnitude(self, x: Any) -> Array:
        """The size of every coordinate, |x| as one vector (n,): what "relative" is relative to."""
        return jnp.abs(self.flat(x))

    def flat(self, x: Any) -> Array:
        """x as one vector (n,)."""
        leaves = jax.tree.leaves(x)
        return jnp.ravel(leaves[0]) if len(leaves) == 1 else jnp.concatenate([jnp.ravel(leaf) for leaf in leaves])

    def transport(self, x: Any, s: Array, v: Array) -> Array:
        """v itself: all points have one tangent space."""
        return v


@record
class Box:
    """A Euclidean space between `lower` and `upper`, vectors (n,) with infinities where there is no bound."""

    lower: Array
    upper: Array

    @property
    def straight(self) -> bool:
        """True: a step is the change of the coordinates of x."""
        return True

    def size(self, x: Any) -> int:
        """Number of variables."""
        return Euclidean().size(x)

    def zero(self, x: Any) -> Array:
        """The step that goes nowhere, shape (n,)."""
        return Euclidean().zero(x)

    def retract(self, x: Any, s: Array) -> Any:
        """The point x + s, whether it lies in the box or not: derivatives at a bound look through it."""
        return Euclidean().retract(x, s)

    def difference(self, y: Any, x: Any) -> Array:
        """The step s with retract(x, s) = y, shape (n,)."""
        return Euclidean().difference(y, x)

    def magnitude(self, x: Any) -> Array:
        """The size of every coordinate."""
        return Euclidean().magnitude(x)

    def flat(self, x: Any) -> Array:
        """x as one vector (n,)."""
        return Euclidean().flat(x)

    def transport(self, x: Any, s: Array, v: Array) -> Array:
        """v itself: all points have one tangent space."""
        return v

    def move(self, x: Any, s: Array) -> tuple[Any, Array, Array]:
        """Where the step s leads when every coordinate stops at its bound, the step made, and whether any was cut."""
        here = self.flat(x)
        there = jnp.clip(here + s, self.lower, self.upper)
        # A step meant to end at a bound may miss it by rounding: the variable would be free there, and not at rest.
        near = 4 * eps(s) * (jnp.abs(here) + jnp.abs(there))
        there = jnp.where(
            there - self.lower <= near, self.lower, jnp.where(self.upper - there <= near, self.upper, there)
        )
        cut = there != here + s
        made = jnp.where(cut, there - here, s)
        # Written from `there`, so that a variable at its bound equals it to the last bit.
        return self.retract(jax.tree.map(jnp.zeros_like, x), there), made, jnp.any(cut)

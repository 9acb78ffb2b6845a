"""The secular equation ||y(shift)|| = wanted length, y(shift) = -(H + shift)^-1 g: its search, in any factorization."""

import jax
import jax.numpy as jnp

from raphson.kernel.number import safe
from raphson.kernel.record import record

Array = jax.Array


@record
class Bracket:
    """A shift between two others: at `low` the step is too long or H + low is not definite, at `high` too short."""

    shift: Array
    low: Array
    high: Array

    def kept(self, guess: Array) -> "Bracket":
        """With this guess where it lies inside, else with a point well inside."""
        inside = (guess > self.low) & (guess < self.high)
        return Bracket(jnp.where(inside, guess, middle(self.low, self.high)), self.low, self.high)

    def narrowed(
        self, ok: Array, length: Array, bend: Array, wanted: Array, growth: Array | float = 0.0,
        lowest: Array | float = 0.0,
    ) -> "Bracket":  # fmt: skip
        """The bracket after the step at `shift` was computed, `ok` if H + shift is definite, with Newton's next guess
        (`newton_move`). `lowest`: no shift below this one can be right.
        """
        short = ok & (length < wanted)
        high = jnp.where(short, self.shift, self.high)
        low = jnp.maximum(self.low, jnp.where(short, lowest, self.shift))
        guess = jnp.where(ok, self.shift + newton_move(length, bend, wanted, growth), -jnp.inf)
        return Bracket(self.shift, low, high).kept(guess)


def newton_move(length: Array, bend: Array, wanted: Array, growth: Array | float = 0.0) -> Array:
    """How far Newton's method on wanted(shift) / ||y|| - 1 moves the shift; `bend` is y'(H + shift)^-1 y, `growth` the
    derivative of wanted divided by it: 0 for a radius, 1/shift for the cubic model, where wanted = shift / sigma.
    Where numbers are out of range it is no guess (-inf).

    1/||y|| is concave and nearly linear in the shift: from the left Newton's method never overshoots.
    Sources: Hebden (1973); More and Sorensen (1983), section 3; Cartis, Gould and Toint (2011), section 6.1.
    """
    whole = safe(length, length > 0)
    slope = growth + bend / whole / whole
    return jnp.where(slope > 0, (length / safe(wanted, wanted > 0) - 1) / safe(slope, slope > 0), -jnp.inf)


def middle(low: Array, high: Array) -> Array:
    """A point well inside a bracket that may span many decades."""
    return jnp.maximum(jnp.sqrt(low) * jnp.sqrt(high), low + 0.01 * (high - low))

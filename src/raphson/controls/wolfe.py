"""The strong Wolfe conditions by a flat bracket: one trial a step, with its gradient."""

# pyright: reportUnknownMemberType=false

from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.record import record, static
from raphson.kernel.trace import Trial
from raphson.model.quadratic import Model
from raphson.paths.proposal import LENGTH

Array = jax.Array

PATIENCE = 30
"""Trials after which any decrease is taken: by then the bracket is a billionth of its start."""


@record
class Bracket:
    """The next tau, the bracket's ends, and f and slope (per unit of tau, relative to x) at its better end."""

    tau: Array
    low: Array
    f: Array
    slope: Array
    high: Array
    k: Array


@record
class Wolfe:
    """f(tau) <= f(0) + c1 tau f'(0) and |f'(tau)| <= c2 |f'(0)|, with f' the slope along the ray.

    Bracketing and zooming of Nocedal and Wright (2006), algorithms 3.5 and 3.6, written as one state
    that one trial moves on. Within the noise of f the decrease is judged by slopes alone
    (approximate Wolfe conditions of Hager and Zhang, 2005), so that the search does not fail at
    the very end of a run.
    """

    c1: Any = 1e-4
    c2: Any = 0.9
    slopes: bool = static(default=True)
    unit: str = static(default=LENGTH)

    def fresh(self, tau: Array) -> Bracket:
        """An open bracket that starts at tau."""
        zero = jnp.zeros_like(tau)
        return Bracket(tau, zero, zero, zero, zero + jnp.inf, jnp.zeros((), jnp.int32))

    def start(self, model: Model) -> Bracket:
        """tau = 1."""
        return self.fresh(jnp.ones_like(model.value))

    def judge(self, state: Bracket, trial: Trial) -> tuple[Array, Bracket]:
        """Accept, or narrow (or move) the bracket."""
        first, here = trial.slope / trial.tau, trial.end_slope / trial.tau
        change = -trial.actual
        blind = jnp.abs(change) <= trial.noise
        flat = jnp.abs(here) <= self.c2 * jnp.abs(first)
        gentle = blind & (here <= (2 * self.c1 - 1) * first) & (here >= self.c2 * first)
        low_slope = jnp.where(state.low > 0, state.slope, first)
        high_enough = ~(change <= self.c1 * trial.slope) | (change >= state.f) & (state.low > 0)
        bad = high_enough & ~blind
        tired = (state.k >= PATIENCE) & (trial.actual > 0)
        accept = (~bad & flat) | gentle | tired
        # The part of the line that holds a minimum lies between the better end and ...
        outward = jnp.isinf(state.high) | (state.high > state.low)
        turned = ~bad & jnp.where(outward, here >= 0, here <= 0)
        high = jnp.where(bad, trial.tau, jnp.where(turned, state.low, state.high))
        low = jnp.where(bad, state.low, trial.tau)
        f, slope = jnp.where(bad, state.f, change), jnp.where(bad, low_slope, here)
        # Next trial: the minimum of the cubic through both ends where it lies well inside, else the middle.
        f_far, d_far = jnp.where(bad, change, state.f), jnp.where(bad, here, low_slope)
        far = jnp.where(bad, trial.tau, state.low)
        inner = cubic_minimum(low, f, slope, far, f_far, d_far)
        mid, width = 0.5 * (low + high), jnp.abs(high - low)
        inside = jnp.isfinite(inner) & (jnp.abs(inner - mid) <= 0.4 * width) & (bad | turned)
        step_out = jnp.clip(jnp.where(jnp.isfinite(inner), inner, 0), 1.5 * trial.tau, 4 * trial.tau)
        tau = jnp.where(jnp.isinf(high), step_out, jnp.where(inside, inner, mid))
        new = Bracket(tau, low, f, slope, high, state.k + 1)
        again = self.fresh(jnp.ones_like(state.tau))

        def chosen(a: Array, b: Array) -> Array:
            return jnp.where(accept, a, b).astype(b.dtype)

        return accept, jax.tree.map(chosen, again, new)


def cubic_minimum(a: Array, fa: Array, da: Array, b: Array, fb: Array, db: Array) -> Array:
    """The minimizer of the cubic with given values and slopes at a and b; NaN where it has none.

    Source: Nocedal and Wright (2006), equation 3.59.
    """
    one = da + db - 3 * (fa - fb) / jnp.where(a == b, 1, a - b)
    # In units of the largest slope (a power of two): squares of slopes have the size of f^2, out of range before f is.
    top = jnp.maximum(jnp.abs(one), jnp.maximum(jnp.abs(da), jnp.abs(db)))
    unit = jnp.ldexp(jnp.ones_like(top), jnp.frexp(jnp.where(jnp.isfinite(top), top, 1))[1])
    root = jnp.sign(b - a) * unit * jnp.sqrt((one / unit) ** 2 - (da / unit) * (db / unit))
    below = db - da + 2 * root
    return b - (b - a) * (db + root - one) / jnp.where(below == 0, jnp.nan, below)

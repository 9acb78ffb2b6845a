"""How good a trial was: the ratio of actual to predicted decrease, with every awkward case decided."""

import jax
import jax.numpy as jnp

Array = jax.Array


def quality(value: Array, trial_value: Array, predicted: Array, noise: Array) -> tuple[Array, Array]:
    """The actual decrease, and the ratio actual / predicted; `noise` is the smallest change of f that means anything.

    - the trial is not finite (NaN, +inf): actual = -inf, ratio = -inf: a rejected trial;
    - the trial is -inf: actual = +inf, ratio = +inf: accepted, the run will end as unbounded;
    - both decreases lie below the noise of f: ratio = 1, f can neither confirm nor deny the model;
    - the prediction is not positive (noise in the model): ratio = -inf unless the rule above holds.

    Sources: Conn, Gould and Toint (2000), section 17.4.2, "the effects of round-off"; PRIMA's
    `redrat` for the order in which the cases must be decided.
    """
    actual = value - trial_value
    actual = jnp.where(jnp.isnan(trial_value) | (trial_value == jnp.inf), -jnp.inf, actual)
    blind = (jnp.abs(actual) <= noise) & (jnp.abs(predicted) <= noise)
    promising = predicted > 0
    ratio = jnp.where(promising, actual / jnp.where(promising, predicted, 1), -jnp.inf)
    return actual, jnp.where(blind, 1, ratio)

"""A branch that stays a branch under `vmap`."""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax import lax

T = TypeVar("T")


def rarely(flag: jax.Array, compute: Callable[[], T], otherwise: T) -> T:
    """`compute()` where `flag`, else `otherwise`; costs nothing unless some lane of a batch asks for it.

    `lax.cond` becomes `select` under `vmap`: both sides run for every lane. A `while_loop` that
    makes at most one pass runs only while some lane still wants it. The flag travels in the carry
    (a predicate on floats recomputed in the loop's condition can hang under `vmap`).
    """

    def once(carry):
        return jnp.zeros_like(flag), compute()

    return lax.while_loop(lambda carry: carry[0], once, (flag, otherwise))[1]

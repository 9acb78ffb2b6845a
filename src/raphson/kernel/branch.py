"""A branch that stays a branch under `vmap`."""

# pyright: reportUnknownMemberType=false

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax


def cond_under_vmap[T](flag: jax.Array, compute: Callable[[Any], T], operand: Any, otherwise: T) -> T:
    """`compute(operand)` where `flag`, else `otherwise`; costs nothing unless some lane of a batch asks for it.

    `lax.cond` becomes `select` under `vmap`: both sides run for every lane. A `while_loop` that
    makes at most one pass runs only while some lane still wants it. The flag travels in the carry
    (a predicate on floats recomputed in the loop's condition can hang under `vmap`), and the
    operand passes through it: XLA moves what does not change in a loop out of the loop, and an
    eigendecomposition that was meant to be rare then ran at every step. Lanes that did not ask
    see ones: harmless numbers, where zeros became 0/0 and LAPACK took 20 times longer over NaN.
    """

    def once(carry: tuple[jax.Array, T]) -> tuple[jax.Array, T]:
        wanted, _ = carry

        def lent(a: jax.Array) -> jax.Array:
            return jnp.where(wanted, a, jnp.ones_like(a))

        held = jax.tree.map(lent, operand)
        return jnp.zeros_like(flag), compute(held)

    return lax.while_loop(lambda carry: carry[0], once, (flag, otherwise))[1]

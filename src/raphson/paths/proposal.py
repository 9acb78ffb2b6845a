"""A step that a path proposes."""

# pyright: reportUnknownMemberType=false

from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.record import record

Array = jax.Array

LENGTH, RADIUS, DAMPING, SIGMA = "multiple of the direction", "radius", "1/lambda", "1/sigma"
"""The units tau can have; a path pairs only with a control of its own unit."""


@record
class Proposal:
    """The step s(tau): `bound` if tau holds it back from the model's own minimum.

    `inner` are the inner iterations (factorizations, products) that this tau took, `prepared` those that were made
    for every tau at this point; `bend` is s'Bs, where the path knows it without a product (None: it does not).
    """

    s: Array
    bound: Array
    inner: Array
    prepared: Array
    bend: Any = None


def proposal(s: Array, bound: Array, inner: Array | int = 0, prepared: Array | int = 0, bend: Any = None) -> Proposal:
    """A Proposal with its scalars in fixed types (they travel in a loop's carry)."""

    def whole(count: Array | int) -> Array:
        return jnp.asarray(count, jnp.int32)

    return Proposal(s, jnp.asarray(bound, bool), whole(inner), whole(prepared), bend)

"""A step that a path proposes."""

import jax
import jax.numpy as jnp

from raphson.kernel.record import record

Array = jax.Array

LENGTH, RADIUS, DAMPING, SIGMA = "multiple of the direction", "radius", "1/lambda", "1/sigma"
"""The units tau can have; a path pairs only with a control of its own unit."""


@record
class Proposal:
    """The step s(tau): `bound` if tau holds it back from the model's own minimum, `inner` its inner iterations."""

    s: Array
    bound: Array
    inner: Array


def proposal(s: Array, bound: Array, inner: Array | int = 0) -> Proposal:
    """A Proposal with its scalars in fixed types (they travel in a loop's carry)."""
    return Proposal(s, jnp.asarray(bound, bool), jnp.asarray(inner, jnp.int32))

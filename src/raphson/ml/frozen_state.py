"""How a function of the user's is called: alone with parameters and batch, or with a state and a key as well.

State and key stay what they are: a curvature is that of one function. A key is folded with the number of each example,
and the function sees one example at a time, so that a mask of dropout does not depend on how examples are batched.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.record import record

PLAIN, ONE_BATCH, EACH = "plain", "one batch", "each"
"""f(params, batch); f(params, state, batch, key) once; the same for every example by itself, with a key of its own."""


@record
class FrozenState:
    """What a function takes besides parameters and batch: a pytree, as running statistics, and a key, or None."""

    state: Any = None
    key: Any = None


def model_value(function: Callable[..., Any], how: str, params: Any, batch: Any, frozen: Any, numbers: Any) -> Any:
    """The function's value on a batch; for `EACH` the values (B, ...) of its examples, `numbers` (B,) of the data set.

    A function that gives (value, new state) gives the value.
    """
    if how == PLAIN:
        return function(params, batch)
    if how == ONE_BATCH:
        return value_alone(function(params, rebuilt(frozen.state), batch, frozen.key))

    def one(example: Any, number: Any) -> Any:
        key = jax.random.fold_in(frozen.key, number)
        return value_alone(function(params, rebuilt(frozen.state), jax.tree.map(lambda a: a[None], example), key))

    return jax.vmap(one)(batch, numbers)


def rebuilt(state: Any) -> Any:
    """The state as a pytree of its own: the variables of Flax NNX may be changed only in the trace that made them."""
    return jax.tree.map(lambda a: a, state)


def value_alone(answer: Any) -> Any:
    """The first of (value, new state)."""
    return answer[0] if isinstance(answer, tuple) and len(answer) == 2 else answer


def as_key(key: Any) -> Any:
    """A key of JAX, of either kind; a whole number is a seed. Raises TypeError for anything else."""
    if isinstance(key, int | np.integer) and not isinstance(key, bool):
        return jax.random.key(int(key))
    if key is None:
        return None
    dtype, axes = getattr(key, "dtype", None), np.ndim(key)
    typed = dtype is not None and jnp.issubdtype(dtype, jax.dtypes.prng_key)
    if (typed and axes == 0) or (dtype == jnp.uint32 and axes == 1):
        return key
    raise TypeError(f"key is {key!r}: one key of jax.random is expected, or a whole number as its seed")

"""What a host function says, asked in the middle of a compiled program, for a few microseconds.

`jax.pure_callback` sends every argument to a device again before the host function sees it: 82 microseconds of
processor time and 140 by the clock, where the same call with NumPy's views of the numbers takes 7 and 11 (three arrays
of 3000 numbers). A trial on a small graph takes 200 in all.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.core import ShapedArray
from jax.custom_batching import sequential_vmap
from jax.extend.core import Primitive
from jax.interpreters import mlir

Array = jax.Array

host_answer_p = Primitive("host_answer")
"""A host function of NumPy arrays, in programs for the CPU. It has no derivative, and is batched by who binds it."""

YES_OR_NO = jax.ShapeDtypeStruct((), jnp.bool_)


@host_answer_p.def_abstract_eval
def answer_shape(*given: Any, host: Callable[..., Any], like: Any) -> Any:
    return ShapedArray(like.shape, like.dtype)


@host_answer_p.def_impl
def answer_at_once(*given: Array, host: Callable[..., Any], like: Any) -> Array:
    def program(*given: Array) -> Any:
        return host_answer_p.bind(*given, host=host, like=like)

    return jax.jit(program)(*given)


def lowered_answer(context: Any, *given: Any, host: Callable[..., Any], like: Any) -> Any:
    """The call in a compiled program."""

    def called(*seen: Any) -> tuple[Any]:
        return (host(*seen),)

    found, _, _ = mlir.emit_python_callback(
        context, called, None, list(given), context.avals_in, context.avals_out,
        has_side_effect=False, returns_token=False,
    )  # fmt: skip
    return found


mlir.register_lowering(host_answer_p, lowered_answer, platform="cpu")


def host_answer(host: Callable[..., Any], *given: Array, like: Any = YES_OR_NO) -> Array:
    """What `host(*given)` says, a NumPy array of this shape and type (`like`), or a bool; one after another under
    `vmap`. It may be called again, or not at all where nobody asks for its answer, and must not change or keep what it
    is given."""

    @sequential_vmap
    def lane(*given: Array) -> Array:
        return lax.platform_dependent(*given, cpu=directly, default=by_jax)

    def directly(*given: Array) -> Array:
        return host_answer_p.bind(*given, host=host, like=like)  # type: ignore[no-any-return]

    def by_jax(*given: Array) -> Array:
        return jax.pure_callback(host, like, *given)

    return lane(*given)

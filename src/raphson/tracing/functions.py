"""Functions of NumPy that write, look at shapes, or differ from those of the same name in `jax.numpy`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.tracing.array import TracedArray, assembled, is_traced, unwrap, wrap
from raphson.tracing.items import concrete, put
from raphson.tracing.needs import wanted


def written_out(out: tuple, result: Any) -> Any:
    """Results written into the arrays given as `out=`."""
    results = result if isinstance(result, tuple) else (result,)
    for target, value in zip(out, results, strict=True):
        if target is None:
            continue
        if not is_traced(target):
            if not isinstance(value, jax.Array):
                target[...] = value
                continue
            raise wanted(
                "an array made outside", "it writes into an array that is not made from the variables: copy it"
            )
        if not np.can_cast(np.dtype(value.dtype), target.dtype, "same_kind"):
            raise TypeError(f"cannot cast {value.dtype} to {target.dtype}")
        target.assign(value)
    return out[0] if len(out) == 1 else out


def copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    """np.copyto."""
    if not is_traced(dst):
        raise wanted("np.copyto", "it writes into an array that is not made from the variables")
    where = unwrap(where)
    dst.assign(unwrap(src) if where is True else jnp.where(where, unwrap(src), dst.value))


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """np.fill_diagonal."""
    if not is_traced(a):
        raise wanted("np.fill_diagonal", "it writes into an array that is not made from the variables")
    i = np.arange(min(a.shape))
    a.assign(put(a.value, (i,) * a.ndim, unwrap(val)))


def sort_of(a: Any, axis: Any = -1, **_: Any) -> Any:
    """np.sort."""
    a = unwrap(a)
    return wrap(np.sort(a, axis=axis) if concrete(a) else jnp.sort(a, axis=axis))


def clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """np.clip."""
    low, high = a_min if min is None else min, a_max if max is None else max
    low = low if low is None else np.asarray(low) if isinstance(low, (list, tuple)) else unwrap(low)
    high = high if high is None else np.asarray(high) if isinstance(high, (list, tuple)) else unwrap(high)
    result = jnp.clip(jnp.asarray(unwrap(a)), low, high)
    return wrap(result) if out is None else written_out((out,), result)


def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
    """np.take, by indexing."""
    if out is not None or mode != "raise":
        raise wanted("np.take", "np.take with out= or mode= has no counterpart in JAX")
    a = a if is_traced(a) else TracedArray(np.asarray(a))
    return (a.ravel() if axis is None else a)[(slice(None),) * (0 if axis is None else axis % a.ndim) + (indices,)]


def full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: Any = "K", subok: Any = True, shape: Any = None
) -> Any:
    """np.full_like, and with 0 and 1 zeros_like and ones_like: an array that may be filled with variables later."""
    like, fill = unwrap(a), unwrap(fill_value)
    shape = np.shape(like) if shape is None else shape
    dtype = np.dtype(like.dtype if hasattr(like, "dtype") else np.asarray(like).dtype) if dtype is None else dtype
    if isinstance(fill, jax.Array):
        return TracedArray(jnp.broadcast_to(fill, shape).astype(dtype))
    return TracedArray(np.full(shape, fill, dtype))


def like(fill: float) -> Callable:
    """zeros_like, ones_like, empty_like."""
    return lambda a, dtype=None, order="K", subok=True, shape=None, **_: full_like(a, fill, dtype, shape=shape)


def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kwargs: Any) -> Any:
    """np.piecewise: every function on all of x, then chosen."""
    conditions = list(condlist) if isinstance(condlist, (list, tuple)) else [condlist]
    otherwise = funclist[len(conditions)] if len(funclist) > len(conditions) else 0.0
    value: Any = lambda f: f(x, *args, **kwargs) if callable(f) else f
    result: Any = value(otherwise) * np.ones_like(x)
    for condition, f in zip(conditions, list(funclist)[: len(conditions)], strict=True):  # the last true one counts
        result = np.where(condition, value(f), result)
    return result


def same(result: Callable) -> Callable:
    """Functions that answer with plain values."""
    return lambda a, *rest, **kwargs: result(unwrap(a), *rest, **kwargs)


OURS: dict[str, Callable] = {
    "clip": clip,
    "copyto": copyto,
    "take": take,
    "fill_diagonal": fill_diagonal,
    "sort": sort_of,
    "full_like": full_like,
    "zeros_like": like(0),
    "ones_like": like(1),
    "empty_like": like(0),
    "piecewise": piecewise,
    "shape": lambda a: np.shape(assembled(a) if isinstance(a, (list, tuple)) else unwrap(a)),
    "ndim": same(np.ndim),
    "size": lambda a, axis=None: np.size(np.empty(np.shape(unwrap(a)), bool), axis),
    "iscomplexobj": same(lambda a: np.dtype(a.dtype).kind == "c"),
    "isrealobj": same(lambda a: np.dtype(a.dtype).kind != "c"),
    "copy": lambda a, *_, **__: np.array(a) if not is_traced(a) else a.copy(),
    "result_type": lambda *a: np.result_type(*(np.dtype(e.dtype) if is_traced(e) else e for e in a)),
    "may_share_memory": lambda *_, **__: False,
    "shares_memory": lambda *_, **__: False,
    "reshape": lambda a, shape=None, order="C", newshape=None, copy=None: a.reshape(
        shape if shape is not None else newshape, order=order
    ),
    "ravel": lambda a, order="C": a.ravel(order) if is_traced(a) else wrap(assembled(a)).ravel(order),
    "transpose": lambda a, axes=None: a.transpose(*(() if axes is None else (tuple(axes),))),
}

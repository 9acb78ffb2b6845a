"""The function of JAX that does what one of NumPy or SciPy does: by name, with NumPy's rules where they differ."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy as jsp
import jax.scipy.special
import numpy as np
from jax import lax

from raphson.tracing.array import TracedArray, assembled, holds, is_traced, plain_key, unwrap, wrap
from raphson.tracing.items import concrete, holds_jax, put
from raphson.tracing.needs import NeedsANumber, wanted
from raphson.tracing.special import SPECIAL, UNRELIABLE

RENAMED = {"absolute": "abs", "conjugate": "conj", "psi": "digamma", "trapz": "trapezoid", "row_stack": "vstack"}
REDUCTIONS = {
    "add": jnp.sum, "multiply": jnp.prod, "maximum": jnp.max, "minimum": jnp.min, "logical_and": jnp.all,
    "logical_or": jnp.any, "fmax": jnp.nanmax, "fmin": jnp.nanmin, "logaddexp": jax.scipy.special.logsumexp,
}  # fmt: skip
RUNNING = {
    "add": jnp.cumsum, "multiply": jnp.cumprod, "maximum": lax.cummax, "minimum": lax.cummin,
    "logaddexp": lax.cumlogsumexp,
}  # fmt: skip
SCATTER = {"add": "add", "subtract": "subtract", "maximum": "max", "minimum": "min"}


def deep(a: Any) -> Any:
    """Arguments of a function with values in place of traced arrays; lists of arrays stay lists."""
    if isinstance(a, (list, tuple)) and not is_traced(a):
        parts = [deep(e) for e in a]
        return type(a)(*parts) if hasattr(a, "_fields") else type(a)(parts)
    if isinstance(a, dict):
        return {k: deep(v) for k, v in a.items()}
    return unwrap(a)


def apply_ufunc(ufunc: Any, method: str, inputs: tuple, kwargs: dict) -> Any:
    """A ufunc, or one of its methods, on arrays of which at least one is traced."""
    if method == "at":
        return scatter(ufunc, *inputs)
    out, where = kwargs.pop("out", None), unwrap(kwargs.pop("where", True))
    values = [unwrap(np.asarray(a) if isinstance(a, (list, tuple)) and not holds(a) else a) for a in inputs]
    kwargs = {k: unwrap(v) for k, v in kwargs.items() if k == "axis" or (v is not None and v is not np._NoValue)}
    if not holds_jax(values) and not holds_jax(where):
        result = getattr(ufunc, method)(*values, **kwargs, **({} if where is True else {"where": where}))
    else:
        values = [a if isinstance(a, (int, float, complex)) else jnp.asarray(a) for a in values]
        result = {"__call__": called, "reduce": reduced, "accumulate": running, "outer": outer}.get(method, refused)(
            ufunc, values, kwargs, where
        )
        if where is not True and method == "__call__":
            rest = unwrap(out[0]) if out else jnp.zeros_like(result)
            result = jnp.where(where, result, rest)
    if out is None or all(o is None for o in out):
        return wrap(result)
    return written(out, result)


def written(out: tuple, result: Any) -> Any:
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


def called(ufunc: Any, values: list, kwargs: dict, where: Any) -> Any:
    """ufunc(a, b, ...)."""
    kwargs = {k: v for k, v in kwargs.items() if k not in ("casting", "order", "subok")}
    dtype = kwargs.pop("dtype", None)
    if ufunc is np.power or ufunc is np.float_power:
        values[1] = whole_power(values[1])
    result = twin_of_ufunc(ufunc)(*values, **kwargs)
    return result if dtype is None else result.astype(dtype)


def whole_power(p: Any) -> Any:
    """2.0 as 2: x**2.0 is a product, with derivatives everywhere, also at 0 and below."""
    known = isinstance(p, float) and p == int(p) if isinstance(p, float) and np.isfinite(p) else False
    return int(p) if known and abs(p) <= 64 else p


def reduced(ufunc: Any, values: list, kwargs: dict, where: Any) -> Any:
    """ufunc.reduce(a)."""
    if ufunc.__name__ not in REDUCTIONS:
        return refused(ufunc, values, kwargs, where)
    if where is not True:
        kwargs["where"] = where
    kwargs.setdefault("axis", 0)
    return REDUCTIONS[ufunc.__name__](*values, **kwargs)


def running(ufunc: Any, values: list, kwargs: dict, where: Any) -> Any:
    """ufunc.accumulate(a)."""
    if ufunc.__name__ not in RUNNING:
        return refused(ufunc, values, kwargs, where)
    kwargs.pop("dtype", None)
    return RUNNING[ufunc.__name__](*values, axis=kwargs.get("axis", 0))


def outer(ufunc: Any, values: list, kwargs: dict, where: Any) -> Any:
    """ufunc.outer(a, b)."""
    a, b = (jnp.asarray(v) for v in values)
    return twin_of_ufunc(ufunc)(a.reshape(a.shape + (1,) * b.ndim), b)


def refused(ufunc: Any, values: list, kwargs: dict, where: Any) -> Any:
    """A method that has no twin."""
    raise wanted(f"np.{ufunc.__name__}", "this method of a ufunc has no counterpart in JAX")


def scatter(ufunc: Any, target: Any, key: Any, values: Any = None) -> None:
    """ufunc.at(a, indices, b): in place, repeated indices count repeatedly."""
    if not is_traced(target) or ufunc.__name__ not in SCATTER or holds_jax(plain_key(key)):
        raise wanted(f"np.{ufunc.__name__}.at", "it writes into an array that is not made from the variables")
    at = jnp.asarray(target.value).at[plain_key(key)]
    target.assign(getattr(at, SCATTER[ufunc.__name__])(unwrap(values)))


@cache
def twin_of_ufunc(ufunc: Any) -> Callable:
    """JAX's function for a ufunc of NumPy or scipy.special; the ufunc must be theirs, not only of their name."""
    name = RENAMED.get(str(ufunc.__name__), str(ufunc.__name__))
    if getattr(np, ufunc.__name__, None) is ufunc and hasattr(jnp, name):
        return getattr(jnp, name)
    special = sys.modules.get("scipy.special")
    reliable = ufunc.__name__ not in UNRELIABLE
    if special is not None and reliable and getattr(special, ufunc.__name__, None) is ufunc:
        found = SPECIAL.get(ufunc.__name__) or getattr(jsp.special, name, None) or getattr(jnp, name, None)
        if found is not None:
            return found
    raise wanted(ufunc.__name__, f"{ufunc.__name__} has no counterpart in JAX")


def apply_function(func: Any, args: tuple, kwargs: dict) -> Any:
    """A function of NumPy on arrays of which at least one is traced."""
    name = func.__name__
    if name in OURS:
        return OURS[name](*args, **kwargs)
    out = kwargs.pop("out", None)
    given = {k: deep(v) for k, v in kwargs.items() if v is not np._NoValue and not (k == "dtype" and v is None)}
    values = [deep(a) for a in args]
    if not holds_jax(values) and not holds_jax(given):
        result = func(*values, **given)
    else:
        twin = twin_of_function(func)
        if name in JOINING:
            values[0] = [np.asarray(e) if plain_list(e) else assembled_lists(e) for e in values[0]]
        elif name not in LISTS:
            values = [assembled_lists(a) for a in values]
        given = fitting(twin, given, name)
        try:
            result = twin(*values, **given)
        except TypeError:  # JAX takes no list for an array
            result = twin(*[np.asarray(a) if plain_list(a) else a for a in values], **given)
    return wrap(result) if out is None else written(out if isinstance(out, tuple) else (out,), result)


_LISTS = """
    concatenate stack hstack vstack dstack column_stack block select piecewise meshgrid broadcast_arrays einsum
    linalg.multi_dot multi_dot choose ix_ split array_split gradient interp where broadcast_to reshape tile
    transpose moveaxis rollaxis expand_dims squeeze roll flip rot90 tensordot pad histogram ravel_multi_index
"""
LISTS = frozenset(_LISTS.split())
"""Functions whose lists are lists of arrays, or axes, and not an array."""


JOINING = frozenset(("concatenate", "stack", "hstack", "vstack", "dstack", "column_stack"))


def plain_list(a: Any) -> bool:
    """Whether it is a list or tuple of numbers, or of such lists."""
    return isinstance(a, (list, tuple)) and not holds_jax(a) and np.asarray(a).dtype.kind in "biufc"


def assembled_lists(a: Any) -> Any:
    """A list in the place of an array as the array that NumPy would make of it."""
    return assembled(a) if isinstance(a, (list, tuple)) and a and holds_jax(a) else a


@cache
def twin_of_function(func: Any) -> Callable:
    """JAX's function of the same module and name."""
    module = getattr(func, "__module__", "") or ""
    name = RENAMED.get(str(func.__name__), str(func.__name__))
    place, home = (jnp.linalg, np.linalg) if "linalg" in module else (jnp.fft, np.fft) if "fft" in module else (jnp, np)
    theirs = getattr(home, str(func.__name__), None)  # np.emath.sqrt is not np.sqrt
    while hasattr(theirs, "original"):  # replaced for the time of a trace
        theirs = theirs.original  # type: ignore[union-attr]
    own = theirs is func
    if "random" in module or not own or not hasattr(place, name):
        raise wanted(f"np.{func.__name__}", f"np.{func.__name__} has no counterpart in JAX")
    return getattr(place, name)


def fitting(twin: Callable, given: dict, name: str) -> dict:
    """Keyword arguments without those that mean nothing in JAX; one that would change the result is refused."""
    try:
        known = inspect.signature(twin).parameters
    except (TypeError, ValueError):
        return given
    if any(p.kind is p.VAR_KEYWORD for p in known.values()):
        return given
    idle = {"order", "subok", "casting", "check_finite", "overwrite_a", "overwrite_b", "like", "copy", "optimize"}
    extra = [k for k in given if k not in known and k not in idle]
    if extra:
        raise wanted(f"np.{name}({extra[0]}=...)", f"np.{name} of JAX has no argument {extra[0]}")
    return {k: v for k, v in given.items() if k in known}


# --- functions that write, look at shapes, or differ ----------------------------------------------------------------


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
    return wrap(result) if out is None else written((out,), result)


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

_METHODS = """
    sum mean std var min max prod dot cumsum cumprod clip argmax argmin argsort swapaxes squeeze repeat take
    trace diagonal round conj conjugate any all nonzero searchsorted compress choose ptp partition argpartition
    put
"""
METHODS = frozenset(_METHODS.split())


def method(array: TracedArray, name: str) -> Callable:
    """A method of arrays, by the function of the same name."""
    if name == "put":
        return lambda indices, values, mode="raise": array.ravel().__setitem__(indices, values)
    ufunc = getattr(np, name, None)
    if isinstance(ufunc, np.ufunc) and not array.ndim:  # what NumPy calls on the scalars in an array of objects
        return lambda: ufunc(array)
    if name not in METHODS:
        raise AttributeError(f"'numpy.ndarray' object has no attribute {name!r}")
    function = getattr(np, name)

    def bound(*args: Any, **kwargs: Any) -> Any:
        return function(array, *args, **kwargs)

    return bound


__all__ = ["NeedsANumber", "apply_function", "apply_ufunc", "method"]

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
from raphson.tracing.functions import OURS, written_out
from raphson.tracing.items import holds_jax
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
    return written_out(out, result)


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
    return wrap(result) if out is None else written_out(out if isinstance(out, tuple) else (out,), result)


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

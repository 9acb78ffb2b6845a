"""For the time of a trace: functions of NumPy and SciPy that do not ask their arguments who should answer.

`np.asarray`, `np.array`, `np.zeros` and a few more make an array without looking whether traced ones are in it. For
the time of one trace, and for its thread alone, they are replaced by versions that do. One lock; every other thread,
and every call without a traced array in it, gets the function as it is.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np

from raphson.tracing.array import TracedArray, assembled, holds, is_traced, unwrap, wrap
from raphson.tracing.items import holds_jax
from raphson.tracing.needs import Busy
from raphson.tracing.twins import deep, fitting

LOCK = threading.RLock()
"""One trace of a NumPy function at a time: functions of modules are replaced while it runs."""

PATIENCE = 10.0
"""Seconds to wait for another trace: a traced function may itself wait for threads that want to trace."""


def of_array(original: Callable) -> Callable:
    """np.array, np.asarray and their like: a traced array stays one; lists of them become one."""

    def make(a: Any, dtype: Any = None, *rest: Any, **kwargs: Any) -> Any:
        if not holds(a):
            made = original(a, dtype, *rest, **kwargs)
            fresh = original.__name__ in ("array", "copy") or not isinstance(a, np.ndarray)
            return fillable(made) if fresh else made
        own = original.__name__ == "array" and kwargs.get("copy", True) is not False
        result = a if is_traced(a) else TracedArray(assembled(a))
        if dtype is not None and np.dtype(dtype) != object and result.dtype != np.dtype(dtype):
            result = result.astype(dtype)
        elif own and is_traced(a):
            result = a.copy()
        low = kwargs.get("ndmin", 0)
        return result if result.ndim >= low else result.reshape((1,) * (low - result.ndim) + result.shape)

    return functools.wraps(original)(make)


def of_shape(original: Callable) -> Callable:
    """np.zeros and its like: an array that can be filled with variables."""

    def make(*args: Any, **kwargs: Any) -> Any:
        if original.__name__ == "full" and holds(args[1] if len(args) > 1 else kwargs.get("fill_value")):
            given = dict(zip(("shape", "fill_value"), args, strict=False)) | kwargs
            full = jnp.broadcast_to(unwrap(given["fill_value"]), given["shape"])
            return TracedArray(full if given.get("dtype") is None else full.astype(np.dtype(given["dtype"])))
        return fillable(original(*args, **kwargs))

    return functools.wraps(original)(make)


def fillable(a: Any) -> Any:
    """An array of floating-point numbers as one that can be written to; whole numbers and masks stay what they are."""
    return TracedArray(a) if type(a) is np.ndarray and a.dtype.kind == "f" else a


def of_list(original: Callable) -> Callable:
    """np.max([a, b]): a list of traced scalars is an array of them."""

    def call(a: Any, *rest: Any, **kwargs: Any) -> Any:
        listed = isinstance(a, (list, tuple)) and not is_traced(a) and holds(a)
        return original(TracedArray(assembled(a)) if listed else a, *rest, **kwargs)

    return functools.wraps(original)(call)


def from_iterator(iterable: Any, dtype: Any = float, count: int = -1, **_: Any) -> Any:
    """np.fromiter."""
    items = list(iterable)
    return TracedArray(assembled(items)).astype(dtype) if holds(items) else np.array(items, dtype)


class Concatenator:
    """np.r_ and np.c_ with traced parts."""

    def __init__(self, original: Any, twin: Any):
        self.original, self.twin = original, twin

    def __getitem__(self, key: Any) -> Any:
        return (
            wrap(self.twin[deep(key)])
            if holds(key) or holds(list(key) if isinstance(key, tuple) else [])
            else (self.original[key])
        )


def by_twin(original: Callable, twin: Callable) -> Callable:
    """A function of SciPy: its counterpart in JAX where an argument is traced."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if not any(map(holds, (*args, *kwargs.values()))):
            return original(*args, **kwargs)
        values, named = [deep(a) for a in args], {k: deep(v) for k, v in kwargs.items()}
        if not holds_jax(values) and not holds_jax(named):
            return original(*values, **named)
        values = [assembled(a) if isinstance(a, list) else a for a in values]
        return wrap(twin(*values, **fitting(twin, named, original.__name__)))

    return functools.wraps(original)(call)


def simpson(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """scipy.integrate.simpson for an odd number of points at equal distances; others are left to NumPy."""
    n = y.shape[axis]
    if n % 2 == 0 or axis not in (-1, y.ndim - 1):
        raise TypeError("only an odd number of points")
    if x is None:
        h0 = h1 = jnp.full((n - 1) // 2, dx)
    else:
        h = jnp.diff(x)
        h0, h1 = h[0::2], h[1::2]
    a, b, c = y[..., 0:-2:2], y[..., 1::2], y[..., 2::2]
    s = h0 + h1
    return jnp.sum(s / 6 * (a * (2 - h1 / h0) + b * s**2 / (h0 * h1) + c * (2 - h0 / h1)), axis=-1)


SCIPY: dict[str, tuple[Any, tuple[str, ...]]] = {
    "scipy.special": (jsp.special, ("logsumexp", "polygamma", "multigammaln")),
    "scipy.linalg": (
        jsp.linalg,
        ("solve", "inv", "det", "cholesky", "cho_factor", "cho_solve", "solve_triangular", "expm", "eigh", "svd", "lu",
         "qr", "block_diag", "toeplitz"),
    ),
}  # fmt: skip
DENSITIES = ("pdf", "logpdf", "cdf", "logcdf", "sf", "logsf", "pmf", "logpmf")
FAMILIES = ("norm", "poisson", "gamma", "beta", "expon", "laplace", "cauchy", "logistic", "uniform", "t", "chi2")
"""Distributions of scipy.stats whose parameters are all positive, where SciPy gives NaN for others and JAX a number."""


def valid(theirs: Any, twin: Callable) -> Callable:
    """A density of JAX that is NaN where a shape parameter or the scale is not positive, as in SciPy."""
    shapes = [s.strip() for s in (theirs.shapes or "").split(",") if s.strip()]
    names = [*shapes, "loc", "scale"] if hasattr(theirs, "pdf") else [*shapes, "loc"]

    def density(x: Any, *args: Any, **kwargs: Any) -> Any:
        given = dict(zip(names, args, strict=False)) | kwargs
        result = twin(x, *args, **kwargs)
        ok = [jnp.asarray(v) > 0 for name, v in given.items() if name != "loc"]
        for one in ok:
            result = jnp.where(one, result, jnp.nan)
        return result

    return density


def scipy_twins() -> list[tuple[Any, str, Any]]:
    """What of SciPy is replaced, of the modules that are imported: (owner, name, function)."""
    found: list[tuple[Any, str, Any]] = []
    for module, (place, names) in SCIPY.items():
        owner = sys.modules.get(module)
        found += [(owner, n, by_twin(getattr(owner, n), getattr(place, n))) for n in names if hasattr(owner, n)]
    special = sys.modules.get("scipy.special")
    if special is not None:
        found += [(special, n, by_twin(getattr(special, n), getattr(jax.nn, n))) for n in ("softmax", "log_softmax")]
    linalg = sys.modules.get("scipy.linalg")
    if linalg is not None:
        found.append((linalg, "norm", by_twin(linalg.norm, jnp.linalg.norm)))
    integrate = sys.modules.get("scipy.integrate")
    if integrate is not None:
        found += [
            (integrate, "trapezoid", by_twin(integrate.trapezoid, jnp.trapezoid)),
            (integrate, "simpson", by_twin(integrate.simpson, simpson)),
        ]
    stats = sys.modules.get("scipy.stats")
    if stats is not None:
        for name in FAMILIES:
            ours, theirs = getattr(jsp.stats, name), getattr(stats, name, None)
            for n in DENSITIES:
                if theirs is not None and hasattr(ours, n) and hasattr(theirs, n):
                    found.append((theirs, n, by_twin(getattr(theirs, n), valid(theirs, getattr(ours, n)))))
        for kind in {type(stats.norm()), type(stats.poisson(1)), *type(stats.norm()).__mro__[1:-1]}:
            names = [n for n in DENSITIES if n in vars(kind)]
            found += [(kind, n, of_frozen(vars(kind)[n], jsp.stats)) for n in names]
    return found


def of_frozen(original: Callable, place: Any) -> Callable:
    """scipy.stats.norm(0, 1).logpdf: the density of the same name with the arguments that were frozen."""

    def call(self: Any, x: Any, *rest: Any, **kwargs: Any) -> Any:
        known = self.dist.name in FAMILIES
        twin = getattr(getattr(place, self.dist.name, None), original.__name__, None) if known else None
        frozen = (*self.args, *self.kwds.values())
        if twin is None or not any(map(holds, (x, *frozen))):
            return original(self, x, *rest, **kwargs)
        named = {k: deep(v) for k, v in self.kwds.items()}
        return wrap(valid(self.dist, twin)(deep(x), *map(deep, self.args), **named))

    return functools.wraps(original)(call)


def numpy_twins() -> list[tuple[Any, str, Any]]:
    """What of NumPy is replaced: (owner, name, function)."""
    keep = ("asarray", "array", "asanyarray", "ascontiguousarray", "asarray_chkfinite", "copy")
    shapes = ("zeros", "empty", "ones", "full", "eye", "identity", "zeros_like", "empty_like", "ones_like", "full_like")
    found: list[tuple[Any, str, Any]] = [(np, n, of_array(getattr(np, n))) for n in keep]
    found += [(np, n, of_shape(getattr(np, n))) for n in shapes]
    lists = ("sum", "prod", "mean", "std", "var", "max", "min", "amax", "amin", "median", "ptp")
    found += [(np, n, of_list(getattr(np, n))) for n in lists]
    found += [(np.linalg, "norm", of_list(np.linalg.norm)), (np, "fromiter", from_iterator)]
    return [*found, (np, "r_", Concatenator(np.r_, jnp.r_)), (np, "c_", Concatenator(np.c_, jnp.c_))]


OWN = frozenset({"jax", "jaxlib", "opt_einsum", "raphson"})
"""Packages that make arrays for themselves while the user's code runs: JAX does at almost every operation."""


class ForThisTrace:
    """A function that is the replacement for the user's code in one thread, and the original for everybody else."""

    def __init__(self, original: Any, replacement: Any):
        self.original, self.replacement, self.owner = original, replacement, threading.get_ident()
        functools.update_wrapper(self, original)

    def chosen(self, caller: Any) -> Any:
        """The one of the two that is meant for a caller."""
        own = str(caller.f_globals.get("__name__", "")).partition(".")[0] in OWN
        return self.original if own or threading.get_ident() != self.owner else self.replacement

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.chosen(sys._getframe(1))(*args, **kwargs)

    def __get__(self, instance: Any, kind: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)

    def __getitem__(self, key: Any) -> Any:
        return self.chosen(sys._getframe(1))[key]


def compiled_users() -> list[tuple[Any, str]]:
    """Extension modules that look NumPy up by name, random generators among them: (module, name).

    Compiled code has no frame of its own, so it would be taken for the user's; and Cython trusts that what `np.empty`
    gives is an array: anything else is a segmentation fault.
    """
    return [
        (module, name)
        for module in list(sys.modules.values())
        for name in ("np", "numpy")
        if getattr(module, "__dict__", {}).get(name) is np
        and str(getattr(module, "__file__", "")).endswith((".so", ".pyd"))
    ]


@contextlib.contextmanager
def patched() -> Iterator[dict[int, Any]]:
    """NumPy and SciPy let traced arrays through, for this thread and this time; {id(original): replacement}."""
    if not LOCK.acquire(timeout=PATIENCE):
        raise Busy("another thread is reading a function, and does not come to an end")
    try:
        undo: list[tuple[Any, str, Any, bool]] = []
        replaced: dict[int, Any] = {}
        try:
            plain = ModuleType("numpy")
            vars(plain).update(vars(np))
            for module, name in compiled_users():
                undo.append((module, name, np, True))
                setattr(module, name, plain)
            for owner, name, replacement in (*numpy_twins(), *scipy_twins()):
                original, own = getattr(owner, name), name in vars(owner)
                guard = ForThisTrace(original, replacement)
                replaced[id(original)] = guard
                undo.append((owner, name, original, own))
                setattr(owner, name, guard)
            yield replaced
        finally:
            for guard in replaced.values():
                guard.owner = None  # a module imported meanwhile may have taken it: it is the original from now on
            for owner, name, original, own in reversed(undo):
                if own:
                    setattr(owner, name, original)
                else:
                    delattr(owner, name)
    finally:
        LOCK.release()

"""From what a user hands over to a problem: points, functions, derivatives; with clear refusals before the loop."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from raphson.problems.minimize import Minimize
from raphson.problems.modes import NoDerivative
from raphson.solver.messages import called, refuse_kind
from raphson.tracing.read import OnHost, read


@dataclass(frozen=True)
class Scalar:
    """A traced program whose single number is brought into shape ()."""

    program: Any

    def __call__(self, x: Any, *data: Any) -> jax.Array:
        return jnp.reshape(self.program(x, *data), ())


def read_point(x0: Any, notes: list[str], *, finite: bool = True, name: str = "x0") -> Any:
    """x0 as a pytree of floating-point arrays of one precision; ValueError or TypeError says what is wrong.

    A number, or a list of numbers, becomes a vector as in SciPy. Whole numbers become float64 (noted).
    `finite`: NaN and infinity are refused, too. `name`: what the caller calls it.
    """
    if isinstance(x0, (int, float, np.number)) or (isinstance(x0, (list, tuple)) and plain_numbers(x0)):
        x0 = np.atleast_1d(np.asarray(x0))
    paths, tree = jax.tree_util.tree_flatten_with_path(x0, is_leaf=lambda a: a is None)
    if not paths:
        raise ValueError(f"{name} is empty: there is nothing to minimize over")
    leaves = [leaf for _, leaf in paths]
    arrays = [read_leaf(leaf, name + jax.tree_util.keystr(path), finite) for path, leaf in paths]
    whole = [a for a in arrays if not jnp.issubdtype(a.dtype, jnp.floating)]
    if whole:
        notes.append(f"{name} had type {whole[0].dtype}: converted to float64, because steps are not whole numbers")
    arrays = [in_a_working_precision(a, name, notes) for a in arrays]
    kinds = {a.dtype for a in arrays if jnp.issubdtype(a.dtype, jnp.floating)} | ({np.dtype(float)} if whole else set())
    dtype = jnp.result_type(*kinds) if len(kinds) > 1 else next(iter(kinds))
    if len(kinds) > 1:
        notes.append(f"{name} mixed {', '.join(sorted(map(str, kinds)))}: all of it is taken as {dtype}")
    if sum(a.size for a in arrays) == 0:
        raise ValueError(f"{name} has no entries (shape {arrays[0].shape}): there is nothing to minimize over")
    return tree.unflatten([at_home(a, b, dtype) for a, b in zip(leaves, arrays, strict=True)])


def in_a_working_precision(array: np.ndarray, name: str, notes: list[str]) -> np.ndarray:
    """The array in single or double precision: nothing is factorized in half precision, and JAX knows none beyond
    double."""
    if not jnp.issubdtype(array.dtype, jnp.floating) or array.dtype in (np.float32, np.float64):
        return array
    dtype = np.dtype(np.float32 if array.dtype.itemsize < 4 else np.float64)
    note = f"{name} had type {array.dtype}: taken as {dtype}, the nearest precision there is"
    notes += [note] if note not in notes else []
    return array.astype(dtype)


def at_home(leaf: Any, array: np.ndarray, dtype: Any) -> Any:
    """A leaf in the working precision, left on the host: compiled code takes NumPy arrays as they are."""
    return leaf if isinstance(leaf, jax.Array) and leaf.dtype == dtype else np.array(array, dtype)


def plain_numbers(x: Any) -> bool:
    """Whether nested lists hold nothing but numbers."""
    return all(plain_numbers(a) if isinstance(a, (list, tuple)) else isinstance(a, (int, float, np.number)) for a in x)


def read_leaf(leaf: Any, name: str, finite: bool) -> np.ndarray:
    """One array of x0, checked."""
    if isinstance(leaf, Tracer):
        raise TypeError(
            "minimize makes decisions on the host and cannot run inside jit, vmap or grad; "
            "use rp.solve(rp.Minimize(fun, data), method, x0), which can"
        )
    try:
        array = as_reals(np.asarray(leaf))
    except Exception as error:
        raise TypeError(f"{name} is {called(leaf)}, not an array of numbers") from error
    if array.dtype.kind not in "fiub" and not jnp.issubdtype(array.dtype, jnp.floating):
        kind = "complex: write it as its real and imaginary parts" if array.dtype.kind == "c" else f"{array.dtype}"
        kind = called(leaf) if array.dtype == object and not array.ndim else kind
        kind = f"text: {str(array.ravel()[0])!r}" if array.dtype.kind in "US" else kind
        raise TypeError(f"{name} must hold real numbers; it is {kind}{stranger_in(array)}")
    if finite and not np.isfinite(np.asarray(array, float)).all():
        bad = np.argwhere(~np.isfinite(np.asarray(array, float)))
        where = tuple(int(i) for i in bad[0])
        index = f"[{', '.join(map(str, where))}]" if where else ""
        raise ValueError(f"{name}{index} = {array[where]}: the start must be finite")
    return array


def as_reals(array: np.ndarray) -> np.ndarray:
    """An array of objects that are real numbers (what np.frompyfunc returns, fractions) as a floating-point one."""
    if array.dtype != object or not all(hasattr(a, "__float__") for a in array.ravel()):
        return array
    return array.astype(float)


def stranger_in(array: np.ndarray) -> str:
    """The first thing in an array of objects that is no real number, in words; "" for other arrays."""
    if array.dtype != object or not array.ndim:
        return ""
    i = next((i for i, a in enumerate(array.ravel()) if not hasattr(a, "__float__")), None)
    return "" if i is None else f" with {called(array.ravel()[i])} in it"


def read_function(fun: Any, args: Any, jac: Any) -> tuple[Callable, Any, tuple]:
    """fun, jac and args in one form: `jac=True` means that fun returns (f, g), as in SciPy."""
    if not callable(fun):
        raise TypeError(f"fun must be a function of x, not {called(fun)}")
    args = args if isinstance(args, tuple) else (args,)
    if jac is True:
        both: Any = fun
        return (lambda x, *a: both(x, *a)[0]), (lambda x, *a: both(x, *a)[1]), args
    if jac is not None and jac is not False and not callable(jac) and jac not in ("2-point", "3-point", "cs"):
        raise ValueError(f"jac must be a function, True, or '2-point', '3-point' or 'cs'; it is {jac!r}")
    return fun, jac if callable(jac) else None, args


def jax_problem(fun: Callable, x: Any, args: tuple, notes: list[str], space: Any = None) -> Minimize:
    """The problem of a function that can be traced; raises OnHost where it cannot, and clear errors on its output."""
    traced, _ = read(fun, x, args, space)
    outputs = jax.tree.leaves(traced.out)
    if len(outputs) != 1:
        seen = f"{len(outputs)} arrays (jac=True if it is (f, g))" if outputs else "None: is a return missing?"
        raise TypeError(f"fun must return one number; it returns {seen}")
    check_output(outputs[0].shape, outputs[0].dtype)
    dtype = jax.tree.leaves(x)[0].dtype
    if outputs[0].dtype != dtype:
        notes.append(f"fun returns {outputs[0].dtype} for x in {dtype}: its value is taken in {dtype}")
    plain = outputs[0].shape == () and not isinstance(traced.out, (tuple, list, dict))
    return Minimize(traced.program if plain else Scalar(traced.program), traced.data)


NUMERICAL = 1e-7
"""Given derivatives may come from differences: they err by about sqrt(eps) of what matters beside them."""


def contradicted(given: np.ndarray, exact: np.ndarray, beside: Any) -> tuple[int, ...] | None:
    """The index of the worst entry of given derivatives that the exact ones contradict; None if there is none.

    Every entry is measured by its own size, with a part of the sizes `beside` it (None: only itself), so
    a wrong sign is found in functions of any unit.
    """
    size = np.maximum(np.abs(given), np.abs(exact))
    gap = np.abs(given - exact)
    excess = gap - 1e-3 * size - NUMERICAL * np.asarray(beside)
    wrong = (excess > 0) | ~np.isfinite(given) & np.isfinite(exact)
    if not np.any(wrong):
        return None
    share = np.where(wrong, np.where(np.isfinite(gap), gap / np.where(size > 0, size, 1), np.inf), -1)
    return tuple(int(k) for k in np.unravel_index(np.argmax(share), share.shape))


def why_not(refusal: Exception) -> str:
    """Why a function stays on the host, in words."""
    if isinstance(refusal, NoDerivative):
        return refusal.why
    return str(refusal) if isinstance(refusal, OnHost) else f"JAX could not trace it: {type(refusal).__name__}"


def check_output(shape: tuple, dtype: Any) -> None:
    """Refuses anything but one real number."""
    if int(np.prod(shape)) != 1:
        raise TypeError(
            f"fun must return one number; it returns an array of shape {shape}. "
            "For a sum of squares return np.sum(r**2)"
        )
    if jnp.issubdtype(dtype, jnp.complexfloating):
        raise TypeError(f"fun returns a complex number ({dtype}): minimize its real part or its modulus, abs(z)**2")
    if not jnp.issubdtype(dtype, jnp.floating):
        refuse_kind(dtype, "fun returns", "one number")

"""Functions that stay on the host: wrapped, looked at once, and their derivatives compared with differences."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from raphson.calculus.difference import given_gradient, slope_disagreement
from raphson.kernel.space import Euclidean
from raphson.problems.callback import Callback, CallCounts, OutOfCalls
from raphson.problems.matrices import as_array
from raphson.solver.inputs import as_reals, check_output
from raphson.tracing.tally import READING

EVERYWHERE = Euclidean()


@dataclass(frozen=True)
class FlatPoint:
    """A point of the user's as one `vector`, and the ways back: `restore(v)` in NumPy, `unravel(v)` in JAX arrays.

    `shape` of a point that is one array; None for pytrees.
    """

    vector: jax.Array
    unravel: Callable[[Any], Any]
    shape: tuple[int, ...] | None

    def restore(self, v: Any) -> Any:
        """A vector in the user's own structure."""
        if self.shape is not None:
            return np.asarray(v).reshape(self.shape)
        return jax.tree.map(np.asarray, self.unravel(jnp.asarray(v, self.vector.dtype)))


def flat_point(x: Any) -> FlatPoint:
    """x as one vector."""
    if not hasattr(x, "shape"):
        return FlatPoint(*ravel_pytree(x), None)
    shape = x.shape
    return FlatPoint(x if len(shape) == 1 else x.reshape(-1), lambda v: jnp.reshape(v, shape), shape)


def host_problem(
    fun: Callable, x: Any, args: tuple, jac: Any, hess: Any, hessp: Any, notes: list[str], why: str,
    space: Any = EVERYWHERE, calls: int | None = None,
) -> tuple[Callback, FlatPoint]:  # fmt: skip
    """The problem of a host function over a flat vector, and the start as one.

    `space`: the bounds, within which fun is called; `calls`: how often it may be called at most.
    """
    point = flat_point(x)
    user = point.restore

    def value(v: np.ndarray) -> Any:
        out = fun(user(v), *args)
        return out if type(out) in PLAIN else one_number(out)

    gradient = None if jac is None else (lambda v: flatten(jac(user(v), *args)))
    hessian = user_hessian(hess, hessp, user, args, point.vector.size)
    problem = Callback(value, gradient, hessian, space, CallCounts.begun(calls, READING.calls))
    inspect(problem, np.asarray(point.vector))
    derivatives = [
        "the gradient is yours" if jac is not None else "the gradient is taken by central differences",
        "the Hessian is yours" if hessian is not None else "the Hessian by differences where one is needed",
    ]
    notes.append(f"fun runs on the host ({why}); {', '.join(derivatives)}. {ADVICE}")
    return problem, point


ADVICE = "What is written with whole arrays of NumPy, or with jax.numpy, is compiled and has exact derivatives"


def flatten(tree: Any) -> np.ndarray:
    """Gradients of pytrees as one vector."""
    return np.concatenate([np.ravel(np.asarray(leaf)) for leaf in jax.tree.leaves(tree)])


@dataclass(frozen=True, eq=False)
class UserHessian:
    """The user's `hess` of a flat vector: `sparse(v)` as it returns it, and called, a dense matrix (n, n)."""

    hess: Callable
    user: Callable
    args: tuple
    n: int

    def sparse(self, v: np.ndarray) -> Any:
        """What he returns."""
        return self.hess(self.user(v), *self.args)

    def __call__(self, v: np.ndarray) -> np.ndarray:
        """The matrix."""
        H = as_array(self.sparse(v))
        if H.shape != (self.n, self.n):
            raise ValueError(f"hess must return a matrix of shape ({self.n}, {self.n}); it returns shape {H.shape}")
        return H


def user_hessian(hess: Any, hessp: Any, user: Callable, args: tuple, n: int) -> Callable | None:
    """The user's Hessian, or one built from n of his products; None if he gave neither."""
    if callable(hess):
        return UserHessian(hess, user, args, n)
    if hessp is not None:
        eye = np.eye(n)
        return lambda v: np.stack([np.ravel(hessp(user(v), user(e), *args)) for e in eye])
    return None


def inspect(problem: Callback, x: np.ndarray) -> None:
    """A given gradient must have the right shape and agree with f, where f is finite at x0."""
    f = problem.evaluate(x)
    if problem.gradient is None or not np.isfinite(f):
        return
    g = given_gradient(problem, x)
    if g.shape != x.shape:
        raise ValueError(f"jac must return {x.size} numbers, one per variable; it returns shape {g.shape}")
    if not np.all(np.isfinite(g)):
        raise ValueError(f"jac(x0)[{int(np.argmin(np.isfinite(g)))}] is not finite")
    found = compared(problem, x, f, g[:, None])
    if found is not None:
        i, _, value = found
        raise ValueError(
            f"jac does not agree with fun at x0: jac[{i}] = {g[i]:.6g}, but differences of fun give {value:.6g}. "
            "Correct jac, or leave it out"
        )


def compared(problem: Any, x: np.ndarray, center: Any, given: np.ndarray) -> tuple[int, int, float] | None:
    """`slope_disagreement` of given slopes (n, m) with differences; None, too, where calls are too few to look."""
    if problem.frugal:
        return None
    try:
        return slope_disagreement(problem, x, center, given)
    except OutOfCalls:
        return None


PLAIN = (float, np.float64, np.float32)
"""Types that are one real number without looking closer."""


def one_number(out: Any) -> float:
    """What fun returned as a number; TypeError names what it is instead."""
    if out is None:
        raise TypeError("fun returns None: is a return statement missing?")
    if isinstance(out, (tuple, dict)) and len(out) > 1:
        raise TypeError(f"fun must return one number; it returns {len(out)} arrays (jac=True if it is (f, g))")
    try:
        array = as_reals(np.asarray(out))
    except Exception as error:
        raise TypeError(f"fun must return one number; it returns {type(out).__name__}") from error
    if array.dtype.kind not in "fiubc":
        raise TypeError(f"fun must return one number; it returns {type(out).__name__}: {str(out)[:40]!r}")
    check_output(array.shape, array.dtype if array.dtype.kind not in "iub" else np.dtype(float))
    return float(array.reshape(()))

"""Functions that JAX cannot trace: wrapped, looked at once, and their derivatives compared with differences."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from raphson.calculus.difference import central, steps
from raphson.problems.callback import Callback
from raphson.solver.inputs import check_output
from raphson.solver.suspect import suspect_on_host

SAME = 1e-2
"""Relative disagreement of a given gradient with differences of f from which it is called wrong."""


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
    return FlatPoint(*ravel_pytree(x), x.shape if hasattr(x, "shape") else None)


def host_problem(
    fun: Callable, x: Any, args: tuple, jac: Any, hess: Any, hessp: Any, notes: list[str], why: str
) -> tuple[Callback, FlatPoint]:
    """The problem of a host function over a flat vector, and the start as one."""
    point = flat_point(x)
    user = point.restore

    def value(v: np.ndarray) -> Any:
        out = np.asarray(fun(user(v), *args))
        check_output(out.shape, out.dtype if out.dtype.kind not in "iub" else np.dtype(float))
        return out

    gradient = None if jac is None else (lambda v: flatten(jac(user(v), *args)))
    hessian = user_hessian(hess, hessp, user, args, point.vector.size)
    problem = Callback(value, gradient, hessian)
    inspect(problem, np.asarray(point.vector))
    derivatives = [
        "the gradient is yours" if jac is not None else "the gradient is taken by central differences",
        "the Hessian is yours" if hessian is not None else "the Hessian by differences where one is needed",
    ]
    notes.append(f"fun runs on the host ({why}); {', '.join(derivatives)}. {ADVICE}")
    return problem, point


ADVICE = "For exact derivatives write it with jax.numpy (jnp.exp for np.exp, jnp.where for if, .at[i].set for x[i] =)"


def flatten(tree: Any) -> np.ndarray:
    """Gradients of pytrees as one vector."""
    return np.concatenate([np.ravel(np.asarray(leaf)) for leaf in jax.tree.leaves(tree)])


def user_hessian(hess: Any, hessp: Any, user: Callable, args: tuple, n: int) -> Callable | None:
    """The user's Hessian, or one built from n of his products; None if he gave neither."""
    if callable(hess):

        def dense(v: np.ndarray) -> np.ndarray:
            H: Any = hess(user(v), *args)
            H = np.asarray(H.toarray() if hasattr(H, "toarray") else H, float)
            if H.shape != (n, n):
                raise ValueError(f"hess must return a matrix of shape ({n}, {n}); it returns shape {H.shape}")
            return H

        return dense
    if hessp is not None:
        eye = np.eye(n)
        return lambda v: np.stack([np.ravel(hessp(user(v), user(e), *args)) for e in eye])
    return None


def inspect(problem: Callback, x: np.ndarray) -> None:
    """f must be finite at x0; a given gradient must have the right shape and agree with f."""
    f = problem.value(x)
    if not np.isfinite(f):
        cause = suspect_on_host(problem.fun, x)
        raise ValueError(f"fun(x0) = {f}{f': {cause}' if cause else ''}; choose a start where fun is finite")
    if problem.gradient is None:
        return
    problem.evaluations.gradient += 1
    g = np.asarray(problem.gradient(x))
    if g.shape != x.shape:
        raise ValueError(f"jac must return {x.size} numbers, one per variable; it returns shape {g.shape}")
    if not np.all(np.isfinite(g)):
        raise ValueError(f"jac(x0)[{int(np.argmin(np.isfinite(g)))}] is not finite")
    compare_gradient(problem.value, x, g)


def compare_gradient(value: Callable, x: np.ndarray, g: np.ndarray) -> None:
    """ValueError if g is not the gradient of f at x, by central differences along every variable (at most 20)."""
    picked = np.argsort(-np.abs(g) * np.maximum(np.abs(x), 1e-3), kind="stable")[:20]
    h = steps(np.asarray(x, float), 1 / 3)
    coarse, fine = (along(value, x, picked, h * factor) for factor in (1.0, 0.25))
    scale = np.maximum(np.abs(g[picked]), 1e-3 * np.max(np.abs(g)))
    doubt = np.abs(coarse - fine) + 1e-7 * abs(value(x)) / np.abs(h[picked])
    wrong = (np.abs(fine - g[picked]) > SAME * scale + 10 * doubt) & np.isfinite(fine)
    if np.any(wrong):
        i = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"jac does not agree with fun at x0: jac[{picked[i]}] = {g[picked[i]]:.6g}, but differences of fun give "
            f"{fine[i]:.6g}. Correct jac, or leave it out"
        )


def along(value: Callable, x: np.ndarray, picked: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Central differences along some variables."""

    def moved(t: np.ndarray) -> float:
        y = np.array(x, float)
        y[picked] += t
        return value(y)

    return central(moved, np.zeros(len(picked)), h[picked]).reshape(-1)

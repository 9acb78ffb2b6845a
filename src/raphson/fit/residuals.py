"""From what a user hands over to a least-squares problem: residuals, Jacobians, losses; refusals before the loop."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.calculus.difference import central, steps
from raphson.problems.allowed import modes_of
from raphson.problems.callback import HostResiduals
from raphson.problems.derivatives import jacobian
from raphson.problems.least_squares import LeastSquares
from raphson.problems.loss import LOSSES, Loss, linear
from raphson.solver.host import FlatPoint, flat_point
from raphson.solver.messages import refuse_kind
from raphson.solver.suspect import suspect, suspect_on_host
from raphson.tracing.read import read


@dataclass(frozen=True)
class Flat:
    """A traced program whose residuals, any pytree, become one vector in the working precision."""

    program: Any
    dtype: Any
    count: int

    def __call__(self, x: Any, *data: Any) -> jax.Array:
        parts = [jnp.ravel(a).astype(self.dtype) for a in jax.tree.leaves(self.program(x, *data))]
        return parts[0] if len(parts) == 1 else jnp.concatenate(parts)


@dataclass(frozen=True)
class Custom:
    """A user's loss in SciPy's form: a function of z that returns rho, rho' and rho'' as rows (3, m)."""

    fun: Callable[[Any], Any]

    def __call__(self, z: Any) -> tuple[Any, Any, Any]:
        rows = jnp.asarray(self.fun(z))
        return rows[0], rows[1], rows[2]


def read_loss(loss: Any, f_scale: Any, dtype: Any) -> Loss:
    """A Loss from its name or from SciPy's kind of function; ValueError with the nearest names."""
    if not (np.ndim(f_scale) == 0 and np.isfinite(f_scale) and f_scale > 0):
        raise ValueError(f"f_scale = {f_scale}: it is the size from which residuals count as outliers, a number > 0")
    if isinstance(loss, Loss):
        return loss
    scale = np.asarray(f_scale, dtype)
    if callable(loss):
        return Loss(Custom(loss), scale, "custom")
    name = str(loss).lower().replace("-", "_")
    known = {key.replace("-", "_"): key for key in LOSSES}
    if name not in known:
        near = difflib.get_close_matches(name, list(known), n=2)
        hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
        raise ValueError(f"unknown loss {loss!r}: {hint}There are {', '.join(map(repr, LOSSES))}, or a function of z")
    name = known[name]
    return Loss(linear) if name == "linear" else Loss(LOSSES[name], scale, name)


def jax_residuals(fun: Callable, x: Any, args: tuple, loss: Loss, space: Any, notes: list[str]) -> LeastSquares:
    """The problem of residuals that JAX can trace; raises what tracing raises, and clear errors on its output."""
    traced, _ = read(fun, x, args, space)
    outputs = jax.tree.leaves(traced.out)
    check_residuals([(a.shape, a.dtype) for a in outputs])
    dtype = np.dtype(jax.tree.leaves(x)[0].dtype)
    other = {str(a.dtype) for a in outputs if a.dtype != dtype}
    if other:
        notes.append(f"residuals are {', '.join(sorted(other))} for x in {dtype}: they are taken in {dtype}")
    count = sum(int(np.prod(a.shape)) for a in outputs)
    return LeastSquares(Flat(traced.program, dtype, count), traced.data, loss, space)


def check_residuals(outputs: list[tuple]) -> None:
    """Refuses anything but real numbers, and none at all."""
    if sum(int(np.prod(shape)) for shape, _ in outputs) == 0:
        raise ValueError("the residual function returns nothing: there must be at least one residual")
    for _, dtype in outputs:
        if jnp.issubdtype(dtype, jnp.complexfloating):
            raise TypeError(
                f"residuals are complex ({dtype}): return real and imaginary parts, jnp.stack([r.real, r.imag])"
            )
        if not jnp.issubdtype(dtype, jnp.floating):
            refuse_kind(dtype, "residuals are", "real numbers")


def host_residuals(
    fun: Callable, x: Any, args: tuple, jac: Any, loss: Loss, space: Any, notes: list[str], why: str
) -> tuple[HostResiduals, FlatPoint]:
    """The problem of residuals that run on the host, over a flat vector; and the start as one."""
    point = flat_point(x)
    start, user = np.asarray(point.vector), point.restore
    shape: list[int] = []

    def residuals(v: np.ndarray) -> np.ndarray:
        parts = [np.asarray(a) for a in jax.tree.leaves(fun(user(v), *args))]
        check_residuals([(a.shape, a.dtype if a.dtype.kind not in "iub" else np.dtype(float)) for a in parts])
        r = np.concatenate([np.ravel(a) for a in parts]).astype(start.dtype)
        if shape and r.size != shape[0]:
            raise ValueError(f"the number of residuals changed from {shape[0]} to {r.size}: it must not depend on x")
        shape[:] = [r.size]
        return r

    jacobian: Callable[[np.ndarray], np.ndarray] | None = None
    if jac is not None:

        def given(v: np.ndarray) -> np.ndarray:
            J = jac(user(v), *args)
            J = np.asarray(J.toarray() if hasattr(J, "toarray") else J, float)
            if J.shape != (shape[0], v.size):
                raise ValueError(
                    f"jac must return a matrix of shape ({shape[0]}, {v.size}); it returns shape {J.shape}"
                )
            return J

        jacobian = given

    problem = HostResiduals(residuals, jacobian, loss, space)
    problem = replace(problem, size=problem.residuals(start).size)
    if jac is not None:
        compare_host_jacobian(problem, start)
    source = "the Jacobian is yours" if jac is not None else "the Jacobian is taken by central differences"
    notes.append(
        f"the residuals run on the host ({why}); {source}. For exact derivatives write them with jax.numpy "
        "(jnp.exp for np.exp, jnp.where for if)"
    )
    return problem, point


def compare_host_jacobian(problem: HostResiduals, x: np.ndarray) -> None:
    """ValueError if a given Jacobian of host residuals disagrees with differences of them at x."""
    problem.evaluations.gradient += 1
    given = np.asarray(problem.jacobian(x), float)  # type: ignore[misc]
    h = steps(np.asarray(x, float), 1 / 3)
    seen, fine = (central(problem.residuals, x, h * factor, problem.space).T for factor in (1.0, 0.25))
    scale = np.maximum(np.abs(given), 1e-3 * np.max(np.abs(given), axis=0, initial=0.0))
    gap = np.abs(given - fine) - 10 * np.abs(seen - fine) - 1e-2 * scale
    gap = np.where(np.isfinite(gap), gap, 0)
    i, j = (int(k) for k in np.unravel_index(np.argmax(gap), gap.shape))
    if gap[i, j] > 1e-9 * np.max(np.abs(given), initial=0.0):
        raise ValueError(
            f"jac does not agree with the residuals at x0: jac[{i}, {j}] = {given[i, j]:.6g}, but differences give "
            f"{fine[i, j]:.6g}. Correct jac, or leave it out"
        )


def compare_jacobian(problem: Any, x: Any, args: tuple, jac: Callable, notes: list[str]) -> None:
    """A given Jacobian of JAX residuals is compared with the exact one, which is then used."""
    exact = np.asarray(jax.jit(lambda p, x: jacobian(modes_of(p, x), p, x)[1])(problem, x))
    J: Any = jac(jax.tree.map(np.asarray, x), *args)
    given = np.asarray(J.toarray() if hasattr(J, "toarray") else J, float)
    if given.shape != exact.shape:
        raise ValueError(f"jac must return a matrix of shape {exact.shape}; it returns shape {given.shape}")
    gap = np.abs(given - exact)
    i, j = (int(k) for k in np.unravel_index(np.argmax(gap), gap.shape))
    if gap[i, j] > 1e-3 * np.max(np.abs(exact)) + 1e-12:
        raise ValueError(
            f"jac does not agree with the residuals at x0: jac[{i}, {j}] = {given[i, j]:.6g}, but the exact derivative "
            f"is {exact[i, j]:.6g}. Correct jac, or leave it out"
        )
    notes.append("jac agrees with the residuals; JAX differentiates them itself, so jac is not needed")


def jacobian_at(problem: Any, x: Any) -> np.ndarray:
    """The Jacobian at a point (m, n), whatever it is there; without rows for host residuals, whose differences lie."""
    if isinstance(problem, HostResiduals):
        return np.zeros((0, problem.space.size(x)))
    return np.asarray(jacobian(modes_of(problem, x), problem, x)[1])


jitted_residuals = jax.jit(lambda problem, x: problem.residuals(x))


def residuals_of(problem: Any, x: Any) -> np.ndarray:
    """The residuals at a point (m,), whatever they are there."""
    host = isinstance(problem, HostResiduals)
    return np.asarray(problem.residuals(np.asarray(x)) if host else jitted_residuals(problem, x))


def refuse_not_finite(problem: Any, x: Any, names: Any, J: Any) -> None:
    """ValueError that names what is not finite at the start: a residual, or a derivative (J (m, n)); and what makes it.

    Nothing is raised where both are finite (squares may overflow).
    """
    r = residuals_of(problem, x)
    bad, steep = np.flatnonzero(~np.isfinite(r)), np.argwhere(~np.isfinite(np.asarray(J)))
    if not bad.size and not steep.size:
        return
    host = isinstance(problem, HostResiduals)
    cause = suspect_on_host(problem.fun, np.asarray(x)) if host else suspect(problem.residuals, x, names)
    cause = f": {cause}" if cause else ""
    if bad.size:
        more = f" and {bad.size - 1} more" if bad.size > 1 else ""
        raise ValueError(
            f"residual[{bad[0]}]{more} is {r[bad[0]]} at x0{cause}; choose a start where the model is finite, "
            "and data without gaps (nan_policy='omit' leaves them out in curve_fit)"
        )
    i, j = (int(k) for k in steep[np.argmax(np.isinf(np.asarray(J)[tuple(steep.T)]))])  # NaN spreads, inf is its source
    raise ValueError(
        f"the derivative of residual[{i}] by {names[j]} is {np.asarray(J)[i, j]} at x0{cause}; move the start, or "
        "write the residuals so that they are smooth there"
    )

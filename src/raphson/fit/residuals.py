"""From what a user hands over to a least-squares problem: residuals, Jacobians, losses; refusals before the loop."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.calculus.colored import SPARSE_GRAM
from raphson.calculus.difference import given_jacobian
from raphson.calculus.taylor import evaluate_compiled
from raphson.kernel.program import Program
from raphson.problems.allowed import modes_of
from raphson.problems.callback import CallCounts, HostResiduals
from raphson.problems.derivatives import jacobian
from raphson.problems.least_squares import LeastSquares
from raphson.problems.loss import LOSSES, Loss, linear
from raphson.problems.matrices import jacobian_array
from raphson.solver.choose import DENSE
from raphson.solver.host import ADVICE, FlatPoint, compared, flat_point
from raphson.solver.inputs import as_reals, contradicted
from raphson.solver.messages import refuse_kind
from raphson.solver.residual_sparsity import with_jacobian_sparsity
from raphson.solver.suspect import SMOOTH, suspect, suspect_on_host, way_out
from raphson.sparsity.given import is_sparse
from raphson.tracing.needs import NeedsANumber
from raphson.tracing.numpy import as_jax
from raphson.tracing.read import read
from raphson.tracing.tally import READING


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


def host_rows(fun: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A loss written with NumPy, called from compiled code. Its derivatives are its own rows; rho''' is not needed."""

    def called(z: Any) -> np.ndarray:
        return np.asarray(fun(np.array(z)), z.dtype)

    @jax.custom_jvp
    def rows(z: Any) -> Any:
        return jax.pure_callback(called, jax.ShapeDtypeStruct((3, *z.shape), z.dtype), z, vmap_method="sequential")

    @rows.defjvp
    def derivative(point: Any, direction: Any) -> tuple[Any, Any]:
        (z,), (dz,) = point, direction
        out = rows(z)
        return out, jnp.stack([out[1] * dz, out[2] * dz, jnp.zeros_like(dz)])

    return rows


@lru_cache(maxsize=64)  # one function object for one loss: compiled programs are known by it
def forms_of(fun: Callable[[Any], Any]) -> tuple[Callable[[Any], Any], ...]:
    """A loss as JAX may take it: as it stands, by NumPy's protocols, or called on the host."""
    return fun, as_jax(fun), host_rows(fun)


def read_custom(fun: Callable[[Any], Any], dtype: Any, notes: list[str]) -> Custom:
    """A loss of the user's, by the first form that can be traced (the last one runs on the host, which is noted)."""
    for rows in forms_of(fun)[:2]:
        try:
            out = jax.eval_shape(lambda z, rows=rows: jnp.asarray(rows(z)), jax.ShapeDtypeStruct((2,), dtype))
            break
        except Exception as error:
            refusal = error
    else:
        rows, out = forms_of(fun)[2], fun(np.array([0.25, 4.0], dtype))
        notes.append(
            f"loss runs on the host: {refusal if isinstance(refusal, NeedsANumber) else 'it cannot be traced'}"
        )
    shape = np.shape(out)
    if shape != (3, 2):
        raise ValueError(f"loss must return rho, rho' and rho'' of m numbers z as rows (3, m); for m = 2 it is {shape}")
    return Custom(rows)


def read_loss(loss: Any, f_scale: Any, dtype: Any, notes: list[str] | None = None) -> Loss:
    """A Loss from its name or from SciPy's kind of function; ValueError with the nearest names."""
    if not (np.ndim(f_scale) == 0 and np.isfinite(f_scale) and f_scale > 0):
        raise ValueError(f"f_scale = {f_scale}: it is the size from which residuals count as outliers, a number > 0")
    if isinstance(loss, Loss):
        return loss
    scale = np.asarray(f_scale, dtype)
    if callable(loss):
        return Loss(read_custom(loss, dtype, [] if notes is None else notes), scale, "custom")
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
        raise ValueError(
            "the residual function returns nothing: there must be at least one residual. Is a return missing?"
        )
    for _, dtype in outputs:
        if jnp.issubdtype(dtype, jnp.complexfloating):
            raise TypeError(
                f"residuals are complex ({dtype}): return real and imaginary parts, jnp.stack([r.real, r.imag])"
            )
        if not jnp.issubdtype(dtype, jnp.floating):
            refuse_kind(dtype, "residuals are", "real numbers")


class Rows:
    """A host function of residuals, its outputs as one vector (m,), which must keep its length."""

    def __init__(self, fun: Callable, user: Callable, args: tuple, dtype: Any):
        self.fun, self.user, self.args, self.dtype, self.count = fun, user, args, dtype, -1

    def __call__(self, v: np.ndarray) -> np.ndarray:
        out = self.fun(self.user(v), *self.args)
        plain = type(out) is np.ndarray and out.dtype == self.dtype and out.size == self.count
        r = out.ravel() if plain else self.checked(out)
        return r.copy() if r.base is not None else r  # the user may use his array again

    def checked(self, out: Any) -> np.ndarray:
        """The same, looked at closely; TypeError or ValueError names what cannot be residuals."""
        if out is None:
            raise TypeError("the residual function returns None: is a return statement missing?")
        parts = [read_part(a) for a in jax.tree.leaves(out, is_leaf=lambda a: a is None)]
        check_residuals([(a.shape, a.dtype if a.dtype.kind not in "iub" else np.dtype(float)) for a in parts])
        r = np.concatenate([np.ravel(a) for a in parts]).astype(self.dtype)
        if self.count >= 0 and r.size != self.count:
            raise ValueError(f"the number of residuals changed from {self.count} to {r.size}: it must not depend on x")
        self.count = r.size
        return r


def read_part(out: Any) -> np.ndarray:
    """One array of residuals, or TypeError."""
    try:
        array = as_reals(np.asarray(out))
    except Exception as error:
        raise TypeError(f"residuals must be arrays of real numbers, not {type(out).__name__}") from error
    if array.dtype.kind not in "fiubc":
        raise TypeError(f"residuals must be arrays of real numbers, not {type(out).__name__}: {str(out)[:40]!r}")
    return array


def host_residuals(
    fun: Callable, x: Any, args: tuple, jac: Any, loss: Loss, space: Any, notes: list[str], why: str,
    calls: int | None = None,
) -> tuple[HostResiduals, FlatPoint]:  # fmt: skip
    """The problem of residuals that run on the host, over a flat vector; and the start as one.

    They are called within the bounds of `space` alone, and at most `calls` times.
    """
    point = flat_point(x)
    start, user = np.asarray(point.vector), point.restore
    rows = Rows(fun, user, args, start.dtype)
    jacobian = None if jac is None else UserJacobian(jac, user, args, rows)
    problem = HostResiduals(rows, jacobian, loss, space, CallCounts.begun(calls, READING.calls))
    r = problem.evaluate(start)
    problem = replace(problem, size=r.size)
    if jacobian is not None and not (start.size > DENSE and is_sparse(jacobian.raw(start.copy()))):
        compare_host_jacobian(problem, start, r)  # a sparse one is compared by products (fit/given_rows.py)
    source = "the Jacobian is yours" if jac is not None else "the Jacobian is taken by central differences"
    notes.append(f"the residuals run on the host ({why}); {source}. {ADVICE}")
    return problem, point


def compare_host_jacobian(problem: HostResiduals, x: np.ndarray, r: np.ndarray) -> None:
    """ValueError if a given Jacobian of host residuals disagrees with differences of them at x."""
    given = given_jacobian(problem, x)
    problem.lengths.known = x, given, r
    found = compared(problem, x, r, given.T)
    if found is not None:
        j, i, value = found
        raise ValueError(
            f"jac does not agree with the residuals at x0: jac[{i}, {j}] = {given[i, j]:.6g}, but differences give "
            f"{value:.6g}. Correct jac, or leave it out"
        )


def compare_jacobian(problem: Any, x: Any, args: tuple, jac: Callable, notes: list[str]) -> None:
    """A given Jacobian of JAX residuals is compared with the exact one, which is then used."""
    given, known = jac(jax.tree.map(np.asarray, x), *args), with_jacobian_sparsity(problem, x, DENSE + 1)[0]
    if known.jacobian_sparsity is not None and hasattr(given, "tocsr"):
        at, given, exact = side_by_side(given.tocsr(), jacobian_at(replace(known, loss=Loss(linear)), x))
        beside = np.zeros(problem.space.size(x))
        np.maximum.at(beside, at[1], np.abs(exact))
        beside = beside[at[1]]
    else:
        exact = np.asarray(Program(lambda p, x: jacobian(modes_of(p, x), p, x)[1])(problem, x))
        given, at = jacobian_array(given, *exact.shape), None
        beside = np.max(np.abs(exact), axis=0, initial=0.0)
    worst = contradicted(given, exact, beside)
    if worst is not None:
        i, j = worst if at is None else (int(places[worst]) for places in at)
        raise ValueError(
            f"jac does not agree with the residuals at x0: jac[{i}, {j}] = {given[worst]:.6g}, but the exact "
            f"derivative is {exact[worst]:.6g}. Correct jac, or leave it out"
        )
    notes.append("jac agrees with the residuals; JAX differentiates them itself, so jac is not needed")


def side_by_side(given: Any, exact: Any) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
    """The places (rows, columns) where one of two CSR matrices has an entry, and the entries of both there."""
    if given.shape != exact.shape:
        raise ValueError(f"jac must return a matrix of shape {exact.shape}; it returns shape {given.shape}")
    places = (abs(given) + abs(exact)).tocoo()
    at = places.row, places.col
    return at, np.asarray(given[at], float).ravel(), np.asarray(exact[at], float).ravel()


def jacobian_at(problem: Any, x: Any) -> Any:
    """The Jacobian at a point (m, n), sparse where the problem knows it to be, its rows weighted where the loss is
    robust; whatever it is there; without rows for host residuals, whose differences lie."""
    if isinstance(problem, HostResiduals):
        return np.zeros((0, problem.space.size(x)))
    if problem.jacobian_sparsity is not None:
        return evaluate_compiled(problem, x, SPARSE_GRAM).curvature.matrix()
    return np.asarray(jacobian(modes_of(problem, x), problem, x)[1])


jitted_residuals = Program(lambda problem, x: problem.residuals(x))


def residuals_of(problem: Any, x: Any) -> np.ndarray:
    """The residuals at a point (m,), whatever they are there."""
    host = isinstance(problem, HostResiduals)
    return np.asarray(problem.evaluate(np.asarray(x)) if host else jitted_residuals(problem, x))


@dataclass(frozen=True, eq=False)
class UserJacobian:
    """The user's `jac` as a function of the flat vector: an array (m, n), or what he returned (`raw`)."""

    jac: Callable
    user: Callable
    args: tuple
    rows: Rows

    def __call__(self, v: np.ndarray) -> np.ndarray:
        return jacobian_array(self.raw(v), self.rows.count, v.size)

    def raw(self, v: np.ndarray) -> Any:
        """As it came: a sparse matrix, perhaps."""
        return self.jac(self.user(v), *self.args)


class NotFinite(ValueError):
    """The residual number `row` is not finite at the start; the text in two parts, to be told more of that point."""

    def __init__(self, row: int, head: str, tail: str):
        super().__init__(head + tail)
        self.row, self.head, self.tail = row, head, tail


class NotSmooth(ValueError):
    """Residuals are finite at the start, a derivative of them is not."""


def refuse_not_finite(problem: Any, x: Any, names: Any, J: Any) -> None:
    """ValueError that names what is not finite at the start: a residual, or a derivative (J (m, n)); and what makes it.

    Nothing is raised where both are finite (squares may overflow).
    """
    r = residuals_of(problem, x)
    bad, (steep, slopes) = np.flatnonzero(~np.isfinite(r)), not_finite_in(J)
    if not bad.size and not steep.size:
        return
    if isinstance(problem, HostResiduals):
        fails = lambda v: not np.isfinite(problem.residuals(v)[bad[0]] if bad.size else np.nan)
        cause = suspect_on_host(problem.residuals, np.asarray(x), fails, names, problem.space)
    else:
        cause = suspect(problem.residuals, x, names)
    cause = f": {cause}" if cause else ""
    if bad.size:
        row, more = int(bad[0]), f" and {bad.size - 1} more" if bad.size > 1 else ""
        raise NotFinite(
            row, f"residual[{row}]{more} is {r[row]} at x0",
            f"{cause}; choose a start where the model is finite, and data without gaps (nan_policy='omit' leaves them "
            "out in curve_fit)",
        )  # fmt: skip
    at = int(np.argmax(np.isinf(slopes)))  # NaN spreads, inf is its source
    i, j = (int(k) for k in steep[at])
    way = SMOOTH if isinstance(problem, HostResiduals) else way_out(problem.residuals, x)
    raise NotSmooth(f"the derivative of residual[{i}] by {names[j]} is {slopes[at]} at x0{cause}; {way}")


def rows_times(w: np.ndarray, J: Any) -> Any:
    """diag(w) J (m, n), dense or sparse as J is."""
    if not hasattr(J, "tocsr"):
        return w[:, None] * J
    scaled = J.tocsr(copy=True)
    scaled.data *= np.repeat(w, np.diff(scaled.indptr))
    return scaled


def not_finite_in(J: Any) -> tuple[np.ndarray, np.ndarray]:
    """Where a matrix, dense or sparse, is not finite (k, 2), and what it is there (k,)."""
    if hasattr(J, "tocoo"):
        held = J.tocoo()
        wrong = ~np.isfinite(held.data)
        return np.stack([held.row[wrong], held.col[wrong]], axis=1), held.data[wrong]
    dense = np.asarray(J)
    places = np.argwhere(~np.isfinite(dense))
    return places, dense[tuple(places.T)]

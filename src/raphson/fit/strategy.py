"""Which methods a fit tries, in which order, and the last digits by full Newton steps."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.calculus.around import TINY
from raphson.calculus.colored import SPARSE, SPARSE_GRAM
from raphson.calculus.difference import SECOND, Bend, bent_residuals, host_jacobian
from raphson.calculus.taylor import GRAM, HESSIAN, sparse_evaluation_on_host, weighted_evaluation
from raphson.certificate.factored import proven_newton_step
from raphson.kernel.evaluation import Evaluation
from raphson.kernel.number import eps, limits
from raphson.kernel.program import Program
from raphson.kernel.record import record
from raphson.linear.lowest import HostMatrix
from raphson.linear.sparse import sparse_backend
from raphson.linear.sums import summed_products
from raphson.operators.dense import Measured
from raphson.operators.sparse import Sparse
from raphson.paths.ray import Ray
from raphson.problems.allowed import modes_of
from raphson.problems.callback import HostResiduals, OutOfCalls
from raphson.problems.derivatives import hessian
from raphson.problems.least_squares import LeastSquares
from raphson.problems.modes import Modes
from raphson.solver.bounds import active_bounds
from raphson.solver.carry import lean, whole
from raphson.solver.final import forms_hessian, way_of
from raphson.solver.presets import RESIDUAL_PRESETS
from raphson.solver.step import Method

ORDER = ("lm", "newton", "gauss-newton", "lm-radius")
"""What "auto" tries until one is shown to have reached a minimum. Measured on MGH and NIST (docs/design-notes.md):
each later one solves starts at which all earlier ones fail."""

POLISH = 1e-10
"""A full Newton step larger than this, relative to x, is worth taking at the end: Gauss-Newton was too slow there."""

NEAR = 1e-3
"""Farther away than this the quadratic is not trusted without a control."""

SURE = 1e-4
"""There it is trusted, twice, if the step leaves at most this part of g'H^-1 g and f does not rise: a minimum at 0,
where x has no size (x^2 + 5 ended at 4.9e-8). At a degenerate minimum such as x^4 a Newton step leaves (2/3)^4."""


SURE_OF_MANY = 1e-2
"""The same where H is sparse: of thousands of variables one lies near 0, and by its size every step is long (an image:
0.17 where no pixel moves by more than 5e-4)."""


def steady(method: Method) -> Method:
    """What a run from beside is made by: the method, or Levenberg's and Marquardt's where it searches along lines.

    Gauss-Newton's line search, begun beside a plateau, stalls on its slope (CUTEst's PALMER7ENE: seven of eight runs,
    where half of those with damping get to a lower minimum), and the plateau passes for a minimum then.
    """
    lm = RESIDUAL_PRESETS["lm"]
    return replace(method, path=lm.path, control=lm.control) if isinstance(method.path, Ray) else method


LARGEST = 4000
"""Up to so many parameters a fit looks at its full Hessian: error bars and last digits need it."""


@record
class FitEvaluation:
    """Everything at one point: f, g and J, with the exact Hessian, dense (None: too many variables) or `sparse`.

    `measured`: what stands for H in the certificate of host residuals, with its errors (None: H itself). `size` (n,):
    what steps are measured by there, where the space is curved.
    """

    evaluation: Evaluation
    hessian: Any
    measured: Any = None
    sparse: Any = None
    size: Any = None


def evaluate_fit(problem: Any, x: Any) -> FitEvaluation:
    """Value, gradient, Jacobian and Hessian at x, in one program where JAX can trace it."""
    if isinstance(problem, HostResiduals):
        return evaluate_fit_on_host(problem, x)
    known = problem.jacobian_sparsity is not None
    dense = not known and forms_hessian(problem, x, LARGEST)
    seen = whole(jax.tree.map(np.asarray, evaluate_fit_compiled(problem, x, dense=dense)), problem)
    return forwards(problem, x, seen) if dense else seen


def forwards(problem: Any, x: Any, seen: FitEvaluation) -> FitEvaluation:
    """The same with H in forward mode over forward mode where it is not finite though f and J are.

    Reverse mode multiplies the branch of `jnp.where` that is not taken by 0, and 0 inf is NaN (exp(z^2) erfc(z) beside
    its asymptotic series, CUTEst's CERI651C): forward mode drops it.
    """
    known = seen.evaluation
    fine = np.isfinite(known.value) and np.all(np.isfinite(known.gradient))
    if not fine or np.all(np.isfinite(seen.hessian)) or not modes_of(problem, x).forward:
        return seen
    return replace(seen, hessian=np.asarray(forward_hessian(problem, x)))


def evaluate_fit_on_host(problem: HostResiduals, x: Any) -> FitEvaluation:
    """The same on the host: J by differences and, for few parameters, what the residuals' own curvature adds to J'J.

    Where no calls are left: what the run knows.
    """
    point = np.asarray(x)
    if problem.jacobian_sparsity is not None:
        return sparse_fit_evaluation(problem, point)
    try:
        r = problem.evaluate(point)
        found = bent_residuals(problem, point, r, SECOND, last=True)
    except OutOfCalls:
        point, J, r = problem.lengths.known or unknown(problem)
        with np.errstate(all="ignore"):
            first, second = (np.asarray(w, float) for w in problem.loss.weights(r))
            H = (J.T * second) @ J
            found = Bend(J, (first * r) @ J, H, 1e-6 * np.abs(H), False)
    d = np.sqrt(np.maximum(np.abs(np.diagonal(found.hessian)), TINY))
    with np.errstate(over="ignore"):  # no curvature at all: nothing is known of its error
        problem.lengths.error = float(np.max(found.error / np.outer(d, d), initial=eps(d)))
    cost: Any = problem.cost(r)
    seen = weighted_evaluation(problem, point, cost, r, found.jacobian)  # type: ignore[arg-type]
    seen = replace(seen, gradient=found.gradient)
    return FitEvaluation(seen, found.hessian if found.full else None, Measured(found.hessian, found.error))  # type: ignore[arg-type]


def sparse_fit_evaluation(problem: HostResiduals, x: np.ndarray) -> FitEvaluation:
    """The same with a sparse J on the host, J'WJ in place of H; what the run knows where no calls are left."""
    try:
        r = problem.evaluate(x)
        J = host_jacobian(problem, x, r)
    except OutOfCalls:
        known = problem.lengths.known
        x, r = (known[0], known[2]) if known is not None else problem.lengths.last  # type: ignore[misc]
        J = None if known is None else known[1]
    entries = np.full(problem.jacobian_sparsity.structure.entries, np.nan) if J is None else J.data
    cost: Any = problem.cost(r)
    p, own = problem.jacobian_sparsity.structure, jnp.asarray(entries, x.dtype)
    bend = jnp.asarray(problem.loss.weights(r)[1], x.dtype)
    H = Sparse(summed_products(p.products, p.over_rows(own, bend), own), p.normal)
    problem.lengths.error = 2 * COLUMN_ERROR if problem.jacobian is None else eps(x)
    return FitEvaluation(sparse_evaluation_on_host(problem, x, cost, r, entries), None, H)


def unknown(problem: HostResiduals) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The start, no Jacobian, and the residuals there: all that is known where no calls were left for more."""
    x, r = problem.lengths.last  # type: ignore[misc]
    return x, np.full((r.size, x.size), np.nan), r


def evaluate_both(problem: Any, x: Any, dense: bool) -> FitEvaluation:
    """Residuals differentiated once for J, and once more for the Hessian if it is wanted."""
    seen = (GRAM if problem.jacobian_sparsity is None else SPARSE_GRAM).evaluate(problem, x)
    sparse = None if problem.sparsity is None else SPARSE.evaluate(problem, x).curvature
    size = None if problem.space.straight else problem.space.magnitude(x)
    H = HESSIAN.evaluate(problem, x).curvature.dense() if dense else None
    return lean(FitEvaluation(seen, H, None, sparse, size))


evaluate_fit_compiled = Program(evaluate_both, static_argnames=("dense",))

forward_hessian = Program(lambda problem, x: hessian(Modes(reverse=False), problem, x)[2])

COLUMN_ERROR = 1e-9
"""Relative error of a column of J by differences of second order, eps^(2/3) with a margin."""


@dataclass(frozen=True)
class Polished:
    """Where the last Newton steps led, and how many there were."""

    x: Any
    seen: FitEvaluation
    steps: int


def polish(
    problem: Any, x: Any, free: Callable[[np.ndarray, Any], np.ndarray], most: int = 8, enough: float = POLISH,
    scale: np.ndarray | None = None,
) -> Polished:  # fmt: skip
    """Full Newton steps near a minimum, while each brings g'H^-1 g down fourfold and changes x by more than `enough`.

    Gauss-Newton leaves out sum r_i H_i and converges the more slowly the larger the residuals are;
    this is the switch to the full Hessian. `free` says which variables no bound holds. `most`: steps (0: where the
    caller ended the run, x is his). `scale` (n,): the units in which a certificate will look at a sparse H: its factor
    is then made once for both.
    Source: Dennis and Schnabel (1983), section 10.2 and 10.3.
    """
    seen, far = evaluate_fit(problem, x), 0
    for count in range(most):
        s = newton_step(seen, free(np.asarray(seen.evaluation.gradient), x), scale)
        size = way_of(problem.space, x, x)[0] if seen.size is None else seen.size
        relative = 0.0 if s is None else length(size, s)
        if s is None or relative <= enough:
            return Polished(x, seen, count)
        before = float(-s @ np.asarray(seen.evaluation.gradient, float))
        s = to_zero(problem.space, x, s).astype(seen.evaluation.gradient.dtype)
        there, _, cut = problem.space.move(x, jnp.asarray(s))
        new = evaluate_fit(problem, there)
        if not before > 0:  # the root is so degenerate that g'H^-1 g is below all numbers: nothing is left to be gained
            return Polished(x, seen, count)
        share = left(seen, new, free(np.asarray(new.evaluation.gradient), there), scale) / before
        far += relative >= NEAR
        sure = relative < NEAR or (
            far <= 2
            and share <= (SURE if seen.sparse is None else SURE_OF_MANY)
            and float(new.evaluation.value) <= float(seen.evaluation.value)
        )
        if bool(cut) or not sure or not share <= 0.25:
            return Polished(x, seen, count)
        x, seen = there, new
    return Polished(x, seen, most)


def to_zero(space: Any, x: Any, s: np.ndarray) -> np.ndarray:
    """A step that leaves no more than rounding of a variable leads to 0 itself; where a space is curved, s."""
    if not space.straight:
        return s
    flat = np.concatenate([np.ravel(np.asarray(leaf)) for leaf in jax.tree.leaves(x)])
    return np.where(np.abs(flat + s) <= 4 * np.finfo(flat.dtype).eps * np.abs(flat), -flat, s)


def length(size: np.ndarray, s: np.ndarray) -> float:
    """The largest part of its own size (n,) by which a step moves a variable."""
    return float(np.max(np.abs(s) / np.where(size > 0, size, np.inf), initial=0.0))


def newton_step(seen: FitEvaluation, free: np.ndarray, scale: np.ndarray | None = None) -> np.ndarray | None:
    """-H^-1 g on the free variables, scaled to a unit diagonal; None where H is not known positive definite there."""
    if seen.sparse is not None:
        g = np.asarray(seen.evaluation.gradient, float)
        proven = (
            None if scale is None else proven_newton_step(seen.sparse, g, scale, eps(seen.evaluation.gradient), free)
        )
        return sparse_newton_step(seen.sparse, g, free) if proven is None else proven
    if seen.hessian is None:
        return None
    H, g = np.asarray(seen.hessian, float), np.asarray(seen.evaluation.gradient, float)
    if not free.any() or not np.isfinite(H).all():
        return None
    rows = np.flatnonzero(free)
    if rows.size < free.size:
        H, g = H[np.ix_(rows, rows)], g[rows]
    d = np.sqrt(np.abs(H.diagonal()))
    d = np.where(d > 0, d, 1.0)
    M = H / d[:, None] / d
    try:
        np.linalg.cholesky(M)
        part = np.linalg.solve(M, g / d)  # may find a pivot 0 where Cholesky's last is its rounding
    except np.linalg.LinAlgError:
        return None
    s = np.zeros(free.size)
    s[rows] = -part / d
    return s


def sparse_newton_step(B: Any, g: np.ndarray, free: np.ndarray) -> np.ndarray | None:
    """The same of a sparse H, by its factor, with one refinement."""
    matrix = HostMatrix(B.structure, np.asarray(B.values, float))
    if not free.any() or not np.isfinite(matrix.values).all():
        return None
    d = np.sqrt(np.abs(matrix.diagonal))
    d = np.where(free & (d > 0), d, 1.0)
    rows, columns = matrix.rows, matrix.columns
    inner = np.where(free[rows] & free[columns], matrix.values / (d[rows] * d[columns]), rows == columns)
    matrix, q = HostMatrix(B.structure, inner), np.where(free, g / d, 0)
    factor = sparse_backend().host_factor(B.structure, inner)
    if factor is None:
        return None
    y = -factor.solve(q)
    return (y - factor.solve(q + matrix.product(y))) / d


def left(seen: FitEvaluation, new: FitEvaluation, free: np.ndarray, scale: np.ndarray | None = None) -> float:
    """g'H^-1 g with the gradient of `new` and the Hessian of `seen`: what is still to be gained."""
    s = newton_step(replace(seen, evaluation=new.evaluation), free, scale)
    return np.inf if s is None else float(-s @ np.asarray(new.evaluation.gradient, float))


def rescued(problem: LeastSquares, x: Any, descend: Callable[[LeastSquares, Any, float], Any]) -> Any:
    """A better start where residuals are finite at x but their squares overflow: steps on scaled residuals.

    `descend(problem, x, enough)` runs until the scaled cost is below `enough`, where the true one has
    come down to the root of the largest number: the scaled problem itself knows no end.
    """
    r = np.asarray(problem.residuals(x), float)
    factor = 1 / np.max(np.abs(r))
    data = (jnp.asarray(factor, x_dtype(x)), *problem.data)
    enough = float(factor * float(limits(x_dtype(x)).max) ** 0.25) ** 2
    known = {"sparsity": problem.sparsity, "jacobian_sparsity": problem.jacobian_sparsity}
    there = descend(LeastSquares(Shrunk(problem.residual), data, space=problem.space, **known), x, enough)
    return there if np.isfinite(float(problem.value(there))) else x


def order_for(problem: Any) -> tuple[str, ...]:
    """`ORDER`, without the full Hessian where J is sparse and H has too many colors: dense it would not fit."""
    whole = getattr(problem, "jacobian_sparsity", None) is None or problem.sparsity is not None
    return ORDER if whole else tuple(name for name in ORDER if name != "newton")


def x_dtype(x: Any) -> Any:
    """The precision of a point."""
    return jnp.result_type(*jax.tree.leaves(x))


@dataclass(frozen=True)
class Shrunk:
    """Residuals times a number: squares that overflow no longer do, and the minimizer stays where it is."""

    residual: Any

    def __call__(self, x: Any, factor: Any, *data: Any) -> Any:
        return factor * self.residual(x, *data)


def free_variables(problem: Any, g: np.ndarray, x: Any) -> np.ndarray:
    """Which variables no bound holds at x (n,): all without bounds."""
    return active_bounds(problem.space, g, x) == 0

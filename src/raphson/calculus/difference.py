"""Derivatives of host functions: the user's own where he gave them, else finite differences (`calculus.stencil`)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from raphson.calculus.around import TINY, Around, limits_of
from raphson.calculus.lengths import forget_noise
from raphson.calculus.steadied import steadied
from raphson.calculus.stencil import Stencil, difference_jacobian, entry_errors, forward, stencil
from raphson.kernel.number import eps
from raphson.problems.callback import Callback, HostResiduals, Lengths

FEW = 20
"""Up to so many variables a gradient is worth four values a variable; above, two, and four at every eighth point."""

SECOND = 12
"""Up to so many parameters the residuals' own second derivatives are looked at once, at the end of a fit."""

CROSSED = 1e-5
"""Relative error of mixed derivatives from one stencil: (h / L)^2 with a margin of ten."""


def around(problem: Any, x: np.ndarray, center: Any, evaluate: Callable | None = None, lengths: Any = None) -> Around:
    """The problem's function near x, its value there known; or another function of x with lengths of its own."""
    low, high, free = limits_of(problem.space, x)
    evaluate = problem.residuals if isinstance(problem, HostResiduals) and evaluate is None else evaluate
    center = np.atleast_1d(np.asarray(center, float))
    return Around(
        evaluate or problem.value, x, center, low, high, problem.lengths if lengths is None else lengths, free
    )


def slope_lengths(problem: Any) -> Lengths:
    """What differences of the user's own derivatives have learned."""
    if problem.lengths.slope is None:
        problem.lengths.slope = Lengths()
    return problem.lengths.slope


def host_jacobian(problem: HostResiduals, x: Any, r: np.ndarray) -> Any:
    """The Jacobian (m, n) beside the residuals r: the user's, or differences; not taken twice at one point. An array,
    or a SciPy CSR array where it is to be factorized as that."""
    point = np.array(x)
    known = problem.lengths.known
    if known is not None and np.array_equal(known[0], point):
        return known[1]
    if problem.rows is not None:
        J = problem.rows.jacobian(problem, point, r)
    elif problem.jacobian is not None:
        J = given_jacobian(problem, point)
    else:
        problem.evaluations.gradient += 1
        J = forward(around(problem, point, r)) if problem.frugal else difference_jacobian(around(problem, point, r))
    problem.lengths.known = point, J, r
    return J


def given_jacobian(problem: HostResiduals, x: np.ndarray) -> np.ndarray:
    """The user's Jacobian, counted."""
    return np.array(problem.evaluations.slope(problem.jacobian, x), float)  # type: ignore[arg-type]


def given_gradient(problem: Callback, x: np.ndarray) -> np.ndarray:
    """The user's gradient, counted."""
    return np.array(problem.evaluations.slope(problem.gradient, x), float).reshape(-1)  # type: ignore[arg-type]


def host_gradient(problem: Callback, x: Any, value: float) -> np.ndarray:
    """The gradient (n,): the user's, or differences of f."""
    point = np.array(x)
    if problem.gradient is not None:
        return given_gradient(problem, point)
    near = around(problem, point, value)
    problem.evaluations.gradient += 1
    if problem.frugal:
        return forward(near)[0]
    if point.size <= FEW or problem.lengths.looks % 8 == 0:
        return stencil(near).first[:, 0]
    return difference_jacobian(near)[0]


def host_derivatives(problem: Callback, x: Any, value: float) -> tuple[np.ndarray, np.ndarray]:
    """Gradient (n,) and Hessian (n, n), as good as the steps of a run need them."""
    point = np.array(x)
    if problem.hessian is None and problem.gradient is None:
        near = around(problem, point, value)
        problem.evaluations.gradient += 1
        seen = stencil(near)
        return seen.first[:, 0], mixed(near, seen)[:, :, 0]
    g = host_gradient(problem, point, value)
    if problem.hessian is not None:
        return g, given_hessian(problem, point)
    near = around(problem, point, g, lambda y: given_gradient(problem, y), slope_lengths(problem))
    return g, symmetric(difference_jacobian(near), spans(near))


DOUBTFUL = 4.0
"""The error of one entry may be so many times the largest disagreement that its row shows."""


def spans(near: Around) -> np.ndarray:
    """Over which length (n,) the function changes its course along each variable; |x_i|, 1 at 0, if none was found."""
    size = np.where(near.x == 0, 1.0, np.abs(near.x))
    length = near.lengths.length
    return size if length is None else np.where(np.isfinite(length) & (length > 0), length, size)


def symmetric(H: np.ndarray, length: np.ndarray) -> np.ndarray:
    """(H + H') / 2 of a Hessian by differences of gradients, without entries that are no more than what H differs from
    H' by in their row and in their column, measured over the `length` (n,) of every variable.

    Along a direction that f does not depend on such an entry is rounding over a step, 1e-10 of the others, which no
    rule of rounding knows: taken for negative curvature it led newton-cg away for ever.
    """
    doubt = DOUBTFUL * unevenness(H, length)
    H = (H + H.T) / 2
    return np.where(np.abs(H) <= doubt, 0.0, H)


def unevenness(H: np.ndarray, length: np.ndarray) -> np.ndarray:
    """What every entry (n, n) of a Hessian by differences of gradients errs by, as its row and its column show it, the
    smaller of both: the largest that H differs from H' there. What changes f by as much over the `length` (n,) of its
    variables counts as much, whatever their units."""
    units = length[:, None] * length[None, :]
    # A variable that bounds hold was not moved: its empty column says nothing about the row.
    still = ~np.any(H, axis=0) | ~np.any(H, axis=1)
    apart = np.max(np.where(still[:, None] | still[None, :], 0.0, np.abs(H - H.T) * units), axis=1, initial=0.0)
    return np.minimum(apart[:, None], apart[None, :]) / units


def given_hessian(problem: Callback, x: np.ndarray) -> np.ndarray:
    """The user's Hessian, counted and made symmetric."""
    problem.evaluations.hessian += 1
    H = np.asarray(problem.hessian(np.array(x)), float)  # type: ignore[misc]
    return (H + H.T) / 2


def differences(evaluate: Callable, x: np.ndarray) -> np.ndarray:
    """Slopes (n, m) of a function of x without bounds, with steps of their own."""
    center = np.atleast_1d(np.asarray(evaluate(x), float))
    return stencil(Around(evaluate, x, center, *limits_of(None, x)[:2], Lengths(), True)).first


CHECKED = 100
"""Variables along which given derivatives are compared with differences: all up to so many, else the heaviest."""

SAME = 1e-2
"""Relative disagreement of a given derivative with differences from which it is called wrong."""

NUMERICAL = 1e-7
"""A derivative that its author took by differences himself errs by about sqrt(eps) of the function over his step's
scale, at least 1 in SciPy."""


def slope_disagreement(problem: Any, x: np.ndarray, center: Any, given: np.ndarray) -> tuple[int, int, float] | None:
    """The worst entry (variable, row) of `given` slopes (n, m) that differences at x contradict, and their value.

    Every entry is measured by its own size, and by the error that its own difference may have: what is
    lost to rounding, noise or a kink is no evidence. None: no contradiction.
    """
    near = around(problem, x, center)
    if x.size > CHECKED:  # the others are taken as fixed
        light = np.argsort(-np.linalg.norm(given, axis=1) * np.maximum(np.abs(x), TINY), kind="stable")[CHECKED:]
        near.low, near.high, near.open = near.low.copy(), near.high.copy(), False
        near.low[light] = near.high[light] = x[light]
    with np.errstate(all="ignore"):
        seen = stencil(near)
        size = np.max(np.abs(seen.values), axis=1)
        over = np.maximum(np.maximum(np.asarray(near.lengths.length), np.abs(x)), 1.0)
        doubt = 10 * entry_errors(near, seen) + NUMERICAL * size / over[:, None]
        gap = np.abs(given - seen.first)
        excess = gap - SAME * np.maximum(np.abs(given), np.abs(seen.first)) - doubt
        excess[seen.h == 0] = -np.inf
        relative = np.where(np.isfinite(excess) & (excess > 0), excess / gap, 0)
    if x.size > CHECKED:
        near.lengths.length = None  # those taken as fixed have no length
    if not np.any(relative > 0):
        return None
    i, row = (int(k) for k in np.unravel_index(np.argmax(relative), relative.shape))
    return i, row, float(seen.first[i, row])


@dataclass(frozen=True)
class Final:
    """Derivatives at the end of a run, as good as they can be had: gradient, Hessian, and bounds of its errors (n, n);
    those of the gradient (n,) where it is a difference (None: it was given)."""

    gradient: np.ndarray
    hessian: np.ndarray
    error: np.ndarray
    slope_error: np.ndarray | None = None


def final_derivatives(problem: Callback, x: Any, value: float) -> Final:
    """Gradient and Hessian at the end of a run, from two stencils where they are differences of f."""
    point = np.array(x)
    if problem.hessian is not None:
        H = given_hessian(problem, point)
        return Final(host_gradient(problem, point, value), H, eps(point) * np.abs(H))
    if problem.gradient is not None:
        g = given_gradient(problem, point)
        near = around(problem, point, g, lambda y: given_gradient(problem, y), slope_lengths(problem))
        seen = stencil(near)
        H, rough = seen.first, np.broadcast_to(seen.first_error[:, None], seen.first.shape)
        return Final(g, (H + H.T) / 2, np.minimum(rough, rough.T) + unevenness(H, spans(near)))
    near = around(problem, point, value)
    forget_noise(near)
    wide = stencil(near)
    H = mixed(near, wide)[:, :, 0]
    fine = stencil(near, 0.5)
    H_fine = mixed(near, fine)[:, :, 0]
    # The mixed derivatives err by h^2: halving h leaves a quarter (on one side of a bound, too).
    best = (4 * H_fine - H) / 3
    np.fill_diagonal(best, np.diagonal(H))
    error = np.abs(H_fine - H) / 10 + rounding_of(near, fine, 16.0)
    np.fill_diagonal(error, wide.second_error)
    better = wide.first_error <= fine.first_error
    slope_error = np.minimum(wide.first_error, fine.first_error)
    return Final(np.where(better, wide.first[:, 0], fine.first[:, 0]), best, error, slope_error)


@dataclass(frozen=True)
class Bend:
    """Residuals at a point with everything up to second order: J (m, n), the gradient and Hessian of the cost.

    `error` (n, n) bounds the errors of H. `full`: whether the residuals' own second derivatives are in it.
    """

    jacobian: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray
    error: np.ndarray
    full: bool


def bent_residuals(problem: HostResiduals, x: Any, r: np.ndarray, most: int = FEW, last: bool = False) -> Bend:
    """J'WJ + sum w_k r_k H_k by differences of the residual vector: no digits cancel as in differences of the cost.

    Above `most` parameters J'WJ alone. W and w are the loss's second and first weights. `last`: at the end of a run,
    where what is in doubt is looked at longer.
    """
    point, n = np.array(x), np.size(x)
    most = 0 if problem.frugal else most
    first, second = (np.asarray(w, float) for w in problem.loss.weights(r))
    if n > most:
        J = host_jacobian(problem, point, r)
        H = (J.T * second) @ J
        return Bend(J, (first * r) @ J, H, cross(J, np.abs(second), 1e-9 * np.linalg.norm(J, axis=0)), False)
    if problem.jacobian is not None:
        J = host_jacobian(problem, point, r)
        slope = lambda y: (first * r) @ given_jacobian(problem, y)
        seen = stencil(around(problem, point, (first * r) @ J, slope, slope_lengths(problem)))
        S, rough = seen.first, np.broadcast_to(seen.first_error[:, None], (n, n))
        S_error = np.minimum(rough, rough.T) + np.abs(S - S.T) / 2
        J_error = eps(point) * np.linalg.norm(J, axis=0)
    else:
        near = around(problem, point, r)
        forget_noise(near)
        seen = stencil(near)
        size = float(np.linalg.norm(first * r))
        seen = steadied(near, seen, size, np.abs(second)) if last else seen
        J = seen.first.T
        problem.lengths.known = point, J, r
        S = mixed(near, seen) @ (first * r)
        own = np.sqrt(np.abs(np.diagonal(S)))
        S_error = CROSSED * np.outer(own, own) + size * rounding_of(near, seen, 8.0)
        np.fill_diagonal(S_error, size * seen.second_error)
        J_error = seen.first_error
    H = (J.T * second) @ J + (S + S.T) / 2
    return Bend(J, (first * r) @ J, H, S_error + cross(J, np.abs(second), J_error), True)


def cross(J: np.ndarray, weight: np.ndarray, error: np.ndarray) -> np.ndarray:
    """What errors of J's columns (n,), in norm, make of J'WJ (n, n)."""
    lengths = np.sqrt(np.sum(weight[:, None] * J * J, axis=0))
    one = np.outer(lengths, error * np.sqrt(np.max(weight, initial=1.0)))
    return one + one.T


def rounding_of(near: Around, seen: Stencil, terms: float) -> np.ndarray:
    """What the rounding of values leaves of mixed derivatives (n, n), in norm."""
    size = np.max(np.linalg.norm(seen.values, axis=2), axis=1, initial=0.0)
    size = np.maximum(size, np.linalg.norm(near.center))
    inverse = np.where(seen.h > 0, 1 / np.where(seen.h > 0, seen.h, 1), 0)
    size = near.error(np.arange(near.x.size), size)
    return terms * np.maximum(size[:, None], size) * np.outer(inverse, inverse)


def mixed(near: Around, seen: Stencil) -> np.ndarray:
    """All second derivatives (n, n, m): the diagonal from the stencil, a pair of variables from two values more.

    Both sides free: (f(++) + f(--) - f(+.) - f(-.) - f(.+) - f(.-) + 2 f) / 2 h k, of second order
    (Abramowitz and Stegun, 25.3.27). Where a bound is near, the product of the variables' own rules for slopes.
    """
    n, m, f = near.x.size, near.center.size, near.center
    H = np.zeros((n, n, m))
    H[np.arange(n), np.arange(n)] = seen.second
    i, j = upper(n)
    live = (seen.h[i] > 0) & (seen.h[j] > 0)
    both = live & (seen.side[i] == 0) & (seen.side[j] == 0)
    a, b = i[both], j[both]
    if a.size:
        plus, minus = (near.values(shifted(near, a, b, s * seen.h[a], s * seen.h[b])) for s in (1.0, -1.0))
        axis = seen.values[:, 1] + seen.values[:, 2]
        H[a, b] = (plus + minus - axis[a] - axis[b] + 2 * f) / (2 * seen.h[a] * seen.h[b])[:, None]
    for a, b in zip(i[live & ~both], j[live & ~both], strict=True):
        H[a, b] = edge(near, seen, int(a), int(b))
    H[j, i] = H[i, j]
    return H


@cache
def upper(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of all pairs i < j."""
    return np.triu_indices(n, 1)


def shifted(near: Around, a: Any, b: Any, s: Any, t: Any) -> np.ndarray:
    """Points (k, n) at x + s e_a + t e_b, within the bounds to the last bit."""
    points = np.repeat(near.x[None], len(a), axis=0)
    rows = np.arange(len(a))
    for i, step in ((a, s), (b, t)):
        moved = points[rows, i] + step.astype(near.x.dtype)
        points[rows, i] = moved if near.open else np.clip(moved, near.low[i], near.high[i])
    return points


RULES = {0: ((-1.0, 1.0), (-0.5, 0.5), 0.0), 1: ((1.0, 2.0), (2.0, -0.5), -1.5)}
"""A slope of second order: where it looks, in steps, with what weights, and that of the middle (mirrored for -1)."""


def edge(near: Around, seen: Stencil, a: int, b: int) -> np.ndarray:
    """The mixed derivative (m,) by the product of two rules for slopes, where one side or both are barred."""
    (at_a, w_a, c_a), (at_b, w_b, c_b) = (RULES[abs(int(seen.side[k]))] for k in (a, b))
    sign_a, sign_b = (1.0 if seen.side[k] >= 0 else -1.0 for k in (a, b))
    s, t = (np.ravel(g) for g in np.meshgrid(np.array(at_a) * sign_a, np.array(at_b) * sign_b, indexing="ij"))
    k = np.full(len(s), a), np.full(len(s), b)
    # Of values less the middle, whose own weight then is nothing: a constant has no derivative by rounding.
    total = np.outer(w_a, w_b).ravel() @ (near.values(shifted(near, *k, s * seen.h[a], t * seen.h[b])) - near.center)
    for i, w, c in ((a, w_a, c_b), (b, w_b, c_a)):
        # Values on the axis are there: columns 1, 2 of a stencil to both sides, 0, 1 of one to one side.
        axis = seen.values[i, 1:3] if seen.side[i] == 0 else seen.values[i, 0:2]
        total = total + c * (np.array(w) @ (axis - near.center))
    return sign_a * sign_b * total / (seen.h[a] * seen.h[b])

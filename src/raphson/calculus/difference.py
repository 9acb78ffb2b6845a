"""Finite differences of host functions, with steps that balance truncation against rounding."""

from typing import Any

import numpy as np

from raphson.kernel.space import Box
from raphson.problems.callback import Callback, HostResiduals


def steps(x: np.ndarray, power: float, largest: Any = 0.0) -> np.ndarray:
    """Exactly representable steps h_i = eps^power max(|x_i|, typical size), signed as x.

    The typical size is a tenth of the largest |x_i| that the run has met: a minimum at 0 would shrink
    steps below the rounding of f. Where it is not known, a thousandth of the median of the other
    entries (1 if all are zero).
    Source: Dennis and Schnabel (1983), section 5.4.
    """
    size = np.abs(x)
    typical = np.median(size[size > 0]) if np.any(size > 0) else 1.0
    h = np.finfo(x.dtype).eps ** power * np.maximum(np.maximum(size, 0.1 * largest), 1e-3 * typical)
    return (x + h) - x


def central(evaluate: Any, x: np.ndarray, h: np.ndarray, space: Any = None) -> np.ndarray:
    """Rows (evaluate(x + h_i e_i) - evaluate(x - h_i e_i)) / 2 h_i.

    At a bound, and where one side is not finite, from three points on the other side: (-3 f + 4 f' - f'') / 2 h.
    A variable with no room on either side gets zeros: it cannot move.
    """
    low, high = limits_of(space, x)
    rows, middle = [], None
    for i in range(x.size):
        e = np.zeros_like(x)
        e[i] = h[i]
        points = x + e, x - e
        sides = [np.asarray(evaluate(p), float) if low[i] <= p[i] <= high[i] else np.array(np.nan) for p in points]
        fine = [bool(np.all(np.isfinite(side))) for side in sides]
        if all(fine):
            rows.append((sides[0] - sides[1]) / (2 * h[i]))
            continue
        middle = np.asarray(evaluate(x), float) if middle is None else middle
        if not any(fine):
            rows.append(np.zeros_like(middle) if low[i] == high[i] else np.full_like(middle, np.nan))
            continue
        sign, near = (1, sides[0]) if fine[0] else (-1, sides[1])
        p = x + 2 * sign * e
        far = np.asarray(evaluate(p), float) if low[i] <= p[i] <= high[i] else np.array(np.nan)
        three = sign * (4 * near - 3 * middle - far) / (2 * h[i])
        rows.append(three if np.all(np.isfinite(three)) else sign * (near - middle) / h[i])
    return np.asarray(rows)


def limits_of(space: Any, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bounds of a space, infinite where it has none."""
    if not isinstance(space, Box):
        return np.full(x.size, -np.inf), np.full(x.size, np.inf)
    return np.asarray(space.lower), np.asarray(space.upper)


def host_jacobian(problem: HostResiduals, x: Any) -> np.ndarray:
    """The Jacobian (m, n): the user's, or central differences of the residuals with h = eps^(1/3)."""
    point = np.array(x)
    if problem.jacobian is not None:
        problem.evaluations.gradient += 1
        return np.asarray(problem.jacobian(point), point.dtype)
    return central(problem.residuals, point, steps(point, 1 / 3, problem.evaluations.largest), problem.space).T


def host_slope(problem: HostResiduals, x: np.ndarray) -> np.ndarray:
    """The gradient of the cost, J'r with the weights of the loss."""
    r = problem.residuals(x)
    return (np.asarray(problem.loss.weights(r)[0]) * r) @ host_jacobian(problem, x)


def host_gradient(problem: Callback | HostResiduals, x: Any, value: float) -> np.ndarray:
    """The gradient (n,): the user's, or central differences of f with h = eps^(1/3) (error about eps^(2/3))."""
    point = np.array(x)
    if isinstance(problem, HostResiduals):
        return host_slope(problem, point)
    if problem.gradient is not None:
        problem.evaluations.gradient += 1
        return np.asarray(problem.gradient(point), point.dtype).reshape(-1)
    return central(problem.value, point, steps(point, 1 / 3, problem.evaluations.largest), problem.space)


def host_hessian(problem: Callback | HostResiduals, x: Any, value: float, gradient: np.ndarray | None) -> np.ndarray:
    """The Hessian (n, n): the user's, or differences of the gradient, or second differences of f."""
    point = np.array(x)
    if isinstance(problem, HostResiduals):
        H = central(
            lambda y: host_slope(problem, y), point, steps(point, 1 / 3, problem.evaluations.largest), problem.space
        )
        return (H + H.T) / 2
    if problem.hessian is not None:
        problem.evaluations.hessian += 1
        H = np.asarray(problem.hessian(point), point.dtype)
    elif problem.gradient is not None:

        def slope(y: np.ndarray) -> np.ndarray:
            problem.evaluations.gradient += 1
            return np.asarray(problem.gradient(y)).reshape(-1)  # type: ignore[misc]

        H = central(slope, point, steps(point, 1 / 3, problem.evaluations.largest), problem.space)
    else:
        H = second_differences(problem, point, value)
    return (H + H.T) / 2


def second_differences(problem: Callback, x: np.ndarray, value: float) -> np.ndarray:
    """H_ij from f alone, h = eps^(1/4): n^2 + n evaluations, error about sqrt(eps) |H|.

    Source: Abramowitz and Stegun (1972), 25.3.23 and 25.3.26 (the four-point form of the mixed derivative).
    """
    n, h = x.size, steps(x, 1 / 4, problem.evaluations.largest)
    low, high = limits_of(problem.space, x)
    inside = np.clip(x, low + np.abs(h), np.maximum(high - np.abs(h), low + np.abs(h)))
    if np.any(inside != x):  # at a bound: differences around the nearest point that has room on both sides
        x, value = inside, problem.value(inside)
    E = np.diag(h)
    H = np.empty((n, n))
    for i in range(n):
        H[i, i] = (problem.value(x + E[i]) - 2 * value + problem.value(x - E[i])) / h[i] ** 2
        for j in range(i):
            mixed = problem.value(x + E[i] + E[j]) - problem.value(x + E[i] - E[j])
            mixed -= problem.value(x - E[i] + E[j]) - problem.value(x - E[i] - E[j])
            H[i, j] = H[j, i] = mixed / (4 * h[i] * h[j])
    return H

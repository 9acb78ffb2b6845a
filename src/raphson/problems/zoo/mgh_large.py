"""Problems 21 to 35 of Moré, Garbow and Hillstrom (1981), of variable size. F(x) = sum r_i(x)^2, no factor 1/2.

Each function below is a residual vector r(x); indices in the formulas start at 1, as in the paper.
"""

from functools import partial

import jax.numpy as jnp
import numpy as np

from .mgh_entry import at_least, mgh_problem, sized, unless
from .record import Minimum, ZooProblem, constant


def extended_rosenbrock(x):
    """r_(2i-1) = 10 (x_2i - x_(2i-1)^2), r_2i = 1 - x_(2i-1). Spedicato (1975)."""
    odd, even = x[0::2], x[1::2]
    return jnp.stack([10 * (even - odd**2), 1 - odd], axis=1).ravel()


def extended_powell_singular(x):
    """Powell's singular function in every four variables. Spedicato (1975)."""
    a, b, c, d = x.reshape(-1, 4).T
    return jnp.stack([a + 10 * b, 5**0.5 * (c - d), (b - 2 * c) ** 2, 10**0.5 * (a - d) ** 2], axis=1).ravel()


def penalty_1(x):
    """r_i = sqrt(1e-5) (x_i - 1), i = 1..n; r_(n+1) = sum_j x_j^2 - 1/4. Gill, Murray and Pitfield (1972)."""
    return jnp.append(1e-5**0.5 * (x - 1), jnp.sum(x**2) - 0.25)


def penalty_2(x):
    """Exponentials under a penalty on a weighted norm. Gill, Murray and Pitfield (1972).

    r_1 = x1 - 0.2; r_i = sqrt(1e-5) (exp(x_i/10) + exp(x_(i-1)/10) - y_i), 2 <= i <= n, with
    y_i = exp(i/10) + exp((i-1)/10); r_i = sqrt(1e-5) (exp(x_(i-n+1)/10) - exp(-1/10)), n < i < 2n;
    r_2n = sum_j (n - j + 1) x_j^2 - 1.
    """
    n = x.shape[0]
    grown = np.exp(np.arange(1, n + 1) / 10)
    e = jnp.exp(x / 10)
    pairs = 1e-5**0.5 * (e[1:] + e[:-1] - constant(grown[1:] + grown[:-1], x))
    singles = 1e-5**0.5 * (e[1:] - float(np.exp(-0.1)))
    norm = jnp.sum(constant(np.arange(n, 0, -1), x) * x**2) - 1
    return jnp.concatenate([x[:1] - 0.2, pairs, singles, norm[None]])


def variably_dimensioned(x):
    """r_i = x_i - 1, i = 1..n; r_(n+1) = s, r_(n+2) = s^2 with s = sum_j j (x_j - 1). From the paper."""
    s = jnp.sum(constant(np.arange(1, x.shape[0] + 1), x) * (x - 1))
    return jnp.append(x - 1, jnp.stack([s, s**2]))


def trigonometric(x):
    """r_i = n - sum_j cos x_j + i (1 - cos x_i) - sin x_i. Spedicato (1975)."""
    i = constant(np.arange(1, x.shape[0] + 1), x)
    # 1 - cos = 2 sin^2(x/2) without cancellation, so that the residuals keep their digits near x = 0.
    rise = 2 * jnp.sin(x / 2) ** 2
    return jnp.sum(rise) + i * rise - jnp.sin(x)


def brown_almost_linear(x):
    """r_i = x_i + sum_j x_j - (n + 1), i < n; r_n = prod_j x_j - 1. Brown (1969)."""
    return jnp.append(x[:-1] + jnp.sum(x) - (x.shape[0] + 1), jnp.prod(x) - 1)


def discrete_boundary_value(x):
    """r_i = 2 x_i - x_(i-1) - x_(i+1) + h^2 (x_i + t_i + 1)^3 / 2, h = 1/(n+1), t_i = i h. Moré and Cosnard (1979)."""
    h = 1 / (x.shape[0] + 1)
    t = constant(np.arange(1, x.shape[0] + 1) * h, x)
    padded = jnp.pad(x, 1)
    return 2 * x - padded[:-2] - padded[2:] + h**2 * (x + t + 1) ** 3 / 2


def discrete_integral_equation(x):
    """The boundary value problem of `discrete_boundary_value` through Green's function. Moré and Cosnard (1979).

    r_i = x_i + h/2 ((1 - t_i) sum_(j<=i) t_j (x_j + t_j + 1)^3 + t_i sum_(j>i) (1 - t_j) (x_j + t_j + 1)^3)
    """
    h = 1 / (x.shape[0] + 1)
    t = np.arange(1, x.shape[0] + 1) * h
    green = np.minimum.outer(t, t) * (1 - np.maximum.outer(t, t))
    return x + h / 2 * (constant(green, x) @ (x + constant(t, x) + 1) ** 3)


def broyden_tridiagonal(x):
    """r_i = (3 - 2 x_i) x_i - x_(i-1) - 2 x_(i+1) + 1. Broyden (1965)."""
    padded = jnp.pad(x, 1)
    return (3 - 2 * x) * x - padded[:-2] - 2 * padded[2:] + 1


def broyden_banded(x):
    """r_i = x_i (2 + 5 x_i^2) + 1 - sum of x_j (1 + x_j) over i-5 <= j <= i+1, j != i. Broyden (1971)."""
    n, neighbors = x.shape[0], x * (1 + x)
    padded = jnp.pad(neighbors, (5, 1))
    band = sum(padded[5 + offset : 5 + offset + n] for offset in (-5, -4, -3, -2, -1, 1))
    return x * (2 + 5 * x**2) + 1 - band


def linear_full_rank(x, m):
    """r_i = x_i - (2/m) sum_j x_j - 1, i <= n; r_i = -(2/m) sum_j x_j - 1, n < i <= m. From the paper."""
    return jnp.pad(x, (0, m - x.shape[0])) - 2 / m * jnp.sum(x) - 1


def linear_rank_1(x, m):
    """r_i = i sum_j j x_j - 1, i = 1..m. From the paper."""
    s = jnp.sum(constant(np.arange(1, x.shape[0] + 1), x) * x)
    return constant(np.arange(1, m + 1), x) * s - 1


def linear_rank_1_zero(x, m):
    """r_1 = r_m = -1, r_i = (i - 1) sum_(1<j<n) j x_j - 1: zero columns and rows. From the paper."""
    s = jnp.sum(constant(np.arange(2, x.shape[0]), x) * x[1:-1])
    rows = np.arange(m)
    return constant(np.where(rows == m - 1, 0, rows), x) * s - 1


def chebyquad(x, m):
    """r_i = mean_j T_i(x_j) - integral of T_i, T_i the Chebyshev polynomial shifted to [0, 1]. Fletcher (1965).

    The integral is -1/(i^2 - 1) for even i and 0 for odd i.
    """
    y = 2 * x - 1
    previous, current, means = jnp.ones_like(y), y, []
    for _ in range(m):
        means.append(jnp.mean(current))
        previous, current = current, 2 * y * current - previous
    i = np.arange(1, m + 1)
    return jnp.stack(means) + constant(np.where(i % 2, 0, 1 / np.maximum(i * i - 1, 1)), x)


def _zero_at(x) -> tuple[Minimum, ...]:
    return (Minimum(0.0, None if x is None else tuple(map(float, x))),)


def _extended(number, title, residual, block, minimizer, traits, n):
    at_least(len(block), n, "n")
    if n % len(block):
        raise ValueError(f"n must be a multiple of {len(block)}, not {n}")
    default = 10 if len(block) == 2 else 12
    name = sized(residual.__name__.replace("_", "-"), unless(n, default))
    minima = _zero_at(np.full(n, minimizer))
    x0, traits = np.tile(block, n // len(block)), f"zero-residual variable-size {traits}"
    return mgh_problem(name, number, title, residual, x0, traits, minima)


def _extended_rosenbrock(n: int = 10) -> ZooProblem:
    return _extended(21, "Extended Rosenbrock", extended_rosenbrock, (-1.2, 1), 1, "", n)


def _extended_powell_singular(n: int = 12) -> ZooProblem:
    block, title = (3, -1, 0, 1), "Extended Powell singular"
    return _extended(22, title, extended_powell_singular, block, 0, "singular-hessian", n)


def _penalty_1(n: int = 4) -> ZooProblem:
    at_least(1, n, "n")
    name, x0 = sized("penalty-1", unless(n, 4)), np.arange(1, n + 1)
    return mgh_problem(name, 23, "Penalty I", penalty_1, x0, "variable-size ill-conditioned")


def _penalty_2(n: int = 4) -> ZooProblem:
    at_least(2, n, "n")
    name, x0 = sized("penalty-2", unless(n, 4)), np.full(n, 0.5)
    return mgh_problem(name, 24, "Penalty II", penalty_2, x0, "variable-size ill-conditioned")


def _square(number, title, residual, start, minimizer, traits, n: int = 10) -> ZooProblem:
    """A system of n equations in n unknowns with a zero."""
    at_least(2, n, "n")
    name, minima = sized(residual.__name__.replace("_", "-"), unless(n, 10)), _zero_at(minimizer(n))
    return mgh_problem(name, number, title, residual, start(n), f"zero-residual variable-size {traits}", minima)


def _brown_almost_linear(n: int = 10) -> ZooProblem:
    at_least(3, n, "n")
    name, traits = sized("brown-almost-linear", unless(n, 10)), "zero-residual variable-size multimodal"
    flat = Minimum(1.0, (*np.zeros(n - 1).tolist(), n + 1.0), "local")
    minima = (*_zero_at(np.ones(n)), flat)
    return mgh_problem(name, 27, "Brown almost-linear", brown_almost_linear, np.full(n, 0.5), traits, minima)


def _linear(number, title, residual, value, solution, least_n, traits, n: int = 10, m: int = 20) -> ZooProblem:
    """A linear least-squares problem: `value(n, m)` at `solution(n, m)`."""
    at_least(least_n, n, "n")
    at_least(n, m, "m")
    name = sized(residual.__name__.replace("_", "-"), unless(n, 10), unless(m, 20))
    minima = (Minimum(float(value(n, m)), tuple(map(float, solution(n, m)))),)
    function, traits = partial(residual, m=m), f"quadratic variable-size {traits}"
    return mgh_problem(name, number, title, function, np.ones(n), traits, minima)


def _chebyquad(n: int = 7, m: int | None = None) -> ZooProblem:
    m = n if m is None else m
    at_least(1, n, "n")
    at_least(n, m, "m")
    name, solvable = sized("chebyquad", unless(n, 7), unless(m, n)), m == n and n in (1, 2, 3, 4, 5, 6, 7, 9)
    traits = "variable-size multimodal" + (" zero-residual" if solvable else "")
    x0, minima = np.arange(1, n + 1) / (n + 1), _zero_at(None) if solvable else ()
    return mgh_problem(name, 35, "Chebyquad", partial(chebyquad, m=m), x0, traits, minima)


def _boundary_start(n: int) -> np.ndarray:
    t = np.arange(1, n + 1) / (n + 1)
    return t * (t - 1)


def _unknown(n: int) -> None:
    return None


def _weighted(weights, total) -> np.ndarray:
    """The shortest x with sum of weights times x equal to total: one of a plane of minimizers."""
    return weights * (total / np.sum(weights**2))


def _rank_1_solution(n: int, m: int) -> np.ndarray:
    return _weighted(np.arange(1, n + 1), 3 / (2 * m + 1))


def _rank_1_zero_solution(n: int, m: int) -> np.ndarray:
    return np.pad(_weighted(np.arange(2, n), 3 / (2 * m - 3)), 1)


ENTRIES = {
    "extended-rosenbrock": _extended_rosenbrock,
    "extended-powell-singular": _extended_powell_singular,
    "penalty-1": _penalty_1,
    "penalty-1-10": partial(_penalty_1, n=10),
    "penalty-2": _penalty_2,
    "penalty-2-10": partial(_penalty_2, n=10),
    "variably-dimensioned": partial(
        _square, 25, "Variably dimensioned", variably_dimensioned, lambda n: 1 - np.arange(1, n + 1) / n, np.ones, ""
    ),
    "trigonometric": partial(
        _square, 26, "Trigonometric", trigonometric, lambda n: np.full(n, 1 / n), np.zeros, "multimodal"
    ),
    "brown-almost-linear": _brown_almost_linear,
    "discrete-boundary-value": partial(
        _square, 28, "Discrete boundary value", discrete_boundary_value, _boundary_start, _unknown, ""
    ),
    "discrete-integral-equation": partial(
        _square, 29, "Discrete integral equation", discrete_integral_equation, _boundary_start, _unknown, ""
    ),
    "broyden-tridiagonal": partial(
        _square, 30, "Broyden tridiagonal", broyden_tridiagonal, lambda n: -np.ones(n), _unknown, ""
    ),
    "broyden-banded": partial(_square, 31, "Broyden banded", broyden_banded, lambda n: -np.ones(n), _unknown, ""),
    "linear-full-rank": partial(
        _linear, 32, "Linear, full rank", linear_full_rank, lambda n, m: m - n, lambda n, m: -np.ones(n), 1, ""
    ),
    "linear-rank-1": partial(
        _linear, 33, "Linear, rank 1", linear_rank_1, lambda n, m: m * (m - 1) / (2 * (2 * m + 1)), _rank_1_solution,
        1, "singular-hessian badly-scaled",
    ),
    "linear-rank-1-zero": partial(
        _linear, 34, "Linear, rank 1, with zero columns and rows", linear_rank_1_zero,
        lambda n, m: (m * m + 3 * m - 6) / (2 * (2 * m - 3)), _rank_1_zero_solution, 3, "singular-hessian badly-scaled",
    ),
    "chebyquad": _chebyquad,
    "chebyquad-8": partial(_chebyquad, n=8),
    "chebyquad-9": partial(_chebyquad, n=9),
    "chebyquad-10": partial(_chebyquad, n=10),
}  # fmt: skip

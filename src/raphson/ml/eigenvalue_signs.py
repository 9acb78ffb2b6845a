"""How many eigenvalues are positive, negative, or near zero, and how far the largest lies from the smallest."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from raphson.ml.eigenpairs import eigenpairs
from raphson.ml.estimated import Estimated
from raphson.ml.log_determinant import ALL_COMPUTED, all_eigenvalues, eigenvalue_rounding
from raphson.ml.spectral_density import spectral_density
from raphson.ml.tree_operator import TreeOperator

NEAR_ZERO = 1e-6
"""Eigenvalues of that share of the largest |eigenvalue| count as near zero where no level is given: of networks most
are, without being 0 (Sagun, Bottou and LeCun 2016)."""


@dataclass(frozen=True, eq=False)
class Inertia:
    """Numbers of eigenvalues above `level`, below -`level`, and between, each with its standard error; exact (errors 0)
    where all eigenvalues were computed. `exact` says so. `uncertain`: how many of these lie so near to `level` or
    -`level` that rounding may have put them on the wrong side."""

    positive: Estimated
    negative: Estimated
    near_zero: Estimated
    level: float
    exact: bool
    uncertain: int = 0

    def __str__(self) -> str:
        def said(one: Estimated) -> str:
            return f"{one.value:.0f}" if self.exact else f"{one.value:.1f} ± {one.error:.1g}"

        return (
            f"{said(self.positive)} positive, {said(self.negative)} negative, "
            f"{said(self.near_zero)} within ± {self.level:.3g}"
            + (f"; not certain of {self.uncertain}, which rounding may have moved over it" if self.uncertain else "")
        )


def inertia(
    operator: TreeOperator, level: float | None = None, *, runs: int = 10, steps: int = 80, seed: int = 0
) -> Inertia:
    """How many eigenvalues are positive, negative and near zero.

    `level`: below it an eigenvalue is near zero (None: 1e-6 of the largest, or twice the rounding where that is more).
    All eigenvalues are computed of up to 1500 parameters, and those that rounding leaves open are counted
    (`uncertain`). Of more their numbers are estimated from `runs` of Lanczos with `steps` products. These do not tell
    eigenvalues near 0 apart, nor their signs: `level` is then at least their resolution, which falls like one over the
    steps, and where a smaller one is asked for, the errors say how many are in doubt.

    Raises ValueError for a negative level, and where a product is not finite.
    """
    if level is not None and not (np.ndim(level) == 0 and np.isfinite(level) and level >= 0):
        raise ValueError(f"level is {level!r}: it is a size of eigenvalues, at least 0")
    if operator.size <= ALL_COMPUTED:
        values = all_eigenvalues(operator)
        size = float(np.max(np.abs(values)))
        rounding = eigenvalue_rounding(operator, size)
        edge = max(NEAR_ZERO * size, 2 * rounding) if level is None else float(level)
        uncertain = int(np.sum(np.abs(np.abs(values) - edge) < rounding))

        def number(chosen: Any) -> Estimated:
            return Estimated(float(np.sum(chosen)), 0.0, 1, operator.size)

        positive, negative, near = values > edge, values < -edge, np.abs(values) <= edge
        return Inertia(number(positive), number(negative), number(near), edge, True, uncertain)
    density = spectral_density(operator, runs, steps, seed)
    size = float(np.max(np.abs(density.nodes[density.weights > 0])))
    edge = max(NEAR_ZERO * size, density.resolution) if level is None else float(level)
    above = density.counted(edge, density.sum_of(lambda a: (a > edge).astype(float)))
    return Inertia(above, density.below(-edge), density.near_zero(edge), edge, False)


@dataclass(frozen=True, eq=False)
class Condition:
    """The largest and the smallest |eigenvalue| with their errors, and `value`, their ratio.

    `value` is infinite where the smallest is not told from 0 by rounding (`singular`). `kind`: "positive definite",
    "positive semidefinite", "negative definite", "negative semidefinite" or "indefinite", as far as was seen; the two
    with "semi" are singular to rounding. `converged` False: the smallest was not found to its accuracy, and `value` is
    a lower bound. `products`: spent.
    """

    value: float
    largest: float
    smallest: float
    largest_error: float
    smallest_error: float
    kind: str
    singular: bool
    converged: bool
    products: int

    def __str__(self) -> str:
        least = "" if self.converged else "at least "
        if self.singular:
            return f"infinite to rounding: {self.kind}, eigenvalues of size {self.largest:.4g} and 0"
        return (
            f"{least}{self.value:.4g}: {self.kind}, eigenvalues of size {self.largest:.4g} ± {self.largest_error:.1g} "
            f"and {self.smallest:.4g} ± {self.smallest_error:.1g}"
        )


@dataclass(frozen=True)
class Squared:
    """v -> A (A v): the smallest |eigenvalue| of A is the root of the smallest eigenvalue of this."""

    multiply: Callable[[Any, Any], Any]

    def __call__(self, state: Any, v: Any) -> Any:
        return self.multiply(state, self.multiply(state, v))


def condition_number(
    operator: TreeOperator, *, tol: float = 0.01, max_products: int = 3000, seed: int = 0
) -> Condition:
    """The largest over the smallest |eigenvalue|, and which signs there are.

    Exact of up to 1500 parameters. Of more both ends come from Lanczos with at most `max_products` products; between
    them, where there are both signs, the smallest |eigenvalue| from the square of the matrix, to `tol` of itself. That
    takes about as many products as the condition number (the root of it where there is one sign): where it is not
    reached, or lies beyond eps^(-1/2) / 4, the answer is a lower bound, which |Av| of a unit vector v proves.

    Raises ValueError where a product is not finite.
    """
    if operator.size <= ALL_COMPUTED:
        values = all_eigenvalues(operator)
        rounding = eigenvalue_rounding(operator, float(np.max(np.abs(values))))
        return condition_of(
            values[0], values[-1], float(np.min(np.abs(values))), rounding, rounding, True, operator.size
        )
    ends = eigenpairs(operator, 1, "both", max_products=max_products // 2, seed=seed)
    high, low = float(ends.values[0]), float(ends.values[-1])
    eps, size = float(jnp.finfo(operator.dtype).eps), max(abs(high), abs(low))
    rounding, error = 10 * eps * size, float(np.max(ends.errors))
    if low >= -rounding or high <= rounding:  # one sign: the smallest is an end
        place = -1 if low >= -rounding else 0
        smallest, off = abs(float(ends.values[place])), float(ends.errors[place])
        sure = smallest <= rounding or off <= tol * smallest
        return condition_of(low, high, smallest, error, rounding, ends.converged and sure, ends.products, off)
    square = replace(operator, multiply=Squared(operator.multiply), name=f"square of the {operator.name}")
    inner = eigenpairs(square, 1, "smallest", max_products=(max_products - ends.products) // 2, seed=seed)
    smallest = float(jnp.linalg.norm(operator.mv(inner.vectors[0])))  # the least is no larger, whatever v is
    off = float(inner.residuals[0]) / (2 * max(smallest, rounding))
    sure = off <= tol * smallest and smallest > 4 * np.sqrt(eps) * size  # the square rounds by eps size^2
    spent = ends.products + 2 * inner.products + 1
    return condition_of(low, high, smallest, error, rounding, bool(sure or smallest <= rounding), spent, off)


def condition_of(
    low: float,
    high: float,
    smallest: float,
    error: float,
    rounding: float,
    converged: bool,
    products: int,
    smallest_error: float | None = None,
) -> Condition:
    """The condition from the eigenvalues at both ends and the smallest by size."""
    size = max(abs(low), abs(high))
    singular = smallest <= rounding
    if low < -rounding and high > rounding:
        kind = "indefinite"
    else:
        half = "semi" if singular else ""
        kind = f"negative {half}definite" if high <= rounding and low < -rounding else f"positive {half}definite"
    return Condition(
        np.inf if singular else size / smallest,
        size,
        smallest,
        error,
        error if smallest_error is None else smallest_error,
        kind,
        singular,
        converged,
        products,
    )

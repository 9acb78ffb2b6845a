"""The logarithm of a determinant by stochastic Lanczos quadrature, until it is as sure as is asked."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from raphson.ml.estimated import Estimated, Wanted
from raphson.ml.spectral_density import check_positive, log_above, merged, spectral_density
from raphson.ml.tree_operator import TreeOperator

ALL_COMPUTED = 1500
"""Parameters up to which all eigenvalues may be computed: 1 s and 40 MB."""


def log_determinant(
    operator: TreeOperator,
    shift: float = 0.0,
    *,
    tol: float | None = None,
    atol: float | None = None,
    runs: int = 10,
    steps: int = 80,
    max_products: int | None = None,
    seed: int = 0,
) -> Estimated:
    """log det(A + shift I) with its standard error.

    Exact where P <= 1500 and P products are no more than the estimate's. Else from `runs` random vectors of `steps`
    products each (800). With `tol` (standard error over |value|) or `atol` (standard error: 0.1 is a factor 1.1 in a
    determinant), runs are added until one of them is met, or their steps doubled where these are what the error comes
    from; `max_products` (default 20 times the first) is the limit, and `met` says whether it was. The error holds the
    variance of random starts and what the last quarter of the steps changed.

    Raises ValueError where A + shift I was seen not to be positive definite, with its eigenvalue, and for what cannot
    be meant.
    """
    if not (np.ndim(shift) == 0 and np.isfinite(shift)):
        raise ValueError(f"shift is {shift!r}: it is a finite number, added to every eigenvalue")
    wanted = Wanted.of(tol, atol)
    first = runs * min(steps, operator.size)
    limit = 20 * first if max_products is None else max_products
    if operator.size <= min(ALL_COMPUTED, first if wanted is None else limit):
        return exact_log_determinant(operator, float(shift), wanted)
    density = spectral_density(operator, runs, steps, seed)
    if wanted is None:
        return density.logdet(shift)
    spent, number = density.products, seed
    while True:
        found = density.logdet(shift)
        if wanted.met(found):
            return replaced(found, spent, True)
        longer = density.unfinished(log_above(shift)) > found.error / 2 and 2 * steps <= operator.size
        more = runs * (2 * steps if longer else steps)
        if spent + more > limit:
            return replaced(found, spent, False)
        spent, number = spent + more, number + 1
        if longer:
            steps *= 2
            density = spectral_density(operator, runs, steps, number)
        else:
            density = merged(density, spectral_density(operator, runs, steps, number))


def replaced(found: Estimated, products: int, met: bool) -> Estimated:
    """The estimate with all products that were spent on it."""
    return replace(found, products=products, met=met)


def all_eigenvalues(operator: TreeOperator) -> Any:
    """Eigenvalues (P,), ascending, of a matrix that fits. Raises ValueError where a product is not finite."""
    matrix = np.asarray(operator.dense(), float)
    if not np.all(np.isfinite(matrix)):
        raise ValueError(f"a product with the {operator!r} is not finite: it has no eigenvalues")
    return np.linalg.eigvalsh((matrix + matrix.T) / 2)


def eigenvalue_rounding(operator: TreeOperator, size: float) -> float:
    """What rounding alone makes of an eigenvalue 0 of a matrix whose largest |eigenvalue| is `size`."""
    return operator.size * float(jnp.finfo(operator.dtype).eps) * size


def exact_log_determinant(operator: TreeOperator, shift: float, wanted: Wanted | None) -> Estimated:
    """From all eigenvalues."""
    values = all_eigenvalues(operator)
    rounding = eigenvalue_rounding(operator, float(np.max(np.abs(values))))
    values = values + shift
    check_positive(float(values[0]), rounding, shift)
    return Estimated(float(np.sum(np.log(values))), 0.0, 1, operator.size, None if wanted is None else True)

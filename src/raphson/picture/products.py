"""Products with the Hessian of a large model, and the spectrum that they tell."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.certificate.verdict import Proof
from raphson.kernel.program import Program
from raphson.linear.quadrature import spread_estimate
from raphson.operators.matrix_free import MatrixFree
from raphson.picture.views.spread import SpreadData
from raphson.problems.callback import HOST


@Program
def operator_product(operator: Any, v: Any) -> jax.Array:
    """One product."""
    return operator.mv(v)


def products_of(model: Any) -> Callable[[np.ndarray], np.ndarray] | None:
    """v (n,) -> H v at the point of a model; None where H is not known but by another's approximation."""
    operator, problem = model.curvature, model.problem
    if not operator.compact:
        if problem is not None and not isinstance(problem, HOST):
            operator = MatrixFree(problem, model.x)
        elif not operator.ready:
            return None
    dtype = model.gradient.dtype
    return lambda v: np.asarray(operator_product(operator, jnp.asarray(v, dtype)), float)


def spread_of(thing: Any) -> SpreadData | None:
    """The estimated spectrum of a model or a result; None where there is no way to products, or they are not finite."""
    model = getattr(thing, "model", thing)
    product = products_of(model)
    if product is None:
        return None
    try:
        estimate = spread_estimate(product, int(model.gradient.shape[0]))
    except ValueError:
        return None
    return SpreadData(estimate, shown_negative(thing))


def shown_negative(thing: Any) -> int | None:
    """How many negative eigenvalues a factorization at the answer showed; None where it showed nothing of all of H."""
    certificate = getattr(thing, "certificate", None)
    if certificate is None or certificate.inertia is None or certificate.proof != Proof.BOUNDED:
        return None
    return None if np.any(thing.active) else int(certificate.inertia[0])

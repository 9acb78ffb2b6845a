"""Trace and diagonal of a matrix from products with random vectors, with standard errors, and stopped on them.

Hutchinson's estimate is the mean of z'Az over signs z. XTrace and XDiag take half of the products to capture the
largest eigenvalues and use every vector both ways, leaving out one at a time (`sketch.py`). Hutch++ is there for
comparison.
Sources: Hutchinson (1989); Meyer, Musco, Musco and Woodruff (2021), "Hutch++"; Epperly, Tropp and Webber (2024),
"XTrace: making the most of every sample in stochastic trace estimation".
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.ml.estimated import Estimated, Wanted, estimated
from raphson.ml.sketch import Sketch, left_out_diagonals, left_out_traces
from raphson.ml.tree_operator import TreeOperator

Array = jax.Array

TRACES = ("xtrace", "hutchinson", "hutch++")
DIAGONALS = ("xdiag", "hutchinson")

PRODUCTS = 60
"""Products where no accuracy is asked."""

LIMIT = 2000
"""Products at which the search for an accuracy ends."""

BLOCK = 16
"""Products that are made before the error is looked at again: one compiled program for all blocks."""


def trace_estimate(
    operator: TreeOperator,
    products: int | None = None,
    method: str = "xtrace",
    seed: int = 0,
    *,
    tol: float | None = None,
    atol: float | None = None,
) -> Estimated:
    """The trace with its standard error; exact (error 0) where P products are allowed.

    From at most `products` products (60). With `tol` (standard error over |trace|) or `atol` (standard error), vectors
    are added until one of them is met; `products` is then the limit (2000), and the result's `met` says whether it was.

    Raises ValueError for fewer than 4 products, an unknown method, a tolerance that is not positive, and where a
    product is not finite.
    """
    wanted = Wanted.of(tol, atol)
    most = allowed(products, method, TRACES, wanted)

    def search(most: int, key: Array) -> Estimated:
        if method == "hutch++":
            return hutch_plus(operator, most, key)
        if method == "hutchinson":
            return signs_alone(operator, most, key, wanted, lambda z, Az: jnp.sum(z * Az, axis=0), of_trace=True)
        return grown(operator, most, key, wanted, spherical, sketched_trace)

    return searched(operator, most, seed, wanted, search, lambda: float(jnp.trace(operator.dense())))


def diagonal_estimate(
    operator: TreeOperator,
    products: int | None = None,
    method: str = "xdiag",
    seed: int = 0,
    *,
    tol: float | None = None,
    atol: float | None = None,
) -> Estimated:
    """The diagonal (P,) with a standard error for each entry; exact where P products are allowed.

    Arguments and errors as in `trace_estimate`; the tolerances are those of the root mean square of the errors, `tol`
    relative to that of the diagonal.
    """
    wanted = Wanted.of(tol, atol)
    most = allowed(products, method, DIAGONALS, wanted)

    def search(most: int, key: Array) -> Estimated:
        if method == "hutchinson":
            return signs_alone(operator, most, key, wanted, lambda z, Az: (z * Az).T)
        return grown(operator, most, key, wanted, signs, sketched_diagonal)

    return searched(operator, most, seed, wanted, search, lambda: np.asarray(jnp.diagonal(operator.dense()), float))


def searched(
    operator: TreeOperator,
    most: int,
    seed: int,
    wanted: Wanted | None,
    search: Callable[[int, Array], Estimated],
    exact: Callable[[], Any],
) -> Estimated:
    """The estimate; where P products are allowed and it is not good enough, or was asked for no accuracy, the exact
    answer."""
    n, spent = operator.size, 0
    if most < n or (wanted is not None and n > 2 * BLOCK):
        found = search(min(most, n), jax.random.key(seed))
        if most < n or found.met:
            return found
        spent = found.products
    value = finite(exact(), operator)
    return Estimated(value, 0.0 * value, 1, n + spent, None if wanted is None else True)


def allowed(products: int | None, method: str, known: tuple[str, ...], wanted: Wanted | None) -> int:
    """The number of products. Raises ValueError for what cannot be meant."""
    if method not in known:
        raise ValueError(f"method is {method!r}: choose one of {', '.join(known)}")
    if method == "hutch++" and wanted is not None:
        raise ValueError("hutch++ divides a fixed number of products in three: with tol or atol take 'xtrace'")
    if products is None:
        return PRODUCTS if wanted is None else LIMIT
    if isinstance(products, bool) or products != int(products) or products < 4:
        raise ValueError(f"products is {products!r}: it is a number of products, at least 4")
    return int(products)


def finite(found: Any, operator: TreeOperator) -> Any:
    """The same. Raises ValueError where a number is not finite."""
    if not np.all(np.isfinite(found)):
        raise ValueError(f"a product with the {operator!r} is not finite")
    return found


def signs(key: Array, n: int, k: int, dtype: Any) -> Array:
    """Random signs (n, k)."""
    return jax.random.rademacher(key, (n, k), dtype)


def spherical(key: Array, n: int, k: int, dtype: Any) -> Array:
    """Columns (n, k) uniform on the sphere of radius sqrt(n)."""
    z = jax.random.normal(key, (n, k), dtype)
    return z / jnp.linalg.norm(z, axis=0) * np.sqrt(n)


def blocks(most: int, size: int, wanted: Wanted | None) -> list[int]:
    """Vectors to add one after another: all at once where no accuracy is asked."""
    return [most] if wanted is None else [min(size, most - begin) for begin in range(0, most, size)]


def grown(
    operator: TreeOperator,
    most: int,
    key: Array,
    wanted: Wanted | None,
    draw: Callable[..., Array],
    estimate: Callable[[Sketch], Estimated],
) -> Estimated:
    """A sketch of up to `most` products, half of them with vectors that are drawn. It never has more vectors than half
    of P: there the products for all of A are as many."""
    n, sketch, found = operator.size, None, None
    vectors = min(most // 2, max(n // 2, 2))
    for number, size in enumerate(blocks(vectors, BLOCK // 2, wanted)):
        omega = draw(key if number == 0 else jax.random.fold_in(key, number), n, size, operator.dtype)
        if sketch is None:
            sketch = Sketch(operator, omega)
        else:
            sketch.add(omega)
        found = estimate(sketch)
        finite(found.value, operator)
        if wanted is not None and wanted.met(found):
            return found.said(True)
    assert found is not None
    return found if wanted is None else found.said(False)


def sketched_trace(sketch: Sketch) -> Estimated:
    """The trace that a sketch knows."""
    t, error = left_out_traces(sketch)
    return Estimated(float(np.mean(t)), error, len(t), 2 * len(t))


def sketched_diagonal(sketch: Sketch) -> Estimated:
    """The diagonal that a sketch knows."""
    k = sketch.omega.shape[1]
    mean, error = left_out_diagonals(sketch)
    return Estimated(mean, error, k, 2 * k)


def signs_alone(
    operator: TreeOperator,
    most: int,
    key: Array,
    wanted: Wanted | None,
    sample: Callable[[Array, Array], Array],
    of_trace: bool = False,
) -> Estimated:
    """Hutchinson's mean of samples (k, ...). The error of a trace is at least what its variance, 2 |A|_F^2 less that of
    the diagonal, says, with |A|_F^2 = E|Az|^2: the scatter alone is often too small where few eigenvalues are large."""
    values: list[Any] = []
    square, diagonal = 0.0, np.zeros(operator.size)
    for number, size in enumerate(blocks(most, BLOCK, wanted)):
        z = signs(key if number == 0 else jax.random.fold_in(key, number), operator.size, size, operator.dtype)
        Az = operator.times(z)
        values.append(np.asarray(sample(z, Az), float))
        found = estimated(finite(np.concatenate(values), operator), sum(map(len, values)))
        if of_trace:
            k = found.samples
            square, diagonal = square + float(jnp.sum(Az * Az)), diagonal + np.asarray(jnp.sum(z * Az, axis=1), float)
            variance = 2 * k / (k - 1) * (square / k - np.sum((diagonal / k) ** 2))
            found = replace(found, error=max(found.error, float(np.sqrt(max(variance, 0) / k))))
        if wanted is not None and wanted.met(found):
            return found.said(True)
    return found if wanted is None else found.said(False)


def hutch_plus(operator: TreeOperator, products: int, key: Array) -> Estimated:
    """A third of the products finds a subspace, a third its trace, a third what is beside it."""
    n, third = operator.size, max(products // 3, 2)
    first, second = jax.random.split(key)
    Q = jnp.linalg.qr(operator.times(signs(first, n, third, operator.dtype)))[0]
    z = signs(second, n, third, operator.dtype)
    z = z - Q @ (Q.T @ z)
    known = jnp.sum(Q * operator.times(Q))
    return estimated(finite(np.asarray(known + jnp.sum(z * operator.times(z), axis=0)), operator), 3 * third)

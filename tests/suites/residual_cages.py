"""Least-squares problems of one size in one function, so that a method is compiled once for all of them."""

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp

import raphson as rp


@cache
def residual_cages() -> dict[int, tuple[str, ...]]:
    """The 42 entries of More, Garbow and Hillstrom and the 27 sets of NIST, by number of parameters."""
    entries = [(rp.zoo[name].n, name) for trait in ("mgh", "nist") for name in rp.zoo.names(trait=trait)]
    return {n: tuple(name for size, name in entries if size == n) for n in sorted({size for size, _ in entries})}


@cache
def residual_cage(names: tuple[str, ...]) -> Callable[[Any, Any], Any]:
    """residual(x, which): the `which`-th of these problems, filled up with zeros to the longest of them."""
    residuals = [rp.zoo[name].residual for name in names]
    counts = [jax.eval_shape(r, jnp.zeros(rp.zoo[name].n)).shape[0] for r, name in zip(residuals, names, strict=True)]

    def filled(r: Any, count: int) -> Any:
        return lambda x: jnp.pad(r(x), (0, max(counts) - count))

    branches = [filled(r, count) for r, count in zip(residuals, counts, strict=True)]
    return lambda x, which: jax.lax.switch(which, branches, x)


def fit_caged(name: str, x0: Any, **keywords: Any) -> rp.Fit:
    """`least_squares` on a caged problem."""
    names = residual_cages()[rp.zoo[name].n]
    return rp.least_squares(residual_cage(names), x0, args=(jnp.int32(names.index(name)),), **keywords)

"""The problems of the benchmark: JAX functions for raphson and optimistix, NumPy functions for SciPy."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import rosen, rosen_der, rosen_hess, rosen_hess_prod

import raphson as rp
from raphson.problems.zoo import Minimum, ZooProblem

NAMES = (
    "rosenbrock", "rosenbrock-chained-10", "beale", "wood", "powell-singular", "helical-valley", "brown-dennis",
    "logistic-regression",
)  # fmt: skip

LOCAL = 3.9865791123471386
"""The other minimum of the chained Rosenbrock function of ten variables, near (-1, 1, ..., 1)."""

SEED = 20260
SPREAD = 0.25
"""Standard deviation of the batch's starts about the standard start, in every variable."""


@dataclass(frozen=True)
class Case:
    """A problem as everybody wants it: `fun` in JAX; `f`, `g`, `H`, `Hp` for SciPy, NumPy in and out."""

    entry: ZooProblem
    f: Callable[..., Any]
    g: Callable[..., Any]
    H: Callable[..., Any]
    Hp: Callable[..., Any]
    plain: bool

    @property
    def fun(self) -> Callable[[jax.Array], jax.Array]:
        """f in JAX."""
        return self.entry.fun


def chained(x: jax.Array) -> jax.Array:
    """`scipy.optimize.rosen` in JAX: sum of 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2."""
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def chained_entry(n: int = 10) -> ZooProblem:
    """The chained function from (-1.2, 1, -1.2, 1, ...), with its two minima."""
    x0 = np.tile([-1.2, 1.0], n // 2)
    minima = (Minimum(0.0, (1.0,) * n), Minimum(LOCAL, None, "local"))
    return ZooProblem(
        f"rosenbrock-chained-{n}", "Rosenbrock, chained", chained, x0, minima, start_value=float(rosen(x0))
    )


def case(name: str) -> Case:
    """A problem by name. Rosenbrock's come with SciPy's own NumPy derivatives, the rest with JAX's, compiled."""
    entry = chained_entry() if name == "rosenbrock-chained-10" else rp.zoo[name]
    if name.startswith("rosenbrock"):
        return Case(entry, rosen, rosen_der, rosen_hess, rosen_hess_prod, True)
    f, g, H = jax.jit(entry.fun), jax.jit(jax.grad(entry.fun)), jax.jit(jax.hessian(entry.fun))
    product = jax.jit(lambda x, v: jax.jvp(jax.grad(entry.fun), (x,), (v,))[1])
    return Case(
        entry,
        lambda x: float(f(x)),
        lambda x: np.asarray(g(x)),
        lambda x: np.asarray(H(x)),
        lambda x, v: np.asarray(product(x, v)),
        False,
    )


def starts(count: int) -> np.ndarray:
    """Starts of the batch; the first ones are the same for every `count`."""
    x0 = chained_entry().x0
    return x0 + SPREAD * np.random.default_rng(SEED).standard_normal((count, x0.size))

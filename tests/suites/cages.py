"""Zoo problems of one size in one function, so that a method is compiled once for all of them."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp

import raphson as rp

CAGES = {
    1: ("log-barrier", "double-well"),
    2: ("rosenbrock", "beale", "himmelblau", "booth", "saddle", "rosenbrock-tiny"),
    3: ("helical-valley", "bard"),
    4: ("wood", "brown-dennis", "powell-singular"),
    10: ("quadratic-1e4", "broyden-tridiagonal", "logistic-regression"),
}
"""Names by number of variables: the dozen and a half problems that every preset is tried on."""


@cache
def cage(names: tuple[str, ...]) -> Callable[[Any, Any], Any]:
    """fun(x, which): the `which`-th of these problems. Only the chosen branch runs."""
    funs = [rp.zoo[name].fun for name in names]
    return lambda x, which: jax.lax.switch(which, funs, x)


def solve_caged(name: str, method: Any, x0: Any = None, cages: dict = CAGES, **keywords: Any) -> rp.Result:
    """`minimize` on a caged problem, from its standard start if no other is given."""
    names = next(names for names in cages.values() if name in names)
    x0 = rp.zoo[name].x0 if x0 is None else x0
    return rp.minimize(cage(names), x0, args=(jnp.int32(names.index(name)),), method=method, **keywords)


def own_evaluations(result: Any) -> int:
    """What the runs to a minimum took: nfev without what was spent to look beside it, which no budget is about."""
    spent = re.findall(r"runs from beside.* \((\d+) evaluations\)", " ".join(result.reasons))
    return result.nfev - sum(map(int, spent))


@cache
def mgh_cages() -> dict[int, tuple[str, ...]]:
    """The 42 entries of More, Garbow and Hillstrom by number of variables."""
    entries = [(rp.zoo[name].n, name) for name in rp.zoo.names(trait="mgh")]
    return {n: tuple(name for size, name in entries if size == n) for n in sorted({size for size, _ in entries})}


def honest(problem: Any, result: Any, digits: float = 4) -> bool:
    """Whether a claim of success is true: f matches a listed minimum, or lies below every one that is listed."""
    if not result.success:
        return True
    found = problem.matches(result.value, digits)
    if found is not None:
        return found.kind in ("global", "local")
    return bool(problem.minima) and result.value < problem.minima[0].value

"""The Hessian at the end of a run: inertia beyond noise, the Newton step, flat directions in words."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg

from raphson.kernel.number import CURVATURE_NOISE, eps
from raphson.kernel.program import Program
from raphson.linear.cg import lowest_ritz, unbounded
from raphson.linear.solve import LANCZOS_STEPS
from raphson.operators.held import Held
from raphson.operators.matrix_free import MatrixFree
from raphson.problems.allowed import hessian_error

WHOLE = 600
"""Up to so many variables all eigenvalues are computed; above, a Cholesky factorization decides first."""

TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True)
class Shape:
    """The Hessian at the end of a run.

    `eigenvalues` all of H (None: only `smallest` and `largest` are known); `negative`, `zero`,
    `positive` counted in scaled variables beyond noise; `newton` the Newton step in the directions
    that have curvature, `decrement` what it promises; `slide` the first-order change of f when x
    moves along a flat direction by its own size; `diagonal` of H (None: unknown); `rounding` |H| |x|;
    `probes` steps along flat directions, up to the size of x, at which f should not be lower.
    """

    eigenvalues: np.ndarray | None
    smallest: float
    largest: float
    negative: int
    zero: int
    positive: int
    newton: np.ndarray
    decrement: float
    slide: float
    flat: tuple[str, ...]
    diagonal: np.ndarray | None
    rounding: np.ndarray
    probes: tuple[np.ndarray, ...] = ()


def examine_free(
    H: np.ndarray, g: np.ndarray, scale: np.ndarray, size: np.ndarray, error: float, held: np.ndarray,
    names: Any, doubt: np.ndarray | None = None,
) -> Shape:  # fmt: skip
    """`examine` on the variables that no bound holds; eigenvalues and inertia are theirs alone."""
    if not held.any():
        return examine(H, g, scale, size, error, names, doubt)
    own = np.maximum(np.abs(np.diagonal(H)), np.where(scale > 0, scale, 1.0) ** 2)
    apart = np.where(held[:, None] | held[None, :], 0, H) + np.diag(np.where(held, own, 0))
    doubt = None if doubt is None else np.where(held[:, None] | held[None, :], 0, doubt)
    shape = examine(apart, np.where(held, 0, g), scale, size, error, names, doubt)
    raw = np.linalg.eigvalsh(H[np.ix_(~held, ~held)]) if not held.all() else np.full(1, np.nan)
    return replace(
        shape, eigenvalues=raw[np.isfinite(raw)], smallest=float(raw[0]), largest=float(raw[-1]),
        positive=shape.positive - int(held.sum()),
    )  # fmt: skip


def examine(
    H: np.ndarray, g: np.ndarray, scale: np.ndarray, size: np.ndarray, error: float, names: Any,
    doubt: np.ndarray | None = None,
) -> Shape:  # fmt: skip
    """The shape of a dense Hessian; `error` is its relative error (eps for exact derivatives).

    `doubt` bounds the error of every entry (n, n) where H comes from differences: each eigenvalue then
    has an error of its own, |v|' doubt |v| to first order, and is zero where it does not rise above it.
    """
    n = len(g)
    d = np.where(scale > 0, scale, 1.0)
    M, level = H / np.outer(d, d), CURVATURE_NOISE * n * error
    if n > WHOLE and doubt is None:
        shape = examine_definite(H, M, g, d, level)
        if shape is not None:
            return shape
    w, V = np.linalg.eigh(M)
    level = np.full(n, level * max(-w[0], w[-1], TINY))
    if doubt is not None:
        level += np.einsum("ik,ij,jk->k", np.abs(V), doubt / np.outer(d, d), np.abs(V))
    a = V.T @ (g / d)
    positive, zero = w > level, np.abs(w) <= level
    steps = np.where(positive, -a / np.where(positive, w, 1), 0)
    raw = np.linalg.eigvalsh(H)
    if raw[0] <= 1e-6 * raw[-1] and positive.all():
        # Small eigenvalues of a badly scaled H drown in the rounding of its large ones; those of H^-1 do not.
        accurate = 1 / np.linalg.eigvalsh((V / w) @ V.T / np.outer(d, d))[::-1]
        raw = np.where(raw > 1e-6 * raw[-1], raw, accurate)
    slide, flat, probes = slides(V[:, zero] / d[:, None], a[zero], size, names) if zero.any() else (0.0, (), ())
    count = int(positive.sum()), int(zero.sum())
    diagonal = np.diagonal(H)
    if doubt is not None:  # what cannot be told from nothing is nothing
        diagonal = np.where(np.abs(diagonal) <= np.diagonal(doubt), 0, diagonal)
    return Shape(
        raw, float(raw[0]), float(raw[-1]), n - sum(count), count[1], count[0], (V @ steps) / d,
        float(-0.5 * (a @ steps)), slide, flat, diagonal, np.abs(H) @ size, probes,
    )  # fmt: skip


def slides(
    flat: np.ndarray, slope: np.ndarray, size: np.ndarray, names: Any
) -> tuple[float, tuple[str, ...], tuple[np.ndarray, ...]]:
    """How much f changes, to first order, when x slides along flat directions by its own size; names; steps to try."""
    reach = 1 / np.maximum(np.max(np.abs(flat) / size[:, None], axis=0), TINY)
    some = (flat * reach).T[:3]
    probes = tuple(t * v for v in some for t in (-1.0, -0.1, 0.1, 1.0))
    return float(np.max(np.abs(slope * reach))), tuple(direction(v, names) for v in some), probes


def examine_definite(H: np.ndarray, M: np.ndarray, g: np.ndarray, d: np.ndarray, level: float) -> Shape | None:
    """The same for a large positive definite H, by one factorization; None where M - level I is not definite.

    The extreme eigenvalues come from power iteration with H and with its factor.
    """
    top = np.max(np.sum(np.abs(M), axis=1))
    try:
        np.linalg.cholesky(M - level * top * np.eye(len(d)))
        factor = scipy.linalg.cho_factor(M, lower=True)
    except np.linalg.LinAlgError:
        return None
    newton = -scipy.linalg.cho_solve(factor, g / d) / d
    largest = power(lambda v: H @ v, len(d))
    smallest = 1 / power(lambda v: scipy.linalg.cho_solve(factor, v / d) / d, len(d))
    return Shape(
        None, smallest, largest, 0, 0, len(d), newton, float(-0.5 * g @ newton), 0.0, (), np.diagonal(H),
        np.abs(H) @ np.abs(newton),
    )  # fmt: skip


def power(apply: Any, n: int, steps: int = 60) -> float:
    """The largest eigenvalue of a positive definite operator, to a few digits."""
    v = np.sin(1.0 + np.arange(n))
    value = 0.0
    for _ in range(steps):
        v = v / np.linalg.norm(v)
        u = apply(v)
        value, v = float(v @ u), u
    return value


def examine_products(problem: Any, x: Any, g: np.ndarray, size: np.ndarray, held: np.ndarray) -> Shape:
    """The same from products alone: a CG Newton step and the smallest Ritz value of a few Lanczos steps.

    Both stay within the variables that no bound holds. A negative Ritz value proves negative
    curvature; a positive one makes its absence likely.
    """
    free = int(np.sum(~held))
    if free == 0:
        nothing = np.zeros(len(g))
        return Shape(None, np.nan, np.nan, 0, 0, 0, nothing, 0.0, 0.0, (), None, nothing)
    steps = min(free, LANCZOS_STEPS)
    s, low, top, rounding = numbers_of_products(problem, x, *map(jnp.asarray, (g, size, held)), steps=steps)
    newton = np.asarray(s, float)
    negative = int(float(low) < -max(1e-8, hessian_error(problem, x, eps(g))) * float(top))
    return Shape(
        None, float(low), float(top), negative, 0, free - negative, newton, float(-0.5 * g @ newton), 0.0, (),
        None, np.asarray(rounding, float),
    )  # fmt: skip


@partial(Program, static_argnames=("steps",))
def numbers_of_products(problem: Any, x: Any, g: jax.Array, size: jax.Array, held: jax.Array, steps: int) -> tuple:
    """Newton step by CG, smallest and largest Ritz value, and |H size|."""
    B = Held(MatrixFree(problem, x), held, jnp.zeros_like(g))
    start = jnp.where(held, 0, 1 + 0.5 * jnp.sin(1.0 + jnp.arange(g.shape[0], dtype=g.dtype)))
    low, _, top = lowest_ritz(B.mv, start, steps)
    return unbounded(B.mv, g, 200).s, low, top, jnp.abs(B.mv(size))


def direction(v: np.ndarray, names: Any) -> str:
    """A direction in words, as a combination of variables, the first with a plus: "x1 - 0.71 x3"."""
    share = v / np.max(np.abs(v))
    parts = [i for i in np.argsort(-np.abs(share), kind="stable")[:4] if abs(share[i]) > 0.05]
    if len(parts) == 1:
        return names[parts[0]]
    first = min(parts)
    terms = [term(share[i] if share[first] > 0 else -share[i], names[i]) for i in sorted(parts)]
    return " ".join(terms).removeprefix("+ ")


def term(share: float, name: str) -> str:
    """A summand: "+ x1" for 1, "- 0.71 x3" for -0.71."""
    size = f"{abs(share):.2g}"
    return f"{'-' if share < 0 else '+'} {'' if size == '1' else size + ' '}{name}"

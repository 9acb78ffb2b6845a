"""The Hessian at the end of a run: eigenvalues with their errors, the Newton step, the weakest directions."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg

from raphson.kernel.number import CURVATURE_NOISE, eps
from raphson.kernel.program import Program
from raphson.linear.cg import CLOSE, lanczos, lowest_of, newton_cg_direction
from raphson.linear.solve import LANCZOS_STEPS
from raphson.operators.matrix_free import MatrixFree
from raphson.problems.allowed import hessian_error, modes_of

WHOLE = 600
"""Up to so many variables all eigenvalues are computed; above, a Cholesky factorization decides first."""

TERMS = 100.0
"""The terms of f that may cancel in H are taken to be at most ten times this as large as f (its noise is 10 eps |f|): a
stiff direction, along which f would grow by 1e15 times itself, says nothing of rounding across it."""

TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True)
class Shape:
    """The Hessian at the end of a run.

    `eigenvalues` all of H (None: only `smallest` and `largest` are known); `negative`, `zero` (in doubt), `positive`
    counted in scaled variables, each against its own error; `newton` the Newton step in the directions that have
    curvature, `decrement` what it promises; `flat` directions in doubt, in words; `diagonal` of H (None: unknown);
    `rounding` |H| |x|; `weak` steps (n,) of any length to look along, the most doubtful first: the slope among the
    directions in doubt, these themselves, and the one of least curvature; `slide` by how much f changes, to first
    order, when x moves along a direction in doubt by its own size; `level` of the directions in doubt are known to be
    level whatever f's numbers are, `gauge` says which.
    """

    eigenvalues: np.ndarray | None
    smallest: float
    largest: float
    negative: int
    zero: int
    positive: int
    newton: np.ndarray
    decrement: float
    flat: tuple[str, ...]
    diagonal: np.ndarray | None
    rounding: np.ndarray
    weak: tuple[np.ndarray, ...] = ()
    slide: float = 0.0
    level: int = 0
    gauge: str = ""

    @property
    def sure(self) -> bool:
        """Whether every direction curves upwards beyond its error, but those that are level in any case."""
        return not self.negative and self.zero == self.level


def examine_free(
    H: np.ndarray, g: np.ndarray, scale: np.ndarray, size: np.ndarray, big: np.ndarray, error: float,
    noise: float, held: np.ndarray, names: Any, doubt: np.ndarray | None = None,
) -> Shape:  # fmt: skip
    """`examine` on the variables that no bound holds; eigenvalues and inertia are theirs alone."""
    if not held.any():
        return examine(H, g, scale, size, big, error, noise, names, doubt)
    own = np.maximum(np.abs(np.diagonal(H)), np.where(scale > 0, scale, 1.0) ** 2)
    apart = np.where(held[:, None] | held[None, :], 0, H) + np.diag(np.where(held, own, 0))
    big = np.where(held, 0, big)
    doubt = None if doubt is None else np.where(held[:, None] | held[None, :], 0, doubt)
    shape = examine(apart, np.where(held, 0, g), scale, size, big, error, noise, names, doubt)
    raw = np.linalg.eigvalsh(H[np.ix_(~held, ~held)]) if not held.all() else np.full(1, np.nan)
    return replace(
        shape, eigenvalues=raw[np.isfinite(raw)], smallest=float(raw[0]), largest=float(raw[-1]),
        positive=shape.positive - int(held.sum()),
    )  # fmt: skip


def examine(
    H: np.ndarray, g: np.ndarray, scale: np.ndarray, size: np.ndarray, big: np.ndarray, error: float, noise: float,
    names: Any, doubt: np.ndarray | None = None,
) -> Shape:  # fmt: skip
    """The shape of a dense Hessian; `error` is its relative error (eps for exact derivatives).

    Entries of H that are a rounded 1 - 1 look exact in scaled variables, for they scale themselves. So an eigenvalue
    is in doubt, too, where it is lost beside the largest change that f makes when a variable changes by its size
    `big`, and its direction, with a curvature as large as that error, promises less than the `noise` of f.

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
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        far = 1 / np.max(np.where(V == 0, 0, np.abs(V) / d[:, None] / big[:, None]), axis=0)
        change = min(float(np.max(np.abs(np.diagonal(H)) * big**2)), TERMS * noise / error)
        lost = CURVATURE_NOISE * n * error * change / far**2
    lost = np.where(np.isfinite(lost), lost, 0)
    if doubt is not None:
        level += np.einsum("ik,ij,jk->k", np.abs(V), doubt / np.outer(d, d), np.abs(V))
    a = V.T @ (g / d)
    faint = (np.abs(w) <= lost) & (0.5 * a**2 <= noise * np.maximum(lost, level))
    level = np.where(faint, np.maximum(level, lost), level)
    positive, zero = w > level, np.abs(w) <= level
    steps = np.where(positive, -a / np.where(positive, w, 1), 0)
    raw = np.linalg.eigvalsh(H)
    if raw[0] <= 1e-6 * raw[-1] and positive.all():
        # Small eigenvalues of a badly scaled H drown in the rounding of its large ones; those of H^-1 do not.
        accurate = 1 / np.linalg.eigvalsh((V / w) @ V.T / np.outer(d, d))[::-1]
        raw = np.where(raw > 1e-6 * raw[-1], raw, accurate)
    flat, weak = weakest(w, V / d[:, None], a, positive, names)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        reach = 1 / np.max(np.where(V == 0, 0, np.abs(V) / d[:, None] / size[:, None]), axis=0)
    slide = float(np.max((np.abs(a) * reach)[zero], initial=0.0))
    count = int(positive.sum()), int(zero.sum())
    diagonal = np.diagonal(H)
    if doubt is not None:  # what cannot be told from nothing is nothing
        diagonal = np.where(np.abs(diagonal) <= np.diagonal(doubt), 0, diagonal)
    return Shape(
        raw, float(raw[0]), float(raw[-1]), n - sum(count), count[1], count[0], (V @ steps) / d,
        float(-0.5 * (a @ steps)), flat, diagonal, np.abs(H) @ size, weak, slide,
    )  # fmt: skip


LOOKED_AT = 3
"""Directions in doubt that are looked along, at most."""


def weakest(
    w: np.ndarray, steps: np.ndarray, slope: np.ndarray, positive: np.ndarray, names: Any
) -> tuple[tuple[str, ...], tuple[np.ndarray, ...]]:
    """The directions in doubt in words, and steps along which f should be looked at.

    `w` eigenvalues, `steps` (n, n) their directions in columns, `slope` of f along them.
    """
    if positive.all():
        return (), (steps[:, 0],)
    doubtful = np.flatnonzero(~positive)
    down = steps[:, doubtful] @ -slope[doubtful]
    found = [down] if np.any(down) else []
    some = doubtful[np.argsort(w[doubtful])][:LOOKED_AT]
    found += [steps[:, i] for i in some]
    return tuple(direction_name(steps[:, i], names) for i in some), tuple(found)


def examine_definite(H: np.ndarray, M: np.ndarray, g: np.ndarray, d: np.ndarray, level: float) -> Shape | None:
    """The same for a large positive definite H, by one factorization; None where M - level I is not definite.

    What the factor lacks (level I) one step of refinement puts back. The extreme eigenvalues come from power
    iteration with H and with the factor, to a few digits.
    """
    top = np.max(np.sum(np.abs(M), axis=1))
    try:
        factor = scipy.linalg.cho_factor(M - level * top * np.eye(len(d)), lower=True, overwrite_a=True)
    except np.linalg.LinAlgError:
        return None
    solve = lambda b: scipy.linalg.cho_solve(factor, b, check_finite=False)
    y = solve(-g / d)
    newton = (y + solve(-g / d - M @ y)) / d
    largest, _ = power(lambda v: H @ v, len(d))
    least, v = power(lambda v: solve(v / d) / d, len(d))
    return Shape(
        None, 1 / least, largest, 0, 0, len(d), newton, float(-0.5 * g @ newton), (), np.diagonal(H),
        np.abs(H) @ np.abs(newton), (v,),
    )  # fmt: skip


def power(apply: Any, n: int, most: int = 60) -> tuple[float, np.ndarray]:
    """The largest eigenvalue of a positive definite operator, to three digits, and its vector."""
    v = np.sin(1.0 + np.arange(n))
    value = 0.0
    for _ in range(most):
        v = v / np.linalg.norm(v)
        u = apply(v)
        before, value, v = value, float(v @ u), u
        if abs(value - before) <= 1e-4 * value:
            break
    return value, v / np.linalg.norm(v)


LOOK = 3
"""Products between two looks at the largest eigenvalue."""


def largest_value(apply: Any, n: int, most: int = 60) -> float:
    """The largest eigenvalue of a positive semidefinite operator, to three digits, by Lanczos's method without
    reorthogonalization: of sphere2500 15 products, where the power method makes 60 and has two digits then.

    Source: Paige (1971), "The computation of eigenvalues and eigenvectors of very large sparse matrices".
    """
    v = np.sin(1.0 + np.arange(n))
    v = v / np.linalg.norm(v)
    most = min(most, n)
    before, last, value, T = np.zeros(n), 0.0, 0.0, np.zeros((most + 1, most + 1))
    for k in range(most):
        u = apply(v) - last * before
        T[k, k] = v @ u
        u = u - T[k, k] * v
        last = float(np.sqrt(u @ u))
        over = k + 1 == most or not last > 1e-14 * float(np.max(T))
        if over or k % LOOK == LOOK - 1:  # every time, it would be a third of the work on small matrices
            earlier, value = value, float(np.linalg.eigvalsh(T[: k + 1, : k + 1])[-1])
            if over or abs(value - earlier) <= LOOK * 1e-4 * value:
                break
        T[k + 1, k] = last  # the lower triangle, which `eigvalsh` reads
        before, v = v, u / last
    return value


def examine_products(problem: Any, x: Any, g: np.ndarray, size: np.ndarray, held: np.ndarray) -> Shape:
    """The same from products alone: a CG Newton step and the smallest Ritz value of a few Lanczos steps.

    Both in units estimated from a few products, within the variables that no bound holds. A negative Ritz value
    proves negative curvature; a positive one makes its absence likely.
    """
    free = int(np.sum(~held))
    if free == 0:
        nothing = np.zeros(len(g))
        return Shape(None, np.nan, np.nan, 0, 0, 0, nothing, 0.0, (), None, nothing)
    steps = min(free, LANCZOS_STEPS)
    s, (low, v, top), plain, d, rounding = numbers_of_products(
        problem, x, *map(jnp.asarray, (g, size, held)), steps=steps
    )
    smallest, largest = (float(a) for a in plain)
    newton, low, top, d = np.asarray(s, float), float(low), float(top), np.asarray(d, float)
    v = np.asarray(v, float) / d
    error = max(CURVATURE_NOISE * LANCZOS_STEPS * eps(g), hessian_error(problem, x, eps(g))) * top
    count = int(low < -error), int(abs(low) <= error)
    own = low / float(v @ v) if np.any(v) else np.nan  # the curvature along v itself
    return Shape(
        None, float(np.fmin(smallest, own)), largest, *count, free - sum(count), newton,
        float(-0.5 * g @ newton), (), None, np.asarray(rounding, float), (v,),
    )  # fmt: skip


PROBES = 4
"""Products from which the units of the variables are estimated, where H is not formed."""


@partial(Program, static_argnames=("steps",))
def numbers_of_products(problem: Any, x: Any, g: jax.Array, size: jax.Array, held: jax.Array, steps: int) -> tuple:
    """Newton step by CG, the smallest Ritz pair and the largest value in units d, extreme ones without, d, |H size|.

    One Krylov space for both kinds of Ritz values: products are what this costs.

    d_i^2 is the length of row i of H, estimated from products with vectors of random signs (Hutchinson 1990): exact
    where H is diagonal, never too small. Without units a variable of tiny curvature is invisible to CG and Lanczos.
    """
    B = MatrixFree(problem, x).restrict(held, jnp.zeros_like(g), jnp.zeros_like(g))
    signs = jax.random.rademacher(jax.random.key(0), (PROBES, g.shape[0]), g.dtype)
    # At once where that can be: products with a dense matrix cost its way through memory.
    found = jax.vmap(B.mv)(signs) if modes_of(problem, x).batched else jnp.stack([B.mv(z) for z in signs])
    rows = jnp.sqrt(jnp.sum(found**2, axis=0) / PROBES)
    d = jnp.sqrt(jnp.where(held | ~(rows > 0), 1, rows))
    scaled = lambda v: B.mv(v / d) / d
    start = jnp.where(held, 0, 1 + 0.5 * jnp.sin(1.0 + jnp.arange(g.shape[0], dtype=g.dtype)))
    known = lanczos(scaled, start, steps)
    return (
        newton_cg_direction(scaled, g / d, 200, CLOSE).s / d,
        lowest_of(known),
        known.plain(d),
        d,
        jnp.abs(B.mv(size)),
    )


def direction_name(v: np.ndarray, names: Any) -> str:
    """A direction in words, as a combination of variables, the first with a plus: "x1 - 0.71 x3"."""
    if not (np.all(np.isfinite(v)) and np.any(v)):
        return "some direction"
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

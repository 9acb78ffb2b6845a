"""The outermost eigenvalues of a symmetric matrix with their vectors, from products alone: thick-restart Lanczos.

The basis is made orthogonal in full, twice, so that no eigenvalue comes several times by rounding. At a restart the
best Ritz vectors are kept. One start vector sees one direction of each eigenspace: when all wanted pairs have
converged the search goes on from a random vector that is orthogonal to them, and ends when nothing new comes.
Sources: Wu and Simon (2000), "Thick-restart Lanczos method for large symmetric eigenvalue problems"; Parlett (1980),
"The Symmetric Eigenvalue Problem", chapters 11 and 13 (residual and gap bounds).
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from raphson.ml.tree_operator import TreeOperator, flat_product

Array = jax.Array
Host = NDArray[Any]

ENDS = ("largest", "smallest", "both", "magnitude")

ROOM = 20
"""Vectors of the basis beside twice those that are wanted (ARPACK's habit: at least 2 k + 1, and 20)."""

TIGHT = 0.6
"""Residuals end below eps^0.6 of the largest eigenvalue (4e-10 and 7e-5): no eigenvalue of a cluster is off by more,
a single one by the square of it over the gap."""


MARGIN = 8.0
"""The search asks for residuals that much smaller: what a restart leaves out of the basis adds to them (5 times the
tolerance was seen in float32, eigenvalues 5e-6 apart)."""


@dataclass(frozen=True, eq=False)
class Eigenpairs:
    """Eigenvalues (k,) descending, and eigenvectors (k, P) in rows, of length one.

    `residuals`: |A v - value v|, computed with the final vectors: an eigenvalue lies within this of each value,
    certainly. `errors`: what is known with the gap to the others found, min(r, r^2 / gap). `converged`: all residuals
    are below the tolerance, and a second search beside the first found nothing further out. `products`: spent.
    """

    values: Host
    vectors: Array
    residuals: Host
    errors: Host
    converged: bool
    products: int
    operator: TreeOperator

    def trees(self) -> list[Any]:
        """The eigenvectors as pytrees of parameters."""
        return [self.operator.parameters.tree(v) for v in self.vectors]

    def __str__(self) -> str:
        head = f"{len(self.values)} eigenvalues of the {self.operator!r}, {self.products} products"
        end = "" if self.converged else "\nnot converged: residuals above the tolerance where the limit was met"
        rows = [f"{v: .8g}  ± {e:.1g}" for v, e in zip(self.values, self.errors, strict=True)]
        return "\n".join([head, *rows]) + end


def against(rows: Array, w: Array) -> tuple[Array, Array]:
    """w made orthogonal to rows (m, P), and its shares (m,) along them; twice is enough (Kahan, in Parlett 1980)."""
    h = rows @ w
    w = w - h @ rows
    more = rows @ w
    return w - more @ rows, h + more


@partial(jax.jit, static_argnames=("multiply", "tree"), donate_argnames="basis")
def extended(
    multiply: Any, tree: Any, state: Any, basis: Array, T: Array, first: Array, key: Array
) -> tuple[Array, Array, Array]:
    """Lanczos from row `first` of the basis (m + 1, P), later rows 0, to its end.

    T (m, m) gets a column for each product. Where nothing is left a random vector goes on, uncoupled. Returns also
    the length that is left at the end.
    """
    m = T.shape[0]
    tiny = 10 * jnp.finfo(basis.dtype).eps * np.sqrt(basis.shape[1])

    def one(j: Array, carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        basis, T, _ = carry
        w, h = against(basis, flat_product(multiply, tree, state, basis[j]))
        T = T.at[j].set(h[:m]).at[:, j].set(h[:m])
        left = jnp.linalg.norm(w)
        over = left <= tiny * jnp.max(jnp.abs(T))
        w = jnp.where(over, fresh(basis, jax.random.fold_in(key, j)), w / left)
        return basis.at[j + 1].set(w), T, jnp.where(over, 0, left)

    return lax.fori_loop(first, m, one, (basis, T, jnp.zeros((), basis.dtype)))


def fresh(basis: Array, key: Array) -> Array:
    """A random vector of length one, orthogonal to the rows of the basis."""
    w = jax.random.normal(key, basis.shape[1:], basis.dtype)
    for _ in range(2):
        w = against(basis, w / jnp.linalg.norm(w))[0]
    return w / jnp.linalg.norm(w)


def wanted(theta: Host, k: int, which: str) -> Host:
    """The places of the wanted ones among ascending values, ascending; those further out first to be cut."""
    n = len(theta)
    if which == "magnitude":
        return np.sort(np.argsort(-np.abs(theta), kind="stable")[:k])
    low = k if which in ("smallest", "both") else 0
    high = k if which in ("largest", "both") else 0
    return np.unique(np.r_[np.arange(min(low, n)), np.arange(max(n - high, 0), n)])


@dataclass
class LanczosSearch:
    """The basis of a search, and what is known so far: T is the matrix in the basis, `left` the length beyond it."""

    operator: TreeOperator
    key: Array
    m: int
    basis: Array
    T: Host
    left: float = 0.0
    products: int = 0
    seeds: int = 0

    def extend(self, first: int) -> None:
        """Fills the basis from row `first` on. Raises ValueError where a product is not finite."""
        a = self.operator
        T = jnp.asarray(self.T, self.basis.dtype)
        basis, T, left = extended(a.multiply, a.parameters, a.state, self.basis, T, first, self.seed())
        self.basis, self.T, self.left = basis, np.array(T, float), float(left)
        self.products += self.m - first
        if not np.all(np.isfinite(self.T)):
            raise ValueError(f"a product with the {a!r} is not finite: it has no eigenvalues")

    def seed(self) -> Array:
        """Another key at every call."""
        self.seeds += 1
        return jax.random.fold_in(self.key, self.seeds)

    def ritz(self) -> tuple[Host, Host, Host]:
        """Ritz values ascending, their vectors in the basis, and their residuals."""
        theta, S = np.linalg.eigh(self.T)
        return theta, S, np.abs(self.left * S[-1])

    def keep(self, theta: Host, S: Host, places: Host, onward: bool) -> int:
        """Restarts with the Ritz vectors at these places, and goes on from what is left of the last product, or from
        a random vector. Returns how many rows are kept."""
        kept = len(places)
        rows = jnp.asarray(S[:, places].T, self.basis.dtype) @ self.basis[: self.m]
        basis = jnp.zeros_like(self.basis).at[:kept].set(rows)
        self.T = np.zeros((self.m, self.m))
        self.T[np.arange(kept), np.arange(kept)] = theta[places]
        last = self.basis[self.m] if onward and self.left > 0 else fresh(basis, self.seed())
        self.basis = basis.at[kept].set(last)
        return kept


def eigenpairs(
    operator: TreeOperator,
    k: int = 10,
    which: str = "largest",
    *,
    tol: float | None = None,
    max_products: int | None = None,
    seed: int = 0,
    progress: Callable[[int, float], object] | None = None,
) -> Eigenpairs:
    """The k largest eigenvalues, the k smallest, k of both ends, or the k largest by magnitude, with their vectors.

    `tol`: residuals relative to the largest |eigenvalue| (default eps^0.6). Memory: 2 k + 20 vectors of P numbers
    (4 k + 20 for both ends). Ends with what it has after `max_products` (default 100 k + 1000), and where `progress`,
    called before every restart with the products so far and the largest residual over the largest |eigenvalue|, returns
    True.

    Raises ValueError for k < 1, k > P or an unknown end, and where a product is not finite.
    """
    n = operator.size
    if which not in ENDS:
        raise ValueError(f"which is {which!r}: choose one of {', '.join(ENDS)}")
    if isinstance(k, bool) or k != int(k) or not 1 <= k <= n:
        raise ValueError(f"k is {k!r}: it is a number of eigenvalues, 1 to {n}")
    eps = float(jnp.finfo(operator.dtype).eps)
    bound = eps**TIGHT if tol is None else tol
    both = 2 * k if which == "both" else k
    m = min(2 * both + ROOM, n)
    limit = 100 * k + 1000 if max_products is None else max_products
    basis = operator.parameters.rows(m + 1)
    search = LanczosSearch(operator, jax.random.key(seed), m, basis, np.zeros((m, m)))
    search.basis = basis.at[0].set(fresh(basis, search.seed()))
    search.extend(0)
    inner = bound / MARGIN
    shown = m == n
    before: Host | None = None
    while True:
        theta, S, residual = search.ritz()
        places = wanted(theta, k, which)
        size = float(np.max(np.abs(theta)))
        done = bool(np.all(residual[places] <= inner * size))
        if done and before is not None:  # the second search found these again, or others
            shown = bool(np.all(np.abs(before - theta[places]) <= 2 * bound * size))
        if m == n or (done and shown) or search.products >= limit:
            break
        if progress is not None and progress(search.products, float(np.max(residual[places])) / (size or 1.0)) is True:
            break
        before = theta[places] if done else before
        first = search.keep(theta, S, kept_places(theta, places, m), onward=not done)
        search.extend(first)
    return finished(search, theta, S, places, bound * size, shown)


def kept_places(theta: Host, places: Host, m: int) -> Host:
    """The wanted ones and as many of the next to them as leave half of what is over for new vectors."""
    more = (m - len(places)) // 2
    ranks = np.min(np.abs(np.arange(len(theta))[:, None] - places[None]), axis=1)
    order = np.argsort(ranks, kind="stable")
    return np.sort(order[: min(len(places) + more, m - 1)])


def finished(search: LanczosSearch, theta: Host, S: Host, places: Host, bound: float, shown: bool) -> Eigenpairs:
    """The wanted pairs, descending, with residuals that are computed from their vectors."""
    down = places[::-1]
    vectors = jnp.asarray(S[:, down].T, search.basis.dtype) @ search.basis[: search.m]
    vectors = vectors / jnp.linalg.norm(vectors, axis=1, keepdims=True)
    images = search.operator.times(vectors.T).T
    values = np.asarray(jnp.sum(vectors * images, axis=1), float)
    residuals = np.asarray(
        jnp.linalg.norm(images - jnp.asarray(values, images.dtype)[:, None] * vectors, axis=1), float
    )
    others = np.abs(theta[None, :] - theta[down][:, None])
    others[np.arange(len(down)), down] = np.inf
    gaps = np.maximum(np.min(others, axis=1) - residuals, 0) if others.size else np.full(len(down), np.inf)
    errors = np.where(residuals < gaps, residuals * (residuals / np.where(gaps > 0, gaps, 1)), residuals)
    floor = np.finfo(np.dtype(search.basis.dtype)).eps * np.max(np.abs(theta))  # of a product's own rounding
    converged = shown and bool(np.all(residuals <= 2 * bound + 10 * floor))
    return Eigenpairs(
        values, vectors, residuals, np.maximum(errors, floor), converged, search.products + len(down), search.operator
    )

"""Random quadratic models of every kind, in batches: what the laws of operators, solvers and paths are tried on."""

import jax.numpy as jnp
import numpy as np

from raphson.model.quadratic import Model
from raphson.operators.dense import Dense

KINDS = ("definite", "ill-conditioned", "indefinite", "negative", "singular", "zero", "hard", "hard-multiple", "still")
"""`hard`: g without a component along the lowest eigenvector (`multiple`: along two of them); `still`: g = 0."""


def frames(rng: np.random.Generator, n: int, count: int) -> np.ndarray:
    """Random orthogonal matrices (count, n, n)."""
    return np.linalg.qr(rng.standard_normal((count, n, n)))[0]


def spectrum(rng: np.random.Generator, n: int, kind: str) -> np.ndarray:
    """Eigenvalues (n,) of the kind, ascending."""
    w = rng.uniform(0.5, 2.0, n)
    if kind == "ill-conditioned":
        w = 10 ** rng.uniform(-3, 3, n)
    elif kind == "negative":
        w = -w
    elif kind == "zero":
        w = np.zeros(n)
    elif kind == "singular":
        w[: (n + 1) // 2] = 0
    elif kind in ("indefinite", "hard", "hard-multiple", "still"):
        w[: max(1, n // 2)] *= -1
        w[0] = -2.5
        w[: min(2, n - 1)] = -2.5 if kind == "hard-multiple" else w[: min(2, n - 1)]
    return np.sort(w)


def quadratics(rng: np.random.Generator, n: int, kind: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Hessians (count, n, n) and gradients (count, n) of one kind."""
    V = frames(rng, n, count)
    w = np.stack([spectrum(rng, n, kind) for _ in range(count)])
    a = rng.standard_normal((count, n))
    if kind.startswith("hard"):
        a = np.where(w == w[:, :1], 0, a)
    if kind == "still":
        a = np.zeros_like(a)
    H = np.einsum("kij,kj,klj->kil", V, w, V)
    if kind.startswith("hard"):
        V, H = diagonal_twins(V, w, H)
    return (H + H.transpose(0, 2, 1)) / 2, np.einsum("kij,kj->ki", V, a)


def diagonal_twins(V: np.ndarray, w: np.ndarray, H: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every second one diagonal: only there is the hard case exact, in a turned frame rounding softens it."""
    V, H = V.copy(), H.copy()
    V[::2] = np.eye(V.shape[1])
    H[::2] = [np.diag(row) for row in w[::2]]
    return V, H


def batch(
    rng: np.random.Generator, n: int, count: int, kinds: tuple[str, ...] = KINDS
) -> tuple[np.ndarray, np.ndarray]:
    """Hessians and gradients of all kinds, `count` of each."""
    parts = [quadratics(rng, n, kind, count) for kind in kinds]
    return np.concatenate([H for H, _ in parts]), np.concatenate([g for _, g in parts])


def model(H, g, d) -> Model:
    """The quadratic model 0 + g's + 1/2 s'Hs with lengths measured by ||d s||."""
    H, g, d = jnp.asarray(H), jnp.asarray(g), jnp.asarray(d)
    return Model(jnp.zeros_like(g), jnp.zeros((), g.dtype), g, Dense(H), d)


def decrease(H: np.ndarray, g: np.ndarray, s: np.ndarray) -> np.ndarray:
    """-(g's + 1/2 s'Hs), by NumPy, for one or a batch."""
    return -(np.sum(g * s, -1) + 0.5 * np.einsum("...i,...ij,...j->...", s, H, s))

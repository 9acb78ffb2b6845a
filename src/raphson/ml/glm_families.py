"""Families of generalized linear models: loss, slope and curvature in the linear predictor, without overflow or
cancellation.

The loss of an example is minus its log-likelihood, up to what does not depend on the predictor eta. Written once, for
arrays of NumPy and of JAX. Sources: McCullagh and Nelder (1989), "Generalized Linear Models"; of the softmax: Böhning
(1992), "Multinomial logistic regression algorithm".
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import jax.numpy as jnp
import numpy as np
from scipy.special import xlogy

Array = Any
"""Of NumPy or of JAX."""


def library_of(a: Array) -> Any:
    """The functions for arrays of this kind."""
    return np if isinstance(a, np.ndarray) else jnp


@dataclass(frozen=True)
class Family:
    """One output: `terms`: loss, slope and bend (its first two derivatives) of eta (n,) and targets (n,).

    `link`: eta of a mean, where a fit begins; `mean`: the mean of eta; `spread`: the
    standard deviation at a mean, up to the dispersion; `saturated`: the least loss that any eta gives.
    `allowed`: what targets may be, in words, and the test. `dispersed`: whether a scale is estimated beside eta;
    `endless`: whether its loss may have an infimum at infinity. `information`: the mean of the bend over targets of the
    model, where it is not the bend itself (the link is not the canonical one).
    """

    name: str
    terms: Callable[[Array, Array], tuple[Array, Array, Array]]
    mean: Callable[[np.ndarray], np.ndarray]
    link: Callable[[float], float]
    saturated: Callable[[np.ndarray], np.ndarray]
    spread: Callable[[np.ndarray], np.ndarray]
    allowed: tuple[str, Callable[[np.ndarray], np.ndarray]]
    dispersed: bool = False
    endless: bool = True
    information: Callable[[np.ndarray], np.ndarray] | None = None


def plain_sigmoid(eta: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-eta)), in NumPy."""
    small = np.exp(-np.abs(eta))
    return np.where(eta >= 0, 1, small) / (1 + small)


def plain_softmax(eta: np.ndarray) -> np.ndarray:
    """exp(eta) over its sum along the last axis, in NumPy."""
    raised = np.exp(eta - np.max(eta, axis=-1, keepdims=True))
    return raised / np.sum(raised, axis=-1, keepdims=True)


def logistic_terms(eta: Array, y: Array) -> tuple[Array, Array, Array]:
    """log(1 + exp(-eta)) or log(1 + exp(eta)). Each side alone: y log(1 + exp(-eta)) is no difference of large numbers
    where it is nearly 0."""
    xp = library_of(eta)
    size, up = xp.abs(eta), eta >= 0
    small = xp.exp(-size)
    less = small / (1 + small)  # the probability of the less likely side
    missed = xp.where(up, 1 - y, y)
    return xp.log1p(small) + missed * size, xp.where(up, missed - less, less - missed), less * (1 - less)


def poisson_terms(eta: Array, y: Array) -> tuple[Array, Array, Array]:
    """exp(eta) - y eta."""
    mean = library_of(eta).exp(eta)
    return mean - y * eta, mean - y, mean


def squared_terms(eta: Array, y: Array) -> tuple[Array, Array, Array]:
    """(eta - y)^2 / 2."""
    apart = eta - y
    return 0.5 * apart**2, apart, library_of(eta).ones_like(eta)


def gamma_terms(eta: Array, y: Array) -> tuple[Array, Array, Array]:
    """eta + y exp(-eta)."""
    share = y * library_of(eta).exp(-eta)
    return eta + share, 1 - share, share


LOGISTIC = Family(
    "bernoulli",
    logistic_terms,
    plain_sigmoid,
    lambda mean: float(np.log(mean) - np.log1p(-mean)),
    lambda y: -(xlogy(y, y) + xlogy(1 - y, 1 - y)),
    lambda mean: np.sqrt(mean * (1 - mean)),
    ("between 0 and 1", lambda y: (y >= 0) & (y <= 1)),
)
COUNTS = Family(
    "poisson",
    poisson_terms,
    np.exp,
    lambda mean: float(np.log(mean)),
    lambda y: y - xlogy(y, y),
    np.sqrt,
    ("0 or larger", lambda y: y >= 0),
)
NORMAL = Family(
    "squared",
    squared_terms,
    lambda eta: eta,
    float,
    lambda y: 0 * y,
    np.ones_like,
    ("finite", np.isfinite),
    dispersed=True,
    endless=False,
)
GAMMA = Family(
    "gamma",
    gamma_terms,
    np.exp,
    lambda mean: float(np.log(mean)),
    lambda y: 1 + np.log(y),
    lambda mean: mean,
    ("larger than 0", lambda y: y > 0),
    dispersed=True,
    endless=False,
    information=np.ones_like,
)
SOFTMAX = "cross-entropy"
FAMILIES = {family.name: family for family in (LOGISTIC, COUNTS, NORMAL, GAMMA)}
"""By name; beside them there is `SOFTMAX`, of several outputs."""


def contrasts(classes: int) -> np.ndarray:
    """An orthonormal basis (K, K - 1) of the vectors over K classes whose sum is 0.

    A shift of all classes changes no probability: predictors are written in this basis, and that direction is gone. As
    the basis is orthonormal a ridge on all classes is one on these coordinates. Source: Helmert (1876).
    """
    Q = np.zeros((classes, classes - 1))
    for k in range(1, classes):
        Q[:k, k - 1], Q[k, k - 1] = 1, -k
        Q[:, k - 1] /= np.sqrt(k * (k + 1))
    return Q


def softmax_terms(eta: Array, y: Array) -> tuple[Array, Array, Array]:
    """-log of the probability of class y (n,) by predictors eta (K, n), with all digits where it is nearly 0; its slope
    (K, n), of the own class as minus the others' sum; and the probabilities (K, n)."""
    xp = library_of(eta)
    own = y[None, :] == xp.arange(eta.shape[0])[:, None]
    ahead = eta - xp.sum(xp.where(own, eta, 0), axis=0)
    most = xp.maximum(xp.max(xp.where(own, -np.inf, ahead), axis=0), 0)
    raised = xp.exp(ahead - most)
    others, mine = xp.sum(xp.where(own, 0, raised), axis=0), xp.exp(-most)
    total = mine + others
    loss = xp.where(most > 0, most + xp.log(total), xp.log1p(others))
    p = raised / total
    return loss, xp.where(own, -others / total, p), p


def class_pairs(classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pairs k < l of classes, and q_k - q_l of the contrasts' rows (pairs, K - 1).

    diag(p) - pp' is the sum over pairs of p_k p_l (e_k - e_l)(e_k - e_l)': nothing cancels in it.
    """
    k, l = np.array(list(combinations(range(classes), 2))).T
    Q = contrasts(classes)
    return k, l, Q[k] - Q[l]


def of_pairs(grams: Array, apart: Array) -> Array:
    """The Hessian ((K - 1) P, (K - 1) P) from X' diag(w p_k p_l) X of all pairs (pairs, P, P)."""
    pairs, m = apart.shape
    P = grams.shape[-1]
    outer = (apart[:, :, None] * apart[:, None, :]).reshape(pairs, m * m)
    return (outer.T @ grams.reshape(pairs, P * P)).reshape(m, m, P, P).transpose(0, 2, 1, 3).reshape(m * P, m * P)

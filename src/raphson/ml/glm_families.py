"""Families of generalized linear models: loss, slope and curvature in the linear predictor, without overflow or
cancellation.

The loss of an example is minus its log-likelihood, up to what does not depend on the predictor eta. Sources: McCullagh
and Nelder (1989), "Generalized Linear Models"; of the softmax: Böhning (1992), "Multinomial logistic regression
algorithm".
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax.nn import softmax
from scipy.special import xlogy

Array = jax.Array


@dataclass(frozen=True)
class Family:
    """One output: `loss`, `slope` and `bend` (its first two derivatives) of eta (n,) and targets (n,).

    `link`: eta of a mean, where a fit begins; `mean`: the mean of eta; `saturated`: the least loss that any eta gives.
    `allowed`: what targets may be, in words, and the test. `dispersed`: whether a scale is estimated beside eta;
    `endless`: whether its loss may have an infimum at infinity.
    """

    name: str
    loss: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]
    bend: Callable[[Array, Array], Array]
    mean: Callable[[np.ndarray], np.ndarray]
    link: Callable[[float], float]
    saturated: Callable[[np.ndarray], np.ndarray]
    variance: Callable[[np.ndarray], np.ndarray]
    allowed: tuple[str, Callable[[np.ndarray], np.ndarray]]
    dispersed: bool = False
    endless: bool = True


def plain_sigmoid(eta: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-eta)), in NumPy."""
    small = np.exp(-np.abs(eta))
    return np.where(eta >= 0, 1, small) / (1 + small)


def plain_softmax(eta: np.ndarray) -> np.ndarray:
    """exp(eta) over its sum along the last axis, in NumPy."""
    raised = np.exp(eta - np.max(eta, axis=-1, keepdims=True))
    return raised / np.sum(raised, axis=-1, keepdims=True)


def less(eta: Array) -> Array:
    """The probability of the less likely side, 1 / (1 + exp(|eta|))."""
    small = jnp.exp(-jnp.abs(eta))
    return small / (1 + small)


LOGISTIC = Family(
    "bernoulli",
    # Each side alone: y log(1 + exp(-eta)) is no difference of large numbers where it is nearly 0.
    lambda eta, y: jnp.log1p(jnp.exp(-jnp.abs(eta))) + jnp.where(eta >= 0, 1 - y, y) * jnp.abs(eta),
    lambda eta, y: jnp.where(eta >= 0, 1 - y, -y) + jnp.where(eta >= 0, -1, 1) * less(eta),
    lambda eta, y: less(eta) * (1 - less(eta)),
    plain_sigmoid,
    lambda mean: float(np.log(mean) - np.log1p(-mean)),
    lambda y: -(xlogy(y, y) + xlogy(1 - y, 1 - y)),
    lambda mean: mean * (1 - mean),
    ("between 0 and 1", lambda y: (y >= 0) & (y <= 1)),
)
COUNTS = Family(
    "poisson",
    lambda eta, y: jnp.exp(eta) - y * eta,
    lambda eta, y: jnp.exp(eta) - y,
    lambda eta, y: jnp.exp(eta),
    np.exp,
    lambda mean: float(np.log(mean)),
    lambda y: y - xlogy(y, y),
    lambda mean: mean,
    ("0 or larger", lambda y: y >= 0),
)
NORMAL = Family(
    "squared",
    lambda eta, y: 0.5 * (eta - y) ** 2,
    lambda eta, y: eta - y,
    lambda eta, y: jnp.ones_like(eta),
    lambda eta: eta,
    float,
    lambda y: 0 * y,
    lambda mean: np.ones_like(mean),
    ("finite", np.isfinite),
    dispersed=True,
    endless=False,
)
GAMMA = Family(
    "gamma",
    lambda eta, y: eta + y * jnp.exp(-eta),
    lambda eta, y: 1 - y * jnp.exp(-eta),
    lambda eta, y: y * jnp.exp(-eta),
    np.exp,
    lambda mean: float(np.log(mean)),
    lambda y: 1 + np.log(y),
    lambda mean: mean**2,
    ("larger than 0", lambda y: y > 0),
    dispersed=True,
    endless=False,
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


def softmax_loss(eta: Array, y: Array) -> Array:
    """-log of the probability of class y (n,) by predictors eta (K, n): with all digits where it is nearly 0."""
    own = classes_of(eta, y)
    ahead = eta - jnp.sum(jnp.where(own, eta, 0), axis=0)
    most = jnp.maximum(jnp.max(jnp.where(own, -jnp.inf, ahead), axis=0), 0)
    others = jnp.sum(jnp.where(own, 0, jnp.exp(ahead - most)), axis=0)
    return jnp.where(most > 0, most + jnp.log(jnp.exp(-most) + others), jnp.log1p(others))


def classes_of(eta: Array, y: Array) -> Array:
    """Where a class is the example's own: (K, n)."""
    return y[None, :] == jnp.arange(eta.shape[0])[:, None]


def softmax_slope(eta: Array, y: Array) -> Array:
    """p - [class is y] (K, n), of the own class as minus the others' sum."""
    own = classes_of(eta, y)
    p = jnp.where(own, 0, softmax(eta, axis=0))
    return p - own * jnp.sum(p, axis=0)


def softmax_bend(eta: Array, Q: Array) -> Array:
    """Q' (diag(p) - p p') Q for every example: (K - 1, K - 1, n), as a sum of squares, which does not cancel."""
    p = softmax(eta, axis=0)
    middle = Q.T @ p
    apart = Q[:, :, None] - middle[None]
    return jnp.einsum("kn,kan,kbn->abn", p, apart, apart)

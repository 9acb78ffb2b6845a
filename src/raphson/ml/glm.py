"""Generalized linear models by Newton's method: logistic, softmax, Poisson, gamma and least-squares regression."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import logsumexp

from raphson.certificate.verdict import Certificate, Verdict
from raphson.kernel.number import eps
from raphson.ml.glm_data import GlmData, column_names, read_glm_data
from raphson.ml.glm_families import FAMILIES, SOFTMAX, contrasts, plain_softmax
from raphson.ml.glm_newton import Reached, UnitHessian, predictors, reached_on_host, ridge_at, seen_at, unit_hessian
from raphson.ml.glm_problem import GAIN, glm_method, glm_problem
from raphson.ml.glm_separation import LOST, MOST_ROWS, SMALL_PROGRAM, Separation, columns_in, separating, signs_of
from raphson.problems.minimize import Minimize
from raphson.solver.drive import run
from raphson.solver.evidence import certificate_of
from raphson.solver.final import final_state, hessian_of

SHOWN = 3
"""Trials of the run that a certificate looks at: it begins at the answer, and may not go on to another one."""


def fit_glm(
    X: Any, y: Any, family: str = "bernoulli", *, l2: Any = 0.0, weights: Any = None, offset: Any = None,
    intercept: bool = True, names: Sequence[str] | None = None,
) -> "GlmFit":  # fmt: skip
    """Fits a generalized linear model: b that minimizes sum_i w_i l(x_i'b + b_0 + o_i, y_i) + 1/2 sum_j l2_j b_j^2.

    X: (n, p), an array, a data frame or a sparse matrix (filled up). float32 is fitted in float32. y: (n,). `family`:
    "bernoulli" (logistic regression; y of 0 and 1, or shares between), "cross-entropy" (softmax; y holds the classes),
    "poisson" and "gamma" (logarithmic link), "squared". l2: the ridge, one number or one for each column; it is not
    divided by n: 1/C of scikit-learn's `LogisticRegression`, sum(w) alpha of its `PoissonRegressor`. The intercept has
    none. weights: how often an example counts, offset: what is added to the predictor, (n,) (a softmax has none: it
    would move all classes alike).

    Newton's method with the Hessian in closed form, and backtracking; `fit.certificate` says what the answer is worth.
    Where the likelihood has no maximum because a direction of the columns separates the examples, `fit.separation`
    names it. Raises ValueError for what cannot be meant, and names it.
    Sources: McCullagh and Nelder (1989), "Generalized Linear Models"; Albert and Anderson (1984) for separation.
    """
    data = read_glm_data(X, y, family, l2, weights, offset, intercept, names)
    reach = reached_on_host if jax.default_backend() == "cpu" else reached_compiled
    return GlmFit(family, data, reach(family, data, beginning(family, data)))


def problem_of(family: str, data: GlmData) -> Minimize:
    """The data as the problem of the family; the design is not copied."""
    columns, *rest = data.padded
    return glm_problem(family, (jax.device_put(columns), *rest, data.ridge))


def reached_compiled(family: str, data: GlmData, start: np.ndarray) -> Reached:
    """The same by `solver.run`, on the default device."""
    problem = problem_of(family, data)
    done = run(glm_method(family, start.dtype), problem, jnp.asarray(start))
    model = final_state(done, problem).model
    return Reached(np.asarray(model.x), float(model.value), done.trace.ratio.size, done.status)


def beginning(family: str, data: GlmData) -> np.ndarray:
    """Zeros, and the intercept of the targets' mean: pulled inwards by half an example, so that it is finite."""
    y, w, P = data.y, data.weights, data.ridge.size
    if family == SOFTMAX:
        assert data.classes is not None
        K = len(data.classes)
        start = np.zeros((K - 1, P))
        share = np.bincount(y, w, K) + 0.5
        start[:, -1] = contrasts(K).T @ np.log(share / share.sum()) if data.intercept else 0
        return start.astype(data.columns.dtype)
    start = np.zeros(P)
    if data.intercept:
        mean = (float(w @ y) + 0.5 * (family == "bernoulli")) / (float(w.sum()) + (family == "bernoulli"))
        start[-1] = FAMILIES[family].link(mean) if mean > 0 or family == "squared" else 0.0
        start[-1] -= level_of(family, data) if data.offset.ndim else 0.0
    return start.astype(data.columns.dtype)


def level_of(family: str, data: GlmData) -> float:
    """What the offsets add to eta on the whole. Of counts the logarithm of the mean exposure, of a gamma family that of
    the mean target beside the mean of y exp(-offset): their intercept alone then begins at its minimum."""
    w, o = data.weights.astype(float), data.offset.astype(float)
    if family == "poisson":
        return float(logsumexp(o, b=w) - np.log(w.sum()))
    if family == "gamma":
        return float(np.log(w @ data.y) - logsumexp(np.log(data.y) - o, b=w))
    return float(w @ o / w.sum())


class GlmFit:
    """A fitted generalized linear model.

    `coefficients` (p,), of a softmax (K, p) with sum 0 over the classes (a shift of all classes changes nothing);
    `intercept` a number, (K,) of a softmax, 0 where none was fitted; `classes` (K,) of a softmax;
    `constant`: columns that say nothing beside the intercept. `loss`: the sum of
    losses at the answer without the ridge; `steps`, `status` of the run. What follows is computed when it is asked for:
    `covariance`, `standard_errors`, `deviance`, `dispersion`, `separation`, `certificate`, `verdict`, `success`.
    """

    def __init__(self, family: str, data: GlmData, reached: Reached):
        self.family, self.names, self.constant, self.classes = family, data.names, data.constant, data.classes
        self.steps, self.status, self.converged_run = reached.steps, reached.status, reached.converged
        self._data, self._inner = data, reached.x
        b = (contrasts(len(data.classes)) @ self._inner) if data.classes is not None else self._inner
        self.coefficients: np.ndarray = (b[..., :-1] if data.intercept else b).astype(b.dtype)
        shift = b @ data.middle if data.intercept else 0.0
        self.intercept: Any = b[..., -1] - shift if data.intercept else np.zeros(b.shape[:-1], b.dtype)[()]
        self.loss = reached.value - ridge_at(data, self._inner)

    def predict(self, X: Any, offset: Any = 0.0) -> np.ndarray:
        """The mean at the rows of X (m, p): (m,), of a softmax the probabilities (m, K)."""
        own, p = column_names(X, None), self.coefficients.shape[-1]
        if own is not None and own != self.names[:p] and sorted(own) == sorted(self.names[:p]):
            raise ValueError(f"X has the columns of the fit in another order: {', '.join(self.names[:p])} are needed")
        X = X if hasattr(X, "toarray") else np.asarray(X)
        if X.shape[-1:] != (p,):
            raise ValueError(f"X must have {p} columns, as the fit has; it has shape {X.shape}")
        if np.ndim(offset) and (self.family == SOFTMAX or np.shape(offset) != X.shape[:-1]):
            expected = "a softmax has none" if self.family == SOFTMAX else f"one number for each of {X.shape[:-1]} rows"
            raise ValueError(f"offset has shape {np.shape(offset)}: {expected}")
        eta = np.asarray(X @ self.coefficients.T) + self.intercept + np.asarray(offset)
        with np.errstate(over="ignore"):
            return plain_softmax(eta) if self.family == SOFTMAX else FAMILIES[self.family].mean(eta)

    @cached_property
    def separation(self) -> Separation | None:
        """Why the likelihood has no maximum: the direction that separates the examples, or None. Of a softmax of more
        than 2^26 numbers, n (K - 1)^2 P, none is looked for: its certificate then says whether f still falls."""
        if self.family != SOFTMAX and not FAMILIES[self.family].endless:
            return None
        data = self._data
        if data.ridge[:-1].min(initial=np.inf) != 0 and data.intercept and np.ptp(data.y) > 0 and self.converged_run:
            return None  # only an intercept is free, and there are two kinds of examples
        return found_separation(self.family, data, self._predictors, self._inner, self.loss)

    @property
    def _predictors(self) -> np.ndarray:
        """eta at the examples: (n,), of a softmax (K, n)."""
        return predictors(self._data, self._inner)

    @cached_property
    def certificate(self) -> Certificate:
        """What shows the minimum, or fails to, in the fit's own variables: columns without their means, and contrasts
        of the classes of a softmax. When it is asked for, the compiled solver is started at the answer, which takes
        seconds the first time."""
        method = glm_method(self.family, self._inner.dtype, SHOWN)
        problem = problem_of(self.family, self._data)
        done = run(method, problem, jnp.asarray(self._inner))
        state = final_state(done, problem)
        H = hessian_of(state.model, method, problem)
        names = self.names
        if self.family == SOFTMAX:
            names = [f"{name} (contrast {k + 1})" for k in range(len(self._inner)) for name in self.names]
        return certificate_of(done, state, H, problem, None, tuple(names))

    @property
    def verdict(self) -> Verdict:
        """The certificate's verdict; where a separation was found there is no minimum."""
        return self.certificate.verdict if self.separation is None else Verdict.RECEDES

    @property
    def success(self) -> bool:
        """Whether a minimum was found and shown."""
        return self.converged and self.certificate.success

    @property
    def converged(self) -> bool:
        """Whether the run came to rest and no direction separates: `success` without the price of a certificate."""
        return self.converged_run and self.separation is None

    @cached_property
    def _scaled_hessian(self) -> UnitHessian:
        """Of the loss with its ridge, as observed."""
        return unit_hessian(self._data, seen_at(self.family, self._data, self._inner).bend)

    @cached_property
    def _scaled_information(self) -> UnitHessian:
        """The mean of the Hessian over targets that the model draws: itself, where the link is canonical."""
        mean = None if self.family == SOFTMAX else FAMILIES[self.family].information
        if mean is None:
            return self._scaled_hessian
        return unit_hessian(self._data, mean(self._predictors))

    @cached_property
    def dispersion(self) -> float:
        """What the covariance is multiplied by: 1, or Pearson's estimate, sum w (y - mean)^2 / V(mean) over sum(w) less
        the number of coefficients that are determined ("squared": the variance of the noise)."""
        if self.family == SOFTMAX or not FAMILIES[self.family].dispersed:
            return 1.0
        family, data = FAMILIES[self.family], self._data
        left = float(data.weights.sum()) - self._scaled_hessian.rank + len(self.constant)
        with np.errstate(all="ignore"):
            mean = family.mean(self._predictors)
            chi2 = float(np.sum(data.weights * ((data.y - mean) / family.spread(mean)) ** 2))
        return chi2 / left if left > 0 else np.nan

    @cached_property
    def deviance(self) -> float:
        """Twice the loss above the least that any predictors give."""
        if self.family == SOFTMAX:
            return 2 * self.loss
        return 2 * (self.loss - float(np.sum(self._data.weights * FAMILIES[self.family].saturated(self._data.y))))

    @cached_property
    def covariance(self) -> np.ndarray:
        """`dispersion` times the inverse of the expected information, as statsmodels' GLM and R's glm have it: of a
        gamma family other than `observed_covariance`, of the others the same. Rows and columns as in (coefficients,
        intercept), of a softmax class by class and singular along their common shift. With a ridge: of the posterior
        whose prior that is. 0 for `constant` columns. NaN where the matrix is singular to rounding, or a direction
        separates the examples."""
        return self._covariance_by(self._scaled_information)

    @cached_property
    def observed_covariance(self) -> np.ndarray:
        """The same by the Hessian of the loss at these very targets (Efron and Hinkley, 1978)."""
        return self._covariance_by(self._scaled_hessian)

    def _covariance_by(self, hessian: UnitHessian) -> np.ndarray:
        back = basis_of(self._data)
        back[:, [self.names.index(name) for name in self.constant]] = 0  # held at 0: they know no error
        if self.family == SOFTMAX:
            back = np.kron(contrasts(len(self._inner) + 1), back)
        if self.separation is not None or not hessian.regular:
            return np.full((len(back), len(back)), np.nan)
        half = hessian.half_inverse(back)
        with np.errstate(over="ignore"):
            return self.dispersion * (half @ half.T)

    @property
    def standard_errors(self) -> np.ndarray:
        """The roots of the covariance's diagonal: (P,) in the order (coefficients, intercept), of a softmax (K, P)."""
        errors = np.sqrt(np.diagonal(self.covariance))
        return errors.reshape(-1, len(self.names)) if self.family == SOFTMAX else errors

    def __str__(self) -> str:
        head = f"{self.family} regression: {len(self.names)} columns, {self._data.y.size} examples, {self.steps} steps"
        said = self.certificate.criterion if self.separation is None else str(self.separation)
        level = (
            f"\nconstant columns beside the intercept, left at 0: {', '.join(self.constant)}" if self.constant else ""
        )
        return f"{head}\n{self.verdict}: {said}{level}"

    __repr__ = __str__


def basis_of(data: GlmData) -> np.ndarray:
    """The matrix (P, P) from the fit's variables to (coefficients, intercept)."""
    back = np.eye(data.ridge.size)
    if data.intercept:
        back[-1, :-1] = -data.middle[:-1]
    return back


def found_separation(family: str, data: GlmData, eta: np.ndarray, inner: np.ndarray, loss: float) -> Separation | None:
    """A separating direction of the columns without a ridge, where the end of the run leaves one possible."""
    free = np.flatnonzero(data.ridge == 0)
    if not free.size:
        return None
    least = LOST * eps(eta) ** GAIN * max(loss, float(np.mean(data.weights)))
    if family == SOFTMAX:
        return softmax_separation(data, eta, free, least)
    signs = signs_of(family, data.y)
    share = np.exp(-np.abs(eta)) if family == "bernoulli" else np.exp(eta)
    light = (signs != 0) & (signs * eta > 0) & (data.weights * share <= least)
    if not light.any():
        return None
    columns = data.columns[free].astype(float)
    signed = signs * (inner[free].astype(float) @ columns)
    one_sided = len(free) == len(inner) and light.all() and bool(np.all(signed > 0))
    rows = (np.where(signs == 0, 1, signs) * columns).T
    # Where the answer itself tells all examples apart, a program of many examples is spared.
    own = one_sided and rows.size > SMALL_PROGRAM
    d = inner[free].astype(float) if own else separating(rows, light)
    if d is None:
        return None
    apart = len(rows) if one_sided else count_apart((rows @ d)[light], columns[:, light], d)
    whole = np.zeros(len(inner))
    whole[free] = d
    return separation_of(whole, data, apart)


def count_apart(signed: np.ndarray, columns: np.ndarray, d: np.ndarray) -> int:
    """How many examples a direction moves for certain."""
    return int(np.sum(signed > 1e-6 * (np.abs(d) @ np.abs(columns))))


def separation_of(inner: np.ndarray, data: GlmData, apart: int) -> Separation:
    """Named, in the caller's columns; `inner` (P,) or (K, P)."""
    size = np.max(np.abs(data.columns), axis=1)
    direction = inner @ basis_of(data).T
    direction = direction / np.max(np.abs(direction))
    n = data.y.size
    kind = "complete" if apart == n else "quasi-complete"
    return Separation(kind, direction, columns_in(direction, size, data.names), apart, n)


def softmax_separation(data: GlmData, eta: np.ndarray, free: np.ndarray, least: float) -> Separation | None:
    """The same for a softmax: a row for every example and every other class."""
    K, n = eta.shape
    ahead = eta - eta[data.y, np.arange(n)]
    other = np.arange(K)[:, None] != data.y
    with np.errstate(over="ignore"):
        light = other & (data.weights * np.exp(ahead) <= least)
    if not light.any() or n * (K - 1) ** 2 * len(free) > MOST_ROWS:
        return None
    Q = contrasts(K)
    k, i = np.nonzero(other)
    rows = (Q[data.y[i]] - Q[k])[:, :, None] * data.columns[free].T.astype(float)[i][:, None, :]
    rows = rows.reshape(len(k), -1)
    d = separating(rows, light[other])
    if d is None:
        return None
    gained = rows @ d > 1e-6 * (np.abs(rows) @ np.abs(d))
    apart = int(np.sum(np.bincount(i, gained, n) == K - 1))
    whole = np.zeros((K - 1, len(data.columns)))
    whole[:, free] = d.reshape(K - 1, -1)
    return separation_of(Q @ whole, data, apart)

"""Laplace's approximation: the posterior of parameters as a normal distribution around their mode.

With a prior of precision d around 0 and N observations of a mean loss R that is minus their log-likelihood the
posterior precision is N K + d I, K the curvature of R: the Gauss-Newton matrix, or the Hessian by name. An observation
is an example, or each of its positions where outputs have several.
Sources: Laplace (1774); MacKay (1992), "A practical Bayesian framework for backpropagation networks" (evidence) and
"The evidence framework applied to classification networks" (predictions); Daxberger et al. (2021), "Laplace redux".
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from raphson.ml.curvature_spectra import KnownSpectrum, ProductSpectrum, dense_spectrum
from raphson.ml.eigenpairs import eigenpairs
from raphson.ml.estimated import Estimated
from raphson.ml.frozen_state import as_key
from raphson.ml.output_losses import BERNOULLI, CROSS_ENTROPY, POISSON, SQUARED
from raphson.ml.risk import EmpiricalRisk
from raphson.ml.risk_products import Information, OutputTerm
from raphson.ml.row_space import Halves
from raphson.ml.spectral_density import spectral_density

Array = jax.Array

STRUCTURES = ("dense", "kronecker", "low-rank", "cg")
CURVATURES = ("gauss-newton", "hessian")


def laplace(
    risk: EmpiricalRisk, params: Any, structure: str = "dense", *, prior_precision: float = 1.0, noise: float = 1.0,
    curvature: str = "gauss-newton", indefinite: str = "refuse", rank: int = 20, factors: Any = None, seed: int = 0,
) -> "Laplace":  # fmt: skip
    """The posterior of the parameters of a trained model, normal around `params`, which should be its mode.

    `risk`: whose sum over observations is minus their log-likelihood; for "squared" that of noise of variance `noise`.
    Observations are the examples, times their positions where outputs are (B, positions, C).
    `prior_precision` d: 1/variance of every parameter, around 0 (weight decay d/N of the mean loss, N observations).

    `structure`: "dense" (P products, all eigenvalues); "kronecker" (`factors`, the Kronecker factors of the risk's
    curvature at `params`); "low-rank" (the `rank` largest eigenpairs, 0 beside them: variances are upper bounds of the
    dense ones); "cg" (solves and samples by conjugate gradients, log-determinants by stochastic Lanczos quadrature).
    `curvature`: "gauss-newton" (positive semidefinite) or "hessian". A posterior precision with an eigenvalue that is
    not positive is none: `indefinite="refuse"` raises ValueError with the eigenvalues, "clip" takes negative ones of
    the curvature to be 0, and `laplace.clipped` holds them.
    """
    for name, value, known in (("structure", structure, STRUCTURES), ("curvature", curvature, CURVATURES)):
        if value not in known:
            raise ValueError(f"{name} is {value!r}: choose one of {', '.join(known)}")
    if indefinite not in ("refuse", "clip"):
        raise ValueError(f"indefinite is {indefinite!r}: choose 'refuse' or 'clip'")
    for name, number in (("prior_precision", prior_precision), ("noise", noise)):
        if not (np.ndim(number) == 0 and np.isfinite(number) and number > 0):
            raise ValueError(f"{name} is {number!r}: a finite number larger than 0")
    if noise != 1 and not (isinstance(risk.term, OutputTerm) and risk.term.loss is SQUARED):
        raise ValueError("noise is the variance of the targets of a 'squared' loss; other losses have none")
    if (structure == "kronecker") != (factors is not None):
        raise ValueError('structure="kronecker" and factors= go together: the Kronecker factors of the curvature')
    if structure == "kronecker" and curvature == "hessian":
        raise ValueError("Kronecker factors are those of the Gauss-Newton matrix: leave curvature out")
    found = Laplace(risk, params, prior_precision, noise)
    found.look(structure, curvature, rank, factors, seed, clip=indefinite == "clip")
    return found


def positions(risk: EmpiricalRisk, params: Any) -> int:
    """Positions of an example: the risk has their mean, and each is an observation."""
    term, state = risk.term, risk.at(params)
    if not isinstance(term, OutputTerm):
        return 1
    batch = jax.tree.map(lambda a: a[0], state.data.parts[0])
    return int(np.prod(jax.eval_shape(lambda: term.outputs(state.params, batch, state.frozen)).shape[1:-1]))


class Laplace:
    """A normal posterior: `mean` (params), covariance S = (scale K + prior_precision I)^-1, scale = N / noise,
    N = `observations`.

    `structure`; `clipped`: eigenvalues of K that were negative and count as 0 (`indefinite="clip"`); `note`: what is to
    be said of them.
    """

    structure: str
    spectrum: Any
    clipped: np.ndarray
    note: str = ""
    outweighed: bool = False

    def __init__(self, risk: EmpiricalRisk, params: Any, prior_precision: float, noise: float):
        self.risk, self.mean = risk, params
        self.prior_precision, self.noise = float(prior_precision), float(noise)
        self.parameters = risk.checked(params)
        self.observations = positions(risk, params) / float(risk.factor)
        self.size, self.scale = self.parameters.size, self.observations / noise

    def look(self, structure: str, curvature: str, rank: int, factors: Any, seed: int, clip: bool) -> None:
        """The curvature in its structure, after a look at its smallest eigenvalues."""
        self.structure, self.clipped = structure, np.zeros(0)
        if structure == "kronecker":
            self.spectrum = factors.eigen()
            return
        hessian = curvature == "hessian"
        K = self.risk.hessian(self.mean) if hessian else self.risk.gauss_newton(self.mean)
        if structure == "cg":
            lowest = np.asarray(eigenpairs(K, 1, "smallest", seed=seed).values) if hessian else np.zeros(1)
            if clip and lowest.min() < 0:
                raise ValueError('products alone clip nothing: take structure="dense" or "low-rank", or "gauss-newton"')
            self.require_definite(lowest, False, known="at least ")
            known = isinstance(self.risk.term, OutputTerm) and self.risk.data.over is None and not hessian
            half = (Halves(self.risk.term, Information("gauss-newton")), self.risk.at(self.mean)) if known else None  # type: ignore[arg-type]
            self.spectrum = ProductSpectrum(K, lambda: spectral_density(K, seed=seed), half)
            return
        if structure == "dense" or rank >= self.size:
            spectrum = dense_spectrum(K)
            values = np.asarray(spectrum.values)
        else:
            found = eigenpairs(K, rank, "largest", seed=seed)
            values = np.asarray(found.values)
            spectrum = KnownSpectrum(jnp.asarray(found.values, K.dtype), jnp.asarray(found.vectors, K.dtype))
            if hessian:  # what lies beside the largest may be negative, and would silently count as 0
                values = np.append(values, eigenpairs(K, 1, "smallest", seed=seed).values)
        self.require_definite(values, clip, hessian, "" if len(values) == self.size else "at least ")
        self.spectrum = KnownSpectrum(jnp.maximum(spectrum.values, 0) if clip or not hessian else spectrum.values,
                                      spectrum.vectors)  # fmt: skip

    def require_definite(self, values: np.ndarray, clip: bool, hessian: bool = True, known: str = "") -> None:
        """Raises ValueError where the posterior precision is not positive; keeps what is clipped, and says so.
        `known`: "at least " where not all eigenvalues are."""
        rounding = self.size * float(jnp.finfo(self.parameters.dtype).eps) * np.max(np.abs(values), initial=0)
        negative = np.sort(values[values < -rounding]) if hessian else np.zeros(0)
        if not negative.size:
            if self.scale * rounding > self.prior_precision and np.min(np.abs(values)) <= rounding:
                self.note = (
                    f"eigenvalues of the curvature up to {rounding:.1g} are rounding, and over {self.scale:.6g} "
                    "observations more than the prior's precision: raise it, or take double precision"
                )
            return
        told = ", ".join(f"{value:.3g}" for value in negative[:5]) + (", ..." if negative.size > 5 else "")
        count = known + ("one negative eigenvalue" if negative.size == 1 else f"{negative.size} negative eigenvalues")
        if clip:
            self.clipped, self.note = negative, f"{count} of the curvature ({told}) taken to be 0"
        elif self.scale * negative[0] + self.prior_precision <= rounding * self.scale:
            raise ValueError(
                f"the Hessian has {count} ({told}), which the prior's precision {self.prior_precision:.3g} over "
                f"{self.scale:.6g} observations does not outweigh: params are no mode of the posterior. Train on, take "
                'curvature="gauss-newton", or indefinite="clip"'
            )
        else:
            self.note = f"{count} of the curvature ({told}); the prior makes the posterior definite"
            self.outweighed = True

    def __repr__(self) -> str:
        said = f"; {self.note}" if self.note else ""
        what = f"Laplace posterior of {self.size} parameters, {self.structure}"
        return f"{what}, prior precision {self.prior_precision:.4g}{said}"

    def solve(self, v: Any) -> Any:
        """S v of a pytree like the parameters or a vector (P,)."""
        tree = np.shape(v) != (self.size,)
        flat = self.parameters.flat(v) if tree else jnp.asarray(v, self.parameters.dtype)
        found = self.rows(flat[None])[0]
        return self.parameters.tree(found) if tree else found

    def rows(self, rows: Array) -> Array:
        """S times the rows (k, P)."""
        if isinstance(self.spectrum, ProductSpectrum):
            return self.spectrum.solve(rows, self.scale, self.prior_precision)
        inverse = lambda e: 1 / (self.scale * e + self.prior_precision)
        return jax.vmap(lambda v: self.spectrum.spectral(v, inverse))(rows)

    def covariance(self) -> Array:
        """S (P, P): for small models and for tests."""
        return self.rows(jnp.eye(self.size, dtype=self.parameters.dtype))

    def sample(self, key: Any, count: int = 1) -> Any:
        """Draws of the parameters: a pytree whose leaves have `count` in front. `key`: of jax.random, or a seed.

        "cg" takes a solve for each, and raises TypeError where the root of the curvature is not known: of a Hessian,
        and over a mesh.
        """
        at, key = self.parameters.flat(self.mean), as_key(key)
        if isinstance(self.spectrum, ProductSpectrum):
            found = self.spectrum.draws(key, count, self.scale, self.prior_precision)
            return jax.vmap(lambda v: self.parameters.tree(at + v))(found)
        root = lambda e: (self.scale * e + self.prior_precision) ** -0.5
        z = jax.random.normal(key, (count, self.size), self.parameters.dtype)
        return jax.vmap(lambda v: self.parameters.tree(at + self.spectrum.spectral(v, root)))(z)

    def outputs(self, inputs: Any) -> tuple[Array, Array]:
        """The model's outputs (B, C) at inputs, and their covariance (B, C, C) by linearization, J S J'.

        Source: Immer, Korzepa and Bauer (2021), "Improving predictions of Bayesian neural nets via local
        linearization".
        """

        def outputs_of(v: Array) -> Array:
            f = self.model_outputs(v, inputs)
            return f.reshape(f.shape[0], -1)

        at = self.parameters.flat(self.mean)
        f = outputs_of(at)
        J = jax.jacrev(outputs_of)(at)
        B, C = f.shape
        moved = self.rows(J.reshape(B * C, -1)).reshape(J.shape)
        return f, jnp.einsum("bip,bjp->bij", J, moved)

    def model_outputs(self, v: Array, inputs: Any) -> Array:
        """The model's outputs (B, ..., C) at inputs by the parameters v (P,), called as the risk calls it."""
        term = self.risk.term
        if not isinstance(term, OutputTerm):
            raise TypeError("predictions need outputs: give EmpiricalRisk predict= and the name of a loss")
        numbers = np.arange(len(jax.tree.leaves(inputs)[0]))
        return term.outputs(self.parameters.tree(v), (inputs, None, None, numbers), self.risk.frozen)

    def predict(self, inputs: Any) -> tuple[Array, Array]:
        """What the loss predicts: of "squared" mean and variance (B, C), the noise included; of "bernoulli" and
        "cross-entropy" probabilities (B, C) with those at the mean beside them; of "poisson" the rate's mean and
        variance, as of a log-normal one.

        The probabilities are averages over the posterior of the outputs, by MacKay's approximation: outputs over
        sqrt(1 + pi/8 variance).
        """
        f, S = self.outputs(inputs)
        variance, loss = jnp.diagonal(S, axis1=1, axis2=2), self.risk.term.loss  # type: ignore[union-attr]
        if loss is SQUARED:
            return f, variance + self.noise
        if loss is POISSON:
            mean = jnp.exp(f + variance / 2)
            return mean, mean**2 * jnp.expm1(variance)
        if loss is BERNOULLI:
            squash = jax.nn.sigmoid
        else:  # classes at each position
            C = jax.eval_shape(lambda v: self.model_outputs(v, inputs), self.parameters.flat(self.mean)).shape[-1]
            squash = lambda f: jax.nn.softmax(f.reshape(f.shape[0], -1, C)).reshape(f.shape)
        return squash(f / jnp.sqrt(1 + np.pi / 8 * variance)), squash(f)

    def log_determinant(self) -> Estimated:
        """log det of the posterior precision: exact (error 0) where eigenvalues are known, else with its error."""
        return self.log_determinant_with(self.prior_precision)

    def log_determinant_with(self, prior_precision: float) -> Estimated:
        """The same with another prior."""
        if isinstance(self.spectrum, ProductSpectrum):
            return self.density.sum_of(lambda e: np.log(self.scale * np.maximum(e, self.least) + prior_precision))
        values = self.scale * np.asarray(self.spectrum.eigenvalues(), float) + prior_precision
        total = float(np.sum(np.log(values))) if np.all(values > 0) else np.nan  # another prior may not outweigh K
        return Estimated(total, 0.0, 1, 0)

    @cached_property
    def density(self) -> Any:
        """The spectrum of K, estimated once for all priors ("cg")."""
        return self.spectrum.density()

    @property
    def least(self) -> float:
        """Below it a node of the quadrature is rounding: eigenvalues of the precision are positive."""
        return -0.5 * self.prior_precision / self.scale if self.outweighed else 0.0

    @cached_property
    def log_likelihood(self) -> float:
        """Of all targets, at the mean, with what the losses leave out (of a loss of one's own: minus the sum)."""
        total = float(self.risk.value(self.mean)) * self.observations
        if not isinstance(self.risk.term, OutputTerm) or self.risk.term.loss in (BERNOULLI, CROSS_ENTROPY):
            return -total
        constant, poisson = 0.0, self.risk.term.loss is POISSON
        for _, y, w, _ in self.risk.data.parts:
            y, w = np.asarray(y, float), np.asarray(w, float)
            each = gammaln(y + 1) if poisson else np.full(y.shape, 0.5 * np.log(2 * np.pi * self.noise))
            constant += float(np.sum(w * each.reshape(*w.shape, -1).sum(-1)))
        return -total / self.noise - constant

    def log_marginal_likelihood(self, prior_precision: float | None = None) -> Estimated:
        """log of the evidence: log-likelihood + P/2 log d - d/2 |params|^2 - 1/2 log det(scale K + d I), for the prior
        precision d (None: the posterior's own); `params` and K stay as they are."""
        d = self.prior_precision if prior_precision is None else prior_precision
        logdet = self.log_determinant_with(d)
        size2 = float(jnp.sum(self.parameters.flat(self.mean).astype(float) ** 2))
        value = self.log_likelihood + 0.5 * (self.size * np.log(d) - d * size2 - logdet.value)
        return replace(logdet, value=value, error=0.5 * logdet.error)

    def tuned(self, lowest: float = 1e-8, highest: float = 1e8) -> "Laplace":
        """The posterior with the prior precision between the two that the evidence is largest for; the curvature is not
        computed again."""
        evidence: Callable[[float], float] = lambda t: -self.log_marginal_likelihood(float(np.exp(t))).value
        grid = np.linspace(np.log(lowest), np.log(highest), 33)
        best = grid[int(np.nanargmin([evidence(t) for t in grid]))]
        step = grid[1] - grid[0]
        bounds = (max(best - step, grid[0]), min(best + step, grid[-1]))
        found = minimize_scalar(evidence, bounds=bounds, method="bounded", options={"xatol": 1e-10})
        new = Laplace(self.risk, self.mean, float(np.exp(found.x)), self.noise)
        new.structure, new.spectrum, new.clipped = self.structure, self.spectrum, self.clipped
        new.note, new.outweighed = self.note, self.outweighed
        if abs(found.x - grid[0]) < step / 2 or abs(found.x - grid[-1]) < step / 2:
            end = f"the evidence is largest at an end of the range from {lowest:.3g} to {highest:.3g}"
            new.note = f"{self.note}; {end}" if self.note else end
        if isinstance(self.spectrum, ProductSpectrum):
            new.__dict__["density"] = self.density
        return new

    @cached_property
    def off_mode(self) -> float:
        """How far `params` are from the posterior's mode, in standard deviations: sqrt(g' S g), g the gradient of minus
        its logarithm. Near 0 they are the mode; a large one says that training did not end there."""
        at = self.parameters.flat(self.mean)
        g = self.scale * self.parameters.flat(self.risk.gradient(self.mean)) + self.prior_precision * at
        return float(jnp.sqrt(jnp.maximum(g @ self.solve(g), 0)))

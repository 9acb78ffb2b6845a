"""Newton's method for a generalized linear model on the processor, in NumPy: nothing is compiled or sent anywhere.

The same iteration as `solver.run` with `glm_method`: the Newton direction, Armijo's rule with its quadratic
interpolation, and the stop by the gain that a step promised. What differs: H is formed where a step is taken from, and
of the last point only if it is asked for. A fit of a thousand examples is 0.3 ms so, a compiled one 1.1 ms after 3 s of
compilation; of 1e5 examples the products with the design take all the time of both.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.linalg.lapack import get_lapack_funcs

from raphson.controls.armijo import Armijo
from raphson.kernel.number import CURVATURE_NOISE, VALUE_NOISE, eps
from raphson.kernel.status import Status
from raphson.ml.glm_data import BLOCK_NUMBERS, FEWEST_ROWS, GlmData
from raphson.ml.glm_families import FAMILIES, SOFTMAX, class_pairs, contrasts, of_pairs, softmax_terms
from raphson.ml.glm_problem import GAIN, MOST_TRIALS


@dataclass(frozen=True)
class Reached:
    """Where a run ended: x (P,) or (K - 1, P), f there, how many trials there were, and why it ended."""

    x: np.ndarray
    value: float
    steps: int
    status: Status

    @property
    def converged(self) -> bool:
        """Whether the run came to rest."""
        return self.status in (Status.CONVERGED, Status.NOISE)


@dataclass(frozen=True)
class SeenFamily:
    """A family at a point: f, the sum of the `sizes` of its terms, and for every example the slope in eta and what
    weighs it in H (`bend`; of a softmax the probabilities)."""

    value: float
    sizes: float
    slope: np.ndarray
    bend: np.ndarray


@dataclass(frozen=True)
class UnitHessian:
    """H as H_ij / (d_i d_j) with ones on the diagonal: the roots d, and its eigenvalues and eigenvectors (NaN where H
    is not finite). Eigenvalues up to `noise` times the largest count as 0."""

    d: np.ndarray
    values: np.ndarray
    vectors: np.ndarray
    noise: float

    @classmethod
    def of(cls, H: np.ndarray, triangle: Callable[[], np.ndarray] | None, data_eps: float) -> "UnitHessian":
        """Of H in double precision. `triangle`: R with R'R = H, whose singular values keep twice the digits; asked for
        where small eigenvalues count. `data_eps`: the rounding of the columns, which leaves its square in H."""
        d = np.sqrt(np.diagonal(H))
        noise = max(d.size * eps(H), (d.size * data_eps) ** 2)
        if not np.all(np.isfinite(H)):
            return cls(d, np.full(d.size, np.nan), np.full(H.shape, np.nan), noise)
        unit = np.where(d > 0, d, 1)
        values, vectors = np.linalg.eigh(H / unit[:, None] / unit)
        small = (values > noise * values[-1]) & (values < np.sqrt(eps(H)) * values[-1])
        if triangle is not None and small.any():
            _, sizes, rows = np.linalg.svd(triangle() / unit)
            values, vectors = sizes[::-1] ** 2, rows[::-1].T
        return cls(d, values, vectors, noise)

    @property
    def seen(self) -> np.ndarray:
        """Which eigenvalues are above rounding."""
        return self.values > self.values[-1] * self.noise

    @property
    def rank(self) -> int:
        """How many eigenvalues are above rounding."""
        return int(np.sum(self.seen))

    @property
    def regular(self) -> bool:
        """Whether there is an inverse, rounding aside."""
        return bool(np.all(self.d > 0)) and self.rank == self.d.size

    def half_inverse(self, back: np.ndarray) -> np.ndarray:
        """A with A A' = back H^-1 back'."""
        return back @ (self.vectors / np.sqrt(self.values) / self.d[:, None])


def outer_coefficients(x: np.ndarray) -> np.ndarray:
    """x (P,), of contrasts (K - 1, P) those of the classes (K, P)."""
    return contrasts(len(x) + 1).astype(x.dtype) @ x if x.ndim == 2 else x


def predictors(data: GlmData, x: np.ndarray) -> np.ndarray:
    """eta of the examples (n,), of a softmax (K, n)."""
    return outer_coefficients(x) @ data.columns + data.offset


PIECE = 2**13
"""Numbers in one piece of eta: 64 kB, so that what is made from it stays in the first caches and its memory is used
again. A logistic fit of n = 1e5, P = 5 is 21 ms so, 24 in one piece."""


def pieces(n: int, size: int) -> Iterator[slice]:
    """0 to n in pieces."""
    for begin in range(0, n, size):
        yield slice(begin, min(begin + size, n))


def seen_at(family: str, data: GlmData, x: np.ndarray) -> SeenFamily:
    """f and the derivatives in eta. Overflow shows in f."""
    terms = softmax_terms if family == SOFTMAX else FAMILIES[family].terms
    b, n = outer_coefficients(x), data.y.size
    slope, bend = np.empty((*b.shape[:-1], n), x.dtype), np.empty((*b.shape[:-1], n), x.dtype)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        value = sizes = ridge_at(data, x)
        for part in pieces(n, PIECE // (b.size // b.shape[-1])):
            eta = b @ data.columns[:, part] + (data.offset[part] if data.offset.ndim else data.offset)
            loss, slope[..., part], bend[..., part] = terms(eta, data.y[part])
            value += float(data.weights[part] @ loss)
            sizes += float(data.weights[part] @ np.abs(loss))
    return SeenFamily(value, sizes, slope, bend)


def ridge_at(data: GlmData, x: np.ndarray) -> float:
    """What the ridge adds to f."""
    held = data.ridge > 0
    return 0.5 * float(np.sum(data.ridge[held] * x[..., held].astype(float) ** 2))


def gradient_at(data: GlmData, x: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """g, in the shape of x."""
    weighed = data.weights * slope
    if x.ndim == 2:
        weighed = contrasts(len(x) + 1).T.astype(x.dtype) @ weighed
    return weighed @ data.columns.T + data.ridge * x


def hessian_at(data: GlmData, bend: np.ndarray) -> np.ndarray:
    """X' diag(w bend) X + diag(ridge), of a softmax in contrasts, from probabilities (K, n); in the precision of
    `bend`."""
    if bend.ndim == 1:
        H = grams(data.columns, lambda part: np.sqrt(data.weights[part] * bend[part])[None], 1, bend.dtype)[0]
        return H + np.diag(data.ridge)
    first, second, apart = class_pairs(len(bend))

    def roots(part: slice) -> np.ndarray:
        p, w = np.sqrt(bend[:, part]), np.sqrt(data.weights[part])
        return w * p[first] * p[second]

    H = of_pairs(grams(data.columns, roots, len(first), bend.dtype), apart.astype(bend.dtype))
    return H + np.diag(np.tile(data.ridge, len(bend) - 1))


MOST_WORK = 2**31
"""Multiplications in R of a softmax up to which it is taken: a second. Of the digits (10 classes, 64 columns) it is 6
seconds, of each step."""


def triangle_at(data: GlmData, bend: np.ndarray) -> np.ndarray:
    """R (P, P), of a softmax ((K - 1) P, ...), with R'R = H, by reflections of the examples themselves."""
    P, m = len(data.ridge), 1 if bend.ndim == 1 else len(bend) - 1
    R = np.diag(np.sqrt(np.tile(data.ridge.astype(float), m)))
    for part in pieces(data.y.size, max(BLOCK_NUMBERS // (P * m * m), 4 * len(R))):
        X, w = data.columns[:, part].T, data.weights[part].astype(float)
        if bend.ndim == 1:
            rows = X * np.sqrt(w * bend[part])[:, None]
        else:  # diag(p) - pp' = A'A, A = (I - ss') diag(s), s the roots of p
            s, Q = np.sqrt(bend[:, part].T.astype(float)), contrasts(m + 1)
            A = np.sqrt(w)[:, None, None] * (s[:, :, None] * Q - s[:, :, None] * ((s * s) @ Q)[:, None, :])
            rows = (A[..., None] * X[:, None, None, :]).reshape(-1, m * P)
        R = np.linalg.qr(np.vstack([R, rows]), mode="r")
    return R


def has_triangle(data: GlmData, bend: np.ndarray) -> bool:
    """Whether R is not too much work."""
    return bend.ndim == 1 or bend.size * ((len(bend) - 1) * len(data.ridge)) ** 2 <= MOST_WORK


def unit_hessian(data: GlmData, bend: np.ndarray) -> UnitHessian:
    """Of `hessian_at`, in double precision."""
    triangle = partial(triangle_at, data, bend) if has_triangle(data, bend) else None
    return UnitHessian.of(hessian_at(data, bend.astype(float)), triangle, eps(data.columns))


def grams(columns: np.ndarray, roots: Callable[[slice], np.ndarray], many: int, dtype: Any) -> np.ndarray:
    """X' diag(r^2) X for each row r of the `roots` (many, n): (many, P, P).

    In blocks that a cache holds, as Z Z' of one Z, which NumPy takes half of. n = 1e5, P = 200: 107 ms, X' (h X) in
    one product 163 ms."""
    P, n = columns.shape
    size = max(BLOCK_NUMBERS // max(P, 1), 4 * FEWEST_ROWS)
    total, room = np.zeros((many, P, P), dtype), np.empty((P, min(size, n)), dtype)
    for part in pieces(n, size):
        block, Z = columns[:, part], room[:, : part.stop - part.start]
        for k, root in enumerate(roots(part)):
            np.multiply(block, root, out=Z)
            total[k] += Z @ Z.T
    return total


SOLVE: dict[str, Any] = dict(zip("fd", (get_lapack_funcs("posv", dtype=kind) for kind in "fd"), strict=True))
"""Cholesky's factor and the solution, by type: called a few times in a fit of half a millisecond."""


def newton_direction(H: np.ndarray, g: np.ndarray, unit_of: Callable[[], UnitHessian] | None) -> tuple[Any, Any]:
    """-H^-1 g (P,) of a positive semidefinite H, and the roots d of its diagonal. Directions without curvature, to
    rounding, are not moved in: those that have no standard error, by `unit_of` where it is given."""
    d = np.sqrt(np.diagonal(H))
    d = np.where(d > 0, d, 1)
    unit = H / d[:, None] / d
    factor, s, trouble = SOLVE[H.dtype.char](unit, -g / d)
    least = CURVATURE_NOISE * len(g) * eps(H)
    # Where a pivot is that small, a direction without curvature is near: then the eigenvalues are looked at.
    if trouble or np.min(np.diagonal(factor)) ** 2 <= len(g) * least:
        if unit_of is None:
            values, vectors = np.linalg.eigh(unit)
            seen = values > least * values[-1]
        else:
            known = unit_of()
            values, vectors, seen = known.values, known.vectors, known.seen
        s = vectors[:, seen] @ ((vectors[:, seen].T @ (-g / d)) / values[seen])
    return s / d, d


def reached_on_host(family: str, data: GlmData, x: np.ndarray) -> Reached:
    """Runs to the end."""
    here, tau, steps = seen_at(family, data, x), 1.0, 0
    least, noise = eps(x) ** GAIN, VALUE_NOISE * eps(x)
    status = Status.RUNNING if np.isfinite(here.value) else Status.NOT_FINITE
    while status == Status.RUNNING:
        g = gradient_at(data, x, here.slope).ravel()
        H = hessian_at(data, here.bend)
        if not (np.all(np.isfinite(g)) and np.all(np.isfinite(H))):
            return Reached(x, here.value, steps, Status.NOT_FINITE)
        bend = here.bend
        s, d = newton_direction(H, g, partial(unit_hessian, data, bend) if has_triangle(data, bend) else None)
        promise = -0.5 * float(g @ s)
        # A fit without residuals has an f of rounding, of which no step gains little.
        short = np.linalg.norm(d * s) <= eps(x) ** (2 / 3) * np.linalg.norm(d * x.ravel())
        if not promise > 0:
            return Reached(x, here.value, steps, Status.CONVERGED)
        while status == Status.RUNNING:
            steps += 1
            trial = (x + tau * s.reshape(x.shape)).astype(x.dtype)
            there = seen_at(family, data, trial)
            small, doubt = short or promise <= least * here.sizes, noise * here.sizes
            fall, due = here.value - there.value, 2 * Armijo.c1 * tau * promise
            if fall >= due - (doubt if promise <= doubt else 0):
                x, here, tau = trial, there, 1.0
                status = Status.CONVERGED if small else Status.STEPS if steps >= MOST_TRIALS else status
                break
            if small:  # what is left lies below the rounding of f
                return Reached(x, here.value, steps, Status.NOISE)
            tau *= shorter(2 * tau * promise, fall)
            status = Status.STEPS if steps >= MOST_TRIALS else Status.STALLED if tau < eps(x) else status
    return Reached(x, here.value, steps, status)


def shorter(due: float, fall: float) -> float:
    """The minimum of the parabola through a slope that promises `due` and a `fall`, within [0.1, 0.5]."""
    bend = 2 * (due - fall)
    if not np.isfinite(bend):
        return 0.1
    return float(np.clip(due / bend, 0.1, 0.5)) if bend > 0 else 0.5

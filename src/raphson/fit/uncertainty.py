"""Error bars of a least-squares fit, and sentences that say when they are not to be believed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.linalg

from raphson.fit.error_bars import HESSIAN_NOT_FINITE, ErrorBars, Undetermined, column_lengths, few_of, share
from raphson.kernel.number import CURVATURE_NOISE

TIED, CURVED, CONDITION, IMPROBABLE, EXACT = 0.99, 1.2, 1e7, 1e-3, 100.0
"""Named from here on: a correlation; the ratio of standard errors, exact Hessian to J'J; the condition of
the scaled J (at 1e8 a program that forms J'J has no digits left). And up to here: the probability of a
chi-square, if it does not accuse the sigmas; residuals in units of the last place of |J_j x_j|, if rounding."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Uncertainty(ErrorBars):
    """Error bars with all covariances: `ErrorBars`, and

    `covariance` (n, n) = s^2 (J'J)^-1, or (J'J)^-1 where `absolute`; `correlation` (n, n); `root` (n, rank), covariance
    = root root', without the squares that lose digits (NaN in rows of parameters without a standard error).
    """

    covariance: np.ndarray
    correlation: np.ndarray
    root: np.ndarray

    def covariances(self, which: Sequence[int | str]) -> np.ndarray:
        """A block of the covariance."""
        at = [self.place(a) for a in which]
        return self.covariance[np.ix_(at, at)]

    def correlations(self, which: Sequence[int | str]) -> np.ndarray:
        """A block of the correlation."""
        at = [self.place(a) for a in which]
        return self.correlation[np.ix_(at, at)]

    def roots(self, which: Sequence[int]) -> np.ndarray:
        """Rows of the root."""
        return self.root[list(which)]

    def tied(self, above: float) -> tuple[np.ndarray, np.ndarray]:
        """All pairs, row by row."""
        size = np.nan_to_num(np.abs(np.triu(self.correlation, 1)))
        pairs = np.argwhere(size > above)
        return pairs, self.correlation[tuple(pairs.T)]


@dataclass(frozen=True, eq=False)
class JacobianSpectrum:
    """The free columns of J at length 1: M = J / `lengths` = U diag(`values`) V', (M'M)^-1 = T T'.

    Columns of `V` (f, f) from `rank` on have no effect beyond `level`, what errors of J alone make of a singular value;
    `involved` (f,) has a share above `least` in them; `T` = V / values (f, rank).
    """

    free: np.ndarray
    lengths: np.ndarray
    values: np.ndarray
    V: np.ndarray
    rank: int
    level: float
    T: np.ndarray
    least: float
    involved: np.ndarray


def uncertainty(
    J: Any, residuals: Any, x: Any, *, names: Sequence[str], absolute: bool = False, active: Any = None,
    hessian: Any = None, loss_linear: bool = True, error: float | None = None, steps: tuple[str, ...] = (),
) -> Uncertainty:  # fmt: skip
    """Standard errors, correlations and undetermined directions of a least-squares fit at its answer.

    covariance = s^2 (J'J)^-1, s^2 = SSR / (m - n), or (J'J)^-1 where `absolute`, from the singular values of J with
    columns at length 1: J'J is never formed, and units cost no digits. J (m, n) and residuals (m,), both weighted
    (robust loss: corrected); x (n,); names, n strings; active (n,): True at a bound, or SciPy's active_mask (-1, 0,
    1); hessian (n, n), exact, of 1/2 sum r^2: only serves to say where J'J misleads; loss_linear: False for a robust
    loss; steps: the names that stand for steps in a tangent space; error: relative error of J's entries (default: eps
    of its type; 1e-8 for forward differences).
    Singular values below (32 n error + max(m, n) eps) times the largest are no information: entries wrong by 32 units
    in the last place move them by less than the first term (columns have length 1), the factorization by less than the
    second. Raises ValueError where shapes do not fit together.
    Source: Bates and Watts (1988), sections 1.3 and 2.3; Golub and Van Loan (2013), section 5.5.
    """
    if error is None:
        kind = np.asarray(J).dtype
        error = float(np.finfo(kind if kind.kind == "f" else float).eps)
    J, r, x = (np.asarray(a, float) for a in (J, residuals, x))
    names, n = tuple(map(str, names)), x.size
    mask = np.zeros(n, int) if active is None else np.asarray(active)
    H = None if hessian is None else np.asarray(hessian, float)
    check_shapes(J, r, x, names, mask, H)
    with np.errstate(over="ignore", invalid="ignore"):
        chi_square = float(r @ r)
    finite = bool(np.isfinite(J).all() and np.isfinite(chi_square))
    spectrum = decompose(J if finite else np.zeros_like(J), np.flatnonzero(mask == 0), error)
    rank, w = (spectrum.rank if finite else np.sum(mask == 0)), spectrum.values
    degrees = int(len(r) - rank)
    reduced = chi_square / degrees if degrees > 0 else np.nan
    s = np.nan if not finite else 1.0 if absolute else np.sqrt(reduced) if degrees > 0 else np.inf
    root, errors, correlation = bars(spectrum, n, s)
    with np.errstate(over="ignore", invalid="ignore"):
        covariance = root @ root.T
        lost = ~np.isfinite(errors)
        covariance[lost] = covariance[:, lost] = np.nan
        np.fill_diagonal(covariance, errors**2)
    answer = Uncertainty(
        names=names, x=x, absolute=absolute, covariance=covariance, standard_errors=errors, correlation=correlation,
        residual_std=float(np.sqrt(reduced)), degrees=degrees, chi_square=chi_square, reduced=reduced,
        undetermined=directions(spectrum, J, names) if finite else (), **at_bounds(names, mask), notes=(),
        condition=float(w[0] / w[-1]) if rank and rank == np.sum(mask == 0) and w.all() else np.inf, root=root,
        steps=steps,
    )  # fmt: skip
    if not finite:
        return replace(answer, notes=(NOT_FINITE,))
    own = (*bends_of(answer, spectrum, H if rank else None),), conditioned(answer, spectrum)
    return replace(answer, notes=tuple(doubts(answer, J, rank, *own, loss_linear)))


def bends_of(u: Uncertainty, spectrum: JacobianSpectrum, H: np.ndarray | None) -> Iterable[str]:
    """What the exact Hessian says of error bars by J'J, where there is one."""
    if H is None:
        return ()
    return bent(u, spectrum, H) if np.isfinite(H).all() else (HESSIAN_NOT_FINITE,)


NOT_FINITE = "the Jacobian or the residuals are not finite: there are no standard errors"


def at_bounds(names: tuple[str, ...], mask: np.ndarray) -> dict[str, Any]:
    """The fields that say which parameters sit at a bound, and at which."""
    sides = ("" if mask.dtype == bool else "upper" if side > 0 else "lower" for side in mask[mask != 0])
    return {"at_bounds": tuple(names[i] for i in np.flatnonzero(mask)), "sides": tuple(sides)}


def check_shapes(
    J: np.ndarray, r: np.ndarray, x: np.ndarray, names: tuple, mask: np.ndarray, H: np.ndarray | None
) -> None:
    """Raises ValueError where the parts of a fit do not fit together."""
    n = x.size
    if J.shape != (r.size, n) or {r.ndim, x.ndim} != {1} or len(names) != n or mask.shape != (n,):
        shapes = f"J {J.shape}, residuals {r.shape}, x {x.shape}, {len(names)} names, active {mask.shape}"
        raise ValueError(f"expected J (m, n), residuals (m,), x (n,), n names, active (n,), not {shapes}")
    if H is not None and H.shape != (n, n):
        raise ValueError(f"expected hessian {(n, n)}, not {H.shape}")


def decompose(J: np.ndarray, free: np.ndarray, error: float) -> JacobianSpectrum:
    """Scales the free columns of J to length 1 and finds which of their combinations it sees."""
    A, n = J[:, free], free.size
    peak = np.max(np.abs(A), axis=0, initial=0.0)
    peak[peak < 1 / np.finfo(float).max] = 0  # so small that its reciprocal overflows: no effect at all
    unit = A / np.where(peak > 0, peak, 1)  # first by the peak, so that no square over- or underflows
    size = np.where(peak > 0, np.linalg.norm(unit, axis=0), 1)
    M = np.where(peak > 0, unit / size, 0)
    w = np.zeros(n)
    R = np.linalg.qr(M, mode="r")  # same singular values and V as M, and no U of m rows
    _, found, Vt = np.linalg.svd(R) if R.size else (None, np.zeros(0), np.eye(n))
    w[: found.size] = found
    level = (CURVATURE_NOISE * n * error + max(A.shape) * np.finfo(float).eps) * w.max(initial=0.0)
    rank, V = int(np.sum(w > level)), Vt.T
    # Errors of J turn the two subspaces by at most `level` / (smallest value kept): a smaller share is none.
    least = min(max(level / w[rank - 1], 1e-12), 0.1) if rank else 0.0
    T, lengths = V[:, :rank] / w[:rank], np.where(peak > 0, peak * size, 1)
    return JacobianSpectrum(free, lengths, w, V, rank, level, T, least, np.linalg.norm(V[:, rank:], axis=1) > least)


def bars(p: JacobianSpectrum, n: int, s: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Root of the covariance (n, rank), standard errors (n,) and correlation (n, n)."""
    root, errors, correlation = np.full((n, p.rank), np.nan), np.full(n, np.nan), np.full((n, n), np.nan)
    known = ~p.involved
    at, T = p.free[known], p.T[known]
    size = np.linalg.norm(T, axis=1)
    unit = T / size[:, None]
    correlation[np.ix_(at, at)] = np.clip(unit @ unit.T, -1, 1)
    correlation[at, at] = 1
    with np.errstate(over="ignore"):
        errors[at] = s / p.lengths[known] * size
    if np.isfinite(s):
        root[at] = errors[at, None] * unit
    errors[p.free[p.involved]] = np.nan if np.isnan(s) else np.inf
    return root, errors, correlation


def directions(p: JacobianSpectrum, J: Any, names: tuple[str, ...]) -> tuple[Undetermined, ...]:
    """The undetermined directions, in a basis with as many zeros as can be had."""
    basis = p.V[:, p.rank :]
    k = basis.shape[1]
    if k == 0:
        return ()
    # Each direction alone moves one of k well-chosen parameters: "a - b" and "c - d", not a mixture of both.
    pivots = scipy.linalg.qr(basis.T, pivoting=True, mode="economic")[-1][:k]
    basis = basis @ np.linalg.inv(basis[np.sort(pivots)])
    basis[np.abs(basis) < p.least / np.sqrt(k)] = 0  # an involved parameter keeps its largest entry
    basis[~p.involved] = 0
    found = []
    for v in (basis / np.linalg.norm(basis, axis=0)).T:
        vector = np.zeros(len(names))
        vector[p.free], scaled = coefficients(v / p.lengths) + 0.0, J[:, p.free] @ (v / p.lengths)
        order = p.free[np.argsort(-np.abs(v), kind="stable")]
        found.append(Undetermined(f"{combination(vector, order, names)} is free", float(scaled @ scaled), vector))
    return tuple(found)


def coefficients(v: np.ndarray) -> np.ndarray:
    """v as multiples a person would write: near small integers where a scale makes them, else at most 1; first > 0."""
    size = np.abs(v)
    part = size > 0
    v = v * np.sign(v[np.argmax(part)])
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(1, 5):
            scaled = v / size[part].min() * k
            if np.abs(scaled).max() < 20 and np.all(np.abs(scaled - np.rint(scaled)) <= 5e-3 * np.abs(scaled)):
                return scaled
    return v / size.max()


def combination(v: np.ndarray, order: np.ndarray, names: tuple[str, ...]) -> str:
    """Coefficients in words: "3 a - b"; of many terms the six that come first in `order`."""
    part = [i for i in order if v[i] != 0]
    whole = np.all(np.abs(v - np.rint(v)) <= 5e-3 * np.abs(v))
    sizes = {i: f"{abs(v[i]):{'.0f' if whole else '.2g'}} ".removeprefix("1 ") for i in part}
    terms = [f"{'-' if v[i] < 0 else '+'} {sizes[i]}{names[i]}" for i in sorted(part[:6])]
    more = f" and {len(part) - 6} more" if len(part) > 6 else ""
    return " ".join(terms).removeprefix("+ ") + more


def doubts(
    u: ErrorBars, J: Any, rank: int, bends: Iterable[str], conditions: Iterable[str], linear: bool
) -> Iterator[str]:
    """What cannot be believed and why, the gravest first; `bends` and `conditions`: what is known of these."""
    if u.undetermined:
        free = few_of([d.text.removesuffix(" is free") for d in u.undetermined])
        part = f"{few_of(u.not_determined)}: no standard error, for the data do not determine {free}"
        yield f"{part}; fix one of the parameters in each, or merge them"
    if u.degrees == 0 and not u.absolute:
        counts = f"{J.shape[0]} residuals for {rank} parameters that they determine"
        yield f"{counts}: none is left to tell the noise, so no standard errors; give absolute sigmas or more data"
    if u.at_bounds:
        yield f"at a bound: {few_of(u.at_bounds)}, without standard error; those of others hold for it fixed there"
    yield from bends
    near, size = u.tied(TIED)
    if near.size:
        pairs = [f"{u.names[i]} and {u.names[j]} ({share(float(c))})" for (i, j), c in zip(near, size, strict=True)]
        yield f"nearly tied: {few_of(pairs)}; one can make up for the other, so judge their intervals together"
    yield from conditions
    yield from noise_doubts(u, J)
    weak = np.flatnonzero(np.isfinite(u.standard_errors) & (u.standard_errors > np.abs(u.x)))
    steps = set(u.steps)
    weak = [u.names[i] for i in weak if u.names[i] not in steps]
    if weak:
        yield f"the standard error is larger than the value: {few_of(weak)}; the data hardly tell it from 0"
    if u.steps:
        yield f"coordinates of a step from x in its tangent space, where x is at 0: {few_of(u.steps, 6)}"
    if not linear:
        yield "robust loss: standard errors by Huber's formula, good for many data with errors of one size"


def conditioned(u: ErrorBars, p: JacobianSpectrum) -> Iterator[str]:
    """What a bad condition of J takes from the digits."""
    if CONDITION < u.condition < np.inf:
        change = f"rounding alone may change standard errors by {100 * p.level / p.values[-1]:.1g} %"
        yield f"condition of the scaled Jacobian {u.condition:.1g}: {change}, and programs that form J'J give others"


def noise_doubts(u: ErrorBars, J: Any) -> Iterator[str]:
    """Doubts about s itself: exact fits, few data, sigmas that the residuals contradict."""
    with np.errstate(over="ignore"):
        size = np.where([name in u.steps for name in u.names], 1, u.x) if u.steps else u.x  # a step is an angle
        rounding = np.finfo(float).eps * np.sum(column_lengths(J) * np.abs(size))
    if not u.absolute and u.degrees > 0 and np.sqrt(u.chi_square) <= EXACT * rounding:
        yield "the residuals are rounding: standard errors measure the arithmetic, not noise in the data"
    if not u.absolute and 0 < u.degrees <= 3:
        spread = 100 / np.sqrt(2 * u.degrees)
        yield f"degrees of freedom: only {u.degrees}, so s and with it every standard error is known to {spread:.0f} %"
    if u.absolute and u.degrees > 0:
        from scipy.special import chdtr, chdtrc

        for tail, word in ((chdtrc, "large"), (chdtr, "small")):
            chance = float(tail(u.degrees, u.chi_square))
            if chance < IMPROBABLE:
                found = f"chi-square {u.chi_square:.3g} for {u.degrees} degrees of freedom is too {word}"
                yield f"{found} (probability {chance:.1g}): sigmas or model are wrong, and so are the error bars"


def bent(u: Uncertainty, p: JacobianSpectrum, H: np.ndarray) -> Iterator[str]:
    """Whether the exact Hessian would give other standard errors than J'J."""
    sure = p.values[: p.rank] ** 2 > 20 * p.level * p.values[0]  # elsewhere rounding of H hides the comparison
    T = p.T[:, sure]
    scaled = H[np.ix_(p.free, p.free)] / p.lengths[:, None] / p.lengths
    k, Q = np.linalg.eigh(T.T @ scaled @ T)  # 1 in every direction where H = J'J
    if k.size and not k[0] > 0:
        yield "the exact Hessian is not positive definite: J'J gives error bars where no minimum is shown"
        return
    known = ~p.involved
    with np.errstate(invalid="ignore"):
        ratio = np.linalg.norm(T[known] @ Q / np.sqrt(k), axis=1) / np.linalg.norm(T[known], axis=1)
    ratio[np.isnan(ratio)] = 1
    if ratio.size == 0 or max(ratio.max(), 1 / ratio.min()) <= CURVED:
        return
    worst = int(np.argmax(np.abs(np.log(ratio))))
    change = f"the standard error of {u.names[p.free[known][worst]]} would be {ratio[worst]:.2g} times as large"
    yield f"strong curvature: by the exact Hessian {change}; intervals are rough, profile likelihood is better"

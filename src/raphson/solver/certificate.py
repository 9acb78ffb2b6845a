"""What an answer is worth: first- and second-order evidence, and a verdict that names it."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from raphson.kernel.number import CURVATURE_NOISE, GRADIENT_NOISE, VALUE_NOISE
from raphson.kernel.status import Status

SHRUNK = 1e-2
"""Where f is flat, the last step must have been at most this fraction of x: else the run was still travelling."""


GONE = 1e-6
"""sqrt|H_ii| below this fraction of its peak: the curvature in that variable has died out."""


class Verdict(StrEnum):
    """What was found."""

    MINIMUM = "minimum"
    NOISE = "minimum to the noise of f"
    STATIONARY = "stationary, not shown a minimum"
    SADDLE = "saddle"
    FLAT = "flat valley"
    STOPPED = "not converged"
    NOT_FINITE = "not finite"
    UNBOUNDED = "unbounded"


@dataclass(frozen=True)
class Evidence:
    """What the certificate is made from, all NumPy: the end of a run and f's derivatives there.

    `scale` are the natural units of the variables (sqrt of the largest curvature seen), `size` what
    "small" is measured against, `last` the relative size of every variable's last move, `peak` the largest
    sqrt|H_ii| of the run, `first` |f| at the start, `curvature_error` the
    relative error of H (0 for exact derivatives).
    """

    value: float
    gradient: np.ndarray
    hessian: np.ndarray | None
    scale: np.ndarray
    size: np.ndarray
    last: np.ndarray
    status: Status
    eps: float
    tolerance: float
    peak: np.ndarray | None = None
    first: float = 0.0
    curvature_error: float = 0.0


@dataclass(frozen=True)
class Certificate:
    """Numbers that show (or fail to show) a minimum.

    `gradient_norm` max |g_i|; `scaled_gradient` the same over |H| |x| (1: as large as moving x by its
    own size would make it) with `gradient_floor` the part that rounding makes; `decrement` the
    decrease 1/2 g'H^-1 g still to be had; `distance` the Newton step |H^-1 g| to the minimum, per
    variable and relative to its size; `smallest` and `largest` eigenvalue and `condition` of H;
    `inertia` (negative, zero, positive), counted in scaled variables beyond the noise of H;
    `noise` the smallest change of f that means anything; `flat` directions without curvature, in
    words; `unmoved` true where the last step was short even along them.
    """

    verdict: Verdict
    gradient_norm: float
    scaled_gradient: float
    gradient_floor: float
    decrement: float
    distance: float
    distance_limit: float
    smallest: float | None
    largest: float | None
    condition: float | None
    inertia: tuple[int, int, int] | None
    noise: float
    flat: tuple[str, ...]
    eigenvalues: np.ndarray | None
    criterion: str

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and strings (for JSON)."""
        out = asdict(self)
        out["verdict"] = str(self.verdict)
        out["eigenvalues"] = None if self.eigenvalues is None else self.eigenvalues.tolist()
        return out

    @property
    def success(self) -> bool:
        """True only for a minimum shown by first and second order, or by the noise of f."""
        return self.verdict in (Verdict.MINIMUM, Verdict.NOISE)


@dataclass(frozen=True)
class Shape:
    """The Hessian at the end, seen in scaled variables."""

    w: np.ndarray
    raw: np.ndarray
    negative: int
    zero: int
    newton: np.ndarray
    decrement: float
    slide: float
    flat: tuple[str, ...]


def certify(e: Evidence) -> Certificate:
    """Draws the conclusion from the evidence."""
    noise = VALUE_NOISE * e.eps * abs(e.value)
    g = float(np.max(np.abs(e.gradient), initial=0.0))
    limit = max(e.eps ** (1 / 3), e.tolerance)
    if e.hessian is None or not (np.all(np.isfinite(e.hessian)) and np.all(np.isfinite(e.gradient))):
        verdict = Verdict.UNBOUNDED if e.status == Status.UNBOUNDED else Verdict.NOT_FINITE
        nan = float("nan")
        text = Status.UNBOUNDED.sentence if verdict == Verdict.UNBOUNDED else Status.NOT_FINITE.sentence
        return Certificate(verdict, g, nan, nan, nan, nan, limit, None, None, None, None, noise, (), None, text)
    shape = examine(e)
    rounding = np.abs(e.hessian) @ e.size
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = float(np.nanmax(np.where(e.gradient == 0, 0, np.abs(e.gradient) / rounding), initial=0.0))
        distance = float(np.nanmax(np.where(shape.newton == 0, 0, np.abs(shape.newton) / e.size), initial=0.0))
    smallest, largest = float(shape.raw[0]), float(shape.raw[-1])
    top = float(np.max(np.abs(shape.raw)))
    low = float(np.min(np.abs(shape.raw)))
    condition = top / low if low > 0 else float("inf")
    inertia = (shape.negative, shape.zero, len(shape.w) - shape.negative - shape.zero)
    verdict, text = judge(e, shape, distance, limit, noise)
    return Certificate(
        verdict, g, scaled, GRADIENT_NOISE * e.eps, shape.decrement, distance, limit,
        smallest, largest, condition, inertia, noise, shape.flat, shape.raw, text,
    )  # fmt: skip


def examine(e: Evidence) -> Shape:
    """Eigenvalues, inertia beyond noise, and the Newton step in the directions that have curvature."""
    assert e.hessian is not None
    n = len(e.gradient)
    d = np.where(e.scale > 0, e.scale, 1.0)
    w, V = np.linalg.eigh(e.hessian / np.outer(d, d))
    level = max(CURVATURE_NOISE * n * e.eps, e.curvature_error) * max(np.max(np.abs(w)), np.finfo(float).tiny)
    a = V.T @ (e.gradient / d)
    positive = w > level
    steps = np.where(positive, -a / np.where(positive, w, 1), 0)
    newton = (V @ steps) / d
    decrement = float(0.5 * np.sum(np.where(positive, a**2 / np.where(positive, w, 1), 0)))
    zero = np.abs(w) <= level
    raw = np.linalg.eigvalsh(e.hessian)
    if positive.all():
        # Small eigenvalues of a badly scaled H drown in the rounding of its large ones; those of H^-1 do not.
        accurate = 1 / np.linalg.eigvalsh((V / w) @ V.T / np.outer(d, d))[::-1]
        raw = np.where(raw > 1e-6 * raw[-1], raw, accurate)
    flat = tuple(direction(V[:, i] / d, e.size) for i in np.flatnonzero(zero)[:3])
    # How much f changes, to first order, when x slides along a flat direction by its own size.
    reach = 1 / np.maximum(np.max(np.abs(V / d[:, None]) / e.size[:, None], axis=0), np.finfo(float).tiny)
    slide = float(np.max(np.abs(a * reach)[zero], initial=0.0))
    return Shape(w, raw, int(np.sum(w < -level)), int(zero.sum()), newton, decrement, slide, flat)


def collapsed(e: Evidence) -> np.ndarray:
    """Variables whose curvature was there during the run and has died out: a plateau, not a redundant parameter.

    An exponential that has underflowed leaves H_ii at nothing against its peak; a linear fit with
    redundant parameters is singular from the start with H_ii as large as ever.
    """
    assert e.hessian is not None
    if e.peak is None:
        return np.zeros(len(e.gradient), bool)
    return np.sqrt(np.abs(np.diagonal(e.hessian))) < GONE * e.peak


def direction(v: np.ndarray, size: np.ndarray) -> str:
    """A direction in words, as a combination of variables: "0.71 x1 - 0.71 x3"."""
    share = v / np.max(np.abs(v))
    parts = [i for i in np.argsort(-np.abs(share), kind="stable")[:4] if abs(share[i]) > 0.05]
    if len(parts) == 1:
        return f"x{parts[0] + 1}"
    terms = [f"{'-' if share[i] < 0 else '+'} {abs(share[i]):.2g} x{i + 1}" for i in sorted(parts)]
    return " ".join(terms).removeprefix("+ ")


def judge(e: Evidence, shape: Shape, distance: float, limit: float, noise: float) -> tuple[Verdict, str]:
    """The verdict, and the criterion with its value and threshold."""
    g = float(np.max(np.abs(e.gradient), initial=0.0))
    if e.status == Status.UNBOUNDED:
        return Verdict.UNBOUNDED, f"f = {e.value:.3g} and still falling"
    near = distance <= limit
    still = float(np.max(e.last, initial=0.0)) <= SHRUNK
    drowned = shape.decrement <= noise and distance <= SHRUNK and still
    gone = collapsed(e)
    last = float(np.max(e.last[gone], initial=0.0))
    ended = e.status in (Status.CONVERGED, Status.NOISE, Status.STALLED)
    text = f"max|g| = {g:.2g}; x is within {max(distance, e.eps):.1g} of the minimum, relative (<= {limit:.1g})"
    if shape.negative:
        low = float(shape.raw[0])
        if near or drowned:
            return Verdict.SADDLE, f"max|g| = {g:.2g}, but curvature {low:.3g} < 0 in {shape.negative} direction(s)"
        return Verdict.STOPPED, f"max|g| = {g:.2g}, curvature {low:.3g} < 0: f still falls"
    if not (near or drowned):
        return Verdict.STOPPED, (
            f"max|g| = {g:.2g}; the Newton step still changes x by {distance:.1g}, relative (> {limit:.1g}), "
            f"and promises {shape.decrement:.1g} (noise of f: {noise:.1g})"
        )
    if shape.zero:
        if not ended or np.any(gone & (e.last > SHRUNK)) or shape.slide > max(100 * noise, e.eps * e.first):
            return (
                Verdict.FLAT,
                f"no curvature along {'; '.join(shape.flat)}, where x was still moving (last by {last:.1g})",
            )
        return Verdict.MINIMUM, text + f"; no negative curvature; flat along {'; '.join(shape.flat)}"
    if near:
        return Verdict.MINIMUM, text + f"; smallest curvature {shape.raw[0]:.3g} > 0"
    return Verdict.NOISE, (
        f"decrease left {shape.decrement:.1g} <= noise of f {noise:.1g}; x is determined to {distance:.1g}, relative"
    )

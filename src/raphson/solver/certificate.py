"""What an answer is worth: first- and second-order evidence, and a verdict that names it."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from raphson.kernel.number import GRADIENT_NOISE
from raphson.kernel.status import Status
from raphson.solver.examine import Shape

SHRUNK = 1e-2
"""Where f is flat, the last step must have been at most this fraction of x: else the run was still travelling."""


GONE = 1e-6
"""sqrt|H_ii| below this fraction of its peak: the curvature in that variable has died out."""


FAR = 1e6
"""A variable that grew so many times along a flat direction ran away: f falls towards an infimum, not a minimum."""


LIMITS = (Status.STEPS, Status.CALLS)
"""A run that was ended by a limit of the caller's has not shown anything, wherever it was then."""


class Verdict(StrEnum):
    """What was found."""

    MINIMUM = "minimum"
    NOISE = "minimum to the noise of f"
    SADDLE = "saddle"
    FLAT = "flat valley"
    STOPPED = "not converged"
    NOT_FINITE = "not finite"
    UNBOUNDED = "unbounded"


class Cause(StrEnum):
    """What makes a flat valley no minimum."""

    NONE = ""
    LEVEL = "level"  # f does not change, whatever x does
    SLOPE = "slope"  # no curvature, but a slope
    FALLS = "falls"  # f is lower some way along it
    ENDED = "ended"  # the run was stopped before it came to rest
    DIED_OUT = "died out"  # curvature that was there has vanished while x moved
    BENDS = "bends"  # f curves downwards some way along it
    RAN_AWAY = "ran away"  # x went on and on along it


@dataclass(frozen=True)
class Evidence:
    """What the certificate is made from, all NumPy: the end of a run and the shape of f there.

    `shape` of the Hessian (None: not finite, or not seen); `size` what "small" is measured against; `last` the
    relative size of every variable's last move; `noise` the smallest change of f that means
    anything; `peak` the largest sqrt|H_ii| of the run (None: not recorded); `first` |f| and `start`
    |x| at the start; `falls` by how much f is lower some way along a flat direction, `steep` along -g;
    `bends` whether it curves
    downwards there; `drifts` which
    variables moved on and on at an even pace; `held` the variables that bounds hold, in words (the
    rest is about the others); `unseen` whether H was not looked at (on the host), and `why_unseen`.
    """

    value: float
    gradient: np.ndarray
    shape: Shape | None
    size: np.ndarray
    last: np.ndarray
    status: Status
    eps: float
    noise: float
    tolerance: float
    peak: np.ndarray | None
    first: float
    falls: float
    bends: bool
    start: np.ndarray
    drifts: np.ndarray
    held: tuple[str, ...] = ()
    names: Any = ()
    unseen: bool = False
    steep: float = 0.0
    why_unseen: str = ""


@dataclass(frozen=True)
class Certificate:
    """Numbers that show (or fail to show) a minimum.

    `gradient_norm` max |g_i|; `scaled_gradient` the same over |H| |x| (1: as large as moving x by its
    own size would make it) with `gradient_floor` the part that rounding makes; `decrement` the
    decrease 1/2 g'H^-1 g still to be had; `distance` the Newton step |H^-1 g| to the minimum, per
    variable and relative to its size; `smallest` and `largest` eigenvalue and `condition` of H;
    `inertia` (negative, zero, positive), counted in scaled variables beyond the noise of H;
    `noise` the smallest change of f that means anything; `flat` directions without curvature, in
    words; `criterion` the verdict's reason, with value and threshold; `active` the variables that sit
    at a bound beyond which f falls: they are left out of everything above; `cause` why a flat valley
    is no minimum.
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
    active: tuple[str, ...] = ()
    cause: Cause = Cause.NONE

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and strings (for JSON)."""
        out = asdict(self)
        out["verdict"], out["cause"] = str(self.verdict), str(self.cause)
        out["eigenvalues"] = None if self.eigenvalues is None else self.eigenvalues.tolist()
        return out

    @property
    def success(self) -> bool:
        """True only for a minimum shown by first and second order, or by the noise of f."""
        return self.verdict in (Verdict.MINIMUM, Verdict.NOISE)


def certify(e: Evidence) -> Certificate:
    """Draws the conclusion from the evidence."""
    noise = e.noise
    g = float(np.max(np.abs(e.gradient), initial=0.0))
    limit = max(e.eps ** (1 / 3), e.tolerance)
    shape = e.shape
    if shape is None:
        nan, (verdict, text) = float("nan"), shapeless(e, g)
        return Certificate(verdict, g, nan, nan, nan, nan, limit, None, None, None, None, noise, (), None, text, e.held)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        scaled = float(np.where(e.gradient == 0, 0, np.abs(e.gradient) / shape.rounding).max())
        distance = float(np.where(shape.newton == 0, 0, np.abs(shape.newton) / e.size).max())
    known = np.abs([shape.smallest, shape.largest] if shape.eigenvalues is None else shape.eigenvalues)
    low, top = (float(known.min()), float(known.max())) if known.size else (float("nan"), float("nan"))
    inertia = (shape.negative, shape.zero, shape.positive)
    verdict, text, cause = judge(e, shape, distance, limit, noise)
    text += f"; held by bounds: {', '.join(e.held)}" if e.held else ""
    return Certificate(
        verdict, g, scaled, GRADIENT_NOISE * e.eps, shape.decrement, distance, limit, shape.smallest, shape.largest,
        top / low if low > 0 else float("inf"), inertia, noise, shape.flat, shape.eigenvalues, text, e.held, cause,
    )  # fmt: skip


def shapeless(e: Evidence, g: float) -> tuple[Verdict, str]:
    """The verdict where there is no Hessian to look at, and the criterion."""
    if e.status == Status.UNBOUNDED:
        return Verdict.UNBOUNDED, Status.UNBOUNDED.sentence
    if e.status in LIMITS:
        return Verdict.STOPPED, f"{e.status.sentence}: what is there does not show a minimum"
    if e.unseen:
        return Verdict.STOPPED, f"max|g| = {g:.2g}; no minimum is shown: {e.why_unseen}"
    return Verdict.NOT_FINITE, Status.NOT_FINITE.sentence


def collapsed(e: Evidence, shape: Shape) -> np.ndarray:
    """Variables whose curvature was there during the run and has died out: a plateau, not a redundant parameter.

    An exponential that has underflowed leaves H_ii at nothing against its peak; a linear fit with
    redundant parameters is singular from the start with H_ii as large as ever.
    """
    if e.peak is None or shape.diagonal is None:
        return np.zeros(len(e.gradient), bool)
    return np.sqrt(np.abs(shape.diagonal)) < GONE * e.peak


def run_away(e: Evidence, shape: Shape) -> np.ndarray:
    """Variables that lie in a flat direction and grew `FAR` times beyond their start, or still drift.

    A variable that started at zero has no size to compare with.
    """
    reach = np.max([np.abs(s) / e.size for s in shape.probes], axis=0, initial=0.0)
    return (reach > 0.5) & (e.drifts | (e.start > 0) & (e.size > FAR * e.start))


Judgement = tuple[Verdict, str, Cause]


def judge(e: Evidence, shape: Shape, distance: float, limit: float, noise: float) -> Judgement:
    """The verdict, the criterion with its value and threshold, and the cause of a flat valley."""
    g = float(np.max(np.abs(e.gradient), initial=0.0))
    if e.status == Status.UNBOUNDED:
        return Verdict.UNBOUNDED, f"f = {e.value:.3g} and still falling", Cause.NONE
    if e.status in LIMITS:
        text = f"max|g| = {g:.2g}, the Newton step would change x by {distance:.1g}, relative"
        return Verdict.STOPPED, f"{e.status.sentence}; {text}", Cause.NONE
    near = distance <= limit
    still = float(np.max(e.last, initial=0.0)) <= SHRUNK
    drowned = shape.decrement <= noise and distance <= SHRUNK and still
    if shape.negative:
        low = f"curvature {shape.smallest:.3g} < 0" if shape.smallest < 0 else "negative curvature"
        below = f"{low} in {directions(shape.negative)}"
        if near or drowned:
            return Verdict.SADDLE, f"max|g| = {g:.2g}, and {below}", Cause.NONE
        return Verdict.STOPPED, f"max|g| = {g:.2g}, {below}: f can still be made smaller", Cause.NONE
    if not (near or drowned):
        return Verdict.STOPPED, f"max|g| = {g:.2g}; {far(distance, limit, shape.decrement, noise)}", Cause.NONE
    if e.steep > max(100 * noise, e.eps * e.first):
        text = f"max|g| = {g:.2g}, and f is lower by {e.steep:.2g} some way along -g"
        return Verdict.STOPPED, f"{text}: the slope and curvature at x do not hold beyond it", Cause.NONE
    if shape.zero:
        return judge_flat(e, shape, g, close(distance, limit, e.eps, shape.decrement, noise), noise)
    if not shape.positive:
        return Verdict.MINIMUM, "bounds hold every variable, and f rises from each of them", Cause.NONE
    if near:
        text = f"max|g| = {g:.2g}; x is {close(distance, limit, e.eps, shape.decrement, noise)}"
        up = f"smallest curvature {shape.smallest:.3g} > 0" if shape.smallest > 0 else "no negative curvature"
        return Verdict.MINIMUM, f"{text}; {up}", Cause.NONE
    return Verdict.NOISE, f"{lost(shape.decrement, noise)}; x is determined to {distance:.1g}, relative", Cause.NONE


def directions(n: int) -> str:
    """So many directions."""
    return "one direction" if n == 1 else f"{n} directions"


def far(distance: float, limit: float, decrement: float, noise: float) -> str:
    """Why x is not taken to be near a minimum."""
    if not np.isfinite(distance):
        return "there is no Newton step to measure the distance to a minimum by"
    moved, allowed = ordered(distance, limit)
    step = f"the Newton step still changes x by {moved}, relative (> {allowed})"
    return f"{step}, and promises {f'{decrement:.1g}' if decrement else 'nothing'} (noise of f: {noise:.1g})"


def close(distance: float, limit: float, eps: float, decrement: float, noise: float) -> str:
    """How near x is to a minimum."""
    if distance <= limit:
        off, allowed = ordered(max(distance, eps), limit)
        return f"within {off} of the minimum, relative (<= {allowed})"
    return f"within {distance:.1g}, relative; {lost(decrement, noise)}"


def lost(decrement: float, noise: float) -> str:
    """What is left to gain lies below the noise."""
    left, known = ordered(decrement, noise)
    return f"decrease left {left} <= noise of f {known}"


def ordered(a: float, b: float) -> tuple[str, str]:
    """Two numbers with few digits, but as many as show which is the larger."""
    for digits in range(1, 17):
        texts = f"{a:.{digits}g}", f"{b:.{digits}g}"
        if (float(texts[0]) > float(texts[1])) == (a > b):
            break
    return texts


def judge_flat(e: Evidence, shape: Shape, g: float, across: str, noise: float) -> Judgement:
    """The same where H has no curvature along some directions: is x at rest there, and f level?"""
    along, level = "; ".join(shape.flat), max(100 * noise, e.eps * e.first)
    flat = lambda text, cause: (Verdict.FLAT, text, cause)
    if not shape.positive:
        if shape.slide > level:
            return flat(f"max|g| = {g:.2g}; no curvature beyond the error of H anywhere, but a slope", Cause.SLOPE)
        return flat(f"max|g| = {g:.2g}; no curvature in any direction: f does not change here", Cause.LEVEL)
    none = f"no curvature beyond the error of H along {along}"
    if e.falls > level:
        return flat(f"{none}, and f falls that way by {e.falls:.2g}", Cause.FALLS)
    gone = collapsed(e, shape)
    if np.any(gone & (e.last > SHRUNK)):
        last = float(np.max(e.last[gone]))
        return flat(f"{none}: it died out while x was still moving (last by {last:.1g}, relative)", Cause.DIED_OUT)
    if shape.slide > level:
        return flat(f"max|g| = {g:.2g}; {none}, but a slope", Cause.SLOPE)
    if e.status not in (Status.CONVERGED, Status.NOISE, Status.STALLED):
        return flat(f"{none}, and the run did not end by itself: {e.status.sentence}", Cause.ENDED)
    if e.bends:
        return flat(f"flat along {along}, and f curves downwards some way along it", Cause.BENDS)
    away = np.flatnonzero(run_away(e, shape))
    if away.size:
        i = int(away[0])
        ran = f"{e.names[i]} ran from size {e.start[i]:.2g} to {e.size[i]:.2g}, and f is flat along it"
        return flat(ran, Cause.RAN_AWAY)
    text = f"max|g| = {g:.2g}; no negative curvature; flat along {along}: x is not determined that way"
    return Verdict.MINIMUM, f"{text}, and across it is {across}", Cause.NONE

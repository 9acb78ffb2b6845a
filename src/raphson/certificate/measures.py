"""What the rules of the certificate read, and what a rule says."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from raphson.certificate.sections import Section
from raphson.certificate.shape import Shape, direction_name
from raphson.certificate.verdict import Cause, Proof, Verdict
from raphson.kernel.status import Status

DETERMINED = 1e-2
"""A minimum lost in the noise of f determines x to this, relative to its size: else the run was still travelling."""


ULPS = 16.0
"""Where x itself is rounded so many times over, nothing more can be asked of it."""


KEPT = 0.01
"""A promise is kept to this part: that f is no quadratic is no reason to doubt H."""


@dataclass(frozen=True)
class Promise:
    """The rise of f that H promises at x + `step` (n,) and x - `step`, and the larger change of f there."""

    step: np.ndarray
    promised: float
    seen: float

    @property
    def kept(self) -> bool:
        """At a minimum f changes by a half of it and more, whatever its third derivative."""
        return self.seen > KEPT * self.promised


@dataclass(frozen=True)
class Evidence:
    """What the certificate is made from, all NumPy.

    `shape` of the Hessian (None: not finite, or not seen); `size` of the variables, what "small" is measured against,
    and `big` the largest met (None: these); `noise` the smallest change of f that means anything; `sections` of f
    along weak directions; `steep`: by how much f is lower some way along -g; `held` the variables that bounds hold, in
    words (the rest is about the others); `imbalance` of the gradients around a kink; `believed` whether f followed the
    quadratic at the end, `contracted` whether its last steps shrank fast, `travelling` whether they went one way and
    did not shrink, or the Newton steps from its end go on; `first` |f| and `start` |x| at the start of the run, `here`
    |x| at its end; `blur`: how far from x, relative to its size, f rises by its noise, where derivatives are
    differences of f;
    `promise` of H along its stiffest direction, where f was looked at along weak ones (None: not looked at);
    `slope_error` (n,) of a gradient by differences (None: it has only its rounding);
    `unseen` whether H was not looked at (on the host), and `why_unseen`.
    """

    value: float
    gradient: np.ndarray
    shape: Shape | None
    size: np.ndarray
    status: Status
    eps: float
    noise: float
    tolerance: float
    big: np.ndarray | None = None
    sections: tuple[Section, ...] = ()
    believed: bool = True
    contracted: bool = True
    travelling: bool = False
    first: float = np.inf
    start: np.ndarray | None = None
    here: np.ndarray | None = None
    steep: float = 0.0
    blur: float = 0.0
    imbalance: float = 1.0
    promise: Promise | None = None
    slope_error: np.ndarray | None = None
    held: tuple[str, ...] = ()
    names: Any = ()
    unseen: bool = False
    why_unseen: str = ""
    proof: Proof = Proof.EXACT


@dataclass(frozen=True)
class Finding:
    """A verdict, its criterion with value and threshold, and what speaks against a minimum."""

    verdict: Verdict
    text: str
    cause: Cause = Cause.NONE
    lower: float = 0.0
    flat: tuple[str, ...] = ()
    slopes: tuple[float, float] | None = None
    proof: Proof | None = None


@dataclass(frozen=True)
class Measures:
    """What the rules compare: the evidence, with the largest slope, the distance to the minimum and their limits."""

    e: Evidence
    shape: Shape
    g: float
    distance: float
    limit: float
    near: bool = field(init=False)
    decrease_below_noise: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "near", self.distance <= self.limit and self.shape.decrement <= self.worth)
        object.__setattr__(
            self, "decrease_below_noise", self.shape.decrement <= self.e.noise and self.loose <= DETERMINED
        )

    @property
    def worth(self) -> float:
        """A decrease that is worth more than x being near: f may change its course many times within 1e-6 of x (a sine
        at 1e12). It shows in f, and rounding x does not make it; infinite where the caller asks for less of x.
        """
        e = self.e
        if self.limit > e.eps ** (1 / 3):
            return np.inf
        diagonal = self.shape.diagonal
        with np.errstate(over="ignore", invalid="ignore"):
            rounded = np.inf if diagonal is None else float(np.sum(np.abs(diagonal) * (ULPS * e.eps * e.size) ** 2))
        return max(e.eps**0.5 * max(e.first, abs(e.value)), rounded / 2, e.noise)

    @property
    def loose(self) -> float:
        """The distance relative to the largest x met: what the noise of f leaves of it."""
        big = self.e.size if self.e.big is None else self.e.big
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return float(np.where(self.shape.newton == 0, 0, np.abs(self.shape.newton) / big).max(initial=0.0))

    @property
    def rests(self) -> bool:
        """Whether there is nothing left to gain where f curves upwards."""
        return self.near or self.decrease_below_noise

    def words(self, section: Section) -> str:
        """The direction of a section."""
        return direction_name(section.direction, self.e.names)

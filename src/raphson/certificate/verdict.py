"""The certificate: numbers that show, or fail to show, a minimum, and the verdict that names the one that decided."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np


class Verdict(StrEnum):
    """What was found."""

    MINIMUM = "minimum"
    NOISE = "minimum to the noise of f"
    KINK = "minimum at a kink"
    SADDLE = "saddle"
    FLAT = "flat"
    RECEDES = "no minimum"
    STOPPED = "not converged"
    NOT_FINITE = "not finite"
    UNBOUNDED = "unbounded"


GOOD = (Verdict.MINIMUM, Verdict.NOISE, Verdict.KINK)
"""Verdicts that are a success."""


class Proof(StrEnum):
    """How much of H was seen: every eigenvalue or a factor of it, or products with it alone."""

    EXACT = "exact"
    BOUNDED = "bounded"
    LIKELY = "likely"


class Cause(StrEnum):
    """What speaks against a minimum, beyond the verdict."""

    NONE = ""
    LEVEL = "level"  # f does not change, whatever x does
    FALLS = "falls"  # f is lower some way along a direction
    STEEP = "steep"  # slope and curvature at x do not hold beyond it
    KINK = "kink"  # f has a kink, and more than one direction
    LIMIT = "limit"  # the caller's limit ended the run
    ENDLESS = "endless"  # f falls as far as was looked
    NOISE = "noise"  # the noise of f hides what is left
    DENIED = "denied"  # f does not rise as H says
    AWAY = "away"  # f comes nearer to an infimum the larger x gets


@dataclass(frozen=True)
class Certificate:
    """Numbers that show (or fail to show) a minimum.

    `gradient_norm` max |g_i|; `scaled_gradient` the same over |H| |x| (1: as large as moving x by its
    own size would make it) with `gradient_floor` the part that rounding makes; `decrement` the
    decrease 1/2 g'H^-1 g still to be had; `distance` the Newton step |H^-1 g| to the minimum, per
    variable and relative to its size; `smallest` and `largest` eigenvalue and `condition` of H;
    `inertia` (negative, in doubt, positive), counted in scaled variables, each against its own error;
    `noise` the smallest change of f that means anything, measured where it matters; `flat` directions in which f was
    found level, in words; `criterion` the verdict's reason, with value and threshold; `active` the variables that sit
    at a bound beyond which f falls: they are left out of everything above; `cause` what speaks against a minimum;
    `proof` whether every eigenvalue of H was seen, bounds of them, or products with H alone; `lower` by how much f
    was found lower along a weak direction (0: nowhere); `slopes` of f on the two sides of a kink.
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
    proof: Proof = Proof.EXACT
    lower: float = 0.0
    slopes: tuple[float, float] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and strings (for JSON)."""
        out = asdict(self)
        out["verdict"], out["cause"], out["proof"] = str(self.verdict), str(self.cause), str(self.proof)
        out["eigenvalues"] = None if self.eigenvalues is None else self.eigenvalues.tolist()
        return out

    @property
    def success(self) -> bool:
        """True only for a minimum: no negative eigenvalue beyond its error, nothing to gain, f nowhere lower."""
        return self.verdict in GOOD


NOT_MADE = "the certificate was not made"
"""Where nobody waited for it."""


def not_made(gradient: np.ndarray, limit: float, why: str) -> Certificate:
    """That of a run whose end nobody looked at: the slope is known, and nothing of the curvature."""
    g, nan = float(np.max(np.abs(gradient), initial=0.0)), float("nan")
    text = f"{why}: {NOT_MADE}; max|g| = {g:.2g}"
    return Certificate(
        Verdict.STOPPED, g, nan, nan, nan, nan, limit, None, None, None, None, nan, (), None, text, cause=Cause.LIMIT
    )

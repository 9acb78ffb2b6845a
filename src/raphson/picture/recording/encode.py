"""Numbers as a record holds them: no NaN, no more digits than can be seen, grids as base64."""

import base64
from typing import Any

import numpy as np

from raphson.picture.scene import Grid

HUGE = float(np.finfo(np.float32).max)

FINE = 1e-3
"""Where f varies by less than this fraction of itself, single precision would show steps: the rest is kept too."""


def number(a: Any, digits: int = 17) -> float | None:
    """A number with so many significant digits; None where it is not finite."""
    a = float(a)
    if not np.isfinite(a):
        return None
    return a if digits >= 17 else float(f"{a:.{digits}g}")


def column(values: Any, digits: int = 17) -> list[float | None]:
    """A vector as numbers."""
    return [number(a, digits) for a in np.asarray(values, float)]


def close(values: Any, size: float) -> list[float]:
    """Coordinates rounded to a ten-thousandth of a pixel in a picture of this size."""
    values = np.asarray(values, float)
    decimals = int(np.clip(7 - np.floor(np.log10(size)), 0, 300)) if 0 < size < np.inf else 17
    return [float(f"{a:.17g}") if decimals > 15 else round(float(a), decimals) for a in values]


def grid(sampled: Grid | None) -> dict[str, Any] | None:
    """A sampled grid: Float32, with the `rest` of f beside it where that alone would be too coarse."""
    if sampled is None or not np.any(np.isfinite(sampled.values)):
        return None
    x, y, values = sampled.x, sampled.y, sampled.values
    finite = values[np.isfinite(values)]
    # What single precision cannot hold is as high or as deep as it can: NaN would say that f is not finite there.
    values = np.where(np.isfinite(values), np.clip(values, -HUGE, HUGE), np.nan)
    coarse = values.astype("<f4")
    rest = (values - coarse).astype("<f4")
    window = [float(x[0]), float(x[-1]), float(y[0]), float(y[-1])]
    out = {"window": window, "nu": len(x), "nv": len(y), "values": packed(coarse)}
    if np.ptp(finite) < FINE * np.max(np.abs(finite)):
        out["rest"] = packed(np.nan_to_num(rest))
    return out


def packed(values: np.ndarray) -> str:
    """Little-endian Float32 in base64."""
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode("ascii")

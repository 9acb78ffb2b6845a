"""Numbers as a record holds them: no NaN, no more digits than can be seen, grids as base64."""

import base64
from typing import Any

import numpy as np

from raphson.picture.scene import Grid


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
    """A sampled grid: its lowest value as `base`, a power of two as `unit`, and (f - base) / unit as Float32.

    Beside a large constant, or far from 1, f itself in single precision would have lost its digits.
    """
    if sampled is None or not np.any(np.isfinite(sampled.values)):
        return None
    x, y, values = sampled.x, sampled.y, sampled.values
    base, unit = float(np.min(values[np.isfinite(values)])), unit_of(values)
    window = [float(x[0]), float(x[-1]), float(y[0]), float(y[-1])]
    packs = packed(heights(values, base, unit))
    return {"window": window, "nu": len(x), "nv": len(y), "base": base, "unit": unit, "values": packs}


def unit_of(values: np.ndarray) -> float:
    """The power of two in which values (some of them finite) are at most 2 above the lowest of them."""
    finite = values[np.isfinite(values)]
    # The half of each: a difference of two numbers may be too large for one.
    half = float(np.max(finite)) / 2 - float(np.min(finite)) / 2
    return float(np.ldexp(1.0, int(np.clip(np.frexp(half)[1], -1000, 1000)))) if half > 0 else 1.0


def heights(values: np.ndarray, base: float, unit: float) -> np.ndarray:
    """(values - base) / unit; NaN where they are not finite."""
    return np.where(np.isfinite(values), values / unit - base / unit, np.nan)


def packed(values: np.ndarray) -> str:
    """Little-endian Float32 in base64."""
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode("ascii")

"""What a report holds of a fit beside its run: data, curve, band, residuals, parameters, correlations, profiles."""

from typing import Any

import numpy as np

from raphson.fit.profile import Profile, student
from raphson.fit.report import parameter_rows
from raphson.fit.second import hessian_errors
from raphson.picture.observations import LEVEL, Observations
from raphson.picture.recording.encode import column, number
from raphson.picture.views.fit import spread

SHOWN = 60
"""Parameters that are written down."""

CELLS = 12
"""Of more parameters than this the correlations of those that are tied most are written down."""

CORNER = 6
"""Parameters in the corner plot, those that are tied most."""

WHOLE = 300
"""Parameters up to which H is compared with J'J: its factorizations take 0.1 s then."""

FINE = 15
"""Digits of the curve; of data and residuals 9 and 6 are more than can be seen."""


def fit_record(fit: Any) -> dict[str, Any]:
    """A fit in plain lists and numbers, as frontend/src/engine/record.ts says."""
    seen, u = Observations.of(fit), fit.uncertainty
    cells, corner = ([i for i in most_tied(u, k) if np.isfinite(u.standard_errors[i])] for k in (CELLS, CORNER))
    return {
        "kind": seen.kind, "names": list(seen.names), "of": seen.total, "data": data_record(seen),
        "omitted": 0 if fit.data is None else fit.data.omitted,
        "unmeasured": 0 if fit.data is None else fit.data.unmeasured, "curve": curve_record(seen),
        "level": LEVEL, "factor": number(seen.factor), "spread": None if spread(seen) is None else number(spread(seen)),
        "scaled": seen.scaled, "parameters": parameter_records(fit), "count": len(u.names),
        "cells": cells, "correlation": [column(row) for row in u.correlations(cells)],
        "corner": corner, "whole": whole_record(fit, corner),
        "profiles": [profile_record(fit, name, found) for name, found in fit.profiles.items()],
        "undetermined": [d.text.removesuffix(" is free") for d in u.undetermined], "loss": fit.loss,
        "noise": {"std": number(u.residual_std), "degrees": int(u.degrees), "sum": number(u.chi_square),
                  "absolute": bool(u.absolute)},
    }  # fmt: skip


def data_record(seen: Observations) -> dict[str, Any]:
    """The points that are drawn; their standard deviations where these are drawn."""
    return {
        "x": column(seen.x), "y": None if seen.y is None else column(seen.y, 9), "residual": column(seen.residual, 6),
        "number": [int(k) for k in seen.number], "sigma": None if seen.sigma is None else column(seen.sigma, 6),
    }  # fmt: skip


def curve_record(seen: Observations) -> dict[str, Any] | None:
    """The curve with half the height of its band."""
    c = seen.curve
    if c is None:
        return None
    half = None if seen.band is None else column(seen.band, 9)
    return {"x": column(c.x), "y": column(c.y, FINE), "half": half, "joined": c.joined, "log": c.log}


def parameter_records(fit: Any) -> list[dict[str, Any]]:
    """Name, numbers, and the words of the console: value, error, error in percent, ends of the interval."""
    u = fit.uncertainty
    sides = dict(zip(u.at_bounds, u.sides, strict=True))
    free = set(u.not_determined)
    shown = range(min(len(u.names), SHOWN))
    rows = zip(parameter_rows(fit, shown), u.x[: len(shown)], u.standard_errors[: len(shown)], strict=True)
    return [
        {
            "name": row[0], "value": number(x), "error": number(error), "words": list(row[1:6]),
            "state": f"bound-{sides[row[0]] or 'any'}" if row[0] in sides else "free" if row[0] in free
            else "known" if np.isfinite(error) else "unknown",
        }
        for row, x, error in rows
    ]  # fmt: skip


def most_tied(u: Any, most: int) -> list[int]:
    """All parameters, or the `most` with the strongest correlations with any other, in their order.

    Of those that are written down: the page knows no other's name.
    """
    n = min(len(u.names), SHOWN)
    if n <= most:
        return list(range(n))
    C = u.correlations(range(n))
    size = np.nan_to_num(np.abs(C - np.diag(np.diag(C))))
    return sorted(np.argsort(-size.max(axis=1), kind="stable")[:most].tolist())


def whole_record(fit: Any, corner: list[int]) -> dict[str, Any]:
    """Standard errors and correlation of the corner's parameters by the full Hessian, or why there are none."""
    if len(fit.names) > WHOLE:
        return {"why": "unknown", "errors": [], "correlation": []}
    found = hessian_errors(fit)
    known = [] if found.why else corner
    return {"why": found.why, "errors": column(found.standard_errors[known]),
            "correlation": [column(found.correlation[i, known]) for i in known]}  # fmt: skip


def profile_record(fit: Any, name: str, found: Profile) -> dict[str, Any]:
    """A profile: values tried, the root of the rise there in standard deviations, and where all parameters were."""
    t = student(found.probability, fit.uncertainty.quantile_degrees)
    rise = np.maximum(found.costs - fit.value, 0) / (found.threshold - fit.value)
    near = np.abs(t * np.sqrt(rise)) <= 4
    return {
        "parameter": fit.names.index(name), "points": column(found.points[near]),
        "rise": column(t**2 * rise[near], 6), "path": [column(row, 9) for row in found.path[near]],
        "low": number(found.low), "high": number(found.high), "probability": found.probability,
    }  # fmt: skip

"""What a report holds of a fit beside its run: data, curve, band, residuals, parameters, correlations, profiles."""

from typing import Any

import numpy as np

from raphson.fit.profile import Profile, student
from raphson.fit.report import parameter_rows, told
from raphson.fit.second import hessian_errors
from raphson.picture.observations import LEVEL, Observations
from raphson.picture.recording.encode import column, number
from raphson.picture.views.fit import spread

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
    seen, u, rows = Observations.of(fit), fit.uncertainty, written(fit)
    tied = [[i for i in most_tied(u, rows, k) if np.isfinite(u.standard_errors[i])] for k in (CELLS, CORNER)]
    cells, corner = ([rows.index(i) for i in which] for which in tied)
    return {
        "kind": seen.kind, "names": list(seen.names), "of": seen.total, "data": data_record(seen),
        "omitted": 0 if fit.data is None else fit.data.omitted,
        "unmeasured": 0 if fit.data is None else fit.data.unmeasured, "curve": curve_record(seen),
        "level": LEVEL, "factor": number(seen.factor), "spread": None if spread(seen) is None else number(spread(seen)),
        "scaled": seen.scaled, "parameters": parameter_records(fit, rows), "count": len(u.names),
        "cells": cells, "correlation": [column(row) for row in u.correlations(tied[0])],
        "corner": corner, "whole": whole_record(fit, tied[1]),
        "profiles": [
            profile_record(fit, name, found, rows)
            for name, found in fit.profiles.items() if fit.names.index(name) in rows
        ],
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


def written(fit: Any) -> list[int]:
    """The parameters that are written down, in their order: those that the console tells of, those with a profile, and
    of many those in the strongest correlations."""
    known = {fit.names.index(name) for name in fit.profiles}
    rows = told(fit)
    return sorted({*rows, *known, *([] if len(rows) == len(fit.names) else strongest(fit.uncertainty, CELLS))})


def parameter_records(fit: Any, rows: list[int]) -> list[dict[str, Any]]:
    """Name, numbers, and the words of the console: value, error, error in percent, ends of the interval."""
    u = fit.uncertainty
    sides = dict(zip(u.at_bounds, u.sides, strict=True))
    free = set(u.not_determined)
    cells = zip(parameter_rows(fit, rows), u.x[rows], u.standard_errors[rows], strict=True)
    return [
        {
            "name": row[0], "value": number(x), "error": number(error), "words": list(row[1:6]),
            "state": f"bound-{sides[row[0]] or 'any'}" if row[0] in sides else "free" if row[0] in free
            else "known" if np.isfinite(error) else "unknown",
        }
        for row, x, error in cells
    ]  # fmt: skip


def most_tied(u: Any, rows: list[int], most: int) -> list[int]:
    """All parameters, or the `most` with the strongest correlations with any other, in their order."""
    n = len(u.names)
    if n <= most:
        return list(range(n))
    if len(rows) < n:
        return sorted(strongest(u, most))
    C = u.correlations(range(n))
    size = np.nan_to_num(np.abs(C - np.diag(np.diag(C))))
    return sorted(np.argsort(-size.max(axis=1), kind="stable")[:most].tolist())


def strongest(u: Any, most: int) -> list[int]:
    """At most so many of thousands of parameters: those of the strongest correlations, pair by pair."""
    pairs, size = u.tied(0.0)
    found: list[int] = []
    for k in np.argsort(-np.abs(size), kind="stable")[: most**2]:  # more pairs of so few there are not
        new = [int(i) for i in pairs[k] if i not in found]
        if len(found) + len(new) <= most:
            found += new
    return found


def whole_record(fit: Any, corner: list[int]) -> dict[str, Any]:
    """Standard errors and correlation of the corner's parameters by the full Hessian, or why there are none."""
    if len(fit.names) > WHOLE:
        return {"why": "unknown", "errors": [], "correlation": []}
    found = hessian_errors(fit)
    known = [] if found.why else corner
    return {"why": found.why, "errors": column(found.standard_errors[known]),
            "correlation": [column(found.correlation[i, known]) for i in known]}  # fmt: skip


def profile_record(fit: Any, name: str, found: Profile, rows: list[int]) -> dict[str, Any]:
    """A profile: values tried, the root of the rise there in standard deviations, and where all parameters were."""
    t = student(found.probability, fit.uncertainty.quantile_degrees)
    rise = np.maximum(found.costs - fit.value, 0) / (found.threshold - fit.value)
    near = np.abs(t * np.sqrt(rise)) <= 4
    return {
        "parameter": rows.index(fit.names.index(name)), "points": column(found.points[near]),
        "rise": column(t**2 * rise[near], 6), "path": [column(row, 9) for row in found.path[near][:, rows]],
        "low": number(found.low), "high": number(found.high), "probability": found.probability,
    }  # fmt: skip

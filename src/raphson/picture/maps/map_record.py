"""A map as the page reads it (frontend/src/map/record.ts): numbers in base64, so many at most, and words."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from raphson.picture.maps.graph_map import GraphMap, MapMoment
from raphson.picture.maps.map_ellipses import IN_SIGMAS
from raphson.picture.maps.map_words import WORST, map_words, weighed_by_loss

RAMP: dict[str, list[str]] = json.loads(Path(__file__).with_name("ramp.json").read_text(encoding="utf-8"))
"""The colors of errors, the smallest first: on white each is darker than the one before, on dark ground lighter."""

LEVELS = 65535
DECADES = (-6.0, 6.0)
"""Errors are kept by their logarithm in steps of a 5000th of a decade: to four digits, from 1e-6 to 1e6 sigmas."""


def map_record(fit: Any, shown: GraphMap, title: str) -> dict[str, Any]:
    """The map in plain lists, numbers and base64; the same fit gives the same record."""
    plain = np.array_equal(shown.ids, np.arange(len(shown.ids)))
    return {
        "schema": 1, "cameras": bool(shown.cameras), "robust": weighed_by_loss(shown),
        "dimension": shown.dimension, "success": bool(fit.success), "types": [list(kind) for kind in shown.types],
        "ids": None if plain else ",".join(map(str, shown.ids)), "held": np.flatnonzero(shown.held).tolist(),
        "count": len(shown.ids), "edges": len(shown.ends), "steps": shown.steps,
        "ends": base64_of(shown.ends, "<u4"), "classes": base64_of(shown.classes, "u1"),
        "share": base64_of(shown.share, "<f4"),
        "weights": None if shown.weights is None else base64_of(np.rint(255 * shown.weights), "u1"),
        "bounds": [float(f"{a:.2g}") for a in shown.bounds],
        "worst": shown.worst[:WORST].tolist(), "ellipses": ellipse_record(shown),
        "moments": [moment_record(m, k in (0, len(shown.moments) - 1)) for k, m in enumerate(shown.moments)],
        "ramp": RAMP, "words": {language: map_words(fit, shown, title, language) for language in ("en", "zh")},
    }  # fmt: skip


def ellipse_record(shown: GraphMap) -> dict[str, Any] | None:
    """The covariances of the places by their upper triangles, row by row; `all`: whether all are drawn at first."""
    if shown.covariances is None:
        return None
    rows, columns = np.triu_indices(shown.dimension)
    upper = shown.covariances[:, rows, columns]
    return {"reach": IN_SIGMAS, "all": shown.clear, "covariances": base64_of(upper, "<f4")}


def moment_record(moment: MapMoment, precise: bool) -> dict[str, Any]:
    """Places and errors of a moment; the first and the last in single precision, those between to a 65535th of their
    extent, which is less than a pixel of any screen."""
    low, high = moment.places.min(axis=0), moment.places.max(axis=0)
    scaled = (moment.places - low) / np.where(high > low, high - low, 1.0)
    places = base64_of(moment.places, "<f4") if precise else base64_of(np.rint(scaled * LEVELS), "<u2")
    return {
        "step": moment.step, "value": moment.value, "low": low.tolist(), "high": high.tolist(), "precise": precise,
        "places": places, "error": base64_of(error_code(moment.error), "<u2"),
    }  # fmt: skip


def error_code(error: np.ndarray) -> np.ndarray:
    """0 for no error, else 1 to 65535 for the logarithm between `DECADES`."""
    low, high = DECADES
    size = np.nan_to_num(error, nan=10.0**high, posinf=10.0**high)
    power = np.log10(np.maximum(size, 10.0**low))
    return np.where(size < 10.0**low, 0, 1 + np.rint(np.clip((power - low) / (high - low), 0, 1) * (LEVELS - 1)))


def base64_of(values: np.ndarray, kind: str) -> str:
    """An array of this type in base64."""
    return base64.b64encode(np.ascontiguousarray(values).astype(kind).tobytes()).decode("ascii")

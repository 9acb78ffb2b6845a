"""The text twin of a recording: the verdict in numbers, and the words that the console says."""

from typing import Any

import numpy as np

from raphson.fit.report import DOUBT, with_error
from raphson.kernel.names import names_of
from raphson.model.quadratic import Model
from raphson.picture.recording.encode import number
from raphson.picture.recording.replay import point_vector
from raphson.report.shape import point_lines

PARAMETERS = 12
"""Parameters of a fit that are written out."""


def verdict(result: Any) -> dict[str, Any]:
    """The certificate's numbers under their names in the page."""
    c = result.certificate
    names = names_of(result)
    optional = lambda a: None if a is None else number(a)
    return {
        "key": c.verdict.name.lower().replace("_", "-"), "success": bool(c.success), "value": number(result.value),
        "gradientNorm": number(c.gradient_norm), "distance": number(c.distance),
        "distanceLimit": number(c.distance_limit), "decrement": number(c.decrement), "noise": number(c.noise),
        "smallest": optional(c.smallest), "largest": optional(c.largest), "condition": optional(c.condition),
        "lower": number(c.lower), "level": len(c.flat),
        "slopes": None if c.slopes is None else [number(a) for a in c.slopes],
        "cause": str(c.cause), "proof": str(c.proof),
        "held": [str(names[i]) for i in np.flatnonzero(result.active)[:PARAMETERS]],
        "inertia": None if c.inertia is None else [int(a) for a in c.inertia], "method": result.method,
        "status": result.termination.name,
    }  # fmt: skip


def text_lines(result: Any) -> list[list[str]]:
    """The text of a result as (label, text), without how long it took: the same run gives the same file."""
    head, *rest = str(result).split("\n\n")
    rows = [row for block in (head, *rest[1:]) for row in block.splitlines()]
    # The number of variables and the precision end the line in the console; a page says them apart.
    lines = [["", rows[0].rpartition("   ")[0] if rows[0].count("   ") > 1 else rows[0]]] + [
        [row[:10].strip(), row[10:].strip()] for row in rows[1:]
    ]
    lines = [[label, timeless(words, result) if label == "work" else words] for label, words in lines]
    return lines + parameter_lines(result)


def timeless(words: str, result: Any) -> str:
    """The line about the work without seconds."""
    return words.partition(f"; {result.seconds:.2f} s")[0]


def parameter_lines(fit: Any) -> list[list[str]]:
    """A fit's parameters with their standard errors; none of another result."""
    if not hasattr(fit, "uncertainty"):
        return []
    rows = zip(fit.names[:PARAMETERS], fit.uncertainty.x, fit.uncertainty.standard_errors, strict=False)
    doubt = "" if fit.success else f" ({DOUBT})"
    lines = [[name, with_error(float(x), float(error)) + doubt] for name, x, error in rows]
    return (
        lines if len(fit.names) <= PARAMETERS else [*lines, ["", f"and {len(fit.names) - PARAMETERS} more parameters"]]
    )


def look_lines(model: Model) -> list[list[str]]:
    """What is to be known at a point."""
    g = model.geometry()
    return [list(line) for line in point_lines(float(model.value), g, point_vector(g.center))]

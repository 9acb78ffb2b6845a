"""Parts of the sentences in which a rule gives its numbers."""

import numpy as np

from raphson.certificate.measures import Measures


def count_directions(n: int) -> str:
    """So many directions."""
    return "one direction" if n == 1 else f"{n} directions"


def far(m: Measures) -> str:
    """Why x is not taken to be near a minimum."""
    if not np.isfinite(m.distance):
        return "there is no Newton step to measure the distance to a minimum by"
    if m.distance <= m.limit:
        left, worth = ordered(m.shape.decrement, m.worth)
        return f"the Newton step changes x by {m.distance:.1g}, relative, but still promises {left} (> {worth})"
    moved, allowed = ordered(m.distance, m.limit)
    promise = f"{m.shape.decrement:.1g}" if m.shape.decrement else "nothing"
    step = f"the Newton step still changes x by {moved}, relative (> {allowed})"
    return f"{step}, and promises {promise} (noise of f: {m.e.noise:.1g})"


def nearness(m: Measures) -> str:
    """How near x is to the minimum."""
    off, allowed = ordered(max(m.distance, m.e.eps), m.limit)
    return f"within {off} of the minimum, relative (<= {allowed})"


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

"""Whether the Newton steps from the end of a run come to rest, where what is left of the first one is lost in noise.

Beside the floor of a bent valley the slope across it makes a curvature along it: v'Hv = g'c, c the bend of the floor.
The Newton step is short by it wherever x is. It leads onto the floor, and there the next ones are as long as x.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np

from raphson.certificate.measures import DETERMINED
from raphson.certificate.rules import WENT_ON
from raphson.certificate.shape import WHOLE, Shape
from raphson.kernel.number import eps
from raphson.problems.callback import HOST
from raphson.solver.final import evaluate

STEPS = 3
"""Newton steps: onto the floor, the rest of the way across it where it bends, and along it."""

LONG = 10 * DETERMINED
"""Part of x that no step is longer than beside a minimum that determines x to `DETERMINED`; on the tail 1/x it is 1/2,
where rounding lets it."""


def goes_on(
    problem: Any, model: Any, shape: Shape | None, size: np.ndarray, held: np.ndarray, start: np.ndarray,
    here: np.ndarray,
) -> bool:  # fmt: skip
    """Whether one of the next Newton steps is long in units of `size` (n,), though that of `shape` is not.

    Only where |x| grew many times, from `start` (n,) to `here` (n,), and noise hides what the first step promises: a
    shorter one is that of a minimum, a longer one tells by itself.
    """
    if shape is None or isinstance(problem, HOST) or not problem.space.straight or len(size) > WHOLE:
        return False
    with np.errstate(all="ignore"):
        length = float(np.max(np.abs(shape.newton) / size, initial=0.0))
    if not eps(model.gradient) ** (1 / 3) < length <= DETERMINED or not np.any(here > WENT_ON * start):
        return False
    x, step = model.x, shape.newton
    for _ in range(STEPS):
        x, _, cut = problem.space.move(x, jnp.asarray(np.where(held, 0, step), model.gradient.dtype))
        seen = evaluate(problem, x)
        g = np.where(held, 0, np.asarray(seen.gradient, float)) * size
        M = np.asarray(seen.curvature.dense(), float) * np.outer(size, size)
        if bool(cut) or not np.all(np.isfinite(g)) or not np.all(np.isfinite(M)):
            return False
        M = np.where(held[:, None] | held[None, :], np.eye(len(g)), M)
        step = size * scaled_step(M, g, eps(model.gradient))
        if np.max(np.abs(step) / size) > LONG:
            return True
    return False


def scaled_step(M: np.ndarray, g: np.ndarray, precision: float) -> np.ndarray:
    """-|M|^-1 g, without the directions that M has no curvature in beyond its rounding."""
    d = np.sqrt(np.where(np.diagonal(M) == 0, 1.0, np.abs(np.diagonal(M))))
    w, V = np.linalg.eigh(M / np.outer(d, d))
    clear = np.abs(w) > len(g) * precision * np.max(np.abs(w))
    return -(V @ np.where(clear, V.T @ (g / d) / np.where(clear, np.abs(w), 1.0), 0.0)) / d

"""What the method itself saw at a point of its run: its scale of lengths, and the curve of steps it chose from."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.program import Program
from raphson.kernel.space import Box
from raphson.model.bounds import reduce_to_free
from raphson.paths.proposal import LENGTH, RADIUS

CURVE = 40
"""Points of a curve s(tau)."""

BEYOND = 1.25
"""How far the curve is drawn, in units of the longest trial."""

ASKED = 4
"""Trials from which a curve is checked."""


@dataclass(frozen=True, eq=False)
class Own:
    """What the method had at a point: the `scale` (n,) of its lengths, and the `curve` (m, n) of steps s(tau) from 0.

    None where it is not known.
    """

    scale: np.ndarray | None = None
    curve: np.ndarray | None = None


def curve(path: Any, model: Any, x: Any, taus: np.ndarray, steps: np.ndarray, lengths: np.ndarray) -> np.ndarray | None:
    """The steps s(tau) (m, n) that the path offers at a model; None where they do not go through the trials made there.

    The trials: `taus` (k,), `steps` (k, n) and their `lengths` in the method's own scale.
    """
    grid = tau_grid(path.unit, taus, lengths, isinstance(model.space, Box))
    asked = np.concatenate([grid, np.resize(taus[:ASKED], ASKED)]).astype(taus.dtype)
    found = np.asarray(walked(path, model, x, asked), float)
    here = found[len(grid) :][: len(taus)]
    if not np.all(np.isfinite(found)) or not passes(here, steps[:ASKED]):
        return None
    return evenly(found[: len(grid)], np.asarray(model.scale, float))


def pairs_of(path: Any, model: Any, tau: Any) -> Any:
    """What a path prepared for a first tau leaves behind for the one of the next point (None: nothing)."""
    return getattr(path.prepare(reduce_to_free(model), tau), "pairs", None)


left_behind = Program(pairs_of)


@Program
def walked(path: Any, model: Any, x: Any, taus: Any) -> Any:
    """The steps s(tau) (m, n) that the path proposes, as bounds cut them."""
    plan = path.prepare(reduce_to_free(model), jnp.max(taus))
    return jax.vmap(lambda tau: model.space.move(x, path.at(plan, tau).s)[1])(taus)


def tau_grid(unit: str | None, taus: np.ndarray, lengths: np.ndarray, bounded: bool) -> np.ndarray:
    """Values of tau from which the curve is drawn, up to a bit beyond the farthest trial."""
    if unit == LENGTH:
        return BEYOND * np.max(taus) * np.linspace(0, 1, CURVE + 1 if bounded else 2)[1:]
    if unit == RADIUS:
        # A radius far beyond the Newton point says nothing: the curve ends there.
        top = np.max(np.minimum(taus, np.where(lengths > 0, lengths, taus)))
        return BEYOND * top * np.linspace(0, 1, CURVE + 1)[1:]
    return 4 * np.max(taus) * np.logspace(-12, 0, 3 * CURVE)


def passes(found: np.ndarray, steps: np.ndarray) -> bool:
    """Whether a curve goes through the trials that were made on it (it does not where a saddle was left)."""
    gap, size = np.max(np.abs(found - steps), axis=1), np.max(np.abs(steps), axis=1)
    return bool(np.all(gap <= 1e-3 * size))


def evenly(steps: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """At most `CURVE` of the steps, at even distances along the curve, from zero on."""
    steps = np.concatenate([np.zeros((1, steps.shape[1])), steps])
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(steps, axis=0) * scale, axis=1))])
    picked = np.unique(np.searchsorted(way, np.linspace(0, way[-1], CURVE) * (1 - 1e-12)))
    return steps[picked]


def straight(s: np.ndarray) -> np.ndarray:
    """A straight curve through a step."""
    return np.stack([np.zeros(len(s)), BEYOND * np.asarray(s, float)])


def on_a_line(steps: np.ndarray) -> bool:
    """Whether steps (k, n) have one direction."""
    longest = steps[np.argmax(np.linalg.norm(steps, axis=1))]
    along = steps @ longest / max(longest @ longest, np.finfo(float).tiny)
    return bool(np.all(np.abs(steps - along[:, None] * longest) <= 1e-6 * np.max(np.abs(longest))))

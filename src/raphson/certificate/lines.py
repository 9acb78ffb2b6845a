"""f on straight lines through x: compiled, or on the host within its bounds."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.calculus.around import limits_of
from raphson.kernel.program import Program
from raphson.problems.callback import HOST, OutOfCalls

ROOM = 2**18
"""Numbers that one batch of evaluations may hold for x and the data: beyond, points are taken one after another."""


def one_by_one(problem: Any, x: Any, directions: jax.Array, rows: jax.Array, lengths: jax.Array) -> jax.Array:
    """f at the points x + lengths[k] directions[rows[k]], in a loop; lengths of zero cost nothing but the first."""
    here = problem.value(x)
    value = lambda k: problem.value(problem.space.move(x, lengths[k] * directions[rows[k]])[0]).astype(here.dtype)
    return jax.lax.map(lambda k: jax.lax.cond(lengths[k] == 0, lambda: here, lambda: value(k)), jnp.arange(rows.size))


def all_at_once(problem: Any, x: Any, directions: jax.Array, rows: jax.Array, lengths: jax.Array) -> jax.Array:
    """The same in one batch."""
    return jax.vmap(lambda s: problem.value(problem.space.move(x, s)[0]))(lengths[:, None] * directions[rows])


batched, looped = Program(all_at_once), Program(one_by_one)


@dataclass(frozen=True)
class Lines:
    """Where f is looked at: `directions` (k, n), and for each point its row among them and its signed length."""

    directions: np.ndarray
    rows: np.ndarray
    lengths: np.ndarray


def values_on(problem: Any, x: Any, lines: Lines, ahead: bool) -> np.ndarray | None:
    """f at all points of the lines (not finite where it is not); None where not enough calls were left.

    `ahead`: whether points may be evaluated in one batch. The first point of the lines is x itself.
    """
    if isinstance(problem, HOST):
        return on_host(problem, np.asarray(x), lines)
    dtype = problem.space.zero(x).dtype
    arguments = problem, x, lines.directions.astype(dtype), lines.rows, lines.lengths.astype(dtype)
    data = sum(np.size(leaf) for leaf in jax.tree.leaves(problem))
    with np.errstate(all="ignore"):
        if ahead and lines.rows.size * (lines.directions.shape[1] + data) <= 16 * ROOM:
            return np.asarray(batched(*arguments), float)
        return np.asarray(looped(*arguments), float)


BESIDE = 1e-10
"""Shorter lengths are those of the noise of f."""

ENOUGH = 1e-3
"""A rise by this part of f, and by so many times 1e6 of what f scatters beside x, is one for good."""

FARTHER = 3.0
"""One length shows a rise, another one so many times as long whether it is straight."""


def on_host(problem: Any, x: np.ndarray, lines: Lines) -> np.ndarray | None:
    """The same for a function that runs on the host, within its bounds; what it raises far away is its own affair.

    A side on which f has clearly risen is not followed any farther, and NaN from there on: a differential equation
    with a parameter of the wrong sign is solved for ever.
    """
    low, high, _ = limits_of(problem.space, x)
    out = np.full(lines.rows.size, np.nan)
    risen: dict[tuple[int, bool], float] = {}
    scatter, left = 0.0, set[tuple[int, bool]]()
    try:
        for k, (row, t) in enumerate(zip(lines.rows, lines.lengths, strict=True)):
            if t == 0 and k:
                out[k] = out[0]
                continue
            side = int(row), bool(t > 0)
            if side in left:
                continue
            with np.errstate(all="ignore"):
                there = np.clip(x + t * lines.directions[row], low, high).astype(x.dtype)
                try:
                    out[k] = problem.value(there)
                except (ArithmeticError, ValueError, np.linalg.LinAlgError):
                    out[k] = np.inf  # f is not defined there: a wall
            change = out[k] - out[0]
            if abs(t) < BESIDE:
                scatter = max(scatter, abs(change)) if np.isfinite(change) else scatter
            elif change > ENOUGH * max(abs(out[0]), 1e6 * scatter) and abs(t) >= FARTHER * risen.setdefault(
                side, abs(t)
            ):
                left.add(side)
    except OutOfCalls:
        return None
    return out

"""Values of f on a grid of a plane, for contours: compiled in blocks where JAX can, else within a time budget."""

import time
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.program import Program
from raphson.kernel.space import Box
from raphson.picture.feasible import within_bounds
from raphson.picture.plane import Plane
from raphson.picture.scene import Grid
from raphson.problems.callback import HOST, CallCounts

NUMBERS = 4_000_000
"""Numbers that one block of points may hold."""

BLOCK = 1024
"""Points in one call of compiled code: one size, so that every grid of a problem uses the same compilation."""

Window = tuple[float, float, float, float]


def sample(problem: Any, x: Any, plane: Plane, window: Window, nx: int, ny: int, budget: float = 2.0) -> Grid | None:
    """f at nx * ny points of the `window` (u0, u1, v0, v1) of a plane; NaN where f is not finite or beyond its bounds.

    Bounds along the plane's axes cut the window: the grid then ends where they are, with about as fine a mesh.

    `x` is a point in the structure that the problem takes (any point: the plane has its own origin).
    None where the grid would take longer than `budget` seconds, by the time that its first points took.
    Evaluations here are not counted as the run's.
    """
    u, v = columns_and_rows(problem.space, plane, window, nx, ny)
    values = along(problem, x, plane, mesh(u, v), budget)
    return None if values is None else gridded(problem.space, plane, u, v, values)


def columns_and_rows(space: Any, plane: Plane, window: Window, nx: int, ny: int) -> tuple[np.ndarray, np.ndarray]:
    """The columns and the rows of a grid, as `sample` places them."""
    nx, ny, window = cut_to_bounds(space, plane, window, nx, ny)
    return np.linspace(window[0], window[1], nx), np.linspace(window[2], window[3], ny)


def mesh(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Points (nv * nu, 2) of a grid, u the faster."""
    return np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2)


def gridded(space: Any, plane: Plane, u: np.ndarray, v: np.ndarray, values: np.ndarray) -> Grid:
    """Values of f at the points of `mesh` as a grid, which knows where bounds kept f from being asked."""
    beyond = ~within(space, plane, mesh(u, v)).reshape(len(v), len(u))
    return Grid(u, v, values.reshape(len(v), len(u)), beyond if beyond.any() else None)


def cut_to_bounds(space: Any, plane: Plane, window: Window, nx: int, ny: int) -> tuple[int, int, Window]:
    """The window between the bounds, and points in it that lie as near to one another as meant: at least a third."""
    cut = within_bounds(space, plane, window)
    counts = [
        max(round((count - 1) * (cut[k + 1] - cut[k]) / (window[k + 1] - window[k])) + 1, -(-count // 3))
        for k, count in ((0, nx), (2, ny))
    ]
    return counts[0], counts[1], cut


def along(problem: Any, x: Any, plane: Plane, p: np.ndarray, budget: float = 2.0) -> np.ndarray | None:
    """f (m,) at the points p (m, 2) of a plane; NaN and None as in `sample`."""
    out = np.full(len(p), np.nan)
    inside = np.flatnonzero(within(problem.space, plane, p))
    if not inside.size:
        return out
    evaluate = host_values if isinstance(problem, HOST) else traced_values
    found = evaluate(problem, x, plane, p[inside], budget)
    if found is None:
        return None
    out[inside] = np.where(np.isfinite(found), found, np.nan)
    return out


def within(space: Any, plane: Plane, p: np.ndarray) -> np.ndarray:
    """Which points lie between the bounds (m,): f was promised to be called nowhere else."""
    ok = np.ones(len(p), bool)
    if not isinstance(space, Box):
        return ok
    for side, sign in ((np.asarray(space.lower, float), -1.0), (np.asarray(space.upper, float), 1.0)):
        for i in np.flatnonzero(np.isfinite(side)):
            at = plane.origin[i] + p @ plane.basis[i]
            slack = 1e-9 * (abs(side[i]) + abs(plane.basis[i]).max())
            ok &= sign * (at - side[i]) <= slack
    return ok


def host_values(problem: Any, x: Any, plane: Plane, p: np.ndarray, budget: float) -> np.ndarray | None:
    """f point by point on the host; an exception of the user's function leaves a NaN."""
    aside = replace(problem, evaluations=CallCounts())
    out, begin = np.full(len(p), np.nan), time.perf_counter()
    with np.errstate(all="ignore"):
        for k, q in enumerate(p):
            try:
                out[k] = float(aside.value(plane.point(q)))
            except Exception:  # a picture may look where the run never went
                continue
            finally:
                spent = time.perf_counter() - begin
            if spent * len(p) > budget * (k + 1) and (k >= 3 or spent > budget):
                return None
    return out


def traced_values(problem: Any, x: Any, plane: Plane, p: np.ndarray, budget: float) -> np.ndarray | None:
    """f in blocks of compiled code."""
    leaves = jax.tree.leaves(x)
    dtype = jnp.result_type(*leaves)
    flat = np.concatenate([np.ravel(np.asarray(leaf)) for leaf in leaves]).astype(float)
    shift, basis = jnp.asarray(plane.origin - flat, dtype), jnp.asarray(plane.basis, dtype)
    x = jax.tree.map(lambda leaf: jnp.asarray(leaf), x)
    # What f holds at each point has the size of its data rather than of x where there are more data.
    each = len(flat) + sum(np.size(leaf) for leaf in jax.tree.leaves(problem))
    block = int(np.clip(NUMBERS // each, 1, BLOCK))
    out, begin = [], 0.0
    for k, start in enumerate(range(0, len(p), block)):
        part = p[start : start + block]
        full = np.concatenate([part, np.repeat(part[-1:], block - len(part), axis=0)])
        out.append(np.asarray(block_values(problem, x, shift, basis, jnp.asarray(full, dtype)), float)[: len(part)])
        # The first block may have compiled: the clock starts after it.
        if k == 0:
            begin = time.perf_counter()
        elif (time.perf_counter() - begin) * (len(p) - block) > budget * k * block:
            return None
    return np.concatenate(out)


def block_values(problem: Any, x: Any, shift: Any, basis: Any, p: Any) -> jax.Array:
    """f at a block of points, all at once; one by one where a part of f cannot be batched."""
    try:
        return values(problem, x, shift, basis, p, at_once=True)
    except NotImplementedError:
        return values(problem, x, shift, basis, p, at_once=False)


@partial(Program, static_argnames=("at_once",))
def values(problem: Any, x: Any, shift: Any, basis: Any, p: Any, at_once: bool) -> jax.Array:
    """f (m,) at the points x + shift + basis @ p of the plane."""

    def value(p: Any) -> Any:
        return problem.value(problem.space.retract(x, shift + basis @ p))

    return jax.vmap(value)(p) if at_once else jax.lax.map(value, p)

"""Spaces as users hand them over: points put onto them, and what cannot be done there refused before the loop."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.number import eps
from raphson.kernel.space import Box, Euclidean
from raphson.problems.callback import HOST
from raphson.solver.bounds import endless, read_bounds


def read_space(
    space: Any, bounds: Any, x: Any, notes: list[str], names: Any, *, pairs: bool, name: str = "x0"
) -> tuple[Any, Any]:
    """The space of a problem, from `space=` or `bounds=`, and the start as a point of it (noted where it was none).

    Raises TypeError for what is no space, ValueError for bounds together with a space and for starts that no point
    of the space is nearest to.
    """
    if isinstance(space, type):
        raise TypeError(f"space must be a space, not the class {space.__name__}: write {space.__name__}()")
    if space is not None and not all(hasattr(space, a) for a in ("retract", "move", "magnitude", "straight")):
        raise TypeError(f"space must be rp.Sphere(), rp.Rotation() or the like, not {type(space).__name__}")
    bounded = bounds is not None and not endless(bounds)
    if space is None or isinstance(space, Euclidean):
        return read_bounds(bounds, x, notes, names, pairs=pairs)
    if bounded:
        raise ValueError(
            f"bounds together with space={type(space).__name__}: bounds hold coordinates of x, and there is no step "
            "along them here. Leave the bounds out, or describe the set by a change of variables"
        )
    if isinstance(space, Box):
        sides = [np.ravel(np.asarray(side)) for side in (space.lower, space.upper)]
        return read_bounds(list(zip(*sides, strict=True)) if pairs else sides, x, notes, names, pairs=pairs)
    return space, on_space(space, x, notes, name) if not space.straight else x


OFF = 1e3
"""A start farther from the space than so many units in the last place is noted: it was not meant as a point of it."""


def on_space(space: Any, x: Any, notes: list[str], name: str) -> Any:
    """The point of a curved space that is nearest to x."""
    leaves = jax.tree.leaves(x)
    kind = type(space).__name__
    if len(leaves) != 1:
        raise ValueError(f"{name} has {len(leaves)} arrays; the points of {kind} are one array")
    if why := space.misfit(np.shape(leaves[0])):
        raise ValueError(f"{name} is no point of {kind}: {why}")
    given = np.asarray(leaves[0])
    if not np.all(np.isfinite(given)):
        raise ValueError(f"{name} must be finite to be a point of {kind}")
    point = np.asarray(space.project(jnp.asarray(given)))
    if not np.all(np.isfinite(point)):
        raise ValueError(f"{name} = 0 has no nearest point on {kind}: give any other vector")
    if np.max(np.abs(point - given)) > OFF * eps(given):
        notes.append(f"{name} was no point of {kind}: it was taken to the nearest one")
    return jax.tree.unflatten(jax.tree.structure(x), [point])


def placed(problem: Any, space: Any, notes: list[str]) -> Any:
    """The problem in its space; ValueError for functions on the host, which curved spaces cannot have."""
    if not space.straight and isinstance(problem, HOST):
        raise ValueError(
            f"a function on {type(space).__name__} must be one that JAX can trace, for derivatives in its tangent "
            f"spaces: {notes[-1] if notes else 'it runs on the host'}"
        )
    return replace(problem, space=space)


def check_method(method: Any, name: str, space: Any) -> None:
    """ValueError for methods that learn curvature from gradients of different tangent spaces."""
    if not space.straight and method.curvature.learned:
        raise ValueError(
            f"{name} compares gradients of different points, which on {type(space).__name__} lie in different tangent "
            "spaces: use 'auto', 'trust-exact', 'trust-cg', 'newton' or 'gradient-descent'"
        )

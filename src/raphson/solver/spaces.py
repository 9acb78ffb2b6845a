"""Spaces as users hand them over: points put onto them, and what cannot be done there refused before the loop."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.names import step_names
from raphson.kernel.number import eps
from raphson.kernel.product import Product, box_of, is_space
from raphson.kernel.space import Box, Euclidean
from raphson.problems.callback import HOST
from raphson.solver.bounds import endless, read_bounds
from raphson.solver.messages import called


def as_space(space: Any) -> Any:
    """A space as it was meant: itself, or for a structure of spaces (None: the reals) their `Product`.

    Raises TypeError for what is no space.
    """
    if space is None or is_space(space):
        return space
    if isinstance(space, type):
        raise TypeError(f"space must be a space, not the class {space.__name__}: write {space.__name__}()")
    parts, tree = jax.tree.flatten(space, is_leaf=lambda a: a is None or is_space(a))
    if tree.num_nodes > 1 and parts:
        return Product(tree.unflatten([Euclidean() if part is None else as_space(part) for part in parts]))
    raise TypeError(
        f"space must be rp.Sphere(), rp.Rotation() or the like, or a structure of them like x, not {called(space)}"
    )


def read_space(
    space: Any, bounds: Any, x: Any, notes: list[str], names: Any, *, pairs: bool, name: str = "x0"
) -> tuple[Any, Any]:
    """The space of a problem, from `space=` or `bounds=`, and the start as a point of it (noted where it was none).

    Raises TypeError for what is no space, ValueError for bounds together with a space, for points of another shape
    or structure, and for starts that no point of the space is nearest to.
    """
    space = as_space(space)
    if space is None or isinstance(space, Euclidean):
        return read_bounds(bounds, x, notes, names, pairs=pairs)
    if bounds is not None and not endless(bounds):
        raise ValueError(
            f"bounds together with space={type(space).__name__}: bounds hold coordinates of x, and there is no step "
            "along them here. Leave the bounds out, or give the parts of x spaces of their own, as in "
            "space={'R': rp.Rotation(), 't': rp.Box(lower, upper)}"
        )
    return on_space(space, x, notes, names, name)


OFF = 1e3
"""A start farther from the space than so many units in the last place is noted: it was not meant as a point of it."""


def on_space(space: Any, x: Any, notes: list[str], names: Any, name: str) -> tuple[Any, Any]:
    """The space with its bounds in the precision of x, and the point of it that is nearest to x."""
    if isinstance(space, Product):
        return on_product(space, x, notes, name)
    if isinstance(space, Box):
        sides = tuple(np.ravel(np.asarray(side)) for side in (space.lower, space.upper))
        return read_bounds(sides, x, notes, names, pairs=False)
    return space, x if space.straight else nearest(space, x, notes, name)


def on_product(space: Product, x: Any, notes: list[str], name: str) -> tuple[Any, Any]:
    """The same for a product, part by part. One of straight parts alone is no more than their coordinates."""
    check_points(space, x, name)
    paths: list[Any] = jax.tree_util.tree_flatten_with_path(space.parts, is_leaf=is_space)[0]
    names, start, found = step_names(space, x), 0, []
    for (path, _), (part, at) in zip(paths, space.split(x), strict=True):
        end = start + part.size(at)
        found.append(on_space(part, at, notes, names[start:end], name + jax.tree_util.keystr(path)))
        start = end
    tree = jax.tree.structure(space.parts, is_leaf=is_space)
    space, x = Product(tree.unflatten([part for part, _ in found])), tree.unflatten([at for _, at in found])
    return (box_of(space, x) or Euclidean()) if space.straight else space, x


def check_points(space: Any, x: Any, name: str) -> None:
    """ValueError where x has another structure or shape than points of the space."""
    if isinstance(space, Product):
        try:
            parts = space.split(x)
        except ValueError:
            raise ValueError(
                f"{name} has not the structure of its space: {name} is {outline(x)}, space is {outline(space.parts)}"
            ) from None
        paths: list[Any] = jax.tree_util.tree_flatten_with_path(space.parts, is_leaf=is_space)[0]
        for (path, _), (part, at) in zip(paths, parts, strict=True):
            check_points(part, at, name + jax.tree_util.keystr(path))
        return
    if space.straight:
        return
    leaves, kind = jax.tree.leaves(x), type(space).__name__
    if len(leaves) != 1:
        raise ValueError(
            f"{name} has {len(leaves)} arrays; the points of {kind} are one array. Give each array a space of its own, "
            "in a structure like that of x, as in space={'R': rp.Rotation(), 't': None}"
        )
    if why := space.misfit(np.shape(leaves[0])):
        raise ValueError(f"{name} is no point of {kind}: {why}")


def outline(structure: Any) -> str:
    """A structure of arrays or spaces in words: {'R': (3, 3), 't': (3,)}, {'R': Rotation, 't': Euclidean}."""
    word = lambda a: Word(type(a).__name__ if is_space(a) else str(np.shape(a)))
    return str(jax.tree.map(word, structure, is_leaf=is_space))


class Word(str):
    """A text that is written without quotes."""

    __repr__ = str.__str__


def nearest(space: Any, x: Any, notes: list[str], name: str) -> Any:
    """The point of a curved space that is nearest to x."""
    check_points(space, x, name)
    kind, given = type(space).__name__, np.asarray(jax.tree.leaves(x)[0])
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
        raise on_host_there(space, notes[-1] if notes else "it runs on the host")
    return replace(problem, space=space)


def on_host_there(space: Any, why: str) -> ValueError:
    """What is raised for a function on a curved space that JAX cannot trace."""
    return ValueError(
        f"a function on {type(space).__name__} must be one that JAX can trace, for derivatives in its tangent spaces: "
        f"{why}"
    )


def check_method(method: Any, name: str, space: Any) -> None:
    """ValueError for methods that learn curvature from gradients of different tangent spaces which nothing connects."""
    if not space.straight and method.curvature.learned and not carries(space):
        raise ValueError(
            f"{name} compares gradients of different points, which on {type(space).__name__} lie in different tangent "
            "spaces, and it has no transport(x, s, v) between them: use 'auto', 'trust-exact', 'trust-cg', 'newton' or "
            "'gradient-descent'"
        )


def carries(space: Any) -> bool:
    """Whether a space has a transport of tangent vectors, in every part."""
    parts = jax.tree.leaves(space.parts, is_leaf=is_space) if isinstance(space, Product) else []
    return hasattr(space, "transport") and all(carries(part) for part in parts)

"""Bounds as users write them, as a box; starts outside are moved in."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.product import box_of, coordinates
from raphson.kernel.space import Box, Euclidean


def read_bounds(bounds: Any, x: Any, notes: list[str], names: Any, *, pairs: bool) -> tuple[Any, Any]:
    """The space of the problem, and the start moved into it (noted).

    bounds: None; SciPy's `Bounds`; `pairs`: a sequence or an array of n (lower, upper), as `minimize` has them;
    else (lower, upper), each a number, an array or a pytree like x, as `least_squares` has them.
    None and infinities mean no bound. `names` of the variables. Raises ValueError for crossed bounds
    and wrong lengths.
    """
    if bounds is None or endless(bounds):
        return Euclidean(), x
    here = np.concatenate([np.ravel(np.asarray(leaf)) for leaf in jax.tree.leaves(x)])
    lower, upper = both_sides(bounds, here.size, pairs)
    for name, side in (("lower", lower), ("upper", upper)):
        if np.any(np.isnan(side)):
            i = int(np.argmax(np.isnan(side)))
            raise ValueError(f"the {name} bound of {names[i]} is NaN; None or inf means no bound")
    crossed = np.flatnonzero(lower > upper)
    if crossed.size:
        i = int(crossed[0])
        raise ValueError(
            f"An upper bound is less than the corresponding lower bound: bounds of {names[i]} are crossed: lower "
            f"{lower[i]:g} > upper {upper[i]:g}"
        )
    if not (np.any(np.isfinite(lower)) or np.any(np.isfinite(upper))):
        return Euclidean(), x
    inside = np.clip(here, lower, upper)
    out = np.flatnonzero((inside != here) & ~np.isnan(here))
    if out.size:
        moves = ", ".join(f"{names[i]} = {here[i]:g} to {inside[i]:g}" for i in out[:3])
        more = f" and {out.size - 3} more" if out.size > 3 else ""
        notes.append(f"x0 lay outside the bounds and was moved in: {moves}{more}")
    # A bound rounded to the working precision may lie below the user's by half a unit in the last place.
    dtype = jnp.result_type(*jax.tree.leaves(x))
    lower, upper = (np.asarray(side, dtype) for side in (lower, upper))
    alone = one_number(lower, upper) & ~np.isnan(inside)
    lower, upper = (np.where(alone, inside, side).astype(dtype) for side in (lower, upper))
    return Box(jnp.asarray(lower), jnp.asarray(upper)), with_values(x, inside) if out.size else x


def one_number(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Which variables are fixed (n,): their bounds are one number, or as near as `Box.move` takes for one.

    A step within such a box is made of rounding: a slope that pushes against one of its ends says nothing there.
    """
    floats = np.finfo(lower.dtype)
    size = np.maximum(np.abs(lower), np.abs(upper))
    with np.errstate(invalid="ignore", over="ignore"):  # inf - inf, and a box wider than the largest number
        return upper - lower <= np.maximum(8 * floats.eps * np.where(np.isfinite(size), size, 0), floats.tiny)


def endless(bounds: Any) -> bool:
    """Whether bounds are SciPy's default (-inf, inf): the common case costs nothing."""
    return (
        type(bounds) is tuple
        and all(isinstance(a, float) and np.isinf(a) for a in bounds)
        and bounds == (-np.inf, np.inf)
    )


def with_values(x: Any, values: np.ndarray) -> Any:
    """A point of the structure of x with other values."""
    leaves, tree = jax.tree.flatten(x)
    ends = np.cumsum([leaf.size for leaf in leaves])[:-1]
    parts = np.split(values, ends)
    return tree.unflatten(
        [jnp.asarray(part.reshape(leaf.shape), leaf.dtype) for part, leaf in zip(parts, leaves, strict=True)]
    )


def both_sides(bounds: Any, n: int, pairs: bool) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds as vectors (n,)."""
    if hasattr(bounds, "lb"):
        return one_side(bounds.lb, n, "lower", -np.inf), one_side(bounds.ub, n, "upper", np.inf)
    if pairs:
        rows = list(bounds)
        if any(not hasattr(row, "__len__") or len(row) != 2 for row in rows):
            raise ValueError(f"bounds must be {n} pairs (lower, upper), one per variable, or a scipy.optimize.Bounds")
        if len(rows) != n:
            raise ValueError(
                f"The number of bounds is not compatible with the length of `x0`. bounds must be {n} pairs (lower, "
                f"upper), one per variable; they are {len(rows)}"
            )
        return one_side([a for a, _ in rows], n, "lower", -np.inf), one_side([b for _, b in rows], n, "upper", np.inf)
    if not isinstance(bounds, (tuple, list, np.ndarray)) or len(bounds) != 2:
        raise ValueError(
            "bounds must be (lower, upper), each a number or one per parameter, or a scipy.optimize.Bounds"
        )
    return one_side(bounds[0], n, "lower", -np.inf), one_side(bounds[1], n, "upper", np.inf)


def one_side(side: Any, n: int, name: str, nothing: float) -> np.ndarray:
    """One bound per variable; None means none."""
    leaves = jax.tree.leaves(side, is_leaf=lambda a: a is None)
    parts = [np.ravel(np.asarray(nothing if a is None else a, float)) for a in leaves]
    values = np.concatenate(parts) if parts else np.empty(0)
    if values.size not in (1, n):
        raise ValueError(
            f"The number of bounds is not compatible with the length of `x0`. There are {values.size} {name} bounds "
            f"for {n} variables: give one, or one per variable"
        )
    return np.broadcast_to(values, (n,)).copy()


def active_bounds(space: Any, g: np.ndarray, x: Any) -> np.ndarray:
    """-1 where x lies at its lower bound and f falls beyond it (or it is fixed), 1 at the upper, 0 elsewhere (n,)."""
    box = box_of(space, x)
    if box is None:
        return np.zeros(g.size, int)
    here, low, high = (np.asarray(a) for a in (coordinates(space, x), box.lower, box.upper))
    below = (here <= low) & ((g > 0) | (low == high))
    return np.where(below, -1, np.where((here >= high) & (g < 0), 1, 0))


def held_words(space: Any, x: Any, sides: np.ndarray, names: Any) -> tuple[str, ...]:
    """The variables that a bound holds, in words: "x2 at its upper bound 10"."""
    box = box_of(space, x)
    if box is None or not np.any(sides):
        return ()
    ends = {-1: ("lower", np.asarray(box.lower)), 1: ("upper", np.asarray(box.upper))}
    return tuple(
        f"{names[i]} at its {ends[sides[i]][0]} bound {ends[sides[i]][1][i]:.6g}" for i in np.flatnonzero(sides)
    )

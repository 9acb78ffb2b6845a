"""Where numbers of a program come from: primitives that move them are applied to their positions."""

import base64
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.picture.recording.kinds import Unwritable, known


def is_index(eqn: Any, k: int) -> bool:
    """Whether argument k of a primitive that moves numbers says where, rather than what."""
    name = eqn.primitive.name
    first = {"gather": 1, "scatter": 1, "dynamic_slice": 1, "dynamic_update_slice": 2}.get(name)
    if first is None:
        return False
    return k == 1 if name == "scatter" else k >= first


def evaluated(eqn: Any, args: Sequence[Any]) -> list[Any]:
    """The results of an equation for known numbers."""
    found = eqn.primitive.bind(*map(jnp.asarray, args), **eqn.params)
    return [known(a) for a in (found if eqn.primitive.multiple_results else [found])]


def beyond_the_array(eqn: Any, places: list[Any], found: np.ndarray, total: int) -> np.ndarray:
    """Which places of a gather lie outside the array: what stands there does not move with the positions."""
    if eqn.params.get("mode") != lax.GatherScatterMode.FILL_OR_DROP:
        return np.zeros(found.shape, bool)
    (moved,) = evaluated(eqn, [places[0] + total, *places[1:]])
    return moved - found != total


def fill_value(eqn: Any) -> np.ndarray:
    """What a gather takes from outside an array."""
    value = eqn.params.get("fill_value")
    if value is None and not jnp.issubdtype(eqn.outvars[0].aval.dtype, jnp.floating):
        raise Unwritable("it takes whole numbers from outside an array")
    return np.array([np.nan if value is None else value], float)


def targets(eqn: Any, where: Any) -> np.ndarray:
    """The place that each update of a scatter-add is added to, flat; -1: it is dropped. The pullback of a scatter-add
    is a gather: of the positions, counted from 1, it makes those of the updates."""
    operand, _, updates = (atom.aval for atom in eqn.invars)
    if not jnp.issubdtype(operand.dtype, jnp.floating):
        raise Unwritable(f"it adds up numbers of type {operand.dtype} by their places")
    added = lambda u: eqn.primitive.bind(jnp.zeros(operand.shape, operand.dtype), where, u, **eqn.params)
    _, back = jax.vjp(added, jnp.zeros(updates.shape, updates.dtype))
    size = int(np.prod(operand.shape))
    (found,) = back(jnp.arange(1, size + 1, dtype=operand.dtype).reshape(operand.shape))
    return np.ravel(np.asarray(found)).astype(int) - 1


def gathered(target: np.ndarray, size: int) -> np.ndarray:
    """For each of so many places the updates that are added to it (size, most), in their order; one beyond the last
    update where there are fewer."""
    order = np.argsort(target, kind="stable")
    order = order[target[order] >= 0]
    place = target[order]
    counts = np.bincount(place, minlength=size)
    rank = np.arange(len(place)) - (np.cumsum(counts) - counts)[place]
    out = np.full((size, int(counts.max(initial=0))), len(target))
    out[place, rank] = order
    return out


def runs(flat: np.ndarray) -> list[list[int]]:
    """Places as runs [first, step, count]."""
    out: list[list[int]] = []
    for place in flat.tolist():
        if out and out[-1][2] == 1:
            out[-1][1:] = [place - out[-1][0], 2]
        elif out and place == out[-1][0] + out[-1][1] * out[-1][2]:
            out[-1][2] += 1
        else:
            out.append([place, 0, 1])
    return out


def encoded(a: np.ndarray) -> Any:
    """A number, or little-endian Float64 in base64."""
    if a.size == 1 and np.isfinite(a[0]):
        return float(a[0])
    return base64.b64encode(np.ascontiguousarray(a, "<f8").tobytes()).decode("ascii")

"""Vectors that a program puts together from numbers, for `roll`: which they are, and how their entries are picked."""

from typing import Any

import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np

FEWEST_WRITTEN = 4
"""Numbers written one by one that are worth a vector."""


def written_place(roll: Any, i: int) -> int | None:
    """Where equation i writes one number into a vector, if that is all that it does (`r.at[3].set(a)`)."""
    equation, ins, _ = roll.equations[i]
    if equation.primitive.name != "scatter" or len(ins[0].aval.shape) != 1 or ins[2].aval.shape != ():
        return None
    made = None if isinstance(ins[1], jex.Literal) else roll.maker.get(ins[1])
    if made is None or ins[1].aval.shape != (1,) or roll.equations[made][0].primitive.name != "broadcast_in_dim":
        return None
    index = roll.equations[made][1][0]
    value = index.val if isinstance(index, jex.Literal) else roll.constants.get(index)
    return int(value) if value is not None and 0 <= int(value) < ins[0].aval.shape[0] else None


def maker_of_one_use(roll: Any, atom: Any, dtype: Any = None) -> int | None:
    """The equation that makes an atom which one equation reads and nobody else (of this type, if one is given)."""
    aval: Any = atom.aval
    alone = isinstance(atom, jex.Var) and roll.uses[atom] == 1 and atom not in roll.values
    return roll.maker.get(atom) if alone and dtype in (None, aval.dtype) else None


def written_numbers(roll: Any, i: int) -> tuple[Any, dict[int, Any]] | None:
    """The vector that a loop wrote numbers into, and what stands where in the end, in order of places, if equation i is
    the last of such a loop; None if it is not."""
    found: dict[int, Any] = {}
    at: Any = i
    while True:
        place = written_place(roll, at)
        if place is None:
            return None
        base, _, number = roll.equations[at][1]
        found.setdefault(place, number)
        inner = maker_of_one_use(roll, base)
        while inner is not None and roll.equations[inner][0].primitive.name == "convert_element_type":  # a weak type
            inner = maker_of_one_use(roll, roll.equations[inner][1][0], base.aval.dtype)
        if inner is None or written_place(roll, inner) is None:
            break
        at = inner
    return (base, dict(sorted(found.items()))) if len(found) > FEWEST_WRITTEN else None


def joins_vectors(equation: Any) -> bool:
    """Whether an equation makes one vector of numbers or of vectors."""
    if not equation.invars:
        return False
    name, shape = equation.primitive.name, equation.invars[0].aval.shape
    return (name == "concatenate" and len(shape) == 1) or (name == "stack" and shape == ())


def picked(array: Any, index: list[tuple]) -> Any:
    """Entries of an array by their indices: the array itself, a slice of it, or a gather."""
    flat: Any = np.ravel_multi_index(tuple(np.array(index).T), array.shape)
    vector = array.reshape(-1)
    if len(flat) == vector.shape[0] and np.array_equal(flat, np.arange(len(flat))):
        return vector
    step = np.diff(flat)
    if len(flat) > 1 and np.all(step == step[0]) and step[0] > 0:
        return vector[int(flat[0]) : int(flat[-1]) + 1 : int(step[0])]
    return jnp.broadcast_to(vector[int(flat[0])], flat.shape) if np.all(step == 0) else vector[flat]

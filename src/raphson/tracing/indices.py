"""An index out of range: NumPy raises IndexError, JAX takes the last entry without a word."""

from __future__ import annotations

from typing import Any

import jax.extend.core as jex
import numpy as np

FOLDED = {"lt": np.less, "add": np.add, "select_n": lambda which, a, b: b if which else a}
"""What JAX computes an index from before it slices: folded here where all of it is known."""


def refuse_clamped(jaxpr: Any) -> None:
    """IndexError where a traced function takes a constant index beyond the end of an array.

    Only what cannot be meant is refused: a `dynamic_slice` of size 1 at a start that is a literal outside the array.
    """
    known: dict[Any, Any] = {}

    def read(atom: Any) -> Any:
        return np.asarray(atom.val) if isinstance(atom, jex.Literal) else known.get(atom)

    for equation in jaxpr.eqns:
        name = equation.primitive.name
        if name == "jit":
            refuse_clamped(equation.params["jaxpr"].jaxpr)
        values = [read(atom) for atom in equation.invars]
        if name in FOLDED and all(value is not None and value.ndim == 0 for value in values):
            known[equation.outvars[0]] = np.asarray(FOLDED[name](*values))
        elif name == "dynamic_slice":
            sizes, shape = equation.params["slice_sizes"], equation.invars[0].aval.shape
            for axis, (start, size, length) in enumerate(zip(values[1:], sizes, shape, strict=True)):
                if start is not None and size == 1 and not 0 <= int(start) < length:
                    index = int(start) if start >= 0 else int(start) - length
                    raise IndexError(f"index {index} is out of bounds for axis {axis} with size {length}")

"""f as a small program that the page can run: a jaxpr written out in arrays of numbers and three dozen operations.

    {"n": 2, "constants": [...], "operations": [{"op": "mul", "args": [0, 1], "size": 2, ...}, ...], "out": 9}

Values are numbered: 0 is x, flat (n,); then the constants; then what the operations make, in order. All arrays are
flat: whatever only moves numbers about (slices, reshapes, transpositions, gathers, ...) is one operation `pick`,
numbers taken from its arguments laid end to end. frontend/src/engine/jets.ts runs it, with second derivatives.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.picture.recording.kinds import Made, Unwritable
from raphson.picture.recording.writer import Writer
from raphson.problems.callback import HOST


def exported(problem: Any, x: Any) -> tuple[dict[str, Any] | None, str]:
    """The program of f(flat x), or None and why there is none."""
    if problem is None:
        return None, "f is not known here"
    if isinstance(problem, HOST):
        return None, "f runs on the host"
    if not problem.space.straight:
        return None, "x lies on a curved space"
    try:
        return program_of(problem, x), ""
    except Unwritable as reason:
        return None, str(reason)
    except Exception as reason:  # whatever it was: a report must not fail because the page cannot have f
        return None, f"f could not be written down ({type(reason).__name__})"


def program_of(problem: Any, x: Any) -> dict[str, Any]:
    """The program; raises Unwritable where there is none."""
    leaves, tree = jax.tree.flatten(x)
    leaves = [jnp.asarray(leaf) for leaf in leaves]
    ends = np.cumsum([leaf.size for leaf in leaves])
    closed = jax.make_jaxpr(lambda *leaves: problem.value(jax.tree.unflatten(tree, leaves)))(*leaves)
    writer = Writer(int(ends[-1]), max(float(jnp.finfo(leaf.dtype).eps) for leaf in leaves))
    flat = Made(0, (writer.n,))
    parts = [
        writer.pick([flat], np.arange(end - leaf.size, end).reshape(leaf.shape), writer.n)
        for leaf, end in zip(leaves, ends, strict=True)
    ]
    (out,) = writer.run(closed.jaxpr, closed.consts, parts)
    return writer.program(out)

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

from raphson.picture.recording.writer import Made, Unwritable, Writer
from raphson.problems.callback import HOST


def exported(problem: Any, x: Any) -> tuple[dict[str, Any] | None, str]:
    """The program of f(flat x), or None and why there is none."""
    if problem is None:
        return None, "f is not known here"
    if isinstance(problem, HOST):
        return None, "f runs on the host"
    if not problem.space.straight:
        return None, "x lies on a curved space"
    leaves, tree = jax.tree.flatten(x)
    shapes, types = [np.shape(leaf) for leaf in leaves], [jnp.result_type(leaf) for leaf in leaves]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    flat = np.concatenate([np.ravel(np.asarray(leaf, float)) for leaf in leaves])

    def value(z: Any) -> Any:
        split = zip(jnp.split(z, ends[:-1]), shapes, types, strict=True)
        parts = [jnp.reshape(part, shape).astype(dtype) for part, shape, dtype in split]
        return problem.value(jax.tree.unflatten(tree, parts))

    try:
        closed = jax.make_jaxpr(value)(jnp.asarray(flat))
        writer = Writer(len(flat))
        (out,) = writer.run(closed.jaxpr, closed.consts, [Made(0, (len(flat),))])
        return writer.program(out), ""
    except Unwritable as reason:
        return None, str(reason)

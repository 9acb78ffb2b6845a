"""What was evaluated at a point."""

from typing import Any

import jax

from raphson.kernel.record import record


@record
class Evaluation:
    """f at a point, with as much of its derivatives as was asked for (None: not asked)."""

    x: Any
    value: jax.Array
    gradient: Any = None
    curvature: Any = None

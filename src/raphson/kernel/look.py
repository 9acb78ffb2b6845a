"""What was evaluated at a point."""

from typing import Any

import jax

from raphson.kernel.record import record

VALUE, GRADIENT, HESSIAN, PRODUCT, GRAM, BEND = range(6)
"""How much to evaluate: f; f and g; f, g and a dense H; f, g and H as a product v -> H v; and for residuals: f, g and
J'J as J; the same with the second derivative along a direction."""


@record
class Look:
    """f at a point, with as much of its derivatives as was asked for (None: not asked)."""

    x: Any
    value: jax.Array
    gradient: Any = None
    curvature: Any = None

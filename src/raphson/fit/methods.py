"""The methods for residuals by name."""

import difflib
from typing import Any

from raphson.solver.presets import RESIDUAL_PRESETS as METHODS

ALIASES = {"trf": "auto", "dogbox": "dogleg", "levenberg-marquardt": "lm", "leastsq": "auto", "geodesic": "lm-geodesic"}
"""SciPy's names and common ones."""


def method_name(method: Any) -> str:
    """The method that a name means, or "auto"; ValueError with the nearest names for an unknown one."""
    if method is None:
        return "auto"
    if not isinstance(method, str):
        raise TypeError(f"method must be a name or a Method, not {type(method).__name__}")
    name = method.lower().replace("_", "-")
    name = ALIASES.get(name, name)
    if name == "auto" or name in METHODS:
        return name
    near = difflib.get_close_matches(name, [*METHODS, "auto"], n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    raise ValueError(f"unknown method {method!r}: {hint}There are 'auto', {', '.join(map(repr, METHODS))}")

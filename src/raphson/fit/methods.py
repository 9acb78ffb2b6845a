"""The methods for residuals by name."""

import difflib
from typing import Any

from raphson.controls.armijo import Armijo
from raphson.controls.nielsen import Nielsen
from raphson.controls.radius import Radius
from raphson.kernel.look import BEND
from raphson.model.curvature import Exact, GaussNewton
from raphson.paths.damped import Damped
from raphson.paths.dogleg import Dogleg
from raphson.paths.geodesic import Geodesic
from raphson.paths.ray import Ray
from raphson.paths.trust import Trust
from raphson.solver.step import Method
from raphson.solver.stop import Stop

END = Stop(tolerance=4e-16, max_steps=20_000)
"""Fits end at the noise of the residuals, not before: a last step costs microseconds, a lost digit cannot be bought."""

METHODS: dict[str, Method] = {
    "lm": Method(GaussNewton(), Damped(), Nielsen(), END),
    "lm-radius": Method(GaussNewton(), Trust(), Radius(), END),
    "lm-geodesic": Method(GaussNewton(order=BEND), Geodesic(), Nielsen(), END),
    "gauss-newton": Method(GaussNewton(), Ray(), Armijo(), END),
    "dogleg": Method(GaussNewton(), Dogleg(), Radius(), END),
    "newton": Method(Exact(), Trust(), Radius(), END),
}

DESCRIPTIONS = {
    "lm": "Levenberg-Marquardt, QR, Nielsen damping",
    "lm-radius": "Levenberg-Marquardt in a trust region (More)",
    "lm-geodesic": "Levenberg-Marquardt with geodesic acceleration",
    "gauss-newton": "Gauss-Newton with backtracking",
    "dogleg": "Gauss-Newton, dogleg trust region",
    "newton": "full Newton, exact trust region",
}

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

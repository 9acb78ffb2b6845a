"""raphson: second-order optimization that shows its work.

Give it a function; it computes value, gradient and Hessian, writes down the local quadratic
model, shows its geometry, and minimizes; every answer carries a certificate and a verdict.
float64 is switched on in JAX unless the environment says RAPHSON_X64=0.
"""

import os as _os
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

import jax as _jax

if _os.environ.get("RAPHSON_X64", "1") != "0":
    _jax.config.update("jax_enable_x64", True)

from raphson import parts
from raphson.certificate.verdict import Certificate, Verdict
from raphson.fit.curve import curve_fit
from raphson.fit.least_squares import least_squares
from raphson.fit.result import Fit
from raphson.fit.uncertainty import Uncertainty
from raphson.kernel.product import Product
from raphson.kernel.rotation import Rotation
from raphson.kernel.space import Box, Euclidean
from raphson.kernel.sphere import Sphere
from raphson.kernel.status import Status
from raphson.kernel.trace import Trace, Trial
from raphson.model.geometry import Geometry
from raphson.model.quadratic import Model
from raphson.picture import notebook as _notebook
from raphson.picture import plot
from raphson.picture import report as _reports
from raphson.picture.laboratory import lab
from raphson.picture.tour import tour
from raphson.problems.least_squares import LeastSquares
from raphson.problems.loss import Loss
from raphson.problems.minimize import Minimize
from raphson.problems.zoo import zoo
from raphson.report import console as _console
from raphson.report.compare import Comparison, compare
from raphson.report.training import TrainingReport as _TrainingReport
from raphson.solver.answer import Solution, solve
from raphson.solver.check import check_derivatives
from raphson.solver.door import iterate, minimize
from raphson.solver.local import local_model
from raphson.solver.presets import PRESETS as presets
from raphson.solver.result import Result
from raphson.solver.step import Method
from raphson.solver.stop import Stop

if _TYPE_CHECKING:
    from raphson import ml, slam

_reports.register(Model, Result, Comparison, _TrainingReport)
_notebook.register(Result)
_console.register(Result)

__version__ = "0.1.0"
__all__ = [
    # what users call
    "check_derivatives", "compare", "curve_fit", "iterate", "lab", "least_squares", "local_model", "minimize", "plot",
    "solve", "tour", "zoo",
    # what they get
    "Certificate", "Comparison", "Fit", "Geometry", "Model", "Result", "Solution", "Status", "Trace", "Trial",
    "Uncertainty", "Verdict",
    # problems, and what a method is made of (its parts: raphson.parts)
    "LeastSquares", "Loss", "Method", "Minimize", "Stop", "parts", "presets",
    # pose graphs; curvature of learning
    "ml", "slam",
    # where points live
    "Box", "Euclidean", "Product", "Rotation", "Sphere",
]  # fmt: skip


def __getattr__(name: str) -> _Any:
    """`slam` and `ml` are loaded when they are first asked for."""
    if name not in ("ml", "slam"):
        raise AttributeError(f"module 'raphson' has no attribute {name!r}")
    from importlib import import_module

    return import_module(f"raphson.{name}")

"""raphson: second-order optimization that shows its work.

Give it a function; it computes value, gradient and Hessian, writes down the local quadratic
model, shows its geometry, and minimizes; every answer carries a certificate and a verdict.
float64 is switched on in JAX unless the environment says RAPHSON_X64=0.
"""

import os as _os

import jax as _jax

if _os.environ.get("RAPHSON_X64", "1") != "0":
    _jax.config.update("jax_enable_x64", True)

from raphson.controls.armijo import Armijo
from raphson.controls.full import Full
from raphson.controls.nielsen import Nielsen
from raphson.controls.radius import Radius
from raphson.controls.sigma import Sigma
from raphson.controls.wolfe import Wolfe
from raphson.kernel.status import Status
from raphson.kernel.trace import Trace, Trial
from raphson.model.curvature import Exact, ExactProduct, Identity
from raphson.model.geometry import Geometry
from raphson.model.quadratic import Model
from raphson.model.quasi_newton import BFGS, DFP, LBFGS, SR1
from raphson.paths.cubic import Cubic
from raphson.paths.damped import Damped
from raphson.paths.dogleg import Dogleg
from raphson.paths.ray import Ray
from raphson.paths.steihaug import Steihaug
from raphson.paths.trust import Trust
from raphson.problems.minimize import Minimize
from raphson.problems.zoo import zoo
from raphson.report.compare import Comparison, compare
from raphson.solver.answer import Solution, solve
from raphson.solver.certificate import Certificate, Verdict
from raphson.solver.check import check_derivatives
from raphson.solver.door import iterate, minimize
from raphson.solver.local import local_model
from raphson.solver.presets import PRESETS as presets
from raphson.solver.result import Result
from raphson.solver.step import Method
from raphson.solver.stop import Stop

__version__ = "0.1.0"
__all__ = [
    # what users call
    "check_derivatives", "compare", "iterate", "local_model", "minimize", "solve", "zoo",
    # what they get
    "Certificate", "Comparison", "Geometry", "Model", "Result", "Solution", "Status", "Trace", "Trial", "Verdict",
    # what a method is made of
    "Method", "Minimize", "Stop", "presets",
    "Exact", "ExactProduct", "Identity", "BFGS", "DFP", "LBFGS", "SR1",
    "Cubic", "Damped", "Dogleg", "Ray", "Steihaug", "Trust",
    "Armijo", "Full", "Nielsen", "Radius", "Sigma", "Wolfe",
]  # fmt: skip

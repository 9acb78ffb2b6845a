"""raphson: second-order optimization that shows its work.

Give it a function; it computes value, gradient and Hessian, writes down the local quadratic
model, shows its geometry, and minimizes; every answer carries a certificate and a verdict.
float64 is switched on in JAX unless the environment says RAPHSON_X64=0.
"""

import os as _os

import jax as _jax

if _os.environ.get("RAPHSON_X64", "1") != "0":
    _jax.config.update("jax_enable_x64", True)

from raphson.model.geometry import Geometry
from raphson.problems.minimize import Minimize
from raphson.problems.zoo import zoo
from raphson.report.compare import Comparison, compare
from raphson.solver.answer import Solution, solve
from raphson.solver.check import check_derivatives
from raphson.solver.door import minimize
from raphson.solver.local import local_model
from raphson.solver.result import Result
from raphson.solver.step import Method

__version__ = "0.1.0"
__all__ = [
    "Comparison", "Geometry", "Method", "Minimize", "Result", "Solution",
    "check_derivatives", "compare", "local_model", "minimize", "solve", "zoo",
]  # fmt: skip

"""What methods are made of: curvatures, paths and controls, for `Method(curvature, path, control)`."""

from raphson.controls.armijo import Armijo
from raphson.controls.full import Full
from raphson.controls.nielsen import Nielsen
from raphson.controls.radius import Radius
from raphson.controls.sigma import Sigma
from raphson.controls.wolfe import Wolfe
from raphson.model.curvature import Exact, ExactProduct, GaussNewton, Identity
from raphson.model.quasi_newton import BFGS, DFP, LBFGS, SR1
from raphson.paths.cubic import Cubic
from raphson.paths.damped import Damped
from raphson.paths.dogleg import Dogleg
from raphson.paths.geodesic import Geodesic
from raphson.paths.krylov import Krylov
from raphson.paths.ray import Ray
from raphson.paths.steihaug import Steihaug
from raphson.paths.trust import Trust

__all__ = [
    "Armijo",
    "BFGS",
    "Cubic",
    "DFP",
    "Damped",
    "Dogleg",
    "Exact",
    "ExactProduct",
    "Full",
    "GaussNewton",
    "Geodesic",
    "Identity",
    "Krylov",
    "LBFGS",
    "Nielsen",
    "Radius",
    "Ray",
    "SR1",
    "Sigma",
    "Steihaug",
    "Trust",
    "Wolfe",
]

"""The good methods by name."""

import difflib
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.calculus.colored import MULTIPLIED, SPARSE, SPARSE_BEND, SPARSE_GRAM
from raphson.calculus.taylor import BEND
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
from raphson.solver.step import Method
from raphson.solver.stop import Stop

LONG = Stop(max_steps=10_000)
"""Curved canyons take thousands of steps (Meyer from 100 x0: 2057), of microseconds each."""

PRESETS: dict[str, Method] = {
    "gradient-descent": Method(Identity(), Ray(), Armijo(restart=False), Stop(max_steps=100_000)),
    "newton": Method(Exact(), Ray(), Full()),
    "damped-newton": Method(Exact(), Ray(), Armijo()),
    "trust-exact": Method(Exact(), Trust(), Radius(), LONG),
    "trust-cg": Method(ExactProduct(), Steihaug(), Radius(), LONG),
    "trust-krylov": Method(ExactProduct(), Krylov(), Radius(), LONG),
    "newton-cg": Method(ExactProduct(), Ray(), Armijo(), LONG),
    "dogleg": Method(Exact(), Dogleg(), Radius(), LONG),
    "damped": Method(Exact(), Damped(), Nielsen()),
    "cubic": Method(Exact(), Cubic(), Sigma()),
    "bfgs": Method(BFGS(), Ray(), Wolfe(), Stop(max_steps=3000)),
    "dfp": Method(DFP(), Ray(), Wolfe(), Stop(max_steps=3000)),
    "sr1": Method(SR1(), Trust(), Radius(), Stop(max_steps=3000)),
    "lbfgs": Method(LBFGS(), Ray(), Wolfe(), Stop(max_steps=10_000)),
}

SPARSE_PRESETS: dict[str, Method] = {
    name: replace(PRESETS[name], curvature=Exact(SPARSE))
    for name in ("newton", "damped-newton", "trust-exact", "dogleg", "damped")
}
"""The same with sparse factorizations, for problems that know their sparsity."""

MULTIPLYING: dict[str, Method] = {
    name: replace(PRESETS[name], curvature=Exact(MULTIPLIED)) for name in ("trust-cg", "trust-krylov", "newton-cg")
}
"""The same with products, for a sparse H whose factor costs too much: formed by few products, and multiplied with."""

END = Stop(tolerance=4e-16, max_steps=20_000)
"""Fits end at the noise of the residuals, not before: a last step costs microseconds, a lost digit cannot be bought."""

RESIDUAL_PRESETS: dict[str, Method] = {
    "lm": Method(GaussNewton(), Damped(), Nielsen(), END),
    "lm-radius": Method(GaussNewton(), Trust(), Radius(), END),
    "lm-geodesic": Method(GaussNewton(observation=BEND), Geodesic(), Nielsen(), END),
    "gauss-newton": Method(GaussNewton(), Ray(), Armijo(), END),
    "dogleg": Method(GaussNewton(), Dogleg(), Radius(), END),
    "newton": Method(Exact(), Trust(), Radius(), END),
}

SPARSE_RESIDUAL_PRESETS: dict[str, Method] = {
    name: replace(method, curvature=Exact(SPARSE))
    if name == "newton"
    else replace(method, curvature=GaussNewton(observation=SPARSE_BEND if name == "lm-geodesic" else SPARSE_GRAM))
    for name, method in RESIDUAL_PRESETS.items()
}
"""The same with sparse factorizations, for residuals whose Jacobian is known to be sparse."""

DESCRIPTIONS = {
    "gradient-descent": "steepest descent with backtracking",
    "newton": "Newton's method, full steps",
    "damped-newton": "Newton's method with backtracking",
    "trust-exact": "trust region, exact subproblem",
    "trust-cg": "trust region, truncated conjugate gradients",
    "trust-krylov": "trust region, best step in a Krylov space (GLTR)",
    "newton-cg": "Newton by conjugate gradients with backtracking",
    "dogleg": "trust region, dogleg",
    "damped": "damped Newton (Levenberg-Marquardt on the Hessian)",
    "cubic": "adaptive cubic regularization",
    "bfgs": "BFGS, strong Wolfe line search",
    "dfp": "DFP, strong Wolfe line search",
    "sr1": "SR1, trust region with exact subproblem",
    "lbfgs": "limited-memory BFGS, strong Wolfe line search",
}

RESIDUAL_DESCRIPTIONS = {
    "lm": "Levenberg-Marquardt, QR, Nielsen damping",
    "lm-radius": "Levenberg-Marquardt in a trust region (More)",
    "lm-geodesic": "Levenberg-Marquardt with geodesic acceleration",
    "gauss-newton": "Gauss-Newton with backtracking",
    "dogleg": "Gauss-Newton, dogleg trust region",
    "newton": "full Newton, exact trust region",
}

SPARSE_LM = "Levenberg-Marquardt, J'J factorized on its pattern, Nielsen damping"
"""What "lm" is where J is sparse: no QR."""

ALIASES = {
    "l-bfgs-b": "lbfgs",
    "l-bfgs": "lbfgs",
    "trust-ncg": "trust-cg",
    "gd": "gradient-descent",
    "steepest-descent": "gradient-descent",
    "arc": "cubic",
}
"""SciPy's names and common ones. Upper and lower case do not matter."""

RESIDUAL_ALIASES = {
    "trf": "auto",
    "leastsq": "auto",
    "dogbox": "dogleg",
    "levenberg-marquardt": "lm",
    "geodesic": "lm-geodesic",
}
"""The same for residuals."""

FOREIGN = {
    "nelder-mead": "it uses no derivatives; try method='auto', which finds them by itself",
    "powell": "it uses no derivatives; try method='auto', which finds them by itself",
    "cobyla": "constraints are not supported; without them try method='auto'",
    "cobyqa": "constraints are not supported; without them try method='auto'",
    "slsqp": "constraints are not supported; without them try 'bfgs', which takes bounds as well",
    "trust-constr": "constraints are not supported; without them try 'trust-exact', which takes bounds as well",
}

STAND_INS = {
    "cg": ("lbfgs", "it needs no more memory than nonlinear conjugate gradients, and rarely more steps"),
    "tnc": ("newton-cg", "the same truncated Newton steps; bounds are kept by projection"),
}
"""SciPy's methods that run on another of the same kind, and why: noted in the result."""


def stand_in(method: Any, notes: list[str]) -> Any:
    """The method that runs in place of SciPy's CG and TNC (noted); every other one as it is."""
    name, why = STAND_INS.get(method.lower(), (None, "")) if isinstance(method, str) else (None, "")
    if name is None:
        return method
    notes.append(f"{method!r} runs as {name!r}: {why}")
    return name


def preset_name(
    method: Any, presets: dict[str, Method] = PRESETS, aliases: dict[str, str] = ALIASES, foreign: dict = FOREIGN
) -> str:
    """The preset that a name means, or "auto" (also for None); ValueError with the nearest names for an unknown one."""
    if method is None:
        return "auto"
    if callable(method):
        raise TypeError(
            "method must be a name or a Method: a function as method is not built here. Call it itself, or make a "
            "Method from raphson.parts"
        )
    if not isinstance(method, str):
        raise TypeError(f"method must be a name or a Method, not {type(method).__name__}")
    name = method.lower().replace("_", "-")
    name = aliases.get(name, name)
    if name == "auto" or name in presets:
        return name
    if name in foreign:
        raise ValueError(f"method {method!r} is SciPy's and not built here: {foreign[name]}")
    near = difflib.get_close_matches(name, [*presets, "auto"], n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    raise ValueError(f"unknown method {method!r}: {hint}There are 'auto', {', '.join(map(repr, presets))}")


def residual_preset(name: str, problem: Any) -> Method:
    """The fit's method of this name, with sparse factorizations where the problem knows the sparsity that it needs."""
    known = getattr(problem, "sparsity" if name == "newton" else "jacobian_sparsity", None)
    return (RESIDUAL_PRESETS if known is None else SPARSE_RESIDUAL_PRESETS)[name]


def residual_description(name: str, problem: Any) -> str:
    """What it is, in a few words."""
    if name == "lm" and getattr(problem, "jacobian_sparsity", None) is not None:
        return SPARSE_LM
    return RESIDUAL_DESCRIPTIONS.get(name, name)


def cast(method: Method, dtype: Any) -> Method:
    """The method with all its numbers as arrays in the working precision (whole numbers as int32).

    Numbers of mixed types would make the loop's carry change type, and Python numbers would be
    sent to the device again at every call.
    """

    def leaf(a: Any) -> jax.Array:
        kind = dtype if jnp.issubdtype(jnp.result_type(a), jnp.floating) else np.int32
        # Sent as it is: `jnp.asarray` would compile a program for the conversion. A traced number is converted there.
        return jnp.asarray(a, kind) if isinstance(a, jax.Array) else jax.device_put(np.asarray(a, kind))

    return jax.tree.map(leaf, method)

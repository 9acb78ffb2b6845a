"""method="auto": which method, and why."""

from typing import Any

from raphson.problems.callback import Callback

DENSE = 500
"""Up to so many variables the dense Hessian and its factors cost less than conjugate gradients save."""

DIFFERENCES = 20
"""Up to so many variables a Hessian by second differences (n^2 evaluations) beats learning it from gradients."""


def choose(problem: Any, n: int) -> tuple[str, str]:
    """The preset's name, and the reason in one sentence."""
    if isinstance(problem, Callback):
        if problem.hessian is not None and n <= DENSE:
            return "trust-exact", f"n = {n} and a Hessian was given"
        if n <= DIFFERENCES:
            return "trust-exact", f"n = {n} is small enough for a Hessian by finite differences"
        if n <= DENSE:
            return "bfgs", f"n = {n} and no Hessian was given: it is learned from gradients"
        return "lbfgs", f"n = {n} is large and no Hessian was given: curvature is learned from a few gradients"
    if n <= DENSE:
        return "trust-exact", f"n = {n} and H is available"
    return "trust-cg", f"n = {n} is large: Hessian-vector products instead of a dense H"

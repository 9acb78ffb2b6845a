"""method="auto": which method, and why."""

from dataclasses import dataclass
from typing import Any

from raphson.problems.callback import Callback
from raphson.problems.modes import ORDINARY, Modes

DENSE = 500
"""Up to so many variables the dense Hessian and its factors cost less than conjugate gradients save."""

DIFFERENCES = 20
"""Up to so many variables a Hessian by second differences (n^2 evaluations) beats learning it from gradients."""


@dataclass(frozen=True)
class Choice:
    """The presets to try, one after another until a minimum is shown, and the reason for the first."""

    names: tuple[str, ...]
    reason: str


SURE = ("dogleg", "trust-exact", "cubic")
"""For exact dense Hessians. Each solves starts at which the ones before it end on a plateau or in a flat valley:
measured on MGH (dogleg alone: 42 of 42 from x0, 38 of 39 from 10 x0, 36 of 39 from 100 x0) and on NIST."""


def choose(problem: Any, n: int, modes: Modes = ORDINARY, why: str = "") -> Choice:
    """The presets' names, and the reason in one sentence. `modes`: the derivatives that a JAX function allows; `why`:
    what is known of the sparsity of H."""
    if isinstance(problem, Callback):
        if problem.sparsity is not None:
            return Choice(("trust-exact",), f"n = {n} and H is sparse: {why}")
        if problem.hessian is not None and n <= DENSE:
            return Choice(("dogleg",), f"n = {n} and a Hessian was given")
        if n <= DENSE and problem.frugal:
            return Choice(("bfgs",), f"n = {n} and few calls are allowed: H is learned from gradients")
        if n <= DIFFERENCES:
            return Choice(("dogleg",), f"n = {n} is small enough for a Hessian by finite differences")
        if n <= DENSE:
            return Choice(("bfgs",), f"n = {n} and no Hessian was given: it is learned from gradients")
        return Choice(("lbfgs",), f"n = {n} is large and no Hessian was given: it is learned from a few gradients")
    if modes.costly and n > DIFFERENCES:
        name, where = ("bfgs", "gradients") if n <= DENSE else ("lbfgs", "a few gradients")
        return Choice((name,), f"n = {n} and H would cost too much in the modes that fun allows: learned from {where}")
    if n <= DENSE and problem.sparsity is None:
        return Choice(SURE, f"n = {n} and H is available")
    if problem.sparsity is not None and problem.sparsity.direct:
        return Choice(("trust-exact",), f"n = {n} and H is sparse: {why}")
    beside = f"; {why}" if why else ""
    return Choice(("trust-cg",), f"n = {n} is large: Hessian-vector products instead of a dense H{beside}")

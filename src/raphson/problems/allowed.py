"""Finding the derivative modes of a problem: once per traced program, by abstract evaluation.

Only a program with a construct that may lack a mode (`tracing.constructs`) is tried at all; nothing is executed.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp
import numpy as np

from raphson.problems.callback import HOST
from raphson.problems.derivatives import along_residuals, product, slope
from raphson.problems.modes import DIFFERENCES, FORWARD, ORDINARY, REVERSE, Modes, NoDerivative
from raphson.tracing.constructs import constructs, has_primitive, pieced

MOST_SHAPES = 64
"""Shapes of data for which the modes of one function are remembered."""

log = logging.getLogger("raphson")

_known: WeakKeyDictionary[Any, dict[Any, Modes]] = WeakKeyDictionary()


def modes_of(problem: Any, x: Any) -> Modes:
    """The modes of a problem at points like x; nothing is executed. Remembered with the function."""
    if isinstance(problem, HOST):
        return ORDINARY
    function = innermost(problem)
    try:
        known = _known.setdefault(function, {})
    except TypeError:  # a callable that takes no weak reference
        return found(problem, x, function)
    loss = getattr(problem, "loss", None)
    shapes = None
    if not hasattr(function, "jaxpr"):  # a traced program has one shape of everything
        leaves, tree = jax.tree.flatten((problem.data, x) if hasattr(problem, "data") else x)
        shapes = tree, tuple((np.shape(a), jnp.result_type(a)) for a in leaves)
    key = type(problem), None if loss is None else loss.rho, shapes
    if key not in known:
        if len(known) >= MOST_SHAPES:
            known.clear()
        known[key] = found(problem, x, function)
    return known[key]


def innermost(problem: Any) -> Any:
    """The user's function, or its traced program, without what only reshapes its result."""
    function = getattr(problem, "residual", None) or getattr(problem, "fun", problem)
    while not hasattr(function, "jaxpr"):
        inner = getattr(function, "program", None) or getattr(function, "residual", None)
        if inner is None:
            break
        function = inner
    return function


def found(problem: Any, x: Any, function: Any) -> Modes:
    """The modes, by a look at the program, and by trial where it holds anything doubtful."""
    jaxpr = getattr(function, "jaxpr", None)
    if jaxpr is None:
        jaxpr = jax.make_jaxpr(lambda problem, x: problem.value(x))(problem, x)
    why = constructs(jaxpr)
    modes = tried(problem, x, why) if why else ORDINARY
    loss = getattr(problem, "loss", None)
    smooth = getattr(function, "smooth", False) and (loss is None or loss.plain)
    return replace(modes, pieces=True) if not smooth and pieced(jaxpr) else modes


def tried(problem: Any, x: Any, why: tuple[str, ...]) -> Modes:
    """The modes that abstract evaluation finds: shapes only, the function is traced and never run."""
    zero = lambda problem, x: problem.space.zero(x)
    met: list[str] = [*why]

    def can(trial: Callable[[Any, Any], Any]) -> bool:
        try:
            jaxpr = jax.make_jaxpr(trial)(problem, x)
        except Exception as error:  # whatever the user's rule raises: this mode is not to be had
            log.debug("a derivative mode is missing: %s", str(error).split("\n")[0])
            return False
        met.extend(constructs(jaxpr))
        # A custom_vjp that is pushed forward is refused only when it is compiled.
        return not has_primitive(jaxpr, "custom_lin")

    reverse = can(lambda problem, x: slope(Modes(forward=False), problem, x)(zero(problem, x)))
    forward = can(lambda problem, x: along_residuals(problem, x, zero(problem, x)))
    if not (reverse or forward):
        return Modes(False, False, DIFFERENCES, True, why)
    second = DIFFERENCES
    for mode in (FORWARD, REVERSE):
        modes = Modes(forward, reverse, mode)
        if can(lambda problem, x, modes=modes: product(modes, problem, x, zero(problem, x))):
            second = mode
            break
    many = lambda problem, x: jax.vmap(slope(Modes(forward, reverse), problem, x))(zero(problem, x)[None])
    return Modes(forward, reverse, second, not called_back(met) or can(many), why)


def called_back(why: Iterable[str]) -> bool:
    """Whether a program leaves JAX, so that mapping it over many points may be impossible."""
    return any(name.endswith(("callback", "ffi_call")) for name in why)


def require_derivatives(problem: Any, x: Any, notes: list[str], what: str) -> None:
    """NoDerivative where JAX has none; a note where something is missing, and what is done instead."""
    modes = modes_of(problem, x)
    if modes.gradient is None:
        raise NoDerivative(modes.why)
    note = modes.note(what)
    if note is not None:
        notes.append(note)


def hessian_error(problem: Any, x: Any, eps: float) -> float:
    """The relative error of the Hessian: 0 where it is exact."""
    return problem.hessian_error if isinstance(problem, HOST) else modes_of(problem, x).error(eps)

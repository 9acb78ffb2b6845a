"""Constructs in a traced program that may lack a derivative: looked for by name, before anything is tried.

Nearly every primitive of JAX can be differentiated forwards, backwards and again. A few cannot (a `while` has no
reverse mode, a callback no derivative at all), and rules that users write (`custom_vjp`, `custom_jvp`, primitives
of other packages) may do one thing and not another. A program without any of these needs no trial.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
from jax.interpreters import ad

NAMES = {
    "custom_vjp_call": "custom_vjp",
    "custom_lin": "custom_vjp",  # what is left of one that was pushed forward: it fails when it is compiled
    "while": "while_loop",
    "pure_callback": "pure_callback",
    "io_callback": "io_callback",
    "ffi_call": "ffi_call",
    # JAX has no derivative, or no second one, by some argument of these, or not for all their options.
    "igamma": "gammainc",
    "igammac": "gammaincc",
    "igamma_grad_a": "the derivative of gammainc",
    "random_gamma_grad": "random.gamma",
    "regularized_incomplete_beta": "betainc",
    "polygamma": "polygamma",
    "zeta": "zeta",
    "eig": "eig",
    "schur": "schur",
    "svd": "svd",
    "qr": "qr",
    "geqrf": "qr",
    "householder_product": "qr",
    "scatter_mul": ".at[].mul",
    "scatter_min": ".at[].min",
    "scatter_max": ".at[].max",
    "reduce_window": "reduce_window",
    "reduce": "lax.reduce",
}
"""Primitives that may lack a mode, and what their users call them."""

PIECES = frozenset((
    "abs", "sign", "max", "min", "clamp", "select_n", "floor", "ceil", "round", "rem", "cond", "sort", "cummax",
    "cummin", "reduce_max", "reduce_min", "reduce_window_max", "reduce_window_min", "argmax", "argmin", "scatter_max",
    "scatter_min",
))  # fmt: skip
"""Primitives that make a function of pieces: its value, slope or curvature may jump where they meet."""

HOME = os.path.dirname(jax.__file__)


def constructs(jaxpr: Any) -> tuple[str, ...]:
    """What in a jaxpr, or in one nested in it, may lack a derivative mode, by the users' names; () for nearly all."""
    names = dict.fromkeys(doubtful(equation) for equation in equations(jaxpr, set()))
    return tuple(name for name in names if name is not None)


def has_primitive(jaxpr: Any, name: str) -> bool:
    """Whether a primitive of this name is in a jaxpr, or in one nested in it."""
    return any(equation.primitive.name == name for equation in equations(jaxpr, set()))


def pieced(jaxpr: Any) -> bool:
    """Whether numbers (not indices) go through an operation that makes a function of pieces."""
    return any(
        equation.primitive.name in PIECES
        and any(jnp.issubdtype(getattr(atom.aval, "dtype", bool), jnp.inexact) for atom in equation.invars)
        for equation in equations(jaxpr, set())
    )


def equations(jaxpr: Any, seen: set[int]) -> Iterator[Any]:
    """All equations of a jaxpr and of those nested in it, shared ones once; solvers that are never differentiated not.

    `custom_linear_solve` has its rule from its matrix alone: the loops of cg and gmres do not matter.
    """
    if id(jaxpr) in seen:
        return
    seen.add(id(jaxpr))
    for equation in jaxpr.eqns:
        yield equation
        params = equation.params
        if equation.primitive.name == "custom_linear_solve":
            yield from equations(params["jaxprs"].matvec, seen)
            continue
        for value in params.values():
            for item in value if isinstance(value, (tuple, list)) else (value,):
                if hasattr(item, "eqns"):
                    yield from equations(item, seen)


def doubtful(equation: Any) -> str | None:
    """The users' name of an equation that may lack a mode, or None."""
    primitive = equation.primitive
    name = primitive.name
    if name in NAMES:
        return NAMES[name]
    if name == "custom_jvp_call":
        return None if HOME in str(equation.params["call_jaxpr"].debug_info.func_src_info) else "custom_jvp"
    if name == "custom_linear_solve":
        return "custom_linear_solve" if equation.params["jaxprs"].transpose_solve is None else None
    if not any(jnp.issubdtype(getattr(atom.aval, "dtype", bool), jnp.inexact) for atom in equation.invars):
        return None
    rule: Any = ad.primitive_jvps.get(primitive)
    while hasattr(rule, "func"):  # functools.partial
        rule = rule.func
    return None if str(getattr(rule, "__module__", "")).startswith("jax.") else name

"""What a product with H costs, counted in the equations of f: the same number on every machine and every day."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np


def primitives(text: str) -> frozenset[str]:
    """The operations whose names the text holds."""
    return frozenset(text.split())


CHEAP = primitives(
    "broadcast_in_dim reshape squeeze expand_dims convert_element_type stop_gradient copy iota split slice pad "
    "concatenate transpose rev dynamic_slice eq ne lt le gt ge and or not xor select_n is_finite sign"
)
"""What compilers do on the way to something else: no time of its own."""

SLOW = primitives(
    "exp exp2 expm1 log log1p sin cos tan tanh sinh cosh asin acos atan atan2 asinh acosh atanh logistic pow erf erfc "
    "erf_inv lgamma digamma cbrt"
)

PLAIN, ROOTS, FUNCTION, SUMMED, SCATTERED, MATRIX, READ = 0.2, 5.0, 4.5, 0.4, 1.5, 0.06, 0.3
"""Nanoseconds in a product with H of each multiplication, root or quotient, function (exp, sin), term of a sum, number
read from or added to a place that an index says, multiplication inside a product of matrices, and number read for one.
Fitted to the 56 problems of benchmarks/choice.py on one core of an AMD EPYC, double precision: products are foreseen to
a factor of 1.7 (one standard deviation), from 10 us to 3 ms."""


def work_of(jaxpr: Any) -> float:
    """Nanoseconds of one product with H, from the equations of the program that returns f."""
    return float(sum(equation_work(e) for e in getattr(jaxpr, "jaxpr", jaxpr).eqns))


def equation_work(e: Any) -> float:
    """Of one equation."""
    name, params = e.primitive.name, e.params
    if name == "scan":
        return params["length"] * work_of(params["jaxpr"])
    if name == "cond":
        return max(work_of(branch) for branch in params["branches"])
    if name == "while":  # how often, nobody knows
        return work_of(params["cond_jaxpr"]) + work_of(params["body_jaxpr"])
    inner = [part for value in params.values() for part in several(value) if hasattr(part, "eqns")]
    if inner:
        return work_of(inner[0])
    out = sum(size(v) for v in e.outvars)
    count = COUNTS.get(name)
    if count is not None:
        return count(e, out)
    if name in CHEAP:
        return 0.0
    if name.startswith(("gather", "scatter", "sort", "dynamic_update")):
        return SCATTERED * max([out if name == "gather" else 0, *(size(v) for v in e.invars[1:])])
    if name.startswith(("reduce", "cum", "arg")):
        return SUMMED * max([size(v) for v in e.invars])
    return (FUNCTION if name in SLOW else ROOTS if name in ("sqrt", "rsqrt", "div") else PLAIN) * out


def several(value: Any) -> tuple[Any, ...]:
    """A parameter as a tuple."""
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def size(atom: Any) -> int:
    """The elements of an operand or a result."""
    return int(np.prod(getattr(atom.aval, "shape", ()), dtype=np.int64))


def matrix_product(e: Any, out: int) -> float:
    """Of `dot_general`: one multiplication for each entry of the result and each term of its sum; what is read once
    costs reading."""
    (over, _), _ = e.params["dimension_numbers"]
    terms = prod(e.invars[0].aval.shape[k] for k in over)
    read = sum(size(v) for v in e.invars)
    return max(MATRIX * out * terms, READ * read)


def convolution(e: Any, out: int) -> float:
    """Of `conv_general_dilated`: the kernel's size at every place, per channel."""
    return MATRIX * out * size(e.invars[1]) / max(1, e.outvars[0].aval.shape[1])


def cubed(e: Any, out: int) -> float:
    """Of factorizations and triangular solves: the number of entries to the power 3/2."""
    return MATRIX * size(e.invars[0]) ** 1.5


COUNTS: dict[str, Callable[[Any, int], float]] = {
    "dot_general": matrix_product,
    "conv_general_dilated": convolution,
    **dict.fromkeys(("cholesky", "lu", "qr", "svd", "eigh", "triangular_solve"), cubed),
}

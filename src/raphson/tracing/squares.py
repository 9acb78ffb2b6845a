"""The residuals of a function that is written as a sum of squares, read off the end of its program."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import eval_jaxpr
from jax.extend.core import ClosedJaxpr, Literal

PASSED = ("reshape", "squeeze", "copy", "broadcast_in_dim")
"""Operations that only bring numbers into another shape."""

CALLS = ("jit", "pjit")
"""Operations that are programs themselves."""


class NoSquares(Exception):
    """The program does not end in a sum of squares."""


@dataclass(frozen=True)
class Square:
    """What is squared, `root`, a variable of a program; what its square is multiplied by and divided by."""

    root: Any
    times: tuple = ()
    over: tuple = ()


@dataclass(frozen=True, eq=False)
class Roots:
    """What is squared and summed by a program: f = sum of w a^2 over all entries, the residuals are sqrt(2 w) a.

    `program`: a and the factors of w, of all squares; `counts`: how many stand above and below the line in w. Factors
    are data of the user's, whose signs the program does not know: where w < 0, residuals are NaN.
    """

    program: Any
    counts: tuple[tuple[int, int], ...]

    def __call__(self, x: Any, *data: Any) -> list[jax.Array]:
        """The residuals, a list of arrays."""
        known = iter(eval_jaxpr(self.program.jaxpr, self.program.consts, *jax.tree.leaves((x, data))))
        residuals = []
        for above, below in self.counts:
            root, weight = next(known), jnp.asarray(2.0)
            for _ in range(above):
                weight = weight * shaped(next(known), root)
            for _ in range(below):
                weight = weight / shaped(next(known), root)
            residuals.append(jnp.sqrt(weight).astype(root.dtype) * root)
        return residuals


def shaped(factor: Any, root: Any) -> Any:
    """A factor as one number, or one for each entry of the root."""
    return factor if jnp.shape(factor) == jnp.shape(root) else jnp.reshape(factor, ())


def residual_program(fun: Callable, x: Any, data: tuple) -> Roots | None:
    """A program of residuals r(x, *data) with fun = 1/2 sum r^2; None where fun is not written as a sum of squares.

    The same object for the same function and shapes, so that what is compiled for it is compiled once.
    """
    leaves, tree = jax.tree.flatten((x, data))
    variables = len(jax.tree.leaves(x))
    return read_roots(fun, tree, variables, tuple((np.shape(a), jnp.result_type(a)) for a in leaves))


@lru_cache(maxsize=16)
def read_roots(fun: Callable, tree: Any, variables: int, kinds: tuple) -> Roots | None:
    """The same by structure, and by shapes and types of the leaves, the first `variables` of which are x."""
    x, data = tree.unflatten([jax.ShapeDtypeStruct(*kind) for kind in kinds])
    closed = without_calls(jax.make_jaxpr(fun)(x, *data))
    inner = closed.jaxpr
    makers = {out: eqn for eqn in inner.eqns for out in eqn.outvars}
    moving = set(inner.invars[:variables])
    for eqn in inner.eqns:
        if any(a in moving for a in eqn.invars if not isinstance(a, Literal)):
            moving.update(eqn.outvars)
    try:
        found = list(squares(Square(inner.outvars[0]), makers, moving))
    except NoSquares:
        return None
    outvars = [a for square in found for a in (square.root, *square.times, *square.over)]
    program = inner.replace(outvars=outvars, debug_info=inner.debug_info.with_unknown_names())
    return Roots(ClosedJaxpr(program, closed.consts), tuple((len(s.times), len(s.over)) for s in found))


def without_calls(closed: Any) -> Any:
    """The same program with the programs that it calls written out."""
    if not any(eqn.primitive.name in CALLS for eqn in closed.jaxpr.eqns):
        return closed
    kinds = [jax.ShapeDtypeStruct(a.aval.shape, a.aval.dtype) for a in closed.jaxpr.invars]
    return jax.make_jaxpr(lambda *given: written_out(closed.jaxpr, closed.consts, given))(*kinds)


def written_out(jaxpr: Any, consts: Any, given: Any) -> list:
    """What a program gives, with the programs that it calls run operation by operation."""
    known: dict[Any, Any] = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*consts, *given), strict=True))
    read = lambda a: a.val if isinstance(a, Literal) else known[a]
    for eqn in jaxpr.eqns:
        values = [read(a) for a in eqn.invars]
        if eqn.primitive.name in CALLS:
            out = written_out(eqn.params["jaxpr"].jaxpr, eqn.params["jaxpr"].consts, values)
        else:
            out = eqn.primitive.bind(*values, **eqn.primitive.get_bind_params(eqn.params))
            out = out if eqn.primitive.multiple_results else [out]
        known.update(zip(eqn.outvars, out, strict=True))
    return [read(a) for a in jaxpr.outvars]


def squares(term: Square, makers: dict, moving: set) -> Iterator[Square]:
    """The squares whose sum the sum of all entries of a term is (its `root` is not squared yet); or raises NoSquares.

    `makers`: the operation that makes each variable; `moving`: what depends on x.
    """
    eqn: Any = None if isinstance(term.root, Literal) else makers.get(term.root)
    if eqn is None:
        raise NoSquares
    name, given, made = eqn.primitive.name, eqn.invars, eqn.outvars[0].aval
    onward = lambda a: squares(Square(a, term.times, term.over), makers, moving)
    if (root := squared(eqn)) is not None:
        if any(a.aval.size != 1 and a.aval.shape != root.aval.shape for a in (*term.times, *term.over)):
            raise NoSquares
        yield Square(root, term.times, term.over)
    elif name == "reduce_sum" or (name in PASSED and given[0].aval.size == made.size):
        yield from onward(given[0])
    elif name in ("add", "add_any") and all(a.aval.size == made.size for a in given):
        for part in given:
            yield from onward(part)
    elif name in ("mul", "div"):
        fixed = [isinstance(a, Literal) or a not in moving for a in given]
        if fixed == [False, True]:
            other = (*term.times, given[1]), term.over
            other = other if name == "mul" else (term.times, (*term.over, given[1]))
            yield from squares(Square(given[0], *other), makers, moving)
        elif fixed == [True, False] and name == "mul":
            yield from squares(Square(given[1], (*term.times, given[0]), term.over), makers, moving)
        else:
            raise NoSquares
    else:
        raise NoSquares


def squared(eqn: Any) -> Any:
    """What an operation squares, entry by entry or summed; None where it does not."""
    name, given = eqn.primitive.name, eqn.invars
    if name == "square" or (name == "integer_pow" and eqn.params["y"] == 2):
        return given[0]
    twice = name == "mul" or (name == "dot_general" and not eqn.outvars[0].aval.shape and paired_alike(eqn))
    return given[0] if twice and given[0] is given[1] and not isinstance(given[0], Literal) else None


def paired_alike(eqn: Any) -> bool:
    """Whether a product sums over the same axes on both sides: A with A' is no sum of squares."""
    (left, right), (first, second) = eqn.params["dimension_numbers"]
    return tuple(left) == tuple(right) and tuple(first) == tuple(second)

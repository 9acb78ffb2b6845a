"""What makes a function or its derivative infinite at a point: the first operation to blame, and its variables.

The program is run once more, operation by operation, on numbers. That is slow (a millisecond an operation), and only
done where nothing else can be done any more.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.extend.core import Literal

MOST_VARIABLES = 50
"""Up to so many variables are moved one by one to see which of them an operation depends on."""

Array = np.ndarray


class Blamed(Exception):
    """The operation to blame was met."""

    def __init__(self, number: int, words: str, operand: Array) -> None:
        super().__init__(words)
        self.number, self.words, self.operand = number, words, operand


def suspect(fun: Callable, x: Any, names: Any) -> str:
    """ "a division by 0 (x2)": what to blame at x, and the variables that it depends on; "" where nothing is found.

    fun: a function of JAX, or one on the host (its NumPy then says what it met). names: of the variables, by index.
    """
    leaves, tree = jax.tree.flatten(x)
    flat = np.concatenate([np.ravel(np.asarray(leaf)) for leaf in leaves])
    ends = np.cumsum([np.size(leaf) for leaf in leaves])[:-1]
    shape = lambda v: tree.unflatten(
        [np.reshape(p, np.shape(leaf)) for p, leaf in zip(np.split(v, ends), leaves, strict=True)]
    )
    try:
        with np.errstate(all="ignore"):
            found = first_blame(fun, shape(flat))
            if found is None:
                return ""
            where = dependence(lambda v: operand_of(fun, shape(v), found.number), flat, found.operand)
    except Exception:  # an explanation must not be the next failure
        return ""
    names_of = ", ".join(str(names[i]) for i in where[:3])
    return found.words + (f" ({names_of}{', ...' if len(where) > 3 else ''})" if len(where) else "")


def first_blame(fun: Callable, x: Any) -> Blamed | None:
    """The first operation at x whose value or slope is not finite, although what it was given is."""
    try:
        walk(fun, x, None)
    except Blamed as blamed:
        return blamed
    return None


def operand_of(fun: Callable, x: Any, number: int) -> Array:
    """What the operation of this number is given at x."""
    try:
        walk(fun, x, number)
    except Blamed as blamed:
        return blamed.operand
    return np.zeros(0)


def dependence(operand: Callable, x: Array, here: Array) -> list[int]:
    """The variables that change an operand."""
    if x.size > MOST_VARIABLES:
        return []
    found = []
    for i in range(x.size):
        there = x.copy()
        there[i] += 1e-3 * (abs(x[i]) or 1.0)
        moved = operand(there)
        if moved.shape != here.shape or not np.array_equal(moved, here, equal_nan=True):
            found.append(i)
    return found


def walk(fun: Callable, x: Any, number: int | None) -> None:
    """Runs fun at x operation by operation; raises Blamed at the operation `number`, or at the first to blame."""
    closed = jax.make_jaxpr(fun)(x)
    Walk(number).run(closed.jaxpr, closed.consts, jax.tree.leaves(x))


class Walk:
    """An interpreter of a program on numbers that looks at every operation."""

    def __init__(self, number: int | None) -> None:
        self.number, self.count = number, 0

    def run(self, jaxpr: Any, consts: Any, args: Any) -> list:
        """The program's results."""
        known: dict[Any, Any] = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*consts, *args), strict=True))
        value = lambda a: a.val if isinstance(a, Literal) else known[a]
        for eqn in jaxpr.eqns:
            given = [value(a) for a in eqn.invars]
            inner = eqn.params.get("jaxpr", eqn.params.get("call_jaxpr"))
            if inner is not None and eqn.primitive.name not in ("while", "scan"):
                body, own = (inner.jaxpr, inner.consts) if hasattr(inner, "jaxpr") else (inner, [])
                out = self.run(body, own, given)
            else:
                out = self.one(eqn, given)
            known.update(zip(eqn.outvars, out, strict=True))
        return [value(a) for a in jaxpr.outvars]

    def one(self, eqn: Any, given: list) -> list:
        """One operation, looked at."""
        out = eqn.primitive.bind(*given, **eqn.primitive.get_bind_params(eqn.params))
        out = list(out) if eqn.primitive.multiple_results else [out]
        self.count += 1
        values = [np.asarray(a) for a in given]
        if self.number is None:
            words, operand = blame(eqn, values, [np.asarray(a) for a in out])
            if words:
                raise Blamed(self.count, words, operand)
        elif self.count == self.number:
            raise Blamed(self.count, "", values[1] if eqn.primitive.name == "div" else values[0])
        return out


RISKS: dict[str, tuple[tuple[Callable[[Array], Array], str], ...]] = {
    "sqrt": ((lambda a: a == 0, "a square root (or norm) of 0"), (lambda a: a < 0, "a square root below 0")),
    "rsqrt": ((lambda a: a == 0, "a division by 0"), (lambda a: a < 0, "a square root below 0")),
    "cbrt": ((lambda a: a == 0, "a cube root of 0"),),
    "log": ((lambda a: a == 0, "a logarithm of 0"), (lambda a: a < 0, "a logarithm below 0")),
    "log1p": ((lambda a: a == -1, "a logarithm of 0"), (lambda a: a < -1, "a logarithm below 0")),
    "div": ((lambda a: a == 0, "a division by 0"),),
    "asin": ((lambda a: np.abs(a) >= 1, "an arcsine at the end of its range"),),
    "acos": ((lambda a: np.abs(a) >= 1, "an arccosine at the end of its range"),),
    "atanh": ((lambda a: np.abs(a) >= 1, "an artanh at the end of its range"),),
    "acosh": ((lambda a: a <= 1, "an arcosh at the end of its range"),),
}
"""By operation: where its operand (of a division the second) makes value or slope infinite, and what that is called."""

CALLED = {"exp": "an exponential that overflows", "exp2": "an exponential that overflows", "pow": "a power"}


def blame(eqn: Any, given: list[Array], out: list[Array]) -> tuple[str, Array]:
    """What is wrong with an operation, in words ("" for nothing), and the operand that makes it so."""
    name = eqn.primitive.name
    if not given or given[0].dtype.kind not in "fc":
        return "", np.zeros(0)
    operand = given[1] if name == "div" else given[0]
    for risky, words in RISKS.get(name, ()):
        if np.any(risky(operand)):
            return words, operand
    zero = np.any(operand == 0)
    if name == "integer_pow" and zero and eqn.params["y"] < 0:
        return "a division by 0", operand
    if name == "pow" and zero and np.any((given[1] < 2) & (given[1] != 1) & (given[1] != 0)):
        return "a power of 0", operand
    if name == "pow" and np.any(operand < 0) and not np.all(np.isfinite(out[0])):
        return "a power of a number below 0", operand
    finite = all(np.all(np.isfinite(a)) for a in given if a.dtype.kind in "fc")
    if finite and any(a.dtype.kind in "fc" and not np.all(np.isfinite(a)) for a in out):
        return CALLED.get(name, f"an operation ({name}) whose value is not finite"), operand
    return "", operand


def suspect_on_host(fun: Callable, x: Array) -> str:
    """What NumPy says of a function on the host at x: "divide by zero encountered in log"; "" where it says nothing."""
    try:
        with np.errstate(divide="raise", invalid="raise", over="raise"):
            fun(np.array(x))
    except FloatingPointError as error:
        return str(error)
    except Exception:
        return ""
    return ""

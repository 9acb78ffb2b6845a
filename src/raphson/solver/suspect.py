"""What makes a function or its derivative infinite at a point: the first operation to blame, and its variables.

The program is run once more, operation by operation, on numbers. That is slow (a millisecond an operation), and only
done where nothing else can be done any more.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from jax.extend.core import Literal

from raphson.calculus.around import limits_of
from raphson.solver.host import flat_point

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

    fun: a function of JAX. names: of the variables, by index.
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
    return found.words + of_variables(where, names)


def first_blame(fun: Callable, x: Any) -> Blamed | None:
    """The first operation at x whose value or slope is not finite, although what it was given is."""
    try:
        walk(fun, x, None)
    except Blamed as blamed:
        return blamed
    return None


SMOOTH = "move the start, or write the function so that it is smooth there"

BRANCH = (
    ". If that stands in a branch of where() that is not taken at x0: its derivative counts there, too, and 0 times "
    "infinity is nan; give it a harmless number there, where(ok, g(where(ok, x, 1)), other)"
)


def way_out(fun: Callable, x: Any) -> str:
    """What can be done where a derivative of a function of JAX is not finite at x, though its value is."""
    try:
        chosen = "select_n" in str(jax.make_jaxpr(fun)(x))
    except Exception:  # an explanation must not be the next failure
        chosen = False
    return SMOOTH + (BRANCH if chosen else "")


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


def suspect_on_host(fun: Callable, x: Array, fails: Callable[[Array], bool], names: Any, space: Any) -> str:
    """What NumPy says of a function on the host at x: "divide by zero encountered in log (x2)"; x2 alone ends it.

    fun: of a vector. fails(v): whether it is still so at v. "" where NumPy says nothing.
    """
    try:
        with np.errstate(divide="raise", invalid="raise", over="raise"):
            fun(np.array(x))
    except FloatingPointError as error:
        return str(error) + of_variables(cured(fails, np.array(x), space), names)
    except Exception:
        return ""
    return ""


def cured(fails: Callable[[Array], bool], x: Array, space: Any) -> list[int]:
    """The variables that, moved alone and within their bounds, end what is wrong at x (n,)."""
    if x.size > MOST_VARIABLES:
        return []
    low, high, _ = limits_of(space, x)
    found = []
    try:
        with np.errstate(all="ignore"):
            for i in range(x.size):
                for part in (1e-3, -1e-3, 1, -1):
                    there = x.copy()
                    there[i] = np.clip(x[i] + part * (abs(x[i]) or 1.0), low[i], high[i])
                    if there[i] != x[i] and not fails(there):
                        found.append(i)
                        break
    except Exception:  # an explanation must not be the next failure
        return []
    return found


def of_variables(which: list[int], names: Any) -> str:
    """ " (a, b, c, ...)"; "" for none."""
    listed = ", ".join(str(names[i]) for i in which[:3])
    return f" ({listed}{', ...' if len(which) > 3 else ''})" if which else ""


DOMAIN = ("math domain error", "math range error", "expected a ")
"""How the ValueErrors of Python's math begin: math.log(0.0)."""


@contextmanager
def located(fun: Callable, x: Any, args: tuple, names: Any, space: Any) -> Iterator[None]:
    """Adds to an error of arithmetic in the user's function at the start x what is known of it, and lets it through.

    A division by zero in Python raises where NumPy gives inf: the note says at which x0, and which variables end it.
    """
    try:
        yield
    except (ArithmeticError, ValueError) as error:
        if isinstance(error, ArithmeticError) or str(error).startswith(DOMAIN):
            note_start(error, fun, x, args, names, space)
        raise


def note_start(error: Exception, fun: Callable, x: Any, args: tuple, names: Any, space: Any) -> None:
    """The note itself."""
    point = flat_point(x)
    start = np.array(point.vector)

    def fails(v: Array) -> bool:
        try:
            fun(point.restore(v), *args)
        except Exception:
            return True
        return False

    which = cured(fails, start, space)
    shown = ", ".join(f"{names[i]} = {start[i]:g}" for i in range(min(start.size, 6)))
    more = ", ..." if start.size > 6 else ""
    end = f"; another {' or '.join(str(names[i]) for i in which[:3])} alone ends it" if which else ""
    error.add_note(f"raised by the function at the start, {shown}{more}{end}")

"""A function that needs numbers or must be called every time: it runs on the host as it is."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import jax
import numpy as np

from raphson.kernel.space import Euclidean
from raphson.kernel.typing import Space

ARITHMETIC = (
    "math domain error", "math range error", "expected a positive", "expected a nonnegative", "expected a noninteger",
    "expected a finite", "expected a number in", "division by zero", "division or modulo by zero", "float modulo",
    "numerical result out of range", "zero to a negative power", "0.0 cannot be raised", "cannot convert float",
    "interpolation range", "requested xi is out of bounds", "array must not contain infs or nans",
    "fun returns a complex number",
)  # fmt: skip
"""What Python's, NumPy's and SciPy's errors say where numbers end: math.log(-1.0), a table."""

FACTORS = ("singular matrix", "not positive definite", "did not converge", "matrix is singular")
"""The same of linear algebra, whose errors have a type of their own: these words are often a user's, too."""


def out_of_domain(error: Exception) -> bool:
    """Whether an error says that a function is not defined at a point; what a user raises himself, in words of his own,
    does not."""
    said = str(error).lower()
    known = ARITHMETIC + (FACTORS if isinstance(error, np.linalg.LinAlgError) else ())
    return isinstance(error, (ArithmeticError, ValueError, TypeError)) and any(words in said for words in known)


class OutOfCalls(Exception):
    """The user's function may not be called again: the limit of evaluations is reached. Never leaves the package."""


@dataclass(eq=False)
class CallCounts:
    """How often each function of the user was called, finite differences included.

    `limit`: how often f may be called in all (None: no limit); `total` calls of f so far, over all attempts; `last`:
    the user's last gradient or Jacobian, with its point; `undefined` how many calls ended in an error of arithmetic
    after one that did not (`begun_well`), and what the last one said (`error`).
    """

    value: int = 0
    gradient: int = 0
    hessian: int = 0
    limit: int | None = None
    total: int = 0
    last: Any = None
    begun_well: bool = False
    undefined: int = 0
    error: str = ""

    def defined(self, fun: Callable[[np.ndarray], Any], x: np.ndarray, otherwise: Any) -> Any:
        """fun(x), or what stands for it where fun is not defined: a wall, as NaN is, and no reason to lose a run."""
        try:
            out = fun(x)
        except Exception as error:
            if not (self.begun_well and out_of_domain(error)):
                raise
            self.undefined += 1
            self.error = f"{type(error).__name__}: {error}"
            return otherwise
        self.begun_well = True
        return out

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of calls that failed."""
        times = "once" if self.undefined == 1 else f"{self.undefined} times"
        return (f"fun raised {times}, and counted as not finite there; the last: {self.error}",) if self.error else ()

    def slope(self, fun: Callable[[np.ndarray], Any], x: np.ndarray) -> Any:
        """The user's gradient or Jacobian at x, counted; he is not asked twice in a row at one point."""
        if self.last is None or not np.array_equal(self.last[0], x):
            self.gradient += 1
            self.last = np.array(x), fun(np.array(x))
        return self.last[1]

    @classmethod
    def begun(cls, limit: int | None, calls: int) -> "CallCounts":
        """The counts of a function that was called so often to be read; at x0 it is evaluated whatever the limit."""
        return cls(value=calls, total=calls, limit=None if limit is None else max(limit, calls + 1))

    def meet(self) -> None:
        """Counts a call of f; raises OutOfCalls, before it is made, where there is none left."""
        if self.limit is not None and self.total >= self.limit:
            raise OutOfCalls
        self.value += 1
        self.total += 1

    def take(self) -> "CallCounts":
        """The calls since the last taking: those of one attempt, where there are several."""
        taken = replace(self)
        self.value = self.gradient = self.hessian = 0
        return taken


@dataclass(eq=False)
class Lengths:
    """What differences have learned about a function, variable by variable (see `calculus.stencil`).

    `length` (n,): over how much of x_i the function changes its course (None: not measured yet); `swing` (n,): by how
    much it changes over that; `noise` (n,): how far its values are from smooth, relative to the larger of |f| and its
    swing (0: not beyond rounding), `noisy` whether they ever were;
    `dead` (n,): no response was found;
    `due` and `wait` (n,): from which look on a length that seems stale is measured anew, and how many were left out;
    `looks`: how many derivatives were taken; `known` and `last`: the last Jacobian and the
    last residuals, each with its point; `error`: of the last Hessian, relative; `slope_error` (n,): of the gradient
    at the end, by differences (None: it was given); `slope`: all of this for the user's gradient or Jacobian.
    """

    length: np.ndarray | None = None
    noise: np.ndarray | None = None
    swing: np.ndarray | None = None
    noisy: bool = False
    dead: np.ndarray | None = None
    due: np.ndarray | None = None
    wait: np.ndarray | None = None
    looks: int = 0
    known: tuple[Any, ...] | None = None
    last: tuple[Any, ...] | None = None
    error: float = 1e-6
    slope_error: np.ndarray | None = None
    slope: "Lengths | None" = None


@jax.tree_util.register_static  # a model that knows its function passes through jit, as structure
@dataclass(frozen=True, eq=False)
class Callback:
    """The problem: minimize a host function of one flat vector.

    `fun(x)` returns a number; `gradient(x)` a vector (n,) or None; `hessian(x)` a matrix (n, n) or
    None. What is None is taken by finite differences (`calculus.difference`). `sparsity`: how the entries of a
    sparse Hessian are had (`calculus.host_sparse`). The user's function
    sees NumPy arrays of its own shape, and its exceptions come through untouched, but for errors of arithmetic away
    from the start (`out_of_domain`): there f counts as infinite. Calling it outside compiled code costs about 2
    microseconds instead of the 60 to 110 of a callback.
    """

    fun: Callable[[np.ndarray], float]
    gradient: Callable[[np.ndarray], np.ndarray] | None = None
    hessian: Callable[[np.ndarray], np.ndarray] | None = None
    space: Space = Euclidean()
    evaluations: CallCounts = field(default_factory=CallCounts)
    lengths: Lengths = field(default_factory=Lengths)
    sparsity: Any = None

    def count(self, x: Any) -> int:
        """f is one number."""
        return 1

    def value(self, x: Any) -> float:
        """f at x; the user's function gets an array of its own, which it may keep or change."""
        self.evaluations.meet()
        return float(self.evaluations.defined(self.fun, np.array(x), np.inf))

    def evaluate(self, x: np.ndarray) -> float:
        """The same for the points of a run: not evaluated twice in a row at one point."""
        last = self.lengths.last
        if last is None or not np.array_equal(last[0], x):
            last = self.lengths.last = np.array(x), self.value(x)
        return last[1]

    @property
    def frugal(self) -> bool:
        """Whether so few calls are allowed that derivatives must do with one call a variable."""
        return few_calls(self)

    @property
    def hessian_error(self) -> float:
        """Relative error of the Hessian: none where it was given, else that of the differences last taken."""
        return 0.0 if self.hessian is not None else self.lengths.error


@jax.tree_util.register_static
@dataclass(frozen=True, eq=False)
class HostResiduals:
    """The problem: minimize the cost of residuals that a host function of one flat vector returns, a vector (m,).

    `jacobian(x)` returns a matrix (m, n); None: central differences. `rows`: how the entries of a sparse J are had
    (`calculus.host_rows`), and `jacobian_sparsity` their structure where they are factorized as they are. Everything
    else as in `Callback`.
    """

    sparsity: ClassVar[Any] = None
    """Of the residuals' own second derivatives nothing is known by entries."""

    fun: Callable[[np.ndarray], np.ndarray]
    jacobian: Callable[[np.ndarray], np.ndarray] | None = None
    loss: Any = None
    space: Space = Euclidean()
    evaluations: CallCounts = field(default_factory=CallCounts)
    size: int = 0
    lengths: Lengths = field(default_factory=Lengths)
    rows: Any = None
    jacobian_sparsity: Any = None

    def residuals(self, x: Any) -> np.ndarray:
        """All residuals at x, (m,)."""
        self.evaluations.meet()
        return self.evaluations.defined(self.fun, np.array(x), np.full(self.size, np.nan))

    def evaluate(self, x: np.ndarray) -> np.ndarray:
        """The same for the points of a run: not evaluated twice in a row at one point."""
        last = self.lengths.last
        if last is None or not np.array_equal(last[0], x):
            last = self.lengths.last = np.array(x), self.residuals(x)
        return last[1]

    @property
    def frugal(self) -> bool:
        """Whether so few calls are allowed that derivatives must do with one call a variable."""
        return few_calls(self)

    def value(self, x: Any) -> float:
        """The cost at x."""
        return self.cost(self.residuals(x))

    def cost(self, r: np.ndarray) -> float:
        """The cost of residuals (infinite where it overflows)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return float(0.5 * (r @ r)) if self.loss.plain else float(self.loss.cost(r))

    def count(self, x: Any) -> int:
        """The number of residuals m."""
        return self.size

    @property
    def hessian_error(self) -> float:
        """Relative error of a Hessian by differences."""
        return self.lengths.error


FRUGAL = 30
"""Calls a variable (and one) from which derivatives are worth several calls each."""


def few_calls(problem: "Callback | HostResiduals") -> bool:
    """Whether the limit of calls is small, measured by the number of variables of the last point, or by that of their
    groups."""
    limit, last = problem.evaluations.limit, problem.lengths.last
    groups = getattr(getattr(problem, "rows", None), "groups", 0)
    return limit is not None and last is not None and limit < FRUGAL * ((groups or last[0].size) + 1)


HOST = (Callback, HostResiduals)
"""Problems whose functions run outside compiled code."""


def notes_of_calls(problem: Any) -> tuple[str, ...]:
    """What is to be said of calls of a function on the host; nothing of a program."""
    return problem.evaluations.notes if isinstance(problem, HOST) else ()

"""A function that JAX cannot trace (NumPy, SciPy, any Python): it runs on the host as it is."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import numpy as np

from raphson.kernel.space import Euclidean


@dataclass(eq=False)
class Evaluations:
    """How often each function of the user was called, finite differences included, and the largest |x| it met."""

    value: int = 0
    gradient: int = 0
    hessian: int = 0
    largest: Any = 0.0

    def meet(self, x: np.ndarray) -> np.ndarray:
        """Counts a call at x; a copy of x for the user's function to keep."""
        self.value += 1
        self.largest = np.maximum(self.largest, np.abs(x))
        return np.array(x)

    def take(self) -> "Evaluations":
        """The calls since the last taking: those of one attempt, where there are several."""
        taken = replace(self)
        self.value = self.gradient = self.hessian = 0
        return taken


@jax.tree_util.register_static  # a model that knows its function passes through jit, as structure
@dataclass(frozen=True, eq=False)
class Callback:
    """The problem: minimize a host function of one flat vector.

    `fun(x)` returns a number; `gradient(x)` a vector (n,) or None; `hessian(x)` a matrix (n, n) or
    None. What is None is taken by finite differences (`calculus.difference`). The user's function
    sees NumPy arrays of its own shape, and its exceptions come through untouched. Calling it
    outside compiled code costs about 2 microseconds instead of the 60 to 110 of a callback.
    """

    fun: Callable[[np.ndarray], float]
    gradient: Callable[[np.ndarray], np.ndarray] | None = None
    hessian: Callable[[np.ndarray], np.ndarray] | None = None
    space: Any = Euclidean()
    evaluations: Evaluations = field(default_factory=Evaluations)

    def count(self, x: Any) -> int:
        """f is one number."""
        return 1

    def value(self, x: Any) -> float:
        """f at x."""
        return float(np.asarray(self.fun(self.evaluations.meet(x))).reshape(()))

    @property
    def hessian_error(self) -> float:
        """Relative error of the Hessian: none where it was given, else that of differences of g or of f."""
        if self.hessian is not None:
            return 0.0
        return 1e-6 if self.gradient is not None else 1e-4


@jax.tree_util.register_static
@dataclass(frozen=True, eq=False)
class HostResiduals:
    """The problem: minimize the cost of residuals that a host function of one flat vector returns, a vector (m,).

    `jacobian(x)` returns a matrix (m, n); None: central differences. Everything else as in `Callback`.
    """

    fun: Callable[[np.ndarray], np.ndarray]
    jacobian: Callable[[np.ndarray], np.ndarray] | None = None
    loss: Any = None
    space: Any = Euclidean()
    evaluations: Evaluations = field(default_factory=Evaluations)
    size: int = 0

    def residuals(self, x: Any) -> np.ndarray:
        """All residuals at x, (m,)."""
        return np.asarray(self.fun(self.evaluations.meet(x)))

    def value(self, x: Any) -> float:
        """The cost at x."""
        return float(self.loss.cost(self.residuals(x)))

    def count(self, x: Any) -> int:
        """The number of residuals m."""
        return self.size

    @property
    def hessian_error(self) -> float:
        """Relative error of a Hessian by differences of the gradient J'r."""
        return 1e-6 if self.jacobian is not None else 1e-4


HOST = (Callback, HostResiduals)
"""Problems whose functions run outside compiled code."""

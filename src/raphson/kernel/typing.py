"""What spaces, problems, paths and controls are to the rest of the house: the functions that it calls, and no more.

Anything that has these is one; nothing inherits from here. Operators, factorizations and curvatures inherit what they
have in common, and stand with it in operators/base.py and model/curvature.py.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import jax

from raphson.kernel.trace import Trial

if TYPE_CHECKING:
    from raphson.model.quadratic import Model
    from raphson.paths.proposal import Proposal

Array = jax.Array


class Space(Protocol):
    """Where points x live (a pytree), and steps s (n,) in the tangent space at each.

    A curved space also knows its natural `unit`s and the nearest point of an array (kernel/sphere.py).
    """

    @property
    def straight(self) -> bool:
        """Whether a step is the change of the coordinates of x."""
        ...

    def size(self, x: Any) -> int:
        """Number of variables n: of the tangent space at x."""
        ...

    def zero(self, x: Any) -> Array:
        """The step that goes nowhere (n,), in the precision of x."""
        ...

    def retract(self, x: Any, s: Array) -> Any:
        """The point that s leads to, with geodesics to second order: else derivatives by s are no Hessian."""
        ...

    def difference(self, y: Any, x: Any) -> Array:
        """The step s (n,) with retract(x, s) = y."""
        ...

    def move(self, x: Any, s: Array) -> tuple[Any, Array, Array]:
        """Where the step leads, the step made, and whether bounds cut it short."""
        ...

    def magnitude(self, x: Any) -> Array:
        """The size (n,) of every coordinate of a step at x: what "relative" is relative to."""
        ...

    def transport(self, x: Any, s: Array, v: Array) -> Array:
        """A tangent vector v (n,) at x carried in parallel along s: inner products stay."""
        ...


class Problem(Protocol):
    """What is made small, as paths of differentiation and the solver see it."""

    @property
    def space(self) -> Space:
        """Where its points live."""
        ...

    def value(self, x: Any) -> Array:
        """f at x."""
        ...

    def pulled(self, x: Any) -> Callable[[Array], Array]:
        """The function s -> f(retract(x, s)) on the tangent space at x."""
        ...


class Path(Protocol):
    """A curve of steps s(tau) from 0 towards the minimum of a model, and what is solved once for all of it."""

    @property
    def unit(self) -> str:
        """What tau is (paths/proposal.py): a path pairs only with a control of its own unit."""
        ...

    def prepare(self, model: "Model", tau: Array | float = ...) -> Any:
        """The plan: whatever has to be solved once at a point; `tau` is the first that will be asked for."""
        ...

    def at(self, plan: Any, tau: Array) -> "Proposal":
        """The step for this tau."""
        ...


class Control(Protocol):
    """Owns tau: judges a trial, and says how far to go next. One with `slopes` judges by the gradient there, too."""

    @property
    def unit(self) -> str:
        """What tau is (paths/proposal.py)."""
        ...

    def start(self, model: "Model") -> Any:
        """The state before the first trial: a record with a field `tau`."""
        ...

    def judge(self, state: Any, trial: Trial) -> tuple[Array, Any]:
        """Whether the trial is taken, and the state after it."""
        ...

"""From a model or a result to the plane that is drawn: which plane, the quadratic in it, and f around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from raphson.kernel.names import names_of
from raphson.kernel.number import eps
from raphson.model.geometry import Frame, angle, hessian_units
from raphson.picture.feasible import held_names, outside
from raphson.picture.plane import Plane, extreme_plane, newton_plane, parameter_plane, path_plane, scales
from raphson.picture.quadratic import Quadratic
from raphson.picture.sample import along, sample
from raphson.picture.scene import Grid, Outside
from raphson.picture.views.window import Window, window_of

LARGEST_HESSIAN = 3000
"""Variables up to which a whole Hessian is looked at."""

FINE = 121
"""Points of a grid in each direction."""

WORDS = ("newton", "extreme", "path")


@dataclass(frozen=True, eq=False)
class Subject:
    """What is drawn: a `model`, the `names` of its variables, and the result it came with (None: a model alone)."""

    model: Any
    names: Sequence[str]
    result: Any = None

    @staticmethod
    def of(thing: Any) -> "Subject":
        """Reads a `Model`, or a result that has one; TypeError for anything else."""
        model = getattr(thing, "model", thing)
        if model is None:
            raise ValueError("this result has no model, so there is no quadratic to draw")
        if not hasattr(model, "curvature"):
            raise TypeError(f"expected a model (of rp.local_model) or a result, not {type(thing).__name__}")
        refuse_curved(model)
        return Subject(model, names_of(thing), None if model is thing else thing)

    @cached_property
    def x(self) -> np.ndarray:
        """x as one vector (n,)."""
        return flat(self.model.x)

    @cached_property
    def gradient(self) -> np.ndarray:
        """g (n,)."""
        return np.asarray(self.model.gradient, float)

    @cached_property
    def hessian(self) -> np.ndarray:
        """H (n, n), symmetric; ValueError where it is not finite."""
        return self.frame.H

    @cached_property
    def frame(self) -> Frame:
        """H with the signs of its eigenvalues; ValueError where it is not finite, or too large to be written down."""
        if self.n > LARGEST_HESSIAN:
            raise ValueError(
                f"the model has {self.n} variables, and this picture needs its whole Hessian: at most "
                f"{LARGEST_HESSIAN} are drawn. Draw the run instead: rp.plot.run(result), rp.plot.convergence(result)"
            )
        return Frame.of(self.model)

    @cached_property
    def newton(self) -> np.ndarray:
        """The Newton step (n,)."""
        return self.frame.newton_step(self.gradient)

    @cached_property
    def scales(self) -> np.ndarray:
        """Powers of ten (n,) in which the variables are drawn."""
        return scales(self.x, hessian_units(self.hessian))

    @property
    def n(self) -> int:
        """How many variables."""
        return len(self.x)

    @property
    def value(self) -> float:
        """f(x)."""
        return float(self.model.value)

    @property
    def noise(self) -> float:
        """The relative spacing of numbers in the model's precision."""
        return eps(self.model.gradient)

    @property
    def size(self) -> float:
        """The size of x in its drawing units; 1 at the origin."""
        size = float(np.max(np.abs(self.x / self.scales)))
        return size if 0 < size < np.inf else 1.0

    def index(self, variable: Any) -> int:
        """The number of a variable that is named or numbered; ValueError where there is none such."""
        if isinstance(variable, str):
            if variable not in self.names:
                shown = ", ".join(self.names[:8]) + (", ..." if self.n > 8 else "")
                raise ValueError(f"no variable is named {variable!r}: there are {shown}")
            return list(self.names).index(variable)
        if not (isinstance(variable, (int, np.integer)) and -self.n <= variable < self.n):
            raise ValueError(f"variable {variable!r}: give a name, or a number from 0 to {self.n - 1}")
        return int(variable) % self.n

    def plane(self, chosen: Any = None, d: np.ndarray | None = None) -> Plane:
        """The plane: "newton", "extreme", "path", a pair of variables, a `Plane`; None: all there is, else "newton".

        At a stationary point, where -g and the Newton step mean nothing, the plane of the extreme curvatures
        stands in for None. `d` (n,): drawing units, where they should not be read from H. ValueError for
        anything else.
        """
        if isinstance(chosen, Plane):
            return chosen
        if chosen is None:
            chosen = (0, 1) if self.n == 2 else "extreme" if self.at_rest else "newton"
        d = self.scales if d is None else d
        if isinstance(chosen, str):
            return self.named_plane(chosen, d)
        try:
            i, j = (self.index(a) for a in chosen)
        except TypeError:
            raise ValueError(f"plane = {chosen!r}: {choices()}") from None
        if i == j:
            raise ValueError(f"plane = {chosen!r}: a plane needs two variables, not {self.names[i]} twice")
        return parameter_plane(i, j, self.x, d, self.names)

    @property
    def at_rest(self) -> bool:
        """Whether x is the model's stationary point for all that can be seen."""
        return not float(np.linalg.norm(self.newton / self.scales)) > 1e-6 * self.size

    def named_plane(self, word: str, d: np.ndarray) -> Plane:
        """A plane by its word."""
        if word == "newton":
            if not np.any(self.gradient):
                raise ValueError('plane = "newton": the gradient is zero here, so −g spans nothing; try "extreme"')
            return newton_plane(self.x, self.gradient, self.newton, d)
        if word == "extreme":
            _, V = np.linalg.eigh(self.hessian * d[:, None] * d[None, :])
            return extreme_plane(self.x, V, d)
        if word == "path":
            if self.result is None or getattr(self.result, "start", None) is None:
                raise ValueError(
                    'plane = "path" needs a result that knows its path: call it with what minimize returns'
                )
            return path_plane(way(self.result), d)
        raise ValueError(f"plane = {word!r}: {choices()}")

    def quadratic(self, plane: Plane, section: str) -> Quadratic:
        """The model in a plane, as a slice or a shadow; ValueError where there is no shadow."""
        if section == "slice":
            return plane.slice(self.value, self.gradient, self.hessian, self.x, self.noise)
        if section != "shadow":
            raise ValueError(
                f'section = {section!r}: "slice" holds the other variables fixed, "shadow" minimizes over them'
            )
        quad = plane.shadow(self.value, self.gradient, self.hessian, self.x, self.noise)
        if quad is None:
            raise ValueError(
                "there is no shadow: H is not positive definite, so f has no minimum over the other variables here; "
                'section="slice" holds them fixed'
            )
        return quad

    def window(self, quad: Quadratic, plane: Plane) -> Window:
        """How much of the plane is shown."""
        reach = self.size if plane.kind != "parameters" else float(np.max(np.abs(quad.at))) or 1.0
        return window_of(quad, reach)

    def grid(self, plane: Plane, window: Window, size: int = FINE) -> Grid | None:
        """f in the window; None where the model does not know f, or f is too slow."""
        if self.model.problem is None:
            return None
        return sample(self.model.problem, self.model.x, plane, window, size, size)

    def outside(self, plane: Plane, window: Window) -> Outside | None:
        """What lies beyond the bounds; None where there are none in sight, or the model does not know f."""
        return None if self.model.problem is None else outside(self.model.problem.space, plane, window)

    @property
    def angle(self) -> float | None:
        """Degrees from -g to the Newton step in all dimensions; None where the one or the other is rounding."""
        error = self.model.gradient_error
        size = 0.0 if error is None else float(np.linalg.norm(np.asarray(error, float)))
        if not (np.linalg.norm(self.gradient) > size and np.any(self.newton)):
            return None
        return angle(-self.gradient, self.newton)

    @property
    def held(self) -> list[str]:
        """The variables that sit at a bound beyond which f falls."""
        return (
            []
            if self.model.problem is None
            else held_names(self.model.problem, self.model.x, self.gradient, self.names)
        )

    def evaluate(self, plane: Plane, points: np.ndarray) -> np.ndarray | None:
        """f (m,) at points (m, 2) of the plane; ValueError where the model does not know f."""
        if self.model.problem is None:
            raise ValueError(
                "this model does not know its function, so the two cannot be compared: "
                "take rp.local_model(fun, x), or a result's model"
            )
        return along(self.model.problem, self.model.x, plane, np.asarray(points, float))


def section_in(plane: Plane, section: str) -> str:
    """The section by its word, "whole" where the plane is all there is."""
    return "whole" if plane.whole else section


def line_plane(name: str) -> Plane:
    """One variable as a plane whose second coordinate does nothing."""
    basis, project = np.array([[1.0, 0.0]]), np.array([[1.0], [0.0]])
    return Plane(name, "parameters", (name, ""), name, np.zeros(1), basis, project, np.ones(2))


def flat(x: Any) -> np.ndarray:
    """A structure of arrays as one vector (n,)."""
    import jax

    return np.concatenate([np.ravel(np.asarray(leaf, float)) for leaf in jax.tree.leaves(x)])


def refuse_curved(model: Any) -> None:
    """ValueError for models on curved spaces: pictures draw straight lines in the coordinates of x."""
    if not model.space.straight:
        raise ValueError(
            f"no picture of a function on {type(model.space).__name__}: planes through x leave it. rp.plot.convergence "
            "and model.geometry() work there"
        )


def way(result: Any) -> np.ndarray:
    """The points that a run took (m, n), as far as they were kept: the start first and the answer last."""
    refuse_curved(result.model)
    start, moves = flat(result.start), np.asarray(result.trace.moves, float)
    return np.concatenate([start[None], start + np.cumsum(moves, axis=0), flat(result.x)[None]])


def choices() -> str:
    """What a plane can be, in words."""
    return f"choose {', '.join(map(repr, WORDS))} or a pair of variables, as (0, 1) or ('a', 'b')"

"""The local quadratic model m(s) = f + g's + 1/2 s'Bs."""

from pathlib import Path
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel import show
from raphson.kernel.number import GRADIENT_NOISE, eps, value_noise
from raphson.kernel.record import record
from raphson.kernel.space import Euclidean
from raphson.kernel.typing import Space
from raphson.operators.base import Operator

Array = jax.Array


@record
class Model:
    """The second-order Taylor model of f at x (or its approximation by a curvature B).

    `x` is the point (a pytree), `value` f(x), `gradient` (n,), `curvature` the operator B,
    `scale` (n,) the lengths' units: paths measure a step by ||scale * s||. `noise` is the smallest
    change of f that means anything, where more is known than its rounding (None). `problem` is the
    function itself where the model is an answer (None inside a run, and after a pickle): pictures
    compare the two.
    """

    forgets: ClassVar[tuple[str, ...]] = ("problem",)

    x: Any
    value: Array
    gradient: Array
    curvature: Operator
    scale: Array
    space: Space = Euclidean()
    noise: Any = None
    problem: Any = None

    def __call__(self, s: Any) -> Array:
        """m(s) = f + g's + 1/2 s'Bs for a step s of shape (n,)."""
        s = jnp.asarray(s, self.gradient.dtype)
        return self.value + self.gradient @ s + 0.5 * self.curvature.quadratic(s)

    def decrease(self, s: Array) -> Array:
        """What the model promises: -(g's + 1/2 s'Bs), positive when good."""
        return -(self.gradient @ s + 0.5 * self.curvature.quadratic(s))

    @property
    def floor(self) -> Array:
        """The smallest change of f that means anything."""
        return value_noise(self.value) if self.noise is None else self.noise

    @property
    def gradient_error(self) -> Array | None:
        """How far g may be off by rounding (n,): that of x, and that of g itself. None where no matrix lies ready: it
        would cost a product."""
        if not self.curvature.ready:
            return None
        rounding = self.curvature.rounding(self.space.magnitude(self.x)) + jnp.abs(self.gradient)
        return GRADIENT_NOISE * eps(rounding) * rounding

    @property
    def hessian(self) -> Array:
        """B as a matrix (n, n)."""
        return self.curvature.dense()

    def newton_step(self) -> np.ndarray:
        """The step (n,) to the model's stationary point, -H^-1 g: its centre, which is a minimum only if H > 0.

        Where H is singular to rounding: -pinv(H) g, the shortest such step (least squares). Computed on
        the host; the same step as `geometry().newton_step`.
        """
        from raphson.model.geometry import Frame

        return Frame.of(self).newton_step(np.asarray(self.gradient, float))

    def geometry(self) -> Any:
        """The geometry of the model: eigenvalues, axes, ellipsoid, angle. See `Geometry`."""
        from raphson.model.geometry import Geometry

        return Geometry.of(self)

    def report(self, path: str | Path, title: str = "", language: str = "en") -> Path:
        """Writes the model as one self-contained HTML file with pictures that can be dragged; the path of the file.

        `title`: what stands at the top; `language`: "en" or "zh", in which the page opens. ValueError for another one.
        """
        return show.report(self, path, title, language)

    def _repr_html_(self) -> str:
        """The local picture and the geometry in words, for notebooks."""
        return show.html(self)

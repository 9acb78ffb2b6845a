"""Any curvature on batches: what the batch leaves in the dark is the noise of its models."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from raphson.calculus.taylor import Observation
from raphson.kernel.evaluation import Evaluation
from raphson.kernel.number import safe, value_noise
from raphson.kernel.record import record
from raphson.kernel.typing import Problem, Space
from raphson.model.quadratic import Model

Array = jax.Array


@record
class SampledMemory:
    """What the curvature within remembers; the last gradient (n,), what the last step promised, and the noise."""

    inner: Any
    gradient: Array
    promise: Array
    noise: Array


@record
class Sampled:
    """The curvature `within`, with the noise of a batch in its models: the decrease that cannot be told from chance.

    Two batches that see the same point have gradients g and h with E|g - h|^2 = 2 E|error of one|^2. That part of |g|^2
    which is error, of what the last step promised (1/2 |g's|, a Newton step's), is the noise of what the next one
    promises. Nothing is evaluated for it; on one batch for ever it is the rounding of f, as without this.
    """

    within: Any

    def __getattr__(self, name: str) -> Any:
        """`exact`, `natural`, `learned`, `square`, ...: those of the curvature within."""
        if name.startswith("__") or name == "within":
            raise AttributeError(name)
        return getattr(self.within, name)

    @property
    def observation(self) -> Observation:
        """What has to be evaluated at a point."""
        return self.within.observation

    def start(self, problem: Problem, x: Any) -> SampledMemory:
        """Nothing seen yet."""
        zero = problem.space.zero(x)
        return SampledMemory(self.within.start(problem, x), zero, zero.sum(), zero.sum())

    def model(self, space: Space, seen: Evaluation, s: Array, memory: SampledMemory) -> tuple[Model, SampledMemory]:
        """The model at the point evaluated; a step of zero is the same point seen by another batch."""
        model, inner = self.within.model(space, seen, s, memory.inner)
        g = model.gradient
        moved, size = jnp.any(s != 0), g @ g
        change = g - memory.gradient
        share = jnp.minimum(0.5 * (change @ change) / safe(size, size > 0), 1)
        promise = jnp.where(moved, 0.5 * jnp.abs(memory.gradient @ s), memory.promise)
        noise = jnp.where(moved, memory.noise, jnp.where(jnp.isfinite(share), share * promise, 0))
        floor = jnp.maximum(value_noise(model.value) if model.noise is None else model.noise, noise)
        return replace(model, noise=floor), SampledMemory(inner, g, promise, noise)

    def carried(self, transport: Callable[[Array], Array], memory: SampledMemory) -> SampledMemory:
        """The memory in the tangent space of the next point."""
        inner = self.within.carried(transport, memory.inner)
        return replace(memory, inner=inner, gradient=transport(memory.gradient))

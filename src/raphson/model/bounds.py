"""The model as a bounded problem sees it: variables that their bounds hold are taken out of the quadratic."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.product import box_of, coordinates
from raphson.kernel.space import Box
from raphson.model.quadratic import Model

Array = jax.Array


def reduce_to_free(model: Model) -> Model:
    """The model to plan with: itself without bounds, else with held variables uncoupled from the others.

    Held is a variable that -g pushes towards a bound which a step of -g_i / b_i would reach, b_i its
    own curvature. It keeps the curvature b_i and gets a slope that brings it to its bound or some way
    beyond, where the step is cut (no slope where it is there already); the others see it as fixed.
    Source: Bertsekas (1982), "Projected Newton methods for optimization problems with simple constraints".
    """
    box = box_of(model.space, model.x)
    if box is None:
        return model
    stiff = jnp.sqrt(model.curvature.stiffness(model.gradient, model.scale))
    held, room = held_by(box, coordinates(model.space, model.x), model.gradient, stiff)
    if not model.curvature.coupled:  # held variables only have to rest at their bounds
        return replace(model, gradient=jnp.where(held & (room == 0), 0, model.gradient))
    stiff = jnp.where(held, stiff, 0)
    # Aimed beyond the bound, where the step is cut: damping, tau < 1 and rounding would else never quite arrive.
    natural = jnp.abs(model.gradient) / jnp.where(held, stiff, 1) ** 2
    room = jnp.where(room == 0, 0, jnp.sign(room) * jnp.minimum(natural, 2 * jnp.abs(room)))
    slope = jnp.where(held, -(stiff**2) * room, model.gradient)
    return replace(model, gradient=slope, curvature=model.curvature.restrict(held, stiff, room))


def held_by(box: Box, here: Array, g: Array, stiff: Array) -> tuple[Array, Array]:
    """Which variables a bound holds, and their way to it (zero for the others), from where they are (n,); `stiff`
    squared is their curvature."""
    down, up = box.lower - here, box.upper - here
    natural = -g / stiff**2
    fixed = box.lower == box.upper
    low, high = (g > 0) & (natural <= down) | fixed, (g < 0) & (natural >= up)
    return low | high, jnp.where(low, down, jnp.where(high, up, 0))


def held_up(space: Any, x: Any, g: Array) -> Array | None:
    """The variables that a bound holds up against -g, and fixed ones (n,); None without bounds."""
    box = box_of(space, x)
    if box is None:
        return None
    here = coordinates(space, x)
    return (here <= box.lower) & (g > 0) | (here >= box.upper) & (g < 0) | (box.lower == box.upper)

"""The model as a bounded problem sees it: variables that their bounds hold are taken out of the quadratic."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.number import safe
from raphson.kernel.space import Box
from raphson.model.quadratic import Model
from raphson.operators.dense import Dense, Diagonal, Inverted
from raphson.operators.gram import Gram
from raphson.operators.held import Held
from raphson.operators.matrix_free import MatrixFree

Array = jax.Array


def hold(model: Model) -> Model:
    """The model to plan with: itself without bounds, else with held variables uncoupled from the others.

    Held is a variable that -g pushes towards a bound which a step of -g_i / b_i would reach, b_i its
    own curvature. It keeps the curvature b_i and gets a slope that brings it to its bound or some way
    beyond, where the step is cut (no slope where it is there already); the others see it as fixed.
    Source: Bertsekas (1982), "Projected Newton methods for optimization problems with simple constraints".
    """
    if not isinstance(model.space, Box):
        return model
    stiff = jnp.sqrt(stiffness(model))
    held, room = held_by(model.space, model.x, model.gradient, stiff)
    if isinstance(model.curvature, Diagonal):  # nothing is coupled: held variables only have to rest at their bounds
        return replace(model, gradient=jnp.where(held & (room == 0), 0, model.gradient))
    stiff = jnp.where(held, stiff, 0)
    # Aimed beyond the bound, where the step is cut: damping, tau < 1 and rounding would else never quite arrive.
    natural = jnp.abs(model.gradient) / jnp.where(held, stiff, 1) ** 2
    room = jnp.where(room == 0, 0, jnp.sign(room) * jnp.minimum(natural, 2 * jnp.abs(room)))
    slope = jnp.where(held, -(stiff**2) * room, model.gradient)
    return replace(model, gradient=slope, curvature=uncoupled(model.curvature, held, stiff, room))


def stiffness(model: Model) -> Array:
    """A positive curvature for every variable alone: the squared scale, |B_ii|, or one number from a product."""
    B = model.curvature
    if isinstance(B, (Dense, Gram)):
        return model.scale**2
    if isinstance(B, MatrixFree):
        g = model.gradient
        size = g @ g
        along = jnp.abs(g @ B.mv(g)) / safe(size, size > 0)
        return jnp.where(along > 0, along, 1) * jnp.ones_like(g)
    diagonal = jnp.abs(B.diagonal())
    return jnp.where(diagonal > 0, diagonal, 1)


def held_by(box: Box, x: Any, g: Array, stiff: Array) -> tuple[Array, Array]:
    """Which variables a bound holds, and their way to it (zero for the others); `stiff` squared is their curvature."""
    here = box.flat(x)
    down, up = box.lower - here, box.upper - here
    natural = -g / stiff**2
    fixed = box.lower == box.upper
    low, high = (g > 0) & (natural <= down) | fixed, (g < 0) & (natural >= up)
    return low | high, jnp.where(low, down, jnp.where(high, up, 0))


def uncoupled(B: Any, held: Array, stiff: Array, room: Array) -> Any:
    """B without rows and columns of held variables, and their stiffness squared on the diagonal."""
    if isinstance(B, Gram):
        rows = jnp.diag(stiff)
        J = jnp.concatenate([jnp.where(held, 0, B.J), rows])
        return replace(B, J=J, r=jnp.concatenate([B.r, -stiff * room]), root=jnp.concatenate([B.root, 0 * stiff]))
    if isinstance(B, (Dense, Inverted)):
        free = jnp.where(held[:, None] | held[None, :], 0, B.matrix)
        return Dense(free + jnp.diag(stiff**2))
    return Held(B, held, stiff)

"""The plane of a training run that tells most: that of -g and the last step, or of the largest curvatures."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import replace
from typing import Any

import numpy as np

from raphson.model.geometry import angle
from raphson.picture.learning import COLORS, landscape, loss_grid, quadratic_in
from raphson.picture.plane import spanned
from raphson.picture.scene import Curve, Dots, Scene
from raphson.picture.views import local as near
from raphson.picture.views.window import window_of
from raphson.picture.words import number_text

QUESTION = "Where did the last step go?"

AXES = ("along −g", "across −g, in the plane of the last step")

ALIKE = 1.0
"""Degrees between -g and the step below which they are one direction for the eye, and span no plane."""

UNSEEN = 100
"""Roundings of the loss: a step that changes the quadratic by less goes nowhere that could be drawn."""

POINTS = 41


def last_step(risk: Any, before: Any, after: Any, points: int = POINTS) -> Scene:
    """The loss on all data around the point before the last step taken, its quadratic there, and that step; where the
    step shows nothing, the plane of the two largest eigenvalues at `after`, with a note that says why.

    Raises ValueError where there is nothing to draw: one parameter, or a loss that is not finite.
    """
    if before is None:
        return by_curvature(risk, after, "No step was taken", points)
    operator = risk.hessian(before)
    tree = operator.parameters
    x, g, y = (np.asarray(tree.flat(a), float) for a in (before, risk.gradient(before), after))
    step, value = y - x, float(risk.value(before))
    if operator.size < 2:
        raise ValueError("a landscape is drawn over a plane, and there is one parameter")
    if not (np.isfinite(value) and np.all(np.isfinite(g))):
        return by_curvature(risk, after, "The loss or its gradient was not finite before the last step", points)
    if not (np.any(g) and np.any(step)):
        return by_curvature(risk, after, "The gradient or the last step is zero", points)
    off = angle(-g, step)
    if min(off, 180 - off) < ALIKE:
        return by_curvature(risk, after, f"The last step lay along −g, {number_text(off, 2)}° off", points)
    promised = float(g @ step + 0.5 * step @ np.asarray(operator.times(step), float))
    if abs(promised) < UNSEEN * np.finfo(operator.dtype).eps * abs(value):
        return by_curvature(risk, after, "The last step changed the loss by no more than its rounding", points)
    cut = spanned("plane", "plane", AXES, "", x, np.stack([-g, step], 1), np.ones(len(x)))
    quad = quadratic_in(operator, value, x, g, cut)
    end = step @ cut.basis
    window = window_of(quad, float(np.linalg.norm(step)), end[None])
    grid = loss_grid(risk, tree, x, cut.basis, window, points)
    scene = near.local(quad, grid, section="slice", axes=AXES, window=window)
    way = (Curve("path", np.stack([np.zeros(2), end])), Dots("trial", end[None], np.array([True]), "after the step"))
    return replace(scene, question=QUESTION, items=(*scene.items, *way),
                   notes=(*scene.notes, COLORS, told(float(risk.value(after)), value, promised, off)))  # fmt: skip


def told(reached: float, value: float, promised: float, off: float) -> str:
    """What the step did to the loss on all data, and what its quadratic said."""
    turn = f"Dashed: the last step taken, {off:.1f}° off −g."
    if not np.isfinite(reached):
        return f"{turn} It ended where the loss on all data is not finite."
    was = f"On all data the loss was {number_text(value, 4)}."
    return f"{turn} {was} The quadratic foresaw a {moved(promised)}, and there was a {moved(reached - value)}."


def moved(change: float) -> str:
    """A change in words."""
    return f"{'fall' if change < 0 else 'rise'} of {number_text(abs(change))}"


def by_curvature(risk: Any, params: Any, why: str, points: int) -> Scene:
    """The plane of the two largest eigenvalues, with the reason for it."""
    scene = landscape(risk, params, "eigenvectors", points=points)
    return replace(scene, notes=(*scene.notes, f"{why}: the plane of the two largest curvatures tells more."))

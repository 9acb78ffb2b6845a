"""Scenes of training losses: the spread of eigenvalues, layers, and the loss over a plane beside its quadratic."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.model.geometry import angle
from raphson.picture.plane import Plane, spanned
from raphson.picture.quadratic import Quadratic
from raphson.picture.scene import Grid, Scene
from raphson.picture.views import local as near
from raphson.picture.views.window import Window, window_of

QUESTION = "What does the loss look like around here?"

COLORS = "Gray: the loss on all data; blue: its quadratic model."

PLANES = ("newton", "eigenvectors")

FINE_LOSS = 41
"""Points of the grid in each direction: 1681 losses."""

ACCURACY = 1e-4
"""|H s + g| / |g| at which the Newton step counts as found."""

PATIENCE = 400
"""Products that the Newton step may take."""


def landscape(
    risk: Any, params: Any, plane: Any = "newton", reach: float | None = None, points: int = FINE_LOSS
) -> Scene:
    """The loss in a plane through params, and its quadratic model there; see `rp.plot.landscape`."""
    operator = risk.hessian(params)
    tree = operator.parameters
    if operator.size < 2:
        raise ValueError("a landscape is drawn over a plane, and there is one parameter")
    x, g = (np.asarray(tree.flat(a), float) for a in (params, risk.gradient(params)))
    value = float(risk.value(params))
    if not (np.isfinite(value) and np.all(np.isfinite(g))):
        raise ValueError("the loss or its gradient is not finite at these parameters: there is no landscape to draw")
    pair, axes, notes, off = directions_of(operator, g, plane)
    cut = spanned("plane", "plane", axes, "", x, pair, np.ones(len(x)))
    quad = quadratic_in(operator, value, x, g, cut)
    window = square(reach) if reach is not None else window_of(quad, 1.0)
    if reach is None and window[1] - window[0] < 2 * visible_reach(quad):
        window = square(visible_reach(quad))
    grid = loss_grid(risk, tree, x, cut.basis, window, points)
    scene = near.local(quad, grid, section="slice", axes=cut.axes, window=window,
                       around=near.Surroundings(None, (), len(x), off))  # fmt: skip
    return replace(scene, question=QUESTION, notes=(*scene.notes, COLORS, *notes))


def quadratic_in(operator: Any, value: float, x: np.ndarray, g: np.ndarray, cut: Plane) -> Quadratic:
    """The quadratic of the loss in a plane, from two products."""
    HE = np.asarray(operator.times(cut.basis), float)
    return cut.section(value, cut_gradient(g, cut.basis), HE, x, float(jnp.finfo(operator.dtype).eps))


def cut_gradient(g: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """The gradient; its part in the plane is 0 where it is rounding beside the whole."""
    inside = np.linalg.norm(basis.T @ g)
    return g if inside > 1e-12 * np.linalg.norm(g) else 0 * g


def visible_reach(quad: Quadratic) -> float:
    """The distance along the strongest curvature at which the model has doubled the loss: nearer by nothing is seen."""
    strongest = float(np.max(np.abs(quad.eigen[0])))
    return float(np.sqrt(2 * abs(quad.value) / strongest)) if strongest > 0 and quad.value != 0 else 1.0


def square(reach: float) -> Window:
    """A window of that half width around params."""
    if not (np.ndim(reach) == 0 and np.isfinite(reach) and reach > 0):
        raise ValueError(f"reach is {reach!r}: it is a distance from the parameters, above 0")
    return -reach, reach, -reach, reach


def directions_of(
    operator: Any, g: np.ndarray, plane: Any
) -> tuple[np.ndarray, tuple[str, str], list[str], float | None]:
    """Two vectors (P, 2), the names of the axes, notes, and the angle from -g to the Newton step where it is known."""
    if isinstance(plane, str) and plane == "eigenvectors":
        from raphson.ml import eigenpairs

        found = eigenpairs(operator, min(2, operator.size), "magnitude")
        order = np.argsort(-np.abs(found.values))
        V = np.asarray(found.vectors, float)[order]
        V = V * np.where(V @ g > 0, -1, 1)[:, None]  # towards lower losses
        pair = V.T if len(V) == 2 else np.concatenate([V.T, 0 * V.T], axis=1)
        return pair, ("eigenvector of the largest absolute λ", "eigenvector of the second largest"), [], None
    if isinstance(plane, str) and plane == "newton":
        if not np.any(g):
            raise ValueError('plane = "newton": the gradient is zero here, so −g spans nothing; try "eigenvectors"')
        step, left = newton_step(operator, g)
        if left <= ACCURACY:
            return np.stack([-g, step], 1), ("along −g", "across −g, towards the Newton point"), [], angle(-g, step)
        note = f"The Newton step is not exact: {PATIENCE} products left |Hs + g| = {left:.1g} |g| (MINRES)."
        return np.stack([-g, step], 1), ("along −g", "across −g, towards the Newton point, about"), [note], None
    try:
        first, second = (
            np.asarray(operator.parameters.flat(v) if not isinstance(v, np.ndarray) else v, float) for v in plane
        )
        pair = np.stack([first, second], 1)
    except (TypeError, ValueError):
        pair = np.zeros((0, 2))
    if len(pair) != operator.size or not np.all(np.isfinite(pair)):
        known = ", ".join(map(repr, PLANES))
        raise ValueError(f"plane is {plane!r}: choose one of {known}, or give two directions like the parameters")
    return pair, ("first direction", "second direction, the part across the first"), [], None


def newton_step(operator: Any, g: np.ndarray) -> tuple[np.ndarray, float]:
    """The Newton step, also of an indefinite Hessian, and |H s + g| / |g|."""
    from scipy.sparse.linalg import minres

    step = np.asarray(minres(operator.to_scipy(), -g, rtol=ACCURACY / 100, maxiter=PATIENCE)[0], float)
    return step, float(np.linalg.norm(np.asarray(operator.times(step)) + g) / np.linalg.norm(g))


def loss_grid(risk: Any, tree: Any, x: np.ndarray, basis: np.ndarray, window: Window, points: int) -> Grid:
    """Losses over the window."""
    u, v = np.linspace(*window[:2], points), np.linspace(*window[2:], points)
    corners = np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2)
    values = losses_along(risk.term, tree, risk.at(tree.tree(jnp.asarray(x, tree.dtype))), jnp.asarray(x, tree.dtype),
                          jnp.asarray(basis, tree.dtype), jnp.asarray(corners, tree.dtype))  # fmt: skip
    return Grid(u, v, np.asarray(values, float).reshape(points, points))


@partial(jax.jit, static_argnames=("term", "tree"))
def losses_along(term: Any, tree: Any, state: Any, x: Any, basis: Any, places: Any) -> Any:
    """The risk at x + basis @ p for each p of places (m, 2), one at a time."""
    from raphson.ml.risk_products import risk as value_of

    return lax.map(lambda p: value_of(term, replace(state, params=tree.tree(x + basis @ p))), places)

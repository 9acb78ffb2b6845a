"""How sure each place of a map is: the ellipses that hold them with 95 % probability, from marginal covariances."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.slam import errors

PROBABILITY = 0.95

ELLIPSE = "#0072b2"
"""As frontend/src/map/canvas.ts."""

IN_SIGMAS = float(np.sqrt(-2 * np.log(1 - PROBABILITY)))
"""Semi-axes in standard deviations, 2.4477: the root of the quantile of chi-square with two degrees of freedom, which
has this closed form."""

MOST = {2: 10_000, 3: 2500}
"""Places in the plane and in space up to which ellipses are made unasked: marginals of city10000 take 1.0 s, and of
sphere2500, whose factor fills, 2.7 s, about as long as its steps."""

CROWD, FEW, LARGE = 300, 30, 0.25
"""Places up to which all ellipses are drawn unasked: of more they hide the map, and that of one place is enough; the
same for ellipses half of which are larger than this share of the map."""


def why_without(fit: Any, count: int, dimension: int) -> str:
    """Why a map of so many places has no ellipses where nobody said whether it should: one of `WITHOUT`, or ""."""
    if not fit.success:
        return "unfinished"
    if fit.graph.gauge == "free":
        return "open"
    return "many" if count > MOST[dimension] else ""


def place_covariances(fit: Any, names: list[str], dimension: int) -> np.ndarray:
    """The covariance (N, 2, 2) or (N, 3, 3) of each place in the axes of the map; zero where it is held, NaN where
    something is not determined."""
    found = []
    for name in names:
        variables, blocks = fit.graph.variables[name], fit.marginals[name]
        if not variables.space.straight:
            camera = name in camera_types(fit.graph)
            P = np.asarray(moved_places(variables.space, jnp.asarray(fit.values[name]), dimension, camera))
            blocks = P @ blocks @ np.swapaxes(P, 1, 2)
        found.append(np.where(np.isfinite(blocks).all(axis=(1, 2), keepdims=True), blocks, np.nan))
    return np.concatenate(found)


def camera_types(graph: Any) -> set[str]:
    """The types of poses that take the world's axes to a camera's, so that the camera is at their inverse."""
    return {f.types[0] for f in graph.factors if f.residual in CAMERAS}


CAMERAS = (errors.reprojection, errors.reprojection_pinhole, errors.reprojection_libmv)


@partial(jax.jit, static_argnums=(2, 3))
def moved_places(space: Any, x: Any, dimension: int, camera: bool) -> Any:
    """How a step of each of many poses (N, ...) moves its place: the derivatives (N, 2 or 3, d)."""
    place = lambda y: (space.inverse(y) if camera else y)[:dimension]
    return jax.vmap(lambda x: jax.jacfwd(lambda s: place(space.retract(x, s)))(space.zero(x)))(x)


def hide_nothing(places: np.ndarray, covariances: np.ndarray) -> bool:
    """Whether all ellipses of these places can be drawn so that one still sees the map."""
    size = np.max(places.max(axis=0) - places.min(axis=0))
    wide = IN_SIGMAS * np.sqrt(np.trace(covariances, axis1=1, axis2=2))
    small = not np.median(np.nan_to_num(wide)) > LARGE * size
    return len(places) <= (CROWD if small else FEW)


def shadows(covariances: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """The covariances (N, 2, 2) of coordinates along two axes (d, 2), columns."""
    return np.einsum("ai,nab,bj->nij", axes, covariances, axes)


def ellipses_of(covariances: np.ndarray) -> np.ndarray:
    """Semi-axes and the angle of the larger one (N, 3) of the ellipses {s' C^-1 s = IN_SIGMAS^2}, C of covariances
    (N, 2, 2); NaN where these are."""
    known = np.isfinite(covariances).all(axis=(1, 2))
    w, V = np.linalg.eigh(np.where(known[:, None, None], covariances, 0.0))
    half = IN_SIGMAS * np.sqrt(np.maximum(w, 0))
    found = np.stack([half[:, 1], half[:, 0], np.arctan2(V[:, 1, 1], V[:, 0, 1])], axis=1)
    return np.where(known[:, None], found, np.nan)


def reaching(places: np.ndarray, outlines: np.ndarray) -> np.ndarray:
    """Lowest and highest coordinates (2, 2) of a picture of places and their ellipses, which reach out of the places'
    own extent by at most as much as that is: factors that know little must not make the map a dot."""
    low, high = places.min(axis=0), places.max(axis=0)
    if not len(outlines):
        return np.stack([low, high])
    points, size = outlines.reshape(-1, 2), np.max(high - low)
    below, above = np.maximum(points.min(axis=0), low - size), np.minimum(points.max(axis=0), high + size)
    return np.stack([np.minimum(low, below), np.maximum(high, above)])  # not every place has an ellipse


def outlines(places: np.ndarray, covariances: np.ndarray, points: int = 49) -> np.ndarray:
    """The ellipses around places (N, 2) as closed lines (K, points, 2); those that have an extent alone."""
    large, small, angle = ellipses_of(covariances).T
    seen = np.isfinite(large) & (large > 0)
    turn = np.linspace(0, 2 * np.pi, points)
    along = np.stack([np.cos(angle), np.sin(angle)], axis=1)[seen, None]
    across = np.stack([-np.sin(angle), np.cos(angle)], axis=1)[seen, None]
    round_ = large[seen, None, None] * np.cos(turn)[:, None] * along
    return places[seen, None] + round_ + small[seen, None, None] * np.sin(turn)[:, None] * across

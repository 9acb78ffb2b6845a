"""Which planes a recording offers: -g and Newton, the main one of the path, two parameters, extreme curvatures."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from raphson.model.geometry import Frame, hessian_units
from raphson.model.quadratic import Model
from raphson.operators.dense import Dense
from raphson.picture.plane import Plane, extreme_plane, newton_plane, parameter_plane, path_plane, scales, whole_plane
from raphson.picture.recording.replay import Moment, Replay

PAIRS = 3
"""Pairs of parameters offered where there are more than three variables."""


def offered(run: Replay, names: Sequence[str]) -> list[Plane]:
    """At most six planes, that of -g and the Newton step first; none for one variable, the whole for two."""
    moments = [moment for moment in run.moments if moment.finite]
    if not moments or len(moments[0].flat) == 1:
        return []
    d, end = drawing_units(run.moments), moments[-1]
    if len(end.flat) == 2:
        return [whole_plane(end.flat, d, names)]
    # No plane shows all: the first is the one in which the angle between -g and the Newton step is the true one.
    found = newton_planes(run, moments[0], d)
    points = np.stack([moment.flat for moment in moments])
    if len(points) > 1 and np.any(points != points[-1]):
        found.append(path_plane(points, d))
    found += [parameter_plane(i, j, end.flat, d, names) for i, j in pairs(moments, d)]
    return [*found, *extreme_planes(end, d)]


def drawing_units(moments: Sequence[Moment]) -> np.ndarray:
    """Powers of ten d (n,) in which variables are drawn, from the last Hessian there is."""
    end = moments[-1].flat
    known = [moment.hessian for moment in moments if moment.hessian is not None]
    return scales(end, hessian_units(known[-1])) if known else np.ones(len(end))


def pairs(moments: Sequence[Moment], d: np.ndarray) -> list[tuple[int, int]]:
    """The pairs of variables to offer: all of three; of more the most coupled, and where nothing is, the most moved."""
    n = len(d)
    if n <= 3:
        return list(combinations(range(n), 2))
    way = np.ptp(np.stack([moment.flat for moment in moments]) / d, axis=0)
    H = next((moment.hessian for moment in reversed(moments) if moment.hessian is not None), None)
    busy = np.sort(np.argsort(-way, kind="stable")[:PAIRS])
    if H is None:
        return list(combinations((int(i) for i in busy), 2))[:PAIRS]
    own = hessian_units(H)
    coupling = np.round(np.abs(H / own[:, None] / own[None, :]), 6)
    i, j = np.triu_indices(n, 1)
    # Of equally coupled pairs those come first that the run moved along.
    order = np.lexsort((-(way[i] + way[j]), -coupling[i, j]))[:PAIRS]
    return sorted((int(i[k]), int(j[k])) for k in order)


def newton_planes(run: Replay, moment: Moment, d: np.ndarray) -> list[Plane]:
    """The plane of -g and the Newton step at the first point: none where there is no gradient, or no step is known."""
    if not np.any(moment.gradient):
        return []
    step = run.newton(moment) if moment.hessian is None else newton_step(moment)
    if step is None or not np.all(np.isfinite(step)) or not np.any(step):
        return []
    plane = newton_plane(moment.flat, moment.gradient, step, d)
    where = " at the start" if len(run.moments) > 1 else ""
    return [replace(plane, label=plane.label + where)]


def newton_step(moment: Moment) -> np.ndarray:
    """-H^-1 g (n,), as a `Model` gives it."""
    return Frame.of(model_of(moment)).newton_step(moment.gradient)


def model_of(moment: Moment) -> Model:
    """The moment's quadratic over the flat vector x, in the run's own precision."""
    dtype = moment.dtype
    H = Dense(np.asarray(moment.hessian, dtype))  # type: ignore[arg-type]
    g = moment.gradient.astype(dtype)
    return Model(moment.flat.astype(dtype), moment.value, g, H, np.ones(len(g), dtype))  # type: ignore[arg-type]


def extreme_planes(moment: Moment, d: np.ndarray) -> list[Plane]:
    """The plane of the smallest and the largest curvature at the last point, where its Hessian is known."""
    if moment.hessian is None:
        return []
    _, V = np.linalg.eigh(moment.hessian * d[:, None] * d[None, :])
    return [extreme_plane(moment.flat, V, d)]

"""An optimized graph as a map: places of its variables at the steps of the run, errors of its factors."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax.numpy as jnp
import numpy as np

from raphson.kernel.motion import SE3
from raphson.picture.maps.map_ellipses import CAMERAS, camera_types, hide_nothing, place_covariances, why_without
from raphson.slam.account import FACTOR_CLASSES, factor_class, ids_of, is_pose, squares_of_factors, values_at

SERIES = (1.0, 2.0, 5.0)
BINS = 7
"""Colors of the scale."""

LIGHT = 0.5
"""Weight below which an edge is dashed."""

ROUNDING_ERROR = 1e-6
"""Errors below, in sigmas, are those of rounding."""


@dataclass(frozen=True)
class MapMoment:
    """After `step` accepted trials: the cost `value`, places (N, 2 or 3), and the `error` (M,) of each factor in
    standard deviations, sqrt(e' Omega e / d)."""

    step: int
    value: float
    places: np.ndarray
    error: np.ndarray


@dataclass(frozen=True)
class GraphMap:
    """The variables that have a place, type after type, and the factors between two of them.

    `types`: (name, how many, whether they are poses); `ids` (N,); `held` (N,); `ends` (M, 2) of each factor, both the
    same where it has one place alone; `classes` (M,) into FACTOR_CLASSES; `square` (M,) e' Omega e at the end;
    `moments` of the run, the first and the last among them; `steps`, how many there were; `covariances` of the places
    at the end (N, 2, 2) or (N, 3, 3), NaN where they are not determined, or None where they were not made; `weights`
    (M,) between 0 and 1 with which each factor counts at the end, None where all count whole; `judged`: whether those
    without weight were judged outliers; `cameras`: the types of those that see points.
    """

    types: tuple[tuple[str, int, bool], ...]
    ids: np.ndarray
    held: np.ndarray
    ends: np.ndarray
    classes: np.ndarray
    square: np.ndarray
    moments: tuple[MapMoment, ...]
    steps: int
    covariances: np.ndarray | None = None
    weights: np.ndarray | None = None
    judged: bool = False
    cameras: frozenset[str] = frozenset()

    @classmethod
    def of(cls, fit: Any, most: int = 1_000_000, ellipses: bool | None = None) -> "GraphMap":
        """The map of a fit, with as many moments as have at most about `most` numbers; `ellipses`: with covariances
        (None: unless `why_without` says why not). ValueError where no two variables have places in one space."""
        graph = fit.graph
        if not graph.factors:
            raise ValueError("a pickled fit comes back without its factors: draw its map before it is pickled")
        shown, cameras = located_types(graph), camera_types(graph)
        first, total = {}, 0
        for name in shown:
            first[name], total = total, total + len(graph.variables[name])
        ends = [ends_of(f, first) for f in graph.factors]
        kept = [np.all(e >= 0, axis=1) for e in ends]
        of_kept = lambda parts: np.concatenate([part[keep] for part, keep in zip(parts, kept, strict=True)])
        heights = [np.full(len(f), f.roots.shape[-1]) for f in graph.factors]
        squares: list[np.ndarray] = []
        path, steps = fit.points(), int(fit.trace.accepted.sum())
        after = [0, *(int(k) for k in fit.trace.kept)]
        values = np.concatenate([[fit.trace.start_value], fit.trace.value[fit.trace.accepted]])
        moments = []
        for k in spread(len(path), max(2, most // (2 * total + sum(len(e) for e in ends)))):
            at = fit.values if k == len(path) - 1 else values_at(fit, path[k])
            squares = squares_of_factors(graph, at)
            error = np.sqrt(of_kept(squares) / of_kept(heights))
            places = np.concatenate([places_of(at[name], shown[name], name in cameras) for name in shown])
            moments.append(MapMoment(after[k], float(values[after[k]]), places, error))
        if ellipses is None:
            ellipses = not why_without(fit, total, moments[-1].places.shape[1])
        known = place_covariances(fit, list(shown), moments[-1].places.shape[1]) if ellipses else None
        return cls(
            tuple((name, len(graph.variables[name]), is_pose(graph.variables[name])) for name in shown),
            np.concatenate([ids_of(graph, name) for name in shown]),
            np.concatenate([graph.variables[name].frozen for name in shown]),
            of_kept(ends), of_kept([factor_class(graph, f) for f in graph.factors]), of_kept(squares),
            tuple(moments), steps, known, weights_of(fit, kept), bool(fit.outliers), frozenset(cameras),
        )  # fmt: skip

    @property
    def dimension(self) -> int:
        """2 or 3."""
        return self.moments[0].places.shape[1]

    @property
    def start(self) -> MapMoment:
        """Before the first step."""
        return self.moments[0]

    @property
    def end(self) -> MapMoment:
        """The answer."""
        return self.moments[-1]

    @property
    def clear(self) -> bool:
        """Whether all ellipses are drawn unasked."""
        return self.covariances is not None and hide_nothing(self.end.places, self.covariances)

    @cached_property
    def spared(self) -> np.ndarray:
        """Factors that count less than half (M,): of those that were judged, the outliers."""
        return np.zeros(len(self.ends), bool) if self.weights is None else self.weights < LIGHT

    @property
    def heard(self) -> np.ndarray:
        """The errors at the end of the factors that are not spared; of all, where all are."""
        return self.end.error if self.spared.all() else self.end.error[~self.spared]

    @property
    def share(self) -> np.ndarray:
        """Of the sum of e' Omega e at the end, each factor's part (M,); outliers have none."""
        square = np.where(self.spared, 0.0, self.square) if self.judged else self.square
        return square / (np.sum(square) or 1.0)

    @cached_property
    def worst(self) -> np.ndarray:
        """Rows of factors, the one with the largest error first."""
        return np.argsort(-self.end.error, kind="stable")

    @cached_property
    def bounds(self) -> np.ndarray:
        """Errors between the colors of the scale (BINS - 1,), to two digits: from the median, so that half of the edges
        are calm, in equal ratios towards the largest; where these are too close to each other the series 1, 2, 5."""
        half, largest = float(np.median(self.heard)), float(np.max(self.heard))
        if half > ROUNDING_ERROR and 2 * half < largest < np.inf:
            ratios = np.geomspace(half, largest, BINS)[:-1]
            return np.array([float(f"{a:.2g}") for a in ratios])
        largest = largest if ROUNDING_ERROR < largest < np.inf else 1.0
        power = int(np.floor(np.log10(largest)))
        series = [a * 10.0**p for p in range(power - 3, power + 1) for a in SERIES]
        return np.array([a for a in series if a <= largest * (1 + 1e-9)][-(BINS - 1) :])

    def bins(self, error: np.ndarray) -> np.ndarray:
        """The color of each error (M,), 0 the smallest."""
        return np.searchsorted(self.bounds, error, side="right")

    def name(self, row: int) -> str:
        """What a variable is called: its id, after its type where there are several."""
        start = 0
        for kind, count, _ in self.types:
            if row < start + count:
                return str(self.ids[row]) if len(self.types) == 1 else f"{kind} {self.ids[row]}"
            start += count
        raise IndexError(row)

    def count(self, kind: str) -> int:
        """How many factors of a class are drawn."""
        return int(np.sum(self.classes == FACTOR_CLASSES.index(kind)))


def weights_of(fit: Any, kept: list[np.ndarray]) -> np.ndarray | None:
    """How much each factor of a map counts (M,), or None where all count whole."""
    if not fit.weights:
        return None
    found = np.concatenate([np.asarray(w, float)[keep] for w, keep in zip(fit.weights, kept, strict=True)])
    return None if np.all(found == 1) else np.clip(found, 0, 1)


def spread(count: int, most: int) -> list[int]:
    """At most so many of the first `count` whole numbers, evenly, with both ends."""
    return sorted({round(k) for k in np.linspace(0, count - 1, min(count, most))})


def located_types(graph: Any) -> dict[str, int]:
    """The types whose variables have a place, with its dimension: as poses have, and points of 2 or 3 numbers."""
    sizes, lenses = {}, {f.types[1] for f in graph.factors if f.residual in CAMERAS}  # a focal length is no place
    for name, variables in graph.variables.items():
        width, pose = int(np.prod(variables.values.shape[1:])), is_pose(variables)
        if pose and width in (3, 7) and variables.freedom in (3, 6):
            sizes[name] = 2 if width == 3 and variables.freedom == 3 else 3
        elif not pose and width in (2, 3) and name not in lenses:
            sizes[name] = width
    space = max(sizes.values(), default=0)
    found = {name: size for name, size in sizes.items() if size == space}
    if not found:
        raise ValueError("no variable of this graph has a place in the plane or in space: there is no map of it")
    return found


def places_of(values: np.ndarray, dimension: int, camera: bool = False) -> np.ndarray:
    """Places (N, 2 or 3) from the rows of a type: their first numbers, of a `camera` those of the inverse."""
    rows = np.asarray(values, float).reshape(len(values), -1)
    return (np.array(SE3().inverse(jnp.asarray(rows))) if camera else rows)[:, :dimension]


def ends_of(factors: Any, first: dict[str, int]) -> np.ndarray:
    """Of each factor the first two variables that have places (m, 2), -1 where it has none; twice the same of one."""
    rows = [factors.rows[:, k] + first[name] for k, name in enumerate(factors.types) if name in first]
    if not rows:
        return np.full((len(factors), 2), -1)
    return np.stack([rows[0], rows[min(1, len(rows) - 1)]], axis=1)

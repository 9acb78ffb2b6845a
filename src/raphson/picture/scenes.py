"""Scenes of models, results and fits: what `rp.plot` draws, as plain data."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from raphson.kernel.names import names_of
from raphson.model.geometry import Geometry
from raphson.picture.feasible import outside
from raphson.picture.field import LEAST, fields_of
from raphson.picture.observations import Observations
from raphson.picture.pattern import pattern_data
from raphson.picture.plane import Plane, parameter_plane, scales
from raphson.picture.products import spread_of
from raphson.picture.quadratic import Quadratic
from raphson.picture.sample import along, sample
from raphson.picture.scene import Grid, Scene
from raphson.picture.scene3 import Scene3
from raphson.picture.section import FINE, Subject, line_plane, section_in, way
from raphson.picture.views import confidence, curve
from raphson.picture.views import convergence as speed
from raphson.picture.views import density as bands
from raphson.picture.views import dual as duals
from raphson.picture.views import ellipsoid as solids
from raphson.picture.views import fidelity as trust
from raphson.picture.views import field as grounds
from raphson.picture.views import fit as fits
from raphson.picture.views import layers as floors
from raphson.picture.views import local as near
from raphson.picture.views import run as journeys
from raphson.picture.views import sparsity as couplings
from raphson.picture.views import spectrum as stems
from raphson.picture.views import spread as spreads
from raphson.picture.views import stretch as stretches
from raphson.picture.views import surface as surfaces
from raphson.picture.views import whitened as morphs
from raphson.picture.words import SECTIONS

LISTED = 1500
"""Variables up to which all eigenvalues are computed: 1 s and 40 MB; a dense H of 10 000 takes ten minutes."""


def local(model: Any, plane: Any = None, section: str = "slice") -> Scene:
    """The quadratic at x in a plane, with f where the model knows it; the parabola of one variable."""
    subject = Subject.of(model)
    if subject.n == 1:
        return parabola(subject)
    chosen, quad, section = part(subject, plane, section)
    window = subject.window(quad, chosen)
    shadow = section == "shadow"
    grid, bounds = (None, None) if shadow else (subject.grid(chosen, window), subject.outside(chosen, window))
    around = near.Surroundings(bounds, () if bounds is None else subject.held, subject.n, subject.angle)
    return near.local(quad, grid, section=section, axes=chosen.axes, window=window, around=around)


def parabola(subject: Subject) -> Scene:
    """One variable: f and its model as curves."""
    x, slope, bend = float(subject.x[0]), float(subject.gradient[0]), float(subject.hessian[0, 0])
    u = np.linspace(*curve.curve_span(x, slope, bend), curve.CURVE_POINTS)
    f = None
    if subject.model.problem is not None:
        f = subject.evaluate(line_plane(subject.names[0]), np.stack([u, 0 * u], axis=1))
    return curve.curve(x, subject.value, slope, bend, u, f, subject.names[0])


def part(subject: Subject, plane: Any, section: str, what: str = "this picture") -> tuple[Plane, Quadratic, str]:
    """The plane, the quadratic in it, and what is done with the other variables. ValueError for one variable."""
    if subject.n == 1:
        raise ValueError(f"{what} needs two variables or more; rp.plot.local draws one as a curve and its parabola")
    chosen = subject.plane(plane)
    return chosen, subject.quadratic(chosen, section), section_in(chosen, section)


def dual(model: Any, plane: Any = None, section: str = "slice") -> Scene:
    """The ellipse of gradients."""
    chosen, quad, section = part(Subject.of(model), plane, section, "the dual ellipse")
    return duals.dual(quad, section, chosen.axes)


def whitened(model: Any, plane: Any = None, section: str = "slice", t: float = 1.0) -> Scene:
    """The contour in y = H^(t/2) (x - centre)."""
    _, quad, section = part(Subject.of(model), plane, section, "the whitened circle")
    return morphs.whitened(quad, t, section)


def stretch(model: Any, plane: Any = None, section: str = "slice", t: float = 1.0) -> tuple[Scene, Scene]:
    """Every -g of one length, and H^(-t) of them."""
    chosen, quad, section = part(Subject.of(model), plane, section, "the stretched circle")
    return stretches.stretch(quad, t, section, chosen.axes)


def spectrum(model: Any, pairs: Any = None) -> Scene:
    """Eigenvalues with the gradient's share of each eigenvector; an estimate from products of more than `LISTED`; of a
    training loss the density of its `SpectralDensity`."""
    if hasattr(model, "nodes"):
        return bands.density(model, pairs)
    if pairs is not None:
        raise TypeError("pairs= goes with a SpectralDensity, whose outliers it names")
    subject = Subject.of(model)
    if subject.n > LISTED and (found := spread_of(model)) is not None:
        return spreads.spread(found)
    error = subject.model.gradient_error
    size = 0.0 if error is None else float(np.linalg.norm(np.asarray(error, float)))
    return stems.spectrum(stems.of_geometry(Geometry.of(subject.model), subject.names, size))


def layers(found: Any) -> Scene:
    """Where the curvature of a training loss lies."""
    if not hasattr(found, "traces"):
        raise TypeError(f"layers needs what rp.ml.layer_curvature(operator) returns, and got {type(found).__name__}")
    return floors.layers(found)


def sparsity(model: Any) -> tuple[Scene, Scene]:
    """Where H has entries, and where its factor has."""
    return couplings.sparsity(pattern_data(model))


def field(result: Any, moment: str = "end", array: int = 0) -> Scene:
    """One of the large arrays of x at one moment of a run."""
    found = fields_of(result)
    if not found:
        raise ValueError(
            f"field needs a run with an array of {LEAST} numbers or more in x (of one to three axes), and with a start"
        )
    if not 0 <= array < len(found):
        raise ValueError(f"array = {array}: there are {len(found)}, counted from 0")
    moments = {one.what: one for one in found[array]}
    if moment not in moments:
        raise ValueError(f"moment = {moment!r}: there are {', '.join(map(repr, moments))}")
    return grounds.field(moments[moment])


def fidelity(model: Any, plane: Any = None) -> Scene:
    """Where f and its quadratic differ, in a slice."""
    subject = Subject.of(model)
    chosen = line_plane(subject.names[0]) if subject.n == 1 else subject.plane(plane)
    quad = subject.quadratic(chosen, "slice")

    def evaluate(points: np.ndarray) -> np.ndarray | None:
        return subject.evaluate(chosen, points)

    if subject.n == 1:
        return trust.fidelity_line(quad, evaluate, subject.names[0])
    return trust.fidelity(quad, evaluate, chosen.axes, title=SECTIONS[section_in(chosen, "slice")])


def ellipsoid(model: Any, variables: Any = None, section: str = "slice") -> Scene3:
    """The level through x in three variables."""
    subject = Subject.of(model)
    if subject.n < 3 or (subject.n > 3 and variables is None):
        more = "choose three: variables=(0, 1, 2), numbers or names" if subject.n > 3 else "rp.plot.local draws them"
        raise ValueError(f"an ellipsoid has three variables, the model has {subject.n}: {more}")
    chosen = [subject.index(a) for a in (range(3) if variables is None else variables)]
    if len(set(chosen)) != 3:
        raise ValueError(f"variables = {variables!r}: an ellipsoid needs three different ones")
    return solids.ellipsoid(solids.block(subject, chosen, section))


def surface(model: Any, plane: Any = None, section: str = "slice") -> Scene3:
    """f and its quadratic as surfaces over a plane."""
    subject = Subject.of(model)
    chosen, quad, section = part(subject, plane, section, "a surface")
    window = subject.window(quad, chosen)
    if quad.kind == "bowl" and quad.condition > surfaces.THIN:
        chosen, quad, window = surfaces.eigenframe(chosen, quad)
    grid = None if section == "shadow" else subject.grid(chosen, window, surfaces.SURFACE_POINTS)
    return surfaces.surface(quad, grid, chosen.axes, window, SECTIONS[section])


# ---------------------------------------------------------------------------------------------- runs


def run(result: Any, plane: Any = None) -> Scene:
    """The path of a run on contours of f; on the curve of f for one variable."""
    if getattr(result, "start", None) is None or getattr(result, "trace", None) is None:
        raise ValueError(f"run needs a result with start and trace, as minimize returns, not {type(result).__name__}")
    points, problem = way(result), getattr(result.model, "problem", None)
    if points.shape[1] == 1:
        return line_run(result, points)
    # By how far each variable went: runs of any size have that, but only smaller ones a Hessian to read lengths from.
    d = spans(points)
    chosen = Subject.of(result).plane("path" if plane is None and points.shape[1] > 2 else plane, d)
    trace = result.trace
    steps, taken, _ = known(trace)
    path = journeys.journey(chosen, points[0], steps, taken, points[-1])
    window = journeys.journey_window(path)
    grid = None if problem is None else sample(problem, result.model.x, chosen, window, FINE, FINE)
    bounds = None if problem is None else outside(problem.space, chosen, window)
    found = result.certificate.success
    section = "whole" if chosen.whole else "slice"
    scene = journeys.run(path, grid, section, chosen.axes, window, chosen.share, bounds, found)
    if not trace.whole:
        words = f"{len(trace)} trials, {int(trace.accepted.sum())} taken."
        scene = replace(scene, caption=words, notes=(f"{trace.note}.", *scene.notes))
    return scene if chosen.whole else replace(scene, title=f"slice: {scene.title}")


def known(trace: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The steps of a run that are known (m, n), which of them were taken, and f at their ends: of all trials; where
    the run was thinned its moves."""
    taken, values = np.asarray(trace.accepted, bool), np.asarray(trace.value, float)
    if trace.whole:
        return np.asarray(trace.step, float), taken, values
    return np.asarray(trace.moves, float), np.ones(len(trace.kept), bool), values[taken][trace.kept - 1]


def spans(points: np.ndarray) -> np.ndarray:
    """Powers of ten (n,) in which the variables of a run are drawn, if they went very differently far."""
    ways = np.ptp(points, axis=0)
    return scales(points[-1], np.where(ways > 0, 1 / np.where(ways > 0, ways, 1), np.nan))


def line_run(result: Any, points: np.ndarray) -> Scene:
    """A run in one variable."""
    trace, name = result.trace, names_of(result)[0]
    steps, taken, values = known(trace)
    steps = steps.reshape(-1)
    before = points[0, 0] + np.concatenate([[0.0], np.cumsum(np.where(taken, steps, 0))])[:-1]
    tried = np.concatenate([points[0], before + steps])
    values = np.concatenate([[trace.start_value], values])
    seen = points[:, 0]
    low, high = float(seen.min()), float(seen.max())
    edge = 0.3 * (high - low) or 0.5 * (abs(low) or 1.0)
    u = np.linspace(low - edge, high + edge, curve.CURVE_POINTS)
    problem, f = getattr(result.model, "problem", None), None
    if problem is not None:
        f = along(problem, result.model.x, line_plane(name), np.stack([u, 0 * u], axis=1))
    return curve.curve_run(
        tried, values, taken, u, np.full_like(u, np.nan) if f is None else f, name, result.certificate.success
    )


def convergence(results: Any) -> Scene:
    """The gap of f and max |g| by trial, of one run or several."""
    return speed.convergence(named(results))


def named(results: Any) -> dict[str, Any]:
    """Results by name: of a comparison, a dict, a list (named by method, numbered where that is not enough) or one."""
    found = getattr(results, "results", results)
    if isinstance(found, Mapping) and not hasattr(found, "trace"):  # a result is a mapping, too
        return {str(name): result for name, result in found.items()}
    if not isinstance(found, (list, tuple)):
        return {str(getattr(found, "method", "run")): found}
    names = [str(getattr(result, "method", "run")) for result in found]
    names = [name if names.count(name) == 1 else f"{k + 1}: {name}" for k, name in enumerate(names)]
    return dict(zip(names, found, strict=True))


# ---------------------------------------------------------------------------------------------- fits


def fit(fit: Any) -> Scene:
    """Data, curve with its band, and residuals of a fit."""
    return fits.fit(Observations.of(fit))


def ellipse(fit: Any, i: Any = 0, j: Any = 1, probability: float = 0.95) -> Scene:
    """The error ellipse of two parameters of a fit."""
    u = getattr(fit, "uncertainty", None)
    if u is None:
        raise TypeError(f"ellipse needs a fit (of curve_fit or least_squares), not {type(fit).__name__}")
    pair = [parameter(u, a) for a in (i, j)]
    region = u.ellipse(*pair, probability)
    cost, level = exact_cost(fit, region)
    tie = float(u.correlation[pair[0], pair[1]])
    return confidence.confidence(region, u.standard_errors[pair], tie, cost=cost, level=level)


def parameter(u: Any, a: Any) -> int:
    """The number of a parameter; ValueError, in words that say why, where it has no standard error."""
    names, n = u.names, len(u.names)
    if (isinstance(a, str) and a not in names) or (not isinstance(a, str) and not -n <= a < n):
        raise ValueError(f"no parameter {a!r}: there are {', '.join(names)}")
    k = names.index(a) if isinstance(a, str) else int(a) % n
    if np.isfinite(u.standard_errors[k]):
        return k
    name = names[k]
    if name in u.at_bounds:
        why = "it sits at a bound, where no symmetric interval means anything"
    elif name in u.not_determined:
        free = [d.text for d in u.undetermined if d.vector[k] != 0]
        why = f"the data do not determine it ({', '.join(free)})"
    else:
        why = u.notes[0] if u.notes else "its standard error is not finite"
    raise ValueError(f"{name} has no ellipse: {why}")


def exact_cost(fit: Any, region: Any) -> tuple[Grid | None, float]:
    """f around the answer of a fit of two parameters, and the cost that the ellipse stands for: 1/2 s^2 k^2 above."""
    problem, u = getattr(fit.model, "problem", None), fit.uncertainty
    if problem is None or len(u.names) != 2 or fit.loss != "linear" or not problem.space.straight:
        return None, np.nan
    i, j = (u.names.index(name) for name in region.names)
    plane = parameter_plane(i, j, fit.x_flat, np.ones(2), u.names)
    (x, y), (a, b) = region.center, confidence.WINDOW_REACH * max(region.factor, 1.0) * u.standard_errors[[i, j]]
    grid = sample(problem, fit.model.x, plane, (x - a, x + a, y - b, y + b), FINE, FINE)
    scale = 1.0 if u.absolute else u.residual_std**2
    return grid, float(fit.value) + 0.5 * scale * region.factor**2

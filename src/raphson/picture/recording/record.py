"""The recording: a run or a point in plain numbers, as frontend/src/engine/record.ts says. All that a report shows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from raphson.kernel.names import names_of
from raphson.kernel.space import Box
from raphson.model.quadratic import Model
from raphson.paths.proposal import RADIUS
from raphson.picture.chinese import chinese_lines, chinese_notes
from raphson.picture.plane import Plane
from raphson.picture.quadratic import Quadratic
from raphson.picture.recording.drawn import add_drawn
from raphson.picture.recording.encode import close, column, number
from raphson.picture.recording.exported import exported
from raphson.picture.recording.fit import fit_record
from raphson.picture.recording.planes import drawing_units, offered
from raphson.picture.recording.points import between, cube, line_point, noise_of, recorded_point
from raphson.picture.recording.replay import Replay, looked_at, replay
from raphson.picture.recording.sampler import Sampler, through
from raphson.picture.recording.slim import slimmed
from raphson.picture.recording.trials import Columns, tau_unit
from raphson.picture.recording.twin import look_lines, text_lines, verdict
from raphson.picture.recording.windows import SPARE, Window, interval, run_window, widened

NAMED = 60
"""Names of variables that are recorded."""

WRITTEN = 60
"""Up to so many variables the page gets f itself: every point is then written out whole."""


def make_recording(thing: Any, title: str = "") -> dict[str, Any]:
    """A result, fit or model in plain lists and numbers; the same object gives the same recording."""
    look = isinstance(thing, Model)
    run = looked_at(thing) if look else replay(thing)
    names = names_of(thing)
    out = {
        "schema": 1, "kind": "look" if look else "run", "title": title or title_of(thing), "n": len(names),
        "names": [str(name) for name in names[:NAMED]], "dtype": str(np.asarray(thing.gradient).dtype),
        "verdict": None if look else verdict(thing), "lines": look_lines(thing) if look else text_lines(thing),
        "trials": None, "planes": [], "points": [], "notes": list(run.notes),
    }  # fmt: skip
    trials = None if look else Columns(thing, run)
    if trials is not None:
        out["trials"] = trials.record(thing)
        if len(trials.index) < trials.of:
            shown = f"{len(trials.index)} of {trials.of} trials are shown"
            out["notes"].append(f"{shown}: the first, the last, and some between")
    if run.moments:
        drawn(out, thing, run, trials, names)
    if hasattr(thing, "uncertainty"):
        out["fit"] = fit_record(thing)
    out = slimmed(out)
    add_drawn(out, thing)
    method = "" if look else thing.method
    return out | {"zh": {"lines": chinese_lines(out["lines"], method), "notes": chinese_notes(out["notes"])}}


def title_of(thing: Any) -> str:
    """What stands at the top where nothing else was asked for."""
    if isinstance(thing, Model):
        return "Local quadratic model"
    return "Fit" if hasattr(thing, "residuals") else "Minimization"


def drawn(out: dict[str, Any], thing: Any, run: Replay, trials: Columns | None, names: Sequence[str]) -> None:
    """Adds planes and points to a recording, or the line of a single variable."""
    planes = offered(run, names)
    out["program"], out["frozen"] = program_for(run)
    sampler = Sampler.of(run, planes, alone=out["program"] is None)
    if out["n"] == 1:
        add_line(out, run, trials, sampler)
    else:
        add_planes(out, run, planes, trials, sampler)
        add_points(out, thing, run, planes, trials, names, sampler)
    place(out, run, planes)
    out["notes"] += [sampler.detail.note] if sampler.detail.note else []
    if out["n"] > 1 and not any(entry["views"] for entry in out["points"]):
        out["notes"].append("no plane is drawn: no second derivatives are known at the points of this run")


def program_for(run: Replay) -> tuple[dict[str, Any] | None, str]:
    """f itself, where the page can compute it; else None and why it cannot."""
    if len(run.moments[-1].flat) > WRITTEN:
        return None, f"f has more than {WRITTEN} variables"
    return exported(run.problem, run.moments[-1].x)


def place(out: dict[str, Any], run: Replay, planes: Sequence[Plane]) -> None:
    """Adds what places points in the planes and in space: where the page has f itself, and where a plane is all there
    is: H in the plane is then that of f.
    """
    computed = out["program"] is not None
    for plane, entry in zip(planes, out["planes"], strict=True):
        if computed or plane.whole:
            entry["basis"] = [column(row) for row in plane.basis]
            entry["project"] = [column(row) for row in plane.project]
    if not computed:
        return
    if out["dtype"] != "float64":
        out["notes"].append(f"where the page computes f itself it does so in double precision, not in {out['dtype']}")
    for moment, entry in zip(run.moments, out["points"], strict=True):
        entry["x"] = column(moment.flat)


def add_planes(
    out: dict[str, Any], run: Replay, planes: Sequence[Plane], trials: Columns | None, sampler: Sampler
) -> None:
    """Planes with f over the whole run, and where its trials ended."""
    end = next((moment for moment in reversed(run.moments) if moment.finite), run.moments[-1])
    for plane in planes:
        ends = trials.ends(plane) if trials else np.zeros((0, 2))
        window = window_over(run, plane, ends)
        sampled = sampler.grid(end, plane, widened(window, SPARE), sampler.detail.run)
        start = plane.at(trials.start if trials and trials.start is not None else end.flat)
        size = max(window[1] - window[0], window[3] - window[2])
        shown = ends[trials.index] if trials else ends
        out["planes"].append({
            "id": plane.id, "kind": plane.kind, "axes": list(plane.axes), "label": plane.label, "whole": plane.whole,
            "share": None if plane.share is None else number(plane.share, 6), "window": list(window), "grid": sampled,
            "u": coordinates(shown[:, 0], size), "v": coordinates(shown[:, 1], size),
            "start": [float(a) for a in start], "bounds": bounds_in(run, plane),
            **between(run, through(plane, end.flat), window),
        })  # fmt: skip


def add_points(
    out: dict[str, Any], thing: Any, run: Replay, planes: Sequence[Plane], trials: Columns | None,
    names: Sequence[str], sampler: Sampler,
) -> None:  # fmt: skip
    """Every moment in each of the planes."""
    windows = [tuple(plane["window"]) for plane in out["planes"]]
    ends = [trials.ends(plane) if trials else np.zeros((0, 2)) for plane in planes]
    radius, d = tau_unit(thing) == RADIUS, drawing_units(run.moments)
    for k, moment in enumerate(run.moments):
        tried = [at[trials.of_moment(k)] if trials else at for at in ends]
        entry = recorded_point(run, moment, planes, names, windows, tried, sampler, radius)
        if out["n"] == 3 and (block := cube(moment, d)) is not None:
            entry["cube"] = block
        out["points"].append(entry)


def window_over(run: Replay, plane: Plane, ends: np.ndarray) -> Window:
    """The window of a run in a plane."""
    taken = np.stack([plane.at(moment.flat) for moment in run.moments if moment.finite])
    return run_window(taken, ends, around(run, plane))


def around(run: Replay, plane: Plane) -> Quadratic | None:
    """The quadratic at the answer in a plane, where it is known."""
    end = run.moments[-1]
    if end.hessian is None or not end.finite:
        return None
    return plane.slice(end.value, end.gradient, end.hessian, end.flat, noise_of(run, end))


def coordinates(values: np.ndarray, size: float) -> list[float | None]:
    """Coordinates of trials, to a ten-thousandth of a pixel in the smallest window there is."""
    rounded = close(np.nan_to_num(values), 1e-5 * size)
    return [b if np.isfinite(a) else None for a, b in zip(values, rounded, strict=True)]


def bounds_in(run: Replay, plane: Plane) -> list[float | None] | None:
    """The bounds of the plane's two variables; None where there are none, or where the axes are no variables."""
    if run.problem is None or not isinstance(run.problem.space, Box) or plane.kind != "parameters":
        return None
    where = [int(np.argmax(np.abs(plane.basis[:, k]))) for k in range(2)]
    box = run.problem.space
    low, high = (np.asarray(side, float)[where] / plane.unit for side in (box.lower, box.upper))
    found = [number(low[0]), number(high[0]), number(low[1]), number(high[1])]
    return None if all(a is None for a in found) else found


def add_line(out: dict[str, Any], run: Replay, trials: Columns | None, sampler: Sampler) -> None:
    """The picture of one variable: f over the whole run, and around every point."""
    at = np.array([moment.flat[0] for moment in run.moments])
    ends = np.zeros(0) if trials is None else trials.ends_1()
    size = float(np.ptp(at)) or max(abs(float(at[-1])), 1.0)
    near = ends[np.abs(ends - at[-1]) <= 2 * size + np.ptp(at)]
    low, high = interval([*at, *near], size)
    shown = ends if trials is None else ends[trials.index]
    out["line"] = {
        **sampler.line(run.moments[-1], low, high), "ends": coordinates(shown, high - low), "start": float(at[0])
    }  # fmt: skip
    for k, moment in enumerate(run.moments):
        tried = ends if trials is None else ends[trials.of_moment(k)]
        entry = recorded_point(run, moment, (), out["names"], (), (), sampler, False)
        if (block := line_point(moment, tried, high - low, sampler)) is not None:
            entry["line"] = block
        out["points"].append(entry)

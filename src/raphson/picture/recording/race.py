"""The recording of a comparison: its methods in columns, and f on what they race on, as engine/record.ts says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from raphson.picture.chinese import chinese_notes
from raphson.picture.feasible import outside
from raphson.picture.recording.encode import close, column, grid, number
from raphson.picture.recording.points import between
from raphson.picture.recording.race_words import TITLE, race_words
from raphson.picture.recording.racecourse import Racecourse
from raphson.picture.recording.racers import is_straight, race_of
from raphson.picture.recording.record import NAMED, bounds_in, place, program_for
from raphson.picture.render.marks import outline
from raphson.picture.render.strokes import MARK_RADIUS
from raphson.picture.scene import Grid, Scene
from raphson.picture.views.race import Racer, digit_race, gap_race, line_race, path_race
from raphson.picture.views.window import Window


@dataclass(frozen=True, eq=False)
class Race:
    """A comparison read once, for its recording and for its still pictures: methods, lowest f, and the course."""

    comparison: Any
    racers: list[Racer]
    low: float
    course: Racecourse | None
    window: Window | None
    grid: Grid | None
    line: tuple[np.ndarray, np.ndarray] | None

    @staticmethod
    def of(comparison: Any) -> "Race":
        """Reads it."""
        results = comparison.results
        course = Racecourse.of(results)
        racers, low = race_of(results, course)
        if course is None:
            return Race(comparison, racers, low, None, None, None, None)
        window = course.window([result for result in results.values() if is_straight(result)])
        racers = [drawable(racer, window, course.plane is None) for racer in racers]
        line = course.line(window) if course.plane is None else None
        return Race(comparison, racers, low, course, window, course.grid(window), line)

    def path_scene(self) -> Scene | None:
        """The paths on contours of f, or the trials on the curve of one variable."""
        if self.course is None or self.window is None:
            return None
        plane, problem = self.course.plane, self.course.run.problem
        if self.line is not None or plane is None:
            return None if self.line is None else line_race(self.racers, *self.line, self.course.names[0])
        bounds = None if problem is None else outside(problem.space, plane, self.window)
        return path_race(self.racers, self.window, self.grid, plane.axes, plane.whole, bounds)

    def recording(self, title: str = "") -> dict[str, Any]:
        """In plain lists and numbers."""
        first, seen = next(iter(self.comparison.results.values())), self.path_scene()
        out: dict[str, Any] = {
            "schema": 1, "kind": "race", "title": title or TITLE, "n": int(first.gradient.size), "names": [],
            "dtype": str(first.gradient.dtype), "verdict": None, "lines": [], "trials": None, "planes": [],
            "points": [], "notes": [], "program": None, "frozen": "",
            "race": {
                "words": {
                    language: race_words(self.comparison, self.racers, self.low, seen, title, language)
                    for language in ("en", "zh")
                },
                "window": None if seen is None else column(seen.window),
                "strips": self.strips(),
                "methods": [self.method(racer) for racer in self.racers],
            },
        }  # fmt: skip
        if self.course is not None and self.window is not None:
            self.add_course(out, self.course, self.window)
        else:
            out["notes"].append(
                "no paths are drawn: x moves on a curved space, no method moved, or the functions differ"
            )
        out["notes"] += thinned_notes(self.racers, self.comparison.results)
        return out | {"zh": {"lines": [], "notes": chinese_notes(out["notes"])}}

    def strips(self) -> dict[str, Any]:
        """The axes of the lines, by what they show and what they are drawn over."""
        out: dict[str, Any] = {"gap": {}, "digits": {}}
        for over in ("evaluations", "trials"):
            for show, scene in (
                ("gap", gap_race(self.racers, self.low, over)),
                ("digits", digit_race(self.racers, over)),
            ):
                shift = int(over == "trials" and "x" in scene.log)
                most = max(int(racer.along(over)[-1]) for racer in self.racers)
                out[show][over] = {"window": column(scene.window, 6), "log": scene.log, "shift": shift, "most": most}
        return out

    def method(self, racer: Racer) -> dict[str, Any]:
        """One method: its row of the table, and its run in columns."""
        result = self.comparison.results[racer.name]
        out = {
            "name": racer.name, "role": racer.role, "mark": outline(racer.mark, 0, 0, MARK_RADIUS),
            "cells": list(self.comparison.cells(racer.name, result)[1:-1]), "found": racer.found,
            "trial": racer.trial.astype(int).tolist(), "count": column(racer.count, 5),
            "gap": column(racer.gap, 5), "digits": None if racer.digits is None else column(racer.digits.round(2)),
            "taken": racer.taken.astype(int).tolist(),
        }  # fmt: skip
        if racer.ends is None or racer.answer is None or self.window is None:
            return out | {"ends": None, "answer": None}
        x, y = np.concatenate([racer.ends, racer.answer[None]]).T
        size = self.window[1] - self.window[0]
        # Of one variable the second number is f itself.
        heights = rounded(y, size) if self.line is None else column(y, 9)
        ends = [[u, v] if u is not None else [None, None] for u, v in zip(rounded(x, size), heights, strict=True)]
        return out | {"ends": ends[:-1], "answer": ends[-1]}

    def add_course(self, out: dict[str, Any], course: Racecourse, window: Window) -> None:
        """Adds f on the plane or on the line, and f itself where the page can compute it."""
        out["names"] = list(course.names[:NAMED])
        if self.line is not None:
            x, values = self.line
            out["line"] = {"x": close(x, window[1] - window[0]), "f": column(values, 9), "ends": [], "start": 0.0}
        plane, moment, f = course.plane, course.moment, self.grid
        if plane is None:
            return
        out["planes"].append({
            "id": plane.id, "kind": plane.kind, "axes": list(plane.axes), "label": plane.label, "whole": plane.whole,
            "share": None, "window": list(window), "grid": grid(f), "u": [], "v": [],
            "start": column(plane.at(course.start)), "bounds": bounds_in(course.run, plane),
            **between(course.run, plane, window),
        })  # fmt: skip
        view = {plane.id: {"at": column(plane.at(moment.flat))}}
        out["points"].append({"x": [], "value": number(moment.value), "views": view})
        out["program"], out["frozen"] = program_for(course.run)
        place(out, course.run, [plane])
        if out["program"] and f is not None and np.all(np.isfinite(f.values)):  # the page computes a finer one
            out["planes"][0]["grid"] = grid(Grid(f.x[::2], f.y[::2], f.values[::2, ::2]))


FAR_OUT = 1e3
"""Windows beyond which a point is drawn nearer, in its direction: numbers of renderers are single precision."""


def drawable(racer: Racer, window: Window, line: bool) -> Racer:
    """A racer without points that no picture can hold: pulled in; of one variable, where f is no guide, left out."""
    if racer.ends is None or racer.answer is None:
        return racer
    points = np.concatenate([racer.ends, racer.answer[None]])
    u0, u1, v0, v1 = window
    if line:
        beside = np.abs(points[:, 0] - (u0 + u1) / 2) > u1 - u0
        points[beside] = np.nan
    else:
        middle = np.array([u0 + u1, v0 + v1]) / 2
        with np.errstate(over="ignore", invalid="ignore"):
            far = np.max(np.abs(points - middle), axis=1) / (FAR_OUT * (u1 - u0))
            points = np.where((far > 1)[:, None], middle + (points - middle) / far[:, None], points)
    return replace(racer, ends=points[:-1], answer=points[-1])


def rounded(values: np.ndarray, size: float) -> list[float | None]:
    """Coordinates to a thousandth of a pixel; None where they are not known."""
    coarse = close(np.nan_to_num(values), 1e2 * size)
    return [b if np.isfinite(a) else None for a, b in zip(values, coarse, strict=True)]


def thinned_notes(racers: Sequence[Racer], results: Mapping[str, Any]) -> list[str]:
    """Which runs are drawn in part."""
    parts = [
        f"{racer.name} {len(racer.trial) - 1}/{len(results[racer.name].trace)}"
        for racer in racers
        if len(racer.trial) <= len(results[racer.name].trace)
    ]
    return [f"of long runs some trials are drawn: {'; '.join(parts)}"] if parts else []

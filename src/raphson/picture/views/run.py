"""The run view: how did it go? The path on contours of f, trials taken and rejected, in a plane."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.picture.contour import levels
from raphson.picture.plane import Plane
from raphson.picture.scene import Contours, Curve, Dots, Grid, Item, Outside, Scene
from raphson.picture.thinning import thinned
from raphson.picture.views.window import Window, rectangle

QUESTION = "How did it go?"

MOST = 400
"""Trials drawn."""


@dataclass(frozen=True, eq=False)
class Journey:
    """A run in a plane: `start` (2,), where the trials ended (m, 2), which were `accepted` (m,), the `answer` (2,)."""

    start: np.ndarray
    ends: np.ndarray
    accepted: np.ndarray
    answer: np.ndarray

    @property
    def base(self) -> np.ndarray:
        """Where each trial was made from (m, 2)."""
        latest = np.concatenate([[-1], np.where(self.accepted, np.arange(len(self.ends)), -1)])[:-1]
        return np.concatenate([self.start[None], self.ends])[np.maximum.accumulate(latest) + 1][: len(self.ends)]


def journey(plane: Plane, start: Any, steps: Any, accepted: Any, answer: Any) -> Journey:
    """The run seen in a plane, from x0 (n,), the steps tried (m, n), which were taken, and the answer (n,)."""
    moves = np.asarray(steps, float).reshape(len(accepted), plane.project.shape[1]) @ plane.project.T
    taken = np.asarray(accepted, bool)
    first = plane.at(start)
    after = first + np.cumsum(np.where(taken[:, None], moves, 0), axis=0)
    before = np.concatenate([first[None], after])[:-1]
    return Journey(first, before + moves, taken, plane.at(answer))


def journey_window(path: Journey, reach: float = 1.0) -> Window:
    """The window of a run: every point taken, and rejected trials that are not far away."""
    seen = np.concatenate([path.start[None], path.ends[path.accepted], path.answer[None]])
    seen = seen[np.all(np.isfinite(seen), axis=1)]
    low, high = seen.min(axis=0), seen.max(axis=0)
    size = float(np.max(high - low))
    if not size > 0:
        return rectangle(low - 0.5 * reach, high + 0.5 * reach)
    far = path.ends[~path.accepted]
    near = far[np.all((far > low - 0.5 * size) & (far < high + 0.5 * size), axis=1)]
    low, high = np.min([low, *near], axis=0), np.max([high, *near], axis=0)
    edge = 0.14 * float(np.max(high - low))
    return rectangle(low - edge, high + edge)


def run(
    path: Journey, grid: Grid | None = None, section: str = "whole", axes: tuple[str, str] = ("x1", "x2"),
    window: Window | None = None, share: float | None = None, bounds: Outside | None = None, found: bool = True,
) -> Scene:  # fmt: skip
    """The path on contours of f: points taken filled, rejected trials hollow at the end of a dotted line.

    `grid`: f in the plane, the others as at the answer; `share` of the path's variance that lies in the plane;
    `bounds`: what lies beyond them; `found`: the run ended at a minimum that was shown.
    """
    window = journey_window(path) if window is None else window
    shown, notes = drawn(path)
    items: list[Item] = [] if bounds is None else [bounds]
    items += [] if grid is None else [Contours("function", grid, levels(grid.values, 11))]
    base, ends, taken = path.base, path.ends, path.accepted
    rejected = [k for k in shown if not taken[k]]
    items += [Curve("rejected", np.stack([base[k], ends[k]])) for k in rejected]
    stations = np.concatenate([path.start[None], ends[[k for k in shown if taken[k]]]])
    items.append(Curve("run", np.concatenate([stations, path.answer[None]])))
    items.append(Dots("trial", ends[shown], taken[shown]))
    items.append(Dots("start", path.start[None], np.array([True]), "start"))
    items.append(Dots("center", path.answer[None], np.array([found]), end_word(found)))
    outside = int(np.sum(~within(ends, window)))
    if outside:
        notes.append(f"{outside} trial{'' if outside == 1 else 's'} ended outside the window.")
    return Scene(
        view="run", question=QUESTION, window=window, items=tuple(items), x_label=axes[0], y_label=axes[1],
        title=title(section, share, found), caption=caption(path, found), notes=tuple(notes),
    )  # fmt: skip


def end_word(found: bool) -> str:
    """What the end of a run is called: an answer only where it was shown to be one."""
    return "answer" if found else "point returned"


def title(section: str, share: float | None, found: bool = True) -> str:
    """What plane this is."""
    if section == "whole":
        return ""
    words = f"f with the other variables as at the {end_word(found)}; the path is projected"
    return words if share is None else f"{words} ({100 * share:.3g} % of its variance lies in this plane)"


def within(points: np.ndarray, window: Window) -> np.ndarray:
    """Which points (m, 2) lie in a window."""
    x, y = points.T
    return (x >= window[0]) & (x <= window[1]) & (y >= window[2]) & (y <= window[3])


def drawn(path: Journey) -> tuple[np.ndarray, list[str]]:
    """The trials that are drawn, and a note if some are not."""
    count = len(path.ends)
    shown = thinned(count, MOST, first=MOST // 4, last=MOST // 4)
    return shown, [
        f"{MOST} of {count} trials are drawn: the first, the last, and some between."
    ] if count > MOST else []


def caption(path: Journey, found: bool = True) -> str:
    """The sentences under the picture."""
    count, taken = len(path.ends), int(np.sum(path.accepted))
    if not count:
        return "No step was needed: the start is the answer." if found else "No trial was made: the start was returned."
    words = f"{count} trial{'' if count == 1 else 's'}, {taken} taken"
    return f"{words}." if taken == count else f"{words} (filled), {count - taken} rejected (hollow)."

"""What to say where data, model and start do not belong together, and notes on models that say less than was meant."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from raphson.solver.messages import called


def refuse_names(f: Callable, p0: dict) -> None:
    """TypeError where a start given by names does not name the parameters of f (its first argument is xdata)."""
    try:
        parameters = list(inspect.signature(f).parameters.values())[1:]
    except (TypeError, ValueError):
        return
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return
    parameters = [p for p in parameters if p.kind is not p.VAR_POSITIONAL]
    known = [p.name for p in parameters]
    lacking = [p.name for p in parameters if p.default is p.empty and p.name not in p0]
    for name in p0:
        if name not in known:
            raise TypeError(f"p0 names {name!r}, which is no parameter of f: it takes {', '.join(known) or 'none'}")
    if lacking:
        raise TypeError(f"p0 gives no start for {', '.join(lacking)}: f takes {', '.join(known)}")


def unlike(predicted: Any, ydata: Any, xdata: Any) -> str:
    """Why numbers that f returns cannot be compared with ydata, and the way out; "" where they can."""
    shape, seen = np.shape(predicted), np.shape(ydata)
    if shape == seen or () in (shape, seen):
        return ""
    text = f"f returns shape {shape}, ydata has shape {seen}"
    points, observed = count(xdata), int(np.prod(seen))
    if points and points != observed and int(np.prod(shape)) == points:
        return f"{text}. xdata has {points} points, ydata {observed}: each x needs its y"
    if int(np.prod(shape)) == observed:
        return f"{text}: the same numbers in another form; return them as they are in ydata, with ravel() or reshape"
    return text


def no_numbers(predicted: Any) -> str:
    """What a model f returns that is no array of real numbers, in words; "" where it is one."""
    if predicted is None:
        return "f returns None, no values of the model: is a return missing?"
    if isinstance(predicted, (str, bytes)):
        return f"f returns a text, {predicted[:40]!r}: a model returns real numbers, one for every point of ydata"
    kind = getattr(getattr(predicted, "dtype", None), "kind", "O")
    if kind in "fiub":
        return ""
    if kind == "c":
        return (
            f"f returns complex numbers ({predicted.dtype}): residuals are real; return their real and imaginary "
            "parts one after the other, and give ydata so"
        )
    entries = predicted if isinstance(predicted, (list, tuple)) else np.ravel(np.asarray(predicted, object))
    for i, a in enumerate(entries):
        if isinstance(a, (list, tuple)):
            found = no_numbers(a)
            if found:
                return found
        elif not hasattr(a, "__float__") or isinstance(a, complex):
            inside = f" with {called(a)} at [{i}]" if isinstance(predicted, (list, tuple, np.ndarray)) else ""
            return f"f returns {called(predicted)}{inside}: a model returns real numbers, one for every point of ydata"
    return ""


def count(xdata: Any) -> int:
    """The number of points of a plain predictor; 0 where xdata is something else."""
    shape = () if isinstance(xdata, dict) else np.shape(xdata)
    return int(shape[0]) if len(shape) == 1 else 0


def notes_on_residuals(m: int, n: int) -> list[str]:
    """Notes where there are fewer residuals than parameters; for a single one, what was probably meant."""
    if m >= n:
        return []
    if m == 1:
        return [
            f"one residual for {n} parameters: the data cannot determine all of them. If it is a sum of squares "
            "already, return the residuals themselves, or give it to minimize"
        ]
    return [f"{m} residuals for {n} parameters: the data cannot determine all of them"]


def notes_on_model(residuals: np.ndarray, y: np.ndarray, weight: np.ndarray | None, jacobian: Any) -> list[str]:
    """A note where the model gives one and the same value for every point: it does not use xdata.

    residuals (m,) and jacobian (m, n) at the answer, weighted by `weight` (None: by one).
    """
    if y.size < 2 or (weight is not None and weight.ndim == 2):
        return []
    by = np.ones(residuals.size) if weight is None else np.broadcast_to(weight, residuals.shape)
    with np.errstate(all="ignore"):
        size = np.finfo(residuals.dtype).eps * np.max(np.abs(y), initial=0.0)
        same = np.ptp(residuals / by + np.ravel(y)) <= 8 * size
        if same:
            rows = (jacobian.toarray() if hasattr(jacobian, "tocsr") else jacobian) / by[:, None]
            same = np.all(np.ptp(rows, axis=0) <= 1e-12 * np.max(np.abs(rows), axis=0))
    if not same:
        return []
    return [f"the model has one value for all {y.size} points: it is a constant, and does not use xdata"]

"""One trial, and a run's trials in columns: the narrow waist between the solver and people."""

# pyright: reportUnknownMemberType=false

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.record import record


@record
class Trial:
    """What one step of a method tried, and what came of it.

    `predicted` and `actual` are decreases (positive is good), `ratio` their quotient; `slope` and
    `end_slope` are g's at the two ends of the step (the second NaN where no gradient was taken);
    `length` is the step's length in the path's own scaling, `bound` whether the control held it
    back, `noise` the smallest change of f that means anything, `inner` the inner iterations
    (factorizations, products). `gradient_norm` is max |g_i| after the trial.
    """

    value: Any
    predicted: Any
    actual: Any
    ratio: Any
    slope: Any
    end_slope: Any
    noise: Any
    tau: Any
    length: Any
    inner: Any
    bound: Any
    accepted: Any
    gradient_norm: Any
    step: Any


SCALARS = tuple(f.name for f in dataclasses.fields(Trial) if f.name != "step")  # type: ignore[arg-type]
FLAGS = ("bound", "accepted")


def row(trial: Trial) -> jax.Array:
    """A trial as one vector, its scalars and then its step, so that a run brings one table home and not fourteen."""
    dtype = trial.value.dtype
    return jnp.concatenate(
        [jnp.stack([jnp.asarray(getattr(trial, name)).astype(dtype) for name in SCALARS]), trial.step]
    )


def host_row(trial: Trial) -> np.ndarray:
    """The same on the host, of a trial that is there already."""
    numbers = [np.asarray(getattr(trial, name)) for name in SCALARS]
    return np.concatenate([numbers, np.asarray(trial.step)], dtype=trial.value.dtype)


class Trace:
    """The trials of a run, oldest first, as NumPy columns named as in `Trial`.

    `start_value` and `start_gradient_norm` describe the first point. `step` (trials, n) is there where all steps fit
    into the memory that a run may take for them (`whole`); `moves` (m, n) always: the way from point to point, and
    `kept` (m,) after how many accepted trials each of them ends. Where the run was thinned a move is the sum of
    several accepted steps.
    """

    def __init__(
        self, rows: np.ndarray, steps: np.ndarray | None, moves: np.ndarray | None = None,
        kept: np.ndarray | None = None,
    ):  # fmt: skip
        """`rows` and `steps` begin with the look at x0, a trial of length zero. `moves`, `kept`: in place of steps."""
        self.start_value = float(rows[0, SCALARS.index("value")])
        self.start_gradient_norm = float(rows[0, SCALARS.index("gradient_norm")])
        self.rows, self.thinned = rows[1:], None if steps is not None else (moves, kept)
        if steps is not None:
            self.step = steps[1:]

    def then(self, jump: np.ndarray, after: "Trace") -> "Trace":
        """This run, a `jump` (n,) from its end that no model proposed, and the run `after` that began there, as one.

        The jump is a trial of tau = 1 that was taken, without prediction and slope. Where steps were thinned, `after`.
        """
        if not (self.whole and after.whole):
            return after
        known = {
            "value": after.start_value, "gradient_norm": after.start_gradient_norm, "tau": 1.0, "accepted": 1.0,
            "length": float(np.linalg.norm(jump)), "actual": self.last_value - after.start_value,
        }  # fmt: skip
        look = [{"value": self.start_value, "gradient_norm": self.start_gradient_norm}, known]
        blank = {"inner": 0.0, "bound": 0.0, "accepted": 0.0}
        first, between = (np.array([[{**blank, **row}.get(name, np.nan) for name in SCALARS]]) for row in look)
        rows = np.concatenate([first, self.rows, between, after.rows]).astype(self.rows.dtype)
        steps = [np.zeros((1, jump.size)), self.step, jump[None], after.step]
        return Trace(rows, np.concatenate(steps).astype(self.step.dtype))

    def onward(self, after: "Trace") -> "Trace":
        """This run and the run `after` that began at its end, as one. Where steps were thinned, `after`."""
        if not (self.whole and after.whole):
            return after
        first = np.full((1, len(SCALARS)), np.nan)
        first[0, [SCALARS.index("value"), SCALARS.index("gradient_norm")]] = self.start_value, self.start_gradient_norm
        first[0, [SCALARS.index(name) for name in FLAGS]] = 0
        rows = np.concatenate([first, self.rows, after.rows]).astype(self.rows.dtype)
        return Trace(rows, np.concatenate([np.zeros_like(self.step[:1]), self.step, after.step]))

    @property
    def last_value(self) -> float:
        """f at the last point taken."""
        values = self.value[self.accepted]
        return float(values[-1]) if values.size else self.start_value

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def whole(self) -> bool:
        """Whether every step is kept."""
        return self.thinned is None

    @property
    def moves(self) -> Any:
        """The way from point to point (m, n)."""
        return self.step[self.accepted] if self.thinned is None else self.thinned[0]

    @property
    def kept(self) -> Any:
        """After how many accepted trials each of the `moves` ends (m,)."""
        return np.arange(1, int(self.accepted.sum()) + 1) if self.thinned is None else self.thinned[1]

    @property
    def note(self) -> str:
        """What was thinned, in words; empty where nothing was."""
        if self.whole:
            return ""
        points, kept = int(self.accepted.sum()) + 1, len(self.kept) + 1
        return f"{kept} of the {points} points of this run were kept: all its steps would take too much memory"

    def __getattr__(self, name: str) -> np.ndarray:
        if name in SCALARS:
            column = self.rows[:, SCALARS.index(name)]
            return column != 0 if name in FLAGS else column
        if name == "step" and self.__dict__.get("thinned") is not None:
            raise AttributeError(f"a Trace without its single steps: {self.note}. `moves` and `kept` say the way")
        raise AttributeError(f"a Trace has no column {name!r}; it has {', '.join(SCALARS)}, step")

    def __dir__(self):
        return [*super().__dir__(), *SCALARS]

    def __repr__(self) -> str:
        kept = "" if self.whole else f", {len(self.kept) + 1} points kept"
        return f"Trace({len(self)} trials, {int(self.accepted.sum())} taken{kept})"

    def as_dict(self) -> dict[str, list[Any]]:
        """Columns as plain lists (for JSON); step vectors left out."""
        return {name: getattr(self, name).tolist() for name in SCALARS}

    def order(self) -> float | None:
        """The observed order of convergence p in e_{k+1} ~ C e_k^p, or None where too few steps show it.

        e_k is the distance from the k-th point taken to the last one, per variable as a fraction of
        the longest it ever was, so no unit matters. About 1: linear (gradient descent); between 1 and
        2: superlinear (BFGS); 2: quadratic (Newton). None unless the gradient fell ten-thousandfold:
        the last point must stand for the solution. Where steps were thinned, e_k is what is left of their lengths.
        See `observed_order`.
        """
        g = np.concatenate([[self.start_gradient_norm], self.gradient_norm[self.accepted]])
        if len(g) < 4 or not np.all(np.isfinite(g)) or not g[-1] <= 1e-4 * g.max():
            return None
        steps = self.step[self.accepted] if self.whole else self.length[self.accepted][:, None]
        ahead = np.cumsum(steps[::-1].astype(float), axis=0)[::-1]
        farthest = np.max(np.abs(ahead), axis=0)
        return observed_order(np.max(np.abs(ahead) / np.where(farthest > 0, farthest, 1), axis=1))


FLOOR = 1e-15
"""Relative errors below this are rounding."""


def observed_order(errors: np.ndarray) -> float | None:
    """Order p of a sequence of relative errors (1: as far as ever) that falls towards its end.

    Digits are what an order is about: with p > 1 their number grows by the factor p from step to
    step, with p = 1 by a constant. So two descriptions compete over the final stretch (from the last
    error above 0.5 on), log e_{k+1} = p log e_k and log e_{k+1} = log C + log e_k; only where the
    second is clearly the better one is p fitted with a free constant. In few steps of vectors, whose
    constant C changes with the direction of the error, such a free fit alone would find any p.
    Source: Nocedal and Wright (2006), section A.2, "Rates of convergence".
    """
    e = np.asarray(errors, float)
    e = e[np.isfinite(e) & (e > FLOOR)]
    start = np.flatnonzero(e > 0.5)
    e = e[start[-1] :] if start.size else e
    if len(e) < 3 or not e[-1] < 1e-3 * e[0]:
        return None
    p = fitted(np.log(e))
    # So small a last error may be rounding instead of convergence, which would hide the order.
    if len(e) > 3 and e[-1] < 1e3 * FLOOR:
        p = max(p, fitted(np.log(e[:-1])), key=lambda q: q if q > p + 0.3 else p)
    return p


def fitted(d: np.ndarray) -> float:
    """p from logarithms of errors; see `observed_order`."""
    x, y = d[:-1], d[1:]
    p = float(x @ y / (x @ x))
    misfit = np.sum((y - p * x) ** 2)
    linear = np.sum((y - x - np.mean(y - x)) ** 2)
    if linear > 0.25 * misfit:
        return p
    return float(np.polyfit(x, y, 1)[0]) if np.ptp(x) > 1e-9 else 1.0

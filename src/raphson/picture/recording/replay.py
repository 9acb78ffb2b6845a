"""A run again, without the solver: its points with the exact Taylor model there, and what the method itself saw."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.calculus.taylor import GRADIENT, HESSIAN, Observation, evaluate_compiled
from raphson.kernel.evaluation import Evaluation
from raphson.kernel.program import Program
from raphson.kernel.space import Box
from raphson.linear.cg import CLOSE, newton_cg_direction
from raphson.model.units import units_at
from raphson.operators.matrix_free import MatrixFree
from raphson.paths.proposal import LENGTH
from raphson.picture.recording.own import Own, curve, left_behind, on_a_line, pairs_of, straight
from raphson.picture.thinning import thinned
from raphson.problems.callback import HOST, Callback, CallCounts

DENSE = 300
"""Up to so many variables every recorded point has its whole Hessian; above, products along planes have to do."""

MOST = 60
"""Points of a run that are recorded; half as many where there are more than `CURVED` variables."""

CURVED = 100
"""Up to so many variables the curve of steps is drawn: each of its points costs factorizations."""

SECONDS = 15.0
"""What looking at these points again may cost, by the time that the run itself took for a trial."""

WORK = 2e7
"""Points taken, times n^2, up to which the method's own memory (secant pairs, scales) is learned again."""

INNER = 50
"""Products that a Newton step is worth where n is too large for a Hessian."""


@dataclass(frozen=True, eq=False)
class Moment:
    """A point of the run: `trial` the number of the trial that led here (-1: the start), `taken` its number among
    the points taken, `x` the point, as one vector in `flat` (n,), with the exact value, gradient (n,) and
    Hessian (n, n) of f (None: too large, or not finite) and the method's `own` view.
    """

    trial: int
    taken: int
    x: Any
    flat: np.ndarray
    value: float
    gradient: np.ndarray
    hessian: np.ndarray | None
    own: Own = Own()

    @property
    def dtype(self) -> Any:
        """The precision of the run."""
        return np.dtype(jnp.result_type(*jax.tree.leaves(self.x)))

    @property
    def finite(self) -> bool:
        """Whether a quadratic can be written down here."""
        return bool(np.isfinite(self.value) and np.all(np.isfinite(self.gradient)))


@dataclass(frozen=True, eq=False)
class Replay:
    """A run again: its `problem` (None: not known), the recorded `moments`, oldest first, and what was left out."""

    problem: Any
    moments: tuple[Moment, ...]
    notes: tuple[str, ...] = ()

    def products(self, moment: Moment, V: np.ndarray) -> np.ndarray | None:
        """H V (n, k) at a moment; None where there is neither H nor a way to products with it."""
        if moment.hessian is not None:
            return moment.hessian @ V
        if self.problem is None or isinstance(self.problem, HOST):
            return None
        HV = np.asarray(pushed(self.problem, moment.x, jnp.asarray(V.T, moment.dtype)), float).T
        return HV if np.all(np.isfinite(HV)) else None

    def newton(self, moment: Moment) -> np.ndarray | None:
        """The Newton step (n,) by conjugate gradients, or what they have of it after `INNER` products; None: no way."""
        if self.problem is None or isinstance(self.problem, HOST):
            return None
        return np.asarray(conjugated(self.problem, moment.x, jnp.asarray(moment.gradient, moment.dtype)), float)


def replay(result: Any, most: int = MOST) -> Replay:
    """The points of a result's run, at most `most` of them: the start, the answer (always last), and some between.

    Read from `result.start`, `.recipe`, `.trace` and `.model.problem`. Where they are missing the answer alone is
    recorded, as far as the result itself knows it.
    """
    if result.model is None:
        return Replay(None, (), ("this result carries no model: there is nothing to draw",))
    problem = aside(result.model.problem)
    end = answer(result, problem)
    if problem is None or result.start is None:
        return Replay(problem, (end,), ("the run's start or function is not known: only its end is drawn",))
    return again(result, problem, end, most)


def again(result: Any, problem: Any, end: Moment, most: int) -> Replay:
    """The replay of a result that knows its function and its start."""
    trace, n = result.trace, len(end.flat)
    accepted = np.flatnonzero(trace.accepted)
    allowed = affordable(result, problem, n)
    most = most if n <= CURVED or n > DENSE else most // 2
    picked = thinned(len(trace.kept) + 1, min(most, allowed), first=10, last=20)
    notes = [trace.note] if trace.note else []
    if len(picked) <= len(trace.kept):
        why = ": looking at more would have taken longer than the run is worth" if allowed < most else ""
        notes.append(f"{len(picked)} of {len(accepted) + 1} points are recorded with their Hessian{why}")
    rerun = Rerun.of(result, problem, len(accepted) + 1)
    if rerun.recipe is None and result.recipe is not None and rerun.problem.space.size(end.x) <= DENSE:
        notes.append("the method's own curves are left out: its memory of so long a run was not learned again")
    moments = list(rerun.moments(picked, end))
    if moments[-1].flat is not end.flat:
        # Fits may go on a few Newton steps after their last trial, and a run may return an earlier, better point.
        moments.append(replace(end, trial=len(trace) - 1, taken=len(accepted)))
    return Replay(problem, tuple(moments), tuple(notes))


def looked_at(model: Any) -> Replay:
    """A single point: a `Model` as it stands."""
    problem = aside(model.problem)
    H = np.asarray(model.hessian, float) if model.gradient.shape[0] <= DENSE else None
    return Replay(problem, (moment_of(-1, 0, home(problem, model.x), model.value, model.gradient, H),))


def answer(result: Any, problem: Any) -> Moment:
    """The result's own end: nothing is evaluated again unless it lacks a Hessian."""
    x, n = home(problem, result.model.x), result.gradient.size
    accepted = np.flatnonzero(result.trace.accepted)
    H = result.hessian if n <= DENSE else None
    if H is None and n <= DENSE and problem is not None:
        H = with_hessian(problem, x).curvature.dense()
    last = int(accepted[-1]) if len(accepted) else -1
    return moment_of(last, len(accepted), x, result.value, result.gradient, H)


def begun(curvature: Any, problem: Any, x: Any) -> Any:
    """A curvature's memory before the first point."""
    memory = curvature.start(problem, x)
    return replace(memory, units=units_at(problem, x)) if curvature.scaled else memory


def same_point(a: np.ndarray, b: np.ndarray, dtype: Any) -> bool:
    """Whether two vectors are the same point but for rounding in a precision."""
    return bool(np.all(np.abs(a - b) <= 4 * np.finfo(dtype).eps * np.maximum(np.abs(a), np.abs(b))))


def moment_of(trial: int, taken: int, x: Any, value: Any, g: Any, H: Any, own: Own = Own()) -> Moment:
    """A moment with its numbers in double precision."""
    H = None if H is None else np.asarray(H, float)
    H = H if H is not None and np.all(np.isfinite(H)) else None
    return Moment(trial, taken, x, point_vector(x), float(value), np.asarray(g, float), H, own)


@dataclass(frozen=True, eq=False)
class Rerun:
    """What a run is walked with: `steps` (T, n) that were taken, and the `recipe` where its memory can be learned.

    Of a thinned run the steps are its moves, of several steps each. `unit` of the path's tau; `unscaled` where the
    method measures lengths as they are.
    """

    problem: Any
    start: Any
    recipe: Any
    trace: Any
    steps: np.ndarray
    unit: str | None
    unscaled: bool

    @staticmethod
    def of(result: Any, problem: Any, points: int) -> "Rerun":
        """Reads a result."""
        trace, recipe = result.trace, result.recipe
        x = jax.tree.map(jnp.asarray, home(problem, result.start))
        n = problem.space.size(x)
        steps = trace.moves
        if recipe is None:
            return Rerun(problem, x, None, trace, steps, None, False)
        learnable = trace.whole and n <= DENSE and points * n**2 <= WORK
        if isinstance(problem, HOST) and recipe.curvature.observation.curved:
            learnable &= points <= MOST  # else Hessians by differences at points that are not even drawn
        unscaled = not recipe.curvature.natural
        unit = getattr(recipe.path, "unit", None)
        return Rerun(problem, x, recipe if learnable else None, trace, steps, unit, unscaled)

    def moments(self, picked: np.ndarray, end: Moment) -> Iterator[Moment]:
        """The points with the given numbers, in order; the last is looked at only where it is not the answer."""
        x, at = self.start, 0
        zero = self.problem.space.zero(x)
        s, memory, pairs = zero, () if self.recipe is None else begun(self.recipe.curvature, self.problem, x), None
        kept = np.concatenate([[0], self.trace.kept])
        numbers = np.concatenate([[-1], np.flatnonzero(self.trace.accepted)])
        for t in picked:
            if t > 0:
                x, memory, pairs = self.advance(x, memory, pairs, at, t - 1)
                s = jnp.asarray(self.steps[t - 1])
                x = moved(self.problem.space, x, s)
            at = t
            trial, taken = int(numbers[kept[t]]), int(kept[t])
            if t == len(self.steps) and same_point(point_vector(x), end.flat, s.dtype):
                yield replace(end, trial=trial, taken=taken)
                return
            seen = with_hessian(self.problem, x) if len(end.flat) <= DENSE else slope(self.problem, x)
            own, memory, pairs = self.own(t, x, s, seen, memory, pairs)
            H = None if seen.curvature is None else seen.curvature.dense()
            yield moment_of(trial, taken, x, seen.value, seen.gradient, H, own)

    def advance(self, x: Any, memory: Any, pairs: Any, at: int, to: int) -> tuple[Any, Any, Any]:
        """On from point `at` to point `to`, along steps whose points are not recorded, in compiled blocks."""
        steps, curvature = self.steps[at:to], None if self.recipe is None else self.recipe.curvature
        if isinstance(self.problem, HOST):
            for s in map(jnp.asarray, steps):
                x = moved(self.problem.space, x, s)
                if curvature is not None:
                    seen = curvature.observation.evaluate(self.problem, x)
                    memory = learned(curvature, self.problem.space, seen, s, memory)[1]
            return x, memory, pairs
        block = int(np.clip(2_000_000 // max(steps.shape[1], 1), 1, 256))
        path = None if pairs is None or self.recipe is None else self.recipe.path
        taus = np.zeros(len(steps), steps.dtype) if path is None else self.begun_with[at + 1 : to + 1]
        for start in range(0, len(steps), block):
            part, first = (padded(rows[start : start + block], block) for rows in (steps, taus))
            count = min(block, len(steps) - start)
            x, memory, pairs = marched(curvature, path, self.problem, x, memory, pairs, part, first, count)
        return x, memory, pairs

    @cached_property
    def begun_with(self) -> np.ndarray:
        """tau of the first trial from every point (of one without trials that of the last trial)."""
        first = np.concatenate([[True], self.trace.accepted[:-1]])
        return np.append(self.trace.tau[first], self.trace.tau[-1:])

    def own(self, t: int, x: Any, s: Any, seen: Evaluation, memory: Any, pairs: Any) -> tuple[Own, Any, Any]:
        """The method's view of a point, its memory after it, and what it leaves behind for the next point's path."""
        if not self.trace.whole:
            return Own(np.ones(len(self.steps[0])) if self.unscaled and len(self.steps) else None), memory, None
        tried = np.cumsum(self.trace.accepted) - self.trace.accepted == t
        taus, steps, lengths = self.trace.tau[tried], self.trace.step[tried], self.trace.length[tried]
        space = self.problem.space
        if self.recipe is None:
            ray = self.unit == LENGTH and len(steps) > 0 and not isinstance(space, Box)
            scale = np.ones(len(self.steps[0])) if self.unscaled and len(self.steps) else None
            return Own(scale, straight(steps[np.argmax(taus)]) if ray else None), memory, None
        curvature = self.recipe.curvature
        model, memory = learned(curvature, space, suited(self.problem, seen, curvature.observation), s, memory)
        scale = np.asarray(model.scale, float)
        if not len(taus) or not np.all(np.isfinite(scale)) or len(scale) > CURVED:
            return Own(scale), memory, None
        model = replace(model, curvature=model.curvature.remembering(pairs))
        found = curve(self.recipe.path, model, x, taus, steps, lengths)
        if found is None and self.unit == LENGTH and not isinstance(space, Box) and on_a_line(steps):
            found = straight(steps[np.argmax(taus)])  # a ray of which the run knew more: what other points left behind
        # A ray is known by its trials, whatever the run remembered.
        if self.unit == LENGTH or model.curvature.remembered(model.gradient) is None:
            return Own(scale, found), memory, None
        return Own(scale, found), memory, left_behind(self.recipe.path, model, taus[0])


def affordable(result: Any, problem: Any, n: int) -> int:
    """How many points may be looked at again in `SECONDS`, by what a trial of the run took (compiling left out)."""
    spent = max(result.seconds - result.compile_seconds, 0.0) / max(result.evaluations.value, 1)
    curved = result.recipe is not None and result.recipe.curvature.observation.curved
    looks = 1.0 if curved or n > DENSE else float(n)
    if isinstance(problem, HOST):
        given = isinstance(problem, Callback) and problem.hessian is not None
        looks = 2.0 * n if given or getattr(problem, "gradient", None) is not None else 2.0 * n**2 + 2.0 * n
    return int(np.clip(SECONDS / max(spent * looks, 1e-9), 2, 10**9))


def aside(problem: Any) -> Any:
    """The problem with counts of its own: pictures must not change what a run says it cost."""
    if not isinstance(problem, HOST):
        return problem
    return replace(problem, evaluations=CallCounts())


def home(problem: Any, x: Any) -> Any:
    """A point as the problem takes it: one vector for host functions, else the user's structure."""
    return jnp.asarray(point_vector(x, None)) if isinstance(problem, HOST) else x


def point_vector(x: Any, dtype: Any = float) -> np.ndarray:
    """A point as one vector (n,)."""
    flat = np.concatenate([np.ravel(np.asarray(leaf)) for leaf in jax.tree.leaves(x)])
    return flat if dtype is None else flat.astype(dtype)


def suited(problem: Any, seen: Evaluation, what: Observation) -> Evaluation:
    """An evaluation in the form that a curvature learns from; what is known is not evaluated again."""
    if what.residual and not isinstance(problem, HOST):
        return evaluate_compiled(problem, seen.x, what)
    return what.complete(problem, seen)


def with_hessian(problem: Any, x: Any) -> Evaluation:
    """Value, gradient and dense Hessian."""
    return HESSIAN.evaluate(problem, x) if isinstance(problem, HOST) else evaluate_compiled(problem, x, HESSIAN)


def slope(problem: Any, x: Any) -> Evaluation:
    """Value and gradient."""
    return GRADIENT.evaluate(problem, x) if isinstance(problem, HOST) else evaluate_compiled(problem, x, GRADIENT)


def padded(rows: np.ndarray, count: int) -> np.ndarray:
    """Rows, and zeros up to so many of them."""
    return np.concatenate([rows, np.zeros((count - len(rows), *rows.shape[1:]), rows.dtype)])


moved = Program(lambda space, x, s: space.move(x, s)[0])
learned = Program(lambda curvature, space, seen, s, memory: curvature.model(space, seen, s, memory))
conjugated = Program(lambda problem, x, g: newton_cg_direction(MatrixFree(problem, x).mv, g, INNER, CLOSE).s)
pushed = Program(lambda problem, x, rows: lax.map(MatrixFree(problem, x).mv, rows))


@Program
def marched(
    curvature: Any, path: Any, problem: Any, x: Any, memory: Any, pairs: Any, steps: Any, taus: Any, count: Any
) -> tuple[Any, Any, Any]:
    """`count` steps at once: the point reached, the curvature's memory there (None: only the point), and what the path
    leaves behind (None: nothing).
    """

    def one(i: Any, carry: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        x, memory, pairs = carry
        x = problem.space.move(x, steps[i])[0]
        if curvature is None:
            return x, memory, pairs
        seen = curvature.observation.evaluate(problem, x)
        model, memory = curvature.model(problem.space, seen, steps[i], memory)
        if path is not None:
            pairs = pairs_of(path, replace(model, curvature=model.curvature.remembering(pairs)), taus[i])
        return x, memory, pairs

    return lax.fori_loop(0, count, one, (x, memory, pairs))

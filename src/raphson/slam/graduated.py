"""Graduated non-convexity: outliers are told by a cost that begins nearly convex and ends where they count nothing."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.certificate.verdict import Cause, Verdict
from raphson.fit.attempt import FitCall, run_from
from raphson.fit.residuals import rows_times
from raphson.kernel.status import Status
from raphson.problems.loss import Loss
from raphson.slam.account import FACTOR_CLASSES, ODOMETRY, factor_class
from raphson.slam.graduated_loss import ENDS, FORMS, GraduatedLoss
from raphson.slam.graduated_rounds import Round
from raphson.slam.graph import FactorGraph
from raphson.slam.robust import squares
from raphson.slam.solution import GraphFit
from raphson.solver.call import limited
from raphson.solver.callbacks import say_stage
from raphson.solver.options import Limits
from raphson.solver.step import Method

DIVIDED = 2.0
"""The softness is divided by this from stage to stage. The paper's 1.4 ends at the same point of M3500 with 30 % of
outliers, after twice the trials."""

FIRM = 0.01
"""The last softness before none: no factor is within 1 % of its threshold, or nearly."""

PASSES = 3
"""Passes with narrower thresholds. M3500's information says seven times the noise that is there, so that thresholds let
wrong loop closures bend the map: with 30 % of them it is 14 m from the optimum after one pass, 0.26 m after two."""

NARROWER = 0.5
"""What is kept errs less than this share of what its information says: thresholds are narrowed to it."""

WIDER = 1.5
"""Thresholds are narrowed to this times what is kept errs. With 1, 65 of 2450 right loop closures of sphere2500 were
dropped; with 1.5 none."""

LEAST = 0.1
"""By no more than this at once: edges without any noise are no reason to drop one for its last digit."""

SPARE = 30
"""Residuals more than unknowns, from which the size of the noise is known to 13 %."""

AGAIN = 1000.0
"""The softness with which it begins again on the map that it found. M3500 with 30 % of outliers: one right loop closure
was still dropped, and its loss was a third of the trajectory's error; from 10 on it stays so, from 100, 1000 and 1e4 on
all are judged rightly."""

NAMES = {"gnc": "truncated", "gnc-gm": "geman-mcclure"}
"""By which `optimize` knows them."""

CUT = "graduated non-convexity ended before its stages were over: which factors are outliers is not settled"

STAGE_STEPS, STAGE_TOLERANCE = 4, 1e-3
"""How far each stage goes: it has to stay in a valley that moves, no more."""


@dataclass(frozen=True)
class GraduatedNonConvexity:
    """A `loss` of `optimize` that tells outliers from factors that are right, whatever the start makes of them.

    The cost of a factor, z = e' Omega e / c^2, is 1/2 c^2 min(z, 1) with form "truncated", and 1/2 c^2 z / (1 + z)
    with "geman-mcclure". c^2 is the chi2 quantile of `probability` for as many degrees of freedom as the factor has
    numbers, times the square of `scale` (and of `optimize`'s): so many of the right factors cost less than it. Where
    what is kept errs less than half of what its information says, the thresholds are narrowed to that.

    The cost is first so wide that it is nearly convex, then narrowed in stages, each from where the one before ended.
    `trusted`: the factors that count as in least squares and are never dropped: "odometry" (between poses that follow
    each other by id), "none", or masks (m,) for each kind of factor.

    Sources: Yang, Antonante, Tzoumas and Carlone (2020), "Graduated non-convexity for robust spatial perception"; Black
    and Rangarajan (1996). Each stage works on the cost of which their weights are the slope, weights anew in each step.
    """

    form: str = "truncated"
    probability: float = 0.99
    trusted: str | Sequence[Any] = "odometry"
    scale: float = 1.0

    @classmethod
    def read(cls, loss: Any, scale: float) -> "GraduatedNonConvexity | None":
        """One from a name or one, its thresholds times `scale`; None for other losses."""
        if isinstance(loss, str) and loss.lower() in NAMES:
            loss = cls(NAMES[loss.lower()])
        return replace(loss, scale=scale * loss.scale) if isinstance(loss, cls) else None

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise ValueError(f"form must be {' or '.join(map(repr, FORMS))}, not {self.form!r}")
        if not 0 < self.probability < 1:
            raise ValueError(f"probability = {self.probability}: it must be between 0 and 1")
        if not (np.isfinite(self.scale) and self.scale > 0):
            raise ValueError(f"scale = {self.scale}: it multiplies the thresholds, a number > 0")
        if isinstance(self.trusted, str) and self.trusted not in ("odometry", "none"):
            raise ValueError(f"trusted must be 'odometry', 'none' or masks by kind of factor, not {self.trusted!r}")

    def loss_of(self, graph: FactorGraph) -> GraduatedLoss:
        """The cost at which it ends, for the factors of a graph."""
        from scipy.special import chdtri  # here: `import raphson` does without scipy

        limits: list[Any] = []
        for f, trusted in zip(graph.factors, self.masks(graph), strict=True):
            c = self.scale * np.sqrt(chdtri(np.linalg.matrix_rank(f.roots), 1 - self.probability))
            limits.append(jnp.asarray(np.where(trusted, np.inf, c)))
        heights = tuple((len(f), f.roots.shape[-1]) for f in graph.factors)
        loss = Loss(FORMS[self.form], None, "gnc")  # type: ignore[arg-type]
        return GraduatedLoss(loss, heights, jnp.asarray(ENDS[self.form]), tuple(limits), self.form)

    def masks(self, graph: FactorGraph) -> list[np.ndarray]:
        """Which factors are trusted, by kind (m,)."""
        if isinstance(self.trusted, str):
            kept = FACTOR_CLASSES.index(ODOMETRY) if self.trusted == "odometry" else -1
            return [factor_class(graph, f) == kept for f in graph.factors]
        found = [np.asarray(mask) for mask in self.trusted]
        if [mask.shape for mask in found] != [(len(f),) for f in graph.factors] or any(m.dtype != bool for m in found):
            wanted = ", ".join(str((len(f),)) for f in graph.factors)
            raise ValueError(f"trusted must be one mask of True and False for each kind of factor: {wanted}")
        return found


def graduate(call: FitCall, method: Method) -> tuple[FitCall, tuple[str, ...], list[Round], bool]:
    """The call from the point to which the stages lead, with the cost at which they end, words on them, the rounds, and
    whether all of them were gone through.

    Where what was kept turns out to err much less than its information says, the thresholds were too wide to tell
    outliers by: then once more from the start, with thresholds of that size. At last from the map that was found, from
    a softness at which factors are heard that only a map which was still wrong made outliers.
    """
    own, size, whole, rounds = call, 1.0, True, list[Round]()
    for left in reversed(range(PASSES)):
        say_stage(call.progress, f"graduated non-convexity, round {len(rounds) + 1}")
        own, one, done = narrowed(replace(own, x=call.x), method)
        rounds.append(replace(one, size=size))
        whole, found = whole and done, noise_size(own)
        if not left or found is None or WIDER * found > NARROWER * size or late(own):
            break
        ratio, loss = max(WIDER * found / size, LEAST), own.problem.loss
        size, narrow = size * ratio, replace(loss, limits=tuple(ratio * c for c in loss.limits))
        own = replace(own, problem=replace(own.problem, loss=narrow))
    say_stage(call.progress, f"graduated non-convexity, round {len(rounds) + 1}")
    again, one, done = narrowed(own, method, AGAIN)
    lower = float(again.problem.value(again.x)) < float(own.problem.value(own.x))
    rounds.append(replace(one, size=size, again=True, kept=lower))
    own = replace(again if lower else own, limits=again.limits)
    stages, trials = (sum(getattr(one, name) for one in rounds) for name in ("stages", "trials"))
    said = f"graduated non-convexity: {stages} stages, {trials} trials before those of the trace"
    if size < 1:
        said += (
            f"; what it kept errs less than its information says, so the thresholds were narrowed to {size:.2g} times"
        )
    return own, (said,), rounds, whole and done


def narrowed(call: FitCall, method: Method, most: float = np.inf) -> tuple[FitCall, Round, bool]:
    """The call from where the stages end, begun with this softness at `most`, and with the trials that are left; what
    was done, and whether the last stage was reached."""
    loss, x, limits, stages, trials = call.problem.loss, call.x, call.limits, 0, 0
    end, none = (FIRM, 1) if loss.form == "truncated" else (ENDS[loss.form], 0)
    softness = first = min(2 * float(loss.ratios(call.problem.residuals(x)).max(initial=0.0)) - none, most)
    while softness > end and not late(call) and limits.max_steps != 0:
        steps = STAGE_STEPS if limits.max_steps is None else min(STAGE_STEPS, limits.max_steps)
        problem = replace(call.problem, loss=replace(loss, softness=jnp.asarray(softness, loss.softness.dtype)))
        stage = limited(method, Limits(STAGE_TOLERANCE, steps, None), x)
        done = run_from(replace(call, problem=problem), stage, x, progress=call.progress)
        x, trials, stages, softness = done.state.best.x, trials + len(done.trace), stages + 1, softness / DIVIDED
        limits = limits.after(len(done.trace), False)
    found = replace(call, x=x, limits=limits)
    dropped = sum(int(mask.sum()) for mask in loss.dropped(call.problem.residuals(x)))
    last = DIVIDED * softness if stages else softness
    return found, Round(first, last, stages, trials, dropped), softness <= end


def late(call: FitCall) -> bool:
    """Whether the run was ended from outside, or its time is over: a stage may be too short to see that."""
    limit = call.limits.time_limit
    if not call.over and limit is not None and time.perf_counter() - call.begin > limit:
        call.over.append(Status.TIME)
    return bool(call.over)


def unfinished(fit: GraphFit, over: Sequence[Status]) -> None:
    """Writes into a fit that its stages were cut: the valley that it lies in is any, minimum or not."""
    fit.termination = over[0] if over else Status.STEPS
    cut = f"{fit.termination.sentence}; the stages of graduated non-convexity were not over, so this valley is any one"
    fit.certificate = replace(fit.certificate, verdict=Verdict.STOPPED, criterion=cut, cause=Cause.LIMIT)
    fit.notes = (*fit.notes, CUT)
    fit.update(fit.scipy_items())


def noise_size(call: FitCall) -> float | None:
    """The errors of what was kept as a multiple of what its information says, by the cost and its degrees of freedom;
    None where there are too few to tell."""
    loss, r = call.problem.loss, call.problem.residuals(call.x)
    kept = [~mask for mask in loss.dropped(r)]
    spare = sum(int(mask.sum()) * d for mask, (_, d) in zip(kept, loss.heights, strict=True))
    spare -= sum(np.size(a) for a in jax.tree.leaves(call.problem.space.zero(call.x)))
    if spare < SPARE:
        return None
    total = sum(float(np.asarray(squares(e))[mask].sum()) for e, mask in zip(loss.parts(r), kept, strict=True))
    return float(np.sqrt(total / spare))


def judged(fit: GraphFit, loss: GraduatedLoss) -> None:
    """Writes into a fit which factors are outliers, what there is to say of them, and error bars from the others."""
    r = jnp.asarray(fit.residuals)
    fit.outliers = loss.dropped(r)
    root = np.sqrt(np.asarray(loss.weights(r)[0]))
    fit.weighted, fit.bend = (root * fit.residuals, rows_times(root, fit.jacobian)), 1.0
    bad, free = sum(int(mask.sum()) for mask in fit.outliers), sum(int(jnp.isfinite(c).sum()) for c in loss.limits)
    said = f"{bad} of the {free} factors that were not trusted were judged outliers (`outliers` says which)"
    if free < 2 * bad:
        said += (
            "; where that cannot be, the start was too far off, or the information promises too much: with `scale` "
            "above 1 the thresholds are wider"
        )
    fit.notes = (*fit.notes, said if free else "every factor is trusted: there was nothing to judge")

"""The text twin of the certificate: the same words in the console, in JSON and in HTML."""

from typing import Any

import numpy as np

from raphson.certificate.verdict import NOT_MADE, Cause, Verdict
from raphson.kernel.status import Status

HEADLINES = {
    Verdict.MINIMUM: "MINIMUM",
    Verdict.NOISE: "MINIMUM (to the noise of f)",
    Verdict.KINK: "MINIMUM AT A KINK",
    Verdict.SADDLE: "SADDLE",
    Verdict.FLAT: "FLAT",
    Verdict.RECEDES: "NO MINIMUM",
    Verdict.STOPPED: "NOT CONVERGED",
    Verdict.NOT_FINITE: "NOT FINITE",
    Verdict.UNBOUNDED: "UNBOUNDED BELOW",
}


def number(a: float, digits: int = 3) -> str:
    """A number as a person writes it: few digits, exact zero as 0."""
    return "0" if a == 0 else f"{a:.{digits}g}"


def point(x: Any, limit: int = 6) -> str:
    """The first coordinates of a point."""
    flat = np.concatenate([np.ravel(np.asarray(leaf)) for leaf in leaves_of(x)])
    shown = ", ".join(f"{v:.7g}" for v in flat[:limit])
    return f"({shown}{', ...' if flat.size > limit else ''})"


def leaves_of(x: Any) -> list:
    """The arrays of a point."""
    import jax

    return jax.tree.leaves(x)


def sentence(result: Any) -> str:
    """The verdict in one sentence: criterion, value, threshold."""
    head = HEADLINES[result.certificate.verdict].lower()
    ended = result.termination.sentence
    told = result.certificate.success or result.certificate.criterion.startswith(ended)
    reason = "" if told else f" ({ended})"
    return f"{head}{reason}: {result.certificate.criterion}"


def summary(result: Any) -> str:
    """What a person reads first, in five or six lines."""
    c = result.certificate
    n = result.gradient.size
    tail = f"{n} variable{'s' if n > 1 else ''}, {result.gradient.dtype}"
    x = result.x if result.model is None else result.model.x  # the point found: `result.x` is the caller's to change
    lines = [f"{HEADLINES[c.verdict]}   f = {number(result.value, 7)} at x = {point(x)}   {tail}"]
    lines.append(f"why       {c.criterion}")
    if c.eigenvalues is not None:
        lines.append(f"shape     {shape_line(c)}")
    lines.append(f"work      {work_line(result)}")
    lines.append(f"method    {result.description}")
    if result.sparsity is not None:
        lines.extend(f"{label:<10}{words}" for label, words in result.sparsity.lines())
    if not c.success:
        lines.append(f"means     {means(result)}")
        lines.append(f"try       {'   '.join(f'{i}. {t}' for i, t in enumerate(suggestions(result), 1))}")
    lines.extend(f"note      {note}" for note in result.notes)
    return "\n".join(lines)


def shape_line(c: Any) -> str:
    """Eigenvalues and condition, and what they mean for steepest descent."""
    if not c.eigenvalues.size:
        return "a corner: bounds hold every variable"
    if c.eigenvalues.size == 1:
        return f"curvature {number(c.smallest)}" + (" in the free variable" if c.active else "")
    text = f"eigenvalues {number(c.smallest)} .. {number(c.largest)}"
    if c.inertia[0]:
        return f"{text}: {c.inertia[0]} negative, {c.inertia[1]} zero, {c.inertia[2]} positive"
    if c.inertia[1] or not np.isfinite(c.condition):
        return f"{text}: singular" + (f", flat along {'; '.join(c.flat)}" if c.flat else "")
    angle = np.degrees(np.arccos(2 * np.sqrt(c.condition) / (1 + c.condition)))
    return f"{text}, condition {number(c.condition)}: steepest descent is up to {angle:.1f} deg off here"


def work_line(result: Any) -> str:
    """Trials, evaluations and time."""
    taken = int(result.trace.accepted.sum())
    compile_seconds = min(result.compile_seconds, result.seconds)  # JAX compiles on several threads
    compiling = f", of it {compile_seconds:.2f} s compiling" if compile_seconds > 0.005 else ""
    steps, e = result.steps, result.evaluations
    trials = f"{steps} trial{'' if steps == 1 else 's'} ({taken} taken, {steps - taken} rejected)"
    return f"{trials}; {e.value} f, {e.gradient} g, {e.hessian} H; {result.seconds:.2f} s{compiling}"


def means(result: Any) -> str:
    """What a failure means. It may say only what the certificate's numbers say."""
    c, status = result.certificate, result.termination
    if c.verdict == Verdict.SADDLE:
        return means_saddle(c)
    if c.cause in CAUSES:
        return CAUSES[c.cause]
    if c.verdict == Verdict.NOT_FINITE:
        return "f or a derivative is NaN or infinite at the point reached"
    if status == Status.STALLED and c.decrement > c.noise:
        return f"steps promise {number(c.decrement)}, but f does not follow: a kink, or noise in f"
    if status in (Status.CONVERGED, Status.NOISE):
        return f"the method's own model saw nothing left to gain, but {beyond(c)}"
    return status.sentence


CAUSES = {
    Cause.LEVEL: "points near x have the same f, to rounding: a plateau",
    Cause.FALLS: "x is not at the bottom: f goes on falling where slope and curvature at x do not show it",
    Cause.STEEP: "a root, a logarithm or a kink near x: slope and curvature there change faster than x",
    Cause.KINK: "f is not smooth at x: slope and curvature say nothing about the other side",
    Cause.ENDLESS: "f falls as far as it was looked at: it has no minimum that way",
    Cause.NOISE: "values of f scatter by more than what is left to gain: where it is lowest they do not tell",
    Cause.DENIED: "H is not that of f near x: another function's, or out of range (exp, squares) where it is computed",
    Cause.AWAY: "f comes near to an infimum as x grows, but has no minimum that way",
}


def means_saddle(c: Any) -> str:
    """A saddle, or a slope in the direction that curves downwards."""
    if c.scaled_gradient <= c.distance_limit:
        return "the gradient vanishes, but f falls on both sides along a direction of negative curvature"
    return f"f curves downwards and has a slope there (max|g| = {number(c.gradient_norm, 2)}): it goes on falling"


def beyond(c: Any) -> str:
    """What the exact Hessian shows that the method's model did not."""
    if c.inertia is None or np.isnan(c.decrement):
        return "H was not seen: a saddle is not excluded"
    if c.inertia[0]:
        return "H has negative curvature here: f can still be made smaller"
    if c.decrement > c.noise:
        return f"the exact Hessian here promises {number(c.decrement)}"
    return f"the Newton step would still change x by {number(c.distance, 1)}, relative"


def suggestions(result: Any) -> list[str]:
    """What to try next; nothing that was already done, and nothing that the numbers speak against."""
    c, status = result.certificate, result.termination
    own = result.reasons[0] == "asked for"  # a method that the caller named
    tips = []
    if c.verdict == Verdict.SADDLE:
        tips.append("method='auto', which leaves saddles" if own else downhill(result))
    if c.verdict == Verdict.UNBOUNDED:
        tips.append("check the sign of f, or give bounds: it falls without bound")
    cut = status in (Status.TIME, Status.USER, Status.CALLS) or (status == Status.STEPS and still_gaining(result))
    if cut and c.verdict in (Verdict.STOPPED, Verdict.SADDLE):
        graph = hasattr(type(result), "poses")
        tips.append(f"continue from here: {'init=result.values' if graph else 'x0 = result.x'}")
    if status in (Status.NOISE, Status.STALLED) and result.gradient.dtype == np.float32:
        tips.append("float64")
    if c.verdict == Verdict.NOT_FINITE:
        tips.append("another start, or bounds that keep x where f is finite")
    if c.verdict == Verdict.RECEDES:
        tips.append("bounds, or a small term that keeps x from running away")
    if c.cause == Cause.LEVEL:
        tips.extend(("another start, where f depends on x", "bounds"))
    if c.cause == Cause.FALLS:
        tips.append("another start, some way along that direction")
    if c.verdict == Verdict.STOPPED and np.isnan(c.decrement) and NOT_MADE not in c.criterion:
        tips.append("write the function so that it can be traced: products with H can then be examined")
    if c.cause == Cause.NOISE:
        tips.append("a tighter tolerance of whatever computes f, or its derivative as jac")
    if (status == Status.STALLED and c.verdict == Verdict.STOPPED) or c.cause in (
        Cause.STEEP,
        Cause.KINK,
        Cause.DENIED,
    ):
        tips.append("rp.check_derivatives(fun, result.x): is f smooth there?")
    if own and c.verdict == Verdict.STOPPED:
        tips.append("method='auto'")
    return tips or ["another start"]


def downhill(result: Any) -> str:
    """How to leave a saddle that method='auto' did not leave."""
    if result.hessian is None or np.any(result.active):
        return "another start"
    return "a start moved along result.model.geometry().axes[:, 0], where f curves downwards"


def still_gaining(result: Any) -> bool:
    """Whether the last tenth of the trials made f smaller by more than its noise (true before the first trial)."""
    trace = result.trace
    values = np.where(trace.accepted & np.isfinite(trace.value), trace.value, np.inf)
    best = np.minimum.accumulate([trace.start_value, *values])
    return len(best) == 1 or bool(best[-1] < best[int(0.9 * (len(best) - 1))] - result.certificate.noise)

"""The text twin of the certificate: the same words in the console, in JSON and in HTML."""

from typing import Any

import numpy as np

from raphson.kernel.status import Status
from raphson.solver.certificate import Verdict

HEADLINES = {
    Verdict.MINIMUM: "MINIMUM",
    Verdict.NOISE: "MINIMUM (to the noise of f)",
    Verdict.SADDLE: "SADDLE",
    Verdict.FLAT: "FLAT VALLEY",
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
    reason = "" if result.certificate.success else f" ({result.termination.sentence})"
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
        return f"{text}: singular, flat along {'; '.join(c.flat) or 'no nameable direction'}"
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
    """What a failure means."""
    status, verdict = result.termination, result.certificate.verdict
    if verdict == Verdict.SADDLE:
        return "the gradient vanishes, but f falls on both sides along a direction of negative curvature"
    if verdict == Verdict.FLAT:
        return "f does not change along some directions here: a plateau, or data that do not determine x"
    if verdict == Verdict.NOT_FINITE:
        return "f or a derivative is NaN or infinite at the point reached"
    if status == Status.STALLED:
        return f"steps promise {number(result.certificate.decrement)}, but f does not follow: a kink, or noise in f"
    if status in (Status.CONVERGED, Status.NOISE):
        if np.isnan(result.certificate.decrement):
            return "the method's own model saw nothing left to gain, but H was not seen: a saddle is not excluded"
        return (
            f"the method's own model saw nothing left to gain, but the exact Hessian here promises "
            f"{number(result.certificate.decrement)}"
        )
    return status.sentence


def suggestions(result: Any) -> list[str]:
    """What to try next."""
    c, status = result.certificate, result.termination
    tips = []
    if c.verdict == Verdict.SADDLE:
        tips.append("method='auto', which leaves saddles")
    if c.verdict == Verdict.UNBOUNDED:
        tips.append("check the sign of f: it falls without bound")
    if status in (Status.STEPS, Status.CALLS, Status.TIME, Status.USER):
        tips.append("continue from here: x0 = result.x")
    if status in (Status.NOISE, Status.STALLED) and result.gradient.dtype == np.float32:
        tips.append("float64")
    if c.verdict in (Verdict.NOT_FINITE, Verdict.FLAT):
        tips.append("another start, nearer to the solution")
    if c.verdict == Verdict.STOPPED and np.isnan(c.decrement):
        tips.append("write the function with jax.numpy: products with H can then be examined")
    if status == Status.STALLED:
        tips.append("rp.check_derivatives(fun, result.x): is f smooth there?")
    if not tips or (c.verdict == Verdict.STOPPED and result.reasons[0] == "asked for"):
        tips.append("method='auto'" if result.reasons[0] == "asked for" else "another start")
    return tips

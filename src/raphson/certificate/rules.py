"""The rules that decide on a verdict, in order: each says nothing, or a verdict with its criterion in numbers.

What they read is the function at x: its noise, the Hessian with errors, sections along weak directions. Of the history
of the run there is the limit that ended it, whether f followed the quadratic, and where x came from (`ran_away`).
"""

from collections.abc import Callable

import numpy as np

from raphson.certificate.kinks import BALANCED
from raphson.certificate.measures import Evidence, Finding, Measures
from raphson.certificate.sections import BEYOND, Course
from raphson.certificate.shape import direction_name
from raphson.certificate.verdict import Cause, Certificate, Proof, Verdict
from raphson.certificate.words import count_directions, far, lost, nearness
from raphson.kernel.number import GRADIENT_NOISE
from raphson.kernel.status import Status

LIMITS = (Status.STEPS, Status.CALLS)
"""A run that was ended by a limit of the caller's has not shown anything, wherever it was then."""


STEEP = 10.0
"""A slope that changes f by so many times its noise, when x moves by its own size, is one."""


HIDDEN = 0.3
"""Where the noise of f leaves x open by this part of its size, a bent valley may go on below it: Rosenbrock's function
with noise of 1 % "ends" at (-1, 1), where f = 5 and the step in doubt is 0.5."""

FAR = 1e6
"""A change of f by rounding x, so many times larger than f was, tells nothing."""

SHARE = 0.2
"""A variable has part in a direction that changes it by so much of what it changes any other, each relative to its
size: along x1 x2^3 = const, the valley of Beale's function, x2 by a third."""

AWAY = -3 / 8
"""Power of eps: a variable that grew so many times along a direction in doubt ran away (7e5; in float32 400)."""

WENT_ON = 100.0
"""The same for a run that still travelled at its end, its last steps all one way and none the shorter."""


def certify(e: Evidence) -> Certificate:
    """Draws the conclusion from the evidence."""
    g = float(np.max(np.abs(e.gradient), initial=0.0))
    limit = max(e.eps ** (1 / 3), e.tolerance)
    shape = e.shape
    if shape is None:
        nan, (verdict, text, cause) = float("nan"), shapeless(e, g)
        return Certificate(
            verdict, g, nan, nan, nan, nan, limit, None, None, None, None, e.noise, (), None, text, e.held, cause
        )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        scaled = float(np.where(e.gradient == 0, 0, np.abs(e.gradient) / shape.rounding).max())
        distance = float(np.where(shape.newton == 0, 0, np.abs(shape.newton) / e.size).max())
    known = np.abs([shape.smallest, shape.largest] if shape.eigenvalues is None else shape.eigenvalues)
    low, top = (float(known.min()), float(known.max())) if known.size else (float("nan"), float("nan"))
    inertia = (shape.negative, shape.zero, shape.positive)
    measures = Measures(e, shape, g, distance, limit)
    found, kink = decide(measures), bend(measures)
    slopes = found.slopes or (kink[1] if kink else None)
    text = found.text + (f"; held by bounds: {', '.join(e.held)}" if e.held else "")
    return Certificate(
        found.verdict, g, scaled, GRADIENT_NOISE * e.eps, shape.decrement, distance, limit, shape.smallest,
        shape.largest, top / low if low > 0 else float("inf"), inertia, e.noise, found.flat, shape.eigenvalues, text,
        e.held, found.cause, found.proof or e.proof, found.lower, slopes,
    )  # fmt: skip


def shapeless(e: Evidence, g: float) -> tuple[Verdict, str, Cause]:
    """The verdict where there is no Hessian to look at, the criterion and the cause."""
    if e.status == Status.UNBOUNDED:
        return Verdict.UNBOUNDED, Status.UNBOUNDED.sentence, Cause.ENDLESS
    if e.status in LIMITS:
        return Verdict.STOPPED, f"{e.status.sentence}: what is there does not show a minimum", Cause.LIMIT
    if e.unseen:
        return Verdict.STOPPED, f"max|g| = {g:.2g}; no minimum is shown: {e.why_unseen}", Cause.NONE
    return Verdict.NOT_FINITE, Status.NOT_FINITE.sentence, Cause.NONE


def decide(m: Measures) -> Finding:
    """The first rule that has something to say."""
    return next(found for rule in RULES if (found := rule(m)) is not None)


def bottomless(m: Measures) -> Finding | None:
    """f has fallen beyond all numbers."""
    if m.e.status == Status.UNBOUNDED:
        return Finding(Verdict.UNBOUNDED, f"f = {m.e.value:.3g} and still falling", Cause.ENDLESS)
    return None


def endless(m: Measures) -> Finding | None:
    """f falls as far as was looked: without bound, or towards an infimum that it does not reach."""
    for section in m.e.sections:
        side = section.falls
        if side is None or not side.forever:
            continue
        text = f"f is lower by {-side.change:.2g}, and still falling, {side.reach:.0e} times x away"
        verdict = Verdict.UNBOUNDED if side.steady else Verdict.RECEDES
        return Finding(verdict, f"max|g| = {m.g:.2g}; {text} along {m.words(section)}", Cause.ENDLESS, -side.change)
    return None


def ended(m: Measures) -> Finding | None:
    """The caller's limit ended the run."""
    if m.e.status not in LIMITS:
        return None
    text = f"max|g| = {m.g:.2g}, the Newton step would change x by {m.distance:.1g}, relative"
    return Finding(Verdict.STOPPED, f"{m.e.status.sentence}; {text}", Cause.LIMIT)


def curved_down(m: Measures) -> Finding | None:
    """An eigenvalue is negative beyond its error."""
    if not m.shape.negative:
        return None
    low = f"curvature {m.shape.smallest:.3g} < 0" if m.shape.smallest < 0 else "negative curvature"
    below = f"{low} in {count_directions(m.shape.negative)}"
    if m.rests:
        return Finding(Verdict.SADDLE, f"max|g| = {m.g:.2g}, and {below}")
    return Finding(Verdict.STOPPED, f"max|g| = {m.g:.2g}, {below}: f can still be made smaller")


def falling(m: Measures) -> Finding | None:
    """f is lower some way along a weak direction, without a rise before."""
    found = [(side.change, section) for section in m.e.sections if (side := section.falls) is not None]
    if not found:
        return None
    change, section = min(found, key=lambda pair: pair[0])
    side = section.falls
    assert side is not None
    text = f"f is lower by {-change:.2g} along {m.words(section)}, falling from {side.length:.1g} times x on"
    rest = "" if m.rests else f"; {far(m)}"
    return Finding(Verdict.STOPPED, f"max|g| = {m.g:.2g}; {text}{rest}", Cause.FALLS, -change)


def bend(m: Measures) -> tuple[str, tuple[float, float]] | None:
    """The first kink seen: its words, and the slopes on both sides."""
    for section in m.e.sections:
        if section.kink:
            unit = float(np.max(np.abs(section.direction)))
            a, b = -section.behind.slope / unit, section.ahead.slope / unit
            return f"f has a kink along {m.words(section)}: slope {a:.2g} on one side, {b:.2g} on the other", (a, b)
    return None


def balanced(m: Measures) -> Finding | None:
    """A minimum at a kink: f rises on both sides with slopes that no smooth function has, falls nowhere, and this is
    the only direction or gradients around x balance each other. What H says beside kinks is about the pieces."""
    found = bend(m)
    if found is None or any(section.falls for section in m.e.sections):
        return None
    if len(m.e.gradient) - len(m.e.held) == 1:
        return Finding(Verdict.KINK, found[0], slopes=found[1])
    if m.e.imbalance > BALANCED:
        return None
    text = f"{found[0]}; gradients around x balance each other to {max(m.e.imbalance, m.e.eps):.1g} (<= {BALANCED:.0g})"
    return Finding(Verdict.KINK, text, slopes=found[1], proof=Proof.LIKELY)


def kinked(m: Measures) -> Finding | None:
    """A kink in more than one variable, at which gradients do not balance each other."""
    found = bend(m)
    if found is None:
        return None
    text = f"{found[0]}; derivatives do not show whether f falls in other directions"
    return Finding(Verdict.STOPPED, text, Cause.KINK, slopes=found[1])


def unfinished(m: Measures) -> Finding | None:
    """The Newton step is long, and promises more than the noise of f."""
    return None if m.rests else Finding(Verdict.STOPPED, f"max|g| = {m.g:.2g}; {far(m)}")


def steep(m: Measures) -> Finding | None:
    """f falls along -g farther than the Newton step says: slope and curvature at x do not hold beyond it."""
    if m.e.steep <= BEYOND * m.e.noise:
        return None
    text = f"max|g| = {m.g:.2g}, and f is lower by {m.e.steep:.2g} some way along -g"
    text += ": the slope and curvature at x do not hold beyond it"
    return Finding(Verdict.STOPPED, text, Cause.STEEP, m.e.steep)


def receding(m: Measures) -> Finding | None:
    """f is level to the end on one side and rises on the other: x came here from there, and could go on."""
    for section in m.e.sections:
        if section.recedes:
            text = f"f is level along {m.words(section)} as far as was looked, and rises the other way"
            text += ": an infimum at infinity, or a plateau"
            return Finding(Verdict.RECEDES, f"max|g| = {m.g:.2g}; {text}", Cause.AWAY)
    return None


def sloping(m: Measures) -> Finding | None:
    """A slope beyond its error, along a direction whose curvature is in doubt: how far the minimum is nobody knows."""
    with np.errstate(over="ignore"):
        error = GRADIENT_NOISE * m.e.eps * float(np.max(m.shape.rounding * m.e.size, initial=0.0))
        error += 0.0 if m.e.slope_error is None else float(m.e.slope_error @ m.e.size)
    if m.shape.slide <= max(STEEP * m.e.noise, error):
        return None
    along = "; ".join(m.shape.flat) or count_directions(m.shape.zero)
    return Finding(
        Verdict.STOPPED,
        f"max|g| = {m.g:.2g}; no curvature beyond the error of H along {along}, but a slope",
        Cause.STEEP,
    )


MANY, BY_CHANCE = 500, 1e-3
"""Of so many variables one begins near 0 by chance, and has no size of its own there: 3e-7 of 2e5 noisy values, from
which a fit came to 0.53. It counts as no smaller than this part of the middle one."""


def ran_away(m: Measures) -> Finding | None:
    """x went on and on where H shows no curvature, until noise hid the rest, or while f did not follow the quadratic:
    along a bent valley every straight line rises."""
    start, here = m.e.start, m.e.here
    ways = [*(m.shape.weak if m.shape.zero else ()), *(() if m.near else (m.shape.newton,))]
    # A bent valley seen from beside its floor has a curvature of its own, and the Newton step is short wherever x is.
    shown = m.e.believed and (m.e.contracted or m.distance <= np.sqrt(m.e.eps))
    ways += [] if shown else [m.e.size]
    if start is None or here is None or not ways:
        return None
    least = BY_CHANCE * np.median(start) if start.size > MANY else 0.0
    start = np.where(start > 0, np.maximum(start, least), 0.0)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        reach = np.max([np.abs(v) / np.max(np.abs(v) / m.e.size) / m.e.size for v in ways], axis=0)
    limit = m.e.eps**AWAY if shown or not m.e.travelling else WENT_ON
    away = np.flatnonzero((reach > SHARE) & (start > 0) & (here > limit * start))
    if not away.size:
        return None
    i = int(away[0])
    text = f"{m.e.names[i]} ran from size {start[i]:.2g} to {here[i]:.2g}, and f hardly tells where it ends"
    return Finding(Verdict.RECEDES, f"max|g| = {m.g:.2g}; {text}: an infimum at infinity", Cause.AWAY)


def unresolved(m: Measures) -> Finding | None:
    """Rounding x changes f by more than all that the run was about: whatever f is at x, nobody knows it beside x."""
    here = m.e.size if m.e.here is None else m.e.here
    with np.errstate(over="ignore"):
        change = 0.5 * m.e.eps**2 * float(here @ m.shape.rounding)
    if not change > FAR * max(m.e.first, abs(m.e.value)) > 0:
        return None
    text = f"rounding x changes f by {change:.2g}, far more than f was at the start ({m.e.first:.2g})"
    return Finding(Verdict.STOPPED, f"max|g| = {m.g:.2g}; {text}", Cause.STEEP)


def hidden(m: Measures) -> Finding | None:
    """The noise of f hides where it is lowest, by a part of x's own size that leaves nothing shown."""
    if m.e.blur <= HIDDEN:
        return None
    noise = m.e.noise / BEYOND
    text = f"f rises by its noise ({noise:.1g}) no nearer than {m.e.blur:.1g} times x away"
    if not np.isfinite(m.e.blur):
        along = "; ".join(m.shape.flat) or count_directions(m.shape.zero)
        text = f"the noise of f ({noise:.1g}) leaves the curvature in doubt along {along}"
    return Finding(Verdict.STOPPED, f"max|g| = {m.g:.2g}; {text}: what is left to gain is hidden", Cause.NOISE)


def denied(m: Measures) -> Finding | None:
    """H promises that f rises, and f does not: H is that of another function, or was out of range of the arithmetic."""
    p = m.e.promise
    if p is None or p.kept:
        return None
    along = direction_name(p.step, m.e.names)
    text = f"H promises that f rises by {p.promised:.2g} along {along}, where it changes by {p.seen:.2g}"
    return Finding(Verdict.STOPPED, f"max|g| = {m.g:.2g}; {text}: the curvature is not that of f", Cause.DENIED)


def unlooked(m: Measures) -> Finding | None:
    """Directions are in doubt, and f could not be looked at along them."""
    if m.shape.zero == m.shape.level or m.e.sections:
        return None
    doubt = f"no curvature beyond the error of H along {'; '.join(m.shape.flat) or count_directions(m.shape.zero)}"
    return Finding(Verdict.STOPPED, f"max|g| = {m.g:.2g}; {doubt}, and no calls were left to look there")


def level(m: Measures) -> Finding | None:
    """Nothing shows that f depends on x at all."""
    if m.shape.positive or m.e.held or not m.shape.zero or any(not s.all(Course.LEVEL) for s in m.e.sections):
        return None
    return Finding(
        Verdict.FLAT, f"max|g| = {m.g:.2g}; no curvature in any direction: f does not change here", Cause.LEVEL
    )


def minimum(m: Measures) -> Finding:
    """No negative curvature, nothing to gain beyond the noise, f nowhere lower."""
    e, shape = m.e, m.shape
    known = (f"{count_directions(shape.level)} ({shape.gauge})",) if shape.level else ()
    flat = (*known, *dict.fromkeys(m.words(s) for s in e.sections if s.all(Course.LEVEL)))
    along = f"; f is level along {'; '.join(flat)}: x is not determined that way" if flat else ""
    if not (shape.positive or shape.zero):
        return Finding(Verdict.MINIMUM, "bounds hold every variable, and f rises from each of them")
    if not shape.positive:
        held = "bounds hold the other variables" if e.held else "f rises on both sides of x"
        return Finding(Verdict.MINIMUM, f"max|g| = {m.g:.2g}; {held}{along}", flat=flat)
    if m.near and m.e.blur <= m.limit:
        up = f"smallest curvature {shape.smallest:.3g} > 0" if shape.smallest > 0 else "no negative curvature"
        up = "every other direction curves upwards" if shape.level == shape.zero > 0 else up
        up = "no negative curvature, and f nowhere lower" if shape.zero > shape.level else up
        likely = ", as far as products with H show" if e.proof == Proof.LIKELY else ""
        return Finding(Verdict.MINIMUM, f"max|g| = {m.g:.2g}; x is {nearness(m)}; {up}{likely}{along}", flat=flat)
    text = f"{lost(shape.decrement, e.noise)}; x is determined to {max(m.loose, e.blur):.1g}, relative"
    return Finding(Verdict.NOISE, f"{text}{along}", flat=flat)


RULES: tuple[Callable[[Measures], Finding | None], ...] = (
    bottomless, endless, ended, balanced, curved_down, falling, kinked, receding, unfinished, steep, sloping, ran_away,
    unresolved, hidden, denied, unlooked, level, minimum,
)  # fmt: skip
"""In this order."""

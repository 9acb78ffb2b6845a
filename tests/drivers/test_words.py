"""What a result says in words is what its numbers say: all statuses and verdicts, real runs stopped anywhere."""

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import raphson as rp
from raphson.certificate.measures import Evidence
from raphson.certificate.rules import certify
from raphson.certificate.sections import Course, Section, Side
from raphson.certificate.shape import Shape, direction_name
from raphson.certificate.verdict import Cause, Verdict
from raphson.kernel.status import Status
from raphson.solver.result import Evaluations
from raphson.solver.wording import means, sentence, summary

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # of NumPy, in our own code on the host

NUMBER = r"(-?(?:\d+\.?\d*(?:e[+-]?\d+)?|inf|nan))"
COMPARED = re.compile(NUMBER + r"[^;()\d]*\(?(<=|<|>) " + r"(?:noise of f )?" + NUMBER)
"""A number, words, a sign, a number: "x is within 2e-09 of the minimum, relative (<= 6e-06)"."""


def told(text: str, label: str) -> str:
    """The words behind a label of the summary; "" where the line is missing."""
    found = re.search(rf"^{label} +(.*)$", text, re.M)
    return found[1] if found else ""


def check(result: Any) -> None:
    """Everything that a summary claims, against the numbers of its result."""
    c, text = result.certificate, summary(result)
    means, tips = told(text, "means"), told(text, "try")
    assert bool(means) == bool(tips) == (not result.success)
    for a, sign, b in COMPARED.findall(text):
        x, y = float(a), float(b)
        assert {"<=": x <= y, "<": x < y, ">": x > y}[sign], f"{a} {sign} {b} in: {text}"
    assert not re.search(r"\(s\)|last by 0,|promises? 0(?![.\d])", c.criterion + means)
    assert "nearer to the solution" not in text
    if "gradient vanishes" in text:
        assert c.scaled_gradient <= c.distance_limit
    if "method='auto'" in tips:
        assert result.reasons[0] == "asked for"
    if "continue from here" in tips:
        assert result.termination in (Status.STEPS, Status.CALLS, Status.TIME, Status.USER)
        assert c.verdict in (Verdict.STOPPED, Verdict.SADDLE)
    if "the exact Hessian here promises" in means or "steps promise" in means:
        assert c.decrement > c.noise
    if "negative curvature" in means or "curves downwards" in means:
        assert c.inertia[0] > 0
    if "H was not seen" in means:
        assert c.inertia is None or np.isnan(c.decrement)
    if "does not change here" in c.criterion or "to rounding: a plateau" in means:
        assert c.cause == Cause.LEVEL
    if "of the minimum" in c.criterion:
        assert c.distance <= c.distance_limit
    if "singular" in told(text, "shape"):
        assert c.inertia[1] or c.smallest == 0 or not np.isfinite(c.condition)
    if c.flat and c.verdict == Verdict.MINIMUM:
        assert "not determined that way" in c.criterion  # x is no nearer to the minimum along it
    if "f is lower by" in c.criterion:
        assert c.lower > 0 and not result.success
    if "still falling" in c.criterion:
        assert c.cause == Cause.ENDLESS
    if "has a kink" in c.criterion:
        assert c.slopes is not None and c.slopes[0] < 0 < c.slopes[1]
    if "infimum" in c.criterion + means:
        assert c.verdict == Verdict.RECEDES
    assert sentence(result).endswith(c.criterion)


sizes = st.sampled_from([0.0, 1e-300, 1e-20, 1e-12, 6e-6, 6.06e-6, 1e-3, 1.0, 1e9, 1e300])
curvatures = st.sampled_from([-1e6, -1e-3, 0.0, 1e-9, 1.0, 1e6])


@st.composite
def sides(draw: st.DrawFn) -> Side:
    """One side of a section: any course."""
    course = draw(st.sampled_from(list(Course)))
    length, change = draw(st.sampled_from([1e-4, 1.0, 1e6])), draw(st.sampled_from([1e-12, 1.0, 1e9]))
    if course == Course.LEVEL:
        return Side(course, length, 0.0, blocked=draw(st.booleans()))
    if course == Course.RISES:
        return Side(course, length, change, change / length, draw(st.booleans()))
    forever = draw(st.booleans())
    return Side(course, length, -change, -change / length, False, forever, draw(st.booleans()), 1e8)


@st.composite
def ends(draw: st.DrawFn) -> Any:
    """The end of a run of two variables: any gradient, curvature, status, noise and history."""
    diagonal = np.array([draw(curvatures), draw(curvatures)])
    g = np.array([draw(sizes), -draw(sizes)])
    size = np.maximum([draw(sizes), draw(sizes)], 1e-300)
    up, flat = diagonal > 0, diagonal == 0
    with np.errstate(over="ignore"):
        newton = np.where(up, -g / np.where(up, diagonal, 1), 0.0)
        decrement, slide = float(-0.5 * g @ newton), float(np.max(np.abs(g * size)[flat], initial=0.0))
        rounding = np.maximum(np.abs(diagonal) * size, 1e-300)
    names = tuple(f"x{i + 1}" for i in np.flatnonzero(flat))
    shape = Shape(
        np.sort(diagonal), float(diagonal.min()), float(diagonal.max()), int((diagonal < 0).sum()), int(flat.sum()),
        int(up.sum()), newton, decrement, names, diagonal, rounding, tuple(size * e for e in np.eye(2)[flat]), slide,
    )  # fmt: skip
    status = draw(st.sampled_from([s for s in Status if s != Status.RUNNING]))
    sections = tuple(Section(size * e, draw(sides()), draw(sides())) for e in np.eye(2)[: draw(st.integers(0, 2))])
    evidence = Evidence(
        value=draw(sizes), gradient=g, shape=None if draw(st.integers(0, 9)) == 0 else shape, size=size,
        status=status, eps=2.2e-16, noise=draw(sizes), tolerance=4e-10, sections=sections, steep=draw(sizes),
        names=("x1", "x2"), unseen=draw(st.booleans()),
    )  # fmt: skip
    certificate = certify(evidence)
    value = np.array([draw(sizes) for _ in range(draw(st.integers(0, 12)))])
    trace = SimpleNamespace(start_value=1.0, value=value, accepted=np.ones(len(value), bool))
    return SimpleNamespace(
        certificate=certificate, termination=status, success=certificate.success, value=evidence.value, gradient=g,
        x=np.array([1.0, 2.0]), model=SimpleNamespace(x=np.array([1.0, 2.0])), trace=trace,
        steps=len(value), sparsity=None,
        evaluations=Evaluations(1, 1, 1), seconds=0.1, compile_seconds=0.0,
        reasons=(draw(st.sampled_from(["asked for", "n = 2 and H is available"])),), notes=(), description="a method",
        hessian=np.diag(diagonal), active=np.zeros(2, int),
    )  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(ends())
def test_words_and_numbers_agree_at_any_end(result: Any) -> None:
    check(result)


@pytest.mark.parametrize("method", ["auto", "newton", "gradient-descent"])
def test_words_and_numbers_agree_wherever_a_run_is_stopped(method: str) -> None:
    """One compiled run each, for limits are data."""
    for steps in (0, 1, 2, 3, 5, 8, 13, 21, 200):
        check(rp.minimize(rp.zoo["rosenbrock"].fun, [-1.2, 1.0], method=method, max_steps=steps))


def on_the_host(fun: Any) -> Any:
    return lambda x: fun(np.array([float(a) for a in x]))


@pytest.mark.parametrize(
    ("fun", "start"),
    [
        (lambda x: np.abs(x[0]), [3.0]),  # a kink
        (lambda x: np.exp(-x[0]), [1.0]),  # falls for ever
        (lambda x: x[0] ** 2 - x[1] ** 2, [1.0, 0.0]),  # falls without bound, from a saddle's ridge
        (lambda x: (x[0] - x[1] - 1) ** 2, [3.0, 5.0]),  # a valley
        (lambda x: 3.0, [1.0]),  # level
        (lambda x: 1 / x[0], [1.0]),
        (lambda x: np.sqrt(x[0]) if x[0] >= 0 else np.nan, [1.0]),
    ],
)
def test_words_and_numbers_agree_where_there_is_no_minimum(fun: Any, start: list) -> None:
    for steps in (4, 60):
        check(rp.minimize(on_the_host(fun), start, max_steps=steps))


def test_a_slope_is_not_called_vanished() -> None:
    """Across the curved direction nothing is left, along the other f curves downwards with a slope of 3e9."""
    H = np.array([1e6, -1e3])
    shape = Shape(H[::-1], -1e3, 1e6, 1, 0, 1, np.zeros(2), 0.0, (), H, np.array([1e6, 1e3]))
    g, one = np.array([0.0, 3.3e9]), np.ones(2)
    certificate = certify(Evidence(
        value=1.0, gradient=g, shape=shape, size=one, status=Status.CONVERGED, eps=2e-16, noise=1e-15, tolerance=4e-10,
    ))  # fmt: skip
    assert certificate.verdict == Verdict.SADDLE
    text = means(SimpleNamespace(certificate=certificate, termination=Status.CONVERGED))
    assert "vanishes" not in text and "max|g| = 3.3e+09" in text


def test_a_direction_in_words() -> None:
    names = ("a", "b", "c")
    assert direction_name(np.array([0.0, 0.0, 2.0]), names) == "c"
    assert direction_name(np.array([-1.0, -1.0, 0.0]), names) == "a + b"
    assert direction_name(np.array([-0.5, 1.0, 0.001]), names) == "0.5 a - b"

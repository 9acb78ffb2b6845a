"""The report of a fit, read as a person would: the right digits, the doubts in words, nothing that breaks a page."""

import re
from decimal import Decimal
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from raphson.certificate.verdict import Verdict
from raphson.fit.report import fit_html, parameter_table, rounded
from raphson.fit.uncertainty import uncertainty

T = np.linspace(0, 1, 25)
NOISE = 0.1 * np.random.default_rng(3).standard_normal(T.size)


def fitted(columns: list, x: list, names: tuple[str, ...], verdict: Verdict = Verdict.MINIMUM, **more: object):
    u = uncertainty(np.stack(columns, axis=1), NOISE, x, names=names, **more)  # type: ignore[arg-type]
    success = verdict == Verdict.MINIMUM
    certificate = SimpleNamespace(verdict=verdict)
    return SimpleNamespace(
        uncertainty=u, names=names, x_flat=np.array(x, float), certificate=certificate, success=success,
        verdict="minimum: max|g| = 1e-9 <= 1e-8" if success else "not converged: max|g| = 3",
    )  # fmt: skip


def row(text: str, name: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith(name + " ")).split()


def test_a_fit_reads_top_down() -> None:
    fit = fitted([np.ones_like(T), T], [1.23456789, 20.0], ("offset", "slope"))
    text = parameter_table(fit)
    lines = text.splitlines()
    assert lines[0] == "MINIMUM   fit of 2 parameters"
    assert lines[1] == "why       minimum: max|g| = 1e-9 <= 1e-8"
    error = fit.uncertainty.standard_errors
    assert 0.01 < error[0] < 0.1  # so two digits of it end at the third decimal
    name, value, shown, percent, low, high = row(text, "offset")
    assert (name, value, shown) == ("offset", "1.235", f"{error[0]:.3f}")
    assert float(percent) == pytest.approx(100 * error[0] / 1.23456789, rel=0.05)
    assert [float(low), float(high)] == pytest.approx(fit.uncertainty.interval()[0], abs=5e-4)
    assert f"residual standard deviation {fit.uncertainty.residual_std:.4g}; 23 degrees of freedom" in text
    assert "warning" not in text and "note" not in text and "free" not in lines[0]


@pytest.mark.parametrize(
    ("value", "error", "expected"),
    [
        (238.94212918, 2.7070075241, ("238.9", "2.7")),
        (5.5015643181e-4, 7.2668688436e-6, ("0.0005502", "0.0000073")),
        (-1.2345e-7, 1.3e-8, ("-1.23e-07", "0.13e-07")),
        (123456.0, 4567.0, ("123500", "4600")),
        (1234567.0, 0.5, ("1234567.00", "0.50")),
        (1.5e9, 2e7, ("1.500e+09", "0.020e+09")),
        (9.9961, 0.0996, ("10.00", "0.10")),
        (5.0, 0.096, ("5.000", "0.096")),
        (0.3, 12.0, ("0.3", "12")),
        (0.0, 0.2, ("0.00", "0.20")),
        (-0.0, 3.4, ("0.0", "3.4")),
        (3.14159265, 0.0, ("3.14159", "0")),
    ],
)
def test_the_error_decides_the_digits_of_the_value(value: float, error: float, expected: tuple[str, str]) -> None:
    assert rounded(value, error) == expected


def test_what_is_not_known_is_said_and_not_numbered() -> None:
    fit = fitted([T, 3 * T, T**2, T**3], [1, 1, 1, 0.5], ("a", "b", "c", "d"), active=[0, 0, 0, -1])
    text = parameter_table(fit)
    assert row(text, "a")[2:] == ["-", "-", "-", "-", "not", "determined"]
    assert row(text, "d")[2:] == ["-", "-", "-", "-", "at", "its", "lower", "bound"]
    assert re.search(r"^free      3 a - b is free \(eigenvalue \S+\)$", text, re.M)
    assert row(text, "c")[2] == f"{fit.uncertainty.standard_errors[2]:.2f}"
    assert re.search(r"^note      a, b: no standard error, for the data do not determine 3 a - b", text, re.M)
    fit = fitted([T, T**2], [1, 1], ("a", "b"), active=[True, False])
    assert row(parameter_table(fit), "a")[-3:] == ["at", "a", "bound"]
    everything = fitted([T * np.nan, T], [1, 1], ("a", "b"))
    assert "not finite" in parameter_table(everything) and row(parameter_table(everything), "a")[2] == "-"


def test_tied_parameters_are_listed_strongest_first() -> None:
    fit = fitted([T, T + 0.01 * T**2, np.exp(T)], [1, 2, 3], ("a", "b", "c"))
    (tied,) = [line for line in parameter_table(fit).splitlines() if line.startswith("tied")]
    assert tied.startswith("tied      correlations a, b -0.99")
    assert "> 1000" in parameter_table(fitted([T, T + 1e-5 * T**2], [1, 2], ("a", "b")))


def test_a_failed_fit_warns_above_its_numbers() -> None:
    text = parameter_table(fitted([np.ones_like(T), T], [1, 2], ("a", "b"), Verdict.STOPPED))
    lines = text.splitlines()
    assert lines[0].startswith("NOT CONVERGED")
    assert lines[1] == "warning   these error bars belong to a point that is not shown to be a minimum"
    assert all(row(text, name)[-4:] == ["not", "to", "be", "trusted"] for name in ("a", "b"))
    assert "not shown to be a minimum" in fit_html(fitted([T], [1], ("a",), Verdict.SADDLE))


class Page(HTMLParser):
    """Tags that are open, seen, and texts."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.seen.append(tag)
        assert not {"src", "href", "onclick"} & dict(attrs).keys()
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_whole_loads_nothing_and_escapes_everything() -> None:
    bad = "<script>alert('x')</script>&\""
    fit = fitted([T, 3 * T, T**2], [1, 1, 1], (bad, "b", "c"))
    fit.verdict = "minimum: <b>|g|</b> & so on"
    html = fit_html(fit)
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == [] and "script" not in page.seen and "b" not in page.seen and "<script" not in html
    assert bad in page.text and fit.verdict in page.text and "not determined" in page.text
    assert page.seen.count("tr") == 4 and not re.search(r"https?:|url\(|@import", html)
    for cell in row(parameter_table(fit), "c"):
        assert cell in page.text


@pytest.mark.parametrize(
    ("value", "error", "expected"),
    [
        (137.98, 45000.0, ("138", "45000")),  # was 0
        (137.98, 4.5e6, ("138", "4.5e+06")),
        (253578300.0, 16.0, ("253578300", "16")),
        (253578300.0, 1600.0, ("253578300", "1600")),  # was 2.535783e+08, 0.000016e+08
        (-1.2e7, 10.0, ("-12000000", "10")),
        (-1.2e7, 1.3e12, ("-1.2e+07", "1.3e+12")),  # was -0.00001e+12
        (1.234e-12, 5e-15, ("1.2340e-12", "0.0050e-12")),
        (2.5, 1.2e-16, ("2.5", "1.2e-16")),
        (np.inf, 1.0, ("inf", "1")),
        (1.0, np.nan, ("1", "nan")),
    ],
)
def test_numbers_are_written_so_that_a_person_can_read_them(value: float, error: float, expected: tuple) -> None:
    assert rounded(value, error) == expected


def place(text: str) -> int:
    """The power of ten of the last digit that is written; zeros that only fill up a whole number do not count."""
    filled = 0 if set(".e") & set(text) else len(text) - len(text.rstrip("0"))
    return int(Decimal(text).as_tuple().exponent) + filled


def unit(text: str) -> Decimal:
    """What one unit of that digit is worth."""
    return Decimal(1).scaleb(place(text))


@settings(max_examples=500)
@given(st.floats(1, 10), st.integers(-300, 300), st.floats(1, 10), st.integers(-20, 20), st.sampled_from([-1.0, 1.0]))
def test_what_is_written_is_the_number(a: float, power: int, b: float, apart: int, sign: float) -> None:
    """The value within half a unit of its last digit, the error within its two digits, nothing written as 0."""
    assume(-300 <= power + apart <= 300)
    value, error = sign * float(f"{a}e{power}"), float(f"{b}e{power + apart}")
    written, deviation, again = rounded(value, error, value)
    exact = Decimal(value)
    assert Decimal(written) != 0 and abs(Decimal(written) - exact) <= unit(written) / 2
    assert len(deviation.partition("e")[0].replace(".", "").strip("0")) <= 2
    assert float(deviation) == pytest.approx(error, rel=0.0501)
    assert abs(Decimal(again) - exact) <= max(Decimal(error) / 10, unit(again) / 2)
    if error <= abs(value) < 1e13 * error:  # to be read against each other: one exponent, one last place
        assert written.partition("e")[1:] == deviation.partition("e")[1:]
        assert "." in written or "." not in deviation
        assert "." not in written or len(written.partition(".")[2]) == len(deviation.partition(".")[2])
    assert len(written) <= 26 and len(deviation) <= 26

"""A fit in words and numbers: parameters with their error bars, and what of them cannot be believed."""

from collections.abc import Sequence
from decimal import Context, Decimal
from html import escape
from typing import Any

import numpy as np

from raphson.fit.error_bars import share
from raphson.report.table import LEFT, POINT, significant, table
from raphson.solver.wording import HEADLINES

STRONG = 0.9
"""Correlation from which a pair of parameters is listed."""

LISTED = 5
"""Strongest correlations and undetermined combinations listed."""

WARNING = "these error bars belong to a point that is not shown to be a minimum"
DOUBT = "not to be trusted"
HEADS = ("parameter", "value", "standard error", "error %", "95 % from", "to", "")
ALIGN = (LEFT, POINT, POINT, POINT, POINT, POINT, LEFT)
STYLE = (
    "<style>.raphson-fit table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    ".raphson-fit caption{text-align:left;padding:.3em 0}"
    ".raphson-fit th,.raphson-fit td{padding:.2em .8em;text-align:right;border-bottom:1px solid #8888}"
    ".raphson-fit th:first-child,.raphson-fit td:last-child{text-align:left}"
    ".raphson-fit dl{display:grid;grid-template-columns:max-content 1fr;gap:.2em 1em}"
    ".raphson-fit dt{font-weight:bold}.raphson-fit dd{margin:0}</style>"
)


def parameter_table(fit: Any) -> str:
    """The fit as text: verdict, one row a parameter, then what is known of the noise and what is in doubt.

    fit has `uncertainty`, `names`, `certificate.verdict`, `success` and `verdict`. The
    value has as many digits as two digits of its standard error leave; the interval is Student's t.
    """
    above = [headline(fit), *(f"{label:<10}{text}" for label, text in head_lines(fit))]
    return "\n".join([*above, "", body(fit)])


def parameters(fit: Any) -> str:
    """The same without the verdict; a fit that failed keeps its warning."""
    return body(fit) if fit.success else f"{'warning':<10}{WARNING}\n\n{body(fit)}"


def body(fit: Any) -> str:
    """The table of parameters and what follows it."""
    below = [f"{label:<10}{text}" for label, text in lines(fit)]
    shown = told(fit)
    left = len(fit.names) - len(shown)
    more = [f"and {left} more parameters, of which none has a larger error in percent"] if left else []
    return "\n".join([table(HEADS, parameter_rows(fit, shown), ALIGN), *more, "", *below])


def fit_html(fit: Any) -> str:
    """The same as self-contained HTML: a table and a list, no script, nothing loaded, every text escaped."""
    caption = "<br>".join(
        [f"<strong>{escape(headline(fit))}</strong>", *(f"{escape(a)}: {escape(b)}" for a, b in head_lines(fit))]
    )
    shown = told(fit)
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in HEADS)
    rows = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in parameter_rows(fit, shown)
    )
    left = len(fit.names) - len(shown)
    rows += f'<tr><th scope="row">and {left} more</th><td colspan="{len(HEADS) - 1}"></td></tr>' if left else ""
    notes = "".join(f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in lines(fit))
    return (
        f'<div class="raphson-fit">{STYLE}<table><caption>{caption}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table><dl>{notes}</dl></div>"
    )


def headline(fit: Any) -> str:
    """What was found, and how much was fitted."""
    n, verdict = len(fit.names), fit.certificate.verdict
    head = HEADLINES.get(verdict, str(verdict).upper())
    return f"{head}   fit of {n} parameter{'' if n == 1 else 's'}"


def head_lines(fit: Any) -> list[tuple[str, str]]:
    """The warning, where one is due, and the verdict's reason."""
    why = [("why", fit.verdict)]
    return why if fit.success else [("warning", WARNING), *why]


FIRST, WORST = 10, 10
"""Of more parameters than `WHOLE` the first, and those without standard error or with the largest in percent."""

WHOLE = 100
"""Parameters up to which each has its row."""


def told(fit: Any) -> list[int]:
    """The parameters that have a row, in their order."""
    n, u = len(fit.names), fit.uncertainty
    if n <= WHOLE:
        return list(range(n))
    with np.errstate(invalid="ignore", divide="ignore"):
        percent = np.where(np.isfinite(u.standard_errors), u.standard_errors / np.abs(u.x), np.inf)
    worst = FIRST + np.argsort(-percent[FIRST:], kind="stable")[:WORST]
    return [*range(FIRST), *sorted(worst.tolist())]


def parameter_rows(fit: Any, which: Sequence[int] | None = None) -> list[tuple[str, ...]]:
    """One row of text a parameter, for `HEADS`; of those asked for (None: all)."""
    u = fit.uncertainty
    which = range(len(fit.names)) if which is None else which
    ends = u.interval()
    sides = dict(zip(u.at_bounds, u.sides, strict=True))
    free = set(u.not_determined)
    rows = []
    for i in which:
        name, x, error = fit.names[i], float(u.x[i]), float(u.standard_errors[i])
        remark = bound_remark(sides[name]) if name in sides else "not determined" if name in free else ""
        doubt = "" if fit.success else DOUBT
        if not np.isfinite(error):
            rows.append((name, significant(x, 6), "-", "-", "-", "-", remark or "no standard error"))
            continue
        value, deviation, low, high = rounded(x, error, float(ends[i, 0]), float(ends[i, 1]))
        percent = "-" if u.steps and name in u.steps else relative(x, error)
        rows.append((name, value, deviation, percent, low, high, remark or doubt))
    return rows


def relative(x: float, error: float) -> str:
    """The error in percent of the value."""
    percent = 100 * error / abs(x) if x else np.inf if error else 0.0
    return f"{percent:.2g}" if percent < 99.5 else f"{percent:.0f}" if percent < 1000 else "> 1000"


def bound_remark(side: str) -> str:
    """Where the parameter sits."""
    return f"at its {side} bound" if side else "at a bound"


def rounded(x: float, error: float, *others: float) -> tuple[str, ...]:
    """Value, error and other numbers as text: two digits of the error, the rest to the same decimal place.

    All have one exponent, so that they can be read against each other; none where the digits stand as well without.
    A value smaller than its error keeps digits of its own. Where the two are so far apart that one of them would be
    a row of zeros, each has its own exponent.
    238.942, 2.707 gives "238.9", "2.7"; 1.43e-06, 2.8e-07 gives "1.43e-06", "0.28e-06"; 138, 45000 "138", "45000".
    """
    if not (np.isfinite(x) and 0 < error < np.inf):
        return tuple(significant(a, 6) for a in (x, error, *others))
    place = decade(error, 2) - 1  # of the error's second digit
    size = decade(x, 1) if abs(x) < error else whole_decade(x, place)
    if x and size - place > SHOWN:
        return significant(x, SHOWN), significant(error, 2), *(significant(a, SHOWN) for a in others)
    top = place + 1 if x == 0 else max(place + 1, size)
    shown = 0 if plain(top, place) else top
    if x and size < place - 2 and (shown or size < -4):
        return significant(x, 3), *(write(a, shown, place) for a in (error, *others))
    own = min(place, max(size - 2, min(size, 0))) if 0 < abs(x) < error else place
    return write(x, shown, own), *(write(a, shown, place) for a in (error, *others))


def with_error(x: float, error: float) -> str:
    """A value with its standard error, as many digits as that leaves."""
    value, deviation = rounded(x, error)[:2]
    return f"{value} ± {deviation}" if error < float("inf") else f"{significant(x, 6)}, no standard error"


SHOWN = 15
"""Digits of a double that mean something: a value is not written with more."""


def plain(top: int, place: int) -> bool:
    """Whether numbers from 10^`top` down to 10^`place` read best without exponent.

    Large ones do, unless the zeros that fill them up are more than those that an exponent would put before the error.
    """
    return -4 <= top <= 5 or (5 < top <= SHOWN - 1 and -8 <= place <= top - place - 1)


def write(a: float, shown: int, place: int) -> str:
    """A number with exponent `shown` (0: none), rounded to 10^`place`; decimal arithmetic, for each digit is right."""
    if not np.isfinite(a):
        return significant(a)
    digits = to_place(a, place).scaleb(-shown, WIDE)
    text = f"{digits:f}"
    text = text.removeprefix("-") if digits == 0 else text
    return f"{text}e{shown:+03d}" if shown else text


WIDE = Context(prec=800)
"""Room for every digit of a double, 1e308 to 5e-324."""


def to_place(a: float, place: int) -> Decimal:
    """The number rounded to a multiple of 10^`place`."""
    return Decimal(a).quantize(Decimal((0, (1,), place)), context=WIDE)


def whole_decade(a: float, place: int) -> int:
    """The power of ten of a number once it is rounded to 10^`place`."""
    return to_place(a, place).adjusted()


def decade(a: float, digits: int) -> int:
    """The power of ten of a number once it is rounded to so many digits: 9.97 to two digits is 10."""
    return int(f"{a:.{digits - 1}e}".partition("e")[2])


def lines(fit: Any) -> list[tuple[str, str]]:
    """What stands below the table, as (label, text)."""
    u = fit.uncertainty
    tied = strong(u)
    found = [("noise", noise(u)), *([("tied", tied)] if tied else [])]
    found += [("free", f"{d.text} (eigenvalue {significant(d.eigenvalue, 2)})") for d in u.undetermined[:LISTED]]
    if len(u.undetermined) > LISTED:
        found.append(("free", f"and {len(u.undetermined) - LISTED} more combinations"))
    return found + [("note", note) for note in u.notes]


def noise(u: Any) -> str:
    """Residual standard deviation, degrees of freedom, and where the error bars take s from."""
    degrees = f"{u.degrees} degree{'' if u.degrees == 1 else 's'} of freedom"
    total = f"sum of squares {significant(u.chi_square, 6)}"
    if u.absolute:
        ratio = f", {significant(u.reduced, 3)} a degree" if u.degrees > 0 else ""
        return f"sigmas taken as they are; {degrees}; {total}{ratio}"
    return f"residual standard deviation {significant(u.residual_std, 4)}; {degrees}; {total}"


def strong(u: Any) -> str:
    """The strongest correlations above `STRONG`, and how many more there are; "" without any."""
    pairs, size = u.tied(STRONG)
    order = np.argsort(-np.abs(size), kind="stable")[:LISTED]
    text = "; ".join(f"{u.names[pairs[k, 0]]}, {u.names[pairs[k, 1]]} {share(float(size[k]))}" for k in order)
    more = f"; and {len(pairs) - LISTED} more pairs above {STRONG}" if len(pairs) > LISTED else ""
    return f"correlations {text}{more}" if text else ""

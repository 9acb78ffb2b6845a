"""Makes the entries of Moré, Garbow and Hillstrom's collection from residual functions."""

from collections.abc import Callable

import numpy as np

from .mgh_known import MINIMA, START_VALUES
from .record import Minimum, ZooProblem, residual_doc, sum_of_squares

PAPER = "Moré, Garbow and Hillstrom (1981), ACM TOMS 7(1), 17-41, problem"


def mgh_problem(
    name: str,
    number: int,
    title: str,
    residual: Callable,
    x0,
    traits: str,
    minima: tuple[Minimum, ...] = (),
    scales: tuple[float, ...] = (10, 100),
) -> ZooProblem:
    """A problem of the collection: F(x) = sum of r_i(x)^2, no factor 1/2.

    `minima` holds for sizes that `mgh_known` does not list. The paper runs every problem from x0, 10 x0 and 100 x0;
    `scales` leaves out the multiples at which F or its Hessian overflows in double precision.
    """
    x0 = np.asarray(x0, dtype=np.float64)
    size = ("2d",) if x0.size == 2 else ()
    return ZooProblem(
        name=name,
        title=title,
        fun=sum_of_squares(residual),
        residual=residual,
        x0=x0,
        xs=(x0, *(scale * x0 for scale in scales if x0.any())),
        minima=MINIMA.get(name, minima),
        traits=frozenset(("mgh", "least-squares", *size, *traits.split())),
        source=f"{PAPER} {number}: {residual_doc(residual).splitlines()[0]}",
        start_value=START_VALUES.get(name),
    )


def sized(name: str, n: int | None = None, m: int | None = None) -> str:
    """The name of a problem at a size other than its default; None stands for the default."""
    return name + (f"-{n}" if n is not None else "") + (f"-m{m}" if m is not None else "")


def unless(value: int, default: int) -> int | None:
    """None where a size is the default, for `sized`."""
    return None if value == default else value


def at_least(least: int, value: int, what: str) -> None:
    """Refuses a size for which a problem has no meaning."""
    if value < least:
        raise ValueError(f"{what} must be at least {least}, not {value}")

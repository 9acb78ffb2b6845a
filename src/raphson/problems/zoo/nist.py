"""NIST's Statistical Reference Datasets for nonlinear regression: all 27 problems with certified solutions.

F(b) = sum of squared residuals (NIST's convention, no factor 1/2); the residual is model(b, x) - y. NIST's protocol
runs every problem from start 1 (far, `x0`) and start 2 (near); `xs` holds both.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.resources import files

import jax
import jax.numpy as jnp
import numpy as np

from .record import Minimum, ZooProblem, constant, sum_of_squares


@dataclass(frozen=True, eq=False)
class NistProblem(ZooProblem):
    """A regression problem with NIST's certified values.

    `model(b, x)` predicts the response. `data` is (x, y): `x_data` has shape (observations,), or (2, observations) for
    Nelson's two predictors; `y_data` is the response as fitted (for Nelson log y). `certified` and `certified_std` are
    the certified parameters and their standard deviations, to 11 digits.
    """

    model: Callable[[jax.Array, jax.Array], jax.Array] | None = None
    certified: np.ndarray | None = None
    certified_std: np.ndarray | None = None
    residual_std: float | None = None
    observations: int = 0
    difficulty: str = ""

    @property
    def x_data(self) -> np.ndarray:
        """The predictor values."""
        return self.data[0]

    @property
    def y_data(self) -> np.ndarray:
        """The response values."""
        return self.data[1]


def growth(b, x):
    """y = b1 (1 - exp(-b2 x))."""
    return -b[0] * jnp.expm1(-b[1] * x)


def squared_decay(b, x):
    """y = b1 (1 - (1 + b2 x / 2)^-2)."""
    return b[0] * (1 - (1 + b[1] * x / 2) ** -2)


def rooted_decay(b, x):
    """y = b1 (1 - (1 + 2 b2 x)^-1/2)."""
    return b[0] * (1 - (1 + 2 * b[1] * x) ** -0.5)


def saturation(b, x):
    """y = b1 b2 x / (1 + b2 x)."""
    return b[0] * b[1] * x / (1 + b[1] * x)


def decay_over_line(b, x):
    """y = exp(-b1 x) / (b2 + b3 x)."""
    return jnp.exp(-b[0] * x) / (b[1] + b[2] * x)


def power_law(b, x):
    """y = b1 x^b2."""
    return b[0] * x ** b[1]


def two_peaks(b, x):
    """y = b1 exp(-b2 x) + b3 exp(-(x - b4)^2 / b5^2) + b6 exp(-(x - b7)^2 / b8^2)."""
    first = b[2] * jnp.exp(-((x - b[3]) ** 2) / b[4] ** 2)
    return b[0] * jnp.exp(-b[1] * x) + first + b[5] * jnp.exp(-((x - b[6]) ** 2) / b[7] ** 2)


def three_decays(b, x):
    """y = b1 exp(-b2 x) + b3 exp(-b4 x) + b5 exp(-b6 x)."""
    return b[0] * jnp.exp(-b[1] * x) + b[2] * jnp.exp(-b[3] * x) + b[4] * jnp.exp(-b[5] * x)


def three_cycles(b, x):
    """y = b1 + b2 cos(2 pi x/12) + b3 sin(2 pi x/12), and two like pairs b5, b6 and b8, b9 of periods b4 and b7."""
    turn = 2 * math.pi * x

    def cycle(cosine, sine, period):
        return cosine * jnp.cos(turn / period) + sine * jnp.sin(turn / period)

    return b[0] + cycle(b[1], b[2], 12.0) + cycle(b[4], b[5], b[3]) + cycle(b[7], b[8], b[6])


def cubic_over_cubic(b, x):
    """y = (b1 + b2 x + b3 x^2 + b4 x^3) / (1 + b5 x + b6 x^2 + b7 x^3)."""
    above = b[0] + x * (b[1] + x * (b[2] + x * b[3]))
    return above / (1 + x * (b[4] + x * (b[5] + x * b[6])))


def square_over_square(b, x):
    """y = (b1 + b2 x + b3 x^2) / (1 + b4 x + b5 x^2)."""
    return (b[0] + x * (b[1] + x * b[2])) / (1 + x * (b[3] + x * b[4]))


def line_over_square(b, x):
    """y = b1 (x^2 + b2 x) / (x^2 + b3 x + b4)."""
    return b[0] * x * (x + b[1]) / (x * (x + b[2]) + b[3])


def phase_shift(b, x):
    """y = b1 - b2 x - arctan(b3 / (x - b4)) / pi."""
    return b[0] - b[1] * x - jnp.arctan(b[2] / (x - b[3])) / math.pi


def peak(b, x):
    """y = b1/b2 exp(-(x - b3)^2 / (2 b2^2))."""
    return b[0] / b[1] * jnp.exp(-0.5 * ((x - b[2]) / b[1]) ** 2)


def two_decays(b, x):
    """y = b1 + b2 exp(-x b4) + b3 exp(-x b5)."""
    return b[0] + b[1] * jnp.exp(-x * b[3]) + b[2] * jnp.exp(-x * b[4])


def breakdown(b, x):
    """log y = b1 - b2 x1 exp(-b3 x2)."""
    return b[0] - b[1] * x[0] * jnp.exp(-b[2] * x[1])


def shifted_root(b, x):
    """y = b1 (b2 + x)^(-1/b3); NaN where b2 + x < 0."""
    return b[0] * (b[1] + x) ** (-1 / b[2])


def arrhenius(b, x):
    """y = b1 exp(b2 / (x + b3))."""
    return b[0] * jnp.exp(b[1] / (x + b[2]))


def logistic(b, x):
    """y = b1 / (1 + exp(b2 - b3 x))."""
    return b[0] * jax.lax.logistic(b[2] * x - b[1])


def richards(b, x):
    """y = b1 / (1 + exp(b2 - b3 x))^(1/b4)."""
    # By way of log(1 + exp z): the power of an overflowed exponential would have NaN derivatives.
    z = b[1] - b[2] * x
    return b[0] * jnp.exp(-jnp.logaddexp(z, jnp.zeros_like(z)) / b[3])


def nist_problem(dataset: str, model: Callable, traits: str = "") -> NistProblem:
    """Reads a data set and joins it with its model."""
    table = _read(files(__package__).joinpath("nist_data", f"{dataset}.dat").read_text(encoding="ascii"))
    y, x = table.rows[:, 0], table.rows[:, 1:].T
    x, y = (x, np.log(y)) if dataset == "Nelson" else (x[0], y)
    residual = partial(_misfit, model=model, x=x, y=y)
    first, second, certified, deviation = table.parameters.T
    return NistProblem(
        name=f"nist-{dataset.lower()}",
        title=f"NIST StRD {dataset}",
        fun=sum_of_squares(residual),
        residual=residual,
        x0=first,
        xs=(first, second),
        minima=(Minimum(table.residual_sum, tuple(certified.tolist())),),
        traits=frozenset(("nist", "least-squares", *(("2d",) if first.size == 2 else ()), *traits.split())),
        source=f"NIST StRD, nonlinear regression, {dataset}: {model.__doc__}",
        data=(x, y),
        model=model,
        certified=certified,
        certified_std=deviation,
        residual_std=table.residual_std,
        observations=len(y),
        difficulty=table.difficulty,
    )


def _misfit(b, model, x, y):
    """model(b, x) - y."""
    return model(b, constant(x, b)) - constant(y, b)


@dataclass(frozen=True)
class _Table:
    parameters: np.ndarray  # one row per parameter: start 1, start 2, certified, standard deviation
    residual_sum: float
    residual_std: float
    difficulty: str
    rows: np.ndarray  # y first, then the predictors


def _read(text: str) -> _Table:
    """Parses a data set by the words of its lines, not by the line numbers its header states."""
    parameters, scalars, rows, in_data, difficulty = [], {}, [], False, ""
    for line in text.splitlines():
        head, _, tail = line.partition("=" if "=" in line else ":")
        words = line.split()
        if in_data and words:
            rows.append([float(word) for word in words])
        elif head.strip()[:1] == "b" and head.strip()[1:].isdigit() and len(tail.split()) == 4:
            parameters.append([float(word) for word in tail.split()])
        elif head.startswith(("Residual", "Number of Observations")):
            scalars[head.strip()] = float(tail)
        elif "Level of Difficulty" in line:
            difficulty = words[0].lower()
        elif words[:2] == ["Data:", "y"]:
            in_data = True
    if len(rows) != scalars["Number of Observations"]:
        raise ValueError(f"expected {scalars['Number of Observations']:.0f} observations, found {len(rows)}")
    sums, deviation = scalars["Residual Sum of Squares"], scalars["Residual Standard Deviation"]
    return _Table(np.array(parameters), sums, deviation, difficulty, np.array(rows))


DATASETS = (
    ("Misra1a", growth, "badly-scaled"),
    ("Chwirut2", decay_over_line),
    ("Chwirut1", decay_over_line),
    ("DanWood", power_law),
    ("Gauss1", two_peaks),
    ("Misra1b", squared_decay, "badly-scaled"),
    ("Misra1d", saturation, "badly-scaled"),
    ("Lanczos3", three_decays, "ill-conditioned"),
    ("Gauss2", two_peaks),
    ("Misra1c", rooted_decay, "badly-scaled"),
    ("Gauss3", two_peaks),
    ("Hahn1", cubic_over_cubic, "badly-scaled ill-conditioned"),
    ("Nelson", breakdown, "badly-scaled ill-conditioned"),
    ("Kirby2", square_over_square, "badly-scaled"),
    ("Roszman1", phase_shift, "badly-scaled"),
    ("MGH09", line_over_square, "ill-conditioned"),
    ("Thurber", cubic_over_cubic, "badly-scaled ill-conditioned"),
    ("MGH17", two_decays, "badly-scaled ill-conditioned multimodal"),
    ("Lanczos1", three_decays, "zero-residual ill-conditioned"),
    ("Lanczos2", three_decays, "ill-conditioned"),
    ("ENSO", three_cycles, "multimodal"),
    ("BoxBOD", growth, "plateau"),
    ("Rat42", logistic),
    ("MGH10", arrhenius, "badly-scaled ill-conditioned"),
    ("Rat43", richards),
    ("Eckerle4", peak, "plateau"),
    ("Bennett5", shifted_root, "badly-scaled ill-conditioned domain"),
)

ENTRIES = {f"nist-{dataset[0].lower()}": partial(nist_problem, *dataset) for dataset in DATASETS}

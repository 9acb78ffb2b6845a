"""NIST's models as users write them, once for both libraries: `MODELS[name](np)` and `MODELS[name](jnp)`.

Each is a function f(x, b1, b2, ...), the form that `curve_fit` takes. The zoo's own models avoid cancellation and
overflow (expm1, logaddexp); these do not, because most users do not.
"""

from collections.abc import Callable
from typing import Any

MODELS: dict[str, Callable[[Any], Callable[..., Any]]] = {}


def model(*names: str) -> Callable:
    """Registers a model for the sets that share it."""

    def register(make: Callable) -> Callable:
        MODELS.update(dict.fromkeys(names, make))
        return make

    return register


@model("misra1a", "boxbod")
def growth(np: Any) -> Callable:
    """b1 (1 - exp(-b2 x))."""
    return lambda x, b1, b2: b1 * (1 - np.exp(-b2 * x))


@model("misra1b")
def squared_decay(np: Any) -> Callable:
    """b1 (1 - (1 + b2 x / 2)^-2)."""
    return lambda x, b1, b2: b1 * (1 - (1 + b2 * x / 2) ** -2)


@model("misra1c")
def rooted_decay(np: Any) -> Callable:
    """b1 (1 - (1 + 2 b2 x)^-1/2)."""
    return lambda x, b1, b2: b1 * (1 - (1 + 2 * b2 * x) ** -0.5)


@model("misra1d")
def saturation(np: Any) -> Callable:
    """b1 b2 x / (1 + b2 x)."""
    return lambda x, b1, b2: b1 * b2 * x / (1 + b2 * x)


@model("chwirut1", "chwirut2")
def decay_over_line(np: Any) -> Callable:
    """exp(-b1 x) / (b2 + b3 x)."""
    return lambda x, b1, b2, b3: np.exp(-b1 * x) / (b2 + b3 * x)


@model("danwood")
def power_law(np: Any) -> Callable:
    """b1 x^b2."""
    return lambda x, b1, b2: b1 * x**b2


@model("gauss1", "gauss2", "gauss3")
def two_peaks(np: Any) -> Callable:
    """A decay and two peaks."""

    def f(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any, b6: Any, b7: Any, b8: Any) -> Any:
        first, second = b3 * np.exp(-((x - b4) ** 2) / b5**2), b6 * np.exp(-((x - b7) ** 2) / b8**2)
        return b1 * np.exp(-b2 * x) + first + second

    return f


@model("lanczos1", "lanczos2", "lanczos3")
def three_decays(np: Any) -> Callable:
    """Three decays."""
    return lambda x, b1, b2, b3, b4, b5, b6: b1 * np.exp(-b2 * x) + b3 * np.exp(-b4 * x) + b5 * np.exp(-b6 * x)


@model("enso")
def three_cycles(np: Any) -> Callable:
    """A constant and three cycles, one of 12 months."""

    def f(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any, b6: Any, b7: Any, b8: Any, b9: Any) -> Any:
        t = 2 * np.pi * x
        year = b2 * np.cos(t / 12) + b3 * np.sin(t / 12)
        return b1 + year + b5 * np.cos(t / b4) + b6 * np.sin(t / b4) + b8 * np.cos(t / b7) + b9 * np.sin(t / b7)

    return f


@model("hahn1", "thurber")
def cubic_over_cubic(np: Any) -> Callable:
    """(b1 + b2 x + b3 x^2 + b4 x^3) / (1 + b5 x + b6 x^2 + b7 x^3)."""

    def f(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any, b6: Any, b7: Any) -> Any:
        return (b1 + b2 * x + b3 * x**2 + b4 * x**3) / (1 + b5 * x + b6 * x**2 + b7 * x**3)

    return f


@model("kirby2")
def square_over_square(np: Any) -> Callable:
    """(b1 + b2 x + b3 x^2) / (1 + b4 x + b5 x^2)."""
    return lambda x, b1, b2, b3, b4, b5: (b1 + b2 * x + b3 * x**2) / (1 + b4 * x + b5 * x**2)


@model("mgh09")
def line_over_square(np: Any) -> Callable:
    """b1 (x^2 + b2 x) / (x^2 + b3 x + b4)."""
    return lambda x, b1, b2, b3, b4: b1 * (x**2 + b2 * x) / (x**2 + b3 * x + b4)


@model("roszman1")
def phase_shift(np: Any) -> Callable:
    """b1 - b2 x - arctan(b3 / (x - b4)) / pi."""
    return lambda x, b1, b2, b3, b4: b1 - b2 * x - np.arctan(b3 / (x - b4)) / np.pi


@model("eckerle4")
def peak(np: Any) -> Callable:
    """b1/b2 exp(-(x - b3)^2 / (2 b2^2))."""
    return lambda x, b1, b2, b3: b1 / b2 * np.exp(-0.5 * ((x - b3) / b2) ** 2)


@model("mgh17")
def two_decays(np: Any) -> Callable:
    """b1 + b2 exp(-x b4) + b3 exp(-x b5)."""
    return lambda x, b1, b2, b3, b4, b5: b1 + b2 * np.exp(-x * b4) + b3 * np.exp(-x * b5)


@model("nelson")
def breakdown(np: Any) -> Callable:
    """b1 - b2 x1 exp(-b3 x2), for log y."""
    return lambda x, b1, b2, b3: b1 - b2 * x[0] * np.exp(-b3 * x[1])


@model("bennett5")
def shifted_root(np: Any) -> Callable:
    """b1 (b2 + x)^(-1/b3)."""
    return lambda x, b1, b2, b3: b1 * (b2 + x) ** (-1 / b3)


@model("mgh10")
def arrhenius(np: Any) -> Callable:
    """b1 exp(b2 / (x + b3))."""
    return lambda x, b1, b2, b3: b1 * np.exp(b2 / (x + b3))


@model("rat42")
def logistic(np: Any) -> Callable:
    """b1 / (1 + exp(b2 - b3 x))."""
    return lambda x, b1, b2, b3: b1 / (1 + np.exp(b2 - b3 * x))


@model("rat43")
def richards(np: Any) -> Callable:
    """b1 / (1 + exp(b2 - b3 x))^(1/b4)."""
    return lambda x, b1, b2, b3, b4: b1 / (1 + np.exp(b2 - b3 * x)) ** (1 / b4)

"""Classic test functions, most in two variables, and small problems made for one difficulty each.

Each function below is f(x) of one vector; the formulas write x, y for its components.
"""

from functools import partial
from itertools import combinations_with_replacement
from math import pi

import jax.numpy as jnp
import numpy as np

from .classic_known import MINIMA
from .record import Minimum, ZooProblem, constant


def himmelblau(x):
    """(x^2 + y - 11)^2 + (x + y^2 - 7)^2. Himmelblau (1972)."""
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def booth(x):
    """(x + 2 y - 7)^2 + (2 x + y - 5)^2. Booth (1949)."""
    return (x[0] + 2 * x[1] - 7) ** 2 + (2 * x[0] + x[1] - 5) ** 2


def matyas(x):
    """0.26 (x^2 + y^2) - 0.48 x y, condition 25. Matyas (1965)."""
    return 0.26 * (x[0] ** 2 + x[1] ** 2) - 0.48 * x[0] * x[1]


def mccormick(x):
    """sin(x + y) + (x - y)^2 - 1.5 x + 2.5 y + 1. McCormick (1976). Unbounded below outside its usual box."""
    return jnp.sin(x[0] + x[1]) + (x[0] - x[1]) ** 2 - 1.5 * x[0] + 2.5 * x[1] + 1


def three_hump_camel(x):
    """2 x^2 - 1.05 x^4 + x^6/6 + x y + y^2. Dixon and Szegö (1978)."""
    return 2 * x[0] ** 2 - 1.05 * x[0] ** 4 + x[0] ** 6 / 6 + x[0] * x[1] + x[1] ** 2


def six_hump_camel(x):
    """(4 - 2.1 x^2 + x^4/3) x^2 + x y + 4 (y^2 - 1) y^2. Dixon and Szegö (1978)."""
    return (4 - 2.1 * x[0] ** 2 + x[0] ** 4 / 3) * x[0] ** 2 + x[0] * x[1] + 4 * (x[1] ** 2 - 1) * x[1] ** 2


def goldstein_price(x):
    """The product of two polynomials of degree four. Goldstein and Price (1971).

    (1 + (x + y + 1)^2 (19 - 14 x + 3 x^2 - 14 y + 6 x y + 3 y^2))
    (30 + (2 x - 3 y)^2 (18 - 32 x + 12 x^2 + 48 y - 36 x y + 27 y^2))
    """
    a, b = x[0], x[1]
    first = 19 - 14 * a + 3 * a**2 - 14 * b + 6 * a * b + 3 * b**2
    second = 18 - 32 * a + 12 * a**2 + 48 * b - 36 * a * b + 27 * b**2
    return (1 + (a + b + 1) ** 2 * first) * (30 + (2 * a - 3 * b) ** 2 * second)


def easom(x):
    """-cos x cos y exp(-(x - pi)^2 - (y - pi)^2): a hole in a plain. Easom (1990)."""
    return -jnp.cos(x[0]) * jnp.cos(x[1]) * jnp.exp(-((x[0] - pi) ** 2) - (x[1] - pi) ** 2)


def styblinski_tang(x):
    """sum_i (x_i^4 - 16 x_i^2 + 5 x_i) / 2. Styblinski and Tang (1990)."""
    return jnp.sum(x**4 - 16 * x**2 + 5 * x) / 2


def branin(x):
    """(y - 5.1 x^2/(4 pi^2) + 5 x/pi - 6)^2 + 10 (1 - 1/(8 pi)) cos x + 10. Branin (1972)."""
    curve = x[1] - 5.1 / (4 * pi**2) * x[0] ** 2 + 5 / pi * x[0] - 6
    return curve**2 + 10 * (1 - 1 / (8 * pi)) * jnp.cos(x[0]) + 10


def rastrigin(x):
    """10 n + sum_i (x_i^2 - 10 cos(2 pi x_i)). Rastrigin (1974)."""
    # 10 - 10 cos(2 a) = 20 sin^2 a, without cancellation near the minimum.
    return jnp.sum(x**2 + 20 * jnp.sin(pi * x) ** 2)


def ackley(x):
    """20 + e - 20 exp(-0.2 sqrt(mean x_i^2)) - exp(mean cos(2 pi x_i)). Ackley (1987).

    Smooth but at its minimum x = 0, which is a cone; the derivatives there are set to zero rather than NaN.
    """
    square = jnp.mean(x**2)
    center = square == 0
    radius = jnp.where(center, 0, jnp.sqrt(jnp.where(center, 1, square)))
    waves = jnp.mean(jnp.cos(2 * pi * x))
    return -20 * jnp.expm1(-0.2 * radius) - float(np.e) * jnp.expm1(waves - 1)


def levy_13(x):
    """sin^2(3 pi x) + (x - 1)^2 (1 + sin^2(3 pi y)) + (y - 1)^2 (1 + sin^2(2 pi y)). Levy and Montalvo (1985)."""
    first = jnp.sin(3 * pi * x[0]) ** 2 + (x[0] - 1) ** 2 * (1 + jnp.sin(3 * pi * x[1]) ** 2)
    return first + (x[1] - 1) ** 2 * (1 + jnp.sin(2 * pi * x[1]) ** 2)


def trefethen(x):
    """Problem 4 of the hundred-digit challenge. Trefethen (2002).

    exp(sin 50 x) + sin(60 e^y) + sin(70 sin x) + sin(sin 80 y) - sin(10 (x + y)) + (x^2 + y^2)/4
    """
    a, b = x[0], x[1]
    waves = jnp.exp(jnp.sin(50 * a)) + jnp.sin(60 * jnp.exp(b)) + jnp.sin(70 * jnp.sin(a))
    return waves + jnp.sin(jnp.sin(80 * b)) - jnp.sin(10 * (a + b)) + (a**2 + b**2) / 4


def log_barrier(x):
    """x - 0.01 log(x - 1): a barrier at x = 1, NaN beyond it. The minimum 1.01 is one hundredth away from the wall."""
    return x[0] - 0.01 * jnp.log(x[0] - 1)


def saddle(x):
    """x^2 - y^2 + y^4/4, with a saddle at the origin and minima at (0, +-sqrt 2).

    From (1, 0) the gradient has no part along the negative curvature: a method must look for it.
    """
    return x[0] ** 2 - x[1] ** 2 + x[1] ** 4 / 4


def monkey_saddle_well(x):
    """x^3 - 3 x y^2 + (x^2 + y^2)^2: a monkey saddle (H = 0) at the origin between three wells at distance 3/4."""
    return x[0] ** 3 - 3 * x[0] * x[1] ** 2 + (x[0] ** 2 + x[1] ** 2) ** 2


def rosenbrock_tiny(x):
    """10^-8 times Rosenbrock's function: a relative test must not take a small gradient for a minimum."""
    return 1e-8 * (100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2)


def rosenbrock_units(x, unit):
    """Rosenbrock's function with its second variable counted in units of `unit`: 100 (unit y - x^2)^2 + (1 - x)^2."""
    return 100 * (unit * x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def quartic_valley(x):
    """(x - y)^2 + (x + y - 2)^4: H is singular along the valley, where Newton's steps gain a third only."""
    return (x[0] - x[1]) ** 2 + (x[0] + x[1] - 2) ** 4


def double_well(x):
    """(x^2 - 1)^2 + 0.3 x: two wells of different depth, negative curvature between them."""
    return (x[0] ** 2 - 1) ** 2 + 0.3 * x[0]


def log_cosh(x):
    """log cosh x: convex, but Newton's pure steps diverge from |x| > 1.0888."""
    a = jnp.abs(x[0])
    # Even in x: the absolute value has no effect on derivatives but the sign, and keeps exp from overflowing.
    return jnp.where(
        a < 1, jnp.log(jnp.cosh(jnp.where(a < 1, x[0], 0))), a + jnp.log1p(jnp.exp(-2 * a)) - float(np.log(2))
    )


def logistic_regression(x, rows, penalty):
    """sum_i log(1 + exp(-a_i . x)) + penalty |x|^2 / 2, with the label's sign in the rows a_i. Convex."""
    margin = constant(rows, x) @ x
    return jnp.sum(jnp.logaddexp(-margin, jnp.zeros_like(margin))) + penalty / 2 * jnp.sum(x**2)


def logistic_rows(n: int = 10, m: int = 60) -> np.ndarray:
    """Deterministic features (sines of incommensurate phases, an intercept) times labels of a noisy plane."""
    i, j = np.arange(1, m + 1)[:, None], np.arange(1, n + 1)
    features = np.sin(0.7 * i * np.sqrt(j + 1.0)) * np.where(j == n, 0, 1) + (j == n)
    truth = np.cos(np.arange(n)) * 2
    labels = np.where(features @ truth + np.sin(5.0 * i[:, 0] ** 2) > 0, 1.0, -1.0)
    return features * labels[:, None]


# One coordinate of Rastrigin's minima: the value there, for the k-th ripple from the center.
RASTRIGIN_RIPPLES = (0.0, 0.9949590570932916, 3.979831190554088, 8.954601241487012, 15.919243792461534)

# One coordinate of Styblinski and Tang's minima: (value, place).
STYBLINSKI_WELLS = ((-39.16616570377142, -2.903534027771177), (-25.029446655283945, 2.746802770990837))


def _problem(
    name: str, title: str, function, x0, traits: str = "", xs=(), minima: tuple[Minimum, ...] = ()
) -> ZooProblem:
    """A problem whose first line of documentation is its formula and source; `xs` holds further starts."""
    x0 = np.asarray(x0, dtype=np.float64)
    return ZooProblem(
        name=name,
        title=title,
        fun=function,
        x0=x0,
        xs=(x0, *xs),
        minima=MINIMA.get(name, minima),
        traits=frozenset(("classic", *(("2d",) if x0.size == 2 else ()), *traits.split())),
        source=getattr(function, "func", function).__doc__.splitlines()[0],
        start_value=2.42e-7 if name == "rosenbrock-tiny" else None,
    )


def _styblinski_tang(n: int = 2) -> ZooProblem:
    minima = []
    for wells in combinations_with_replacement(STYBLINSKI_WELLS, n):
        value, place = sum(well[0] for well in wells), tuple(well[1] for well in wells)
        minima.append(Minimum(value, place, "local" if minima else "global"))
    name, traits = "styblinski-tang" + ("" if n == 2 else f"-{n}"), "multimodal variable-size"
    return _problem(name, "Styblinski and Tang", styblinski_tang, np.zeros(n), traits, minima=tuple(minima))


def _rastrigin(n: int = 2) -> ZooProblem:
    minima = [Minimum(0.0, (0.0,) * n)]
    if n <= 3:  # beyond, there are too many to list
        ripples = combinations_with_replacement(RASTRIGIN_RIPPLES, n)
        minima += [Minimum(sum(values), None, "local") for values in ripples if any(values)]
    name, x0 = "rastrigin" + ("" if n == 2 else f"-{n}"), np.where(np.arange(n) % 2, -1.1, 0.9)
    return _problem(name, "Rastrigin", rastrigin, x0, "multimodal variable-size", minima=tuple(minima))


def _logistic_regression() -> ZooProblem:
    function = partial(logistic_regression, rows=logistic_rows(), penalty=1.0)
    title = "Logistic regression with a ridge, 60 rows"
    return _problem("logistic-regression", title, function, np.zeros(10), "convex")


TABLE = (
    ("himmelblau", "Himmelblau", himmelblau, (0, 0), "multimodal", ((-1, 1), (4, 4))),
    ("booth", "Booth", booth, (-5, 5), "quadratic"),
    ("matyas", "Matyas", matyas, (5, -3), "quadratic"),
    ("mccormick", "McCormick", mccormick, (0, 0), "multimodal unbounded", ((3, 2),)),
    ("three-hump-camel", "Three-hump camel", three_hump_camel, (-0.8, 1), "multimodal", ((2, 1),)),
    ("six-hump-camel", "Six-hump camel", six_hump_camel, (0.5, 0.5), "multimodal", ((1.5, -0.5), (-1, -1))),
    ("goldstein-price", "Goldstein and Price", goldstein_price, (-0.5, -0.8), "multimodal badly-scaled", ((1, 1),)),
    ("easom", "Easom", easom, (2, 2), "multimodal plateau", ((1, 1), (2.5, 2.5))),
    ("branin", "Branin", branin, (2, 5), "multimodal", ((-3, 10), (8, 5))),
    ("ackley", "Ackley", ackley, (0.5, -0.3), "multimodal nonsmooth", ((1.2, 0.9),)),
    ("levy-13", "Lévy 13", levy_13, (0.9, 0.6), "multimodal", ((-1, 2),)),
    ("trefethen", "Trefethen's hundred-digit function", trefethen, (-0.02, 0.21), "multimodal", ((0, 0),)),
    ("log-barrier", "A line with a logarithmic barrier", log_barrier, (1.5,), "domain convex", ((1.001,), (5,))),
    ("saddle", "Start on the ridge of a saddle", saddle, (1, 0), "saddle-start", ((1, 1e-08),)),
    (
        "monkey-saddle-well",
        "Monkey saddle between three wells",
        monkey_saddle_well,
        (0.5, 0),
        "saddle-start multimodal",
        ((0.5, 0.1), (0.1, 0.1)),
    ),
    ("rosenbrock-tiny", "Rosenbrock times 1e-8", rosenbrock_tiny, (-1.2, 1), "badly-scaled"),
    (
        "rosenbrock-units",
        "Rosenbrock, second variable in units of 1e-4",
        partial(rosenbrock_units, unit=0.0001),
        (-1.2, 10000.0),
        "badly-scaled",
    ),
    (
        "rosenbrock-units-large",
        "Rosenbrock, second variable in units of 1e4",
        partial(rosenbrock_units, unit=10000.0),
        (-1.2, 0.0001),
        "badly-scaled",
    ),
    ("quartic-valley", "Quartic valley", quartic_valley, (3, -0.5), "singular-hessian convex"),
    ("double-well", "Tilted double well", double_well, (0.05,), "multimodal", ((0.5,),)),
    ("log-cosh", "Logarithm of the hyperbolic cosine", log_cosh, (2,), "convex plateau", ((1,), (20,))),
)

ENTRIES = {name: partial(_problem, name, *rest) for name, *rest in TABLE}
ENTRIES |= {
    "styblinski-tang": _styblinski_tang,
    "rastrigin": _rastrigin,
    "logistic-regression": _logistic_regression,
}

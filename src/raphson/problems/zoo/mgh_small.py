"""Problems 1 to 20 of Moré, Garbow and Hillstrom (1981). All are sums of squares F(x) = sum r_i(x)^2, no factor 1/2.

Each function below is a residual vector r(x); indices in the formulas start at 1, as in the paper.
"""

import math
from functools import partial

import jax.numpy as jnp
import numpy as np

from . import mgh_data as observed
from .mgh_entry import at_least, mgh_problem, sized, unless
from .record import Minimum, constant


def rosenbrock(x):
    """r = (10 (x2 - x1^2), 1 - x1), the curved valley of Rosenbrock (1960)."""
    return jnp.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def freudenstein_roth(x):
    """r = (-13 + x1 + ((5 - x2) x2 - 2) x2, -29 + x1 + ((x2 + 1) x2 - 14) x2). Freudenstein and Roth (1963)."""
    a, b = x[0], x[1]
    return jnp.stack([-13 + a + ((5 - b) * b - 2) * b, -29 + a + ((b + 1) * b - 14) * b])


def powell_badly_scaled(x):
    """r = (10^4 x1 x2 - 1, exp(-x1) + exp(-x2) - 1.0001). Powell (1970)."""
    return jnp.stack([1e4 * x[0] * x[1] - 1, jnp.exp(-x[0]) + jnp.exp(-x[1]) - 1.0001])


def brown_badly_scaled(x):
    """r = (x1 - 10^6, x2 - 2 10^-6, x1 x2 - 2). Brown, unpublished, through the paper."""
    return jnp.stack([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])


def beale(x):
    """r_i = y_i - x1 (1 - x2^i), y = (1.5, 2.25, 2.625). Beale (1958)."""
    a, b = x[0], x[1]
    return jnp.stack([1.5 - a * (1 - b), 2.25 - a * (1 - b**2), 2.625 - a * (1 - b**3)])


def jennrich_sampson(x, m):
    """r_i = 2 + 2 i - (exp(i x1) + exp(i x2)), i = 1..m. Jennrich and Sampson (1968)."""
    i = constant(np.arange(1, m + 1), x)
    return 2 + 2 * i - (jnp.exp(i * x[0]) + jnp.exp(i * x[1]))


def helical_valley(x):
    """r = (10 (x3 - 10 theta(x1, x2)), 10 (sqrt(x1^2 + x2^2) - 1), x3). Fletcher and Powell (1963).

    theta is the angle in turns, in [-1/4, 3/4): smooth but on the half-line x1 = 0, x2 < 0.
    """
    # Measured from the x2 axis, arctan2 has its cut where the paper's two branches of arctan(x2/x1) have theirs.
    # On the axis of the helix (where F has a kink) the derivatives are set to zero rather than NaN.
    axis = (x[0] == 0) & (x[1] == 0)
    a, b = jnp.where(axis, 0, x[0]), jnp.where(axis, 1, x[1])
    theta = 0.25 - jnp.arctan2(a, b) / (2 * math.pi)
    radius = jnp.where(axis, 0, jnp.sqrt(a**2 + b**2))
    return jnp.stack([10 * (x[2] - 10 * theta), 10 * (radius - 1), x[2]])


def bard(x):
    """r_i = y_i - (x1 + u_i / (v_i x2 + w_i x3)), u_i = i, v_i = 16 - i, w_i = min(u_i, v_i). Bard (1970)."""
    u = np.arange(1, 16)
    v, w = constant(16 - u, x), constant(np.minimum(u, 16 - u), x)
    return constant(observed.BARD, x) - (x[0] + constant(u, x) / (v * x[1] + w * x[2]))


def gaussian(x):
    """r_i = x1 exp(-x2 (t_i - x3)^2 / 2) - y_i, t_i = (8 - i)/2, i = 1..15. From the paper."""
    t = constant((8 - np.arange(1, 16)) / 2, x)
    return x[0] * jnp.exp(-x[1] * (t - x[2]) ** 2 / 2) - constant(observed.GAUSSIAN, x)


def meyer(x):
    """r_i = x1 exp(x2 / (t_i + x3)) - y_i, t_i = 45 + 5 i, i = 1..16: resistance of a thermistor. Meyer (1970)."""
    t = constant(45 + 5 * np.arange(1, 17), x)
    return x[0] * jnp.exp(x[1] / (t + x[2])) - constant(observed.MEYER, x)


def gulf(x, m):
    """r_i = exp(-|y_i - x2|^x3 / x1) - t_i, t_i = i/100, y_i = 25 + (-50 log t_i)^(2/3). Cox (1969).

    The paper prints y_i m i x2 in the place of y_i - x2, a misprint. Meant for x3 > 0.
    """
    t = np.arange(1, m + 1) / 100
    distance = jnp.abs(constant(25 + (-50 * np.log(t)) ** (2 / 3), x) - x[1])
    # 0^x3 has derivatives of the form 0 * log 0; they are zero, not NaN.
    at_zero = distance == 0
    power = jnp.where(at_zero, 0, jnp.where(at_zero, 1, distance) ** x[2])
    return jnp.exp(-power / x[0]) - constant(t, x)


def box_3d(x, m):
    """r_i = exp(-t_i x1) - exp(-t_i x2) - x3 (exp(-t_i) - exp(-10 t_i)), t_i = i/10. Box (1966)."""
    t = np.arange(1, m + 1) / 10
    s = constant(t, x)
    return jnp.exp(-s * x[0]) - jnp.exp(-s * x[1]) - x[2] * constant(np.exp(-t) - np.exp(-10 * t), x)


def powell_singular(x):
    """r = (x1 + 10 x2, sqrt 5 (x3 - x4), (x2 - 2 x3)^2, sqrt 10 (x1 - x4)^2); H is singular at 0. Powell (1962)."""
    a, b, c, d = x
    return jnp.stack([a + 10 * b, 5**0.5 * (c - d), (b - 2 * c) ** 2, 10**0.5 * (a - d) ** 2])


def wood(x):
    """Six residuals that join two Rosenbrock valleys. Colville (1968).

    r = (10 (x2 - x1^2), 1 - x1, sqrt 90 (x4 - x3^2), 1 - x3, sqrt 10 (x2 + x4 - 2), (x2 - x4)/sqrt 10)
    """
    a, b, c, d = x
    first = [10 * (b - a**2), 1 - a, 90**0.5 * (d - c**2), 1 - c]
    return jnp.stack([*first, 10**0.5 * (b + d - 2), (b - d) / 10**0.5])


def kowalik_osborne(x):
    """r_i = y_i - x1 (u_i^2 + u_i x2) / (u_i^2 + u_i x3 + x4), i = 1..11: enzyme kinetics. Kowalik, Osborne (1968)."""
    y, u = constant(observed.KOWALIK_OSBORNE_Y, x), constant(observed.KOWALIK_OSBORNE_U, x)
    return y - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3])


def brown_dennis(x, m):
    """r_i = (x1 + t_i x2 - exp t_i)^2 + (x3 + x4 sin t_i - cos t_i)^2, t_i = i/5. Brown and Dennis (1971)."""
    t = np.arange(1, m + 1) / 5
    first = x[0] + constant(t, x) * x[1] - constant(np.exp(t), x)
    second = x[2] + x[3] * constant(np.sin(t), x) - constant(np.cos(t), x)
    return first**2 + second**2


def osborne_1(x):
    """r_i = y_i - (x1 + x2 exp(-t_i x4) + x3 exp(-t_i x5)), t_i = 10 (i - 1), i = 1..33. Osborne (1972)."""
    t = constant(10 * np.arange(33), x)
    return constant(observed.OSBORNE_1, x) - (x[0] + x[1] * jnp.exp(-t * x[3]) + x[2] * jnp.exp(-t * x[4]))


def biggs_exp6(x, m):
    """r_i = x3 exp(-t_i x1) - x4 exp(-t_i x2) + x6 exp(-t_i x5) - y_i, t_i = i/10. Biggs (1971).

    y_i = exp(-t_i) - 5 exp(-10 t_i) + 3 exp(-4 t_i)
    """
    t = np.arange(1, m + 1) / 10
    s, y = constant(t, x), constant(np.exp(-t) - 5 * np.exp(-10 * t) + 3 * np.exp(-4 * t), x)
    return x[2] * jnp.exp(-s * x[0]) - x[3] * jnp.exp(-s * x[1]) + x[5] * jnp.exp(-s * x[4]) - y


def osborne_2(x):
    """A decaying exponential and three Gaussians fitted to 65 observations. Osborne (1972).

    r_i = y_i - (x1 e^(-t_i x5) + x2 e^(-(t_i - x9)^2 x6) + x3 e^(-(t_i - x10)^2 x7) + x4 e^(-(t_i - x11)^2 x8)),
    t_i = (i - 1)/10
    """
    t = constant(np.arange(65) / 10, x)
    peaks = x[1:4] * jnp.exp(-((t[:, None] - x[8:11]) ** 2) * x[5:8])
    return constant(observed.OSBORNE_2, x) - (x[0] * jnp.exp(-t * x[4]) + peaks.sum(axis=1))


def watson(x):
    """r_i = sum_j (j-1) x_j t_i^(j-2) - (sum_j x_j t_i^(j-1))^2 - 1, t_i = i/29, i = 1..29. Kowalik, Osborne (1968).

    r_30 = x1, r_31 = x2 - x1^2 - 1: a polynomial fitted to the differential equation z' = z^2 + 1.
    """
    j = np.arange(x.shape[0])
    powers = (np.arange(1, 30) / 29)[:, None] ** j
    slopes = np.zeros_like(powers)
    slopes[:, 1:] = j[1:] * powers[:, :-1]
    fit = constant(slopes, x) @ x - (constant(powers, x) @ x) ** 2 - 1
    return jnp.concatenate([fit, jnp.stack([x[0], x[1] - x[0] ** 2 - 1])])


def _jennrich_sampson(m: int = 10):
    at_least(2, m, "m")
    name, residual = sized("jennrich-sampson", m=unless(m, 10)), partial(jennrich_sampson, m=m)
    return mgh_problem(name, 6, "Jennrich and Sampson", residual, (0.3, 0.4), "variable-size", scales=(10,))


def _gulf(m: int = 99):
    at_least(3, m, "m")
    if m > 100:  # t_i above 1 has no real y_i
        raise ValueError(f"m must be at most 100, not {m}")
    name, traits = sized("gulf", m=unless(m, 99)), "zero-residual variable-size plateau ill-conditioned"
    minima = (Minimum(0.0, (50.0, 25.0, 1.5)),)
    return mgh_problem(name, 11, "Gulf research and development", partial(gulf, m=m), (5, 2.5, 0.15), traits, minima)


def _box_3d(m: int = 10):
    at_least(3, m, "m")
    name, minima = sized("box-3d", m=unless(m, 10)), (Minimum(0.0, (1.0, 10.0, 1.0)), Minimum(0.0, (10.0, 1.0, -1.0)))
    traits = "zero-residual variable-size"
    return mgh_problem(name, 12, "Box three-dimensional", partial(box_3d, m=m), (0, 10, 20), traits, minima)


def _brown_dennis(m: int = 20):
    at_least(4, m, "m")
    name, residual = sized("brown-dennis", m=unless(m, 20)), partial(brown_dennis, m=m)
    return mgh_problem(name, 16, "Brown and Dennis", residual, (25, 5, -5, -1), "variable-size")


def _biggs_exp6(m: int = 13):
    at_least(6, m, "m")
    name, minima = sized("biggs-exp6", m=unless(m, 13)), (Minimum(0.0, (1.0, 10.0, 1.0, 5.0, 4.0, 3.0)),)
    traits = "zero-residual variable-size multimodal saddle-start"
    return mgh_problem(name, 18, "Biggs EXP6", partial(biggs_exp6, m=m), (1, 2, 1, 1, 1, 1), traits, minima)


def _watson(n: int = 6):
    at_least(2, n, "n")
    if n > 31:
        raise ValueError(f"n must be at most 31, not {n}")
    traits = "variable-size ill-conditioned"
    return mgh_problem(sized("watson", unless(n, 6)), 20, "Watson", watson, np.zeros(n), traits)


def _fixed(number: int, title: str, residual, x0, traits: str) -> dict:
    """The entry of a problem of fixed size, under the name of its residual function."""
    name = residual.__name__.replace("_", "-")
    return {name: partial(mgh_problem, name, number, title, residual, x0, traits)}


ENTRIES = {
    **_fixed(1, "Rosenbrock", rosenbrock, (-1.2, 1), "zero-residual classic"),
    **_fixed(2, "Freudenstein and Roth", freudenstein_roth, (0.5, -2), "zero-residual multimodal"),
    **_fixed(3, "Powell badly scaled", powell_badly_scaled, (0, 1), "zero-residual badly-scaled ill-conditioned"),
    **_fixed(4, "Brown badly scaled", brown_badly_scaled, (1, 1), "zero-residual badly-scaled ill-conditioned"),
    **_fixed(5, "Beale", beale, (1, 1), "zero-residual classic"),
    "jennrich-sampson": _jennrich_sampson,
    **_fixed(7, "Helical valley", helical_valley, (-1, 0, 0), "zero-residual"),
    **_fixed(8, "Bard", bard, (1, 1, 1), "multimodal"),
    **_fixed(9, "Gaussian", gaussian, (0.4, 1, 0), ""),
    **_fixed(10, "Meyer", meyer, (0.02, 4000, 250), "badly-scaled ill-conditioned"),
    "gulf": _gulf,
    "box-3d": _box_3d,
    **_fixed(13, "Powell singular", powell_singular, (3, -1, 0, 1), "zero-residual singular-hessian classic"),
    **_fixed(14, "Wood", wood, (-3, -1, -3, -1), "zero-residual"),
    **_fixed(15, "Kowalik and Osborne", kowalik_osborne, (0.25, 0.39, 0.415, 0.39), "multimodal"),
    "brown-dennis": _brown_dennis,
    **_fixed(17, "Osborne 1", osborne_1, (0.5, 1.5, -1, 0.01, 0.02), "ill-conditioned badly-scaled"),
    "biggs-exp6": _biggs_exp6,
    **_fixed(19, "Osborne 2", osborne_2, (1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5), ""),
    "watson": _watson,
    "watson-9": partial(_watson, n=9),
    "watson-12": partial(_watson, n=12),
}

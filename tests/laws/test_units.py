"""Laws of scale: lengths, conjugate gradients, Lanczos and cubic steps are the same in any unit, in both precisions."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from raphson.kernel.number import norm
from raphson.linear.cg import FORCING, lowest_ritz, steihaug, to_boundary, unbounded
from raphson.linear.solve import newton_direction
from raphson.linear.spectral import scaled_spectrum
from raphson.model.curvature import MORE, SWEEPS, balanced
from raphson.operators.dense import Dense
from raphson.operators.low_rank import LowRank
from raphson.paths.cubic import Cubic

DTYPES = (np.float32, np.float64)
POWERS = (-60, 0, 60)
N = 40

lengths = jax.jit(norm)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_length_neither_overflows_nor_underflows(dtype):
    """3, 4, 12 times any power of two that the type holds: 13 times it; zero, infinity and NaN are what they are."""
    low, top = np.finfo(dtype).minexp + 8, np.finfo(dtype).maxexp - 8
    for k in (low, low // 2, 0, top // 2, top):
        assert float(lengths(np.array([3, -4, 12], dtype) * dtype(2.0) ** k)) == pytest.approx(13 * 2.0**k, rel=1e-6)
    assert float(lengths(np.zeros(3, dtype))) == 0
    assert np.isinf(float(lengths(np.array([1, -np.inf, 2], dtype))))
    assert np.isnan(float(lengths(np.array([1, np.nan, np.inf], dtype))))


def spectra(dtype):
    """Spectra (N,) with their names: few distinct values, a null space, one value alone, a wide spread."""
    rng = np.random.default_rng(3)
    found = {
        "0 and 2": 2.0 * (np.arange(N) % 2),
        "-1, 0, 1": np.arange(N) % 3 - 1.0,
        "one alone": 2.0 * (np.arange(N) == 7),
        "all 2": np.full(N, 2.0),
        "spread": np.sort(rng.uniform(-1, 2, N)),
        "decades": 10.0 ** rng.uniform(-5, 0, N),
    }
    Q = np.linalg.qr(rng.standard_normal((N, N)))[0]
    return {name: ((Q * w) @ Q.T, w) for name, w in found.items()}


@cache
def lanczos(steps):
    """The smallest Ritz value, its vector and the largest size, of a dense matrix."""
    return jax.jit(lambda H, z: lowest_ritz(lambda v: H @ v, z, steps))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("steps", [7, N])
def test_ritz_values_lie_inside_the_spectrum(dtype, steps):
    """To rounding of its largest value, at any scale; the vector has length 1 and the value is its Rayleigh quotient;
    with as many steps as there are distinct values the extremes are found."""
    start = (1 + 0.5 * np.sin(1.0 + np.arange(N))).astype(dtype)
    for name, (H, w) in spectra(dtype).items():
        for k in POWERS:
            low, v, top = lanczos(steps)((H * 2.0**k).astype(dtype), start)
            low, top, v = float(low) * 2.0**-k, float(top) * 2.0**-k, np.asarray(v, float)
            noise = 30 * N * np.finfo(dtype).eps * np.abs(w).max()
            assert w.min() - noise <= low <= w.max() + noise, (name, k)
            assert top <= np.abs(w).max() + noise, (name, k)
            assert np.linalg.norm(v) == pytest.approx(1, rel=1e-5), (name, k)
            assert abs(v @ H @ v - low) <= noise, (name, k)
            if len(np.unique(w)) < steps:
                assert abs(low - w.min()) <= noise, (name, k)
                assert abs(top - np.abs(w).max()) <= noise, (name, k)


free = jax.jit(lambda H, g: unbounded(lambda v: H @ v, g, 4 * N))
inside = jax.jit(lambda H, g, radius: steihaug(lambda v: H @ v, g, radius, 4 * N))


@pytest.mark.parametrize("dtype", DTYPES)
def test_conjugate_gradients_end_where_they_say(dtype):
    """The residual of a step inside is below `FORCING` of g, that of a step on the boundary has the radius' length;
    the same products whatever the unit of f (H and g times c) and of x (H / c^2, g / c)."""
    rng = np.random.default_rng(4)
    Q = np.linalg.qr(rng.standard_normal((N, N)))[0]
    H, g = (Q * 10 ** rng.uniform(-2, 0, N)) @ Q.T, rng.standard_normal(N)
    for find in (lambda H, g, radius: free(H, g), inside):
        counts, bounds = set(), set()
        for a, b in [(0, 0), (60, 60), (-60, -60), (40, 20), (-40, -20)]:
            for part in (np.inf, 1.0):
                radius = part * 2.0 ** (b - a)
                found = find((H * 2.0**a).astype(dtype), (g * 2.0**b).astype(dtype), dtype(radius))
                s = np.asarray(found.s, float) * 2.0 ** (a - b)
                counts.add((part, int(found.inner)))
                bounds.add((part, bool(found.bound)))
                if bool(found.bound):
                    assert np.linalg.norm(s) == pytest.approx(part, rel=1e-5)
                else:
                    assert np.linalg.norm(H @ s + g) <= 1.01 * FORCING * np.linalg.norm(g)
        assert len(counts) == 2 and len(bounds) == 2, counts


def test_a_first_direction_of_negative_curvature_has_the_unit_of_a_step():
    """-g ||g|| / ||H g||: c^0 for H, g times c, and c for H / c^2, g / c."""
    H, g = -np.diag(np.arange(1.0, N + 1)), np.ones(N)
    s = np.asarray(free(H, g).s)
    np.testing.assert_allclose(s, -g * np.linalg.norm(g) / np.linalg.norm(H @ g), rtol=1e-12)
    np.testing.assert_allclose(free(2.0**60 * H, 2.0**60 * g).s, s, rtol=1e-12)
    np.testing.assert_allclose(free(2.0**-40 * H, 2.0**-20 * g).s, 2.0**20 * s, rtol=1e-12)


ends = jax.jit(to_boundary)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_way_to_the_boundary_is_right_at_any_scale(dtype):
    """||s + t d|| = radius for s, radius times 2^k and d times 2^j, from near the center and from near the edge."""
    for k in (-60, 0, 60):
        for j in (-40, 0, 40):
            for s in ([0.1, 0.2], [0.6, -0.79], [0, 0]):
                s, d = np.array(s), np.array([1.0, -3.0])
                t = float(ends((s * 2.0**k).astype(dtype), (d * 2.0**j).astype(dtype), dtype(2.0**k)))
                assert np.linalg.norm(s + t * 2.0 ** (j - k) * d) == pytest.approx(1, rel=1e-5)


def cubic_value(w, g, sigma, s):
    """The cubic model at s, for a diagonal H."""
    return g @ s + 0.5 * s @ (w * s) + sigma / 3 * np.linalg.norm(s) ** 3


cubic = jax.jit(lambda H, g, tau: Cubic().at(scaled_spectrum(H, g, jnp.ones_like(g)), tau).s)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("part", [1e-2, 1e-6, 1e-9, 1e-20, 0.0])
def test_the_cubic_step_is_right_in_the_nearly_hard_case(dtype, part):
    """g has the part `part` along the lowest eigenvector: (H + sigma ||s|| I) s = -g, and H + sigma ||s|| I >= 0."""
    w, g = np.array([-2.5, 0.5, 1.0, 2.0]), np.array([part, 1.0, -0.5, 0.2])
    for k in POWERS:
        for sigma in (1e-3, 1.0):
            s = np.asarray(cubic(np.diag(w * 2.0**k).astype(dtype), (g * 2.0**k).astype(dtype), dtype(2.0**-k / sigma)))
            s = s.astype(float)
            shift = sigma * np.linalg.norm(s)
            assert shift >= 2.5 * (1 - 1e-4)
            np.testing.assert_allclose((w + shift)[1:] * s[1:], -g[1:], atol=2e-4)
            assert s[0] * part <= 0 or part < 1e-15  # such a sign is lost in float32
            along = np.array([-2.5 / sigma, 0, 0, 0])
            assert cubic_value(w, g, sigma, s) <= 0.999 * cubic_value(w, g, sigma, along)


@pytest.mark.parametrize("powers", [10, 20])
def test_units_are_read_from_products(powers):
    """In them rows of H have length 1, within a factor 3, whatever the units of the variables were."""
    rng = np.random.default_rng(5)
    A = rng.standard_normal((60, 60))
    H = A @ A.T / 60 + np.eye(60)
    u = 2.0 ** rng.integers(-powers, powers + 1, 60)
    H = H * u[:, None] * u
    one, zero = jnp.ones(60), jnp.zeros((), jnp.int32)
    d = np.asarray(jax.jit(lambda H: balanced(lambda v: H @ v, one, zero, zero + SWEEPS + MORE))(H))
    rows = np.linalg.norm(H / d[:, None] / d, axis=1)
    assert rows.min() > 1 / 3
    assert rows.max() < 3


def test_a_limited_memory_matrix_is_solved_in_any_units():
    """(diag(gamma) + U C U')^-1 g with gamma over forty powers of two, against NumPy in balanced units."""
    rng = np.random.default_rng(6)
    d, U, c, g = 2.0 ** rng.integers(-20, 21, 5), rng.standard_normal((5, 3)), np.array([1.0, 0.5, 0]), np.ones(5)
    B = LowRank(jnp.asarray(1.7 * d**2), jnp.asarray(d[:, None] * U), jnp.asarray(c))
    exact = -np.linalg.solve(1.7 * np.eye(5) + (U * c) @ U.T, g / d) / d
    np.testing.assert_allclose(newton_direction(B, jnp.asarray(g), jnp.ones(5)).s, exact, rtol=1e-11)
    assert isinstance(Dense(B.dense()).size, int)

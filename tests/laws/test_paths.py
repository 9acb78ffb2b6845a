"""Laws of paths: where every curve of steps starts, how far it goes, and what decrease it guarantees.

Every law is tried on a batch of random models (definite, indefinite, singular, hard case, no gradient, ...) in
ordinary units and in units spread over twelve decades. Steps are measured as the path does, y = D s.
"""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from raphson.linear.cg import FORCING
from raphson.paths.cubic import Cubic
from raphson.paths.damped import Damped
from raphson.paths.dogleg import Dogleg
from raphson.paths.ray import Ray
from raphson.paths.steihaug import Steihaug
from raphson.paths.trust import Trust
from tests.laws.random_models import KINDS, batch, decrease, model, quadratics

PATHS = {
    "ray": Ray(),
    "dogleg": Dogleg(),
    "damped": Damped(),
    "trust": Trust(),
    "steihaug": Steihaug(),
    "cubic": Cubic(),
}
RADIUS_PATHS = ("dogleg", "trust", "steihaug")
SIZES = (1, 2, 5)
COUNT = 4
LANES = COUNT * len(KINDS)
TAUS = np.logspace(-4, 4, 9)
SLACK = 0.05
"""By how much the exact path may miss the radius (EASY in paths/trust.py)."""


@cache
def walker(name: str, how: str = "map"):
    """A compiled function (H, g, d, taus) -> steps (count, taus, n): one after the other, or all lanes at once."""
    path = PATHS[name]

    def walk(H, g, d, taus):
        plan = path.prepare(model(H, g, d))
        each = lambda tau: path.at(plan, tau).s
        return jax.vmap(each)(taus) if how == "vmap" else lax.map(each, taus)

    if how == "vmap":
        return jax.jit(jax.vmap(walk, (0, 0, 0, None)))
    return jax.jit(lambda H, g, d, taus: lax.map(lambda m: walk(*m, taus), (H, g, d)))


def steps(name, H, g, d=None, taus=TAUS, how="map"):
    """Steps (count, taus, n) of a batch of models, as NumPy.

    Models and taus are repeated up to one shape for all laws, so that a path is compiled once for each size.
    """
    d = np.ones_like(g) if d is None else d
    walk = walker(name, how)
    padded = np.resize(np.asarray(taus, g.dtype), len(TAUS) + 1)
    rounds = np.resize(np.arange(len(g)), (-(-len(g) // LANES), LANES))
    walked = np.concatenate([np.asarray(walk(H[these], g[these], d[these], padded)) for these in rounds])
    return walked[: len(g), : len(taus)]


def models(n, seed=0, kinds=KINDS):
    """The batch of one size, without the kinds that one variable cannot have."""
    kinds = tuple(kind for kind in kinds if n > 1 or kind not in ("singular", "hard", "hard-multiple"))
    return batch(np.random.default_rng(seed + n), n, COUNT, kinds)


SEPARATE = {"dogleg": ("negative",)}
"""Kinds with a test of their own below."""


def norms(y):
    """Lengths along the last axis."""
    return np.linalg.norm(y, axis=-1)


def size_of(H):
    """Spectral norms of a batch."""
    return np.linalg.norm(H, 2, axis=(1, 2))


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("name", PATHS)
def test_a_path_is_finite_and_starts_at_the_point(name, n):
    """s(tau) is finite for every model and tau, and s(tau) -> 0 as tau -> 0."""
    H, g = models(n)
    taus = np.concatenate([[1e-12], TAUS])
    s = steps(name, H, g, taus=taus)
    assert np.all(np.isfinite(s))
    reach = {"ray": norms(s[:, 5]) / taus[5], "damped": norms(g), "cubic": 1e6 * (1 + size_of(H) + norms(g))}
    assert np.all(norms(s[:, 0]) <= reach.get(name, 1.0) * taus[0] * 1.01)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("name", RADIUS_PATHS)
def test_a_step_stays_inside_the_radius_and_grows_with_it(name, n):
    """||D s(tau)|| <= tau, and it never falls by more than the accuracy of the path as tau grows."""
    H, g = models(n)
    length = norms(steps(name, H, g))
    assert np.all(length <= TAUS * (1 + 1e-12))
    slack = SLACK if name == "trust" else 1e-9
    assert np.all(length[:, 1:] >= (1 - slack) * length[:, :-1])


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("name", ["damped", "cubic"])
def test_regularized_steps_grow_with_tau(name, n):
    """||s|| grows as lambda or sigma falls."""
    H, g = models(n)
    length = norms(steps(name, H, g))
    assert np.all(length[:, 1:] >= (1 - 1e-6) * length[:, :-1])


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("name", RADIUS_PATHS)
def test_decrease_is_at_least_cauchys(name, n):
    """m(0) - m(s) >= c/2 ||g|| min(tau, ||g|| / ||H||), c = 1 (0.9 for the exact path, which stops early)."""
    H, g = models(n, kinds=tuple(k for k in KINDS if k not in ("zero", *SEPARATE.get(name, ()))))
    gained = decrease(H[:, None], g[:, None], steps(name, H, g))
    size = norms(g)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        cauchy = 0.5 * size * np.minimum(TAUS, np.where(size > 0, size / size_of(H)[:, None], 0))
    c = 0.9 if name == "trust" else 1 - 1e-9
    worst = np.min(gained - c * cauchy + 1e-14 * size**2, axis=1)
    assert np.all(worst >= 0), f"model {np.argmin(worst)}: {worst.min():.3g}"


def test_a_dogleg_runs_down_a_concave_model():
    """Without positive curvature along -g the first leg is unbounded: s = -tau g / ||g||, of length tau."""
    H, g = quadratics(np.random.default_rng(0), 5, "negative", 50)
    length = norms(steps("dogleg", H, g, taus=np.array([1e-3])))
    np.testing.assert_allclose(length, 1e-3, rtol=1e-9)


@pytest.mark.parametrize("name", ["trust", "dogleg"])
def test_a_linear_model_is_followed_to_the_boundary(name):
    """H = 0: the best step has length tau, along -g, for every tau; no other length has the right unit."""
    g = np.array([[0.6, -0.8]])
    s = steps(name, np.zeros((1, 2, 2)), g)[0]
    np.testing.assert_allclose(s, -TAUS[:, None] * g, rtol=SLACK)


@pytest.mark.parametrize("n", SIZES)
def test_the_exact_path_leaves_a_dome(n):
    """g = 0, H = -I: every point of the boundary is a minimum of the model in the ball; s = 0 is the maximum."""
    s = steps("trust", -np.eye(n)[None], np.zeros((1, n)))[0]
    np.testing.assert_allclose(norms(s), TAUS, rtol=SLACK)


@pytest.mark.parametrize("n", SIZES)
def test_a_ray_follows_one_descent_direction(n):
    """s(tau) = tau s(1), and g's < 0 wherever g is not zero."""
    H, g = models(n, kinds=tuple(kind for kind in KINDS if kind != "zero"))
    s = steps("ray", H, g)
    one = s[:, [4]]
    np.testing.assert_allclose(s, TAUS[:, None] * one, rtol=1e-14)
    moving = norms(g) > 0
    assert np.all(np.sum(one[:, 0] * g, -1)[moving] < 0)


@pytest.mark.parametrize("n", SIZES)
def test_damped_steps_solve_the_damped_equation(n):
    """(H + mu) s = -g with mu = 1/tau + max(0, -w_0): the smallest shift that lambda = 1/tau counts from."""
    H, g = models(n, kinds=("definite", "ill-conditioned", "indefinite", "negative", "singular", "zero"))
    s = steps("damped", H, g)
    floor = np.maximum(0, -np.linalg.eigvalsh(H)[:, 0])
    mu = 1 / TAUS + floor[:, None]
    shifted = H[:, None] + mu[..., None, None] * np.eye(n)
    left = np.einsum("ktij,ktj->kti", shifted, s) + g[:, None]
    size = size_of(H)[:, None] + mu
    assert np.all(norms(left) <= 1e-13 * n * (size * norms(s) + norms(g)[:, None]))


def best_decrease(H, g, tau):
    """The largest decrease of the model in ||s|| <= tau by eigenvalues and bisection; the hard case included."""
    w, V = np.linalg.eigh(H)
    a = V.T @ g
    a[np.abs(a) <= 1e-13 * np.linalg.norm(a)] = 0
    value = lambda y: -(a @ y + 0.5 * y @ (w * y))
    if w[0] > 0 and np.linalg.norm(a / w) <= tau:
        return value(-a / w)
    floor = max(0.0, -w[0])
    gap = w + floor

    def at(delta):
        return np.where(a == 0, 0, -a / (gap + delta))

    low, high = 1e-290, np.linalg.norm(a) / tau + 1e-280
    if not np.linalg.norm(at(low)) > tau:  # the hard case, or a flat direction that g does not see
        y = at(low)
        y[0] += np.sqrt(max(tau**2 - y @ y, 0)) if w[0] < 0 else 0
        return value(y)
    for _ in range(2000):
        mid = np.sqrt(low * high)
        low, high = (mid, high) if np.linalg.norm(at(mid)) > tau else (low, mid)
        if high <= low * (1 + 1e-15):
            break
    return value(at(high))


@pytest.mark.parametrize("units", ["plain", "spread"])
@pytest.mark.parametrize("n", SIZES)
def test_the_exact_path_is_within_a_tenth_of_the_best_decrease(n, units):
    """m(0) - m(s) >= 0.88 of the best in the ball, for every kind of model, the hard case included."""
    H, g = models(n, 7, tuple(k for k in KINDS if k != "zero" and (n > 1 or k != "still")))
    u = 10 ** np.random.default_rng(n).uniform(-6, 6, g.shape) if units == "spread" else np.ones_like(g)
    s = steps("trust", H * u[:, :, None] * u[:, None, :], g * u, u)
    y = s * u[:, None]
    assert np.all(norms(y) <= TAUS * (1 + 1e-12))
    gained = decrease(H[:, None], g[:, None], y)
    best = np.array([[best_decrease(A, b, tau) for tau in TAUS] for A, b in zip(H, g, strict=True)])
    worst = np.min((gained - 0.88 * best) / np.maximum(best, 1e-300), axis=1)
    assert np.all(worst >= -1e-9), f"model {np.argmin(worst)} reaches {0.88 + worst.min():.3f} of the best"


@pytest.mark.parametrize("name", RADIUS_PATHS)
def test_a_newton_point_inside_the_ball_is_the_answer(name):
    """For H > 0 and a large radius s = -H^-1 g (Steihaug: to its forcing term)."""
    H, g = quadratics(np.random.default_rng(5), 5, "definite", COUNT)
    s = steps(name, H, g)[:, -1]
    left = norms(np.einsum("kij,kj->ki", H, s) + g)
    assert np.all(left <= (1.01 * FORCING if name == "steihaug" else 1e-13) * norms(g))


def test_a_dogleg_bends_at_the_cauchy_point():
    """Up to the Cauchy length s is along -g; beyond it s lies on the segment to the Newton point, at length tau."""
    H, g = quadratics(np.random.default_rng(6), 5, "definite", COUNT)
    cauchy = -g * (np.sum(g * g, 1) / np.einsum("ki,kij,kj->k", g, H, g))[:, None]
    newton = -np.linalg.solve(H, g[..., None])[..., 0]
    for A, b, c, p in zip(H, g, cauchy, newton, strict=True):
        first, whole = np.linalg.norm(c), np.linalg.norm(p)
        taus = np.array([0.5 * first, 0.999 * first, 0.5 * (first + whole), 0.999 * whole, 2 * whole])
        s = steps("dogleg", A[None], b[None], taus=taus)[0]
        np.testing.assert_allclose(norms(s), np.minimum(taus, whole), rtol=1e-12)
        np.testing.assert_allclose(s[:2], np.outer(taus[:2] / first, c), rtol=1e-12, atol=1e-14)
        t = (s[2:4] - c) @ (p - c) / ((p - c) @ (p - c))
        assert np.all((t > 0) & (t < 1))
        np.testing.assert_allclose(s[2:4], c + t[:, None] * (p - c), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("n", SIZES)
def test_the_cubic_step_is_the_global_minimizer(n):
    """(H + lambda) s = -g with lambda = ||s|| / tau and H + lambda >= 0, the hard case included (Nesterov, Polyak)."""
    H, g = models(n, seed=9)
    s = steps("cubic", H, g)
    shift = norms(s) / TAUS
    left = np.einsum("kij,ktj->kti", H, s) + shift[..., None] * s + g[:, None]
    lowest = np.linalg.eigvalsh(H)[:, :1]
    size = size_of(H)[:, None] + shift
    assert np.all(norms(left) <= 1e-5 * (norms(g)[:, None] + size * norms(s)))
    assert np.all(lowest + shift >= -1e-5 * size)


def far_from_rounding(n, seed, name=""):
    """Models whose decisions (definite or not, hard or not, when to truncate) no rounding can turn."""
    kinds = ("definite", "ill-conditioned", "indefinite", "negative")
    return models(n, seed, tuple(k for k in kinds if name != "steihaug" or k != "ill-conditioned"))


@pytest.mark.parametrize("name", PATHS)
def test_units_of_x_change_no_step(name):
    """x -> u x, that is g / u, H / uu', scale / u, maps s to u s: bitwise for powers of two, else to rounding."""
    n, rng = 5, np.random.default_rng(11)
    H, g = far_from_rounding(n, 3, name)
    d = np.exp(rng.standard_normal(g.shape))
    s = steps(name, H, g, d)
    u = 2.0 ** rng.integers(-20, 20, g.shape)
    moved = steps(name, H / (u[:, :, None] * u[:, None, :]), g / u, d / u)
    np.testing.assert_array_equal(moved, s * u[:, None])
    u = 10 ** rng.uniform(-6, 6, g.shape)
    moved = steps(name, H / (u[:, :, None] * u[:, None, :]), g / u, d / u) / u[:, None]
    apart = norms((moved - s) * d[:, None])
    assert np.all(apart <= 1e-7 * norms(s * d[:, None]))


@pytest.mark.parametrize("name", PATHS)
def test_the_unit_of_f_changes_no_step(name):
    """f -> 4^k f with scale -> 2^k scale (the natural one follows) and lengths -> 2^k: the same steps, bitwise."""
    H, g = far_from_rounding(5, 4, name)
    d = np.sqrt(np.abs(np.diagonal(H, axis1=1, axis2=2)))
    s = steps(name, H, g, d)
    for k in (-20, 13):
        taus = TAUS if name in ("ray", "damped") else TAUS * 2.0**k
        np.testing.assert_array_equal(steps(name, H * 4.0**k, g * 4.0**k, d * 2.0**k, taus), s)


@pytest.mark.parametrize("name", PATHS)
def test_lanes_of_a_batch_take_the_steps_of_single_models(name):
    """vmap changes no step beyond rounding: batched factorizations are the same factorizations."""
    H, g = far_from_rounding(5, 6, name)
    one, many = steps(name, H, g), steps(name, H, g, how="vmap")
    assert np.all(norms(many - one) <= 1e-9 * norms(one))


@pytest.mark.parametrize("name", PATHS)
def test_single_precision_is_kept_and_the_laws_hold_in_it(name):
    """float32 in, float32 out; finite, inside the radius, and at least Cauchy's decrease to its rounding."""
    H, g = (a.astype(np.float32) for a in models(5, kinds=("definite", "indefinite", "singular", "hard")))
    s = steps(name, H, g)
    assert s.dtype == np.float32 and np.all(np.isfinite(s))
    if name in RADIUS_PATHS:
        taus = TAUS.astype(np.float32)
        assert np.all(norms(s) <= taus * (1 + 1e-5))
        gained = decrease(H[:, None].astype(float), g[:, None].astype(float), s.astype(float))
        size = norms(g)[:, None]
        cauchy = 0.5 * size * np.minimum(taus, size / size_of(H)[:, None])
        assert np.all(gained >= 0.89 * cauchy - 1e-4 * cauchy.max(axis=1, keepdims=True))


def test_x64_is_on():
    """The laws above are those of double precision."""
    assert jnp.zeros(()).dtype == np.float64

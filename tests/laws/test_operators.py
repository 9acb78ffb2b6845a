"""Laws of operators and of the linear algebra: every form agrees with its matrix, every solve with NumPy."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raphson.kernel.branch import cond_under_vmap
from raphson.linear.cg import lowest_ritz
from raphson.linear.cholesky import factorize
from raphson.linear.spectral import lowest_pair
from raphson.operators.dense import Dense, Diagonal, Inverted
from raphson.operators.low_rank import LowRank
from raphson.operators.matrix_free import MatrixFree
from raphson.problems.minimize import Minimize
from tests.laws.random_models import KINDS, batch, quadratics

EPS = np.finfo(float).eps
SIZES = (1, 2, 5)
COUNT = 8
seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=12, deadline=None, derandomize=True)


def quartic(x, A, c):
    """A function whose Hessian at x is A + diag(3 c x^2), in closed form."""
    return 0.5 * x @ A @ x + 0.25 * jnp.sum(c * x**4)


def pairs_of_operators_and_matrices(rng, n):
    """Each operator with the matrix that it stands for, built by NumPy alone."""
    A = quadratics(rng, n, "indefinite", 1)[0][0]
    P = quadratics(rng, n, "definite", 1)[0][0]
    e, x, c = rng.standard_normal((3, n))
    U, w = rng.standard_normal((n, 3)), np.array([1.5, 0.0, -0.25])
    problem = Minimize(quartic, (jnp.asarray(A), jnp.asarray(c)))
    return {
        "Dense": (Dense(jnp.asarray(A)), A),
        "Diagonal": (Diagonal(jnp.asarray(e)), np.diag(e)),
        "Inverted": (Inverted.of(jnp.asarray(np.linalg.inv(P)), jnp.ones(n)), P),
        "LowRank": (LowRank(jnp.asarray(2.0), jnp.asarray(U), jnp.asarray(w)), 2 * np.eye(n) + (U * w) @ U.T),
        "MatrixFree": (MatrixFree(problem, jnp.asarray(x)), A + np.diag(3 * c * x**2)),
    }


@jax.jit
def everything(B, v):
    """All that an operator can do, at once."""
    return B.mv(v), B.quadratic(v), B.dense(), B.diagonal(), B.rounding(jnp.abs(v))


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("name", ["Dense", "Diagonal", "Inverted", "LowRank", "MatrixFree"])
@few
@given(seed=seeds)
def test_every_form_agrees_with_the_matrix(name, n, seed):
    """mv(v) = B v, quadratic(v) = v'B v, dense() = B, diagonal() = diag B, size = n."""
    rng = np.random.default_rng(seed)
    B, matrix = pairs_of_operators_and_matrices(rng, n)[name]
    v = rng.standard_normal(n)
    mv, quadratic, dense, diagonal, rounding = everything(B, jnp.asarray(v))
    close = partial(np.testing.assert_allclose, rtol=1e-12, atol=1e-12)
    close(mv, matrix @ v)
    close(quadratic, v @ matrix @ v)
    close(dense, matrix)
    close(diagonal, np.diag(matrix))
    assert B.size == n
    assert np.all(rounding >= 0), "the noise of a gradient is no negative number"
    assert np.all(np.asarray(rounding) <= np.abs(matrix) @ np.abs(v) + 1e-12), "rounding(size) is at most |B| size"


solved = jax.jit(jax.vmap(lambda H, b: (lambda F: (F.definite, F.solve(b)))(factorize(H))))


@pytest.mark.parametrize("n", SIZES)
@few
@given(seed=seeds)
def test_a_factor_solves_and_knows_whether_the_matrix_is_definite(n, seed):
    """factorize(H).solve(b) = H^-1 b to cond * eps for H > 0; `definite` is right beyond the noise of H."""
    rng = np.random.default_rng(seed)
    H = quadratics(rng, n, "definite", COUNT)[0]
    b = rng.standard_normal((COUNT, n))
    definite, x = solved(H, b)
    assert np.all(definite)
    np.testing.assert_allclose(x, np.linalg.solve(H, b[..., None])[..., 0], rtol=100 * n * EPS, atol=100 * n * EPS)
    for kind, expected in (("indefinite", False), ("negative", False), ("singular", True)):
        if n == 1 and kind == "singular":
            continue  # the zero matrix, below
        definite, _ = solved(quadratics(rng, n, kind, COUNT)[0], b)
        assert np.all(np.asarray(definite) == expected), kind


@pytest.mark.parametrize("sign", [1, -1])
def test_definiteness_is_decided_down_to_the_noise(sign):
    """An eigenvalue of +-1e4 n eps beside others of order one is told from zero, and so is its sign."""
    rng = np.random.default_rng(3)
    n = 5
    V = np.linalg.qr(rng.standard_normal((n, n)))[0]
    H = (V * np.array([sign * 1e4 * n * EPS, 0.5, 1, 1.5, 2])) @ V.T
    definite, _ = solved(((H + H.T) / 2)[None], np.ones((1, n)))
    assert bool(definite[0]) == (sign > 0)


directed = jax.jit(jax.vmap(lambda H, g, d: Dense(H).newton(g, d).s))


@pytest.mark.parametrize("n", SIZES)
@few
@given(seed=seeds)
def test_newton_directions_descend_for_every_symmetric_matrix(n, seed):
    """g's < 0 wherever g is not zero, for definite, indefinite, negative and singular B in any units."""
    rng = np.random.default_rng(seed)
    H, g = batch(rng, n, COUNT, tuple(kind for kind in KINDS if kind != "zero" and (n > 1 or kind != "singular")))
    u = 10 ** rng.uniform(-6, 6, g.shape)
    g, H, d = g * u, H * u[:, :, None] * u[:, None, :], u
    s = np.asarray(directed(H, g, d))
    assert np.all(np.isfinite(s))
    moving = np.any(g != 0, axis=1)
    assert np.all(np.sum(g * s, 1)[moving] < 0)
    assert np.all(s[~moving] == 0)


FLAT = {
    "indefinite": np.diag([-1.0, 0.0]),
    "indefinite of three": np.diag([2.0, -1.0, 0.0]),
}


@pytest.mark.parametrize("n", SIZES)
def test_a_gradient_of_a_linear_model_is_followed(n):
    """g's < 0 also where B = 0."""
    g = np.ones((1, n))
    s = np.asarray(directed(np.zeros((1, n, n)), g, np.ones((1, n))))
    assert np.all(np.isfinite(s)) and np.sum(g * s) < 0


@pytest.mark.parametrize("name", FLAT)
def test_a_gradient_along_a_flat_direction_is_followed(name):
    """g's < 0 also where g lies wholly in the null space of B: with s = 0 the run would end on a slope."""
    H = FLAT[name]
    n = len(H)
    g = np.zeros(n)
    g[-1] = 1.0
    s = np.asarray(directed(H[None], g[None], np.ones((1, n))))[0]
    assert np.all(np.isfinite(s)) and g @ s < 0


@pytest.mark.parametrize("n", SIZES)
@few
@given(seed=seeds, decades=st.floats(0, 8))
def test_newton_directions_of_definite_matrices_are_newton_steps(n, seed, decades):
    """B s = -g to cond * eps for B > 0, whatever kind of operator holds B."""
    rng = np.random.default_rng(seed)
    V = np.linalg.qr(rng.standard_normal((n, n)))[0]
    w = np.logspace(-decades, 0, n)
    H, g = (V * w) @ V.T, rng.standard_normal(n)
    H = (H + H.T) / 2
    exact = -np.linalg.solve(H, g)
    bound = 100 * n * EPS * 10**decades * np.linalg.norm(exact)
    s = np.asarray(directed(H[None], g[None], np.ones((1, n))))[0]
    assert np.linalg.norm(s - exact) <= bound
    one = jnp.ones(n)
    inverted = Inverted.of(jnp.asarray(np.linalg.inv(H)), jnp.asarray(g)).newton(jnp.asarray(g), one).s
    assert np.linalg.norm(np.asarray(inverted) - exact) <= bound


@few
@given(seed=seeds, rank=st.integers(1, 3))
def test_woodbury_leaves_dead_columns_out(seed, rank):
    """A column with weight 0 changes nothing, also where the column itself is not zero."""
    check_woodbury(seed, rank)


@few
@given(seed=seeds)
def test_woodbury_solves_low_rank_systems(seed):
    """newton(g) = -B^-1 g."""
    check_woodbury(seed, 4)


solve_low_rank = jax.jit(lambda B, g: B.newton(g, jnp.ones_like(g)).s)


def check_woodbury(seed, rank):
    """Against NumPy, with the weights after the first `rank` zero."""
    rng = np.random.default_rng(seed)
    U = rng.standard_normal((6, 4))
    c = np.where(np.arange(4) < rank, rng.uniform(0.5, 2, 4), 0)
    g = rng.standard_normal(6)
    B = LowRank(jnp.asarray(1.7), jnp.asarray(U), jnp.asarray(c))
    exact = -np.linalg.solve(1.7 * np.eye(6) + (U * c) @ U.T, g)
    np.testing.assert_allclose(solve_low_rank(B, jnp.asarray(g)), exact, rtol=1e-11, atol=1e-12)


ritz = jax.jit(lambda H, z: lowest_ritz(lambda v: H @ v, z, 8))


@few
@given(seed=seeds)
def test_lanczos_finds_the_lowest_eigenpair(seed):
    """With n steps the lowest Ritz pair is the lowest eigenpair, and the largest |Ritz value| the norm of B."""
    rng = np.random.default_rng(seed)
    H = quadratics(rng, 8, "indefinite", 1)[0][0]
    low, v, top = (np.asarray(a) for a in ritz(H, rng.standard_normal(8)))
    w = np.linalg.eigvalsh(H)
    np.testing.assert_allclose(low, w[0], rtol=1e-9)
    np.testing.assert_allclose(top, np.max(np.abs(w)), rtol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(v), 1, rtol=1e-12)
    np.testing.assert_allclose(v @ H @ v, w[0], rtol=1e-9)


lowest = jax.jit(lowest_pair)


@few
@given(seed=seeds)
def test_the_lowest_pair_is_an_eigenpair_of_fixed_sign(seed):
    """H v = w v with w the smallest eigenvalue, |v| = 1, and the largest entry of v positive."""
    H = quadratics(np.random.default_rng(seed), 5, "indefinite", 1)[0][0]
    w, v = (np.asarray(a) for a in lowest(H))
    np.testing.assert_allclose(H @ v, w * v, atol=1e-13)
    np.testing.assert_allclose(w, np.linalg.eigvalsh(H)[0], rtol=1e-12)
    assert v[np.argmax(np.abs(v))] > 0


def test_negative_curvature_is_found_exactly_where_it_is():
    """A unit direction v with v'Bv < 0 for indefinite B, dense or as products; none for B >= 0."""
    rng = np.random.default_rng(1)
    one = jnp.ones(5)
    problem = lambda H: Minimize(lambda x, A: 0.5 * x @ A @ x, (jnp.asarray(H),))
    dense = jax.jit(lambda H: Dense(H).negative_curvature(one))
    free = jax.jit(lambda H: MatrixFree(problem(H), jnp.zeros(5)).negative_curvature(one))
    for find in (dense, free):
        for kind, expected in (("indefinite", True), ("negative", True), ("definite", False), ("singular", False)):
            for H in quadratics(rng, 5, kind, COUNT)[0]:
                found, v = find(jnp.asarray(H))
                assert bool(found) == expected, kind
                if expected:
                    np.testing.assert_allclose(np.linalg.norm(v), 1, rtol=1e-12)
                    assert np.asarray(v) @ H @ np.asarray(v) < 0


def test_rare_work_is_done_only_where_a_lane_asks_for_it():
    """cond_under_vmap(flag, f, x, other) is f(x) or other lane by lane; under vmap f is not run when no lane asks."""
    ran = []

    def compute(x):
        jax.debug.callback(lambda: ran.append(1))
        return 10 * x

    batched = jax.jit(jax.vmap(lambda flag, x: cond_under_vmap(flag, compute, x, -x)))
    x = jnp.arange(4.0)
    for flags in ([False] * 4, [True, False, True, False], [True] * 4):
        ran.clear()
        out = batched(jnp.asarray(flags), x)
        jax.effects_barrier()
        np.testing.assert_array_equal(out, np.where(flags, 10 * np.asarray(x), -np.asarray(x)))
        assert bool(ran) == any(flags)

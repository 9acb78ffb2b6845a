"""Laws of learned curvature: secant equations, symmetry, definiteness, and the limited-memory form."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raphson.kernel.evaluation import Evaluation
from raphson.kernel.space import Euclidean
from raphson.model.quasi_newton import BFGS, DFP, LBFGS, SR1
from raphson.problems.minimize import Minimize
from tests.laws.random_models import quadratics

CURVATURES = {"bfgs": BFGS(), "dfp": DFP(), "sr1": SR1(), "lbfgs": LBFGS(), "lbfgs-3": LBFGS(size=3)}
N = 5
seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=15, deadline=None, derandomize=True)
blank = Minimize(lambda x: jnp.sum(x))


@cache
def learner(name):
    """One compiled function: gradient and step in, (B dense, its inverse where kept, memory) out."""
    curvature = CURVATURES[name]

    def learn(value, g, s, memory):
        m, memory = curvature.model(Euclidean(), Evaluation(jnp.zeros(N), value, g), s, memory)
        return m.curvature.dense(), getattr(m.curvature, "inverse", None), memory

    return curvature.start(blank, jnp.zeros(N)), jax.jit(learn)


def taught(name, S, Y, value=1.0, g0=None):
    """The curvature after the pairs (s_k, y_k), and before: [(B, inverse), ...] beginning at the first point."""
    memory, learn = learner(name)
    g = np.ones(N) if g0 is None else g0
    out = []
    B, inverse, memory = learn(value, g, np.zeros(N), memory)
    out.append((np.asarray(B), inverse))
    for s, y in zip(S, Y, strict=True):
        g = g + y
        B, inverse, memory = learn(value, g, s, memory)
        out.append((np.asarray(B), inverse))
    return out


def convex_pairs(rng, count):
    """Steps and gradient changes of a strictly convex function whose Hessian changes from pair to pair."""
    S = rng.standard_normal((count, N))
    H = quadratics(rng, N, "definite", count)[0]
    return S, np.einsum("kij,kj->ki", H, S)


@pytest.mark.parametrize("name", CURVATURES)
@few
@given(seed=seeds)
def test_the_newest_pair_is_reproduced(name, seed):
    """B+ s = y (the secant equation) and B symmetric, after every pair."""
    S, Y = convex_pairs(np.random.default_rng(seed), 6)
    for (B, _), s, y in zip(taught(name, S, Y)[1:], S, Y, strict=True):
        np.testing.assert_allclose(B, B.T, atol=1e-12 * np.abs(B).max())
        if name == "sr1" and not stable(B, s, y):
            continue
        np.testing.assert_allclose(B @ s, y, rtol=1e-7, atol=1e-8 * np.linalg.norm(y))


def stable(B, s, y):
    """Whether SR1's denominator was safely away from zero: its update is skipped or huge elsewhere."""
    return np.linalg.norm(B, 2) < 1e4 * np.linalg.norm(y) / np.linalg.norm(s)


@pytest.mark.parametrize("name", ["bfgs", "dfp", "lbfgs", "lbfgs-3"])
@few
@given(seed=seeds)
def test_pairs_of_positive_curvature_keep_definiteness(name, seed):
    """B > 0 after every pair with y's > 0; a pair with y's <= 0 changes nothing; B times its kept inverse is I."""
    rng = np.random.default_rng(seed)
    S, Y = convex_pairs(rng, 5)
    S, Y = np.concatenate([S, S[:1], S[:1]]), np.concatenate([Y, -Y[:1], 0 * Y[:1]])
    learned = taught(name, S, Y)
    for B, inverse in learned:
        assert np.linalg.eigvalsh(B)[0] > 0
        if inverse is not None:
            np.testing.assert_allclose(B @ inverse, np.eye(N), atol=1e-9 * np.linalg.cond(B))
    for B, _ in learned[-2:]:
        np.testing.assert_array_equal(B, learned[-3][0])


def bfgs_by_hand(B, s, y):
    """B - B s s'B / s'B s + y y' / y's (Nocedal and Wright, equation 6.19)."""
    Bs = B @ s
    return B - np.outer(Bs, Bs) / (s @ Bs) + np.outer(y, y) / (y @ s)


@pytest.mark.parametrize(("name", "live"), [("lbfgs", 10), ("lbfgs-3", 3)])
@few
@given(seed=seeds)
def test_the_compact_form_is_the_recursion_from_gamma(name, live, seed):
    """L-BFGS equals BFGS started at gamma I (gamma = y'y / s'y of the newest pair) on the last `live` pairs."""
    S, Y = convex_pairs(np.random.default_rng(seed), 7)
    for k, (B, _) in enumerate(taught(name, S, Y)):
        if k == 0:
            continue
        expected = Y[k - 1] @ Y[k - 1] / (S[k - 1] @ Y[k - 1]) * np.eye(N)
        for s, y in zip(S[max(0, k - live) : k], Y[max(0, k - live) : k], strict=True):
            expected = bfgs_by_hand(expected, s, y)
        np.testing.assert_allclose(B, expected, atol=1e-8 * np.abs(expected).max())


@few
@given(seed=seeds)
def test_bfgs_and_dfp_are_duals(seed):
    """BFGS of B is DFP of the inverse with s and y exchanged: B_dfp(s, y) = (B_bfgs(y, s))^-1 from the same start."""
    rng = np.random.default_rng(seed)
    S, Y = convex_pairs(rng, 1)
    start = Y[0] @ Y[0] / (S[0] @ Y[0])
    expected = np.linalg.inv(bfgs_by_hand(np.eye(N) / start, Y[0], S[0]))
    np.testing.assert_allclose(taught("dfp", S, Y)[1][0], expected, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(taught("bfgs", S, Y)[1][0], bfgs_by_hand(start * np.eye(N), S[0], Y[0]), rtol=1e-9)


@pytest.mark.parametrize("name", ["bfgs", "dfp", "lbfgs"])
@few
@given(seed=seeds)
def test_exact_line_searches_on_a_quadratic_end_in_n_steps(name, seed):
    """With exact searches BFGS, DFP, and L-BFGS with m >= n are conjugate gradients: n steps, and then B = H."""
    rng = np.random.default_rng(seed)
    H = quadratics(rng, N, "definite", 1)[0][0]
    memory, learn = learner(name)
    x = rng.standard_normal(N)
    first = np.linalg.norm(H @ x)
    s = np.zeros(N)
    for _ in range(N):
        g = H @ x
        B = np.asarray(learn(1.0, g, s, memory)[0])
        memory = learn(1.0, g, s, memory)[2]
        p = -np.linalg.solve(B, g)
        s = -(g @ p) / (p @ H @ p) * p
        x = x + s
    assert np.linalg.norm(H @ x) <= 1e-6 * first
    if name != "lbfgs":
        np.testing.assert_allclose(learn(1.0, H @ x, s, memory)[0], H, atol=1e-5)


@few
@given(seed=seeds)
def test_sr1_learns_a_quadratic_from_any_independent_steps(seed):
    """On a quadratic, indefinite or not, SR1 reproduces all its pairs: after n independent steps B = H."""
    rng = np.random.default_rng(seed)
    H = quadratics(rng, N, "indefinite", 1)[0][0]
    S = np.linalg.qr(rng.standard_normal((N, N)))[0]
    learned = taught("sr1", S, S @ H)
    if all(stable(B, s, H @ s) for (B, _), s in zip(learned[1:], S, strict=True)):
        np.testing.assert_allclose(learned[-1][0], H, atol=1e-6)


@pytest.mark.parametrize("name", CURVATURES)
def test_the_unit_of_f_scales_the_curvature(name):
    """f -> 4^k f makes 4^k B, bitwise: no constant in a learned curvature has a unit."""
    S, Y = convex_pairs(np.random.default_rng(2), 4)
    for k in (-20, 20):
        c = 4.0**k
        for (B, _), (scaled, _) in zip(taught(name, S, Y), taught(name, S, c * Y, c, c * np.ones(N)), strict=True):
            np.testing.assert_allclose(scaled, c * B, rtol=1e-12)


@few
@given(seed=seeds)
def test_sr1_begins_definite(seed):
    """Its first pair makes eigenvalues (1 -+ sin) y'y / s'y, sin that of the angle between s and y: none is zero."""
    S, Y = convex_pairs(np.random.default_rng(seed), 1)
    s, y = S[0], Y[0]
    size, cosine = y @ y / (s @ y), s @ y / np.linalg.norm(s) / np.linalg.norm(y)
    sine = np.sqrt(1 - cosine**2)
    B = taught("sr1", S, Y)[1][0]
    expected = size * np.array([1 - sine, *[1 + sine] * (N - 1)])
    np.testing.assert_allclose(np.linalg.eigvalsh(B), expected, rtol=1e-6, atol=1e-9 * size)
    np.testing.assert_allclose(B @ s, y, rtol=1e-9, atol=1e-12 * np.linalg.norm(y))

"""Laws of QR steps, of the Gram and Held operators, of models at bounds, and of geodesic acceleration."""

from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.calculus.taylor import BEND
from raphson.kernel.space import Box, Euclidean
from raphson.linear.qr import back, reduced, shortest, triangle
from raphson.model.bounds import reduce_to_free
from raphson.model.curvature import GaussNewton
from raphson.model.quadratic import Model
from raphson.operators.dense import Dense, Diagonal, Inverted, Measured
from raphson.operators.gram import Gram
from raphson.operators.held import Held
from raphson.operators.low_rank import LowRank
from raphson.operators.matrix_free import MatrixFree
from raphson.paths.damped import Damped
from raphson.paths.geodesic import Geodesic
from raphson.problems.loss import cauchy

EPS = np.finfo(float).eps
SHAPES = {"tall": (9, 4), "square": (4, 4), "wide": (2, 4), "one column": (5, 1), "one number": (1, 1)}
SOLVED = ("tall", "wide", "one column")
"""Shapes for which whole solves are compiled."""

COUNT = 6
SHIFTS = (1e-12, 1e-3, 1.0, 1e6)


def matrices(m, n, seed=0):
    """A batch (COUNT, m, n): random ones, graded ones, a zero column, equal columns, and zero."""
    rng = np.random.default_rng(seed + 10 * m + n)
    A = rng.standard_normal((COUNT, m, n))
    A[1] *= np.logspace(0, -8, n)
    A[2] *= np.logspace(6, -6, m)[:, None]
    A[3, :, 0] = 0
    A[4] = A[4, :, :1]
    A[5] = 0
    return A


@jax.jit
def both_triangles(A):
    """R of every matrix by LAPACK one after another, and by the unrolled reflections for all at once."""
    return jax.lax.map(triangle, A), jax.vmap(triangle)(A)


@pytest.mark.parametrize("shape", SHAPES)
def test_r_times_r_is_a_times_a(shape):
    """R is upper triangular, R'R = A'A to rounding, and the rows are NumPy's up to signs; single and in batches."""
    A = matrices(*SHAPES[shape])
    for R in map(np.asarray, both_triangles(jnp.asarray(A))):
        assert R.shape == (COUNT, A.shape[2], A.shape[2])
        np.testing.assert_array_equal(R, np.triu(R))
        for mine, a in zip(R, A, strict=True):
            theirs = np.linalg.qr(np.pad(a, ((0, a.shape[1]), (0, 0))), mode="r")
            columns = np.linalg.norm(a, axis=0)
            assert np.all(np.abs(mine.T @ mine - a.T @ a) <= 50 * EPS * np.outer(columns, columns) + 1e-300)
            assert np.all(np.abs(np.linalg.norm(mine, axis=0) - columns) <= 20 * EPS * columns)
            if np.linalg.matrix_rank(a) == a.shape[1]:
                np.testing.assert_allclose(np.abs(mine), np.abs(theirs), rtol=1e-7, atol=1e-12 * np.abs(theirs).max())


@pytest.mark.parametrize("n", [1, 4])
def test_back_substitution_solves(n):
    """R y = b, for one and for many, also with one factor or one right-hand side for all."""
    rng = np.random.default_rng(n)
    R, b = np.triu(rng.standard_normal((COUNT, n, n))) + 3 * np.eye(n), rng.standard_normal((COUNT, n))
    expected = np.linalg.solve(R, b[..., None])[..., 0]

    @jax.jit
    def ways(R, b):
        return jax.lax.map(lambda p: back(*p), (R, b)), jax.vmap(back)(R, b), jax.vmap(back, (None, 0))(R[0], b)

    one, many, shared = map(np.asarray, ways(jnp.asarray(R), jnp.asarray(b)))
    np.testing.assert_allclose(one, expected, rtol=1e-12)
    np.testing.assert_allclose(many, expected, rtol=1e-12)
    np.testing.assert_allclose(shared, np.linalg.solve(R[0], b.T).T, rtol=1e-12)


@jax.jit
def solutions(J, r, d):
    """For a batch, single and vmapped: damped steps for all `SHIFTS`, the Newton step, slope; in unscaled variables."""

    def of(J, r):
        plan = reduced(J, r, d)
        damped = jax.vmap(plan.solve)(jnp.asarray(SHIFTS, r.dtype))
        return jax.vmap(plan.lift)(damped), plan.newton(), plan.slope

    return jax.lax.map(lambda p: of(*p), (J, r)), jax.vmap(of)(J, r)


@cache
def solved(shape):
    """A batch of problems of one shape with the steps by `solutions`."""
    m, n = SHAPES[shape]
    rng = np.random.default_rng(m + n)
    J, r, d = matrices(m, n), rng.standard_normal((COUNT, m)), np.exp(rng.standard_normal(n))
    return J, r, d, jax.tree.map(np.asarray, solutions(jnp.asarray(J), jnp.asarray(r), jnp.asarray(d)))


def exact_damped(J, r, shift):
    """argmin |J y + r|^2 + shift |y|^2 by NumPy's lstsq of the stacked system."""
    n = J.shape[1]
    stacked = np.concatenate([J, np.sqrt(shift) * np.eye(n)])
    return np.linalg.lstsq(stacked, np.concatenate([-r, np.zeros(n)]), rcond=None)[0]


@pytest.mark.parametrize("shape", SOLVED)
def test_damped_steps_solve_the_stacked_system(shape):
    """The step for every shift is lstsq's of [J/d; sqrt(shift) I], for full rank, rank one and zero.

    To the bound of backward stability: eps cond (|y| + cond |r| / |A|) (Bjorck 1996, theorem 1.4.6).
    """
    J, r, d, ways = solved(shape)
    for steps, _, _ in ways:
        assert np.all(np.isfinite(steps))
        for i, shift in ((i, shift) for i in range(COUNT) for shift in SHIFTS):
            stacked = np.concatenate([J[i] / d, np.sqrt(shift) * np.eye(len(d))])
            values = np.linalg.svd(stacked, compute_uv=False)
            condition, left = values[0] / values[-1], np.linalg.norm(r[i]) / values[0]
            expected = exact_damped(J[i] / d, r[i], shift)
            error = np.linalg.norm(steps[i, SHIFTS.index(shift)] * d - expected)
            assert error <= 20 * EPS * condition * (np.linalg.norm(expected) + condition * left), (i, shift)


@pytest.mark.parametrize("shape", SOLVED)
def test_newton_steps_minimize_and_are_the_shortest(shape):
    """|J s + r| is least; where J is rank-deficient the scaled step is the one of minimum norm."""
    J, r, d, ways = solved(shape)
    for _, newton, slope in ways:
        for i in range(COUNT):
            S = J[i] / d
            expected = np.linalg.lstsq(S, -r[i], rcond=8 * len(d) * EPS)[0]
            bound = 1e-13 * max(np.linalg.cond(S) if np.linalg.matrix_rank(S) == min(S.shape) else 1e3, 1e3)
            assert np.linalg.norm(newton[i] - expected) <= bound * (np.linalg.norm(expected) + 1), i
            assert slope[i] == pytest.approx(np.linalg.norm(S.T @ r[i]), rel=1e-10, abs=1e-13 * np.linalg.norm(S))


def graded(condition, m=30, n=5):
    """J = U diag(1 .. 1/condition) V', and a step s that is to be found again from r = -J s."""
    rng = np.random.default_rng(3)
    U, V = np.linalg.qr(rng.standard_normal((m, n)))[0], np.linalg.qr(rng.standard_normal((n, n)))[0]
    J = (U * np.logspace(0, -np.log10(condition), n)) @ V.T
    return J, rng.standard_normal(n)


@jax.jit
def three_ways(J, r):
    """The least-squares step by QR, by QR with the smallest damping, and by the normal equations."""
    plan = reduced(J, r, jnp.ones(J.shape[1], J.dtype))
    return plan.newton(), plan.solve(jnp.asarray(1e-32, J.dtype)), -jnp.linalg.solve(J.T @ J, J.T @ r)


def test_qr_keeps_the_digits_that_the_normal_equations_lose():
    """Condition 1e8, exact solution known: QR leaves eps * 1e8 of the step in error, J'J nearly all of it."""
    J, s = graded(1e8)
    r = -np.asarray(J.astype(np.longdouble) @ s.astype(np.longdouble), float)
    error = lambda y: np.linalg.norm(np.asarray(y) - s) / np.linalg.norm(s)
    newton, damped, normal = map(error, three_ways(jnp.asarray(J), jnp.asarray(r)))
    reference = error(np.linalg.lstsq(J, -r, rcond=None)[0])
    assert newton <= 10 * EPS * 1e8 and damped <= 10 * EPS * 1e8
    assert newton <= 30 * reference + 1e-10, "as good as LAPACK's SVD"
    assert normal > 1e3 * newton, "or this test shows nothing"


def test_the_shortest_solution_is_pinvs():
    """`shortest` is -pinv(R) q for a triangular R of rank two."""
    rng = np.random.default_rng(0)
    R = np.triu(rng.standard_normal((4, 4)))
    R[:, 2:] = R[:, :2] @ rng.standard_normal((2, 2))
    R = np.linalg.qr(R, mode="r")
    q = rng.standard_normal(4)
    mine = np.asarray(shortest(jnp.asarray(R), jnp.asarray(q)))
    np.testing.assert_allclose(mine, -np.linalg.pinv(R, rcond=1e-12) @ q, rtol=1e-10, atol=1e-12)


HELD = np.array([False, True, False, True])


@jax.jit
def everything(B, v):
    """All that an operator can do, at once."""
    return B.mv(v), B.quadratic(v), B.dense(), B.diagonal()


def operators(rng):
    """Gram and Held operators with their matrices by NumPy; held ones around every kind that `reduce_to_free` wraps."""
    J = rng.standard_normal((6, 4))
    A = J.T @ J
    U, w, stiff = rng.standard_normal((4, 2)), np.array([1.5, 0.5]), np.where(HELD, [1.0, 2.0, 3.0, 0.5], 0)
    low = LowRank(jnp.asarray(2.0), jnp.asarray(U), jnp.asarray(w))
    gram = Gram(*map(jnp.asarray, (J, np.ones(6), np.ones(6))))
    free = ~HELD[:, None] & ~HELD[None, :]
    taken = lambda M: np.where(free, M, 0) + np.diag(stiff**2)
    flags, roots = jnp.asarray(HELD), jnp.asarray(stiff)
    return {
        "Gram": (gram, A),
        "Held Gram": (Held(gram, flags, roots), taken(A)),
        "Held Dense": (Held(Dense(jnp.asarray(A)), flags, roots), taken(A)),
        "Held LowRank": (Held(low, flags, roots), taken(2 * np.eye(4) + (U * w) @ U.T)),
    }


@pytest.mark.parametrize("name", ["Gram", "Held Gram", "Held Dense", "Held LowRank"])
def test_every_form_of_an_operator_is_its_matrix(name):
    """mv, quadratic, dense and diagonal agree with NumPy; the matrix is symmetric."""
    rng = np.random.default_rng(1)
    B, M = operators(rng)[name]
    v = rng.standard_normal(4)
    mv, quadratic, dense, diagonal = everything(B, jnp.asarray(v))
    np.testing.assert_allclose(dense, M, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(mv, M @ v, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(quadratic, v @ M @ v, rtol=1e-12)
    np.testing.assert_allclose(diagonal, np.diag(M), rtol=1e-13)
    assert B.size == 4


def kinds():
    """The operators above, and those that a model without residuals may have, each with its matrix (definite)."""
    rng = np.random.default_rng(1)
    found = operators(rng)
    A, e = found["Gram"][1], rng.uniform(0.5, 2, 4)
    U = rng.standard_normal((4, 2))
    w = np.array([1.5, 0.0])
    problem = rp.Minimize(lambda x, A: 0.5 * x @ A @ x, (jnp.asarray(A),))
    return found | {
        "Dense": (Dense(jnp.asarray(A)), A),
        "Measured": (Measured(jnp.asarray(A), jnp.asarray(1e-9 * np.abs(A))), A),
        "Inverted": (Inverted.of(jnp.asarray(np.linalg.inv(A)), jnp.ones(4)), A),
        "Diagonal": (Diagonal(jnp.asarray(e)), np.diag(e)),
        "LowRank": (LowRank(jnp.asarray(2.0), jnp.asarray(U), jnp.asarray(w)), 2 * np.eye(4) + (U * w) @ U.T),
        "MatrixFree": (MatrixFree(problem, jnp.ones(4)), A),
    }


KINDS = tuple(kinds())


@pytest.mark.parametrize("name", KINDS)
def test_every_operator_answers_what_a_method_asks(name):
    """Newton step, shifted solves and restriction against NumPy, in units spread over three decades."""
    B, M = kinds()[name]
    d = np.array([0.1, 1.0, 30.0, 4.0])
    g = np.asarray(B.J.T @ B.r) if name == "Gram" else np.array([1.0, -2.0, 0.5, 3.0])
    newton = np.asarray(B.newton(jnp.asarray(g), jnp.asarray(d)).s)
    loose = 0.05 if name == "MatrixFree" or name.startswith("Held") else 1e-10  # conjugate gradients: two digits of g
    np.testing.assert_allclose((M @ newton + g) / d, 0, atol=loose * np.linalg.norm(g / d))
    plan = B.prepare(jnp.asarray(g), jnp.asarray(d))
    np.testing.assert_allclose(plan.slope, np.linalg.norm(g / d), rtol=1e-12)
    assert plan.lowest <= np.linalg.eigvalsh(M / np.outer(d, d))[0] * (1 + 1e-9)
    for shift in (1e-3, 1.0, 1e3):
        y = plan.solve(jnp.asarray(shift))
        s = -np.linalg.solve(M + shift * np.diag(d**2), g)
        np.testing.assert_allclose(plan.lift(y), s, rtol=1e-9, atol=1e-12 * np.abs(s).max())
        np.testing.assert_allclose(np.linalg.norm(y), np.linalg.norm(d * s), rtol=1e-9)
    stiff = np.where(HELD, 3.0, 0)
    held = B.restrict(jnp.asarray(HELD), jnp.asarray(stiff), jnp.zeros(4))
    free = ~HELD[:, None] & ~HELD[None, :]
    np.testing.assert_allclose(held.dense(), np.where(free, M, 0) + np.diag(stiff**2), rtol=1e-12, atol=1e-13)
    assert np.all(np.asarray(B.stiffness(jnp.asarray(g), jnp.asarray(d))) > 0)


@pytest.mark.parametrize("name", KINDS)
def test_every_operator_says_truly_what_it_is(name):
    """No negative eigenvalue, no coupling, a stored matrix, an inverse: what is claimed is so; finite is noticed."""
    B, M = kinds()[name]
    off = M - np.diag(np.diag(M))
    assert B.coupled or not off.any()
    if B.semidefinite:
        found, v = B.negative_curvature(jnp.ones(4))
        assert not found and not np.any(v)
    if B.stored() is not None:
        np.testing.assert_array_equal(B.stored(), M)
    if (inverse := B.known_inverse()) is not None:
        np.testing.assert_allclose(inverse @ M, np.eye(4), atol=1e-12)
    assert (B.doubt() is not None) == (name == "Measured")
    assert bool(B.finite())
    if not isinstance(B, (Gram, MatrixFree, Held)):  # these hold no numbers that a finite gradient does not vouch for
        broken = replace(B, **{field: jnp.full_like(getattr(B, field), jnp.nan) for field in vars(B)})
        assert not bool(broken.finite())


def boxed_model(kind):
    """A model at x = 0 in the box [-1, 1] x [0, 1] x [-1, 1] x [-5, 0.001] that pushes x2 and x4 out of it."""
    rng = np.random.default_rng(5)
    J = rng.standard_normal((8, 4))
    g = np.array([0.3, 2.0, -0.4, -1.5])
    A = J.T @ J
    r = np.linalg.lstsq(J.T, g, rcond=None)[0]
    curvature = {
        "gram": Gram(*map(jnp.asarray, (J, r, np.ones(8)))),
        "dense": Dense(jnp.asarray(A)),
        "inverted": Inverted.of(jnp.asarray(np.linalg.inv(A)), jnp.ones(4)),
        "diagonal": Diagonal(jnp.asarray(np.diag(A))),
        "low rank": LowRank(jnp.asarray(2.0), jnp.asarray(J[:2].T), jnp.ones(2)),
    }[kind]
    box = Box(jnp.asarray([-1.0, 0.0, -1.0, -5.0]), jnp.asarray([1.0, 1.0, 1.0, 1e-3]))
    d = jnp.sqrt(curvature.diagonal())
    return Model(jnp.zeros(4), jnp.asarray(1.0), jnp.asarray(g), curvature, d, box)


@pytest.mark.parametrize("kind", ["gram", "dense", "inverted", "diagonal", "low rank"])
def test_held_variables_are_uncoupled_and_go_to_their_bound_alone(kind):
    """x2 (at its bound) and x4 (a thousandth away) are held; nothing couples them; x1 and x3 keep their model."""
    model = boxed_model(kind)
    loose = reduce_to_free(model)
    B, M = np.asarray(loose.hessian), np.asarray(model.hessian)
    g = np.asarray(loose.gradient)
    free = ~HELD
    assert not B[np.ix_(HELD, free)].any() and not B[np.ix_(free, HELD)].any()
    np.testing.assert_allclose(B[np.ix_(free, free)], M[np.ix_(free, free)], rtol=1e-13)
    np.testing.assert_array_equal(g[free], np.asarray(model.gradient)[free])
    own = -g[HELD] / np.diag(B)[HELD]
    assert own[0] == 0 and own[1] >= 1e-3 * (1 - 1e-13), "at the bound, or beyond it, where the step is cut"
    assert np.all(np.diag(B)[HELD] > 0) and B[1, 3] == 0
    if isinstance(loose.curvature, Gram):
        np.testing.assert_allclose(loose.curvature.J.T @ loose.curvature.r, g, rtol=1e-12, atol=1e-14)
        assert loose.curvature.root.shape == loose.curvature.r.shape


def test_without_bounds_nothing_is_held():
    """`reduce_to_free` returns the model itself in a Euclidean space; in a box far away it changes no number."""
    model = boxed_model("dense")
    plain = replace(model, space=Euclidean())
    assert reduce_to_free(plain) is plain
    wide = replace(model, space=Box(jnp.full(4, -jnp.inf), jnp.full(4, 1e300)))
    np.testing.assert_array_equal(reduce_to_free(wide).gradient, model.gradient)
    np.testing.assert_array_equal(reduce_to_free(wide).hessian, model.hessian)


def test_a_move_in_a_box_ends_exactly_at_its_bounds():
    """Every coordinate stops at its bound, to the last bit; the step made is the difference, and the cut is told."""
    lower, upper = np.array([0.1, -0.3, 1 / 3]), np.array([0.7, 0.3, 1e9])
    box, x = Box(jnp.asarray(lower), jnp.asarray(upper)), jnp.asarray([0.2, 0.1, 1.0])
    steps = jnp.asarray([[9.0, -9.0, -9.0], [0.1, 0.1, 0.1], [-0.1, 0.0, 0.0], [1e300, -1e300, 1e300]])
    there, made, cut = jax.vmap(lambda s: box.move(x, s))(steps)
    assert np.all((there >= lower) & (there <= upper))
    np.testing.assert_array_equal(there[0], [upper[0], lower[1], lower[2]])
    np.testing.assert_array_equal(cut, [True, False, False, True])
    np.testing.assert_array_equal(made[1], steps[1])
    np.testing.assert_allclose(x + made, there, rtol=1e-15)


def valley(x, k):
    """Rosenbrock's residuals, the curved valley."""
    return jnp.stack([k * (x[1] - x[0] ** 2), 1 - x[0]])


def trigonometric(x, k):
    """Residuals with many second derivatives, of two variables."""
    return jnp.stack([k * jnp.sin(x[0] * x[1]), jnp.exp(x[0]) * x[1] ** 3, x[0] / (2 + x[1]), jnp.sum(x)])


@jax.jit
def bends(x, v, k):
    """`bend` along v for the residuals, plain and weighted, and the residuals some way along v."""
    h = 1e-3 * jnp.asarray([-2, -1, 0, 1, 2.0])
    robust = BEND.evaluate(rp.LeastSquares(trigonometric, (k,), rp.Loss(cauchy, 1.0)), x).curvature
    plain = BEND.evaluate(rp.LeastSquares(trigonometric, (k,)), x).curvature
    along = jax.vmap(lambda t: trigonometric(x + t * v, k))(h)
    return plain.bend(v), robust.bend(v), robust.root, along


def test_bend_is_the_second_derivative_along_a_direction():
    """Against differences of fourth order; with a robust loss it carries the weights of J."""
    rng = np.random.default_rng(2)
    for _ in range(5):
        x, v = rng.standard_normal((2, 2))
        plain, robust, root, f = map(np.asarray, bends(jnp.asarray(x), jnp.asarray(v), 1.7))
        second = (-f[0] + 16 * f[1] - 30 * f[2] + 16 * f[3] - f[4]) / (12 * 1e-6)
        np.testing.assert_allclose(plain, second, rtol=1e-6, atol=1e-7 * np.abs(f).max())
        np.testing.assert_allclose(robust, root * plain, rtol=1e-12, atol=1e-14)


@jax.jit
def two_steps(x, tau, k):
    """The damped step and the bent one from x, with their costs."""
    problem = rp.LeastSquares(valley, (k,))
    model, _ = GaussNewton(observation=BEND).model(
        Euclidean(), BEND.evaluate(problem, x), x, GaussNewton().start(problem, x)
    )
    flat, bent = (path.at(path.prepare(model), tau).s for path in (Damped(), Geodesic()))
    return flat, bent, problem.value(x), problem.value(x + flat), problem.value(x + bent)


def test_the_bent_step_follows_a_curved_valley():
    """On the floor of Rosenbrock's valley every long corrected step that is taken costs less."""
    points = [(x1, tau) for x1 in np.linspace(-1.2, 0.8, 11) for tau in (50.0, 1e2, 2e2, 1e3)]
    steps = [two_steps(jnp.asarray([x1, x1**2]), tau, 10.0) for x1, tau in points]
    taken = [costs for flat, bent, *costs in steps if not np.array_equal(flat, bent)]
    assert len(taken) >= 15
    assert all(bent < min(flat, start) for start, flat, bent in taken)


def test_the_bend_is_left_out_where_it_is_too_long():
    """2 |a| > 0.75 |v|: the straight step; else they differ by a / 2, at most 3/16 of it."""
    x = jnp.asarray([-1.2, 1.44])
    flat, bent, *_ = two_steps(x, 1e12, 10.0)
    np.testing.assert_array_equal(flat, bent)
    for tau in (1e-3, 1.0, 30.0):
        flat, bent, *_ = map(np.asarray, two_steps(x, tau, 10.0))
        d = np.linalg.norm(jax.jacfwd(valley)(x, 10.0), axis=0)
        assert np.linalg.norm(d * (bent - flat)) <= 0.75 / 4 * np.linalg.norm(d * flat) * (1 + 1e-12)

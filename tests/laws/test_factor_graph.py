"""Factor graphs: blocks are the derivatives of the assembled residuals, whatever is held, repeated or robust; the gauge
is taken care of; bad input is refused before the loop."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import raphson as rp
from raphson.calculus.colored import SPARSE, SPARSE_GRAM
from raphson.kernel.space import Euclidean
from raphson.problems.loss import LOSSES, Loss
from raphson.slam import errors
from raphson.slam.graph import roots_of
from raphson.slam.prepare import prepare_graph
from raphson.solver.carry import lean, whole
from raphson.solver.presets import cast, residual_preset
from raphson.solver.step import init


def spread(rng, m, d):
    """Random information matrices."""
    A = rng.standard_normal((m, d, d))
    return A @ np.swapaxes(A, 1, 2) + np.eye(d)


def plane_graph(seed=0, n=8, frozen=(0,)):
    """Poses in the plane in a row with loops, landmarks seen from some and one position."""
    rng = np.random.default_rng(seed)
    graph = rp.slam.FactorGraph()
    graph.add_variables("pose", rp.slam.SE2(), rng.standard_normal((n, 3)) * [3, 3, 1], frozen=list(frozen))
    graph.add_variables("landmark", Euclidean(), rng.standard_normal((3, 2)) * 4)
    pairs = np.array([(k, k + 1) for k in range(n - 1)] + [(5, 1), (2, 7)])
    graph.add_factors(
        errors.between_se2, ("pose", "pose"), pairs, rng.standard_normal((len(pairs), 3)),
        information=spread(rng, len(pairs), 3),
    )  # fmt: skip
    seen = np.array([(0, 0), (1, 0), (4, 1), (6, 2), (2, 2), (5, 1)])
    graph.add_factors(errors.point_se2, ("pose", "landmark"), seen, rng.standard_normal((6, 2)), sigmas=[0.5, 0.7])
    graph.add_factors(errors.range_bearing, ("pose", "landmark"), seen[:4], rng.uniform(0.5, 2, (4, 2)))
    graph.add_factors(errors.position_se2, "pose", [7], rng.standard_normal((1, 2)), covariance=np.diag([4.0, 9.0]))
    return graph


def space_graph(seed=0, n=5):
    """Poses in space, nothing fixed."""
    rng = np.random.default_rng(seed)
    graph = rp.slam.FactorGraph()
    v = rng.standard_normal((n, 6))
    graph.add_variables("pose", rp.slam.SE3(), rp.slam.SE3().exp(jnp.asarray(v)))
    pairs = np.array([(k, k + 1) for k in range(n - 1)] + [(0, 3), (4, 2)])
    z = rp.slam.SE3().exp(jnp.asarray(rng.standard_normal((len(pairs), 6))))
    graph.add_factors(errors.between_se3, ("pose", "pose"), pairs, z, information=spread(rng, len(pairs), 6))
    graph.add_factors(errors.between_se3_log, ("pose", "pose"), pairs, z)
    graph.add_variables("point", Euclidean(), rng.standard_normal((2, 3)))
    seen = [(0, 0), (1, 0), (2, 1), (3, 1)]
    graph.add_factors(errors.point_se3, ("pose", "point"), seen, rng.standard_normal((4, 3)))
    return graph


GRAPHS = {"plane": plane_graph, "space": space_graph}
COSTS = {name: Loss(rho, None if name == "linear" else np.asarray(1.7), name) for name, rho in LOSSES.items()}


@pytest.mark.parametrize("name", GRAPHS)
def test_blocks_are_the_jacobian_of_the_assembled_residuals(name):
    """J, J'J, J'r, products, and what restricting does, against jacfwd over all unknowns at once."""
    p = prepare_graph(GRAPHS[name]())
    problem, x = p.problem, p.x
    zero = problem.space.zero(x)
    J = jax.jacfwd(lambda s: problem.residuals(problem.space.retract(x, s)))(zero)
    r = problem.residuals(x)
    B = SPARSE_GRAM.evaluate(problem, x)
    G, tol = B.curvature, {"rtol": 1e-12, "atol": 1e-11}
    rng = np.random.default_rng(1)
    v, w = rng.standard_normal(zero.size), rng.standard_normal(r.size)
    held = np.arange(zero.size) % 3 == 1
    np.testing.assert_allclose(G.matrix().toarray(), J, **tol)
    np.testing.assert_allclose(B.gradient, r @ J, **tol)
    np.testing.assert_allclose(G.dense(), J.T @ J, **tol)
    np.testing.assert_allclose(G.structure.times(G.entries, jnp.asarray(v)), J @ v, **tol)
    np.testing.assert_allclose(G.structure.transposed(G.entries, jnp.asarray(w)), w @ J, **tol)
    np.testing.assert_allclose(G.diagonal(), np.sum(J * J, 0), **tol)
    np.testing.assert_allclose(G.noise(jnp.abs(v)), np.abs(r) @ (np.abs(J) @ np.abs(v)), **tol)
    kept = np.where(held, 0, J)
    limited = G.restrict(jnp.asarray(held), jnp.where(held, 1.3, 0), 0 * zero)
    np.testing.assert_allclose(limited.dense(), kept.T @ kept + np.diag(np.where(held, 1.3**2, 0)), **tol)
    assert G.structure.shape == J.shape


@pytest.mark.parametrize(
    ("name", "loss"), [*(("plane", loss) for loss in COSTS), ("space", "linear"), ("space", "geman-mcclure")]
)
def test_cost_gradient_and_hessian_agree_under_every_loss(name, loss):
    """The gradient and the exact Hessian from blocks are those that JAX has of the cost; the Gauss-Newton model has the
    same gradient and no negative curvature."""
    problem = (p := prepare_graph(GRAPHS[name](), COSTS[loss])).problem
    zero, pulled = problem.space.zero(p.x), problem.pulled(p.x)
    tol = {"rtol": 1e-9, "atol": 1e-9}
    exact, model = SPARSE.evaluate(problem, p.x), SPARSE_GRAM.evaluate(problem, p.x)
    for seen in (exact, model):
        np.testing.assert_allclose(seen.value, problem.value(p.x), rtol=1e-13)
        np.testing.assert_allclose(seen.gradient, jax.grad(pulled)(zero), **tol)
    np.testing.assert_allclose(exact.curvature.dense(), jax.hessian(pulled)(zero), **tol)
    assert np.linalg.eigvalsh(model.curvature.dense())[0] >= -1e-9


def test_robust_costs_are_those_of_whole_factors():
    """1/2 c^2 sum rho(e' Omega e / c^2), factor by factor."""
    graph = plane_graph()
    p, plain = prepare_graph(graph, COSTS["cauchy"]), prepare_graph(graph)
    total, start, r = 0.0, 0, np.asarray(plain.problem.residuals(p.x))
    for f in graph.factors:
        for _ in range(len(f)):
            end = start + f.roots.shape[-1]
            total += 0.5 * 1.7**2 * np.log1p(np.sum(r[start:end] ** 2) / 1.7**2)
            start = end
    assert float(p.problem.value(p.x)) == pytest.approx(total, rel=1e-13)


def test_carries_hold_no_pattern_and_no_data():
    """What travels in the loop is numbers of the run."""
    p = prepare_graph(plane_graph())
    method = cast(residual_preset("lm", p.problem), float)
    state = init(method, p.problem, p.x)
    inside = sum(np.size(a) for a in jax.tree.leaves(lean(state)))
    assert inside < sum(np.size(a) for a in jax.tree.leaves(whole(lean(state), p.problem)))
    assert not any(np.asarray(a).dtype == np.int32 and np.size(a) > 1 for a in jax.tree.leaves(lean(state)))


def test_held_variables_stay_and_the_gauge_is_taken_care_of():
    """A frozen pose is no unknown; where nothing is fixed one pose of each component is held, a landmark never where
    there is a pose; what no factor touches stays."""
    graph = plane_graph(frozen=(2, 4))
    p = prepare_graph(graph)
    assert p.free["pose"].tolist() == [0, 1, 3, 5, 6, 7] and p.notes == ()
    values = p.values({name: a + 1 for name, a in p.x.items()})
    np.testing.assert_array_equal(values["pose"][[2, 4]], graph.variables["pose"].values[[2, 4]])
    np.testing.assert_array_equal(values["pose"][[0, 1]], graph.variables["pose"].values[[0, 1]] + 1)

    rng = np.random.default_rng(0)
    two = rp.slam.FactorGraph()
    two.add_variables("landmark", Euclidean(), rng.standard_normal((3, 2)))
    two.add_variables("pose", rp.slam.SE2(), rng.standard_normal((7, 3)))
    two.add_factors(errors.between_se2, ("pose", "pose"), [(1, 0), (2, 1), (4, 3)], rng.standard_normal((3, 3)))
    two.add_factors(errors.point_se2, ("pose", "landmark"), [(0, 0), (2, 0), (3, 1)], rng.standard_normal((3, 2)))
    two.add_factors(errors.prior_se2, "pose", [5], rng.standard_normal((1, 3)))
    p = prepare_graph(two)
    assert p.free["pose"].tolist() == [1, 2, 4, 5] and p.free["landmark"].tolist() == [0, 1]
    assert "2 components" in p.notes[0] and "pose 0, pose 3" in p.notes[0] and "2 variables" in p.notes[1]
    assert rp.slam.optimize(two).success


def test_a_wrong_graph_is_refused_before_the_loop():
    """Each with what is wrong and where."""
    graph = plane_graph()
    between = errors.between_se2
    for call, word in (
        (lambda g: g.add_variables("pose", rp.slam.SE2(), np.zeros((2, 3))), "there already"),
        (lambda g: g.add_variables("a", rp.slam.SE2(), np.zeros((2, 4))), r"\(N, 3\)"),
        (lambda g: g.add_variables("a", rp.slam.SE2(), np.zeros(3)), "rows"),
        (lambda g: g.add_variables("a", rp.slam.SE2(), [[0, 0, 0], [0, np.nan, 0]]), "row 1"),
        (lambda g: g.add_factors(between, ("pose", "pole"), [(0, 1)], np.zeros((1, 3))), "'pole'"),
        (lambda g: g.add_factors(between, ("pose", "pose"), [(0, 8)], np.zeros((1, 3))), "0 to 7"),
        (lambda g: g.add_factors(between, ("pose", "pose"), [(0, 1), (2, 2)], np.zeros((2, 3))), "'pose' 2 twice"),
        (lambda g: g.add_factors(between, ("pose", "pose"), [(0, 1)], np.zeros((2, 3))), "2 measurements"),
        (lambda g: g.add_factors(between, ("pose", "pose"), [(0, 1)], np.zeros((1, 3)), sigmas=[1, 0, 1]), "positive"),
        (lambda g: g.add_factors(between, ("pose", "pose"), [(0, 1)], np.zeros((1, 3)), sigmas=[1, 1]), r"\(3,\)"),
        (
            lambda g: g.add_factors(between, ("pose", "pose"), [(0, 1)], np.zeros((1, 3)), information=-np.eye(3)),
            "semi",
        ),
        (
            lambda g: g.add_factors(
                between, ("pose", "pose"), [(0, 1)], np.zeros((1, 3)), information=np.eye(3), sigmas=np.ones(3)
            ),
            "twice",
        ),
        (lambda g: rp.slam.optimize(g, init="here"), "'here'"),
        (lambda g: rp.slam.optimize(g, init={"pole": 1}), "'pole'"),
        (lambda g: rp.slam.optimize(g, init={"pose": np.zeros((2, 3))}), r"\(8, 3\)"),
        (lambda g: rp.slam.optimize(g, method="lmm"), "'lm'"),
        (lambda g: rp.slam.optimize(g, loss="huberr"), "'huber'"),
    ):
        with pytest.raises(ValueError, match=word):
            call(graph)
    with pytest.raises(ValueError, match="no factors"):
        rp.slam.optimize(rp.slam.FactorGraph())


def test_roots_give_the_information_back():
    """Also of a semidefinite one; an indefinite or lopsided one is refused."""
    rng = np.random.default_rng(2)
    omega = spread(rng, 4, 3)
    omega[2] = np.diag([1.0, 0.0, 4.0])
    R = roots_of(omega)
    np.testing.assert_allclose(np.swapaxes(R, 1, 2) @ R, omega, atol=1e-13)
    for bad in (np.diag([1.0, -1.0]), np.array([[1.0, 0.5], [0.0, 1.0]])):
        with pytest.raises(ValueError, match="matri"):
            roots_of(bad[None])


def turned_back(pose, other):
    """The pose `other` seen from `pose`, in NumPy."""
    c, s = np.cos(pose[..., 2]), np.sin(pose[..., 2])
    d = other[..., :2] - pose[..., :2]
    angle = other[..., 2] - pose[..., 2]
    return np.stack([c * d[..., 0] + s * d[..., 1], c * d[..., 1] - s * d[..., 0], angle], -1)


@pytest.mark.parametrize("method", ["auto", "gauss-newton", "dogleg", "newton"])
def test_every_method_finds_the_minimum_that_scipy_finds(method):
    """From a good start, residuals written anew in NumPy there."""
    rng = np.random.default_rng(3)
    truth = np.cumsum(rng.uniform(-1, 1, (12, 3)) * [1, 1, 0.3], 0)
    pairs = np.array([(k, k + 1) for k in range(11)] + [(0, 5), (3, 9), (2, 11)])
    z = turned_back(truth[pairs[:, 0]], truth[pairs[:, 1]]) + 0.01 * rng.standard_normal((14, 3))
    start = truth + 0.05 * rng.standard_normal((12, 3))
    graph = rp.slam.FactorGraph()
    graph.add_variables("pose", rp.slam.SE2(), start)
    graph.add_factors(errors.between_se2, ("pose", "pose"), pairs, z, sigmas=[0.01] * 3)
    result = rp.slam.optimize(graph, method)

    def residuals(v):
        x = np.concatenate([start[:1], v.reshape(-1, 3)])
        e = turned_back(z, turned_back(x[pairs[:, 0]], x[pairs[:, 1]]))
        return e.ravel() / 0.01

    found = scipy.optimize.least_squares(residuals, start[1:].ravel(), xtol=1e-15, ftol=1e-15, gtol=1e-15)
    assert result.success and result.value == pytest.approx(found.cost, rel=1e-9)
    np.testing.assert_allclose(result.poses[1:], found.x.reshape(-1, 3), atol=1e-7)
    assert result.chi2["g2o"] == pytest.approx(2 * result.value)

"""Eliminating points gives the step of the whole: on random small problems, whatever is held, and however what is left
is solved."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.calculus.colored import SPARSE, SPARSE_GRAM
from raphson.kernel.space import Euclidean
from raphson.linear.schur import cg_steps
from raphson.problems.loss import LOSSES, Loss, linear
from raphson.slam import eliminate, errors
from raphson.slam.optimize import chosen_methods
from raphson.slam.prepare import prepare_graph
from tests.laws.test_factor_graph import plane_graph

WAYS = ("schur", "schur-sparse", "schur-cg")
SE3 = rp.slam.SE3()


def prior(p, z):
    return p - z


def both(a, b, p, z):
    """A factor of two poses and a point: between which of them it lies."""
    return (SE3.act(a, p) + SE3.act(b, p))[:2] - z


def bundle(seed=0, cameras=5, points=14, shared=False, frozen_pose=(), frozen_point=(), more=True):
    """Cameras around points; every point is seen by a few, point 0 by one alone, point 1 by one of them twice."""
    rng = np.random.default_rng(seed)
    graph = rp.slam.FactorGraph(gauge="free")
    X = rng.standard_normal((points, 3))
    v = np.concatenate([np.tile([0.0, 0, -6], (cameras, 1)), 0.4 * rng.standard_normal((cameras, 3))], 1)
    poses = np.asarray(SE3.exp(jnp.asarray(v)))
    lenses = np.array([500.0, -0.1, 0.02]) * (1 + 0.05 * rng.standard_normal((1 if shared else cameras, 3)))
    seen = [(c, p) for p in range(1, points) for c in rng.choice(cameras, rng.integers(2, cameras), replace=False)]
    rows = np.array([(0, 0), (seen[0][0], 1), *seen])
    rows = np.stack([rows[:, 0], 0 * rows[:, 0] if shared else rows[:, 0], rows[:, 1]], 1)
    exact = [errors.reprojection(*map(jnp.asarray, (poses[c], lenses[k], X[p], np.zeros(2)))) for c, k, p in rows]
    graph.add_variables("pose", SE3, poses, list(frozen_pose))
    graph.add_variables("lens", Euclidean(), lenses)
    graph.add_variables("point", Euclidean(), X + 0.05 * rng.standard_normal(X.shape), list(frozen_point))
    pixels = np.array(exact) + rng.standard_normal((len(rows), 2))
    pixels[3] += 80  # an outlier
    graph.add_factors(errors.reprojection, ("pose", "lens", "point"), rows, pixels, sigmas=[1.0, 1.3])
    if more:
        graph.add_factors(prior, "point", [[2], [3]], rng.standard_normal((2, 3)))
        z = SE3.exp(jnp.asarray(rng.standard_normal((2, 6))))
        graph.add_factors(errors.between_se3, ("pose", "pose"), [(0, 1), (1, 2)], z)
        graph.add_factors(
            both, ("pose", "pose", "point"), [(0, 1, 4), (2, 0, 4), (1, 3, 2)], rng.standard_normal((3, 2))
        )
    return graph


GRAPHS = {
    "all free": bundle(),
    "one lens": bundle(1, shared=True),
    "held": bundle(2, frozen_pose=(0, 3), frozen_point=(1, 5)),
    "cameras known": bundle(3, frozen_pose=range(5), more=False),
    "landmarks in the plane": plane_graph(4),
    "two cameras": bundle(5, cameras=3, points=6, more=False),
}


@jax.jit
def damped_step(curvature, g, d, shift):
    plan = curvature.prepare(g, d)
    return plan.lift(plan.solve(shift))


@jax.jit
def linearized(problem, x):
    seen = SPARSE_GRAM.traced(problem, x)
    return seen.gradient, seen.curvature


def operator(graph, solver, loss=None):
    made = prepare_graph(graph, loss, solver)
    g, curvature = linearized(made.problem, made.x)
    if solver == "schur-cg":  # to the last digits, where a run asks for a hundredth
        exact = replace(curvature.elimination, accuracy=jnp.asarray(1e-13))
        curvature = replace(curvature, elimination=exact)
    return g, curvature


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", GRAPHS)
def test_a_damped_step_is_that_of_the_whole_matrix(name, way):
    g, whole = operator(GRAPHS[name], "cholmod")
    _, parts = operator(GRAPHS[name], way)
    d = jnp.sqrt(whole.diagonal()) * jnp.asarray(np.random.default_rng(7).uniform(1, 2, g.size))
    for shift in (1e-3, 1.0, 1e4):
        H = np.asarray(whole.dense() + shift * jnp.diag(d**2))
        s = [np.asarray(damped_step(a, g, d, shift)) for a in (whole, parts)]
        dense = -np.linalg.solve(H / np.outer(d, d), np.asarray(g / d)) / d
        size = np.linalg.norm(d * dense)
        assert np.linalg.norm(d * (s[1] - s[0])) <= 1e-10 * size
        assert np.linalg.norm(d * (s[1] - dense)) <= 1e-10 * size


@pytest.mark.parametrize("loss", ["huber", "cauchy", "tukey"])
def test_with_a_robust_loss_too(loss):
    wanted = Loss(LOSSES[loss], np.asarray(3.0), loss)
    g, whole = operator(GRAPHS["all free"], "cholmod", wanted)
    _, parts = operator(GRAPHS["all free"], "schur", wanted)
    d = jnp.sqrt(whole.diagonal())
    a, b = (damped_step(m, g, d, 1e-2) * d for m in (whole, parts))
    assert jnp.linalg.norm(a - b) <= 1e-10 * jnp.linalg.norm(a)


def test_held_variables_and_their_stiffness_are_respected():
    g, whole = operator(GRAPHS["one lens"], "cholmod")
    _, parts = operator(GRAPHS["one lens"], "schur")
    held = jnp.zeros(g.size, bool).at[jnp.array([0, 7, g.size - 20])].set(True)
    room, stiff = jnp.where(held, 0.1, 0.0), jnp.where(held, 5.0, 0.0)
    d = jnp.sqrt(whole.diagonal())
    a, b = (m.restrict(held, stiff, room) for m in (whole, parts))
    a, b = (damped_step(m, m.slope(), d, 0.1) * d for m in (a, b))
    assert jnp.linalg.norm(a - b) <= 1e-10 * jnp.linalg.norm(a)


def test_what_is_not_finite_or_singular_gives_a_finite_step_or_none():
    g, parts = operator(GRAPHS["all free"], "schur")
    d = jnp.sqrt(parts.diagonal())
    bad = replace(parts, entries=(parts.entries[0] * jnp.nan, *parts.entries[1:]))
    assert not jnp.any(damped_step(bad, g, d, 1.0))
    assert jnp.all(jnp.isfinite(damped_step(parts, g, d, 0.0)))  # frame and scale are open, point 0 has no depth


def test_every_way_ends_at_the_same_minimum():
    ends = {way: rp.slam.optimize(GRAPHS["held"], linear_solver=way) for way in ("cholmod", *WAYS)}
    for way, fit in ends.items():  # a valley: point 0 has no depth; conjugate gradients go along it to a hundredth
        assert fit.value == pytest.approx(ends["cholmod"].value, rel=1e-6 if way == "schur-cg" else 1e-8), way
    assert any("eliminated" in reason for reason in ends["schur"].reasons)


def test_automatic_choice_and_its_reason():
    assert "'point' is eliminated" in prepare_graph(bundle(points=40)).solver
    assert "would be left" in prepare_graph(bundle(points=5, more=False)).solver
    chain = rp.slam.FactorGraph()
    chain.add_variables("pose", rp.slam.SE2(), np.zeros((3, 3)))
    chain.add_factors(errors.between_se2, ("pose", "pose"), [(0, 1), (1, 2)], np.ones((2, 3)))
    assert "coupled with itself" in prepare_graph(chain).solver
    with pytest.raises(ValueError, match="no such type among 'pose'"):
        prepare_graph(chain, linear_solver="schur")
    with pytest.raises(ValueError, match="linear_solver must be 'auto'"):
        prepare_graph(chain, linear_solver="lu")


def test_conjugate_gradients_have_the_blocks_of_the_dense_complement():
    graph = bundle(6, cameras=6, points=40, more=False)
    found, at = {}, {}
    for way in ("schur", "schur-cg"):
        g, parts = operator(graph, way)
        d = jnp.sqrt(parts.diagonal())
        found[way], at[way] = parts.prepare(g, d).factorized(1e-4), parts.elimination
    dense = np.asarray(found["schur"].factor @ found["schur"].factor.T)
    blocks = at["schur-cg"].blocks
    assert blocks.members.shape == (6, 9) and at["schur-cg"].left.size == 0  # a camera and its lens; no pairs
    each = zip(np.asarray(blocks.members), np.asarray(found["schur-cg"].factor), strict=True)
    off = [np.abs(inverse @ dense[np.ix_(own, own)] - np.eye(9)).max() for own, inverse in each]
    assert sum(a < 1e-6 for a in off) == 5  # one camera sees a point twice: its block is another, and definite
    assert all(np.linalg.eigvalsh(inverse)[0] > 0 for inverse in np.asarray(found["schur-cg"].factor))
    b = jnp.asarray(np.random.default_rng(1).standard_normal(dense.shape[0]))
    y, steps = cg_steps(at["schur-cg"], found["schur-cg"], b)
    alone = jax.vmap(lambda A: jnp.diag(1 / jnp.diagonal(jnp.linalg.inv(A))))(found["schur-cg"].factor)
    _, more = cg_steps(at["schur-cg"], replace(found["schur-cg"], factor=alone), b)
    assert np.allclose(dense @ np.asarray(y), b, atol=1e-8)
    assert 2 * steps < more


def test_large_complements_go_by_what_is_not_zero_in_them(monkeypatch):
    monkeypatch.setattr(eliminate, "DENSE_MOST", 20)
    seen = prepare_graph(bundle(8, cameras=6, points=60, more=False))
    assert "conjugate gradients" in seen.solver and seen.problem.jacobian_sparsity.elimination.way == "cg"
    street = rp.slam.FactorGraph()
    street.add_variables("pose", rp.slam.SE2(), np.zeros((30, 3)), [0])
    street.add_variables("mark", Euclidean(), np.ones((90, 2)))
    rows = [(k // 3 + j, k) for k in range(90) for j in (0, 1) if k // 3 + j < 30]
    street.add_factors(errors.point_se2, ("pose", "mark"), rows, np.ones((len(rows), 2)))
    made = prepare_graph(street)
    plan = made.problem.jacobian_sparsity.elimination
    assert "its sparse factor" in made.solver and plan.way == "sparse"
    share = eliminate.coupling(made.graph, made.free, "mark")
    assert share == pytest.approx((2 * plan.reduced.entries - 87) / 87**2, rel=0.05)  # 29 poses are free
    assert made.problem.sparsity is None and made.whole.sparsity.structure.size == 29 * 3 + 180
    assert chosen_methods("newton", made, Loss(linear))[0][1].curvature.observation is SPARSE  # and no dense Hessian
    monkeypatch.setattr(eliminate, "MOST_PAIRS", 1)
    assert "would be left" in prepare_graph(street).solver

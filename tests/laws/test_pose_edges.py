"""What makes pose graphs quick is still exact: full turns, derivatives by one pose, remembered structures, ends."""

from dataclasses import replace
from functools import wraps
from importlib import import_module
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.certificate.shape import largest_value
from raphson.kernel.motion import SE2, SE3, wrapped
from raphson.kernel.space import Euclidean
from raphson.linear.sparse import BACKENDS
from raphson.slam import errors
from raphson.slam.optimize import poor_start
from raphson.slam.prepare import prepare_graph
from raphson.slam.problem import Factor


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_full_turns_are_taken_away_and_half_a_turn_stays(dtype):
    """As `round` does it, but for halves, which stay where they are."""
    angles = np.concatenate([np.linspace(-40, 40, 4001), [0, -0.0, 1e-300, 3e5]]).astype(dtype)
    found = np.asarray(wrapped(jnp.asarray(angles)), float)
    turns = (angles.astype(float) - found) / (2 * np.pi)
    loose = 64 * np.finfo(dtype).eps * np.maximum(1, np.abs(angles.astype(float)))
    assert np.all(np.abs(found) <= np.pi + loose) and np.all(np.abs(turns - np.round(turns)) <= loose)
    assert float(wrapped(jnp.asarray(np.pi))) == np.pi and float(wrapped(jnp.asarray(-np.pi))) == -np.pi
    assert np.isnan(float(wrapped(jnp.asarray(np.nan))))
    many = np.array([1.4e10, -1e12, 1e15]).astype(dtype)  # more turns than 2^31
    assert dtype is np.float32 or np.all(np.abs(wrapped(jnp.asarray(many))) <= np.pi + 1e-15 * np.abs(many))


@pytest.mark.parametrize("space", [SE2(), SE3()])
def test_carried_back_is_the_adjoint_of_the_inverse(space):
    """Against the adjoint by differentiation."""
    x = space.exp(jnp.asarray(np.random.default_rng(3).standard_normal(space.freedom)))
    np.testing.assert_allclose(space.carried_back(x), space.adjoint(space.inverse(x)), atol=1e-14)


@pytest.mark.parametrize("space", [SE2(), SE3()])
def test_frame_is_the_derivative_of_a_step(space):
    x = space.exp(jnp.asarray(np.random.default_rng(4).standard_normal(space.freedom)))
    wanted = jax.jacfwd(lambda s: space.retract(x, s))(jnp.zeros(space.freedom))
    np.testing.assert_allclose(space.frame(x), wanted, atol=1e-15)


@pytest.mark.parametrize("space", [SE2(), SE3()])
def test_twice_is_the_bend_of_two_steps_in_a_row(space):
    """The second derivative of the one step that leads where two lead, by the first and the second."""
    rng = np.random.default_rng(6)
    x, g = space.exp(jnp.asarray(rng.standard_normal(space.freedom))), jnp.asarray(rng.standard_normal(space.freedom))
    both = lambda u, v: g @ space.difference(space.retract(space.retract(x, u), v), x)
    wanted = jax.jacfwd(jax.jacfwd(both, 1))(0 * g, 0 * g).T
    np.testing.assert_allclose(space.twice(g), wanted, atol=1e-14)


def row_of_points(error, space, width):
    """A graph of three variables in a row, and what is its residual."""
    graph = rp.slam.FactorGraph()
    rng = np.random.default_rng(2)
    graph.add_variables("p", space, rng.standard_normal((3, width)))
    graph.add_factors(error, ("p", "p"), [(0, 1), (1, 2)], rng.standard_normal((2, width)))
    return prepare_graph(graph).problem


def test_a_marked_error_of_other_variables_is_differentiated_as_it_stands():
    """An error that says what it is on SE2, asked of points of a plain space: its mark is not believed there."""
    marked = errors.of_difference(errors.PLANE, errors.plain)(lambda a, b, z: b - a - z)
    plain, own = (row_of_points(e, Euclidean(), 3) for e in (lambda a, b, z: b - a - z, marked))
    x = {"p": jnp.asarray(np.random.default_rng(5).standard_normal((2, 3)))}
    for one, other in zip(plain.residual.blocks(x, *plain.data)[1], own.residual.blocks(x, *own.data)[1], strict=True):
        np.testing.assert_array_equal(one, other)


@wraps(errors.between_se2)
def ten_times(a, b, z):
    """What a person makes of a marked error: its mark comes along."""
    return 10 * errors.between_se2(a, b, z)


@wraps(errors.between_se2)
def turned_by_numpy(a, b, z):
    """The same, through NumPy's protocols."""
    return np.asarray([1.0, 2.0, 3.0]) * np.array(b - a - z)


@pytest.mark.parametrize(
    ("error", "space"),
    [(ten_times, SE2()), (turned_by_numpy, SE2()), (errors.between_se3, SE3()), (errors.between_se3_log, SE3())],
)
def test_blocks_are_the_jacobian_of_what_is_minimized(error, space):
    """Of functions that wrap a marked one, and with measured quaternions of any length, which mean poses."""
    problem = row_of_points(error, space, space.width)
    x = {"p": space.project(jnp.asarray(np.random.default_rng(5).standard_normal((2, space.width))))}
    factors = problem.residual.factors(x, *problem.data)[0]
    as_it_stands = replace(factors, residual=lambda a, b, z: factors.residual(a, b, z))
    for one, other in zip(jax.vmap(Factor.linearized)(factors), jax.vmap(Factor.linearized)(as_it_stands), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-13)
    np.testing.assert_allclose(space.project(factors.measurement), factors.measurement, atol=1e-15)


def test_a_measured_quaternion_of_length_zero_is_refused():
    """It is no pose."""
    graph = rp.slam.FactorGraph()
    graph.add_variables("p", SE3(), np.eye(7)[[6, 6]])
    with pytest.raises(ValueError, match="1 measurements are not finite, or no poses, the first is that of factor 0"):
        graph.add_factors(errors.between_se3, ("p", "p"), [(0, 1)], np.zeros((1, 7)))


def test_a_structure_is_made_once_and_never_for_another_graph():
    """The same rows give the same object, other rows with the same shapes another one."""
    one, again = (row_of_points(errors.between_se2, SE2(), 3) for _ in range(2))
    assert one.jacobian_sparsity.structure is again.jacobian_sparsity.structure
    graph = rp.slam.FactorGraph()
    graph.add_variables("p", SE2(), np.zeros((3, 3)))
    graph.add_factors(errors.between_se2, ("p", "p"), [(0, 1), (0, 2)], np.zeros((2, 3)))
    other = prepare_graph(graph).problem.jacobian_sparsity.structure
    assert other is not one.jacobian_sparsity.structure
    assert other.normal.entries != one.jacobian_sparsity.structure.normal.entries


@pytest.mark.parametrize("n", [1, 2, 30])
def test_the_largest_eigenvalue_by_lanczos(n):
    """To three digits; of nothing it is nothing."""
    A = np.random.default_rng(n).standard_normal((n, n))
    H = A @ A.T
    assert largest_value(lambda v: H @ v, n) == pytest.approx(np.linalg.eigvalsh(H)[-1], rel=2e-3)
    assert largest_value(lambda v: 0 * v, n) == 0


def test_the_rounding_of_a_factor_is_known_before_it_is_made():
    """CHOLMOD's own order and fill give the bound that its factor gives; elsewhere it is 0, which promises nothing."""
    structure = row_of_points(errors.between_se2, SE2(), 3).jacobian_sparsity.structure.normal
    values = np.where(np.arange(structure.entries) == 0, 0.0, 0.01)
    values[np.asarray(structure.diagonal)] = 4.0
    for backend in BACKENDS.values():
        if backend.usable():
            factor = backend.host_factor(structure, values)
            assert factor is not None
            assert backend.foreseen_defect(structure, values) in (0.0, pytest.approx(factor.defect, rel=1e-12))


def test_many_refusals_at_the_beginning_make_a_poor_start():
    """Six of the first twenty trials; later ones do not count."""
    for refused, poor in ([range(5), False], [range(6), True], [range(25, 40), False]):
        accepted = np.ones(40, bool)
        accepted[list(refused)] = False
        assert poor_start(SimpleNamespace(accepted=accepted)) is poor  # type: ignore[arg-type]


def test_from_a_poor_start_two_methods_are_tried(shared, monkeypatch):
    """Both run, one result is returned; otherwise Gauss-Newton alone."""
    file, tried = rp.slam.read_g2o(shared / "data" / "pose-graphs" / "tinyGrid3D.g2o"), []
    module = import_module("raphson.slam.optimize")
    run = module.run_from
    monkeypatch.setattr(
        module, "run_from", lambda call, method, x, **k: tried.append(method) or run(call, method, x, **k)
    )
    plain = rp.slam.optimize(file)
    assert len(tried) == 1 and plain.success and plain.method == "gauss-newton"
    monkeypatch.setattr(module, "poor_start", lambda trace: True)
    both = rp.slam.optimize(file)
    assert len(tried) == 3 and both.success and both.value == pytest.approx(plain.value, rel=1e-9)
    rp.slam.optimize(file, max_steps=3)
    assert len(tried) == 4

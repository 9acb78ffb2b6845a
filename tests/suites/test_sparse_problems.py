"""Problems of many variables whose Hessian is sparse: found by itself, factorized in the loop, proven at the end."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import raphson as rp
from raphson.calculus.colored import SPARSE
from raphson.certificate.verdict import Proof, Verdict
from raphson.solver.drive import run
from raphson.solver.inputs import jax_problem, read_point
from raphson.solver.presets import PRESETS, cast
from raphson.solver.sparsity import sparse_of

N = 640


def chain(x):
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def wells(u):
    """Ginzburg and Landau on a grid of 20 x 32: two wells at every point, coupled."""
    a = u.reshape(20, 32)
    bonds = jnp.sum((a[1:] - a[:-1]) ** 2) + jnp.sum((a[:, 1:] - a[:, :-1]) ** 2)
    return jnp.sum((1 - a**2) ** 2) / 4 + 0.5 * bonds - 0.01 * jnp.sum(a)


def translated(x):
    """Nothing says where the whole lies: one flat direction."""
    d = x[1:] - x[:-1] - 1
    return jnp.sum(d**4 + d**2)


def arrow(x):
    """One variable in every term."""
    return jnp.sum((x[0] * x[1:] - 1) ** 2) + jnp.sum(x**2)


def obstacle(x):
    h = 1 / N
    return jnp.sum((x[1:] - x[:-1]) ** 2) / h / 2 + jnp.sum(x) * h + (x[0] ** 2 + x[-1] ** 2) / h


def pairs(x, partner):
    """Coupled as the data say."""
    return jnp.sum((x[partner] - x) ** 2 * (1 + x**2)) + jnp.sum((x - 1) ** 4 + x**2)


PROBLEMS = {
    "chain": (chain, 1 + 0.5 * np.sin(3.0 * np.arange(N)), {}),
    "wells": (wells, np.where(np.arange(N) % 3 == 0, 0.1, -0.05), {}),
    "translated": (translated, np.linspace(0, 3, N), {}),
    "arrow": (arrow, np.ones(N), {}),
    "bounds": (chain, np.zeros(N), {"bounds": [(-1, 0.5)] * N}),
    "obstacle": (obstacle, np.zeros(N), {"bounds": [(-0.02 * np.sin(i / 50) ** 2, None) for i in range(N)]}),
    "pairs": (pairs, np.ones(N), {"args": (np.arange(N)[::-1].copy(),)}),
    "single": (chain, np.full(N, 1.2, np.float32), {}),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_minimum_is_found_and_proven_by_a_factor(name):
    """No higher than SciPy's L-BFGS-B ends, and H is seen whole, up to its own n."""
    fun, x0, keywords = PROBLEMS[name]
    result = rp.minimize(fun, x0, method="trust-exact", **keywords)
    assert result.success, result.verdict
    assert result.certificate.proof == Proof.BOUNDED
    negative, zero, positive = result.certificate.inertia
    held = int(np.count_nonzero(result.active))
    assert negative == 0 and zero == (name == "translated") and positive == N - zero - held
    args = keywords.get("args", ())
    gradient = jax.jit(jax.grad(lambda x: fun(x, *args)))
    peer = scipy.optimize.minimize(
        lambda x: float(fun(jnp.asarray(x), *args)), np.asarray(x0, float), method="L-BFGS-B",
        jac=lambda x: np.asarray(gradient(x)), bounds=keywords.get("bounds"),
        options={"maxiter": 3000, "maxfun": 6000, "ftol": 1e-15, "gtol": 1e-9},
    )  # fmt: skip
    assert result.fun <= peer.fun + 1e-6 * max(1, abs(peer.fun))


def test_parameters_in_every_term_are_a_border_of_the_factor():
    """A chain of ten thousand, seen by two parameters: a color and a row of the factor for each, and proven."""
    n = 10_000

    def seen(u):
        x, t, s = u[1:-1], u[0], u[-1]
        rule = jnp.sum((x[1:] - s * x[:-1] ** 2) ** 2) + n * (s - 1) ** 2
        return jnp.sum((x - jnp.exp(t)) ** 2) / 2 + rule + t**2 / 10

    result = rp.minimize(seen, np.full(n + 2, 0.5))
    assert result.success and result.certificate.proof == Proof.BOUNDED
    assert result.certificate.inertia == (0, 0, n + 2)
    np.testing.assert_allclose(result.x, np.r_[0, np.ones(n + 1)], atol=1e-9)
    assert "5 products give it" in result.reasons[0] and "x[0], x[10001] are coupled" in result.reasons[0]
    assert result.hess.nnz <= 8 * n


@pytest.mark.parametrize(
    "method", ["newton", "damped-newton", "trust-exact", "dogleg", "damped", "trust-cg", "trust-krylov", "lbfgs"]
)
def test_every_method_ends_with_a_proof(method):
    """Also those that never saw H: it is formed once, at the end."""
    result = rp.minimize(chain, np.full(N, 1.3), method=method)
    assert result.success and result.certificate.proof == Proof.BOUNDED and result.certificate.inertia == (0, 0, N)
    assert result.fun < 1e-15


def test_the_hessian_of_a_result_is_a_sparse_matrix():
    result = rp.minimize(chain, np.full(700, 1.3))
    H = result.hess
    assert scipy.sparse.issparse(H) and H.shape == (700, 700) and H.nnz <= 3 * 700
    small = rp.local_model(chain, np.ones(5)).hessian
    np.testing.assert_allclose(H[1:4, 1:4].toarray(), small[1:4, 1:4], rtol=1e-6)


def test_what_has_no_minimum_is_not_given_one():
    endless = rp.minimize(lambda x: jnp.sum(x[1:] * x[:-1]) - jnp.sum(x**2), np.ones(N))
    assert endless.certificate.verdict == Verdict.UNBOUNDED
    saddle = rp.minimize(wells, np.zeros(N))
    assert saddle.success and saddle.fun < -1
    nowhere = rp.minimize(lambda x: jnp.sum(jnp.log(x)), -np.ones(N))
    assert not nowhere.success and "fun(x0) = nan" in nowhere.verdict


def test_dense_hessians_are_left_to_products_with_the_reason():
    result = rp.minimize(lambda x: jnp.sum(x) ** 2 + jnp.sum((x - 1) ** 4), np.zeros(N))
    assert result.success and result.method in ("trust-cg", "lbfgs")
    assert any("products instead of entries" in said for said in result.reasons[1:])


def test_the_same_steps_as_with_a_dense_hessian():
    """Below the size from which sparsity is looked for, with the structure put in by hand."""
    x = read_point(np.full(60, -0.4), [])
    problem = jax_problem(chain, x, (), [])
    method = cast(PRESETS["trust-exact"], x.dtype)
    dense = run(method, problem, x)
    known = replace(problem, sparsity=sparse_of(problem, x).sparsity)
    sparse = run(replace(method, curvature=replace(method.curvature, observation=SPARSE)), known, x)
    few = slice(0, 20)  # later ones differ by rounding that the valley multiplies
    np.testing.assert_allclose(sparse.trace.value[few], dense.trace.value[few], rtol=1e-8)
    np.testing.assert_array_equal(sparse.trace.accepted[few], dense.trace.accepted[few])

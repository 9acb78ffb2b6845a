"""Outliers: robust losses of whole factors, graduated non-convexity, and the start along odometry."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.linear.blocks import one_vector
from raphson.problems.loss import LOSSES, Loss
from raphson.slam.graduated_loss import FORMS, GraduatedLoss
from raphson.slam.graph_file import Edges, GraphFile, Vertices
from raphson.slam.rigid import identity_poses, poses_of, rows_of
from raphson.slam.robust import FactorLoss

HEIGHTS = ((7, 3), (4, 2))
GRADUATED = [
    ("truncated", 0.0),
    ("truncated", 0.3),
    ("truncated", 50.0),
    ("geman-mcclure", 1.0),
    ("geman-mcclure", 40.0),
]


def factor_losses(dtype):
    """Every loss of whole factors, scale 1.7; of graduated ones a third of the factors is trusted."""
    found = {name: FactorLoss(Loss(rho, np.asarray(1.7, dtype), name), HEIGHTS) for name, rho in LOSSES.items()}
    limits = tuple(jnp.asarray(np.where(np.arange(m) % 3 == 1, np.inf, 1.7), dtype) for m, _ in HEIGHTS)
    for form, softness in GRADUATED:
        loss = GraduatedLoss(Loss(FORMS[form], None, "gnc"), HEIGHTS, jnp.asarray(softness, dtype), limits, form)
        found[f"{form} {softness}"] = loss
    return found


@pytest.mark.parametrize("size", [0.0, 1e-3, 1.0, 1e4, 1e15])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_value_gradient_curvature_and_model_agree_under_every_loss(dtype, size):
    """At no error, small, middle and absurd ones. The gradient that JAX has of the cost is w r; the second derivatives
    are those of JAX in float64; the model of reweighted least squares, cost + w (q' - q) / 2 over the squares q, lies
    nowhere below the cost, and is never concave."""
    rng = np.random.default_rng(1)
    errors = [rng.standard_normal(shape) for shape in HEIGHTS]
    r = one_vector([jnp.asarray(size * e * np.geomspace(0.2, 3, len(e))[:, None], dtype) for e in errors])
    other = one_vector([jnp.asarray(size * rng.standard_normal(shape), dtype) for shape in HEIGHTS])
    eps = float(jnp.finfo(dtype).eps)
    losses = factor_losses(dtype)
    both = jax.jit(
        lambda r, o: [
            (f.cost(r), jax.grad(f.cost)(r), f.weights(r), f.second(r), f.corrected(r), f.cost(o))
            for f in losses.values()
        ]
    )
    for name, (cost, slope, (w, _), W, (q, root), there) in zip(losses, both(r, other), strict=True):
        assert all(np.isfinite(a).all() for a in jax.tree.leaves((cost, slope, w, W, q, root))), name
        np.testing.assert_allclose(slope, w * r, rtol=200 * eps, atol=200 * eps * size, err_msg=name)
        np.testing.assert_allclose(q * root, w * r, rtol=20 * eps, atol=1e-15 * size, err_msg=name)
        assert (np.asarray(w) >= 0).all(), name
        bound = float(cost) + 0.5 * float(w @ (other**2 - r**2))
        assert float(there) <= bound + 1e3 * eps * (abs(bound) + float(cost) + size**2), name
        if dtype is np.float64 and 0 < size < 1e5:
            H, start = np.asarray(jax.hessian(losses[name].cost)(r)), 0
            for block in W:
                for part in np.asarray(block):
                    end = start + len(part)
                    exact = H[start:end, start:end]
                    np.testing.assert_allclose(part, exact, rtol=1e-9, atol=1e-9, err_msg=name)
                    start = end


def test_soft_costs_become_the_costs_that_are_claimed():
    """Without softness z up to 1; with much of it z itself, in scale; between, one piece goes over into the next."""
    z = jnp.asarray(np.geomspace(1e-6, 1e6, 400))
    soft = FORMS["truncated"]
    np.testing.assert_allclose(soft(z, 0.0)[0], np.minimum(z, 1), rtol=1e-14)
    for s in (1e-2, 1.0, 30.0):
        for knee in (1 / (1 + s), 1 + s):
            a, b = (np.array(soft(jnp.asarray(knee * (1 + d)), s)[:2]) for d in (-1e-9, 1e-9))
            np.testing.assert_allclose(a, b, atol=1e-6)
    np.testing.assert_allclose(FORMS["geman-mcclure"](z, 1.0)[0], z / (1 + z), rtol=1e-14)
    np.testing.assert_allclose(FORMS["geman-mcclure"](z, 1e12)[0], z, rtol=1e-5)

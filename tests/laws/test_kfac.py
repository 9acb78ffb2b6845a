"""K-FAC's updates are the paper's, written once more with dense matrices in NumPy."""

import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree

from raphson.ml import EmpiricalRisk, kfac, kronecker_factors, tag_dense
from tests.laws.test_kronecker import CLASSES, INPUTS, PARAMS, TARGETS, WEIGHTS, N, X, net

RNG = np.random.default_rng(8)
BATCH = (X, TARGETS["cross-entropy"], WEIGHTS)
RISK = EmpiricalRisk("cross-entropy", BATCH, predict=net)
FLAT, UNRAVEL = ravel_pytree(PARAMS)
EVERY, FADE, LEAST = 4, 0.6, 0.085


def damped(K: Any, g: Any, damping: float) -> Any:
    """The direction by dense inverses: (A + pi r I)^-1 W (G + r / pi I)^-1, and the diagonal."""
    (A1, A2), (G1, G2), (rest,) = (list(map(np.asarray, part)) for part in (K.left, K.right, K.rest))
    tree, r = UNRAVEL(jnp.asarray(g)), np.sqrt(damping)

    def solved(A: Any, G: Any, W: Any) -> Any:
        pi = np.sqrt(np.mean(np.diagonal(A)) / np.mean(np.diagonal(G)))
        return np.linalg.inv(A + pi * r * np.eye(len(A))) @ W @ np.linalg.inv(G + r / pi * np.eye(len(G)))

    first = solved(A1, G1, np.vstack([tree["a"]["w"], tree["a"]["b"][None]]))
    return np.asarray(ravel_pytree({
        "a": {"b": first[-1], "w": first[:-1]}, "scale": tree["scale"] / (rest + damping),
        "z": {"w": solved(A2, G2, np.asarray(tree["z"]["w"]))},
    })[0])  # fmt: skip


def by_hand(steps: int, rate: float | None, damping: float, momentum: float, kl_clip: float | None) -> Any:
    """Parameters and damping after each step; factors renewed every EVERY steps and in the first three."""
    v, last, mean, used = np.asarray(FLAT), np.zeros(FLAT.size), None, None
    for k in range(steps):
        p = UNRAVEL(jnp.asarray(v))
        g, F = np.asarray(ravel_pytree(RISK.gradient(p))[0]), np.asarray(RISK.gauss_newton(p).dense())
        new, keep = kronecker_factors(RISK, p), min(1 - 1 / (k + 1), FADE)
        mean = new if mean is None else jax.tree.map(lambda a, b, s=keep: s * a + (1 - s) * b, mean, new)
        used = mean if k % EVERY == 0 or k < 3 else used
        d, M = -damped(used, g, damping), F + damping * np.eye(len(g))
        if rate is None:
            S = np.stack([d, last], axis=1)[:, : 2 if k else 1]
            step = S @ np.linalg.solve(S.T @ M @ S, -S.T @ g)
        else:
            nu = 1 if kl_clip is None else min(1, np.sqrt(kl_clip / (rate**2 * abs(d @ g))))
            step = rate * nu * d + momentum * last
        if (k + 1) % 2 == 0:
            q = g @ step + step @ M @ step / 2
            rho = float(RISK.value(UNRAVEL(jnp.asarray(v + step))) - RISK.value(p)) / q
            rho = rho if q < 0 else -1
            damping *= (19 / 20) ** 2 if rho > 3 / 4 else (20 / 19) ** 2 if rho < 1 / 4 else 1
            damping = max(damping, LEAST)
        v, last = v + step, step
        yield v, damping


@pytest.mark.parametrize("rate, kl_clip", [(None, None), (0.3, None), (0.3, 1e-3)], ids=["plane", "rate", "clipped"])
def test_kfac_is_the_papers(rate: float | None, kl_clip: float | None) -> None:
    method = kfac(RISK, rate, momentum=0.5, damping=0.1, least_damping=LEAST, adapt=2, fade=FADE, every=EVERY,
                  kl_clip=kl_clip, targets="exact", untagged="diagonal")  # fmt: skip
    params, state, update = PARAMS, method.init(PARAMS), jax.jit(method.update)
    for v, damping in by_hand(6, rate, 0.1, 0.5, kl_clip):
        new, state = update(RISK.gradient(params), state, params, batch=BATCH)
        params = jax.tree.map(jnp.add, params, new)
        assert np.allclose(ravel_pytree(params)[0], v, rtol=1e-9, atol=1e-10)
        assert np.isclose(float(state.inner.damping), damping, rtol=1e-9)


def test_one_step_solves_linear_least_squares() -> None:
    """A single layer's factors are its Hessian, and the plane's step is Newton's."""

    def one(p: Any, x: Any) -> Any:
        return tag_dense(x, p["w"], p["b"])

    params = {"b": jnp.zeros(CLASSES), "w": jnp.zeros((INPUTS, CLASSES))}
    y = RNG.normal(size=(N, CLASSES))
    risk = EmpiricalRisk("squared", (X, y), predict=one)
    method = kfac(risk, damping=1e-14, targets="exact")
    new, _ = method.update(risk.gradient(params), method.init(params), params, batch=(X, y))
    best = np.linalg.lstsq(np.c_[X, np.ones(N)], y)[0]
    assert np.allclose(np.vstack([new["w"], new["b"]]), best, rtol=1e-6, atol=1e-6)


def loss(p: Any, batch: Any) -> Any:
    return jnp.mean(optax.losses.softmax_cross_entropy_with_integer_labels(net(p, batch[0]), batch[1]))


@pytest.mark.parametrize("rate", [None, optax.linear_schedule(0.2, 0.1, 5)], ids=["plane", "schedule"])
def test_kfac_inside_optax(rate: Any) -> None:
    """In a chain, in float32, over seeds, a NaN on the way."""
    more: Any = {"untagged": "diagonal", "weight_decay": 0.0 if rate is None else 0.01, "every": 2, "kl_clip": 0.1}
    params = jax.tree.map(lambda a: jnp.asarray(a, jnp.float32), PARAMS)
    batch = (jnp.asarray(X, jnp.float32), jnp.asarray(BATCH[1]))
    chained = optax.chain(optax.clip_by_global_norm(10.0), kfac(RISK, rate, **more))

    def one(carry: Any, spoil: Any) -> Any:
        params, state = carry
        g = jax.tree.map(lambda a: a + spoil, jax.grad(loss)(params, batch))
        new, state = chained.update(g, state, params, batch=batch)
        return (optax.apply_updates(params, new), state), None

    @jax.jit
    def train(params: Any, spoil: Any) -> Any:
        return jax.lax.scan(one, (params, chained.init(params)), spoil)[0]

    nothing = jnp.zeros(20, jnp.float32)
    quiet, (_, state) = train(params, nothing)
    assert int(state.count) == 20 and int(state.skipped) == 0
    assert all(a.dtype == jnp.float32 for a in jax.tree.leaves((quiet, state.inner.factors, state.inner.eigen)))
    assert loss(quiet, batch) < 0.5 * loss(params, batch)
    spoiled, (_, state) = train(params, nothing.at[1].set(jnp.nan))
    assert int(state.count) == 19 and int(state.skipped) == 1
    assert all(bool(jnp.all(jnp.isfinite(a))) for a in jax.tree.leaves((spoiled, state)))
    if rate is not None:
        many, _ = jax.vmap(train, (0, None))(jax.tree.map(lambda a: jnp.stack([a, 2 * a]), params), nothing)
        first = jax.tree.map(lambda a: a[0], many)
        assert abs(loss(first, batch) - loss(quiet, batch)) < 1e-4


def test_what_kfac_refuses_and_names() -> None:
    with pytest.warns(UserWarning, match=r"no tag holds \['scale'\]"):
        kfac(RISK).init(PARAMS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        method = kfac(RISK, untagged="identity")
        state = method.init(PARAMS)
    with pytest.raises(ValueError, match="looks at the batch again"):
        method.update(PARAMS, state, PARAMS)
    for more in ({"momentum": 1.0}, {"fade": 2}, {"damping": -1}, {"every": 0}, {"targets": "x"}, {"samples": 0}):
        with pytest.raises(ValueError, match=f"{next(iter(more))} is "):
            kfac(RISK, **more)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="weight_decay is multiplied"):
        kfac(RISK, weight_decay=0.1)
    with pytest.raises(ValueError, match="sharing names"):
        kfac(RISK, sharing={"other": "reduce"}, untagged="diagonal").init(PARAMS)
    plain = EmpiricalRisk("squared", (X, X), predict=lambda p, x: x @ p)
    with pytest.raises(ValueError, match="tags no layer"):
        kfac(plain).init(jnp.eye(INPUTS))
    with pytest.raises(TypeError, match="apart"):
        kfac(EmpiricalRisk(lambda p, b: jnp.sum(p), BATCH))

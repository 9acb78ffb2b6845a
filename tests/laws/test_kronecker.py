"""Kronecker factors: those of the definition, example by example; exact where theory says so; an operator."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from raphson.ml import EmpiricalRisk, KroneckerBlocks, kronecker_factors, tag_conv, tag_dense

RNG = np.random.default_rng(5)
N, POSITIONS, INPUTS, HIDDEN, CLASSES = 7, 3, 4, 5, 3
X, SEQUENCES = RNG.normal(size=(N, INPUTS)), RNG.normal(size=(N, POSITIONS, INPUTS))
WEIGHTS = RNG.uniform(0.5, 2, N)
SHARES = WEIGHTS / WEIGHTS.sum()
PARAMS: dict[str, Any] = {
    "a": {"w": jnp.asarray(RNG.normal(size=(INPUTS, HIDDEN))), "b": jnp.asarray(RNG.normal(size=HIDDEN))},
    "scale": jnp.asarray(RNG.uniform(1, 2, HIDDEN)),
    "z": {"w": jnp.asarray(RNG.normal(size=(HIDDEN, CLASSES)))},
}
TARGETS = {
    "squared": RNG.normal(size=(N, CLASSES)),
    "cross-entropy": RNG.integers(0, CLASSES, N),
    "bernoulli": RNG.integers(0, 2, (N, CLASSES)),
    "poisson": RNG.poisson(2.0, (N, CLASSES)),
}
LINEAR = {key: PARAMS[key] for key in ("a", "z")}


def close(a: Any, b: Any, tol: float = 1e-10) -> None:
    a, b = np.asarray(a), np.asarray(b)
    assert a.shape == b.shape
    assert np.max(np.abs(a - b), initial=0) <= tol * max(np.max(np.abs(b), initial=0), 1e-300)


def net(p: Any, x: Any) -> Any:
    h = jnp.tanh(tag_dense(x, p["a"]["w"], p["a"]["b"], name="a")) * p["scale"]
    return tag_dense(h, p["z"]["w"], name="z")


def one_by_one(p: Any, x: Any) -> Any:
    """The same as a user of vmap writes it, with jit and checkpoint inside."""
    return jax.vmap(lambda x: jax.checkpoint(jax.jit(net))(p, x))(x)


def linear(p: Any, x: Any) -> Any:
    return tag_dense(tag_dense(x, p["a"]["w"], p["a"]["b"], name="a"), p["z"]["w"], name="z")


def pooled(p: Any, x: Any) -> Any:
    return jnp.mean(linear(p, x), axis=1)


def brute(name: str, x: Any) -> dict[str, Any]:
    """The factors of `net` for both layers, from Jacobians of single examples and jax.hessian of the loss."""
    w1, b1, s, w2 = PARAMS["a"]["w"], PARAMS["a"]["b"], PARAMS["scale"], PARAMS["z"]["w"]
    term = EmpiricalRisk(name, (X, TARGETS[name]), predict=net).term
    found = {"A1": 0.0, "A2": 0.0, "G1": 0.0, "G2": 0.0, "scale": 0.0}
    for n in range(N):
        y = jax.nn.one_hot(TARGETS[name][n], CLASSES) if name == "cross-entropy" else jnp.asarray(TARGETS[name][n])
        pre = x[n] @ w1 + b1
        h = jnp.tanh(pre) * s
        M = jax.hessian(lambda f, y=y: term.loss.value(f[None], y[None])[0])(h @ w2)
        J = jax.jacobian(lambda u: (jnp.tanh(u) * s) @ w2)(pre)
        Js = jax.jacobian(lambda s, pre=pre: (jnp.tanh(pre) * s) @ w2)(s)
        one = jnp.append(x[n], 1)
        found["A1"] += SHARES[n] * jnp.outer(one, one)
        found["A2"] += SHARES[n] * jnp.outer(h, h)
        found["G1"] += SHARES[n] * J.T @ M @ J
        found["G2"] += SHARES[n] * M
        found["scale"] += SHARES[n] * jnp.diagonal(Js.T @ M @ Js)
    return found


@pytest.mark.parametrize("name", TARGETS)
def test_factors_are_those_of_the_definition(name: str) -> None:
    found = brute(name, jnp.asarray(X))
    for predict, size in ((net, None), (net, 3), (one_by_one, None)):
        risk = EmpiricalRisk(name, (X, TARGETS[name], WEIGHTS), predict=predict, batch_size=size)
        K = kronecker_factors(risk, PARAMS)
        for got, want in zip((*K.left, *K.right, *K.rest), ("A1", "A2", "G1", "G2", "scale"), strict=True):
            close(got, found[want])
    assert K.untagged == ("['scale']",)
    assert "a 5 x 5, z 5 x 3; a diagonal for ['scale']" in repr(K)


@pytest.mark.parametrize("name", ["squared", "cross-entropy"])
def test_samples_tend_to_the_exact_factors(name: str) -> None:
    risk = EmpiricalRisk(name, (X, TARGETS[name], WEIGHTS), predict=net)
    exact, few = kronecker_factors(risk, PARAMS), kronecker_factors(risk, PARAMS, targets="sampled", samples=4000)
    for got, want in zip((*few.left, *few.right, *few.rest), (*exact.left, *exact.right, *exact.rest), strict=True):
        close(got, want, 0.1)  # 28000 draws of products: 1/sqrt(28000) times a few
    cut = EmpiricalRisk(name, (X, TARGETS[name], WEIGHTS), predict=net, batch_size=3)
    for got, want in zip(kronecker_factors(cut, PARAMS, targets="sampled", samples=4000).right, few.right, strict=True):
        close(got, want)


def test_one_layer_with_squared_loss_is_the_gauss_newton_matrix() -> None:
    def one(p: Any, x: Any) -> Any:
        return tag_dense(x, p["w"], p["b"])

    params = {"b": PARAMS["a"]["b"], "w": PARAMS["a"]["w"]}
    risk_data = (X, RNG.normal(size=(N, HIDDEN)), WEIGHTS)
    risk = EmpiricalRisk("squared", risk_data, predict=one)
    close(kronecker_factors(risk, params).dense(), risk.gauss_newton(params).dense())
    total = EmpiricalRisk("squared", risk_data, predict=one, reduction="sum", batch_size=4)
    close(kronecker_factors(total, params).dense(), total.gauss_newton(params).dense())


def blocks_of(matrix: Any, K: KroneckerBlocks) -> list[Any]:
    """The diagonal blocks, layer by layer, of a matrix in the order of the vector of parameters."""
    sizes = K.parameters.sizes
    start = np.concatenate([[0], np.cumsum(sizes)])
    found = []
    for layer in K.layers:
        rows = [np.arange(start[i], start[i + 1]) for i in (layer.weight, layer.bias) if i is not None]
        found.append(np.asarray(matrix)[np.ix_(np.concatenate(rows), np.concatenate(rows))])
    return found


@pytest.mark.parametrize("sharing", ["expand", "reduce"])
def test_deep_linear_networks_are_exact(sharing: str) -> None:
    """Eschenhagen et al. (2023), propositions 1 and 2."""
    predict, shape = (linear, (N, POSITIONS, CLASSES)) if sharing == "expand" else (pooled, (N, CLASSES))
    risk = EmpiricalRisk("squared", (SEQUENCES, RNG.normal(size=shape), WEIGHTS), predict=predict, batch_size=5)
    K = kronecker_factors(risk, LINEAR, sharing=sharing)
    exact = blocks_of(risk.gauss_newton(LINEAR).dense(), K)
    for got, want in zip(blocks_of(K.dense(), K), exact, strict=True):
        close(got, want)
    other = kronecker_factors(risk, LINEAR, sharing={"": sharing, "a": "reduce" if sharing == "expand" else "expand"})
    assert not np.allclose(blocks_of(other.dense(), K)[0], exact[0], rtol=1e-3)
    close(blocks_of(other.dense(), K)[1], exact[1])


def test_a_convolution_is_a_layer_whose_positions_share() -> None:
    """Squared loss of every position's output: exact with one layer (Grosse and Martens 2016)."""
    images = RNG.normal(size=(N, 5, 4, 2))
    params = {"b": jnp.zeros(3), "w": jnp.asarray(RNG.normal(size=(3, 2, 2, 3)))}
    for options in ({"padding": "VALID", "strides": (2, 1)}, {"padding": ((1, 0), (0, 2)), "dilation": (1, 2)}):

        def predict(p: Any, x: Any, options: Any = options) -> Any:
            return tag_conv(x, p["w"], p["b"], **options)

        def single(p: Any, x: Any, options: Any = options) -> Any:
            return jax.vmap(lambda x: tag_conv(x, p["w"], p["b"], **options))(x)

        out = jax.eval_shape(predict, params, jax.ShapeDtypeStruct(images.shape, float)).shape
        wanted = jax.lax.conv_general_dilated(
            images, params["w"], options.get("strides", (1, 1)), options["padding"],
            rhs_dilation=options.get("dilation", (1, 1)), dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )  # fmt: skip
        close(predict(params, images), wanted)
        risk = EmpiricalRisk("squared", (images, np.zeros(out)), predict=predict)
        K = kronecker_factors(risk, params)
        close(K.dense(), risk.gauss_newton(params).dense())
        close(
            kronecker_factors(EmpiricalRisk("squared", (images, np.zeros(out)), predict=single), params).left[0],
            K.left[0],
        )


def test_a_weight_that_is_used_twice_has_the_positions_of_both_places() -> None:
    def twice(p: Any, x: Any) -> Any:
        return jnp.concatenate([tag_dense(x, p["w"], name="l"), tag_dense(2 * x, p["w"], name="l")], axis=1)

    params = {"w": PARAMS["a"]["w"]}
    K = kronecker_factors(EmpiricalRisk("squared", (X, np.zeros((N, 2 * HIDDEN))), predict=twice), params)
    close(K.left[0], (1 + 4) / 2 * X.T @ X / N)
    close(K.right[0], 2 * np.eye(HIDDEN))


def test_the_operator_is_its_dense_matrix() -> None:
    risk = EmpiricalRisk("cross-entropy", (X, TARGETS["cross-entropy"]), predict=net)
    K = kronecker_factors(risk, PARAMS)
    D, E, v = np.asarray(K.dense()), K.eigen(), jnp.asarray(RNG.normal(size=K.parameters.size))
    close(K.mv(v), D @ v)
    close(K @ v, D @ v)
    close(K.parameters.flat(K @ K.parameters.tree(v)), D @ v)
    close(K.diagonal(), np.diagonal(D))
    M = 3 * D + 0.5 * np.eye(len(D))
    close(E.solve(v, 0.5, 3.0), np.linalg.solve(M, v))
    close(E.logdet(0.5, 3.0), np.linalg.slogdet(M)[1])
    close(E.trace(), np.trace(D))
    close(np.sort(E.eigenvalues()), np.maximum(np.linalg.eigvalsh(D), 0), 1e-9)
    half = E.power(v, -0.5, 0.5, 3.0)
    close(E.power(half, -0.5, 0.5, 3.0), np.linalg.solve(M, v))
    draws = jax.vmap(lambda key: K.parameters.flat(E.sample(key, 0.5, 3.0)))(jax.random.split(jax.random.key(0), 20000))
    assert np.max(np.abs(np.cov(draws.T) - np.linalg.inv(M))) < 0.1  # entries up to 2, 20000 draws: 2 sqrt(2/20000)
    A, G, r = np.asarray(K.left[0]), np.asarray(K.right[0]), np.sqrt(0.5)
    pi = np.sqrt(np.trace(A) / len(A) / (np.trace(G) / len(G)))
    W = RNG.normal(size=(len(A), len(G)))
    wanted = np.linalg.solve(A + pi * r * np.eye(len(A)), W) @ np.linalg.inv(G + r / pi * np.eye(len(G)))
    tree = {**PARAMS, "a": {"w": jnp.asarray(W[:-1]), "b": jnp.asarray(W[-1])}}
    damped = E.damped(tree, jnp.asarray(0.5))
    close(np.vstack([damped["a"]["w"], damped["a"]["b"][None]]), wanted)
    close(damped["scale"], tree["scale"] / (np.asarray(K.rest[0]) + 0.5))


def test_a_mark_is_the_identity() -> None:
    """Value, derivatives, batches and batches of models are those of the plain layer."""

    def plain(p: Any, x: Any) -> Any:
        return jnp.tanh(x @ p["a"]["w"] + p["a"]["b"]) * p["scale"] @ p["z"]["w"]

    for f in (lambda g: g(PARAMS, X), lambda g: jax.jacrev(g)(PARAMS, X)["a"]["w"], lambda g: jax.jit(g)(PARAMS, X),
              lambda g: jax.jacfwd(jax.grad(lambda p: jnp.sum(g(p, X) ** 2)))(PARAMS)["z"]["w"]["a"]["b"],
              lambda g: jax.vmap(g, (0, None))(jax.tree.map(lambda a: jnp.stack([a, 2 * a]), PARAMS), X)):  # fmt: skip
        close(f(net), f(plain), 1e-13)


def test_what_cannot_be_meant_is_named() -> None:
    data = (X, TARGETS["squared"])

    def factors(predict: Any, data: Any = data, params: Any = PARAMS, **more: Any) -> Any:
        return kronecker_factors(EmpiricalRisk("squared", data, predict=predict), params, **more)

    def looped(p: Any, x: Any) -> Any:
        return jax.lax.scan(lambda h, _: (net(p, h), None), x, None, length=1)[0]

    def computed(p: Any, x: Any) -> Any:
        return tag_dense(x, 2 * p["a"]["w"], name="a") @ p["z"]["w"]

    def folded(p: Any, x: Any) -> Any:
        return net(p, x.reshape(-1, INPUTS)).reshape(N, POSITIONS, CLASSES)

    def two_biases(p: Any, x: Any) -> Any:
        h = tag_dense(x, p["a"]["w"], p["a"]["b"], name="a") + tag_dense(x, p["a"]["w"], name="again")
        return h @ p["z"]["w"]

    with pytest.raises(ValueError, match="tags no layer"):
        factors(lambda p, x: x @ p["a"]["w"] @ p["z"]["w"])
    with pytest.raises(ValueError, match="tagged inside scan"):
        square = {**PARAMS, "a": {"w": jnp.ones((CLASSES, HIDDEN)), "b": PARAMS["a"]["b"]}}
        factors(looped, (TARGETS["squared"], TARGETS["squared"]), square)
    with pytest.raises(ValueError, match="weight of the tag 'a' is computed"):
        factors(computed)
    with pytest.raises(ValueError, match="shape \\(21, 4\\): its first axis"):
        factors(folded, (SEQUENCES, RNG.normal(size=(N, POSITIONS, CLASSES))))
    with pytest.raises(ValueError, match="another bias"):
        factors(two_biases)
    with pytest.raises(ValueError, match="sharing names \\['b'\\]"):
        factors(net, sharing={"b": "reduce"})
    with pytest.raises(ValueError, match="targets is 'all'"):
        factors(net, targets="all")
    with pytest.raises(ValueError, match="tag_dense 'q': x has shape"):
        tag_dense(jnp.ones((2, 3)), jnp.ones((4, 5)), name="q")
    with pytest.raises(TypeError, match="apart"):
        kronecker_factors(EmpiricalRisk(lambda p, b: jnp.sum(p["a"]["w"]), data), PARAMS)

"""Shampoo, SOAP and Sophia are the papers' equations, written once more in NumPy; what each does in optax's company."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from raphson.ml import EmpiricalRisk, shampoo, soap, sophia

RNG = np.random.default_rng(11)
SHAPES = {"scalar": (), "vector": (5,), "matrix": (4, 3), "three": (2, 3, 2), "four": (2, 1, 3, 2)}
PARAMS = {name: jnp.asarray(RNG.normal(size=shape)) for name, shape in SHAPES.items()}
GRADIENTS = [{name: RNG.normal(size=shape) for name, shape in SHAPES.items()} for _ in range(7)]
RATE, DECAY = 0.1, 0.3


def unfold(g: Any, axis: int) -> Any:
    return np.moveaxis(g, axis, 0).reshape(g.shape[axis], -1)


def times(g: Any, M: Any, axis: int) -> Any:
    """M g along an axis."""
    return np.moveaxis(np.tensordot(M, g, (1, axis)), 0, axis)


def run(method: Any, params: Any, gradients: Any, **extra: Any) -> Any:
    """All parameters on the way."""
    state, update = method.init(params), jax.jit(method.update)
    for g in gradients:
        new, state = update(jax.tree.map(jnp.asarray, g), state, params, **extra)
        params = jax.tree.map(jnp.add, params, new)
        yield params, state


def same(got: Any, want: Any, tol: float = 1e-10) -> None:
    for name in want:
        assert np.allclose(got[name], want[name], rtol=tol, atol=tol), name


def rate(count: Any) -> Any:
    return RATE / (1 + count)


def shampoo_leaf(
    p: Any, gradients: Any, b1: float, b2: float, eps: float, initial: float, every: int, graft: str
) -> Any:
    """Gupta et al. (2018), algorithm 2, with the moving means and grafting of Anil et al. (2020)."""
    shape, new = p.shape, (1.0 if b2 == 1 else 1 - b2)
    long = [d for d in shape if d != 1] or [1]
    L = [initial * np.eye(d) for d in long]
    P: list[Any] = []
    m, v = np.zeros(shape), np.zeros(shape)
    for t, g in enumerate(gradients):
        G = g.reshape(long)
        L = [b2 * A + new * unfold(G, i) @ unfold(G, i).T for i, A in enumerate(L)]
        if t % every == 0:
            P = []
            for A in L:
                e, U = np.linalg.eigh(A)
                P.append(U @ np.diag((e + eps * e[-1]) ** (-1 / (2 * len(long)))) @ U.T)
        d = G
        for i, A in enumerate(P):
            d = times(d, A, i)
        d, v = d.reshape(shape), b2 * v + new * g**2
        if graft != "none":
            whole = 1 if b2 == 1 else 1 - b2 ** (t + 1)
            wanted = g if graft == "sgd" else g / np.sqrt(v / whole)
            d = d * np.sqrt(np.sum(wanted**2) / np.sum(d**2))
        m = b1 * m + (1 - b1) * d
        p = p - rate(t) * (m + DECAY * p)
        yield p


@pytest.mark.parametrize(
    "options",
    [
        {"b1": 0.0, "b2": 1.0, "epsilon": 0.0, "initial": 1e-2, "every": 1, "graft": "none"},
        {"b1": 0.9, "b2": 0.9, "epsilon": 1e-4, "initial": 0.0, "every": 2, "graft": "diagonal"},
        {"b1": 0.5, "b2": 1.0, "epsilon": 1e-4, "initial": 0.0, "every": 3, "graft": "sgd"},
    ],
    ids=["gupta", "anil", "sgd"],
)
def test_shampoo_is_the_papers(options: Any) -> None:
    method = shampoo(rate, weight_decay=DECAY, **options)
    words = {"eps" if name == "epsilon" else name: value for name, value in options.items()}
    leaves = {
        name: list(shampoo_leaf(np.asarray(p), [g[name] for g in GRADIENTS], **words)) for name, p in PARAMS.items()
    }
    for t, (got, _) in enumerate(run(method, PARAMS, GRADIENTS)):
        same(got, {name: p[t] for name, p in leaves.items()})


def test_a_cut_leaf_is_its_blocks() -> None:
    """Blocks of (5,) by 3: 2 and 3; of (4, 3) by 3: halves."""
    options = {"b1": 0.9, "b2": 0.9, "every": 2, "graft": "none"}
    whole = {"v": PARAMS["vector"], "m": PARAMS["matrix"]}
    cut = {"v0": whole["v"][:2], "v1": whole["v"][2:], "m0": whole["m"][:2], "m1": whole["m"][2:]}
    gradients = [{"v": g["vector"], "m": g["matrix"]} for g in GRADIENTS]
    pieces = [{"v0": g["v"][:2], "v1": g["v"][2:], "m0": g["m"][:2], "m1": g["m"][2:]} for g in gradients]
    for (a, _), (b, _) in zip(
        run(shampoo(RATE, block=3, **options), whole, gradients),
        run(shampoo(RATE, **options), cut, pieces),
        strict=True,
    ):
        same(a, {"v": np.concatenate([b["v0"], b["v1"]]), "m": np.concatenate([b["m0"], b["m1"]])})


def soap_leaf(p: Any, gradients: Any, b1: float, b2: float, bf: float, eps: float, every: int, vectors: bool) -> Any:
    """Vyas et al. (2024), algorithms 3 and 4; the first gradient gives the basis alone, as in the authors' program."""
    shape = p.shape
    axes = [i for i, d in enumerate(shape) if d > 1]
    axes = [] if len(axes) == 1 and not vectors else axes
    m, v = np.zeros(shape), np.zeros(shape)
    L = {i: np.zeros((shape[i], shape[i])) for i in axes}
    Q: dict[int, Any] = {}
    for t, g in enumerate(gradients, 0 if axes else 1):
        L = {i: bf * L[i] + (1 - bf) * unfold(g, i) @ unfold(g, i).T for i in axes}
        if t == 0:
            Q = {i: np.linalg.eigh(A)[1][:, ::-1] for i, A in L.items()}
            p = p - rate(0) * DECAY * p
            yield p
            continue
        m = b1 * m + (1 - b1) * g
        turned, mean = g, m
        for i in axes:
            turned, mean = times(turned, Q[i].T, i), times(mean, Q[i].T, i)
        v = b2 * v + (1 - b2) * turned**2
        n = mean / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps)
        for i in axes:
            n = times(n, Q[i], i)
        p = p - rate(t if axes else t - 1) * (n + DECAY * p)
        if t % every == 0:
            for i in axes:
                order = np.argsort(-np.diagonal(Q[i].T @ L[i] @ Q[i]))
                v = np.take(v, order, axis=i)
                Q[i] = np.linalg.qr(L[i] @ Q[i][:, order])[0]
        yield p


@pytest.mark.parametrize("vectors", [False, True])
def test_soap_is_the_papers(vectors: bool) -> None:
    method = soap(rate, b1=0.9, b2=0.8, b_factors=0.7, eps=1e-3, every=3, vectors=vectors, weight_decay=DECAY)
    names = [name for name in PARAMS if not (vectors and name == "vector")]  # one gradient leaves its basis open
    params = {name: PARAMS[name] for name in names} | ({"two": jnp.ones(2)} if vectors else {})
    gradients = [{name: g.get(name, g["vector"][:2]) for name in params} for g in GRADIENTS]
    leaves = {
        name: list(soap_leaf(np.asarray(p), [g[name] for g in gradients], 0.9, 0.8, 0.7, 1e-3, 3, vectors))
        for name, p in params.items()
    }
    for t, (got, _) in enumerate(run(method, params, gradients)):
        same(got, {name: p[t] for name, p in leaves.items()})


def test_soap_without_factors_is_adam() -> None:
    method = soap(RATE, b1=0.9, b2=0.8, eps=1e-8, max_size=1)
    adam = optax.adam(RATE, b1=0.9, b2=0.8)
    for (a, _), (b, _) in zip(run(method, PARAMS, GRADIENTS), run(adam, PARAMS, GRADIENTS), strict=True):
        same(a, b)


N, CLASSES = 12, 3
X = RNG.normal(size=(N, CLASSES))  # as many as classes: gradients have one null direction on either side
W = {"b": jnp.asarray(RNG.normal(size=CLASSES)), "w": jnp.asarray(RNG.normal(size=(CLASSES, CLASSES)))}
Y = RNG.integers(0, CLASSES, N)


def model(p: Any, x: Any) -> Any:
    return x @ p["w"] + p["b"]


RISK = EmpiricalRisk("cross-entropy", (X, Y), predict=model)


def outputs_slope(p: Any, y: Any, x: Any) -> Any:
    f = x @ np.asarray(p["w"]) + np.asarray(p["b"])
    share = np.exp(f - f.max(1, keepdims=True))
    return share / share.sum(1, keepdims=True) - np.eye(CLASSES)[y]


@pytest.mark.parametrize("estimator", ["gauss-newton", "hutchinson"])
def test_sophia_is_the_papers(estimator: str) -> None:
    b1, b2, gamma, eps, every = 0.9, 0.8, 0.5, 1e-6, 2
    method = sophia(RISK, rate, estimator=estimator, b1=b1, b2=b2, gamma=gamma, eps=eps, every=every,
                    weight_decay=DECAY, seed=4)  # fmt: skip
    p = {name: np.asarray(w) for name, w in W.items()}
    m = {name: np.zeros_like(w) for name, w in p.items()}
    h = {name: np.zeros_like(w) for name, w in p.items()}
    key = jax.random.PRNGKey(4)
    state, update = method.init(W), jax.jit(method.update)
    got: Any = W
    for t in range(5):
        r = outputs_slope(p, Y, X)
        g = {"b": r.mean(0), "w": X.T @ r / N}
        if t % every == 0:
            key, mine = jax.random.split(key)
            if estimator == "gauss-newton":
                f = jnp.asarray(X @ p["w"] + p["b"])
                draws = [jax.random.fold_in(jax.random.fold_in(mine, n), 0) for n in range(N)]
                y = np.array([int(jax.random.categorical(k, f[n])) for n, k in enumerate(draws)])
                drawn = outputs_slope(p, y, X)
                estimate = {"b": N * drawn.mean(0) ** 2, "w": N * (X.T @ drawn / N) ** 2}
            else:
                u = {name: np.asarray(jax.random.normal(k, W[name].shape, W[name].dtype))
                     for name, k in zip(W, jax.random.split(mine, 2), strict=True)}  # fmt: skip
                q = r + np.eye(CLASSES)[Y]
                du = X @ u["w"] + u["b"]
                dr = q * (du - np.sum(q * du, axis=1, keepdims=True))
                estimate = {"b": u["b"] * dr.mean(0), "w": u["w"] * (X.T @ dr / N)}
            h = {name: b2 * h[name] + (1 - b2) * estimate[name] for name in h}
        m = {name: b1 * m[name] + (1 - b1) * g[name] for name in m}
        p = {name: p[name] - rate(t) * (np.clip(m[name] / np.maximum(gamma * h[name], eps), -1, 1) + DECAY * p[name])
             for name in p}  # fmt: skip
        new, state = update(jax.tree.map(jnp.asarray, g), state, got, batch=(X, Y))
        got = jax.tree.map(jnp.add, got, new)
        same(got, p)


def test_equal_weights_change_nothing_for_sophia() -> None:
    method = sophia(RISK, RATE)
    g = RISK.gradient(W)
    a, _ = method.update(g, method.init(W), W, batch=(X, Y))
    b, _ = method.update(g, method.init(W), W, batch=(X, Y, np.full(N, 3.0)))
    same(a, b)


METHODS = {
    "shampoo": shampoo,
    "soap": soap,
    "sophia": lambda rate, **more: sophia(RISK, rate, **more),
}


@pytest.mark.parametrize("name", METHODS)
def test_inside_optax(name: str) -> None:
    """In a chain, with a schedule of optax, in float32, over seeds, a NaN on the way."""
    schedule = optax.linear_schedule(0.1, 0.01, 5)
    method = METHODS[name](schedule, weight_decay=0.01, every=2)
    given = optax.inject_hyperparams(lambda learning_rate: METHODS[name](learning_rate, every=2))(schedule)
    chained = optax.chain(optax.clip_by_global_norm(1.0), given)
    params = jax.tree.map(lambda a: jnp.asarray(a, jnp.float32), W)
    batch = (jnp.asarray(X, jnp.float32), jnp.asarray(Y))

    def loss(p: Any) -> Any:
        return jnp.mean(optax.losses.softmax_cross_entropy_with_integer_labels(model(p, batch[0]), batch[1]))

    def one(carry: Any, spoil: Any) -> Any:
        params, state, other = carry
        g = jax.tree.map(lambda a: a + spoil, jax.grad(loss)(params))
        _, other = chained.update(g, other, params, batch=batch)
        new, state = method.update(g, state, params, batch=batch)
        return (optax.apply_updates(params, new), state, other), None

    @jax.jit
    def train(params: Any, spoil: Any) -> Any:
        return jax.lax.scan(one, (params, method.init(params), chained.init(params)), spoil)[0][:2]

    nothing = jnp.zeros(3, jnp.float32)
    quiet, state = train(params, nothing)
    assert int(state.count) == 3 and int(state.skipped) == 0
    assert all(a.dtype == jnp.float32 for a in jax.tree.leaves(quiet))
    spoiled, state = train(params, nothing.at[1].set(jnp.nan))
    assert int(state.count) == 2 and int(state.skipped) == 1
    assert all(bool(jnp.all(jnp.isfinite(a))) for a in jax.tree.leaves((spoiled, state)))
    many, _ = jax.vmap(train, (0, None))(jax.tree.map(lambda a: jnp.stack([a, 2 * a]), params), nothing)
    first = jax.tree.map(lambda a: a[0], many)
    assert abs(loss(first) - loss(quiet)) < 1e-4


@pytest.mark.parametrize("name", METHODS)
def test_what_a_method_refuses(name: str) -> None:
    method = METHODS[name](0.1)
    with pytest.raises(TypeError, match="holds int64"):
        method.init({"w": jnp.arange(3)})
    state = method.init(W)
    with pytest.raises(ValueError, match=r"the gradient of \['w'\] has shape \(2, 3\)"):
        method.update({"b": W["b"], "w": W["w"][:2]}, state, W, batch=(X, Y))
    with pytest.raises(ValueError, match="the gradient is PyTreeDef"):
        method.update({"w": W["w"]}, state, W, batch=(X, Y))
    for more in ({"b1": 1.0}, {"b2": -0.1}, {"every": 0}, {"every": 1.5}, {"weight_decay": -1}):
        with pytest.raises(ValueError, match=f"{next(iter(more))} is "):
            METHODS[name](0.1, **more)
    with pytest.raises(ValueError, match="learning_rate is -1"):
        METHODS[name](-1)
    with pytest.raises(ValueError, match="needs the parameters"):
        METHODS[name](0.1, weight_decay=0.1).update(W, state, batch=(X, Y))


def test_what_sophia_refuses() -> None:
    method = sophia(RISK, 0.1)
    with pytest.raises(ValueError, match="looks at the batch again"):
        method.update(W, method.init(W), W)
    with pytest.raises(ValueError, match="a batch is"):
        method.update(W, method.init(W), W, batch=X)
    with pytest.raises(ValueError, match=r"targets of the batch have shape \(12, 3\)"):
        method.update(W, method.init(W), W, batch=(X, X))
    plain = EmpiricalRisk(lambda p, batch: jnp.mean(model(p, batch[0]) ** 2), (X, Y))
    with pytest.raises(TypeError, match="apart"):
        sophia(plain, 0.1)
    other = sophia(plain, 0.1, estimator="hutchinson")
    new, _ = other.update(plain.gradient(W), other.init(W), W, batch=(X, Y))
    assert float(jnp.max(jnp.abs(new["w"]))) <= 0.1
    with pytest.raises(ValueError, match="estimator is 'x'"):
        sophia(RISK, 0.1, estimator="x")
    with pytest.raises(ValueError, match="graft is 'x'"):
        shampoo(0.1, graft="x")

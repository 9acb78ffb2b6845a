"""A product with the Hessian and the Gauss-Newton matrix of small nets: perceptron, convolutions, attention."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.tables import met, table
from raphson.ml import EmpiricalRisk, TreeOperator
from raphson.ml.risk_products import risk_gradient
from raphson.ml.tree_operator import flat_products

PROTOCOL = 2

TOGETHER = (4, 16)
"""Vectors that one program multiplies, and those of a block that is handed to `A @ V`."""

ROUNDS = 9
"""Measurements of each program, in turns; the median of the ratios to the gradient of the same turn counts."""

LEAST = 0.1
"""Seconds of processor time of one measurement."""

MARKS = {"Hessian": 2.6, "Gauss-Newton": 2.3}
"""Gradients that a product may cost."""


@dataclass(frozen=True)
class Net:
    """A model with its inputs, class numbers and parameters; `make(draws)` gives (predict, inputs, classes, params)."""

    about: str
    make: Callable[[np.random.Generator], tuple[Callable[..., Any], Any, int, Any]]


def weights(draws: np.random.Generator, *shape: int) -> np.ndarray:
    """Normal numbers over the root of what flows into one output."""
    return (draws.normal(size=shape) / np.sqrt(np.prod(shape[:-1]))).astype(np.float32)


def perceptron(draws: np.random.Generator) -> tuple[Callable[..., Any], Any, int, Any]:
    """784-256-256-10, 512 examples."""
    sizes = (784, 256, 256, 10)
    params = [(weights(draws, a, b), np.zeros(b, np.float32)) for a, b in pairwise(sizes)]

    def predict(p: Any, x: Any) -> Any:
        for w, b in p[:-1]:
            x = jnp.tanh(x @ w + b)
        return x @ p[-1][0] + p[-1][1]

    return predict, draws.normal(size=(512, 784)).astype(np.float32), 10, params


def convolutions(draws: np.random.Generator) -> tuple[Callable[..., Any], Any, int, Any]:
    """Two layers of 3 x 3, strides of 2, and a dense one; 128 pictures of 28 x 28."""
    params = {
        "first": weights(draws, 3, 3, 1, 16),
        "second": weights(draws, 3, 3, 16, 32),
        "out": weights(draws, 7 * 7 * 32, 10),
    }

    def convolved(x: Any, w: Any) -> Any:
        return jax.nn.gelu(lax.conv_general_dilated(x, w, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")))

    def predict(p: Any, x: Any) -> Any:
        x = convolved(convolved(x, p["first"]), p["second"])
        return x.reshape(x.shape[0], -1) @ p["out"]

    return predict, draws.normal(size=(128, 28, 28, 1)).astype(np.float32), 10, params


def attention(draws: np.random.Generator) -> tuple[Callable[..., Any], Any, int, Any]:
    """A block of attention with 4 heads and a perceptron, normalized before both; 32 sequences of 32 tokens of 64."""
    wide, heads = 64, 4
    params = {
        "token": weights(draws, 100, wide),
        "qkv": weights(draws, wide, 3 * wide),
        "back": weights(draws, wide, wide),
        "up": weights(draws, wide, 4 * wide),
        "down": weights(draws, 4 * wide, wide),
        "out": weights(draws, wide, 100),
    }

    def normal(x: Any) -> Any:
        x = x - jnp.mean(x, axis=-1, keepdims=True)
        return x * lax.rsqrt(jnp.mean(x**2, axis=-1, keepdims=True) + 1e-5)

    def predict(p: Any, tokens: Any) -> Any:
        x = p["token"][tokens]
        b, t, _ = x.shape
        q, k, v = jnp.moveaxis((normal(x) @ p["qkv"]).reshape(b, t, 3, heads, wide // heads), 2, 0)
        scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) / np.float32(np.sqrt(wide // heads))
        scores = jnp.where(jnp.tril(jnp.ones((t, t), bool)), scores, -1e9)
        x = x + jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(scores), v).reshape(b, t, wide) @ p["back"]
        x = x + jax.nn.gelu(normal(x) @ p["up"]) @ p["down"]
        return normal(x) @ p["out"]

    return predict, draws.integers(0, 100, (32, 32)), 100, params


NETS = {
    "perceptron": Net("784-256-256-10, 512 examples", perceptron),
    "convolutions": Net("2 layers 3 x 3, 16 and 32 channels, 128 pictures 28 x 28", convolutions),
    "attention": Net("one block, 4 heads, 64 wide, 32 sequences of 32 tokens", attention),
}


def keys(quick: bool) -> list[str]:
    """A row of this section is a net."""
    return list(NETS)


def measure(key: str, quick: bool) -> dict:
    """Milliseconds of processor time of a gradient, and products in gradients of the same turn."""
    draws = np.random.default_rng(0)
    predict, inputs, classes, params = NETS[key].make(draws)
    params = jax.tree.map(jnp.asarray, params)
    targets = draws.integers(0, classes, np.shape(inputs) if inputs.dtype.kind == "i" else len(inputs))
    whole, cut = (
        EmpiricalRisk("cross-entropy", (inputs, targets), predict=predict, batch_size=size)
        for size in (None, len(inputs) // 2)
    )
    calls = {"gradient": lambda: risk_gradient(whole.term, whole.at(params))}
    calls["gradient anew"] = lambda: risk_gradient(cut.term, cut.at(params))
    for name, kind in (("Hessian", "hessian"), ("Gauss-Newton", "gauss_newton")):
        once, anew = (getattr(risk, kind)(params) for risk in (whole, cut))
        calls |= {f"{name} once": product(once), f"{name} anew": product(anew)}
        calls |= {f"{name} of {many}": product(once, many) for many in TOGETHER}
        calls[f"{name} of the last layer"] = product(once.block(list(once.blocks())[-1]))
    spent = in_processor_turns(calls, 3 if quick else ROUNDS)
    base = np.asarray(spent["gradient"])
    ratios = {}
    for name, times in spent.items():
        over = np.asarray(spent["gradient anew"]) if name.endswith("anew") else base
        many = int(name.rpartition(" ")[2]) if name.rpartition(" ")[2].isdigit() else 1
        ratios[name] = float(np.median(np.asarray(times) / over)) / many
    size = sum(leaf.size for leaf in jax.tree.leaves(params))
    return {"about": NETS[key].about, "n": size, "ms": 1e3 * float(np.median(base)), "gradients": ratios}


def product(operator: TreeOperator, many: int = 1) -> Callable[[], Any]:
    """A call that multiplies a vector, the first of `TOGETHER` by one program, or a block as the operator does."""
    v = jax.random.normal(jax.random.key(1), (many, operator.size), operator.dtype)
    if many == 1:
        return lambda: operator.mv(v[0])
    if many != TOGETHER[0]:
        return lambda: operator @ v.T
    return lambda: flat_products(operator.multiply, operator.parameters, operator.state, v)


def in_processor_turns(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds of processor time of every call in every turn, all warm."""
    repeats = {}
    for name, call in calls.items():
        jax.block_until_ready(call())
        begin = time.process_time()
        jax.block_until_ready(call())
        repeats[name] = max(1, round(LEAST / max(time.process_time() - begin, 1e-6)))
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            begin = time.process_time()
            for _ in range(repeats[name]):
                jax.block_until_ready(call())
            spent[name].append((time.process_time() - begin) / repeats[name])
    return spent


def marks(rows: dict[str, dict]) -> list[tuple]:
    """The worst of the nets."""
    found = []
    for name, mark in MARKS.items():
        ratios = {key: row["gradients"][f"{name} once"] for key, row in rows.items()}
        if ratios:
            worst = max(ratios, key=lambda key: ratios[key])
            text = f"{ratios[worst]:.2f} ({worst})"
            found.append((f"a product with the {name} matrix, once", f"<= {mark:g} gradients", text,
                          met(ratios[worst] <= mark)))  # fmt: skip
    return found


def render(rows: dict[str, dict]) -> list[str]:
    """One line a net and matrix."""
    columns = ("once", "anew", *(f"of {many}" for many in TOGETHER), "of the last layer")
    body = [
        (
            key,
            row["about"],
            row["n"],
            f"{row['ms']:.1f}",
            name,
            *(f"{row['gradients'][f'{name} {c}']:.2f}" for c in columns),
        )
        for key, row in rows.items()
        for name in MARKS
    ]
    names = "net | what | parameters | gradient, ms | matrix | " + " | ".join(columns)
    return ["## Cost of a product, in gradients", "", *table(names, body), ""]

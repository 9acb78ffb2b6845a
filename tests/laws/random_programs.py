"""Random functions of a vector (12,): some forty operations in random order, every result again a vector (12,).

Shapes and bodies of loops are the same in all of them, so that JAX compiles each operation once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy.special import logsumexp

N = 12
PERMUTED = np.random.default_rng(1).permutation(N)
REPEATED = np.random.default_rng(2).integers(0, N, N)
MASK = np.arange(N) % 3 == 1
BAND = np.triu(np.tril(np.cos(np.arange(1.0, 1 + N * N)).reshape(N, N), 1), -2)
BLOCK = np.kron(np.eye(3), np.cos(np.arange(1.0, 17)).reshape(4, 4))
RELATED = 1 + 0.5 * np.sin(np.arange(1.0, 10)).reshape(3, 3)


@jax.custom_jvp
def ruled(a, b):
    return jnp.round(a) + b


ruled.defjvp(lambda p, t: (ruled(*p), t[0] * jnp.sin(p[1]) + jnp.cos(p[0]) * t[1]))


def previous(last, item):
    return item, jnp.sin(last) * item


def totals(state, item):
    count, total = state
    return (count + 1, total + item * jnp.cos(item) * count), total * 0.1 + item


def decaying(state, item):
    new = 0.5 * jnp.tanh(state) + item
    return new, new


def middle(y):
    return jnp.sin(y[0]) * y[2] + y[1]


def first_branch(a, b):
    return a * b


def second_branch(a, b):
    return a[::-1] + b


UNARY: dict[str, Callable[[Any], Any]] = {
    "sin": jnp.sin,
    "tanh": jnp.tanh,
    "square": lambda a: 0.3 * a**2,
    "cube": lambda a: 0.1 * a**3,
    "root": lambda a: jnp.sqrt(1 + a * a),
    "log": lambda a: jnp.log(2 + jnp.cos(a)),
    "reciprocal": lambda a: 1 / (2 + a * a),
    "negative": lambda a: -a,
    "scaled": lambda a: 1.5 * a + 0.2,
    "masked": lambda a: MASK * a,
    "abs": jnp.abs,
    "clipped": lambda a: jnp.clip(a, -0.4, 0.4),
    "floored": lambda a: jnp.floor(a) + 0.5 * a,
    "rolled": lambda a: jnp.roll(a, 1),
    "reversed": lambda a: a[::-1],
    "shifted": lambda a: jnp.pad(a[2:], (0, 2)),
    "strided": lambda a: jnp.concatenate([a[::2], a[1::2]]),
    "transposed": lambda a: a.reshape(3, 4).T.ravel(),
    "permuted": lambda a: a[PERMUTED],
    "repeated": lambda a: a[REPEATED],
    "added": lambda a: jnp.zeros(N).at[REPEATED].add(a),
    "written": lambda a: a.at[3:7].set(jnp.sin(a[:4])),
    "multiplied": lambda a: a.at[np.array([0, 5])].multiply(a[7], unique_indices=True),
    "banded": lambda a: BAND @ a,
    "blocks": lambda a: BLOCK @ a,
    "related": lambda a: (RELATED @ a.reshape(3, 4)).ravel() / 3,
    "differences": lambda a: jnp.diff(a, prepend=0.3),
    "smoothed": lambda a: jnp.convolve(a, np.array([0.25, 0.5, 0.25]), "same"),
    "prefixes": lambda a: jnp.cumsum(a.reshape(3, 4), axis=1).ravel(),
    "products": lambda a: jnp.cumprod(1 + 0.1 * a.reshape(3, 4), axis=0).ravel(),
    "row_means": lambda a: jnp.repeat(jnp.mean(a.reshape(3, 4), axis=1), 4),
    "softmax": lambda a: jax.nn.softmax(a.reshape(4, 3), axis=1).ravel(),
    "logsumexp": lambda a: jnp.tile(logsumexp(a.reshape(4, 3), axis=0), 4),
    "row_products": lambda a: jnp.repeat(jnp.prod(1 + 0.1 * a.reshape(6, 2), axis=1), 2),
    "row_largest": lambda a: jnp.repeat(jnp.max(a.reshape(4, 3), axis=1), 3),
    "sorted": lambda a: jnp.sort(a.reshape(3, 4), axis=1).ravel(),
    "taken": lambda a: a.at[0].set(a[jnp.argmax(a[:4])]),
    "previous": lambda a: lax.scan(previous, a[0], a)[1],
    "totals": lambda a: lax.scan(totals, (1, a[2]), a[:6])[0][1] * MASK + a,
    "running": lambda a: jnp.concatenate([lax.scan(totals, (0, a[3]), a[:4], reverse=True)[1], a[4:]]),
    "decaying": lambda a: jnp.concatenate([lax.scan(decaying, 0.1, a[:5])[1], a[5:]]),
    "windows": lambda a: jnp.pad(jax.vmap(middle)(jnp.stack([a[:-2], a[1:-1], a[2:]], 1)), 1),
    "mapped": lambda a: lax.map(jnp.prod, 1 + 0.1 * a.reshape(4, 3))[jnp.arange(N) % 4],
    "remat": jax.checkpoint(lambda a: jnp.sin(a) * a[::-1]),
    "fourier": lambda a: 0.3 * jnp.fft.fft(a.reshape(3, 4)).real.ravel(),
    "pooled": lambda a: jnp.repeat(lax.reduce_window(a, -jnp.inf, lax.max, (2,), (2,), "VALID"), 2),
    "stopped": lambda a: a * lax.stop_gradient(a[::-1]),
}  # fmt: skip

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - 0.5 * b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / (2 + b * b),
    "larger": jnp.maximum,
    "where": lambda a, b: jnp.where(a > b, a, b * b),
    "chosen": lambda a, b: jnp.where(MASK, a, b),
    "logaddexp": jnp.logaddexp,
    "angle": lambda a, b: jnp.arctan2(a, 3 + jnp.sin(b)),
    "power": lambda a, b: (1 + a * a) ** jnp.tanh(b),
    "ruled": ruled,
    "matmul": lambda a, b: (a.reshape(3, 4)[:, :3] @ b.reshape(3, 4)).ravel() / 3,
    "batched": lambda a, b: jnp.einsum("bij,bj->bi", a.reshape(3, 2, 2), b[:6].reshape(3, 2)).ravel()[np.arange(N) % 6],
    "outer": lambda a, b: jnp.sum(jnp.where(BAND != 0, jnp.outer(a, b), 0), axis=1),
    "cond": lambda a, b: lax.cond(a[0] > 0.1, first_branch, second_branch, a, b),
    "inserted": lambda a, b: lax.dynamic_update_slice(a, jnp.sin(b[:3]), (4,)),
    "solved": lambda a, b: jax.vmap(jnp.linalg.solve)(
        a.reshape(3, 2, 2) * 0.2 + 2 * jnp.eye(2), b[:6].reshape(3, 2)
    ).ravel()[np.arange(N) % 6],
}  # fmt: skip


def random_function(seed: int) -> tuple[Callable[[Any], Any], list[str]]:
    """A function of (N,), a scalar, and the names of its operations."""
    rng = np.random.default_rng(seed)
    steps: list[tuple[str, Callable[..., Any], list[int]]] = []
    for k in range(rng.integers(2, 9)):
        table: dict[str, Callable[..., Any]] = UNARY if rng.random() < 0.65 else BINARY
        name = str(rng.choice(list(table)))
        count = 1 if table is UNARY else 2
        # Mostly the last result, so that operations follow upon each other.
        operands = [k if rng.random() < 0.6 else int(rng.integers(0, k + 1)) for _ in range(count)]
        steps.append((name, table[name], operands))
    kept = np.flatnonzero(rng.random(N) < 0.7)
    closing = int(rng.integers(0, 3))

    def fun(x: Any) -> Any:
        results = [x]
        for _, operation, operands in steps:
            results.append(operation(*(results[i] for i in operands)))
        y = results[-1][kept]
        return jnp.sum(y) if closing == 0 else jnp.sum(y**2) if closing == 1 else jnp.sum(jnp.sin(y) * y)

    return fun, [name for name, *_ in steps]

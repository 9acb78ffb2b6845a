"""Functions for the patterns of derivatives: what people write, each with the constructs that it is there for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.experimental import sparse
from jax.scipy.special import logsumexp

N = 12
LINKS = np.array([[0, 3], [3, 7], [7, 1], [1, 5], [5, 11], [2, 2], [9, 4]])
GROUPS = np.array([0, 0, 1, 1, 1, 2, 3, 3, 3, 3, 2, 0])
BAND = np.triu(np.tril(np.arange(1.0, 1 + N * N).reshape(N, N), 1), -1)
SPARSE = sparse.BCOO.fromdense(BAND)
FULL = np.cos(np.arange(1.0, 1 + N * N)).reshape(N, N)


def straight_through(x):
    """Rounds, and has the derivative one: the pattern is that of the rule."""

    @jax.custom_jvp
    def rounded(x):
        return jnp.round(x)

    rounded.defjvp(lambda primals, tangents: (rounded(*primals), tangents[0]))
    return jnp.sum(rounded(x[1:]) ** 2 * x[:-1])


@jax.custom_vjp
def clipped(x):
    return jnp.sin(x)


clipped.defvjp(lambda x: (jnp.sin(x), x), lambda x, c: (c * jnp.cos(x) * x[::-1],))


def gathered_loop(x):
    return lax.fori_loop(0, N - 1, lambda i, s: s + jnp.sin(x[i]) * x[i + 1], 0.0)


def remembering(x):
    """A step that reads the item before it."""

    def step(last, item):
        return item, (item - last**2) ** 2

    _, parts = lax.scan(step, x[0] * 2, x[1:])
    return jnp.sum(parts)


def looking_back(x):
    """A step that reads two items back, in reverse."""

    def step(state, item):
        one, two, total = state
        return (item, one, total + item * two), one * 2

    (one, _, total), parts = lax.scan(step, (x[0], x[1], 0.0), x[2:], reverse=True)
    return total + jnp.sum(parts**2) + one * x[11]


def recurrence(x):
    state, _ = lax.scan(lambda s, item: (jnp.sin(s) + item, None), 0.0, x[:5])
    return state * x[6]


def descent(x):
    return lax.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, s[1] * x[:4] + 0.1), (0, x[4:8]))[1].sum() ** 2


def long_recurrence(x):
    def step(i, s):
        return 0.5 * jnp.sin(s) + x[i % 4] * 0.1

    return jnp.sum(lax.fori_loop(0, 3000, step, x[:3]) ** 2) + x[8] * x[9]


def in_place(x):
    def step(i, y):
        return y.at[i].set(y[i] * y[i - 1])

    return lax.fori_loop(1, 5, step, x)[4] + x[8] ** 3


def counting(x):
    """An index that moves by steps of its own, inside a loop."""

    def step(state, _):
        i, total = state
        return ((i * 2 + 1) % N, total + jnp.exp(x[i]) * x[(i + 3) % N]), None

    return lax.scan(step, (1, 0.0), None, length=6)[0][1]


def branched(x):
    return lax.cond(x[0] > 0.7, lambda y: y[1] * y[2], lambda y: y[3] ** 2 + y[4], x)


def switched(x, which):
    return lax.switch(which, [lambda y: y[1] * y[2], lambda y: y[3] * y[4], lambda y: jnp.sum(y)], x)


def solved(x):
    A = jnp.diag(x[:3]) + jnp.ones((3, 3))
    return jnp.sum(jnp.linalg.solve(A, x[3:6]) ** 2) + x[8] * x[9]


def solved_each(x):
    A = x[:8].reshape(2, 2, 2) + 3 * jnp.eye(2)
    return jnp.sum(jax.vmap(jnp.linalg.solve)(A, x[8:].reshape(2, 2)))


def volumes(x):
    return jnp.sum(jnp.linalg.det(x[:8].reshape(2, 2, 2))) + jnp.linalg.slogdet(jnp.diag(x[8:]) + 1)[1]


def determined(x):
    L = jnp.linalg.cholesky(jnp.diag(x[:3] + 2) + 0.1)
    return jnp.sum(lax.linalg.triangular_solve(L, x[3:6, None], left_side=True, lower=True) ** 2) + x[7] ** 2


def surface(x):
    u = x.reshape(3, 4)
    a, b = u[1:, 1:] - u[:-1, :-1], u[1:, :-1] - u[:-1, 1:]
    return jnp.sum(jnp.sqrt(1 + (a * a + b * b) / 2))


def convolved(x):
    kernel = jnp.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])
    u = x.reshape(3, 4)
    return jnp.sum(jax.scipy.signal.convolve2d(u, kernel, mode="valid") ** 2)


def two_layers(x):
    """A convolution whose array and kernel both move."""
    u, kernel = x[:9].reshape(1, 1, 9), x[9:].reshape(1, 1, 3)
    return jnp.sum(lax.conv(u, kernel, (1,), "SAME")[0, 0, :5])


def pooled(x):
    return jnp.sum(lax.reduce_window(x, -jnp.inf, lax.max, (3,), (3,), "VALID") ** 2)


def written(x):
    y = jnp.zeros(N).at[jnp.array([2, 5, 5])].add(x[:3] ** 2).at[1].set(x[4]).at[3].multiply(x[5])
    return jnp.sum(y[1:] * y[:-1]) + jnp.sum(x.at[::2].mul(2.0)[1:3] ** 2)


def chosen(x):
    return jnp.take(x, jnp.argmax(x)) ** 2 * x[0]


def sliced_somewhere(x):
    i = jnp.argmax(x[:3])
    picked = jnp.sum(lax.dynamic_slice(x.reshape(3, 4), (i, 1), (1, 2)) ** 2)
    return picked + jnp.sum(x.at[i].set(x[5]) ** 3) + jnp.sum(x[6:10].at[i].add(x[11]) ** 3)


def triple(s):
    return s * (3 * s)


def pairwise(x):
    return jnp.sin(x[1:] + 2 * x[:-1])


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "rosenbrock": lambda x: jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2),
    "rolled": lambda x: jnp.sum((jnp.roll(x, 1) - x) ** 4),
    "padded": lambda x: jnp.sum(jnp.sin(jnp.diff(jnp.pad(x, 1)))),
    "surface": surface,
    "convolved": convolved,
    "convolve": lambda x: jnp.sum(jnp.convolve(x, jnp.array([1.0, 0, -2])) ** 2),
    "two_layers": two_layers,
    "pooled": pooled,
    "averaged": lambda x: jnp.sum(lax.reduce_window(x.reshape(3, 4), 0.0, lax.add, (2, 2), (1, 2), "SAME") ** 2),
    "links": lambda x: jnp.sum((jnp.sin(x[LINKS[:, 0]]) - x[LINKS[:, 1]]) ** 2),
    "segments": lambda x: jnp.sum(jax.ops.segment_sum(x**2, GROUPS, 4) ** 2),
    "largest_of_segments": lambda x: jnp.sum(jax.ops.segment_max(x, GROUPS, 4) ** 2),
    "written": written,
    "fori": gathered_loop,
    "scan": remembering,
    "scan_back": looking_back,
    "recurrence": recurrence,
    "while": descent,
    "long_recurrence": long_recurrence,
    "in_place": in_place,
    "counting": counting,
    "map": lambda x: jnp.sum(lax.map(lambda i: x[i] * jnp.exp(x[(i * 5) % N]), jnp.arange(N - 2))),
    "map_in_batches": lambda x: jnp.sum(lax.map(lambda a: jnp.prod(a), x.reshape(4, 3), batch_size=2)),
    "associative": lambda x: jnp.sum(lax.associative_scan(jnp.add, x[:4]) ** 2) * x[9],
    "vmap": lambda x: jnp.sum(jax.vmap(lambda a, b: a[0] * b[1] ** 2)(x.reshape(6, 2), x[::-1].reshape(6, 2))),
    "vmapped_index": lambda x: jnp.sum(jax.vmap(lambda i: x[i] ** 3 * x[i + 1])(jnp.arange(5))),
    "cond": branched,
    "where": lambda x: jnp.sum(jnp.where(jnp.arange(N) % 2 == 0, x**2, x * x[0])),
    "where_x": lambda x: jnp.sum(jnp.where(x > 0.8, x**2, x * x[1])),
    "masked": lambda x: jnp.sum((np.arange(N) % 3 == 0) * (x - x[::-1]) ** 2),
    "norm": lambda x: jnp.linalg.norm(x[:4]) * x[5] + jnp.linalg.norm(x[6:8], ord=1) ** 2,
    "logsumexp": lambda x: logsumexp(x[:5]) + jnp.sum(logsumexp(x[6:].reshape(2, 3), axis=1)),
    "softmax": lambda x: jnp.sum(jax.nn.softmax(x.reshape(3, 4), axis=1)[:, 0] ** 2),
    "logaddexp": lambda x: jnp.sum(jnp.logaddexp(x[:-1], x[1:])),
    "activations": lambda x: jnp.sum(jax.nn.silu(x) * jax.nn.relu(jnp.roll(x, 1)) + jax.nn.gelu(x) + jnp.sinc(x)),
    "special": lambda x: jnp.sum(
        jax.scipy.special.gammaln(x) + jax.scipy.special.xlogy(x, x[::-1]) + jax.scipy.special.betainc(2.0, 3.0, x / 2)
    ),
    "cumsum": lambda x: jnp.sum(jnp.cumsum(x[:5]) ** 2) + jnp.cumsum(x[::-1])[3] * x[0] + jnp.cumprod(x[5:8])[1],
    "cumlogsumexp": lambda x: jnp.sum(lax.cumlogsumexp(x[:4], reverse=True)[1:]),
    "product": lambda x: jnp.prod(x[:4]) + jnp.sum(jnp.prod(x[4:].reshape(4, 2), axis=1)),
    "extremes": lambda x: jnp.max(x) ** 2 + jnp.min(x[:3]) * x[4] + jnp.sum(jnp.clip(x, 0.5, 1) ** 2),
    "sorted": lambda x: jnp.sum(jnp.sort(x.reshape(3, 4), axis=1)[:, 1] ** 2) + lax.top_k(x[:3], 2)[0][1] ** 2,
    "median": lambda x: jnp.median(x[:5]) * x[6],
    "matmul": lambda x: jnp.sum((x[:6].reshape(2, 3) @ x[6:].reshape(3, 2)) ** 2),
    "matmul_both": lambda x: x[:3] @ FULL[:3, :3] @ x[:3] + x[4:] @ x[4:],
    "trace": lambda x: jnp.trace(x[:9].reshape(3, 3) @ x[3:].reshape(3, 3)),
    "banded": lambda x: jnp.sum((BAND @ x) ** 4),
    "banded_both": lambda x: jnp.sum(jnp.sin(BAND @ jnp.stack([x, x[::-1]], 1))[:, 0]),
    "dense": lambda x: jnp.sum((FULL @ x) ** 4),
    "quadratic_form": lambda x: x @ BAND @ x,
    "einsum": lambda x: jnp.einsum("ij,jk,k->", x[:6].reshape(2, 3), FULL[:3, :4], x[6:10]),
    "outer": lambda x: jnp.sum(jnp.triu(jnp.outer(x, x), 10)),
    "pairs": lambda x: jnp.sum(jnp.where(np.triu(np.ones((N, N)), 1) > 0, (x[:, None] - x[None]) ** 4, 0.0)),
    "diagonal": lambda x: jnp.sum(jnp.diagonal(x[:9].reshape(3, 3)) ** 2),
    "solve": solved,
    "solve_each": solved_each,
    "determinants": volumes,
    "cholesky": determined,
    "inverse": lambda x: jnp.sum(jnp.linalg.inv(jnp.diag(x[:3]) + FULL[:3, :3])[0] * x[4:7]),
    "fourier": lambda x: jnp.sum(jnp.abs(jnp.fft.fft(x.reshape(3, 4))[:, 0]) ** 2) + jnp.fft.rfft(x[:4]).real[1] ** 3,
    "straight_through": straight_through,
    "custom_vjp": lambda x: jnp.sum(clipped(x)) + jnp.sum(clipped(x[2:5]) ** 2),
    "remat": lambda x: jnp.sum(jax.checkpoint(lambda y: jnp.sin(y) * y[::-1])(x)),
    "stopped": lambda x: jnp.sum(x**2 * lax.stop_gradient(x[::-1]) + jnp.floor(x) * x[0] + jnp.sign(x) * x[1]),
    "arrow": lambda x: jnp.sum((x[0] * x[1:]) ** 2),
    "row": lambda x: x[3] * jnp.sum(x) + jnp.sum(x**2),
    "centered": lambda x: jnp.sum((x - jnp.mean(x)) * x[::-1]),
    "chosen": chosen,
    "sliced_somewhere": sliced_somewhere,
    "ratios": lambda x: jnp.sum(x[:-1] / x[1:]) + jnp.sum(x[::3] ** x[1::3]) + jnp.sum(jnp.arctan2(x[:3], x[3:6])),
    "linear": lambda x: 3 * jnp.sum(x) - x[2] + jnp.sum(jnp.abs(x)) + jnp.sum(x % 0.3),
    "denominators": lambda x: jnp.sum(x[::-1] / (1 + x + jnp.roll(x, 1))),
    "equal_factors": lambda x: jnp.sum(triple(x[1:] + x[:-1])),
    "parts_of_prefixes": lambda x: (
        jnp.cumsum(pairwise(x))[8] + lax.cumsum(pairwise(x), reverse=True)[9] + lax.cummax(pairwise(x), reverse=True)[7]
    ),
    "part_of_a_product": lambda x: (BAND[:, 1:] @ pairwise(x))[5],
    "part_of_another": lambda x: (pairwise(x) @ BAND[1:])[5],
    "constant": lambda x: 2.0 + 0 * jnp.sum(lax.stop_gradient(x)),
    "interpolated": lambda x: jnp.sum(jnp.interp(x, jnp.arange(4.0), jnp.array([0.0, 1, 0, 2])) ** 2),
    "polynomial": lambda x: jnp.polyval(x[:4], x[5]) + jnp.sum(jnp.polyval(jnp.array([1.0, 2, 3]), x[6:])),
    "split": lambda x: sum(jnp.sum(a * b) for a, b in zip(jnp.split(x, 3), jnp.split(x[::-1], 3), strict=True)),
    "sparse_matrix": lambda x: jnp.sum((SPARSE @ x) ** 4),
    "random": lambda x: jnp.sum(x[jax.random.permutation(jax.random.key(3), N)] * x),
    "triangle": lambda x: jnp.sum(jnp.tril(x[:9].reshape(3, 3)) ** 2 @ jnp.ones(3)),
    "integers": lambda x: jnp.sum(x * (x > 0.7)) + jnp.sum(x.astype(int) * x[0]),
    "complex": lambda x: jnp.sum(jnp.abs(x[:6] + 1j * x[6:])) + jnp.real((x[0] + 1j * x[1]) ** 3),
    "tridiagonal_solve": lambda x: jnp.sum(
        lax.linalg.tridiagonal_solve(
            x[:3] * jnp.array([0.0, 1, 1]), x[3:6] + 4, x[6:9] * jnp.array([1.0, 1, 0]), x[9:, None]
        )
    ),
    "eigenvalues": lambda x: jnp.sum(jnp.linalg.eigvalsh(x[:4].reshape(2, 2)) ** 2) + x[6] * x[7],
    "repeated": lambda x: jnp.sum(jnp.tile(x[:3], 4) * jnp.repeat(x[3:7], 3)),
    "cholesky_batch": lambda x: jnp.sum(
        jnp.linalg.cholesky(jnp.eye(2) * 3 + x[:8].reshape(2, 2, 2) + x[:8].reshape(2, 2, 2).swapaxes(1, 2))
    ),
}
"""Each f of one vector (N,), smooth where its entries lie between 0.3 and 1.5."""


def grid(h: int, w: int, offsets: list[tuple[int, int]]) -> np.ndarray:
    """The pattern of an h x w grid in which each point meets those at these offsets."""
    out = np.zeros((h * w, h * w), bool)
    for i in range(h):
        for j in range(w):
            for di, dj in [(0, 0), *offsets, *((-a, -b) for a, b in offsets)]:
                if 0 <= i + di < h and 0 <= j + dj < w:
                    out[i * w + j, (i + di) * w + j + dj] = True
    return out


def banded(n: int, width: int) -> np.ndarray:
    """Entries up to `width` away from the diagonal."""
    i = np.arange(n)
    return np.abs(i[:, None] - i) <= width


def arrow(n: int) -> np.ndarray:
    """The diagonal, the first row and the first column."""
    out = np.eye(n, dtype=bool)
    out[0] = out[:, 0] = True
    return out


def dirichlet(x):
    """A quadratic energy by differences along both axes: five points."""
    u = jnp.pad(x.reshape(5, 6), 1)
    return jnp.sum(jnp.diff(u, axis=0) ** 2) + jnp.sum(jnp.diff(u, axis=1) ** 2)


def triangles(x):
    """The area of a surface over triangles, two to a cell: seven points."""
    u = x.reshape(5, 6)
    low = (u[1:, :-1] - u[:-1, :-1]) ** 2 + (u[:-1, 1:] - u[:-1, :-1]) ** 2
    high = (u[1:, 1:] - u[1:, :-1]) ** 2 + (u[1:, 1:] - u[:-1, 1:]) ** 2
    return jnp.sum(jnp.sqrt(1 + low) + jnp.sqrt(1 + high))


def cells(x):
    """The area by diagonals of cells: nine points."""
    u = x.reshape(5, 6)
    a, b = u[1:, 1:] - u[:-1, :-1], u[1:, :-1] - u[:-1, 1:]
    return jnp.sum(jnp.sqrt(1 + (a * a + b * b) / 2))


def ginzburg_landau(x):
    """A double well with a gradient energy on a ring of 30."""
    return jnp.sum((x**2 - 1) ** 2 / 4) + jnp.sum((jnp.roll(x, -1) - x) ** 2) / 2


def powell(x):
    a, b, c, d = x.reshape(-1, 4).T
    return jnp.sum((a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4)


def wood(x):
    a, b, c, d = x.reshape(-1, 4).T
    return jnp.sum(
        100 * (a**2 - b) ** 2 + (1 - a) ** 2 + 90 * (c**2 - d) ** 2 + (1 - c) ** 2
        + 10.1 * ((1 - b) ** 2 + (1 - d) ** 2) + 19.8 * (1 - b) * (1 - d)
    )  # fmt: skip


def broyden(x):
    y = jnp.pad(x, 1)
    return jnp.sum(((3 - 2 * x) * x - y[:-2] - 2 * y[2:] + 1) ** 2)


def broyden_loop(x):
    """The same, written with a loop and a function of one index."""
    residual = lambda i: (3 - 2 * x[i]) * x[i] - x[i - 1] - 2 * x[i + 1] + 1
    inner = lax.fori_loop(1, x.size - 1, lambda i, s: s + residual(i) ** 2, 0.0)
    return inner + ((3 - 2 * x[0]) * x[0] - 2 * x[1] + 1) ** 2 + ((3 - 2 * x[-1]) * x[-1] - x[-2] + 1) ** 2


def block(size: int, entries: np.ndarray) -> np.ndarray:
    return np.kron(np.eye(size), entries) > 0


POWELL = np.array([[1, 1, 0, 1], [1, 1, 1, 0], [0, 1, 1, 1], [1, 0, 1, 1]])
WOOD = np.array([[1, 1, 0, 0], [1, 1, 0, 1], [0, 0, 1, 1], [0, 1, 1, 1]])
RING = banded(30, 1) | np.roll(np.eye(30, dtype=bool), 29, 1) & (np.arange(30)[:, None] == 0)
RING = RING | RING.T

EXACT: dict[str, tuple[Callable[[Any], Any], np.ndarray]] = {
    "rosenbrock": (FUNCTIONS["rosenbrock"], banded(30, 1)),
    "dirichlet": (dirichlet, grid(5, 6, [(0, 1), (1, 0)])),
    "triangles": (triangles, grid(5, 6, [(0, 1), (1, 0), (1, -1)])),
    "cells": (cells, grid(5, 6, [(0, 1), (1, 0), (1, 1), (1, -1)])),
    "ginzburg_landau": (ginzburg_landau, RING),
    "powell": (powell, block(7, POWELL)),
    "wood": (wood, block(7, WOOD)),
    "broyden": (broyden, banded(30, 2)),
    "broyden_loop": (broyden_loop, banded(30, 2)),
    "arrow": (FUNCTIONS["arrow"], arrow(30)),
    "bilinear_arrow": (lambda x: x[0] * jnp.sum(x[1:]) + jnp.sum(x**4), arrow(30)),
    "separable": (lambda x: jnp.sum(jnp.exp(x) * jnp.sin(x) + x**3 / (1 + x**2)), np.eye(30, dtype=bool)),
    "banded": (lambda x: jnp.sum((banded(30, 3) * 1.0 @ x) ** 4), banded(30, 6)),
    "form": (lambda x: x @ (banded(30, 3) * 1.0) @ x, banded(30, 3)),
    "valid": (lambda x: jnp.sum(jnp.convolve(x, jnp.array([1.0, -2, 1]), "valid") ** 2), banded(30, 2)),
    "scan": (lambda x: jnp.sum(lax.scan(lambda last, a: (a, (a - last**2) ** 2), x[0], x[1:])[1]), banded(30, 1)),
    "mapped": (lambda x: jnp.sum(lax.map(lambda i: (x[i + 1] - x[i] ** 2) ** 2, jnp.arange(29))), banded(30, 1)),
    "where": (lambda x: jnp.sum(jnp.where(jnp.arange(30) < 30, x**2, x * x[0])), np.eye(30, dtype=bool)),
}
"""Functions of 30 (powell, wood: 28) variables whose pattern is known by hand."""

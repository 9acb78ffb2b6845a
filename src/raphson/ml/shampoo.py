"""Shampoo: the gradient divided by roots of its second moments along every axis.

Sources: Gupta, Koren and Singer (2018), "Shampoo: preconditioned stochastic tensor optimization", algorithm 2; Anil,
Gupta, Koren, Regan and Singer (2020), "Scalable second order optimization for deep learning", for moving means, blocks,
roots computed rarely, and grafting of a diagonal method's step length.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from itertools import product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from raphson.ml.soap import axis_product, gram, in_type
from raphson.ml.transform import Rate, TransformRule, checked_count, checked_number, in_shell, unzipped, working

Array = jax.Array

GRAFTS = ("diagonal", "sgd", "none")


class ShampooState(NamedTuple):
    """Trees like the parameters: the mean of steps, the second moments entry by entry, and at each leaf a tuple with
    the factors and one with the roots of each block, one (d, d) for every axis of the block."""

    mean: Any
    square: Any
    factors: Any
    roots: Any


def shampoo(
    learning_rate: Rate = 1e-3,
    *,
    b1: Any = 0.9,
    b2: Any = 0.99,
    epsilon: Any = 1e-6,
    initial: Any = 0.0,
    every: Any = 10,
    graft: str = "diagonal",
    block: int = 512,
    weight_decay: Any = 0.0,
) -> Any:
    """Shampoo as a gradient transformation (init, update).

    A leaf of k axes (those of size 1 not counted) has a factor for each: L_i <- b2 L_i + (1 - b2) G_(i) G_(i)', or with
    b2=1 the sum, from `initial` times the identity. The step is G times (L_i + epsilon max eig(L_i) I)^(-1/(2k)) along
    every axis, the roots from eigenvalues in float64 (where JAX has it) every `every` updates. `graft`: its length,
    leaf by leaf, is that of the "diagonal" method (g over the root of second moments: RMSProp, with b2=1 AdaGrad), of
    the gradient ("sgd"), or its own ("none"). The steps' moving mean (b1) is the update. Axes above `block` are cut:
    every block is a leaf of its own. Gupta et al.: b1=0, b2=1, epsilon=0, initial=1e-4, every=1, graft="none". Nothing
    but the gradient is looked at. Raises ValueError for numbers out of their range, TypeError for parameters that are
    not real floating point.
    """
    checked_number("b1", b1, 0, 1, open_above=True)
    checked_number("b2", b2, 0, 1)
    for name, value in (("epsilon", epsilon), ("initial", initial)):
        checked_number(name, value, 0, jnp.inf)
    checked_count("every", every)
    checked_count("block", block)
    if graft not in GRAFTS:
        raise ValueError(f"graft is {graft!r}: choose one of {', '.join(map(repr, GRAFTS))}")

    def begin(params: Any) -> ShampooState:
        def leaf(p: Any) -> tuple[Any, ...]:
            kind = working(p)
            zero = jnp.zeros(jnp.shape(p), kind)
            eyes = tuple(tuple(jnp.eye(d, dtype=kind) for d in b.shape) for b in blocks(zero, block))
            return zero, zero, jax.tree.map(lambda I: initial * I, eyes), eyes

        return ShampooState(*unzipped(4, leaf, params))

    def step(grads: Any, state: ShampooState, params: Any, rate: Any, count: Array, extra: Any) -> Any:
        new_share = jnp.where(jnp.asarray(b2) == 1, 1.0, 1 - b2)

        def leaf(g: Array, m: Array, v: Array, L: Any, P: Any) -> tuple[Any, ...]:
            kind = m.dtype
            g = g.astype(kind)
            pieces = blocks(g, block)
            L = tuple(
                tuple(b2 * A + new_share * gram(piece, axis) for axis, A in enumerate(mine))
                for piece, mine in zip(pieces, L, strict=True)
            )
            P = lax.cond(
                count % every == 0, lambda: tuple(in_type(block_roots(mine, epsilon), kind) for mine in L), lambda: P
            )
            d = joined([preconditioned(piece, mine) for piece, mine in zip(pieces, P, strict=True)], g.shape, block)
            v = b2 * v + new_share * g**2
            if graft != "none":
                total = jnp.where(jnp.asarray(b2) == 1, 1.0, 1 - jnp.asarray(b2, kind) ** (count + 1))
                tiny = jnp.finfo(kind).tiny
                wanted = g if graft == "sgd" else g / jnp.sqrt(jnp.maximum(v / total, tiny))
                d = d * (length(wanted) / jnp.maximum(length(d), tiny))
            m = b1 * m + (1 - b1) * d
            return (-rate * m).astype(kind), m.astype(kind), v.astype(kind), in_type(L, kind), P

        new, *inner = unzipped(5, leaf, grads, *state)
        return new, ShampooState(*inner)

    return in_shell(TransformRule("shampoo", begin, step), learning_rate, weight_decay)


def length(g: Array) -> Array:
    """The Euclidean norm, without overflow."""
    top = jnp.max(jnp.abs(g), initial=0)
    safe = jnp.where(top > 0, top, 1)
    return safe * jnp.sqrt(jnp.sum((g / safe) ** 2))


def cuts(shape: tuple[int, ...], block: int) -> list[tuple[slice, ...]]:
    """Where the blocks of an array lie: pieces of at most `block` along every axis, as equal as can be."""
    edges = []
    for d in shape:
        parts = -(-d // block)
        edges.append([slice(d * i // parts, d * (i + 1) // parts) for i in range(parts)])
    return list(product(*edges))


def long_axes(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape without axes of size 1; (1,) for one number."""
    return tuple(d for d in shape if d != 1) or (1,)


def blocks(g: Array, block: int) -> list[Array]:
    """The blocks of an array without its axes of size 1."""
    g = g.reshape(long_axes(g.shape))
    return [g[where] for where in cuts(g.shape, block)]


def joined(pieces: list[Array], shape: tuple[int, ...], block: int) -> Array:
    """The array of its blocks."""
    long = long_axes(shape)
    if len(pieces) == 1:
        return pieces[0].reshape(shape)
    whole = jnp.zeros(long, pieces[0].dtype)
    for where, piece in zip(cuts(long, block), pieces, strict=True):
        whole = whole.at[where].set(piece)
    return whole.reshape(shape)


def preconditioned(g: Array, roots: Any) -> Array:
    """A block times its roots along every axis."""
    for axis, P in enumerate(roots):
        g = axis_product(g, P, axis)
    return g


def block_roots(factors: Any, epsilon: Any) -> tuple[Array, ...]:
    """(L_i + epsilon max eig(L_i) I)^(-1/(2k)) for the k factors of a block."""
    return tuple(inverse_root(L, 2 * len(factors), epsilon) for L in factors)


def inverse_root(L: Array, p: int, epsilon: Any) -> Array:
    """(L + epsilon e I)^(-1/p), e the largest eigenvalue, by eigenvalues in float64 where JAX has it; eigenvalues below
    the rounding of e count as that. The identity for L = 0, which has no root."""
    wide = jnp.promote_types(L.dtype, jax.dtypes.canonicalize_dtype(jnp.float64))
    e, U = jnp.linalg.eigh(L.astype(wide))
    top = jnp.maximum(e[-1], 0)
    floor = L.shape[0] * jnp.finfo(L.dtype).eps * top
    raised = jnp.maximum(e + epsilon * top, floor)
    power = jnp.where(top > 0, jnp.where(top > 0, raised, 1) ** (-1 / p), 1)
    return (U * power) @ U.T

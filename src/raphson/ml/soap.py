"""SOAP: Adam in the eigenbasis of Shampoo's factors. Source: Vyas, Morwani, Zhao, Kwun, Shapira, Brandfonbrener, Janson
and Kakade (2024), "SOAP: Improving and stabilizing Shampoo using Adam", algorithms 3 and 4."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from raphson.ml.transform import Rate, TransformRule, checked_count, checked_number, in_shell, unzipped, working

Array = jax.Array


class SoapState(NamedTuple):
    """Trees like the parameters: the mean of gradients, that of squares in the eigenbasis, and at each leaf a tuple
    with a factor (d, d) and one with a basis (d, d) for every axis (None where an axis has none)."""

    mean: Any
    square: Any
    factors: Any
    bases: Any


def soap(
    learning_rate: Rate = 3e-3,
    *,
    b1: Any = 0.95,
    b2: Any = 0.95,
    b_factors: Any = None,
    eps: Any = 1e-8,
    every: Any = 10,
    max_size: int = 10000,
    vectors: bool = False,
    weight_decay: Any = 0.0,
) -> Any:
    """SOAP as a gradient transformation (init, update).

    Each axis i of a leaf has a factor L_i, the moving mean (`b_factors`, None: b2) of G_(i) G_(i)', G_(i) the gradient
    unfolded along it, and a basis Q_i, refreshed every `every` updates by one step of orthogonal iteration
    (QR of L_i Q_i, columns ordered by their Rayleigh quotients). Adam (b1, b2, eps) runs on the gradient in the bases;
    what is below the rounding of its largest entry there moves nothing.
    The first gradient gives the first bases and moves nothing that has one, as in the authors' program: no gradient is
    divided by what it is itself. Axes of size 1 and those above `max_size` keep their axes,
    as do scalars, and vectors unless `vectors`. Nothing but the gradient is looked at. `learning_rate`: a number or a
    function of the count. Raises ValueError for numbers out of their range, TypeError for parameters that are not real
    floating point.
    """
    for name, value in (("b1", b1), ("b2", b2), *((("b_factors", b_factors),) if b_factors is not None else ())):
        checked_number(name, value, 0, 1, open_above=True)
    checked_number("eps", eps, 0, jnp.inf)
    checked_count("every", every)
    checked_count("max_size", max_size)
    fade = b2 if b_factors is None else b_factors

    def begin(params: Any) -> SoapState:
        def leaf(p: Any) -> tuple[Any, ...]:
            kind, axes = working(p), axes_of(jnp.shape(p), max_size, vectors)
            zero = jnp.zeros(jnp.shape(p), kind)
            factors = tuple(None if d is None else jnp.zeros((d, d), kind) for d in axes)
            return zero, zero, factors, tuple(None if d is None else jnp.eye(d, dtype=kind) for d in axes)

        return SoapState(*unzipped(4, leaf, params))

    def step(grads: Any, state: SoapState, params: Any, rate: Any, count: Array, extra: Any) -> Any:
        def leaf(g: Array, m: Array, v: Array, L: Any, Q: Any) -> tuple[Any, ...]:
            g, kind = g.astype(m.dtype), m.dtype
            grams = tuple(None if A is None else gram(g, axis) for axis, A in enumerate(L))
            L = jax.tree.map(lambda A, B: (fade * A + (1 - fade) * B).astype(kind), L, grams)
            if not jax.tree.leaves(L):
                return (*adam(g, m, v, Q, rate, count + 1), L, Q)

            def first() -> tuple[Any, ...]:
                return jnp.zeros_like(g), m, v, jax.tree.map(first_basis, L)

            def later() -> tuple[Any, ...]:
                new, mean, square = adam(g, m, v, Q, rate, count)
                turn = lambda: refreshed(L, Q, square)
                bases, square = lax.cond(count % every == 0, turn, lambda: (Q, square))
                return new, mean, square, bases

            new, mean, square, bases = lax.cond(count == 0, first, later)
            return new, mean, square, L, bases

        new, *inner = unzipped(5, leaf, grads, *state)
        return new, SoapState(*inner)

    def adam(g: Array, m: Array, v: Array, Q: Any, rate: Any, t: Array) -> tuple[Array, Array, Array]:
        """Adam's update in the bases at its step t, and its next means."""
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * rotated(g, Q) ** 2
        spread = jnp.sqrt(v / (1 - b2**t))
        scaled = rotated(m, Q) / (1 - b1**t) / (spread + eps + rounding(spread, Q))
        new = -rate * rotated(scaled, jax.tree.map(jnp.transpose, Q))
        return new.astype(g.dtype), m.astype(g.dtype), v.astype(g.dtype)

    return in_shell(TransformRule("soap", begin, step), learning_rate, weight_decay)


def in_type(tree: Any, kind: Any) -> Any:
    """Every array in one type."""
    return jax.tree.map(lambda a: a.astype(kind), tree)


def axes_of(shape: tuple[int, ...], max_size: int, vectors: bool) -> tuple[int | None, ...]:
    """The sizes of the axes that have a factor, None for the others."""
    long = [d for d in shape if d > 1]
    if not long or (len(long) == 1 and not vectors):
        return (None,) * len(shape)
    return tuple(d if 1 < d <= max_size else None for d in shape)


def gram(g: Array, axis: int) -> Array:
    """G_(i) G_(i)', summed over all other axes."""
    unfolded = jnp.moveaxis(g, axis, 0).reshape(g.shape[axis], -1)
    return unfolded @ unfolded.T


def axis_product(g: Array, M: Array, axis: int) -> Array:
    """M' times an array along an axis."""
    return jnp.moveaxis(jnp.tensordot(g, M, (axis, 0)), -1, axis)


def rotated(g: Array, bases: Any) -> Array:
    """An array in the coordinates of the bases (columns)."""
    for axis, Q in enumerate(bases):
        g = g if Q is None else axis_product(g, Q, axis)
    return g


def rounding(spread: Array, bases: Any) -> Array:
    """What rotations leave of entries that are 0: without it Adam makes steps of full length of rounding errors, in
    directions that no gradient has."""
    terms = sum(Q.shape[0] for Q in bases if Q is not None)
    return terms * jnp.finfo(spread.dtype).eps * jnp.max(spread, initial=0)


def first_basis(L: Array) -> Array:
    """Eigenvectors as columns, the largest eigenvalue first."""
    return jnp.linalg.eigh(L)[1][:, ::-1]


def refreshed(factors: Any, bases: Any, v: Array) -> tuple[Any, Array]:
    """One step of orthogonal iteration for each basis, in the order of Rayleigh quotients; v is reordered alike."""
    new = []
    for axis, (L, Q) in enumerate(zip(factors, bases, strict=True)):
        if L is None:
            new.append(None)
            continue
        order = jnp.argsort(-jnp.sum(Q * (L @ Q), axis=0))
        v = jnp.take(v, order, axis=axis)
        new.append(jnp.linalg.qr(L @ Q[:, order])[0])
    return tuple(new), v

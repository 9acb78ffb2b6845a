"""Solves with J'MJ plus a multiple of the identity, where the outputs of all examples are fewer than the parameters.

J'MJ = B'B with B = S'J (R, P), M = S S', R the rows of all outputs. The Gram matrix B B' (R, R), the neural tangent
kernel of the loss, is formed by R products and decomposed once, and then, by the Woodbury identity,

    (B'B + shift I)^-1 g = (g - B' (B B' + shift I)^-1 B g) / shift.

Source: Golub and Van Loan, Matrix Computations, 2.1.4; Ren and Goldfarb (2019), "Efficient subsampled Gauss-Newton and
natural gradient methods". Cancellation: see `shifted_solution`.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.ml.microbatches import Microbatches, sum_over
from raphson.ml.parameter_tree import ParameterTree
from raphson.ml.risk_products import Information, OutputTerm, RiskState
from raphson.ml.tree_operator import chunk

Array = jax.Array

ROUNDING = 64
"""Units of rounding of g below which its part outside the row space counts as none. A gradient lies in the row space
but for its rounding, 0.6 to 2.4 units measured, which 1 / shift would blow up; the projections add their own."""


@dataclass(frozen=True)
class Halves:
    """v -> B v and z -> B' z, microbatch by microbatch; B'B is the matrix of this information."""

    term: OutputTerm
    information: Information

    def one(self, state: RiskState, batch: Any) -> Callable[[Any], Array]:
        """B of one microbatch, linear."""
        outputs, push = jax.linearize(lambda p: self.term.outputs(p, batch, state.frozen), state.params)
        rows = self.term.rows(outputs, batch)

        def half(v: Any) -> Array:
            u = push(v).reshape(rows.outputs.shape)
            return jnp.sqrt(state.scale) * self.information.root(self.term.loss, rows, state.key, u).ravel()

        return half

    def times(self, state: RiskState, v: Any) -> Array:
        """B v (R,)."""
        parts = [lax.map(lambda batch: self.one(state, batch)(v), part).ravel() for part in state.data.parts]
        return jnp.concatenate(parts)

    def transposed(self, state: RiskState, z: Array) -> Any:
        """B' z, a pytree."""
        data, each = state.data, z.size // state.data.count
        counts = [jax.tree.leaves(part)[0].shape[0] for part in data.parts]
        ends = np.cumsum([k * size * each for k, size in zip(counts, data.sizes, strict=True)])[:-1]
        pieces = [piece.reshape(k, -1) for piece, k in zip(jnp.split(z, ends), counts, strict=True)]
        both = Microbatches(tuple(zip(data.parts, pieces, strict=True)), data.sizes, data.count)

        def back(batch: Any, size: int) -> Any:
            return jax.linear_transpose(self.one(state, batch[0]), state.params)(batch[1])[0]

        return sum_over(back, both)


@dataclass(frozen=True, eq=False)
class RowSpace:
    """B'B = J'MJ in the space of its rows.

    `values` (R,): the eigenvalues of the Gram matrix, ascending, those of J'MJ but for zeros; `vectors` (R, R): its
    eigenvectors, as columns.
    """

    halves: Halves
    state: RiskState
    parameters: ParameterTree
    values: Array
    vectors: Array

    def __repr__(self) -> str:
        return f"row space of {self.values.size} rows and {self.parameters.size} parameters"

    def solve(self, g: Any, shift: float) -> Any:
        """(J'MJ + shift I)^-1 g: g a pytree like the parameters, or a vector (P,); the answer is of its kind.

        The part of g outside the row space is not had below `ROUNDING` units of rounding of g. Raises ValueError unless
        shift is above zero.
        """
        self.positive(shift)
        flat = jnp.shape(g) == (self.parameters.size,) if isinstance(g, np.ndarray | jax.Array) else False
        vector = jnp.asarray(g, self.parameters.dtype) if flat else self.parameters.flat(g)
        x = shifted_solution(self.halves, self.parameters, self.state, (self.values, self.vectors), vector, shift)
        return x if flat else self.parameters.tree(x)

    def logdet(self, shift: float) -> Array:
        """log det(J'MJ + shift I)."""
        self.positive(shift)
        within = jnp.sum(jnp.log(jnp.maximum(self.values, 0) + shift))
        return within + (self.parameters.size - self.values.size) * jnp.log(shift)

    def positive(self, shift: float) -> None:
        """Raises ValueError for a shift that leaves the matrix singular."""
        if not 0 < shift < np.inf:
            raise ValueError(f"shift is {shift!r}: it is a number above zero, for J'MJ alone is singular here")


@partial(jax.jit, static_argnames="halves")
def gram(halves: Halves, state: RiskState) -> Array:
    """B B' (R, R), some columns at a time."""
    rows = jax.eval_shape(halves.times, state, state.params)
    unit = jnp.eye(rows.size, dtype=rows.dtype)
    columns = lax.map(
        lambda z: halves.times(state, halves.transposed(state, z)), unit, batch_size=min(chunk(), rows.size)
    )
    return 0.5 * (columns + columns.T)


def row_space_of(halves: Halves, state: RiskState, tree: ParameterTree) -> RowSpace:
    """The Gram matrix, decomposed."""
    values, vectors = jnp.linalg.eigh(gram(halves, state))
    return RowSpace(halves, state, tree, values, vectors)


@partial(jax.jit, static_argnames=("halves", "tree"))
def shifted_solution(
    halves: Halves, tree: ParameterTree, state: RiskState, spectrum: tuple[Array, Array], g: Array, shift: Any
) -> Array:
    """(B'B + shift I)^-1 g.

    What of g lies in the row space, B'c, is solved there, B' (B B' + shift I)^-1 c: the difference of the identity
    would lose log10(largest value / shift) digits of it. Then one step of refinement with products by B, whose errors
    grow with the root of the condition only.
    """
    values, vectors = spectrum
    values = jnp.maximum(values, 0)
    eps = jnp.finfo(g.dtype).eps
    seen = values > values.size * eps * values[-1]
    inverse = jnp.where(seen, 1 / jnp.where(seen, values, 1), 0)
    noise = ROUNDING * eps * jnp.linalg.norm(g)

    def push(v: Array) -> Array:
        return vectors.T @ halves.times(state, tree.tree(v))

    def pull(c: Array) -> Array:
        return tree.flat(halves.transposed(state, vectors @ c))

    def solved(r: Array) -> Array:
        inside = jnp.zeros_like(values)
        for _ in range(2):  # twice is enough: Parlett
            c = inverse * push(r)
            inside, r = inside + c, r - pull(c)
        r = jnp.where(jnp.linalg.norm(r) > noise, r, 0)
        return pull((inside - push(r) / shift) / (values + shift)) + r / shift

    x = solved(g)
    return x + solved(g - pull(push(x)) - shift * x)

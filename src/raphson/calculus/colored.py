"""The sparse Hessian of a problem from few products: one for each color of its variables."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from raphson.calculus.taylor import DenseHessian
from raphson.kernel.evaluation import Evaluation
from raphson.kernel.record import record, static
from raphson.linear.structure import SparseStructure
from raphson.operators.sparse import Sparse
from raphson.problems.allowed import modes_of
from raphson.problems.derivatives import slope

Array = jax.Array

TOGETHER = 2**26
"""Bytes of products that are computed at once; more would only cost memory."""


@record
class Sparsity:
    """Where the Hessian of a problem can be nonzero, and how it is read off `count` products.

    Entry k of the values of the `structure` stands in row `read_row[k]` of the product with the seed of color
    `read_color[k]`, which is 1 for the variables of that color and 0 elsewhere (`color`, (n,)).
    """

    structure: SparseStructure
    color: Any
    read_color: Any
    read_row: Any
    count: int = static()


@dataclass(frozen=True)
class SparseHessian(DenseHessian):
    """f, gradient and the Hessian as a sparse matrix, for problems that know their `sparsity`."""

    def traced(self, problem: Any, x: Any) -> Evaluation:
        """One linearization of the gradient, and a product with it for each color."""
        zero, both = problem.space.zero(x), slope(modes_of(problem, x), problem, x)
        (value, gradient), push = jax.linearize(both, zero)
        return Evaluation(x, value, gradient, colored(problem.sparsity, lambda v: push(v)[1], zero))

    def blank(self, problem: Any, x: Any) -> Evaluation:
        """An evaluation of the right shapes with zeros in it."""
        zero, structure = problem.space.zero(x), problem.sparsity.structure
        return Evaluation(x, zero.sum(), zero, Sparse(jnp.zeros(structure.entries, zero.dtype), structure))


def colored(known: Sparsity, product: Any, zero: Array) -> Sparse:
    """The matrix that `product` multiplies by, from a product for each color."""
    seed = lambda c: product((known.color == c).astype(zero.dtype))
    colors = jnp.arange(known.count, dtype=known.color.dtype)
    batch = max(1, TOGETHER // max(zero.size * zero.dtype.itemsize, 1))
    products = jax.vmap(seed)(colors) if known.count <= batch else lax.map(seed, colors, batch_size=batch)
    return Sparse(products[known.read_color, known.read_row], known.structure)


SPARSE = SparseHessian()

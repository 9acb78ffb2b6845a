"""A symmetric matrix over the parameters of a model, known by its products with vectors."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer

from raphson.ml.parameter_tree import (
    Chosen,
    ParameterTree,
    chosen_leaves,
    layers,
    leaves_named,
    parameter_tree,
    with_leaves,
)

Array = jax.Array

CHUNK, CHUNK_CPU = 16, 4
"""Vectors that are multiplied together: their activations are in memory at once. On a CPU, by
benchmarks/results/learning_products.md: Gauss-Newton products of 4 together cost 0.62 to 0.98 of single ones, of 16
0.9 to 1.5. That of other devices is not measured."""


def chunk() -> int:
    """Vectors that are multiplied together on this machine."""
    return CHUNK_CPU if jax.default_backend() == "cpu" else CHUNK


@dataclass(frozen=True, eq=False)
class TreeOperator:
    """A symmetric matrix (P, P) over a pytree of parameters.

    `A @ v`: v a pytree like the parameters, a vector (P,) or a matrix (P, k); the answer is of v's kind. A vector
    holds the leaves one after another (`A.parameters`: their names, shapes, types).

    `multiply(state, tree) -> tree`: the product, hashable and traceable; `state`: its numbers, an argument of every
    compiled program, so that a new point compiles nothing. `within(leaves) -> TreeOperator`: the diagonal block of some
    leaves, where it is to be had for less than a product with everything.
    """

    multiply: Callable[[Any, Any], Any]
    state: Any
    parameters: ParameterTree
    name: str = "matrix"
    within: Callable[[Chosen], "TreeOperator"] | None = None
    together: int | None = None

    @property
    def size(self) -> int:
        """Rows P."""
        return self.parameters.size

    @property
    def shape(self) -> tuple[int, int]:
        """(P, P)."""
        return self.size, self.size

    @property
    def dtype(self) -> Any:
        """The type of a product with a vector."""
        return self.parameters.dtype

    def __repr__(self) -> str:
        return f"{self.name} of {self.size} parameters in {len(self.parameters.names)} arrays, {self.dtype}"

    def mv(self, v: Array) -> Array:
        """The product with a vector (P,), traceable."""
        return flat_product(self.multiply, self.parameters, self.state, v)

    def __matmul__(self, v: Any) -> Any:
        """The product; see the class. Raises ValueError for another shape or structure."""
        tree = self.parameters
        alike = jax.tree.structure(v) == tree.structure and all(
            np.shape(leaf) == shape for leaf, shape in zip(jax.tree.leaves(v), tree.shapes, strict=True)
        )
        if not alike and (isinstance(v, np.ndarray | jax.Array) or (isinstance(v, list) and np.ndim(v) in (1, 2))):
            return self.times(v)
        return tree.tree(self.mv(tree.flat(v)))

    def times(self, v: Any) -> Array:
        """The product with a vector (P,) or, some columns at a time, a matrix (P, k)."""
        if np.ndim(v) not in (1, 2) or np.shape(v)[0] != self.size:
            raise ValueError(f"{self!r} is multiplied with a vector ({self.size},) and got shape {np.shape(v)}")
        v = jnp.asarray(v, self.dtype)
        return self.mv(v) if v.ndim == 1 else self.rows(v.T).T

    def rows(self, v: Array) -> Array:
        """The products with the rows (k, P). Chunks follow one another on the host, where nothing is traced: inside a
        loop of a compiled program convolutions cost a CPU 7 to 15 times as much."""
        few = min(self.together or chunk(), max(v.shape[0], 1))
        if isinstance(v, Tracer):
            one = partial(flat_product, self.multiply, self.parameters, self.state)
            return lax.map(one, v, batch_size=few)
        padded = jnp.pad(v, ((0, -v.shape[0] % few), (0, 0)))  # one program for all chunks
        products = partial(flat_products, self.multiply, self.parameters, self.state)
        done = [products(padded[i : i + few]) for i in range(0, padded.shape[0], few)]
        return jnp.concatenate(done)[: v.shape[0]] if done else v

    def quadratic(self, v: Any) -> Array:
        """v' A v."""
        flat = v if np.shape(v) == (self.size,) else self.parameters.flat(v)
        return jnp.vdot(jnp.asarray(flat, self.dtype), self.mv(jnp.asarray(flat, self.dtype)))

    def dense(self) -> Array:
        """The matrix (P, P), P products: for small models and for tests."""
        return self.times(jnp.eye(self.size, dtype=self.dtype))

    def block(self, *names: str) -> "TreeOperator":
        """The diagonal block of the parameters with these names, or whose paths begin with them: "hidden", "hidden/0".

        An operator over the pytree with None in place of all other leaves. Raises ValueError for a name that is none.
        """
        return self.block_of(leaves_named(self.parameters, names), ", ".join(names))

    def blocks(self) -> dict[str, "TreeOperator"]:
        """The diagonal blocks of all layers: leaves with one parent together, a leaf at the top alone."""
        return {name: self.block_of(chosen, name) for name, chosen in layers(self.parameters).items()}

    def block_diagonal(self) -> dict[str, Array]:
        """The blocks of all layers as dense matrices: for layers of a few thousand numbers."""
        return {name: block.dense() for name, block in self.blocks().items()}

    def block_of(self, chosen: Chosen, name: str) -> "TreeOperator":
        """The diagonal block of some leaves; of a product of one's own by what the others' zeros leave."""
        whole = self.within or self.padded
        part = whole(chosen)

        def within(inner: Chosen) -> TreeOperator:
            return whole(tuple(chosen[i] for i in inner))

        title = f"{self.name}, block {name}"
        return TreeOperator(part.multiply, part.state, part.parameters, title, within, part.together)

    def padded(self, chosen: Chosen) -> "TreeOperator":
        """A diagonal block by products with the whole matrix."""
        zeros = self.parameters.tree(jnp.zeros(self.size, self.dtype))
        part = parameter_tree(chosen_leaves(zeros, chosen))
        return TreeOperator(PaddedProduct(self.multiply, chosen), (self.state, zeros), part, self.name)

    def to_scipy(self) -> Any:
        """As a SciPy LinearOperator of vectors (P,), on the host."""
        from scipy.sparse.linalg import LinearOperator

        def many(v: Any) -> Any:
            return np.asarray(self.times(v))

        def one(v: Any) -> Any:
            return many(np.ravel(v))

        return LinearOperator(self.shape, matvec=one, rmatvec=one, matmat=many, rmatmat=many, dtype=self.dtype)  # type: ignore[call-arg]


@partial(jax.jit, static_argnames=("multiply", "tree"))
def flat_product(multiply: Any, tree: ParameterTree, state: Any, v: Array) -> Array:
    """The product with a vector (P,)."""
    return tree.flat(multiply(state, tree.tree(v)))


@partial(jax.jit, static_argnames=("multiply", "tree"))
def flat_products(multiply: Any, tree: ParameterTree, state: Any, rows: Array) -> Array:
    """The products with the rows (k, P), all at once."""
    return jax.vmap(lambda v: flat_product(multiply, tree, state, v))(rows)


@dataclass(frozen=True)
class PaddedProduct:
    """A block's product by that of the whole matrix, zeros in the other leaves."""

    multiply: Callable[[Any, Any], Any]
    chosen: Chosen

    def __call__(self, state: Any, v: Any) -> Any:
        inner, zeros = state
        return chosen_leaves(self.multiply(inner, with_leaves(zeros, v, self.chosen)), self.chosen)


@dataclass(frozen=True)
class Alone:
    """A product that carries its own numbers, for `operator_from`."""

    product: Callable[[Any], Any]

    def __call__(self, state: Any, v: Any) -> Any:
        return self.product(v)


def operator_from(product: Callable[[Any], Any], params: Any, name: str = "matrix") -> TreeOperator:
    """A TreeOperator from a product of one's own: a traceable function, pytree -> pytree, linear and symmetric.

    Raises ValueError where the product is not symmetric, beyond rounding, on two random vectors.
    """
    operator = TreeOperator(Alone(product), (), parameter_tree(params), name)
    u, v = jax.random.normal(jax.random.key(0), (2, operator.size), operator.dtype)
    Au, Av = operator.mv(u), operator.mv(v)
    gap = float(jnp.abs(u @ Av - v @ Au))
    bound = float(jnp.linalg.norm(u) * jnp.linalg.norm(Av) + jnp.linalg.norm(v) * jnp.linalg.norm(Au))
    if gap > 1e3 * float(jnp.finfo(operator.dtype).eps) * bound:  # sums of P terms in another order
        raise ValueError(f"the product is not symmetric: u'(A v) and v'(A u) differ by {gap:.3g} for random u, v")
    return operator

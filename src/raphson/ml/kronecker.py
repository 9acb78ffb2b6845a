"""A matrix over parameters in blocks A (x) G, one for each layer: products, solves, roots, determinants, draws.

A (rows, rows) belongs to what goes into a layer, G (columns, columns) to what comes out of it; the layer's parameters
are a matrix W (rows, columns), its bias the last row, and the block times W is A W G. With A = U diag(a) U' and
G = V diag(g) V' every function f of the block is U (f(a_i g_j) * (U'WV)) V': nothing of size P x P is formed. What
lies outside all layers has a diagonal. Sources: Martens and Grosse (2015), "Optimizing neural networks with
Kronecker-factored approximate curvature"; Ritter, Botev and Barber (2018), "A scalable Laplace approximation for neural
networks".
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.record import record, static
from raphson.ml.parameter_tree import ParameterTree
from raphson.ml.tree_operator import TreeOperator

Array = jax.Array
Leaves = Sequence[Any]


@dataclass(frozen=True)
class Layer:
    """A layer as a matrix W (rows, columns) of the leaves `weight` and `bias` (their numbers among the parameters).

    `image`: a convolution, whose rows are ordered channels, height, width (the order of patches), the bias last.
    """

    name: str
    weight: int
    bias: int | None
    rows: int
    columns: int
    image: bool = False

    @property
    def has_bias(self) -> bool:
        """Whether W's last row is a bias."""
        return self.bias is not None

    def matrix(self, leaves: Leaves) -> Array:
        """W of a pytree's leaves."""
        w = leaves[self.weight]
        w = jnp.transpose(w, (2, 0, 1, 3)) if self.image else w
        w = w.reshape(-1, self.columns)
        return w if self.bias is None else jnp.concatenate([w, leaves[self.bias].reshape(1, -1).astype(w.dtype)])

    def leaves(self, matrix: Array, tree: ParameterTree) -> dict[int, Array]:
        """The leaves of W, by number."""
        shape = tree.shapes[self.weight]
        w = matrix if self.bias is None else matrix[:-1]
        if self.image:
            height, width, channels, outputs = shape
            w = jnp.transpose(w.reshape(channels, height, width, outputs), (1, 2, 0, 3))
        found = {self.weight: w.reshape(shape)}
        if self.bias is not None:
            found[self.bias] = matrix[-1].reshape(tree.shapes[self.bias])
        return found


def by_layer(
    layers: tuple[Layer, ...],
    tree: ParameterTree,
    v: Any,
    each: Callable[[int, Array], Array],
    rest: Callable[[int, Array], Array],
) -> Any:
    """A pytree whose layers are each(k, W_k), and whose other leaves are rest(k, leaf), k counting these."""
    leaves, structure = jax.tree.flatten(v)
    new: dict[int, Array] = {}
    for k, layer in enumerate(layers):
        new.update(layer.leaves(each(k, layer.matrix(leaves)), tree))
    for k, i in enumerate(others(layers, tree)):
        new[i] = rest(k, leaves[i])
    return jax.tree.unflatten(structure, [new[i].astype(leaf.dtype) for i, leaf in enumerate(leaves)])


def others(layers: tuple[Layer, ...], tree: ParameterTree) -> list[int]:
    """The numbers of the leaves outside all layers."""
    taken = {i for layer in layers for i in (layer.weight, layer.bias)}
    return [i for i in range(len(tree.names)) if i not in taken]


@record
class KroneckerBlocks:
    """Blocks A_l (x) G_l (all semidefinite), and a diagonal for the parameters outside all layers; see the file.

    `left`: the factors A (rows, rows); `right`: G (columns, columns); `rest`: diagonals, in the leaves' shapes.
    """

    left: tuple[Array, ...]
    right: tuple[Array, ...]
    rest: tuple[Array, ...]
    layers: tuple[Layer, ...] = static()
    parameters: ParameterTree = static()

    @property
    def untagged(self) -> tuple[str, ...]:
        """The names of the parameters outside all layers."""
        return tuple(self.parameters.names[i] for i in others(self.layers, self.parameters))

    def __repr__(self) -> str:
        told = ", ".join(f"{layer.name} {layer.rows} x {layer.columns}" for layer in self.layers)
        rest = f"; a diagonal for {', '.join(self.untagged)}" if self.untagged else ""
        return f"Kronecker blocks of {self.parameters.size} parameters: {told}{rest}"

    def multiply(self, v: Any) -> Any:
        """The product with a pytree, traceable."""
        A, G = self.left, self.right
        return by_layer(
            self.layers, self.parameters, v, lambda k, W: A[k] @ W @ G[k], lambda k, leaf: self.rest[k] * leaf
        )

    def operator(self) -> TreeOperator:
        """The matrix as an operator like the others: for eigenvalues, trace, SciPy."""
        return TreeOperator(BlockProduct(), self, self.parameters, "Kronecker-factored matrix")

    def mv(self, v: Array) -> Array:
        """The product with a vector (P,), traceable."""
        return self.parameters.flat(self.multiply(self.parameters.tree(v)))

    def __matmul__(self, v: Any) -> Any:
        """The product with a pytree, a vector (P,) or columns (P, k)."""
        return self.operator() @ v

    def dense(self) -> Array:
        """The matrix (P, P): for small models and for tests."""
        return self.operator().dense()

    def diagonal(self) -> Array:
        """Its diagonal (P,)."""
        ones = self.parameters.tree(jnp.ones(self.parameters.size, self.parameters.dtype))
        A, G = self.left, self.right
        found = by_layer(
            self.layers,
            self.parameters,
            ones,
            lambda k, W: jnp.outer(jnp.diagonal(A[k]), jnp.diagonal(G[k])),
            lambda k, leaf: self.rest[k],
        )
        return self.parameters.flat(found)

    def eigen(self) -> "KroneckerEigen":
        """Eigenvalues and eigenvectors of all factors; negative rounding becomes 0."""
        left = [jnp.linalg.eigh(A) for A in self.left]
        right = [jnp.linalg.eigh(G) for G in self.right]
        return KroneckerEigen(
            tuple(jnp.maximum(values, 0) for values, _ in left),
            tuple(vectors for _, vectors in left),
            tuple(jnp.maximum(values, 0) for values, _ in right),
            tuple(vectors for _, vectors in right),
            tuple(jnp.maximum(d, 0) for d in self.rest),
            self.layers,
            self.parameters,
        )


@dataclass(frozen=True)
class BlockProduct:
    """v -> K v for the blocks in the state."""

    def __call__(self, state: KroneckerBlocks, v: Any) -> Any:
        return state.multiply(v)


@record
class KroneckerEigen:
    """KroneckerBlocks K by eigenvalues `a`, `g` and eigenvectors `U`, `V` of their factors; `rest`: diagonals.

    Every method takes `shift` and `scale`: the matrix is scale K + shift I (for Laplace's approximation: examples times
    the mean loss's curvature, plus the precision of the prior).
    """

    a: tuple[Array, ...]
    U: tuple[Array, ...]
    g: tuple[Array, ...]
    V: tuple[Array, ...]
    rest: tuple[Array, ...]
    layers: tuple[Layer, ...] = static()
    parameters: ParameterTree = static()

    def spectral(self, v: Any, f: Callable[[Array], Array]) -> Any:
        """f(K) times a pytree or a vector (P,), f a function of eigenvalues, entry by entry."""
        if isinstance(v, jax.Array) and v.shape == (self.parameters.size,):
            return self.parameters.flat(self.spectral(self.parameters.tree(v), f))

        def each(k: int, W: Array) -> Array:
            U, V = self.U[k], self.V[k]
            return U @ (f(jnp.outer(self.a[k], self.g[k])) * (U.T @ W @ V)) @ V.T

        return by_layer(self.layers, self.parameters, v, each, lambda k, leaf: f(self.rest[k]) * leaf)

    def power(self, v: Any, exponent: float, shift: Any = 0.0, scale: Any = 1.0) -> Any:
        """(scale K + shift I)^exponent v."""
        return self.spectral(v, lambda e: (scale * e + shift) ** exponent)

    def solve(self, v: Any, shift: Any = 0.0, scale: Any = 1.0) -> Any:
        """(scale K + shift I)^-1 v; infinite where an eigenvalue and the shift are both 0."""
        return self.spectral(v, lambda e: 1 / (scale * e + shift))

    def sample(self, key: Any, shift: Any = 0.0, scale: Any = 1.0) -> Any:
        """A draw from the normal distribution with mean 0 and covariance (scale K + shift I)^-1, a pytree."""
        z = jax.random.normal(key, (self.parameters.size,), self.parameters.dtype)
        return self.power(self.parameters.tree(z), -0.5, shift, scale)

    def eigenvalues(self) -> Array:
        """All eigenvalues of K (P,), layer by layer, those of the rest last; unordered."""
        pairs = zip(self.a, self.g, strict=True)
        return jnp.concatenate([*(jnp.outer(a, g).ravel() for a, g in pairs), *(d.ravel() for d in self.rest)])

    def logdet(self, shift: Any = 0.0, scale: Any = 1.0) -> Array:
        """log det(scale K + shift I); -inf where it is singular."""
        return jnp.sum(jnp.log(scale * self.eigenvalues() + shift))

    def trace(self) -> Array:
        """The sum of the eigenvalues of K."""
        return jnp.sum(self.eigenvalues())

    def damped(self, v: Any, damping: Any) -> Any:
        """(A + pi r I)^-1 W (G + r / pi I)^-1 for each layer, r = sqrt(damping), pi^2 the mean eigenvalue of A over
        that of G: Martens and Grosse's factored Tikhonov damping (6.3). The rest: (d + damping)^-1."""

        def each(k: int, W: Array) -> Array:
            a, U, g, V = self.a[k], self.U[k], self.g[k], self.V[k]
            tiny = jnp.finfo(a.dtype).tiny
            mean_a, mean_g = jnp.mean(a), jnp.mean(g)
            usable = (mean_a > tiny) & (mean_g > tiny)  # a dead layer: both factors take the same damping
            pi = jnp.where(usable, jnp.sqrt(mean_a / jnp.where(usable, mean_g, 1)), 1)
            r = jnp.sqrt(damping).astype(a.dtype)
            return U @ ((U.T @ W @ V) / jnp.outer(a + pi * r, g + r / pi)) @ V.T

        return by_layer(self.layers, self.parameters, v, each, lambda k, leaf: leaf / (self.rest[k] + damping))

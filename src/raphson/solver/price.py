"""What each way to minimize a function of many variables would cost: seconds and bytes, estimated from counts alone.

A way costs so many steps, and each of them so many gradients, products with H, vectors, and operations of a
factorization. How many steps and products a problem takes is not known before; the medians of a set of problems stand
for it (benchmarks/choice.py, whose table says how often that is right). The estimates are for choosing between ways,
and good to a factor of three.
"""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from raphson.solver.memory import dense_bytes, vector_bytes
from raphson.solver.work import work_of
from raphson.sparsity.price import compressed_bytes

DENSE, SPARSE, PRODUCTS, PAIRS = "dense", "sparse", "products", "pairs"

WORDS = {DENSE: "dense factors", SPARSE: "sparse factors", PRODUCTS: "products with H", PAIRS: "L-BFGS"}

STEPS = {DENSE: 12, SPARSE: 12, PRODUCTS: 15, PAIRS: 100}
"""Steps of a run: medians of the set."""

INNER = 200
"""Products of a run by conjugate gradients: the median of the set."""

CALL = 15e-6
"""Seconds that a compiled evaluation takes at least."""

WORK = 0.3e-9
"""Seconds of a multiplication in a loop over arrays (solver/work.py)."""

VECTOR = 1e-9
"""Seconds for each number of a vector that a step, or a product's conjugate gradients, reads and writes."""


@dataclass(frozen=True)
class Counts:
    """What is counted of a problem: n, the `work` of f; of a sparse H its colors (0: there is none), the entries of its
    lower triangle and of its factor, the operations of a factorization, and the bytes of the factors held."""

    n: int
    work: float
    colors: int = 0
    entries: int = 0
    factor: int = 0
    flops: float = 0.0
    held: float = 0.0


@dataclass(frozen=True)
class Price:
    """What a way would cost."""

    seconds: float
    bytes: float


def program_work(problem: Any, x: Any) -> float:
    """The work of one value of f; nothing is executed."""
    flat = jax.tree.map(lambda a: jax.ShapeDtypeStruct(jnp.shape(a), jnp.result_type(a)), x)
    return work_of(jax.make_jaxpr(problem.value)(flat))


def prices(counts: Counts, itemsize: int = 8) -> dict[str, Price]:
    """What each way would cost, those that the counts allow."""
    n = counts.n
    product = CALL + 3 * WORK * counts.work
    found = {
        DENSE: Price(STEPS[DENSE] * dense_step(counts, product) + 1e-9 * n**3, dense_bytes(n, itemsize)),
        PRODUCTS: Price(
            STEPS[PRODUCTS] * (1e-3 + 300 * VECTOR * n) + INNER * (product + 30 * VECTOR * n),
            vector_bytes(n, itemsize),
        ),
        PAIRS: Price(STEPS[PAIRS] * (2e-4 + product + 200 * VECTOR * n), vector_bytes(n, itemsize)),
    }
    if counts.colors:
        step = 1e-3 + counts.colors * product + 50e-9 * counts.factor + 0.3e-9 * counts.flops + 300 * VECTOR * n
        held = compressed_bytes(n, counts.colors, counts.entries, itemsize) + counts.held
        found[SPARSE] = Price(STEPS[SPARSE] * step, vector_bytes(n, itemsize) + held)
    return found


def dense_step(counts: Counts, product: float) -> float:
    """Of the dense way: n products at once, and a factorization."""
    return 0.3 * counts.n * product + 0.1e-9 * counts.n**3

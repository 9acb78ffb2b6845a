"""What each way to minimize a function of many variables would cost: seconds and bytes, estimated from counts alone.

A Newton step costs what its factorization does, or so many products with H as conjugate gradients take; L-BFGS takes
many cheap steps instead. All three ways are counted: the equations of f (solver/work.py), the colors of H, the entries
and operations of its factor, and the products that conjugate gradients take at x0. The estimates are for choosing
between ways and good to a factor of two or three; benchmarks/results/choice.md says how often they chose well.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any
from weakref import ref

import jax
import jax.numpy as jnp

from raphson.linear.cg import conjugate_path
from raphson.model.curvature import MORE, SWEEPS, balanced, filled
from raphson.problems.allowed import modes_of
from raphson.problems.derivatives import slope
from raphson.solver.memory import dense_bytes, vector_bytes
from raphson.solver.work import work_of
from raphson.sparsity.price import compressed_bytes


class Way(StrEnum):
    """The ways that are priced, in words."""

    DENSE = "dense factors"
    SPARSE = "sparse factors"
    PRODUCTS = "products with H"
    PAIRS = "L-BFGS"


NEWTON, BENT, HARD = 12, 25, 30
"""Steps of a run with a factor, where H is not positive at x0, and where conjugate gradients are slow there in many
variables: medians of what such runs cost, in steps (surfaces of 1e4, 4e4 and 9e4 places: 30, 36, 61)."""

ENOUGH = 0.01
"""Conjugate gradients are looked at until the residual is so much of g; by then the set's problems differ most."""

PROBED = 60
"""And through so many products at most: what is not there by then is ill-conditioned."""

UNSEEN = 7
"""Products a step where H is not positive at x0, which ends conjugate gradients early there and in the first steps: on
such problems of the sets 4 to 20 a step, but for two (DIXMAANI, 130; SPARSINE, 2900)."""

CALL = 1.2e-5
"""Seconds of a compiled call that does nothing."""


@dataclass(frozen=True)
class Counts:
    """What is counted of a problem: n, and the `work` of a product with H in nanoseconds; the products `asked` for by
    conjugate gradients at x0 (PROBED: more than that), and whether H is `bent` there, not positive definite; of a
    sparse H its colors (0: there is none), the entries of its lower triangle and of its factor, the operations of a
    factorization, and the bytes of the factors held; `grids`: whether multigrid would precondition products."""

    n: int
    work: float
    asked: float = UNSEEN
    bent: bool = False
    colors: int = 0
    entries: int = 0
    factor: int = 0
    flops: float = 0.0
    held: float = 0.0
    grids: bool = False

    @property
    def slow(self) -> bool:
        """Whether conjugate gradients at x0 did not come to their end."""
        return not self.bent and self.asked >= PROBED

    @property
    def product(self) -> float:
        """Seconds of a product, of a gradient as well."""
        return CALL + 1e-9 * self.work


@dataclass(frozen=True)
class Price:
    """What a way would cost: the seconds of its steps, and the bytes that it holds."""

    seconds: float
    bytes: float


@dataclass(frozen=True)
class Inquiry:
    """Conjugate gradients at x0: how many products they took, whether they met no positive curvature there, and whether
    they were `allowed` more."""

    products: int
    negative: bool
    allowed: int = PROBED

    @property
    def asked(self) -> float:
        """Products a step."""
        return float(UNSEEN if self.negative or not self.products else self.products)

    def tells(self, most: int) -> bool:
        """Whether a look of at most so many products would tell the same."""
        return self.allowed == most or self.negative or self.products < min(self.allowed, most)


class Seen:
    """The last look: choice, preset and grids ask about the same start in one call."""

    last: tuple[Any, Any, Inquiry] | None = None


def inquire(problem: Any, x: Any, most: int = PROBED) -> Inquiry:
    """Conjugate gradients at x0 in balanced units, towards a hundredth of g: at most so many products, and twelve for
    the units."""
    leaf, last = jax.tree.leaves(x)[0], Seen.last
    if last is not None and last[0]() is problem and last[1]() is leaf and last[2].tells(most):
        return last[2]
    inner, negative = probed(modes_of(problem, x), problem, x, most)
    told = Inquiry(int(inner), bool(negative), most)
    try:
        Seen.last = ref(problem), ref(leaf), told
    except TypeError:  # a start that takes no weak reference
        Seen.last = None
    return told


SURER = 1.1
"""A way is taken before those behind it in `NAMES` of solver/choose.py unless they are foreseen to be more than so many
times as fast: estimates do not tell ways apart that are closer, and the first ones show more minima and show them
better."""


def deciding(counts: Counts) -> int:
    """From how many products a step on the factor of a sparse H is taken: no more need be looked for. 0 where one is
    too many already, `PROBED` where so many may not decide, or where more lead to multigrid."""
    if not counts.colors or (counts.grids and not factored(replace(counts, asked=PROBED))):
        return PROBED
    for k in range(1, PROBED):
        if factored(replace(counts, asked=k)):
            return k if k > 1 else 0
    return PROBED


def factored(counts: Counts) -> bool:
    """Whether the factor of a sparse H is foreseen to be as quick as any other way."""
    seconds = {way: price.seconds for way, price in prices(counts).items()}
    return seconds[Way.SPARSE] <= SURER * min(seconds.values())


@partial(jax.jit, static_argnums=0)
def probed(modes: Any, problem: Any, x: Any, most: Any) -> tuple[Any, Any]:
    """The products taken (0: the gradient is zero or not finite), and whether a direction without positive curvature
    ended it."""
    zero = problem.space.zero(x)
    (_, g), linear = jax.linearize(slope(modes, problem, x), zero)
    mv = lambda v: linear(v)[1]
    unit = filled(balanced(mv, zero, jnp.zeros((), jnp.int32), jnp.asarray(SWEEPS + MORE, jnp.int32)))
    walk = conjugate_path(lambda v: mv(v / unit) / unit, g / unit, jnp.inf, most, 1, ENOUGH)
    return jnp.where(jnp.all(jnp.isfinite(g)), walk.inner, 0), jnp.any(walk.beyond != 0)


def program_work(problem: Any, x: Any) -> float:
    """The work of a product with H; nothing is executed."""
    flat = jax.tree.map(lambda a: jax.ShapeDtypeStruct(jnp.shape(a), jnp.result_type(a)), x)
    return work_of(jax.make_jaxpr(problem.value)(flat))


def prices(counts: Counts, itemsize: int = 8) -> dict[Way, Price]:
    """What each way would cost, those that the counts allow. The constants: fitted to the seconds of a second call on
    the problems of two sets with more than 500 variables, certificate included (spread, as a factor: sparse 1.6, dense
    1.3, products 1.9, L-BFGS 1.8), and then moved by a fifth at most towards the choices that were right there."""
    n = counts.n
    products = 2.8e-3 + 5e-6 * n + products_cost(counts)
    found = {
        Way.DENSE: Price(0.18 + 2.7e-10 * n**3 + NEWTON * dense_step(counts), dense_bytes(n, itemsize)),
        Way.PRODUCTS: Price(products, vector_bytes(n, itemsize)),
        Way.PAIRS: Price(4e-3 + 1.3e-6 * n + pairs_steps(counts) * pairs_step(counts), vector_bytes(n, itemsize)),
    }
    if counts.colors:
        held = compressed_bytes(n, counts.colors, counts.entries, itemsize) + counts.held
        seconds = 2.5e-2 + 3.4e-7 * n + sparse_steps(counts) * sparse_step(counts)
        found[Way.SPARSE] = Price(seconds, vector_bytes(n, itemsize) + held)
    return found


def dense_step(counts: Counts) -> float:
    """Seconds of a step with a dense H: n products at once, and its factorization."""
    return 0.11 * counts.n * counts.product + 1.6e-11 * counts.n**3


GRIDDED = 25
"""Steps of a run whose conjugate gradients are preconditioned by multigrid."""


def products_cost(counts: Counts) -> float:
    """Seconds of all steps by conjugate gradients."""
    if counts.slow and counts.grids:
        return GRIDDED * (counts.colors * counts.product + 4e-7 * counts.n)
    return products_in_all(counts) * product_cost(counts)


def product_cost(counts: Counts) -> float:
    """Seconds of a product with what conjugate gradients do beside it."""
    return counts.product + 1.5e-9 * counts.n


def products_in_all(counts: Counts) -> float:
    """Products of a run, and what its steps do beside them as if it were products: 150 to 300 are true ones. Where
    conjugate gradients did not end at x0 half as much again as the median: nothing costs more than such a run that
    comes out worse."""
    if counts.bent:
        return 800
    return 2400 if counts.slow else 420 + 1.8 * counts.asked


def sparse_steps(counts: Counts) -> float:
    """Steps of a run with a factor."""
    return BENT if counts.bent else HARD if counts.slow and counts.grids else NEWTON


def sparse_step(counts: Counts) -> float:
    """Seconds of a step with a sparse H: a product for each color, together, and its factorizations with their
    solves."""
    read = 2.5e-7 * counts.n + 2.5 * counts.colors * counts.product
    return read + 1.8e-8 * counts.factor + 2e-11 * counts.flops


def pairs_step(counts: Counts) -> float:
    """Seconds of a step of L-BFGS, line search included."""
    return 2.3e-7 * counts.n + 4.2 * counts.product


def pairs_steps(counts: Counts) -> float:
    """Steps of L-BFGS: more where conjugate gradients take more, and very many where they do not end. Twice the median
    where H is not positive at x0: of 20 such problems L-BFGS came to no minimum, or to a higher one, on 6."""
    return 240 if counts.bent else 530 if counts.slow else 48 + 1.4 * counts.asked

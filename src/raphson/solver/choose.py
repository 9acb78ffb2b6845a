"""method="auto": which method, and why."""

from dataclasses import dataclass, field, replace
from typing import Any

import jax

from raphson.problems.callback import Callback
from raphson.problems.modes import FORWARD, ORDINARY, Modes
from raphson.solver.allowance import Allowance, allowances
from raphson.solver.grids import may_have_grids
from raphson.solver.memory import amount, available_bytes, no_room, platform_of
from raphson.solver.price import PROBED, SURER, Counts, Inquiry, Price, Way, deciding, inquire, prices, program_work
from raphson.solver.sparsity import SparsityFound

DENSE = 500
"""Up to so many variables a dense Hessian costs less than conjugate gradients save: nothing is counted there, and no
pattern is looked for."""

DIFFERENCES = 20
"""Up to so many variables a Hessian by second differences (n^2 evaluations) beats learning it from gradients."""


@dataclass(frozen=True)
class Choice:
    """The presets to try, one after another until a minimum is shown, the reason for the first in one sentence, and
    `more` sentences: what the ways were foreseen to cost, and why some are not among them. `allowed`: what the presets
    may cost before another one is begun, by name."""

    names: tuple[str, ...]
    reason: str
    more: tuple[str, ...] = ()
    allowed: dict[str, Allowance] = field(default_factory=dict)


SURE = ("dogleg", "trust-exact", "cubic")
"""For exact dense Hessians. Each solves starts at which the ones before it end on a plateau or in a flat valley:
measured on MGH (dogleg alone: 42 of 42 from x0, 38 of 39 from 10 x0, 36 of 39 from 100 x0) and on NIST."""


NAMES = {
    Way.SPARSE: ("trust-exact",),
    Way.DENSE: SURE,
    Way.PRODUCTS: ("trust-cg",),
    Way.PAIRS: ("lbfgs", "trust-cg"),
}
"""The presets of each way, the surest first. Where H is sparse its factor comes after products and L-BFGS: RAYBENDL
(n = 2050) is solved by it alone; and products after factors: of COSINE (n = 10 000) one variable leaps along a
bent valley within a ball that was made for all of them, and creeps on for 10 000 trials, where products take 11."""


def choose(
    problem: Any, x: Any, modes: Modes = ORDINARY, found: SparsityFound | None = None, look: bool = True
) -> Choice:
    """The presets' names, and the reasons. `modes`: the derivatives that a JAX function allows; `found`: what is known
    of the sparsity of H. `look`: whether products with H at x may be taken, which compiled code cannot.

    Raises MemoryError where no way fits into the memory that there is.
    """
    n = problem.space.size(x)
    if isinstance(problem, Callback):
        return on_host(problem, n, found)
    if modes.costly and n > DIFFERENCES:
        name, where = ("bfgs", "gradients") if n <= DENSE else ("lbfgs", "a few gradients")
        return Choice((name,), f"n = {n} and H would cost too much in the modes that fun allows: learned from {where}")
    if n <= DENSE and problem.sparsity is None:
        return Choice(SURE, f"n = {n} and H is available")
    if found is not None and found.given and problem.sparsity is not None and problem.sparsity.direct:
        return Choice(NAMES[Way.SPARSE], first_reason(Way.SPARSE, Counts(n, 0.0), found))
    counts, free = counted(problem, x, found, None), available_bytes(x)
    most = worth_looking(counts, x, free) if look and modes.reverse and modes.second == FORWARD else 0
    seen = inquire(problem, x, most) if most else None
    counts = counts if seen is None else looked(counts, seen)
    return cheapest(counts, x, found, seen, free)


def worth_looking(counts: Counts, x: Any, free: float) -> int:
    """How many products at x0 may tell the ways apart: beyond, the factor of a sparse H is taken in any case."""
    sparse = prices(counts, jax.tree.leaves(x)[0].dtype.itemsize).get(Way.SPARSE)
    usable = sparse is not None and sparse.bytes <= free and platform_of(x) == "cpu"
    return deciding(counts) if usable else PROBED


def on_host(problem: Callback, n: int, found: SparsityFound | None) -> Choice:
    """For functions that JAX does not see into."""
    if problem.sparsity is not None:
        return Choice(NAMES[Way.SPARSE], first_reason(Way.SPARSE, Counts(n, 0.0), found))
    if problem.hessian is not None and n <= DENSE:
        return Choice(("dogleg",), f"n = {n} and a Hessian was given")
    if n <= DENSE and problem.frugal:
        return Choice(("bfgs",), f"n = {n} and few calls are allowed: H is learned from gradients")
    if n <= DIFFERENCES:
        return Choice(("dogleg",), f"n = {n} is small enough for a Hessian by finite differences")
    if n <= DENSE:
        return Choice(("bfgs",), f"n = {n} and no Hessian was given: it is learned from gradients")
    why = "no Hessian was given: it is" if problem.hessian is None else "hess gives a dense H: it is"
    return Choice(("lbfgs",), f"n = {n} is large and {why} learned from a few gradients")


def counted(problem: Any, x: Any, found: SparsityFound | None, seen: Inquiry | None) -> Counts:
    """What the ways are priced by."""
    counts = Counts(problem.space.size(x), program_work(problem, x))
    if seen is not None:
        counts = looked(counts, seen)
    if found is None or found.cost is None or problem.sparsity is None or not problem.sparsity.direct:
        return counts
    cost = found.cost
    return replace(
        counts, colors=found.colors, entries=problem.sparsity.structure.entries, factor=cost.nonzeros,
        flops=cost.flops, held=cost.bytes, grids=may_have_grids(problem, x),
    )  # fmt: skip


def looked(counts: Counts, seen: Inquiry) -> Counts:
    """The counts with what conjugate gradients at x0 told."""
    return replace(counts, asked=seen.asked, bent=seen.negative)


def cheapest(counts: Counts, x: Any, found: SparsityFound | None, seen: Inquiry | None, free: float) -> Choice:
    """The way that costs the fewest seconds among those that fit into `free` bytes, or a surer one that is as quick, in
    sentences."""
    n, itemsize = counts.n, jax.tree.leaves(x)[0].dtype.itemsize
    priced = prices(counts, itemsize)
    there = platform_of(x)
    if there != "cpu":
        priced.pop(Way.SPARSE, None)
    held = {way: price for way, price in priced.items() if price.bytes <= free}
    if not held:
        raise MemoryError(no_room(n, min(price.bytes for price in priced.values()), amount(free)))
    order = sorted(held, key=lambda way: held[way].seconds)
    way = next(way for way in NAMES if way in held and held[way].seconds <= SURER * held[order[0]].seconds)
    more = [estimates(order, held, seen)]
    for out in priced:
        if out not in held:
            more.append(f"{out} would hold {amount(priced[out].bytes)}, and {amount(free)} are free")
    if counts.colors and there != "cpu":
        more.append(f"a sparse H is factorized on the processor, and x is on a {there}: products instead")
    if found is not None and way != Way.SPARSE:
        more.append(found.reason)
    allowed = allowances(way, held, counts)
    return Choice((*NAMES[way], *after(way, held)), first_reason(way, counts, found), tuple(more), allowed)


def after(way: Way, held: dict[Way, Price]) -> tuple[str, ...]:
    """What is tried where a way shows no minimum: factors of a sparse H after products and L-BFGS, products after these
    factors."""
    if Way.SPARSE not in held or way == Way.DENSE:
        return ()
    if way == Way.SPARSE:
        return NAMES[Way.PRODUCTS] if Way.PRODUCTS in held else ()
    return NAMES[Way.SPARSE]


def first_reason(way: Way, counts: Counts, found: SparsityFound | None) -> str:
    """Why this way, in one sentence with its numbers."""
    n = counts.n
    if way == Way.SPARSE and found is not None:
        return f"n = {n} and H is sparse: {found.reason}"
    if way == Way.PRODUCTS:
        about = f"about {counts.asked:.0f}" if counts.asked < PROBED else f"{PROBED} or more"
        each = f"{about} {'product' if counts.asked == 1 else 'products'} a step"
        beside = "a dense H" if not counts.colors else "a factor of the sparse H"
        return f"n = {n} and products with H instead of {beside}: {each}"
    if way == Way.PAIRS:
        return f"n = {n} and H is learned from a few gradients: a step costs one, and products with H more"
    return f"n = {n} and a dense H: its factorization costs less than about {counts.asked:.0f} products a step"


def estimates(order: list[Way], priced: dict[Way, Price], seen: Inquiry | None) -> str:
    """What every way was foreseen to cost, the cheapest first, and what was seen at x0."""
    cut = seen is not None and not seen.negative and seen.allowed <= seen.products < PROBED  # more would decide nothing
    least = lambda way: "at least " if cut and way in (Way.PRODUCTS, Way.PAIRS) else ""
    said = ", ".join(f"{way} {least(way)}{about_seconds(priced[way].seconds)}" for way in order)
    if seen is None:
        return f"foreseen: {said}"
    if not seen.products:
        return f"foreseen: {said} (at x0 the gradient says nothing)"
    if seen.negative:
        return f"foreseen: {said} (H is not positive definite at x0)"
    reached = "came to a hundredth of g" if seen.products < seen.allowed else "were not at a hundredth of g"
    taken = f"{seen.products} product{'' if seen.products == 1 else 's'}"
    return f"foreseen: {said} (conjugate gradients at x0 {reached} after {taken})"


def about_seconds(seconds: float) -> str:
    """A time in words, two digits of it: 12 ms."""
    shown = float(f"{seconds:.2g}")
    return f"{shown:g} s" if shown >= 1 else f"{1e3 * shown:.6g} ms"

"""What a way may cost before another one is begun: counted in trials and products, so that it is the same every day."""

from dataclasses import dataclass

import numpy as np

from raphson.kernel.trace import SCALARS
from raphson.solver.price import (
    Counts,
    Price,
    Way,
    pairs_steps,
    product_cost,
    products_in_all,
    sparse_step,
    sparse_steps,
)
from raphson.solver.result import Evaluations
from raphson.solver.step import Method

TIMES = 4
"""A way is left that cost so many times as much as foreseen: with 3, factors were left on 3 of the 40 sparse problems
of two sets where they were the best way (44 to 63 trials); with 4, on none of those on which they were chosen."""

DEARER = 2.0
"""Products are left for a factor where a step of theirs costs so many times as much: both take Newton's steps, and
where many steps are needed (FLETCHCR: 1898 and 1502) that is no reason to change."""

FIRST_LOOK = 32
"""Trials after which products are looked at, and again after twice as many: most runs are over by then, and each look
ends a burst (every 32 trials, 1898 of them took 0.42 s instead of 0.22)."""


@dataclass(frozen=True)
class Allowance:
    """How many `trials` a run may make, and how many products it may ask for in all and of `each` trial, which counts
    where both are exceeded; which preset is tried `then`; how many trials were `foreseen`."""

    then: str
    trials: float = np.inf
    products: float = np.inf
    each: float = np.inf
    foreseen: float = 0.0


class Budget:
    """Tells when a run has cost more than it is allowed, after numbers of trials that no clock decides."""

    def __init__(self, allowed: Allowance):
        self.allowed, self.rows, self.asked, self.spent = allowed, 0, 0.0, False

    def room(self) -> int:
        """How many rows of the trace (the first is x0) there are until the next look."""
        if self.spent:
            return 2**30
        if np.isfinite(self.allowed.trials):
            return max(int(self.allowed.trials) + 1 - self.rows, 1)
        look = FIRST_LOOK
        while look < self.rows:
            look *= 2
        return look + 1 - self.rows

    def worn(self, table: np.ndarray) -> bool:
        """Whether it has, after some more trials, as many as there was `room` for at most."""
        due = len(table) == self.room()
        self.rows += len(table)
        self.asked += float(table[:, SCALARS.index("inner")].sum())
        made = self.rows - 1
        dear = self.asked > max(self.allowed.products, self.allowed.each * made)
        self.spent = due and (made >= self.allowed.trials or dear)
        return self.spent

    def words(self, name: str, again: bool) -> str:
        """Why the run was left, in a sentence. `again`: whether what is tried then was left before."""
        made, allowed = self.rows - 1, self.allowed
        then = f"{allowed.then} {'goes on' if again else 'begins from x0'}"
        if np.isfinite(allowed.trials):
            return f"{name} was left after {made} trials, where about {allowed.foreseen:.0f} were foreseen: {then}"
        return (
            f"{name} was left after {made} trials with {self.asked / made:.3g} products each, where a step with a "
            f"factor costs as much as {allowed.each / DEARER:.3g}: {then}"
        )


@dataclass(frozen=True)
class Left:
    """A run that was laid aside for another way: what it evaluated, why, in a sentence, and what is tried `then`: name,
    method, reason."""

    evaluations: Evaluations
    why: str
    then: tuple[str, Method, str]


def allowances(way: Way, priced: dict[Way, Price], counts: Counts) -> dict[str, Allowance]:
    """What the presets are allowed that are tried for this way, by name: none where no other way is promising."""
    if way == Way.SPARSE and Way.PRODUCTS in priced and (counts.grids or not counts.slow):
        dearer = max(1.0, priced[Way.PRODUCTS].seconds / priced[way].seconds)
        foreseen = sparse_steps(counts)
        most = np.ceil(TIMES * foreseen * dearer)
        return {
            "trust-exact": Allowance("trust-cg", trials=most, foreseen=foreseen),
            "trust-cg": by_products(counts),
        }
    found = {}
    if way == Way.PAIRS:
        foreseen = pairs_steps(counts)
        found["lbfgs"] = Allowance("trust-cg", trials=np.ceil(TIMES * foreseen), foreseen=foreseen)
    if way in (Way.PAIRS, Way.PRODUCTS) and Way.SPARSE in priced:
        found["trust-cg"] = by_products(counts)
    return found


def by_products(counts: Counts) -> Allowance:
    """What products are allowed beside the factor of a sparse H. A run was priced at two to three times the products
    that it takes, for what else it does."""
    each = DEARER * sparse_step(counts) / product_cost(counts)
    return Allowance("trust-exact", products=products_in_all(counts), each=each)

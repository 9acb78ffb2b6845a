"""Sums of products a_i b_j over fixed places: what products with sparse matrices, and of them, come down to.

Which entries meet in which sum depends on the pattern alone. It is worked out once, on the host; afterwards all sums
are one elementwise program over padded places.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from raphson.kernel.record import record

Array = jax.Array

SPILL_COST = 4.0
"""An entry outside the padded places costs as much as so many slots inside. Measured in a product at nnz = 5e6: 1 ns a
padded slot, 4 to 6 ns an entry summed by segments."""

UNROLLED_WIDTH = 32
"""Padded places up to here are one elementwise program. Measured at n = 2e4: width 29, 0.3 against 0.9 ms in pieces of
8; width 119, 6 to 26 against 5 ms, and 2.3 against 0.6 s to compile."""


@record
class SumPlan:
    """Sum k is that of a[left[w, k]] b[right[w, k]] over w, where right is -1 nothing is (width, sums); what a long sum
    has beyond the width lies in `spill_*`, sorted by sum. Leaves: arguments of programs, never constants."""

    left: Any
    right: Any
    spill_sums: Any
    spill_left: Any
    spill_right: Any

    @property
    def sums(self) -> int:
        """How many sums there are."""
        return self.left.shape[1]


def sum_plan(of: NDArray[Any], left: NDArray[Any], right: NDArray[Any], sums: int) -> SumPlan:
    """The plan of the products a[left] b[right], each of which belongs to the sum `of`, from 0 to `sums` - 1. Host."""
    order = np.argsort(of, kind="stable")
    of, left, right = of[order], left[order], right[order]
    count = np.bincount(of, minlength=sums)
    place = np.arange(of.size) - np.repeat(np.cumsum(count) - count, count)
    width = padded_width(count)
    inside = place < width
    padded = np.zeros((width, sums), np.int32), np.full((width, sums), -1, np.int32)
    padded[0][place[inside], of[inside]], padded[1][place[inside], of[inside]] = left[inside], right[inside]
    return SumPlan(*padded, *(a[~inside].astype(np.int32) for a in (of, left, right)))


def padded_width(count: NDArray[Any]) -> int:
    """The width for sums of `count` products at which padding and spilled ones together cost least.

    One variable in every term (an arrow) must not pad every row to n.
    """
    longest = int(count.max(initial=0))
    at_least = np.cumsum(np.bincount(count, minlength=longest + 1)[::-1])[::-1]  # sums of at least so many products
    beyond = np.append(np.cumsum(at_least[::-1])[::-1][1:], 0)  # products beyond each width
    cost = np.arange(longest + 1) * count.size + SPILL_COST * beyond
    return max(1, int(np.argmin(cost)))


def taken(a: Array, index: Array) -> Array:
    """a[index], index from 0 to the last, without the test of bounds and without a place for -1, which are slower: four
    products for each of 81 000 sums take 0.40 ms in place of 0.74, and two kernels less are compiled for each of the
    four."""
    return jnp.asarray(a).at[index].get(mode="promise_in_bounds", wrap_negative_indices=False)


def summed_products(plan: SumPlan, a: Array, b: Array | None) -> Array:
    """All sums (sums,); without b those of a[left].

    Over padded places, an elementwise program: a product with a matrix with nnz = 5e6 (n = 1e6, 2-D five-point) takes 2
    to 5 ms, where scatter takes 40, BCSR 30 and SciPy 5.
    """

    def add(total: Array, at: tuple[Array, Array, Array]) -> tuple[Array, None]:
        left, right, there = at
        term = taken(a, left) if b is None else taken(a, left) * taken(b, jnp.maximum(right, 0))
        return total + jnp.where(there, term, jnp.zeros_like(term)), None

    width = plan.left.shape[0]
    there = plan.right >= 0  # decided by the place: a NaN somewhere in a stays in its own sums
    start = jnp.zeros(plan.sums, a.dtype if b is None else jnp.result_type(a, b))
    total, _ = lax.scan(add, start, (plan.left, plan.right, there), unroll=width if width <= UNROLLED_WIDTH else 8)
    if plan.spill_sums.shape[0]:
        terms = taken(a, plan.spill_left)
        terms = terms if b is None else terms * taken(b, plan.spill_right)
        total = total + jax.ops.segment_sum(terms, plan.spill_sums, plan.sums, indices_are_sorted=True)
    return total


def gather_plan(of: NDArray[Any], place: NDArray[Any], sums: int) -> SumPlan:
    """The plan of sums of the numbers a[place], each of which belongs to the sum `of`. Host."""
    return sum_plan(of, place, np.zeros_like(place), sums)


def gathered_sums(plan: SumPlan, a: Array) -> Array:
    """All sums (sums,) of a `gather_plan`."""
    return summed_products(plan, a, None)

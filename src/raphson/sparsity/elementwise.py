"""Rules of the primitives that work element by element: what they are linear in, and which operands meet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from raphson.sparsity.constants import Constants
from raphson.sparsity.dependence import Sets
from raphson.sparsity.moving import Moving
from raphson.sparsity.rules import Deps, Mask, Masks, Rule, whole_mask
from raphson.sparsity.tape import Equation

Pairs = tuple[tuple[int, int], ...]
SELF: Pairs = ((0, 0),)

_LINEAR = """
    add sub neg add_any copy copy_p convert_element_type reduce_precision real imag complex conj name
    sharding_constraint layout_constraint pvary max min rem clamp abs nextafter dce_sink
"""
_UNARY = """
    exp exp2 log log2 log1p expm1 sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sqrt rsqrt cbrt square
    logistic erf erfc erf_inv lgamma digamma bessel_i0e bessel_i1e integer_pow one_minus_square
"""
_ANY = """
    pow atan2 igamma igammac igamma_grad_a random_gamma_grad polygamma zeta regularized_incomplete_beta bessel_i0
"""


def every_pair(count: int) -> Pairs:
    """All operands meet, and themselves."""
    return tuple((i, j) for i in range(count) for j in range(i, count))


# Operands that meet in the second derivative of a result; those of one element. Piecewise linear: none.
MEETING: dict[str, Pairs] = {
    **dict.fromkeys(_LINEAR.split(), ()),
    **dict.fromkeys(_UNARY.split(), SELF),
    **dict.fromkeys(_ANY.split(), every_pair(3)),
    "mul": ((0, 1),),
    "div": ((0, 1), (1, 1)),
}

_FLAT = """
    floor ceil round sign is_finite eq ne lt le gt ge eq_to lt_to le_to and or xor not shift_left shift_right_logical
    shift_right_arithmetic argmax argmin stop_gradient iota population_count clz reduce_and reduce_or reduce_xor
    random_bits random_seed random_split random_fold_in random_wrap random_unwrap random_gamma rng_bit_generator
    rng_uniform bitcast_convert_type platform_index debug_callback debug_print empty create_token mulhi from_edtype
    to_edtype lu_pivots_to_permutation axis_index counter trajectory
"""
FLAT = frozenset(_FLAT.split())
"""Primitives whose derivative is zero where it exists."""


class Elementwise(Rule):
    """One element of each operand makes one element of the result; scalars and axes of length one go with all."""

    def live(self, eq: Equation, live: Masks, known: Constants) -> Masks:
        mask = whole_mask(live[0], eq)
        masks: list[Mask | None] = []
        for k, kind in enumerate(eq.given):
            here = mask if eq.name != "mul" else self.nonzero(eq, 1 - k, mask, known)
            masks.append(folded(here, kind.shape))
        if eq.name == "integer_pow" and eq.params["y"] == 0:
            return [None]
        return masks

    def nonzero(self, eq: Equation, factor: int, mask: Mask, known: Constants) -> Mask:
        """Where the other factor of a product is not known to be zero."""
        zero = known.zeros(eq.ins[factor])
        return mask if zero is None else mask & ~zero

    def sets(self, eq: Equation, deps: Deps, sets: Sets, known: Constants) -> Deps:
        shape = eq.made[0].shape
        if eq.name == "mul" and sum(d is not None for d in deps) == 1:
            k = 0 if deps[0] is not None else 1
            zero = known.zeros(eq.ins[1 - k])
            if zero is not None:
                return [without(sets.union(deps, shape), zero)]
        return [sets.union(deps, shape)]

    def meeting(self, eq: Equation) -> Pairs:
        """Pairs of operands that meet, for these parameters and types."""
        if eq.name == "abs" and np.issubdtype(eq.given[0].dtype, np.complexfloating):
            return SELF
        if eq.name == "integer_pow" and eq.params["y"] in (0, 1):
            return ()
        return tuple(p for p in MEETING[eq.name] if max(p) < len(eq.ins))

    def met(self, eq: Equation, active: Sequence[bool]) -> tuple[int, ...]:
        return tuple({k for i, j in self.meeting(eq) if active[i] and active[j] for k in (i, j)})

    def couple(self, eq, deps, live, found, known) -> None:
        mask = whole_mask(live[0], eq)
        for i, j in self.meeting(eq):
            a, b = deps[i], deps[j]
            if a is None or b is None:
                continue
            if i == j:
                found.clique(a, mask)
            else:
                found.pair(a, b, mask)


def folded(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """The mask of an operand that was broadcast to the mask's shape."""
    if not shape:
        return np.asarray(mask.any())
    axes = tuple(ax for ax, (a, b) in enumerate(zip(mask.shape, shape, strict=True)) if a != b)
    return mask.any(axes, keepdims=True) if axes else mask


def without(dep, zero: np.ndarray):
    """A dependence cut where a factor is zero."""
    return type(dep)(np.where(zero, -1, dep.rows), dep.base)


class Choosing(Elementwise):
    """`select_n`: the case where the mask is known, the union of the cases where it is not."""

    moving = Moving()

    def live(self, eq: Equation, live: Masks, known: Constants) -> Masks:
        if known.index(eq.ins[0]) is not None:
            return self.moving.live(eq, live, known)
        return [None, *super().live(eq, live, known)[1:]]

    def sets(self, eq: Equation, deps: Deps, sets: Sets, known: Constants) -> Deps:
        if known.index(eq.ins[0]) is not None:
            return self.moving.sets(eq, deps, sets, known)
        return [sets.union(deps[1:], eq.made[0].shape)]

    def meeting(self, eq: Equation) -> Pairs:
        return ()

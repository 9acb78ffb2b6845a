"""Rules of convolutions and of sums and extremes over windows: patches of an array, by the arithmetic of XLA."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from raphson.sparsity.constants import Constants
from raphson.sparsity.dependence import Dependence, Sets
from raphson.sparsity.rules import Deps, Masks, Rule, whole_mask
from raphson.sparsity.tape import Equation


def line(size: int, window: int, stride: int, padding: tuple[int, int], dilation: int, spread: int) -> np.ndarray:
    """For each place of a result along one axis and each entry of the window (out, window) the element met; -1: none.

    `dilation`: of the array, with zeros between its elements; `spread`: of the window.
    """
    low, high = padding
    dilated = (size - 1) * dilation + 1 if size else 0
    reach = (window - 1) * spread + 1 if window else 0
    count = max(0, (dilated + low + high - reach) // stride + 1)
    at = np.arange(count)[:, None] * stride + np.arange(window) * spread - low
    inside = (at >= 0) & (at < dilated) & (at % dilation == 0)
    return np.where(inside, at // dilation, -1)


def patches(lines: Sequence[np.ndarray], shape: Sequence[int]) -> np.ndarray:
    """Places (prod of outs, prod of windows) in the raveled array of `shape`, from those along each axis."""
    rank = len(lines)
    total, here = np.zeros((1,) * (2 * rank), np.int64), np.ones((1,) * (2 * rank), bool)
    for ax, along in enumerate(lines):
        held = [1] * (2 * rank)
        held[ax], held[rank + ax] = along.shape
        total = total + along.reshape(held) * int(np.prod(shape[ax + 1 :], dtype=np.int64))
        here = here & (along.reshape(held) >= 0)
    outs = int(np.prod([a.shape[0] for a in lines], dtype=np.int64))
    return np.where(here, total, -1).reshape(outs, -1)


class Windowed(Rule):
    """`reduce_window_sum`, `_max`, `_min`: the union over each window, nothing meets."""

    def formed(self, eq: Equation) -> int:
        return eq.made[0].size * int(np.prod(eq.params["window_dimensions"], dtype=np.int64))

    def places(self, eq: Equation) -> np.ndarray:
        p, shape = eq.params, eq.given[0].shape
        ones = (1,) * len(shape)
        lines = map(
            line, shape, p["window_dimensions"], p["window_strides"], p["padding"],
            p.get("base_dilation") or ones, p.get("window_dilation") or ones,
        )  # fmt: skip
        return patches(list(lines), shape)

    def live(self, eq: Equation, live: Masks, known: Constants) -> Masks:
        hit = np.zeros(eq.given[0].size + 1, bool)
        hit[self.places(eq)[whole_mask(live[0], eq).ravel()]] = True
        return [hit[:-1].reshape(eq.given[0].shape)]

    def sets(self, eq: Equation, deps: Deps, sets: Sets, known: Constants) -> Deps:
        if deps[0] is None:
            return [None]
        count, window = eq.made[0].size, int(np.prod(eq.params["window_dimensions"]))
        sets.check(count * window)
        start = np.arange(count + 1, dtype=np.int64) * window
        return [sets.unions(deps[0], start, self.places(eq).ravel(), eq.made[0].shape)]


class Convolving(Rule):
    """`conv_general_dilated` (without groups of batches): linear in the array and in the kernel; where both move, they
    meet entry by entry of the kernel.
    """

    def formed(self, eq: Equation) -> int:
        kernel = eq.given[1]
        features = max(1, kernel.shape[dimensions(eq)[1][0]])
        return (eq.made[0].size * eq.params["feature_group_count"] // features) * (kernel.size // features)

    def patches(self, eq: Equation) -> np.ndarray:
        """Places in the array (batch, group, outs, features of the group times window)."""
        p, (left, right, _) = eq.params, dimensions(eq)
        shape, kernel = eq.given[0].shape, eq.given[1].shape
        spatial = [shape[ax] for ax in left[2:]]
        lines = map(
            line, spatial, [kernel[ax] for ax in right[2:]], p["window_strides"], p["padding"], p["lhs_dilation"],
            p["rhs_dilation"],
        )  # fmt: skip
        window = patches(list(lines), spatial)
        groups, features = p["feature_group_count"], kernel[right[1]]
        source = np.arange(eq.given[0].size).reshape(shape).transpose(left)
        source = source.reshape(shape[left[0]], groups, features, -1)
        taken = source[..., window] if source.size else np.full((*source.shape[:3], *window.shape), -1)
        taken = np.where(window < 0, -1, taken)  # (batch, group, features, outs, window)
        taken = taken.transpose(0, 1, 3, 2, 4)
        return taken.reshape(*taken.shape[:3], -1)

    def kernel(self, eq: Equation, a: np.ndarray) -> np.ndarray:
        """The kernel as (group, outs of the group, features of the group times window)."""
        right, groups = dimensions(eq)[1], eq.params["feature_group_count"]
        shape = eq.given[1].shape
        return a.transpose(right).reshape(groups, shape[right[0]] // groups, -1)

    def out(self, eq: Equation, a: np.ndarray) -> np.ndarray:
        """(batch, group, features of the group, outs) as the result is laid out."""
        order = dimensions(eq)[2]
        shape = eq.made[0].shape
        return a.reshape([shape[ax] for ax in order]).transpose(np.argsort(order))

    def ordered(self, eq: Equation, a: np.ndarray) -> np.ndarray:
        """A result as (batch, group, features of the group, outs)."""
        order, groups = dimensions(eq)[2], eq.params["feature_group_count"]
        shape = eq.made[0].shape
        return a.transpose(order).reshape(shape[order[0]], groups, shape[order[1]] // groups, -1)

    def live(self, eq: Equation, live: Masks, known: Constants) -> Masks:
        mask = self.ordered(eq, whole_mask(live[0], eq))
        hit = np.zeros(eq.given[0].size + 1, bool)
        hit[self.patches(eq)[mask.any(2)]] = True
        right = dimensions(eq)[1]
        here = np.broadcast_to(mask.any((0, 3))[:, :, None], self.kernel(eq, np.zeros(eq.given[1].shape)).shape)
        here = here.reshape([eq.given[1].shape[ax] for ax in right]).transpose(np.argsort(right))
        return [hit[:-1].reshape(eq.given[0].shape), here]

    def sets(self, eq: Equation, deps: Deps, sets: Sets, known: Constants) -> Deps:
        parts: Deps = []
        taken = self.patches(eq)
        sets.check(taken.size)
        batch, group, outs, terms = taken.shape
        features = self.kernel(eq, np.zeros(eq.given[1].shape)).shape[1]
        if deps[0] is not None:
            zero = known.zeros(eq.ins[1])
            if zero is None:
                lists, held = taken[:, :, None], 1
            else:
                sets.check(taken.size * features)
                lists, held = np.where(self.kernel(eq, zero)[:, :, None], -1, taken[:, :, None]), features
            start = np.arange(batch * group * held * outs + 1, dtype=np.int64) * terms
            once = sets.unions(deps[0], start, lists.ravel(), (batch, group, held, outs))
            parts.append(
                Dependence(self.out(eq, np.broadcast_to(once.rows, (batch, group, features, outs))), once.base)
            )
        if deps[1] is not None:
            once = sets.reduced(Dependence(self.kernel(eq, deps[1].rows), deps[1].base), (2,))
            rows = np.broadcast_to(once.rows[None, :, :, None], (batch, group, features, outs))
            parts.append(Dependence(self.out(eq, rows), once.base))
        return [sets.union(parts, eq.made[0].shape)]

    def met(self, eq: Equation, active: Sequence[bool]) -> Sequence[int]:
        return (0, 1) if all(active) else ()

    def couple(self, eq, deps, live, found, known) -> None:
        a, kernel = deps
        if a is None or kernel is None:
            return
        taken = self.patches(eq)
        rows = np.where(taken < 0, -1, a.rows.ravel()[taken])
        mask = self.ordered(eq, whole_mask(live[0], eq)).any(2)  # (batch, group, outs)
        rows = np.where(mask[..., None], rows, -1)
        first = found.sets.reduced(Dependence(rows, a.base), (0, 2))  # (group, terms)
        second = found.sets.reduced(Dependence(self.kernel(eq, kernel.rows), kernel.base), (1,))
        found.pair(first, second, np.ones(first.rows.shape, bool))


def dimensions(eq: Equation) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
    """Axes of the array (batch, feature, spatial...), of the kernel (out, in, spatial...) and of the result."""
    d = eq.params["dimension_numbers"]
    return d.lhs_spec, d.rhs_spec, d.out_spec

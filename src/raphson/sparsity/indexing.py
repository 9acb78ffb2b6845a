"""Operations that move elements and compute nothing: each is done in NumPy, on whatever stands for the elements.

`REARRANGE[name](eq, parts, index)` takes arrays of the operands' shapes (row numbers of sets, places, or the values
themselves; -1 is "nothing") and gives arrays of the results' shapes. `index(k)` is the value of operand k, an index or
mask; where that is not known the move is None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from raphson.sparsity.tape import Equation

Parts = list[np.ndarray]
Index = Callable[[int], Any]
Move = Callable[[Equation, Parts, Index], "Parts | None"]


def reshape(eq: Equation, parts: Parts, index: Index) -> Parts:
    order = eq.params.get("dimensions") if eq.name == "reshape" else None
    a = parts[0] if order is None else parts[0].transpose(order)
    return [a.reshape(eq.made[0].shape)]


def spread(eq: Equation, parts: Parts, index: Index) -> Parts:
    shape = np.ones(len(eq.made[0].shape), int)
    shape[list(eq.params["broadcast_dimensions"])] = parts[0].shape
    return [np.broadcast_to(parts[0].reshape(shape), eq.made[0].shape)]


def sliced(eq: Equation, parts: Parts, index: Index) -> Parts:
    p = eq.params
    strides = p["strides"] or (1,) * parts[0].ndim
    return [parts[0][tuple(map(slice, p["start_indices"], p["limit_indices"], strides))]]


def padded(eq: Equation, parts: Parts, index: Index) -> Parts:
    a, filler = parts
    target, source = [], []
    for (low, high, inner), size in zip(eq.params["padding_config"], a.shape, strict=True):
        at = low + np.arange(size) * (inner + 1)
        kept = (at >= 0) & (at < low + high + size + max(size - 1, 0) * inner)
        target.append(at[kept])
        source.append(np.flatnonzero(kept))
    out = np.full(eq.made[0].shape, filler, np.result_type(a, filler))
    out[np.ix_(*target)] = a[np.ix_(*source)]
    return [out]


def split(eq: Equation, parts: Parts, index: Index) -> Parts:
    return np.split(parts[0], np.cumsum(eq.params["sizes"])[:-1], eq.params["axis"])


def unstacked(eq: Equation, parts: Parts, index: Index) -> Parts:
    first = np.moveaxis(parts[0], eq.params["axis"], 0)
    return [first[i, ...] for i in range(len(first))]  # views, of numbers too


def clamped(eq: Equation, first: int, window: tuple[int, ...], shape: tuple[int, ...], index: Index) -> Any:
    """The part of an array that a dynamic slice means; None where its start is not known."""
    starts = [index(first + k) for k in range(len(shape))]
    if any(s is None and w < size for s, w, size in zip(starts, window, shape, strict=True)):
        return None
    held = [0 if s is None else int(np.clip(s, 0, size - w)) for s, w, size in zip(starts, window, shape, strict=True)]
    return tuple(slice(s, s + w) for s, w in zip(held, window, strict=True))


def dynamic_slice(eq: Equation, parts: Parts, index: Index) -> Parts | None:
    part = clamped(eq, 1, eq.params["slice_sizes"], eq.given[0].shape, index)
    return None if part is None else [parts[0][part]]


def dynamic_update(eq: Equation, parts: Parts, index: Index) -> Parts | None:
    part = clamped(eq, 2, eq.given[1].shape, eq.given[0].shape, index)
    if part is None:
        return None
    out = parts[0].astype(np.result_type(*parts))
    out[part] = parts[1]
    return [out]


def gathered(eq: Equation, parts: Parts, index: Index) -> Parts | None:
    indices = index(1)
    if indices is None:
        return None
    place = gather_places(eq, indices)
    flat = parts[0].ravel()
    out = flat[place] if flat.size else np.full(place.shape, -1)
    return [np.where(place < 0, -1, out)]


def chosen_cases(eq: Equation, parts: Parts, index: Index) -> Parts | None:
    which = index(0)
    if which is None:
        return None
    out = np.broadcast_to(parts[0], eq.made[0].shape)
    for k, case in enumerate(parts[1:], 1):
        out = np.where(np.broadcast_to(which == k, out.shape), case, out)
    return [out]


REARRANGE: dict[str, Move] = {
    "reshape": reshape,
    "squeeze": reshape,
    "expand_dims": reshape,
    "broadcast_in_dim": spread,
    "transpose": lambda eq, parts, index: [parts[0].transpose(eq.params["permutation"])],
    "rev": lambda eq, parts, index: [np.flip(parts[0], eq.params["dimensions"])],
    "slice": sliced,
    "pad": padded,
    "concatenate": lambda eq, parts, index: [np.concatenate(parts, eq.params["dimension"])],
    "stack": lambda eq, parts, index: [np.stack(parts, eq.params["axis"])],
    "unstack": unstacked,
    "split": split,
    "tile": lambda eq, parts, index: [np.tile(parts[0], eq.params["reps"])],
    **dict.fromkeys(("optimization_barrier", "device_put"), lambda eq, parts, index: parts),
    "dynamic_slice": dynamic_slice,
    "dynamic_update_slice": dynamic_update,
    "gather": gathered,
    "select_n": chosen_cases,
}


def operands_moved(eq: Equation) -> tuple[int, ...]:
    """Which operands the results are made of; the others say how."""
    count = len(eq.ins)
    few = {"dynamic_slice": (0,), "dynamic_update_slice": (0, 1), "gather": (0,)}
    return tuple(range(1, count)) if eq.name == "select_n" else few.get(eq.name, tuple(range(count)))


def loose_axes(eq: Equation, unknown: Sequence[int]) -> tuple[int, ...]:
    """Axes of the operand along which a gather or slice may take any element, where these components of the index are
    not known.
    """
    shape, window = eq.given[0].shape, eq.params["slice_sizes"]
    steered = eq.params["dimension_numbers"].start_index_map if eq.name == "gather" else range(len(shape))
    return tuple(steered[k] for k in unknown if window[steered[k]] < shape[steered[k]])


def gather_places(eq: Equation, indices: np.ndarray) -> np.ndarray:
    """For each element of a gather's result its place in the raveled operand; -1 beyond the end."""
    p, d = eq.params, eq.params["dimension_numbers"]
    windowed = [
        ax for ax in range(len(eq.given[0].shape)) if ax not in (*d.collapsed_slice_dims, *d.operand_batching_dims)
    ]
    return window_places(
        eq.given[0].shape, indices, eq.made[0].shape, d.start_index_map, d.offset_dims, windowed,
        (d.operand_batching_dims, d.start_indices_batching_dims), p["slice_sizes"], dropped(p["mode"]),
    )  # fmt: skip


def scatter_places(eq: Equation, indices: np.ndarray) -> np.ndarray:
    """For each element of a scatter's updates its place in the raveled operand; -1: dropped."""
    d, shape, updates = eq.params["dimension_numbers"], eq.given[0].shape, eq.given[2].shape
    windowed = [ax for ax in range(len(shape)) if ax not in (*d.inserted_window_dims, *d.operand_batching_dims)]
    sizes = np.ones(len(shape), int)
    sizes[windowed] = [updates[ax] for ax in d.update_window_dims]
    # In-bounds promises: what XLA then does with others is to drop them.
    drop = "CLIP" not in str(eq.params["mode"])
    return window_places(
        shape, indices, updates, d.scatter_dims_to_operand_dims, d.update_window_dims, windowed,
        (d.operand_batching_dims, d.scatter_indices_batching_dims), tuple(sizes), drop,
    )  # fmt: skip


def dropped(mode: Any) -> bool:
    """Whether a gather fills what lies beyond the end; else it takes the nearest window."""
    return str(mode).rsplit(".", 1)[-1] in ("FILL_OR_DROP", "ONE_HOT")


def window_places(
    shape: tuple[int, ...],
    indices: np.ndarray,
    out: tuple[int, ...],
    steered: Any,
    window_dims: Any,
    windowed: list[int],
    batching: tuple[Any, Any],
    sizes: Any,
    drop: bool,
) -> np.ndarray:
    """Places in an array of `shape` of the windows that `indices` (..., depth) say, arranged as XLA does in `out`.

    `steered[c]` is the axis that index component c moves along, `window_dims` the axes of `out` along which a window
    lies and `windowed` those of the array, `batching` axes of the array and of the indices that go together.
    """
    batch_dims = [ax for ax in range(len(out)) if ax not in window_dims]
    steps = np.concatenate([np.cumprod(shape[:0:-1], dtype=np.int64)[::-1], [1]]) if shape else np.zeros(0, np.int64)
    spread_out = [1] * len(out)
    for ax in batch_dims:
        spread_out[ax] = out[ax]
    first = np.zeros(indices.shape[:-1], np.int64)
    inside = np.ones(indices.shape[:-1], bool)
    for component, ax in enumerate(steered):
        start, last = indices[..., component].astype(np.int64), shape[ax] - sizes[ax]
        inside &= (start >= 0) & (start <= last)
        first += np.clip(start, 0, max(last, 0)) * steps[ax]
    for ax, along in zip(*batching, strict=True):
        line = [1] * first.ndim
        line[along] = first.shape[along]
        first += np.arange(first.shape[along]).reshape(line) * steps[ax]
    if drop:
        first = np.where(inside, first, np.iinfo(np.int64).min // 2)
    place = first.reshape(spread_out)
    for ax_out, ax in zip(window_dims, windowed, strict=True):
        line = [1] * len(out)
        line[ax_out] = out[ax_out]
        place = place + (np.arange(out[ax_out]) * steps[ax]).reshape(line)
    return np.maximum(np.broadcast_to(place, out), -1)

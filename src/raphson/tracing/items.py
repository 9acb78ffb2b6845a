"""Indexing and assignment by NumPy's rules, on NumPy's arrays and JAX's values: nothing is written in place."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.tracing.needs import wanted


def concrete(value: Any) -> bool:
    """Whether a held value is NumPy's: known now."""
    return isinstance(value, (np.ndarray, np.generic))


def module_of(value: Any) -> Any:
    """Whose functions compute with a value."""
    return np if concrete(value) else jnp


def holds_jax(a: Any) -> bool:
    """Whether there is a value in it that is known only to JAX."""
    if isinstance(a, (list, tuple)):
        return any(map(holds_jax, a))
    if isinstance(a, slice):
        return any(map(holds_jax, (a.start, a.stop, a.step)))
    if isinstance(a, dict):
        return any(map(holds_jax, a.values()))
    return isinstance(a, jax.Array)


def fitted(value: Any, like: Any) -> Any:
    """A value broadcast to the shape of an array and cast to its type, as assignment does."""
    shape, dtype = np.shape(like), np.dtype(like.dtype)
    if np.shape(value) == () and getattr(value, "ndim", 0) == 0 and not shape:
        return (np.asarray(value) if concrete(value) or not isinstance(value, jax.Array) else value).astype(dtype)
    if np.ndim(value) > len(shape):  # NumPy drops leading axes of length 1
        value = value.reshape(np.shape(value)[np.ndim(value) - len(shape) :])
    if not isinstance(value, jax.Array):
        return np.broadcast_to(np.asarray(value, dtype), shape).copy()
    return jnp.broadcast_to(value, shape).astype(dtype)


def put(a: Any, key: Any, new: Any) -> Any:
    """An array with a[key] = new, as a new one."""
    if concrete(a) and not holds_jax(key) and not isinstance(new, jax.Array):
        changed = np.array(a)
        changed[key] = new
        return changed
    a = jnp.asarray(a)
    if isinstance(key, jax.Array) and key.dtype == bool:
        if np.ndim(new) and np.shape(new) != a.shape and np.size(new) != 1:
            raise wanted("a mask", "an assignment through a mask needs one value: write np.where(mask, a, b)")
        mask = key.reshape(key.shape + (1,) * (a.ndim - key.ndim))
        return jnp.where(mask, jnp.asarray(new).astype(a.dtype), a)
    shape = checked(a, key)
    if shape is not None and np.ndim(new) > len(shape):
        new = jnp.reshape(new, np.shape(new)[np.ndim(new) - len(shape) :])
    new = jnp.asarray(new).astype(a.dtype)
    corner = block(a, key)
    if corner is None:
        return a.at[key].set(new)
    start, size = corner
    return lax.dynamic_update_slice(a, jnp.broadcast_to(new, shape).reshape(size), start)


def block(a: Any, key: Any) -> tuple[list[int], list[int]] | None:
    """Where a block of neighboring entries begins, and its size; None for any other index. It needs no scatter."""
    parts = list(key) if isinstance(key, tuple) else [key]
    if not all(isinstance(k, (int, np.integer, slice)) and not isinstance(k, bool) for k in parts):
        return None
    start, size = [], []
    for k, length in zip(parts + [slice(None)] * (a.ndim - len(parts)), a.shape, strict=True):
        low, high, step = k.indices(length) if isinstance(k, slice) else (int(k) % length, int(k) % length + 1, 1)
        if step != 1:
            return None
        start.append(low)
        size.append(max(high - low, 0))
    return start, size


def checked(a: Any, key: Any) -> tuple | None:
    """The shape of a[key] by NumPy's own rules, which raise IndexError where JAX would clamp; None if unknown."""
    if holds_jax(key):
        return None
    return np.broadcast_to(np.int8(0), np.shape(a))[key].shape


def basic(key: Any) -> bool:
    """Whether indexing with it gives a view."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(k is None or k is Ellipsis or isinstance(k, (int, np.integer, slice)) for k in parts) and not any(
        isinstance(k, bool) for k in parts
    )


def masks(key: Any) -> bool:
    """Whether an index holds a mask that only JAX knows."""
    parts = key if isinstance(key, tuple) else (key,)
    return any(isinstance(k, jax.Array) and k.dtype == bool for k in parts)


def one_entry(key: Any, ndim: int) -> bool:
    """Whether an index of whole numbers names one entry of an array."""
    parts = key if isinstance(key, tuple) else (key,)
    return len(parts) == ndim > 0 and all(isinstance(k, (int, np.integer)) and not isinstance(k, bool) for k in parts)


def place_of(key: Any, shape: tuple[int, ...]) -> int:
    """Where the entry of an index lies among all entries; IndexError beyond the ends, in NumPy's words."""
    place = 0
    for axis, (k, n) in enumerate(zip(key if isinstance(key, tuple) else (key,), shape, strict=True)):
        if not -n <= k < n:
            raise IndexError(f"index {k} is out of bounds for axis {axis} with size {n}")
        place = place * n + int(k) % n
    return place


def looked_up(a: Any, key: Any) -> Any:
    """a[key] for entries that depend on the variables: NaN beyond the ends, where NumPy raises and JAX would clamp."""
    if isinstance(key, tuple) or not jnp.issubdtype(a.dtype, jnp.floating) or not a.ndim:
        raise wanted("an index", "an index must not depend on the variables")
    inside = (key >= -a.shape[0]) & (key < a.shape[0])
    return jnp.where(inside.reshape(inside.shape + (1,) * (a.ndim - 1)), a[key], jnp.nan)

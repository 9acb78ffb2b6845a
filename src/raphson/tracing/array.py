"""An array that stands for a JAX value and answers as NumPy's would: the user's NumPy code runs on it unchanged.

NumPy lets other arrays answer for it (`__array_ufunc__`, `__array_function__`: NEP 13 and 18). A `TracedArray` holds
either a NumPy array (then NumPy itself computes, with its own rules) or a JAX value (then the function of the same
name in `jax.numpy` does). Assignment to items is functional underneath; what basic indexing, reshape, ravel and T
return are views, as in NumPy: written through to the array they look at. What needs a number raises `NeedsANumber`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.tracing.arithmetic import Arithmetic
from raphson.tracing.items import (
    basic,
    checked,
    concrete,
    fitted,
    holds_jax,
    looked_up,
    masks,
    module_of,
    one_entry,
    place_of,
    put,
)
from raphson.tracing.needs import wanted
from raphson.tracing.numbers import AsNumber

MOST_CELLS = 512
"""Up to so many entries a vector read entry by entry is split once: its derivative is one concatenation instead of
a padded vector for each entry."""


class TracedArray(Arithmetic, AsNumber):
    """An array of NumPy's kind over a NumPy array or a JAX value. One without axes is immutable, as NumPy's scalars."""

    __array_priority__ = 1000.0
    __slots__ = ("__weakref__", "_base", "_cells", "_get", "_held", "_key", "_put", "_version", "_written")

    def __init__(self, value: Any, base: TracedArray | None = None, get: Any = None, put: Any = None, key: Any = None):
        self._held = value
        self._base, self._get, self._put, self._key = base, get, put, key
        self._version = 0 if base is None else base.version
        self._cells: list | None = None
        self._written = False  # whether the entries, one by one, are newer than the whole
        register(self)

    # --- the value, and views -----------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """Counts the writes to the array that owns the memory."""
        return self._version if self._base is None else self._base.version

    @property
    def value(self) -> Any:
        """The NumPy array or JAX value, that of a view taken from its owner if it has changed."""
        if self._base is not None and self._version != self._base.version:
            self._held, self._cells = self._get(self._base.value), None
            self._version = self._base.version
        elif self._written:
            self._held, self._written = assembled(self._cells).reshape(self.shape), False
        return self._held

    def assign(self, value: Any) -> None:
        """Writes the whole array, as `a[...] = value` does: shape and type stay."""
        value = fitted(unwrap(value), self.value)
        if self._base is not None:
            self._base.assign(self._put(self._base.value, value))
            self._version = self._base.version
        else:
            self._version += 1
        self._held, self._cells, self._written = value, None, False

    def view(self, get: Callable, put: Callable, key: Any = None) -> TracedArray:
        """An array that looks at this one (through an index, if it was made by one)."""
        return TracedArray(get(self.value), self, get, put, key)

    # --- what NumPy asks ----------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from raphson.tracing.twins import apply_ufunc

        return apply_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: tuple, kwargs: dict) -> Any:
        from raphson.tracing.twins import apply_function

        return apply_function(func, args, kwargs)

    def __jax_array__(self) -> jax.Array:
        return jnp.asarray(self.value)

    @property
    def __class__(self) -> type:
        """What `isinstance` sees: an array, or the scalar that indexing an array gives."""
        return np.ndarray if self.ndim else self.dtype.type

    def __getattr__(self, name: str) -> Any:
        # NumPy looks for __array__ on the instance: one that raises would end what an absent one leaves open
        # (an array of objects), so it is there only where there are numbers.
        if name == "__array__" and concrete(self.value):
            return lambda dtype=None, copy=None: np.array(self.value, dtype)
        if name.startswith("__"):
            raise AttributeError(name)
        from raphson.tracing.twins import method

        return method(self, name)

    # --- shape --------------------------------------------------------------------------------------------------

    # Shape and type never change: they are read without putting entries together that were written one by one.
    shape = property(lambda self: np.shape(self._held))
    ndim = property(lambda self: np.ndim(self._held))
    size = property(lambda self: int(np.prod(np.shape(self._held), dtype=int)))
    dtype = property(lambda self: np.dtype(self._held.dtype))
    itemsize = property(lambda self: self.dtype.itemsize)
    nbytes = property(lambda self: self.size * self.itemsize)
    real = property(lambda self: wrap(module_of(self.value).real(self.value)))
    imag = property(lambda self: wrap(module_of(self.value).imag(self.value)))
    flat = property(lambda self: self.ravel())

    @property
    def T(self) -> TracedArray:
        """The transposed array, a view."""
        return self.transpose()

    def reshape(self, *shape: Any, order: str = "C", **_: Any) -> TracedArray:
        """Another shape, a view."""
        given = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        shape = tuple(operator.index(k) for k in given)
        if order != "C":
            return wrap(module_of(self.value).reshape(self.value, shape, order=order))
        return self.view(lambda a: a.reshape(shape), lambda a, v: v.reshape(a.shape))

    def ravel(self, order: str = "C") -> TracedArray:
        """All entries as a vector, a view."""
        return self.reshape(-1, order=order)

    def transpose(self, *axes: Any) -> TracedArray:
        """The axes in another order, a view."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        order = tuple(order) if order else tuple(reversed(range(self.ndim)))
        back = tuple(int(i) for i in np.argsort(order))
        return self.view(lambda a: a.transpose(order), lambda a, v: v.transpose(back))

    def flatten(self, order: str = "C") -> TracedArray:
        """A copy as a vector."""
        return self.ravel(order).copy()

    def copy(self, order: str = "C") -> TracedArray:
        """An array of its own."""
        return TracedArray(np.array(self.value) if concrete(self.value) else self.value)

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> TracedArray:
        return self.copy()

    def astype(self, dtype: Any, **_: Any) -> TracedArray:
        """A copy of another type."""
        return TracedArray(self.value.astype(np.dtype(dtype)))

    def tolist(self) -> Any:
        """Nested lists of scalars."""
        return list_of(self) if self.ndim else self

    def item(self, *index: Any) -> Any:
        """One entry; as a number only where there are numbers."""
        if concrete(self.value):
            return self.value.item(*index)
        if not index and self.size == 1:
            return self.ravel()[0]
        return self.ravel()[index[0]] if len(index) == 1 else self[index]

    def fill(self, value: Any) -> None:
        """Every entry the same."""
        self.assign(value)

    def sort(self, axis: int = -1, **_: Any) -> None:
        """Sorts in place."""
        self.assign(module_of(self.value).sort(self.value, axis=axis))

    # --- items --------------------------------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> Any:
        key = plain_key(key)
        if self._written and one_entry(key, self.ndim):
            return wrap_scalar(self._cells[place_of(key, self.shape)])  # type: ignore[index]
        value = self.value
        if concrete(value) and not holds_jax(key):
            found = value[key]
            if np.ndim(found) and np.shares_memory(found, value):
                return self.view(lambda a: a[key], lambda a, v: put(a, key, unwrap(v)), key)
            return TracedArray(found) if np.ndim(found) else wrap(found)
        shape = checked(value, key)
        if shape == () and isinstance(key, (int, np.integer)) and value.shape[0] <= MOST_CELLS:
            return wrap_scalar(self.cells()[key])
        if basic(key) and shape != ():
            return self.view(lambda a: a[key], lambda a, v: put(a, key, unwrap(v)), key)
        if masks(key):
            raise wanted("a mask", "the length of a[mask] depends on the variables: write np.where(mask, a, b)")
        if shape is None:
            return TracedArray(looked_up(jnp.asarray(value), key))
        return TracedArray(jnp.asarray(value)[key])

    def __setitem__(self, key: Any, new: Any) -> None:
        key = plain_key(key)
        if is_traced(new) and new._base is self and basic(key) and new._key == key and new._version == self.version:
            return  # the second half of `a[key] += b`: the view has been written to
        new = unwrap(new)
        if self._base is None and one_entry(key, self.ndim) and np.size(new) == 1 and self.size <= MOST_CELLS:
            return self.write_cell(place_of(key, self.shape), new)
        if checked(self.value, key) is None and not masks(key):
            raise wanted("an index", "a place to write to must not depend on the variables")
        self.assign(put(self.value, key, new))

    def cells(self) -> list:
        """All entries, one by one."""
        if self._cells is None or (self._base is not None and self._version != self._base.version):
            value = self.value.reshape(-1)
            parts = lax.split(value, (1,) * value.shape[0]) if not concrete(value) else ()
            self._cells = [jnp.squeeze(part, 0) for part in parts] or list(value)
        return self._cells

    def write_cell(self, i: int, new: Any) -> None:
        """One entry: a loop that fills an array makes one array of all entries, not an array for each."""
        dtype = self.dtype
        cells = list(self.cells())
        if isinstance(new, jax.Array):
            new = new if new.dtype == dtype else new.astype(dtype)
            cells[i] = new.reshape(()) if new.ndim else new
        else:
            cells[i] = dtype.type(np.reshape(new, ()))
        self._cells, self._written = cells, True
        self._version += 1

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(self.shape[0]))

    def __contains__(self, item: Any) -> bool:
        return bool((self == item).any())

    def __repr__(self) -> str:
        if Alive.current is not None and not concrete(self.value):
            raise wanted("text", "text of a variable needs its value")
        return f"TracedArray({self.value!r})"

    __hash__ = object.__hash__


# --- between the user's world and JAX's -------------------------------------------------------------------------------


class Alive:
    """Traced arrays made by the trace that is running in this thread: what of them survives it was kept by the user."""

    current: Any = None


def register(array: TracedArray) -> None:
    """Notes that an array was made; counts against the longest program."""
    if Alive.current is not None:
        Alive.current.add(array)


def is_traced(a: Any) -> bool:
    """Whether it is one of ours (`isinstance` says ndarray)."""
    return type(a) is TracedArray


def holds(a: Any) -> bool:
    """Whether there is a traced array in it: in (nested) lists, tuples, and arrays of objects."""
    if type(a) is np.ndarray:
        return a.dtype == object and any(map(holds, a.ravel()))
    return is_traced(a) or (isinstance(a, (list, tuple)) and any(map(holds, a)))


def unwrap(a: Any) -> Any:
    """NumPy's or JAX's value of what the user's code computes with; lists and tuples that hold some become arrays."""
    if is_traced(a):
        return a.value
    if type(a) is np.ndarray and a.dtype == object and holds(a):
        return assembled(a.tolist())
    if type(a) in (list, tuple) and holds(a):
        return assembled(a)
    return a


def assembled(a: Any) -> Any:
    """Nested lists of scalars and arrays as one array."""
    if not isinstance(a, (list, tuple)):
        return unwrap(a)
    parts = [assembled(e) for e in a]
    if not holds_jax(parts):
        return np.array(parts)
    shapes = {np.shape(p) for p in parts}
    if len(shapes) > 1:
        raise ValueError(f"arrays of different shapes cannot be one array: {sorted(shapes)}")
    return jnp.stack([jnp.asarray(p) for p in parts])


def wrap(a: Any) -> Any:
    """The user's view of a result."""
    if isinstance(a, jax.Array) or (isinstance(a, np.ndarray) and a.dtype != object):
        return TracedArray(a)
    if isinstance(a, (list, tuple)):
        parts = [wrap(e) for e in a]
        return type(a)(*parts) if hasattr(a, "_fields") else type(a)(parts)
    return a


def wrap_scalar(a: Any) -> Any:
    """One entry: a scalar of NumPy's as it is."""
    return TracedArray(a) if isinstance(a, jax.Array) else a


def list_of(a: TracedArray) -> list:
    """Nested lists of scalars."""
    return [list_of(e) if e.ndim else e for e in a]


def plain_key(key: Any) -> Any:
    """An index with values instead of traced arrays in it."""
    if isinstance(key, tuple):
        return tuple(map(plain_key, key))
    if isinstance(key, slice):
        return slice(*(None if k is None else plain_key(k) for k in (key.start, key.stop, key.step)))
    key = unwrap(key)
    if isinstance(key, list):
        return np.asarray(key, int if not key else None)
    if isinstance(key, np.ndarray) and key.ndim == 0 and key.dtype.kind in "iu":
        return int(key)
    return key

"""Hashable keys of values: immutable ones by type and bits, objects by identity and held alive."""

import hashlib
import struct

import numpy as np


class Key:
    """A hashable key: nested tuples of plain values, in which an int from `id` stands for an object in `held`.

    Two keys that are compared are both alive, and so is what they hold: equal ids are the same object.
    """

    __slots__ = ("_hash", "held", "parts")

    def __init__(self, parts: tuple, held: dict[int, object]):
        self.parts = parts
        self.held = held
        self._hash = hash(parts)

    def __hash__(self):
        return self._hash

    def __eq__(self, other):
        return isinstance(other, Key) and self._hash == other._hash and self.parts == other.parts


class Keeper:
    """Builds the parts of a key, and keeps alive what they name by identity."""

    def __init__(self):
        self.held: dict[int, object] = {}

    def same(self, value):
        """Key by identity."""
        self.held[id(value)] = value
        return id(value)

    def bits(self, value):
        """Key of an array by content; by identity where it has no bytes (random keys) or asks for a device."""
        if not isinstance(value.dtype, np.dtype) or value.dtype.hasobject or getattr(value, "committed", False):
            return self.same(value)
        data = np.ascontiguousarray(value).tobytes()
        return ("array", value.dtype, value.shape, data if len(data) <= 64 else hashlib.sha256(data).digest())


def scalar_key(value):
    """Key of an immutable scalar by type and bits (1, 1.0, True differ; so do 0.0 and -0.0), or None."""
    kind = type(value)
    if kind is float:
        return ("float", struct.pack("<d", value))
    if kind is int or kind is bool or kind is str or kind is bytes or value is None or value is Ellipsis:
        return (kind.__name__, value)
    if kind is complex:
        return ("complex", struct.pack("<dd", value.real, value.imag))
    if isinstance(value, np.generic) and not value.dtype.hasobject:
        return ("scalar", value.dtype, value.tobytes())
    if isinstance(value, np.dtype) and not value.hasobject:
        return ("dtype", value)
    return None

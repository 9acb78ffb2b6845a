"""What was found out about functions, within a limit of bytes, for all threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import jax

MOST_ENTRIES = 512
MOST_BYTES = 256 * 2**20
"""Of data that closed-over arrays keep alive, or of patterns."""


class Table[T]:
    """A table with a lock that forgets what was used longest ago, by number and by bytes."""

    def __init__(self, most: int = MOST_ENTRIES, most_bytes: int = MOST_BYTES):
        self.most, self.most_bytes = most, most_bytes
        self.entries: OrderedDict[Any, tuple[T, int]] = OrderedDict()
        self.bytes = 0
        self.lock = threading.Lock()

    def get(self, key: Any) -> T | None:
        """What is known under a key (None: nothing, or no key)."""
        if key is None:
            return None
        with self.lock:
            found = self.entries.get(key)
            if found is None:
                return None
            self.entries.move_to_end(key)
            return found[0]

    def put(self, key: Any, value: T) -> T:
        """Remembers a value; that of another thread which was faster stays."""
        if key is None:
            return value
        size = size_of(value)
        with self.lock:
            if key in self.entries:
                return self.entries[key][0]
            self.entries[key] = value, size
            self.bytes += size
            while len(self.entries) > self.most or (self.bytes > self.most_bytes and len(self.entries) > 1):
                _, (_, gone) = self.entries.popitem(last=False)
                self.bytes -= gone
        return value

    def clear(self) -> None:
        """Forgets everything."""
        with self.lock:
            self.entries.clear()
            self.bytes = 0


def size_of(value: Any) -> int:
    """Bytes of the arrays that a value keeps alive: its own, or the data of what is known of a function."""
    known = getattr(value, "known", None)
    leaves: list[Any] = jax.tree.leaves(value if known is None else known.data)
    return sum(int(getattr(a, "nbytes", 8)) for a in leaves)

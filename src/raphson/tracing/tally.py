"""How often a user's function is called to be read: by traces, and by comparisons of what they found with itself."""

import functools
import threading
from collections.abc import Callable
from typing import Any


class Reading(threading.local):
    """The calls so far, of the door that was entered last in this thread."""

    calls = 0


READING = Reading()


def tallied(fun: Callable) -> Callable:
    """`fun`, each call of which is one to read it."""

    def call(*args: Any) -> Any:
        READING.calls += 1
        return fun(*args)

    return call


def own_tally[Door: Callable[..., Any]](door: Door) -> Door:
    """A door that counts from zero; one that is entered within it (a problem in a problem) leaves its count alone."""

    @functools.wraps(door)
    def enter(*args: Any, **kwargs: Any) -> Any:
        outer, READING.calls = READING.calls, 0
        try:
            return door(*args, **kwargs)
        finally:
            READING.calls = outer

    return enter  # type: ignore[return-value]

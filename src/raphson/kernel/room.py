"""Room for compiled programs: what a process can hold of them is limited, and running out is a crash."""

import gc
from functools import cache
from pathlib import Path

import jax

FULL = 0.7
"""Share of the memory maps from which on compiled programs are forgotten."""


EACH = 1000
"""More maps than any new problem needs: so often they are counted, which takes milliseconds where there are many."""


class Pause:
    """Calls of `make_room` for which there is room in any case."""

    calls = 0


@cache
def limit() -> int:
    """Memory maps that this system allows a process (Linux: usually 65530); 0 where it does not say."""
    try:
        return int(Path("/proc/sys/vm/max_map_count").read_text())
    except (OSError, ValueError):
        return 0


def maps() -> int:
    """Memory maps of this process."""
    with open("/proc/self/maps", "rb") as lines:
        return sum(1 for _ in lines)


def make_room() -> bool:
    """Forgets compiled programs where the process is about to run out of memory maps; whether it did.

    XLA keeps a few maps for every program it compiles for a CPU, about 300 for a first `minimize`. After some 200
    different problems in one process the system refuses more, and the compiler then ends the process with a
    segmentation fault. Programs that are needed again are compiled again.
    """
    Pause.calls -= 1
    if limit() == 0 or Pause.calls >= 0:
        return False
    Pause.calls = int((FULL * limit() - maps()) // EACH)
    if Pause.calls >= 0:
        return False
    jax.clear_caches()
    gc.collect()
    return True

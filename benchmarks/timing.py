"""Timing in turns: whatever slows the machine down for a while slows all competitors alike."""

import gc
import math
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from benchmarks.tables import middle

CHUNK = 2e-3
"""Seconds of one measurement; shorter calls are repeated to fill it."""

FEWEST = 5
"""Rounds that are made in any case."""


def clocked(call: Callable[[], Any], repeats: int = 1) -> float:
    """Seconds of one call, over some repeats, with the garbage collector held."""
    held = gc.isenabled()
    gc.disable()
    begin = time.perf_counter()
    for _ in range(repeats):
        call()
    spent = time.perf_counter() - begin
    if held:
        gc.enable()
    return spent / repeats


def batch_times(solve: Callable, lanes: Any, repeats: int, long: float = math.inf) -> dict:
    """Seconds to compile a jitted function of a batch, seconds warm (median and `runs`), and its `answer` in NumPy.

    Not repeated once `long` seconds are spent.
    """
    begin = time.perf_counter()
    compiled = solve.lower(lanes).compile()
    compile_seconds = time.perf_counter() - begin
    answer = jax.tree.map(np.asarray, compiled(lanes))
    spent = []
    for _ in range(repeats):
        if sum(spent) > long:
            break
        begin = time.perf_counter()
        jax.block_until_ready(compiled(lanes))
        spent.append(time.perf_counter() - begin)
    return {"compile": compile_seconds, "seconds": middle(spent), "runs": spent, "answer": answer}


def in_turns(
    calls: dict[str, Callable[[], Any]], rounds: int, budget: float, chunk: float = CHUNK
) -> dict[str, list[float]]:
    """Seconds of every call in every round; all calls must be warm. Ends after `rounds` or `budget` seconds."""
    repeats = {}
    for name, call in calls.items():
        quickest = min(clocked(call) for _ in range(3))
        repeats[name] = max(1, min(1000, math.ceil(chunk / max(quickest, 1e-9))))
    found: dict[str, list[float]] = {name: [] for name in calls}
    begin = time.perf_counter()
    for turn in range(rounds):
        if turn >= FEWEST and time.perf_counter() - begin > budget:
            break
        gc.collect()
        for name, call in calls.items():
            found[name].append(clocked(call, repeats[name]))
    return found

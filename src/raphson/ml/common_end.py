"""Where processes share a training run: what one of them is told (Ctrl-C, time), all of them do after the same trial.

A process that stops alone leaves the others in a sum that waits for it. They ask one another by one all-reduce of three
numbers: what each was told, and how long its trials take, from which follows when they ask again.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import signal
import threading
import time
from typing import Any, Self

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from raphson.kernel.status import Status

PAUSE = 0.25
"""Seconds between questions: one took 8 ms, 1.2 of them of the processor (gloo, two processes, two cores, load 17)."""


def lies_elsewhere(tree: Any) -> bool:
    """Whether other processes hold a part of the arrays."""
    return any(not getattr(leaf, "is_fully_addressable", True) for leaf in jax.tree.leaves(tree))


class CommonEnd:
    """What may end a run between its trials: in one process the time alone (Ctrl-C is raised there), in several that
    share the run what any of them was told. There, while it lasts, Ctrl-C is kept for the end of a trial; a second one
    is raised at once."""

    def __init__(self, shared: bool) -> None:
        self.shared = shared and jax.process_count() > 1
        self.interrupted, self.handler = False, None
        self.trials, self.wait, self.last = 0, 1, time.perf_counter()

    def __enter__(self) -> Self:
        here = threading.current_thread() is threading.main_thread()
        if self.shared and here and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self.handler = signal.signal(signal.SIGINT, self.kept)
        return self

    def __exit__(self, *error: object) -> None:
        if self.handler is not None:
            signal.signal(signal.SIGINT, self.handler)

    def kept(self, number: int, frame: Any) -> None:
        """The handler of the first Ctrl-C."""
        if self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = True

    def status(self, late: bool) -> Status:
        """After a trial: why the run ends, RUNNING where it goes on. `late`: the time of this process is over."""
        if not self.shared:
            return Status.TIME if late else Status.RUNNING
        self.trials += 1
        if self.trials < self.wait:
            return Status.RUNNING
        now = time.perf_counter()
        late_one, stopped, micros = largest(late, self.interrupted, min(1e6 * (now - self.last) / self.trials, 2e9))
        # The same in every process, since all of it was reduced; twice as long at most, as a first trial compiles.
        self.wait = max(1, min(2 * self.wait, int(1e6 * PAUSE / max(micros, 1))))
        self.trials, self.last = 0, now
        return Status.USER if stopped else Status.TIME if late_one else Status.RUNNING

    def anywhere(self, ended: bool) -> bool:
        """Whether a stream of batches, or the epochs that were asked for, are over in any process: these may have other
        numbers of batches. Asked before every batch, and where epochs were asked for after it."""
        return bool(largest(ended)[0]) if self.shared else ended


def largest(*own: float) -> list[int]:
    """The largest of each number over all processes. Waits for them."""
    each = [next(d for d in jax.devices() if d.process_index == rank) for rank in range(jax.process_count())]
    mesh = Mesh(np.array(each), ("process",))
    mine = jax.device_put(np.array([own]).astype(np.int32), each[jax.process_index()])
    layout = NamedSharding(mesh, PartitionSpec("process"))
    table = jax.make_array_from_single_device_arrays((len(each), len(own)), layout, [mine])
    found = jax.jit(column_maxima, out_shardings=NamedSharding(mesh, PartitionSpec()))(table)
    return np.asarray(found).tolist()


def column_maxima(table: jax.Array) -> jax.Array:
    """The largest number of each column."""
    return table.max(0)

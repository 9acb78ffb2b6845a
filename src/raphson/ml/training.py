"""Training: a stream of batches, each another problem handed to the one step."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from raphson.kernel.status import Status
from raphson.ml.batches import BatchStream, ShuffledBatches
from raphson.ml.certified import certified
from raphson.ml.common_end import CommonEnd
from raphson.ml.risk import EmpiricalRisk
from raphson.ml.saved_training import SavedTraining, config_of, epochs_over
from raphson.ml.training_record import COLUMNS, Seen, TrainingProgress, TrainingResult, TrainingState, TrainingTrace
from raphson.ml.training_run import Training, prepared

MOST_BAD = 20
"""Batches in a row whose loss or gradient is not finite: then it is the parameters, and not the data."""

TAKEN = COLUMNS.index("accepted")


def training(
    loss: Any, params: Any, data: Any = None, *, batches: Any = None, method: Any = "newton-cg",
    batch_size: int | None = None, curvature_batch: int | None = None, seed: int = 0, keep_last: bool = False,
    state: TrainingState | None = None,
) -> Iterator[TrainingProgress]:  # fmt: skip
    """`train` as a generator: yields after every trial, taken or not, and goes on as long as it is asked.

    The caller's loop is the callback, the progress bar and the stop button; `progress.state` is a checkpoint.
    """
    run = prepared(loss, params, data, batches, method, batch_size, curvature_batch, seed, keep_last)
    for after, numbers, status in run.trials(run.start(params, seed) if state is None else run.again(state, params)):
        yield TrainingProgress(after, dict(zip(COLUMNS, map(float, numbers), strict=True)))
        if status != Status.RUNNING:
            return


def train(
    loss: Any, params: Any, data: Any = None, *, batches: Any = None, method: Any = "newton-cg",
    batch_size: int | None = None, curvature_batch: int | None = None, steps: int | None = None,
    epochs: float | None = None, time_limit: float | None = None, seed: int = 0, keep_last: bool = False,
    state: TrainingState | None = None, certify: bool = False, checkpoint: Any = None,
) -> TrainingResult:  # fmt: skip
    """Trains parameters (a pytree of floating-point arrays) on batches.

    `loss`: a function (params, batch) -> mean loss, or an `EmpiricalRisk`. `data`: a pytree of arrays, the examples
    first (of a risk: its own), in batches of `batch_size` (None: all of it, every step), shuffled anew each epoch; or
    `batches`: an iterable of them. `method`: "newton-cg" (Hessian-free), "lbfgs", a `Method`, or an optax-like
    transformation. `curvature_batch`: examples of each batch that products are taken from.

    Ends after so many `steps` (trials, taken or not), `epochs` or seconds (`time_limit`), on Ctrl-C, at the end of the
    stream; on all data also where `minimize` would. In several processes that share the run all end after the same
    trial, when one of them is told to. Nothing is lost then: `result.state` goes on (`state=`), bit by bit as if it had
    not been cut. A batch whose loss or gradient is not finite is left out and named. `certify`: what is known of the
    last point on all data (of a risk). `checkpoint`: a folder (or `Checkpoints`) in which states are saved, every 100
    trials and at the end, and from whose latest the run goes on where there is one; `steps` are then those of the whole
    run, and the trace has the trials of this call.

    Raises ValueError and TypeError for what cannot be meant.
    """
    run = prepared(loss, params, data, batches, method, batch_size, curvature_batch, seed, keep_last)
    endless = isinstance(run.source, ShuffledBatches) or getattr(run.source, "again", False)
    if steps is None and epochs is None and time_limit is None and endless:
        raise ValueError("batches come without an end: give steps=, epochs= or time_limit=")
    if certify and not isinstance(loss, EmpiricalRisk):
        raise TypeError("certify=True looks at all of the data: give an EmpiricalRisk as loss")
    begin, rows = time.perf_counter(), []
    bad: list[int] = []
    status, state = Status.RUNNING, run.start(params, seed) if state is None else run.again(state, params)
    kept = SavedTraining(checkpoint, config_of(method, batch_size, curvature_batch, seed, keep_last))
    state, before = kept.latest(state)
    steps = None if steps is None else steps - before
    idle, over = steps is not None and steps < 1, epochs is not None and not epochs > epochs_over(run, state, before)
    came, last = None, state.params
    with CommonEnd(checkpoint is not None or run.shared(state.params)) as common:
        try:
            idle = idle or (epochs is not None and common.anywhere(over))
            status = Status.STEPS if idle else status
            trials = iter(()) if idle else run.trials(state, common.anywhere)
            for state, numbers, ends in trials:
                rows.append(numbers)
                if numbers[TAKEN]:
                    came = last
                last = state.params
                kept.save(state)
                status = ended(run, bool(state.settled), rows, ends, bad, steps, epochs, common.anywhere)
                if status == Status.RUNNING:
                    status = common.status(time_limit is not None and time.perf_counter() - begin > time_limit)
                if status != Status.RUNNING:
                    break
        except KeyboardInterrupt:
            status = Status.USER
        except Exception:  # batches that cannot be read: what is reached is saved
            if jax.process_count() == 1:
                kept.save(state, last=True)
            raise
    kept.save(state, last=True)
    seen = Seen(loss, data, came, getattr(getattr(run.method, "path", None), "unit", ""))
    return concluded(run, loss, state, rows, status, bad, time.perf_counter() - begin, certify, seen, kept.notes)


def ended(
    run: Training, settled: bool, rows: list[Any], ends: Status, bad: list[int], steps: int | None,
    epochs: float | None, anywhere: Callable[[bool], bool],
) -> Status:  # fmt: skip
    """Why a run ends after its last trial; RUNNING where it goes on. Batches that are not finite are added to `bad`.
    `anywhere`: whether something holds in any process; streams of several may have epochs of other lengths."""
    row = dict(zip(COLUMNS, rows[-1], strict=True))
    if not (np.isfinite(row["loss"]) and np.isfinite(row["gradient_norm"])):
        bad.append(int(row["batch"]))
        if run.source.constant or (len(bad) >= MOST_BAD and bad[-1] - bad[-MOST_BAD] == MOST_BAD - 1):
            return Status.NOT_FINITE
    if ends != Status.RUNNING:
        return ends
    over = epochs is not None and settled and row["epochs"] >= epochs
    if epochs is not None and settled and isinstance(run.source, BatchStream):
        over = anywhere(over)
    return Status.STEPS if over or (steps is not None and len(rows) >= steps) else Status.RUNNING


ENDINGS = {
    Status.RUNNING: "the stream of batches came to its end",
    Status.STEPS: "the steps or epochs asked for were made",
    Status.NOT_FINITE: "the loss or its gradient is not finite at the last parameters, on one batch after another",
}
"""Where the words of `Status` would say more, or less, than was seen."""


def concluded(
    run: Training, loss: Any, state: TrainingState, rows: list[Any], status: Status, bad: list[int], seconds: float,
    certify: bool, seen: Seen, unsaved: list[str],
) -> TrainingResult:  # fmt: skip
    """The result, in words that say only what was seen."""
    said = ENDINGS.get(status, status.sentence)
    proof = "" if run.source.constant else "; single batches were seen, which show no minimum of the whole"
    notes = [*run.source.notes, *unsaved]
    if bad:
        shown = ", ".join(map(str, bad[:8])) + (" and others" if len(bad) > 8 else "")
        notes.append(f"not finite, and left out: batch {shown} ({len(bad)} in all); the step was refused each time")
    known = certified(loss, state.params) if certify else None
    status = Status.STEPS if status == Status.RUNNING else status
    return TrainingResult(
        state.params, TrainingTrace(rows), status, f"{said}{proof}", state, tuple(notes), seconds, known, seen
    )

"""States of a training run in a folder: saved now and then, and taken up again."""

import os
from typing import Any

import jax

from raphson.kernel.warning import warn
from raphson.ml.checkpoints import Checkpoints
from raphson.ml.training_record import TrainingState

EVERY = 100
"""Trials from one saved state to the next: a save takes 0.1 to 0.5 seconds on a machine of two cores."""


class SavedTraining:
    """Where a run keeps its states: a folder, `Checkpoints` of one's own, or nowhere."""

    def __init__(self, where: Any, config: dict[str, Any]) -> None:
        if where is None or isinstance(where, Checkpoints):
            self.kept = where
        elif isinstance(where, str | os.PathLike):
            self.kept = Checkpoints(where, every=EVERY, config=config)
        else:
            raise TypeError(f"checkpoint is {where!r}: it is a folder, or rp.ml.Checkpoints")
        if self.kept is not None and not os.access(self.kept.folder, os.W_OK):
            raise PermissionError(f"{self.kept.folder} cannot be written to, and a run saves its states there")
        self.notes: list[str] = []

    def latest(self, state: TrainingState) -> tuple[TrainingState, int]:
        """The latest state there is, in the structure of this one, and the trials that it has behind it."""
        found = None if self.kept is None else self.kept.restore(state)
        return (state, 0) if found is None else (found[1], int(found[1].trials))

    def save(self, state: TrainingState, last: bool = False) -> None:
        """Saves a state whose turn it is; the last one in any case, unless it is there. Where that fails (a full disk)
        the run goes on, with a warning and a note; not in several processes, which would wait for one another."""
        trials = int(state.trials)
        if self.kept is None or not (last or trials % self.kept.every == 0):
            return
        if trials in self.kept.steps:
            return
        try:
            self.kept.save(trials, state)
        except OSError as error:
            if jax.process_count() > 1:
                raise
            self.notes.append(str(error))
            warn(str(error), RuntimeWarning)


def config_of(method: Any, batch_size: Any, curvature_batch: Any, seed: int, keep_last: bool) -> dict[str, Any]:
    """What a saved state belongs to, in words."""
    name = method if isinstance(method, str) else type(method).__name__
    return {
        "method": name, "batch_size": batch_size, "curvature_batch": curvature_batch, "seed": seed,
        "keep_last": keep_last,
    }  # fmt: skip


def epochs_over(run: Any, state: TrainingState, trials: int) -> float:
    """The epochs that are over at a state, 0 before the first trial."""
    position = int(state.position)
    if trials == 0 or position < 0 or not bool(state.settled):
        return 0.0
    return float(position + 1) if run.source.constant else float(run.source.batch(position)[1])

"""What a training run is and leaves behind: its state, its trace, its result."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from raphson.kernel.record import record
from raphson.kernel.status import Status
from raphson.ml.risk import EmpiricalRisk
from raphson.report.training import TrainingReport

COLUMNS = (
    "loss", "value", "gradient_norm", "predicted", "actual", "ratio", "noise", "damping", "length", "inner",
    "accepted", "batch", "epochs", "seconds",
)  # fmt: skip


@record
class TrainingState:
    """Exactly what the next trial needs, arrays alone: parameters, the method's own state, a random key, the number of
    the batch in use, whether that is done with, how often it was tried, and how many trials there were."""

    params: Any
    inner: Any
    key: Any
    position: Any
    settled: Any
    tries: Any
    trials: Any


class TrainingTrace:
    """The trials of a run, oldest first, as NumPy columns: `loss` of the batch before the step and `value` after it,
    `gradient_norm` (its length), `predicted` and `actual` decrease and their `ratio`, `noise` of the batch, `damping`
    (lambda; of other methods the radius or step length that was tried), `length` of the step, `inner` (products),
    `accepted`, number of the `batch`, `epochs` that are over, `seconds` since the start. NaN: the method has none."""

    def __init__(self, rows: Any) -> None:
        self.rows = np.asarray(rows, float).reshape(-1, len(COLUMNS))

    def __len__(self) -> int:
        return len(self.rows)

    def __getattr__(self, name: str) -> Any:
        if name in COLUMNS:
            column = self.rows[:, COLUMNS.index(name)]
            return column != 0 if name == "accepted" else column
        raise AttributeError(f"a TrainingTrace has no column {name!r}; it has {', '.join(COLUMNS)}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *COLUMNS]

    def __repr__(self) -> str:
        return f"TrainingTrace({len(self)} trials, {int(self.accepted.sum())} taken)"

    def as_dict(self) -> dict[str, list[Any]]:
        """Columns as plain lists (for JSON)."""
        return {name: getattr(self, name).tolist() for name in COLUMNS}


@dataclass(frozen=True, eq=False)
class TrainingProgress:
    """A run after a trial: its state, and the trial's numbers by the names of `TrainingTrace`."""

    state: TrainingState
    row: dict[str, float]

    @property
    def params(self) -> Any:
        """The parameters reached."""
        return self.state.params


@dataclass(frozen=True, eq=False)
class Seen:
    """What a report looks at beside the trace: the loss and the data as they were given, the parameters `before` the
    last step taken (None: none was), and what holds steps back (`unit`, one of `paths.proposal`, "" where a
    transformation makes them)."""

    loss: Any = None
    data: Any = None
    before: Any = None
    unit: str = ""

    @property
    def risk(self) -> EmpiricalRisk | None:
        """The risk on all data; None of a stream, which has none."""
        if self.loss is None or isinstance(self.loss, EmpiricalRisk):
            return self.loss
        return None if self.data is None else EmpiricalRisk(self.loss, self.data)


@dataclass(frozen=True, eq=False)
class TrainingResult(TrainingReport):
    """What training reached: `params`, its `trace`, `status` and `message` (why it ended, and no more than was seen),
    the `state` from which it goes on, `notes` on what was left out or went wrong, `seconds`, and `certificate`: on all
    of the data, where that was asked for (None). `report` writes it as a page, `rp.plot.training` draws it, from what
    was `seen` (a pickle leaves the risk out: its functions need not have names)."""

    params: Any
    trace: TrainingTrace
    status: Status
    message: str
    state: TrainingState
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    certificate: Any = None
    seen: Seen = Seen()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"seen": replace(self.seen, loss=None, data=None)}

    @property
    def epochs(self) -> float:
        """Epochs that are over; NaN where a stream has not said how long one is."""
        return float(self.trace.epochs[-1]) if len(self.trace) else 0.0

    @property
    def loss(self) -> float:
        """The last loss of a batch that was finite, before its step: of one batch, not of all data. NaN: none was."""
        known = self.trace.loss[np.isfinite(self.trace.loss)]
        return float(known[-1]) if known.size else np.nan

    def __repr__(self) -> str:
        taken = int(self.trace.accepted.sum())
        epochs = "" if np.isnan(self.epochs) else f"{self.epochs:.3g} epochs, "
        lines = [
            f"{len(self.trace)} trials, {taken} taken, {epochs}{self.seconds:.2f} s",
            f"last loss of a batch: {self.loss:.6g}",
            self.message,
            *self.notes,
        ]
        return "\n".join(lines)

"""What a run keeps of its trials: scalars of all of them, steps within a budget of memory."""

import numpy as np

from raphson.kernel.trace import SCALARS, Trace

BUDGET = 64 * 2**20
"""Bytes of steps that a run keeps: 4 million trials of two variables, 8 of a million. Beyond, points are thinned."""

ACCEPTED = SCALARS.index("accepted")


class Recorder:
    """Takes the rows of a run as they come, and makes its `Trace`.

    Every step is kept while all of them fit into `budget` bytes. Then steps that were not taken are forgotten, and
    steps in a row are added up into one move, two of them, four, ...: the way stays known, at fewer points. Which
    points depends on the trials alone, not on the pieces in which they came.
    """

    def __init__(self, budget: int = BUDGET):
        self.budget = budget
        self.rows: list[np.ndarray] = []
        self.steps: list[np.ndarray] = []
        self.used = 0
        self.stride = 0  # accepted steps in a move; 0: every step is kept
        self.moves: list[np.ndarray] = []
        self.pending: np.ndarray | None = None
        self.since = 0

    def add(self, table: np.ndarray) -> None:
        """Some more rows (k, 13 + n), oldest first; the very first of a run is the look at x0, a step of zero.

        They are copied: a view would keep the whole table that compiled code made, used or not.
        """
        self.rows.append(table[:, : len(SCALARS)].copy())
        steps, taken = table[:, len(SCALARS) :], table[:, ACCEPTED] != 0
        if self.stride == 0:
            self.used += steps.nbytes
            if self.used <= self.budget:
                self.steps.append(steps.copy())
                return
            self.thin()
        if len(self.rows) == 1:
            steps, taken = steps[1:], taken[1:]
        self.walk(steps, taken)

    def thin(self) -> None:
        """From here on only moves are kept; the steps so far become moves."""
        self.stride = 1
        blocks, self.steps = self.steps, []
        first = 1
        for rows, steps in zip(list(self.rows), blocks, strict=False):
            self.walk(steps[first:], rows[first:, ACCEPTED] != 0)
            first = 0

    def walk(self, steps: np.ndarray, taken: np.ndarray) -> None:
        """Adds up the steps that were taken."""
        room = max(self.budget // max(steps[:1].nbytes, 1) - 1, 2) // 2 * 2 if len(steps) else 2
        for s in steps[taken]:
            move = s.copy() if self.pending is None else self.pending + s
            self.pending = move
            self.since += 1
            if self.since < self.stride:
                continue
            self.moves.append(move)
            self.pending, self.since = None, 0
            if len(self.moves) >= room:
                self.moves = [a + b for a, b in zip(self.moves[::2], self.moves[1::2], strict=True)]
                self.stride *= 2

    def trace(self) -> Trace:
        """The trials so far."""
        rows = joined(self.rows)
        if self.stride == 0:
            return Trace(rows, joined(self.steps))
        count = int(np.count_nonzero(rows[1:, ACCEPTED]))
        ends = np.arange(1, len(self.moves) + 1) * self.stride
        moves, kept = self.moves, ends
        if self.pending is not None:
            moves, kept = [*moves, self.pending], np.append(ends, count)
        n = rows.shape[1] if not moves else len(moves[0])
        return Trace(rows, None, np.array(moves).reshape(len(moves), n), kept)


def joined(blocks: list[np.ndarray]) -> np.ndarray:
    """One array of several."""
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

"""Why a run ended, as a number that fits into compiled code, with one plain sentence each."""

from enum import IntEnum


class Status(IntEnum):
    """The state of a run. The verdict of a result (certificate) says more; this is what the loop knows."""

    RUNNING = 0
    CONVERGED = 1
    NOISE = 2
    STALLED = 3
    STEPS = 4
    NOT_FINITE = 5
    UNBOUNDED = 6
    TIME = 7
    USER = 8
    CALLS = 9

    @property
    def sentence(self) -> str:
        """One plain sentence."""
        return SENTENCES[self]


SENTENCES = {
    Status.RUNNING: "still running",
    Status.CONVERGED: "the proposed step is smaller than the accuracy asked for",
    Status.NOISE: "what is left to gain lies below the noise of f",
    Status.STALLED: "no step that can still be represented makes f smaller",
    Status.STEPS: "the limit of steps was reached",
    Status.NOT_FINITE: "f or its derivatives are not finite at the current point",
    Status.UNBOUNDED: "f falls without bound",
    Status.TIME: "the time limit was reached",
    Status.USER: "stopped by the user",
    Status.CALLS: "the limit of evaluations was reached",
}

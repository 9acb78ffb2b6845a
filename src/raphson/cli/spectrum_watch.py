"""Progress of a search in lines or one live line, and Ctrl-C that ends it with what was found."""

import signal
import sys
import threading
import time
from types import FrameType, TracebackType
from typing import Any

EVERY_SECONDS = 2.0
"""Between lines where standard error is no terminal."""


class Watch:
    """Within `with Watch(progress) as watch:` the first Ctrl-C sets `watch.ended`, the second one interrupts.

    `watch(words)` says where a search is, and returns whether it should end.
    """

    def __init__(self, progress: bool) -> None:
        self.progress, self.ended = progress, False
        self.begin, self.last, self.live = time.perf_counter(), 0.0, False
        self.before: Any = None

    def __enter__(self) -> "Watch":
        if threading.current_thread() is threading.main_thread():
            self.before = signal.signal(signal.SIGINT, self.interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)
        if self.live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-C."""
        if self.ended:
            raise KeyboardInterrupt
        self.ended = True
        print("\nraphson: ending with what was found (Ctrl-C again: at once)", file=sys.stderr, flush=True)

    def __call__(self, words: str) -> bool:
        now = time.perf_counter()
        if self.progress and sys.stderr.isatty():
            print(f"\r\x1b[K{now - self.begin:6.1f} s  {words}", end="", file=sys.stderr, flush=True)
            self.live = True
        elif self.progress and now - self.last >= EVERY_SECONDS:
            self.last = now
            print(f"{now - self.begin:6.1f} s  {words}", file=sys.stderr, flush=True)
        return self.ended

"""The processes of `raphson launch`: started together, their lines marked, ended together."""

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from raphson.cli import rank
from raphson.cli.target import TargetError
from raphson.ml.processes import ADDRESS, COUNT, INDEX

KEPT = 12
"""Last lines of a process that failed, shown once more: a traceback's end among the lines of the others."""

PATIENCE = 5.0
"""Seconds for a process to end by itself after it was asked to, before it is killed."""

SAVING = 60.0
"""Seconds after Ctrl-C in which a process may end a trial and save its state, before it is asked once more."""

STACK = ("    @     0x", "*** Check failure")
"""How lines of a C++ stack begin, which push the reason out of the last lines: that a process was missed, and which."""

CHATTER = "[Gloo] Rank "
"""How lines begin by which JAX's communication on CPUs tells at every start that it was successful."""


@dataclass(frozen=True)
class Ended:
    """The first process that failed (`index` None: the time was over, and `running` were) and its exit code, or minus
    the signal that killed it."""

    index: int | None
    code: int
    running: tuple[int, ...] = ()

    @property
    def how(self) -> str:
        """In words."""
        if self.code < 0:
            known = {one.value for one in signal.Signals}  # signals of real time have no names
            return f"was killed by {signal.Signals(-self.code).name if -self.code in known else f'signal {-self.code}'}"
        return f"ended with exit code {self.code}"

    @property
    def exit_code(self) -> int:
        """As a shell gives it: 128 + the signal; 124 for time, as timeout(1)."""
        return 128 - self.code if self.code < 0 else self.code


@dataclass
class Crew:
    """`count` processes of one command; `logs`: a folder for their lines, or None for the screen; `gpus`: those that
    each may use."""

    command: list[str]
    count: int
    logs: Path | None = None
    gpus: list[str] | None = None
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    ends: "queue.Queue[tuple[int, int]]" = field(default_factory=queue.Queue)
    last: list[deque[str]] = field(default_factory=list)
    readers: list[list[threading.Thread]] = field(default_factory=list)
    writing: threading.Lock = field(default_factory=threading.Lock)

    def start(self, port: int | None) -> None:
        """Starts all of them. TargetError for a port that is taken or a folder that cannot be written to."""
        port = free_port() if port is None else checked_port(port)
        files = log_files(self.logs, self.count)
        self.last = [deque(maxlen=KEPT) for _ in range(self.count)]
        for index in range(self.count):
            process = subprocess.Popen(
                [sys.executable, rank.__file__, *self.command],
                env=self.environment(index, port),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # what it starts itself is ended with it, and Ctrl-C comes from here alone
            )
            self.started.append(process)
            self.readers.append([
                threading.Thread(target=self.copy, args=(index, source, files[index] or target), daemon=True)
                for source, target in ((process.stdout, sys.stdout), (process.stderr, sys.stderr))
            ])  # fmt: skip
            for thread in self.readers[-1]:
                thread.start()
            threading.Thread(target=self.wait, args=(index, process), daemon=True).start()

    def environment(self, index: int, port: int) -> dict[str, str]:
        """What a process finds: where they meet, how many there are, which one it is."""
        told = {ADDRESS: f"127.0.0.1:{port}", COUNT: str(self.count), INDEX: str(index), "PYTHONUNBUFFERED": "1"}
        return {**os.environ, **told, **({"CUDA_VISIBLE_DEVICES": self.gpus[index]} if self.gpus else {})}

    def copy(self, index: int, source: Any, target: IO[str]) -> None:
        """Lines of a process to the screen, with its number before them, or to its file. They are read on where nobody
        hears them any more (`| head`): the process would wait for ever for room in its pipe."""
        mark, heard = f"[{index}] " if self.logs is None and self.count > 1 else "", True
        for raw in source:
            line = raw.decode(errors="replace").rstrip("\n")
            if line.startswith(CHATTER):
                continue
            with self.writing:
                if not line.startswith(STACK):
                    self.last[index].append(line)
                if heard:
                    heard = written(mark + line, target)

    def wait(self, index: int, process: subprocess.Popen[bytes]) -> None:
        """Tells when a process has ended."""
        self.ends.put((index, process.wait()))

    def first_failure(self, until: float | None) -> Ended | None:
        """Waits until one has failed (it is returned), all are done (None), or the time is over."""
        running = set(range(self.count))
        while running:
            left = None if until is None else max(0.0, until - time.monotonic())
            try:
                index, code = self.ends.get(timeout=left)
            except queue.Empty:
                self.where()
                return Ended(None, 124, tuple(sorted(running)))
            if code:
                return Ended(index, code)
            running.remove(index)
        return None

    def where(self) -> None:
        """Lets every process say in which line it stands."""
        self.send(signal.SIGUSR1)
        time.sleep(0.5)

    def interrupt(self) -> None:
        """Hands Ctrl-C on, and waits: `train` ends its trial and saves."""
        self.send(signal.SIGINT)
        if not self.gone(PATIENCE):
            written("raphson: waiting until a trial is over and saved (Ctrl-C: end at once)", sys.stderr)
            self.gone(SAVING)

    def gone(self, seconds: float) -> bool:
        """Whether all processes have ended, for which it waits so long."""
        until = time.monotonic() + seconds
        for process in self.started:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                return False
        return True

    def end(self) -> None:
        """Ends what still runs, and waits for its last lines."""
        self.send(signal.SIGTERM)
        self.gone(PATIENCE)
        self.send(signal.SIGKILL)
        for process, threads in zip(self.started, self.readers, strict=True):
            process.wait()
            for thread in threads:
                thread.join(timeout=1)

    def send(self, number: int) -> None:
        """A signal to those that run, and for the last one also to what they started."""
        for process in self.started:
            if process.poll() is None or number == signal.SIGKILL:
                try:
                    os.killpg(process.pid, number)
                except (ProcessLookupError, PermissionError):
                    continue

    def last_lines(self, index: int) -> list[str]:
        """The last lines of a process."""
        for thread in self.readers[index]:
            thread.join(timeout=1)
        return list(self.last[index])


def written(line: str, target: IO[str]) -> bool:
    """Writes a line, letters that the target has no bytes for as their numbers; whether anybody reads it."""
    try:
        try:
            print(line, file=target, flush=True)
        except UnicodeEncodeError:
            known = getattr(target, "encoding", None) or "ascii"
            print(line.encode(known, "backslashreplace").decode(known), file=target, flush=True)
    except (OSError, ValueError):
        return False
    return True


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def checked_port(port: int) -> int:
    """The port. TargetError where it is none, or taken."""
    if not 1 <= port <= 65535:
        raise TargetError(f"--port {port}: 1 to 65535")
    try:
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", port))
    except OSError as error:
        raise TargetError(f"--port {port}: {error.strerror} (without --port a free one is found)") from None
    return port


def log_files(folder: Path | None, count: int) -> list[Any]:
    """A file for each process, or None for each. TargetError where they cannot be written."""
    if folder is None:
        return [None] * count
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [open(folder / f"{index}.log", "w", encoding="utf-8") for index in range(count)]
    except OSError as error:
        raise TargetError(f"--logs {folder}: {error.strerror}") from None


def gpus_of(environment: Mapping[str, str], count: int, found: list[str] | None = None) -> list[str] | None:
    """The NVIDIA GPUs of each process, equally many; None where there are none, or JAX is told to use the CPU.

    TargetError where there are fewer of them than processes, or they cannot be divided.
    """
    if environment.get("JAX_PLATFORMS", "").startswith("cpu") or count == 1:
        return None
    told = environment.get("CUDA_VISIBLE_DEVICES")
    if told is not None:
        names = [name for name in told.split(",") if name.strip()]
    elif found is not None:
        names = found
    else:
        names = sorted(p.name.removeprefix("nvidia") for p in Path("/dev").glob("nvidia[0-9]*"))
    if not names:
        return None
    if len(names) % count:
        raise TargetError(
            f"-n {count}: {len(names)} GPUs cannot be divided among so many processes (JAX_PLATFORMS=cpu: without them)"
        )
    each = len(names) // count
    return [",".join(names[i * each : (i + 1) * each]) for i in range(count)]

"""`raphson launch`: several processes of one script, ended together, the first failure told. No script here needs JAX,
but for the last law: two processes compute what one does."""

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

import pytest

from raphson.cli.crew import Crew, Ended, gpus_of
from raphson.cli.main import invoke
from raphson.cli.target import TargetError
from raphson.ml.processes import asked_of
from tests.laws.test_mesh import ROOT, found, same

ENDLESS = "time.sleep(1000)"
SCRIPT = """
import atexit, os, sys, time
me = int(os.environ["JAX_PROCESS_ID"])
atexit.register(lambda: time.sleep(1000 if me == 1 and sys.argv[1:] else 0))  # as JAX, which waits for the others
print("process", me, "of", os.environ["JAX_NUM_PROCESSES"], sys.argv[1:], flush=True)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "script.py"


def test_every_process_knows_which_it_is(script: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    script.write_text(SCRIPT.replace("sys.argv[1:] else", "False else"))
    assert invoke(["launch", "-n", "3", str(script), "-n", "5", "--x"]) == 0
    lines = sorted(capsys.readouterr().out.splitlines())
    assert lines == [f"[{i}] process {i} of 3 ['-n', '5', '--x']" for i in range(3)]
    assert invoke(["launch", "--logs", str(tmp_path / "logs"), str(script)]) == 0
    assert capsys.readouterr().out == ""
    assert [(tmp_path / "logs" / f"{i}.log").read_text() for i in (0, 1)] == [f"process {i} of 2 []\n" for i in (0, 1)]


@pytest.mark.parametrize(
    ("does", "code", "words"),
    [
        ("raise KeyError('lost')", 1, ["process 1 of 3 ended with exit code 1", "script.py", "KeyError: 'lost'"]),
        ("sys.exit(7)", 7, ["process 1 of 3 ended with exit code 7", "process 1 of 3 ['x']"]),
        ("sys.exit('no data')", 1, ["process 1 of 3 ended with exit code 1", "no data"]),
        ("os.kill(os.getpid(), 9)", 137, ["process 1 of 3 was killed by SIGKILL"]),
        ("not Python at all", 1, ["SyntaxError"]),
    ],
)
def test_the_first_failure_ends_all(
    script: Path, capsys: pytest.CaptureFixture[str], does: str, code: int, words: list[str]
) -> None:
    others = ENDLESS
    script.write_text(f"{SCRIPT}\nif me == 1:\n    {does}\nelse:\n    {others}\n")
    begin = time.monotonic()
    assert invoke(["launch", "-n", "3", str(script), "x"]) == code
    assert time.monotonic() - begin < 60
    told = capsys.readouterr().err
    assert all(word in told for word in words), told
    assert "runpy" not in told and "rank.py" not in told


@pytest.mark.parametrize("screen", ["ascii", "closed"])
def test_a_screen_that_does_not_take_a_line_stops_no_process(screen: str) -> None:
    crew = Crew([], 1, last=[deque(maxlen=2)])
    target = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    if screen == "closed":
        target.close()
    source = io.BytesIO("é\nb\nlast\n".encode())
    crew.copy(0, source, target)
    assert not source.read() and list(crew.last[0]) == ["b", "last"]
    if screen == "ascii":
        assert target.detach().getvalue() == b"\\xe9\nb\nlast\n"


def test_a_signal_without_a_name_is_told() -> None:
    assert Ended(0, -40).how == "was killed by signal 40"


def test_a_process_that_hangs_is_told_with_its_line(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script.write_text(f"import os, time\nif os.environ['JAX_PROCESS_ID'] == '1':\n    {ENDLESS}\n")
    for limit in ("1.5", "6", "60"):  # on a busy machine a process may be younger than the first two
        assert invoke(["launch", "--time-limit", limit, str(script)]) == 124
        told = capsys.readouterr().err
        if "running: 1" in told and 'script.py", line 3' in told:
            break
    assert f"time limit of {limit} s" in told and "running: 1" in told and 'script.py", line 3' in told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_all_and_what_they_started(script: Path, tmp_path: Path, number: int) -> None:
    script.write_text(
        "import os, subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; {ENDLESS}'])\n"
        "print(os.getpid(), child.pid, flush=True)\n" + ENDLESS
    )
    command = [sys.executable, "-m", "raphson", "launch", str(script)]
    launcher = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # in the background shells have it ignored
    )
    assert launcher.stdout is not None
    started = [int(word) for _ in range(2) for word in launcher.stdout.readline().split()[1:]]
    launcher.send_signal(number)
    _, err = launcher.communicate(timeout=60)
    assert launcher.returncode == 130 and err.endswith("raphson: interrupted\n")
    until = time.monotonic() + 10
    while any(alive(pid) for pid in started):
        assert time.monotonic() < until, started
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether a process runs; one that waits for being reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_wrong_input_is_said_in_a_line(script: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    script.write_text("")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = str(s.getsockname()[1])
        for words, arguments in [
            ("not there", ["lost.py"]),
            ("a folder", [str(tmp_path)]),
            ("-n 0", ["-n", "0", str(script)]),
            (f"--port {port}", ["--port", port, str(script)]),
            ("--port 70000", ["--port", "70000", str(script)]),
            ("--time-limit", ["--time-limit", "0", str(script)]),
            ("--logs", ["--logs", str(script), str(script)]),
        ]:
            assert invoke(["launch", *arguments]) == 2
            told = capsys.readouterr().err
            assert words in told and told.startswith("raphson: ") and told.count("\n") == 1, told


def test_gpus_are_divided() -> None:
    four = {"CUDA_VISIBLE_DEVICES": "4,5,6,7"}
    assert gpus_of(four, 2) == ["4,5", "6,7"] and gpus_of(four, 1) is None
    assert gpus_of({}, 2, ["0", "1"]) == ["0", "1"] and gpus_of({}, 2, []) is None
    assert gpus_of({**four, "JAX_PLATFORMS": "cpu"}, 3) is None
    with pytest.raises(TargetError, match="4 GPUs"):
        gpus_of(four, 3)


def test_who_started_a_process_is_read_from_its_environment() -> None:
    ours = {"JAX_COORDINATOR_ADDRESS": "127.0.0.1:1", "JAX_NUM_PROCESSES": "2", "JAX_PROCESS_ID": "1"}
    started, arguments = asked_of(ours) or ("", {})
    assert started == "environment" and (arguments["num_processes"], arguments["process_id"]) == (2, 1)
    assert arguments["coordinator_bind_address"] == "127.0.0.1:1"
    far = asked_of({**ours, "JAX_COORDINATOR_ADDRESS": "host:1"})
    assert far is not None and far[1]["coordinator_bind_address"] is None
    assert asked_of({}) is None and asked_of({**ours, "JAX_NUM_PROCESSES": "1", "JAX_PROCESS_ID": "0"}) is None
    assert asked_of({"SLURM_NTASKS": "4", "SLURM_PROCID": "0"}) is None  # the shell of sbatch: srun has not been called
    slurm = asked_of({"SLURM_STEP_NUM_TASKS": "4"})
    assert slurm is not None and slurm[0] == "slurm"
    ompi = {"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "1", "PMIX_NAMESPACE": "x"}
    here, there = asked_of({**ompi, "OMPI_COMM_WORLD_LOCAL_SIZE": "2"}), asked_of(ompi)
    assert here is not None and here[0] == "open mpi" and here[1]["process_id"] == 1
    assert there is not None and there[1] == {"cluster_detection_method": "ompi"}
    for wrong in (
        {"JAX_PROCESS_ID": "2"}, {"JAX_NUM_PROCESSES": "two"}, {"JAX_COORDINATOR_ADDRESS": "host"},
        {"JAX_PROCESS_ID": "-1"},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=next(iter(wrong))):
            asked_of({**ours, **wrong})
    with pytest.raises(ValueError, match="JAX_NUM_PROCESSES"):
        asked_of({"JAX_PROCESS_ID": "1"})


def test_two_processes_give_the_numbers_of_one_and_end_a_run_together(tmp_path: Path) -> None:
    """One of them is told to end (time, the end of its batches, Ctrl-C): both do, after the same trial."""
    seen = found(["raphson", "launch", "-n", "2", "tests/laws/mesh_world.py", str(tmp_path / "run")], 1)
    assert (seen["processes"], seen["devices"]) == (2, 2)
    status, trials = seen["ends"].pop("interrupted")  # before the fifth trial; they ask after 1, 3 and 7 at the latest
    assert status == "USER" and 5 <= trials <= 7 and seen["ends"].pop("saved") == [[2], [trials]]
    epochs = {"first epochs": ["STEPS", 4], "epochs": ["STEPS", 0]}  # two of the shorter stream; then they are over
    assert seen["ends"] == {"late": ["TIME", 1], "ended": ["STEPS", 2], **epochs}
    same(seen["numbers"])

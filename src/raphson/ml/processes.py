"""Joining the other processes of a run: who started them, how many there are, and which one this is."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import os
import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax

ADDRESS, COUNT, INDEX = "JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID"
"""What `raphson launch` sets, and what can be set by hand on several hosts. The first is one of JAX's own names."""


@dataclass(frozen=True)
class Processes:
    """This process, `index` of `count`, and what `started` them: "alone", "environment" (`raphson launch`, or variables
    set by hand), "slurm" or "open mpi"."""

    index: int
    count: int
    started: str


def distributed(timeout: float = 300.0) -> Processes:
    """Joins the processes that `raphson launch`, `srun` or `mpirun` started: `jax.devices()` are then those of all of
    them. Does nothing in a process that is alone. Call it before anything else of JAX; a second call only tells.

    `timeout` (seconds): to wait for the others to begin. A process whose host died or froze is missed by the others
    after 100 seconds at most, and they end; an exception that nobody catches ends this process at once, so that
    the others do not wait for it.

    Raises ValueError where the environment says something that cannot be, TimeoutError where the others do not come,
    RuntimeError where devices are in use already.
    """
    if jax.distributed.is_initialized():
        return Processes(jax.process_index(), jax.process_count(), "environment" if ADDRESS in os.environ else "jax")
    asked = asked_of(os.environ)
    if asked is None:
        return Processes(0, 1, "alone")
    started, arguments = asked
    try:
        jax.distributed.initialize(**arguments, initialization_timeout=max(1, round(timeout)))
    except RuntimeError as error:
        raise explained(error, arguments, timeout) from error
    if jax.process_count() > 1:
        sys.excepthook = leaving(sys.excepthook)
    return Processes(jax.process_index(), jax.process_count(), started)


def asked_of(environment: Mapping[str, str]) -> tuple[str, dict[str, Any]] | None:
    """Who started this process, and what `jax.distributed.initialize` has to be told; None for one that is alone.

    Raises ValueError where something is missing or cannot be.
    """
    if COUNT in environment or INDEX in environment:
        missing = [name for name in (ADDRESS, COUNT, INDEX) if name not in environment]
        if missing:
            raise ValueError(f"{' and '.join(missing)} not set: {ADDRESS}, {COUNT} and {INDEX} go together")
        count, index = number(environment, COUNT), number(environment, INDEX)
        if not 0 <= index < count:
            raise ValueError(f"{INDEX}={index} is not one of {COUNT}={count} processes, 0 to {count - 1}")
        address = environment[ADDRESS]
        if not address.rpartition(":")[2].isdigit():
            raise ValueError(f"{ADDRESS}={address}: expected HOST:PORT")
        return ("environment", by_hand(address, count, index)) if count > 1 else None
    if number(environment, "SLURM_STEP_NUM_TASKS") > 1:  # set by srun, not in the shell of sbatch, where one runs alone
        return "slurm", {"cluster_detection_method": "slurm"}
    count = number(environment, "OMPI_COMM_WORLD_SIZE")
    if count < 2:
        return None
    if number(environment, "OMPI_COMM_WORLD_LOCAL_SIZE") == count:  # JAX itself needs mpi4py from Open MPI 5 on
        port = 61440 + zlib.crc32(environment.get("PMIX_NAMESPACE", "").encode()) % 4096
        address = environment.get(ADDRESS, f"127.0.0.1:{port}")
        return "open mpi", by_hand(address, count, number(environment, "OMPI_COMM_WORLD_RANK"))
    return "open mpi", {"cluster_detection_method": "ompi"}


def by_hand(address: str, count: int, index: int) -> dict[str, Any]:
    """Arguments of `jax.distributed.initialize`. On one host nobody else can reach the port."""
    here = address.startswith(("127.0.0.1:", "localhost:"))
    return {
        "coordinator_address": address,
        "num_processes": count,
        "process_id": index,
        "coordinator_bind_address": address if here else None,
        "cluster_detection_method": "deactivate",
    }


def number(environment: Mapping[str, str], name: str) -> int:
    """A whole number of the environment; 0 where it is not set. Raises ValueError for other words."""
    text = environment.get(name, "0")
    if not text.isdigit():
        raise ValueError(f"{name}={text}: expected a whole number")
    return int(text)


def explained(error: RuntimeError, arguments: dict[str, Any], timeout: float) -> Exception:
    """What JAX says about a start that failed, in words about its cause."""
    said = str(error)
    address = arguments.get("coordinator_address", "the first process")
    if "DEADLINE_EXCEEDED" in said or "timed out" in said.lower():
        count = arguments.get("num_processes", "the expected")
        return TimeoutError(f"not all of {count} processes came to {address} within {timeout:g} s")
    if "bind" in said.lower() or "port" in said.lower() or "UNKNOWN" in said:
        return OSError(f"process 0 cannot listen at {address}: the port is taken, or the host is another one ({said})")
    return RuntimeError(f"{said} (call rp.ml.distributed() at the beginning of the script)")


def leaving(hook: Any) -> Any:
    """An excepthook that ends the process after its words: at a usual exit JAX waits for the other processes, and
    they wait for this one."""

    def said_and_gone(kind: Any, error: Any, trace: Any) -> None:
        hook(kind, error, trace)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(130 if issubclass(kind, KeyboardInterrupt) else 1)

    return said_and_gone

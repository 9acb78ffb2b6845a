"""The memory that a method will take, foreseen before anything is allocated, and the memory that there is."""

import os
from pathlib import Path
from typing import Any

import jax
from jax.core import Tracer

from raphson.solver.step import Method

DENSE_COPIES = 6
"""Matrices of n x n that a run with a dense H holds at its peak, certificate included: 5.9 by what the process's peak
grew by from n = 1500 to 2500 (benchmarks/results/choice)."""

VECTORS = 150
"""Vectors of n that any run holds at its peak, with what f remembers and the points that the trace keeps: 155 by what
that grew by from n = 1e5 to 1e6 (chained Rosenbrock by products); sparse factors are counted apart."""

ROW_COPIES = 4
"""Matrices of m x n that a fit with a dense J holds at its peak, error bars included, beside `DENSE_COPIES` of n x n:
3.2 to 3.9 by what the peak grew by from (m, n) = (2400, 600) to (9600, 600) and (4800, 1200)."""

ENTRY_COPIES, PRODUCT_BYTES = 26, 24
"""What a fit with a sparse J holds of every entry and residual, in numbers, and of every product that J'J is made of:
by the peak of a chain with n = 2e5, 6e5 residuals, 1.2e6 entries, 2e6 products: 0.8 GB beyond what was there before."""

WORTH_ASKING = 8_000_000
"""Bytes below which nobody asks what is free: up to 500 variables, and asking takes 0.1 ms."""

GROUPS = Path("/sys/fs/cgroup")
"""Where Linux tells what a container may take."""


def device_of(x: Any) -> Any:
    """Where the arrays of x lie; inside compiled code, where JAX puts what nobody placed."""
    leaf = jax.tree.leaves(x)[0]
    placed = isinstance(leaf, jax.Array) and not isinstance(leaf, Tracer)
    return next(iter(leaf.devices())) if placed else jax.devices()[0]


def platform_of(x: Any) -> str:
    """What kind of device that is: "cpu", "gpu", "tpu"."""
    return device_of(x).platform


def available_bytes(x: Any) -> float:
    """The memory that can still be taken where x lies: that of the device, or what the system and the container that
    this process runs in would give. Infinite where nobody says."""
    if platform_of(x) != "cpu":
        return device_bytes(x)
    return min(system_bytes(), container_bytes())


def device_bytes(x: Any) -> float:
    """The free memory of an accelerator."""
    told = device_of(x).memory_stats() or {}
    return float(told.get("bytes_limit", float("inf")) - told.get("bytes_in_use", 0))


def system_bytes(file: Path = Path("/proc/meminfo")) -> float:
    """What the system would give without writing to its disk; all that is built in where it does not say that."""
    try:
        lines = file.read_text(encoding="ascii").splitlines()
        return 1024.0 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):  # not Linux
        pass
    try:
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return float("inf")


def container_bytes(root: Path = GROUPS) -> float:
    """What the control group of this process may still take; its cached files do not count. Infinite without one."""
    for limit, used, told, cached in (
        ("memory.max", "memory.current", "memory.stat", "inactive_file"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
    ):
        try:
            most, taken = (int((root / name).read_text(encoding="ascii")) for name in (limit, used))
            lines = (root / told).read_text(encoding="ascii").splitlines()
            files = next((int(line.split()[1]) for line in lines if line.split()[0] == cached), 0)
        except (OSError, ValueError, IndexError):  # no such group, or "max"
            continue
        return float(most - taken + files)
    return float("inf")


def vector_bytes(n: int, itemsize: int = 8) -> float:
    """What any run takes."""
    return float(VECTORS) * n * itemsize


def dense_bytes(n: int, itemsize: int = 8) -> float:
    """What a run takes that holds a matrix of n x n."""
    return vector_bytes(n, itemsize) + float(DENSE_COPIES) * n * n * itemsize


def rows_bytes(m: int, n: int, itemsize: int = 8, entries: int | None = None, products: int = 0) -> float:
    """What a fit takes whose J (m, n) is dense, or so many `entries`; the factor of a sparse J'J is counted apart."""
    vectors = vector_bytes(n, itemsize) + ENTRY_COPIES * m * itemsize
    if entries is None:
        return vectors + float(ROW_COPIES) * m * n * itemsize + float(DENSE_COPIES) * n * n * itemsize
    return vectors + float(ENTRY_COPIES) * entries * itemsize + float(PRODUCT_BYTES) * products


def require_room_for_rows(m: int, n: int, x: Any, why: str, entries: int | None = None, more: float = 0.0) -> None:
    """Raises MemoryError where a fit cannot be held, with the bytes and with the way out. `why`: why J is dense, if
    that is known; `more`: bytes beside those of J."""
    needed = rows_bytes(m, n, jax.tree.leaves(x)[0].dtype.itemsize, entries) + more
    if fits(needed, x):
        return
    sparse = f"{entries} entries in J, with those of J'J and its factor,"
    what = f"a dense J of {m} x {n}" if entries is None else sparse
    said = f" ({why})" if why else ""
    raise MemoryError(
        f"a fit with {what} takes {amount(needed)}, and {amount(available_bytes(x))} are free{said}. Use minimize on "
        "half the sum of squares: method='trust-cg' needs products alone"
    )


def method_bytes(method: Method, n: int, itemsize: int) -> float:
    """What a run of this method takes, beyond what the function itself and the factors of a sparse H do."""
    return dense_bytes(n, itemsize) if method.curvature.square else vector_bytes(n, itemsize)


def fits(needed: float, x: Any) -> bool:
    """Whether so many bytes are free where x lies."""
    return needed < WORTH_ASKING or needed <= available_bytes(x)


def require_room(name: str, method: Method, n: int, x: Any) -> None:
    """Raises MemoryError where a run of this method cannot be held, with the bytes and with the way out."""
    itemsize = jax.tree.leaves(x)[0].dtype.itemsize
    needed = method_bytes(method, n, itemsize)
    if fits(needed, x):
        return
    free = amount(available_bytes(x))
    if method.curvature.square:
        raise MemoryError(
            f"method {name!r} holds {DENSE_COPIES} matrices of {n} x {n}: {amount(needed)}, and {free} are free. Use "
            "method='trust-cg' (products with H instead of H) or 'lbfgs' (a few gradients), which need "
            f"{amount(vector_bytes(n, itemsize))}"
        )
    raise MemoryError(no_room(n, needed, free))


def no_room(n: int, needed: float, free: str) -> str:
    """Why there is no run at all."""
    return f"{n} variables need at least {amount(needed)} with any method, and {free} are free"


def amount(size: float) -> str:
    """A number of bytes in words: 3.2 GB."""
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size:.0f} bytes"

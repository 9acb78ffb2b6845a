"""The CHOLMOD inside sparsax's wheel, called by itself: analyses without numbers, orders, and factors in a given order.

sparsax analyzes only with numbers, and takes no order. Records are those of cholmod.h; what the library starts with is
compared with them once, and where anything differs nothing here is used.
"""

import ctypes
import weakref
from functools import cache
from importlib import metadata
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

Host = NDArray[Any]

VERSIONS = (4, 5)
"""CHOLMOD's major versions whose records begin as they do here."""

COMMON_BYTES = 1 << 16
"""Room for `cholmod_common`, which has 2.6 kB; it is only handed from one call to the next."""

LOWER, PLACES, DOUBLE = -1, 0, 1
"""How CHOLMOD says that the lower triangle is given, its places alone, and real numbers."""


def integers(*names: str) -> tuple[tuple[str, Any], ...]:
    return tuple((name, ctypes.c_int) for name in names)


class CholmodCommon(ctypes.Structure):
    """How `cholmod_common` begins."""

    _fields_ = (
        *((name, ctypes.c_double) for name in ("dbound", "grow0", "grow1")),
        *((name, ctypes.c_size_t) for name in ("grow2", "maxrank")),
        ("supernodal_switch", ctypes.c_double),
        *integers("supernodal", "final_asis", "final_super", "final_ll", "final_pack", "final_monotonic"),
        *integers("final_resymbol"),
        ("zrelax", ctypes.c_double * 3),
        ("nrelax", ctypes.c_size_t * 3),
        *integers("prefer_zomplex", "prefer_upper", "quick_return", "prefer_binary", "printing"),
    )


STARTS = {"grow1": 1.2, "maxrank": 8, "supernodal_switch": 40.0, "supernodal": 1, "final_ll": 0, "quick_return": 0}
"""What these fields hold at the start, by CHOLMOD's user guide; `PRINTING` is that of `printing`."""

PRINTING = 3


class CholmodPattern(ctypes.Structure):
    """`cholmod_sparse`."""

    _fields_ = (
        *((name, ctypes.c_size_t) for name in ("nrow", "ncol", "nzmax")),
        *((name, ctypes.c_void_p) for name in ("p", "i", "nz", "x", "z")),
        *integers("stype", "itype", "xtype", "dtype", "sorted", "packed"),
    )


class CholmodDense(ctypes.Structure):
    """`cholmod_dense`."""

    _fields_ = (
        *((name, ctypes.c_size_t) for name in ("nrow", "ncol", "nzmax", "d")),
        ("x", ctypes.POINTER(ctypes.c_double)),
        ("z", ctypes.c_void_p),
        *integers("xtype", "dtype"),
    )


class CholmodAnalysis(ctypes.Structure):
    """How `cholmod_factor` begins. `minor`: the first column at which it was not positive definite, n where it was."""

    _fields_ = (
        ("n", ctypes.c_size_t),
        ("minor", ctypes.c_size_t),
        ("order", ctypes.POINTER(ctypes.c_int32)),
        ("counts", ctypes.POINTER(ctypes.c_int32)),
    )


@cache
def analysis_library() -> Any:
    """The library; None where it cannot be had, or is another."""
    try:
        inside = [file for file in metadata.files("sparsax") or () if "libcholmod" in file.name]
        lib = ctypes.CDLL(str(inside[0].locate()))
        known = lib.cholmod_version((ctypes.c_int * 3)()) // 1000 in VERSIONS
        lib.cholmod_analyze_p.restype = ctypes.POINTER(CholmodAnalysis)
        lib.cholmod_solve.restype = ctypes.POINTER(CholmodDense)
        lib.cholmod_nested_dissection.restype = ctypes.c_int64
    except (metadata.PackageNotFoundError, IndexError, OSError, AttributeError):
        return None
    room = ctypes.create_string_buffer(COMMON_BYTES)
    lib.cholmod_start(room)
    first = CholmodCommon.from_buffer(room)
    same = all(getattr(first, name) == value for name, value in {**STARTS, "printing": PRINTING}.items())
    lib.cholmod_finish(room)
    return lib if known and same else None


def started(lib: Any) -> Any:
    """A `cholmod_common` that prints nothing and does not go on beyond a pivot that is not positive: factors are L L',
    of few entries, too, where CHOLMOD would take L D L' with any D."""
    room = ctypes.create_string_buffer(COMMON_BYTES)
    lib.cholmod_start(room)
    common = CholmodCommon.from_buffer(room)
    common.printing, common.quick_return, common.final_ll = 0, 1, 1
    return room


def address(a: Host) -> ctypes.c_void_p:
    return ctypes.c_void_p(a.ctypes.data)


def pattern_of(pointers: Host, rows: Host) -> CholmodPattern:
    """The lower triangle by columns, as CHOLMOD wants it; both are int32, contiguous, and kept by the caller."""
    n, at = pointers.size - 1, (pointers.ctypes.data, rows.ctypes.data)
    return CholmodPattern(n, n, rows.size, *at, None, None, None, LOWER, 0, PLACES, 0, 1, 1)


def analyzed(pointers: Host, rows: Host, given: Host | None = None) -> tuple[Host, Host] | None:
    """The order of elimination (n,) that CHOLMOD's analysis chooses for a lower triangle by columns, or the `given` one
    where that fills less, and the entries of each column of L (n,) in it. None without the library."""
    lib = analysis_library()
    if lib is None:
        return None
    pointers, rows = (np.ascontiguousarray(a, np.int32) for a in (pointers, rows))
    wanted = None if given is None else np.ascontiguousarray(given, np.int32)
    room, pattern = started(lib), pattern_of(pointers, rows)
    at = None if wanted is None else address(wanted)
    found = lib.cholmod_analyze_p(ctypes.byref(pattern), at, None, ctypes.c_size_t(0), room)
    both = None
    if found:
        fields = found.contents.order, found.contents.counts
        order, counts = (np.ctypeslib.as_array(a, (pointers.size - 1,)).astype(np.int64) for a in fields)
        both = order, counts
    lib.cholmod_free_factor(ctypes.byref(found), room)
    lib.cholmod_finish(room)
    return both


def analyzed_order(pointers: Host, rows: Host) -> Host | None:
    """The order alone."""
    found = analyzed(pointers, rows)
    return None if found is None else found[0]


def dissected(pointers: Host, rows: Host) -> Host | None:
    """An order by nested dissection (n,): separators by METIS, minimum degree within the parts. None where it fails."""
    lib = analysis_library()
    if lib is None:
        return None
    pointers, rows = (np.ascontiguousarray(a, np.int32) for a in (pointers, rows))
    order, parents, parts = (np.empty(pointers.size - 1, np.int32) for _ in range(3))
    room, pattern = started(lib), pattern_of(pointers, rows)
    outputs = (address(a) for a in (order, parents, parts))
    count = lib.cholmod_nested_dissection(ctypes.byref(pattern), None, ctypes.c_size_t(0), *outputs, room)
    lib.cholmod_finish(room)
    return order.astype(np.int64) if count > 0 else None


class OrderedFactor:
    """The factor of the last matrix on a pattern, in a given order (CHOLMOD's own where that fills less).

    One is kept, and made anew in its place for other numbers: a solve asks with the numbers that it means.
    """

    def __init__(self, rows: Host, columns: Host, order: Host) -> None:
        lib = analysis_library()
        n = order.size
        self.rows = np.array(rows, np.int32)  # a copy: a callback may be given views of what a program soon frees
        self.pointers = np.searchsorted(columns, np.arange(n + 1)).astype(np.int32)
        self.pattern = pattern_of(self.pointers, self.rows)
        self.room = started(lib)
        given, none = np.ascontiguousarray(order, np.int32), ctypes.c_size_t(0)
        self.factor = lib.cholmod_analyze_p(ctypes.byref(self.pattern), address(given), None, none, self.room)
        if not self.factor:
            raise MemoryError(f"CHOLMOD could not analyze a pattern of {rows.size} entries")
        self.order = np.ctypeslib.as_array(self.factor.contents.order, (n,)).astype(np.int64)
        self.values, self.positive = np.zeros(0), False
        self.lock, self.made = Lock(), 0
        weakref.finalize(self, released, lib, self.factor, self.room)

    def factorized(self, values: Host) -> bool:
        """Whether the matrix of these values (nnz,) is positive definite; its factor is then there."""
        if np.array_equal(values, self.values):
            return self.positive
        self.values = np.array(values, float)
        self.pattern.x, self.pattern.xtype = self.values.ctypes.data, DOUBLE
        done = analysis_library().cholmod_factorize(ctypes.byref(self.pattern), self.factor, self.room)
        self.made += 1
        if not done:
            self.values = np.zeros(0)
            raise MemoryError(f"CHOLMOD found no room for a factor of {self.rows.size} entries")
        self.positive = self.factor.contents.minor == self.order.size
        return self.positive

    def definite(self, values: Host) -> bool:
        """The same, one thread at a time."""
        with self.lock:
            return self.factorized(values)

    def solve(self, values: Host, b: Host, mode: int) -> Host:
        """The solution of one of CHOLMOD's systems with the factor of these values, for b (n,) or (n, k)."""
        lib, columns = analysis_library(), np.asfortranarray(b, float)
        n, k = len(b), b.shape[1] if b.ndim == 2 else 1
        x = columns.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
        right = CholmodDense(n, k, n * k, n, x, None, DOUBLE, 0)
        with self.lock:
            if not self.factorized(values):
                raise RuntimeError("a solve with a matrix that is not positive definite")
            found = lib.cholmod_solve(mode, self.factor, ctypes.byref(right), self.room)
            if not found:
                raise MemoryError(f"CHOLMOD found no room for {k} solutions of {n} unknowns")
            solved = np.array(np.ctypeslib.as_array(found.contents.x, (k, n)))
            lib.cholmod_free_dense(ctypes.byref(found), self.room)
        return solved[0] if b.ndim == 1 else np.ascontiguousarray(solved.T)


def released(lib: Any, factor: Any, room: Any) -> None:
    """Gives a factor's memory back."""
    lib.cholmod_free_factor(ctypes.byref(factor), room)
    lib.cholmod_finish(room)

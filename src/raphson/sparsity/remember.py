"""Patterns are found once: kept in memory, and those that took a while in a folder between processes.

The key is the program itself as the passes read it (every equation, parameter and known value), with the versions of
JAX and of the rules: what has the same key has the same pattern.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.program import own_folder, tidy
from raphson.kernel.table import Table
from raphson.sparsity.pattern import Pattern, Refused
from raphson.sparsity.tape import Kind, Straight

WORTH_A_FILE = 0.1
"""Seconds that finding takes from which on a pattern is written: a pattern of 9e6 entries is read in 0.03 s."""

patterns: Table[Pattern | Refused] = Table(most=64)


def remembered_pattern(key: str | None, make: Callable[[], Pattern | Refused]) -> Pattern | Refused:
    """The pattern that is known under a key, else the one that `make` finds; None as a key is never remembered."""
    if key is None:
        return make()
    known = patterns.get(key)
    if known is not None:
        return known
    file = None if (place := own_folder("patterns")) is None else place / f"{key}.npz"
    held = None if file is None else read_file(file)
    if held is None:
        begun = time.perf_counter()
        held = make()
        if file is not None and isinstance(held, Pattern) and time.perf_counter() - begun > WORTH_A_FILE:
            write_file(file, held)
    return patterns.put(key, held)


def read_file(file: Path) -> Pattern | None:
    """A pattern from its file; None where there is none, or one that is damaged."""
    try:
        with np.load(file, allow_pickle=False) as held:
            start, column, (m, n) = held["start"], held["column"], held["shape"]
            pattern = Pattern(start, column, int(m), int(n))
    except Exception:  # NumPy raises what it likes on a file that is cut short
        return None
    return pattern if sound(pattern) else None


def sound(pattern: Pattern) -> bool:
    """Whether the arrays are compressed rows of this size."""
    start, column = pattern.start, pattern.column
    if start.ndim != 1 or column.ndim != 1 or start.dtype != column.dtype or start.dtype.kind != "i":
        return False
    if len(start) != pattern.m + 1 or start[0] != 0 or start[-1] != len(column) or (np.diff(start) < 0).any():
        return False
    rising = np.diff(column) > 0
    rising[start[1:-1][(start[1:-1] > 0) & (start[1:-1] < len(column))] - 1] = True  # a row begins
    return not len(column) or (column.min() >= 0 and column.max() < pattern.n and bool(rising.all()))


def write_file(file: Path, pattern: Pattern) -> None:
    """A pattern into its file, which others see whole or not at all."""
    begun = file.with_name(f"{file.stem}.{os.getpid()}.tmp")
    try:
        with open(begun, "wb") as stream:
            np.savez(stream, start=pattern.start, column=pattern.column, shape=np.array([pattern.m, pattern.n]))
        os.replace(begun, file)
        tidy(file.parent)
    except OSError:  # a full disk: the pattern is there all the same
        begun.unlink(missing_ok=True)


class Nameless(Exception):
    """A parameter of which no two processes say the same."""


def pattern_key(tape: Straight, *extra: Any) -> str | None:
    """The key of a program and of what is asked of it; None where something in it cannot be named."""
    digest = hashlib.blake2b(digest_size=20)
    try:
        for part in (jax.__version__, np.__version__, rules_version(), *extra):
            mix(digest, part)
        mix(digest, tape)
    except Nameless:
        return None
    return digest.hexdigest()


@cache
def rules_version() -> str:
    """What the files of this folder say: a pattern that older rules found is not the newer ones'."""
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def mix(digest: Any, value: Any) -> None:
    """Stirs a value in, with its type, so that different values stir differently."""
    if isinstance(value, Straight):
        mix_tape(digest, value)
        return
    if isinstance(value, dict):
        value = tuple(value.items())
    if isinstance(value, tuple | list):
        digest.update(f"({len(value)}".encode())
        for part in value:
            mix(digest, part)
    elif isinstance(value, np.ndarray | np.generic | jax.Array):
        if not isinstance(value.dtype, np.dtype):
            value = jax.random.key_data(jnp.asarray(value))
        held = np.ascontiguousarray(value)
        digest.update(f"[{held.dtype}{held.shape}".encode())
        digest.update(held.tobytes() if held.dtype == object or not held.size else held.view(np.uint8).data)
    else:
        text = str(value)
        if " at 0x" in text:
            raise Nameless
        digest.update(f"<{type(value).__name__} {text}>".encode())
        for inner in constants_inside(value):
            mix(digest, inner)


def mix_tape(digest: Any, tape: Straight) -> None:
    """A program, its thousands of equations as text."""
    named: dict[Kind, str] = {}
    kinds = [named.get(k) or named.setdefault(k, f"{k.dtype}{k.shape}") for k in tape.kinds]
    digest.update(repr((kinds, tape.active, tape.ins, tape.outs, list(tape.values))).encode())
    mix(digest, tuple(tape.values.values()))
    mix(digest, tuple((v, np.packbits(held)) for v, held in tape.places.items()))
    for e in tape.equations:
        digest.update(f"{e.name}{e.ins}{e.outs}{e.quiet}".encode())
        if e.params:
            mix(digest, e.params)


def constants_inside(jaxpr: Any) -> list[Any]:
    """The constants of a jaxpr, which its text does not show, and of those inside it."""
    if not hasattr(jaxpr, "eqns"):
        return []
    found = list(getattr(jaxpr, "consts", ()))
    for equation in jaxpr.eqns:
        for part in equation.params.values():
            for inner in part if isinstance(part, tuple) else (part,):
                found += constants_inside(inner)
    return found

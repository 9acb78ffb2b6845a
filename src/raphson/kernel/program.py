"""Compiled programs of our own, kept between processes: the second run of a script starts at once.

JAX can keep compiled code in a folder, but only for everything that a process compiles. Here its cache is switched to
a folder of ours (`~/.cache/raphson/jax`, readable by its owner alone) for the moment in which one of our own programs
is compiled, and back. What a user compiles is not kept, a cache folder that the user has set is left alone and takes
our programs, too, and `RAPHSON_CACHE=0` switches all of it off. The code in the folder is what XLA made of a program:
whoever can write there can run code, hence its mode.
"""

# pyright: reportUnknownMemberType=false

import hashlib
import os
import platform
import threading
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any, ClassVar

import jax
from jax.experimental.compilation_cache import compilation_cache

LARGEST = 256 * 2**20
"""Bytes that the folder may hold, some 2500 programs; beyond, the older half of them is deleted."""


class Program:
    """`jax.jit` of a function of ours, with its compiled code kept between processes."""

    def __init__(self, fun: Callable[..., Any], static_argnames: tuple[str, ...] = ()):
        # The body runs only while JAX traces, and what was traced is compiled within the same call.
        @wraps(fun)
        def traced(*args: Any, **keywords: Any) -> Any:
            Shelf.open()
            return fun(*args, **keywords)

        self.jitted: Callable[..., Any] = jax.jit(traced, static_argnames=static_argnames)

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        outermost = Shelf.owner != threading.get_ident()
        try:
            return self.jitted(*args, **keywords)
        finally:
            if outermost and Shelf.owner == threading.get_ident():
                Shelf.close()


class Shelf:
    """Our folder as JAX's cache, for one thread at a time; others compile without it meanwhile."""

    lock: ClassVar[threading.Lock] = threading.Lock()
    owner: ClassVar[int | None] = None
    saved: ClassVar[dict[str, Any]] = {}
    tidied: ClassVar[bool] = False

    @classmethod
    def open(cls) -> None:
        """Switches JAX's cache to our folder, unless it is in use, switched off, or cannot be had."""
        if jax.config.jax_compilation_cache_dir or not jax.config.jax_enable_compilation_cache:  # type: ignore[attr-defined]
            return
        if not cls.lock.acquire(blocking=False):
            return
        place = folder()
        if place is None:
            cls.lock.release()
            return
        wanted = kept_in(place)
        cls.saved = {name: getattr(jax.config, name) for name in wanted}
        cls.owner = threading.get_ident()
        if not cls.tidied:
            cls.tidied = True
            tidy(place.parent)
        switch(wanted)

    @classmethod
    def close(cls) -> None:
        """Switches back."""
        try:
            switch(cls.saved)
        finally:
            cls.owner = None
            cls.lock.release()


def kept_in(place: Path) -> dict[str, Any]:
    """JAX's settings for a cache in this folder that takes every program, however small."""
    return {
        "jax_compilation_cache_dir": str(place),
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }


def switch(settings: dict[str, Any]) -> None:
    """Settings of JAX's cache; it holds on to those of its first use until it is reset."""
    for name, value in settings.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()


def folder() -> Path | None:
    """Where compiled code lies, made if need be; None where that is switched off, impossible or not ours alone.

    One folder for each kind of processor: a home that machines share must not hand one the other's instructions.
    """
    place = own_folder("jax")
    if place is None:
        return None
    try:
        own = place / processor()
        own.mkdir(exist_ok=True)
    except OSError:
        return None
    return own if os.access(own, os.W_OK) else None


def own_folder(name: str) -> Path | None:
    """A folder of ours in the user's cache that nobody else reads, made if need be; None as for `folder`."""
    if os.environ.get("RAPHSON_CACHE", "1") == "0":
        return None
    try:
        place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "raphson" / name
        place.mkdir(parents=True, exist_ok=True)
        if hasattr(os, "getuid"):
            if place.stat().st_uid != os.getuid():
                return None
            place.chmod(0o700)
    except (OSError, RuntimeError):  # no home, or no right to write there
        return None
    return place if os.access(place, os.W_OK) else None


@cache
def processor() -> str:
    """A short name for what this processor can do."""
    what = platform.machine() + platform.processor()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            what += next((line for line in lines if line.startswith(("flags", "Features"))), "")
    except OSError:  # not Linux
        pass
    return hashlib.sha256(what.encode()).hexdigest()[:8]


def tidy(place: Path) -> None:
    """Deletes the older half of the folder where it has grown beyond `LARGEST`."""
    try:
        files = sorted((f.stat().st_mtime, f.stat().st_size, f) for f in place.rglob("*") if f.is_file())
        if sum(size for _, size, _ in files) > LARGEST:
            for _, _, file in files[: len(files) // 2]:
                file.unlink(missing_ok=True)
    except OSError:  # another process tidies up as well
        return

"""Compiled code kept between runs of the command, so that the second run starts at once."""

import os
from pathlib import Path

import jax


def enable() -> None:
    """Switches on JAX's persistent compilation cache, unless RAPHSON_CACHE=0 or its folder cannot be written."""
    if os.environ.get("RAPHSON_CACHE", "1") == "0" or jax.config.jax_compilation_cache_dir:
        return
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "raphson" / "jax"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if not os.access(folder, os.W_OK):
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)

"""In the command's own process everything that is compiled is ours, and all of it is kept."""

import jax

from raphson.kernel.program import folder, kept_in


def enable() -> None:
    """Compiled code of the whole process goes to our folder, unless the user has set one, or RAPHSON_CACHE=0."""
    place = folder()
    if place is None or jax.config.jax_compilation_cache_dir:  # type: ignore[attr-defined]
        return
    for name, value in kept_in(place).items():
        jax.config.update(name, value)

"""How much of a call was spent compiling, as JAX itself reports it."""

from typing import Any

import jax


class CompileClock:
    """Seconds JAX spent lowering and compiling in this process since the first import of this module."""

    seconds = 0.0
    count = 0

    @classmethod
    def listen(cls, event: str, duration_secs: float, **kwargs: Any) -> None:
        """Adds up the events that together make a compilation."""
        if event.endswith(("backend_compile_duration", "jaxpr_to_mlir_module_duration")):
            cls.seconds += duration_secs
            cls.count += event.endswith("backend_compile_duration")


jax.monitoring.register_event_duration_secs_listener(CompileClock.listen)

"""Models of frameworks that were handed over as they are, where parameters or a function are expected: named.

Nothing is imported: what a framework's objects are is read from what they have.
"""

import sys
from collections.abc import Mapping
from typing import Any

COLLECTIONS = {"batch_stats", "cache", "intermediates"}
"""Names under which Flax Linen keeps what is not trained."""


def checked_function(function: Any, name: str) -> None:
    """Raises TypeError for a model that is called by its `apply` (Flax Linen, Haiku)."""
    if hasattr(function, "init") and hasattr(function, "apply"):
        raise TypeError(
            f"{name} is {type(function).__name__}, a model with init and apply: its apply is a function of (params, "
            "inputs), as in EmpiricalRisk('cross-entropy', (inputs, targets), predict=model.apply)"
        )


def checked_parameters(params: Any) -> None:
    """Raises TypeError where statistics or keys lie among the parameters, as if they were to be trained."""
    if isinstance(params, Mapping) and "params" in params and COLLECTIONS.intersection(params):
        rest = ", ".join(sorted(COLLECTIONS.intersection(params)))
        raise TypeError(
            f"the variables hold {rest} beside params, which are no parameters: give variables['params'], and the rest "
            "as state= of EmpiricalRisk, or closed over"
        )
    nnx: Any = sys.modules.get("flax.nnx")
    if nnx is None or not isinstance(params, nnx.Module):
        return
    others = {type(variable).__name__ for _, variable in nnx.to_flat_state(nnx.state(params, nnx.Not(nnx.Param)))}
    if others:
        held = ", ".join(sorted(others))
        raise TypeError(
            f"the module holds {held} beside Param, which are no parameters: graphdef, params, rest = "
            "nnx.split(model, nnx.Param, ...), and nnx.merge(graphdef, params, rest) in the function"
        )

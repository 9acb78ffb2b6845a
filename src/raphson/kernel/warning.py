"""Warnings where SciPy warns, with the line of the caller's own code; and none of NumPy's arithmetic."""

import functools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

PACKAGE = str(Path(__file__).parent.parent)


def warn(text: str, kind: type[Warning]) -> None:
    """A warning that names the first line outside this package, however deep inside it was raised."""
    warnings.warn(text, kind, skip_file_prefixes=(PACKAGE,))


def silent[Door: Callable[..., Any]](door: Door) -> Door:
    """A door within which NumPy warns of no overflow, no division by zero, no NaN: results say what is not finite.

    What the caller has set to "raise" or "call" stays so, except for underflow: a small number that becomes 0 is in
    the nature of error bounds and squares.
    """

    @functools.wraps(door)
    def call(*args: Any, **kwargs: Any) -> Any:
        settings: dict[str, Any] = {kind: "ignore" if how == "warn" else how for kind, how in np.geterr().items()}
        settings["under"] = "ignore"
        with np.errstate(**settings):
            return door(*args, **kwargs)

    return call  # type: ignore[return-value]

"""Warnings where SciPy warns, with the line of the caller's own code."""

import warnings
from pathlib import Path

PACKAGE = str(Path(__file__).parent.parent)


def warn(text: str, kind: type[Warning]) -> None:
    """A warning that names the first line outside this package, however deep inside it was raised."""
    warnings.warn(text, kind, skip_file_prefixes=(PACKAGE,))

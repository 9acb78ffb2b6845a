"""The bundle adjustment problems that are measured: shared/data/bal."""

import os
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(os.environ.get("RAPHSON_SHARED", Path(__file__).parents[2] / "shared")) / "data/bal"


@dataclass(frozen=True)
class Problem:
    """A file, the cost (half the sum of squares) that is to be reached, and the mark: seconds after compilation."""

    file: str
    cost: float
    seconds: float


PROBLEMS = {
    "Ladybug-49": Problem("problem-49-7776-pre.txt.gz", 13389.0, 1.0),
    "Trafalgar-21": Problem("problem-21-11315-pre.txt.gz", 30378.6358 * (1 + 1e-6), 1.0),
}


def problem_file(name: str) -> Path:
    """Where it lies."""
    return FOLDER / name

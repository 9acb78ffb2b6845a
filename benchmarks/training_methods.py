"""The methods that `python -m benchmarks training` compares: six settings each, of one program (Newton-CG: four)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import optax

import raphson as rp
from benchmarks.training_cases import Case

BATCH = 128
"""Examples in a batch of the methods that are gradient transformations."""

TRIES: dict[str, tuple[float, ...]] = {
    "adam": (1e-3, 3e-3, 1e-2, 3e-2),
    "adam high": (1e-1, 3e-1),
    "soap": (1e-3, 3e-3, 1e-2, 3e-2),
    "soap high": (1e-1, 3e-1),
    "kfac": (1e-3, 1e-2, 1e-1, 1.0),
    "kfac low": (1e-4, 1e-5),
}
"""Learning rates, and K-FAC's first and least damping (0.001 is its default); a row each. The second rows came later,
where a best try was the last of the first row."""

FAMILIES = ("adam", "soap", "kfac", "newton-cg")


def method_keys(case: Case, quick: bool) -> list[str]:
    """Rows: a method with all its settings, or of Newton-CG examples of gradient and curvature."""
    return [
        *TRIES,
        *(f"newton-cg {batch} {curved}" for batch, curved in case.second_order[: 1 if quick else 4]),
    ]


def settings(key: str, case: Case, quick: bool) -> dict[str, dict[str, Any]]:
    """The arguments of `rp.ml.training` for every setting of a row."""
    family, *sizes = key.split()
    if key not in TRIES:
        batch, curved = map(int, sizes)
        size = None if batch == case.count else batch
        return {key: {"method": family, "batch_size": size, "curvature_batch": None if curved == batch else curved}}
    tries = TRIES[key][: 1 if quick else None]
    given = {f"{family} {value:g}": transformation(family, case.name, value) for value in tries}
    return {name: {"method": method, "batch_size": BATCH} for name, method in given.items()}


@dataclass(frozen=True)
class Shared:
    """A transformation whose number is part of its state, so that all of a kind are one program."""

    init: Callable[..., Any]
    update: Callable[..., Any]


def transformation(family: str, name: str, value: float) -> Shared:
    """A method with its learning rate, or K-FAC's damping."""
    return Shared(injected(family, name, value).init, injected(family, name, 1.0).update)


@cache
def injected(family: str, name: str, value: float) -> Any:
    """Optax's way of putting numbers into the state."""
    from benchmarks.training_cases import CASES

    if family == "kfac":
        kfac: Callable[..., Any] = lambda damping: rp.ml.kfac(
            CASES[name]().risk, damping=damping, least_damping=damping
        )
        return optax.inject_hyperparams(kfac)(damping=value)
    make: Callable[..., Any] = optax.adam if family == "adam" else rp.ml.soap
    return optax.inject_hyperparams(lambda learning_rate: make(learning_rate))(learning_rate=value)

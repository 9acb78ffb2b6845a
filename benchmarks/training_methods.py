"""The methods that `python -m benchmarks training` compares, by names that say how they are set."""

from collections.abc import Callable
from typing import Any

import optax

import raphson as rp
from benchmarks.training_cases import Case

BATCH = 128
"""Examples in a batch of first-order methods, and of those that precondition them."""

RATES = (3e-4, 1e-3, 3e-3, 1e-2)

QUICK_RATES = (3e-3,)


def schedule(rate: float, form: str, case: Case) -> Any:
    """A learning rate: constant, or falling to 0 by half a cosine over the epochs of the case."""
    return optax.cosine_decay_schedule(rate, case.epochs * (case.count // BATCH)) if form == "cosine" else rate


def kfac(case: Case, rate: Any) -> Any:
    return rp.ml.kfac(case.risk, rate)  # type: ignore[attr-defined]


PRECONDITIONED: dict[str, Callable[[Case, Any], Any]] = {
    "soap": lambda case, rate: rp.ml.soap(rate),  # type: ignore[attr-defined]
    "shampoo": lambda case, rate: rp.ml.shampoo(rate),  # type: ignore[attr-defined]
    "sophia": lambda case, rate: rp.ml.sophia(case.risk, rate),  # type: ignore[attr-defined]
    "kfac": kfac,
}
"""Built beside this benchmark: rows appear where `rp.ml` has the name."""

FAMILIES = ("adam", *PRECONDITIONED, "newton-cg", "lbfgs")


def method_keys(case: Case, quick: bool) -> list[str]:
    """Every setting: family, then learning rate and schedule, or examples of gradient and curvature."""
    rates = QUICK_RATES if quick else RATES
    forms = ("constant",) if quick else ("constant", "cosine")
    families = ["adam", *(name for name in PRECONDITIONED if hasattr(rp.ml, name))]
    first = [f"{name} {rate:g} {form}" for name in families for rate in rates for form in forms]
    sizes = case.second_order[-1:] if quick else case.second_order
    second = [f"newton-cg {batch} {curved}" for batch, curved in sizes]
    return [*first, *second, *(f"lbfgs {batch}" for batch in dict.fromkeys(batch for batch, _ in sizes))]


def arguments(key: str, case: Case) -> dict[str, Any]:
    """Those of `rp.ml.training` for a setting."""
    family, *rest = key.split()
    if family == "newton-cg":
        batch, curved = map(int, rest)
        sizes = {"batch_size": None if batch == case.count else batch}
        return {"method": family, **sizes, "curvature_batch": None if curved == batch else curved}
    if family == "lbfgs":
        batch = int(rest[0])
        return {"method": family, "batch_size": None if batch == case.count else batch}
    rate = schedule(float(rest[0]), rest[1], case)
    make = optax.adam if family == "adam" else lambda rate: PRECONDITIONED[family](case, rate)
    return {"method": make(rate), "batch_size": BATCH}

"""Named test problems with standard starts and known minima.

`zoo` is a read-only mapping from names to `ZooProblem`s. It builds an entry at the first look-up and keeps it:

    problem = zoo["rosenbrock"]                     # .fun .x0 .minimum .minima .traits .residual
    zoo.names(trait="singular-hessian")             # names of the problems that have a trait
    zoo.build("extended-rosenbrock", n=100)         # problems of variable size

The rooms: Moré, Garbow and Hillstrom's 35 (`mgh_small`, `mgh_large`), classics (`classic`), quadratics of chosen
spectrum (`quadratic`), and NIST's nonlinear regression problems (`nist`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib import import_module

from .record import Minimum, ZooProblem

__all__ = ["Minimum", "Zoo", "ZooProblem", "zoo"]

ROOMS = ("mgh_small", "mgh_large", "classic", "quadratic", "nist")


class Zoo(Mapping[str, ZooProblem]):
    """A lazy, read-only mapping from names to test problems."""

    def __init__(self) -> None:
        self._built: dict[str, ZooProblem] = {}

    @cached_property
    def _builders(self) -> dict[str, Callable[..., ZooProblem]]:
        # The rooms are imported here, not at the top: `import raphson` must not pay for them.
        rooms = [import_module(f".{room}", __name__) for room in ROOMS]
        return {name: build for room in rooms for name, build in room.ENTRIES.items()}

    def __getitem__(self, name: str) -> ZooProblem:
        if name not in self._built:
            self._built[name] = self._builder(name)()
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._builders)

    def __len__(self) -> int:
        return len(self._builders)

    def __contains__(self, name: object) -> bool:
        return name in self._builders

    def __repr__(self) -> str:
        return f"<zoo of {len(self)} problems; zoo.names() lists them>"

    def names(self, trait: str | None = None) -> tuple[str, ...]:
        """The names of all problems, or of those that have `trait`; an unknown trait raises KeyError."""
        if trait is None:
            return tuple(self)
        if trait not in self.traits():
            raise KeyError(_unknown("trait", trait, self.traits()))
        return tuple(name for name in self if trait in self[name].traits)

    def traits(self) -> tuple[str, ...]:
        """All traits that problems carry, in alphabetical order."""
        return tuple(sorted(frozenset().union(*(problem.traits for problem in self.values()))))

    def build(self, name: str, n: int | None = None, m: int | None = None) -> ZooProblem:
        """A problem at another size: `n` variables and, where it can be chosen, `m` residuals."""
        builder = self._builder(name)
        sizes = {key: int(size) for key, size in (("n", n), ("m", m)) if size is not None}
        allowed = [key for key in ("n", "m") if key in inspect.signature(builder).parameters]
        refused = [key for key in sizes if key not in allowed]
        if refused:
            choice = f"only {', '.join(allowed)}" if allowed else "no size"
            raise TypeError(f"{name!r} lets one choose {choice}, not {', '.join(refused)}")
        return builder(**sizes)

    def _builder(self, name: str) -> Callable[..., ZooProblem]:
        try:
            return self._builders[name]
        except (KeyError, TypeError):
            raise KeyError(_unknown("problem", name, self._builders)) from None


def _unknown(kind: str, name: object, known) -> str:
    import difflib  # here, because only a misspelled name needs it

    near = difflib.get_close_matches(str(name).lower(), known, n=4, cutoff=0.4)
    hint = f"; did you mean {', '.join(map(repr, near))}?" if near else ""
    return f"no {kind} named {name!r} in the zoo{hint}"


zoo = Zoo()

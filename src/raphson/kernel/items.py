"""Dictionaries whose items are attributes too: `scipy.optimize.OptimizeResult`, without importing it."""

import copy
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.util import find_spec
from typing import Any

HOME = "scipy.optimize._optimize"
"""The module that defines SciPy's class. All of `scipy.optimize` takes a fifth as long to import as `raphson`."""


plain: type[dict[Any, Any]] = dict
"""What `Items` is below: its methods are called where those of `Items` would compute values."""


class Later:
    """What stands in the place of an item that is computed when it is asked for."""

    def __repr__(self) -> str:
        return "(computed when asked for)"

    def __reduce__(self) -> str:
        return "LATER"


LATER = Later()


def settled(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of dict that reads many values at once: all of them are computed before."""

    def with_all(self: Any, *args: Any) -> Any:
        self.settle()
        return method(self, *args)

    with_all.__name__, with_all.__doc__ = method.__name__, method.__doc__
    return with_all


class Base(dict[Any, Any]):
    """Holds the place of SciPy's OptimizeResult among the bases of `Items` until `scipy.optimize` is imported."""


class Items(Base):
    """A dictionary whose items can be read, set and deleted as attributes, as those of SciPy's results.

    An instance of `scipy.optimize.OptimizeResult` as soon as there is one. What a subclass declares as
    a field or a property is an attribute and no item. An item that is `LATER` comes from `compute`.
    """

    def compute(self, name: str) -> Any:
        """The value of an item that was left for later."""
        raise KeyError(name)

    def settle(self) -> None:
        """Computes the items that were left for later."""
        for name in [name for name, value in plain.items(self) if value is LATER]:
            self[name] = self.compute(name)

    def __getitem__(self, name: Any) -> Any:
        value = plain.__getitem__(self, name)
        if value is LATER:
            value = self[name] = self.compute(name)
        return value

    def get(self, name: Any, default: Any = None) -> Any:
        """The item, or `default` where there is none."""
        try:
            return self[name]
        except KeyError:
            return default

    # Copying a dict whose iterator is dict's own bypasses __getitem__: dict(r), **r.
    def __iter__(self) -> Iterator[Any]:
        return iter(self.keys())

    items, values, copy, pop, popitem, setdefault = map(
        settled, (plain.items, plain.values, plain.copy, plain.pop, plain.popitem, plain.setdefault)
    )
    __or__, __ror__, __eq__, __ne__ = map(settled, (plain.__or__, plain.__ror__, plain.__eq__, plain.__ne__))
    __hash__ = None  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            known = ", ".join(map(str, self.keys()))
            raise AttributeError(f"{type(self).__name__} has no {name!r}; its items are {known}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        if self.declares(name):
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __delattr__(self, name: str) -> None:
        if self.declares(name):
            object.__delattr__(self, name)
        else:
            del self[name]

    @classmethod
    def declares(cls, name: str) -> bool:
        """Whether `name` is an attribute of its own, a property, and no item."""
        return isinstance(getattr(cls, name, None), property)

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *map(str, self.keys())})

    def portable(self) -> dict[str, Any]:
        """The attributes that are no items, as far as they can leave the process."""
        return vars(self)

    def __reduce__(self) -> Any:
        return rebuilt, (type(self), dict(plain.items(self)), self.portable())

    # Copies stay in the process and keep what a pickle has to leave behind.
    def __copy__(self) -> Any:
        return rebuilt(type(self), dict(plain.items(self)), vars(self))

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return rebuilt(type(self), *copy.deepcopy((dict(plain.items(self)), vars(self)), memo))


def rebuilt(kind: type[Items], items: dict[Any, Any], attributes: dict[str, Any]) -> Items:
    """The inverse of pickling."""
    new = kind.__new__(kind)
    plain.update(new, items)
    vars(new).update(attributes)
    return new


def join(kind: type) -> None:
    """Makes `Items` a subclass of SciPy's class; it stays what it is if that is no longer a plain dict."""
    with suppress(TypeError):
        Items.__bases__ = (kind,)


class Arrival(MetaPathFinder):
    """Waits for the import of SciPy's class: importing it here would cost every program 0.2 s."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Finds nothing; the loader of SciPy's module is made to call `join` when it is done."""
        if name != HOME:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def load_and_join(module: Any) -> None:
            load(module)
            join(module.OptimizeResult)

        spec.loader.exec_module = load_and_join  # type: ignore[method-assign]
        return spec


if HOME in sys.modules:
    join(sys.modules[HOME].OptimizeResult)
else:
    sys.meta_path.insert(0, Arrival())

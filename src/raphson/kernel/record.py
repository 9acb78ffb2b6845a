"""Frozen dataclasses that are pytrees: the one way records are made in this package."""

import copy
import dataclasses
from typing import Any, dataclass_transform

import jax
import numpy as np


def static(**keywords: Any) -> Any:
    """A field that belongs to the structure of a record (hashed, part of the compile key), not to its numbers."""
    return dataclasses.field(metadata={"static": True}, **keywords)


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(static, dataclasses.field))
def record[T](cls: type[T]) -> type[T]:
    """Makes a frozen dataclass a pytree whose leaves are its non-static fields.

    `eq=False`: comparing records that hold arrays has no single truth value, and a record must
    never be hashed as a static argument (that would bake its numbers into compiled code).

    Records can be pickled. A class attribute `forgets` names fields that hold the user's function,
    which need not be picklable: they come back as None, while copies share them.
    """
    cls.__getstate__, cls.__deepcopy__ = pickled, deep_copied  # type: ignore[attr-defined]
    return jax.tree_util.register_dataclass(dataclasses.dataclass(frozen=True, eq=False)(cls))


def pickled(self: Any) -> dict[str, Any]:
    """The fields, arrays as NumPy's: a process that only reads results need not start JAX on its devices."""
    lost = forgotten(self)
    fields: dict[str, Any] = self.__dict__
    return {name: None if name in lost else jax.tree.map(at_home, value) for name, value in fields.items()}


def at_home(a: Any) -> Any:
    """An array of JAX as NumPy's; everything else as it is."""
    return np.asarray(a) if isinstance(a, jax.Array) else a


def deep_copied(self: Any, memo: dict[int, Any]) -> Any:
    """A copy that shares nothing but the user's function."""
    new: Any = object.__new__(self.__class__)
    shared = forgotten(self)
    fields: dict[str, Any] = self.__dict__
    for name, value in fields.items():
        object.__setattr__(new, name, value if name in shared else copy.deepcopy(value, memo))
    return new


def forgotten(self: Any) -> tuple[str, ...]:
    """Fields that a pickle leaves behind."""
    return getattr(self.__class__, "forgets", ())

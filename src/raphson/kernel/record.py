"""Frozen dataclasses that are pytrees: the one way records are made in this package."""

import dataclasses
from typing import Any, dataclass_transform

import jax


def static(**keywords: Any) -> Any:
    """A field that belongs to the structure of a record (hashed, part of the compile key), not to its numbers."""
    return dataclasses.field(metadata={"static": True}, **keywords)


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(static, dataclasses.field))
def record[T](cls: type[T]) -> type[T]:
    """Makes a frozen dataclass a pytree whose leaves are its non-static fields.

    `eq=False`: comparing records that hold arrays has no single truth value, and a record must
    never be hashed as a static argument (that would bake its numbers into compiled code).
    """
    return jax.tree_util.register_dataclass(dataclasses.dataclass(frozen=True, eq=False)(cls))

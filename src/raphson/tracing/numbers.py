"""What Python asks of an array when it needs a number: the number where there is one, or why there is none."""

from __future__ import annotations

import operator
from typing import Any

from raphson.tracing.items import concrete
from raphson.tracing.needs import wanted


class AsNumber:
    """Conversions of a `TracedArray`, in an `if`, an index, a text; `round` is the array's own."""

    __slots__ = ()

    value: Any
    ndim: Any
    round: Any

    def __bool__(self) -> bool:
        if concrete(self.value):
            return bool(self.value)
        raise wanted("an `if`, `and`, min() or max()", "write np.where(condition, a, b), np.minimum or np.maximum")

    def __float__(self) -> float:
        if concrete(self.value):
            return float(self.value)
        raise wanted("float()", "leave float() out")

    def __int__(self) -> int:
        if concrete(self.value):
            return int(self.value)
        raise wanted("int()", "whole numbers cannot be differentiated")

    def __index__(self) -> int:
        if concrete(self.value):
            return operator.index(self.value if self.ndim else self.value[()])
        raise wanted("an index or range()", "an index must not depend on the variables")

    def __complex__(self) -> complex:
        if concrete(self.value):
            return complex(self.value)
        raise wanted("complex()", "write a + 1j*b")

    def __round__(self, digits: int | None = None) -> Any:
        return self.round(0 if digits is None else digits)

    def __trunc__(self) -> Any:
        return int(self)

    def __format__(self, spec: str) -> str:
        if concrete(self.value):
            return format(self.value[()] if not self.ndim else self.value, spec)
        raise wanted("formatting", "text of a variable needs its value")

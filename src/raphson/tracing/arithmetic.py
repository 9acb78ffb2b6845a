"""The operators of arrays: `a + b` is np.add(a, b), and NumPy asks the array itself what that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

BINARY = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide, "pow": np.power,
    "floordiv": np.floor_divide, "mod": np.remainder, "divmod": np.divmod, "and": np.bitwise_and,
    "or": np.bitwise_or, "xor": np.bitwise_xor, "lshift": np.left_shift, "rshift": np.right_shift, "matmul": np.matmul,
}  # fmt: skip
COMPARING = {
    "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "eq": np.equal, "ne": np.not_equal,
}  # fmt: skip
UNARY = {"neg": np.negative, "pos": np.positive, "abs": np.absolute, "invert": np.invert}


class Arithmetic:
    """An array's operators, from its ufuncs; `assign`, `ndim` and `dtype` are the array's."""

    __slots__ = ()


def operand(a: Any) -> bool:
    """Whether arithmetic with it means anything."""
    numbers = (int, float, complex, np.generic, np.ndarray, list, tuple, jax.Array)
    return isinstance(a, numbers) or hasattr(a, "__array_ufunc__") or hasattr(a, "__array__")


def binary(ufunc: Any, swapped: bool) -> Callable:
    """`a + b` as np.add(a, b)."""

    def apply(self: Any, other: Any) -> Any:
        if not operand(other):
            return NotImplemented
        return ufunc(other, self) if swapped else ufunc(self, other)

    return apply


def in_place(ufunc: Any) -> Callable:
    """`a += b`: written into the array; a scalar is a new one, as NumPy's are."""

    def apply(self: Any, other: Any) -> Any:
        result = ufunc(self, other)
        if not self.ndim:
            return result
        if not np.can_cast(result.dtype, self.dtype, "same_kind"):
            raise TypeError(f"cannot cast {result.dtype} to {self.dtype} in place")
        self.assign(result)
        return self

    return apply


def unary(ufunc: Any) -> Callable:
    """`-a` as np.negative(a)."""
    return lambda self: ufunc(self)


for _name, _ufunc in BINARY.items():
    setattr(Arithmetic, f"__{_name}__", binary(_ufunc, False))
    setattr(Arithmetic, f"__r{_name}__", binary(_ufunc, True))
    setattr(Arithmetic, f"__i{_name}__", in_place(_ufunc))
for _name, _ufunc in COMPARING.items():
    setattr(Arithmetic, f"__{_name}__", binary(_ufunc, False))
for _name, _ufunc in UNARY.items():
    setattr(Arithmetic, f"__{_name}__", unary(_ufunc))

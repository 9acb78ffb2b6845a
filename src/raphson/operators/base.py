"""What every symmetric operator can do."""

from typing import Any, Protocol


class Operator(Protocol):
    """A symmetric linear map of vectors (n,): the curvature B of a model.

    `mv(v)` is B v, `quadratic(s)` is s'B s, `dense()` the matrix (n, n), `diagonal()` its
    diagonal, `rounding(size)` the bound |B| size that the noise of the gradient is read from
    (zero where B says nothing about that).
    """

    @property
    def size(self) -> int: ...
    def mv(self, v: Any) -> Any: ...
    def dense(self) -> Any: ...
    def diagonal(self) -> Any: ...
    def quadratic(self, s: Any) -> Any: ...
    def rounding(self, size: Any) -> Any: ...

"""What is known about where a matrix of derivatives can be nonzero: a pattern, or why there is none."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.kernel.record import record, static


@record
class Pattern:
    """The places (i, j) of an m x n matrix that may be nonzero, in compressed rows; everything else is zero everywhere.

    Row i has the columns `column[start[i]:start[i + 1]]`, ascending, without repetition. A Hessian's pattern is
    symmetric and holds the whole diagonal. Both arrays are of one integer type (int32 below 2^31 entries), and leaves:
    patterns of equal sizes are one structure of compiled code.
    """

    start: Any
    """Where each row begins (m + 1,)."""
    column: Any
    """The columns of all entries (nnz,)."""
    m: int = static()
    """Rows."""
    n: int = static()
    """Columns."""

    @property
    def nnz(self) -> int:
        """The number of entries."""
        return int(self.column.shape[0])

    @property
    def density(self) -> float:
        """Entries over m n; 0 for a matrix without any place."""
        return self.nnz / max(1, self.m * self.n)

    @property
    def row(self) -> np.ndarray:
        """The row of every entry (nnz,)."""
        return np.repeat(np.arange(self.m, dtype=self.column.dtype), np.diff(self.start))

    def matrix(self) -> Any:
        """The pattern as a SciPy CSR array of booleans (m, n)."""
        from scipy.sparse import csr_array

        return csr_array((np.ones(self.nnz, bool), np.asarray(self.column), np.asarray(self.start)), (self.m, self.n))

    def __repr__(self) -> str:
        return f"<pattern of {self.m} x {self.n}, {self.nnz} entries, density {self.density:.2g}>"


@dataclass(frozen=True)
class Refused:
    """No pattern, and why. `count`: entries that it would have had, or to be formed on the way (0: not known)."""

    reason: str
    count: int = 0


def pattern_of(matrix: Any) -> Pattern:
    """The pattern of a SciPy sparse matrix: every stored entry is a place, whatever its value."""
    from scipy.sparse import csr_array

    m, n = matrix.shape
    held = csr_array((np.ones(matrix.nnz, bool), matrix.indices, matrix.indptr), (m, n))
    held.sum_duplicates()  # sorts every row, too
    kind = np.int32 if max(held.nnz, m, n) < 2**31 else np.int64
    return Pattern(held.indptr.astype(kind), held.indices.astype(kind), m, n)

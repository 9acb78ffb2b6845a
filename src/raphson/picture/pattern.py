"""The pattern of a Hessian that is drawn: where it has entries, how it is colored, what its factor looks like."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from raphson.kernel.names import names_of
from raphson.linear.layout import factor_squares, matrix_squares
from raphson.linear.sparse import fill
from raphson.linear.structure import host_pattern, sparse_structure
from raphson.linear.symbolic import Fill
from raphson.picture.section import LARGEST_HESSIAN, refuse_curved
from raphson.sparsity.coloring import Coloring, color_symmetric
from raphson.sparsity.find import hessian_pattern
from raphson.sparsity.pattern import Refused


@dataclass(frozen=True, eq=False)
class PatternData:
    """The lower triangle of a symmetric pattern (`structure`), the coloring of its variables, their `names`; `seen`: it
    was read off the values of H at one point, and may be larger elsewhere."""

    structure: Any
    coloring: Coloring
    names: Any
    seen: bool = False

    @property
    def n(self) -> int:
        """Rows of H."""
        return self.structure.size

    @property
    def entries(self) -> int:
        """Entries of H, both triangles and the whole diagonal."""
        return 2 * self.structure.entries - self.n

    @cached_property
    def cost(self) -> Fill:
        """Order of elimination, and entries of the factor."""
        return fill(self.structure)

    @property
    def whole(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of all entries."""
        rows, columns = host_pattern(self.structure)
        off = rows != columns
        return np.concatenate([rows, columns[off]]), np.concatenate([columns, rows[off]])

    def matrix(self, squares: int) -> np.ndarray:
        """Entries of H in each of squares x squares parts."""
        return matrix_squares(*self.whole, self.n, squares)

    def factor(self, squares: int) -> tuple[np.ndarray, np.ndarray]:
        """Entries of L, and of the lower triangle of H in the same order, in each part."""
        rows, columns = host_pattern(self.structure)
        return factor_squares(rows, columns, np.asarray(self.cost.order), squares)


def pattern_data(thing: Any) -> PatternData:
    """The pattern of the Hessian of a model or a result; ValueError, in words that say why, where there is none."""
    model = getattr(thing, "model", thing)
    if not hasattr(model, "curvature"):
        raise TypeError(f"expected a model (of rp.local_model) or a result, not {type(thing).__name__}")
    refuse_curved(model)
    names = names_of(thing)
    if model.curvature.compact:
        structure = model.curvature.structure
        known = getattr(model.problem, "sparsity", None)
        if known is not None and known.structure.entries == structure.entries:
            return PatternData(structure, Coloring(np.asarray(known.recovery.color), known.recovery.count), names)
        return PatternData(structure, colored(*whole_of(structure), structure.size), names)
    rows, columns, n, seen = dense_pattern(model)
    structure, _ = sparse_structure(rows, columns, n)
    return PatternData(structure, colored(*whole_of(structure), n), names, seen)


def dense_pattern(model: Any) -> tuple[np.ndarray, np.ndarray, int, bool]:
    """The pattern of a model with a dense H, from its function, else from what is not zero in H."""
    n, problem = int(model.gradient.shape[0]), model.problem
    if problem is not None and hasattr(problem, "fun") and hasattr(problem, "data"):
        found = hessian_pattern(problem.fun, model.x, *problem.data)
        if not isinstance(found, Refused):
            return found.row, np.asarray(found.column), n, False
        if n > LARGEST_HESSIAN:
            raise ValueError(f"no pattern of H is known: {found.reason}")
    if n > LARGEST_HESSIAN:
        raise ValueError(
            f"no pattern of H is known, and it has {n} variables: at most {LARGEST_HESSIAN} are looked at one by one"
        )
    rows, columns = np.nonzero(np.asarray(model.curvature.dense()))
    return rows, columns, n, True


def whole_of(structure: Any) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the whole matrix, by rows."""
    rows, columns = PatternData(structure, Coloring(np.zeros(0, np.int32), 0), ()).whole
    order = np.lexsort((columns, rows))
    return rows[order], columns[order]


def colored(rows: np.ndarray, columns: np.ndarray, n: int) -> Coloring:
    """The coloring of a whole symmetric pattern."""
    start = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))])
    found = color_symmetric(start, columns)
    assert isinstance(found, Coloring), "without a limit every pattern has a coloring"
    return found

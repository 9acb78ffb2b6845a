"""Parameters that no data determine, whatever their values: too few residuals hold them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

NAMED = 6
"""So many parameters are named, the others counted."""


def underdetermined(J: Any) -> tuple[np.ndarray, int]:
    """Columns of a sparse J (m, n), a SciPy matrix, that stand in fewer rows than they are, and how many rows those
    are; no columns where J has full structural rank. The largest such set is no more than what must be in one.

    A maximum matching of columns to rows; from the columns that it leaves over, rows with an entry in them, the columns
    matched to those, and so on: the horizontal block of Dulmage and Mendelsohn (1958), "Coverings of bipartite graphs".
    """
    from scipy.sparse import csc_array, csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    places: Any = csr_array(J)
    places = csr_array((places.data != 0, places.indices, places.indptr), shape=places.shape)
    places.eliminate_zeros()
    row_of = maximum_bipartite_matching(places, perm_type="row")  # of each column, -1 where it is left over
    column_of = np.full(J.shape[0], -1)
    column_of[row_of[row_of >= 0]] = np.flatnonzero(row_of >= 0)
    columns, rows = row_of < 0, np.zeros(J.shape[0], bool)
    along: Any = csc_array(places)
    new = np.flatnonzero(columns)
    while new.size:
        met = np.unique(along[:, new].indices)
        met = met[~rows[met]]
        rows[met] = True
        new = column_of[met]
        new = new[~columns[new]]
        columns[new] = True
    return np.flatnonzero(columns), int(np.count_nonzero(rows))


def structural_words(J: Any, names: Sequence[str], held: np.ndarray) -> str | None:
    """What is structurally free, in a sentence: "x3, x7, x9 stand in 2 residuals alone ..."; None where every parameter
    can have a residual of its own, but for those that bounds hold (n,)."""
    others = np.flatnonzero(~held)
    columns, count = underdetermined(J.tocsc()[:, others])
    if columns.size == 0:
        return None
    columns = others[columns]
    first, more = [names[int(i)] for i in columns[:NAMED]], columns.size - NAMED
    said = ", ".join(first) + (f" and {more} more" if more > 0 else "")
    stand = "stand" if columns.size > 1 else "stands"
    if count == 0:
        return f"{said} {stand} in no residual: {columns.size} of {len(names)} parameters are free, whatever the data"
    alone = "1 residual alone, which determines" if count == 1 else f"{count} residuals alone, which determine"
    return f"{said} {stand} in {alone} {count} of these {columns.size} parameters at most, whatever the data"

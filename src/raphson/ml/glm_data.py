"""What a generalized linear model is fitted to: read, checked and brought into the form of the problem."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from raphson.ml.glm_families import FAMILIES, SOFTMAX

Floats = (np.float32, np.float64)


@dataclass(frozen=True)
class GlmData:
    """The design as columns (P, n), the last one of ones where there is an intercept, and the others then without their
    `middle` (P,); targets (n,), of classes their numbers; `weights` (n,), `offset` (n,) or (), `ridge` (P,).

    Examples of weight 0 are gone. `constant`: columns that say nothing beside the intercept. `classes` of a softmax.
    """

    columns: np.ndarray
    y: np.ndarray
    weights: np.ndarray
    offset: np.ndarray
    ridge: np.ndarray
    middle: np.ndarray
    names: tuple[str, ...]
    constant: tuple[str, ...]
    classes: np.ndarray | None
    intercept: bool

    @cached_property
    def padded(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Columns, targets, weights and offset in blocks, (B, P, m) and (B, m), with examples of weight 0 behind, so
        that similar numbers of examples are one compiled program (`room_for`)."""
        P, n = self.columns.shape
        shape = room_for(n, P)
        room = aligned_zeros((shape[0], P, shape[1]), self.columns.dtype)
        for k, block in enumerate(room):
            part = self.columns[:, k * shape[1] : (k + 1) * shape[1]]
            block[:, : part.shape[1]] = part
        y, w = filled_up(self.y, shape, self.y[0]), filled_up(self.weights, shape, 0)
        return room, y, w, filled_up(self.offset, shape, 0)


FEWEST_ROWS, PARTS = 64, 8
"""Examples are filled up to a whole eighth of a power of 2, and to 64 at least: the folds of a cross-validation are one
or two programs (1 to 3 s each to compile), for an eighth of the time of an evaluation at most."""

BLOCK_NUMBERS = 2**17
"""Numbers in a block of examples, about: 1 MB, which a processor's second cache holds."""


def room_for(n: int, P: int) -> tuple[int, int]:
    """How many blocks, of how many examples each, a program for n examples of P columns is made for."""
    unit = max(FEWEST_ROWS, 2 ** (n - 1).bit_length()) // (2 * PARTS)
    room = max(FEWEST_ROWS, -(-n // unit) * unit)
    block = max(BLOCK_NUMBERS // max(P, 1) // FEWEST_ROWS * FEWEST_ROWS, 4 * FEWEST_ROWS)
    return (1, room) if room <= block else (-(-room // block), block)


ALIGNED = 64
"""Bytes that arrays begin at a multiple of where JAX's processor backend takes them as they are: of 43 MB the copy took
22 to 44 ms of the 85 of a fit."""


def aligned_zeros(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Zeros that JAX need not copy."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    room = np.zeros(size + ALIGNED, np.uint8)
    first = -room.ctypes.data % ALIGNED
    return room[first : first + size].view(dtype).reshape(shape)


def filled_up(a: np.ndarray, shape: tuple[int, int], fill: Any) -> np.ndarray:
    """A vector (n,) in blocks, its fill behind; a single number stays one."""
    if not a.ndim:
        return a
    room = np.full(shape[0] * shape[1], fill, a.dtype)
    room[: a.size] = a
    return room.reshape(shape)


def read_glm_data(
    X: Any, y: Any, family: str, l2: Any, weights: Any, offset: Any, intercept: bool, names: Sequence[str] | None
) -> GlmData:
    """Reads and checks everything; ValueError for what cannot be meant, with its place."""
    if family not in FAMILIES and family != SOFTMAX:
        known = ", ".join([*FAMILIES, SOFTMAX])
        raise ValueError(f"family {family!r} is not known; choose one of {known}")
    names = column_names(X, names)
    X = design_of(X, names)
    n, p = X.shape
    if not isinstance(intercept, bool | np.bool_ | int):
        raise ValueError(f"intercept must be True or False; it is {intercept!r}")
    if not p and not intercept:
        raise ValueError("X has no columns and there is no intercept: there is nothing to fit")
    names = tuple(f"x{j + 1}" for j in range(p)) if names is None else names
    if len(names) != p:
        raise ValueError(f"names has {len(names)} entries; X has {p} columns")
    y, classes = targets_of(y, family, n, X.dtype)
    w = vector_of(weights, "weights", n, X.dtype, 1.0)
    if np.any(w < 0):
        raise ValueError(f"weights must be 0 or larger; weights[{int(np.argmax(w < 0))}] is negative")
    if not np.any(w > 0):
        raise ValueError("weights are all 0: there is nothing to fit")
    if family == SOFTMAX and offset is not None:
        raise ValueError("a softmax has no offset: it would move all classes alike, and change nothing")
    o = np.zeros((), X.dtype) if offset is None else vector_of(offset, "offset", n, X.dtype, 0.0)
    ridge = ridge_of(l2, p, X.dtype)
    if np.any(w == 0):
        kept = w > 0
        X, y, w, o = X[kept], y[kept], w[kept], o if o.ndim == 0 else o[kept]
        lost = [] if classes is None else np.setdiff1d(np.arange(len(classes)), y)
        if classes is not None and len(lost):
            raise ValueError(f"class {classes[lost[0]]} has no example with a weight: leave its examples out")
    return arranged(X, y, w, o, ridge, names, classes, intercept)


def arranged(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, o: np.ndarray, ridge: np.ndarray, names: tuple[str, ...],
    classes: np.ndarray | None, intercept: bool,
) -> GlmData:  # fmt: skip
    """The columns as the problem takes them. Beside an intercept a column without its mean is another basis of the same
    models, in which years or degrees are not nearly the column of ones: H keeps the digits that they differ by."""
    n, p = X.shape
    middle, level = np.zeros(p, X.dtype), ()
    constant = np.zeros(p, bool)
    if intercept:
        middle = ((w / w.sum()) @ X).astype(X.dtype)
        constant = np.all(X[:FEWEST_ROWS] == X[0], axis=0)
        constant[constant] = np.all(X[:, constant] == X[0, constant], axis=0)
        level = tuple(names[j] for j in np.flatnonzero(constant))
        # The intercept says what it says: the coefficient stays 0, held by a ridge of any size.
        ridge = np.where(constant & (ridge == 0), max(float(w.sum()), np.finfo(X.dtype).tiny), ridge)
        names, ridge = (*names, "intercept"), np.append(ridge, 0)
    columns = np.empty((p + intercept, n), X.dtype)
    size, many = np.zeros(p, X.dtype), max(BLOCK_NUMBERS // max(p, 1), FEWEST_ROWS)
    for first in range(0, n, many):  # a transposition that a cache holds
        part = columns[:p, first : first + many]
        np.subtract(X[first : first + many].T, middle[:p, None], out=part)
        size = np.maximum(size, np.maximum(part.max(axis=1), -part.min(axis=1)))
    columns[p:] = 1
    columns[:p][constant] = 0  # what is left of them is rounding
    check_sizes(np.where(constant, 0, size).astype(X.dtype), n, names)
    middle = np.append(middle, 0) if intercept else middle
    return GlmData(columns, y, w, o, ridge.astype(X.dtype), middle.astype(X.dtype), names, level, classes, intercept)


def column_names(X: Any, names: Sequence[str] | None) -> tuple[str, ...] | None:
    """The given names, or those of a data frame's columns."""
    if names is not None:
        return tuple(map(str, names))
    own = getattr(X, "columns", None)
    return None if own is None or getattr(own, "ndim", 1) != 1 or callable(own) else tuple(map(str, own))


RESERVE = 1e3
"""By so much columns stay away from where their squares, times weights and curvatures, overflow or vanish."""


def design_of(X: Any, names: Sequence[str] | None) -> np.ndarray:
    """X (n, p) as an array of floating-point numbers: float32 stays, everything else is float64; sparse matrices are
    filled up."""
    unmasked(X, "X")
    X = np.asarray(X.toarray() if hasattr(X, "toarray") else X)
    if X.ndim != 2:
        raise ValueError(f"X must be a matrix (examples, columns); it has shape {X.shape}")
    if np.iscomplexobj(X):
        raise ValueError("X is complex; a generalized linear model takes real columns")
    name = lambda j: names[j] if names is not None and j < len(names) else f"x{j + 1}"
    if X.dtype not in Floats:
        try:
            X = X.astype(np.float64)
        except (TypeError, ValueError):
            i, j = next(place for place in np.ndindex(X.shape) if not numeric(X[place]))
            raise ValueError(f"column {name(j)} of X must be numbers; X[{i}, {j}] is {X[i, j]!r}") from None
    if not X.shape[0]:
        raise ValueError("X has no examples")
    if not np.isfinite(X.sum()) and not np.all(np.isfinite(X)):
        i, j = np.argwhere(~np.isfinite(X))[0]
        raise ValueError(f"X[{i}, {j}] is {X[i, j]}: leave such examples out, or fill them in")
    return X


def check_sizes(size: np.ndarray, n: int, names: Sequence[str]) -> None:
    """Raises ValueError where the squares of n numbers of a column's `size` (P,) overflow or vanish; 0 has none."""
    limits = np.finfo(size.dtype)
    least, most = RESERVE * np.sqrt(limits.tiny), np.sqrt(limits.max / n) / RESERVE
    odd = ((size > 0) & (size < least)) | ~(size <= most)
    if odd.any():
        j = int(np.argmax(odd))
        said = f"column {names[j]} of X has numbers up to {size[j]:.2g}, whose squares {size.dtype} cannot hold"
        raise ValueError(f"{said}: take another unit")


def unmasked(a: Any, what: str) -> None:
    """Raises ValueError for masked arrays: what their mask hides would be fitted."""
    if isinstance(a, np.ma.MaskedArray) and np.any(np.ma.getmaskarray(a)):
        raise ValueError(f"{what} has masked entries: leave such examples out, or fill them in")


def numeric(entry: Any) -> bool:
    """Whether NumPy makes a number of it."""
    try:
        np.asarray(entry).astype(np.float64)
    except (TypeError, ValueError):
        return False
    return True


def targets_of(y: Any, family: str, n: int, dtype: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """The targets (n,), of a softmax as numbers of its `classes`."""
    unmasked(y, "y")
    y = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    if y.shape != (n,):
        raise ValueError(f"y must have shape ({n},), one target for each row of X; it has shape {y.shape}")
    if y.dtype.kind == "f" and not np.all(np.isfinite(y)):
        raise ValueError(f"y[{int(np.argmax(~np.isfinite(y)))}] is not finite")
    if family == SOFTMAX:
        try:
            classes, numbers = np.unique(y, return_inverse=True)
        except TypeError:
            kinds = ", ".join(sorted({type(label).__name__ for label in y.tolist()}))
            raise ValueError(f"y must hold classes of one kind, which can be sorted; it holds {kinds}") from None
        if len(classes) < 2:
            raise ValueError(f"y has one class ({classes[0]}); a softmax needs two at least")
        return numbers.astype(np.int32), classes
    try:
        y = y.astype(dtype)
    except (TypeError, ValueError):
        raise ValueError(f"y must be numbers for the family {family!r}; it has dtype {y.dtype}") from None
    words, test = FAMILIES[family].allowed
    if not np.all(test(y)):
        i = int(np.argmax(~test(y)))
        raise ValueError(f"targets of the family {family!r} must be {words}; y[{i}] = {y[i]:.6g}")
    return y, None


def vector_of(given: Any, what: str, n: int, dtype: Any, default: float) -> np.ndarray:
    """A number for every example (n,)."""
    if given is None:
        return np.full(n, default, dtype)
    unmasked(given, what)
    try:
        v = np.array(given, dtype)  # a copy: what the caller does to his own later is no matter of the fit
    except (TypeError, ValueError):
        raise ValueError(f"{what} must be numbers; it is {given!r:.60}") from None
    v = np.full(n, v) if v.ndim == 0 else v
    if v.shape != (n,):
        raise ValueError(f"{what} must have shape ({n},), one number for each row of X; it has shape {v.shape}")
    if not np.all(np.isfinite(v)):
        raise ValueError(f"{what}[{int(np.argmax(~np.isfinite(v)))}] is not finite")
    return v


def ridge_of(l2: Any, p: int, dtype: Any) -> np.ndarray:
    """The ridge of every column (p,)."""
    try:
        ridge = np.asarray(l2, dtype)
    except (TypeError, ValueError):
        raise ValueError(f"l2 must be a number, or one for each column; it is {l2!r:.60}") from None
    ridge = np.full(p, ridge) if ridge.ndim == 0 else ridge
    if ridge.shape != (p,):
        raise ValueError(f"l2 must be a number, or one for each of {p} columns; it has shape {ridge.shape}")
    if not np.all(np.isfinite(ridge)) or np.any(ridge < 0):
        raise ValueError(f"l2 must be finite and 0 or larger; it is {l2}")
    return ridge

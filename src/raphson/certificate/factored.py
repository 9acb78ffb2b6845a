"""The sparse Hessian at the end of a run: definiteness by factorizations, no eigenvalue but the extreme ones."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from raphson.certificate.level import Level, pinned
from raphson.certificate.shape import LOOKED_AT, TERMS, Shape, largest_value, power, weakest
from raphson.kernel.number import CURVATURE_NOISE
from raphson.linear.lowest import HostMatrix, lowest_eigenpair
from raphson.linear.sparse import sparse_backend
from raphson.linear.structure import host_pattern

NEAR_ZERO = 4
"""Eigenvectors near zero that are looked for: more directions in doubt than three are not looked along."""

SWEEPS = 3
"""Block inverse iterations for them: each gains the ratio of the shift to the next eigenvalue, 1e8 and more here."""


@dataclass(frozen=True)
class Scaled:
    """H and g of the free variables in units d, divided by `top` so that nothing overflows; held rows and columns are
    those of the identity. Eigenvalues up to `level` cannot be told from zero."""

    matrix: HostMatrix
    structure: Any
    d: np.ndarray
    q: np.ndarray
    free: np.ndarray
    top: float
    level: float

    @cached_property
    def proof(self) -> Any:
        """The factor of H - level, None where that is not positive definite."""
        return self.factor(-self.level)

    @cached_property
    def step(self) -> Any:
        """-H^-1 g by that factor, None without it."""
        return None if self.proof is None else self.solved(self.proof) / self.d

    def factor(self, shift: float) -> Any:
        """The factor of H + shift, None where that is not positive definite."""
        return sparse_backend().host_factor(self.structure, self.matrix.shifted(-shift))

    def solved(self, factor: Any) -> np.ndarray:
        """-H^-1 q: what the factor's shift changed, one refinement puts back; not where it leads away: an eigenvalue
        below twice the shift would turn its direction around."""
        y = factor.solve(-self.q)
        left = -self.q - self.matrix.product(y)
        better = y + factor.solve(left)
        gains = np.linalg.norm(self.q + self.matrix.product(better)) < np.linalg.norm(left)
        return better if gains else y


class Latest:
    """What the last Newton step of a run was made with; the certificate asks for the same, and lets it go. Sphere2500:
    two solves, a refinement and a matrix in units, 11 ms of 115 by a profile; a graph of sixty poses: 0.3 of 3 ms."""

    scaled: ClassVar[tuple[Any, tuple[Any, ...], Scaled | None]] = (None, (), None)


def examine_sparse(
    B: Any, g: np.ndarray, scale: np.ndarray, size: np.ndarray, big: np.ndarray, error: float, noise: float,
    held: np.ndarray, names: Any, still: Level | None = None,
) -> Shape | None:  # fmt: skip
    """The shape of a sparse Hessian `B`, as `examine_free` of a dense one; None where it is not finite.

    H - level I that has a Cholesky factor proves every eigenvalue positive; the level is the rounding of a row of H
    (entries a row, not n, take part in one) with the bound of the factor's own rounding beside it. Where it fails, the
    lowest eigenvalue is bracketed (linear/lowest.py): negative, or in doubt with its neighbors. `negative` counts one,
    where there may be more. Variables whose row of H is empty are counted exactly, and the others are judged without
    them. Directions that are known to be level (`still`) are taken out (certificate/level.py).
    """
    values, free = np.asarray(B.values, float), ~held
    if not np.all(np.isfinite(values)):
        return None
    found = None if still is None else pinned(still, HostMatrix(B.structure, values), g, scale, error, held)
    if found is not None:
        shape = examine_sparse(B, g, scale, size, big, error, noise, held | found.pins, names)
        return None if shape is None else found.with_level(shape)
    loose = without_curvature(B, values, free)
    if loose.any():
        shape = examine_sparse(B, g, scale, size, big, error, noise, held | loose, names)
        return None if shape is None else with_loose(shape, np.flatnonzero(loose), g, size, names)
    if not free.any():
        nothing = np.zeros(len(g))
        return Shape(None, np.nan, np.nan, 0, 0, 0, nothing, 0.0, (), None, nothing)
    plain = HostMatrix(B.structure, values)
    known = scaled_matrix(B, g, scale, error, free)
    Latest.scaled = (None, (), None)
    d, level = known.d, known.level
    inside = (lambda v: v) if free.all() else (lambda v: np.where(free, v, 0))
    largest = largest_value(lambda v: inside(plain.product(inside(v))), len(g))
    facts = largest, plain.diagonal, inside(plain.absolute(size))
    factor = known.proof
    if factor is not None and factor.defect > level:  # the bound of its rounding: what it shows lies above
        known = replace(known, level=2 * factor.defect)
        factor = known.proof
    if factor is None:
        return in_doubt(known, plain, facts, size, names)
    newton = known.step
    least, v = power(lambda v: inside(factor.solve(inside(v) / d) / d), len(g))
    count, faint = int(free.sum()), lost(known, v, plain, big, error, noise)
    return Shape(
        None, 1 / least, largest, 0, int(faint), count - int(faint), newton, float(-0.5 * g @ newton), (), facts[1],
        facts[2], (v,),
    )  # fmt: skip


def scaled_matrix(B: Any, g: np.ndarray, scale: np.ndarray, error: float, free: np.ndarray) -> Scaled:
    """H and g in the units that `scale` says, with the level that tells a curvature from zero."""
    values = np.asarray(B.values, float)
    given = g, np.where(free & (scale > 0), scale, 1.0), np.asarray(error), free
    last, seen, found = Latest.scaled
    if last is not values or found is None or not all(map(np.array_equal, seen, given)):
        found = in_units(B.structure, values, *given)
        Latest.scaled = values, given, found
    return found


def in_units(structure: Any, values: np.ndarray, g: np.ndarray, d: np.ndarray, error: Any, free: np.ndarray) -> Scaled:
    """H of these values, and g, in units d (n,)."""
    rows, columns = host_pattern(structure)
    with np.errstate(invalid="ignore"):
        inner = np.where(free[rows] & free[columns], values / (d[rows] * d[columns]), 0)
    top = float(np.max(np.abs(inner))) or 1.0
    matrix = HostMatrix(structure, np.where((rows == columns) & ~free[rows], 1.0, inner / top))
    level = CURVATURE_NOISE * matrix.width * float(error) * max(matrix.norm, 1.0)
    foreseen = sparse_backend().foreseen_defect(structure, matrix.values)
    level = 2 * foreseen if foreseen > level else level
    return Scaled(matrix, structure, d, np.where(free, g / d / top, 0), free, top, level)


def proven_newton_step(B: Any, g: np.ndarray, scale: np.ndarray, error: float, free: np.ndarray) -> np.ndarray | None:
    """-H^-1 g on the free variables, by the very factor that `examine_sparse` proves H positive definite with, so that
    it is made once; None where that cannot be had."""
    if not free.any() or not np.isfinite(np.asarray(B.values)).all():
        return None
    return scaled_matrix(B, g, scale, error, free).step


def without_curvature(B: Any, values: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Which free variables (n,) have no number but zero in their row of H, among the free ones."""
    rows, columns = np.asarray(B.structure.rows), np.asarray(B.structure.columns)
    there = (values != 0) & free[rows] & free[columns]
    curved = np.zeros(free.size, bool)
    curved[rows[there]] = curved[columns[there]] = True
    return free & ~curved


def with_loose(shape: Shape, loose: np.ndarray, g: np.ndarray, size: np.ndarray, names: Any) -> Shape:
    """The shape with variables without any curvature, their numbers `loose`, as directions in doubt."""
    slopes = np.abs(g[loose])
    first = loose[np.argsort(-slopes, kind="stable")[:LOOKED_AT]]
    weak = [np.where(np.arange(g.size) == i, 1.0, 0.0) for i in first]
    if slopes.any():
        downhill = np.zeros(g.size)
        downhill[loose] = -g[loose]
        weak.insert(0, downhill)
    slide = max(shape.slide, float(np.max(slopes * size[loose])))
    return replace(
        shape, smallest=float(np.fmin(shape.smallest, 0.0)), largest=float(np.fmax(shape.largest, 0.0)),
        zero=shape.zero + loose.size, weak=(*weak, *shape.weak),
        flat=(*(names[int(i)] for i in first), *shape.flat), slide=slide,
    )  # fmt: skip


def lost(known: Scaled, v: np.ndarray, plain: HostMatrix, big: np.ndarray, error: float, noise: float) -> bool:
    """Whether the least curvature is lost beside the largest change of f, and promises nothing (see `examine`)."""
    y = known.d * v
    y = y / np.linalg.norm(y)
    w, a = known.top * float(y @ known.matrix.product(y)), known.top * float(y @ known.q)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        far = 1 / np.max(np.where(y == 0, 0, np.abs(y) / known.d / big))
        change = min(float(np.max(np.where(known.free, np.abs(plain.diagonal) * big**2, 0))), TERMS * noise / error)
        blur = CURVATURE_NOISE * known.matrix.width * error * change / far**2
    return bool(np.isfinite(blur) and w <= blur and 0.5 * a * a <= noise * max(blur, known.top * known.level))


def in_doubt(known: Scaled, plain: HostMatrix, facts: tuple, size: np.ndarray, names: Any) -> Shape:
    """Where H is not shown to be positive definite: negative curvature, or directions without any."""
    largest, diagonal, rounding = facts
    n = int(known.free.sum())
    low = lowest_eigenpair(known.structure, known.matrix.values)
    negative = low.value < -max(known.level, low.error)
    # Beyond the lowest eigenvalue, so that the factor exists; half as far again where that is negative.
    shift = known.level - min(1.5 * low.low, 0.0) if negative else 2 * known.level + max(-low.low, 0.0)
    factor = known.factor(shift)
    if factor is None:  # rounding beyond all bounds: what was seen is all that is known
        step = low.vector / known.d
        return Shape(
            None, known.top * low.value, largest, int(negative), int(not negative), n - 1, 0 * step, 0.0,
            (), diagonal, rounding, (step,),
        )  # fmt: skip
    w, V = near_zero(known, factor, low.vector)
    doubtful = np.abs(w) <= known.level + low.error
    zero = int(doubtful.sum()) if not negative else int(np.sum(doubtful[1:]))
    a, steps = V.T @ known.q, V / known.d[:, None]
    y = factor.solve(-known.q)
    flats = V[:, doubtful]
    newton = (y - flats @ (flats.T @ y)) / known.d
    flat, weak = weakest(w, steps, known.top * a, ~doubtful & (w > 0), names)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        reach = 1 / np.max(np.where(steps == 0, 0, np.abs(steps) / size[:, None]), axis=0)
    slide = known.top * float(np.max((np.abs(a) * reach)[doubtful], initial=0.0))
    lowest = steps[:, 0]
    own = float(lowest @ plain.product(lowest) / (lowest @ lowest))
    return Shape(
        None, own, largest, int(negative), zero, n - zero - int(negative), newton,
        float(-0.5 * known.top * (known.d * newton) @ known.q), flat, diagonal, rounding, weak, slide,
    )  # fmt: skip


def near_zero(known: Scaled, factor: Any, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lowest eigenvalues, ascending, and their vectors (n, k), by block inverse iteration from the lowest one."""
    rng = np.random.default_rng(0)
    k = min(NEAR_ZERO, int(known.free.sum()))
    V = np.where(known.free[:, None], rng.standard_normal((len(first), k)), 0)
    V[:, 0] = np.where(known.free, first, 0)
    for _ in range(SWEEPS):
        V = np.linalg.qr(np.column_stack([factor.solve(v) for v in V.T]))[0]
    HV = np.column_stack([known.matrix.product(v) for v in V.T])
    w, U = np.linalg.eigh(V.T @ HV)
    return w, V @ U

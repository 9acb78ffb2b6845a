"""The parts of a graph that grows: gradient and Hessian factor by factor, kept where nothing moved. On the host."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from raphson.linear.sparse import sparse_backend
from raphson.linear.structure import SparseStructure
from raphson.slam.graph import FactorGraph, Factors
from raphson.slam.robust import FactorLoss
from raphson.slam.tiles import factor_parts, moved_points

RowMasks = dict[str, np.ndarray]
"""Which variables, by type (N,)."""

NONE = np.zeros(0, np.int64)

PINNED = 1e-10
"""The curvature, in shares of the largest, of an unknown that no factor measures: its slope is 0, and it stays. So
small that a later factor which measures it is foreseen to change much, by which the whole is solved anew."""


@dataclass
class Parts:
    """Of the factors of a kind, at the variables as they are: `cost` (m,), `gradient` (m, w), `hessian` (m, w, w), and
    `less` (m,): the loss itself has hessian - less gradient gradient', see `normal_parts`."""

    cost: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray
    less: np.ndarray

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """All of them."""
        return self.cost, self.gradient, self.hessian, self.less

    def first(self, m: int) -> "Parts":
        """Those of the first m factors."""
        return Parts(*(a[:m] for a in self.arrays))


@dataclass(frozen=True)
class Unknowns:
    """Numbers of the variables of a `mask`: `first` (N,) by type, the first of each, -1 for others; n in all."""

    first: RowMasks
    n: int

    @classmethod
    def of(cls, graph: FactorGraph, mask: RowMasks) -> "Unknowns":
        """Numbers by type, row by row."""
        first, n = {}, 0
        for name, v in graph.variables.items():
            k = v.freedom
            count = np.cumsum(mask[name]) - 1
            first[name] = np.where(mask[name], n + k * count, -1)
            n += k * int(mask[name].sum())
        return cls(first, n)

    def columns(self, graph: FactorGraph, f: Factors, which: Any = slice(None)) -> np.ndarray:
        """The unknowns of the factors `which` (m, w), -1 for what is none; variables that came later are none."""
        found = []
        for k, name in enumerate(f.types):
            known, row = np.append(self.first.get(name, NONE), -1), f.rows[which, k]
            start = known[np.minimum(row, known.size - 1)][:, None]
            found.append(np.where(start >= 0, start + np.arange(graph.variables[name].freedom), -1))
        return np.concatenate(found, 1)

    def steps(self, graph: FactorGraph, s: np.ndarray) -> RowMasks:
        """A vector (n,) as rows (N, freedom) by type, zero for others."""
        found = {}
        for name, v in graph.variables.items():
            found[name] = np.zeros((len(v), v.freedom))
            first = self.first.get(name, NONE)
            at = np.flatnonzero(first >= 0)
            found[name][at] = s[first[at][:, None] + np.arange(v.freedom)]
        return found


@dataclass
class Growing:
    """A graph with the parts of its factors. What moves is evaluated anew, and nothing else."""

    graph: FactorGraph
    loss: FactorLoss
    parts: list[Parts] = field(default_factory=list)
    evaluated: int = 0

    @property
    def cost(self) -> float:
        """1/2 sum of all factors."""
        return float(sum(p.cost.sum() for p in self.parts))

    def take(self, changed: RowMasks) -> None:
        """Evaluates the factors that came since, and those of variables whose values were changed. ValueError where one
        is not finite; then all parts are as they were."""
        counts, old = [len(p.cost) for p in self.parts], []
        try:
            self.evaluate_new()
            old = self.evaluate(changed)
            self.require_finite()
        except BaseException:
            put_back(old)
            self.parts = [p.first(m) for p, m in zip(self.parts, counts, strict=False)]
            raise

    def require_finite(self) -> None:
        """ValueError with the first factor that is not."""
        for f, p in zip(self.graph.factors, self.parts, strict=True):
            bad = np.flatnonzero(~np.isfinite(p.cost))
            if bad.size:
                which = f"factor {bad[0]} of {f.residual.__name__}({', '.join(f.types)})"
                raise ValueError(f"{which} or its slope is not finite at the values of rows {f.rows[bad[0]].tolist()}")

    def evaluate_new(self) -> None:
        """Evaluates the factors that came since."""
        for k, f in enumerate(self.graph.factors):
            known = len(self.parts[k].cost) if k < len(self.parts) else 0
            if known == len(f):
                continue
            new = self.evaluated_parts(f, np.arange(known, len(f)))
            if known:
                self.parts[k] = Parts(*map(np.concatenate, zip(self.parts[k].arrays, new.arrays, strict=True)))
            else:
                self.parts.append(new)

    def evaluated_parts(self, f: Factors, which: np.ndarray) -> Parts:
        """The parts of these factors. One whose slope is not finite has no cost: no step leads there."""
        self.evaluated += len(which)
        found = Parts(*factor_parts(self.graph.variables, f, which, self.loss))
        found.cost[~np.isfinite(found.hessian).all((1, 2)) | ~np.isfinite(found.gradient).all(1)] = np.nan
        return found

    def touching(self, mask: RowMasks) -> list[np.ndarray]:
        """The factors that have one of these variables, by kind."""
        found = []
        for f in self.graph.factors:
            has = [mask[name][f.rows[:, k]] for k, name in enumerate(f.types)]
            found.append(np.flatnonzero(np.any(has, axis=0)))
        return found

    def beside(self, mask: RowMasks) -> RowMasks:
        """These variables and those that share a factor with one."""
        found = {name: a.copy() for name, a in mask.items()}
        for f, which in zip(self.graph.factors, self.touching(mask), strict=True):
            for k, name in enumerate(f.types):
                found[name][f.rows[which, k]] = True
        return found

    def move(self, steps: RowMasks, mask: RowMasks) -> "tuple[dict[str, Any], list[Any]]":
        """Moves the variables of the mask; returns what `restore` takes back."""
        before = dict(self.graph.variables)
        for name, v in before.items():
            which = np.flatnonzero(mask[name])
            if which.size:
                values = v.values.copy()
                values[which] = moved_points(v, which, steps[name][which])
                self.graph.variables[name] = replace(v, values=values)
        return before, self.evaluate(mask)

    def evaluate(self, mask: RowMasks) -> list[Any]:
        """Evaluates what touches these variables; returns what it was before."""
        old = []
        for f, p, which in zip(self.graph.factors, self.parts, self.touching(mask), strict=True):
            if not which.size:
                continue
            new = self.evaluated_parts(f, which)
            old.append((p, which, [a[which] for a in p.arrays]))
            for a, b in zip(p.arrays, new.arrays, strict=True):
                a[which] = b
        return old

    def restore(self, saved: "tuple[dict[str, Any], list[Any]]") -> None:
        """Takes a move back."""
        before, old = saved
        self.graph.variables.update(before)
        put_back(old)

    def gradient(self, unknowns: Unknowns) -> np.ndarray:
        """The gradient of the cost by these unknowns (n,)."""
        total = np.zeros(unknowns.n + 1)
        for f, p in zip(self.graph.factors, self.parts, strict=True):
            columns = unknowns.columns(self.graph, f)  # -1 is the place behind all
            total += np.bincount(np.where(columns < 0, unknowns.n, columns).ravel(), p.gradient.ravel(), total.size)
        return total[:-1]

    def pattern(self, unknowns: Unknowns, mask: RowMasks) -> "Pattern":
        """Where the blocks of the factors that touch these unknowns stand in their J'J."""
        rows, across, touching, lower = [], [], self.touching(mask), []
        for f, which in zip(self.graph.factors, touching, strict=True):
            c = unknowns.columns(self.graph, f, which)
            blocks = (*c.shape, c.shape[1])
            i, j = np.broadcast_to(c[:, :, None], blocks).ravel(), np.broadcast_to(c[:, None], blocks).ravel()
            lower.append(np.flatnonzero((i >= j) & (j >= 0)))
            rows, across = [*rows, i[lower[-1]]], [*across, j[lower[-1]]]
        key = np.concatenate(across) * unknowns.n + np.concatenate(rows)
        order = np.argsort(key)
        key = key[order]
        first = np.flatnonzero(np.diff(key, prepend=-1))
        column, row = np.divmod(key[first], unknowns.n)
        starts = np.searchsorted(column, np.arange(unknowns.n))
        return Pattern(touching, lower, order, first, row.astype(np.int32), column.astype(np.int32), starts)

    def hessian(self, pattern: "Pattern", eased: float) -> np.ndarray:
        """The entries of the lower triangle of J'J, column by column, of a pattern; of what the loss takes from it, the
        share `eased` is."""
        values = []
        for p, which, lower in zip(self.parts, pattern.touching, pattern.lower, strict=True):
            H, g, less = p.hessian[which], p.gradient[which], eased * p.less[which]
            if less.any():
                H = H - less[:, None, None] * g[:, :, None] * g[:, None]
            values.append(H.ravel()[lower])
        return np.add.reduceat(np.concatenate(values)[pattern.order], pattern.first)


@dataclass(frozen=True)
class Pattern:
    """The lower triangle of J'J, column by column, each from its diagonal on: `row` and `column` of the entries,
    `starts` of the columns (n,). By kind of factor which are `touching`, and which numbers of their blocks are `lower`;
    in the `order` of all these the entries begin at `first`.

    Made once for all steps of an update: M3500 3.2 ms, and 0.5 for the entries of each step; SciPy's COO to CSC took
    4.5 for both."""

    touching: list[np.ndarray]
    lower: list[np.ndarray]
    order: np.ndarray
    first: np.ndarray
    row: np.ndarray
    column: np.ndarray
    starts: np.ndarray


def put_back(old: list[Any]) -> None:
    """Writes what `evaluate` returned where it was."""
    for p, which, arrays in old:
        for a, b in zip(p.arrays, arrays, strict=True):
            a[which] = b


def factored(pattern: Pattern, lower: np.ndarray, damping: float) -> Any:
    """A Cholesky factor of a matrix, its diagonal raised by `damping` of itself; None where it is not definite. What
    nothing measures is pinned."""
    starts, values, nothing = pattern.starts, lower.copy(), np.zeros(0, np.int32)
    structure = SparseStructure(pattern.row, pattern.column, starts.astype(np.int32), *[nothing] * 5)
    diagonal = lower[starts]
    values[starts] += np.where(diagonal > 0, damping * diagonal, PINNED * (diagonal.max(initial=0) or 1.0))
    return sparse_backend().host_factor(structure, values)

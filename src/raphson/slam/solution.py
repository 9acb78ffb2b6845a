"""The result of an optimized graph."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from raphson.fit.result import Fit
from raphson.slam.costs import graph_costs
from raphson.slam.global_certificate import GlobalCertificate, certify_global
from raphson.slam.graduated_rounds import Round
from raphson.slam.graph import FactorGraph
from raphson.slam.marginals import marginal_covariances
from raphson.solver.wording import summary


@dataclass(repr=False, eq=False)
class GraphFit(Fit):
    """A `Fit` of a factor graph. `values`: all variables by type (N, ...), the held ones, too; `graph` what was
    optimized, with these values; `stages`: seconds of its parts; `begun`: the values at the start. `x` holds the free
    variables alone. By kind of factor, as in `graph.factors`: `weights` (m,), how much each counts, 1 in least squares
    and rho'(z) with a loss; `outliers`, masks (m,) of those that graduated non-convexity dropped, no mask otherwise;
    `rounds`: how that went."""

    values: dict[str, np.ndarray] = field(default_factory=dict)
    graph: FactorGraph = field(default_factory=FactorGraph)
    stages: dict[str, float] = field(default_factory=dict)
    begun: dict[str, np.ndarray] = field(default_factory=dict)
    weights: list[np.ndarray] = field(default_factory=list)
    outliers: list[np.ndarray] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)

    @classmethod
    def of(cls, fit: Fit, values: dict[str, np.ndarray], graph: FactorGraph, stages: dict[str, float]) -> "GraphFit":
        """The same fit, of this kind."""
        object.__setattr__(fit, "__class__", cls)
        found: Any = fit
        found.values, found.graph, found.stages = values, graph.with_values(values), stages
        found.begun, found.weights, found.outliers, found.rounds = {}, [], [], []
        return found

    @property
    def poses(self) -> np.ndarray:
        """The poses (N, 3) x, y, theta or (N, 7) x, y, z, qx, qy, qz, qw: the variables of the first type with the most
        freedom."""
        kinds = self.graph.variables
        return self.values[max(kinds, key=lambda name: kinds[name].freedom)]

    def marginal(self, *variables: tuple[str, int]) -> np.ndarray:
        """The covariance (k, k) of variables together, each a type and a row: of the steps of the first, then those of
        the second, and so on; all others are integrated out. ValueError for a variable that is held: it has none.

            result.marginal(("pose", 7))                     # (3, 3) of one pose, its steps in its own axes
            result.marginal(("pose", 7), ("landmark", 2))    # (5, 5) of both together
        """
        names = StepNames(self.graph, {name: np.flatnonzero(~v.frozen) for name, v in self.graph.variables.items()})
        return self.uncertainty.covariances([k for name, row in variables for k in names.numbers(name, row)])

    @cached_property
    def chi2(self) -> dict[str, float]:
        """The cost without robust loss in the conventions of three systems (`graph_costs`): "g2o" sum e' Omega e,
        "gtsam" half of that with full angles, "se-sync" chordal. Of a graph that is no pose graph of a file, e are
        the residuals of its factors: "g2o", and "ceres", half of it."""
        if self.graph.file is not None:
            return graph_costs(self.graph.file, self.values)
        total = float(np.sum(np.asarray(self.residuals) ** 2))
        return {"g2o": total, "ceres": total / 2}

    @cached_property
    def marginals(self) -> dict[str, np.ndarray]:
        """By type the covariance (N, d, d) of each variable with all others free: its block of (J'J)^-1, of a step in
        its own axes (of a pose in the plane: forward, left, angle). Zero where it is held; inf on the diagonal and NaN
        beside it where the factors do not determine a number. Selected inversion: no n x n matrix is formed."""
        return marginal_covariances(self.graph, self.uncertainty)

    def certify_global(self) -> GlobalCertificate:
        """Whether it is the best solution of all and not only the best near by: `rp.slam.certify_global`, on SE-Sync's
        chordal cost, whose minimum lies beside this one. ValueError for a graph that comes from no file."""
        if self.graph.file is None:
            raise ValueError("only a graph that comes from a file of poses can be certified: of others S is not known")
        return certify_global(self.graph.file, self.values)

    def portable(self) -> dict[str, Any]:
        """The fields without the graph's factors, whose functions need not be picklable."""
        return {**super().portable(), "graph": replace(self.graph, factors=[])}

    def __str__(self) -> str:
        costs = ", ".join(f"{value:.9g} ({name})" for name, value in self.chi2.items())
        times = ", ".join(f"{name} {seconds:.2f}" for name, seconds in self.stages.items())
        return f"{summary(self)}\nchi2      {costs}\nseconds   {times}"

    __repr__ = __str__


class StepNames(Sequence[str]):
    """Names of the unknowns, made when they are asked for: pose[12].3 is the third number of a step of pose 12."""

    def __init__(self, graph: FactorGraph, free: dict[str, np.ndarray]) -> None:
        self.parts, end = [], 0
        for name in sorted(graph.variables):
            end += len(free[name]) * graph.variables[name].freedom
            self.parts.append((name, free[name], graph.variables[name].freedom, end))

    def __len__(self) -> int:
        return self.parts[-1][3]

    def numbers(self, name: str, row: int) -> range:
        """Which unknowns are those of a variable. ValueError for one that is not there or held."""
        for kind, rows, freedom, end in self.parts:
            if kind == name:
                at = np.flatnonzero(rows == row)
                if not at.size:
                    raise ValueError(f"{name} {row} is not there, or is held: it has no covariance")
                start = end - freedom * (rows.size - int(at[0]))
                return range(start, start + freedom)
        raise ValueError(f"no variables {name!r}: there are {', '.join(repr(part[0]) for part in self.parts)}")

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return tuple(self[k] for k in range(*i.indices(len(self))))
        if not 0 <= i < len(self):
            raise IndexError(i)
        start = 0
        for name, rows, freedom, end in self.parts:
            if i < end:
                row, number = divmod(i - start, freedom)
                return f"{name}[{rows[row]}].{number + 1}"
            start = end
        raise IndexError(i)

"""`Incremental`: the estimate of a graph that grows, brought up to date after each addition."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.fit.residuals import read_loss
from raphson.slam.graduated import GraduatedNonConvexity
from raphson.slam.graph import FactorGraph
from raphson.slam.growing import Growing, RowMasks
from raphson.slam.growing_solve import GrowingSolver, count
from raphson.slam.prepare import anchored
from raphson.slam.robust import FactorLoss

TOLERANCE = 1e-7
"""How far above the minimum, relatively, the cost may be after an update, as the last factor foresees it."""


@dataclass(frozen=True)
class GraphUpdate:
    """What an update did. `cost` 1/2 sum e' Omega e, or of the loss; `above`: how far it may be above the minimum near
    by, as the last factor foresees; `whole`: whether all variables were solved for, else a window; `moved`: how many
    did; `evaluated` factors, `factorizations` of the whole map; `converged` within the tolerance; `seconds`."""

    cost: float
    above: float
    whole: bool
    moved: int
    evaluated: int
    factorizations: int
    converged: bool
    seconds: float


class Incremental:
    """A factor graph that is kept solved while it grows.

        robot = rp.slam.Incremental(graph)                  # solves what is there
        new = graph.extend("pose", guess)                   # rows of the new poses
        graph.add_factors(odometry, ("pose", "pose"), pairs, measured, sigmas=[0.1, 0.1, 0.02])
        robot.update()                                      # robot.values["pose"] is the estimate of all

    The `graph` is the caller's, and its values become the estimate. Kinds of factors are known by their function: give
    the same one each time. An update solves for what is new and what its factors touch, the others held, widens that
    window by whatever would still move by the last factor of the whole map, and solves for all with a new factor where
    the window grows large. Both end where the cost is within `tol` of its minimum, relatively: by the Newton decrement
    1/2 g'H^-1 g, with H the last factor of the whole, which new factors only make stiffer (of a robust loss: with 0.99
    of what it takes from the curvature). Variables whose steps count
    for nothing in that do not move, and factors are linearized anew where a variable moved, nowhere else. Programs are
    compiled for tiles of factors and know no size: none is compiled after the first updates.

    The minimum is that near the estimate; `optimize(graph)` proves it by the exact Hessian. Windows and relinearization
    where something moves are iSAM2's idea: Kaess, Johannsson, Roberts, Ila, Leonard and Dellaert (2012), "iSAM2:
    incremental smoothing and mapping using the Bayes tree", IJRR 31. Raises ValueError for a graph without factors, or
    whose frame is open (bundle adjustment), and for a loss of graduated non-convexity ("gnc").
    """

    def __init__(self, graph: FactorGraph, loss: Any = "linear", scale: float = 1.0, tol: float = TOLERANCE) -> None:
        if not isinstance(graph, FactorGraph):
            raise TypeError(f"Incremental takes a FactorGraph, not {type(graph).__name__}: FactorGraph.of(file) is one")
        if graph.gauge == "free":
            raise ValueError("a graph whose frame is open (bundle adjustment) is not solved incrementally: optimize it")
        if GraduatedNonConvexity.read(loss, scale):
            raise ValueError("graduated non-convexity needs the whole graph: optimize(graph, loss='gnc') has it")
        if not 0 < tol < 1:
            raise ValueError(f"tol must be between 0 and 1, not {tol}")
        self.graph = graph
        self.grown = Growing(graph, FactorLoss(read_loss(loss, scale, np.dtype(float), []), ()))
        self.solver = GrowingSolver(self.grown, float(tol))
        self.free: RowMasks = {}
        self.known: RowMasks = {}
        self.seen: list[int] = []
        self.last = self.update()

    @property
    def values(self) -> dict[str, np.ndarray]:
        """The estimate of all variables by type (N, ...)."""
        return {name: v.values for name, v in self.graph.variables.items()}

    @property
    def cost(self) -> float:
        """1/2 sum e' Omega e, or of the loss."""
        return self.grown.cost

    def update(self) -> GraphUpdate:
        """Brings the estimate up to date with what was added to the graph. ValueError where factors are gone from it,
        or one, or its slope, is not finite at the values given; once these are mended, the next update goes on."""
        begin, solver = time.perf_counter(), self.solver
        self.grown.evaluated = 0
        new = self.take_new()
        solver.begin(self.free)
        windows = solver.by_windows(new)
        converged = windows or solver.as_a_whole()
        self.known = {name: v.values.copy() for name, v in self.graph.variables.items()}
        self.last = GraphUpdate(
            self.cost, solver.above, not windows, count(solver.moved), self.grown.evaluated, solver.factorizations,
            converged, time.perf_counter() - begin,
        )  # fmt: skip
        return self.last

    def take_new(self) -> RowMasks:
        """Evaluates new factors, and those of variables whose values the caller changed; returns which free variables
        are new or touched by one of these. The last factor is dropped where a variable that was held is free now: it
        does not know how far that goes."""
        counts = [len(f) for f in self.graph.factors]
        if not counts:
            raise ValueError("the graph has no factors: nothing is known of its variables")
        seen = self.seen + [0] * (len(counts) - len(self.seen))
        if len(seen) > len(counts) or any(a < b for a, b in zip(counts, seen, strict=True)):
            raise ValueError("factors are gone from the graph: additions alone are followed; make a new Incremental")
        free = {name: ~v.frozen for name, v in anchored(self.graph)[0].variables.items()}
        if not any(a.any() for a in free.values()):
            raise ValueError("all variables are held: nothing is left to be estimated")
        changed = {name: np.zeros(a.size, bool) for name, a in free.items()}
        for name, before in self.known.items():
            now = self.graph.variables[name].values[: len(before)]
            changed[name][: len(before)] = np.any((now != before).reshape(len(before), -1), axis=1)
        self.grown.take(changed)
        new = {name: a.copy() for name, a in free.items()}
        for name, before in self.free.items():
            new[name][: before.size] = changed[name][: before.size]
            if np.any(free[name][: before.size] & ~before):
                self.solver.base = None
        for f, start in zip(self.graph.factors, seen, strict=True):
            for k, name in enumerate(f.types):
                new[name][f.rows[start:, k]] = True
        self.free, self.seen = free, counts
        return new

"""`optimize`: the door for factor graphs."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from raphson.controls.nielsen import Nielsen
from raphson.fit.attempt import FitCall, attempt
from raphson.fit.residuals import read_loss
from raphson.slam.graph import FactorGraph
from raphson.slam.graph_file import GraphFile
from raphson.slam.prepare import Prepared, prepare_graph
from raphson.slam.solution import GraphFit, StepNames
from raphson.solver.callbacks import reporter
from raphson.solver.clock import CompileClock
from raphson.solver.options import read_limits
from raphson.solver.presets import RESIDUAL_ALIASES, RESIDUAL_PRESETS, preset_name, residual_preset
from raphson.solver.step import Method
from raphson.solver.stop import Stop

FIRST = 1e-8
"""The first damping: graphs are nearly as linear as their start is good. Steps to 1e-12 of the optimum of M3500,
city10000 and sphere2500 with 1e-3 (the fit's), 1e-6 and 1e-8: 46, 10, 7; -, 9, 8; -, 10, 9."""

ACCURACY = 1e-6
"""The loop ends with a step smaller than this, in radians and of the extent; Newton steps with the exact Hessian add
the last digits."""

STOP = Stop(tolerance=ACCURACY, max_steps=500)


def optimize(
    graph: FactorGraph | GraphFile, method: str | Method | None = "auto", *, init: Any = "auto", loss: Any = "linear",
    scale: float = 1.0, tol: float | None = None, max_steps: int | None = None, time_limit: float | None = None,
    progress: bool | Callable = False,
) -> GraphFit:  # fmt: skip
    """Estimates the variables of a factor graph: minimizes 1/2 sum e' Omega e, or of a robust loss of it.

    graph: a `FactorGraph`, or what `read_g2o` and the like have read. method: "auto" (Levenberg-Marquardt with a small
    first damping), "lm", "gauss-newton", "dogleg", "lm-radius", "newton", or a `Method`. init: "auto" and "file" begin
    with the values of the graph; or values by type. loss: "linear", "huber", "cauchy", "geman-mcclure", "tukey",
    "dcs" and the others of `least_squares`, of whole factors: 1/2 c^2 sum rho(e' Omega e / c^2), c the `scale`.
    tol: relative accuracy asked of the loop.

    Where nothing fixes the frame of a component, one of its variables is held, which is noted. J'J is factorized on its
    sparse pattern (CHOLMOD); the certificate is that of the exact Hessian of what is free: it is positive definite,
    shown by its sparse factor. Raises ValueError for input that cannot be meant, before the loop.
    """
    begin, compiled = time.perf_counter(), CompileClock.seconds
    notes: list[str] = list(graph.notes) if isinstance(graph, GraphFile) else []
    limits = read_limits(tol, max_steps, time_limit, None, notes)
    wanted = read_loss(loss, scale, np.dtype(float), notes)
    prepared = prepare_graph(started(FactorGraph.of(graph), init), wanted)
    ready = time.perf_counter()
    notes.extend(prepared.notes)
    name, chosen, why = chosen_method(method, prepared)
    call = FitCall(
        prepared.problem, prepared.x, lambda x: {name: np.asarray(a) for name, a in x.items()}, limits,
        StepNames(prepared.graph, prepared.free), True, notes, begin, compiled, None, reporter(progress),
    )  # fmt: skip
    fit = attempt(call, name, chosen, prepared.x, (why,))
    stages = {"prepare": ready - begin, "solve": time.perf_counter() - ready}
    return GraphFit.of(fit, prepared.values(fit.x), prepared.graph, stages)


def started(graph: FactorGraph, init: Any) -> FactorGraph:
    """The graph with the values that `init` says."""
    if isinstance(init, str):
        if init in ("auto", "file"):
            return graph
        raise ValueError(f"init must be 'auto', 'file' or values by type, not {init!r}")
    if not isinstance(init, Mapping):
        raise TypeError(f"init must be 'auto', 'file' or values by type, not {type(init).__name__}")
    for name, values in init.items():
        if name not in graph.variables:
            raise ValueError(f"init has values of {name!r}: the graph has {', '.join(map(repr, graph.variables))}")
        shape = graph.variables[name].values.shape
        if np.shape(values) != shape:
            raise ValueError(f"init of {name!r} must have shape {shape}, not {np.shape(values)}")
    return graph.with_values(init)


def chosen_method(method: Any, prepared: Prepared) -> tuple[str, Method, str]:
    """Name, method and reason."""
    if isinstance(method, Method):
        return type(method.curvature).__name__, method, "given by the caller"
    name = preset_name(method, RESIDUAL_PRESETS, RESIDUAL_ALIASES, {})
    why = "for factor graphs" if name == "auto" else "asked for"
    name = "lm" if name == "auto" else name
    found = replace(residual_preset(name, prepared.problem), stop=STOP)
    if isinstance(found.control, Nielsen):
        found = replace(found, control=replace(found.control, first=FIRST))
    return name, found, why

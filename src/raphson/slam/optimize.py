"""`optimize`: the door for factor graphs."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from raphson.controls.nielsen import Nielsen
from raphson.fit.attempt import SLOW, FitCall, conclude_fit, refuse_start, run_from
from raphson.fit.residuals import read_loss
from raphson.kernel.status import Status
from raphson.problems.loss import Loss
from raphson.slam.bundle import bundle_notes
from raphson.slam.bundle_file import BundleFile
from raphson.slam.chordal import chordal_start
from raphson.slam.costs import edge_costs
from raphson.slam.graduated import GraduatedNonConvexity, graduate, judged
from raphson.slam.graph import FactorGraph
from raphson.slam.graph_file import GraphFile
from raphson.slam.odometry import odometry_start
from raphson.slam.prepare import Prepared, prepare_graph
from raphson.slam.solution import GraphFit, StepNames
from raphson.solver.call import limited
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

OPEN = 1e-4
"""The first damping where the frame and the scale are open, as in bundle adjustment: Ceres's. Trials to 13389 of
Ladybug-49 and to 30378.6358 (1e-6) of Trafalgar-21: 10 and 10 with 1e-3, 8 and 8 with 1e-4, 15 and 3 with 1e-8."""

FORGOTTEN = 0.0
"""What the unit of a variable at the last point counts there: nothing. Points that a bad start has close to a camera
have columns that are far too long. Trials to the same costs, with 1: 8 and 8, with 1/2 and 0: 5 and 8."""

INITS = ("auto", "file", "chordal", "odometry")
"""The starts that have names."""

STOP = Stop(tolerance=ACCURACY, max_steps=500)


def optimize(
    graph: FactorGraph | GraphFile | BundleFile, method: str | Method | None = "auto", *, init: Any = "auto",
    loss: Any = "linear", scale: float = 1.0, tol: float | None = None, max_steps: int | None = None,
    time_limit: float | None = None, progress: bool | Callable = False, linear_solver: str = "auto",
) -> GraphFit:  # fmt: skip
    """Estimates the variables of a factor graph: minimizes 1/2 sum e' Omega e, or of a robust loss of it.

    graph: a `FactorGraph`, or what `read_g2o`, `read_bal` and the like have read. method: "auto" (Levenberg-Marquardt
    with a small first damping), "lm", "gauss-newton", "dogleg", "lm-radius", "newton", or a `Method`. init: "file"
    begins with the values of the graph, "chordal" with chordal initialization from the edges of its file, "odometry"
    with its poses one after the other, "auto" with that of the first two that costs less (the reason is in
    `result.reasons`); or values by type. loss: "linear", "huber", "cauchy", "geman-mcclure", "tukey", "dcs" and the
    others of `least_squares`, of whole factors: 1/2 c^2 sum rho(e' Omega e / c^2), c the `scale`; or "gnc", "gnc-gm" or
    a `GraduatedNonConvexity`, by which outliers are told and dropped: `result.outliers`, and "auto" begins with the
    odometry. What is minimized, and what the certificate is of, is the last cost: half of e' Omega e, at most
    c^2. tol: relative accuracy asked of the loop. linear_solver: "cholmod"
    factorizes the whole of J'J on its sparse pattern; "schur" eliminates the variables of a type of which no factor
    touches two, as points seen by cameras, and factorizes what is left as a dense matrix, "schur-sparse" by CHOLMOD,
    "schur-cg" never forms it; "auto" takes "schur" where most unknowns can be eliminated and few are left.

    Where nothing fixes the frame of a component, one of its variables is held, which is noted; in bundle adjustment the
    seven directions of frame and scale stay open, and the damping holds them. The certificate is that of the exact
    Hessian of what is free, by its sparse factor. Raises ValueError for input that cannot be meant, before the loop.
    """
    begin, compiled = time.perf_counter(), CompileClock.seconds
    notes: list[str] = list(graph.notes) if isinstance(graph, GraphFile | BundleFile) else []
    limits = read_limits(tol, max_steps, time_limit, None, notes)
    wanted = GraduatedNonConvexity.read(loss, scale) or read_loss(loss, scale, np.dtype(float), notes)
    whole = FactorGraph.of(graph)
    if not whole.factors:
        raise ValueError("the graph has no factors: nothing is known of its variables")
    begun, reason = started(whole, init, wanted)
    first = time.perf_counter()
    prepared = prepare_graph(begun, wanted, linear_solver)
    ready = time.perf_counter()
    notes.extend(prepared.notes)
    notes.extend(bundle_notes(graph) if isinstance(graph, BundleFile) else ())
    name, chosen, why = chosen_method(method, prepared)
    call = FitCall(
        prepared.problem, prepared.x, lambda x: {name: np.asarray(a) for name, a in x.items()}, limits,
        StepNames(prepared.graph, prepared.free), True, notes, begin, compiled, None, reporter(progress),
    )  # fmt: skip
    told: tuple[str, ...] = ()
    if isinstance(wanted, GraduatedNonConvexity):
        call, told = graduate(call, chosen)
    done = run_from(call, limited(chosen, call.limits, call.x), call.x, progress=call.progress)
    if done.status == Status.NOT_FINITE and not len(done.trace):
        refuse_start(call, done, call.x)
    if call.over:  # perhaps before the last run
        done = replace(done, status=call.over[0])
    arrived = time.perf_counter()
    fit = conclude_fit(
        call, replace(done, status=limits.named(done.status)), chosen, name, (reason, *told, prepared.solver, why)
    )
    stages = {"start": first - begin, "prepare": ready - first, "steps": arrived - ready}
    stages["certificate"] = time.perf_counter() - arrived
    fit.notes = tuple(note.removeprefix(SLOW) for note in fit.notes)  # the loop was not asked for more
    found = GraphFit.of(fit, prepared.values(fit.x), prepared.graph, stages)
    factor_loss: Any = call.problem.loss
    found.begun, found.weights = prepared.values(prepared.x), factor_loss.counted(jnp.asarray(found.residuals))
    if isinstance(wanted, GraduatedNonConvexity):
        judged(found, factor_loss)
    return found


def started(graph: FactorGraph, init: Any, loss: Loss | GraduatedNonConvexity) -> tuple[FactorGraph, str]:
    """The graph with the values that `init` says, and why these."""
    if isinstance(init, str):
        if init not in INITS:
            raise ValueError(f"init must be {', '.join(map(repr, INITS))} or values by type, not {init!r}")
        if init in ("chordal", "odometry") and graph.file is None:
            raise ValueError(f"init={init!r} needs a graph that comes from a file: of others the edges are not known")
        if init == "file" or graph.file is None:
            return graph, "from the values of the graph"
        graduated = isinstance(loss, GraduatedNonConvexity)
        if init == "odometry" or (init == "auto" and graduated):
            why = ", which outliers do not spoil" if graduated else ""
            return graph.with_values(odometry_start(graph.file)), f"along the odometry of the file{why}"
        other = chordal_start(graph.file)
        here, there = (start_cost(graph.file, values, loss) for values in (None, other))
        said = f"cost {there:.6g}, with the values of the graph {here:.6g}"
        if init == "chordal" or not here <= there:  # also where the file's cost is not a number
            return graph.with_values(other), f"from chordal initialization: {said}"
        return graph, f"from the values of the graph: cost {here:.6g}, chordal initialization has {there:.6g}"
    if not isinstance(init, Mapping):
        raise TypeError(f"init must be {', '.join(map(repr, INITS))} or values by type, not {type(init).__name__}")
    for name, values in init.items():
        if name not in graph.variables:
            raise ValueError(f"init has values of {name!r}: the graph has {', '.join(map(repr, graph.variables))}")
        shape = graph.variables[name].values.shape
        if np.shape(values) != shape:
            raise ValueError(f"init of {name!r} must have shape {shape}, not {np.shape(values)}")
    return graph.with_values(init), "from the caller's values"


def start_cost(file: GraphFile, values: Any, loss: Loss | GraduatedNonConvexity) -> float:
    """1/2 c^2 sum rho(e' Omega e / c^2) at values of a file's vertices, by the referee."""
    costs = np.concatenate(list(edge_costs(file, "g2o", values).values()))
    if isinstance(loss, GraduatedNonConvexity) or loss.plain:
        return float(costs.sum() / 2)
    return float(loss.scale**2 / 2 * np.sum(loss.rho(jnp.asarray(costs / loss.scale**2))[0]))


def chosen_method(method: Any, prepared: Prepared) -> tuple[str, Method, str]:
    """Name, method and reason."""
    if isinstance(method, Method):
        return type(method.curvature).__name__, method, "given by the caller"
    name = preset_name(method, RESIDUAL_PRESETS, RESIDUAL_ALIASES, {})
    why = "for factor graphs" if name == "auto" else "asked for"
    name = "lm" if name == "auto" else name
    found = replace(residual_preset(name, prepared.problem), stop=STOP)
    is_open = prepared.graph.gauge == "free"
    if isinstance(found.control, Nielsen):
        found = replace(found, control=replace(found.control, first=OPEN if is_open else FIRST))
    curvature: Any = found.curvature
    if is_open and found.curvature.observation.residual:
        found = replace(found, curvature=replace(curvature, fading=FORGOTTEN))
    return name, found, why

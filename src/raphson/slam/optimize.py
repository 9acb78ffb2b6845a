"""`optimize`: the door for factor graphs."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import jax.numpy as jnp
import numpy as np

from raphson.controls.nielsen import Nielsen
from raphson.fit.attempt import SLOW, FitCall, conclude_fit, refuse_start, run_from
from raphson.fit.residuals import read_loss
from raphson.fit.result import Fit
from raphson.fit.strategy import POLISH
from raphson.kernel.status import Status
from raphson.kernel.trace import Trace
from raphson.problems.loss import Loss
from raphson.slam.bundle import bundle_notes
from raphson.slam.bundle_file import BundleFile
from raphson.slam.chordal import chordal_start
from raphson.slam.costs import edge_costs
from raphson.slam.creep import Creep, handed_over, newton_method
from raphson.slam.graduated import GraduatedNonConvexity, graduate, judged, late, unfinished
from raphson.slam.graduated_rounds import Round
from raphson.slam.graph import FactorGraph
from raphson.slam.graph_file import GraphFile
from raphson.slam.odometry import odometry_start
from raphson.slam.prepare import Prepared, prepare_graph
from raphson.slam.solution import GraphFit, StepNames
from raphson.solver.call import limited
from raphson.solver.callbacks import reporter, say_stage
from raphson.solver.clock import CompileClock
from raphson.solver.drive import Run
from raphson.solver.options import Limits, read_limits
from raphson.solver.presets import RESIDUAL_ALIASES, RESIDUAL_PRESETS, preset_name, residual_preset
from raphson.solver.step import Method
from raphson.solver.stop import Stop

FIRST = 1e-8
"""The first damping: graphs are nearly as linear as their start is good. Steps to 1e-12 of the optimum of M3500,
city10000 and sphere2500 with 1e-3 (the fit's), 1e-6 and 1e-8: 46, 10, 7; -, 9, 8; -, 10, 9."""

ACCURACY = 1e-6
"""The loop ends with a step smaller than this, in radians and of the extent."""

ENOUGH = 4e-6
"""Newton steps with the exact Hessian follow while one is longer than this: what the certificate takes for arrived is
6e-6. Of the cost it is 1e-11 (smallGrid3D: 3e-12 with a step of 1.4e-6 left), a step costs as much as three
trials."""

BEGINNING, POOR = 20, 6
"""Of so many trials, so many refused: Gauss-Newton's way leads anywhere then, and Levenberg-Marquardt is tried as well.
From vertices in their files: MITb 10, input_INTEL 10 (he ends 3.5 % above), M3500a 7 (he 9 % below),
sphere_bignoise_vertex3 (he 17 % below); from the starts of `init="auto"` at most 4."""

OPEN, LEAP = 1e-6, 100.0
"""The first damping where the frame and the scale are open, as in bundle adjustment, and by how much it grows where the
first trial fails: then it is Ceres's 1e-4. Trials to 13389 of Ladybug-49 and to 30378.6358 (1e-6) of Trafalgar-21: 6
and 3 (the first of Ladybug fails, a third of the work of the others), 5 and 8 with 1e-4, 8 and 5 with 1e-5."""

FORGOTTEN = 0.0
"""What the unit of a variable at the last point counts there: nothing. Points that a bad start has close to a camera
have columns that are far too long. Trials to the same costs, with 1: 8 and 8, with 1/2 and 0: 5 and 8."""

GAIN = 1e-9
"""And, but for bundle adjustment, with a step that promises less than this part of the cost: where residuals are large,
Gauss-Newton is linear, and Newton's last steps are quadratic. GTSAM's own relative tolerance is 1e-5."""

STOP = Stop(tolerance=ACCURACY, max_steps=500, gain=GAIN)

INITS = ("auto", "file", "chordal", "odometry")
"""The starts that have names."""


def optimize(
    graph: FactorGraph | GraphFile | BundleFile, method: str | Method | None = "auto", *, init: Any = "auto",
    loss: Any = "linear", scale: float = 1.0, tol: float | None = None, max_steps: int | None = None,
    time_limit: float | None = None, progress: bool | Callable = False, linear_solver: str = "auto",
) -> GraphFit:  # fmt: skip
    """Estimates the variables of a factor graph: minimizes 1/2 sum e' Omega e, or of a robust loss of it.

    graph: a `FactorGraph`, or what `read_g2o`, `read_bal` and the like have read. method: "auto" (Gauss-Newton;
    Levenberg-Marquardt in bundle adjustment, under robust losses, and as well where the start is poor or no minimum
    was reached), "lm", "gauss-newton", "dogleg", "lm-radius", "newton", or a `Method`. init: "file"
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
        what = f"{graph.name} has no edges" if isinstance(graph, GraphFile) else "the graph has no factors"
        raise ValueError(f"{what}: nothing is known of its variables")
    line = reporter(progress)
    say_stage(line, "start")
    begun, reason = started(whole, init, wanted)
    first = time.perf_counter()
    say_stage(line, "structure of the graph")
    prepared = prepare_graph(begun, wanted, linear_solver)
    ready = time.perf_counter()
    say_stage(line, "compilation and first steps")
    notes.extend(prepared.notes)
    notes.extend(bundle_notes(graph) if isinstance(graph, BundleFile) else ())
    candidates = chosen_methods(method, prepared, wanted)
    steps_alone = all(name in ("lm", "gauss-newton") for name, _, _ in candidates) and not isinstance(method, Method)
    problem = prepared.problem if steps_alone else prepared.whole
    call = FitCall(
        problem, prepared.x, lambda x: {name: np.asarray(a) for name, a in x.items()}, limits,
        StepNames(prepared.graph, prepared.free), True, notes, begin, compiled, None, line,
        enough=enough_for(prepared, limits),
    )  # fmt: skip
    told, rounds, narrowed_down = tuple[str, ...](), list[Round](), True
    if isinstance(wanted, GraduatedNonConvexity):
        call, told, rounds, narrowed_down = graduate(call, candidates[0][1])
    stages = {
        "start": first - begin,
        "prepare": ready - first,
        "steps": time.perf_counter() - ready,
        "certificate": 0.0,
    }
    fit = first_minimum(call, candidates, prepared, (reason, *told, prepared.solver), stages)
    fit.notes = tuple(note.removeprefix(SLOW) for note in fit.notes)  # the loop was not asked for more
    found = GraphFit.of(fit, prepared.values(fit.x), prepared.graph, stages)
    factor_loss: Any = call.problem.loss
    found.begun, found.weights = prepared.values(prepared.x), factor_loss.counted(found.residuals)
    if isinstance(wanted, GraduatedNonConvexity):
        judged(found, factor_loss)
        found.rounds = rounds
    if not narrowed_down:
        unfinished(found, call.over)
    found.notes += beyond_limit(found, limits)
    return found


def beyond_limit(fit: Fit, limits: Limits) -> tuple[str, ...]:
    """A note where a call took longer than it was allowed: the clock is asked between bursts of steps."""
    allowed, spent = limits.time_limit, fit.seconds
    if allowed is None or spent <= 2 * allowed or spent < allowed + 0.5:
        return ()
    said = f"the limit of {allowed:.3g} s became {spent:.1f} s, {fit.compile_seconds:.1f} of them compilation"
    return (f"{said}: what is under way is finished, and a second call of the same shape compiles nothing",)


def first_minimum(
    call: FitCall, candidates: Any, prepared: Prepared, reasons: tuple[str, ...], stages: dict[str, float]
) -> Fit:
    """The result of the first method that ends at what is shown to be a minimum, or the lowest; adds to the stages."""
    best, trials = None, 0
    for name, chosen, why in candidates:
        begin, limits = time.perf_counter(), call.limits.after(trials, False)
        patience = Creep() if name == "gauss-newton" and prepared.direct and len(candidates) > 1 else None
        done = run_from(call, limited(chosen, limits, call.x), call.x, progress=call.progress, patience=patience)
        if done.status == Status.NOT_FINITE and not len(done.trace):
            refuse_start(call, done, call.x)
        if call.over:  # perhaps before this run
            done = replace(done, status=call.over[0])
        whole = prepared.whole
        certified = call if whole is prepared.problem else replace(call, problem=replace(whole, loss=call.problem.loss))
        crept = len(done.trace) if done.onward is not None else 0
        if crept:
            newton = limited(newton_method(whole, STOP), call.limits.after(trials + crept, False), call.x)
            done = handed_over(done, run_from(certified, newton, done.state.x, progress=call.progress))
            why = f"{why}; it crept, and after {crept} trials Newton's method with the exact Hessian went on"
        arrived = time.perf_counter()
        done = replace(done, status=limits.named(done.status))
        fit = concluded(call, certified, done, chosen, name, (*reasons, why))
        if crept:
            seen = fit.evaluations
            fit.evaluations = replace(seen, hessian=seen.hessian + 1 + int(done.trace.accepted[crept:].sum()))
        stages["steps"] += arrived - begin
        stages["certificate"] += time.perf_counter() - arrived
        if best is None or (fit.success, -fit.value) > (best.success, -best.value):
            best = fit
        trials += len(done.trace)
        spent = call.limits.max_steps is not None and trials >= call.limits.max_steps
        if (best.success and not poor_start(done.trace)) or call.over or spent:
            break
    assert best is not None  # there is one candidate at least
    return best


def concluded(call: FitCall, certified: FitCall, done: Run, method: Method, name: str, reasons: tuple[str, ...]) -> Fit:
    """The result of a run with its certificate; without one where the time is over before it, or Ctrl-C ended the run
    or comes while it is made: its exact Hessian may have to be compiled."""
    ready = done.state.model.curvature.keeps_jacobian  # Newton's method has no J at hand
    if not (late(call) and ready):
        say_stage(call.progress, "certificate")
        try:
            return conclude_fit(certified, done, method, name, reasons)
        except KeyboardInterrupt:
            if not ready:
                raise
            call.over.append(Status.USER)
    return conclude_fit(call, replace(done, status=call.over[-1]), method, name, reasons, looked=False)


def enough_for(prepared: Prepared, limits: Limits) -> float:
    """How long the last full Newton steps may be without another one: as ever where directions are open, whose length
    says nothing."""
    if prepared.graph.gauge == "free":
        return POLISH
    return ENOUGH if limits.tolerance is None else min(ENOUGH, max(limits.tolerance, POLISH))


def poor_start(trace: Trace) -> bool:
    """Whether many of the first trials were refused."""
    return int(np.sum(~np.asarray(trace.accepted, bool)[:BEGINNING])) >= POOR


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
        own = {name: v.values for name, v in graph.variables.items()}  # perhaps not those of the file any more
        here, there = (start_cost(graph.file, values, loss) for values in (own, other))
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


def chosen_methods(
    method: Any, prepared: Prepared, loss: Loss | GraduatedNonConvexity
) -> list[tuple[str, Method, str]]:
    """What is tried, one after another until a minimum is reached: name, method and reason."""
    if isinstance(method, Method):
        return [(type(method.curvature).__name__, method, "given by the caller")]
    name = preset_name(method, RESIDUAL_PRESETS, RESIDUAL_ALIASES, {})
    is_open = prepared.graph.gauge == "free"
    if name != "auto":
        problem = prepared.whole if name == "newton" else prepared.problem
        return [(name, graph_method(name, problem, is_open), "asked for")]
    lm = graph_method("lm", prepared.problem, is_open)
    if is_open or not (isinstance(loss, Loss) and loss.plain):
        return [("lm", lm, "for factor graphs")]
    gauss_newton = graph_method("gauss-newton", prepared.problem, is_open)
    second = "Gauss-Newton from the same start reached nothing that is shown to be a minimum"
    return [("gauss-newton", gauss_newton, "for factor graphs"), ("lm", lm, second)]


def graph_method(name: str, problem: Any, is_open: bool) -> Method:
    """The preset of a name, as graphs need it."""
    return tuned(residual_preset(name, problem), is_open, is_open or not problem.jacobian_sparsity.exact)


@lru_cache(maxsize=64)  # one object for one method: `limited` knows its numbers on the device by it
def tuned(found: Method, is_open: bool, inexact: bool) -> Method:
    """A preset with the stopping rule and the first damping of graphs."""
    found = replace(found, stop=replace(STOP, gain=None) if inexact else STOP)
    if isinstance(found.control, Nielsen):
        begun = {"first": OPEN, "leap": LEAP} if is_open else {"first": FIRST}
        found = replace(found, control=replace(found.control, **begun))
    curvature: Any = found.curvature
    if is_open and found.curvature.observation.residual:
        found = replace(found, curvature=replace(curvature, fading=FORGOTTEN))
    return found

"""A start where nothing can begin: why, in words, and the result that says so."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.certificate.verdict import Verdict
from raphson.kernel.names import Numbered
from raphson.kernel.status import Status
from raphson.problems.callback import HOST
from raphson.solver.drive import Run
from raphson.solver.options import Limits
from raphson.solver.result import Result
from raphson.solver.suspect import SMOOTH, suspect, suspect_on_host, way_out


def not_begun(done: Run, problem: Any) -> str | None:
    """Why nothing could begin at x0, in words; None where the run did begin."""
    flat = np.concatenate([np.ravel(np.asarray(leaf)) for leaf in jax.tree.leaves(done.start)])
    bad = np.flatnonzero(~np.isfinite(flat))
    if bad.size:
        return f"x0 is not finite: {Numbered()[bad[0]]} = {flat[bad[0]]}"
    if done.status != Status.NOT_FINITE or len(done.trace):
        return None
    f, x, host = done.trace.start_value, done.start, isinstance(problem, HOST)
    if host:
        fails = lambda v: not np.isfinite(problem.value(v))
        cause = suspect_on_host(problem.value, np.asarray(x), fails, Numbered(), problem.space)
    else:
        cause = suspect(problem.value, x, Numbered())
    cause = f": {cause}" if cause else ""
    if not np.isfinite(f):
        return f"fun(x0) = {f}{cause}; choose a start where fun is finite"
    g = np.asarray(done.state.model.gradient)
    where = np.flatnonzero(~np.isfinite(g))
    what = f"derivative by {Numbered()[where[0]]} is {g[where[0]]}" if where.size else "Hessian is not finite"
    smooth = SMOOTH if host else way_out(problem.value, x)
    return f"fun(x0) = {f:.6g}, but its {what} at x0{cause}; {smooth}"


def no_more(problem: Any, limits: Limits) -> Limits:
    """The limits of a run from an x0 that is not finite: no trial, and no call of a function on the host after the one
    that looked at it."""
    if isinstance(problem, HOST):
        problem.evaluations.limit = problem.evaluations.total
    return replace(limits, max_steps=0)


def unknown_at_start(done: Run) -> Run:
    """A run from an x0 that is not finite: whatever f makes of it, nothing is known there."""
    model = done.state.model
    nothing = jnp.full_like(model.gradient, jnp.nan)
    model = replace(model, x=done.start, value=jnp.full_like(model.value, jnp.nan), gradient=nothing)
    state = replace(done.state, iterate=replace(done.state.iterate, model=model))
    state = replace(state, best=replace(state.best, x=done.start, value=model.value))
    return replace(done, state=state, status=Status.NOT_FINITE)


def refused_start(result: Result, why: str) -> Result:
    """The result where nothing could begin: x0 itself, without success, and the reason (loops over starts go on)."""
    certificate = replace(result.certificate, verdict=Verdict.NOT_FINITE, criterion=why)
    return replace(result, certificate=certificate, termination=Status.NOT_FINITE)

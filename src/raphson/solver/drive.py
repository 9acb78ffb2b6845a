"""Drivers of the one step: compiled bursts, a generator, and the pieces for functions that JAX cannot trace."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.calculus.taylor import look
from raphson.kernel.room import make_room
from raphson.kernel.status import Status
from raphson.kernel.trace import SCALARS, Trace, Trial, row
from raphson.problems.callback import HOST, OutOfCalls
from raphson.solver.packed import host_steps, trial_of
from raphson.solver.step import (
    Method,
    State,
    appraise,
    arrive,
    conclude,
    launch,
    propose,
    step,
)

HISTORY = 128
"""Trials recorded in one compiled burst."""

FIRST = 8
"""Steps of a burst whose pace is not known yet."""

BURST = 0.1
"""Seconds that one burst should take: how long Ctrl-C, a time limit or a progress line may have to wait."""


@dataclass(frozen=True)
class Run:
    """A finished run on the host: where it started, the last state, its trials, and what it cost."""

    start: Any
    state: State
    trace: Trace
    status: Status
    seconds: float


def loop(method: Method, problem: Any, state: State, until: Any, history: int) -> tuple[State, Any, Any]:
    """Steps until the run ends or k reaches `until`; the trials as rows, and their steps."""
    start = state.k
    size = problem.space.size(state.x)
    dtype = state.place.model.value.dtype
    rows, steps = jnp.zeros((history, len(SCALARS)), dtype), jnp.zeros((history, size), dtype)

    def body(carry):
        state, rows, steps = carry
        new, trial = step(method, problem, state)
        at = state.k - start
        return new, rows.at[at].set(row(trial), mode="drop"), steps.at[at].set(trial.step, mode="drop")

    def going(carry):
        return (carry[0].status == Status.RUNNING) & (carry[0].k < until)

    return lax.while_loop(going, body, (state, rows, steps))


advance = partial(jax.jit, static_argnames="history")(loop)


@jax.jit
def attempt(method: Method, problem: Any, state: State) -> tuple[Any, Any, Trial, tuple[State, Trial]]:
    """The first half of a step, and its conclusion in case the trial is rejected."""
    proposal, x = propose(method, problem.space, state)
    seen = look(problem, x, method.control.order)
    trial, control = appraise(method, state, proposal, seen)
    return seen, control, trial, conclude(method, state, state.place, control, trial)


@jax.jit
def land(method: Method, problem: Any, state: State, seen: Any, control: Any, trial: Trial) -> tuple[State, Trial]:
    """The second half: arrive and conclude."""
    place, control, trial = arrive(method, problem, state, seen, control, trial)
    return conclude(method, state, place, control, trial)


def one_step(method: Method, problem: Any, state: State) -> tuple[State, Trial]:
    """One step from Python: two dispatches of compiled code, the second only if the trial is taken."""
    seen, control, trial, rejected = attempt(method, problem, state)
    return land(method, problem, state, seen, control, trial) if bool(trial.accepted) else rejected


def iterate(method: Method, problem: Any, x0: Any) -> Iterator[tuple[State, Trial]]:
    """The run as a generator: yields (state, trial) after every trial, accepted or not.

    The caller's `for` loop is the callback, the progress bar, the time limit and the stop button.
    """
    if isinstance(problem, HOST):
        key = structure(method, problem, x0)
        begin = start_state(method, problem, x0, key)
        for k, (state_of, status, numbers, s) in enumerate(host_steps(key, method, problem, begin)):
            if k:
                yield state_of(), trial_of(numbers, s)
            if status != Status.RUNNING:
                return
    state, _ = one_step(method, problem, start_state(method, problem, x0))
    while int(state.status) == Status.RUNNING:
        state, trial = one_step(method, problem, state)
        yield state, trial


class Started:
    """What a warm call need not compute again, by structure: launch states, and seconds per step."""

    states: ClassVar[dict[Any, State]] = {}
    pace: ClassVar[dict[Any, float]] = {}
    compiled: ClassVar[set[Any]] = set()


def structure(method: Method, problem: Any, x0: Any) -> Any:
    """The key under which everything that depends on shapes and structure alone may be reused."""
    host = isinstance(problem, HOST)
    leaves, tree = jax.tree.flatten((method, problem.space if host else problem, x0))
    kind = type(problem) if host else None  # a host function is no pytree; the number of residuals does not matter
    return tree, tuple((np.shape(a), a.dtype) for a in leaves), kind


def start_state(method: Method, problem: Any, x0: Any, key: Any = None) -> State:
    """`launch`, remembered by structure: only x (and a matrix-free operator's copy of it) is new."""
    key = structure(method, problem, x0) if key is None else key
    if key not in Started.states:
        make_room()
        if len(Started.states) > 256:
            Started.states.clear()
        Started.states[key] = launch(method, problem, x0)
    state = Started.states[key]
    model = replace(state.place.model, x=x0)
    return replace(state, place=replace(state.place, model=model), best=replace(state.best, x=x0))


def run(
    method: Method,
    problem: Any,
    x0: Any,
    *,
    watcher: Callable[[State, Trial], bool] | None = None,
    time_limit: float | None = None,
    progress: Callable[[State], None] | None = None,
) -> Run:
    """Runs to the end. `watcher` sees every trial and may stop the run; `progress` sees every burst.

    On Ctrl-C and at the time limit what was reached so far is returned, with its trace.
    """
    begin = time.perf_counter()
    key = structure(method, problem, x0)
    state = first = start_state(method, problem, x0, key)
    if isinstance(problem, HOST):
        bursts = host_bursts(method, problem, watcher, key)
    else:
        bursts = watched_bursts(method, problem, watcher) if watcher else compiled_bursts(method, problem, key)
    rows, steps, status = [], [], Status.RUNNING
    try:
        for state, burst_rows, burst_steps, status in bursts(first):
            rows.append(burst_rows)
            steps.append(burst_steps)
            if progress is not None:
                progress(state() if callable(state) else state)
            if status == Status.RUNNING and time_limit is not None and time.perf_counter() - begin > time_limit:
                status = Status.TIME
                break
    except KeyboardInterrupt:
        status = Status.USER
        if isinstance(problem, HOST):
            problem.evaluations.limit = problem.evaluations.total  # who interrupts f does not want it called again
        if not rows:
            raise KeyboardInterrupt("stopped before f was evaluated once: there is nothing to return") from None
    except OutOfCalls:
        status = Status.CALLS
        if not rows:
            state, first_row = unseen(first, problem)
            rows, steps = [first_row], [np.zeros_like(np.asarray(state.model.gradient))[None]]
    state = state() if callable(state) else state  # states of host runs are unpacked when asked for
    trace = Trace(np.concatenate(rows), np.concatenate(steps))
    return Run(x0, state, trace, status, time.perf_counter() - begin)


def unseen(state: State, problem: Any) -> tuple[State, np.ndarray]:
    """The state and the row of a run whose calls did not suffice for derivatives at the start: only f is known."""
    last = problem.lengths.last[1]
    value = np.asarray(last if np.ndim(last) == 0 else problem.cost(last), float)
    gradient = np.full_like(np.asarray(state.model.gradient), np.nan)
    model = replace(state.model, value=value, gradient=gradient)
    numbers = np.full(len(SCALARS), np.nan)
    numbers[SCALARS.index("value")] = value
    state = replace(state, place=replace(state.place, model=model), best=replace(state.best, value=value))
    return state, numbers[None]


Bursts = Callable[[State], Iterator[tuple[Any, np.ndarray, np.ndarray, Status]]]


def compiled_bursts(method: Method, problem: Any, key: Any) -> Bursts:
    """Bursts of compiled steps, as many at a time as fit into `BURST` seconds by the pace measured so far."""

    def bursts(state: State) -> Iterator[tuple[State, np.ndarray, np.ndarray, Status]]:
        k, status = -1, Status.RUNNING
        while status == Status.RUNNING:
            pace = Started.pace.get(key)
            size = FIRST if pace is None else int(np.clip(BURST / pace, 1, HISTORY))
            begin = time.perf_counter()
            state, rows, steps = advance(method, problem, state, k + size, history=HISTORY)
            count, status = int(state.k) - k, Status(int(state.status))
            k += count
            # The first burst of a structure compiles; its time says nothing about the pace.
            seen = key in Started.compiled
            Started.compiled.add(key)
            if seen:
                Started.pace[key] = (time.perf_counter() - begin) / max(count, 1)
            yield state, np.asarray(rows)[:count], np.asarray(steps)[:count], status

    return bursts


def watched_bursts(method: Method, problem: Any, watcher: Callable[[State, Trial], bool] | None) -> Bursts:
    """One step at a time, for watchers."""

    def bursts(state: State) -> Iterator[tuple[State, np.ndarray, np.ndarray, Status]]:
        status = Status.RUNNING
        while status == Status.RUNNING:
            launched = int(state.k) >= 0
            state, trial = one_step(method, problem, state)
            stop = launched and watcher is not None and watcher(state, trial)
            status = Status.USER if stop else Status(int(state.status))
            yield state, np.asarray(row(trial))[None], np.asarray(trial.step)[None], status

    return bursts


def host_bursts(method: Method, problem: Any, watcher: Callable[[State, Trial], bool] | None, key: Any) -> Bursts:
    """The same for host functions."""

    def bursts(state: State) -> Iterator[tuple[State, np.ndarray, np.ndarray, Status]]:
        for k, (state_of, status, numbers, s) in enumerate(host_steps(key, method, problem, state)):
            if k > 0 and watcher is not None and watcher(state_of(), trial_of(numbers, s)):
                status = Status.USER
            yield state_of, numbers[None], s[None], status
            if status != Status.RUNNING:
                return

    return bursts

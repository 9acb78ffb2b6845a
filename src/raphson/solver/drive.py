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

from raphson.kernel.pack import Packed, pack
from raphson.kernel.program import Program
from raphson.kernel.recorder import BUDGET, Recorder
from raphson.kernel.room import make_room
from raphson.kernel.status import Status
from raphson.kernel.trace import SCALARS, Trace, Trial, host_row, row
from raphson.model.units import units_at
from raphson.problems.callback import HOST, OutOfCalls
from raphson.solver.allowance import Budget
from raphson.solver.carry import lean, whole
from raphson.solver.packed import fixed_of, host_steps, trial_of
from raphson.solver.patience import HISTORY, Patience
from raphson.solver.saddle import leave
from raphson.solver.step import (
    Method,
    State,
    accept_step,
    appraise,
    conclude,
    in_units,
    init,
    propose,
    step,
    trial_observation,
)

KEPT = 2**16
"""Numbers up to which an initial state is remembered; making a larger one anew costs nothing beside its run."""

FIRST = 8
"""Steps of a burst whose pace is not known yet."""

BURST = 0.1
"""Seconds that one burst should take: how long Ctrl-C or a progress line may have to wait, but for `ONSET` and
`LONG_BURST`."""

LARGE, LONG_BURST = 2**20, 1.0
"""Of a state of more numbers than so many, a burst takes longer: each maps its buffers anew. Of Trafalgar-21 (6e6
numbers) a burst costs 13 000 page faults, 30 ms beside 55 a trial: 0.69 s in bursts of one trial, 0.47 s in one."""

ONSET = 0.5
"""And the first one of a run at most, for `FIRST` steps. M3500, five trials of 8 ms: 42 ms in one, 54 in two bursts."""


@dataclass(frozen=True)
class Run:
    """A finished run on the host: where it started, the last state, its trials, and what it cost.

    `onward`: goes on with a run that was laid aside because it crawled (`Patience`), to its end.
    """

    start: Any
    state: State
    trace: Trace
    status: Status
    seconds: float
    onward: "Callable[[], Run] | None" = None


def loop(method: Method, problem: Any, state: State, until: Any, history: int) -> tuple[Packed, Any]:
    """Steps until the run ends or k reaches `until`: the lean state, packed, and a table with a row for every trial.

    The state comes in as it is: taking it from vectors would be a kernel a piece, 12 ms each to compile.
    """
    start = state.k
    width = len(SCALARS) + problem.space.size(state.x)
    table = jnp.zeros((history, width), state.iterate.model.value.dtype)

    def body(carry):
        state, table = carry
        new, trial = step(method, problem, whole(state, problem))
        return lean(new), lax.dynamic_update_slice_in_dim(table, row(trial)[None], state.k - start, 0)

    def going(carry):
        return (carry[0].status == Status.RUNNING) & (carry[0].k < until)

    state, table = lax.while_loop(going, body, (lean(state), table))
    return pack(state), table


def history_of(x: Any) -> int:
    """The rows of a burst's table: an eighth of the memory for steps, or one."""
    row = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(x))
    return int(np.clip(BUDGET // 8 // row, 1, HISTORY))


advance = Program(loop, static_argnames=("history",))

initialized = Program(lambda method, problem, x0: pack(lean(init(method, problem, x0))))


@Program
def attempt(method: Method, problem: Any, state: State) -> tuple[Any, Any, Trial, tuple[State, Trial]]:
    """The first half of a step, and its conclusion in case the trial is rejected, with a lean state."""
    proposal, x = propose(method, problem.space, state)
    seen = trial_observation(method).evaluate(problem, x)
    trial, control = appraise(method, state, proposal, seen)
    state, concluded = conclude(method, state, state.iterate, control, trial)
    return seen, control, trial, (lean(state), concluded)


@Program
def finish_step(
    method: Method, problem: Any, state: State, seen: Any, control: Any, trial: Trial
) -> tuple[State, Trial]:
    """The second half: accept and conclude; the state is lean."""
    reached, control, trial = accept_step(method, problem, state, seen, control, trial)
    state, trial = conclude(method, state, reached, control, trial)
    return lean(state), trial


def one_step(method: Method, problem: Any, state: State) -> tuple[State, Trial]:
    """One step from Python: two dispatches of compiled code, the second only if the trial is taken."""
    seen, control, trial, (rejected, refused) = attempt(method, problem, state)
    if not bool(trial.accepted):
        return whole(rejected, problem), refused
    state, trial = finish_step(method, problem, state, seen, control, trial)
    return leave(method, problem, whole(state, problem)), trial


def iterate_trials(method: Method, problem: Any, x0: Any) -> Iterator[tuple[State, Trial]]:
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
    """What a warm call need not compute again, by structure: initial states, and seconds per step."""

    states: ClassVar[dict[Any, State]] = {}
    pace: ClassVar[dict[Any, float]] = {}
    compiled: ClassVar[set[Any]] = set()


def structure(method: Method, problem: Any, x0: Any) -> Any:
    """The key under which everything that depends on shapes and structure alone may be reused."""
    host = isinstance(problem, HOST)
    leaves, tree = jax.tree.flatten((fixed_of(method, problem) if host else (method, problem), x0))
    kind = type(problem) if host else None  # a host function is no pytree; the number of residuals does not matter
    return tree, tuple((np.shape(a), a.dtype) for a in leaves), kind


def start_state(method: Method, problem: Any, x0: Any, key: Any = None) -> State:
    """`init`, remembered by structure: only x is new, and the units of the variables there."""
    key = structure(method, problem, x0) if key is None else key
    state = Started.states.get(key)
    if state is None:
        make_room()
        if len(Started.states) > 256:
            Started.states.clear()
        # Fetched packed and sent back: of 25 results each would be a kernel of its own.
        state = jax.device_put(initialized(method, problem, x0).home())
        if sum(leaf.size for leaf in jax.tree.leaves(state)) <= KEPT:
            Started.states[key] = state
    state = whole(state, problem)
    model = replace(state.iterate.model, x=x0)
    state = replace(state, iterate=replace(state.iterate, model=model), best=replace(state.best, x=x0))
    return in_units(state, units_at(problem, x0)) if method.curvature.scaled else state


def run(
    method: Method,
    problem: Any,
    x0: Any,
    *,
    watcher: Callable[[State, Trial], bool] | None = None,
    time_limit: float | None = None,
    progress: Callable[[State], None] | None = None,
    patience: Patience | Budget | None = None,
) -> Run:
    """Runs to the end. `watcher` sees every trial and may stop the run; `progress` sees every burst.

    On Ctrl-C and at the time limit what was reached so far is returned, with its trace. `patience`: a run that
    crawls, or costs more than it is allowed, is laid aside, as if its steps were limited.
    """
    begin = time.perf_counter()
    key = structure(method, problem, x0)
    if isinstance(problem, HOST):
        first = start_state(method, problem, x0, key)
        bursts = host_bursts(method, problem, watcher, key)(first)
        return driven(problem, x0, first, bursts, None, Recorder(), begin, time_limit, progress, patience)
    ends = np.inf if time_limit is None else begin + time_limit
    compiled = compiled_bursts(method, problem, key, patience, ends)
    make = watched_bursts(method, problem, watcher) if watcher else compiled
    # The initial state is the generator's alone, which lets it go: of a million variables it is 0.2 GB.
    bursts = make(start_state(method, problem, x0, key))
    return driven(problem, x0, None, bursts, None, Recorder(), begin, time_limit, progress, patience)


def driven(
    problem: Any, x0: Any, first: State | None, bursts: Iterator, state: Any, recorder: Recorder, begin: float,
    time_limit: float | None, progress: Callable[[State], None] | None,
    patience: Patience | Budget | None,
) -> Run:  # fmt: skip
    """A run from the bursts that are left of it; `state` and `recorder` of the trials before, `first` of host runs.

    Of host runs `state` is what makes one, for it is unpacked when it is asked for.
    """
    status, onward = Status.RUNNING, None
    try:
        for state, table, status in bursts:
            recorder.add(table)
            if progress is not None:
                progress(state() if callable(state) else state)  # type: ignore[arg-type]
            if status == Status.RUNNING and time_limit is not None and time.perf_counter() - begin > time_limit:
                status = Status.TIME
                break
            if status == Status.RUNNING and patience is not None and patience.worn(table):
                status = Status.STEPS
                onward = partial(driven, problem, x0, first, bursts, state, recorder, begin, time_limit, progress, None)
                break
    except KeyboardInterrupt:
        status = Status.USER
        if isinstance(problem, HOST):
            problem.evaluations.limit = problem.evaluations.total  # who interrupts f does not want it called again
        if state is None:
            raise KeyboardInterrupt(
                "stopped before the first derivatives were there: there is nothing to return"
            ) from None
    except OutOfCalls:
        status = Status.CALLS
        if state is None and first is not None:
            state, table = unseen(first, problem)
            recorder.add(table)
    state = state() if callable(state) else state
    return Run(x0, state, recorder.trace(), status, time.perf_counter() - begin, onward)


def unseen(state: State, problem: Any) -> tuple[State, np.ndarray]:
    """The state and the table of a run whose calls did not suffice for derivatives at the start: only f is known."""
    last = problem.lengths.last[1]
    value = np.asarray(last if np.ndim(last) == 0 else problem.cost(last), float)
    gradient = np.full_like(np.asarray(state.model.gradient), np.nan)
    model = replace(state.model, value=value, gradient=gradient)
    numbers = np.full(len(SCALARS) + gradient.size, np.nan)
    numbers[SCALARS.index("value")] = value
    numbers[len(SCALARS) :] = 0
    state = replace(state, iterate=replace(state.iterate, model=model), best=replace(state.best, value=value))
    return state, numbers[None]


Bursts = Callable[[State], Iterator[tuple[Any, np.ndarray, Status]]]
"""From an initial state: states on the host (of host runs: what makes one), tables of the trials since, its status."""


def compiled_bursts(
    method: Method, problem: Any, key: Any, patience: Patience | Budget | None = None, ends: float = np.inf
) -> Bursts:
    """Bursts of compiled steps, as many at a time as fit into `BURST` seconds by the pace measured so far, into the
    time until it `ends`, and into what there is until `patience` is to be asked."""

    def bursts(state: State) -> Iterator[tuple[State, np.ndarray, Status]]:
        k, status, history = -1, Status.RUNNING, history_of(state.x)
        large = sum(leaf.size for leaf in jax.tree.leaves(state.iterate)) > LARGE
        while status == Status.RUNNING:
            pace = Started.pace.get(key)
            size = FIRST if pace is None else int(np.clip((LONG_BURST if large else BURST) / pace, 1, HISTORY))
            if k < 0 and pace is not None:  # many runs end here: the state need not come home and go out again
                size = max(size, int(min(FIRST, ONSET / pace)))
            if ends < np.inf:  # of a pace that nobody knows: one step where the time is over
                left = ends - time.perf_counter()
                size = min(size, max(int(left / pace), 1)) if pace is not None else size if left > 0 else 1
            size = size if patience is None else min(size, patience.room())
            begin = time.perf_counter()
            packed, table = advance(method, problem, state, k + min(size, history), history=history)
            state = whole(packed.home(), problem)
            count = int(state.k) - k
            k += count
            # The first burst of a structure compiles; its time says nothing about the pace.
            seen = key in Started.compiled
            Started.compiled.add(key)
            if seen:
                Started.pace[key] = (time.perf_counter() - begin) / max(count, 1)
            state = leave(method, problem, state)
            status = Status(int(state.status))
            yield state, np.asarray(table)[:count], status

    return bursts


def watched_bursts(method: Method, problem: Any, watcher: Callable[[State, Trial], bool] | None) -> Bursts:
    """One step at a time, for watchers."""

    def bursts(state: State) -> Iterator[tuple[State, np.ndarray, Status]]:
        status = Status.RUNNING
        while status == Status.RUNNING:
            begun = int(state.k) >= 0
            state, trial = one_step(method, problem, state)
            stop = begun and watcher is not None and watcher(state, trial)
            status = Status.USER if stop else Status(int(state.status))
            yield state, host_row(trial)[None], status

    return bursts


def host_bursts(method: Method, problem: Any, watcher: Callable[[State, Trial], bool] | None, key: Any) -> Bursts:
    """The same for host functions."""

    def bursts(state: State) -> Iterator[tuple[Any, np.ndarray, Status]]:
        for k, (state_of, status, numbers, s) in enumerate(host_steps(key, method, problem, state)):
            if k > 0 and watcher is not None and watcher(state_of(), trial_of(numbers, s)):
                status = Status.USER
            yield state_of, np.concatenate([numbers, s])[None], status
            if status != Status.RUNNING:
                return

    return bursts

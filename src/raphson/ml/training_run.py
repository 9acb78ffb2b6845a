"""A training run: which batch comes, and one trial on it, by the solver's step or an optax-like transformation."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.kernel.program import Program
from raphson.kernel.status import Status
from raphson.kernel.trace import SCALARS, Trial
from raphson.ml.batch_risk import BatchRisk, batch_problem, term_of
from raphson.ml.batches import BatchStream, ShuffledBatches, StreamEnded, WholeData, one_batch, whole_arrays
from raphson.ml.common_end import lies_elsewhere
from raphson.ml.mesh import loosened
from raphson.ml.microbatches import Microbatches, leading, microbatches
from raphson.ml.parameter_tree import parameter_tree
from raphson.ml.risk import EmpiricalRisk, named_data
from raphson.ml.risk_products import OutputTerm
from raphson.ml.training_methods import Transformation, key_data, training_method
from raphson.ml.training_record import COLUMNS, TrainingState
from raphson.paths.proposal import DAMPING
from raphson.solver.carry import lean, whole
from raphson.solver.refresh import damped_further, refresh
from raphson.solver.step import Method, State, init, select, step

Array = jax.Array

MOST_TRIES = 8
"""Trials on one batch before the next one comes. Damping grows by 4^8, a radius falls to 10^-3 of itself at least."""


@dataclass
class Training:
    """A run that has not begun: what it is about, where batches come from, how it steps."""

    term: Any
    mean: bool
    source: Any
    method: Method | Transformation
    curvature_batch: int | None
    dtype: Any
    total: float | None = None
    frozen: Any = None

    def batch(self, k: int, key: Any) -> tuple[BatchRisk, float]:
        """The k-th batch as a risk, and the epochs that are over after it."""
        data, epochs = self.source.batch(k)
        if isinstance(self.source, BatchStream):
            data = one_batch(tagged(self.term, jax.tree.map(lambda a: a[0], data.parts[0])))
        m, size = self.curvature_batch, data.count
        curved = None
        if m is not None and m < size:
            if not data.single:
                raise ValueError("curvature_batch goes with one batch a step, not with all data in microbatches")
            curved = one_batch(jax.tree.map(lambda a: a[0, :m], data.parts[0]))
        rest = (None, None) if curved is None else (self.scale(curved), curved)
        return BatchRisk(self.scale(data), data, *rest, key, self.frozen_for(k), self.term), epochs

    def frozen_for(self, k: int) -> Any:
        """What the model takes beside parameters and batch; a random key is another one for every batch, and the same
        for all trials on it."""
        if getattr(self.frozen, "key", None) is None or self.source.constant:
            return self.frozen
        return replace(self.frozen, key=jax.random.fold_in(self.frozen.key, k))

    def scale(self, data: Microbatches) -> Any:
        """1 over the weight of the examples; of a sum over N examples that, times N."""
        weight = weight_of(self.term, data)
        whole_weight = 1.0 if self.mean else weight if self.total is None else self.total
        return np.asarray(whole_weight / weight, self.dtype)

    def start(self, params: Any, seed: int) -> TrainingState:
        """The state before the first trial."""
        params = jax.tree.map(lambda a: loosened(jnp.asarray(a)), params)
        key, zero = key_data(seed), np.zeros((), np.int32)
        return TrainingState(
            params, self.begin(params, key), key, np.full((), -1, np.int32), np.ones((), bool), zero, zero
        )

    def again(self, state: TrainingState, params: Any) -> TrainingState:
        """A state from before. Raises ValueError where it belongs to another method or to other parameters."""
        shapes = lambda tree: jax.tree.map(lambda a: (np.shape(a), jnp.result_type(a)), tree)
        key = key_data(0)
        fresh = jax.eval_shape(lambda p: self.begin(p, key), jax.tree.map(jnp.asarray, params))
        wanted, given = shapes((params, fresh)), shapes((state.params, state.inner))
        if jax.tree.structure(wanted) != jax.tree.structure(given) or jax.tree.leaves(wanted) != jax.tree.leaves(given):
            raise ValueError(
                "the state is that of another method or of other parameters: train with those it came from"
            )
        return state

    def begin(self, params: Any, key: Any) -> Any:
        """The method's own first state."""
        risk = self.first(params, key)
        if isinstance(self.method, Transformation):
            return self.method.init(params)
        if len(set(parameter_tree(params).dtypes)) > 1:
            raise TypeError(
                f"parameters come in {' and '.join(sorted({str(d) for d in parameter_tree(params).dtypes}))}: a step "
                "is one vector, give them one type"
            )
        return first_state(self.method, batch_problem(risk), params)

    def first(self, params: Any, key: Any) -> BatchRisk:
        """The first batch. Raises ValueError where there is none, or where its loss is not one real number."""
        try:
            risk = self.batch(0, key)[0]
        except StreamEnded:
            raise ValueError("batches= holds no batch") from None
        if not isinstance(self.term, OutputTerm):
            value = jax.eval_shape(risk.value, params)
            if getattr(value, "shape", None) != () or not jnp.issubdtype(value.dtype, jnp.floating):
                raise ValueError(f"the loss of a batch is {value}: one real number is expected")
        return risk

    def shared(self, params: Any) -> bool:
        """Whether other processes take part: they hold some of the first batch, or of the parameters."""
        return jax.process_count() > 1 and lies_elsewhere((params, self.source.batch(0)[0]))

    def trials(
        self, state: TrainingState, anywhere: Callable[[bool], bool] = bool
    ) -> Iterator[tuple[TrainingState, np.ndarray, Status]]:
        """Trial after trial, without an end of its own unless there is one batch alone, or no further one, here or
        `anywhere` else."""
        begin, last, held = time.perf_counter(), -1, None
        while True:
            anew = bool(state.settled) and not (self.source.constant and int(state.position) >= 0)
            k = int(state.position) + int(bool(state.settled))
            if held is None or (k != last and not self.source.constant):
                held = self.following(k, state.key, anywhere)
                if held is None:
                    return
            last = k
            risk, epochs = held if not self.source.constant else (held[0], float(k + 1))
            state, numbers, status = self.trial(state, risk, anew, k)
            yield state, np.concatenate([numbers, [k, epochs, time.perf_counter() - begin]]), status

    def following(self, k: int, key: Any, anywhere: Callable[[bool], bool]) -> tuple[BatchRisk, float] | None:
        """The k-th batch; None where a stream has come to its end, here or `anywhere`."""
        try:
            found = self.batch(k, key_of_batch(key, k))
        except StreamEnded:
            found = None
        return None if isinstance(self.source, BatchStream) and anywhere(found is None) else found

    def trial(self, state: TrainingState, risk: BatchRisk, anew: bool, k: int) -> tuple[TrainingState, Any, Status]:
        """One trial on a batch: the state after it, the numbers of the trace, and the status of the batch's run."""
        if isinstance(self.method, Transformation):
            m, key = self.method, risk.key
            params, inner, numbers = transformed(m.update, m.extras, risk, state.params, state.inner, key)
            numbers, code = np.asarray(numbers, float), int(Status.RUNNING)
        else:
            problem = batch_problem(risk)
            inner, numbers, code = batch_trial(self.method, problem, state.inner, np.asarray(anew))
            params, numbers, code = inner.x, np.asarray(numbers, float), int(code)
        row = dict(zip(COLUMNS, numbers, strict=False))
        fine = bool(np.isfinite(row["loss"]) and np.isfinite(row["gradient_norm"]))
        tries = int(state.tries) + 1 if k == int(state.position) else 1
        done = bool(row["accepted"]) or not fine or tries >= MOST_TRIES or code != Status.RUNNING
        done = done or isinstance(self.method, Transformation)
        made = TrainingState(
            params, inner, state.key, np.asarray(k, np.int32), np.asarray(done),
            np.asarray(tries, np.int32), np.asarray(state.trials + 1, np.int32),
        )  # fmt: skip
        ends = Status(code) if self.source.constant else Status.RUNNING
        return made, numbers, ends


def key_of_batch(key: Any, k: int) -> np.ndarray:
    """The key of the k-th batch, as plain numbers: drawn on the host, where JAX would run three small programs."""
    numbers = np.asarray(key)
    return np.random.SeedSequence([*numbers.tolist(), k]).generate_state(numbers.size, np.uint32)


def wrapped(key: Any) -> Any:
    """A key from its plain numbers."""
    return jax.random.wrap_key_data(jnp.asarray(key))


@Program
def first_state(method: Method, problem: Any, params: Any) -> State:
    """`init`, lean."""
    return lean(init(method, problem, params))


@Program
def batch_trial(method: Method, problem: Any, state: State, anew: Array) -> tuple[State, Array, Array]:
    """One step on a batch, after `refresh` where it is another batch than the last one. Where f or its gradient is not
    finite on this batch, the state is as before, but for a quarter of tau."""
    before = whole(state, problem)

    def other() -> tuple[State, Array]:
        seen, fine = refresh(method, problem, before)
        return lean(seen), fine

    current, fine = lax.cond(anew, other, lambda: (lean(before), jnp.ones((), bool)))
    current = whole(current, problem)
    model = current.model
    after, trial = step(method, problem, current)
    kept = select(fine, lean(after), lean(damped_further(before)))
    trial = replace(trial, accepted=trial.accepted & fine)
    damping = 1 / trial.tau if getattr(method.path, "unit", None) == DAMPING else trial.tau
    return kept, numbers_of(trial, model.value, jnp.linalg.norm(model.gradient), damping), kept.status


def numbers_of(trial: Trial, loss: Array, slope: Array, damping: Array) -> Array:
    """The first columns of a trace."""
    known = {name: getattr(trial, name) for name in SCALARS} | {
        "loss": loss, "gradient_norm": slope, "damping": damping,
    }  # fmt: skip
    return jnp.stack([jnp.asarray(known[name]).astype(loss.dtype) for name in COLUMNS if name in known])


def advance_transformed(
    update: Any, extras: tuple[str, ...], risk: BatchRisk, params: Any, inner: Any, key: Any
) -> tuple[Any, Any, Array]:
    """One update of an optax-like transformation; nothing is changed where loss, gradient or update is not finite."""
    value, slope = jax.value_and_grad(risk.value)(params)
    batch = jax.tree.map(lambda a: a[0], risk.data.parts[0]) if risk.data.single else risk.data

    def value_fn(params: Any, batch: Any = None, risk: BatchRisk = risk, key: Any = None) -> Array:
        """The loss of the batch elsewhere, called with all that `update` was (optax.lbfgs does)."""
        return risk.value(params)

    known = {
        "value": value, "grad": slope, "value_fn": value_fn, "batch": batch, "risk": risk, "key": wrapped(key),
    }  # fmt: skip
    updates, after = update(slope, inner, params, **{name: known[name] for name in extras})
    tree = parameter_tree(params)
    move, g = tree.flat(updates), tree.flat(slope)
    fine = jnp.isfinite(value) & jnp.all(jnp.isfinite(move)) & jnp.all(jnp.isfinite(g))
    moved = jax.tree.map(lambda p, u: (p + u).astype(p.dtype), params, updates)
    params, inner = select(fine, moved, params), select(fine, after, inner)
    blank = jnp.full_like(value, jnp.nan)
    row = dict.fromkeys(COLUMNS, blank) | {
        "loss": value, "gradient_norm": jnp.linalg.norm(g), "length": jnp.linalg.norm(move), "accepted": fine,
        "inner": jnp.zeros_like(value),
    }  # fmt: skip
    return params, inner, jnp.stack([jnp.asarray(row[name]).astype(value.dtype) for name in COLUMNS[:-3]])


transformed = Program(advance_transformed, static_argnames=("update", "extras"))
"""Compiled."""


def prepared(
    loss: Any, params: Any, data: Any, batches: Any, method: Any, batch_size: int | None,
    curvature_batch: int | None, seed: int, keep_last: bool,
) -> Training:  # fmt: skip
    """What is meant by the arguments of `train`. Raises ValueError and TypeError, and names what does not fit."""
    term, data = term_of(loss), jax.tree.map(loosened, data)
    risk = loss if isinstance(loss, EmpiricalRisk) else None
    tree = parameter_tree(params)
    if batches is not None and (data is not None or batch_size is not None):
        raise TypeError("batches= is a stream of batches: give it alone, or data= with batch_size=")
    source: Any
    if batches is not None:
        source = BatchStream(batches)
    elif data is None and risk is None:
        raise TypeError("there is nothing to train on: give data= (arrays, the examples first) or batches=")
    elif batch_size is None:
        source = WholeData(risk.data if risk is not None and data is None else microbatches(tagged(term, data)))
    else:
        arrays = whole_arrays(risk.data) if risk is not None and data is None else tagged(term, data)
        source = ShuffledBatches(arrays, batch_size, seed, keep_last)
    if curvature_batch is not None and (isinstance(curvature_batch, bool) or curvature_batch < 1):
        raise ValueError(f"curvature_batch is {curvature_batch!r}: it is a number of examples, at least 1")
    if jnp.finfo(tree.dtype).bits < 32 and not hasattr(method, "update"):
        raise TypeError(
            f"the parameters are {tree.dtype}: methods of the solver work in float32 or float64. Cast to fewer digits "
            "inside the loss, or take a transformation (raphson.ml.soap, optax's)"
        )
    chosen = training_method(method, isinstance(term, OutputTerm), tree.dtype, source.constant)
    mean = risk is None or risk.mean
    total = None if risk is None or isinstance(source, BatchStream) else weight_of(term, risk.data)
    if risk is not None:
        risk.checked(params)
    return Training(term, mean, source, chosen, curvature_batch, tree.dtype, total, getattr(risk, "frozen", None))


def tagged(term: Any, data: Any) -> Any:
    """Data as the term takes it: of a named loss with weights and numbers."""
    if isinstance(term, OutputTerm):
        return named_data(data, term.loss.name)
    return (data, np.arange(leading(data))) if getattr(term, "how", "") == "each" else data


def weight_of(term: Any, data: Microbatches) -> float:
    """The weight of all examples."""
    if isinstance(term, OutputTerm):
        with jax.ensure_compile_time_eval():  # weights are numbers, also where parameters are traced
            return sum(float(jnp.sum(part[2])) for part in data.parts)
    return float(data.count)

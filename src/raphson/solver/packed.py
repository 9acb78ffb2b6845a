"""Host runs: the state travels as two vectors, so that a trial costs one or two small dispatches of one program."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.calculus.taylor import GRADIENT, Observation
from raphson.kernel.evaluation import Evaluation
from raphson.kernel.program import Program
from raphson.kernel.status import Status
from raphson.kernel.trace import FLAGS, SCALARS, Trial, row
from raphson.paths.proposal import Proposal
from raphson.solver.carry import lean, whole, with_structure
from raphson.solver.saddle import STATIONARY, leave
from raphson.solver.step import Method, State, accept_if_finite, appraise, conclude, propose, trial_observation


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the leaves of a pytree lie in a vector of floats and a vector of whole numbers (truth values, too)."""

    tree: Any
    parts: tuple[tuple[bool, int, int, tuple[int, ...], Any], ...]
    dtype: Any

    @staticmethod
    def of(tree: Any, dtype: Any) -> "Layout":
        """The layout of a tree of this structure, floats in the working precision."""
        leaves, structure = jax.tree.flatten(tree)
        parts, ends = [], [0, 0]
        for a in leaves:
            real = bool(jnp.issubdtype(a.dtype, jnp.floating))
            size = int(np.prod(a.shape))
            parts.append((real, ends[not real], ends[not real] + size, a.shape, a.dtype))
            ends[not real] += size
        return Layout(structure, tuple(parts), dtype)

    def pack(self, tree: Any, xp: Any = np) -> tuple[Any, Any]:
        """The two vectors; `xp` is NumPy or jax.numpy."""
        leaves = jax.tree.leaves(tree)
        sides: tuple[list, list] = [xp.zeros(0, self.dtype)], [xp.zeros(0, np.int32)]
        for a, (real, *_) in zip(leaves, self.parts, strict=True):
            sides[not real].append(xp.ravel(xp.asarray(a)).astype(self.dtype if real else np.int32))
        return xp.concatenate(sides[0]), xp.concatenate(sides[1])

    def unpack(self, floats: Any, whole: Any) -> Any:
        """The tree again: of NumPy arrays, or of traced ones."""
        leaves = [
            (floats if real else whole)[start:end].reshape(shape).astype(dtype)
            for real, start, end, shape, dtype in self.parts
        ]
        return self.tree.unflatten(leaves)


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything about host runs of one structure: layouts, and what is looked at when.

    `fixed`: method, space, and the pattern of a sparse Hessian; `carry`: (state, proposal, the point it leads to, row
    of the last trial, its step);
    `still`: a proposal of no step; `n` variables; what is evaluated at a `trial` and at an `arrival`; `status`: where
    the state's status lies among the whole numbers.
    """

    fixed: Layout
    carry: Layout
    still: Proposal
    n: int
    trial: Observation
    arrival: Observation
    status: int
    room: int

    def flattened(self, seen: Evaluation) -> np.ndarray:
        """An evaluation as one vector: value, gradient, curvature, as far as they are there."""
        parts = [np.zeros(1, self.fixed.dtype)]
        parts[0][0] = seen.value
        if seen.gradient is not None:
            parts.append(np.asarray(seen.gradient))
            if seen.curvature is not None:
                parts.extend(self.arrival.packed(seen))
        out = np.zeros(self.length, self.fixed.dtype)
        flat = np.concatenate(parts)
        out[: flat.size] = flat
        return out

    @property
    def length(self) -> int:
        """The length of an evaluation as a vector."""
        return 1 + self.n + self.room

    def unflattened(self, x: Any, flat: jax.Array, structure: Any) -> Evaluation:
        """The evaluation again, in compiled code."""
        curvature = self.arrival.unpacked(self.n, flat[self.n + 1 :], structure)
        return Evaluation(x, flat[0], flat[1 : self.n + 1], curvature)


class Plans:
    """Plans made before, by structure."""

    known: ClassVar[dict[Any, Plan]] = {}


def plan_of(key: Any, method: Method, problem: Any, state: State) -> Plan:
    """The plan of a structure, made once."""
    if key not in Plans.known:
        if len(Plans.known) > 256:
            Plans.known.clear()
        dtype = np.asarray(state.model.gradient).dtype
        shapes = jax.eval_shape(lambda s: method.path.at(s.iterate.plan, s.control.tau), state)
        still: Any = jax.tree.map(lambda a: np.zeros(a.shape, a.dtype), shapes)
        fixed, carry = Layout.of(fixed_of(method, problem), dtype), Layout.of(carry_of(still, state), dtype)
        bare = lean(state)
        before = len(jax.tree.leaves((bare.iterate, bare.control, bare.best, bare.k)))
        n = int(problem.space.size(state.x))
        observations = trial_observation(method), method.curvature.observation
        room = observations[1].room(n, fixed_of(method, problem)[2])
        Plans.known[key] = Plan(fixed, carry, still, n, *observations, carry.parts[before][1], room)
    return Plans.known[key]


def fixed_of(method: Method, problem: Any) -> tuple[Any, ...]:
    """What does not change in a run: method, space, and the pattern of a sparse Hessian or Jacobian."""
    sparsity = getattr(problem, "jacobian_sparsity", None) or getattr(problem, "sparsity", None)
    return method, problem.space, None if sparsity is None else sparsity.structure


def carry_of(still: Proposal, state: State) -> tuple[Any, ...]:
    """What a run carries before its first evaluation: a step of zero from x to x."""
    zero = np.zeros_like(np.asarray(state.model.gradient))
    return lean(state), still, state.x, np.zeros(len(SCALARS), zero.dtype), zero


def turned(plan: Plan, fixed: tuple, carry: tuple, flat: jax.Array, full: Any) -> tuple[jax.Array, jax.Array]:
    """What follows from an evaluation at the proposed point, up to the next proposal, as two vectors.

    `full`: the evaluation has the derivatives that arriving needs. Where it has not and the trial is taken, the
    result says only that: it is looked at once more.
    """
    method, space, structure = plan.fixed.unpack(*fixed)
    state, proposal, x, _, _ = plan.carry.unpack(*carry)
    state = with_structure(state, structure)
    seen = plan.unflattened(x, flat, structure)
    bare = replace(seen, gradient=seen.gradient if plan.trial == GRADIENT else None, curvature=None)
    trial, control = appraise(method, state, proposal, bare)
    iterate, control, trial = lax.cond(
        trial.accepted & full,
        lambda: accept_if_finite(method, space, state, seen, control, trial),
        lambda: (state.iterate, control, trial),
    )
    state, trial = conclude(method, state, iterate, control, trial)
    proposal, x = propose(method, space, state)
    return plan.carry.pack((lean(state), proposal, x, row(trial), trial.step), jnp)


turn = Program(turned, static_argnames=("plan",))


def host_steps(key: Any, method: Method, problem: Any, state: State) -> Iterator[tuple[Any, ...]]:
    """The run, trial by trial: a function that gives the state, its status, the trial's row, and its step."""
    plan = plan_of(key, method, problem, state)
    fixed = jax.device_put(plan.fixed.pack(fixed_of(method, problem)))
    packed = plan.carry.pack(carry_of(plan.still, state))
    carry = packed
    at = [p for p, _ in zip(reversed(plan.carry.parts), range(3), strict=False)]  # step, row, x: the last three leaves
    (_, *step, _, _), (_, *trial, _, _), (_, *point, _, _) = at
    accepted, status = trial[0] + SCALARS.index("accepted"), plan.status
    first, here = True, np.inf
    while True:
        x = np.array(packed[0][slice(*point)])
        seen = (plan.arrival if first else plan.trial).evaluate(problem, x)
        full = first or plan.trial == plan.arrival
        if not full and seen.value < here:  # f fell: the trial will hardly be refused, and one dispatch is saved
            seen, full = plan.arrival.complete(problem, seen), True
        new = turn(plan, fixed, carry, plan.flattened(seen), full)
        packed = fetched(new)
        if packed[0][accepted] != 0 and not full:
            new = turn(plan, fixed, carry, plan.flattened(plan.arrival.complete(problem, seen)), True)
            packed = fetched(new)
        if packed[0][accepted] != 0:
            here = float(seen.value)
        carry, first = new, False
        if Status(int(packed[1][status])) in STATIONARY:
            packed = carry = left(plan, method, problem, packed)
        yield (
            partial(unpacked, plan, packed, problem),
            Status(int(packed[1][status])),
            *(packed[0][slice(*p)] for p in (trial, step)),
        )


def left(plan: Plan, method: Method, problem: Any, packed: tuple) -> tuple:
    """The carry of a run that came to rest; where it rests on a saddle, that of one which goes on from there."""
    if plan.arrival.residual:  # J'J has no negative eigenvalue: there is no saddle to see
        return packed
    state, _, _, numbers, step = plan.carry.unpack(*packed)
    state = whole(state, problem)
    onward = leave(method, problem, state)
    if int(onward.status) != Status.RUNNING:
        return packed
    proposal, x = proposed(method, problem.space, onward)
    return plan.carry.pack((lean(onward), proposal, x, numbers, step))


proposed = Program(propose)


def fetched(vectors: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Both vectors on the host."""
    return np.asarray(vectors[0]), np.asarray(vectors[1])


def unpacked(plan: Plan, carry: tuple, problem: Any) -> State:
    """The state in a carry, with NumPy arrays."""
    return whole(plan.carry.unpack(*carry)[0], problem)


def trial_of(numbers: np.ndarray, step: np.ndarray) -> Trial:
    """A trial from its row."""
    values = dict(zip(SCALARS, numbers, strict=True))
    return Trial(**{k: np.bool_(v != 0) if k in FLAGS else v for k, v in values.items()}, step=step)

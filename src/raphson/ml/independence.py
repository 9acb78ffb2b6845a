"""Whether a risk is what it is taken for: a sum of losses, one an example, the same whenever it is evaluated.

The loss of two examples a, b is looked at in batches [a, b], [b, a], [a, a], [b, b], [a], [b], which tells apart what a
microbatch would change silently: examples that see each other, random numbers, a sum in place of a mean.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.ml.frozen_state import EACH, ONE_BATCH, PLAIN, rebuilt
from raphson.ml.microbatches import Microbatches
from raphson.ml.risk_products import LossTerm, OutputTerm, RiskState, Term

NUDGE = 0.1
"""By how much parameters are changed for the second look, relative to their root mean square (0.1 where they are zero):
layers that begin with zeros hide what stands before them."""


def check_independence(term: Term, state: RiskState) -> None:
    """Raises ValueError where the loss of a batch is not the sum, or the mean, of losses of its examples."""
    leaves = jax.tree.leaves(state)
    if state.data.count < 2 or not all(getattr(leaf, "is_fully_addressable", True) for leaf in leaves):
        return
    raw = replace(term, how=ONE_BATCH) if term.how == EACH else term
    a, b = two_examples(state.data)
    batches = {"ab": [a, b], "ba": [b, a], "aa": [a, a], "bb": [b, b], "a": [a], "b": [b]}
    stacked = {
        name: jax.tree.map(lambda *x: np.stack(x), *(strip(term, example) for example in batch))
        for name, batch in batches.items()
    }
    try:
        pair, alone = (Looked(raw, len(name), state, stacked[name]) for name in ("ab", "a"))
    except OnlyWholeBatchesError:
        return
    for params in (state.params, nudged(state.params)):
        values = {name: (pair if len(name) == 2 else alone).at(params, batch) for name, batch in stacked.items()}
        if all(np.isfinite(list(values.values()))):
            changed = partial(changed_state, raw, params, state.frozen, stacked["ab"])
            tell(term, raw, values, roughness(params) * sum(map(abs, values.values())), changed)


def roughness(params: Any) -> float:
    """Relative differences that rounding may make: half the digits of the shortest type among the parameters."""
    return float(np.sqrt(max(float(jnp.finfo(jnp.result_type(leaf)).eps) for leaf in jax.tree.leaves(params))))


def strip(term: Term, example: Any) -> Any:
    """An example as the function itself takes it; weighing one."""
    if isinstance(term, OutputTerm):
        x, y, w, number = example
        return x, y, np.ones_like(w), number
    return example[0] if term.how == EACH else example


class OnlyWholeBatchesError(Exception):
    """The function does not take one or two examples, as where it reshapes to a fixed number of them."""


class Looked:
    """The loss of a batch of `size` examples, compiled once; traced twice, for what is drawn while tracing."""

    def __init__(self, term: Term, size: int, state: RiskState, batch: Any) -> None:
        self.term, self.size, self.frozen = term, size, state.frozen
        with jax.default_matmul_precision("highest"):
            try:
                once, again = (self.traced(state.params, batch) for _ in range(2))
            except Exception as error:
                raise OnlyWholeBatchesError from error
            self.compiled = once.compile()
            if once.as_text() != again.as_text():
                first, second = (float(c(state.params, state.frozen, batch)) for c in (self.compiled, again.compile()))
                if first != second and np.isfinite(first - second):
                    raise ValueError(
                        "the loss draws random numbers while it is traced (numpy.random?): at one point it gave "
                        f"{first:.6g} and {second:.6g}. Let it take them from the key of (params, state, batch, key), "
                        "and give key="
                    )

    def traced(self, params: Any, batch: Any) -> Any:
        """The program of a fresh trace."""
        return jax.jit(lambda p, s, b: self.term.value(p, b, self.size, s)).lower(params, self.frozen, batch)

    def at(self, params: Any, batch: Any) -> float:
        """The loss of these examples."""
        return float(self.compiled(params, self.frozen, batch))


def tell(term: Term, raw: Term, values: dict[str, float], rough: float, changed: Callable[[], list[str]]) -> None:
    """Raises ValueError for what the six values do not agree on."""

    def apart(x: float, y: float) -> bool:
        return abs(x - y) > rough

    if apart(values["ab"] + values["ba"], values["aa"] + values["bb"]):
        names = changed()
        cause = f" and changes its state ({', '.join(names)})" if names else ""
        raise ValueError(
            f"the loss of an example depends on the others of its batch{cause}: batch normalization in training mode, "
            "or a loss of pairs. Let it use its running statistics, or say coupled=True: one batch of all examples"
        )
    if term.how == EACH:
        return
    if apart(values["ab"], values["ba"]):
        raise ValueError(
            "the loss depends on the places of the examples in their batch: it draws random numbers (dropout?) from a "
            "key of its own. Let it take the key of (params, state, batch, key), and give key="
        )
    parts = values["a"] + values["b"]
    if not apart(values["ab"], parts):
        return
    if isinstance(raw, LossTerm):
        if raw.mean and not apart(values["ab"], 2 * parts):
            raise ValueError("the loss gives the sum over its batch: say reduction='sum'")
        if not raw.mean and not apart(2 * values["ab"], parts):
            raise ValueError("the loss gives the mean over its batch, and reduction is 'sum': leave it out")
    word, divisor = ("mean", 2) if isinstance(raw, LossTerm) and raw.mean else ("sum", 1)
    raise ValueError(
        f"the loss of two examples, {values['ab'] / divisor:.6g}, is not the {word} of their losses, "
        f"{parts / divisor:.6g}: a mean with weights of its own, or a term of the parameters alone in a sum. Give "
        "weights as data, or say coupled=True: one batch of all examples"
    )


def changed_state(term: Term, params: Any, frozen: Any, batch: Any) -> list[str]:
    """Names of the leaves of the state for which the function gives other values; at most three."""
    if term.how == PLAIN or frozen is None:
        return []
    function, batch = (term.predict, batch[0]) if isinstance(term, OutputTerm) else (term.loss, batch)
    answer = function(params, rebuilt(frozen.state), batch, frozen.key)
    if not (isinstance(answer, tuple) and len(answer) == 2):
        return []
    old, new = (jax.tree_util.tree_leaves_with_path(tree) for tree in (frozen.state, answer[1]))
    then = {jax.tree_util.keystr(path): leaf for path, leaf in old}
    found = []
    for path, leaf in new:
        name = jax.tree_util.keystr(path)
        if name in then and jnp.issubdtype(jnp.result_type(leaf), jnp.number):
            same = np.shape(leaf) == np.shape(then[name]) and np.array_equal(leaf, then[name])
            found += [] if same else [name]
    return found[:3]


def two_examples(data: Microbatches) -> tuple[Any, Any]:
    """The first example and one that differs from it, where a few looks find one."""
    first = example_at(data, 0)
    for i in (data.count - 1, data.count // 2, 1):
        other = example_at(data, i)
        if any(not np.array_equal(x, y) for x, y in zip(jax.tree.leaves(first), jax.tree.leaves(other), strict=True)):
            return first, other
    return first, example_at(data, data.count - 1)


def example_at(data: Microbatches, i: int) -> Any:
    """Example i of the data set."""
    for part in data.parts:
        rows, size = jax.tree.leaves(part)[0].shape[:2]  # over a mesh a row holds the microbatches of all devices
        held = rows * size
        if i < held:
            return jax.tree.map(lambda a, i=i, size=size: np.asarray(at_hand(a)[i // size, i % size]), part)
        i -= held
    raise IndexError(i)


def at_hand(a: Any) -> Any:
    """An array of the host as NumPy's, which shares its memory and compiles nothing; others as they are."""
    return np.asarray(a) if all(device.platform == "cpu" for device in a.devices()) else a


@jax.jit
def nudged(params: Any) -> Any:
    """Parameters beside these ones, none of them zero."""

    def one(leaf: Any) -> Any:
        leaf = jnp.asarray(leaf)
        if not leaf.size:
            return leaf
        size = jnp.sqrt(jnp.mean(jnp.square(leaf)))
        wave = jnp.cos(jnp.arange(1, leaf.size + 1, dtype=jnp.float32) ** 2).reshape(leaf.shape).astype(leaf.dtype)
        return leaf + NUDGE * jnp.where(size > 0, size, 1).astype(leaf.dtype) * wave

    return jax.tree.map(one, params)

"""Streams of batches that know their place: which batch is the k-th depends on k and the seed alone."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import length_hint
from typing import Any

import jax
import numpy as np

from raphson.ml.mesh import loosened
from raphson.ml.microbatches import Microbatches, leading


class StreamEnded(Exception):
    """There is no batch of this number: an iterator that cannot begin again has come to its end."""


@dataclass
class WholeData:
    """One batch of everything, in microbatches: the same at every step."""

    data: Microbatches
    constant: bool = True
    notes: list[str] = field(default_factory=lambda: [])

    def batch(self, k: int) -> tuple[Microbatches, float]:
        """All of the data, and the epochs that are over after it."""
        return self.data, float(k + 1)


@dataclass
class ShuffledBatches:
    """Arrays in batches of one size, each epoch in another order: that of epoch e is drawn from (seed, e) alone, so
    that a run may go on from any batch. What is left over at the end of an epoch is dropped, or (`keep_last`)
    is a batch."""

    data: Any
    size: int
    seed: int = 0
    keep_last: bool = False
    constant: bool = False

    def __post_init__(self) -> None:
        self.data = jax.tree.map(np.asarray, self.data)
        self.count = leading(self.data)
        if isinstance(self.size, bool) or self.size != int(self.size) or not 1 <= self.size <= self.count:
            raise ValueError(f"batch_size is {self.size!r}: it is a number of examples, 1 to {self.count}")
        self.size = int(self.size)
        self.full, self.rest = divmod(self.count, self.size)
        self.order: tuple[int, Any] = (-1, None)

    @property
    def each(self) -> int:
        """Batches of an epoch."""
        return self.full + (1 if self.rest and self.keep_last else 0)

    @property
    def notes(self) -> list[str]:
        """What became of the examples that fill no batch."""
        if not self.rest:
            return []
        if self.keep_last:
            return [f"the last batch of every epoch has {self.rest} examples, not {self.size}: a program of its own"]
        return [f"every epoch leaves out {self.rest} examples of {self.count}, others each time: they fill no batch"]

    def batch(self, k: int) -> tuple[Microbatches, float]:
        """The k-th batch, and the epochs that are over after it."""
        epoch, place = divmod(k, self.each)
        if self.order[0] != epoch:
            self.order = epoch, np.random.default_rng([self.seed, epoch]).permutation(self.count)
        chosen = self.order[1][place * self.size : (place + 1) * self.size]
        return one_batch(jax.tree.map(lambda a: a[chosen], self.data)), epoch + (place + 1) / self.each


class BatchStream:
    """Batches from an iterable, in its order; one that can begin again (a list, a loader) has epochs.

    To go on from the k-th batch the first k are read and left out.
    """

    constant = False

    def __init__(self, batches: Any) -> None:
        self.batches, self.notes = iterable_of_batches(batches), []
        self.again = not isinstance(batches, Iterator)
        length = length_hint(batches) if self.again else 0  # 0 where it does not say
        self.source, self.at, self.epoch, self.length = iter(batches), 0, 0, length or None
        self.last: tuple[int, Any] = (-1, None)
        self.form: Any = None

    def batch(self, k: int) -> tuple[Microbatches, float]:
        """The k-th batch, and the epochs that are over after it (NaN while the length of one is not known)."""
        if k < self.last[0]:
            if not self.again:
                raise ValueError(f"batch {k} has passed: give the iterator anew to train from an earlier state")
            self.source, self.at, self.epoch = iter(self.batches), 0, 0
            self.last = (-1, None)
        while self.last[0] < k:
            number = self.last[0] + 1
            self.last = (number, self.like_the_first(number, jax.tree.map(loosened, self.following())))
        done = np.nan if self.length is None else (k + 1) / self.length
        return one_batch(self.last[1]), done

    def like_the_first(self, number: int, batch: Any) -> Any:
        """The batch. Raises ValueError where it has no example, or is built otherwise than the first one."""
        try:
            leading(batch)
        except ValueError as error:
            raise ValueError(f"batch {number} of the stream: {error}") from None
        self.form = self.form or described_form(batch)
        if described_form(batch) != self.form:
            raise ValueError(different_batches(self.form, number, described_form(batch)))
        return batch

    def following(self) -> Any:
        """The next batch, of the next epoch if need be."""
        try:
            found = next(self.source)
        except StopIteration:
            if not self.again or self.at == 0:
                raise StreamEnded from None
            self.length, self.at, self.epoch = self.at, 0, self.epoch + 1
            self.source = iter(self.batches)
            found = self.following()
            return found
        self.at += 1
        return found


def iterable_of_batches(batches: Any) -> Any:
    """The same. Raises TypeError for what is no iterable of batches, ValueError for (inputs, targets) in its place."""
    if isinstance(batches, np.ndarray | jax.Array | Mapping):
        raise TypeError(
            f"batches is {type(batches).__name__}: it is an iterable of batches. One set of examples goes to data=, "
            "with batch_size="
        )
    if not isinstance(batches, Iterable):
        call = ": call it, and give what it returns" if callable(batches) else ""
        raise TypeError(f"batches is {type(batches).__name__}, and an iterable of batches is expected{call}")
    if isinstance(batches, list | tuple) and len(batches) > 1:  # before the loss is handed what is no batch
        first, second = map(described_form, batches[:2])
        if first != second:
            raise ValueError(different_batches(first, 1, second))
    return batches


Form = tuple[Any, tuple[int, ...]]
"""The structure of a batch, and how many axes its arrays have."""


def described_form(batch: Any) -> Form:
    """What batches have in common."""
    return jax.tree.structure(batch), tuple(np.ndim(leaf) for leaf in jax.tree.leaves(batch))


def different_batches(first: Form, number: int, other: Form) -> str:
    """What is wrong, in words."""
    axes = lambda form: ", ".join(map(str, form[1])) or "none"
    return (
        f"batch {number} is no batch like batch 0: {other[0]} with arrays of {axes(other)} axes, and {first[0]} of "
        f"{axes(first)}. Where (inputs, targets) were meant, give them as data=, with batch_size="
    )


def one_batch(data: Any) -> Microbatches:
    """A batch as a single microbatch."""
    count = leading(data)
    # Arrays of the host stay there: the compiled step takes them as they are, without a kernel for each.
    alone = lambda a: a[None] if isinstance(a, jax.Array) else np.asarray(a)[None]
    return Microbatches((jax.tree.map(alone, data),), (count,), count)


def whole_arrays(data: Microbatches) -> Any:
    """The arrays that microbatches were cut from. Raises ValueError where no process has all of them."""
    if not all(getattr(leaf, "is_fully_addressable", True) for leaf in jax.tree.leaves(data.parts)):
        raise ValueError("the examples lie on several processes and cannot be shuffled: leave batch_size out")
    flat = [jax.tree.map(lambda a: np.asarray(a).reshape(-1, *a.shape[2:]), part) for part in data.parts]
    return jax.tree.map(lambda *a: np.concatenate(a)[: data.count], *flat)  # a mesh is filled up

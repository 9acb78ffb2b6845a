"""Examples in microbatches: what is summed over a data set is summed one microbatch after another, in a fixed order."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.kernel.record import record, static

Array = jax.Array


@record
class Microbatches:
    """A data set cut along its first axis.

    `parts`: pytrees with leaves (k, size, ...): k microbatches of one size each, what is left over as a part of its
    own, so that nothing is padded. `sizes`: the examples of a microbatch of each part. `count`: examples in all.
    """

    parts: tuple[Any, ...]
    sizes: tuple[int, ...] = static()
    count: int = static()

    @property
    def single(self) -> bool:
        """Whether all examples are in one microbatch."""
        return self.sizes == (self.count,)


def leading(data: Any) -> int:
    """The number of examples: the first axis of every leaf.

    Raises ValueError for no leaf, no example, a leaf without axes, or leaves that disagree, which it names.
    """
    lengths: dict[str, int] = {}
    for path, leaf in jax.tree_util.tree_leaves_with_path(data):
        name = jax.tree_util.keystr(path) or "data"
        if np.ndim(leaf) == 0:
            raise ValueError(f"data{name} is one number: every array of the data has the examples as its first axis")
        lengths[name] = np.shape(leaf)[0]
    if not lengths:
        raise ValueError("data holds no array")
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"data{name} has {n}" for name, n in lengths.items())
        raise ValueError(f"the arrays of the data do not have equally many examples: {told}")
    count = next(iter(lengths.values()))
    if count == 0:
        raise ValueError("data holds no example: its first axis has length 0")
    return count


def microbatches(data: Any, size: int | None = None) -> Microbatches:
    """Cuts a pytree of arrays (N, ...) into microbatches of `size` examples, the last one shorter; None: one of all."""
    count = leading(data)
    if size is not None and (size != int(size) or size < 1):
        raise ValueError(f"batch_size is {size!r}: it is a number of examples, at least 1")
    size = count if size is None else min(int(size), count)
    full, rest = divmod(count, size)
    data = jax.tree.map(jnp.asarray, data)
    parts = [jax.tree.map(lambda a: a[: full * size].reshape(full, size, *a.shape[1:]), data)]
    sizes = [size]
    if rest:
        parts.append(jax.tree.map(lambda a: a[full * size :][None], data))
        sizes.append(rest)
    return Microbatches(tuple(parts), tuple(sizes), count)


def sum_over(term: Callable[[Any, int], Any], data: Microbatches) -> Any:
    """The sum of term(microbatch, its size) over all of them, a pytree of arrays; memory is that of one microbatch."""
    sums = []
    for part, size in zip(data.parts, data.sizes, strict=True):
        first = jax.tree.map(lambda a: a[0], part)
        if jax.tree.leaves(part)[0].shape[0] == 1:
            sums.append(term(first, size))
            continue

        def add(carry: Any, batch: Any, size: int = size) -> tuple[Any, None]:
            return jax.tree.map(jnp.add, carry, term(batch, size)), None

        zero = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), jax.eval_shape(lambda b, s=size: term(b, s), first))
        sums.append(lax.scan(add, zero, part)[0])
    return sums[0] if len(sums) == 1 else jax.tree.map(lambda *a: sum(a[1:], a[0]), *sums)

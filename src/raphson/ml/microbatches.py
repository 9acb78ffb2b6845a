"""Examples in microbatches: what is summed over a data set is summed one microbatch after another, in a fixed order."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.kernel.record import record, static
from raphson.ml.mesh import cut_over, devices_along, filled_up, summed

Array = jax.Array


@record
class Microbatches:
    """A data set cut along its first axis.

    `parts`: pytrees with leaves (k, size, ...): k microbatches of one size each, what is left over as a part of its
    own, so that nothing is padded. `sizes`: the examples of a microbatch of each part. `count`: examples in all.

    Over a mesh (`over`, how the examples are laid out) leaves are (k, devices * size, ...), cut along their second
    axis. `share` (devices,), 1 or 0: whether a device's microbatch of the last part counts.
    """

    parts: tuple[Any, ...]
    sizes: tuple[int, ...] = static()
    count: int = static()
    share: Any = None
    over: Any = static(default=None)

    @property
    def single(self) -> bool:
        """Whether all examples (of a device) are in one microbatch."""
        whole = self.parts if self.share is None else self.parts[:-1] or self.parts
        return len(whole) == 1 and jax.tree.leaves(whole[0])[0].shape[0] == 1


def leading(data: Any) -> int:
    """The number of examples: the first axis of every leaf.

    Raises ValueError for no leaf, no example, a leaf without axes, or leaves that disagree, which it names.
    """
    lengths: dict[str, int] = {}
    for path, leaf in jax.tree_util.tree_leaves_with_path(data):
        name = jax.tree_util.keystr(path)
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
    parts, sizes = pieces(jax.tree.map(jnp.asarray, data), count, wanted_size(size, count), 1)
    return Microbatches(tuple(parts), sizes, count)


def wanted_size(size: int | None, count: int) -> int:
    """Examples of a microbatch, at most all. Raises ValueError for what is no number of examples."""
    if size is not None and (size != int(size) or size < 1):
        raise ValueError(f"batch_size is {size!r}: it is a number of examples, at least 1")
    return count if size is None else min(int(size), count)


def pieces(data: Any, own: int, size: int, devices: int) -> tuple[list[Any], tuple[int, ...]]:
    """`own` examples for each device as microbatches, and what is left over as a part of its own."""
    full, rest = divmod(own, size)
    cut = full * size * devices

    def first(a: Any) -> Any:
        return a[:cut].reshape(full, devices * size, *a.shape[1:])

    parts = [jax.tree.map(first, data)] if full else []
    if rest:
        parts.append(jax.tree.map(lambda a: a[cut : own * devices][None], data))
    return parts, (*[size] * bool(full), *[rest] * bool(rest))


def distributed_microbatches(data: Any, size: int | None, over: Any, weights: int | None) -> Microbatches:
    """The same over a mesh; `size` is that of one device.

    The mesh need not divide the examples. Where the leaf number `weights` is weights the data are filled up by
    examples of weight 0. Without weights the last ones, fewer than the devices, are microbatches of one example, and
    those of the devices that have none do not count.
    """
    count, devices = leading(data), devices_along(over)
    own = -(-count // devices) if weights is not None else count // devices
    leaves, structure = jax.tree.flatten(data)
    whole = [filled_up(a, own * devices, i == weights) if weights is not None else a for i, a in enumerate(leaves)]
    parts, sizes = pieces(jax.tree.unflatten(structure, whole), own, wanted_size(size, max(own, 1)), devices)
    rest, share = count - own * devices, None
    if rest > 0:
        last = jax.tree.map(lambda a: filled_up(a[own * devices :], devices)[None], data)
        parts, sizes, share = [*parts, last], (*sizes, 1), cut_over(1.0 * (np.arange(devices) < rest), over, 0)
    laid = [jax.tree.map(lambda a: cut_over(a, over, 1), part) for part in parts]
    return Microbatches(tuple(laid), sizes, count, share, over)


def sum_over(term: Callable[..., Any], data: Microbatches, *held: Any) -> Any:
    """The sum of term(microbatch, its size, *held) over all of them, a pytree of arrays; memory is that of one
    microbatch.

    Over a mesh each device sums its own, and one all-reduce adds what they have. `held` is what a term needs of
    parameters and vectors: handed over and not closed over, since a device's program has types of its own.
    """
    if data.over is None:
        return own_sum(lambda batch, size: term(batch, size, *held), data)

    def own(parts: Any, share: Any, held: Any) -> Any:
        return own_sum(lambda batch, size: term(batch, size, *held), Microbatches(parts, data.sizes, data.count, share))

    return summed(own, data.over, data.parts, data.share, held)


def own_sum(term: Callable[[Any, int], Any], data: Microbatches) -> Any:
    """The sum over the microbatches of one device."""
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
    if data.share is not None:
        sums[-1] = jax.tree.map(lambda a: a * data.share[0].astype(a.dtype), sums[-1])
    return sums[0] if len(sums) == 1 else jax.tree.map(lambda *a: sum(a[1:], a[0]), *sums)

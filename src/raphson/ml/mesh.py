"""Examples over the devices of a mesh: who holds which, and one sum over all of them.

Every device has the same number of examples, because arrays are cut evenly. Where the mesh does not divide them the
last ones are filled up by copies that count nothing. Sums are formed on each device, microbatch after microbatch, and
then added once: all leaves as one vector, one all-reduce.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import zlib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

Array = jax.Array


def layout_of(mesh: Any, data: Any) -> NamedSharding | None:
    """How examples lie: along the mesh's first axis, or as the data already lie; None on one device.

    Raises TypeError for what is no mesh, ValueError where the data lie on other devices.
    """
    found = next((s for s in map(first_axis_cut, jax.tree.leaves(data)) if s is not None), None)
    if mesh is None:
        return found
    if not isinstance(mesh, Mesh):
        raise TypeError(f"mesh is {mesh!r}: give a jax.sharding.Mesh, such as jax.make_mesh((jax.device_count(),), "
                        "('data',)), whose first axis the examples are distributed over")  # fmt: skip
    over = NamedSharding(loose(mesh), PartitionSpec(mesh.axis_names[0]))
    if found is not None and found.device_set != over.device_set:
        raise ValueError("the data are distributed over other devices than those of the mesh")
    return over


def first_axis_cut(leaf: Any) -> NamedSharding | None:
    """The layout along the first axis of an array that is distributed along it."""
    sharding = getattr(leaf, "sharding", None) if isinstance(leaf, jax.Array) else None
    if not isinstance(sharding, NamedSharding) or not sharding.spec or sharding.spec[0] is None:
        return None
    over = NamedSharding(loose(sharding.mesh), PartitionSpec(sharding.spec[0]))
    return over if devices_along(over) > 1 else None


def loose(mesh: Any) -> Mesh:
    """The mesh with axes that the compiler may use as it likes: layouts are no part of the types of arrays."""
    return Mesh(mesh.devices, mesh.axis_names)


def axes_of(over: NamedSharding) -> tuple[str, ...]:
    """The axes of the mesh that the examples are distributed over."""
    names = over.spec[0]
    return names if isinstance(names, tuple) else (names,)  # type: ignore[return-value]


def devices_along(over: NamedSharding) -> int:
    """Shares that the examples are cut into."""
    return int(np.prod([over.mesh.shape[name] for name in axes_of(over)]))


def filled_up(leaf: Any, count: int, zero: bool = False) -> Any:
    """The examples (N, ...) followed by copies of the first one, or by zeros, up to `count`."""
    missing = count - leaf.shape[0]
    if missing == 0:
        return leaf
    xp = jnp if isinstance(leaf, jax.Array) else np
    more = xp.zeros((missing, *leaf.shape[1:]), leaf.dtype) if zero else xp.repeat(leaf[:1], missing, axis=0)
    return xp.concatenate([leaf, more])


def cut_over(leaf: Any, over: NamedSharding, axis: int) -> Array:
    """An array whose `axis` is cut over the mesh. What lies on the host is the same in every process; each of its
    devices gets its own share."""
    sharding = NamedSharding(over.mesh, PartitionSpec(*[None] * axis, *over.spec))
    if isinstance(leaf, jax.Array):
        return jax.device_put(leaf, sharding)
    return jax.make_array_from_callback(leaf.shape, sharding, lambda place: leaf[place])


def on_host(data: Any) -> Any:
    """Arrays of one device as NumPy's, so that no device holds all examples; distributed ones as they are."""

    def one(a: Any) -> Any:
        kept = isinstance(a, jax.Array) and (not a.is_fully_addressable or first_axis_cut(a) is not None)
        return loosened(a) if kept else np.asarray(a)

    return jax.tree.map(one, data)


def same_everywhere(data: Any) -> None:
    """Raises ValueError where processes were given different examples. Waits for all processes."""
    if jax.process_count() == 1:
        return
    from jax.experimental.multihost_utils import process_allgather

    leaves = [leaf for leaf in jax.tree.leaves(data) if isinstance(leaf, np.ndarray)]
    checksum = 0
    for leaf in leaves:
        checksum = zlib.crc32(np.ascontiguousarray(leaf).view(np.uint8), zlib.crc32(str(leaf.shape).encode(), checksum))
    own = np.array([len(leaves[0]) if leaves else 0, checksum], np.uint32)
    seen = np.asarray(process_allgather(own))
    others = [rank for rank, row in enumerate(seen) if tuple(row) != tuple(seen[0])]
    if others:
        told = ", ".join(f"process {rank} has {int(row[0])} examples" for rank, row in enumerate(seen))
        raise ValueError(
            f"the data are not the same in every process ({told}; process {others[0]} differs from process 0): give "
            "all examples to each of them, or arrays made by jax.make_array_from_process_local_data"
        )


def summed(body: Callable[..., Any], over: NamedSharding, parts: Any, share: Any, held: Any) -> Any:
    """The sum over devices of body(own parts, own share, held), with one all-reduce."""
    names = axes_of(over)
    alone = set(over.mesh.axis_names) == set(names)

    def one(parts: Any, share: Any, held: Any) -> Any:
        return reduced(body(parts, share, held), names, alone)

    inside = (PartitionSpec(None, names), PartitionSpec(names), PartitionSpec())
    # check_vma=False: a gradient with respect to parameters stays this device's own until it is reduced here.
    return jax.shard_map(
        one, mesh=over.mesh, in_specs=inside, out_specs=PartitionSpec(), axis_names=set(names), check_vma=False
    )(parts, share, held)


def reduced(tree: Any, names: tuple[str, ...], as_one: bool) -> Any:
    """The sum over devices of a pytree: its leaves as one vector. Where other axes of the mesh cut the parameters the
    leaves stay apart, since one vector would have to be gathered."""
    leaves, structure = jax.tree.flatten(tree)
    if not as_one or len(leaves) == 1:
        return jax.tree.unflatten(structure, lax.psum(tuple(leaves), names))
    dtype = jnp.result_type(*leaves)
    total = lax.psum(jnp.concatenate([jnp.ravel(leaf).astype(dtype) for leaf in leaves]), names)
    pieces = jnp.split(total, np.cumsum([leaf.size for leaf in leaves])[:-1])
    return jax.tree.unflatten(
        structure, [p.reshape(leaf.shape).astype(leaf.dtype) for p, leaf in zip(pieces, leaves, strict=True)]
    )


def on_mesh(params: Any, over: NamedSharding | None) -> Any:
    """Parameters on the devices of the examples: distributed as they are, or else a copy on each."""
    if over is None:
        return params

    def one(leaf: Any) -> Any:
        if isinstance(leaf, Tracer) or jnp.issubdtype(jnp.result_type(leaf), jax.dtypes.prng_key):
            return leaf
        own = leaf.sharding if isinstance(leaf, jax.Array) else None
        if own is None or own.device_set != over.device_set:
            return jax.device_put(np.asarray(leaf), NamedSharding(over.mesh, PartitionSpec()))
        return loosened(leaf)

    return jax.tree.map(one, params)


def loosened(leaf: Any) -> Any:
    """An array whose layout is part of its type (the default of jax.make_mesh) without it there."""
    own = leaf.sharding if isinstance(leaf, jax.Array) and not isinstance(leaf, Tracer) else None
    if not isinstance(own, NamedSharding) or all(kind == AxisType.Auto for kind in own.mesh.axis_types):
        return leaf
    return jax.device_put(leaf, NamedSharding(loose(own.mesh), own.spec))


def layouts_of(leaves: list[Any]) -> tuple[NamedSharding | None, ...] | None:
    """How parameters lie on a mesh; None where none of them is distributed."""

    def one(leaf: Any) -> NamedSharding | None:
        known = isinstance(leaf, jax.Array) and not isinstance(leaf, Tracer)
        return leaf.sharding if known and isinstance(leaf.sharding, NamedSharding) else None

    found = tuple(map(one, leaves))
    return found if any(layout is not None and not layout.is_fully_replicated for layout in found) else None


def vector_layout(layouts: tuple[NamedSharding | None, ...] | None, size: int) -> NamedSharding | None:
    """How a vector of all parameters lies where they are distributed: over the same axes, if these divide its length;
    otherwise every device has all of it."""
    known = [layout for layout in layouts or () if layout is not None]
    if not known:
        return None
    used = {name for layout in known for part in layout.spec if part is not None
            for name in (part if isinstance(part, tuple) else (part,))}  # fmt: skip
    mesh = known[0].mesh
    names = tuple(name for name in mesh.axis_names if name in used)
    even = size % int(np.prod([mesh.shape[name] for name in names])) == 0
    return NamedSharding(mesh, PartitionSpec(names) if even else PartitionSpec())

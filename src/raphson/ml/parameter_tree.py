"""Parameters as one vector: which leaves a pytree has, in which order, and what may not be among them."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import NamedSharding, PartitionSpec

from raphson.ml.framework_models import checked_parameters
from raphson.ml.mesh import layouts_of, loosened, vector_layout

Array = jax.Array


@dataclass(frozen=True)
class ParameterTree:
    """The structure of a pytree of floating-point arrays, P numbers in all; hashable.

    `names`, `shapes`, `dtypes`: of the leaves, in the order of the vector. `dtype`: that of the vector. `paths`: the
    names once more, "hidden/0" for ['hidden'][0]. `layouts`: how they lie on a mesh, None where none is distributed;
    vectors and pytrees are then distributed like them.
    """

    structure: Any
    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[Any, ...]
    paths: tuple[str, ...] = ()
    layouts: tuple[Any, ...] | None = None

    @property
    def dtype(self) -> Any:
        """The widest type of the leaves."""
        return jnp.result_type(*self.dtypes)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of each leaf."""
        return tuple(int(np.prod(shape)) for shape in self.shapes)

    @property
    def size(self) -> int:
        """Numbers in all, P."""
        return sum(self.sizes)

    def flat(self, tree: Any) -> Array:
        """The vector (P,) of a pytree of this structure. Raises ValueError where structure or shapes differ."""
        leaves, structure = jax.tree.flatten(tree)
        shapes = tuple(np.shape(leaf) for leaf in leaves)
        if structure != self.structure or shapes != self.shapes:
            raise ValueError(
                f"expected a pytree like the parameters, {self.structure} with shapes {self.shapes}, "
                f"and got {structure} with shapes {shapes}"
            )
        vector = jnp.concatenate([jnp.ravel(jnp.asarray(loosened(leaf))).astype(self.dtype) for leaf in leaves])
        layout = vector_layout(self.layouts, self.size)
        return vector if layout is None else lax.with_sharding_constraint(vector, layout)

    def rows(self, count: int) -> Array:
        """Zeros (count, P), each row distributed as a vector of parameters."""
        layout = vector_layout(self.layouts, self.size)
        device = None if layout is None else NamedSharding(layout.mesh, PartitionSpec(None, *layout.spec))
        return jnp.zeros((count, self.size), self.dtype, device=device)

    def tree(self, vector: Array) -> Any:
        """The pytree of a vector (P,), each leaf in its own type."""
        ends = np.cumsum(self.sizes)[:-1]
        leaves = [
            piece.reshape(shape).astype(dtype)
            for piece, shape, dtype in zip(jnp.split(vector, ends), self.shapes, self.dtypes, strict=True)
        ]
        return self.distributed(jax.tree.unflatten(self.structure, leaves))

    def distributed(self, tree: Any) -> Any:
        """The pytree, distributed as the parameters are."""
        if self.layouts is None:
            return tree
        leaves = jax.tree.leaves(tree)
        laid = [
            leaf if layout is None else lax.with_sharding_constraint(leaf, layout)
            for leaf, layout in zip(leaves, self.layouts, strict=True)
        ]
        return jax.tree.unflatten(self.structure, laid)


def parameter_tree(params: Any) -> ParameterTree:
    """Reads the structure of parameters. Raises TypeError for a leaf that is not real floating point, which it names,
    and ValueError where there is no number at all."""
    checked_parameters(params)
    leaves = jax.tree_util.tree_leaves_with_path(params)
    names, shapes, dtypes, paths = [], [], [], []
    for path, leaf in leaves:
        name = jax.tree_util.keystr(path) or "params"
        dtype = number_type(name, leaf)
        if not jnp.issubdtype(dtype, jnp.floating):
            raise TypeError(
                f"the parameter {name} holds {dtype}: curvature is that of real floating-point numbers. "
                "Leave it out of the parameters (close over it, or put it into the data)"
            )
        names.append(name)
        shapes.append(tuple(np.shape(leaf)))
        dtypes.append(dtype)
        paths.append(jax.tree_util.keystr(path, simple=True, separator="/"))
    if sum(int(np.prod(shape)) for shape in shapes) == 0:
        raise ValueError("the parameters hold no number")
    if all(name.endswith(".value") for name in names):  # Flax NNX: an array lies in a Variable
        paths = [path.removesuffix("/value") for path in paths]
    layouts = layouts_of([leaf for _, leaf in leaves])
    return ParameterTree(jax.tree.structure(params), tuple(names), tuple(shapes), tuple(dtypes), tuple(paths), layouts)


def number_type(name: str, leaf: Any) -> Any:
    """The type of a leaf's numbers. Raises TypeError for what holds none: a function, a string, an object."""
    try:
        return jnp.result_type(leaf)
    except TypeError:
        raise TypeError(
            f"the parameter {name} holds {leaf!r}, no array of numbers. Keep it out of the parameters: with Equinox "
            "params, static = eqx.partition(model, eqx.is_inexact_array), and eqx.combine(params, static) in the loss; "
            "with Flax NNX graphdef, params = nnx.split(model), and nnx.merge(graphdef, params)"
        ) from None


Chosen = tuple[int, ...]
"""Numbers of leaves, ascending."""


def chosen_leaves(params: Any, chosen: Chosen) -> Any:
    """The pytree with None in place of the other leaves: a smaller pytree."""
    leaves, structure = jax.tree.flatten(params)
    return jax.tree.unflatten(structure, [leaf if i in chosen else None for i, leaf in enumerate(leaves)])


def with_leaves(params: Any, part: Any, chosen: Chosen) -> Any:
    """The whole pytree, with the chosen leaves from a part of `chosen_leaves`."""
    leaves, structure = jax.tree.flatten(params)
    for i, leaf in zip(chosen, jax.tree.leaves(part), strict=True):
        leaves[i] = leaf
    return jax.tree.unflatten(structure, leaves)


def leaves_named(tree: ParameterTree, wanted: tuple[str, ...]) -> Chosen:
    """The leaves with these names, or whose paths begin with them: "hidden", "hidden/0", "['hidden'][0]".

    Raises ValueError for a name that no leaf has.
    """
    found: set[int] = set()
    for want in wanted:
        plain = want.strip("/")
        hits = {
            i
            for i, (name, path) in enumerate(zip(tree.names, tree.paths, strict=True))
            if want == name
            or path == plain
            or path.startswith(plain + "/")
            or name.startswith((want + "[", want + "."))
        }
        if not hits:
            raise ValueError(f"no parameter is named {want!r}, or begins so: there are {', '.join(tree.paths)}")
        found |= hits
    if not found:
        raise ValueError("a block has the name of one parameter at least, or the beginning of one")
    return tuple(sorted(found))


def layers(tree: ParameterTree) -> dict[str, Chosen]:
    """Leaves with one parent together, by its path; a leaf at the top alone: kernel and bias are one layer."""
    found: dict[str, list[int]] = {}
    for i, path in enumerate(tree.paths):
        if tree.sizes[i]:
            found.setdefault(path.rpartition("/")[0] or path or tree.names[i], []).append(i)
    return {path: tuple(chosen) for path, chosen in found.items()}

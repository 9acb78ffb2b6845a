"""Several spaces side by side: a rotation with a translation, many poses, unit vectors with numbers between bounds."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.record import record
from raphson.kernel.space import Box, Euclidean
from raphson.kernel.typing import Space

Array = jax.Array


def is_space(a: Any) -> bool:
    """Whether an object is a space (and not a class of them)."""
    return not isinstance(a, type) and all(hasattr(a, name) for name in ("retract", "move", "magnitude", "straight"))


@record
class Product:
    """A structure of spaces for points of the same structure: Product({"R": Rotation(), "t": Euclidean()}).

    `parts`: any pytree of spaces; a `Euclidean` may stand for a whole branch of x. A step holds the steps of the parts
    one after another, in the order in which JAX flattens the structure (the keys of a dict sorted).
    """

    parts: Any

    @property
    def straight(self) -> bool:
        """Whether a step is the change of the coordinates of x: in every part."""
        return all(part.straight for part in jax.tree.leaves(self.parts, is_leaf=is_space))

    def split(self, x: Any) -> list[tuple[Any, Any]]:
        """The spaces with their parts of x; ValueError where x does not have the structure."""
        spaces, tree = jax.tree.flatten(self.parts, is_leaf=is_space)
        return list(zip(spaces, tree.flatten_up_to(x), strict=True))

    def joined(self, parts: list[Any]) -> Any:
        """A point from its parts."""
        return jax.tree.structure(self.parts, is_leaf=is_space).unflatten(parts)

    def pieces(self, x: Any, *vectors: Array) -> list[tuple[Any, ...]]:
        """The spaces, their parts of x, and their pieces of `vectors` (n,)."""
        found: list[tuple[Any, ...]] = []
        start = 0
        for space, part in self.split(x):
            end = start + space.size(part)
            found.append((space, part, *(v[start:end] for v in vectors)))
            start = end
        return found

    def each(self, x: Any, of: Callable[[Any, Any], Array]) -> Array:
        """One vector (n,) from those that `of(space, part)` gives."""
        return together([of(space, part) for space, part in self.split(x)])

    def size(self, x: Any) -> int:
        """Number of variables: of all parts."""
        return sum(space.size(part) for space, part in self.split(x))

    def zero(self, x: Any) -> Array:
        """The step that goes nowhere."""
        return self.each(x, lambda space, part: space.zero(part))

    def magnitude(self, x: Any) -> Array:
        """The size of every coordinate, as each part has it."""
        return self.each(x, lambda space, part: space.magnitude(part))

    def retract(self, x: Any, s: Array) -> Any:
        """Every part by its own retraction."""
        return self.joined([space.retract(part, piece) for space, part, piece in self.pieces(x, s)])

    def difference(self, y: Any, x: Any) -> Array:
        """The step s with retract(x, s) = y."""
        parts = zip(self.split(y), self.split(x), strict=True)
        return together([space.difference(there, here) for (space, there), (_, here) in parts])

    def move(self, x: Any, s: Array) -> tuple[Any, Array, Array]:
        """Where the step leads, the step made, and whether any part of it was cut short."""
        moved = [space.move(part, piece) for space, part, piece in self.pieces(x, s)]
        cut = jnp.any(jnp.stack([jnp.asarray(cut) for _, _, cut in moved]))
        return self.joined([there for there, _, _ in moved]), together([made for _, made, _ in moved]), cut

    def transport(self, x: Any, s: Array, v: Array) -> Array:
        """Every part by its own transport."""
        return together([space.transport(part, a, b) for space, part, a, b in self.pieces(x, s, v)])

    def project(self, x: Any) -> Any:
        """The nearest point, part by part (Euclidean parts and boxes as they are)."""
        return self.joined([part if space.straight else space.project(part) for space, part in self.split(x)])


def together(pieces: list[Array]) -> Array:
    """One vector."""
    return pieces[0] if len(pieces) == 1 else jnp.concatenate(pieces)


def coordinates(space: Space, x: Any) -> Array:
    """x as the vector (n,) that steps change by addition; zeros where a space is curved and has no such coordinates."""
    if isinstance(space, Product):
        return space.each(x, coordinates)
    return Euclidean().flat(x) if space.straight else space.zero(x)


def unit_of(space: Any, x: Any, d: Array) -> Array:
    """The natural units d (n,) as a space allows them: one for all numbers of a step in the tangent space of one point,
    the largest (`unit`), for its basis was chosen by nobody; those of coordinates as they are.

    In a basis of chance an entry of H may be the difference of others: in its unit their rounding would be large.
    """
    if isinstance(space, Product):
        return together([unit_of(part, at, piece) for part, at, piece in space.pieces(x, d)])
    return space.unit(x, d) if hasattr(space, "unit") else d


def bent_at(space: Space, x: Any) -> Array:
    """Which numbers of a step are no change of a coordinate of x (n,): those in the tangent spaces of curved parts."""
    if isinstance(space, Product):
        return space.each(x, bent_at)
    return jnp.full(space.size(x), not space.straight)


def box_of(space: Space, x: Any) -> Box | None:
    """The bounds of all `coordinates` (n,), infinite where a part has none; None where none has."""
    if isinstance(space, Box):
        return space
    if not isinstance(space, Product):
        return None
    parts = space.split(x)
    boxes = [box_of(part, a) for part, a in parts]
    if all(box is None for box in boxes):
        return None
    sides = [(box, part.zero(a)) for box, (part, a) in zip(boxes, parts, strict=True)]
    lower = together([zero - jnp.inf if box is None else box.lower for box, zero in sides])
    return Box(lower, together([zero + jnp.inf if box is None else box.upper for box, zero in sides]))

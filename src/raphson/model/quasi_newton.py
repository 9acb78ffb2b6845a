"""Curvature learned from gradients: BFGS, DFP, SR1 and limited-memory BFGS.

All begin with a multiple of D^2, D the units of the variables at the start (model/units.py): in scaled variables that
is the multiple of the identity of the textbooks. D holds powers of two.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from raphson.calculus.taylor import GRADIENT, Observation
from raphson.kernel.evaluation import Evaluation
from raphson.kernel.number import eps, norm, safe
from raphson.kernel.product import box_of
from raphson.kernel.record import record, static
from raphson.kernel.typing import Problem, Space
from raphson.model.curvature import Curvature, initial_curvature
from raphson.model.quadratic import Model
from raphson.model.units import Units
from raphson.operators.dense import Definite, Dense, Inverted
from raphson.operators.low_rank import LowRank

Array = jax.Array


@record
class Secant:
    """Memory of a dense quasi-Newton method: last gradient, its matrix (B or the inverse), units of the variables,
    pairs used."""

    g: Array
    matrix: Array
    units: Units
    pairs: Array


def blank(problem: Problem, x: Any) -> Secant:
    """Nothing learned yet."""
    zero = problem.space.zero(x)
    empty = jnp.zeros((zero.shape[0], zero.shape[0]), zero.dtype)
    return Secant(zero, empty, Units.unknown(zero), jnp.full((), -1, jnp.int32))


def carried_secant(transport: Callable[[Array], Array], memory: Secant) -> Secant:
    """The memory in the tangent space of the next point: T A T' of its matrix A, for the orthogonal T that
    `transport` is. (Units are the same for all numbers of a step in one tangent space.)

    Source: Huang, Gallivan and Absil (2015), "A Broyden class of quasi-Newton methods for Riemannian optimization".
    """
    both = lambda A: jax.vmap(transport)(jax.vmap(transport)(A.T).T)
    return replace(memory, g=transport(memory.g), matrix=both(memory.matrix))


def positive_pair(s: Array, y: Array, d: Array) -> Array:
    """Whether y's is safely positive, so that an update keeps B positive definite. False at the start, where s = 0.

    Lengths are those of scaled variables, d s and y / d.
    """
    size = norm(d * s)
    return (s @ y > eps(y) ** 0.5 * size * norm(y / d)) & (size > 0)


def begun(seen: Evaluation, units: Units) -> Array:
    """b of the first matrix b D^2: by `initial_curvature`, but no less than curvatures are in these units. Where g is
    rounding, |f| / g would lead 1e16 away along a flat direction."""
    return jnp.maximum(initial_curvature(seen.value, seen.gradient / units.scale), units.least)


def first(memory: Secant, seen: Evaluation, s: Array, y: Array, ok: Array, factor: Array | float = 1.0) -> Array:
    """The diagonal of B before an update: b D^2 at the first point, `factor` (y'D^-2 y / s'y) D^2 at the first pair.

    Source: Nocedal and Wright (2006), equation 6.20, in scaled variables.
    """
    d = memory.units.scale
    scaled = y / d
    b = jnp.where(ok, factor * ((scaled @ scaled) / safe(s @ y, ok)), begun(seen, memory.units))
    return b * d**2


def fresh(memory: Secant, ok: Array) -> Array:
    """Whether what was learned so far is nothing, so that `first` takes its place."""
    return (memory.pairs < 0) | (ok & (memory.pairs == 0))


def inverse_form(A: Array, u: Array, v: Array, uv: Array) -> Array:
    """(I - u v'/u'v) A (I - v u'/u'v) + u u'/u'v: BFGS of the inverse, and (u, v exchanged) DFP of B."""
    Av = A @ v
    return A - (jnp.outer(u, Av) + jnp.outer(Av, u)) / uv + jnp.outer(u, u) * ((1 + v @ Av / uv) / uv)


def direct_form(A: Array, s: Array, y: Array, sy: Array, ok: Array) -> Array:
    """A - A s s'A / s'As + y y'/s'y: BFGS of B, and (s, y exchanged) DFP of the inverse."""
    As = A @ s
    # Divided before they are multiplied: products of two gradients leave the range where f does not.
    lost, gained = As / jnp.sqrt(safe(s @ As, ok & (s @ As > 0))), y / jnp.sqrt(sy)
    return A - jnp.outer(lost, lost) + jnp.outer(gained, gained)


@record
class BFGS(Curvature):
    """Broyden, Fletcher, Goldfarb, Shanno (1970). The inverse of B is kept alone; with bounds B itself, whose rows and
    columns can be taken out.

    Source: Nocedal and Wright (2006), equations 6.17 and 6.19.
    """

    learned: ClassVar[bool] = True
    natural: ClassVar[bool] = True
    scaled: ClassVar[bool] = True
    observation: Observation = static(default=GRADIENT)

    @property
    def square(self) -> bool:
        """It learns a matrix."""
        return True

    def start(self, problem: Problem, x: Any) -> Secant:
        """Nothing learned yet."""
        return blank(problem, x)

    def model(self, space: Space, seen: Evaluation, s: Array, memory: Secant) -> tuple[Model, Secant]:
        """The model after learning from the step s that led here."""
        g, d = seen.gradient, memory.units.scale
        y = g - memory.g
        ok = positive_pair(s, y, d) & (memory.pairs >= 0)
        diagonal, sy = first(memory, seen, s, y, ok), safe(s @ y, ok)
        direct = box_of(space, seen.x) is not None
        A = jnp.where(fresh(memory, ok), jnp.diag(diagonal if direct else 1 / diagonal), memory.matrix)
        A = jnp.where(ok, (self.update if direct else self.update_inverse)(A, s, y, sy, ok), A)
        learned = Secant(g, A, memory.units, jnp.maximum(memory.pairs, 0) + ok)
        return Model(seen.x, seen.value, g, Definite(A) if direct else Inverted.of(A, g), d, space), learned

    def carried(self, transport: Callable[[Array], Array], memory: Secant) -> Secant:
        """The memory in the tangent space of the next point."""
        return carried_secant(transport, memory)

    def update(self, B: Array, s: Array, y: Array, sy: Array, ok: Array) -> Array:
        """B after a pair (s, y)."""
        return direct_form(B, s, y, sy, ok)

    def update_inverse(self, H: Array, s: Array, y: Array, sy: Array, ok: Array) -> Array:
        """Its inverse after a pair (s, y)."""
        return inverse_form(H, s, y, sy)


@record
class DFP(BFGS):
    """Davidon (1959), Fletcher, Powell (1963): the dual of BFGS, B and its inverse exchanged.

    Source: Nocedal and Wright (2006), equations 6.13 and 6.15.
    """

    def update(self, B: Array, s: Array, y: Array, sy: Array, ok: Array) -> Array:
        """B after a pair (s, y)."""
        return inverse_form(B, y, s, sy)

    def update_inverse(self, H: Array, s: Array, y: Array, sy: Array, ok: Array) -> Array:
        """Its inverse after a pair (s, y)."""
        return direct_form(H, y, s, sy, ok)


def sine(s: Array, y: Array, ok: Array) -> Array:
    """The sine of the angle between s and y."""
    across = y - (s @ y) / safe(s @ s, ok) * s
    return norm(across) / safe(norm(y), ok)


@record
class SR1(Curvature):
    """The symmetric rank-one update, which may become indefinite: for trust regions.

    The first pair updates b I, b = (1 + sin(s, y)) y'y / s'y: the eigenvalues are then b and
    (1 - sin(s, y)) y'y / s'y > 0, and no b makes their ratio smaller. From y'y / s'y alone, the scale
    of BFGS, B would become singular, and rounding would decide the sign of its eigenvalue.

    Source: Conn, Gould and Toint (1991); Nocedal and Wright (2006), equations 6.24 and 6.26; for the
    first scale Wolkowicz (1994), "Measures for symmetric rank-one updates".
    """

    learned: ClassVar[bool] = True
    natural: ClassVar[bool] = True
    scaled: ClassVar[bool] = True
    observation: Observation = static(default=GRADIENT)

    @property
    def square(self) -> bool:
        """It learns a matrix."""
        return True

    def start(self, problem: Problem, x: Any) -> Secant:
        """Nothing learned yet."""
        return blank(problem, x)

    def model(self, space: Space, seen: Evaluation, s: Array, memory: Secant) -> tuple[Model, Secant]:
        """The model after learning from the step s that led here."""
        y = seen.gradient - memory.g
        d = memory.units.scale
        good = positive_pair(s, y, d) & (memory.pairs >= 0)
        begin = first(memory, seen, s, y, good & (memory.pairs == 0), 1 + sine(d * s, y / d, good))
        B = jnp.where(fresh(memory, good), jnp.diag(begin), memory.matrix)
        e = y - B @ s
        es = e @ s
        ok = (jnp.abs(es) > 1e-8 * norm(d * s) * norm(e / d)) & (memory.pairs >= 0)
        root = e / jnp.sqrt(safe(jnp.abs(es), ok))
        B = jnp.where(ok, B + jnp.sign(es) * jnp.outer(root, root), B)
        learned = Secant(seen.gradient, B, memory.units, jnp.maximum(memory.pairs, 0) + ok)
        return Model(seen.x, seen.value, seen.gradient, Dense(B), d, space), learned

    def carried(self, transport: Callable[[Array], Array], memory: Secant) -> Secant:
        """The memory in the tangent space of the next point."""
        return carried_secant(transport, memory)


@record
class Pairs:
    """Memory of L-BFGS: last gradient, the last m steps and gradient changes (newest last), units, live pairs."""

    g: Array
    S: Array
    Y: Array
    units: Units
    pairs: Array


@record
class LBFGS(Curvature):
    """Limited-memory BFGS in the compact form of Byrd, Nocedal and Schnabel (1994), section 3."""

    size: int = static(default=10)
    learned: ClassVar[bool] = True
    natural: ClassVar[bool] = True
    scaled: ClassVar[bool] = True
    observation: Observation = static(default=GRADIENT)

    def start(self, problem: Problem, x: Any) -> Pairs:
        """Nothing learned yet."""
        zero = problem.space.zero(x)
        empty = jnp.zeros((zero.shape[0], self.size), zero.dtype)
        return Pairs(zero, empty, empty, Units.unknown(zero), jnp.full((), -1, jnp.int32))

    def model(self, space: Space, seen: Evaluation, s: Array, memory: Pairs) -> tuple[Model, Pairs]:
        """The model after learning from the step s that led here. Pairs are kept in scaled variables."""
        d = memory.units.scale
        s, y = d * s, (seen.gradient - memory.g) / d
        ok = positive_pair(s, y, jnp.ones_like(d)) & (memory.pairs >= 0)
        # Pairs are stored at unit length: products of tiny steps would underflow.
        unit = norm(s)
        unit = safe(unit, ok)
        S, Y = self.push(memory.S, s / unit, ok), self.push(memory.Y, y / unit, ok)
        pairs = jnp.minimum(jnp.maximum(memory.pairs, 0) + ok, self.size)
        last = safe(S[:, -1] @ Y[:, -1], pairs > 0)
        gamma = jnp.where(pairs > 0, (Y[:, -1] @ Y[:, -1]) / last, begun(seen, memory.units))
        B = self.compact(gamma, S, Y, pairs, d)
        return Model(seen.x, seen.value, seen.gradient, B, d, space), Pairs(seen.gradient, S, Y, memory.units, pairs)

    def carried(self, transport: Callable[[Array], Array], memory: Pairs) -> Pairs:
        """The memory in the tangent space of the next point: every pair is carried along."""
        columns = jax.vmap(transport, 1, 1)
        return replace(memory, g=transport(memory.g), S=columns(memory.S), Y=columns(memory.Y))

    def push(self, A: Array, a: Array, ok: Array) -> Array:
        """Drops the oldest column and appends the newest, where the pair is `ok`."""
        return jnp.where(ok, jnp.concatenate([A[:, 1:], a[:, None]], 1), A)

    def compact(self, gamma: Array, S: Array, Y: Array, pairs: Array, d: Array) -> LowRank:
        """B = D (gamma I - W M^-1 W') D with W = [gamma S, Y], diagonalized so that dead pairs have weight zero."""
        live = jnp.arange(self.size) >= self.size - pairs
        SY = S.T @ Y
        L, D = jnp.tril(SY, -1), jnp.diag(jnp.diag(SY))
        M = jnp.block([[gamma * (S.T @ S), L], [L.T, -D]])
        W = jnp.concatenate([gamma * S, Y], 1)
        both = jnp.concatenate([live, live])
        # Columns are brought to unit size first: gamma carries the units of f.
        size = jnp.sqrt(jnp.abs(jnp.diagonal(M)))
        size = safe(size, both & (size > 0))
        M = jnp.where(both[:, None] & both[None, :], M / (size[:, None] * size[None, :]), jnp.eye(2 * self.size))
        w, Q = jnp.linalg.eigh(M.astype(S.dtype))
        fine = jnp.abs(w) > eps(w) * self.size
        U = (jnp.where(both, d[:, None] * W / size, 0)) @ Q
        return LowRank(gamma * d**2, U, jnp.where(fine, -1 / safe(w, fine), 0))

"""Curvature learned from gradients: BFGS, DFP, SR1 and limited-memory BFGS."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from raphson.kernel.look import GRADIENT, Look
from raphson.kernel.number import eps, norm, safe
from raphson.kernel.record import record, static
from raphson.model.curvature import Curvature, first_size
from raphson.model.quadratic import Model
from raphson.operators.dense import Dense, Inverted
from raphson.operators.low_rank import LowRank

Array = jax.Array


@record
class Secant:
    """Memory of a dense quasi-Newton method: last gradient, B, its inverse, and how many pairs were used."""

    g: Array
    B: Array
    H: Array
    pairs: Array


def blank(problem: Any, x: Any) -> Secant:
    """Nothing learned yet."""
    zero = problem.space.zero(x)
    empty = jnp.zeros((zero.shape[0], zero.shape[0]), zero.dtype)
    return Secant(zero, empty, empty, jnp.full((), -1, jnp.int32))


def carried_secant(transport: Callable[[Array], Array], memory: Secant) -> Secant:
    """The memory in the tangent space of the next point: T B T' for the orthogonal T that `transport` is.

    Source: Huang, Gallivan and Absil (2015), "A Broyden class of quasi-Newton methods for Riemannian optimization".
    """
    both = lambda A: jax.vmap(transport)(jax.vmap(transport)(A.T).T)
    return replace(memory, g=transport(memory.g), B=both(memory.B), H=both(memory.H))


def positive_pair(s: Array, y: Array) -> Array:
    """Whether y's is safely positive, so that an update keeps B positive definite. False at the start, where s = 0."""
    return (s @ y > eps(y) ** 0.5 * norm(s) * norm(y)) & (norm(s) > 0)


def rescaled(
    memory: Secant, look: Look, s: Array, y: Array, ok: Array, factor: Array | float = 1.0
) -> tuple[Array, Array]:
    """B and its inverse before the update: b I at the first point, `factor` (y'y / s'y) I at the first pair.

    Source: Nocedal and Wright (2006), equation 6.20.
    """
    eye = jnp.eye(s.shape[0], dtype=s.dtype)
    b = jnp.where(ok, factor * ((y @ y) / safe(s @ y, ok)), first_size(look.value, look.gradient))
    fresh = (memory.pairs < 0) | (ok & (memory.pairs == 0))
    return jnp.where(fresh, b * eye, memory.B), jnp.where(fresh, eye / b, memory.H)


def inverse_form(A: Array, u: Array, v: Array, uv: Array) -> Array:
    """(I - u v'/u'v) A (I - v u'/u'v) + u u'/u'v: BFGS of the inverse, and (u, v exchanged) DFP of B."""
    Av = A @ v
    return A - (jnp.outer(u, Av) + jnp.outer(Av, u)) / uv + jnp.outer(u, u) * ((1 + v @ Av / uv) / uv)


def direct_form(A: Array, s: Array, y: Array, sy: Array, ok: Array) -> Array:
    """A - A s s'A / s'As + y y'/s'y: BFGS of B, and (s, y exchanged) DFP of the inverse."""
    As = A @ s
    return A - jnp.outer(As, As) / safe(s @ As, ok & (s @ As > 0)) + jnp.outer(y, y) / sy


@record
class BFGS(Curvature):
    """Broyden, Fletcher, Goldfarb, Shanno (1970), with the inverse kept beside B.

    Source: Nocedal and Wright (2006), equations 6.17 and 6.19.
    """

    learned: ClassVar[bool] = True
    order: int = static(default=GRADIENT)

    def start(self, problem: Any, x: Any) -> Secant:
        """Nothing learned yet."""
        return blank(problem, x)

    def model(self, space: Any, look: Look, s: Array, memory: Secant) -> tuple[Model, Secant]:
        """The model after learning from the step s that led here."""
        y = look.gradient - memory.g
        ok = positive_pair(s, y) & (memory.pairs >= 0)
        B, H = rescaled(memory, look, s, y, ok)
        sy = safe(s @ y, ok)
        B, H = self.update(B, H, s, y, sy, ok)
        learned = Secant(look.gradient, B, H, jnp.maximum(memory.pairs, 0) + ok)
        one = jnp.ones_like(look.gradient)
        return Model(look.x, look.value, look.gradient, Inverted(B, H), one, space), learned

    def carried(self, transport: Callable[[Array], Array], memory: Secant) -> Secant:
        """The memory in the tangent space of the next point."""
        return carried_secant(transport, memory)

    def update(self, B: Array, H: Array, s: Array, y: Array, sy: Array, ok: Array) -> tuple[Array, Array]:
        """B and its inverse after a pair (s, y); unchanged where not `ok`."""
        return (
            jnp.where(ok, direct_form(B, s, y, sy, ok), B),
            jnp.where(ok, inverse_form(H, s, y, sy), H),
        )


@record
class DFP(BFGS):
    """Davidon (1959), Fletcher, Powell (1963): the dual of BFGS, B and its inverse exchanged.

    Source: Nocedal and Wright (2006), equations 6.13 and 6.15.
    """

    def update(self, B: Array, H: Array, s: Array, y: Array, sy: Array, ok: Array) -> tuple[Array, Array]:
        """B and its inverse after a pair (s, y); unchanged where not `ok`."""
        return (
            jnp.where(ok, inverse_form(B, y, s, sy), B),
            jnp.where(ok, direct_form(H, y, s, sy, ok), H),
        )


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
    order: int = static(default=GRADIENT)

    def start(self, problem: Any, x: Any) -> Secant:
        """Nothing learned yet."""
        return blank(problem, x)

    def model(self, space: Any, look: Look, s: Array, memory: Secant) -> tuple[Model, Secant]:
        """The model after learning from the step s that led here."""
        y = look.gradient - memory.g
        first = positive_pair(s, y) & (memory.pairs >= 0)
        B, _ = rescaled(memory, look, s, y, first & (memory.pairs == 0), 1 + sine(s, y, first))
        e = y - B @ s
        d = e @ s
        ok = (jnp.abs(d) > 1e-8 * norm(s) * norm(e)) & (memory.pairs >= 0)
        B = jnp.where(ok, B + jnp.outer(e, e) / safe(d, ok), B)
        learned = Secant(look.gradient, B, memory.H, jnp.maximum(memory.pairs, 0) + ok)
        one = jnp.ones_like(look.gradient)
        return Model(look.x, look.value, look.gradient, Dense(B), one, space), learned

    def carried(self, transport: Callable[[Array], Array], memory: Secant) -> Secant:
        """The memory in the tangent space of the next point."""
        return carried_secant(transport, memory)


@record
class Pairs:
    """Memory of L-BFGS: last gradient, the last m steps and gradient changes (newest last), how many are live."""

    g: Array
    S: Array
    Y: Array
    pairs: Array


@record
class LBFGS(Curvature):
    """Limited-memory BFGS in the compact form of Byrd, Nocedal and Schnabel (1994), section 3."""

    size: int = static(default=10)
    learned: ClassVar[bool] = True
    order: int = static(default=GRADIENT)

    def start(self, problem: Any, x: Any) -> Pairs:
        """Nothing learned yet."""
        zero = problem.space.zero(x)
        empty = jnp.zeros((zero.shape[0], self.size), zero.dtype)
        return Pairs(zero, empty, empty, jnp.full((), -1, jnp.int32))

    def model(self, space: Any, look: Look, s: Array, memory: Pairs) -> tuple[Model, Pairs]:
        """The model after learning from the step s that led here."""
        y = look.gradient - memory.g
        ok = positive_pair(s, y) & (memory.pairs >= 0)
        # Pairs are stored at unit length: products of tiny steps would underflow.
        unit = norm(s)
        unit = safe(unit, ok)
        S, Y = self.push(memory.S, s / unit, ok), self.push(memory.Y, y / unit, ok)
        pairs = jnp.minimum(jnp.maximum(memory.pairs, 0) + ok, self.size)
        last = safe(S[:, -1] @ Y[:, -1], pairs > 0)
        gamma = jnp.where(pairs > 0, (Y[:, -1] @ Y[:, -1]) / last, first_size(look.value, look.gradient))
        B = self.compact(gamma, S, Y, pairs)
        one = jnp.ones_like(look.gradient)
        return Model(look.x, look.value, look.gradient, B, one, space), Pairs(look.gradient, S, Y, pairs)

    def carried(self, transport: Callable[[Array], Array], memory: Pairs) -> Pairs:
        """The memory in the tangent space of the next point: every pair is carried along."""
        columns = jax.vmap(transport, 1, 1)
        return replace(memory, g=transport(memory.g), S=columns(memory.S), Y=columns(memory.Y))

    def push(self, A: Array, a: Array, ok: Array) -> Array:
        """Drops the oldest column and appends the newest, where the pair is `ok`."""
        return jnp.where(ok, jnp.concatenate([A[:, 1:], a[:, None]], 1), A)

    def compact(self, gamma: Array, S: Array, Y: Array, pairs: Array) -> LowRank:
        """B = gamma I - W M^-1 W' with W = [gamma S, Y], diagonalized so that dead pairs have weight zero."""
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
        U = (jnp.where(both, W / size, 0)) @ Q
        return LowRank(gamma, U, jnp.where(fine, -1 / safe(w, fine), 0))

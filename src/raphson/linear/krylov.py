"""The trust-region subproblem in the span of a walk of conjugate gradients and a little beyond: products alone."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false

from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.linalg import solve_triangular

from raphson.kernel.number import eps, norm, safe
from raphson.kernel.record import record
from raphson.linear.batched import cholesky, lower, upper
from raphson.linear.cg import ConjugatePath
from raphson.linear.secular import Bracket
from raphson.linear.spectral import all_eigenpairs

Array = jax.Array

CONJUGATE = 0.01
"""A leg is conjugate to those before it where its slope at 0 is minus its curvature, to this part of it."""

SPARE = 4
"""What is added to inner products, in units of m eps: legs may depend on each other to rounding."""

TURNS = 60
"""Newton's iterations on the secular equation at most; 5 are typical, and the bracket halves its logarithm."""


@record
class Subspace:
    """A quadratic g'y + 1/2 y'By on the span of m vectors, in its eigenframe there: y has the coefficients `frame` z
    with |y| = |z|, curvatures `w` (m,) ascending and slopes `c` (m,)."""

    frame: Array
    w: Array
    c: Array

    def least(self, ball: Array) -> tuple[Array, Array]:
        """Coefficients (m,) of the y with |y| <= ball at which it is least, and y'By."""
        z = least_in_ball(self.w, self.c, ball)
        return self.frame @ z, jnp.sum(self.w * z * z)


def least_in_ball(w: Array, c: Array, ball: Array) -> Array:
    """argmin c'z + 1/2 z' diag(w) z over |z| <= ball, w ascending.

    The search is for the shift above -w_0, not for the shift: so the nearly hard case keeps its digits.
    Source: More and Sorensen (1983), section 3.
    """
    low = jnp.maximum(-w[0], 0)
    gaps = w + low

    def step(shift: Array) -> Array:
        whole = gaps + shift
        return jnp.where(c == 0, 0, -c / safe(whole, whole > 0))

    still = step(jnp.zeros_like(ball))
    reachable = jnp.all((gaps > 0) | (c == 0))
    inside = reachable & (norm(still) <= ball)
    size = norm(c)
    high = size / ball
    first = jnp.maximum(jnp.abs(c[0]) / ball - gaps[0], high - gaps[-1])
    bracket = Bracket(jnp.maximum(first, 0), jnp.zeros_like(high), 1.01 * high).kept(first)

    def search(carry: tuple[Bracket, Array, Array]) -> tuple[Bracket, Array, Array]:
        bracket, k, _ = carry
        z = step(bracket.shift)
        length = norm(z)
        bend = jnp.sum(z * z / safe(gaps + bracket.shift, gaps + bracket.shift > 0))
        done = jnp.abs(length - ball) <= 64 * eps(ball) * ball
        better = bracket.narrowed(jnp.ones((), bool), length, bend, ball)
        return replace(better, shift=jnp.where(done, bracket.shift, better.shift)), k + 1, done

    start = (bracket, jnp.zeros((), jnp.int32), inside)
    bracket, _, _ = lax.while_loop(lambda a: ~a[2] & (a[1] < TURNS), search, start)
    z = step(bracket.shift)
    length = norm(z)
    z = jnp.where(inside, still, z * (ball / safe(length, length > 0)))
    # The hard case: along the lowest eigenvector there is no slope, only curvature.
    rest = jnp.sqrt(jnp.maximum(ball**2 - jnp.sum(z * z), 0)) * jnp.where(inside & (low > 0), 1, 0)
    return z.at[0].add(jnp.where(c[0] > 0, -rest, rest))


@record
class Legs:
    """Of a walk: its legs (rows + 1, n) of length 1, conjugate to each other, the direction beyond it the last one;
    their `lengths` (0: not used) and the curvatures `w` along them."""

    basis: Array
    lengths: Array
    w: Array

    @staticmethod
    def of(walk: ConjugatePath) -> "Legs":
        """Legs and direction."""
        live = walk.lengths < jnp.inf
        ends = jnp.where(live[:, None], walk.points - jnp.roll(walk.points, 1, axis=0).at[0].set(0), 0)
        legs = jnp.concatenate([ends, walk.beyond[None]])
        lengths = jnp.sqrt(jnp.sum(legs * legs, axis=1))
        bends = jnp.append(jnp.where(live, jnp.diff(walk.bends, prepend=0), 0), walk.bend)
        one = safe(lengths, lengths > 0)
        return Legs(legs / one[:, None], lengths, bends / one**2)


@record
class Growth:
    """A basis (m, n) with its inner products G and the curvature A on it, the next direction, and products made."""

    basis: Array
    G: Array
    A: Array
    candidate: Array
    inner: Array


@record
class Span:
    """The span of a walk's legs, of lengths `lengths` (rows + 1,), and of `beyond` (more, n); the quadratic on it.

    `sound`: no leg has lost its conjugacy to rounding. `inner`: products that were made for it.
    """

    lengths: Array
    beyond: Array
    space: Subspace
    sound: Array
    inner: Array

    def least(self, walk: ConjugatePath, ball: Array) -> tuple[Array, Array]:
        """The y (n,) in a ball at which the quadratic is least, and y'By."""
        h, bend = self.space.least(ball)
        count = self.lengths.size
        step = h[:count] / safe(self.lengths, self.lengths > 0)
        # A leg is the difference of two points: no leg is formed again.
        along = step[:-1] - jnp.append(step[1:-1], 0)
        return along @ walk.points + step[-1] * walk.beyond + h[count:] @ self.beyond, bend


def span_of(
    mv: Callable[[Array], Array], inverse: Callable[[Array], Array], g: Array, walk: ConjugatePath, left: Array,
    more: int,
) -> Span:  # fmt: skip
    """The span of a walk, with `more` directions that its Krylov space has beyond where a ball or negative curvature
    ended it; a product each. `left`: the residual there.

    Without a preconditioner these are Lanczos vectors. Where there are none left, a direction at random takes the
    place: the hard case hides the lowest eigenvector from the space of g.
    Sources: Gould, Lucidi, Roma and Toint (1999), "Solving the trust-region subproblem using the Lanczos method";
    Conn, Gould and Toint (2000), section 7.5.
    """
    legs = Legs.of(walk)
    count = legs.lengths.size
    m = count + more
    inner = jnp.zeros((m, m), g.dtype).at[:count, :count]
    start = Growth(
        jnp.concatenate([legs.basis, jnp.zeros((more, g.size), g.dtype)]), inner.set(legs.basis @ legs.basis.T),
        inner.set(jnp.diag(legs.w)), inverse(left), jnp.zeros((), jnp.int32),
    )  # fmt: skip
    held = walk.cut | jnp.any(walk.beyond != 0)

    def one(k: Array, c: Growth) -> Growth:
        return grow(mv, inverse, c, k)

    end = lax.fori_loop(count, jnp.where(held, m, count), one, start)
    slopes = end.basis @ g
    # Along a leg the model is least at its end, from wherever the others are left.
    fall = (legs.lengths * legs.w)[:-1]
    sound = jnp.all(jnp.abs(slopes[: count - 1] + fall) <= CONJUGATE * jnp.abs(fall))
    return Span(legs.lengths, end.basis[count:], framed(end.A, end.G, slopes), sound, end.inner)


def grow(mv: Callable[[Array], Array], inverse: Callable[[Array], Array], c: Growth, k: Array) -> Growth:
    """One direction more: the candidate without what the others hold of it, or else one at random."""
    L = cholesky(solid(c.G))

    def apart(v: Array) -> tuple[Array, Array]:
        v = v / safe(norm(v), norm(v) > 0)
        for _ in range(2):
            v = v - upper(L, lower(L, c.basis @ v)) @ c.basis
        size = norm(v)
        return v / safe(size, size > 0), size

    def wild() -> tuple[Array, Array]:
        return apart(jax.random.normal(jax.random.fold_in(jax.random.key(0), k), c.candidate.shape, c.candidate.dtype))

    v, size = apart(c.candidate)
    least = eps(size) ** 0.5
    found = v, size
    v, size = lax.cond(size > least, lambda: found, wild)
    v = jnp.where(size > least, v, 0)
    w = mv(v)
    basis = lax.dynamic_update_index_in_dim(c.basis, v, k, 0)
    across, shared = basis @ w, basis @ v
    G, A = c.G.at[k].set(shared).at[:, k].set(shared), c.A.at[k].set(across).at[:, k].set(across)
    return Growth(basis, G, A, inverse(w), c.inner + 1)


def solid(G: Array) -> Array:
    """Inner products with 1 in the place of vectors that are not used, and a little more than rounding everywhere."""
    own = jnp.diagonal(G)
    return G + jnp.diag(jnp.where(own > 0, SPARE * G.shape[0] * eps(G) * own, 1))


def framed(A: Array, G: Array, slopes: Array) -> Subspace:
    """The eigenframe of A among vectors with inner products G; those that are not used count as the stiffest."""
    used = jnp.diagonal(G) > 0
    L = cholesky(solid(G))
    H = solve_triangular(L, solve_triangular(L, A, lower=True).T, lower=True)
    top = jnp.max(jnp.abs(H))
    H = 0.5 * (H + H.T) + jnp.diag(jnp.where(used, 0, jnp.where(top > 0, top, 1)))
    w, U = all_eigenpairs(H)
    return Subspace(solve_triangular(L, U, trans=1, lower=True), w, U.T @ lower(L, slopes))

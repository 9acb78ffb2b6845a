"""A generalized linear model as a problem of the package: f, and its gradient and Hessian in closed form.

    f(b) = sum_i w_i l(x_i'b + o_i, y_i) + 1/2 sum_j r_j b_j^2,   g = X'(w l') + r b,   H = X' diag(w l'') X + diag(r)

The rows of the design are kept as columns (P, n): so both products with it run along memory, and H took 0.6 of the time
(measured, n = 1e5, P = 50). The loop around is `solver.step` with `Exact` curvature: Newton's method.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from raphson.calculus.taylor import DenseHessian
from raphson.controls.armijo import Armijo
from raphson.kernel.evaluation import Evaluation
from raphson.ml.glm_families import FAMILIES, SOFTMAX, Family, contrasts, softmax_bend, softmax_loss, softmax_slope
from raphson.model.curvature import Exact
from raphson.operators.dense import Dense
from raphson.paths.ray import Ray
from raphson.problems.minimize import Minimize
from raphson.solver.step import Method
from raphson.solver.stop import Stop

Array = jax.Array

GAIN = 64.0
"""A Newton step that promised less than `GAIN` eps of f is the last one: it leaves about its square, and f in the sums
of large n has no digit more."""

MOST = 60
"""Trials. A fit of real data takes 4 to 12; one whose infimum is at infinity moves by one unit of eta a step, and has
after 40 of them lost the weights of the examples that it separates to rounding."""


@dataclass(frozen=True)
class SingleHessian(DenseHessian):
    """The closed form of a family with one output."""

    family: Family = field(kw_only=True)

    def traced(self, problem: Any, x: Any) -> Evaluation:
        """f, g (P,) and H (P, P)."""
        columns, y, w, offset, ridge = problem.data
        eta = x @ columns + offset
        value = jnp.sum(w * self.family.loss(eta, y)) + 0.5 * jnp.sum(ridge * x * x)
        g = columns @ (w * self.family.slope(eta, y)) + ridge * x
        H = gram_of(columns, w * self.family.bend(eta, y)) + jnp.diag(ridge)
        return Evaluation(x, value, g, Dense(H))


@dataclass(frozen=True)
class SoftmaxHessian(DenseHessian):
    """The closed form of the softmax, in contrasts of the classes."""

    def traced(self, problem: Any, x: Any) -> Evaluation:
        """f, g ((K - 1) P,) and H, of x (K - 1, P)."""
        columns, y, w, offset, ridge = problem.data
        m, P = x.shape
        Q = jnp.asarray(contrasts(m + 1), x.dtype)
        eta = Q @ (x @ columns) + offset
        value = jnp.sum(w * softmax_loss(eta, y)) + 0.5 * jnp.sum(ridge * x * x)
        g = (Q.T @ (w * softmax_slope(eta, y))) @ columns.T + ridge * x
        bends = w * softmax_bend(eta, Q)
        first, second = jnp.triu_indices(m)
        blocks = lax.map(lambda pair: gram_of(columns, bends[pair[0], pair[1]]), (first, second))
        H = jnp.zeros((m, m, P, P), x.dtype).at[first, second].set(blocks).at[second, first].set(blocks)
        H = H.transpose(0, 2, 1, 3).reshape(m * P, m * P) + jnp.diag(jnp.tile(ridge, m))
        return Evaluation(x, value, g.ravel(), Dense(H))


def gram_of(columns: Array, w: Array) -> Array:
    """sum_i w_i x_i x_i' (P, P), exactly symmetric."""
    H = (columns * w) @ columns.T
    return (H + H.T) / 2


@cache
def single_loss(family: Family) -> Any:
    """f of a family with one output as a function of the coefficients (P,) and the data."""

    def total(x: Array, columns: Array, y: Array, w: Array, offset: Array, ridge: Array) -> Array:
        return jnp.sum(w * family.loss(x @ columns + offset, y)) + 0.5 * jnp.sum(ridge * x * x)

    return total


def softmax_total(x: Array, columns: Array, y: Array, w: Array, offset: Array, ridge: Array) -> Array:
    """f of the softmax as a function of contrasts (K - 1, P) and the data."""
    Q = jnp.asarray(contrasts(x.shape[0] + 1), x.dtype)
    return jnp.sum(w * softmax_loss(Q @ (x @ columns) + offset, y)) + 0.5 * jnp.sum(ridge * x * x)


def glm_problem(family: str, data: tuple) -> Minimize:
    """The problem of a family; `data`: columns (P, n), targets (n,), weights (n,), offset (n,) or (), ridge (P,)."""
    return Minimize(softmax_total if family == SOFTMAX else single_loss(FAMILIES[family]), data)


@cache
def glm_method(family: str, eps: float) -> Method:
    """Newton's method with backtracking, H in closed form. `eps` of the working precision."""
    what = SoftmaxHessian() if family == SOFTMAX else SingleHessian(family=FAMILIES[family])
    return Method(Exact(what), Ray(), Armijo(), Stop(max_steps=MOST, gain=GAIN * eps))

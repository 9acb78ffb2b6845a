"""A generalized linear model as a problem of the package: f, and its gradient and Hessian in closed form.

    f(b) = sum_i w_i l(x_i'b + o_i, y_i) + 1/2 sum_j r_j b_j^2,   g = X'(w l') + r b,   H = X' diag(w l'') X + diag(r)

The design is kept in blocks of examples (B, P, m), each with its columns in rows and small enough for a cache: one pass
over a block gives its part of f, g and H. The loop around is `solver.step` with `Exact` curvature: Newton's method.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.calculus.taylor import DenseHessian
from raphson.controls.armijo import Armijo
from raphson.kernel.evaluation import Evaluation
from raphson.ml.glm_families import FAMILIES, SOFTMAX, Family, class_pairs, contrasts, of_pairs, softmax_terms
from raphson.model.curvature import Exact
from raphson.operators.dense import Dense
from raphson.paths.ray import Ray
from raphson.problems.minimize import Minimize
from raphson.solver.presets import cast
from raphson.solver.step import Method
from raphson.solver.stop import Stop

Array = jax.Array

GAIN = 0.75
"""A Newton step that promised less than eps^`GAIN` of f is the last one: it leaves about its square. In standard errors
that is eps^0.75 sqrt(n), 6e-10 for n = 1e5."""

MOST_TRIALS = 60
"""Trials. A fit of real data takes 4 to 12; one whose infimum is at infinity moves by one unit of eta a step, and has
after 40 of them lost the weights of the examples that it separates to rounding."""


@dataclass(frozen=True)
class SingleHessian(DenseHessian):
    """The closed form of a family with one output."""

    together: ClassVar[bool] = True
    family: Family = field(kw_only=True)

    def traced(self, problem: Any, x: Any) -> Evaluation:
        """f, g (P,) and H (P, P)."""
        *examples, ridge = problem.data
        family = self.family

        def part(columns: Array, y: Array, w: Array, offset: Array) -> tuple[Array, Array, Array]:
            loss, slope, bend = family.terms(x @ columns + offset, y)
            return jnp.sum(w * loss), columns @ (w * slope), (columns * (w * bend)) @ columns.T

        value, g, H = over_blocks(part, examples)
        value = value + 0.5 * jnp.sum(ridge * x * x)
        return Evaluation(x, value, g + ridge * x, Dense((H + H.T) / 2 + jnp.diag(ridge)))


@dataclass(frozen=True)
class SoftmaxHessian(DenseHessian):
    """The closed form of the softmax, in contrasts of the classes."""

    together: ClassVar[bool] = True

    def traced(self, problem: Any, x: Any) -> Evaluation:
        """f, g ((K - 1) P,) and H, of x (K - 1, P)."""
        *examples, ridge = problem.data
        m = len(x)
        Q = jnp.asarray(contrasts(m + 1), x.dtype)
        first, second, apart = class_pairs(m + 1)

        def part(columns: Array, y: Array, w: Array, offset: Array) -> tuple[Array, Array, Array]:
            loss, slope, p = softmax_terms(Q @ (x @ columns) + offset, y)
            grams = lax.map(lambda bend: (columns * bend) @ columns.T, w * p[first] * p[second])
            return jnp.sum(w * loss), (Q.T @ (w * slope)) @ columns.T, grams

        value, g, grams = over_blocks(part, examples)
        H = of_pairs((grams + grams.transpose(0, 2, 1)) / 2, jnp.asarray(apart, x.dtype))
        H = (H + H.T) / 2 + jnp.diag(jnp.tile(ridge, m))
        value = value + 0.5 * jnp.sum(ridge * x * x)
        return Evaluation(x, value, (g + ridge * x).ravel(), Dense(H))


def over_blocks(part: Callable[..., Any], examples: list[Array]) -> Any:
    """The sum of `part` over blocks of columns, targets, weights and offset."""
    *whole, offset = examples
    if offset.ndim:
        whole = examples
        of = lambda block: part(*block)
    else:
        of = lambda block: part(*block, offset)
    if examples[0].shape[0] == 1:
        return of([a[0] for a in whole])
    shapes = jax.eval_shape(of, [a[0] for a in whole])
    zero = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), shapes)
    return lax.scan(lambda total, block: (jax.tree.map(jnp.add, total, of(block)), None), zero, whole)[0]


@cache
def single_loss(family: Family) -> Any:
    """f of a family with one output as a function of the coefficients (P,) and the data."""

    def total(x: Array, columns: Array, y: Array, w: Array, offset: Array, ridge: Array) -> Array:
        eta = jnp.einsum("p,bpm->bm", x, columns) + offset
        return jnp.sum(w * family.terms(eta, y)[0]) + 0.5 * jnp.sum(ridge * x * x)

    return total


def softmax_total(x: Array, columns: Array, y: Array, w: Array, offset: Array, ridge: Array) -> Array:
    """f of the softmax as a function of contrasts (K - 1, P) and the data."""
    Q = jnp.asarray(contrasts(x.shape[0] + 1), x.dtype)
    eta = jnp.einsum("ka,ap,bpm->kbm", Q, x, columns) + offset
    losses = softmax_terms(eta.reshape(len(Q), -1), y.ravel())[0]
    return jnp.sum(w.ravel() * losses) + 0.5 * jnp.sum(ridge * x * x)


def glm_problem(family: str, data: tuple) -> Minimize:
    """The problem of a family; `data`: columns (B, P, m), targets, weights and offset (B, m; an offset may
    be a single number), ridge (P,)."""
    return Minimize(softmax_total if family == SOFTMAX else single_loss(FAMILIES[family]), data)


@cache
def glm_method(family: str, dtype: Any, most: int = MOST_TRIALS) -> Method:
    """Newton's method with backtracking, H in closed form, in this precision; at most so many trials."""
    what = SoftmaxHessian() if family == SOFTMAX else SingleHessian(family=FAMILIES[family])
    gain = float(np.finfo(dtype).eps) ** GAIN
    return cast(Method(Exact(what), Ray(), Armijo(), Stop(max_steps=most, gain=gain)), dtype)

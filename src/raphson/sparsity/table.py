"""Which rule each primitive has."""

from __future__ import annotations

import numpy as np

from raphson.sparsity.constants import Constants
from raphson.sparsity.contraction import Contracting, Triangular
from raphson.sparsity.dependence import Sets
from raphson.sparsity.elementwise import MEETING, Choosing, Elementwise
from raphson.sparsity.indexing import REARRANGE
from raphson.sparsity.loops import Looping
from raphson.sparsity.moving import Moving, Scatter, Updating
from raphson.sparsity.reduction import AlongAxes, Blocks, Prefixes, Reducing
from raphson.sparsity.rules import Deps, Masks, Rule, any_live
from raphson.sparsity.sweep import RULES
from raphson.sparsity.tape import Equation
from raphson.sparsity.windows import Convolving, Windowed


class Tied(Rule):
    """The first operand; the others are needed with it, for what meets in them."""

    def live(self, eq: Equation, live: Masks, known: Constants) -> Masks:
        return [live[0], *(np.full(kind.shape, any_live(live)) for kind in eq.given[1:])]

    def sets(self, eq: Equation, deps: Deps, sets: Sets, known: Constants) -> Deps:
        return [deps[0]]


MATRIX, PAIR = 2, 1
"""Trailing axes of one block of the first operand: a matrix, or the diagonal of one."""
FACTORIZATIONS = "cholesky eigh eig svd qr lu schur hessenberg geqrf householder_product symmetric_product tridiagonal"

RULES.update({
    **dict.fromkeys(MEETING, Elementwise()),
    **dict.fromkeys(REARRANGE, Moving()),
    "dynamic_update_slice": Updating(),
    "select_n": Choosing(),
    **dict.fromkeys(("scatter", "scatter-add", "scatter-sub", "scatter-mul", "scatter-min", "scatter-max"), Scatter()),
    **dict.fromkeys(("reduce_sum", "reduce_max", "reduce_min"), Reducing()),
    "reduce_prod": Reducing(meeting=True),
    **dict.fromkeys(("cumsum", "cummax", "cummin"), Prefixes()),
    **dict.fromkeys(("cumprod", "cumlogsumexp"), Prefixes(meeting=True)),
    **dict.fromkeys(("sort", "top_k", "approx_top_k", "fft"), AlongAxes()),
    "dot_general": Contracting(),
    "triangular_solve": Triangular(),
    "conv_general_dilated": Convolving(),
    **dict.fromkeys(("reduce_window_sum", "reduce_window_max", "reduce_window_min"), Windowed()),
    **dict.fromkeys(FACTORIZATIONS.split(), Blocks(MATRIX)),
    "tridiagonal_solve": Blocks(PAIR),
    "loop": Looping(),
    "tied": Tied(),
    "unknown": Blocks(),
})  # fmt: skip

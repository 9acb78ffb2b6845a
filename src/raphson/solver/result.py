"""The result of a run: SciPy's names beside our own, a certificate, and a text that a person reads."""

import pickle
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

import jax
import numpy as np

from raphson.certificate.verdict import Certificate
from raphson.kernel import show
from raphson.kernel.items import LATER, Items
from raphson.kernel.number import eps
from raphson.kernel.status import Status
from raphson.kernel.trace import Trace
from raphson.model.geometry import Frame
from raphson.model.quadratic import Model
from raphson.solver.facts import SparsityFacts
from raphson.solver.wording import sentence, summary

CODES = {Status.STEPS: 1, Status.CALLS: 1, Status.TIME: 1, Status.NOT_FINITE: 3, Status.UNBOUNDED: 4, Status.USER: 99}
"""SciPy's numbers for runs without success: 1 a limit, 3 not finite, 99 stopped by a callback; 2 for all others."""


@dataclass(frozen=True)
class Evaluations:
    """How often f, its gradient and its Hessian (or products with it) were evaluated."""

    value: int
    gradient: int
    hessian: int

    def __add__(self, other: "Evaluations") -> "Evaluations":
        """Those of two runs together."""
        return Evaluations(self.value + other.value, self.gradient + other.gradient, self.hessian + other.hessian)

    def __sub__(self, other: "Evaluations") -> "Evaluations":
        """Those of a run without its beginning."""
        return Evaluations(self.value - other.value, self.gradient - other.gradient, self.hessian - other.hessian)


@dataclass(repr=False, eq=False)
class Result(Items):
    """The answer of a minimization.

    `x` in the structure of x0; `value` f(x), `gradient` (n,), `model` the local quadratic at x;
    `termination` why the loop ended, `certificate` what the answer is worth, `verdict` that in one
    sentence, `success` true only for a minimum shown by first and second order or by the noise of
    f; `trace` every trial; `steps` how many; `evaluations`; `method` the preset's name and `reasons`
    why it was chosen; `notes` what was done to the input; `active` (n,) -1 at a lower bound beyond
    which f falls, 1 at an upper one, 0 elsewhere; `start` x0 as the run used it (a vector for host
    functions) and `recipe` the `Method`: with the trace they say the whole run again; `sparsity` the
    pattern of a sparse H with what a factor of it costs (`SparsityFacts`; None where none was found).

    A `scipy.optimize.OptimizeResult` with SciPy's names as items and attributes, yours to change: `x fun
    jac hess hess_inv active_mask success status message nit nfev njev nhev`. Can be pickled; the
    function itself stays behind, so that a page made from a pickled result draws no contours of f.
    """

    x: Any
    value: float
    gradient: np.ndarray
    model: Model
    termination: Status
    certificate: Certificate
    trace: Trace
    evaluations: Evaluations
    method: str
    description: str
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float
    compile_seconds: float
    hessian: np.ndarray | None = field(default=None)
    active: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    start: Any = None
    recipe: Any = None
    sparsity: SparsityFacts | None = None

    def __post_init__(self) -> None:
        self["x"] = jax.tree.map(np.array, self["x"])
        self.gradient, self.active = writable(self.gradient), writable(self.active)
        self.hessian = None if self.hessian is None else writable(self.hessian)
        self.update(self.scipy_items())

    def scipy_items(self) -> dict[str, Any]:
        """What SciPy's `minimize` returns beside x."""
        return {
            "fun": self.value, "jac": self.gradient, "hess": hessian_item(self),
            "hess_inv": LATER, "active_mask": self.active,
            "success": self.certificate.success, "status": self.code(), "message": self.verdict, "nit": self.steps,
            "nfev": self.evaluations.value, "njev": self.evaluations.gradient, "nhev": self.evaluations.hessian,
        }  # fmt: skip

    def code(self) -> int:
        """SciPy's status: 0 for success, else one of `CODES`."""
        return 0 if self.certificate.success else CODES.get(self.termination, 2)

    def compute(self, name: str) -> Any:
        """hess_inv: the inverse of the Hessian, of the method's approximation where H is not known, or None.

        (n, n), symmetric; a LinearOperator with `todense()` for limited-memory methods, as SciPy's. Where H
        is singular to rounding the pseudo-inverse in natural units, zero along the flat directions.
        """
        if name == "hess":
            return self.model.curvature.csr()
        if name != "hess_inv":
            raise KeyError(name)
        if self.hessian is None:
            return self.model.curvature.known_inverse()
        if not np.all(np.isfinite(self.hessian)):
            return None
        if self.limited:
            from raphson.solver.inverse import limited_inverse  # here: `import raphson` does without scipy.sparse

            return limited_inverse(np.asarray(self.hessian, float), eps(self.gradient))
        return Frame.at(np.asarray(self.hessian, float), eps(self.gradient)).inverse()

    @property
    def limited(self) -> bool:
        """Whether the method has a limited memory: L-BFGS."""
        return self.method.lower() == "lbfgs"

    @classmethod
    def declares(cls, name: str) -> bool:
        """Whether `name` is one of our own: a field, or computed from fields."""
        return (name in cls.__dataclass_fields__ and name != "x") or super().declares(name)

    def portable(self) -> dict[str, Any]:
        """The fields without a recipe that cannot be pickled (made of parts that were defined in a function)."""
        try:
            pickle.dumps(self.recipe)
        except Exception:
            return {**vars(self), "recipe": None}
        return vars(self)

    @property
    def verdict(self) -> str:
        """The verdict in one sentence."""
        return sentence(self)

    @property
    def steps(self) -> int:
        """Trials made, accepted or not."""
        return len(self.trace)

    def points(self) -> list[Any]:
        """The points of the run, x0 and every accepted one, in the structure of x (SciPy's `allvecs`).

        Fewer where all would take too much memory (`trace.whole` is false, `trace.note` says how many,
        `trace.kept` which): x0, the last, and some between, evenly.
        """
        if not self.model.space.straight:
            path = accumulate([self.start, *self.trace.moves], self.model.space.retract)
            return [jax.tree.map(np.asarray, x) for x in path]
        flat = np.concatenate([np.ravel(np.asarray(leaf)) for leaf in jax.tree.leaves(self.start)])
        path = np.cumsum([flat, *np.asarray(self.trace.moves, flat.dtype)], axis=0, dtype=flat.dtype)
        leaves, tree = jax.tree.flatten(self.x)
        ends = np.cumsum([np.size(leaf) for leaf in leaves])[:-1]
        shapes = [np.shape(leaf) for leaf in leaves]
        parts = lambda x: [a.reshape(shape) for a, shape in zip(np.split(x, ends), shapes, strict=True)]
        return [tree.unflatten(parts(x)) for x in path]

    def report(self, path: str | Path, title: str = "", language: str = "en") -> Path:
        """Writes the run as one self-contained HTML file with pictures that can be dragged; the path of the file.

        Everything is inside the file: it needs no network, and can be read with scripts off.
        `title`: what stands at the top (default: "Minimization"); `language`: "en" or "zh", in which the page opens.
        ValueError for another one.
        """
        return show.report(self, path, title, language)

    def _repr_html_(self) -> str:
        """The picture of the run and its verdict, for notebooks."""
        return show.html(self)

    def __str__(self) -> str:
        return summary(self)

    __repr__ = __str__


def hessian_item(result: Result) -> Any:
    """H, or what stands for a sparse one until it is asked for."""
    sparse = result.hessian is None and result.model is not None and result.model.curvature.compact
    return LATER if sparse else result.hessian


def writable(a: Any) -> np.ndarray:
    """`a` as a NumPy array that may be written to: a copy only where it is JAX's."""
    return np.require(a, requirements="W")

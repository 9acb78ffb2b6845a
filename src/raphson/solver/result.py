"""The result of a run: SciPy's names beside our own, a certificate, and a text that a person reads."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from raphson.kernel import show
from raphson.kernel.status import Status
from raphson.kernel.trace import Trace
from raphson.model.quadratic import Model
from raphson.solver.certificate import Certificate
from raphson.solver.wording import sentence, summary


@dataclass(frozen=True)
class Evaluations:
    """How often f, its gradient and its Hessian (or products with it) were evaluated."""

    value: int
    gradient: int
    hessian: int


@dataclass(frozen=True, repr=False)
class Result:
    """The answer of a minimization.

    `x` in the structure of x0; `value` f(x), `gradient` (n,), `model` the local quadratic at x;
    `status` why the loop ended, `certificate` what the answer is worth, `verdict` that in one
    sentence, `success` true only for a minimum shown by first and second order or by the noise of
    f; `trace` every trial; `steps` how many; `evaluations`; `method` the preset's name and `reasons`
    why it was chosen; `notes` what was done to the input; `active` (n,) -1 at a lower bound beyond
    which f falls, 1 at an upper one, 0 elsewhere; `start` x0 as the run used it (a vector for host
    functions) and `recipe` the `Method`: with the trace they say the whole run again. SciPy's names
    (`fun jac hess message nit nfev njev nhev`) mean the same as there, also as items: r["x"].
    """

    scipy_names: ClassVar[tuple[str, ...]] = (
        "x", "fun", "jac", "hess", "success", "status", "message", "nit", "nfev", "njev", "nhev",
    )  # fmt: skip

    x: Any
    value: float
    gradient: np.ndarray
    model: Model
    status: Status
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

    @property
    def success(self) -> bool:
        """True only for a minimum shown by first and second order, or by the noise of f."""
        return self.certificate.success

    @property
    def verdict(self) -> str:
        """The verdict in one sentence."""
        return sentence(self)

    @property
    def message(self) -> str:
        """The verdict (SciPy's name)."""
        return self.verdict

    @property
    def fun(self) -> float:
        """f(x) (SciPy's name)."""
        return self.value

    @property
    def jac(self) -> np.ndarray:
        """The gradient (SciPy's name)."""
        return self.gradient

    @property
    def active_mask(self) -> np.ndarray:
        """`active` (SciPy's name)."""
        return self.active

    @property
    def hess(self) -> np.ndarray | None:
        """The Hessian at x (n, n) (SciPy's name); None where it was too large to examine."""
        return self.hessian

    @property
    def steps(self) -> int:
        """Trials made, accepted or not."""
        return len(self.trace)

    nit = steps

    @property
    def nfev(self) -> int:
        """Evaluations of f."""
        return self.evaluations.value

    @property
    def njev(self) -> int:
        """Evaluations of the gradient."""
        return self.evaluations.gradient

    @property
    def nhev(self) -> int:
        """Evaluations of the Hessian, or of products with it."""
        return self.evaluations.hessian

    def __getitem__(self, name: str) -> Any:
        if name not in self.scipy_names:
            raise KeyError(name)
        return getattr(self, name)

    def keys(self) -> Iterator[str]:
        """SciPy's names."""
        return iter(self.scipy_names)

    def __contains__(self, name: object) -> bool:
        return name in self.scipy_names

    def report(self, path: str | Path, title: str = "") -> Path:
        """Writes the run as one self-contained HTML file with pictures that can be dragged; the path of the file.

        Everything is inside the file: it needs no network, and can be read with scripts off.
        `title`: what stands at the top (default: "Minimization").
        """
        return show.report(self, path, title)

    def _repr_html_(self) -> str:
        """The picture of the run and its verdict, for notebooks."""
        return show.html(self)

    def __str__(self) -> str:
        return summary(self)

    __repr__ = __str__

"""The result of a fit: everything a `Result` has, with residuals, Jacobian and error bars."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import jax
import numpy as np
import scipy.linalg

from raphson.calculus.around import limits_of
from raphson.fit.data import Data
from raphson.fit.profile import Profile, profile
from raphson.fit.report import parameters
from raphson.fit.residuals import rows_times
from raphson.fit.uncertainty import uncertainty
from raphson.kernel.product import bent_at, coordinates
from raphson.kernel.status import Status
from raphson.solver.result import Result, writable
from raphson.solver.wording import summary

GOOD = {Status.CONVERGED: 3, Status.NOISE: 2}
"""SciPy's status of fits with success: 3 the step is small enough, 2 so is the decrease; 1 for all others."""

BAD = {Status.STEPS: 0, Status.CALLS: 0, Status.TIME: 0, Status.NOT_FINITE: -1, Status.USER: -2, Status.UNBOUNDED: -4}
"""Without success: 0 a limit, -1 not finite, -2 stopped by a callback; -3 for all others, where SciPy has no number."""


@dataclass(repr=False, eq=False)
class Fit(Result):
    """The answer of a least-squares fit. `cost` (and `value`) is 1/2 c^2 sum rho((r/c)^2): half the sum of squares.

    Beside the fields of `Result`: `residuals` (m,) and `jacobian` (m, n) at x, as the user's function
    gives them (a SciPy CSR array where there are many parameters and J is sparse); `weighted` what error bars are made
    from: psi and J mean(psi'), psi(r) = rho' r (Huber, 1981, section 7.6; r and J with the linear loss); `bend`
    mean(psi'); `names` of the parameters;
    `active` (n,) -1 at a lower bound, 1 at an upper one, 0 inside. `uncertainty` holds covariance,
    standard errors, correlations and undetermined combinations. The items are those of SciPy's
    `least_squares`: `x cost fun jac grad optimality active_mask nfev njev status message success`, with
    `fun` the residuals, `grad` the gradient of the cost, and `jac` the Jacobian, its rows times
    sqrt(rho' + 2 z rho'') (`roots`) for a robust loss. `data` what a curve was fitted to (None: residuals alone are
    known); `profiles` by name, those that were asked for: pictures show them. A pickled fit comes back without
    `profile`, which needs the function.
    """

    residuals: np.ndarray = field(default_factory=lambda: np.empty(0))
    jacobian: Any = field(default_factory=lambda: np.empty((0, 0)))
    weighted: tuple[np.ndarray, Any] = field(default=(np.empty(0), np.empty((0, 0))))
    names: Sequence[str] = ()
    loss: str = "linear"
    absolute: bool = False
    bend: float = 1.0
    error: float | None = None
    roots: np.ndarray | None = None
    refit: Callable[[int, float, np.ndarray], tuple[np.ndarray, float]] | None = None
    data: Data | None = None
    profiles: dict[str, Profile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.residuals = writable(self.residuals)
        self.jacobian = self.jacobian if hasattr(self.jacobian, "tocsr") else writable(self.jacobian)
        super().__post_init__()

    def scipy_items(self) -> dict[str, Any]:
        """What SciPy's `least_squares` returns beside x."""
        return {
            "cost": self.value, "fun": self.residuals,
            "jac": self.jacobian if self.roots is None else rows_times(self.roots, self.jacobian),
            "grad": self.gradient, "optimality": self.certificate.gradient_norm, "active_mask": self.active,
            "nfev": self.evaluations.value, "njev": self.evaluations.gradient, "status": self.code(),
            "message": self.verdict, "success": self.certificate.success,
        }  # fmt: skip

    def code(self) -> int:
        """SciPy's status: positive for success, one of `GOOD`; 0 or negative else, one of `BAD`."""
        return GOOD.get(self.termination, 1) if self.certificate.success else BAD.get(self.termination, -3)

    def portable(self) -> dict[str, Any]:
        """The fields without the functions that profiles and curves need."""
        data = None if self.data is None else replace(self.data, model=None)
        return {**super().portable(), "refit": None, "data": data}

    @property
    def nit(self) -> int:
        """Trials made, accepted or not (the name in SciPy's `minimize`)."""
        return self.steps

    @property
    def nhev(self) -> int:
        """Hessians evaluated (the name in SciPy's `minimize`)."""
        return self.evaluations.hessian

    @property
    def x_flat(self) -> np.ndarray:
        """x as one vector (n,)."""
        return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(self.x)])

    @property
    def coordinates(self) -> np.ndarray:
        """What `names` and error bars belong to (n,): x as one vector; 0 for steps where a space is curved."""
        space = self.model.space
        return self.x_flat if space.straight else np.asarray(coordinates(space, self.model.x))

    @property
    def tangent(self) -> tuple[str, ...]:
        """The names that belong to steps in a tangent space: none on straight spaces."""
        space = self.model.space
        if space.straight:
            return ()
        return tuple(name for name, curved in zip(self.names, bent_at(space, self.model.x), strict=True) if curved)

    @cached_property
    def uncertainty(self) -> Any:
        """Covariance, standard errors, correlations, and what the data do not determine. See `Uncertainty`; where J is
        sparse, what solves for covariances when they are asked for (`SparseUncertainty`)."""
        return self.bars(self.active)

    def bars(self, active: np.ndarray) -> Any:
        """Error bars where these parameters sit at bounds (n,): -1 at a lower one, 1 at an upper one, 0 inside."""
        (r, J), x, linear = self.weighted, self.coordinates, self.loss == "linear"
        with np.errstate(all="ignore"):  # computed when it is asked for, under whatever settings hold then
            if hasattr(J, "tocsr"):
                from raphson.fit.many import sparse_uncertainty  # here: `import raphson` does without scipy.sparse

                H = self.model.curvature if self.model.curvature.compact else None
                found = sparse_uncertainty(
                    J, r, x, names=self.names, absolute=self.absolute, active=active, hessian=H, loss_linear=linear
                )
                if found.sure or not x.size <= DENSE_SPECTRUM or J.shape[0] * x.size > DENSE_FACTOR:
                    return found
                J = J.toarray()
            return uncertainty(
                J, r, x, names=self.names, absolute=self.absolute, active=active, hessian=self.hessian,
                loss_linear=linear, error=self.error, steps=self.tangent,
            )  # fmt: skip

    def profile(self, parameter: int | str, probability: float = 0.95) -> Profile:
        """The profile-likelihood interval of one parameter (index or name): no linear model needed. See `Profile`.

        The cost is minimized over the others with the parameter held at trial values, all within their bounds; the
        ends lie where it has risen by the quantile of F(1, degrees), or of chi-square where sigma is absolute, or
        at a bound that lies nearer. A robust cost bends by mean(psi') J'J where the covariance is
        s^2 (J'J)^-1 / mean(psi')^2, so its rise is measured by s^2 / mean(psi'): of many data the interval is that of
        the standard error. Raises ValueError where there are no degrees of freedom, KeyError for an unknown name,
        RuntimeError for a fit that was pickled, NotImplementedError on curved spaces.
        """
        if not self.model.space.straight:
            raise NotImplementedError(
                f"a profile holds one coordinate of x, and a step on {type(self.model.space).__name__} is none: use "
                "fit.uncertainty, or fit again with a coordinate held by rp.Box(value, value) in a product of spaces"
            )
        if isinstance(parameter, str) and parameter not in self.names:
            raise KeyError(f"no parameter named {parameter!r}: there are {', '.join(self.names)}")
        i = self.names.index(parameter) if isinstance(parameter, str) else int(parameter)
        u = self.uncertainty
        degrees, scale2 = (None, 1.0) if self.absolute else (u.degrees, u.reduced)
        if self.refit is None:
            raise RuntimeError(
                "a profile fits again, and a pickle leaves the function behind: call the fit again in this process, "
                "or take profiles before pickling"
            )
        low, high, _ = limits_of(self.model.space, self.x_flat)
        found = self.profiles[self.names[i]] = profile(
            self.refit, self.x_flat, i, self.value, degrees=degrees, scale2=scale2 / self.bend, probability=probability,
            step=self.reach(i), bounds=(float(low[i]), float(high[i])), name=self.names[i],
        )  # fmt: skip
        return found

    def reach(self, i: int) -> float:
        """The standard error of parameter i, were it not held by a bound."""
        if not self.active[i]:
            return float(self.uncertainty.standard_errors[i])
        return float(self.bars(np.where(np.arange(self.active.size) == i, 0, self.active)).standard_errors[i])

    @property
    def covariance(self) -> Any:
        """s^2 (J'J)^-1 (n, n), or (J'J)^-1 where sigma is absolute; of more than 2000 parameters with a sparse J what
        solves for its columns (`C @ v`, `C[i, j]`, `C.diagonal()`)."""
        return self.uncertainty.covariance

    @property
    def pcov(self) -> Any:
        """The covariance (n, n) as SciPy's curve_fit has it: all inf where not every parameter is determined."""
        covariance = self.covariance
        if not isinstance(covariance, np.ndarray):  # thousands of parameters: it is solved with, and not formed
            return covariance
        return np.full_like(covariance, np.inf) if np.any(np.isinf(np.diag(covariance))) else covariance

    @property
    def standard_errors(self) -> np.ndarray:
        """Square roots of the covariance's diagonal (n,)."""
        return self.uncertainty.standard_errors

    def __str__(self) -> str:
        return f"{summary(self)}\n\n{parameters(self)}"

    __repr__ = __str__

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and strings (for JSON)."""
        u, e = self.uncertainty, self.evaluations
        whole = isinstance(u.covariance, np.ndarray)  # of thousands of parameters there is none
        return {
            "verdict": self.verdict,
            "success": self.certificate.success,
            "cost": self.value,
            "parameters": {
                name: {"value": float(x), "standard_error": float(e)}
                for name, x, e in zip(self.names, u.x, u.standard_errors, strict=True)
            },
            "correlation": u.correlation.tolist() if whole else None,
            "covariance": u.covariance.tolist() if whole else None,
            "residual_std": u.residual_std,
            "degrees": u.degrees,
            "undetermined": [d.text for d in u.undetermined],
            "active": {name: int(side) for name, side in zip(self.names, self.active, strict=True) if side},
            "method": self.method,
            "evaluations": {"residuals": e.value, "jacobians": e.gradient, "hessians": e.hessian},
            "steps": self.steps,
            "seconds": self.seconds,
            "notes": [*self.notes, *u.notes],
            "certificate": self.certificate.as_dict(),
        }

    def full_output(self) -> tuple[np.ndarray, np.ndarray, dict[str, Any], str, int]:
        """What SciPy's `curve_fit` returns with full_output=True: popt, pcov, infodict, mesg, ier.

        infodict: `nfev`; `fvec` (m,) the weighted residuals; of the factorization J P = Q R with pivots,
        `fjac` (n, m) R' with zeros behind it, `ipvt` (n,) the pivots, `qtf` Q' fvec. ier: 1 to 4 for success.
        """
        J, r = self.jacobian, self.residuals
        if hasattr(J, "tocsr"):
            if J.shape[0] * J.shape[1] > DENSE_FACTOR:
                raise MemoryError(f"full_output has a dense factor of J {J.shape}: too large; fit.jacobian is sparse")
            J = J.toarray()
        factors: Any = scipy.linalg.qr(J, mode="economic", pivoting=True, check_finite=False)
        Q, R, pivots = factors
        factor = np.zeros(J.shape[::-1], J.dtype)
        factor[:, : len(R)] = R.T
        info = {"nfev": self.evaluations.value, "fvec": r, "fjac": factor, "ipvt": pivots, "qtf": Q.T @ r}
        return self.x_flat, self.pcov, info, self.verdict, self.code()


DENSE_FACTOR = 50_000_000
"""Entries of a sparse J up to which SciPy's `infodict` is made, with its dense factor: 0.4 GB."""

DENSE_SPECTRUM = 1000
"""Parameters up to which singular values of J tell what J'J has lost: 1 s."""


class CurveFit(Fit):
    """The answer of `curve_fit`: a `Fit` that is also the pair (popt, pcov), `x_flat` and `pcov`.

    It unpacks, has the length 2, and takes indices and slices beside names: fit[0] is popt, fit["x"] x.
    """

    @classmethod
    def of(cls, fit: Fit) -> "CurveFit":
        """The same fit, of this kind: it becomes one, for a copy of all fields takes a tenth of a warm call."""
        object.__setattr__(fit, "__class__", cls)
        return fit  # type: ignore[return-value]

    @property
    def pair(self) -> tuple[np.ndarray, Any]:
        """popt (n,) and pcov (n, n)."""
        return self.x_flat, self.pcov

    def __iter__(self) -> Iterator[Any]:
        return iter(self.pair)

    def __len__(self) -> int:
        return 2

    def __getitem__(self, name: Any) -> Any:
        return self.pair[name] if isinstance(name, (int, np.integer, slice)) else super().__getitem__(name)

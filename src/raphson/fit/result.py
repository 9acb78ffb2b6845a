"""The result of a fit: everything a `Result` has, with residuals, Jacobian and error bars."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import jax
import numpy as np

from raphson.fit.profile import Profile, profile
from raphson.fit.report import fit_html, parameters
from raphson.fit.uncertainty import Uncertainty, uncertainty
from raphson.solver.result import Result
from raphson.solver.wording import summary


@dataclass(frozen=True, repr=False)
class Fit(Result):
    """The answer of a least-squares fit. `cost` (and `value`) is 1/2 c^2 sum rho((r/c)^2): half the sum of squares.

    Beside the fields of `Result`: `residuals` (m,) and `jacobian` (m, n) at x, as the user's function
    gives them; `weighted` what error bars are made from: psi and J mean(psi'), psi(r) = rho' r
    (Huber, 1981, section 7.6; r and J with the linear loss); `names` of the parameters;
    `active` (n,) -1 at a lower bound, 1 at an upper one, 0 inside. `uncertainty` holds covariance,
    standard errors, correlations and undetermined combinations. SciPy's names mean what they mean
    there: `fun` the residuals, `jac` the Jacobian, `grad` the gradient, `optimality` max |projected
    gradient|. A `curve_fit` unpacks as popt, pcov.
    """

    scipy_names: ClassVar[tuple[str, ...]] = (
        "x", "cost", "fun", "jac", "grad", "optimality", "active_mask", "nfev", "njev", "status", "message", "success",
    )  # fmt: skip

    residuals: np.ndarray = field(default_factory=lambda: np.empty(0))
    jacobian: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    weighted: tuple[np.ndarray, np.ndarray] = field(default=(np.empty(0), np.empty((0, 0))))
    names: tuple[str, ...] = ()
    loss: str = "linear"
    absolute: bool = False
    error: float | None = None
    refit: Callable[[int, float, np.ndarray], tuple[np.ndarray, float]] | None = None

    @property
    def cost(self) -> float:
        """Half the sum of squares, or the robust cost."""
        return self.value

    @property
    def fun(self) -> np.ndarray:
        """The residuals (m,) (SciPy's name in `least_squares`)."""
        return self.residuals

    @property
    def jac(self) -> np.ndarray:
        """The Jacobian (m, n) (SciPy's name)."""
        return self.jacobian

    @property
    def grad(self) -> np.ndarray:
        """The gradient of the cost (n,) (SciPy's name)."""
        return self.gradient

    @property
    def optimality(self) -> float:
        """max |g_i| over variables that no bound holds (SciPy's name)."""
        return self.certificate.gradient_norm

    @property
    def x_flat(self) -> np.ndarray:
        """x as one vector (n,)."""
        return np.concatenate([np.ravel(np.asarray(leaf)) for leaf in jax.tree.leaves(self.x)])

    @cached_property
    def uncertainty(self) -> Uncertainty:
        """Covariance, standard errors, correlations, and what the data do not determine. See `Uncertainty`."""
        r, J = self.weighted
        return uncertainty(
            J, r, self.x_flat, names=self.names, absolute=self.absolute, active=self.active, hessian=self.hessian,
            loss_linear=self.loss == "linear", error=self.error,
        )  # fmt: skip

    def profile(self, parameter: int | str, probability: float = 0.95) -> Profile:
        """The profile-likelihood interval of one parameter (index or name): no linear model needed. See `Profile`.

        The cost is minimized over the others with the parameter held at trial values; the ends lie where
        it has risen by the quantile of F(1, degrees), or of chi-square where sigma is absolute. Raises
        ValueError where there are no degrees of freedom, KeyError for an unknown name.
        """
        if isinstance(parameter, str) and parameter not in self.names:
            raise KeyError(f"no parameter named {parameter!r}: there are {', '.join(self.names)}")
        i = self.names.index(parameter) if isinstance(parameter, str) else int(parameter)
        u = self.uncertainty
        degrees, scale2 = (None, 1.0) if self.absolute else (u.degrees, u.reduced)
        assert self.refit is not None
        return profile(
            self.refit, self.x_flat, i, self.cost, degrees=degrees, scale2=scale2, probability=probability,
            step=float(u.standard_errors[i]), name=self.names[i],
        )  # fmt: skip

    @property
    def covariance(self) -> np.ndarray:
        """s^2 (J'J)^-1 (n, n), or (J'J)^-1 where sigma is absolute."""
        return self.uncertainty.covariance

    @property
    def pcov(self) -> np.ndarray:
        """The covariance (n, n) as SciPy's curve_fit has it: all inf where not every parameter is determined."""
        covariance = self.covariance
        return np.full_like(covariance, np.inf) if np.any(np.isinf(np.diag(covariance))) else covariance

    @property
    def standard_errors(self) -> np.ndarray:
        """Square roots of the covariance's diagonal (n,)."""
        return self.uncertainty.standard_errors

    def __str__(self) -> str:
        return f"{summary(self)}\n\n{parameters(self)}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return fit_html(self)

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and strings (for JSON)."""
        u = self.uncertainty
        return {
            "verdict": self.verdict,
            "success": self.success,
            "cost": self.cost,
            "parameters": {
                name: {"value": float(x), "standard_error": float(e)}
                for name, x, e in zip(self.names, self.x_flat, u.standard_errors, strict=True)
            },
            "correlation": u.correlation.tolist(),
            "covariance": u.covariance.tolist(),
            "residual_std": u.residual_std,
            "degrees": u.degrees,
            "undetermined": [d.text for d in u.undetermined],
            "active": {name: int(side) for name, side in zip(self.names, self.active, strict=True) if side},
            "method": self.method,
            "evaluations": {"residuals": self.nfev, "jacobians": self.njev, "hessians": self.nhev},
            "steps": self.nit,
            "seconds": self.seconds,
            "notes": [*self.notes, *u.notes],
            "certificate": self.certificate.as_dict(),
        }

    def __iter__(self) -> Iterator[np.ndarray]:
        yield self.x_flat
        yield self.pcov

    def __getitem__(self, name: Any) -> Any:
        return tuple(self)[name] if isinstance(name, int) else super().__getitem__(name)

"""What is known of a point on all of the data, after training on batches."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.ml.eigenpairs import eigenpairs
from raphson.ml.parameter_tree import parameter_tree


@dataclass(frozen=True)
class RiskCertificate:
    """The risk on all data at a point: `value`, length of its gradient, lowest and largest eigenvalue of its Hessian
    with the `error` of the lowest (its residual); `trusted`: the search for it converged."""

    value: float
    gradient_norm: float
    lowest: float
    largest: float
    error: float
    trusted: bool

    @property
    def sentence(self) -> str:
        """What that shows, and no more."""
        known = f"on all data: loss {self.value:.6g}, gradient {self.gradient_norm:.2g}"
        if not np.isfinite(self.lowest):
            return f"{known}; nothing is known of its curvature"
        curved = f"{known}, lowest eigenvalue {self.lowest:.2g} ± {self.error:.1g} beside {self.largest:.2g}"
        if self.lowest < -self.error:
            return f"{curved}: no minimum, there is a direction of negative curvature"
        if not self.trusted or self.lowest <= self.error:
            return f"{curved}: neither a minimum nor a saddle is shown"
        distance = self.gradient_norm / self.lowest
        return f"{curved}: if curvature stays as it is, a minimum lies within {distance:.2g}"


def certified(risk: Any, params: Any) -> RiskCertificate:
    """The gradient on all data, and the ends of the Hessian's spectrum (a few hundred products)."""
    value = float(risk.value(params))
    slope = parameter_tree(params).flat(risk.gradient(params))
    length = float(jnp.linalg.norm(jax.device_get(slope)))
    if not (np.isfinite(value) and np.isfinite(length)):
        return RiskCertificate(value, length, np.nan, np.nan, np.nan, False)
    low = eigenpairs(risk.hessian(params), 1, "smallest", max_products=400)
    high = eigenpairs(risk.hessian(params), 1, "largest", max_products=100)
    return RiskCertificate(
        value, length, float(low.values[-1]), float(high.values[0]), float(low.residuals[-1]), low.converged
    )

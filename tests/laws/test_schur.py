"""Eliminating points gives the step of the whole: random small problems, every way of solving what is left."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from raphson import slam
from raphson.kernel.space import Euclidean
from raphson.problems.loss import Loss, rho_functions
from raphson.slam.prepare import prepare_graph

WAYS = ("schur", "schur-sparse", "schur-cg")


def seen(pose: Any, lens: Any, point: Any, pixel: Any) -> Any:
    P = slam.SE3().act(pose, point)
    return lens[0] * (1 + lens[1] * (P[:2] @ P[:2]) / P[2] ** 2) * P[:2] / P[2] - pixel

"""Directions that are known to be level are taken out where H confirms them, and no real curvature with them."""

import numpy as np
import pytest

from raphson.certificate.level import Level, pinned
from raphson.linear.lowest import HostMatrix
from raphson.linear.structure import sparse_structure

ALONG = Level(np.ones((2, 1)), "both together")


def found(stiff: float, curved: float, slope: float) -> bool:
    """Of 1/2 stiff/2 (a - b)^2 + 1/2 curved/2 (a + b)^2, with a slope across in units of the diagonal."""
    near, far = (stiff + curved) / 2, (curved - stiff) / 2
    structure, place = sparse_structure(np.array([0, 1, 1]), np.array([0, 0, 1]), 2)
    values = np.zeros(structure.entries)
    values[np.asarray(place)] = [near, far, near]
    d = np.full(2, np.sqrt(near))
    g = slope * np.array([1.0, -1.0]) * d
    return pinned(ALONG, HostMatrix(structure, values), g, d, 2.2e-16, np.zeros(2, bool)) is not None


@pytest.mark.parametrize("stiff", [1e-6, 1.0, 1e6, 1e12])
@pytest.mark.parametrize("slope", [0.0, 1e-9, 1e-4])
def test_what_is_level_is_taken_out_at_every_scale(stiff: float, slope: float) -> None:
    assert found(stiff, 0.0, slope)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize("stiff", [1e6, 1e12])
def test_a_curvature_is_not_hidden_by_the_slope(stiff: float, sign: float) -> None:
    """Costs of large numbers, whose steps are long in units of H: 2e-5 of H along a known direction is seen beside a
    slope of 1e-4 in the same units, as beside none."""
    for slope in (0.0, 1e-4):
        assert not found(stiff, sign * 2e-5 * stiff, slope)

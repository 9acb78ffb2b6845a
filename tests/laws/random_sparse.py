"""Random sparse symmetric matrices of every kind, as structures with values and as dense ones."""

import numpy as np
import pytest

from raphson.linear.sparse import BACKENDS
from raphson.linear.structure import host_pattern, sparse_structure

needs_sparsax = pytest.mark.skipif(not BACKENDS["cholmod"].usable(), reason="sparsax is not installed")
both = pytest.mark.parametrize("backend", [pytest.param("cholmod", marks=needs_sparsax), "superlu"])

KINDS = ("definite", "singular", "indefinite", "dust")


def random_structure(rng, n, density=2.0):
    """About `density` n places, in either triangle, some of them twice; rows may be empty."""
    return sparse_structure(*rng.integers(0, n, (2, rng.integers(0, round(density * n) + 1))), n)[0]


def dense_of(structure, values):
    """The matrix (n, n)."""
    rows, columns = host_pattern(structure)
    lower = np.zeros((structure.size, structure.size))
    lower[rows, columns] = values
    return lower + np.tril(lower, -1).T


def random_values(rng, structure, kind="indefinite"):
    """Normal entries, shifted to be definite, singular to rounding, or indefinite by a dust of 1e-14 to 1e-6."""
    values = rng.normal(size=structure.entries)
    lowest = np.linalg.eigvalsh(dense_of(structure, values))[0]
    above = {
        "definite": -lowest + 10 ** rng.uniform(-2, 0),
        "singular": -lowest,
        "indefinite": 0.0,
        "dust": -lowest - 10 ** rng.uniform(-14, -6),
    }[kind]
    values[np.asarray(structure.diagonal)] += above
    return values


def chain(n):
    """A tridiagonal structure."""
    return sparse_structure(np.arange(1, n), np.arange(n - 1), n)[0]


def grid(width):
    """The five-point stencil on a square."""
    g = np.arange(width * width).reshape(width, width)
    rows = np.concatenate([g[1:].ravel(), g[:, 1:].ravel()])
    columns = np.concatenate([g[:-1].ravel(), g[:, :-1].ravel()])
    return sparse_structure(rows, columns, width * width)[0]


def arrow(n):
    """One variable in every term: its row is full."""
    return sparse_structure(np.full(n, n // 2), np.arange(n), n)[0]

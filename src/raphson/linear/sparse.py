"""Factorizations of sparse symmetric matrices inside compiled loops: whether H is positive definite, and solves.

`sparse_definite` is a value and never an exception; a solve takes it as `ok`, costs nothing where it is False (under
`vmap`: a factorization of the identity) and then gives zeros. Nothing needs to be carried: a solve with the values of
the last test finds its factor. All of it works under `jit`, in loops and branches, and under `vmap` over values and
right sides; in single precision numbers go through double. No derivative passes through (decision 6 of the design).

By CHOLMOD where sparsax is installed (`pip install "raphson[sparse]"`), else by SciPy's SuperLU;
`RAPHSON_SPARSE=cholmod` or `superlu` in the environment, or `backend=`, decides otherwise, where JAX traces.
On the CPU only.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import jax
import jax.numpy as jnp
from jax import lax
from numpy.typing import NDArray

from raphson.kernel.record import record
from raphson.linear.cholmod import Cholmod
from raphson.linear.structure import SparseStructure, identity_values, sparse_product
from raphson.linear.superlu import SuperLU
from raphson.linear.symbolic import Fill

Array = jax.Array


class HostFactor(Protocol):
    """A factor on the host. `defect`: a bound of |L L' - H|_2."""

    def solve(self, b: NDArray[Any], /) -> NDArray[Any]: ...

    @property
    def defect(self) -> float: ...


class SparseBackend(Protocol):
    """What a library of sparse factorizations does. Solves are asked only for positive definite matrices."""

    name: str
    asked: int
    failed: int

    def usable(self) -> bool: ...

    def positive(self, structure: SparseStructure, values: Array) -> Array: ...

    def solve(self, structure: SparseStructure, values: Array, b: Array) -> Array: ...

    def solve_with_bend(self, structure: SparseStructure, values: Array, b: Array) -> tuple[Array, Array]: ...

    def solve_twice(self, structure: SparseStructure, values: Array, b: Array) -> Array: ...

    def selected_inverse(self, structure: SparseStructure, values: Array) -> Array: ...

    def host_factor(self, structure: SparseStructure, values: NDArray[Any]) -> HostFactor | None: ...

    def foreseen_defect(self, structure: SparseStructure, values: NDArray[Any]) -> float: ...

    def symbolic(self, structure: SparseStructure) -> Fill | None: ...

    def held_bytes(self, n: int, nonzeros: int) -> float: ...


SUPERLU = SuperLU()
BACKENDS: dict[str, SparseBackend] = {"cholmod": Cholmod(), "superlu": SUPERLU}
"""The first that is usable is taken."""

CHOICE = "RAPHSON_SPARSE"


def sparse_backend(name: str | None = None) -> SparseBackend:
    """The backend of this name, of the environment, or the best that is there.

    Raises ValueError for another name, and ImportError if it is not usable here.
    """
    asked = name or os.environ.get(CHOICE)
    if not asked:
        return next(backend for backend in BACKENDS.values() if backend.usable())
    if asked not in BACKENDS:
        raise ValueError(f"sparse backend {asked!r}: there are {' and '.join(BACKENDS)}")
    if not BACKENDS[asked].usable():
        raise ImportError('CHOLMOD needs sparsax, pip install "raphson[sparse]", and JAX in double precision')
    return BACKENDS[asked]


def sparse_definite(structure: SparseStructure, values: Array, backend: str | None = None) -> Array:
    """Whether H is positive definite (a bool): whether its Cholesky factorization goes through. NaN: no, at no cost."""
    return sparse_backend(backend).positive(structure, values)


def guarded[T](structure: SparseStructure, values: Array, ok: Array, compute: Callable[[Array], T], otherwise: T) -> T:
    """`compute(values)` where `ok`. Under `vmap` both sides run: the identity stands in for a matrix that failed, so
    that none reaches a solver."""
    return lax.cond(ok, lambda: compute(jnp.where(ok, values, identity_values(structure, values))), lambda: otherwise)


def sparse_solve(
    structure: SparseStructure,
    values: Array,
    b: Array,
    ok: Array,
    refine: int = 0,
    target: Array | None = None,
    backend: str | None = None,
) -> Array:
    """H^-1 b, for b (n,) or (n, k), where `ok = sparse_definite(structure, values)`; else zeros.

    `refine`: steps y += H^-1 (b - T y), for b (n,), where T has the values `target`, else H's own. For H = T + mu I
    they take out what mu put in. For T = H they gain nothing: the residual is 2e-16 of |H| |y| + |b| without them.
    """
    chosen = sparse_backend(backend)

    def compute(safe: Array) -> Array:
        y = chosen.solve(structure, safe, b)
        wanted = safe if target is None else target
        for _ in range(refine):
            y = y + chosen.solve(structure, safe, b - sparse_product(structure, wanted, y))
        return y

    return guarded(structure, values, ok, compute, jnp.zeros_like(b))


@record
class Bent:
    """A Newton step y = -H^-1 g (n,) and its `bend` y'H^-1 y = -1/2 d|y|^2/dshift, what a secular equation asks for."""

    y: Array
    bend: Array


def solve_with_bend(structure: SparseStructure, values: Array, g: Array, ok: Array, backend: str | None = None) -> Bent:
    """-H^-1 g with its bend, one call; zeros where not `ok`."""
    chosen = sparse_backend(backend)

    def compute(safe: Array) -> Bent:
        return Bent(*chosen.solve_with_bend(structure, safe, -g))

    return guarded(structure, values, ok, compute, Bent(jnp.zeros_like(g), jnp.zeros((), g.dtype)))


def inverse_iterate(
    structure: SparseStructure, values: Array, z: Array, ok: Array, backend: str | None = None
) -> Array:
    """H^-1 H^-1 z, scaled to length one: two steps of inverse iteration; z where not `ok`."""
    chosen = sparse_backend(backend)

    def compute(safe: Array) -> Array:
        y = chosen.solve_twice(structure, safe, z)
        return y / jnp.linalg.norm(y)

    return guarded(structure, values, ok, compute, z)


def selected_inverse(structure: SparseStructure, values: Array, ok: Array, backend: str | None = None) -> Array:
    """The entries of H^-1 at the places of the structure (nnz,); zeros where not `ok`.

    `diagonal_entries(structure, ...)` of it are variances, for H the inverse of a covariance. By Takahashi's recurrence
    on the factor (CHOLMOD), by n solves (SuperLU). Source: Takahashi, Fagan and Chen (1973).
    """
    chosen = sparse_backend(backend)

    def compute(safe: Array) -> Array:
        return chosen.selected_inverse(structure, safe)

    return guarded(structure, values, ok, compute, jnp.zeros_like(values))


def fill(structure: SparseStructure, backend: str | None = None) -> Fill:
    """What a factorization will cost, before anything is allocated: on the host, about 2 s at n = 1e6.

    For CHOLMOD in the order that it will take; where its analysis cannot be called alone, in that of minimum degree.
    """
    chosen = sparse_backend(backend)
    own = chosen.symbolic(structure)
    found = own or SUPERLU.symbolic(structure)
    held = chosen.held_bytes(structure.size, found.nonzeros)
    return replace(found, bytes=held, exact=own is not None)

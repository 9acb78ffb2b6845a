"""Sparsity patterns by name and at random: what the laws of coloring and recovery are tried on."""

import itertools

import numpy as np
import scipy.sparse as sp
from hypothesis import strategies as st


def pattern(i, j, n) -> sp.csr_array:
    """The symmetric pattern of entries (i, j) and (j, i), with the diagonal."""
    i, j = np.concatenate([i, j, np.arange(n)]), np.concatenate([j, i, np.arange(n)])
    return ones(sp.coo_array((np.ones(i.size), (i, j)), shape=(n, n)))


def ones(A) -> sp.csr_array:
    """Compressed rows with ascending columns."""
    A = sp.csr_array(A)
    A.sum_duplicates()
    A.sort_indices()
    A.data[:] = 1
    return A


def band(n: int, k: int) -> sp.csr_array:
    return ones(sp.diags_array([np.ones(n - abs(d)) for d in range(-k, k + 1)], offsets=range(-k, k + 1), shape=(n, n)))


def stencil(p: int, q: int, *steps: tuple[int, int]) -> sp.csr_array:
    """Points of a p x q grid and their neighbors by these steps and back."""
    r, c = np.divmod(np.arange(p * q), q)
    i, j = [], []
    for down, right in steps:
        inside = (r + down < p) & (c + right >= 0) & (c + right < q)
        i.append(np.flatnonzero(inside))
        j.append(i[-1] + down * q + right)
    return pattern(np.concatenate(i), np.concatenate(j), p * q)


def five(p: int, q: int) -> sp.csr_array:
    return stencil(p, q, (0, 1), (1, 0))


def seven(p: int, q: int) -> sp.csr_array:
    """A minimal surface: triangles."""
    return stencil(p, q, (0, 1), (1, 0), (1, -1))


def nine(p: int, q: int) -> sp.csr_array:
    return stencil(p, q, (0, 1), (1, 0), (1, 1), (1, -1))


def cube(p: int, q: int, r: int) -> sp.csr_array:
    """Points of a grid in space and their six neighbors."""
    line = lambda n: band(n, 1) - sp.eye_array(n)
    plane = sp.kron(line(p), sp.eye_array(q)) + sp.kron(sp.eye_array(p), line(q))
    A = sp.kron(plane, sp.eye_array(r)) + sp.kron(sp.eye_array(p * q), line(r)) + sp.eye_array(p * q * r)
    A = sp.csr_array(A)
    A.eliminate_zeros()
    return ones(A)


def arrow(n: int, k: int = 1) -> sp.csr_array:
    """A diagonal with k dense rows, the last ones."""
    return pattern(np.repeat(np.arange(n - k, n), n), np.tile(np.arange(n), k), n)


def bordered(S: sp.csr_array, k: int, part: float = 1.0, seed: int = 0) -> tuple[sp.csr_array, sp.csr_array]:
    """S and the same with k more variables that meet this part of all, the places of both shuffled alike."""
    rng, n = np.random.default_rng(seed), S.shape[0]
    shuffle = rng.permutation(n)
    S = ones(S[shuffle][:, shuffle])
    B = (rng.random((k, n)) < part).astype(float)
    whole = ones(sp.block_array([[S, B.T], [B, np.ones((k, k))]]))
    place = np.sort(rng.permutation(n + k)[:n])  # where the variables of S stand among all, in their order
    order = np.empty(n + k, int)
    order[place], order[np.setdiff1d(np.arange(n + k), place)] = np.arange(n), np.arange(n, n + k)
    return S, ones(whole[order][:, order])


def blocks(*sizes: int) -> sp.csr_array:
    return ones(sp.block_diag([sp.coo_array(np.ones((k, k))) for k in sizes], format="csr"))


def fields(A: sp.csr_array, k: int, stacked: bool = False) -> sp.csr_array:
    """k numbers in place of each variable, all coupled."""
    full = np.ones((k, k))
    return ones(sp.kron(full, A) if stacked else sp.kron(A, full))


def scattered(n: int, mean: float, seed: int = 0) -> sp.csr_array:
    """A random graph with `mean` neighbors."""
    i, j = np.random.default_rng(seed).integers(0, n, (2, int(n * mean / 2)))
    return pattern(i, j, n)


def attached(n: int, k: int = 3, seed: int = 0) -> sp.csr_array:
    """A random graph in which few have many neighbors."""
    rng = np.random.default_rng(seed)
    ends, i, j = list(range(k)), [], []
    for v in range(k, n):
        for w in {ends[e] for e in rng.integers(0, len(ends), k)}:
            i.append(v)
            j.append(w)
            ends += [v, w]
    return pattern(np.array(i), np.array(j), n)


def closed_walk(n: int, k: int, seed: int = 0) -> sp.csr_array:
    """Poses of k numbers on a walk that meets itself n / 2 times."""
    i = np.arange(n - 1)
    a, b = np.random.default_rng(seed).integers(0, n, (2, n // 2))
    return fields(pattern(np.r_[i, a], np.r_[i + 1, b], n), k)


def grouped(n: int) -> sp.csr_array:
    """CUTEst's SPARSINE: sines of sums over i, 2i - 1, 3i - 1, 5i - 1, 7i - 1 and 11i - 1 modulo n."""
    i = np.arange(1, n + 1)
    members = [(k * i - (k > 1) - 1) % n for k in (1, 2, 3, 5, 7, 11)]
    pairs = list(itertools.combinations(members, 2))
    return pattern(np.concatenate([a for a, _ in pairs]), np.concatenate([b for _, b in pairs]), n)


def thirds(n: int) -> sp.csr_array:
    """CUTEst's DIXMAAN: a chain whose variables also meet those n / 3 and 2 n / 3 farther on."""
    i, m = np.arange(n), n // 3
    return pattern(np.r_[i[:-1], i[: 2 * m], i[:m]], np.r_[i[1:], i[: 2 * m] + m, i[:m] + 2 * m], n)


def dense_column_chain(n: int) -> sp.csr_array:
    """CUTEst's NONDQUAR: a chain whose variables all meet the last one."""
    i = np.arange(n - 2)
    return pattern(np.r_[i, i, i + 1], np.r_[i + 1, np.full(2 * (n - 2), n - 1)], n)


@st.composite
def symmetric(draw, most: int = 40) -> sp.csr_array:
    """Any symmetric pattern: empty rows (without a diagonal), dense rows, twins, full and diagonal ones."""
    n = draw(st.integers(1, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    A = rng.random((n, n)) < draw(st.sampled_from([0.0, 0.02, 0.1, 0.3, 1.0]))
    A |= np.eye(n, dtype=bool)
    for k in rng.integers(0, n, draw(st.integers(0, 2))):
        A[k] = True
    for k in rng.integers(0, n, draw(st.integers(0, 2))):
        A[k] = A[:, k] = False
    A |= A.T
    if draw(st.booleans()) and n > 2:
        width = draw(st.integers(2, 3))
        A = np.kron(A[: n // width, : n // width], np.ones((width, width), bool)) if n >= width else A
    return ones(A.astype(float))


@st.composite
def rectangular(draw, most: int = 30) -> sp.csr_array:
    """Any pattern (m, n), with empty and dense rows and columns."""
    m, n = draw(st.integers(1, most)), draw(st.integers(1, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    A = rng.random((m, n)) < draw(st.sampled_from([0.0, 0.05, 0.2, 1.0]))
    for k in rng.integers(0, m, draw(st.integers(0, 2))):
        A[k] = draw(st.booleans())
    for k in rng.integers(0, n, draw(st.integers(0, 2))):
        A[:, k] = draw(st.booleans())
    return ones(A.astype(float))

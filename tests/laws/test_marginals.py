"""Marginal covariances by selected inversion and solves are those of the dense inverse, by QR of J, to 1e-8."""

from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest

from raphson.fit.many import sparse_uncertainty
from raphson.slam.prepare import prepare_graph
from raphson.slam.solution import GraphFit, StepNames
from tests.laws.test_factor_graph import plane_graph, space_graph
from tests.laws.test_schur import bundle

CASES = {
    "plane with landmarks": (plane_graph, "cholmod"),
    "plane, two poses held": (lambda: plane_graph(frozen=(2, 4)), "cholmod"),
    "space with points, gauge held": (space_graph, "cholmod"),
    "cameras and points, eliminated": (lambda: bundle(frozen_pose=(0, 1), frozen_point=(0,)), "schur"),
}

BLOCKS = jax.jit(lambda problem, x: problem.residual.blocks(x, *problem.data))


@pytest.mark.parametrize("case", CASES)
def test_marginals_are_those_of_the_dense_inverse(case):
    """Of single unknowns, of variables and of two variables together; one that is held has none, and says so."""
    make, solver = CASES[case]
    p = prepare_graph(make(), linear_solver=solver)
    r, blocks = BLOCKS(p.problem, p.x)
    J = p.problem.jacobian_sparsity.structure.csr(blocks)
    names = StepNames(p.graph, p.free)
    u = sparse_uncertainty(J, r, np.zeros(J.shape[1]), names=names, absolute=True)
    root = np.linalg.inv(np.linalg.qr(J.toarray(), mode="r"))
    C = root @ root.T
    size = np.sqrt(np.diag(C))
    np.testing.assert_allclose(u.standard_errors, size, rtol=1e-8)
    fit: Any = SimpleNamespace(graph=p.graph, uncertainty=u)
    last = {name: int(rows[-1]) for name, rows in p.free.items() if rows.size}
    pairs = [((a, last[a]), (b, int(p.free[b][0]))) for a in last for b in last]
    for which in [*((pair[0],) for pair in pairs), *(pair for pair in pairs if pair[0] != pair[1])]:
        at = [k for k, name in enumerate(names) for a, row in which if name.startswith(f"{a}[{row}].")]
        at.sort(key=lambda k: [f"{a}[{row}]" for a, row in which].index(names[k].split(".")[0]))
        found, scale = GraphFit.marginal(fit, *which), np.outer(size[at], size[at])
        np.testing.assert_allclose(found / scale, C[np.ix_(at, at)] / scale, rtol=0, atol=1e-8)
    held = {name: np.flatnonzero(v.frozen) for name, v in p.graph.variables.items()}
    for name, rows in held.items():
        for row in rows[:1]:
            with pytest.raises(ValueError, match="held"):
                GraphFit.marginal(fit, (name, int(row)))
    with pytest.raises(ValueError, match="'pole'"):
        GraphFit.marginal(fit, ("pole", 0))

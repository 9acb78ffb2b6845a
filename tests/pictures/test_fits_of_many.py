"""A fit of thousands of parameters as it is drawn: the band beside a sparse J, and which parameters are shown."""

import numpy as np
import pytest

import raphson as rp
from raphson.fit.band import errors_at_points, fitted_curve
from raphson.fit.many import SparseUncertainty, sparse_uncertainty
from raphson.fit.report import FIRST, WORST
from raphson.picture.recording.fit import CELLS, CORNER, fit_record
from raphson.picture.report import page

N = 1000


def hats(m: int, n: int = N):
    """Points x in order, and a broken line through n knots at them."""
    at = np.arange(m) * (n - 1) / (m - 1)
    k = np.minimum(at.astype(int), n - 2)
    share = at - k
    return at / (n - 1), lambda x, c: c[k] * (1 - share) + c[k + 1] * share


def broken(sigma=None, bounds=(-np.inf, np.inf), loss="linear") -> rp.Fit:
    x, f = hats(4 * N)
    y = np.sin(7 * x) + 0.1 * np.random.default_rng(0).normal(size=x.size)
    known = {} if sigma is None else {"sigma": sigma(x), "absolute_sigma": True}
    return rp.curve_fit(f, x, y, {"c": np.zeros(N)}, bounds=bounds, loss=loss, **known)


@pytest.mark.parametrize(
    ("sigma", "bounds", "loss"),
    [
        (None, (-np.inf, np.inf), "linear"), (lambda x: 0.1 + 0.2 * x, (-np.inf, np.inf), "linear"),
        (None, (-np.inf, 0.7), "linear"), (None, (-np.inf, np.inf), "soft_l1"),
    ],
)  # fmt: skip
def test_the_band_beside_a_sparse_j_is_that_of_the_dense_covariance(sigma, bounds, loss) -> None:
    fit = broken(sigma, bounds, loss)
    assert isinstance(fit.uncertainty, SparseUncertainty)
    r, W = fit.weighted[0], fit.weighted[1].toarray()
    free = np.asarray(fit.active) == 0
    s2 = 1.0 if fit.absolute else r @ r / (r.size - free.sum())
    J = fit.jacobian.toarray() / (1.0 if fit.data.weight is None else fit.data.weight[:, None])
    C = s2 * np.linalg.inv(W[:, free].T @ W[:, free])
    expected = np.sqrt(np.einsum("ij,jk,ik->i", J[:, free], C, J[:, free], optimize=True))
    np.testing.assert_allclose(errors_at_points(fit), expected, rtol=1e-9, atol=1e-12)
    curve = fitted_curve(fit)
    assert curve is not None and curve.joined and len(curve.x) == 2000
    assert (not free.all()) == (bounds[1] < 1)


def test_the_report_of_a_sparse_curve_is_written_and_says_how_its_curve_came() -> None:
    text = page(broken())
    assert "fit of 1000 parameters" in text and '"joined":true' in text


def test_a_row_that_the_normal_equations_do_not_hold_has_no_error() -> None:
    u = broken().uncertainty
    from scipy.sparse import csr_array

    far = csr_array(([1.0, 1.0], ([0, 0], [0, N - 1])), shape=(2, N))
    assert np.isnan(u.of_rows(far)[0]) and u.of_rows(far)[1] == 0


def test_a_sum_that_cancels_is_a_place_of_the_normal_equations() -> None:
    from scipy.sparse import csr_array

    J = csr_array(np.array([[1.0, 1.0], [1.0, -1.0]]))
    u = sparse_uncertainty(J, np.ones(2), np.zeros(2), names=("a", "b"), absolute=True)
    np.testing.assert_allclose(u.of_rows(J), [1.0, 1.0], rtol=1e-14)


def groups(n: int):
    """Lines through four points each, two of which lie where intercept and slope can hardly be told apart."""
    count = n // 2
    t = np.tile(np.linspace(-1, 1, 4), (count, 1))
    t[[count // 3, count // 2]] += 30
    y = 1 + 2 * t + 0.1 * np.random.default_rng(3).normal(size=t.shape)
    y[count // 4] -= 2 * t[count // 4]  # a slope that is not told from 0
    return lambda u: ((u[:count, None] + u[count:, None] * t) - y).ravel()


@pytest.mark.parametrize("n", [200, 3000])  # dense, and sparse
def test_of_many_parameters_those_are_shown_that_matter(n) -> None:
    fit = rp.least_squares(groups(n), np.zeros(n))
    record = fit_record(fit)
    shown, names = [row["name"] for row in record["parameters"]], list(fit.names)
    percent = fit.standard_errors / np.abs(fit.x)
    assert shown[:FIRST] == names[:FIRST] and len(shown) <= FIRST + WORST + CELLS
    assert names[int(np.argmax(percent))] in shown
    count = n // 2
    pairs = {frozenset((names[k], names[count + k])) for k in (count // 3, count // 2)}
    told = [shown[i] for i in record["cells"]]
    assert len(record["cells"]) <= CELLS and len(record["corner"]) <= CORNER
    C = np.array(record["correlation"])
    strong = {frozenset((told[i], told[j])) for i, j in np.argwhere(np.triu(np.abs(C) > 0.99, 1))}
    assert strong == pairs
    for row in record["parameters"]:
        assert row["value"] == fit.x[names.index(row["name"])]


def test_a_profile_of_one_of_many_parameters_belongs_to_its_row() -> None:
    n = 150
    fit = rp.least_squares(groups(n), np.zeros(n))
    found = fit.profile(70)
    record = fit_record(fit)
    (profile,) = record["profiles"]
    row = record["parameters"][profile["parameter"]]
    assert row["name"] == fit.names[70]
    path = np.array(profile["path"])
    assert path.shape[1] == len(record["parameters"])
    np.testing.assert_allclose(path[:, profile["parameter"]], np.array(profile["points"]), rtol=1e-8)
    assert found.low < fit.x[70] < found.high


def test_a_thinned_curve_does_not_beat_with_its_knots() -> None:
    """Errors alternate between knots and middles: each half of the curve has its share of both."""
    fit = broken()
    error = fitted_curve(fit).error
    left, right = error[100:1000], error[1000:1900]
    assert abs(np.mean(left) / np.mean(right) - 1) < 0.02
    assert abs(np.std(left) / np.std(right) - 1) < 0.15

"""A fit as it is drawn and recorded: curve and band against known numbers, and what a picture must not hide."""

import json
import pickle

import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats
from scipy.optimize import OptimizeWarning

import raphson as rp
from raphson.picture import scenes
from raphson.picture.observations import FARTHEST, MOST, Observations
from raphson.picture.recording.fit import fit_record
from raphson.picture.render.svg import svg
from raphson.picture.report import page

X = np.linspace(0.0, 4.0, 14)
NOISE = np.array([3, -1, 4, -1, 5, -9, 2, -6, 5, -3, 5, -8, 9, -7]) / 100
HOSTILE = ("<b>height</b>", 'rate & "tail"', "</script><script>alert(1)</script>")


def decay(t, height, rate, floor):
    return height * jnp.exp(-rate * t) + floor


def line(x, a, b):
    return a + b * x


@pytest.fixture(scope="module")
def fit() -> rp.Fit:
    return rp.curve_fit(decay, X, 2.5 * np.exp(-0.9 * X) + 0.4 + NOISE, [1.0, 1.0, 0.0])


@pytest.fixture(scope="module")
def straight() -> rp.Fit:
    return rp.curve_fit(line, X, 1 + 0.5 * X + NOISE, [0.0, 0.0])


def curve_of(record: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return tuple(np.array(record["curve"][name], float) for name in ("x", "y", "half"))


# ------------------------------------------------------------------------------------- curve and band


def test_the_recorded_curve_is_the_model(fit: rp.Fit) -> None:
    x, y, _ = curve_of(fit_record(fit))
    a, b, c = fit.x
    np.testing.assert_allclose(y, a * np.exp(-b * x) + c, rtol=1e-12)
    assert set(X) <= set(x) and len(x) > 150 and np.all(np.diff(x) > 0)


def test_the_band_of_a_straight_line_is_the_textbooks(straight: rp.Fit) -> None:
    x, _, half = curve_of(fit_record(straight))
    s = np.sqrt(np.sum((1 + 0.5 * X + NOISE - line(X, *straight.x)) ** 2) / (X.size - 2))
    textbook = s * np.sqrt(1 / X.size + (x - X.mean()) ** 2 / np.sum((X - X.mean()) ** 2))
    np.testing.assert_allclose(half, stats.t.ppf(0.975, X.size - 2) * textbook, rtol=1e-7)


def test_the_band_is_the_spread_of_curves_drawn_from_the_covariance(fit: rp.Fit) -> None:
    x, _, half = curve_of(fit_record(fit))
    draws = np.random.default_rng(7).multivariate_normal(fit.x, fit.covariance, 20_000)
    a, b, c = draws.T[:, :, None]
    found = np.std(a * np.exp(-b * x) + c, axis=0)
    np.testing.assert_allclose(half / stats.t.ppf(0.975, X.size - 3), found, rtol=0.05)


def test_weights_and_known_sigmas_reach_band_and_residuals() -> None:
    sigma = 0.02 * (1 + X)
    y = 1 + 0.5 * X + NOISE
    fit = rp.curve_fit(line, X, y, [0.0, 0.0], sigma=sigma, absolute_sigma=True)
    record = fit_record(fit)
    x, _, half = curve_of(record)
    A = np.stack([np.ones_like(X), X], axis=1) / sigma[:, None]
    J = np.stack([np.ones_like(x), x], axis=1)
    np.testing.assert_allclose(
        half, stats.norm.ppf(0.975) * np.sqrt(np.sum(J @ np.linalg.inv(A.T @ A) * J, axis=1)), rtol=1e-7
    )
    np.testing.assert_allclose(record["data"]["residual"], (y - line(X, *fit.x)) / sigma, rtol=1e-5)
    np.testing.assert_allclose(record["data"]["sigma"], sigma, rtol=1e-5)
    assert record["scaled"] and record["spread"] == 2


def correlated(x, y):
    C = 0.01 * np.exp(-np.abs(X[:, None] - X))
    return rp.curve_fit(line, x, y, [0.0, 0.0], sigma=C)


@pytest.mark.parametrize("kind", ["named", "numpy", "host", "covariance"])
def test_every_kind_of_model_has_its_curve(kind: str) -> None:
    """Names in a dict, NumPy, Python on the host, correlated data: the same straight line."""
    y = 1 + 0.5 * X + NOISE
    make = {
        "named": lambda: rp.curve_fit(
            lambda x, slope, level: level + slope * x["day"], {"day": X}, y, {"slope": 1.0, "level": 0.0}
        ),
        "numpy": lambda: rp.curve_fit(lambda x, a, b: np.add(a, np.multiply(b, x)), X, y, [0.0, 0.0]),
        "host": lambda: rp.curve_fit(lambda x, a, b: float(a) + float(b) * x, X, y, [0.0, 0.0]),
        "covariance": lambda: correlated(X, y),
    }
    fit = make[kind]()
    x, found, half = curve_of(fit_record(fit))
    level, slope = (fit.x["level"], fit.x["slope"]) if kind == "named" else fit.x
    np.testing.assert_allclose(found, level + slope * x, rtol=1e-12)
    J = np.stack([np.ones_like(x), x], axis=1)
    C = fit.covariance
    np.testing.assert_allclose(half / stats.t.ppf(0.975, X.size - 2), np.sqrt(np.sum(J @ C * J, axis=1)), rtol=1e-5)


# ----------------------------------------------------------------------------- what is not a curve


def test_a_model_whose_points_depend_on_each_other_is_not_evaluated_between_them() -> None:
    """A running sum, the largest of all, a column that it closes over: at other x they would tell lies."""
    column = np.cos(3 * X)
    models = [
        lambda x, a, b: a + b * jnp.cumsum(x),
        lambda x, a, b: a + b * x / jnp.max(x),
        lambda x, a, b: a * column + b * x,
    ]
    for f in models:
        y = np.asarray(f(X, 1.0, 0.5)) + NOISE
        fit = rp.curve_fit(f, X, y, [0.5, 0.1])
        record = fit_record(fit)
        x, found, half = curve_of(record)
        assert record["curve"]["joined"]
        np.testing.assert_allclose(x, X)
        np.testing.assert_allclose(found, np.asarray(f(X, *fit.x)), rtol=1e-10)
        J = np.asarray(fit.jacobian)
        expected = np.sqrt(np.sum(J @ fit.covariance * J, axis=1)) * stats.t.ppf(0.975, X.size - 2)
        np.testing.assert_allclose(half, expected, rtol=1e-8)
    assert "between them it was not evaluated" in scenes.fit(fit).notes[-1]


def test_several_predictors_are_drawn_over_the_models_value() -> None:
    data = {"u": X, "v": np.cos(5 * X)}
    y = 1 + 2 * data["u"] - data["v"] + NOISE
    fit = rp.curve_fit(lambda d, a, b, c: a + b * d["u"] + c * d["v"], data, y, [0.0, 0.0, 0.0])
    record = fit_record(fit)
    a, b, c = fit.x
    fitted = a + b * data["u"] + c * data["v"]
    assert record["kind"] == "fitted" and record["curve"] is None
    np.testing.assert_allclose(record["data"]["x"], np.sort(fitted), rtol=1e-9)
    np.testing.assert_allclose(record["data"]["residual"], (y - fitted)[np.argsort(fitted)], rtol=1e-4, atol=1e-9)


def test_residuals_alone_are_drawn_by_number_and_say_so() -> None:
    fit = rp.least_squares(lambda p: p[0] + p[1] * X - (1 + 0.5 * X + NOISE), [0.0, 0.0], names=("a", "b"))
    record, scene = fit_record(fit), scenes.fit(fit)
    assert record["kind"] == "index" and record["data"]["y"] is None and record["data"]["x"] == list(range(1, 15))
    np.testing.assert_allclose(record["data"]["residual"], fit.residuals, rtol=1e-5)
    assert (
        "nothing is known of an x" in scene.caption
        and scene.below is None
        and scene.x_label == "number of the residual"
    )
    with pytest.raises(TypeError, match="expected a fit"):
        rp.plot.fit(rp.minimize(lambda x: jnp.sum(x**2), [1.0]))


def test_a_pickled_fit_keeps_its_points_and_says_what_it_lost(fit: rp.Fit) -> None:
    again = pickle.loads(pickle.dumps(fit))
    x, y, half = curve_of(fit_record(again))
    whole = curve_of(fit_record(fit))
    at = np.searchsorted(whole[0], X)
    np.testing.assert_allclose(x, X)
    np.testing.assert_allclose(y, whole[1][at], rtol=1e-12)
    np.testing.assert_allclose(half, whole[2][at], rtol=1e-6)
    assert fit_record(again)["curve"]["joined"]


# -------------------------------------------------------------------------- what must not be hidden


def test_what_the_data_do_not_determine_is_left_out_and_named() -> None:
    with pytest.warns(OptimizeWarning):
        fit = rp.curve_fit(lambda x, a, b, c: (a + b) * x + c, X, 1 + 0.5 * X + NOISE, [0.1, 0.2, 0.0])
    record, scene = fit_record(fit), scenes.fit(fit)
    assert record["undetermined"] == ["a - b"] and [p["state"] for p in record["parameters"]] == [
        "free",
        "free",
        "known",
    ]
    assert any("a - b is free" in note for note in scene.notes)
    assert record["corner"] == [2]
    x, _, half = curve_of(record)  # a + b is determined: the band is that of the straight line
    s = fit.uncertainty.residual_std
    textbook = s * np.sqrt(1 / X.size + (x - X.mean()) ** 2 / np.sum((X - X.mean()) ** 2))
    np.testing.assert_allclose(half, stats.t.ppf(0.975, X.size - 2) * textbook, rtol=1e-6)


def test_a_bound_is_named_and_no_degree_of_freedom_draws_no_band() -> None:
    held = rp.curve_fit(line, X, 1 + 0.5 * X + NOISE, [0.5, 0.2], bounds=([0.0, 0.0], [0.7, 2.0]))
    assert fit_record(held)["parameters"][0]["state"] == "bound-upper"
    assert any("holds a at the bound" in note for note in scenes.fit(held).notes)
    with pytest.warns(OptimizeWarning):
        exact = rp.curve_fit(line, X[:2], np.array([1.0, 2.0]), [0.0, 0.0])
    assert fit_record(exact)["curve"]["half"] is None and not scenes.fit(exact).of("band")
    assert any("no degree of freedom" in note for note in scenes.fit(exact).notes)


def test_gaps_are_counted_and_left_out() -> None:
    y = 1 + 0.5 * X + NOISE
    y[3], sigma = np.nan, np.full(X.size, 0.1)
    sigma[5:7] = np.inf
    fit = rp.curve_fit(line, X, y, [0.0, 0.0], sigma=sigma, nan_policy="omit")
    record = fit_record(fit)
    assert (record["of"], record["omitted"], record["unmeasured"]) == (11, 1, 2)
    assert len(record["data"]["x"]) == 11 and None not in record["data"]["y"]
    notes = " ".join(scenes.fit(fit).notes)
    assert "1 points with gaps" in notes or "1 point with gaps" in notes


def test_many_points_are_thinned_and_the_worst_are_among_those_drawn() -> None:
    x = np.linspace(0, 1, 100_000)
    y = 1 + 2 * x + 0.01 * np.cos(1e4 * x)
    y[[17, 60_001]] += 5
    fit = rp.curve_fit(line, x, y, [0.0, 0.0])
    record, seen = fit_record(fit), Observations.of(fit)
    assert record["of"] == 100_000 and MOST - FARTHEST <= len(record["data"]["x"]) <= MOST
    assert {17, 60_001} <= set(record["data"]["number"]) and seen.thinned
    assert len(json.dumps(record)) < 250_000
    assert any("of 100000 points are drawn" in note for note in scenes.fit(fit).notes)


def test_names_with_markup_are_words(fit: rp.Fit) -> None:
    named = rp.curve_fit(decay, X, np.asarray(decay(X, *fit.x)) + NOISE, [1.0, 1.0, 0.0], names=HOSTILE)
    for text in (named._repr_html_(), page(named, HOSTILE[2]), svg(scenes.fit(named))):
        assert "<b>" not in text and "alert(1)</script>" not in text and "<script>alert" not in text
    assert [p["name"] for p in fit_record(named)["parameters"]] == list(HOSTILE)


# ------------------------------------------------------------------------------ parameters and pairs


def test_parameters_are_written_as_in_the_console(fit: rp.Fit) -> None:
    record = fit_record(fit)
    text = str(fit)
    for parameter, name in zip(record["parameters"], ("height", "rate", "floor"), strict=True):
        assert parameter["name"] == name and all(word in text for word in parameter["words"])
    np.testing.assert_allclose(record["correlation"], fit.uncertainty.correlation)
    np.testing.assert_allclose([p["error"] for p in record["parameters"]], np.sqrt(np.diag(fit.covariance)))


def test_of_many_parameters_those_that_are_tied_most_have_cells() -> None:
    t = np.linspace(-1, 1, 60)
    J = np.stack([t**k for k in range(9)], axis=1)
    fit = rp.least_squares(lambda p: J @ p - np.cos(4 * t), np.zeros(9))
    record = fit_record(fit)
    assert len(record["corner"]) == 6 and record["count"] == 9
    size = np.abs(fit.uncertainty.correlation - np.eye(9)).max(axis=1)
    assert min(size[record["corner"]]) >= max(np.delete(size, record["corner"]))


def test_no_cell_belongs_to_a_parameter_that_is_not_written_down() -> None:
    """The page has the names of its rows: a pair of others would leave it without any picture."""
    A = np.random.default_rng(1).standard_normal((150, 120))
    A[:, 65] = A[:, 68] + 0.02 * A[:, 65]
    record = fit_record(rp.least_squares(lambda p: A @ p - 1.0, np.zeros(120)))
    names = [row["name"] for row in record["parameters"]]
    assert 20 <= len(names) <= 32 and len(record["cells"]) == 12 and len(record["corner"]) == 6
    assert max(record["cells"] + record["corner"]) < len(names)
    assert {"x66", "x69"} <= {names[i] for i in record["corner"]}


def test_profiles_are_recorded_once_they_were_computed(straight: rp.Fit) -> None:
    fit = rp.curve_fit(line, X, 1 + 0.5 * X + NOISE, [0.0, 0.0])
    assert fit_record(fit)["profiles"] == []
    found = fit.profile("b")
    (kept,) = fit_record(fit)["profiles"]
    assert kept["parameter"] == 1 and (kept["low"], kept["high"]) == (found.low, found.high)
    # Of a straight line the profile is the parabola of the standard error.
    z = (np.array(kept["points"]) - fit.x[1]) / fit.standard_errors[1]
    np.testing.assert_allclose(kept["rise"], z**2, rtol=1e-4, atol=1e-5)
    paths = np.array(kept["path"])
    tie = fit.uncertainty.correlation[0, 1] * fit.standard_errors[0] / fit.standard_errors[1]
    np.testing.assert_allclose(paths[:, 0], fit.x[0] + tie * (paths[:, 1] - fit.x[1]), rtol=1e-6)


# ------------------------------------------------------------------------------------------ drawings


def test_the_figure_holds_the_scene_and_both_axes_have_one_x(fit: rp.Fit) -> None:
    before = dict(plt.rcParams)
    ax = rp.plot.fit(fit)
    (lower,) = ax.child_axes
    ax.figure.canvas.draw()
    scene = scenes.fit(fit)
    band, flat = scene.of("band")
    np.testing.assert_allclose(flat.points[:, 1].max(), max(fit_record(fit)["curve"]["half"]))  # among the residuals
    (area,) = [a for a in ax.patches if a.get_gid() == "band-area"]
    np.testing.assert_allclose(area.get_xy()[: len(band.points)], band.points)
    assert ax.get_xlim() == lower.get_xlim() and lower.get_xlabel() == "t" and ax.get_ylabel() == "y"
    upper_box, lower_box = ax.get_window_extent(), lower.get_window_extent()
    np.testing.assert_allclose([upper_box.x0, upper_box.x1], [lower_box.x0, lower_box.x1], atol=0.5)
    assert lower_box.y1 < upper_box.y0
    caption = next(a.get_text() for a in lower.texts if a.get_gid() == "caption").replace("\n", " ")
    assert all(f"{name} = " in caption for name in ("height", "rate", "floor"))
    _, own = plt.subplots()
    assert rp.plot.fit(fit, ax=own) is own
    assert dict(plt.rcParams) == before
    plt.close("all")


def test_the_svg_has_its_pictures_above_one_another() -> None:
    fit = rp.curve_fit(line, 1e3 * X, 1e6 * (1 + 0.5 * X) + NOISE, [0.0, 0.0])
    text = svg(scenes.fit(fit))
    boxes = [part.split('"')[0] for part in text.split('<clipPath id="')[1:]]
    assert len(boxes) == 2 and len(set(boxes)) == 2
    edges = [part.split('<rect x="')[1].split('"')[0] for part in text.split("<clipPath")[1:]]
    assert edges[0] == edges[1]
    assert text.count('data-role="data"') == 1 and text.count('data-role="residual"') == 1
    assert text == svg(scenes.fit(fit))


def test_a_notebook_shows_the_picture_and_the_table_first(fit: rp.Fit) -> None:
    html = fit._repr_html_()
    assert html.index("<svg") < html.index("<table") < html.index("<details") and "<script" not in html
    assert html == fit._repr_html_() and "height" in html
    alone = rp.least_squares(lambda p: p - jnp.arange(3.0), np.zeros(3))
    assert "<svg" in alone._repr_html_() and "x3" in alone._repr_html_()

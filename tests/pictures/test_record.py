"""What a report holds: every key that the page reads, columns of one length, thinned where it would be too large."""

import base64
import json
import re

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.picture.recording.encode import grid
from raphson.picture.recording.record import make_recording
from raphson.picture.recording.slim import MOST, size, slimmed
from raphson.picture.scene import Grid
from tests.house.source import ROOT

ROSENBROCK = rp.zoo["rosenbrock"]
SCHEMA = ROOT / "frontend" / "src" / "engine" / "record.ts"


def quartet(x):
    return jnp.sum((x - jnp.arange(1.0, 5.0)) ** 2) + 3 * (x[0] * x[1] - x[2]) ** 2 + 0.1 * jnp.sum(x**4)


def cut(x):
    """Not finite on one side."""
    return jnp.sum((x - 0.3) ** 2) - 0.05 * jnp.log(x[0] + x[1] - 0.4)


def line(x):
    return jnp.cosh(x[0] - 1) + 0.1 * x[0] ** 2


def host(x):
    return float((np.array(x[0]) - 1) ** 2 + (x[0] * x[1]) ** 2 + x[1] ** 2)


THINGS = {
    "run": lambda: rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0),
    "look": lambda: rp.local_model(ROSENBROCK.fun, ROSENBROCK.x0),
    "four": lambda: rp.minimize(quartet, np.zeros(4)),
    "look-four": lambda: rp.local_model(quartet, np.zeros(4)),
    "helix": lambda: rp.minimize(rp.zoo["helical-valley"].fun, rp.zoo["helical-valley"].x0),
    "line": lambda: rp.minimize(line, [4.0]),
    "look-line": lambda: rp.local_model(line, [4.0]),
    "cut": lambda: rp.minimize(cut, np.array([0.9, 0.1])),
    "bounds": lambda: rp.minimize(ROSENBROCK.fun, [-1.0, 0.5], bounds=[(-2, 0.5), (-2, None)]),
    "float32": lambda: rp.minimize(ROSENBROCK.fun, np.array(ROSENBROCK.x0, np.float32)),
    "host": lambda: rp.minimize(host, [3.0, 2.0]),
    "tree": lambda: rp.minimize(
        lambda p: jnp.sum(p["a"] ** 4) + (p["b"] - 2) ** 2, {"a": np.ones(2), "b": np.array(1.0)}
    ),
    "saddle": lambda: rp.minimize(rp.zoo["saddle"].fun, [1.0, 0.0], method="newton", max_steps=1),
    "fit": lambda: rp.curve_fit(lambda t, a, b: a * jnp.exp(-b * t), np.arange(4.0), [2, 1.3, 0.6, 0.4], [1.0, 1.0]),
    "still": lambda: rp.minimize(ROSENBROCK.fun, [1.0, 1.0]),
    "units": lambda: rp.minimize(rp.zoo["nist-misra1a"].fun, rp.zoo["nist-misra1a"].x0),
    "thirty": lambda: rp.minimize(lambda x: jnp.sum(jnp.cosh(x - 1)) + jnp.prod(x[:3]), np.zeros(70), max_steps=4),
}


@pytest.fixture(scope="module")
def things():
    """Every thing, and its recording as a page reads it: made once."""
    made: dict[str, tuple] = {}

    def get(name: str) -> tuple:
        if name not in made:
            thing = THINGS[name]()
            text = json.dumps(make_recording(thing, name), allow_nan=False)
            made[name] = thing, json.loads(text)
        return made[name]

    return get


def interfaces() -> dict[str, tuple[set[str], set[str]]]:
    """The interfaces of record.ts: required and optional keys."""
    text = re.sub(r"/\*.*?\*/", "", SCHEMA.read_text(), flags=re.DOTALL)
    found = {}
    for name, body in re.findall(r"export interface (\w+) \{\n(.*?)\n\}", text, flags=re.DOTALL):
        keys = re.findall(r"^  (\w+)(\??):", body, flags=re.MULTILINE)
        found[name] = {key for key, mark in keys if not mark}, {key for key, mark in keys if mark}
    return found


def check(name: str, value: dict) -> None:
    required, optional = interfaces()[name]
    assert required <= set(value) <= required | optional, (name, set(value) ^ required)


OFTEN = {"run", "look", "four", "line", "cut", "bounds", "fit", "thirty"}
"""The others are as much as these, in other clothes: in test-slow."""


def test_the_page_has_words_for_every_end_of_a_run() -> None:
    """In both languages, and the built page as well: a recording names the status by its name."""
    for status in rp.Status:
        if status != rp.Status.RUNNING:
            for language in ("en", "zh"):
                words = (ROOT / f"frontend/src/app/words/{language}.ts").read_text(encoding="utf-8")
                assert re.search(rf"\b{status.name}: \"", words), (status.name, language)
            page = (ROOT / "src/raphson/picture/web/report.js").read_text(encoding="utf-8")
            assert len(re.findall(rf"\b{status.name}:[`'\"]", page)) == 2, status.name
    for status in (rp.Status.CALLS, rp.Status.STEPS):
        options = {"maxfun": 2} if status == rp.Status.CALLS else {"maxiter": 2}
        assert (
            make_recording(rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0, options=options))["verdict"]["status"]
            == status.name
        )


@pytest.mark.parametrize("name", [pytest.param(a, marks=[] if a in OFTEN else pytest.mark.slow) for a in THINGS])
def test_every_record_is_as_record_ts_says(name: str, things) -> None:
    thing, seen = things(name)
    has_the_keys(seen)
    has_columns_of_one_length(thing, seen)


def has_the_keys(seen: dict) -> None:
    check("Recording", seen)
    if seen["verdict"] is not None:
        check("Verdict", seen["verdict"])
    if seen["trials"] is not None:
        check("Trials", seen["trials"])
    for plane in seen["planes"]:
        check("Plane", plane)
        if plane["grid"]:
            check("Grid", plane["grid"])
    for point in seen["points"]:
        check("Point", point)
        for view in point["views"].values():
            check("PointView", view)
            for quad in (view["slice"], view["shadow"]):
                if quad is not None:
                    check("Quad", quad)


def has_columns_of_one_length(thing, seen: dict) -> None:
    points, planes, n = seen["points"], seen["planes"], seen["n"]
    assert points and len(seen["names"]) == min(n, 60) and n == thing.gradient.size
    assert len(planes) <= 6 and (n == 1) == (not planes) and ("line" in seen) == (n == 1)
    ids = [plane["id"] for plane in planes]
    assert len(set(ids)) == len(ids)
    for point in points:
        assert set(point["views"]) == set(ids)
        assert len(point["eigenvalues"]) == len(point["energy"]) == len(point["directions"]) == min(n, 60)
        assert sum(point["inertia"]) == n
        assert sum(point["energy"]) == pytest.approx(1, abs=1e-6) or point["gradientNorm"] == 0 or n > 60
        for view in point["views"].values():
            assert len(view["turn"]) == min(n, 60)
    if seen["kind"] == "look":
        assert seen["trials"] is None and seen["verdict"] is None and len(points) == 1
        return
    trials = seen["trials"]
    columns = [key for key, value in trials.items() if isinstance(value, list)]
    assert {len(trials[key]) for key in columns} == {len(thing.trace)} and trials["of"] == len(thing.trace)
    assert all(len(plane[axis]) == len(thing.trace) for plane in planes for axis in "uv")
    assert points[0]["trial"] == -1 or len(points) == 1
    assert points[-1]["value"] == pytest.approx(thing.value)
    for k, at in enumerate(trials["point"]):
        assert points[at]["trial"] < k
        assert not trials["exact"][k] or at + 1 == len(points) or points[at + 1]["trial"] >= k


@pytest.mark.parametrize("name", ["run", "four", "units"])
def test_trials_end_where_the_next_point_is(name: str, things) -> None:
    _, seen = things(name)
    for plane in seen["planes"]:
        for point in seen["points"][1:]:
            at = point["views"][plane["id"]]["at"]
            end = plane["u"][point["trial"]], plane["v"][point["trial"]]
            assert end == pytest.approx(at, abs=1e-6 * (plane["window"][1] - plane["window"][0]))


def test_grids_hold_f(things) -> None:
    _, seen = things("run")
    u, v, values = decoded(seen["planes"][0]["grid"])
    exact = np.array([[float(ROSENBROCK.fun(np.array([a, b]))) for a in u[::20]] for b in v[::20]])
    assert values[::20, ::20] == pytest.approx(exact, rel=1e-6, abs=1e-12)


def decoded(grid: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns, rows and values of f of a recorded grid, as the page reads it."""
    packed = np.frombuffer(base64.b64decode(grid["values"]), "<f4").astype(float)
    values = grid["unit"] * (grid["base"] / grid["unit"] + packed.reshape(grid["nv"], grid["nu"]))
    return np.linspace(*grid["window"][:2], grid["nu"]), np.linspace(*grid["window"][2:], grid["nv"]), values


@pytest.mark.parametrize(("unit", "constant"), [(1.0, 1e7), (1e-60, 0.0), (1e250, 0.0), (1e-3, -1e3), (1.0, 0.0)])
def test_f_keeps_its_digits_beside_a_large_constant_and_in_every_unit(unit: float, constant: float) -> None:
    """Single precision of the height above the lowest value; what f itself has lost beside the constant is lost."""
    x, y = np.linspace(-1.0, 1.0, 5), np.linspace(0.0, 2.0, 7)
    f = unit * np.array([[float(ROSENBROCK.fun(np.array([a, b]))) for a in x] for b in y]) + constant
    f[2, 3] = np.inf
    record = grid(Grid(x, y, f))
    assert record is not None
    seen = decoded(json.loads(json.dumps(record)))[2]
    low = np.min(f)
    finite = np.isfinite(f)
    assert not np.isfinite(seen[~finite]).any()
    assert np.all(np.abs(seen - f)[finite] <= 2.0**-24 * (f - low)[finite] + 4 * np.spacing(abs(low)))


@pytest.mark.parametrize("values", [[-1.7e308, 1.7e308], [5e-324, 0.0], [3.0, 3.0], [np.nan, 2.0]])
def test_the_ends_of_the_range_of_numbers_are_recorded(values: list[float]) -> None:
    f = np.array([values, values])
    record = grid(Grid(np.array([0.0, 1.0]), np.array([0.0, 1.0]), f))
    assert record is not None
    assert decoded(json.loads(json.dumps(record, allow_nan=False)))[2] == pytest.approx(f, rel=1e-6, nan_ok=True)


def test_where_f_is_not_finite_the_grid_has_gaps(things) -> None:
    _, seen = things("cut")
    values = np.frombuffer(base64.b64decode(seen["planes"][0]["grid"]["values"]), "<f4")
    assert 0 < np.isnan(values).sum() < values.size


def test_bounds_are_recorded_and_f_is_not_asked_beyond_them(things) -> None:
    _, seen = things("bounds")
    plane = seen["planes"][0]
    assert plane["bounds"] == [-2, 0.5, -2, None]
    u, _, values = decoded(plane["grid"])
    assert np.isnan(values[:, u > 0.51]).all() and np.isfinite(values[:, u < 0.49]).all()


def test_slices_and_shadows_are_sub_blocks(things) -> None:
    _, seen = things("four")
    plane = next(plane for plane in seen["planes"] if plane["kind"] == "parameters")
    i, j = (seen["names"].index(axis) for axis in plane["axes"])
    point = seen["points"][-1]
    H = np.asarray(rp.local_model(quartet, np.array(point["x"])).hessian)
    view = point["views"][plane["id"]]
    assert view["slice"]["hessian"] == pytest.approx([H[i, i], H[i, j], H[j, j]], rel=1e-9)
    C = np.linalg.inv(np.linalg.inv(H)[np.ix_([i, j], [i, j])])
    assert view["shadow"]["hessian"] == pytest.approx([C[0, 0], C[0, 1], C[1, 1]], rel=1e-8)


def test_components_follow_a_drag(things) -> None:
    """c += lambda (v'E) du is the gradient of the moved quadratic."""
    _, seen = things("four")
    plane, point = seen["planes"][0], seen["points"][3]
    view = point["views"][plane["id"]]
    du = np.array([0.3, -0.2])
    turn, w = np.array(view["turn"]), np.array(point["eigenvalues"])
    moved = np.array(point["components"]) + w * (turn @ du)
    a, b, c = view["slice"]["hessian"]
    expected = np.array(view["slice"]["gradient"]) + np.array([[a, b], [b, c]]) @ du
    assert turn.T @ moved == pytest.approx(expected, rel=1e-6)


def test_three_variables_have_a_cube_and_badly_scaled_ones_a_unit(things) -> None:
    _, helix = things("helix")
    assert all(len(point["cube"]["hessian"]) == 6 for point in helix["points"])
    _, units = things("units")
    assert units["planes"][0]["axes"] == ["x1", "x2 / 1e-6"]


def test_single_precision_says_its_noise(things) -> None:
    _, seen = things("float32")
    assert seen["dtype"] == "float32"
    assert seen["points"][0]["views"]["x1,x2"]["slice"]["noise"] == pytest.approx(1.19e-7, rel=0.01)


def test_a_fit_is_recorded_with_its_parameters(things) -> None:
    fit, seen = things("fit")
    assert seen["names"] == ["a", "b"] == list(fit.names)
    told = dict(seen["lines"])
    assert "±" in told["a"] and "±" in told["b"] and "noise" in told


def test_no_seconds_are_told(things) -> None:
    thing, seen = things("run")
    assert f"{thing.seconds:.2f} s" in str(thing)
    work = dict(seen["lines"])["work"]
    assert work.startswith(f"{thing.nit} trials") and not re.search(r"\d s\b", work)


@pytest.mark.parametrize("name", ["run", "host", "line", "four"])
def test_the_same_object_gives_the_same_recording(name: str, things) -> None:
    thing, seen = things(name)
    assert json.loads(json.dumps(make_recording(thing, name))) == seen


def test_ten_thousand_trials() -> None:
    result = rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0, method="gradient-descent", max_steps=10_000)
    seen = make_recording(result)
    trials = seen["trials"]
    assert trials["of"] == 10_000 and len(trials["index"]) <= 2000 and len(seen["points"]) == 60
    assert any("10000 trials are shown" in note for note in seen["notes"])
    assert trials["index"][0] == 0 and trials["index"][-1] == 9999
    assert all(trials["index"].index(point["trial"]) >= 0 for point in seen["points"][1:])
    # From every recorded point but the last some trial is there to be seen.
    made = {k for k, exact in zip(trials["point"], trials["exact"], strict=True) if exact}
    assert set(range(len(seen["points"]) - 1)) <= made
    assert size(seen) <= MOST


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lbfgs", "trust-cg"])
def test_a_hundred_thousand_variables(method: str) -> None:
    weight = jnp.linspace(1, 10, 100_000)
    result = rp.minimize(lambda x: jnp.sum(weight * jnp.cosh(x - 1)), np.zeros(100_000), method=method, max_steps=6)
    seen = make_recording(result)
    assert size(seen) <= MOST and len(seen["names"]) == 60 and seen["planes"]
    for point in seen["points"]:
        assert point["inertia"] is None and point["eigenvalues"] == []
        assert all(view["shadow"] is None for view in point["views"].values())
    for view in seen["points"][0]["views"].values():
        assert view["slice"]["hessian"][0] > 0


def test_too_large_a_recording_loses_grids_and_then_points(things) -> None:
    _, seen = things("four")
    whole = json.loads(json.dumps(seen))
    less = slimmed(json.loads(json.dumps(seen)), most=size(whole) - 1000)
    assert size(less) < size(whole) and less["notes"][-1].startswith("f around the points")
    assert len(less["points"]) == len(whole["points"])
    few = slimmed(json.loads(json.dumps(seen)), most=size(whole) // 8)
    assert len(few["points"]) < len(whole["points"]) and few["points"][-1]["value"] == whole["points"][-1]["value"]
    for k, (at, exact) in enumerate(zip(few["trials"]["point"], few["trials"]["exact"], strict=True)):
        before = whole["points"][whole["trials"]["point"][k]]
        assert few["points"][at]["trial"] <= before["trial"] and (
            not exact or few["points"][at] == before | few["points"][at]
        )


def test_a_result_that_lost_its_run_is_recorded_as_far_as_it_goes() -> None:
    from dataclasses import replace

    result = rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0)
    bare = replace(result.model, problem=None)
    for less in (replace(result, start=None), replace(result, recipe=None), replace(result, model=bare)):
        seen = json.loads(json.dumps(make_recording(less), allow_nan=False))
        check("Recording", seen)
        assert seen["points"] and seen["planes"]
    lost = make_recording(replace(result, model=None))
    assert lost["points"] == [] and lost["planes"] == [] and lost["trials"]["of"] == len(result.trace) and lost["notes"]

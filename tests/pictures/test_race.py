"""The race of methods on one page: its numbers are those of the runs; it is read in two languages, and still."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.cli.main import invoke
from raphson.picture.recording.race import Race, drawable
from raphson.picture.recording.racers import digits_of, evaluations, roles_of
from raphson.picture.render.ink import palette
from raphson.picture.render.marks import SHAPES, outline
from raphson.picture.render.svg import svg
from raphson.picture.report import page
from raphson.picture.scene import RING, Dots, Scene
from raphson.picture.views.race import MARKED, digit_race, gap_race
from raphson.solver.presets import PRESETS
from raphson.solver.wording import HEADLINES
from tests.pictures.test_report import HOSTILE, read, recording_of
from tests.pictures.test_truthful import english, quartet, static_words

ROSENBROCK = rp.zoo["rosenbrock"]
HIMMELBLAU = rp.zoo["himmelblau"]
LIMIT = 450_000


def names_left_out(words: list[str]) -> list[str]:
    """Words without the names of methods."""
    names = "|".join(sorted(PRESETS, key=len, reverse=True))
    return [re.sub(rf"\b({names})\b", "", word) for word in words]


def texts(a: Any) -> list[str]:
    """Every text of a record."""
    if isinstance(a, str):
        return [a]
    return [text for part in (a.values() if isinstance(a, dict) else a) for text in texts(part)]


@pytest.fixture(scope="module")
def seen() -> rp.Comparison:
    return rp.compare(ROSENBROCK.fun, ROSENBROCK.x0, ("gradient-descent", "newton", "bfgs"), max_steps=200)


@pytest.fixture(scope="module")
def four() -> rp.Comparison:
    return rp.compare(quartet, np.zeros(4), ("dogleg", "lbfgs"))


@pytest.fixture(scope="module")
def line() -> rp.Comparison:
    return rp.compare(lambda x: jnp.cosh(x[0] - 1) + 0.1 * x[0] ** 2, [4.0], ("newton", "gradient-descent"))


def on_the_host(x: Any) -> float:
    return float((x[0] - 1) ** 2 + (x[1] - x[0] ** 2) ** 2) if float(x[0]) < 1e9 else 0.0


# ---------------------------------------------------------------------------------------------- numbers


def test_paths_and_counts_are_those_of_the_runs(seen: rp.Comparison) -> None:
    recording = Race.of(seen).recording()
    (plane,) = recording["planes"]
    units = np.array(plane["basis"])
    low = min(np.min(r.trace.value[r.trace.accepted]) for r in seen.results.values())
    for racer in recording["race"]["methods"]:
        result = seen.results[racer["name"]]
        trace, at = result.trace, np.array(racer["trial"])
        assert at[0] == 0 and at[-1] == len(trace) and np.all(np.diff(at) > 0)
        steps = np.cumsum(np.where(trace.accepted[:, None], trace.step, 0), axis=0)
        before = np.concatenate([[result.start], result.start + steps])[:-1]
        ends = np.concatenate([[result.start], before + trace.step])[at]
        drawn = np.array(racer["ends"]) - plane["start"]
        size = plane["window"][1] - plane["window"][0]
        np.testing.assert_allclose(drawn @ units.T + result.start, ends, atol=1e-5 * size)
        assert racer["count"][-1] == result.nfev + result.njev + result.nhev
        taken = np.concatenate([[True], trace.accepted])
        values = np.concatenate([[trace.start_value], trace.value])
        stands = values[np.maximum.accumulate(np.where(taken, np.arange(len(taken)), 0))][at]
        np.testing.assert_allclose(racer["gap"], stands - low, rtol=1e-4)
        assert racer["taken"] == taken[at].astype(int).tolist()
        assert racer["cells"][0] == str(len(trace)) and racer["found"] == result.success


def test_digits_are_those_of_the_known_minimum(seen: rp.Comparison) -> None:
    """Rosenbrock's minimum is (1, 1): digits are -log10 of the distance, relative to the farthest, per variable."""
    minima = [r for r in seen.results.values() if r.success]
    assert len(minima) == 2
    for result in seen.results.values():
        steps = result.trace.step[result.trace.accepted]
        x = np.concatenate([[result.start], result.start + np.cumsum(steps, axis=0)])
        far = np.max(np.abs(x - 1), axis=0)
        right = -np.log10(np.maximum(np.max(np.abs(x - 1) / far, axis=1), 1e-16))
        found = digits_of(result, minima)
        assert found is not None and len(found) == len(result.trace) + 1
        ours = np.concatenate([found[:1], found[1:][result.trace.accepted]])
        below = right < 6  # beyond, the answer that ours are measured by is itself rounded
        np.testing.assert_allclose(ours[below], right[below], atol=1e-3)
        assert np.all(ours[~below] >= 5.9)
    assert digits_of(next(iter(seen.results.values())), []) is None


def test_digits_beyond_what_the_minimum_is_known_to_are_not_counted() -> None:
    """An answer that is right to 1e-4 alone shows no more than about four digits, of its own run either."""
    result = rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0, method="newton")
    vague = replace(result, certificate=replace(result.certificate, distance=1e-4))
    found = digits_of(vague, [vague])
    assert found is not None and 3 < np.max(found) <= 4


def test_each_run_is_measured_by_the_minimum_that_it_goes_to() -> None:
    """Himmelblau has four minima: runs to different ones end with all their digits."""
    seen = rp.compare(HIMMELBLAU.fun, [0.0, 0.0], ("trust-exact", "gradient-descent"))
    other = rp.compare(HIMMELBLAU.fun, [-4.0, 4.0], ("trust-exact",)).results["trust-exact"]
    race = Race.of(rp.Comparison({**seen.results, "other": other}, {**seen.compile_seconds, "other": 0.0}))
    ends = [result.x.round(3).tolist() for result in (*seen.results.values(), other)]
    assert [3.0, 2.0] in ends and [-2.805, 3.131] in ends
    assert all(racer.digits is not None and racer.digits[-1] > 5 for racer in race.racers)


def test_counts_grow_to_those_of_the_result(seen: rp.Comparison) -> None:
    for result in seen.results.values():
        count = evaluations(result)
        assert count[-1] == pytest.approx(result.nfev + result.njev + result.nhev) and np.all(np.diff(count) > 0)


@pytest.mark.parametrize("over", ["trials", "evaluations"])
def test_lines_end_where_the_runs_end(seen: rp.Comparison, over: str) -> None:
    race = Race.of(seen)
    for scene in (gap_race(race.racers, race.low, over), digit_race(race.racers, over)):
        for racer in race.racers:
            curve, dots = scene.of(racer.role)
            shift = 1.0 if over == "trials" and "x" in scene.log else 0.0
            assert curve.points[-1, 0] == racer.along(over)[0] + shift
            assert np.max(curve.points[:, 0]) <= racer.along(over)[-1] + shift
            assert dots.mark == racer.mark and len(dots.points) <= MARKED


def test_long_runs_are_thinned_and_said_to_be() -> None:
    trace = rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0, method="gradient-descent", max_steps=1500)
    race = Race.of(rp.Comparison({"gradient-descent": trace}, {"gradient-descent": 0.0}))
    (racer,) = race.racers
    assert len(racer.trial) <= 200 and racer.trial[-1] == len(trace.trace)
    recording = race.recording()
    told = f"of long runs some trials are drawn: gradient-descent {len(racer.trial) - 1}/{len(trace.trace)}"
    assert told in recording["notes"] and "只有英文" not in str(recording["zh"]["notes"])


# ---------------------------------------------------------------------------------------------- looks


def test_no_two_methods_look_alike() -> None:
    """Whatever their colors: by the dash of their lines with the shape of their marks."""
    for names in (list(PRESETS), [f"own {k}" for k in range(12)], ["newton", "a", "b", "bfgs", "c", "d", "e", "f"]):
        roles = roles_of(names)
        looks = {(str(palette()[role].get("dash")), k % len(SHAPES)) for k, role in enumerate(roles)}
        assert len(looks) == len(names)
    assert len({str(palette()[role].get("dash")) for role in roles_of(list(PRESETS))}) == len(PRESETS)
    shapes = {outline(mark, 0, 0, 3.2) for mark in range(len(SHAPES))}
    assert len(shapes) == len(SHAPES) and outline(len(SHAPES), 0, 0, 3.2) in shapes


def test_marks_are_filled_where_taken_and_a_ring_is_hollow() -> None:
    points, flags = np.array([[0.2, 0.5], [0.8, 0.5]]), np.array([True, False])
    items = (Dots("series-1", points, flags, mark=1), Dots("series-2", points, flags, mark=RING))
    text = svg(Scene("paths", "?", (0, 1, 0, 1), items))
    marks = re.findall(r'<path fill="(#\w+)" d="M[^"]*Z"/>', text)
    assert marks == [palette()["series-1"]["color"], "#ffffff"]
    assert len(re.findall(r'<circle cx="[\d.]+" cy="[\d.]+" r="7"/>', text)) == 2


def test_a_ring_is_around_what_was_found_alone(seen: rp.Comparison) -> None:
    scene = Race.of(seen).path_scene()
    assert scene is not None
    rings = {item.role for item in scene.items if isinstance(item, Dots) and item.mark == RING}
    assert rings == {"race-newton", "race-bfgs"} and not seen.results["gradient-descent"].success


# ---------------------------------------------------------------------------------------------- the page


def test_the_same_comparison_gives_the_same_bytes(seen: rp.Comparison, tmp_path: Path) -> None:
    for language in ("en", "zh"):
        one = seen.report(tmp_path / "one.html", language=language).read_bytes()
        assert one == seen.report(tmp_path / "two.html", language=language).read_bytes()


def test_the_page_is_small_whatever_races_in_it(seen: rp.Comparison, four: rp.Comparison) -> None:
    """As many methods as the library has, the longest runs many times."""
    runs = [*seen.results.values(), rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0, method="gradient-descent")]
    many = {name: runs[k % len(runs)] for k, name in enumerate(PRESETS)}
    crowd = rp.Comparison(many, dict.fromkeys(many, 0.0))
    sizes = [len(page(thing, language="zh").encode()) for thing in (crowd, seen, four)]
    assert max(sizes) <= LIMIT, sizes


def test_a_race_is_well_formed_and_fetches_nothing(seen: rp.Comparison) -> None:
    text = page(seen, HOSTILE)
    found = read(text)
    assert HOSTILE not in text and "<b>&amp;amp;" not in text
    policy = next(meta["content"] for meta in found.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    for name, attributes in found.elements:
        loads = [attributes.get(key) for key in ("src", "href") if name != "a"]
        assert all(load is None or load.startswith(("data:", "#")) for load in loads)
    assert json.loads(recording_of(text))["title"] == HOSTILE
    assert all(svg.get("role") == "img" or svg.get("aria-hidden") for svg in found.all("svg"))


def test_names_are_escaped() -> None:
    result = rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0, max_steps=3)
    text = page(rp.Comparison({"<script>alert(1)</script>": result}, {"<script>alert(1)</script>": 0.0}))
    assert "<script>alert(1)" not in text
    read(text)


@pytest.mark.parametrize("name", ["seen", "four", "line"])
def test_a_chinese_race_holds_no_english(name: str, request: pytest.FixtureRequest) -> None:
    text = page(request.getfixturevalue(name), language="zh")
    assert '<html lang="zh-CN">' in text and "<title>各方法的赛跑</title>" in text
    assert english(names_left_out(static_words(text))) == []
    words = json.loads(recording_of(text))["race"]["words"]
    assert words["zh"].keys() == words["en"].keys()
    assert english(names_left_out(texts(words["zh"]))) == [] and len(texts(words["en"])) == len(texts(words["zh"]))
    assert "<title>My race</title>" in page(request.getfixturevalue(name), "My race", "zh")


def test_without_scripts_there_are_pictures_and_the_table(
    seen: rp.Comparison, four: rp.Comparison, line: rp.Comparison
) -> None:
    for thing, views in ((seen, 5), (four, 5), (line, 5)):
        text = page(thing)
        assert text.count('data-view="paths"') == 1 and text.count('class="raphson-scene"') == views
        assert all(f"{name}</th>" in text for name in thing.results)
    assert "The paths are projected" in page(four)


def test_of_more_than_two_variables_the_plane_is_that_of_the_first_path(four: rp.Comparison) -> None:
    recording = Race.of(four).recording()
    (plane,) = recording["planes"]
    assert plane["kind"] == "path" and plane["whole"] is False and len(plane["basis"]) == 4
    first = next(iter(four.results.values()))
    np.testing.assert_allclose(recording["points"][0]["x"], first.x)
    assert recording["program"]["n"] == 4


# ---------------------------------------------------------------------------------------------- failures


def test_failures_are_said_with_their_verdict() -> None:
    """Newton to a saddle, a run without bound, one without time: each says what it is, in both languages."""
    tilted = rp.compare(rp.zoo["saddle"].fun, [1.0, 0.0], ("newton", "gradient-descent"), max_steps=30)
    for thing in (tilted, rp.compare(lambda x: -jnp.sum(x**2), [1.0, 1.0], ("newton", "bfgs"))):
        for language in ("en", "zh"):
            text = page(thing, language=language)
            assert english(names_left_out(static_words(text))) == [] or language == "en"
            for name, result in thing.results.items():
                head = HEADLINES[result.certificate.verdict].partition(",")[0]
                assert result.success or language == "zh" or f"<dt>{name}</dt><dd><strong>{head}</strong>" in text
                assert result.success or f"<dt>{name}</dt>" in text
        methods = Race.of(thing).recording()["race"]["methods"]
        ended = [thing.results[method["name"]].certificate.verdict.name for method in methods]
        lost = [m["digits"] for m, verdict in zip(methods, ended, strict=True) if verdict in ("SADDLE", "UNBOUNDED")]
        assert lost and not any(lost)


def test_a_run_that_leaves_does_not_hide_the_others() -> None:
    """The window is that of the runs that arrive."""
    seen = rp.compare(lambda x: jnp.sum(jnp.sqrt(1 + x**2)), [1.2, -0.5], ("newton", "dogleg"), max_steps=30)
    assert not seen.results["newton"].success and seen.results["dogleg"].success
    (plane,) = Race.of(seen).recording()["planes"]
    assert max(map(abs, plane["window"])) < 10


def test_points_that_no_picture_can_hold_are_drawn_nearer_in_their_direction(
    seen: rp.Comparison, line: rp.Comparison
) -> None:
    """Pixels are numbers of single precision; of one variable f at such a point is no guide to the curve."""
    race = Race.of(seen)
    assert race.window is not None
    u0, u1, v0, v1 = race.window
    middle, size = np.array([u0 + u1, v0 + v1]) / 2, u1 - u0
    away = np.array([[1e200, -2e200], [3.0, 4.0], [-1e5, 0.0], [np.nan, np.nan], [np.inf, 0.0]]) + middle
    racer = drawable(replace(race.racers[0], ends=away, answer=middle), race.window, line=False)
    assert racer.ends is not None
    drawn = racer.ends - middle
    np.testing.assert_allclose(drawn[1], [3, 4])
    np.testing.assert_allclose(drawn[0] / drawn[0, 0], [1, -2])
    assert np.max(np.abs(drawn[[0, 2]])) <= 1.0001e3 * size and np.all(np.isnan(drawn[3])) and np.isnan(drawn[4, 0])
    assert racer.answer is not None and np.allclose(racer.answer, middle)
    one = Race.of(line)
    assert one.window is not None
    far = drawable(replace(one.racers[0], ends=np.array([[4.0, 1.0], [1e9, 1e300]])), one.window, line=True)
    assert far.ends is not None and np.all(np.isfinite(far.ends[0])) and np.all(np.isnan(far.ends[1]))


def test_a_start_at_the_minimum_is_a_race_of_no_steps() -> None:
    still = rp.compare(ROSENBROCK.fun, [1.0, 1.0], ("newton", "bfgs"))
    text = page(still)
    read(text)
    assert text.count('data-view="paths"') == 1
    far = rp.compare(quartet, rp.minimize(quartet, np.zeros(4)).x, ("newton",), max_steps=0)
    assert "no paths are drawn" in page(far) or len(far.results["newton"].trace)


def test_a_function_of_the_host_and_a_result_without_its_function_are_drawn() -> None:
    import pickle

    seen = rp.compare(on_the_host, np.array([0.3, 0.6]), ("bfgs",), max_steps=4)
    recording = Race.of(seen).recording()
    assert recording["program"] is None and recording["frozen"] and recording["planes"][0]["grid"]
    plain = rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0, method="newton")
    alone = rp.Comparison({"newton": pickle.loads(pickle.dumps(plain))}, {"newton": 0.0})
    recording = Race.of(alone).recording()
    assert recording["planes"][0]["grid"] is None and recording["race"]["methods"][0]["ends"]
    read(page(alone))


def test_on_a_curved_space_there_are_lines_and_no_paths() -> None:
    A = jnp.diag(jnp.array([1.0, 2.0, 5.0]))
    seen = rp.compare(lambda x: x @ A @ x, np.ones(3), ("newton", "bfgs"), space=rp.Sphere())
    text = page(seen, language="zh")
    assert 'data-view="paths"' not in text and text.count('class="raphson-scene"') == 2
    assert english(names_left_out(static_words(text))) == []


def test_runs_of_different_functions_are_compared_without_paths(seen: rp.Comparison, four: rp.Comparison) -> None:
    """Made by hand: there is no plane that both lie in."""
    mixed = {**seen.results, **four.results}
    text = page(rp.Comparison(mixed, dict.fromkeys(mixed, 0.0)))
    read(text)
    assert 'data-view="paths"' not in text and "or the functions differ" in text
    A = jnp.diag(jnp.array([1.0, 2.0, 4.0]))  # in two dimensions, as the others
    round_one = rp.minimize(lambda x: x @ A @ x, np.ones(3), space=rp.Sphere())
    curved = {**seen.results, "sphere": round_one}
    methods = Race.of(rp.Comparison(curved, dict.fromkeys(curved, 0.0))).recording()["race"]["methods"]
    assert [method["ends"] is None for method in methods] == [False, False, False, True]


def test_bounds_are_drawn_and_float32_is_said() -> None:
    x0 = np.array([-1.0, 0.5], np.float32)
    seen = rp.compare(ROSENBROCK.fun, x0, ("dogleg", "bfgs"), bounds=[(-2, 0.5), (-2, 2)])
    recording = Race.of(seen).recording()
    assert "feasible" in recording["planes"][0] and recording["dtype"] == "float32"
    assert any("double precision" in note for note in recording["notes"])
    assert 'data-role="outside"' in page(seen)


def test_the_command_line_writes_chinese_races(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "race.html"
    call = ["compare", "rosenbrock", "--methods", "newton", "--report", str(file)]
    assert invoke([*call, "--language", "zh"]) == 0
    assert '<html lang="zh-CN">' in file.read_text(encoding="utf-8")
    assert invoke([*call, "--language", "fr"]) != 0 and "en or zh" in capsys.readouterr().err
    with pytest.raises(ValueError, match="'fr': a report is written in 'en' or 'zh'"):
        rp.compare(ROSENBROCK.fun, ROSENBROCK.x0, ("newton",)).report(tmp_path / "a.html", language="fr")

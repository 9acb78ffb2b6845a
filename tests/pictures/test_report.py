"""The report: one file, the same bytes, nothing fetched, nothing that a title could break; read with scripts off."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.cli.main import invoke
from raphson.picture.recording.record import make_recording
from raphson.picture.report import embedded, page, report

ROSENBROCK = rp.zoo["rosenbrock"]
HOSTILE = "</script><script>alert(1)</script><!-- <b>&amp;"
VOID = {"meta", "link", "br", "img", "input"}


class Reader(HTMLParser):
    """Elements, their text, and whether they are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict]] = []
        self.texts: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.elements if name == tag]


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


def static_part(text: str) -> str:
    return text[text.index('<main id="static">') : text.index("</main>")]


@pytest.fixture(scope="module")
def result() -> rp.Result:
    return rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0)


@pytest.fixture(scope="module")
def fit() -> rp.Fit:
    t = np.linspace(0, 4, 12)
    y = 2.5 * np.exp(-0.7 * t) + 0.02 * np.cos(5 * t)
    return rp.curve_fit(lambda t, a, b: a * jnp.exp(-b * t), t, y, [1.0, 1.0], names=("<i>height</i>", "</script>rate"))


THINGS = {
    "run": lambda: rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0),
    "look": lambda: rp.local_model(ROSENBROCK.fun, ROSENBROCK.x0),
    "line": lambda: rp.minimize(lambda x: jnp.cosh(x[0] - 1) + 0.1 * x[0] ** 2, [4.0]),
    "four": lambda: rp.minimize(lambda x: jnp.sum(jnp.cosh(x - 1)) + jnp.prod(x), np.zeros(4)),
    "saddle": lambda: rp.local_model(rp.zoo["saddle"].fun, [0.8, 0.3]),
    "valley": lambda: rp.local_model(lambda x: (x[0] - x[1]) ** 2, [1.0, 0.0]),
    "flat": lambda: rp.local_model(lambda x: x[0] + 2 * x[1], [1.0, 0.0]),
    "host": lambda: rp.minimize(
        lambda x: float((np.array(x[0]) - 1) ** 2 + (x[0] * x[1]) ** 2 + x[1] ** 2), [3.0, 2.0]
    ),
    "unbounded": lambda: rp.minimize(lambda x: -x[0] - x[1] ** 2, [1.0, 1.0]),
    "many": lambda: rp.minimize(lambda x: jnp.sum(jnp.cosh(x - 1)) + jnp.prod(x[:3]), np.zeros(80), max_steps=3),
}


OFTEN = {"run", "line", "four", "saddle", "unbounded"}


@pytest.mark.parametrize("name", [pytest.param(a, marks=[] if a in OFTEN else pytest.mark.slow) for a in THINGS])
def test_every_report_is_well_formed_and_readable_without_scripts(name: str) -> None:
    text = page(THINGS[name](), name)
    seen = read(text)
    assert "".join(seen.texts["title"]).startswith(name)
    assert {"id": "static"} in seen.all("main")
    assert seen.all("svg") and all(svg["role"] == "img" for svg in seen.all("svg"))
    assert json.loads(recording_of(text))["title"] == name


def recording_of(text: str) -> str:
    return re.search(r'<script type="application/json" id="recording">(.*?)</script>', text, re.DOTALL)[1]


def test_the_same_object_gives_the_same_bytes(result: rp.Result, fit: rp.Fit, tmp_path: Path) -> None:
    for thing in (result, fit):
        one, two = (thing.report(tmp_path / name) for name in ("one.html", "two.html"))
        assert one.read_bytes() == two.read_bytes()


def test_the_same_run_gives_the_same_bytes(result: rp.Result) -> None:
    """Though it took another time."""
    assert page(rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0), "a") == page(result, "a")


def test_nothing_is_fetched(result: rp.Result) -> None:
    text = page(result, "a")
    seen = read(text)
    policy = next(meta["content"] for meta in seen.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';") and "http" not in policy
    assert not any("src" in script for script in seen.all("script"))
    assert [link["href"] for link in seen.all("link")] == ["data:,"]
    assert not seen.all("img") and not seen.all("iframe")
    addresses = set(re.findall(r"https?://[^\s\"'`<>\\)]+", text))
    assert all(address.startswith("http://www.w3.org/") for address in addresses), addresses  # names of XML
    assert not re.search(r"@import|url\(\s*[\"']?(?!#|data:)", text)


def test_a_hostile_title_and_hostile_names_are_only_words(fit: rp.Fit) -> None:
    text = page(fit, HOSTILE)
    seen = read(text)
    assert "".join(seen.texts["title"]).startswith(HOSTILE)
    plain = read(page(fit, "a"))
    assert [tag for tag, _ in seen.elements] == [tag for tag, _ in plain.elements]
    recording = json.loads(recording_of(text))
    assert recording["title"] == HOSTILE and recording["names"] == ["<i>height</i>", "</script>rate"]
    assert "alert(1)</script>" not in text and "<i>height" not in text


def test_the_embedded_json_is_the_record(result: rp.Result) -> None:
    kept = make_recording(result, "a")
    assert json.loads(embedded(kept)) == json.loads(json.dumps(kept))
    assert "<" not in embedded({"a": "<!--<script>"}) and "\u2028" not in embedded({"a": "\u2028"})


def test_it_says_no_time_and_no_place(result: rp.Result, tmp_path: Path) -> None:
    text = result.report(tmp_path / "run.html").read_text()
    assert str(tmp_path) not in text and f"{result.seconds:.2f} s" not in static_part(text)
    assert not re.search(r"20\d\d-\d\d-\d\d", static_part(text))


def test_the_static_part_shows_the_run_and_its_trials(result: rp.Result) -> None:
    text = static_part(page(result, "a"))
    views = re.findall(r'data-view="(\w+)"', text)
    assert views.count("run") == 1 and views.count("convergence") == 1
    assert views.count("slopes") == views.count("stretch") == 2
    assert views.count("local") == views.count("dual") == views.count("whitened") == views.count("spectrum") == 2
    assert text.count("<tr>") == len(result.trace) + 1
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_a_long_table_shows_both_ends() -> None:
    long = rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0, method="gradient-descent", max_steps=200)
    text = static_part(page(long, "a"))
    assert "<td>1</td>" in text and "<td>200</td>" in text and "<td>100</td>" not in text and "…" in text


def test_no_ellipse_where_there_is_none() -> None:
    text = static_part(page(THINGS["saddle"](), "a"))
    assert '<ellipse data-role="model-level"' not in text and "hyperbola" in text


def test_without_a_bundle_the_pictures_stay(result: rp.Result, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("raphson.picture.report.WEB", tmp_path)
    seen = read(page(result, "a"))
    assert [script.get("type") for script in seen.all("script")] == ["application/json"]
    assert seen.all("svg")


def test_a_file_appears_whole_or_not_at_all(result: rp.Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.html"
    path.write_text("before")
    monkeypatch.setattr(
        "raphson.picture.report.os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    with pytest.raises(OSError, match="No space"):
        report(result, path)
    assert path.read_text() == "before" and [p.name for p in tmp_path.iterdir()] == ["run.html"]


def test_where_it_cannot_be_written_is_said_before_anything_is_drawn(
    result: rp.Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raphson.picture.report.page", lambda *_: pytest.fail("drawn in vain"))
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        result.report(tmp_path / "no" / "run.html")
    with pytest.raises(IsADirectoryError, match="name a file in it"):
        result.report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_only_what_is_known_has_a_report(tmp_path: Path) -> None:
    from raphson.kernel import show

    with pytest.raises(TypeError, match="no report about a int"):
        show.report(3, tmp_path / "a.html")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RAPHSON_CACHE", "0")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("verb", ["minimize", "look"])
def test_the_command_line_writes_reports(verb: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke([verb, "rosenbrock", "--report", "a.html"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("report    a.html")
    assert json.loads(recording_of((folder / "a.html").read_text()))["title"] == "rosenbrock"
    assert invoke([verb, "rosenbrock", "--report", "b.html", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["report"] == "b.html"
    assert (folder / "b.html").read_bytes() == (folder / "a.html").read_bytes()


def test_a_fit_from_the_command_line_has_a_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "d.csv").write_text("t,y\n0,2.5\n1,1.3\n2,0.6\n3,0.3\n4,0.1\n")
    assert invoke(["fit", "d.csv", "--model", "y = a*exp(-b*t)", "--start", "a=1,b=1", "--report", "fit.html"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("report    fit.html")
    seen = json.loads(recording_of((folder / "fit.html").read_text()))
    assert seen["title"] == "d.csv: y = a*exp(-b*t)" and seen["names"] == ["a", "b"]


@pytest.mark.parametrize("verb", ["minimize", "look", "demo"])
def test_no_folder_is_one_line_before_the_run(verb: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = [] if verb == "demo" else ["rosenbrock"]
    assert invoke([verb, *target, "--report", "no/a.html"]) == 2
    out = capsys.readouterr()
    assert out.out == "" and out.err == "raphson: --report no/a.html: there is no folder no\n"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("look", [True, False])
@pytest.mark.parametrize(("high", "wide"), [(1e250, 1.0), (1e-250, 1.0), (1.0, 1e140), (1.0, 1e-140)])
def test_numbers_near_the_ends_of_the_range_do_not_stop_a_report(high: float, wide: float, look: bool) -> None:
    fun = lambda x: high * ((x[0] / wide - 1) ** 2 + 10 * (x[1] / wide - (x[0] / wide) ** 2) ** 2)
    x0 = wide * np.array([-1.2, 1.0])
    text = page(rp.local_model(fun, x0) if look else rp.minimize(fun, x0, max_steps=3))
    assert "<main" in text


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nor_do_windows_whose_squares_are_no_numbers() -> None:
    fun = lambda x: (x[0] / 1e200 - 1) ** 2 + 10 * (x[1] / 1e200 - (x[0] / 1e200) ** 2) ** 2
    assert "<main" in page(rp.minimize(fun, 1e200 * np.array([-1.2, 1.0])))

"""`raphson spectrum`: the eigenvalues of a loss in a file, exact where it is small, with errors where it is not."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from raphson.cli.main import invoke

FILE = """
import jax.numpy as jnp
import numpy as np
from raphson.ml import EmpiricalRisk

rng = np.random.default_rng(0)
data = rng.normal(size=(40, N)), rng.normal(size=40)
params = {{"w": np.zeros(N)}}


def predict(p, x):
    return x @ p["w"]


def loss(p, batch):
    x, y = batch
    return jnp.mean((predict(p, x) - y) ** 2) / 2


risk = EmpiricalRisk("squared", data, predict=predict)
number = 3
"""


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPHSON_CACHE", "0")


def file(folder: Path, n: int) -> tuple[str, np.ndarray]:
    """A linear regression with n parameters, and its eigenvalues, descending."""
    (folder / "net.py").write_text(FILE.replace("N)", f"{n})").replace("{{", "{").replace("}}", "}"))
    x = np.random.default_rng(0).normal(size=(40, n))
    return str(folder / "net.py"), np.linalg.eigvalsh(x.T @ x / 40)[::-1]


def test_a_small_one_is_known_in_full(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path, values = file(tmp_path, 6)
    for name in ("loss", "risk"):
        assert invoke(["spectrum", f"{path}:{name}", "-k", "2", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert [v for v, _ in found["largest"]] == pytest.approx(values[:2])
        assert [v for v, _ in found["smallest"]] == pytest.approx(values[:-3:-1])
        assert (
            found["trace"][0] == pytest.approx(values.sum()) and found["negative"][0] == 0 and found["examples"] == 40
        )


def test_a_large_one_says_how_sure_it_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path, values = file(tmp_path, 700)
    assert invoke(["spectrum", f"{path}:risk", "--matrix", "gauss-newton", "-k", "3"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Gauss-Newton matrix: 700 parameters, 40 examples\n")
    largest = out.split("largest")[1].split("\n")[0]
    assert float(largest.split(",")[0]) == pytest.approx(values[0], rel=1e-4)
    trace, _, error = out.split("trace")[1].split("\n")[0].partition("±")
    assert abs(float(trace) - values.sum()) <= 4 * float(error)
    assert all(len(line) <= 100 for line in out.splitlines())


@pytest.mark.parametrize(
    ("name", "words"),
    [("risk --batch-size 3", "its own"), ("number", "number"), ("lost", "lost"), ("loss --matrix kron", "kron"),
     ("loss --matrix fisher", "predict="), ("risk --runs 1", "at least 2"), ("risk -k 0", "at least 1"),
     ("risk --report no/page.html", "no folder"), ("risk --report p.html --language fr", "fr")],
)  # fmt: skip
def test_wrong_input_is_said_in_a_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, words: str
) -> None:
    path, _ = file(tmp_path, 6)
    first, *more = name.split()
    assert invoke(["spectrum", f"{path}:{first}", *more]) == 2
    assert words in capsys.readouterr().err
    (tmp_path / "bare.py").write_text("def loss(p, b): return 0.0")
    assert invoke(["spectrum", f"{tmp_path}/bare.py:loss"]) == 2 and "`data`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "words"),
    [('params = {"w": np.full(6, np.nan)}', "6 numbers of the parameters are not finite"),
     ("data = data[0] * np.nan, data[1]", "240 numbers of the data are not finite"),
     ("data = data[0][:7], data[1]", "equally many examples"),
     ('params = {"w": np.zeros(5)}', "Traceback (in your file)"),
     ("data = data[0][:0], data[1][:0]", "no example"),
     ('params = {"w": np.zeros(6, int)}', "real floating-point"),
     ("loss = lambda p, b: b[0] @ p['w']", "one real number is expected"),
     ("loss = lambda p: p['w'][0]", "loss(params, batch) -> number"),
     ("loss = lambda p, b: jnp.log(jnp.sum(p['w'] * 0))", "a log of 0"),
     ("def loss(:", "SyntaxError")],
)  # fmt: skip
def test_a_file_that_is_wrong_is_told_what(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, change: str, words: str
) -> None:
    path, _ = file(tmp_path, 6)
    text = Path(path).read_text()
    Path(path).write_text(text.replace("risk = EmpiricalRisk", change + "\n\nrisk = 1 or EmpiricalRisk"))
    assert invoke(["spectrum", f"{path}:loss"]) == 2
    err = capsys.readouterr().err
    assert words in err and "bug in raphson" not in err


def test_a_page_is_written_in_both_languages(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path, _ = file(tmp_path, 6)
    for language, words in (("en", "How are the eigenvalues spread?"), ("zh", "特征值怎样分布？")):
        assert (
            invoke(["spectrum", f"{path}:loss", "--report", f"{tmp_path}/{language}.html", "--language", language]) == 0
        )
        html = (tmp_path / f"{language}.html").read_text()
        assert html.count("<svg") == 4 and words in html and "http://" not in html.replace("http://www.w3.org", "")
    told = html.partition("<pre>")[2].partition("</pre>")[0]
    assert "6 个参数，40 个样本" in told and "条件数" in told and "正定" in told
    assert not re.search("eigen|product|definite|trace", told)
    assert "zh.html" in capsys.readouterr().out


def test_an_interrupted_search_keeps_what_it_found(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from raphson.cli.spectrum_watch import Watch

    path, values = file(tmp_path, 700)

    def ended(self: Watch, words: str) -> bool:
        if "density" in words:
            self.interrupt(2, None)
        return self.ended

    monkeypatch.setattr(Watch, "__call__", ended)
    assert invoke(["spectrum", f"{path}:risk", "-k", "3"]) == 130
    out, err = capsys.readouterr()
    assert "interrupted: what was found" in out and "trace" not in out and "Ctrl-C again" in err
    assert float(out.split("largest")[1].split(",")[0]) == pytest.approx(values[0], rel=1e-4)


def test_progress_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path, _ = file(tmp_path, 700)
    assert invoke(["spectrum", f"{path}:risk", "-k", "3", "--progress"]) == 0
    assert "compiling" in capsys.readouterr().err

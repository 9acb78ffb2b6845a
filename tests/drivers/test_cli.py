"""The command `raphson`: verbs, JSON, exit codes, and wrong input in one line."""

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import raphson as rp
from raphson import presets
from raphson.cli.help import EXAMPLES
from raphson.cli.main import invoke
from raphson.cli.program import program
from raphson.solver.presets import RESIDUAL_PRESETS

FILE = """
import numpy as np
import jax.numpy as jnp

def bowl(x):
    return jnp.sum((x - jnp.arange(x.size)) ** 2)
bowl.x0 = [3.0, 3.0]

def slope(x):
    return 2 * (x - np.arange(2))

def wrong(x):
    return 2.1 * (x - np.arange(2))

def saddle(x):
    return x[0] ** 2 - x[1] ** 2

def line(x):
    return -x[0]

def broken(x):
    return np.log("a")
"""


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPHSON_CACHE", "0")


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    code = invoke(arguments)
    out = capsys.readouterr()
    return code, out.out, out.err


def loads(out: str) -> dict:
    """JSON without NaN and infinities."""
    return json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"raphson {rp.__version__}\n", "")
    code, out, _ = run(capsys, "--help")
    assert code == 0 and all(f"\n  {verb} " in out for verb in EXAMPLES)
    assert run(capsys) == run(capsys, "help") == (0, out, "")


@pytest.mark.parametrize("columns", ["80", "120"])
def test_every_help_can_be_read(capsys: pytest.CaptureFixture[str], monkeypatch: Any, columns: str) -> None:
    """Nothing is cut or too wide; every verb has its examples, and names the methods where there is a choice."""
    monkeypatch.setenv("COLUMNS", columns)
    for verb in EXAMPLES:
        code, out, err = run(capsys, verb, "--help")
        assert (code, out, err) == run(capsys, "help", verb) and code == 0 and err == ""
        assert (
            "..." not in out.replace("trust-ncg, ...", "").replace("[ARGUMENTS]...", "")
            and max(map(len, out.splitlines())) <= 80
        )
        assert all(" ".join(example.split()) in " ".join(out.split()) for example in EXAMPLES[verb])
        names = {"minimize": presets, "compare": presets, "fit": RESIDUAL_PRESETS}.get(verb, ())
        assert all(re.search(rf"\b{name}\b", out) for name in names)
    top = run(capsys, "help")[1]
    assert "..." not in top.replace("[ARGS]...", "") and max(map(len, top.splitlines())) <= 80
    assert run(capsys, "help", "frobnicate")[0] == 2


def test_examples_of_the_help_work_as_printed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them but the demo, which has a test of its own; a shell writes the files, as it does for the reader."""
    monkeypatch.chdir(tmp_path)
    for line in (line for verb in EXAMPLES if verb != "demo" for line in EXAMPLES[verb]):
        if line.startswith("raphson "):
            code, _, err = run(capsys, *shlex.split(line.replace("\\\n", " "))[1:])
            assert (code, err) == (0, ""), line
        else:
            subprocess.run(line, shell=True, check=True)
    assert {"look.html", "run.html"} <= {path.name for path in tmp_path.iterdir()}


def test_the_program_is_named_so_that_it_can_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name where the shell finds it, else by a path; never by a name that the shell does not know."""
    script = tmp_path / "my tools" / "bin" / "raphson"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    ours = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if p not in (ours, "")))
    for argument, folder, name in (
        (str(script), tmp_path, "'my tools/bin/raphson'"),
        ("my tools/bin/raphson", tmp_path, "'my tools/bin/raphson'"),
        (str(script), script.parent, "./raphson"),
        (str(script), tmp_path.parent / "elsewhere", f"'{script}'"),
    ):
        folder.mkdir(exist_ok=True)
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", [argument, "demo"])
        assert program() == name
        subprocess.run(name, shell=True, check=True)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    assert program() == "raphson"
    monkeypatch.setattr(sys, "argv", [str(Path(rp.__file__).with_name("__main__.py"))])
    name, *rest = shlex.split(program())
    assert rest == ["-m", "raphson"] and Path(shutil.which(name) or "").samefile(sys.executable)


def test_python_m_raphson(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["raphson", "--version"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("raphson", run_name="__main__")
    assert end.value.code == 0 and capsys.readouterr().out == f"raphson {rp.__version__}\n"


def test_look_says_what_pictures_would_show(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "look", "rosenbrock")
    assert code == 0
    for words in ("value       24.2", "gradient    (-215.6, -88)", "bowl", "condition   63.74", "64.1 deg", "0.343,"):
        assert words in out
    assert "centre is 0.381 away" in out and "90 % of that distance" in out
    assert max(map(len, out.splitlines())) <= 100
    code, out, _ = run(capsys, "look", "rosenbrock", "--json", "--at", "-1.2,1")
    seen = loads(out)
    assert seen["kind"] == "bowl" and seen["angle_deg"] == pytest.approx(64.08, abs=0.01)
    assert seen["inertia"] == {"negative": 0, "zero": 0, "positive": 2}
    # The stretched circle: what H^-1 makes of gradients of length 1, in the table and in JSON.
    inverse = np.linalg.inv(np.array([[1330.0, 480.0], [480.0, 200.0]]))
    np.testing.assert_allclose(seen["stretch_semi_axes"], np.linalg.svd(inverse, compute_uv=False), rtol=1e-9)
    code, out, _ = run(capsys, "look", "rosenbrock", "--at", "-1.2,1")
    rows = [line.split()[:4] for line in out.splitlines()[-2:]]
    assert "stretched" in out.splitlines()[-3].split()
    np.testing.assert_allclose([float(row[3]) for row in rows], seen["stretch_semi_axes"], rtol=1e-3)


def test_look_at_a_saddle_and_a_line(capsys: pytest.CaptureFixture[str], file: str) -> None:
    code, out, _ = run(capsys, "look", f"{file}:saddle", "--at", "1,0.5")
    assert code == 0 and "hyperbolas" in out and "absolute value" in " ".join(out.split())
    code, out, _ = run(capsys, "look", f"{file}:line", "--at", "1", "--json")
    assert code == 0 and loads(out)["angle_deg"] is None and loads(out)["semi_axes"] == ["inf"]
    assert loads(out)["stretch_semi_axes"] == ["inf"]
    code, out, _ = run(capsys, "look", f"{file}:line", "--at", "1")
    assert code == 0 and "no centre" in out


def test_lab_writes_a_page_and_says_where(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: not opened.append(url))
    code, out, err = run(capsys, "lab", "x^4 - 3*x*y + y^2", "--start", "1,2", "--open")
    assert (code, out, err) == (0, "laboratory    raphson-lab.html\n", "")
    assert opened == [(tmp_path / "raphson-lab.html").as_uri()]
    assert '{"formula":"x^4 - 3*x*y + y^2","start":[1.0,2.0]}' in (tmp_path / "raphson-lab.html").read_text("utf-8")
    code, out, _ = run(capsys, "lab", "--to", "mine.html", "--json")
    assert code == 0 and loads(out) == {"laboratory": "mine.html", "opened": False} and len(opened) == 1
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    code, _, err = run(capsys, "lab", "--open")
    assert code == 0 and "no browser" in err


def test_tour_writes_a_page_and_says_where(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: not opened.append(url))
    assert run(capsys, "tour", "--open") == (0, "tour          raphson-tour.html\n", "")
    assert opened == [(tmp_path / "raphson-tour.html").as_uri()]
    code, out, _ = run(capsys, "tour", "--language", "zh", "--to", "mine.html", "--json")
    assert code == 0 and loads(out) == {"tour": "mine.html", "opened": False} and len(opened) == 1
    for name, language in (("raphson-tour.html", "en"), ("mine.html", "zh")):
        assert (tmp_path / name).read_bytes() == rp.tour("again.html", language).read_bytes()
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    code, _, err = run(capsys, "tour", "--open")
    assert code == 0 and "no browser" in err


def test_tour_refuses_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments, words in (
        (("--to", "no/tour.html"), "--to no/tour.html: there is no folder no"),
        (("--to", "."), "--to .: this is a folder; name a file in it"),
        (("--language", "fr"), "--language fr: a report is written in en or zh"),
    ):
        assert run(capsys, "tour", *arguments) == (2, "", f"raphson: {words}\n")
    assert list(tmp_path.iterdir()) == []


def test_lab_refuses_what_is_no_formula(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, "lab", "x^2 + snh(y)")
    assert code == 2 and "column 7" in err and "did you mean sinh" in err and err.rstrip().endswith("^")
    code, _, err = run(capsys, "lab", "x^2 + y", "--start", "1")
    assert code == 2 and "the formula's variables are x, y" in err
    code, _, err = run(capsys, "lab", "x", "--to", "no/lab.html")
    assert code == 2 and "--to no/lab.html: there is no folder no" in err
    assert list(tmp_path.iterdir()) == []


def test_minimize_and_its_exit_codes(capsys: pytest.CaptureFixture[str], file: str) -> None:
    code, out, _ = run(capsys, "minimize", f"{file}:bowl")
    assert code == 0 and out.startswith("MINIMUM")
    code, out, _ = run(capsys, "minimize", f"{file}:bowl", "--x0", "5,5", "--json", "--progress")
    assert code == 0 and loads(out)["success"] is True and loads(out)["x"] == pytest.approx([0, 1])
    code, out, _ = run(capsys, "minimize", "rosenbrock", "--max-steps", "2", "--method", "newton")
    assert code == 1 and out.startswith("NOT CONVERGED")


def test_compare(capsys: pytest.CaptureFixture[str], file: str) -> None:
    code, out, _ = run(capsys, "compare", f"{file}:bowl", "--methods", "newton, trust-exact")
    assert code == 0 and out.count("MINIMUM") == 2
    code, out, _ = run(capsys, "compare", "rosenbrock", "--methods", "newton", "--max-steps", "2", "--json")
    assert code == 1 and loads(out)["results"]["newton"]["success"] is False


def test_check(capsys: pytest.CaptureFixture[str], file: str) -> None:
    code, out, _ = run(capsys, "check", f"{file}:bowl", "--jac", "slope")
    assert code == 0 and "derivatives right" in out
    code, out, _ = run(capsys, "check", f"{file}:bowl", "--jac", "wrong", "--json")
    seen = loads(out)
    assert code == 1 and seen["ok"] is False and "gradient[0] = 6.3" in seen["message"]


def test_zoo(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "zoo", "--trait", "nist")
    assert code == 0 and "nist-misra1a" in out and "rosenbrock" not in out
    assert run(capsys, "zoo", "--trait", "frog")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("look", "rosenbrok"), "did you mean 'rosenbrock'"),
        (("look", "rosenbrock", "--at", "1"), "rosenbrock has 2 variables; --at gives 1"),
        (("look", "rosenbrock", "--at", "a,b"), "numbers separated by commas"),
        (("look", "FILE:bowll"), "did you mean bowl?"),
        (("look", "FILE"), "name the function after a colon"),
        (("look", "FILE:saddle"), "has no start: give one as --at 1,2"),
        (("look", "no/where.py:f"), "there is no file"),
        (("check", "rosenbrock", "--jac", "f"), "is a problem of the zoo"),
        (("minimize", "rosenbrock", "--method", "newtonn"), "did you mean 'newton'"),
        (("minimize", "rosenbrock", "--tol", "-1"), "tol = -1"),
        (("minimize",), "Missing argument 'NAME|FILE.py:FUN'. See `raphson help minimize`"),
        (("frobnicate",), "No such command"),
        (("minimize", "rosenbrock", "--frob"), "No such option"),
    ],
)
def test_wrong_input_is_one_line(capsys: pytest.CaptureFixture[str], file: str, arguments: tuple, words: str) -> None:
    code, out, err = run(capsys, *(a.replace("FILE", file) for a in arguments))
    assert code == 2 and out == ""
    assert err.startswith("raphson: ") and err.count("\n") == 1 and words in err


def test_an_exception_of_the_users_own_is_shown_shortly(capsys: pytest.CaptureFixture[str], file: str) -> None:
    code, _, err = run(capsys, "minimize", f"{file}:broken", "--x0", "1,2")
    assert code == 2 and "in broken" in err and "TypeError" in err
    assert "raphson/" not in err and err.count("\n") < 8
    Path(file).write_text("def f(x:\n")
    code, _, err = run(capsys, "look", f"{file}:f")
    assert code == 2 and "SyntaxError" in err


@pytest.mark.parametrize("columns", ["80", "120"])
def test_screens_fit_the_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: Any, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for line in (
        "look rosenbrock",
        "minimize rosenbrock --max-steps 3",
        "compare rosenbrock",
        "check rosenbrock",
        "zoo",
    ):
        _, out, _ = run(capsys, *line.split())
        assert max(map(len, out.splitlines())) <= min(int(columns), 100), line


def test_demo_leaves_its_pages_side_by_side(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a report was asked for the tour lies beside it, and JSON names both; else JSON leaves no files."""
    monkeypatch.chdir(tmp_path)
    for part in ("geometry", "methods", "quadratic", "fit"):
        monkeypatch.setattr(f"raphson.cli.demo.{part}", lambda say: None)
    code, out, err = run(capsys, "demo", "--json")
    assert code == 0 and err == "" and not {"report", "tour"} & set(loads(out)) and list(tmp_path.iterdir()) == []
    (tmp_path / "pages").mkdir()
    code, out, _ = run(capsys, "demo", "--json", "--report", "pages/run.html")
    assert code == 0 and {key: loads(out)[key] for key in ("report", "tour")} == {
        "report": str(Path("pages/run.html")),
        "tour": str(Path("pages/raphson-tour.html")),
    }
    assert sorted(path.name for path in tmp_path.rglob("*.html")) == ["raphson-tour.html", "run.html"]
    code, out, err = run(capsys, "demo", "--report", "raphson-tour.html")
    assert (code, out) == (2, "") and err == "raphson: --report raphson-tour.html: the tour takes this name\n"


def test_demo_tells_its_story_in_narrow_lines(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where it leaves its report
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = run(capsys, "demo")
    assert code == 0 and err == ""
    assert max(map(len, out.splitlines())) <= 80
    for words in ("64.1 deg", "gradient-descent", "newton", "bfgs", "ILL-CONDITIONED", "certified by NIST"):
        assert words in out
    assert out.index("5  SEE IT") < out.index("open raphson-demo.html") < out.index("6  LEARN IT")
    assert "open raphson-tour.html" in out[out.index("6  LEARN IT") :]
    assert (tmp_path / "raphson-tour.html").read_bytes() == rp.tour(tmp_path / "again.html").read_bytes()
    last = [line.strip() for line in out.splitlines() if line.startswith("   raphson ")]
    assert len(last) >= 3  # and these are typed as they stand
    for line in last:
        assert run(capsys, *shlex.split(line)[1:])[0] == 0, line

"""`raphson fit`: files of every make, every wrong input in few words, and NIST's certified numbers."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import raphson as rp
from raphson.cli import table
from raphson.cli.expression import FUNCTIONS
from raphson.cli.main import invoke
from raphson.cli.table import TableError

MISRA = rp.zoo["nist-misra1a"]
MODEL = "b1*(1-exp(-b2*x))"


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPHSON_CACHE", "0")


@pytest.fixture
def misra(tmp_path: Path) -> str:
    """NIST's Misra1a as a CSV."""
    rows = [f"{y},{x}" for x, y in zip(*MISRA.data, strict=True)]
    return write(tmp_path, "\n".join(["y,x", *rows, ""]), "misra1a.csv")


def write(folder: Path, text: str | bytes, name: str = "data.csv") -> str:
    """A file, by its path."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    code = invoke(arguments)
    out = capsys.readouterr()
    return code, out.out, out.err


# --- files


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n1,2.5\n-3,4e-1\n", "x;y\r\n1;2.5\r\n-3;4e-1\r\n", "x\ty\r1\t2.5\r-3\t4e-1", "x  y\n 1   2.5\n-3\t4e-1\n",
        "# made by hand\n\nx, y # and why\n 1 , 2.5\n\n  # in between\n-3, 0.4 # odd\n\n",
        '\ufeff"x","y"\n"1","2.5"\n-3,.4\n',
        "x,y,\n1,2.5,\n-3,0.4,\n", "1,2.5\n-3,.4", "1 2.5 # the first\n-3 .4",
    ],
)  # fmt: skip
def test_common_files_are_read(tmp_path: Path, text: str) -> None:
    found = table.read_table(Path(write(tmp_path, text)))
    assert found.names == ("x", "y") and bool(found.notes) == (text[0] == "1")
    first, second = found.numbers(found.names).columns.values()
    assert first.tolist() == [1, -3] and second.tolist() == [2.5, 0.4] and first.dtype == np.float64


def test_names(tmp_path: Path) -> None:
    found = table.read_table(Path(write(tmp_path, ",Temp (C),2020,rate,σ\n1,2,3,4,5\n")))
    assert found.names == ("column1", "Temp_C", "column_2020", "rate", "σ")
    assert "'Temp (C)' is Temp_C, '2020' is column_2020" in found.notes[0]
    found = table.read_table(Path(write(tmp_path, "1 2 3\n4 5 6\n")))
    assert found.names == ("x1", "x2", "y") and "columns are called x1, x2, y" in found.notes[0]
    assert table.read_table(Path(write(tmp_path, "1\n2\n"))).names == ("y",)
    assert table.read_table(Path(write(tmp_path, "sample #,x\n1,2\n"))).names == ("sample", "x")


def test_only_the_columns_asked_for_must_be_numbers(tmp_path: Path) -> None:
    found = table.read_table(Path(write(tmp_path, "who,x,y\nAnn,1,2\n,3,NA\nBob,,5\nCy,6,7\n")))
    assert found.numbers(["x", "y"], omit=True).columns["y"].tolist() == [2, 7]
    numbers = found.numbers(["x"], omit=True)
    assert numbers.columns["x"].tolist() == [1, 3, 6] and numbers.lines == (2, 3, 5)
    assert numbers.notes == ("1 of 4 rows left out: a value is missing",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x,y\n1,2\n\n3,abc\n", "line 4, column y: 'abc' is not a number"),
        ("x,y\n1,\n3,4\n", "line 2, column y: the value is missing (an empty cell); --nan-policy omit"),
        ("x,y\n1,NaN\nn/a,4\n", "line 2, column y: the value is missing (NaN); 1 more such cell; --nan-policy omit"),
        ("x,y\n1,inf\n", "line 2, column y: 'inf' is not finite"),
        ("x,y\n1,1e999\n", "line 2, column y: '1e999' is not finite"),
        ("x,y\n1,a\n2,b\n3,c\n", "2 more such cells"),
        ("x;y\n1;2,5\n", "'2,5' is not a number (decimals have a point: 2.5)"),
        ("x y\n1 2.5D-3\n", "(exponents have an e: 2.5e-3)"),
        ("x,y\n1,1_000\n", "'1_000' is not a number"),
        ("x,y\n1,2\n3\n", "line 3: 1 cell, but there are 2 columns (separated by commas)"),
        ("x y\n1 2 3\n", "line 2: 3 cells, but there are 2 columns (separated by blanks)"),
        ("x,y,x\n1,2,3\n", "two columns are called x"),
        ("x,y\n", "has no row of data"),
        ("", "holds no data"),
        ("# only\n\n", "holds no data"),
        (b"x,y\n1,\xb5\n", "not text in UTF-8 (byte 6)"),
        ("x,y\n1,2\n".encode("utf-16"), "not text in UTF-8 (byte 0)"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, text: str | bytes, words: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(TableError) as caught:
        table.read_table(Path(path)).numbers(["x", "y"])
    assert str(caught.value).startswith(path) and words in str(caught.value)


def test_omit_leaves_out_what_is_missing_and_nothing_else(tmp_path: Path) -> None:
    found = table.read_table(Path(write(tmp_path, "x,y\n1,\n3,abc\n")))
    with pytest.raises(TableError, match="line 3, column y: 'abc'"):
        found.numbers(["x", "y"], omit=True)
    with pytest.raises(TableError, match="no row of data without a missing value"):
        table.read_table(Path(write(tmp_path, "x,y\n1,\n,2\n"))).numbers(["x", "y"], omit=True)


# --- the verb


def test_misra1a_has_the_certified_numbers(capsys: pytest.CaptureFixture[str], misra: str) -> None:
    code, out, err = run(capsys, "fit", misra, "--model", MODEL, "--start", "b1=500,b2=1e-4", "--json")
    seen = loads(out)
    assert code == 0 and err == "" and seen["success"] is True and list(seen["parameters"]) == ["b1", "b2"]
    found = [(b["value"], b["standard_error"]) for b in seen["parameters"].values()]
    np.testing.assert_allclose(found, np.stack([MISRA.certified, MISRA.certified_std], axis=1), rtol=1e-6)
    assert seen["data"] == {
        "file": misra, "rows": 14, "model": MODEL, "response": "y", "predictors": ["x"], "sigma": None, "notes": [],
    }  # fmt: skip


def test_the_report_names_everything(capsys: pytest.CaptureFixture[str], misra: str) -> None:
    model = f"y = {MODEL}"
    code, out, _ = run(capsys, "fit", misra, "--model", model, "--start", "b1=500", "--start", "b2=1e-4", "--progress")
    assert code == 0 and out.startswith("MINIMUM")
    for words in ("standard error", "238.9 ", " 2.7 ", "14 rows; response y; predictor x\n", f"model     {model}\n"):
        assert " ".join(words.split()) in " ".join(out.split())
    assert any(line.split()[:2] == ["b2", "0.0005502"] for line in out.splitlines())
    code, out, _ = run(capsys, "fit", misra, "--model", MODEL, "--start", "b1=500,b2=1e-4", "--max-steps", "2")
    assert code == 1 and out.startswith("NOT CONVERGED")


def test_what_the_data_do_not_determine_is_said(capsys: pytest.CaptureFixture[str], misra: str) -> None:
    code, out, _ = run(capsys, "fit", misra, "--model", "a + b + c*x", "--start", "a=1,b=2,c=0", "--json")
    assert code == 0 and loads(out)["undetermined"] == ["a - b is free"]


def loads(out: str) -> dict:
    """JSON without NaN and infinities."""
    return json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def fitted(capsys: pytest.CaptureFixture[str], path: str, model: str, start: str, *more: str) -> tuple[list, dict]:
    """The parameters, and what was said about the data."""
    code, out, err = run(capsys, "fit", path, "--model", model, "--start", start, "--json", *more)
    assert code == 0, err
    seen = loads(out)
    return [parameter["value"] for parameter in seen["parameters"].values()], seen["data"]


def test_roles_of_columns(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = write(tmp_path, "t,u,e,s\n1,2,5,1\n2,1,7.5,1\n3,5,8,1\n4,4,11,2\n5,0,14,1\n")
    x, said = fitted(capsys, path, "a + b*t", "a=1,b=1", "--sigma", "s")
    assert said["response"] == "e" and said["sigma"] == "s" and "the last column that is free" in said["notes"][0]
    t, e, s = np.arange(1, 6), np.array([5, 7.5, 8, 11, 14]), np.array([1, 1, 1, 2, 1])
    np.testing.assert_allclose(x, np.polyfit(t, e, 1, w=1 / s)[::-1], rtol=1e-6)
    x, said = fitted(capsys, path, "u = a + b*t + c*e", "c=0,b=1,a=1")
    assert said["response"] == "u" and said["predictors"] == ["t", "e"]  # e is a column here, not 2.718
    expected = np.linalg.lstsq(np.stack([e, t, 0 * t + 1], axis=1), np.array([2, 1, 5, 4, 0]), rcond=None)[0]
    np.testing.assert_allclose(x, expected, rtol=1e-5)
    x, said = fitted(capsys, path, "m", "m=1", "--y", "t")
    assert x == pytest.approx([3]) and said["predictors"] == []
    path = write(tmp_path, "Temp (C),log rate,more\n1,2,9\n2,4,9\n3,6,9\n")
    x, said = fitted(capsys, path, "k*Temp_C", "k=1", "--y", "log rate")
    assert x == pytest.approx([2]) and said["response"] == "log_rate"


def test_a_file_without_names_and_with_gaps(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = write(tmp_path, "0 1\n1 3.1\n2 nan\n3 7\n4 8.9\n")
    x, said = fitted(capsys, path, "a + b*x", "a=0,b=0", "--nan-policy", "omit")
    np.testing.assert_allclose(x, np.polyfit([0, 1, 3, 4], [1, 3.1, 7, 8.9], 1)[::-1], rtol=1e-6)
    assert said["rows"] == 4 and len(said["notes"]) == 2


def test_bounds_and_loss_are_passed_on(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = write(tmp_path, "x,y\n0,0.1\n1,1\n2,2.1\n3,2.9\n4,40\n")
    x, _ = fitted(capsys, path, "a + b*x", "a=0,b=1", "--loss", "soft_l1", "--f-scale", "0.1")
    assert x == pytest.approx([0, 1], abs=0.3)
    x, _ = fitted(capsys, path, "a + b*x", "a=0,b=1", "--bounds", "b=:2")
    assert x[1] == pytest.approx(2, abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--start", "500,2"), "--start takes names with values, as in --start b1=500,b2=1e-4; not '500'"),
        (("--start", "b1=,b2=1"), "not 'b1='"),
        (("--start", "b1=1,b2=one"), "--start b2=one: the start of b2 is one finite number"),
        (("--start", "b1=1,b2=nan"), "the start of b2 is one finite number"),
        (("--start", "b1=1,b2=1,b1=2"), "--start gives b1 twice"),
        (("--start", "b1=1,b2=1,b3=2"), "--start gives b3, which is not in the model"),
        (("--start", "b1=1,b2=1,x=2"), "--start gives x, which is a column"),
        (("--start", "b1=1,b2=1", "--bounds", "b1=5"), "write b1=LOW:HIGH"),
        (("--start", "b1=1,b2=1", "--bounds", "b1=5:2"), "write b1=LOW:HIGH"),
        (("--start", "b1=1,b2=1", "--bounds", "b1=2:5"), "the start b1=1 is outside its bounds 2:5"),
        (("--start", "b1=1,b2=1", "--bounds", "b7=2:5"), "--bounds gives b7, which is not a parameter (b1, b2)"),
        (("--start", "b1=1,b2=1", "--y", "z"), "--y: FILE has no column z; its columns are y, x"),
        (("--start", "b1=1,b2=1", "--y", "x"), "the response x stands on the right"),
        (("--start", "b1=1,b2=1", "--sigma", "yy"), "--sigma: FILE has no column yy; did you mean y?"),
        (("--start", "b1=1,b2=1", "--absolute-sigma"), "name it with --sigma"),
        (("--start", "b1=1,b2=1", "--sigma", "y"), "no column of FILE (y, x) is left to be the response"),
        (("--start", "b1=1,b2=1", "--nan-policy", "drop"), "'raise', 'omit'"),
        (("--start", "b1=1,b2=1", "--method", "lmm"), "lmm"),
        (("--start", "b1=1,b2=1", "--loss", "hubris"), "hubris"),
        (("--model", "log(b*(x-100))", "--start", "b=2"), "is nan in 1 of 14 rows, first line 2 (b=2, x=77.6)"),
        (("--start", "b1=1,b2=1", "--model", "1 + 1"), "--start gives b1, which is not in the model"),
        (("--model", "x"), "has no parameter"),
        (("--model", "z = b1", "--start", "b1=1"), "left of =: FILE has no column z"),
        (("--model", "x = b1*y", "--start", "b1=1", "--y", "y"), "two responses"),
    ],
)
def test_wrong_input_is_one_line(
    capsys: pytest.CaptureFixture[str], misra: str, arguments: tuple[str, ...], words: str
) -> None:
    model = () if "--model" in arguments else ("--model", MODEL)
    code, out, err = run(capsys, "fit", misra, *model, *arguments)
    assert code == 2 and out == ""
    assert err.startswith("raphson: ") and err.count("\n") == 1 and words.replace("FILE", misra) in err


def test_help_lists_every_function(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "fit", "--help")
    assert code == 0 and set(FUNCTIONS) <= set(re.findall(r"\w+", out))


def test_a_missing_model_a_missing_file_and_a_bad_sigma(capsys: pytest.CaptureFixture[str], misra: str) -> None:
    assert "--model" in run(capsys, "fit", misra)[2]
    code, _, err = run(capsys, "fit", misra.replace("misra1a", "misra"), "--model", MODEL)
    assert code == 2 and f"did you mean {misra}?" in err
    assert "is a folder" in run(capsys, "fit", str(Path(misra).parent), "--model", MODEL)[2]
    path = write(Path(misra).parent, "x,y,s\n1,2,1\n\n3,4,0\n")
    code, _, err = run(capsys, "fit", path, "--model", "a*x", "--start", "a=1", "--sigma", "s")
    assert code == 2 and "line 4, column s: a standard deviation is positive, not 0" in err


@pytest.mark.parametrize(
    ("model", "start", "words", "place"),
    [
        ("b1*(1-expp(-b2*x))", "b1=1,b2=1", "did you mean exp", "expp"),
        (MODEL, "b1=500", "b2 is neither a column of FILE (y, x) nor in --start; a parameter needs a start", "b2"),
        (MODEL, "b1=500", "as in --start b1=500,b2=1\n", "b2"),
        ("b1*(1-exp(-b2*X))", "b1=1,b2=1", "nor in --start; did you mean x?", "X"),
        ("b1*exp", "b1=1", "exp is a function, and takes its argument in parentheses", "exp"),
        ("x.__class__", "b1=1", "means nothing in a formula", "."),
    ],
)
def test_a_wrong_model_is_shown_with_a_caret(
    capsys: pytest.CaptureFixture[str], misra: str, model: str, start: str, words: str, place: str
) -> None:
    code, out, err = run(capsys, "fit", misra, "--model", model, "--start", start)
    assert code == 2 and out == "" and err.startswith("raphson: --model, column ")
    assert words.replace("FILE", misra) in err
    _, shown, caret = err.rstrip("\n").split("\n")
    assert shown.strip() == model and shown[caret.index("^") :].startswith(place)


def test_the_page_of_a_fit_speaks_of_the_files_own_columns(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = write(tmp_path, "day,dose,note\n0,1.0,a\n1,2.1,b\n2,,c\n3,3.9,d\n4,5.1,e\n")
    page = tmp_path / "fit.html"
    code, _, _ = run(
        capsys, "fit", file, "--model", "dose = level + rate*day", "--start", "level=0,rate=1", "--nan-policy", "omit",
        "--report", str(page),
    )  # fmt: skip
    record = re.search(r'<script type="application/json" id="recording">(.*?)</script>', page.read_text(), re.DOTALL)
    fit = json.loads(record[1])["fit"]  # type: ignore[index]
    assert code == 0 and fit["names"] == ["day", "dose"] and (fit["of"], fit["omitted"]) == (4, 1)
    assert [p["name"] for p in fit["parameters"]] == ["level", "rate"] and fit["kind"] == "curve"
    x, y = (np.array(fit["curve"][name]) for name in "xy")
    level, rate = (p["value"] for p in fit["parameters"])
    np.testing.assert_allclose(y, level + rate * x, rtol=1e-12)

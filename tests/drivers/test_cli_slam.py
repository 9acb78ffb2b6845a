"""`raphson slam`: files of pose graphs, their published costs, files written, and wrong input in few words."""

import bz2
import gzip
import json
import re
import struct
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.cli.main import invoke

DIAGONAL = "9 0 0 9 0 99"
RING = "".join(f"EDGE_SE2 {k} {(k + 1) % 4} 1 0 {1.6 if k else 1.5} {DIAGONAL}\n" for k in range(4))


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPHSON_CACHE", "0")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    code = invoke(arguments)
    out = capsys.readouterr()
    return code, out.out, out.err


def write(folder: Path, text: str, name: str = "ring.g2o") -> str:
    """A file, by its path."""
    (folder / name).write_text(text)
    return str(folder / name)


def test_a_ring_is_read_solved_and_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file, solved = write(tmp_path, RING), tmp_path / "solved.g2o"
    code, out, err = run(capsys, "slam", file, "--out", str(solved), "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found["variables"] == {"SE2": 4} and found["components"] == 1 and found["held"] == ["SE2 0"]
    assert found["factors"] == {"odometry": 3, "loop closure": 1}
    assert {"read", "prepare", "steps", "certificate"} <= found["stages"].keys()
    assert found["chi2"]["g2o"] < found["chi2_start"]["g2o"]
    assert found["chi2"]["gtsam"] == pytest.approx(found["chi2"]["g2o"] / 2, rel=1e-12)
    again = rp.slam.read_g2o(solved)
    assert rp.slam.graph_costs(again)["g2o"] == pytest.approx(found["chi2"]["g2o"], rel=1e-12)


def test_what_a_person_reads(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "slam", write(tmp_path, RING))
    lines = out.splitlines()
    assert code == 0 and lines[0] == "graph     ring.g2o: 4 SE2; 3 odometry, 1 loop closure; 1 component"
    assert lines[1].startswith("MINIMUM   f = ") and any(line.startswith("why ") for line in lines)
    assert any(line.startswith("held      SE2 0") for line in lines)
    assert all(len(line) <= 100 for line in lines)
    costs = [line for line in lines if " -> " in line]
    assert all(re.search(r"-> \S+ +\(", line) for line in costs)
    assert [line[10:].split()[0] for line in costs] == ["g2o", "gtsam", "se-sync"] and "(half of it)" in costs[1]
    time = " ".join(out.split()).partition(" time ")[2]  # folded where it is long
    assert all(f"{stage} " in time for stage in ("read", "prepare", "steps", "certificate", "compiling"))


def test_no_file_is_written_over_the_one_that_is_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whatever name, nor over another that is written, nor over one that is read-only, by root neither."""
    monkeypatch.chdir(tmp_path)
    file, kept = write(tmp_path, RING), tmp_path / "kept.g2o"
    kept.write_text("mine")
    kept.chmod(0o444)
    (tmp_path / "link.g2o").symlink_to(file)
    cases = {
        ("--out", file): "this is the file that is read", ("--out", "link.g2o"): "this is the file that is read",
        ("--report", "ring.g2o"): "this is the file that is read", ("--out", str(kept)): "read-only",
        ("--out", "a.html", "--report", "a.html"): "--out is written there",
    }  # fmt: skip
    for options, words in cases.items():
        code, out, err = run(capsys, "slam", file, *options)
        assert code == 2 and out == "" and words in err, err
    assert Path(file).read_text() == RING and kept.read_text() == "mine"


def test_who_interrupts_is_told_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rp.slam, "optimize", stopped)
    assert run(capsys, "slam", write(tmp_path, RING)) == (130, "", "raphson: interrupted\n")


def test_two_parts_are_held_each(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    apart = RING + f"EDGE_SE2 10 12 1 0 0 {DIAGONAL}\nEDGE_SE2 12 15 1 0 0 {DIAGONAL}\n"
    code, out, _ = run(capsys, "slam", write(tmp_path, apart), "--json")
    found = json.loads(out)
    assert code == 0 and found["components"] == 2 and found["held"] == ["SE2 0", "SE2 10"]
    # By rank, not by id: 10, 12 and 15 follow each other.
    assert found["factors"] == {"odometry": 5, "loop closure": 1}
    assert np.isfinite(found["chi2"]["g2o"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("EDGE_SE2 0 1 1 0\n", ("ring.g2o:1:",)),
        ("EDGE_SE2 0 1 1 0 nan 9 0 0 9 0 99\n", ("ring.g2o:1:",)),
        ("hello\n", ("ring.g2o", "hello")),
        ("", ("ring.g2o", "empty")),
        (f"ODOMETRY 0 1 1 0 0 {DIAGONAL}\n", ("iSAM", "noise")),
    ],
)  # fmt: skip
def test_wrong_files_in_few_words(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, "slam", write(tmp_path, text))
    assert (code, out) == (2, "") and len(err.splitlines()) <= 6 and all(word in err for word in words), err


def test_indefinite_information_is_refused_or_projected(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The words name the option."""
    file = write(tmp_path, RING.replace("1.5 9 0 0 9", "1.5 9 0 0 -9"))
    code, out, err = run(capsys, "slam", file)
    assert (code, out) == (2, "") and "--information project takes the nearest" in err and "eigenvalue -9." in err, err
    code, out, _ = run(capsys, "slam", file, "--information", "project")
    assert code == 0 and "1 indefinite information matrices are projected" in " ".join(out.split())
    code, _, err = run(capsys, "slam", file, "--information", "guess")
    assert code == 2 and "--information must be" in err, err


def test_wrong_options_in_few_words(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = write(tmp_path, RING)
    for arguments, word in (
        ((str(tmp_path / "none.g2o"),), "none.g2o"), ((str(tmp_path),), "folder"), ((file, "--method", "x"), "'x'"),
        ((file, "--init", "x"), "'x'"), ((file, "--robust", "hubert"), "hubert"), ((file, "--language", "fr"), "fr"),
        ((file, "--out", str(tmp_path / "no" / "a.g2o")), "no folder"), ((file, "--scale", "-1"), "scale"),
    ):  # fmt: skip
        code, out, err = run(capsys, "slam", *arguments)
        assert (code, out) == (2, "") and len(err.splitlines()) <= 6 and word in err, (arguments, err)


def test_other_formats(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """TORO and iSAM say the same graph in other orders of the information."""
    g2o = json.loads(run(capsys, "slam", write(tmp_path, RING), "--json")[1])
    toro = RING.replace("EDGE_SE2", "EDGE2").replace(DIAGONAL, "9 0 9 99 0 0")
    isam = RING.replace("EDGE_SE2", "ODOMETRY")
    for text, more in ((toro, ()), (isam, ("--noise", "information"))):
        found = json.loads(run(capsys, "slam", write(tmp_path, text, "ring.graph"), "--json", *more)[1])
        assert found["chi2"]["g2o"] == pytest.approx(g2o["chi2"]["g2o"], rel=1e-9)


def five_cameras() -> str:
    """Five of BAL's cameras that see thirty points; focal lengths and points are a guess."""
    rng = np.random.default_rng(0)
    points, lines, guess = rng.normal(size=(30, 3)), [], []
    for camera, angle in enumerate((-0.6, -0.3, 0.0, 0.3, 0.6)):
        pose = np.array([0, 0, -8, 0, np.sin(angle / 2), 0, np.cos(angle / 2)])
        for k, point in enumerate(points):
            given = (jnp.asarray(a) for a in (pose, [500, -0.1, 0], point, rng.normal(size=2)))
            x, y = rp.slam.errors.reprojection(*given)
            lines.append(f"{camera} {k} {x} {y}")
        guess += [0, angle, 0, 0, 0, -8, 520, 0, 0]
    guess += (points + 0.2 * rng.normal(size=points.shape)).ravel().tolist()
    return "\n".join([f"5 30 {len(lines)}", *lines, *map(str, guess)])


def test_cameras_and_points_are_read_solved_written_and_drawn(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = write(tmp_path, five_cameras(), "five.txt")
    solved, page = tmp_path / "solved.txt", tmp_path / "five.html"
    code, out, err = run(
        capsys, "slam", file, "--out", str(solved), "--report", str(page), "--language", "zh", "--json"
    )
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found["variables"] == {"pose": 5, "lens": 5, "point": 30}
    assert found["chi2"]["ceres"] < found["chi2_start"]["ceres"] / 100
    assert rp.slam.bundle_cost(rp.slam.read_bal(solved)) == pytest.approx(found["chi2"]["ceres"], rel=1e-12)
    text = page.read_text()
    still = text[text.index('<main id="static">') : text.index("</main>")]
    assert "5 个相机 · 30 个路标点 · 150 个路标观测 · 1 个连通部分" in still
    assert "位姿" not in still and "条边" not in still and "误差最大的边" not in still
    for name, packed in (("five.gz", gzip.compress), ("five.bz2", bz2.compress)):
        (tmp_path / name).write_bytes(packed(five_cameras().encode()))
        code, out, _ = run(capsys, "slam", str(tmp_path / name))
        lines = out.splitlines()
        assert code == 0 and lines[0].startswith(f"graph     {name}: 5 pose, 5 lens, 30 point; ")
        assert "ceres" in out and "half of it" in out and all(len(line) <= 100 for line in lines)


def test_bal_text_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    file = write(tmp_path, five_cameras(), "five.txt")
    given = rp.slam.read_bal(file)
    rp.slam.write_bal(tmp_path / "again.txt", given)
    again = rp.slam.read_bal(tmp_path / "again.txt")
    for name in ("cameras", "points", "camera", "point", "pixels"):
        assert np.array_equal(getattr(again, name), getattr(given, name)), name
    values = {name: v.values for name, v in rp.slam.FactorGraph.of(given).variables.items()}
    rp.slam.write_bal(tmp_path / "again.txt", given, values)
    assert np.allclose(rp.slam.read_bal(tmp_path / "again.txt").cameras, given.cameras, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"2 1 1\n0 0 1 2\n", "9 for each camera and 3 for each point"),
        (b"BZh9" + bytes(20), "the bzip2 file is damaged or cut off"),
        (b"vP" + bytes(8), "cut off"),
        (b"5 30\n", "may be a bundle adjustment problem"),
        (b"2 1 1\n0 0 1\n", "bad:2: 3 fields, 4 are expected"),
    ],
)
def test_wrong_files_of_cameras_are_told_in_few_words(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, data: bytes, said: str
) -> None:
    (tmp_path / "bad").write_bytes(data)
    code, out, err = run(capsys, "slam", str(tmp_path / "bad"))
    assert code == 2 and not out and said in err and "Traceback" not in err


def test_what_bal_cannot_say_is_refused_before_the_work(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    numbers = struct.pack("<8f", 500, 0, 0, 0, 0, 0, 0, 0) + struct.pack("<i", 1) + struct.pack("<i", 7)
    numbers += struct.pack("<12f", 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 4)
    numbers += struct.pack("<iifff", 1, 3, 0, 0, 0) + struct.pack("<iiiff", 1, 7, 3, 0, 0)
    (tmp_path / "one.bin").write_bytes(b"vP" + numbers)
    code, _, err = run(capsys, "slam", str(tmp_path / "one.bin"), "--out", str(tmp_path / "o.txt"))
    assert code == 2 and "the file holds libmv's" in err and not (tmp_path / "o.txt").exists()
    five = write(tmp_path, five_cameras(), "five.txt")
    for option, value, said in (("--noise", "covariance", "iSAM's files"), ("--information", "project", "pose graphs")):
        code, _, err = run(capsys, "slam", five, option, value)
        assert code == 2 and f" {option} is for {said}; this one holds cameras and points" in err

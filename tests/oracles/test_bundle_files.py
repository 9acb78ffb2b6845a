"""Bundle adjustment files: initial costs against shared/data/bal/README.md, and what becomes of bad files."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raphson import slam
from raphson.slam.bundle_file import vector_rotations
from raphson.slam.read_bal import bal_bundle, gbp_bundle, libmv_bundle
from raphson.slam.rigid import rotation_vectors

PUBLISHED = {
    "problem-49-7776-pre.txt.gz": (slam.read_bal, 49, 7776, 31843, 850912.460681),
    "problem-21-11315-pre.txt.gz": (slam.read_bal, 21, 11315, 36455, 4413239.31443),
    "libmv_problem_01.bin": (slam.read_libmv, 333, 26, 5421, 4607.5945),
    "libmv_problem_02.bin": (slam.read_libmv, 440, 71, 16718, 5219.6376),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_initial_cost_is_the_one_published(name: str, shared: Path) -> None:
    read, cameras, points, observations, cost = PUBLISHED[name]
    bundle = read(shared / "data/bal" / name)
    assert (len(bundle.cameras), len(bundle.points), len(bundle.pixels)) == (cameras, points, observations)
    assert slam.bundle_cost(bundle) == pytest.approx(cost, rel=1e-8, abs=6e-5)
    assert bundle.notes == ()


@pytest.mark.parametrize(
    ("name", "counts"), [("gbp_fr1desk", (63, 2869, 13298)), ("gbp_fr1desk_small", (20, 1216, 3917))]
)
def test_key_frames_of_gbp_are_read(name: str, counts: tuple[int, int, int], shared: Path) -> None:
    bundle = slam.read_gbp(shared / "data/bal" / f"{name}.txt")
    assert (len(bundle.cameras), len(bundle.points), len(bundle.pixels)) == counts
    assert bundle.cameras.shape[1] == 6 and bundle.intrinsics is not None and bundle.intrinsics.shape == (4,)
    with pytest.raises(ValueError, match="'pinhole' has no projection"):
        slam.bundle_cost(bundle)


CAMERA = "0 0 0 0 0 0 500 0 0\n".replace(" ", "\n")
GOOD = f"2 1 2\n0 0 1.0 2.0\n1 0 3.0 4.0\n{CAMERA}{CAMERA}0\n0\n-1\n"

BAD = {
    "empty": ("\n", None, "the file is empty"),
    "no header": ("bal\n" + GOOD, 1, "three counts are expected"),
    "no camera": (GOOD.replace("2 1 2", "0 1 2"), 1, "three counts"),
    "huge": (GOOD.replace("2 1 2", "2 1 99999999999999999999"), 1, "three counts"),
    "fewer observations": (GOOD.replace("2 1 2", "2 1 3"), 4, "1 fields, 4 are expected: camera point x y"),
    "more observations": (GOOD.replace("2 1 2", "2 1 1"), 24, "25 numbers follow the observations, 21 are expected"),
    "cut off": (GOOD[:-6], 22, "19 numbers follow.*is the file cut off?"),
    "cut off early": ("2 1 2\n0 0 1.0 2.0\n", 2, "1 lines `camera point x y`, 2 are expected.*cut off"),
    "unknown camera": (GOOD.replace("1 0 3.0", "2 0 3.0"), 3, "camera 2 is not there: they run from 0 to 1"),
    "half a point": (GOOD.replace("1 0 3.0", "1 0.5 3.0"), 3, "point 0.5 is not there"),
    "nan": (GOOD.replace("3.0", "nan"), 3, "not finite"),
    "no number": (GOOD.replace("500", "f", 1), 10, "'f' is no number"),
    "inf among the points": (GOOD.replace("-1\n", "inf\n"), 24, "not finite"),
    "binary": (GOOD + "\0", None, "binary"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_bundle_is_refused_with_its_line(what: str, tmp_path: Path) -> None:
    text, line, said = BAD[what]
    path = tmp_path / "bad.txt"
    path.write_text(text)
    with pytest.raises(slam.GraphFileError, match="(?s)" + said) as caught:
        slam.read_bal(path)
    assert str(caught.value).startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert str(caught.value).count("\n") < 6


def test_the_example_of_the_bad_ones_is_good_and_its_holes_are_named() -> None:
    bundle = bal_bundle("good", GOOD.encode())
    # x = y = 0 in the picture of both cameras
    assert slam.bundle_cost(bundle) == (1 + 4 + 9 + 16) / 2 and bundle.notes == ()
    notes = bal_bundle("holes", GOOD.replace("1 0 3.0", "0 0 3.0").encode()).notes
    assert notes == ("1 cameras have no observation: 1", "1 observations repeat a camera and a point")
    once = bal_bundle("once", GOOD.replace("2 1 2", "2 1 1").replace("1 0 3.0 4.0\n", "").encode()).notes
    assert any("1 points are seen fewer than 2 times" in note for note in once)


@given(st.integers(0, 2**32), st.sampled_from(["bal", "gbp", "libmv"]))
@settings(max_examples=150)
def test_mutated_bundles_are_read_or_refused(shared: Path, seed: int, format: str) -> None:
    rng = np.random.default_rng(seed)
    if format == "libmv":
        data, read = bytearray((shared / "data/bal/libmv_problem_01.bin").read_bytes()), libmv_bundle
    else:
        text = GOOD if format == "bal" else GOOD.replace("2 1 2\n", "2 1 2\n1 1 0 0\n").replace("500\n0\n0\n", "")
        data, read = bytearray(text.encode()), bal_bundle if format == "bal" else gbp_bundle
    for _ in range(int(rng.integers(0, 4))):
        place = int(rng.integers(min(len(data), 20_000)))
        data[place] = int(rng.integers(256)) if format == "libmv" else b"0123456789 .-en\n"[int(rng.integers(16))]
    if rng.random() < 0.3:
        del data[int(rng.integers(len(data))) :]
    try:
        bundle = read("bytes", bytes(data))
    except slam.GraphFileError as error:
        assert str(error).count("\n") < 6
        return
    for numbers in (bundle.cameras, bundle.points, bundle.pixels):
        assert np.isfinite(numbers).all()
    assert ((bundle.camera >= 0) & (bundle.camera < len(bundle.cameras))).all()
    assert ((bundle.point >= 0) & (bundle.point < len(bundle.points))).all()


@pytest.mark.parametrize("angle", [0.0, 1e-12, 1e-4, 1.0, 3.1])
def test_rotation_vectors_and_back(angle: float) -> None:
    axis = np.random.default_rng(1).normal(size=(6, 3))
    w = angle * axis / np.linalg.norm(axis, axis=1, keepdims=True)
    np.testing.assert_allclose(rotation_vectors(vector_rotations(w)), w, atol=1e-13 * max(angle, 1e-3) + 1e-16)


@pytest.mark.parametrize(
    ("name", "table", "what"),
    [
        ("pose", np.zeros((2, 7)), r"shape \(2, 7\), \(1, 7\) is expected"),
        ("point", np.full((2, 3), np.nan), "values of point 0 are not finite"),
        ("lens", None, "values of lens are missing"),
    ],
)
def test_no_file_is_written_that_could_not_be_read(name: str, table: np.ndarray | None, what: str, tmp_path: Path):
    bundle = bal_bundle("two points", b"1 2 2\n0 0 1 2\n0 1 3 4\n" + b"0 " * 6 + b"500 0 0\n1 1 1 2 2 2\n")
    values = {"pose": np.eye(1, 7, 6), "lens": bundle.cameras[:, 6:], "point": bundle.points}
    slam.write_bal(tmp_path / "good", bundle, values)
    assert np.array_equal(slam.read_bal(tmp_path / "good").points, bundle.points)
    given = {**values, name: table} if table is not None else {key: values[key] for key in values if key != name}
    with pytest.raises(ValueError, match=what):
        slam.write_bal(tmp_path / "bad", bundle, given)
    assert not (tmp_path / "bad").exists()

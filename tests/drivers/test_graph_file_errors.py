"""Bad files of pose graphs: an error that names file and line and says what to do, in at most six lines."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from raphson import slam

V = "VERTEX_SE2 0 0 0 0\nVERTEX_SE2 1 1 0 0\nVERTEX_SE2 2 2 0 0\n"
I3 = "1 0 0 1 0 1"
E = f"EDGE_SE2 0 1 1 0 0 {I3}\nEDGE_SE2 1 2 1 0 0 {I3}\n"
V3 = "VERTEX_SE3:QUAT 0 0 0 0 0 0 0 1\nVERTEX_SE3:QUAT 1 1 0 0 0 0 0 1\n"
I6 = "1 0 0 0 0 0 1 0 0 0 0 1 0 0 0 1 0 0 1 0 1"

BAD = {
    "empty": ("", None, "the file is empty"),
    "only comments": ("# a graph\n\n", None, "the file is empty"),
    "no vertex, no edge": ("PARAMS_SE2OFFSET 0 0 0 0\n", None, "no vertex and no edge"),
    "binary": ("VERTEX_SE2\0\1\2", None, "binary"),
    "cameras and points": ("2 3 6\n0 0 1.5 2.5\n", None, "begins with '2'.*bundle adjustment.*read_bal"),
    "another format": ("hello world\n", None, "no line begins with a tag of this format.*'hello'"),
    "unknown tag": (V + E + "EDGE_WHEEL 0 1 2\n", 6, "'EDGE_WHEEL' is not known.*unknown_tags=\"skip\""),
    "doubled": (V + "VERTEX_SE2 1 5 5 5\n" + E, 4, "vertex 1 is there already, in line 2"),
    "unknown vertex": (V + E + f"EDGE_SE2 2 7 1 0 0 {I3}\n", 6, "edge 2 to 7: vertex 7 is not in the file"),
    "wrong kind": (V + V3.replace("QUAT ", "QUAT 1") + E + f"EDGE_SE2 0 10 1 0 0 {I3}\n", 8, "is of kind SE3, SE2 is"),
    "itself": (V + E + f"EDGE_SE2 2 2 1 0 0 {I3}\n", 6, "from vertex 2 to itself"),
    "few fields": (V + f"EDGE_SE2 0 1 1 0 {I3}\n" + E, 4, "10 fields follow the tag, 11 are expected: i j x y theta"),
    "many fields": (V + f"EDGE_SE2 0 1 1 0 0 {I3} 0\n" + E, 4, "12 fields follow the tag, 11 are expected"),
    "compensating fields": (V + "VERTEX_SE2 3 0 0\nVERTEX_SE2 4 0 0 0 0\n", 4, "3 fields follow the tag, 4 are"),
    "cut off": (V + E + "EDGE_SE2 0 2 1 0", 6, "4 fields.*This is the last line of the file: is the file cut off?"),
    "no number": (V + "VERTEX_SE2 3 1 2 north\n" + E, 4, "'north' is no number"),
    "two numbers in one": (V + "VERTEX_SE2 3 1 2 3-4\n" + E, 4, "'3-4' is no number"),
    "underscore": (V + "VERTEX_SE2 3 1 2 1_000\n" + E, 4, "'1_000' is no number"),
    "nan": (V + "VERTEX_SE2 3 1 nan 0\n" + E, 4, "not finite"),
    "inf in information": (V + E + "EDGE_SE2 0 1 1 0 0 1 0 0 inf 0 1\n", 6, "not finite"),
    "overflow": (V + "VERTEX_SE2 3 1 1e999 0\n" + E, 4, "not finite"),
    "id with a point": ("VERTEX_SE2 1.5 0 0 0\n", 1, "'1.5' is no id"),
    "id of 65 bits": ("VERTEX_SE2 9223372036854775808 0 0 0\n", 1, "'9223372036854775808' is no id"),
    "indefinite": (V + E + "EDGE_SE2 0 2 1 0 0 1 0 0 1 0 -1\n", 6, "edge 0 to 2 is not positive.*-1[.]\n.*1 of 3"),
    "indefinite off the diagonal": (V + E + "EDGE_SE2 0 2 1 0 0 1 5 0 1 0 1\n", 6, "lowest eigenvalue -4"),
    "quaternion": (V3 + f"EDGE_SE3:QUAT 0 1 1 0 0 0 0 0 0.5 {I6}\n", 3, "quaternion of this edge has length 0.5"),
    "no quaternion": (V3.replace(" 0 0 0 1", " 0 0 0 0", 1), 1, "quaternion of this vertex has length 0"),
    "FIX of nothing": (V + E + "FIX 9\n", 6, "FIX: vertex 9 is not in the file"),
    "FIX alone": (V + E + "FIX\n", 6, "ids of the vertices to hold are expected"),
    "unknown sensor": (V3 + "VERTEX_TRACKXYZ 5 0 0 0\nEDGE_SE3_TRACKXYZ 0 5 4 1 1 1 1 0 0 1 0 1\n", 4, "sensor 4"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_refused_with_its_line(what: str, tmp_path: Path) -> None:
    text, line, said = BAD[what]
    path = tmp_path / "bad.g2o"
    path.write_text(text)
    with pytest.raises(slam.GraphFileError) as caught:
        slam.read_g2o(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert re.search(said, message, re.DOTALL), message
    assert message.count("\n") < 6


def test_many_faults_are_counted_and_few_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.g2o"
    path.write_text(V + "".join(f"EDGE_SE2 0 {k} 1 0 0 1 0 0 1 0 -1\n" for k in [1, 2] * 500))
    with pytest.raises(slam.GraphFileError, match=r"1000 of 1000 edges \(lines 4, 5, 6, 7, 8 and 995 more\)"):
        slam.read_g2o(path)


def test_indefinite_matrices_are_projected_on_request(tmp_path: Path) -> None:
    path = tmp_path / "bad.g2o"
    path.write_text(V + E + "EDGE_SE2 0 2 1 0 0 1 5 0 1 0 1\n")
    graph = slam.read_g2o(path, information="project")
    np.testing.assert_allclose(np.linalg.eigvalsh(graph.edges["SE2"].information[2]), [0, 1, 6], atol=1e-12)
    assert any("1 indefinite information matrices are projected: lines 6" in note for note in graph.notes)
    with pytest.raises(ValueError, match="not 'mend'"):
        slam.read_g2o(path, information="mend")


def test_singular_and_rounded_matrices_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "rounded.g2o"
    path.write_text(V + E + "EDGE_SE2 0 2 1 0 0 1 0 0 1 0 0\nEDGE_SE2 0 2 1 0 0 1 1.000001 0 1 0 1\n")
    graph = slam.read_g2o(path)
    assert (graph.edges["SE2"].information[2] == np.diag([1.0, 1, 0])).all()
    assert np.linalg.eigvalsh(graph.edges["SE2"].information[3])[0] > -1e-15
    assert len(graph.notes) == 1 and "within the digits of the file: lines 7" in graph.notes[0]


def test_a_rough_quaternion_is_normalized_and_noted(tmp_path: Path) -> None:
    path = tmp_path / "rough.g2o"
    path.write_text(V3 + f"EDGE_SE3:QUAT 0 1 1 0 0 0.5004 0.5 0.5 0.5 {I6}\n")
    graph = slam.read_g2o(path)
    np.testing.assert_allclose(np.linalg.norm(graph.edges["SE3"].measurement[0, 3:]), 1, atol=1e-15)
    assert any("1 quaternions (edge) are normalized" in note for note in graph.notes)


def test_what_hangs_on_nothing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "parts.g2o"
    path.write_text(
        V + E + "VERTEX_SE2 7 0 0 0\nVERTEX_SE2 8 0 0 0\nVERTEX_SE2 9 0 0 0\n" + f"EDGE_SE2 9 8 1 0 0 {I3}\n"
    )
    notes = slam.read_g2o(path).notes
    assert any("1 vertices have no edge and stay where they are: 7" in note for note in notes)
    assert any("2 components are joined by no edge" in note and "2 with vertex 8" in note for note in notes)


def test_odd_but_good_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "odd.g2o"
    ids = [-5, 2**63 - 1, 70]
    text = "\ufeff# made by hand\r\n" + "".join(f"  VERTEX_SE2\t{k} {n} 0  0 # place\r\n" for n, k in enumerate(ids))
    text += (
        f"\r\nEDGE_SE2 {ids[1]} {ids[0]} -1 0 0 {I3}\r\nEDGE_SE2 {ids[1]} {ids[2]} +1. 0 0e0 {I3}\r\nFIX {ids[0]} 70"
    )
    path.write_text(text, encoding="utf-8", newline="")
    graph = slam.read_g2o(path)
    assert graph.vertices["SE2"].ids.tolist() == ids and graph.fixed.tolist() == [-5, 70]
    assert graph.edges["SE2"].i.tolist() == [1, 1] and graph.edges["SE2"].j.tolist() == [0, 2]
    assert graph.edges["SE2"].lines.tolist() == [6, 7]
    assert graph.notes == () and slam.graph_costs(graph)["g2o"] == 0


def test_a_damaged_gzip_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "graph.g2o.gz"
    packed = gzip.compress((V + E).encode())
    for bad in (packed[:-9], packed[:40] + b"\xff\xff" + packed[42:], b"\x1f\x8bjunk"):
        path.write_bytes(bad)
        with pytest.raises(slam.GraphFileError, match="gzip file is damaged or cut off"):
            slam.read_g2o(path)
    with pytest.raises(FileNotFoundError):
        slam.read_g2o(tmp_path / "none.g2o")


def test_an_isam_file_must_be_told_what_its_triangles_are(tmp_path: Path) -> None:
    path = tmp_path / "graph.txt"
    path.write_text("ODOMETRY 0 1 1 0 0 2 1 0 4 0 8\nLANDMARK 1 2 1 1 2 0 4\n")
    root = np.array([[2.0, 1, 0], [0, 4, 0], [0, 0, 8]])
    full = np.triu(root) + np.triu(root, 1).T
    for noise, expected in (("information", full), ("square-root", root.T @ root), ("covariance", np.linalg.inv(full))):
        graph = slam.read_isam(path, noise=noise)
        np.testing.assert_allclose(graph.edges["SE2"].information[0], expected, rtol=1e-14, atol=1e-16)
        np.testing.assert_allclose(graph.vertices["XY"].values, [[2, 1]], atol=1e-15)
    with pytest.raises(ValueError, match="noise must be one of information, square-root, covariance"):
        slam.read_isam(path, noise="sigma")
    path.write_text("ODOMETRY 0 1 1 0 0 2 1 0 0 0 8\n")
    with pytest.raises(slam.GraphFileError, match=r":1: ODOMETRY: the covariance is not positive definite"):
        slam.read_isam(path, noise="covariance")


def test_the_format_is_told_by_the_tags(tmp_path: Path) -> None:
    path = tmp_path / "graph"
    for text, noise, kinds in (
        ("# made\n" + V + E, None, {"SE2"}),
        ("ODOMETRY 0 1 1 0 0 2 1 0 4 0 8\nLANDMARK 1 2 1 1 2 0 4\n", "square-root", {"SE2", "SE2_XY"}),
        ("EDGE2 0 1 1 0 0 2 1 0 4 0 8\n", "square-root", {"SE2"}),
        ("EDGE2 0 1 1 0 0 2 1 4 8 0 0\n", None, {"SE2"}),
        ("EDGE3 0 1 1 0 0 0.1 0.2 0.3\n", None, {"SE3"}),
    ):
        path.write_text(text)
        assert set(slam.read_graph(path, noise=noise).edges) == kinds
    path.write_text("ODOMETRY 0 1 1 0 0 2 1 0 4 0 8\n")
    with pytest.raises(ValueError, match="noise= must say what their triangles are"):
        slam.read_graph(path)
    path.write_text(V + E)
    with pytest.raises(ValueError, match="noise= is for iSAM's files; this one holds VERTEX_SE2"):
        slam.read_graph(path, noise="information")
    path.write_text("hello\n")
    with pytest.raises(slam.GraphFileError, match="no line begins with a tag of this format"):
        slam.read_graph(path)


def test_an_isam_file_read_as_toro_says_so(tmp_path: Path) -> None:
    path = tmp_path / "w.txt"
    path.write_text("EDGE2 0 1 1 0 0 3.16228 0 0 3.16228 0 5\n")
    with pytest.raises(slam.GraphFileError, match="a file with upper triangles is iSAM's: read_isam"):
        slam.read_toro(path)

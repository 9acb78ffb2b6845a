"""Files of pose graphs: what is written comes back to the last bit, and no text leads to anything but an answer or a
`GraphFileError`."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raphson import slam
from raphson.slam.graph_file import EDGE_KINDS, VERTEX_KINDS, Edges, GraphFile, Vertices
from raphson.slam.read_g2o import EDGE_TAGS, VERTEX_TAGS, g2o_graph
from raphson.slam.read_toro import isam_graph, toro_graph
from raphson.slam.rigid import (
    nearest_rotations,
    poses_of,
    quaternion_rotations,
    roll_pitch_yaw_rotations,
    rotation_quaternions,
    rotation_vectors,
    rows_of,
)  # fmt: skip

IDS = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=12, max_size=12, unique=True)


def random_graph(seed: int, ids: list[int], kinds: tuple[str, ...]) -> GraphFile:
    """Vertices and edges of every kind, with numbers of all sizes. The first two ids of three are poses."""
    rng = np.random.default_rng(seed)
    poses = [kind for kind in kinds if VERTEX_KINDS[kind].pose]

    def rows(kind: str, n: int) -> np.ndarray:
        width = VERTEX_KINDS[kind].width if kind in VERTEX_KINDS else EDGE_KINDS[kind].width
        table = rng.normal(size=(n, width)) * 10.0 ** rng.integers(-12, 12, (n, width))
        if width == 7:
            turn = rng.normal(size=(n, 4))
            table[:, 3:] = turn / np.linalg.norm(turn, axis=1, keepdims=True)
        return table

    share = len(ids) // len(kinds)
    vertices = {
        kind: Vertices(kind, np.array(ids[k * share : (k + 1) * share]), rows(kind, share), np.zeros(share, int))
        for k, kind in enumerate(kinds)
    }
    edges = {}
    for kind, edge in EDGE_KINDS.items():
        if edge.start not in kinds or (edge.end and edge.end not in kinds):
            continue
        i = rng.integers(0, share, 7)
        j = i if edge.prior else (i + rng.integers(1, share, 7)) % share
        root = rng.normal(size=(7, edge.rows, edge.rows))
        information = root @ np.swapaxes(root, 1, 2) + np.eye(edge.rows)
        information = (information + np.swapaxes(information, 1, 2)) / 2
        sensor = rows("SE3", 7) if kind in ("SE3_XYZ", "SE3_PRIOR") else None
        edges[kind] = Edges(kind, i, j, rows(kind, 7), information, np.zeros(7, int), sensor)
    return GraphFile("random", vertices, edges, np.sort(vertices[poses[0]].ids[:1]))


def same(a: GraphFile, b: GraphFile) -> None:
    assert a.vertices.keys() == b.vertices.keys() and a.edges.keys() == b.edges.keys()
    for kind, v in a.vertices.items():
        np.testing.assert_array_equal(v.ids, b.vertices[kind].ids)
        np.testing.assert_array_equal(v.values, b.vertices[kind].values)
    for kind, e in a.edges.items():
        for name in ("i", "j", "measurement", "information"):
            np.testing.assert_array_equal(getattr(e, name), getattr(b.edges[kind], name), err_msg=name)
        assert (e.sensor is None) == (b.edges[kind].sensor is None)
        if e.sensor is not None:
            np.testing.assert_array_equal(e.sensor, b.edges[kind].sensor)
    np.testing.assert_array_equal(a.fixed, b.fixed)


@given(
    seed=st.integers(0, 2**32),
    ids=IDS,
    kinds=st.sampled_from([("SE2", "XY"), ("SE3", "XYZ"), ("SE2",), ("SE3", "SE2", "XY", "XYZ")]),
)
@settings(max_examples=40)
def test_a_written_graph_comes_back_to_the_last_bit(seed, ids, kinds, tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("graph") / ("g.g2o.gz" if seed % 2 else "g.g2o")
    graph = random_graph(seed, ids, kinds)
    slam.write_g2o(path, graph)
    once = slam.read_g2o(path)
    same(once, slam.read_g2o(path))
    # The first reading normalizes quaternions that are further from unit length than rounding; then nothing changes.
    for kind, v in graph.vertices.items():
        np.testing.assert_allclose(once.vertices[kind].values, v.values, rtol=1e-15, atol=0)
    slam.write_g2o(path, once)
    same(slam.read_g2o(path), once)
    assert slam.graph_costs(once) == pytest.approx(slam.graph_costs(graph), rel=1e-9)


@pytest.mark.parametrize("name", ["tinyGrid3D.g2o", "MITb.g2o", "robot_a.g2o", "intel.g2o", "victoria_park.txt"])
def test_a_real_graph_comes_back_to_the_last_bit(name: str, shared: Path, tmp_path: Path) -> None:
    path = shared / "data/pose-graphs" / name
    graph = slam.read_isam(path, noise="covariance") if name.endswith("txt") else slam.read_g2o(path)
    slam.write_g2o(tmp_path / "again.g2o", graph)
    same(graph, slam.read_g2o(tmp_path / "again.g2o"))


def small_texts(shared: Path) -> list[tuple[str, bytes]]:
    """Whole small files, and the first and last lines of large ones."""
    folder, texts = shared / "data/pose-graphs", []
    for name in ("toyExample.g2o", "Klaus3.g2o", "example_with_vertices.g2o", "robot_b.g2o", "w100.graph", "intel.g2o"):
        texts.append((name, (folder / name).read_bytes()))
    texts.append(("victoria_park.txt", b"\n".join((folder / "victoria_park.txt").read_bytes().split(b"\n")[:60])))
    lines = gzip.decompress((folder / "w20000.txt.gz").read_bytes()).split(b"\n")
    return [*texts, ("w20000.txt", b"\n".join(lines[:40]))]


TOKENS = [
    *(b"nan", b"inf", b"-1", b"0", b"1e308", b"1e160", b"1e-320", b"9" * 30, b"x", b"", b"\xff\xfe", b"\0", b"# "),
    *(b"1_0", b"0x1", b"+", b"\n", b"1 2", b"-0.0"),
]


def mutated(text: bytes, rng: np.random.Generator) -> bytes:
    """A text with a few faults: tokens changed, lines lost, doubled, swapped or cut, bytes changed, the end missing."""
    lines = text.split(b"\n")
    if len(lines) > 60:
        first = int(rng.integers(0, len(lines) - 60))
        lines = lines[first : first + 60]
    for _ in range(int(rng.integers(1, 5))):
        k, what = int(rng.integers(len(lines))), int(rng.integers(7))
        parts = lines[k].split(b" ")
        if what == 0:
            parts[int(rng.integers(len(parts)))] = TOKENS[int(rng.integers(len(TOKENS)))]
            lines[k] = b" ".join(parts)
        elif what == 1:
            del parts[int(rng.integers(len(parts)))]
            lines[k] = b" ".join(parts)
        elif what == 2 and len(lines) > 1:
            del lines[k]
        elif what == 3:
            lines.insert(int(rng.integers(len(lines))), lines[k])
        elif what == 4:
            lines[k] = lines[k][: int(rng.integers(len(lines[k]) + 1))]
        elif what == 5 and lines[k]:
            place = int(rng.integers(len(lines[k])))
            lines[k] = lines[k][:place] + bytes([int(rng.integers(256))]) + lines[k][place + 1 :]
        else:
            other = int(rng.integers(len(lines)))
            lines[k], lines[other] = lines[other], lines[k]
    return b"\n".join(lines)


TAGS = [*VERTEX_TAGS, *EDGE_TAGS, "VERTEX2", "EDGE2", "VERTEX3", "EDGE3", "ODOMETRY", "LANDMARK"]

READERS = {
    "g2o": g2o_graph,
    "g2o, lenient": lambda name, data: g2o_graph(name, data, "project", "skip"),
    "toro": toro_graph,
    "isam": lambda name, data: isam_graph(name, data, "square-root"),
    "isam covariance": lambda name, data: isam_graph(name, data, "covariance", "project", "skip"),
}


def answers_or_refuses(reader, data: bytes) -> bool:
    """Whether the text was read; anything but an answer of finite numbers or a GraphFileError fails."""
    try:
        graph = reader("text", data)
    except slam.GraphFileError as error:
        assert str(error).count("\n") < 6 and len(str(error)) < 1500
        return False
    for v in graph.vertices.values():
        assert np.isfinite(v.values).all() and len(v.ids) == len(v.values) == len(v.lines)
    for kind, e in graph.edges.items():
        assert np.isfinite(e.measurement).all() and np.isfinite(e.information).all()
        starts, ends = (
            graph.vertices[EDGE_KINDS[kind].start],
            graph.vertices[EDGE_KINDS[kind].end or EDGE_KINDS[kind].start],
        )
        assert ((e.i >= 0) & (e.i < len(starts))).all() and ((e.j >= 0) & (e.j < len(ends))).all()
        scale = np.abs(e.information).max(axis=(1, 2)) + 1e-300
        assert (np.linalg.eigvalsh(e.information / scale[:, None, None])[:, 0] > -1e-12).all()
    return True


@pytest.mark.parametrize("reader", READERS)
def test_mutations_of_real_files_are_read_or_refused(reader: str, shared: Path) -> None:
    rng, read = np.random.default_rng(7), 0
    texts = small_texts(shared)
    for _ in range(400):
        _, text = texts[int(rng.integers(len(texts)))]
        read += answers_or_refuses(READERS[reader], mutated(text, rng))
    assert read > 0, "no mutation was mild: the law is empty"


@given(st.binary(max_size=300), st.sampled_from(sorted(READERS)))
@settings(max_examples=200)
def test_any_bytes_are_read_or_refused(data: bytes, reader: str) -> None:
    answers_or_refuses(READERS[reader], data)


WORD = st.sampled_from([*TAGS, "FIX", "0", "1", "2", "1.5", "-1", "nan", "1e400", "1e160"])


@given(st.lists(st.lists(WORD, min_size=1, max_size=12).map(" ".join), max_size=8), st.sampled_from(sorted(READERS)))
@settings(max_examples=300)
def test_any_words_are_read_or_refused(lines: list[str], reader: str) -> None:
    answers_or_refuses(READERS[reader], "\n".join(lines).encode())


@given(st.integers(0, 2**32), st.sampled_from([0.0, 1e-9, 1e-3, 1.0, np.pi - 1e-6, np.pi]))
def test_rotations_and_their_coordinates_agree(seed: int, angle: float) -> None:
    rng = np.random.default_rng(seed)
    axis = rng.normal(size=(5, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    q = np.concatenate([axis * np.sin(angle / 2), np.full((5, 1), np.cos(angle / 2))], 1)
    R = quaternion_rotations(q)
    np.testing.assert_allclose(R @ np.swapaxes(R, 1, 2), np.tile(np.eye(3), (5, 1, 1)), atol=1e-14)
    np.testing.assert_allclose(quaternion_rotations(rotation_quaternions(R)), R, atol=1e-14)
    np.testing.assert_allclose(np.abs(np.sum(rotation_quaternions(R) * q, axis=1)), 1, atol=1e-14)
    np.testing.assert_allclose(np.linalg.norm(rotation_vectors(R), axis=1), angle, atol=1e-7 if angle > 3 else 1e-15)
    np.testing.assert_allclose(nearest_rotations(R * 3 + 1e-3 * rng.normal(size=R.shape)), R, atol=1e-2)


@pytest.mark.parametrize("size", ["1e160", "1e308"])
def test_squares_that_overflow_are_refused(size: str) -> None:
    data = f"EDGE2 0 1 1 0 0 {size} 0 0 {size} 0 {size}\n".encode()
    assert answers_or_refuses(g2o_graph, data.replace(b"EDGE2", b"EDGE_SE2"))
    with pytest.raises(slam.GraphFileError, match=":1: EDGE2: the information matrix that follows is not finite"):
        isam_graph("text", data, "square-root")


def test_roll_pitch_yaw_turn_one_after_the_other() -> None:
    angles = np.random.default_rng(0).uniform(-3, 3, (20, 3))
    zero = np.zeros(20)
    roll, pitch, yaw = angles.T
    product = (
        roll_pitch_yaw_rotations(np.stack([zero, zero, yaw], 1))
        @ roll_pitch_yaw_rotations(np.stack([zero, pitch, zero], 1))
        @ roll_pitch_yaw_rotations(np.stack([roll, zero, zero], 1))
    )
    np.testing.assert_allclose(roll_pitch_yaw_rotations(angles), product, atol=1e-14)
    about_x = roll_pitch_yaw_rotations(np.array([[np.pi / 2, 0, 0]]))[0]
    np.testing.assert_allclose(about_x @ [0, 1, 0], [0, 0, 1], atol=1e-15)


@pytest.mark.parametrize("kind", ["SE2", "SE3"])
def test_vertices_made_from_edges_follow_them(kind: str) -> None:
    """A tree of random edges, some of them backwards, with gaps in the ids: every error is zero."""
    rng, n = np.random.default_rng(3), 200
    width = VERTEX_KINDS[kind].width
    ids = rng.permutation(10 * n)[:n].astype(np.int64)
    lines = []
    for k in range(1, n):
        other = int(rng.integers(max(0, k - 4), k))
        pair = (ids[k], ids[other]) if rng.random() < 0.5 else (ids[other], ids[k])
        z = rng.normal(size=width)
        if width == 7:
            z[3:] /= np.linalg.norm(z[3:])
        information = "1 0 0 1 0 1" if kind == "SE2" else "1 0 0 0 0 0 1 0 0 0 0 1 0 0 0 1 0 0 1 0 1"
        tag = "EDGE_SE2" if kind == "SE2" else "EDGE_SE3:QUAT"
        lines.append(f"{tag} {pair[0]} {pair[1]} {' '.join(map(repr, z.tolist()))} {information}")
    graph = g2o_graph("tree", "\n".join(lines).encode())
    assert graph.start == "edges" and sorted(graph.vertices[kind].ids) == sorted(ids)
    assert max(slam.graph_costs(graph).values()) < 1e-20 * n**2


def test_trajectories_hold_the_poses_by_their_ids(tmp_path: Path) -> None:
    graph = g2o_graph("two", b"VERTEX_SE2 8 1 2 0.5\nVERTEX_SE2 3 4 5 -1\nEDGE_SE2 3 8 0 0 0 1 0 0 1 0 1\n")
    slam.write_tum(tmp_path / "tum.txt", graph)
    slam.write_kitti(tmp_path / "kitti.txt", graph)
    tum, kitti = np.loadtxt(tmp_path / "tum.txt"), np.loadtxt(tmp_path / "kitti.txt").reshape(2, 3, 4)
    half = np.array([-0.5, 0.25])
    expected = [
        [3, 4, 5, 0, 0, 0, np.sin(half[0]), np.cos(half[0])],
        [8, 1, 2, 0, 0, 0, np.sin(half[1]), np.cos(half[1])],
    ]
    np.testing.assert_allclose(tum, expected, atol=1e-15)
    np.testing.assert_allclose(kitti[:, :, 3], [[4, 5, 0], [1, 2, 0]])
    np.testing.assert_allclose(kitti[:, :, :3], quaternion_rotations(np.array(expected)[:, 4:]), atol=1e-15)
    slam.write_tum(tmp_path / "timed.txt", graph, times=np.array([0.25, 1e9 + 0.125]))
    assert np.loadtxt(tmp_path / "timed.txt")[:, 0].tolist() == [0.25, 1e9 + 0.125]
    moved = {"SE2": np.array([[0, 0, 0.0], [1, 1, 0]])}
    slam.write_tum(tmp_path / "moved.txt", graph, moved)
    assert np.loadtxt(tmp_path / "moved.txt")[:, 1].tolist() == [1, 0]
    for bad, said in (({"SE3": moved["SE2"]}, "of kind SE3"), ({"SE2": np.zeros((3, 3))}, r"\(3, 3\), \(2, 3\)")):
        with pytest.raises(ValueError, match=said):
            slam.write_g2o(tmp_path / "bad.g2o", graph, bad)
    with pytest.raises(ValueError, match=r"vertex 3 \(SE2\) are not finite"):
        slam.write_g2o(tmp_path / "bad.g2o", graph, {"SE2": moved["SE2"] * [[1], [np.nan]]})


def test_rows_of_poses_and_back() -> None:
    graph = random_graph(5, list(range(12)), ("SE2", "SE3"))
    for kind in ("SE2", "SE3"):
        values = graph.vertices[kind].values
        poses = poses_of(kind, values)
        np.testing.assert_allclose(poses_of(kind, rows_of(kind, poses)).R, poses.R, atol=1e-14)

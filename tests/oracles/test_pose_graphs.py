"""Files of pose graphs against numbers that were not made here: shared/data/pose-graphs/README.md."""

from pathlib import Path

import pytest

from raphson import slam

SPELLED = {"poses": 2, "edges": 3, "vertices": 4, "F": 5, "certified": 6, "g2o": 7, "log": 8, "initial": 9}
"""Columns of the README's table of g2o files."""

NAMES = [
    "tinyGrid3D.g2o",
    "smallGrid3D.g2o",
    "parking-garage.g2o.gz",
    "sphere2500.g2o.gz",
    "slambook2_sphere.g2o.gz",
    "sphere_bignoise_vertex3.g2o.gz",
    "torus3D.g2o.gz",
    "robot_a.g2o",
    "robot_b.g2o",
    "ring.g2o",
    "MITb.g2o",
    "CSAIL.g2o",
    "input_INTEL.g2o",
    "FRH.g2o",
    "intel.g2o",
    "kitti_05.g2o",
    "manhattan.g2o",
    "M3500.g2o",
    "M3500a.g2o",
    "kitti_00.g2o",
    "city10000.g2o.gz",
    "ais2klinik.g2o.gz",
]


def table(folder: Path) -> dict[str, list[str]]:
    """The README's rows by file."""
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in (folder / "README.md").read_text().splitlines()
    ]
    return {row[0]: row for row in rows if row and row[0] in NAMES and len(row) > 9}


def half_unit(printed: str) -> float:
    """Half a unit of the last digit of a number as it is printed."""
    digits, _, exponent = printed.partition("e")
    return 0.51 * 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))


@pytest.fixture(scope="session")
def folder(shared: Path) -> Path:
    return shared / "data/pose-graphs"


@pytest.mark.parametrize("name", NAMES)
def test_the_cost_at_the_start_is_the_one_published(name: str, folder: Path) -> None:
    row = table(folder)[name]
    graph = slam.read_g2o(folder / name)
    (vertices,), (edges,) = graph.vertices.values(), graph.edges.values()
    assert (len(vertices), len(edges)) == (int(row[SPELLED["poses"]]), int(row[SPELLED["edges"]].split()[0]))
    assert graph.start == ("edges" if row[SPELLED["vertices"]] == "NO" else "file")
    printed = row[SPELLED["initial"]]
    if printed != "-":
        assert slam.graph_costs(graph)["g2o"] == pytest.approx(float(printed), abs=half_unit(printed), rel=1e-8)


COUNTS = {
    "pose3example.txt": {"SE3": (5, 6)},
    "toyExample.g2o": {"SE3": (5, 6)},
    "Klaus3.g2o": {"SE3": (3, 3)},
    "w100.graph": {"SE2": (100, 300)},
    "sphere_smallnoise.graph": {"SE3": (2200, 8647)},
    "victoria_park.txt": {"SE2": (6969, 6968), "XY": (151, 0), "SE2_XY": (0, 3640)},
    "w20000.txt.gz": {"SE2": (20061, 26831)},
    "example_with_vertices.g2o": {"SE3": (8, 0), "XYZ": (8, 0)},
}


@pytest.mark.parametrize("name", COUNTS)
def test_every_format_is_read(name: str, folder: Path) -> None:
    noise = {"victoria_park.txt": "covariance", "w20000.txt.gz": "square-root"}.get(name)
    if noise:
        graph = slam.read_isam(folder / name, noise=noise)
    else:
        graph = (slam.read_toro if name.endswith(".graph") else slam.read_g2o)(folder / name)
    assert repr(slam.read_graph(folder / name, noise=noise)) == repr(graph)
    found = {kind: (len(graph.vertices.get(kind, ())), len(graph.edges.get(kind, ()))) for kind in COUNTS[name]}
    assert found == COUNTS[name] and set(graph.vertices) | set(graph.edges) == set(COUNTS[name])

"""Factor graphs: estimating poses and landmarks; reading and writing their files; what a solution costs.

Loaded when it is first asked for: `import raphson` does without.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raphson.kernel.motion import SE2, SE3, SO2
    from raphson.slam import errors
    from raphson.slam.bundle_file import BundleFile, bundle_cost
    from raphson.slam.chordal import chordal_start
    from raphson.slam.costs import edge_costs, graph_costs
    from raphson.slam.graph import FactorGraph
    from raphson.slam.graph_file import GraphFile, GraphFileError
    from raphson.slam.optimize import optimize
    from raphson.slam.read_bal import read_bal, read_gbp, read_libmv
    from raphson.slam.read_g2o import read_g2o
    from raphson.slam.read_toro import read_isam, read_toro
    from raphson.slam.solution import GraphFit
    from raphson.slam.write_g2o import write_g2o
    from raphson.slam.write_trajectory import write_kitti, write_tum

HOMES = {
    "BundleFile": "slam.bundle_file",
    "FactorGraph": "slam.graph",
    "GraphFile": "slam.graph_file",
    "GraphFileError": "slam.graph_file",
    "GraphFit": "slam.solution",
    "SE2": "kernel.motion",
    "SE3": "kernel.motion",
    "SO2": "kernel.motion",
    "bundle_cost": "slam.bundle_file",
    "chordal_start": "slam.chordal",
    "edge_costs": "slam.costs",
    "errors": "slam.errors",
    "graph_costs": "slam.costs",
    "optimize": "slam.optimize",
    "read_bal": "slam.read_bal",
    "read_g2o": "slam.read_g2o",
    "read_gbp": "slam.read_bal",
    "read_isam": "slam.read_toro",
    "read_libmv": "slam.read_bal",
    "read_toro": "slam.read_toro",
    "write_g2o": "slam.write_g2o",
    "write_kitti": "slam.write_trajectory",
    "write_tum": "slam.write_trajectory",
}
"""In which file each name is."""

__all__ = [
    "SE2",
    "SE3",
    "SO2",
    "BundleFile",
    "FactorGraph",
    "GraphFile",
    "GraphFileError",
    "GraphFit",
    "bundle_cost",
    "chordal_start",
    "edge_costs",
    "errors",
    "graph_costs",
    "optimize",
    "read_bal",
    "read_g2o",
    "read_gbp",
    "read_isam",
    "read_libmv",
    "read_toro",
    "write_g2o",
    "write_kitti",
    "write_tum",
]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(f"raphson.{HOMES[name]}")
    found = globals()[name] = home if name == "errors" else getattr(home, name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)

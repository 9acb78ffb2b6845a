"""Factor graphs: estimating poses and landmarks; reading and writing their files; what a solution costs.

Loaded when it is first asked for: `import raphson` does without.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raphson.kernel.motion import SE2, SE3, SO2
    from raphson.slam import errors
    from raphson.slam.bundle_file import BundleFile, bundle_cost
    from raphson.slam.costs import edge_costs, graph_costs
    from raphson.slam.graph import FactorGraph
    from raphson.slam.graph_file import GraphFile, GraphFileError
    from raphson.slam.optimize import optimize
    from raphson.slam.read_bal import read_bal, read_gbp, read_libmv
    from raphson.slam.read_g2o import read_g2o
    from raphson.slam.read_graph import read_graph
    from raphson.slam.read_toro import read_isam, read_toro
    from raphson.slam.solution import GraphFit
    from raphson.slam.write_g2o import write_g2o
    from raphson.slam.write_trajectory import write_kitti, write_tum

HOMES = {
    "SE2": "raphson.kernel.motion",
    "SE3": "raphson.kernel.motion",
    "SO2": "raphson.kernel.motion",
    "BundleFile": "raphson.slam.bundle_file",
    "bundle_cost": "raphson.slam.bundle_file",
    "edge_costs": "raphson.slam.costs",
    "graph_costs": "raphson.slam.costs",
    "FactorGraph": "raphson.slam.graph",
    "GraphFile": "raphson.slam.graph_file",
    "GraphFileError": "raphson.slam.graph_file",
    "GraphFit": "raphson.slam.solution",
    "optimize": "raphson.slam.optimize",
    "read_bal": "raphson.slam.read_bal",
    "read_g2o": "raphson.slam.read_g2o",
    "read_gbp": "raphson.slam.read_bal",
    "read_graph": "raphson.slam.read_graph",
    "read_isam": "raphson.slam.read_toro",
    "read_libmv": "raphson.slam.read_bal",
    "read_toro": "raphson.slam.read_toro",
    "write_g2o": "raphson.slam.write_g2o",
    "write_kitti": "raphson.slam.write_trajectory",
    "write_tum": "raphson.slam.write_trajectory",
}
"""Where each name is."""

__all__ = [
    "SE2", "SE3", "SO2", "BundleFile", "FactorGraph", "GraphFile", "GraphFileError", "GraphFit", "bundle_cost",
    "edge_costs", "errors", "graph_costs", "optimize", "read_bal", "read_g2o", "read_gbp", "read_graph", "read_isam",
    "read_libmv", "read_toro", "write_g2o", "write_kitti", "write_tum",
]  # fmt: skip


class Door(ModuleType):
    """This package: `read_g2o` is the function also where the file of that name was imported first."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in HOMES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = Door


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("raphson.slam.errors")
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)

"""Factor graphs: estimating poses and landmarks; reading and writing their files; what a solution costs."""

from raphson.kernel.motion import SE2, SE3, SO2
from raphson.kernel.similarity import Sim3
from raphson.slam import errors
from raphson.slam.batch import ManyGraphs, optimize_many
from raphson.slam.bundle_file import BundleFile, bundle_cost
from raphson.slam.chordal import chordal_start
from raphson.slam.costs import edge_costs, graph_costs
from raphson.slam.global_certificate import GlobalCertificate, certify_global
from raphson.slam.graduated import GraduatedNonConvexity
from raphson.slam.graph import FactorGraph
from raphson.slam.graph_file import GraphFile, GraphFileError
from raphson.slam.incremental import GraphUpdate, Incremental
from raphson.slam.odometry import odometry_start
from raphson.slam.optimize import optimize
from raphson.slam.read_bal import read_bal, read_gbp, read_libmv
from raphson.slam.read_g2o import read_g2o
from raphson.slam.read_graph import read_graph
from raphson.slam.read_toro import read_isam, read_toro
from raphson.slam.solution import GraphFit
from raphson.slam.write_bal import write_bal
from raphson.slam.write_g2o import write_g2o
from raphson.slam.write_trajectory import write_kitti, write_tum

__all__ = [
    "SE2",
    "SE3",
    "SO2",
    "BundleFile",
    "FactorGraph",
    "GlobalCertificate",
    "GraduatedNonConvexity",
    "GraphFile",
    "GraphFileError",
    "GraphFit",
    "GraphUpdate",
    "Incremental",
    "ManyGraphs",
    "Sim3",
    "bundle_cost",
    "certify_global",
    "chordal_start",
    "edge_costs",
    "errors",
    "graph_costs",
    "odometry_start",
    "optimize",
    "optimize_many",
    "read_bal",
    "read_g2o",
    "read_gbp",
    "read_graph",
    "read_isam",
    "read_libmv",
    "read_toro",
    "write_bal",
    "write_g2o",
    "write_kitti",
    "write_tum",
]

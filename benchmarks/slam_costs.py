"""The two functions of a pose graph that systems minimize, by one referee: g2o's, and `log`, GTSAM's."""

import jax
import numpy as np

from raphson.slam import errors
from raphson.slam.costs import graph_costs, pose_error, weighed
from raphson.slam.graph_file import Edges, Floats, GraphFile
from raphson.slam.rigid import plane_angles

Array = jax.Array


@errors.of_difference(errors.PLANE, errors.PLANE.log)
def between_se2_log(a: Array, b: Array, z: Array) -> Array:
    """The logarithm (3,) of the error in the plane: what GTSAM 4.3 takes, as its packages are built."""
    return errors.PLANE.log(errors.between_se2(a, b, z))


LOG_ERRORS = {"SE2": between_se2_log, "SE3": errors.between_se3_log}


def both_costs(file: GraphFile, kind: str, values: Floats | None) -> dict[str, float]:
    """`g2o`: sum of e' Omega e with g2o's errors; `log`: with the logarithm's, twice GTSAM's graph.error()."""
    given = file.vertices[kind].values if values is None else values
    costs = graph_costs(file, {kind: given})
    if kind == "SE3":
        return {"g2o": costs["g2o"], "log": 2 * costs["gtsam"]}
    log = sum(float(plane_log_costs(edge, given).sum()) for edge in file.edges.values())
    return {"g2o": costs["g2o"], "log": log}


def plane_log_costs(edge: Edges, values: Floats) -> Floats:
    """Edge by edge: V(w)^-1 t = w/2 cot(w/2) t + w/2 (t_y, -t_x), and the angle w."""
    error = pose_error(edge, {"SE2": values})
    w, (x, y) = plane_angles(error.R), error.t.T
    half = w / 2
    stretched = np.where(np.abs(half) > 1e-4, half / np.tan(np.where(half == 0, 1.0, half)), 1 - half**2 / 3)
    return weighed(np.stack([stretched * x + half * y, stretched * y - half * x, w], 1), edge.information)

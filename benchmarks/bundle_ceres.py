"""Ceres on a bundle adjustment problem, all of it in C++: `python benchmarks/bundle_ceres.py FILE ITERATIONS SOLVER`.

FILE is an .npz of cameras (c, 9), points (p, 3), camera, point (m,) and pixels (m, 2) in BAL's convention; what is
printed is a line of JSON. A script of its own, because it needs `pip install pyceres pycolmap` and nothing of raphson:
pyceres alone has no cost function for cameras, and no way to write a manifold in Python. COLMAP builds the problem.
BAL's camera looks along -z and has no centre: turned by half a turn about x it is COLMAP's RADIAL camera
(f, cx, cy, k1, k2) with cx = cy = 0 held.
"""

# pyright: reportMissingImports=false

import json
import sys
import time
from typing import Any

import numpy as np
import pyceres
import pycolmap

THREADS = 1
TURN = np.diag([1.0, -1.0, -1.0])


def rotations(w: np.ndarray) -> np.ndarray:
    """Of rotation vectors, by Rodrigues."""
    angle = np.linalg.norm(w, axis=1)[:, None, None]
    u = w / np.maximum(angle[:, 0], 1e-300)
    K = np.zeros((len(w), 3, 3))
    K[:, 0, 1], K[:, 0, 2], K[:, 1, 2] = -u[:, 2], u[:, 1], -u[:, 0]
    K = K - np.swapaxes(K, 1, 2)
    return np.eye(3) + np.sin(angle) * K + (1 - np.cos(angle)) * K @ K


def reconstruction(data: Any) -> Any:
    """The problem as COLMAP holds it."""
    made, cameras = pycolmap.Reconstruction(), data["cameras"]
    R = TURN @ rotations(cameras[:, :3])
    seen: list[list[tuple[int, int]]] = [[] for _ in data["points"]]
    for c, own in enumerate(cameras):
        lens = [own[6], 0.0, 0.0, own[7], own[8]]
        made.add_camera_with_trivial_rig(
            pycolmap.Camera(camera_id=c + 1, model="RADIAL", width=10000, height=10000, params=lens)
        )
        rows = np.flatnonzero(data["camera"] == c)
        for k, row in enumerate(rows):
            seen[data["point"][row]].append((c + 1, k))
        image = pycolmap.Image(
            name=f"{c}", keypoints=data["pixels"][rows] * [1.0, -1.0], camera_id=c + 1, image_id=c + 1
        )
        pose = pycolmap.Rigid3d(pycolmap.Rotation3d(R[c]), TURN @ own[3:6])
        made.add_image_with_trivial_frame(image, pose)
    for xyz, elements in zip(data["points"], seen, strict=True):
        made.add_point3D(xyz, pycolmap.Track([pycolmap.TrackElement(i, k) for i, k in elements]))
    return made


def solved(data: Any, steps: int, solver: Any) -> dict:
    """Cost, seconds and whether it was taken, of each iteration; without building the problem."""
    made, config = reconstruction(data), pycolmap.BundleAdjustmentConfig()
    for c in range(len(data["cameras"])):
        config.add_image(c + 1)
    adjuster = pycolmap.create_default_ceres_bundle_adjuster(pycolmap.BundleAdjustmentOptions(), config, made)
    options = pyceres.SolverOptions()
    options.linear_solver_type, options.num_threads = solver, THREADS
    options.max_num_iterations, options.function_tolerance = steps, 1e-16
    options.gradient_tolerance = options.parameter_tolerance = 1e-16
    trace: list[tuple[float, float, bool]] = []

    class Watch(pyceres.IterationCallback):  # type: ignore[misc]
        def __call__(self, summary: Any) -> Any:
            trace.append((summary.cost, summary.cumulative_time_in_seconds, bool(summary.step_is_successful)))
            return pyceres.CallbackReturnType.SOLVER_CONTINUE

    watch = Watch()
    options.callbacks = [watch]
    summary = pyceres.SolverSummary()
    begin, processor = time.perf_counter(), time.process_time()
    pyceres.solve(options, adjuster.problem, summary)
    return {
        "trace": trace, "seconds": time.perf_counter() - begin, "processor": time.process_time() - processor,
        "final": summary.final_cost, "version": f"pycolmap {pycolmap.__version__}, pyceres {pyceres.__version__}",
    }  # fmt: skip


if __name__ == "__main__":
    given = np.load(sys.argv[1])
    print(json.dumps(solved(given, int(sys.argv[2]), getattr(pyceres.LinearSolverType, sys.argv[3]))))

"""Wrong loop closures on M3500 and sphere2500: graduated non-convexity beside the map without them and beside GTSAM."""

from benchmarks import outlier_runs
from benchmarks.suite import Suite

ABOUT = (
    "To each graph wrong loop closures are added, with a fixed seed, so that they are the named share of all loop "
    "closures: between any two poses, their rotation uniform, their translation uniform in a cube as large as the map, "
    "with the information of a right loop closure. *ATE* is the root of the mean square distance of the positions to "
    "the true ones after the best rigid motion. The truth of M3500 is its measurements rounded to whole meters and "
    "quarter turns: all 5453 then agree exactly, none is rounded by more than 0.1. That of sphere2500 is the file "
    "without noise that GTSAM brings, along its odometry. *Without* is the optimum of the same graph without the wrong "
    'ones, by `optimize` with no loss. Ours: `loss="gnc"` with all defaults, from the odometry. GTSAM: '
    "`GncLMOptimizer`, truncated least squares, odometry as known inliers, thresholds at 0.99, the rest by default, "
    "from the same values; only with `GTSAM_GNC=1`, for it takes long. Seconds are of the processor, first call, with "
    "compilation."
)

SUITE = Suite("outliers", "Wrong loop closures", ABOUT, {"runs": outlier_runs})

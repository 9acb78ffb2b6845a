"""Graphs in other ways than one batch: maps that grow beside iSAM2, many small graphs at once, a user's factor."""

from benchmarks import slam_growing_runs, slam_many_runs, slam_own_runs
from benchmarks.suite import Suite

ABOUT = (
    "A map grows by some poses at a time, with all edges to poses that are there; every system composes the first "
    "guess of new poses from its own estimate of the last one and the odometry. Ours is timed with everything the "
    "user calls (`extend`, `add_factors`, `update`); of iSAM2 the update and the estimate of all poses are, making "
    "factors is not. All minimize the same function (`log`, GTSAM's); costs are one referee's. *iSAM2 as it comes* "
    "linearizes anew where a variable moved by 0.1, at every tenth update; *0.001* at every one, which comes nearer to "
    "the minimum. The first ten pieces are left out: they compile. Seconds are those of the processor, unless said."
)

SUITE = Suite(
    "slam_incremental", "Maps that grow, and many graphs", ABOUT,
    {"growing": slam_growing_runs, "many": slam_many_runs, "own": slam_own_runs},
)  # fmt: skip

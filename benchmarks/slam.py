"""Pose graphs: g2o's data sets to their best known values, beside GTSAM and g2o."""

from benchmarks import slam_runs
from benchmarks.suite import Suite

ABOUT = (
    "Everything in turns, in one process a data set. Every system begins with the same values: those of the file (of "
    "files without: along a spanning tree of their edges), or our chordal start; poses are renumbered. All costs are "
    "one referee's. GTSAM minimizes another function than g2o does (`log`: the logarithm of the error, with full "
    "angles in space), so ours is minimized twice, each beside who minimizes the same. *From best* is the relative "
    "distance to the best known value of the data's README; of `log` in the plane, which has none there, to the least "
    "found here. Seconds are those of second calls; one that takes above 3 s is made once, and one "
    "that takes above 30 by the clock is given up (g2o, which cannot be ended from outside, gets as many iterations as "
    "30 s have room for by the first). *Steps* is our loop alone, after compilation; *all* is steps "
    "with prepare (the structure of the graph, which a second call finds remembered) and certificate (exact Hessian, "
    "Newton steps where they are longer than 4e-6), without reading and start. Of GTSAM and g2o the seconds are those "
    "of making the optimizer and optimizing (ordering and symbolic analysis are in them), until the cost falls by less "
    "than 1e-10 of itself, at most 100 iterations; of Levenberg-Marquardt and Gauss-Newton the better counts: the "
    "quicker of those that cost within 1e-6 of the less."
)

SUITE = Suite("slam", "Pose graphs", ABOUT, {"runs": slam_runs})

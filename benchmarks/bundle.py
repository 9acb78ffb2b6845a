"""Bundle adjustment: BAL's problems to a cost, beside Ceres."""

from benchmarks import bundle_runs
from benchmarks.suite import Suite

ABOUT = (
    "All in turns, in one run: time in the loop alone, after compilation, from the start of the file to the first "
    "point that costs no more than the mark. *prepare* is the graph and its plans, on the host; a certificate is not "
    "in it. Ceres runs in C++ throughout, by one thread, on COLMAP's cost functions (pycolmap; pyceres alone has none "
    "for cameras), with Ceres's own damping; COLMAP leaves out what lies behind a camera, hence its other start cost "
    "on Ladybug. `CERES_PYTHON` names the Python that has both."
)

SUITE = Suite("bundle", "Bundle adjustment", ABOUT, {"runs": bundle_runs})

"""Products with H, counted: trust-cg and newton-cg on a fixed set of functions of 40 to 9604 variables."""

from benchmarks import product_runs
from benchmarks.suite import Suite

ABOUT = (
    "Counts alone, which a busy machine does not change: of a run, without its certificate. *products* are all that "
    "the run made: for steps, for units, and for what rounding x does to g."
)

SUITE = Suite("products", "Methods that see H by products, counted", ABOUT, {"counts": product_runs})

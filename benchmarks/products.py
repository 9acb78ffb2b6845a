"""Products with H: counted in runs of methods on a fixed set of functions, and timed beside gradients."""

from benchmarks import product_cost, product_runs
from benchmarks.suite import Suite

ABOUT = (
    "Counts alone, which a busy machine does not change: of a run, without its certificate. *products* are all that "
    "the run made: for steps, for units, and for what rounding x does to g."
)

SECTIONS = {"counts": product_runs, "cost": product_cost}

SUITE = Suite("products", "Methods that see H by products, counted", ABOUT, SECTIONS)

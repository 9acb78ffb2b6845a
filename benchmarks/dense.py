"""The dense core beside SciPy and optimistix: warm, cold, batched, and fresh lambdas (TARGETS B)."""

from benchmarks import batch, cold, lambdas, warm
from benchmarks.suite import Suite

ABOUT = (
    "*Right* compares the final value of f with the listed minima (4 digits, Ceres' convention); *says* is what the "
    "solver itself claims. **False success** is a claim that is wrong. All solvers run at their default accuracy, "
    "optimistix at rtol = atol = 1e-8; the final f shows what that is worth."
)

SUITE = Suite(
    "dense", "The dense core, measured", ABOUT, {"warm": warm, "cold": cold, "batch": batch, "lambdas": lambdas}
)

"""Generalized linear models beside scikit-learn's newton-cholesky."""

from benchmarks import glm_runs
from benchmarks.suite import Suite

ABOUT = (
    "Random designs, a ridge of 1 (C = 1; alpha = 1/n), estimators of both with their checks of the input, `tol=1e-10` "
    "for scikit-learn. Processor time of a warm fit, which others on the machine change less than the clock; *ratio* "
    "is scikit-learn's over ours. *first*: what the first fit of a process takes beyond a warm one, wall clock, "
    "without kept programs: imports, and nothing that is compiled. *apart*: the largest difference of coefficients "
    "over the largest one."
)

SUITE = Suite("glm", "Generalized linear models beside newton-cholesky", ABOUT, {"fits": glm_runs})

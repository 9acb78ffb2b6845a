"""NIST's 27 regression problems: digits, the same as scalar minimization, speed, and batches (TARGETS B)."""

from benchmarks import nist_batch, nist_digits, nist_scalar, nist_speed
from benchmarks.suite import Suite

ABOUT = (
    "The *digits* of a run are its log relative error, -log10 |b - certified| / |certified|, of the worst parameter: "
    "capped at 11 (the certificates have no more), 0 where it is negative or not a number. *Solved*: at least 4. "
    "**Success but wrong**: the solver says that it succeeded, with fewer than 4 digits (another minimum counts as "
    "wrong, as in NIST's protocol). Start 1 is far from the answer, start 2 near. Everybody runs at default settings "
    "unless the line says otherwise; optimistix, which has none, at rtol = atol = 1e-8, at most 10 000 steps."
)

SUITE = Suite(
    "nist",
    "NIST's Statistical Reference Datasets, measured",
    ABOUT,
    {"digits": nist_digits, "scalar": nist_scalar, "speed": nist_speed, "batch": nist_batch},
)

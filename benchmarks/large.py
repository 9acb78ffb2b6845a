"""Many variables: time, peak memory, products per accepted step, and the certificate's share (TARGETS B2)."""

from benchmarks import large_runs, large_sparse, sparse_fits
from benchmarks.suite import Suite

ABOUT = (
    "Every row is a process of its own; *peak* is its largest resident memory, Python and JAX included. *cpu*: seconds "
    "of processor time, which others on the machine change less than seconds on the clock; both are of a second call, "
    "compiled already. *certificate* is everything after the last trial."
)

SECTIONS = {"runs": large_runs, "sparse": large_sparse, "fits": sparse_fits}

SUITE = Suite("large", "Many variables, measured", ABOUT, SECTIONS)

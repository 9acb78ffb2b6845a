"""The choice of a method: every way on every problem, beside the one that `auto` takes."""

from benchmarks import choice_counts, choice_held_out, choice_runs, choice_third
from benchmarks.suite import Suite

ABOUT = (
    "Every row of *ways* is a process of its own: *dense* dogleg, *sparse* trust-exact with a sparse factorization, "
    "*products* trust-cg, *L-BFGS*; seconds of processor time of one core (others were computing), of a second call, "
    "and behind the stroke of a first one, pattern and compilation included, nothing cached. In parentheses: f was not "
    "as low as the lowest of all ways (1e-8). *auto*: what the choice takes, with what choosing takes. Where dense H "
    "has more than 2600 variables, or H is full or its factor is, that way is not measured. *Hold-out*: problems to "
    "which no constant was fitted before 2026-11-28; *Third set*: to which none was fitted at all, written down before "
    "the fit to the first two. Each was solved by auto itself as well."
)

SECTIONS = {"runs": choice_runs, "counts": choice_counts, "holdout": choice_held_out.SET, "third": choice_third.SET}

SUITE = Suite("choice", "The choice of a method, measured", ABOUT, SECTIONS)

"""The choice of a method: every candidate on every problem, beside what `auto` takes."""

from benchmarks import choice_runs
from benchmarks.suite import Suite

ABOUT = "Every row is a process of its own."

SUITE = Suite("choice", "The choice of a method, measured", ABOUT, {"runs": choice_runs})

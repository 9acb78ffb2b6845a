"""`python -m benchmarks NAME` (one of `NAMES`): runs a benchmark, section by section, and writes its tables."""

import argparse
import json
import sys
from importlib import import_module

from benchmarks.suite import Suite

NAMES = (
    "dense",
    "nist",
    "first_try",
    "large",
    "products",
    "choice",
    "bundle",
    "slam",
    "slam_incremental",
    "outliers",
    "learning_products",
    "learning_peers",
    "training",
    "glm",
)


def suite(name: str) -> Suite:
    """A benchmark by name; the others are not imported."""
    return import_module(f"benchmarks.{name}").SUITE


def main() -> int:
    """Parses the command line. `row` is what the benchmark calls itself with, one process a row."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("benchmark", nargs="?", default="dense", choices=(*NAMES, "row"))
    parser.add_argument("row", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--section", action="append", metavar="NAME", help="only these (repeatable)")
    parser.add_argument("--only", action="append", metavar="KEY", help="only these rows, e.g. rosenbrock (repeatable)")
    parser.add_argument("--quick", action="store_true", help="fewer repeats and problems; kept apart from full results")
    parser.add_argument("--fresh", action="store_true", help="measure again what is there already")
    parser.add_argument("--render", action="store_true", help="measure nothing; write the tables from what is there")
    parser.add_argument("--timeout", type=float, default=1800.0, help="seconds for one row (default 1800)")
    asked = parser.parse_args()
    if asked.benchmark == "row":
        name, section, key, answer = asked.row
        found = suite(name).sections[section].measure(key, asked.quick)
        with open(answer, "w", encoding="utf-8") as file:
            json.dump(found, file)
        return 0
    chosen = suite(asked.benchmark)
    sections = asked.section or list(chosen.sections)
    unknown = [section for section in sections if section not in chosen.sections]
    if unknown:
        parser.error(f"no section {unknown[0]!r} in {chosen.name}: there are {', '.join(chosen.sections)}")
    if not asked.render:
        chosen.collect(sections, asked.only, quick=asked.quick, fresh=asked.fresh, timeout=asked.timeout)
    print(f"tables: {chosen.render(quick=asked.quick)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

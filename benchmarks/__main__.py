"""`python -m benchmarks dense`: runs a benchmark, section by section, and writes its tables."""

import argparse
import json
import sys

from benchmarks import dense


def main() -> int:
    """Parses the command line. `row` is what the benchmark calls itself with, one process a row."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("benchmark", nargs="?", default="dense", choices=("dense", "row"))
    parser.add_argument("row", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--section", action="append", choices=tuple(dense.SECTIONS), help="only these (repeatable)")
    parser.add_argument("--only", action="append", metavar="KEY", help="only these rows, e.g. rosenbrock (repeatable)")
    parser.add_argument("--quick", action="store_true", help="fewer repeats and problems; kept apart from full results")
    parser.add_argument("--fresh", action="store_true", help="measure again what is there already")
    parser.add_argument("--render", action="store_true", help="measure nothing; write the tables from what is there")
    parser.add_argument("--timeout", type=float, default=1800.0, help="seconds for one row (default 1800)")
    asked = parser.parse_args()
    if asked.benchmark == "row":
        section, key, answer = asked.row
        found = dense.SECTIONS[section].measure(key, asked.quick)
        with open(answer, "w", encoding="utf-8") as file:
            json.dump(found, file)
        return 0
    sections = asked.section or list(dense.SECTIONS)
    if not asked.render:
        dense.collect(sections, asked.only, quick=asked.quick, fresh=asked.fresh, timeout=asked.timeout)
    print(f"tables: {dense.render(quick=asked.quick)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

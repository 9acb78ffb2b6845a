"""SciPy's own tests as a referee: `make test-scipy` runs them from the installed wheel with our three doors.

In every test module collected, the names minimize, least_squares and curve_fit, and those of the module
`optimize`, lead to raphson; nothing is copied. A test that reaches a door must pass, or stand in `aside.toml`:

- [refused]: methods that are not built. Such a test is left aside only if a door truly refused that method in it.
- [details] and [open]: patterns of "test_module.py::Class::test[case]", each with its reason.

A failure that is not listed fails the run, and so does a line of the list that fits no test, or a method there that
no test was refused. A listed test that passes is reported. A test that reaches no door says nothing about us.
$RAPHSON_SCIPY_LOG: a file that gets one JSON line a test, as it ends.
"""

import fnmatch
import json
import os
import tomllib
import types
from pathlib import Path

import pytest
import scipy.optimize as scipy_optimize

import raphson

ASIDE = tomllib.loads((Path(__file__).parent / "aside.toml").read_text())
PATTERNS = {pattern: reason for part in ("details", "open") for pattern, reason in ASIDE.get(part, {}).items()}


class Calls:
    """The doors that the running test went through, and what they refused there."""

    doors: set[str] = set()  # noqa: RUF012
    refused: set[str] = set()  # noqa: RUF012


def watched(name):
    """A door that writes down its calls."""
    door = getattr(raphson, name)

    def call(*args, **keywords):
        method = keywords.get("method", args[3] if name == "minimize" and len(args) > 3 else None)
        Calls.doors.add(f"{name}:{method}")
        try:
            return door(*args, **keywords)
        except (NotImplementedError, ValueError, TypeError) as refusal:
            if "not built" in str(refusal):
                Calls.refused.add(refused_name(method, keywords))
            raise

    return call


def refused_name(method, keywords):
    """What was asked for, in the words of [refused]."""
    if callable(method):
        return "a function as method"
    if "constraints" in keywords and not (isinstance(method, str) and method.lower() in ASIDE["refused"]):
        return "constraints"
    return str(method).lower()


DOORS = {name: watched(name) for name in ("minimize", "least_squares", "curve_fit")}


class Doors(types.ModuleType):
    """scipy.optimize with our doors."""

    def __getattr__(self, name):
        return DOORS.get(name) or getattr(scipy_optimize, name)


def pytest_collection_modifyitems(items):
    for module in {item.module for item in items if getattr(item, "module", None)}:
        for name, door in DOORS.items():
            if getattr(module, name, None) is getattr(scipy_optimize, name):
                setattr(module, name, door)
        if getattr(module, "optimize", None) is scipy_optimize:
            module.optimize = Doors("optimize")


def name_of(item):
    """test_module.py::Class::test[case], wherever SciPy is installed."""
    return f"{item.path.name}::{item.nodeid.partition('::')[2]}"


def listed(name):
    """The patterns that fit a test; a [ in them means itself."""
    return [p for p in PATTERNS if fnmatch.fnmatchcase(name, p.replace("[", "[[]"))]


def verdict(name, outcome, doors, refused):
    """One of pass, aside, elsewhere, fault; with the reason."""
    if outcome != "failed":
        return ("pass" if doors else "elsewhere"), ""
    known = [r for r in refused if r in ASIDE["refused"]]
    if known:
        return "aside", f"{known[0]}: {ASIDE['refused'][known[0]]}"
    patterns = listed(name)
    if patterns:
        return "aside", PATTERNS[patterns[0]]
    return ("fault" if doors else "elsewhere"), ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "setup":
        Calls.doors, Calls.refused = set(), set()
    if report.when == "call":
        outcome = report.outcome if not hasattr(report, "wasxfail") else "passed"
        name = name_of(item)
        what, reason = verdict(name, outcome, Calls.doors, Calls.refused)
        why = "" if call.excinfo is None else f"{call.excinfo.typename}: {call.excinfo.value}"[:300]
        report.user_properties.append(
            (
                "referee",
                (name, what, outcome, sorted(Calls.doors), sorted(Calls.refused), why, round(report.duration, 1)),
            )
        )
        if outcome == "failed" and what != "fault":
            report.outcome, report.wasxfail = "skipped", reason or "reaches no door"
    return report


class Book:
    """What became of every test, in the process that reports."""

    tests: dict[str, tuple] = {}  # noqa: RUF012


def pytest_runtest_logreport(report):
    row = dict(report.user_properties).get("referee")
    if report.when == "call" and row is not None:
        Book.tests[row[0]] = tuple(row[1:])
        if path := os.environ.get("RAPHSON_SCIPY_LOG"):
            with open(path, "a") as log:
                log.write(json.dumps(row) + "\n")


def dead_lines():
    """Lines of the list that fit nothing any more: no test at all, or (refused) nothing that was refused."""
    refused = {r for row in Book.tests.values() for r in row[3]}
    patterns = {p for name in Book.tests for p in listed(name)}
    return [r for r in ASIDE["refused"] if r not in refused] + [p for p in PATTERNS if p not in patterns]


def cured():
    """Patterns whose tests all pass now, those that need no line any more."""
    failing = {p for name, row in Book.tests.items() if row[1] == "failed" for p in listed(name)}
    return [p for p in PATTERNS if p not in failing]


def whole(config):
    """Whether all of SciPy's modules ran: only then may a line be called dead."""
    return not config.option.keyword and not config.option.collectonly and len(config.args) > 5


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput") and whole(session.config) and dead_lines() and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    if hasattr(config, "workerinput"):
        return
    write = terminalreporter.write_line
    count = lambda kind: sum(row[0] == kind for row in Book.tests.values())
    passed = {name for name, row in Book.tests.items() if row[0] == "pass" and row[1] == "passed"}
    for name, row in sorted(Book.tests.items()):
        if row[0] == "fault":
            write(f"FAULT {name} ({', '.join(row[2])}): {row[4]}".splitlines()[0])
    if whole(config):
        for pattern in cured():
            write(f"listed, but passes: {pattern}")
        for line in dead_lines():
            write(f"ERROR aside.toml: nothing fits {line!r}")
    write(
        f"tests that reach a door: {len(passed)} pass, {count('fault')} faults, {count('aside')} left aside with a "
        f"reason (tests/scipy_suite/aside.toml); {count('elsewhere')} reach none"
    )

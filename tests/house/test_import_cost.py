"""`import raphson` is cheap, silent, and small enough to read."""

import json
import subprocess
import sys

import pytest

HEAVY = ("matplotlib", "typer", "rich", "scipy.optimize")
PUBLIC_NAMES = 45

PROBE = """
import json, sys
import raphson
json.dump({"modules": list(sys.modules), "names": list(raphson.__all__),
           "missing": [name for name in raphson.__all__ if not hasattr(raphson, name)]}, sys.stderr)
"""


@pytest.fixture(scope="module")
def fresh_import() -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def seen(fresh_import: subprocess.CompletedProcess[str]) -> dict[str, list[str]]:
    assert fresh_import.returncode == 0, fresh_import.stderr
    return json.loads(fresh_import.stderr.splitlines()[-1])


def test_import_loads_nothing_heavy(seen: dict[str, list[str]]) -> None:
    loaded = [module for module in HEAVY if module in seen["modules"]]
    assert not loaded, f"import raphson also imports {loaded}: import them where they are used"


def test_import_is_silent(fresh_import: subprocess.CompletedProcess[str]) -> None:
    assert fresh_import.stdout == ""


def test_the_public_names_are_few_and_there(seen: dict[str, list[str]]) -> None:
    assert not seen["missing"]
    assert len(seen["names"]) == len(set(seen["names"]))
    assert len(seen["names"]) <= PUBLIC_NAMES, f"{len(seen['names'])} public names"

"""One device, eight devices and two processes give the same numbers, with one reduction for each product."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
ACCURACY = 1e-10


def devices(count: int) -> dict[str, str]:
    """The environment of a process that sees so many devices."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={count}"
    return {**os.environ, "XLA_FLAGS": flags, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}


def found(command: list[str], count: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, timeout=300, env=devices(count), cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.split("found ")[1].splitlines()[0])


@pytest.fixture(scope="module")
def eight() -> dict[str, Any]:
    return found(["tests.laws.mesh_world"], 8)


def same(numbers: dict[str, Any]) -> None:
    from tests.laws.mesh_world import quantities

    for name, alone in quantities(None).items():
        gap = np.max(np.abs(np.asarray(numbers[name]) - np.asarray(alone)))
        assert gap <= ACCURACY * np.max(np.abs(alone)), name


def test_eight_devices_give_the_numbers_of_one(eight: dict[str, Any]) -> None:
    assert (eight["processes"], eight["devices"]) == (1, 8)
    same(eight["numbers"])


def test_a_product_is_reduced_once(eight: dict[str, Any]) -> None:
    """Also over several microbatches, several leaves, and where a last example is added."""
    assert len(eight["reductions"]) == 9
    assert all(sent == ["all-reduce"] for sent in eight["reductions"].values()), eight["reductions"]


def test_what_is_distributed_stays_so_and_few_examples_suffice(eight: dict[str, Any]) -> None:
    assert eight["wrong"] == []

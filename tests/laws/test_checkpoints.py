"""What is saved is read bit by bit; a killed run goes on as if it had not been; other runs' states are refused."""

import os
import random
import runpy
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

import raphson as rp
from tests.laws.test_mesh import ROOT, devices

STEPS = 7
SPIRAL = """
import os, sys, time
import jax, jax.numpy as jnp, numpy as np
import raphson as rp

me = rp.ml.distributed()
folder, steps = sys.argv[1], int(sys.argv[2])
mesh = jax.make_mesh((jax.device_count(),), ("data",))
cut = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("data"))
state = {"x": jax.device_put(np.arange(8.0), cut), "key": jax.random.key(1), "moved": 0}


@jax.jit
def moved(x, key):
    key, own = jax.random.split(key)
    return jnp.sin(3 * x + jax.random.normal(own, x.shape) + x.sum()), key


kept = rp.ml.Checkpoints(folder, keep=2, config={"run": "spiral"})
found = kept.restore(state)
first = 0
if found is not None:
    first, state = found[0], found[1]
print("begins", first, flush=True)
for step in range(first + 1, steps + 1):
    x, key = moved(state["x"], state["key"])
    state = {"x": x, "key": key, "moved": state["moved"] + 1}
    kept.save(step, state)
    print("step", step, flush=True)
    if step == steps - 1 and "to be killed" in sys.argv:
        time.sleep(600)
for shard in state["x"].addressable_shards:
    print("found", shard.index[0].start or 0, state["moved"], shard.data.tobytes().hex(), flush=True)
"""


def state(scale: float = 1.0) -> Any:
    """Every kind of leaf."""
    return {
        "params": (jnp.arange(6.0).reshape(2, 3) * scale, jnp.ones((), jnp.bfloat16)),
        "keys": jax.random.split(jax.random.key(3), 2),
        "other": jax.random.key(4, impl="rbg"),
        "host": [np.arange(3, dtype=np.int8), np.zeros((0, 2)), np.float32(scale), np.array([True, False])],
        "numbers": (1, scale, True),
        "large": jnp.linspace(0, scale, 1 << 18),
        "odd": np.array([np.nan, -0.0, np.inf, 5e-324]) * scale,
        "none": None,
        "eighth": np.ones(2, ml_dtypes.float8_e4m3fn),
    }


def bits(tree: Any) -> list[Any]:
    """Types and bytes."""
    leaves = [jax.random.key_data(a) if rp.ml.checkpoints.is_key(a) else a for a in jax.tree.leaves(tree)]
    return [(type(a), np.asarray(a).dtype, np.shape(a), np.asarray(a).tobytes()) for a in leaves]


def test_a_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    kept = rp.ml.Checkpoints(tmp_path / "run", keep=2, config={"seed": 3})
    assert kept.restore(state()) is None and kept.steps == []
    for step in (0, 5, 7):
        kept.save(step, state(step + 1.0))
    again = rp.ml.Checkpoints(tmp_path / "run", config={"seed": 3})
    assert again.steps == [5, 7]
    for step, wanted in ((7, None), (5, 5)):
        found = again.restore(state(), wanted)
        assert found is not None and found[0] == step and bits(found[1]) == bits(state(step + 1.0))
        assert jax.tree.structure(found[1]) == jax.tree.structure(state())
        assert jax.random.key_impl(found[1]["other"]) == jax.random.key_impl(state()["other"])


def test_what_belongs_to_another_run_is_refused_by_name(tmp_path: Path) -> None:
    kept = rp.ml.Checkpoints(tmp_path, config={"seed": 3})
    kept.save(4, {"w": np.ones(3), "b": 1.0})
    for like, words in [
        ({"w": np.ones(4), "b": 1.0}, r"\['w'\] \(3,\) float64 where the state has \['w'\] \(4,\)"),
        ({"w": np.ones(3, np.float32), "b": 1.0}, "float32"),
        ({"v": np.ones(3), "b": 1.0}, "'v'"),
        ({"b": 1.0}, "'w'|has 2 arrays"),
    ]:
        with pytest.raises(ValueError, match=words):
            kept.restore(like)
    with pytest.raises(ValueError, match="seed was 3 there and is 4"):
        rp.ml.Checkpoints(tmp_path, config={"seed": 4}).restore({"w": np.ones(3), "b": 1.0})
    with pytest.raises(ValueError, match="holds step 4"):
        kept.save(4, {"w": np.ones(3), "b": 1.0})
    with pytest.raises(ValueError, match="no step 9: there are 4"):
        kept.restore({"w": np.ones(3), "b": 1.0}, 9)
    with pytest.raises(TypeError, match="neither"):
        kept.save(5, {"w": "words"})
    with pytest.raises(ValueError, match="JSON"):
        rp.ml.Checkpoints(tmp_path, config={"loss": len})
    with pytest.raises(ValueError, match="keep"):
        rp.ml.Checkpoints(tmp_path, keep=0)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="is a file"):
        rp.ml.Checkpoints(tmp_path / "file")
    shutil.rmtree(tmp_path / "4" / "state")
    with pytest.raises(ValueError, match="damaged"):
        kept.restore({"w": np.ones(3), "b": 1.0})
    (tmp_path / "4" / "about" / "metadata").write_text("{")
    with pytest.raises(ValueError, match="damaged"):
        kept.restore({"w": np.ones(3), "b": 1.0})


def test_what_holds_no_state_is_passed_over_and_two_views_see_the_same(tmp_path: Path) -> None:
    """An empty folder, one that cannot be read, what a killed writer left: the run goes on from what is whole."""
    like = {"w": np.ones(3)}
    kept, other = rp.ml.Checkpoints(tmp_path), rp.ml.Checkpoints(tmp_path)
    (tmp_path / "9").mkdir()
    with pytest.warns(UserWarning, match="step 9: passed over, nothing else is there"):
        assert kept.restore(like) is None
    kept.save(1, like)
    other.save(2, like)
    assert kept.steps == other.steps == [1, 2] and not (tmp_path / "9").exists()
    shutil.copytree(tmp_path / "2", tmp_path / "5")
    shutil.rmtree(tmp_path / "5" / "state")
    (tmp_path / "7" / "state").mkdir(parents=True)
    (tmp_path / "3.orbax-checkpoint-tmp" / "state").mkdir(parents=True)
    with pytest.warns(UserWarning, match="from step 5, 7: passed over, the run goes on from step 2"):
        found = kept.restore(like)
    assert found is not None and found[0] == 2
    kept.save(3, like)
    assert other.steps == [1, 2, 3]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2", "3", "5.unreadable"]
    for folder, own in ((tmp_path, True), (tmp_path / "other", False)):  # classes of images, say, in folders 0 to 9
        (folder / "0").mkdir(parents=True)
        (folder / "0" / "data").write_text("")
        strange = rp.ml.Checkpoints(folder, keep=1)
        if own:
            strange.save(4, like)
        else:
            with pytest.raises(ValueError, match="0 is no state of a run: give states a folder of their own"):
                strange.save(4, like)
        assert (folder / ("0.unreadable" if own else "0") / "data").exists()


def shards(lines: list[str]) -> list[str]:
    return sorted(line.split("found ")[1].strip() for line in lines if "found " in line)


def run(command: list[str], folder: Path, rng: random.Random | None, each: int) -> tuple[int, list[str]]:
    """Exit code and lines of a run, which is killed soon after its second to fourth step, and before its last one."""
    arguments = [sys.executable, *command, str(folder), str(STEPS), *([] if rng is None else ["to be killed"])]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=devices(1), cwd=ROOT)
    assert process.stdout is not None
    lines: list[str] = []
    last = 0 if rng is None else each * rng.randint(2, 4)
    for line in process.stdout:
        lines.append(line)
        if rng is not None and "step" in line and (last := last - 1) == 0:
            time.sleep(rng.uniform(0, 0.2))  # a write takes 0.02 to 0.5 seconds
            os.kill(process.pid, 9)
    return process.wait(), lines


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_killed_run_goes_on_bitwise(
    tmp_path: Path, processes: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed at a random time; with two processes the launcher is, and the state is distributed over both."""
    script = tmp_path / "spiral.py"
    script.write_text(SPIRAL)
    command = [*(["-m", "raphson", "launch"] if processes == 2 else []), str(script)]
    if processes == 2:
        code, whole = run(command, tmp_path / "whole", None, processes)
        assert code == 0
    else:
        monkeypatch.setattr(sys, "argv", [str(script), str(tmp_path / "whole"), str(STEPS)])
        runpy.run_path(str(script))
        whole = capsys.readouterr().out.splitlines()
    code, cut = run(command, tmp_path / "cut", random.Random(int.from_bytes(os.urandom(4))), processes)
    assert code == -9 and not shards(cut)
    code, rest = run(command, tmp_path / "cut", None, processes)
    begins = {int(line.split("begins ")[1]) for line in rest if "begins " in line}
    assert code == 0 and len(begins) == 1 and 1 <= begins.pop() < STEPS
    assert shards(rest) == shards(whole) and len(shards(rest)) == processes

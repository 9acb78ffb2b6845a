"""A training run with a folder of states goes on from the latest, bit by bit the run that was not cut."""

import resource
import shutil
import signal
from pathlib import Path
from typing import Any

import jax
import numpy as np
import optax
import pytest

import raphson as rp
from tests.laws.test_training import PARAMS, RISK

GIVEN: dict[str, Any] = {"batch_size": 32, "seed": 4}


def same(a: Any, b: Any) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


@pytest.mark.parametrize("method", ["newton-cg", optax.adam(0.01)], ids=["newton-cg", "adam"])
def test_a_run_goes_on_from_its_folder(tmp_path: Path, method: Any) -> None:
    given = {**GIVEN, "method": method}
    whole = rp.ml.train(RISK, PARAMS, steps=11, **given)
    kept = rp.ml.Checkpoints(tmp_path, every=4)
    first = rp.ml.train(RISK, PARAMS, steps=6, checkpoint=kept, **given)
    assert kept.steps == [4, 6] and int(first.state.trials) == 6
    shutil.rmtree(tmp_path / "6")  # as if it had been killed after the fifth trial
    rest = rp.ml.train(RISK, PARAMS, steps=11, checkpoint=rp.ml.Checkpoints(tmp_path, every=4), **given)
    assert len(rest.trace) == 7 and same(rest.params, whole.params) and same(rest.state, whole.state)
    again = rp.ml.train(RISK, PARAMS, steps=11, checkpoint=rp.ml.Checkpoints(tmp_path), **given)
    assert len(again.trace) == 0 and same(again.params, whole.params)


def test_epochs_are_those_of_the_whole_run_and_another_run_is_refused(tmp_path: Path) -> None:
    given = {**GIVEN, "method": optax.adam(0.01)}
    whole = rp.ml.train(RISK, PARAMS, epochs=2, **given)
    for epochs in (1, 2, 2):
        done = rp.ml.train(RISK, PARAMS, epochs=epochs, checkpoint=tmp_path, **given)
    assert len(done.trace) == 0 and same(done.params, whole.params)
    with pytest.raises(ValueError, match="seed was 4 there and is 5"):
        rp.ml.train(RISK, PARAMS, epochs=3, checkpoint=tmp_path, **{**given, "seed": 5})
    with pytest.raises(TypeError, match="a folder"):
        rp.ml.train(RISK, PARAMS, epochs=3, checkpoint=3, **given)


def test_a_full_disk_ends_no_run_and_a_folder_that_takes_nothing_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, before = rp.ml.Checkpoints(tmp_path, every=2), resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        with pytest.warns(RuntimeWarning, match="step 2 could not be saved"):
            run = rp.ml.train(RISK, PARAMS, steps=3, checkpoint=kept, method=optax.adam(0.01), **GIVEN)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert len(run.trace) == 3 and any("step 3 could not be saved" in note for note in run.notes)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr("os.access", lambda *a: False)
    with pytest.raises(PermissionError, match="cannot be written to"):
        rp.ml.train(RISK, PARAMS, steps=3, checkpoint=kept, method=optax.adam(0.01), **GIVEN)
    with pytest.raises(NotADirectoryError, match="cannot be made"):
        (tmp_path / "file").touch()
        rp.ml.Checkpoints(tmp_path / "file" / "run")

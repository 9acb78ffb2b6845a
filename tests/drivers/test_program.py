"""Our own compiled programs are kept between processes; what belongs to the user is left alone."""

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental.compilation_cache import compilation_cache

from raphson.kernel import program
from raphson.kernel.program import Program, Shelf, kept_in

SETTINGS = tuple(kept_in(program.Path()))


def settings():
    return {name: getattr(jax.config, name) for name in SETTINGS}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The folder that compiled code would go to, in a process whose user has set no cache of JAX."""
    before = settings()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("RAPHSON_CACHE", raising=False)
    jax.config.update("jax_compilation_cache_dir", None)
    compilation_cache.reset_cache()
    yield tmp_path / "raphson" / "jax"
    for name, value in before.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()


def test_ours_is_kept_for_the_owner_alone_and_the_users_is_not(place):
    before = settings()
    ours = Program(lambda x: jnp.sin(x) + 1)
    theirs = jax.jit(lambda x: jnp.cos(x) + 2)
    np.testing.assert_allclose(ours(np.float64(1)), np.sin(1) + 1)
    np.testing.assert_allclose(theirs(np.float64(1)), np.cos(1) + 2)
    assert len([file for file in place.rglob("*") if file.is_file()]) == 1
    assert place.stat().st_mode & 0o777 == 0o700
    assert settings() == before
    assert Shelf.owner is None


def test_the_next_process_finds_it(place):
    """A process that has forgotten everything (`clear_caches`) takes the program from the folder."""
    hits = []
    listen = lambda event, **_: hits.append(event) if event.endswith("cache_hits") else None
    make = lambda: Program(lambda x: jnp.tan(x) * 3)
    make()(np.float64(1))
    jax.clear_caches()
    jax.monitoring.register_event_listener(listen)
    try:
        np.testing.assert_allclose(make()(np.float64(0.5)), 3 * np.tan(0.5))
    finally:
        jax.monitoring.unregister_event_listener(listen)
    assert len(hits) == 1


def test_one_program_within_another_is_one_program(place):
    inner = Program(lambda x: x * x)
    before = settings()
    assert float(Program(lambda x: inner(x) + inner(x))(np.float64(3))) == 18
    assert len([file for file in place.rglob("*") if file.is_file()]) == 1
    assert settings() == before


def test_the_switch_turns_it_off(place, monkeypatch):
    monkeypatch.setenv("RAPHSON_CACHE", "0")
    Program(lambda x: jnp.sin(x) + 4)(np.float64(1))
    assert not place.exists()


def test_a_folder_of_the_users_is_left_alone(place, tmp_path):
    jax.config.update("jax_compilation_cache_dir", str(tmp_path / "theirs"))
    before = settings()
    Program(lambda x: jnp.sin(x) + 5)(np.float64(1))
    assert not place.exists()
    assert settings() == before


def test_a_folder_that_cannot_be_made_is_done_without(place):
    place.parent.parent.joinpath("raphson").write_text("a file in its place")
    assert float(Program(lambda x: x + 6)(np.float64(1))) == 7


def test_an_exception_while_tracing_leaves_the_settings_as_they_were(place):
    before = settings()

    def broken(x):
        raise RuntimeError("as traced")

    with pytest.raises(RuntimeError, match="as traced"):
        Program(broken)(np.float64(1))
    assert settings() == before
    assert Shelf.owner is None


def test_threads_that_compile_at_once_agree_and_restore(place):
    before, found = settings(), {}
    programs = [Program(lambda x, k=k: jnp.sin(x) + k) for k in range(6)]

    def work(k):
        found[k] = float(programs[k](np.float64(1)))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_allclose([found[k] for k in range(6)], np.sin(1) + np.arange(6))
    assert settings() == before
    assert Shelf.owner is None


def test_a_folder_grown_too_large_loses_its_older_half(tmp_path, monkeypatch):
    monkeypatch.setattr(program, "LARGEST", 1000)
    for i in range(10):
        file = tmp_path / str(i)
        file.write_bytes(b"x" * 200)
        program.os.utime(file, (i, i))
    program.tidy(tmp_path)
    assert sorted(int(file.name) for file in tmp_path.iterdir()) == [5, 6, 7, 8, 9]

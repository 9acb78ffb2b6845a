"""A process does not run out of room for compiled programs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.kernel import room

linux = pytest.mark.skipif(room.limit() == 0, reason="the system does not say how many memory maps there may be")


@linux
def test_programs_are_forgotten_before_the_maps_run_out(monkeypatch):
    before = room.maps()
    functions = [jax.jit(lambda x, k=k: jnp.sin(k * x) + k) for k in range(40)]
    ours = [f(1.0) for f in functions]
    assert room.maps() > before
    monkeypatch.setattr(room.Pause, "calls", 0)
    monkeypatch.setattr(room, "limit", lambda: 10**9)
    assert not room.make_room() and room.Pause.calls > 1000
    monkeypatch.setattr(room, "limit", lambda: 1)
    assert not room.make_room()
    monkeypatch.setattr(room.Pause, "calls", 0)
    held = room.maps()
    assert room.make_room() and room.maps() < held
    assert ours[3] == functions[3](1.0) == pytest.approx(np.sin(3) + 3)


@linux
def test_a_run_that_had_to_make_room_is_the_same_run(monkeypatch):
    def well(x):
        return jnp.sum(jnp.cosh(x - 1)) + x[0] * x[1]

    plain = rp.minimize(well, [0.0, 3.0])
    monkeypatch.setattr(room.Pause, "calls", 0)
    monkeypatch.setattr(room, "limit", lambda: 1)
    again = rp.minimize(lambda x: well(x), [0.0, 3.0])
    np.testing.assert_array_equal(plain.trace.rows, again.trace.rows)

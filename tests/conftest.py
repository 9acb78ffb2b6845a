"""Settings that must stand before JAX is imported, and the data that the machine may have beside the checkout."""

import gc
import os
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["MPLBACKEND"] = "Agg"
os.environ.setdefault("RAPHSON_CACHE", "0")  # tests leave nothing in the home folder
os.environ["NO_COLOR"] = "1"
os.environ["COLUMNS"] = "120"

import pytest
from hypothesis import HealthCheck, settings

# The first example of a law pays for compilation, so a deadline would measure XLA. Derandomized, because a red
# run must be red again when it is repeated; RAPHSON_EXPLORE=1 looks for new counterexamples.
settings.register_profile(
    "raphson",
    deadline=None,
    derandomize=os.environ.get("RAPHSON_EXPLORE") != "1",
    max_examples=25,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("raphson")


# Tracing makes millions of small objects that live as long as their programs; looking through them takes 5 to 10 % of
# the time, and half of that is saved by looking more rarely.
gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared/` beside the checkout, with test data that the project does not ship."""
    path = Path(__file__).parents[2] / "shared"
    if not path.is_dir():
        pytest.skip(f"no {path}")
    return path

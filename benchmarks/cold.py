"""Cold: imports and first answers in fresh processes, with and without a warm compilation cache."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.tables import digits, met, middle, table

PROTOCOL = 1

KINDS = {
    "raphson minimize": ("raphson", False),
    "raphson minimize, cache warm": ("raphson", True),
    "jit(raphson solve)": ("solve", False),
    "jit(raphson solve), cache warm": ("solve", True),
    "optimistix BFGS": ("optimistix", False),
    "optimistix BFGS, cache warm": ("optimistix", True),
    "SciPy trust-exact": ("scipy", False),
}


def keys(quick: bool) -> list[str]:
    """A row of this section is a round through all kinds: they share what the machine does meanwhile."""
    return [f"round-{i + 1}" for i in range(2 if quick else 5)]


def measure(key: str, quick: bool) -> dict:
    """One fresh process of every kind. The first round also fills the files' cache by one process more."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        if key == "round-1":
            process("raphson")
        for kind, (who, cached) in KINDS.items():
            cache = str(Path(folder) / who) if cached else None
            if cache:
                process(who, cache)
            found[kind] = process(who, cache)
    return {"kinds": found}


def process(who: str, cache: str | None = None) -> dict:
    """One fresh process; `whole` is its life from the outside."""
    script = Path(__file__).with_name("first.py")
    begin = time.perf_counter()
    command = [sys.executable, "-P", str(script), who, *([cache] if cache else [])]
    # JAX's own cache, where one is asked for: raphson's is switched off.
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | {"RAPHSON_CACHE": "0"})
    whole = time.perf_counter() - begin
    if done.returncode:
        raise RuntimeError(f"{who}: {done.stderr.strip()[-200:]}")
    return json.loads(done.stdout.strip().splitlines()[-1]) | {"whole": whole}


def column(rows: dict[str, dict], kind: str, what: str) -> list[float]:
    """One number over the rounds."""
    return [row["kinds"][kind][what] for row in rows.values()]


def marks(rows: dict[str, dict]) -> list[tuple]:
    """Import, first answer, first answer with the cache."""
    asked = (
        ("import raphson over import jax", "raphson minimize", "import", 1.0),
        ("first `minimize`, n = 2", "raphson minimize", "first", 1.0),
        ("the same with a warm compilation cache", "raphson minimize, cache warm", "first", 0.4),
    )
    found = []
    for text, kind, what, most in asked:
        if not rows:
            continue
        values = column(rows, kind, what)
        span = f"{digits(middle(values))} s ({digits(min(values))} to {digits(max(values))})"
        found.append((text, f"<= {most} s", span, met(middle(values) <= most)))
    return found


ABOUT = (
    "Fresh processes, {rounds} of each kind in turns; seconds, medians. *import*: of the library, over `import jax` "
    "(SciPy: over nothing). *first*: the first answer on Rosenbrock n = 2, from the call, with JAX's own start and all "
    "compilation. *cache warm*: JAX's persistent compilation cache, filled by one process before."
)


def render(rows: dict[str, dict]) -> list[str]:
    """One line a kind."""
    lines = ["## Cold", "", ABOUT.format(rounds=len(rows)), ""]
    head = "kind | import jax | import | first | least first | second | whole process | method | f | says"
    body = []
    for kind in KINDS if rows else ():
        numbers = [middle(column(rows, kind, what)) for what in ("jax", "import", "first")]
        numbers += [
            min(column(rows, kind, "first")),
            middle(column(rows, kind, "second")),
            middle(column(rows, kind, "whole")),
        ]
        last = list(rows.values())[-1]["kinds"][kind]
        body.append(
            (kind, *map(digits, numbers), last["method"], f"{last['f']:.3g}", "success" if last["ok"] else "no success")
        )
    return [*lines, *table(head, body), ""]

"""The first try: ten ordinary NumPy scripts with only their import changed, beside SciPy in the same processes.

A row is a script: a fresh process with an empty cache (the first call), one more (the second process), and there, warm,
both libraries in turns. Imports are not in the numbers: `import jax` is said by the section `cold` of `dense`.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np

from benchmarks.scripts import SCRIPTS
from benchmarks.suite import Suite
from benchmarks.tables import digits, met, micro, middle, table, times

PROTOCOL = 1


def keys(quick: bool) -> list[str]:
    """The scripts."""
    return list(SCRIPTS)[: 3 if quick else None]


def measure(key: str, quick: bool) -> dict:
    """A script in two fresh processes that share a new cache folder; cold numbers are the least of three such pairs."""
    pairs = []
    for _ in range(1 if quick else 3):
        with tempfile.TemporaryDirectory() as folder:
            pairs.append([process(key, folder, warm) for warm in (False, True)])
    return {
        "first": min(one["first"] for one, _ in pairs),
        "second": min(two["first"] for _, two in pairs),
        "first_cpu": min(one["cpu"] for one, _ in pairs),
        "firsts": [[one["first"], two["first"]] for one, two in pairs],
        **{name: pairs[-1][1][name] for name in ("ours", "theirs", "door", "agrees", "says", "traced", "scipy_first")},
    }


def process(key: str, folder: str, warm: bool) -> dict:
    """One fresh process."""
    surroundings = {k: v for k, v in os.environ.items() if k not in ("JAX_COMPILATION_CACHE_DIR", "RAPHSON_CACHE")}
    surroundings["XDG_CACHE_HOME"] = folder
    command = [sys.executable, "-m", "benchmarks.first_try", key, *(["warm"] if warm else [])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=surroundings)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no word"])[-1])
    return json.loads(done.stdout.strip().splitlines()[-1])


def one(key: str, warm: bool) -> dict:
    """In the fresh process: the first call, and if asked for the warm ones."""
    import jax  # noqa: F401  (its import is not in the numbers)
    import scipy.optimize

    import raphson

    theirs, ours = SCRIPTS[key](scipy.optimize), SCRIPTS[key](raphson)
    first_theirs, expected = clocked(theirs)
    cpu = time.process_time()
    first, found = clocked(ours)
    row: dict[str, Any] = {"first": first, "cpu": time.process_time() - cpu, "scipy_first": first_theirs}
    if warm:
        from benchmarks.timing import in_turns

        spent = in_turns({"ours": ours, "theirs": theirs}, rounds=41, budget=20)
        row |= {name: {"median": middle(runs), "least": min(runs)} for name, runs in spent.items()}
        row["door"] = type(found).__name__
        row["agrees"] = agree(answer(found), answer(expected))
        row["says"] = verdict(found)
        row["traced"] = not any("host" in note for note in getattr(found, "notes", ()))
    return row


def clocked(call: Any) -> tuple[float, Any]:
    """Seconds of a call, and what it returned."""
    begin = time.perf_counter()
    found = call()
    return time.perf_counter() - begin, found


def answer(found: Any) -> np.ndarray:
    """x of a result, or popt of what `curve_fit` returns."""
    return np.asarray(found[0] if isinstance(found, tuple) else found.x, float)


def agree(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether two answers are one, to the four digits that SciPy's default tolerances leave."""
    return bool(np.allclose(x, y, rtol=1e-3, atol=1e-4))


def verdict(found: Any) -> str:
    """What the answer says of itself."""
    certificate = getattr(found, "certificate", None)
    return str(certificate.verdict) if certificate is not None else str(getattr(found, "success", ""))


def ratio(row: dict) -> float:
    """Warm: our median over SciPy's."""
    return row["ours"]["median"] / row["theirs"]["median"]


def marks(rows: dict[str, dict]) -> list[tuple]:
    """The marks of TARGETS B2."""
    if not rows:
        return []
    first, second = (max(row[name] for row in rows.values()) for name in ("first", "second"))
    found = [
        ("first call in a fresh process, the slowest script", "<= 1.2 s", f"{digits(first)} s", met(first <= 1.2)),
        ("second process of the same script, the slowest", "<= 0.5 s", f"{digits(second)} s", met(second <= 0.5)),
    ]
    if "decay" in rows:
        spent, share = rows["decay"]["ours"]["median"], ratio(rows["decay"])
        found.append(("warm `curve_fit`, 3 parameters, 60 points", "<= 2.5 ms and 6x SciPy",
                      f"{digits(1e3 * spent)} ms, {digits(share)}x", met(spent <= 2.5e-3 and share <= 6)))  # fmt: skip
    small = [ratio(rows[key]) for key in ("rosenbrock", "logistic", "portfolio") if key in rows]
    if small:
        found.append(("warm `minimize`, n = 4 to 6, over SciPy's BFGS, the worst", "<= 1", digits(max(small)),
                      met(max(small) <= 1)))  # fmt: skip
    agreed = sum(row["agrees"] for row in rows.values())
    found.append(("same answer as SciPy", "all", f"{agreed} of {len(rows)}", met(agreed == len(rows))))
    return found


def render(rows: dict[str, dict]) -> list[str]:
    """The table: a script a line."""
    head = (
        "script | first call, s | its CPU, s | second process, s | warm, us (least) | SciPy warm, us (least) | "
        "SciPy / ours | same answer | traced | says"
    )
    lines = []
    for key, row in rows.items():
        warm, theirs = (f"{micro(row[w]['median'])} ({micro(row[w]['least'])})" for w in ("ours", "theirs"))
        lines.append((
            key, digits(row["first"]), digits(row["first_cpu"]), digits(row["second"]), warm, theirs,
            times(1 / ratio(row)), "yes" if row["agrees"] else "**no**", "yes" if row["traced"] else "no", row["says"],
        ))  # fmt: skip
    return ["## Ten scripts", "", *table(head, lines), ""]


ABOUT = (
    "Ten scripts written with NumPy for SciPy ([scripts.py](../scripts.py)), with only their import changed. *First "
    "call*: in a fresh process with an empty cache, imports apart; the least of three. *Second process*: the same "
    "script again, by default settings. *Warm*: the median of calls in turns with SciPy, certificate and error bars "
    "included on our side. *Traced*: the function ran inside compiled code, with exact derivatives."
)

SUITE = Suite("first_try", "The first try, measured", ABOUT, {"scripts": sys.modules[__name__]})

if __name__ == "__main__":
    print(json.dumps(one(sys.argv[1], "warm" in sys.argv[2:])))

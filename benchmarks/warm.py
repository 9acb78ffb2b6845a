"""Warm: microseconds of one solve that is compiled already, and what the public door costs beside it."""

import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import raphson as rp
from benchmarks import peers
from benchmarks.problems import NAMES, Case, case
from benchmarks.tables import digits, met, micro, middle, table, times
from benchmarks.timing import clocked, in_turns

PROTOCOL = 1

PRESETS = (*peers.NEWTON_TYPE, "bfgs")
SCIPY = ("trust-exact", "Newton-CG", "dogleg", "BFGS")
ROUNDS, BUDGET = {False: 60, True: 8}, {False: 25.0, True: 4.0}


def keys(quick: bool) -> list[str]:
    """A row of this section is a problem."""
    return list(NAMES)


def measure(key: str, quick: bool) -> dict:
    """All solvers on one problem, timed in turns."""
    warnings.simplefilter("ignore")
    problem = case(key)
    calls, rows = competitors(problem)
    spent = in_turns(calls, ROUNDS[quick], BUDGET[quick])
    for name, row in rows.items():
        row["us"], row["quickest_us"] = 1e6 * middle(spent[name]), 1e6 * min(spent[name])
    for method in PRESETS:
        gaps = [b - a for a, b in zip(spent[f"solve {method}"], spent[f"minimize {method}"], strict=False)]
        rows[f"minimize {method}"]["beside_us"] = 1e6 * middle(gaps)
    rounds = len(next(iter(spent.values())))
    return {"n": problem.entry.n, "plain": problem.plain, "rounds": rounds, "solvers": rows}


def competitors(problem: Case) -> tuple[dict[str, Any], dict[str, dict]]:
    """The calls by name, warm, and each one's answer."""
    x0 = np.array(problem.entry.x0)
    start = jnp.asarray(x0)
    calls: dict[str, Any] = {}
    rows: dict[str, dict] = {}
    for method in PRESETS:
        solve = peers.compiled_solve(problem.fun, method)
        name = f"solve {method}"
        calls[name] = lambda solve=solve: jax.block_until_ready(solve(start))
        rows[name] = peers.from_solve(problem, calls[name]())
    for method in (*PRESETS, "auto"):
        name = f"minimize {method}"
        calls[name] = lambda method=method: rp.minimize(problem.fun, x0, method=method)
        found = calls[name]()
        rows[name] = peers.from_door(problem, found)
        if method == "auto":
            rows[name]["said"] += f" ({found.method})"
    for method in SCIPY:
        name = f"SciPy {method}"
        calls[name] = peers.scipy_call(problem, method, x0)
        rows[name] = peers.from_scipy(problem, calls[name]()) | {"callbacks": share_of_callbacks(problem, method, x0)}
    optimistix = peers.optimistix_solve(problem.fun)
    calls["optimistix BFGS"] = lambda: jax.block_until_ready(optimistix(start))
    rows["optimistix BFGS"] = peers.from_optimistix(problem, calls["optimistix BFGS"]())
    return calls, rows


def share_of_callbacks(problem: Case, method: str, x0: np.ndarray) -> float:
    """Which part of SciPy's time goes into f and its derivatives, from one watched run: the rest is SciPy's own."""
    inside = [0.0]

    def watch(function: Any) -> Any:
        def watched(*a: Any) -> Any:
            answer: list[Any] = []
            inside[0] += clocked(lambda: answer.append(function(*a)))
            return answer[0]

        return watched

    total = clocked(peers.scipy_call(problem, method, x0, watch))
    return inside[0] / total


def ratios(solvers: dict[str, dict]) -> dict[str, float]:
    """SciPy's time over raphson's compiled one, per preset, where both are right."""
    found = {}
    for method in PRESETS:
        ours, theirs = solvers[f"solve {method}"], solvers[f"SciPy {peers.SAME_CLASS[method]}"]
        if ours["right"] and theirs["right"]:
            found[method] = theirs["us"] / ours["us"]
    return found


def marks(rows: dict[str, dict]) -> list[tuple]:
    """Time on Rosenbrock, ratio to SciPy, the door's share."""
    found: list[tuple] = []
    if "rosenbrock" in rows:
        solvers = rows["rosenbrock"]["solvers"]
        spent = {m: solvers[f"solve {m}"]["us"] for m in peers.NEWTON_TYPE if solvers[f"solve {m}"]["right"]}
        text = ", ".join(f"{m} {digits(us)}" for m, us in spent.items())
        ok = len(spent) == len(peers.NEWTON_TYPE) and max(spent.values()) <= 200
        found.append(("warm solve, Rosenbrock n = 2, Newton type", "<= 200 µs", f"{text} µs", met(ok)))
        there = {m: r for m, r in ratios(solvers).items() if m in peers.NEWTON_TYPE}
        text = ", ".join(f"{m} {times(r)}" for m, r in there.items())
        ok = bool(there) and min(there.values()) >= 50
        found.append(("the same against SciPy's same class", ">= 50x", text, met(ok)))
    pairs = [r for row in rows.values() for m, r in ratios(row["solvers"]).items() if m in peers.NEWTON_TYPE]
    if pairs:
        good = sum(r >= 50 for r in pairs)
        text = f"median {times(middle(pairs))}, smallest {times(min(pairs))}; {good} of {len(pairs)} at 50x"
        found.append(("Newton type against SciPy's same class, all problems", ">= 50x", text, met(good == len(pairs))))
    beside = [row["solvers"][f"minimize {m}"]["beside_us"] / 1e3 for row in rows.values() for m in PRESETS]
    if beside:
        text = f"median {digits(middle(beside))} ms, largest {digits(max(beside))} ms"
        found.append(("`minimize` beside its compiled solve", "<= 0.6 ms", text, met(max(beside) <= 0.6)))
    claims = [name for key, row in rows.items() for name in false_claims(key, row["solvers"])]
    for kind, what in (
        ("minimize", "false successes of `minimize`"),
        ("solve", "`solve` converged, but to no minimum"),
    ):
        ours = [name for name in claims if name.startswith(kind)]
        found.append((what, "none", "; ".join(ours) or "none", met(not ours)))
    return found


def false_claims(key: str, solvers: dict[str, dict]) -> list[str]:
    """Who says that it arrived, and did not."""
    return [f"{name} on {key}" for name, row in solvers.items() if row["claims"] and not row["right"]]


ABOUT = (
    "`solve`: `jax.jit(rp.solve)` of x0 alone, until its arrays are ready. `minimize`: the public door with its "
    "certificate and verdict, as a user calls it; *beside* is what it costs more than the compiled solve (median over "
    "the rounds). SciPy's functions are its own NumPy ones for Rosenbrock's two; for the others JAX's derivatives, "
    "compiled, wrapped to NumPy (*in f, g, H* is the part of SciPy's time spent there). *SciPy / this*: against "
    "SciPy's method of the same class (Newton-CG for the Newton methods), in brackets where SciPy's answer is wrong; "
    "below 1 raphson is slower. Times of wrong answers are kept, without ratios."
)


def render(rows: dict[str, dict]) -> list[str]:
    """A table of the best, and one table a problem."""
    lines = ["## Warm", "", ABOUT, ""]
    lines += table(HEAD, [summary(key, row) for key, row in rows.items()])
    for key, row in rows.items():
        functions = "SciPy's own NumPy functions" if row["plain"] else "for SciPy JAX's functions, compiled"
        lines += ["", f"### {key}, n = {row['n']}", "", f"{row['rounds']} rounds; {functions}.", ""]
        lines += table(COLUMNS, [line(name, row["solvers"]) for name in row["solvers"]])
    return [*lines, ""]


HEAD = (
    "problem | n | quickest Newton type, µs | bfgs, µs | optimistix BFGS, µs | quickest SciPy, µs | SciPy / "
    "Newton type | optimistix / Newton type | largest beside, ms"
)

COLUMNS = (
    "solver | µs | least µs | SciPy / this | optimistix / this | beside, ms | in f, g, H | f | right | says | "
    "f/g/H evaluations"
)


def summary(key: str, row: dict) -> tuple:
    """One problem in a line: the quickest of each kind among those with a right answer."""
    solvers = row["solvers"]

    def quickest(names: list[str]) -> tuple[str, float] | None:
        right = [(name, solvers[name]["us"]) for name in names if solvers[name]["right"]]
        return min(right, key=lambda pair: pair[1], default=None)

    newton = quickest([f"solve {m}" for m in peers.NEWTON_TYPE])
    bfgs, optx = quickest(["solve bfgs"]), quickest(["optimistix BFGS"])
    scipy = quickest([f"SciPy {m}" for m in SCIPY])

    def cell(found: tuple[str, float] | None) -> str:
        return "none right" if found is None else f"{digits(found[1])} ({found[0].split()[-1]})"

    over = [None if other is None or newton is None else other[1] / newton[1] for other in (scipy, optx)]
    beside = max(solvers[f"minimize {m}"]["beside_us"] for m in PRESETS) / 1e3
    return (key, row["n"], cell(newton), cell(bfgs), cell(optx), cell(scipy), *map(times, over), digits(beside))


def line(name: str, solvers: dict[str, dict]) -> tuple:
    """One solver on one problem."""
    row = solvers[name]
    kind, method = name.split(" ", 1)
    against = ["", ""]
    if kind in ("solve", "minimize") and method != "auto" and row["right"]:
        peer = solvers[f"SciPy {peers.SAME_CLASS[method]}"]
        ratio = times(peer["us"] / row["us"])
        optx = solvers["optimistix BFGS"]
        other = times(optx["us"] / row["us"])
        against = [ratio if peer["right"] else f"({ratio})", other if optx["right"] else f"({other})"]
    right = {"global": "yes", "": "no"}.get(row["kind"], row["kind"])
    # The status of compiled code says why the loop ended; only the door's certificate speaks of success.
    wrong = ": **no minimum**" if kind == "solve" else ": **false success**"
    says = row["said"] + (wrong if row["claims"] and not row["right"] else "")
    says += "" if row["claims"] else " (no success)"
    beside = digits(row["beside_us"] / 1e3) if "beside_us" in row else ""
    inside = f"{100 * row['callbacks']:.0f} %" if "callbacks" in row else ""
    return (
        name,
        micro(row["us"] / 1e6),
        digits(row["quickest_us"]),
        *against,
        beside,
        inside,
        f"{row['f']:.6g}",
        right,
        says,
        row["work"],
    )

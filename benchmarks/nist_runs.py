"""What the runs on NIST's problems share: the data as all solvers want them, digits, and how a run is judged."""

import signal
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import raphson as rp
from raphson.problems.zoo.nist import NistProblem

CAP = 11.0
"""Digits of the certificates."""

ENOUGH = 4.0
"""Digits from which a problem counts as solved."""

PATIENCE = 120.0
"""Seconds after which one run of one solver is given up."""

CACHE = Path(__file__).parent.parent / ".cache" / "benchmarks"

QUICK = ("misra1a", "mgh17", "bennett5", "eckerle4")


def ready() -> None:
    """No warnings; compiled programs are kept between the processes (where compile times are not what is measured)."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    jax.config.update("jax_compilation_cache_dir", str(CACHE))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def names(quick: bool) -> list[str]:
    """The sets, without the prefix of the zoo."""
    every = [name.removeprefix("nist-") for name in rp.zoo.names(trait="nist")]
    return [name for name in every if not quick or name in QUICK]


def problem(name: str) -> NistProblem:
    """A set by its name."""
    found = rp.zoo[f"nist-{name}"]
    assert isinstance(found, NistProblem)
    return found


def residual_of(entry: NistProblem) -> Callable[[Any], Any]:
    """model(b, x) - y as a function of b, in JAX."""
    assert entry.residual is not None
    return entry.residual


def model_of(entry: NistProblem) -> Callable[[Any, Any], Any]:
    """The zoo's model(b, x), in JAX."""
    assert entry.model is not None
    return entry.model


def digits_of(found: Any, certified: Any) -> float:
    """The log relative error of the worst entry: at most `CAP`, 0 for negative ones and for NaN."""
    found, certified = np.atleast_1d(np.asarray(found, float)), np.atleast_1d(np.asarray(certified, float))
    with np.errstate(all="ignore"):
        gap = np.abs(found - certified)
        lre = np.where(gap == 0, CAP, -np.log10(gap / np.abs(certified)))
    return float(np.clip(np.nan_to_num(lre, nan=0.0, posinf=CAP, neginf=0.0), 0, CAP).min())


@dataclass(frozen=True)
class Functions:
    """Residuals and half their sum of squares, compiled, NumPy in and out, with exact derivatives by JAX."""

    residual: Callable[..., Any]
    jacobian: Callable[..., Any]
    value: Callable[..., Any]
    gradient: Callable[..., Any]
    hessian: Callable[..., Any]


def functions(entry: NistProblem) -> Functions:
    """For SciPy."""
    half, residual = half_squares(entry), residual_of(entry)
    r, J = jax.jit(residual), jax.jit(jax.jacfwd(residual))
    f, g, H = jax.jit(half), jax.jit(jax.grad(half)), jax.jit(jax.hessian(half))
    return Functions(
        lambda b: np.asarray(r(b)),
        lambda b: np.asarray(J(b)),
        lambda b: float(f(b)),
        lambda b: np.asarray(g(b)),
        lambda b: np.asarray(H(b)),
    )


def half_squares(entry: NistProblem) -> Callable[[jax.Array], jax.Array]:
    """1/2 sum r^2, as a user writes it."""
    residual = residual_of(entry)
    return lambda b: 0.5 * jnp.sum(residual(b) ** 2)


def measured(key: str, competitors: Callable[[NistProblem], dict[str, Callable[[np.ndarray], dict]]]) -> dict:
    """A row: all competitors, functions of the start, on one set from both starts."""
    ready()
    entry = problem(key)
    found = {
        name: [judged(entry, lambda solve=solve, x0=x0: solve(np.array(x0))) for x0 in entry.xs]
        for name, solve in competitors(entry).items()
    }
    return {"n": entry.n, "m": entry.observations, "difficulty": entry.difficulty, "methods": found}


def judged(entry: NistProblem, run: Callable[[], dict]) -> dict:
    """One run: `run` returns x, claims, said and steps; an exception is a run without success and without digits."""
    begin = time.perf_counter()
    try:
        found = with_patience(run)
    except Exception as problem:
        said = f"{type(problem).__name__}: {problem}".splitlines()[0][:120]
        found = {"x": None, "claims": False, "said": said, "steps": 0}
    x = found.pop("x")
    found["seconds"] = time.perf_counter() - begin
    found["digits"], found["std_digits"], found["ratio"] = 0.0, 0.0, None
    if x is not None:
        degrees = entry.observations - entry.n
        squares = float(np.sum(np.asarray(residual_of(entry)(jnp.asarray(x))) ** 2))
        found["digits"] = digits_of(x, entry.certified)
        found["std_digits"] = digits_of(np.sqrt(squares / degrees), entry.residual_std)
        found["ratio"] = squares / entry.minima[0].value if np.isfinite(squares) else None
    return found


def with_patience(run: Callable[[], dict]) -> dict:
    """run(), or TimeoutError after `PATIENCE` seconds."""

    def over(*_: Any) -> None:
        raise TimeoutError(f"did not end within {PATIENCE:.0f} s")

    signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        return run()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def solved(run: dict) -> bool:
    """Whether the run has enough digits."""
    return run["digits"] >= ENOUGH


def wrong(run: dict) -> bool:
    """Whether the run claims a success that it is not."""
    return run["claims"] and not solved(run)


def cell(run: dict) -> str:
    """Digits: in brackets without a claim of success, bold where the claim is wrong."""
    text = f"{run['digits']:.1f}"
    return f"**{text}**" if wrong(run) else text if run["claims"] else f"({text})"


def runs_of(rows: dict[str, dict], method: str) -> dict[str, dict]:
    """All runs of a method, by "set, start"."""
    return {f"{key}, {i + 1}": run for key, row in rows.items() for i, run in enumerate(row["methods"].get(method, []))}


def methods_of(rows: dict[str, dict]) -> list[str]:
    """The methods in the order of the rows."""
    return list(dict.fromkeys(method for row in rows.values() for method in row["methods"]))


def over_one(ratio: float | None) -> str:
    """f over the certified one: 1 + 2e-12 where it is close."""
    if ratio is None:
        return "not finite"
    return f"1 {'+' if ratio >= 1 else '-'} {abs(ratio - 1):.0e}" if abs(ratio - 1) < 1e-2 else f"{ratio:.4g}"

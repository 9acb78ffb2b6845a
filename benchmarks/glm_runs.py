"""Logistic, softmax and Poisson regression on random data: processor time of a fit, in turns with scikit-learn's."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.tables import met, middle, table

PROTOCOL = 2

ROUNDS, FEWEST, BUDGET = 15, 3, 10.0
"""Fits of each, in turns: so many, but at least `FEWEST`, until `BUDGET` seconds are spent."""

SIZES = {
    "logistic": [(1000, 5), (1000, 50), (10_000, 200), (100_000, 5), (100_000, 50), (100_000, 200)],
    "softmax": [(1000, 5), (10_000, 20), (100_000, 20)],  # of five classes
    "poisson": [(1000, 5), (10_000, 200), (100_000, 50)],
}


def keys(quick: bool) -> list[str]:
    """A row is a family and a size."""
    return [f"{family}-{n}-{p}" for family, sizes in SIZES.items() for n, p in sizes if not quick or n == 1000]


def drawn(family: str, n: int, p: int) -> tuple[np.ndarray, np.ndarray]:
    """A design and targets."""
    rng = np.random.default_rng(n + p)
    X = rng.standard_normal((n, p))
    b = rng.standard_normal(p) / np.sqrt(p)
    if family == "poisson":
        return X, rng.poisson(np.exp(0.5 + 0.7 * X @ b)).astype(float)
    if family == "softmax":
        B = rng.standard_normal((p, 5)) / np.sqrt(p)
        return X, np.argmax(X @ B + rng.gumbel(size=(n, 5)), axis=1)
    return X, (rng.random(n) < 1 / (1 + np.exp(-0.3 - X @ b))).astype(int)


def fits(family: str, X: np.ndarray, y: np.ndarray) -> dict[str, Callable[[], Any]]:
    """Both estimators' fits."""
    from sklearn import linear_model as theirs

    import raphson as rp

    if family == "poisson":
        alpha = 1 / len(y)
        other = theirs.PoissonRegressor(alpha=alpha, solver="newton-cholesky", tol=1e-10, max_iter=200)
        return {"ours": lambda: rp.ml.PoissonRegressor(alpha=alpha).fit(X, y), "theirs": lambda: other.fit(X, y)}
    other = theirs.LogisticRegression(solver="newton-cholesky", tol=1e-10, max_iter=200)
    return {"ours": lambda: rp.ml.LogisticRegression().fit(X, y), "theirs": lambda: other.fit(X, y)}


def measure(key: str, quick: bool) -> dict:
    """One row."""
    import jax

    jax.config.update("jax_enable_compilation_cache", False)
    family, n, p = key.split("-")
    X, y = drawn(family, int(n), int(p))
    calls = fits(family, X, y)
    begin = time.perf_counter()
    ours = calls["ours"]()
    first = time.perf_counter() - begin
    theirs = calls["theirs"]()
    apart = np.max(np.abs(ours.coef_ - theirs.coef_)) / np.max(np.abs(theirs.coef_))
    begin = time.perf_counter()
    calls["ours"]()
    warm = time.perf_counter() - begin
    spent: dict[str, list[float]] = {name: [] for name in calls}
    begin = time.perf_counter()
    for turn in range(ROUNDS):
        if turn >= FEWEST and time.perf_counter() - begin > BUDGET:
            break
        for name, call in calls.items():
            at = time.process_time()
            call()
            spent[name].append(time.process_time() - at)
    return {
        "family": family,
        "n": int(n),
        "p": int(p),
        "steps": int(ours.n_iter_),
        "their_steps": int(np.max(theirs.n_iter_)),
        "first": first - warm,
        "apart": float(apart),
        **spent,
    }


def ratio(row: dict) -> float:
    """Their processor time over ours."""
    return middle(row["theirs"]) / middle(row["ours"])


def marks(rows: dict[str, dict]) -> list[tuple]:
    """In no more time, and the same coefficients."""
    if not rows:
        return []
    ratios = {key: ratio(row) for key, row in rows.items()}
    least, apart = min(ratios, key=lambda key: ratios[key]), max(row["apart"] for row in rows.values())
    quick = sum(r >= 1 for r in ratios.values())
    text = f"{quick} of {len(rows)} sizes; {ratios[least]:.2f} times as fast at worst ({least})"
    return [
        ("processor time of a warm fit beside newton-cholesky's", "no more", text, met(quick == len(rows))),
        ("coefficients apart from newton-cholesky's", "<= 1e-8", f"{apart:.1e}", met(apart <= 1e-8)),
    ]


def render(rows: dict[str, dict]) -> list[str]:
    """One line a size."""
    head = "family | n | p | steps | theirs | ours, ms | theirs, ms | ratio | first, s | apart"
    body = [
        (
            row["family"], row["n"], row["p"], row["steps"], row["their_steps"], f"{1e3 * middle(row['ours']):.3g}",
            f"{1e3 * middle(row['theirs']):.3g}", f"{ratio(row):.2f}", f"{row['first']:.1f}", f"{row['apart']:.1e}",
        )
        for row in rows.values()
    ]  # fmt: skip
    return ["## Fits", "", *table(head, body), ""]

"""Sparse fits: sparse Cholesky of J'J in the loop and for the error bars, beside SciPy's sparse `least_squares`."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize

import raphson as rp
from benchmarks.large_runs import GIB, now, peak
from benchmarks.tables import digits, table
from raphson.sparsity.find import jacobian_pattern
from raphson.sparsity.pattern import Pattern

PROTOCOL = 2

WAYS = ("auto", "SciPy trf, lsmr")
"""What solves each problem, every one in a process of its own."""

SECONDS = 10.0
"""Of processor time, for one solve of SciPy's; a solve that took longer is not repeated."""


@dataclass(frozen=True)
class Data:
    """Residuals with their start, and what they are in words."""

    residual: Callable[[Any], Any]
    start: np.ndarray
    about: str


def chain(n: int) -> Data:
    """A signal that obeys a nonlinear recurrence nearly, seen with noise."""
    y = np.sin(np.linspace(0, 20, n)) + 0.1 * np.random.default_rng(0).normal(size=n)
    rule = lambda u: 3 * (jnp.exp(u[1:]) - 2 * u[:-1] ** 2)
    return Data(lambda u: jnp.concatenate([u - y, rule(u), 0.1 * jnp.diff(u, 2)]), y, "a recurrence with noise")


def image(n: int) -> Data:
    """An image with two levels, smoothed where it is nearly flat: differences that saturate."""
    k = round(n**0.5)
    t = np.linspace(-1, 1, k)
    disk = (t[:, None] ** 2 + t[None, :] ** 2 < 0.4).astype(float)
    y = (disk + 0.2 * np.random.default_rng(1).normal(size=(k, k))).ravel()
    bounded = lambda d: 2 * d / jnp.sqrt(1 + 25 * d**2)

    def residual(u: Any) -> Any:
        v = u.reshape(k, k)
        return jnp.concatenate([u - y, bounded(jnp.diff(v, axis=0)).ravel(), bounded(jnp.diff(v, axis=1)).ravel()])

    return Data(residual, y, "an image with edges")


def decays(n: int) -> Data:
    """Many decays with amplitude, rate and background of their own, and a dead time that all share."""
    count, t = (n - 1) // 3, np.linspace(0.1, 4, 25)
    rng = np.random.default_rng(2)
    truth = np.concatenate([np.exp(0.3 * rng.normal(size=2 * count)), 0.1 * rng.normal(size=count), [0.05]])

    def model(u: Any, xp: Any) -> Any:
        a, k, b = u[:-1].reshape(3, count, 1)
        rate = a * xp.exp(-k * t) + b
        return (rate / (1 + u[-1] * rate)).ravel()

    y = model(truth, np) + 0.02 * rng.normal(size=count * t.size)
    start = np.concatenate([np.ones(2 * count), np.zeros(count + 1)])
    return Data(lambda u: model(u, jnp) - y, start, "decays with one parameter in common")


FITS: dict[str, tuple[Callable[[int], Data], int]] = {
    "chain-2e3": (chain, 2000),
    "chain-2e4": (chain, 20_000),
    "chain-2e5": (chain, 200_000),
    "image-45": (image, 45**2),
    "image-142": (image, 142**2),
    "decays-2e3": (decays, 2002),
    "decays-2e4": (decays, 20_002),
}


def keys(quick: bool) -> list[str]:
    """A row is a problem and what solves it."""
    return [f"{name} {way}" for name, (_, n) in FITS.items() if not quick or n <= 3000 for way in WAYS]


def measure(key: str, quick: bool) -> dict:
    """A first call and, where that was short enough, a second one; then the error bars."""
    name, way = key.split(" ", 1)
    make, n = FITS[name]
    data = make(n)
    solve = scipys(data) if way.startswith("SciPy") else lambda: ours(data)
    begin = now()
    fit = solve()
    end = now()
    first = end[1] - begin[1]
    if first < SECONDS:
        begin = now()
        fit = solve()
        end = now()
    row = {
        "n": data.start.size, "m": fit["fun"].size, "about": data.about, "first": first, "wall": end[0] - begin[0],
        "cpu": end[1] - begin[1], "cost": float(fit["cost"]), "gradient": float(np.max(np.abs(fit["grad"]))),
        "residuals": int(fit["nfev"]), "says": fit["message"].split(":")[0].split(".")[0],
        "reason": getattr(fit, "reasons", ("",))[0], "errors": None,
    }  # fmt: skip
    if way == "auto":
        begin = now()
        row |= {"largest": float(np.max(fit.standard_errors)), "errors": now()[1] - begin[1]}
    return row | {"peak": peak() / GIB}


def ours(data: Data) -> Any:
    """`least_squares`."""
    return rp.least_squares(data.residual, data.start)


def scipys(data: Data) -> Callable[[], Any]:
    """SciPy's trust region with LSMR on a sparse J: its own differences, grouped by the pattern that we found."""
    pattern = jacobian_pattern(data.residual, jnp.asarray(data.start))
    assert isinstance(pattern, Pattern)
    compiled, places = jax.jit(data.residual), pattern.matrix().astype(int)

    def solve() -> Any:
        begin, best = time.process_time(), {"cost": np.inf}

        def fun(x: np.ndarray) -> np.ndarray:
            r = np.asarray(compiled(x))
            if r @ r < 2 * best["cost"]:
                best.update(cost=r @ r / 2, fun=r, x=x.copy())
            if time.process_time() - begin > SECONDS:
                raise StopIteration
            return r

        options = {"ftol": 1e-15, "xtol": 1e-10, "gtol": 1e-10}
        try:
            return scipy.optimize.least_squares(
                fun, data.start, jac_sparsity=places, tr_solver="lsmr", x_scale="jac", **options
            )
        except StopIteration:
            grad = np.asarray(jax.grad(lambda u: jnp.sum(data.residual(u) ** 2) / 2)(best["x"]))
            return best | {"grad": grad, "nfev": -1, "message": f"stopped after {SECONDS:g} s of processor time"}

    return solve


def marks(rows: dict[str, dict]) -> list[tuple]:
    """20 000 parameters, and the ratio to SciPy."""
    found = []
    for name in FITS:
        a, b = (rows.get(f"{name} {way}") for way in WAYS)
        if a and b and "error" not in a and "error" not in b:
            ratio = b["cpu"] / a["cpu"]
            met = "yes" if ratio >= 1 else "**no**"
            found.append((f"{name}: SciPy's processor time over ours", ">= 1", digits(ratio), met))
    return found


def render(rows: dict[str, dict]) -> list[str]:
    """One line a problem and method; `above` by how much the cost is higher than the lowest of its problem."""
    lowest: dict[str, float] = {}
    for key, row in rows.items():
        name = key.split(" ", 1)[0]
        lowest[name] = min(lowest.get(name, np.inf), row["cost"])
    head = (
        "fit | n | m | by | residuals | wall s | cpu s | first, cpu s | error bars, cpu s | peak GiB | cost | above | "
    )
    head += "max g | says"
    body = []
    for key, row in rows.items():
        name, way = key.split(" ", 1)
        errors = "" if row["errors"] is None else digits(row["errors"])
        body.append((
            f"{name}: {row['about']}", row["n"], row["m"], way, row["residuals"], digits(row["wall"]),
            digits(row["cpu"]), "" if row["first"] is None else digits(row["first"]), errors, f"{row['peak']:.2f}",
            f"{row['cost']:.10g}", f"{row['cost'] - lowest[name]:.1g}", f"{row['gradient']:.1g}", row["says"],
        ))  # fmt: skip
    return ["## Sparse fits", "", *table(head, body), ""]

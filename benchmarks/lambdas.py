"""Fresh lambdas: `for d in data: rp.minimize(lambda x: loss(x, d), x0)`, which other JAX solvers compile every time."""

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optimistix as optx

import raphson as rp
from benchmarks.tables import digits, met, middle, table
from benchmarks.timing import clocked

PROTOCOL = 1

COUNT = {False: 8, True: 4}
OVER = 0.030
"""Seconds over the solve that the second call may cost."""


def logistic(x: jax.Array, d: tuple) -> jax.Array:
    """Logistic regression with a small ridge; d holds rows and signs."""
    rows, signs = d
    return jnp.sum(jnp.logaddexp(0.0, -signs * (rows @ x))) + 0.05 * jnp.sum(x * x)


def banana(x: jax.Array, d: float) -> jax.Array:
    """Rosenbrock's function with a number of its own."""
    return d * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def growth(x: jax.Array, d: tuple) -> jax.Array:
    """Least squares of a growth curve."""
    t, y = d
    return jnp.sum((x[0] / (1 + jnp.exp(x[1] - x[2] * t)) - y) ** 2)


def logistic_data(count: int) -> list:
    """NumPy arrays, as they come from a file."""
    draw = np.random.default_rng(7)
    return [(draw.standard_normal((60, 10)), np.sign(draw.standard_normal(60))) for _ in range(count)]


def growth_data(count: int) -> list:
    """JAX arrays."""
    draw = np.random.default_rng(8)
    t = np.linspace(0, 10, 30)
    curves = [(3 + i) / (1 + np.exp(3 - t)) + 0.1 * draw.standard_normal(30) for i in range(count)]
    return [(jnp.asarray(t), jnp.asarray(y)) for y in curves]


CASES: dict[str, tuple[Callable, Callable, list]] = {
    "logistic, NumPy arrays, n = 10": (logistic, logistic_data, [0.0] * 10),
    "growth curve, JAX arrays, n = 3": (growth, growth_data, [2.0, 2.0, 0.5]),
    "Rosenbrock, a Python number, n = 2": (banana, lambda count: [10.0 + 10 * i for i in range(count)], [-1.2, 1.0]),
}


class Compilations:
    """How many programs XLA compiled so far in this process."""

    count = 0

    @classmethod
    def listen(cls, event: str, duration: float, **_: Any) -> None:
        """Counts JAX's own reports."""
        cls.count += event.endswith("backend_compile_duration")


def keys(quick: bool) -> list[str]:
    """A row of this section is a kind of data that the lambda closes over."""
    return list(CASES)


def measure(key: str, quick: bool) -> dict:
    """The same loop over data by everybody, and the solve's own time: compiled once, data as an argument."""
    jax.monitoring.register_event_duration_secs_listener(Compilations.listen)
    loss, make, start = CASES[key]
    data, x0 = make(COUNT[quick]), np.array(start)
    method = rp.minimize(lambda x: loss(x, data[0]) * 1.0 + 0.0 * x[0] ** 2, x0).method  # a program of its own
    known = jax.jit(lambda x, d: rp.solve(rp.Minimize(loss, (d,)), method, x))
    start = jnp.asarray(x0)
    exact = [np.asarray(known(start, d).x) for d in data]
    own = [middle([clocked(lambda d=d: jax.block_until_ready(known(start, d))) for _ in range(15)]) for d in data]
    loops = {name: loop(call, data, exact) for name, call in competitors(loss, x0, method).items()}
    return {"method": method, "own": own, "loops": loops}


def competitors(loss: Callable, x0: np.ndarray, method: str) -> dict[str, Callable]:
    """Each as people write it in a loop, and the careful way beside it."""
    solver = optx.BFGS(rtol=1e-8, atol=1e-8)
    start = jnp.asarray(x0)
    known = jax.jit(lambda x, d: rp.solve(rp.Minimize(loss, (d,)), method, x).x)
    given = lambda y, d: loss(y, d)
    minimise = lambda f, d: optx.minimise(f, solver, start, d, max_steps=5000, throw=False).value
    careful = jax.jit(lambda d: minimise(given, d))
    return {
        "raphson: minimize(lambda x: loss(x, d), x0)": lambda d: rp.minimize(lambda x: loss(x, d), x0).x,
        "raphson: minimize(loss, x0, args=(d,))": lambda d: rp.minimize(loss, x0, args=(d,)).x,
        "raphson: jit(solve) of a fresh lambda": lambda d: jax.jit(
            lambda x: rp.solve(lambda x: loss(x, d), method, x).x
        )(start),
        "raphson: jit(solve), d an argument": lambda d: known(start, d),
        "optimistix: minimise(lambda x, _: loss(x, d), ...)": lambda d: minimise(lambda y, _: loss(y, d), None),
        "optimistix: jit(minimise), d an argument": careful,
    }


def loop(call: Callable, data: list, exact: list[np.ndarray]) -> dict:
    """Seconds, compilations and largest error of every call of the loop."""
    spent, compiled, errors = [], [], []
    for d, x in zip(data, exact, strict=True):
        begin, before = time.perf_counter(), Compilations.count
        found = np.asarray(jax.block_until_ready(call(d)))
        spent.append(time.perf_counter() - begin)
        compiled.append(Compilations.count - before)
        errors.append(float(np.max(np.abs(found - x))))
    return {"seconds": spent, "compilations": compiled, "errors": errors}


DOOR = "raphson: minimize(lambda x: loss(x, d), x0)"


def marks(rows: dict[str, dict]) -> list[tuple]:
    """The second call over the solve's own time, and the right answer for every d."""
    if not rows:
        return []
    over = {key: row["loops"][DOOR]["seconds"][1] - row["own"][1] for key, row in rows.items()}
    text = "; ".join(f"{key.split(',')[0]} {digits(1e3 * value)} ms" for key, value in over.items())
    wrong = max(max(row["loops"][DOOR]["errors"]) for row in rows.values())
    return [
        ("a fresh lambda's second call, over the solve", "<= 30 ms", text, met(max(over.values()) <= OVER)),
        ("largest error of x over all fresh lambdas", "<= 1e-6", f"{wrong:.1e}", met(wrong <= 1e-6)),
    ]


ABOUT = (
    "`for d in data:` solve `lambda x: loss(x, d)`, other data every time. *over*: the call less the solve's own time "
    "(compiled once, d an argument, warm). *compilations*: by XLA, as JAX counts them. *error*: largest difference of "
    "x from that solve."
)

HEAD = (
    "how | first, ms | second, ms | second over, ms | later, ms | later over, ms | compilations: first | second | "
    "later | error"
)


def render(rows: dict[str, dict]) -> list[str]:
    """One table a kind of data."""
    lines = ["## Fresh lambdas", "", ABOUT, ""]
    for key, row in rows.items():
        lines += [
            f"### {key}",
            "",
            f"`auto` chose {row['method']}; the solve itself: {digits(1e3 * middle(row['own']))} ms.",
            "",
        ]
        body = [line(name, found, row["own"]) for name, found in row["loops"].items()]
        lines += [*table(HEAD, body), ""]
    return lines


def line(name: str, found: dict, own: list[float]) -> tuple:
    """One way to write the loop."""
    over = [a - b for a, b in zip(found["seconds"], own, strict=True)]
    later, counts = found["seconds"][2:], found["compilations"]
    cells = (found["seconds"][0], found["seconds"][1], over[1], middle(later), middle(over[2:]))
    library, code = name.split(": ", 1)
    return (
        f"{library}: `{code}`",
        *(digits(1e3 * one) for one in cells),
        counts[0],
        counts[1],
        f"{middle(counts[2:]):.0f}",
        f"{max(found['errors']):.1e}",
    )

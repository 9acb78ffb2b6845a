"""Writes the reports that the browser tests open: python frontend/pages/make.py FOLDER"""

import json
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np

import raphson as rp

POINTS: dict[str, tuple[str, list[float] | None]] = {
    # bowls
    "rosenbrock-start": ("rosenbrock", [-1.2, 1.0]),
    "rosenbrock-near": ("rosenbrock", [0.9, 0.805]),
    "rosenbrock-valley": ("rosenbrock", [0.3, 0.05]),
    "beale": ("beale", [2.8, 0.45]),
    "booth": ("booth", [-3.0, 4.0]),
    "matyas": ("matyas", [6.0, -2.0]),
    "mccormick": ("mccormick", [-0.2, -1.3]),
    "three-hump-camel": ("three-hump-camel", [0.3, -0.6]),
    "himmelblau": ("himmelblau", [3.4, 2.3]),
    "branin": ("branin", [3.0, 2.0]),
    "quartic-valley": ("quartic-valley", None),
    "levy-13": ("levy-13", [1.05, 0.95]),
    "rastrigin": ("rastrigin", [0.1, -0.05]),
    "misra1a": ("nist-misra1a", [240.0, 5.4e-4]),
    "rosenbrock-units": ("rosenbrock-units", None),
    # other signatures
    "saddle": ("saddle", [0.8, 0.3]),
    "himmelblau-saddle": ("himmelblau", [0.5, 2.0]),
    "himmelblau-dome": ("himmelblau", [-0.2, -0.7]),
    "six-hump-camel": ("six-hump-camel", [0.6, 0.3]),
    "goldstein-price": ("goldstein-price", [0.3, -0.6]),
}


def quartet(x):
    """Four coupled variables."""
    return jnp.sum((x - jnp.arange(1.0, 5.0)) ** 2) + 3 * (x[0] * x[1] - x[2]) ** 2 + 0.1 * jnp.sum(x**4)


def cut(x):
    """Not finite on one side."""
    return jnp.sum((x - 0.6) ** 2) - 0.05 * jnp.log(x[0] + x[1] - 0.4)


def on_the_host(x):
    """A function that cannot be traced."""
    return float((x[0] - 1) ** 2 + (x[1] - x[0] ** 2) ** 2) if float(x[0]) < 1e9 else 0.0


def main(folder: Path) -> None:
    """All pages, and pages.json that names them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (problem, x) in POINTS.items():
        at = rp.zoo[problem].x0 if x is None else np.array(x)
        rp.local_model(rp.zoo[problem].fun, at).report(folder / f"look-{name}.html", name)
    rp.local_model(on_the_host, np.array([0.3, 0.6])).report(folder / "look-host.html", "host")
    rp.lab("x^4 - 3*x*y + y^2", folder / "lab.html", [0.4, 0.9])
    rosenbrock = rp.zoo["rosenbrock"]
    runs = {
        "run-rosenbrock": rp.minimize(rosenbrock.fun, rosenbrock.x0),
        "run-newton": rp.minimize(rosenbrock.fun, rosenbrock.x0, method="newton"),
        "run-descent": rp.minimize(rosenbrock.fun, rosenbrock.x0, method="gradient-descent", max_steps=300),
        "run-quartet": rp.minimize(quartet, np.zeros(4)),
        "run-cut": rp.minimize(cut, np.array([2.0, 2.0])),
        "run-bounded": rp.minimize(rosenbrock.fun, [-1.0, 0.5], bounds=[(-2, 0.5), (-2, 2)]),
        "run-line": rp.minimize(lambda x: jnp.cosh(x[0] - 1) + 0.1 * x[0] ** 2, [4.0]),
        "run-helix": rp.minimize(rp.zoo["helical-valley"].fun, rp.zoo["helical-valley"].x0),
        "run-saddle": rp.minimize(rp.zoo["saddle"].fun, [1.0, 0.0], method="newton", max_steps=1),
    }
    for name, result in runs.items():
        result.report(folder / f"{name}.html", "Rosenbrock's function" if name == "run-rosenbrock" else name)
    names = {"looks": [f"look-{name}" for name in POINTS], "runs": list(runs)}
    (folder / "pages.json").write_text(json.dumps(names))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Writes the reports that the browser tests open: python frontend/pages/make.py FOLDER"""

import json
import math
import sys
import tempfile
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


STRESS = [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0]
STRAIN = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78]
HOSTILE = ("<b>height</b>", 'rate & "tail"', "</script><script>window.hurt = 1; alert(1)</script>")


def growth(stress, b1, b2):
    """Misra1a of NIST."""
    return b1 * (1 - jnp.exp(-b2 * stress))


def decay(t, a, b, c):
    """To a floor."""
    return a * jnp.exp(-b * t) + c


def ratio(x, b1, b2, b3, b4):
    """MGH09 of NIST: of four parameters, and bent."""
    return b1 * (x**2 + x * b2) / (x**2 + x * b3 + b4)


def fits():
    """Fits by name: a profile, gaps and hostile names, what is not determined, more points than can be drawn."""
    misra = rp.curve_fit(growth, STRESS, STRAIN, [500, 1e-4])
    misra.profile("b1")
    t = np.linspace(0, 6, 40)
    y = np.asarray(decay(t, 2.0, 0.8, 0.3)) + 0.05 * np.cos(41 * t)
    free = rp.curve_fit(lambda x, gain, factor, offset: gain * factor * x + offset, t, 0.5 * t + y, [1.0, 0.5, 0.0])
    y[[3, 9]] = np.nan
    gaps = rp.curve_fit(decay, t, y, [1.0, 1.0, 0.0], nan_policy="omit", names=HOSTILE)
    many = np.linspace(0, 6, 100_000)
    cloud = rp.curve_fit(
        decay, many, np.asarray(decay(many, 2.0, 0.8, 0.3)) + 0.3 * np.cos(1e5 * many**2), [1.0, 1.0, 0.0]
    )
    mgh09 = rp.zoo["nist-mgh09"]
    kowalik = rp.curve_fit(ratio, mgh09.x_data, mgh09.y_data, mgh09.xs[-1])
    return {"fit-misra": misra, "fit-hostile": gaps, "fit-free": free, "fit-many": cloud, "fit-mgh09": kowalik}


def on_the_host(x):
    """A function that cannot be traced."""
    return float((x[0] - 1) ** 2 + (x[1] - x[0] ** 2) ** 2) if float(x[0]) < 1e9 else 0.0


def line_on_the_host(x):
    """One variable."""
    return math.cosh(float(x[0]) - 1) + 0.1 * float(x[0]) ** 2


def races():
    """Comparisons by name: two variables, four, one, failures, a function of the host."""
    rosenbrock = rp.zoo["rosenbrock"]
    methods = ("gradient-descent", "newton", "bfgs", "dogleg")
    return {
        "race-rosenbrock": rp.compare(rosenbrock.fun, rosenbrock.x0, methods, max_steps=200),
        "race-quartet": rp.compare(quartet, np.zeros(4), ("dogleg", "lbfgs")),
        "race-line": rp.compare(lambda x: jnp.cosh(x[0] - 1) + 0.1 * x[0] ** 2, [4.0], ("newton", "gradient-descent")),
        "race-failed": rp.compare(rp.zoo["saddle"].fun, [1.0, 0.0], ("newton", "gradient-descent"), max_steps=30),
        "race-host": rp.compare(on_the_host, np.array([0.3, 0.6]), ("bfgs", "lbfgs"), max_steps=6),
    }


def sheet(u):
    """A surface with two wells at every point, pulled to different sides."""
    pull = 0.2 * jnp.linspace(-1, 1, u.shape[1])
    bonds = jnp.sum((u[1:] - u[:-1]) ** 2) + jnp.sum((u[:, 1:] - u[:, :-1]) ** 2)
    return bonds + jnp.sum((u**2 - 1) ** 2) / 4 + jnp.sum(pull * u)


def maps():
    """Optimized graphs by name: a round in the plane with a wrong loop closure and landmarks, one in space, a city."""
    rng = np.random.default_rng(5)
    lines = [f"EDGE_SE2 {k} {k + 1} 1 {a:.4f} {0.105 + b:.4f} 90 0 0 90 0 900"
             for k, (a, b) in enumerate(0.03 * rng.standard_normal((119, 2)))]  # fmt: skip
    lines += [f"EDGE_SE2 {k} {k + 60} 0.1 0 0 50 0 0 50 0 500" for k in range(0, 60, 6)]
    lines += ["EDGE_SE2 20 75 4 3 1 50 0 0 50 0 500", "EDGE_SE2_XY 3 900 2 1 9 0 9", "EDGE_SE2_XY 9 900 -2 4 9 0 9"]
    unit = " ".join("40" if i == j else "0" for i in range(6) for j in range(i, 6))
    turn = np.sin(0.05), np.cos(0.05)
    solid = [f"EDGE_SE3:QUAT {k} {k + 1} 1 0 {0.05 + a:.4f} 0 0 {turn[0]:.9f} {turn[1]:.9f} {unit}"
             for k, a in enumerate(0.02 * rng.standard_normal(150))]  # fmt: skip
    solid += [f"EDGE_SE3:QUAT {k} {k + 63} 0 0 2.8 0 0 0 1 {unit}" for k in range(0, 85, 7)]
    side = 100
    city = [f"VERTEX_SE2 {k} {k % side + a:.3f} {k // side + b:.3f} 0"
            for k, (a, b) in enumerate(0.1 * rng.standard_normal((side * side, 2)))]  # fmt: skip
    city += [f"EDGE_SE2 {k} {k + 1} {1 + a:.3f} 0 0 44 0 0 44 0 44"
             for k, a in enumerate(0.1 * rng.standard_normal(side * side - 1)) if (k + 1) % side]  # fmt: skip
    city += [f"EDGE_SE2 {k} {k + side} 0 {1 + a:.3f} 0 44 0 0 44 0 44"
             for k, a in enumerate(0.1 * rng.standard_normal(side * (side - 1)))]  # fmt: skip
    found = {}
    for name, text in (("map-round", lines), ("map-space", solid), ("map-city", city)):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{name}.g2o"
            file.write_text("\n".join(text) + "\n")
            found[name] = rp.slam.optimize(rp.slam.read_graph(file))
    return found


def main(folder: Path) -> None:
    """All pages, and pages.json that names them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (problem, x) in POINTS.items():
        at = rp.zoo[problem].x0 if x is None else np.array(x)
        rp.local_model(rp.zoo[problem].fun, at).report(folder / f"look-{name}.html", name)
    rp.local_model(on_the_host, np.array([0.3, 0.6])).report(folder / "look-host.html", "host")
    rp.local_model(line_on_the_host, np.array([0.4])).report(folder / "look-host-line.html", "host")
    rp.lab("x^4 - 3*x*y + y^2", folder / "lab.html", [0.4, 0.9])
    rp.tour(folder / "tour.html")
    rp.tour(folder / "tour-zh.html", "zh")
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
        "run-host": rp.minimize(on_the_host, [-0.7, 0.9]),
        "run-sheet": rp.minimize(sheet, 0.5 * np.sin(np.arange(30 * 40)).reshape(30, 40)),
        "run-saddle": rp.minimize(rp.zoo["saddle"].fun, [1.0, 0.0], method="newton", max_steps=1),
    }
    for name, result in runs.items():
        result.report(folder / f"{name}.html", "Rosenbrock's function" if name == "run-rosenbrock" else name)
    fitted = fits()
    for name, fit in fitted.items():
        fit.report(folder / f"{name}.html", HOSTILE[2] if name == "fit-hostile" else name)
    raced = races()
    for name, comparison in raced.items():
        comparison.report(folder / f"{name}.html")
    mapped = maps()
    for name, fit in mapped.items():
        fit.report(folder / f"{name}.html", HOSTILE[2] if name == "map-round" else name)
    names = {
        "maps": list(mapped),
        "races": list(raced),
        "fits": list(fitted),
        "looks": [f"look-{name}" for name in POINTS],
        "runs": list(runs),
    }
    (folder / "pages.json").write_text(json.dumps(names))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

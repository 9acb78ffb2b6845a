"""Products, eigenvalues and traces of a network's Hessian: raphson beside PyTorch's libraries."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tables import digits, met, table

PROTOCOL = 1

REPEATS = 9
"""Measurements of everything short; the median counts."""

TOP = 5
"""Eigenvalues asked for."""

PRODUCTS = 120
"""Products that a trace may take."""

PYTHON = "TORCH_PYTHON"
"""The environment variable that names the peers' Python."""

SHAPES = {
    "mlp": [(32, 64), (32,), (10, 32), (10,)],
    "conv": [(4, 1, 3, 3), (4,), (8, 4, 3, 3), (8,), (10, 128), (10,)],
}
ABOUT = {"mlp": "64-32-10, tanh", "conv": "convolutions 1-4-8 (3 x 3, the second with stride 2), tanh, linear"}

DIGITS = {"mlp": 1797, "conv": 300}
"""Examples: of the convolutional net fewer, since its dense Hessian is made by every row, too."""

WITHIN = 1e-6
"""Relative difference up to which libraries agree."""


def keys(quick: bool) -> list[str]:
    """The networks."""
    return ["mlp"] if quick else list(SHAPES)


def dense_net(p: Any, x: Any) -> Any:
    """64-32-10."""
    import jax.numpy as jnp

    return jnp.tanh(x @ p[0].T + p[1]) @ p[2].T + p[3]


def convolutional_net(p: Any, x: Any) -> Any:
    """Two convolutions and a linear layer."""
    import jax.numpy as jnp
    from jax import lax

    def convolved(a: Any, w: Any, b: Any, stride: int) -> Any:
        return lax.conv_general_dilated(a, w, (stride, stride), ((1, 1), (1, 1))) + b[:, None, None]

    a = jnp.tanh(convolved(x.reshape(-1, 1, 8, 8), p[0], p[1], 1))
    a = jnp.tanh(convolved(a, p[2], p[3], 2))
    return a.reshape(len(x), -1) @ p[4].T + p[5]


NETS = {"mlp": dense_net, "conv": convolutional_net}


def risk_and_weights(kind: str) -> tuple[Any, list[Any], np.ndarray, np.ndarray]:
    """The risk on the digits, and weights after 150 steps of gradient descent."""
    import jax
    import jax.numpy as jnp
    from sklearn.datasets import load_digits

    from raphson.ml import EmpiricalRisk

    inputs, classes = load_digits(return_X_y=True)
    x, y = inputs[: DIGITS[kind]] / 16 - 0.5, classes[: DIGITS[kind]].astype(np.int64)
    draw = np.random.default_rng(0)
    weights = [
        jnp.asarray(draw.normal(size=shape) / np.sqrt(max(np.prod(shape[1:]), 1)) * (len(shape) > 1))
        for shape in SHAPES[kind]
    ]
    risk = EmpiricalRisk("cross-entropy", (x, y), predict=NETS[kind])
    for _ in range(150):
        weights = jax.tree.map(lambda w, g: w - 0.5 * g, weights, risk.gradient(weights))
    return risk, weights, x, y


def measure(key: str, quick: bool) -> dict:
    """One network: every library's numbers, seconds and distance from the reference."""
    os.environ["NPROC"] = "1"  # XLA's pool of threads
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if PYTHON not in os.environ:
        raise SystemExit(f"{PYTHON} names no Python with torch, curvlinops-for-pytorch and pyhessian")
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_enable_compilation_cache", False)  # what compiling takes is measured
    risk, weights, x, y = risk_and_weights(key)
    size = sum(w.size for w in weights)
    vectors = np.random.default_rng(1).normal(size=(16, size))
    given = {f"w{i}": np.asarray(w) for i, w in enumerate(weights)}
    with tempfile.TemporaryDirectory() as place:
        there, back = Path(place) / "in.npz", Path(place) / "out.npz"
        limits = {"repeats": REPEATS, "top": TOP, "products": PRODUCTS}
        np.savez(there, kind=key, x=x, y=y, vectors=vectors, **limits, **given)
        script = Path(__file__).parent / "learning_torch.py"
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        command = [os.environ[PYTHON], str(script), str(there), str(back)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1])
        peers = dict(np.load(back))
    about = json.loads(str(peers.pop("about")))
    own, seconds, compiling = own_numbers(risk, weights, vectors)
    about["spent"]["raphson"] = seconds
    peers |= {f"raphson:{name}": value for name, value in own.items()}
    return {
        "parameters": size,
        "loss": float(risk.value(weights)),
        "compile": compiling,
        **about,
        **compared(peers),
    }


def own_numbers(risk: Any, weights: Any, vectors: np.ndarray) -> tuple[dict[str, Any], dict, dict]:
    """raphson's answers, processor seconds, and processor seconds of first calls less those."""
    import jax
    import jax.numpy as jnp

    from raphson.ml import eigenpairs, trace_estimate

    flat = risk.hessian(weights).parameters.flat
    v, block = jnp.asarray(vectors[0]), jnp.asarray(vectors[:16].T)
    H, G = risk.hessian(weights), risk.gauss_newton(weights)

    def top() -> Any:
        return eigenpairs(H, TOP, tol=1e-10).values

    def trace() -> Any:
        found = trace_estimate(H, PRODUCTS)
        return np.array([found.value, found.error])

    calls: dict[str, tuple[Callable[[], Any], int]] = {
        "gradient": (lambda: flat(risk.gradient(weights)), REPEATS),
        "linearized once": (lambda: jax.tree.leaves(risk.hessian(weights).state), REPEATS),
        "hessian": (lambda: H @ v, REPEATS),
        "hessian, 16": (lambda: H @ block, REPEATS),
        "gauss-newton": (lambda: G @ v, REPEATS),
        "top": (top, 3),
        "trace": (trace, 3),
        "dense": (H.dense, 0),
    }
    answers, seconds, compiling = {}, {}, {}
    for name, (call, repeats) in calls.items():
        begin = time.process_time()
        found = jax.block_until_ready(call())
        first, spent = time.process_time() - begin, []
        if not repeats:
            answers[name], seconds[name], compiling[name] = np.asarray(found, float), first, 0.0
            continue
        for _ in range(repeats):
            begin = time.process_time()
            answer = jax.block_until_ready(call())
            spent.append(time.process_time() - begin)
        seconds[name] = float(np.median(spent))
        compiling[name] = max(first - seconds[name], 0.0)
        if name != "linearized once":
            answers[name] = np.asarray(answer, float)
    return answers, seconds, compiling


def compared(found: dict[str, np.ndarray]) -> dict[str, Any]:
    """Relative differences from curvlinops' products and NumPy's eigenvalues of its dense Hessian; traces."""
    dense = found["curvlinops:dense"]
    values = np.linalg.eigvalsh((dense + dense.T) / 2)
    top, trace = values[::-1][:TOP], float(np.trace(dense))

    def apart(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.max(np.abs(a - b)) / np.max(np.abs(b)))

    off: dict[str, dict[str, float]] = {}
    traces: dict[str, list[float]] = {}
    for name, value in found.items():
        library, what = name.split(":")
        reference = {"top": top, "dense": dense}.get(what, found.get(f"curvlinops:{what}"))
        if what == "trace":
            traces[library] = [float(a) for a in np.atleast_1d(value)]
        elif what == "gradient":
            off.setdefault(library, {})[what] = apart(value, found["PyTorch:gradient"])
        elif reference is not None:
            off.setdefault(library, {})[what] = apart(value, reference)
    exact = float(np.trace(found["raphson:dense"]))
    ends = [float(a) for a in (*top, values[0])]
    return {"off": off, "traces": traces, "trace": trace, "trace off": abs(exact - trace) / abs(trace), "ends": ends}


def marks(rows: dict[str, dict]) -> list[tuple]:
    """The worst disagreement of ours, over all networks."""
    if not rows:
        return []
    worst = max(max(row["off"]["raphson"].values()) for row in rows.values())
    trace = max(row["trace off"] for row in rows.values())
    said = f"<= {WITHIN:g}"
    return [
        ("raphson's gradients, products, dense Hessian, five eigenvalues", said, f"{worst:.1e}", met(worst <= WITHIN)),
        ("trace from the dense Hessian", said, f"{trace:.1e}", met(trace <= WITHIN)),
    ]


WHATS = {
    "gradient": "gradient",
    "hessian": "Hessian product",
    "hessian, 16": "16 Hessian products together",
    "gauss-newton": "Gauss-Newton product",
    "top": f"largest {TOP} eigenvalues",
}


def render(rows: dict[str, dict]) -> list[str]:
    """Agreement and times, a network at a time."""
    lines: list[str] = []
    for key, row in rows.items():
        versions = ", ".join(f"{name} {number}" for name, number in row["versions"].items())
        lines += [f"## {key}: {ABOUT[key]}; {row['parameters']:,} parameters, {DIGITS[key]} digits", ""]
        lines += [f"Loss {row['loss']:.4g}; eigenvalues {', '.join(f'{v:.4g}' for v in row['ends'][:-1])} ... "
                  f"{row['ends'][-1]:.3g}; trace {row['trace']:.7g}. Peers: {versions}.", ""]  # fmt: skip
        body = []
        for what, title in WHATS.items():
            for library, seconds in row["spent"].items():
                if what in seconds:
                    off = row["off"].get(library, {}).get(what)
                    first = f"{row['compile'][what]:.2f}" if library == "raphson" else ""
                    gap = "–" if off is None else "reference" if off == 0 else f"{off:.1e}"
                    body.append((title, library, f"{1e3 * seconds[what]:.2f}", first, gap))
        lines += [*table("what | library | ms | first call more, s | relative difference", body), ""]
        lines += [*trace_lines(row), ""]
        lines += [f"- {name}: {why}" for name, why in row["missing"].items()]
    return [*lines, *NOTES]


def trace_lines(row: dict) -> list[str]:
    """Estimates of the trace from as many products."""
    body = []
    for library, found in row["traces"].items():
        value, error = found[0], found[1] if len(found) > 1 else None
        claimed = "not given" if error is None else digits(error)
        seconds = digits(1e3 * row["spent"][library]["trace"])
        body.append((library, f"{value:.5g}", claimed, digits(abs(value - row["trace"])), seconds))
    return table(f"trace from {PRODUCTS} products | estimate | its own error | true error | ms", body)


NOTES = [
    "raphson's Hessian is linearized once at the point, and its activations are kept, as PyHessian keeps the graph of",
    "its gradient; curvlinops and hessian-eigenthings begin with the forward pass at every product. PyHessian divides",
    "vectors by |v| + 1e-6, and its power iteration stops where the value stands still: its eigenvalues carry both.",
    "Traces of one seed each: XTrace (raphson, curvlinops), Hutch++ (hessian-eigenthings), Hutchinson (PyHessian).",
    "",
]

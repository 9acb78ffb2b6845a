"""A net with its data, on one device or on a mesh: every quantity as plain numbers.

As a script it prints them as JSON: `python -m tests.laws.mesh_world` on all devices of one process, and under
`raphson launch` on those of all processes (process 0 prints).
"""

import json
import os
import signal
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

import raphson as rp
from raphson.ml import train
from raphson.ml.risk_products import risk_gradient, risk_value
from raphson.ml.tree_operator import flat_product

N, INPUTS, HIDDEN, CLASSES = 29, 3, 4, 4  # neither 2 nor 8 devices divide the examples


def predict(params: Any, x: Any) -> Any:
    nothing = jnp.zeros_like(params["b"])  # arrays made from parameters belong to the device's own program
    return jnp.tanh(x @ params["w"] + params["b"] + nothing) @ params["out"]


def loss(params: Any, batch: Any) -> Any:
    x, y = batch
    return jnp.mean(jnp.sum((predict(params, x) - jax.nn.one_hot(y, CLASSES)) ** 2, -1))


def inputs() -> tuple[Any, Any, Any, Any]:
    """Parameters, x, y, weights."""
    rng = np.random.default_rng(5)
    shapes = {"w": (INPUTS, HIDDEN), "b": (HIDDEN,), "out": (HIDDEN, CLASSES)}
    params = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return params, rng.normal(size=(N, INPUTS)), rng.integers(0, CLASSES, N), rng.uniform(0.5, 2, N)


def risks(mesh: Any) -> dict[str, rp.ml.EmpiricalRisk]:
    """A loss by name with weights in microbatches of 2, and a loss of one's own, which has no weights, in one."""
    _, x, y, w = inputs()
    return {
        "named": rp.ml.EmpiricalRisk("cross-entropy", (x, y, w), predict=predict, batch_size=2, mesh=mesh),
        "own": rp.ml.EmpiricalRisk(loss, (x, y), mesh=mesh),
    }


def operators(risk: rp.ml.EmpiricalRisk, params: Any) -> dict[str, rp.ml.TreeOperator]:
    found = {"hessian": risk.hessian(params)}
    if not isinstance(risk.term, rp.ml.risk.LossTerm):
        found["gauss-newton"] = risk.gauss_newton(params)
        found["fisher"] = risk.fisher(params, samples=2, seed=3)
        found["empirical"] = risk.empirical_fisher(params)
    return found


def quantities(mesh: Any) -> dict[str, Any]:
    params = inputs()[0]
    found: dict[str, Any] = {}
    for name, risk in risks(mesh).items():
        found[f"{name} value"] = float(risk.value(params))
        tree = risk.gradient(params)
        found[f"{name} gradient"] = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)]).tolist()
        made = operators(risk, params)
        v = np.random.default_rng(0).normal(size=made["hessian"].size)
        found |= {f"{name} {kind}": np.asarray(operator @ v).tolist() for kind, operator in made.items()}
    last = made["hessian"]
    found["eigenvalues"] = rp.ml.eigenpairs(last, 2).values.tolist()
    trained = train(risks(mesh)["named"], params, method="newton-cg", steps=4, certify=False)
    found["trained"] = trained.trace.loss.tolist()
    found["trace"] = rp.ml.trace_estimate(last, products=12, method="hutchinson").value
    return found


def reductions(mesh: Any) -> dict[str, list[str]]:
    """The communications in every compiled program, by name."""
    params = inputs()[0]
    found = {}
    for name, risk in risks(mesh).items():
        state = risk.at(params)
        found[f"{name} value"] = risk_value.lower(risk.term, state)
        found[f"{name} gradient"] = risk_gradient.lower(risk.term, state)
        for kind, A in operators(risk, params).items():
            found[f"{name} {kind}"] = flat_product.lower(A.multiply, A.parameters, A.state, jnp.zeros(A.size))
    return {name: communications(lowered.compile().as_text()) for name, lowered in found.items()}


def communications(program: str) -> list[str]:
    """What a compiled program sends between devices; "in a loop" where it does not stand in the outermost block."""
    words = ("all-reduce", "all-gather", "all-to-all", "reduce-scatter", "collective-permute")
    inner, outer = program.split("\nENTRY ")
    return [
        word + place
        for text, place in ((inner, " in a loop"), (outer, ""))
        for word in words
        for end in ("(", "-start(")
        for _ in range(text.count(f" {word}{end}"))
    ]


def not_kept() -> list[str]:
    """What does not come out as parameters lie that are distributed over one axis of a mesh of two, or is wrong."""
    over = jax.make_mesh((4, 2), ("data", "model"))
    params, x, y, _ = inputs()
    lie = {"w": P(None, "model"), "b": P("model"), "out": P("model", None)}
    spread = {name: jax.device_put(leaf, NamedSharding(over, lie[name])) for name, leaf in params.items()}
    risk, alone = (rp.ml.EmpiricalRisk("cross-entropy", (x, y), predict=predict, mesh=m) for m in (over, None))
    H = risk.hessian(spread)
    top = rp.ml.eigenpairs(H, 2)
    expected = rp.ml.eigenpairs(alone.hessian(params), 2)
    made = {"gradient": risk.gradient(spread), "product": H @ spread, "eigenvector": top.trees()[0]}
    wanted = {"gradient": alone.gradient(params), "product": alone.hessian(params) @ params}
    wrong = [] if np.allclose(top.values, expected.values, rtol=1e-10) else ["eigenvalues"]
    if top.vectors.sharding.is_fully_replicated or len(top.vectors.sharding.device_set) != 8:
        wrong.append(f"the vectors lie as {top.vectors.sharding}")
    for kind, tree in made.items():
        for name, leaf in tree.items():
            if not leaf.sharding.is_equivalent_to(NamedSharding(over, lie[name]), leaf.ndim):
                wrong.append(f"{kind} {name} lies as {leaf.sharding}")
            if kind in wanted and not np.allclose(leaf, wanted[kind][name], rtol=0, atol=1e-12):
                wrong.append(f"{kind} {name}")
    return wrong


def few_and_laid_out() -> list[str]:
    """What is wrong with fewer examples than devices, and with data that lie on the devices already."""
    mesh = jax.make_mesh((8,), ("data",))
    params, x, y, _ = inputs()
    over = NamedSharding(mesh, P("data"))
    cases = {
        "few, named": ((x[:3], y[:3]), True, mesh),
        "few": ((x[:3], y[:3]), False, mesh),
        "laid out": (jax.device_put((x[:16], y[:16]), over), True, None),
    }
    wrong = []
    for name, (data, named, where) in cases.items():
        call = ("cross-entropy", {"predict": predict}) if named else (loss, {})
        made = rp.ml.EmpiricalRisk(call[0], data, mesh=where, **call[1])
        alone = rp.ml.EmpiricalRisk(call[0], jax.tree.map(np.asarray, data), **call[1])
        if made.data.over is None or abs(made.value(params) / alone.value(params) - 1) > 1e-12:
            wrong.append(name)
    return wrong


def common_ends(mesh: Any, me: int, folder: str) -> dict[str, Any]:
    """How runs end that one process alone was told to end, and after how many trials; what was saved."""
    params, x, y, _ = inputs()
    given: dict[str, Any] = {"method": optax.sgd(0.1), "checkpoint": folder}
    over = NamedSharding(mesh, P("data"))
    laid = [jax.make_array_from_callback(a[:16].shape, over, lambda place, a=a: a[place]) for a in (x, y)]

    def batches(count: int, interrupted: int | None = None) -> Any:
        for k in range(count):
            if k == interrupted:
                os.kill(os.getpid(), signal.SIGINT)
            yield tuple(laid)

    late = train(risks(mesh)["own"], params, time_limit=0.0 if me else 600.0, steps=10**9, **given)
    streams: dict[str, Any] = {"ended": batches(9 if me else 2), "interrupted": batches(9, 4 if me else None)}
    runs = {"late": late}
    for name, stream in streams.items():
        runs[name] = train(loss, params, batches=stream, **{**given, "checkpoint": f"{folder} {name}"})
    for _ in range(2):  # the second call finds the epochs over
        given["checkpoint"] = f"{folder} epochs"
        runs["epochs"] = train(loss, params, batches=[tuple(laid)] * (2 if me else 3), epochs=2, **given)
        runs.setdefault("first epochs", runs["epochs"])
    found = {name: [run.status.name, len(run.trace)] for name, run in runs.items()}
    return found | {"saved": [rp.ml.Checkpoints(f"{folder} {name}").steps for name in streams]}


def main() -> None:
    rp.ml.distributed()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
    mesh = jax.make_mesh((jax.device_count(),), ("data",))
    found: dict[str, Any] = {"processes": jax.process_count(), "devices": jax.device_count()}
    found["numbers"] = quantities(mesh)
    if jax.process_count() == 1:
        found |= {"reductions": reductions(mesh), "wrong": not_kept() + few_and_laid_out()}
    else:
        found["ends"] = common_ends(mesh, jax.process_index(), sys.argv[1])
    if jax.process_index() == 0:
        print("found", json.dumps(found))


if __name__ == "__main__":
    main()

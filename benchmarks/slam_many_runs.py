"""64 small graphs by one vmap, beside a loop over single solves."""

import time

import jax.numpy as jnp
import numpy as np

from benchmarks.tables import digits, met, table
from raphson.slam import SE2, FactorGraph, errors, optimize, optimize_many

PROTOCOL = 1
GRAPHS, LOOP, ROUNDS = 64, 16, 5
POSES = {"10": 10, "30": 30, "60": 60}


def circle(n: int, seed: int) -> FactorGraph:
    """n poses on two rounds, odometry and a closure from every third pose to the one a round later."""
    rng, turn = np.random.default_rng(seed), np.linspace(0, 4 * np.pi, n)
    truth = np.stack([5 * np.cos(turn), 5 * np.sin(turn), turn + np.pi / 2], 1)
    pairs = [(k, k + 1) for k in range(n - 1)] + [(k, k + n // 2) for k in range(0, n // 2, 3)]
    i, j = np.array(pairs).T
    z = np.array(SE2().between(jnp.asarray(truth[i]), jnp.asarray(truth[j])))
    graph = FactorGraph()
    graph.add_variables("pose", SE2(), truth + 0.05 * rng.standard_normal(truth.shape))
    noisy = z + 0.02 * rng.standard_normal(z.shape)
    graph.add_factors(errors.between_se2, ("pose", "pose"), pairs, noisy, sigmas=[0.02] * 3)
    return graph


def keys(quick: bool) -> list[str]:
    return list(POSES)[:1] if quick else list(POSES)


def measure(key: str, quick: bool) -> dict:
    """Medians of second and later calls, in turns; the agreement of cost and values."""
    graphs = [circle(POSES[key], seed) for seed in range(GRAPHS)]
    begin = time.process_time()
    many = optimize_many(graphs)
    first = time.process_time() - begin
    ones = [optimize(graph) for graph in graphs[:LOOP]]
    side, alone = [], []
    for _ in range(2 if quick else ROUNDS):
        begin = time.process_time()
        many = optimize_many(graphs)
        side.append((time.process_time() - begin) / GRAPHS)
        begin = time.process_time()
        ones = [optimize(graph) for graph in graphs[:LOOP]]
        alone.append((time.process_time() - begin) / LOOP)
    cost = max(abs(many.costs[k] / one.value - 1) for k, one in enumerate(ones))
    off = max(float(np.abs(many.values["pose"][k] - one.values["pose"]).max()) for k, one in enumerate(ones))
    return {
        "side": float(np.median(side)), "alone": float(np.median(alone)), "first": first, "cost": cost, "off": off,
        "steps": int(many.steps.max()), "converged": int(many.converged.sum()),
    }  # fmt: skip


def marks(rows: dict[str, dict]) -> list[list[str]]:
    worst = max(row["cost"] for row in rows.values())
    said = "; ".join(f"{key} poses {digits(row['alone'] / row['side'])}x" for key, row in rows.items())
    faster = met(all(row["alone"] > row["side"] for row in rows.values()))
    return [
        [f"costs of {GRAPHS} graphs by one vmap beside single solves", "1e-10", f"{worst:.1e}", met(worst <= 1e-10)],
        ["a single solve over one of 64, processor time", "> 1", said, faster],
    ]  # fmt: skip


def render(rows: dict[str, dict]) -> list[str]:
    lines = [
        [key, digits(1e3 * r["side"]), digits(1e3 * r["alone"]), f"{r['cost']:.1e}", f"{r['off']:.1e}", r["steps"],
         f"{r['converged']} of {GRAPHS}", digits(r["first"])]
        for key, r in rows.items()
    ]  # fmt: skip
    head = "poses | one of 64, ms | one alone (with certificate), ms | costs differ | values differ | most trials"
    return ["## Many small graphs", "", *table(head + " | converged | first call, s", lines), ""]

"""Holds what pages computed against JAX: python frontend/pages/against.py FILE

The file is a JSON list of {page, x, basis, value, gradient, hessian}: x (n,), and the others in the plane
of `basis` (n, 2).
"""

import json
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from make import POINTS

import raphson as rp

TOLERANCE = 1e-9


def main(file: Path) -> None:
    """Prints the largest difference, beside the largest entry of what is compared; status 1 beyond 1e-9."""
    rows: list[dict[str, Any]] = json.loads(file.read_text())
    worst = 0.0
    for page in sorted({row["page"] for row in rows}):
        mine = [row for row in rows if row["page"] == page]
        fun = rp.zoo[POINTS[page.removeprefix("look-")][0]].fun
        x = jnp.asarray([row["x"] for row in mine])
        whole = jax.jit(jax.vmap(lambda z, fun=fun: (fun(z), jax.grad(fun)(z), jax.hessian(fun)(z))))(x)
        for row, f, g, H in zip(mine, *map(np.asarray, whole), strict=True):
            E = np.asarray(row["basis"])
            wanted = (np.atleast_1d(f), E.T @ g, (E.T @ H @ E)[[0, 0, 1], [0, 1, 1]])
            for found, want in zip((row["value"], row["gradient"], row["hessian"]), wanted, strict=True):
                worst = max(worst, float(np.max(np.abs(np.atleast_1d(found) - want)) / max(np.max(np.abs(want)), 1e-3)))
    print(f"{len(rows)} places: f, g and H differ from JAX by {worst:.2g} at most")
    if not worst <= TOLERANCE:
        sys.exit(1)


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main(Path(sys.argv[1]))

"""`raphson spectrum`: the eigenvalues of the Hessian of a training loss, at both ends and in numbers, with errors."""

import time
from types import ModuleType
from typing import Annotated, Any

import typer

from raphson.cli import screen
from raphson.cli.target import TargetError, load, resolve
from raphson.report.json import text

MATRICES = ("hessian", "gauss-newton", "fisher", "empirical-fisher")

DENSE = 600
"""Up to so many parameters the matrix is formed, and every eigenvalue known: estimates take more products."""


def spectrum(
    loss: Annotated[
        str,
        typer.Argument(
            metavar="FILE.py:LOSS",
            help="A function (params, batch) -> number beside `params` and `data` in its file, or an EmpiricalRisk.",
        ),
    ],
    matrix: Annotated[str, typer.Option(metavar="NAME", help="|".join(MATRICES))] = "hessian",
    k: Annotated[int, typer.Option("-k", metavar="K", help="Eigenvalues of each end.")] = 5,
    batch_size: Annotated[int | None, typer.Option(metavar="N", help="Examples looked at together.")] = None,
    runs: Annotated[int, typer.Option(metavar="N", help="Random vectors of the density.")] = 8,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Look at the spectrum of a training loss; exit 0 where the outermost eigenvalues converged."""
    from raphson import ml  # here: the other verbs do without it

    if matrix not in MATRICES:
        raise TargetError(f"--matrix {matrix}: choose one of {', '.join(MATRICES)}")
    if k < 1:
        raise TargetError(f"-k {k}: a number of eigenvalues of each end, at least 1")
    risk, params = risk_of(loss, batch_size)
    begin = time.perf_counter()
    operator = getattr(risk, matrix.replace("-", "_"))(params)
    value = float(risk.value(params))
    if operator.size <= DENSE:
        found = whole(operator, k)
    else:
        ends = ml.eigenpairs(operator, min(k, operator.size // 4), "both")
        found = both_ends(ends, ml.spectral_density(operator, runs=runs))
    found = {"loss": value, "matrix": operator.name, "parameters": operator.size, "examples": risk.data.count, **found}
    found["seconds"] = time.perf_counter() - begin
    print(text(found) if json else screen.fold("\n".join(lines(found))))
    return 0 if found["converged"] else 1


def risk_of(name: str, batch_size: int | None) -> tuple[Any, Any]:
    """The risk and the parameters that a file defines. TargetError where it does not."""
    from raphson import ml

    path, _, attribute = name.rpartition(":")
    module: ModuleType | None = load_module(path) if path else None
    given = getattr(module, attribute, None)
    if isinstance(given, ml.EmpiricalRisk):
        if batch_size is not None:
            raise TargetError(f"--batch-size: {attribute} is an EmpiricalRisk, which has its own batch_size")
        return given, needed(module, "params", attribute)
    target = resolve(name)
    if target.module is None:
        raise TargetError(f"{name} is a problem of the zoo: `raphson look` shows its Hessian; name FILE.py:LOSS")
    data = needed(target.module, "data", attribute)
    return ml.EmpiricalRisk(target.fun, data, batch_size=batch_size), needed(target.module, "params", attribute)


def load_module(path: str) -> ModuleType:
    """The file as a module."""
    from pathlib import Path

    return load(Path(path))


def needed(module: Any, name: str, beside: str) -> Any:
    """What the file has to define."""
    if not hasattr(module, name):
        raise TargetError(f"the file defines {beside} and no `{name}`: the {MEANT[name]}")
    return getattr(module, name)


MEANT = {"params": "parameters at which to look, a pytree of arrays", "data": "arrays with the examples first"}


def whole(operator: Any, k: int) -> dict[str, Any]:
    """All eigenvalues of a small matrix."""
    import numpy as np

    matrix = np.asarray(operator.dense(), float)
    if not np.all(np.isfinite(matrix)):
        raise ValueError(f"a product with the {operator!r} is not finite: it has no eigenvalues")
    values = np.linalg.eigvalsh(matrix)
    rounding = len(values) * float(np.finfo(operator.dtype).eps) * float(np.max(np.abs(values)))
    k = min(k, len(values))
    return {
        "largest": [(float(v), rounding) for v in values[::-1][:k]],
        "smallest": [(float(v), rounding) for v in values[:k]],
        "trace": (float(np.sum(values)), rounding),
        "negative": (float(np.sum(values < -rounding)), 0.0),
        "converged": True,
        "products": operator.size,
    }


def both_ends(ends: Any, density: Any) -> dict[str, Any]:
    """The ends by Lanczos, the rest by quadrature."""
    half = len(ends.values) // 2
    pairs = [(float(v), float(e)) for v, e in zip(ends.values, ends.errors, strict=True)]
    trace, below = density.sum_of(lambda a: a), density.below(-3 * abs(float(ends.residuals.max())))
    return {
        "largest": pairs[:half],
        "smallest": pairs[half:][::-1],
        "trace": (trace.value, trace.error),
        "negative": (below.value, below.error),
        "converged": ends.converged,
        "products": ends.products + density.products,
    }


def lines(found: dict[str, Any]) -> list[str]:
    """What a person reads."""

    def with_error(pair: tuple[float, float]) -> str:
        return f"{pair[0]:.6g} ± {pair[1]:.1g}"

    def listed(pairs: list[tuple[float, float]]) -> str:
        return ", ".join(f"{v:.6g}" for v, _ in pairs) + f"  (± {max(e for _, e in pairs):.1g})"

    share = found["negative"][0] / found["parameters"]
    said = [
        f"{found['matrix']}: {found['parameters']} parameters, {found['examples']} examples",
        f"loss      {found['loss']:.7g}",
        f"largest   {listed(found['largest'])}",
        f"smallest  {listed(found['smallest'])}",
        f"trace     {with_error(found['trace'])}",
        f"negative  {with_error(found['negative'])} eigenvalues, {100 * share:.1f} %",
        f"work      {found['products']} products with the matrix, {found['seconds']:.1f} s",
    ]
    return said if found["converged"] else [*said, "note      the outermost eigenvalues have not converged"]

"""`raphson spectrum`: the eigenvalues of the Hessian of a training loss, at both ends and in numbers, with errors."""

import time
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

from raphson.cli import options, screen
from raphson.cli import report as page
from raphson.cli.spectrum_found import FORMED, both_ends, found_whole, spectrum_lines
from raphson.cli.spectrum_watch import Watch
from raphson.cli.target import TargetError, load, resolve
from raphson.report.json import text

MATRICES = ("hessian", "gauss-newton", "fisher", "empirical-fisher")


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
    progress: options.Progress = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.html", help="Write a page with pictures, in one file.")
    ] = None,
    language: page.Language = "en",
    json: options.Json = False,
) -> int:
    """Look at the spectrum of a training loss; exit 0 where the outermost eigenvalues converged. Ctrl-C ends the search
    with what was found.
    """
    if matrix not in MATRICES:
        raise TargetError(f"--matrix {matrix}: choose one of {', '.join(MATRICES)}")
    for name, number, least in (("-k", k, 1), ("--runs", runs, 2)):
        if number < least:
            raise TargetError(f"{name} {number}: a whole number, at least {least}")
    page.check(report, language)
    risk, params = risk_of(loss, batch_size)
    begin = time.perf_counter()
    value = finite_loss(risk, params)
    operator = getattr(risk, matrix.replace("-", "_"))(params)
    pairs = density = None
    with Watch(progress) as watch:
        if operator.size <= FORMED:
            found = found_whole(operator, k)
        else:
            found, pairs, density = both_ends(operator, k, runs, watch)
        found = {"loss": value, "matrix": operator.name, "parameters": operator.size, "examples": risk.data.count,
                 **found}  # fmt: skip
        if watch.ended:
            found["interrupted"] = True
        scenes = [] if report is None else pictures(risk, params, operator, pairs, density, watch)
    found["seconds"] = time.perf_counter() - begin
    if report is not None:
        words = "\n".join(spectrum_lines(found, language))
        found["report"] = write_page(report, page.short(loss), words, scenes, language)
    print(text(found) if json else screen.fold("\n".join([*spectrum_lines(found), *told(found)])))
    if found.get("interrupted"):
        raise KeyboardInterrupt
    return 0 if found["converged"] else 1


def told(found: dict[str, Any]) -> list[str]:
    """Where the page is."""
    return [f"report    {found['report']}"] if "report" in found else []


def write_page(path: Path, title: str, words: str, scenes: list[Any], language: str) -> str:
    """Writes the page; its address."""
    from raphson.picture.learning_page import write_learning_page

    return str(page.saved(lambda: write_learning_page(path, title, words, scenes, language), f"--report {path}"))


def pictures(risk: Any, params: Any, operator: Any, pairs: Any, density: Any, watch: Watch) -> list[Any]:
    """The scenes of the page, as far as Ctrl-C lets them be computed. The landscape is that of the Hessian."""
    from raphson import ml
    from raphson.picture import learning, scenes

    out: list[Any] = []
    if density is None and not watch("picture: density"):
        density = ml.spectral_density(operator)
    if density is not None:
        out.append(scenes.spectrum(density, pairs))
    if not watch("picture: layers"):
        out.append(scenes.layers(ml.layer_curvature(operator)))
    for plane in learning.PLANES:
        if watch(f"picture: landscape, {plane}"):
            break
        try:
            out.append(learning.landscape(risk, params, plane))
        except ValueError:  # at a stationary point -g spans nothing
            continue
    return out


def finite_loss(risk: Any, params: Any) -> float:
    """The loss at the parameters. TargetError where it is not finite, with what is not finite already in the input."""
    import jax
    import numpy as np

    value = float(risk.value(params))
    if np.isfinite(value):
        return value

    def bad(tree: Any) -> int:
        leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]
        return sum(int(np.sum(~np.isfinite(a))) for a in leaves if np.issubdtype(a.dtype, np.floating))

    wrong = [f"{count} numbers of the {name} are not finite" for name, count in
             (("parameters", bad(params)), ("data", bad(risk.data))) if count]  # fmt: skip
    why = "; ".join(wrong) or "parameters and data are finite: look for a log of 0 or an overflow in the loss"
    raise TargetError(f"the loss is {value} at these parameters, and has no curvature there. {why}")


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
    takes_batches(target.fun, attribute)
    data = needed(target.module, "data", attribute)
    return ml.EmpiricalRisk(target.fun, data, batch_size=batch_size), needed(target.module, "params", attribute)


def takes_batches(fun: Any, name: str) -> None:
    """TargetError for a function, a model or a class that cannot be called with parameters and a batch."""
    from inspect import signature

    try:
        signature(fun).bind(None, None)
    except TypeError as why:
        raise TargetError(
            f"{name} is called as a loss, {name}(params, batch) -> number, and does not take that: {why}. Of a model "
            'make an EmpiricalRisk("cross-entropy", data, predict=...) and name it'
        ) from None
    except ValueError:  # no signature is known
        return


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

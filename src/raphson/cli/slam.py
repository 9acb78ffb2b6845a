"""`raphson slam`: a pose graph or a bundle adjustment from its file to its map, with verdict, costs, and times."""

import sys
import time
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from raphson.cli import options, screen
from raphson.cli import report as page
from raphson.report.console import live_line
from raphson.report.json import plain, text

CONVENTIONS = {"g2o": "sum e' Omega e", "gtsam": "half of it, full angles", "se-sync": "chordal, isotropic weights",
               "ceres": "half of it, pixels squared"}  # fmt: skip
"""What each of the costs of `fit.chi2` is."""


AS_OPTIONS = {"noise= must say": "--noise must say", 'information="project"': "--information project",
              "information must be": "--information must be", "noise= is for": "--noise is for",
              "information= is for": "--information is for"}  # fmt: skip
"""What readers say in Python's words, and what it is called here."""


def slam(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A pose graph (g2o, TORO, iSAM) or cameras and points (BAL, libmv).")
    ],
    method: Annotated[str, typer.Option(metavar="NAME", help="One of the methods below.")] = "auto",
    init: Annotated[
        str, typer.Option(metavar="NAME", help="Where it begins: auto, file, chordal or odometry.")
    ] = "auto",
    robust: Annotated[
        str, typer.Option(metavar="NAME", help="A loss of whole factors; gnc tells outliers and drops them.")
    ] = "linear",
    scale: Annotated[float, typer.Option(metavar="SIGMAS", help="Error at which it begins to spare.")] = 1.0,
    noise: Annotated[
        str, typer.Option(metavar="KIND", help="What an iSAM file holds: information, square-root or covariance.")
    ] = "",
    information: Annotated[
        str, typer.Option(metavar="WHAT", help="With indefinite information matrices: refuse or project.")
    ] = "refuse",
    max_steps: options.MaxSteps = None,
    time_limit: options.TimeLimit = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="SOLVED", help="Write it, solved, as g2o or BAL.")
    ] = None,
    progress: options.Progress = False,
    report: page.Option = None,
    language: page.Language = "en",
    json: options.Json = False,
) -> int:
    """Optimize a pose graph or a bundle adjustment; exit 0 only if a minimum was shown."""
    from raphson import slam as graphs  # here: the other verbs do without it

    page.check(report, language)
    page.check(out, option="--out")
    page.keep(file, {"--out": out, "--report": report})
    begin = time.perf_counter()
    graph = read(file, noise, information)
    reading = time.perf_counter() - begin
    refuse_unwritten(graph, out)
    if progress:
        print(f"{file.name}: read in {reading:.1f} s", file=sys.stderr, flush=True)
    with live_line(file.name) if progress else nullcontext(False) as line:
        fit = graphs.optimize(
            graph,
            method,
            init=init,
            loss=robust,
            scale=scale,
            max_steps=max_steps,
            time_limit=time_limit,
            progress=line,
        )
    fit.stages = {"read": reading, **fit.stages}
    written = save(graph, fit, out)
    written |= page.write_report(fit, report, file.name, language)
    print(text({**told(fit), **written}) if json else screen.fold("\n".join(lines_of(fit, file, written))))
    return 0 if fit.success else 1


def read(file: Path, noise: str, information: str) -> Any:
    """The graph of a file; ValueError where it cannot be opened."""
    from raphson.slam.read_slam import read_slam

    try:
        return read_slam(file, noise=noise or None, information=information)
    except ValueError as error:
        said = str(error)
        for python, here in AS_OPTIONS.items():
            said = said.replace(python, here)
        if said == str(error):
            raise
        raise ValueError(said) from None
    except IsADirectoryError:
        raise ValueError(f"{file} is a folder: name a file in it") from None
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror or error}") from None


def refuse_unwritten(graph: Any, out: Path | None) -> None:
    """ValueError, before the work, for a solved problem that no format here can hold."""
    from raphson.slam.bundle_file import BundleFile
    from raphson.slam.write_bal import refuse_other_cameras

    if out is not None and isinstance(graph, BundleFile):
        refuse_other_cameras(graph)


def save(graph: Any, fit: Any, out: Path | None) -> dict[str, str]:
    """Writes the solved graph, if that was asked for: {"out": where it is} for JSON, else {}."""
    from raphson.slam import write_bal, write_g2o
    from raphson.slam.bundle_file import BundleFile

    if out is None:
        return {}

    def write() -> Path:
        writer: Any = write_bal if isinstance(graph, BundleFile) else write_g2o
        writer(out, graph, fit.values)
        return out

    return {"out": str(page.saved(write, f"--out {out}"))}


def told(fit: Any) -> dict[str, Any]:
    """A solved graph for JSON: what it holds, costs before and after, and the run as that of every other verb."""
    from raphson.slam.account import costs_at_start, count_classes, count_components, held_variables

    run = {key: value for key, value in plain(as_run(fit)).items() if key not in LARGE}
    graph = fit.graph
    return {
        "variables": {name: len(v) for name, v in graph.variables.items()}, "factors": count_classes(graph),
        "components": count_components(graph), "held": held_variables(graph), "chi2_start": costs_at_start(fit),
        "chi2": fit.chi2, "outliers": outliers(fit), "rounds": [asdict(one) for one in fit.rounds],
        "stages": fit.stages, **run,
    }  # fmt: skip


def outliers(fit: Any) -> list[list[int]] | None:
    """The vertices, by id, of each edge that was judged an outlier; None where none was judged."""
    from raphson.slam.account import ids_of

    found: list[list[int]] = []
    for f, mask in zip(fit.graph.factors, fit.outliers, strict=False):
        ends = [ids_of(fit.graph, name)[f.rows[mask, k]] for k, name in enumerate(f.types)]
        found += [[int(a) for a in pair] for pair in zip(*ends, strict=True)]
    return found if fit.outliers else None


LARGE = {"x", "gradient", "hessian", "active", "residuals", "jacobian", "parameters", "undetermined", "covariance"}
"""What is as long as the graph, or longer: the map is written with --out."""


def as_run(fit: Any) -> Any:
    """The items of every run."""
    from raphson.report.json import of_result

    return of_result(fit)


def lines_of(fit: Any, file: Path, written: dict[str, str]) -> list[str]:
    """What a person reads: the graph, the verdict and why, costs, work and time, what was held."""
    from raphson.slam.account import held_variables
    from raphson.slam.graduated_rounds import round_words
    from raphson.slam.tagged_lines import first_few
    from raphson.solver.wording import HEADLINES, summary, work_line

    _, *others = summary(fit).replace("init=result.values", "--out SOLVED, then SOLVED --init file").splitlines()
    head = f"{HEADLINES[fit.certificate.verdict]}   f = {fit.value:.7g}, from {fit.trace.start_value:.7g}"
    lines = [
        f"graph     {contents(fit, file)}",
        f"{head}   {fit.gradient.size} unknowns, {fit.gradient.dtype}",
    ]
    labels = [line for line in others if not line.startswith(("work", "note"))]
    notes = [line for line in others if line.startswith("note")]
    labels.append(f"start     {fit.reasons[0]}")
    labels += [f"rounds    {round_words(fit.rounds)}"] if fit.rounds else []
    labels.append(f"held      {first_few(held_variables(fit.graph)) or 'nothing'}")
    lines += [*labels, *cost_lines(fit), f"work      {work_line(fit)}", f"time      {stages(fit)}", *notes]
    lines += [f"solved    {written['out']}"] if "out" in written else []
    return [*lines, f"report    {written['report']}"] if "report" in written else lines


def contents(fit: Any, file: Path) -> str:
    """Variables, factors by class and parts of a graph."""
    from raphson.slam.account import count_classes, count_components

    kinds = ", ".join(f"{len(v)} {name}" for name, v in fit.graph.variables.items())
    edges = ", ".join(counted(k, name) for name, k in count_classes(fit.graph).items())
    return f"{file.name}: {kinds}; {edges}; {counted(count_components(fit.graph), 'component')}"


def counted(k: int, what: str) -> str:
    """So many of something; `odometry` is not counted in pieces."""
    return f"{k} {what}{'' if k == 1 or what == 'odometry' else 's'}"


def cost_lines(fit: Any) -> list[str]:
    """The cost before and after, in each convention."""
    from raphson.slam.account import costs_at_start

    before, after = costs_at_start(fit), fit.chi2
    words = CONVENTIONS | ({"gtsam": "half of it"} if after.get("gtsam") == after["g2o"] / 2 else {})  # in the plane
    rows = [f"{name:<8}{before[name]:>12.7g} -> {value:<12.7g} ({words[name]})" for name, value in after.items()]
    return [f"{'cost' if k == 0 else '':<10}{row}" for k, row in enumerate(rows)]


def stages(fit: Any) -> str:
    """Seconds of each stage."""
    parts = {**fit.stages, "of it compiling": fit.compile_seconds}
    return ", ".join(f"{name} {seconds:.2f} s" for name, seconds in parts.items())

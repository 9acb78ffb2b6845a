"""The part of a report that is read and printed without scripts: verdict, pictures as SVG, a table of the trials."""

import base64
from collections.abc import Iterator
from html import escape
from typing import Any

import numpy as np

from raphson.picture.plane import EPS
from raphson.picture.quadratic import Quadratic
from raphson.picture.render.svg import svg
from raphson.picture.scene import Grid, Scene
from raphson.picture.views.convergence import convergence
from raphson.picture.views.curve import curve, curve_run
from raphson.picture.views.dual import dual
from raphson.picture.views.local import PlaneTrial, local
from raphson.picture.views.run import Journey, run
from raphson.picture.views.spectrum import SpectrumData, spectrum
from raphson.picture.views.stretch import stretch
from raphson.picture.views.whitened import whitened
from raphson.report.table import significant

WIDTH = 470
"""Pixels of a picture; two stand side by side on a printed page."""

ENDS = 15
"""Rows of the table from each end of the run."""

STYLE = (
    ".scripted #static{display:none}"
    "#static{box-sizing:border-box;max-width:66rem}"
    "#static{margin:2rem auto;padding:0 1.25rem;font:16px/1.5 system-ui,sans-serif;color:#1d2329}"
    "#static h1{font-size:1.6rem;margin:0 0 .25rem;overflow-wrap:anywhere}"
    "#static h2{font-size:1.1rem;margin:2rem 0 .5rem}"
    "#static dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:1rem 0}"
    "#static dt{color:#5b6470}#static dd{margin:0;overflow-wrap:anywhere}"
    "#static .pictures{display:flex;flex-wrap:wrap;gap:1rem 1.5rem;align-items:flex-start}"
    "#static figure{margin:0;break-inside:avoid}#static svg{max-width:100%;height:auto}"
    "#static .scroll{overflow-x:auto}"
    "#static table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}"
    "#static th,#static td{padding:.15rem .7rem;text-align:right;border-bottom:1px solid #e2e6ea;white-space:nowrap}"
    "#static th{font-weight:600;border-bottom-color:#8a94a0}"
    "@media print{#static{margin:0;padding:0;max-width:none;font-size:10pt}#static tr{break-inside:avoid}"
    "#static figure{width:48%}#static h2{break-after:avoid}}"
)


def static_page(recording: dict[str, Any], thing: Any) -> str:
    """The element `<main id="static">`."""
    facts = f"{recording['n']} variable{'' if recording['n'] == 1 else 's'} · {recording['dtype']}"
    lines = list(recording["lines"])
    # The number of variables and the precision end the line in the console; here they have their own.
    head = lines.pop(0)[1].rpartition("   ")[0] if lines and not lines[0][0] else ""
    parts = [
        '<main id="static">',
        f"<h1>{escape(recording['title'])}</h1>",
        f"<p>{escape(facts)}</p>",
        f"<p><strong>{escape(head)}</strong></p>" if head else "",
        "<dl>" + "".join(f"<dt>{escape(a)}</dt><dd>{escape(b)}</dd>" for a, b in lines) + "</dl>",
        *groups(recording, thing),
        table(recording["trials"]),
        notes(recording["notes"]),
        "<p>The pictures can be dragged where scripts are allowed. Everything is inside this one file.</p>",
        "</main>",
    ]
    return "\n".join(part for part in parts if part)


def groups(recording: dict[str, Any], thing: Any) -> Iterator[str]:
    """Pictures under a heading each: the run, the start, the answer."""
    many = recording["trials"] is not None and len(recording["points"]) > 1
    if many:
        yield group("The run", [*run_scenes(recording), convergence({"this run": thing})])
    if recording["points"]:
        first, last = recording["points"][0], recording["points"][-1]
        yield group("The start" if many else "The point", point_scenes(recording, first, 0 if many else None))
        if many:
            yield group("The answer", point_scenes(recording, last, None))


def group(title: str, scenes: list[Scene]) -> str:
    """Pictures side by side; nothing where there is none."""
    if not scenes:
        return ""
    figures = "".join(f"<figure>{svg(scene, WIDTH)}</figure>" for scene in scenes)
    return f'<h2>{escape(title)}</h2><div class="pictures">{figures}</div>'


def run_scenes(recording: dict[str, Any]) -> list[Scene]:
    """The path in the main plane, or on the curve of a single variable."""
    trials = recording["trials"]
    accepted = np.array(trials["accepted"], bool)
    if "line" in recording:
        line = recording["line"]
        ends = floats(line["ends"])
        known = np.isfinite(ends)
        x = np.concatenate([[line["start"]], ends[known]])
        f = np.concatenate([floats([trials["startValue"]]), floats(trials["value"])[known]])
        return [curve_run(x, f, accepted[known], floats(line["x"]), floats(line["f"]), recording["names"][0])]
    if not recording["planes"]:
        return []
    plane = recording["planes"][0]
    ends = np.stack([floats(plane["u"]), floats(plane["v"])], axis=1)
    known = np.all(np.isfinite(ends), axis=1)
    last = next((p["views"][plane["id"]]["at"] for p in reversed(recording["points"]) if p["views"]), plane["start"])
    path = Journey(floats(plane["start"]), ends[known], accepted[known], floats(last))
    section = "whole" if plane["whole"] else "slice"
    scene = run(path, sampled(plane["grid"]), section, tuple(plane["axes"]), tuple(plane["window"]), plane["share"])
    return [scene]


def point_scenes(recording: dict[str, Any], point: dict[str, Any], trial: int | None) -> list[Scene]:
    """Model, dual, stretched circle, whitened, spectrum of a point; `trial`: the row of the trial to show with it."""
    if "line" in point:
        at = point["line"]
        scene = curve(
            at["at"], point["value"], at["gradient"], at["hessian"], floats(at["x"]), floats(at["f"]),
            recording["names"][0],
        )  # fmt: skip
        return [scene]
    scenes = []
    if recording["planes"] and recording["planes"][0]["id"] in point["views"]:
        plane = recording["planes"][0]
        view = point["views"][plane["id"]]
        quad, grid = quadratic(view), sampled(view["grid"])
        section, axes = "whole" if plane["whole"] else "slice", tuple(plane["axes"])
        shown = None if trial is None else plane_trial(recording, plane, view, trial)
        window = tuple(view["window"])
        scenes += [
            local(quad, grid, shown, section, axes, window), dual(quad, section, axes, window),
            *stretch(quad, 1.0, section, axes, window), whitened(quad, 1.0, section, window),
        ]  # fmt: skip
    if len(point["eigenvalues"]) > 1:
        scenes.append(spectrum(spectrum_of(point, recording["n"])))
    return scenes


def plane_trial(recording: dict[str, Any], plane: dict[str, Any], view: dict[str, Any], k: int) -> PlaneTrial | None:
    """A trial made from a recorded point."""
    trials = recording["trials"]
    if k >= len(trials["index"]) or trials["point"][k] != 0 or not trials["exact"][k] or plane["u"][k] is None:
        return None
    m = view["metric"]
    curve = None if view["curve"] is None else np.stack([floats(a) for a in view["curve"]], axis=1)
    return PlaneTrial(
        np.array([plane["u"][k], plane["v"][k]], float), trials["accepted"][k],
        trials["tau"][k] if trials["tauUnit"] == "radius" else None,
        None if m is None else np.array([[m[0], m[1]], [m[1], m[2]]]), curve,
    )  # fmt: skip


def quadratic(view: dict[str, Any]) -> Quadratic:
    """A recorded slice."""
    quad = view["slice"]
    a, b, c = quad["hessian"]
    H = np.array([[a, b], [b, c]])
    return Quadratic(quad["value"], floats(quad["gradient"]), H, floats(view["at"]), quad.get("noise", EPS))


def spectrum_of(point: dict[str, Any], n: int) -> SpectrumData:
    """A recorded spectrum: the lowest half and the highest half of what is shown."""
    w, parts = floats(point["eigenvalues"]), floats(point["components"])
    low = (len(w) + 1) // 2
    index = np.r_[1 : low + 1, n - (len(w) - low) + 1 : n + 1]
    signs = np.repeat([-1, 0, 1], point["inertia"])[index - 1]
    energy = floats(point["energy"])
    top = int(np.argmax(energy))
    size = float(abs(parts[top]) / np.sqrt(energy[top])) if energy[top] > 0 else 0.0
    return SpectrumData(
        eigenvalues=w, signs=signs, components=parts, directions=tuple(point["directions"]), index=index, total=n,
        inertia=tuple(point["inertia"]), size=size,
    )  # fmt: skip


def sampled(grid: dict[str, Any] | None) -> Grid | None:
    """A recorded grid."""
    if grid is None:
        return None
    u0, u1, v0, v1 = grid["window"]
    values = unpacked(grid["values"]) + (unpacked(grid["rest"]) if "rest" in grid else 0.0)
    shape = (grid["nv"], grid["nu"])
    return Grid(np.linspace(u0, u1, shape[1]), np.linspace(v0, v1, shape[0]), values.reshape(shape))


def unpacked(text: str) -> np.ndarray:
    """Little-endian Float32 from base64."""
    return np.frombuffer(base64.b64decode(text), "<f4").astype(float)


def floats(values: Any) -> np.ndarray:
    """Numbers of a record as a vector; NaN for what is not finite."""
    return np.array([np.nan if a is None else a for a in values], float)


HEADS = ("trial", "f", "max |g|", "predicted", "actual", "ratio", "tau", "taken")


def table(trials: dict[str, Any] | None) -> str:
    """The first and the last trials."""
    if trials is None or not trials["index"]:
        return ""
    count = len(trials["index"])
    shown = range(count) if count <= 2 * ENDS else [*range(ENDS), -1, *range(count - ENDS, count)]
    rows = [row(trials, k) if k >= 0 else f'<tr><td colspan="{len(HEADS)}">…</td></tr>' for k in shown]
    heads = "".join(f'<th scope="col">{head}</th>' for head in HEADS)
    head = f"<h2>Trials</h2><p>tau is a {trials['tauUnit']}.</p>"
    if trials["tauUnit"].startswith("1/"):
        head = f"<h2>Trials</h2><p>tau is {trials['tauUnit']}.</p>"
    return (
        f'{head}<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    )


def row(trials: dict[str, Any], k: int) -> str:
    """One trial."""
    columns = ("value", "gradientNorm", "predicted", "actual", "ratio", "tau")
    digits = (8, 3, 3, 3, 3, 3)
    cells = [str(trials["index"][k] + 1)]
    for name, count in zip(columns, digits, strict=True):
        a = trials[name][k]
        cells.append("not finite" if a is None else significant(a, count))
    cells.append("yes" if trials["accepted"][k] else "no")
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def notes(words: list[str]) -> str:
    """What was thinned or left out."""
    if not words:
        return ""
    return "<h2>Notes</h2><ul>" + "".join(f"<li>{escape(note)}</li>" for note in words) + "</ul>"

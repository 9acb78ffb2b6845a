"""The part of a report that is read and printed without scripts: verdict, pictures as SVG, a table of the trials."""

import base64
from collections.abc import Iterator
from html import escape
from typing import Any

import numpy as np

from raphson.fit.report import fit_html
from raphson.picture import scenes
from raphson.picture.chinese import chinese_scene, spoken
from raphson.picture.feasible import inside
from raphson.picture.plane import EPS
from raphson.picture.quadratic import Quadratic
from raphson.picture.recording.drawn import drawn_part
from raphson.picture.recording.words import WORDS
from raphson.picture.render.svg import svg
from raphson.picture.scene import Grid, Outside, Scene, Text
from raphson.picture.views.convergence import convergence
from raphson.picture.views.curve import curve, curve_run
from raphson.picture.views.dual import dual
from raphson.picture.views.local import PlaneTrial, Surroundings, local
from raphson.picture.views.run import Journey, run
from raphson.picture.views.spectrum import SpectrumData, spectrum
from raphson.picture.views.stretch import stretch
from raphson.picture.views.whitened import whitened
from raphson.report.table import significant

WIDTH = 470
"""Pixels of a picture; two stand side by side on a printed page."""

CODES = {"en": "en", "zh": "zh-CN"}
"""What the languages of a page are called in HTML."""

TITLES = ("Local quadratic model", "Fit", "Minimization")
"""Titles that nobody asked for."""

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
    "#static tbody th{text-align:left;border-bottom-color:#e2e6ea}"
    "@media print{#static{margin:0;padding:0;max-width:none;font-size:10pt}#static tr{break-inside:avoid}"
    "#static figure{width:48%}#static h2{break-after:avoid}}"
)


def static_page(recording: dict[str, Any], thing: Any, language: str = "en") -> str:
    """The element `<main id="static">`, in English or Chinese."""
    say, own = WORDS[language], recording if language == "en" else recording["zh"]
    facts = f"{say['variables'](recording['n'])} · {recording['dtype']}"
    lines = list(own["lines"])
    head = lines.pop(0)[1] if lines and not lines[0][0] else ""
    parts = [
        '<main id="static">',
        f"<h1>{escape(page_title(recording, language))}</h1>",
        f"<p>{escape(facts)}</p>",
        f"<p><strong>{escape(head)}</strong></p>" if head else "",
        "<dl>" + "".join(f"<dt>{escape(a)}</dt><dd>{escape(b)}</dd>" for a, b in lines) + "</dl>",
        the_fit(thing, language) if "fit" in recording else "",
        drawn_part(recording, language),
        *groups(recording, thing, language),
        table(recording["trials"], say),
        notes(own["notes"], say),
        f"<p>{say['inside']}</p>",
        "</main>",
    ]
    return "\n".join(part for part in parts if part)


def page_title(recording: dict[str, Any], language: str) -> str:
    """The title; one that nobody asked for in the language of the page."""
    title = recording["title"]
    return spoken(title) if language == "zh" and title in TITLES else title


def the_fit(thing: Any, language: str) -> str:
    """Data, curve and residuals of a fit, and its parameters with what is known of them."""
    if language != "en":  # its sentences are not among the translated ones: the page itself has them, with scripts
        return f"<h2>{escape(WORDS[language]['fit'])}</h2><p>{escape(WORDS[language]['scripts'])}</p>"
    drawing = f"<figure>{svg(scenes.fit(thing), 1.3 * WIDTH)}</figure>"
    return f'<h2>{escape(WORDS[language]["fit"])}</h2><div class="pictures">{drawing}{fit_html(thing)}</div>'


def groups(recording: dict[str, Any], thing: Any, language: str) -> Iterator[str]:
    """Pictures under a heading each: the run, the start, the answer (or what was returned instead)."""
    say, many = WORDS[language], recording["trials"] is not None and len(recording["points"]) > 1
    if many:
        yield group(say["run"], [*run_scenes(recording), convergence({"this run": thing})], language)
    if recording["points"]:
        first, last = recording["points"][0], recording["points"][-1]
        yield group(say["start" if many else "point"], point_scenes(recording, first, 0 if many else None), language)
        if many:
            yield group(
                say["answer" if found(recording) else "returned"], point_scenes(recording, last, None), language
            )


def found(recording: dict[str, Any]) -> bool:
    """Whether the run ended at a minimum that was shown."""
    return recording["verdict"] is None or bool(recording["verdict"]["success"])


def group(title: str, scenes: list[Scene], language: str) -> str:
    """Pictures side by side; nothing where there is none. Of words alone, a sentence."""
    if not scenes:
        return ""
    scenes = [chinese_scene(scene) for scene in scenes] if language == "zh" else scenes
    figures = "".join(f"<figure>{figure_of(scene)}</figure>" for scene in scenes)
    return f'<h2>{escape(title)}</h2><div class="pictures">{figures}</div>'


def figure_of(scene: Scene) -> str:
    """The picture; where there is nothing to draw its sentence, without an empty frame."""
    if not all(isinstance(item, Text) for item in scene.items) and np.all(np.isfinite(scene.window)):
        return svg(scene, WIDTH)
    words = " ".join(item.text for item in scene.items if isinstance(item, Text))
    told = " ".join(part for part in (words, scene.caption, *scene.notes) if part)
    head = f'<figcaption data-view="{escape(scene.view)}"><strong>{escape(scene.question)}</strong>'
    return f"{head} {escape(told)}</figcaption>"


def plane_of(recording: dict[str, Any], *kinds: str) -> dict[str, Any]:
    """The first plane of the first of these kinds that was recorded, else the first of all."""
    planes = recording["planes"]
    return next((plane for kind in kinds for plane in planes if plane["kind"] == kind), planes[0])


def beyond(entry: dict[str, Any]) -> Outside | None:
    """What lies beyond the bounds of a recorded plane or view."""
    corners = entry.get("feasible")
    return None if corners is None else Outside("bounds", np.stack([floats(a) for a in corners], axis=1))


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
        name = recording["names"][0]
        return [curve_run(x, f, accepted[known], floats(line["x"]), floats(line["f"]), name, found(recording))]
    if not recording["planes"]:
        return []
    plane = plane_of(recording, "path")
    ends = np.stack([floats(plane["u"]), floats(plane["v"])], axis=1)
    known = np.all(np.isfinite(ends), axis=1)
    last = next((p["views"][plane["id"]]["at"] for p in reversed(recording["points"]) if p["views"]), plane["start"])
    path = Journey(floats(plane["start"]), ends[known], accepted[known], floats(last))
    section = "whole" if plane["whole"] else "slice"
    window, axes = tuple(plane["window"]), tuple(plane["axes"])
    grid, bounds = sampled(plane["grid"], plane), beyond(plane)
    return [run(path, grid, section, axes, window, plane["share"], bounds, found(recording))]


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
    # At the end of a run -g and the Newton step are near zero: the curvatures span the plane that says most.
    kind = "newton" if trial is not None or recording["trials"] is None else "extreme"
    plane = plane_of(recording, kind) if recording["planes"] else None
    if plane and plane["id"] in point["views"]:
        view = point["views"][plane["id"]]
        quad, grid = quadratic(view), sampled(view["grid"], view)
        section, axes = "whole" if plane["whole"] else "slice", tuple(plane["axes"])
        shown = None if trial is None else plane_trial(recording, plane, view, trial)
        window = tuple(view["window"])
        held = point["held"] if "feasible" in view else ()
        around = Surroundings(beyond(view), held, recording["n"], point["angle"])
        scenes += [
            local(quad, grid, shown, section, axes, window, around), dual(quad, section, axes, window),
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
        inertia=tuple(point["inertia"]), size=size, error=point.get("gradientError") or 0.0,
    )  # fmt: skip


def sampled(grid: dict[str, Any] | None, entry: dict[str, Any]) -> Grid | None:
    """A recorded grid of a plane or view, with its points beyond the bounds."""
    if grid is None:
        return None
    u0, u1, v0, v1 = grid["window"]
    values = unpacked(grid["values"]) + (unpacked(grid["rest"]) if "rest" in grid else 0.0)
    shape = (grid["nv"], grid["nu"])
    u, v, values, bounds = (
        np.linspace(u0, u1, shape[1]),
        np.linspace(v0, v1, shape[0]),
        values.reshape(shape),
        beyond(entry),
    )
    if bounds is None or np.all(np.isfinite(values)):
        return Grid(u, v, values)
    return Grid(u, v, values, ~np.isfinite(values) & ~inside(bounds.points, np.stack(np.meshgrid(u, v), axis=-1)))


def unpacked(text: str) -> np.ndarray:
    """Little-endian Float32 from base64."""
    return np.frombuffer(base64.b64decode(text), "<f4").astype(float)


def floats(values: Any) -> np.ndarray:
    """Numbers of a record as a vector; NaN for what is not finite."""
    return np.array([np.nan if a is None else a for a in values], float)


def table(trials: dict[str, Any] | None, say: dict[str, Any]) -> str:
    """The first and the last trials."""
    if trials is None or not trials["index"]:
        return ""
    count = len(trials["index"])
    shown = range(count) if count <= 2 * ENDS else [*range(ENDS), -1, *range(count - ENDS, count)]
    rows = [row(trials, k, say) if k >= 0 else f'<tr><td colspan="{len(say["heads"])}">…</td></tr>' for k in shown]
    heads = "".join(f'<th scope="col">{head}</th>' for head in say["heads"])
    head = f"<h2>{say['trials']}</h2><p>{say['tau'][trials['tauUnit']]}</p>"
    return (
        f'{head}<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    )


def row(trials: dict[str, Any], k: int, say: dict[str, Any]) -> str:
    """One trial."""
    columns = ("value", "gradientNorm", "predicted", "actual", "ratio", "tau")
    digits = (8, 3, 3, 3, 3, 3)
    cells = [str(trials["index"][k] + 1)]
    for name, count in zip(columns, digits, strict=True):
        a = trials[name][k]
        cells.append(say["not finite"] if a is None else significant(a, count))
    cells.append(say["yes"] if trials["accepted"][k] else say["no"])
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def notes(words: list[str], say: dict[str, Any]) -> str:
    """What was thinned or left out."""
    if not words:
        return ""
    return f"<h2>{say['notes']}</h2><ul>" + "".join(f"<li>{escape(note)}</li>" for note in words) + "</ul>"

"""The report: one self-contained HTML file. It needs no network, and can be read and printed with scripts off."""

import json
import os
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from raphson.kernel import show
from raphson.report.compare import Comparison
from raphson.report.training import TrainingReport

WEB = Path(__file__).with_name("web")
"""What frontend/ builds: script and style sheet of reports and the laboratory, those of the tour, the tour on paper."""

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; worker-src blob:; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)

HIDE = 'document.documentElement.classList.add("scripted")'
"""Before anything is painted: the static pictures are for readers without scripts."""

UNHIDE = 'if(!window.raphson&&!window.tour&&!window.map)document.documentElement.classList.remove("scripted")'
"""After the bundle: they come back where it could not start."""


def register(*classes: type) -> None:
    """Makes `show.report` write reports about objects of these classes; what that needs is imported when asked for."""
    for cls in classes:
        show.report.register(cls, report)


def report(thing: Any, path: str | Path, title: str = "", language: str = "en") -> Path:
    """Writes the report about a result, fit, model or comparison; the path of the file.

    The file appears whole or not at all. `language` ("en" or "zh") is that in which the page opens; with scripts on
    the reader can change it. The same object gives the same bytes: there is no time stamp in it. Raises
    FileNotFoundError where the folder does not exist (none is created), IsADirectoryError where the path is one,
    ValueError for another language.
    """
    return written(lambda: page(thing, title, language), Path(path))


def written(text: Callable[[], str], path: Path) -> Path:
    """Writes what `text` makes into a file that appears whole or not at all; the path, which is looked at first."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to write {path.name} into: create it first")
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file in it, as in {path / 'run.html'}")
    whole = text()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(whole, encoding="utf-8", newline="\n")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def page(thing: Any, title: str = "", language: str = "en") -> str:
    """The whole HTML text."""
    from raphson.picture.recording.record import make_recording
    from raphson.picture.recording.static import CODES, page_title, static_page
    from raphson.picture.render.tight import tight
    from raphson.picture.section import refuse_curved

    if language not in CODES:
        raise ValueError(f"language = {language!r}: a report is written in {' or '.join(map(repr, CODES))}")
    if isinstance(thing, TrainingReport):
        from raphson.picture.training_page import training_page

        return training_page(thing, title, language)
    if isinstance(thing, Comparison):
        from raphson.picture.recording.race import Race
        from raphson.picture.recording.race_page import race_page

        race = Race.of(thing)
        recording = race.recording(title)
        body = tight(race_page(race, recording, language))
        return document(recording["race"]["words"][language]["title"], body, language, embedded(recording))
    if hasattr(type(thing), "poses"):
        from raphson.picture.maps.map_page import map_page

        heading, body, record = map_page(thing, title, language)
        return document(heading, body, language, embedded(record), "graph-map", "map")
    refuse_curved(getattr(thing, "model", thing))
    recording = make_recording(thing, title)
    body = tight(static_page(recording, thing, language))
    recording.pop("images", None)  # they stand in the body, where the script finds them
    return document(page_title(recording, language), body, language, embedded(recording))


def document(
    title: str, body: str, language: str, recording: str = "", name: str = "recording", bundle: str = "report"
) -> str:
    """One file with everything inside; `recording`, JSON, for the script that draws it (empty: there is none), under
    the name by which it knows what to do with it; `bundle`: that script, and its style sheet."""
    from raphson.picture.recording.static import CODES, STYLE

    script = web(f"{bundle}.js") if recording else ""
    parts = [
        "<!doctype html>",
        f'<html lang="{CODES[language]}">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        '<link rel="icon" href="data:,">',
        f"<style>{STYLE}</style>",
        f"<style>{web(f'{bundle}.css')}</style>" if recording else "",
        f"<script>{HIDE}</script>" if script else "",
        "</head>",
        "<body>",
        body,
        f'<script type="application/json" id="{name}">{recording}</script>' if recording else "",
        f"<script>{script}</script><script>{UNHIDE}</script>" if script else "",
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(parts)


def embedded(recording: dict[str, Any]) -> str:
    """JSON that can stand inside a script element, whatever its strings hold."""
    text = json.dumps(recording, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def web(name: str) -> str:
    """A file of the bundle, safe to stand inside its element; empty where it was not built."""
    file = WEB / name
    if not file.is_file():
        return ""
    return file.read_text(encoding="utf-8").strip().replace("</script", "<\\/script").replace("</style", "<\\/style")

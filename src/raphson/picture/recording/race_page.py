"""The part of a race's page that is read and printed without scripts: a table, verdicts, lines and paths as SVG."""

from html import escape
from typing import Any

from raphson.picture.recording.race import Race
from raphson.picture.recording.static import group, notes
from raphson.picture.recording.words import WORDS
from raphson.picture.render.strokes import swatch
from raphson.picture.scene import Scene
from raphson.picture.views.race import digit_race, gap_race


def race_page(race: Race, recording: dict[str, Any], language: str = "en") -> str:
    """The element `<main id="static">`, in English or Chinese."""
    say = recording["race"]["words"][language]
    own, seen = recording if language == "en" else recording["zh"], race.path_scene()
    parts = [
        '<main id="static">',
        f"<h1>{escape(say['title'])}</h1><p>{escape(say['facts'])}</p>",
        f"<p><strong>{escape(say['headline'])}</strong></p><p>{escape(say['cost'])}</p>",
        table_of_methods(race, say),
        f"<p>{say['about']}</p>",
        unfound(say),
        group(say["pace"][1], [*([] if seen is None else [seen]), *speed_scenes(race)], language),
        notes(own["notes"], WORDS[language]),
        f"<p>{say['inside']}</p>",
        "</main>",
    ]
    return "\n".join(part for part in parts if part)


def table_of_methods(race: Race, say: dict[str, Any]) -> str:
    """A row for every method, with its line and mark."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in say["columns"])
    rows = []
    for racer, verdict in zip(race.racers, say["verdicts"], strict=True):
        cells = [*race.comparison.cells(racer.name, race.comparison.results[racer.name])[1:-1], verdict]
        name = f'<th scope="row">{swatch(racer.role, racer.mark)} {escape(racer.name)}</th>'
        rows.append(f"<tr>{name}{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>")
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def unfound(say: dict[str, Any]) -> str:
    """What became of the methods that showed no minimum: their verdicts, and why."""
    rows = [
        f"<dt>{escape(name)}</dt><dd><strong>{escape(verdict)}</strong> {escape(why)}</dd>"
        for name, verdict, why in say["failed"]
    ]
    return f"<h2>{escape(say['unfound'])}</h2><dl>{''.join(rows)}</dl>" if rows else ""


def speed_scenes(race: Race) -> list[Scene]:
    """Gaps and digits, over evaluations and over trials."""
    gaps = [gap_race(race.racers, race.low, over) for over in ("evaluations", "trials")]
    if all(racer.digits is None for racer in race.racers):
        return gaps
    return [*gaps, *(digit_race(race.racers, over) for over in ("evaluations", "trials"))]

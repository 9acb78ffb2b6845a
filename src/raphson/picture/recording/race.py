"""The page of a comparison: a table of the methods, their gaps by evaluations and by trials, and their paths."""

from collections.abc import Iterator
from html import escape
from typing import Any

from raphson.picture import scenes
from raphson.picture.recording.static import group
from raphson.picture.scene import Scene
from raphson.picture.views.race import race
from raphson.report.compare import HEADS

PATHS = 6
"""Methods whose paths are drawn."""


def race_page(comparison: Any, title: str) -> str:
    """The element `<main id="static">`."""
    results = comparison.results
    first = next(iter(results.values()))
    n = first.gradient.size
    facts = f"{len(results)} methods from one start · {n} variable{'' if n == 1 else 's'} · {first.gradient.dtype}"
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in HEADS)
    rows = "".join(row(comparison.cells(name, result)) for name, result in results.items())
    parts = [
        '<main id="static">',
        f"<h1>{escape(title)}</h1><p>{escape(facts)}</p>",
        f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>',
        "<p>f, g, H: evaluations. Time: of a second run, without compiling. Order: about 1 linear, 2 quadratic.</p>",
        group("How fast", [race(results), scenes.convergence(comparison)], "en"),
        group(paths_title(results), list(paths(results)) if n == 2 else [], "en"),
        "<p>Everything is inside this one file.</p>",
        "</main>",
    ]
    return "\n".join(part for part in parts if part)


def row(cells: tuple[str, ...]) -> str:
    """One method."""
    name, *numbers = cells
    return f'<tr><th scope="row">{escape(name)}</th>' + "".join(f"<td>{escape(a)}</td>" for a in numbers) + "</tr>"


def paths_title(results: dict[str, Any]) -> str:
    """What stands over the paths: all of them, or those of the first methods."""
    return "The paths" if len(results) <= PATHS else f"The paths of the first {PATHS} methods"


def paths(results: dict[str, Any]) -> Iterator[Scene]:
    """The path of each method, named."""
    for name, result in list(results.items())[:PATHS]:
        try:
            scene = scenes.run(result)
        except ValueError:  # no picture of this run: the table has its row
            continue
        yield Scene(**{**vars(scene), "question": name})

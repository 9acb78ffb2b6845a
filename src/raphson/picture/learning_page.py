"""The page of a training loss: pictures with their words, one file that needs nothing else."""

from dataclasses import replace
from html import escape
from pathlib import Path

from raphson.picture.chinese import chinese_scene, spoken
from raphson.picture.render.svg import svg
from raphson.picture.scene import Scene

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; margin: 0 auto; max-width: 1200px;
  padding: 16px }
h1 { font-size: 1.4em; margin: 0.2em 0 } h2 { font-size: 1.1em; margin: 0 }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 28px }
figure { margin: 0; break-inside: avoid } svg { width: 100%; height: auto }
figcaption, .title { color: #55606c } pre { white-space: pre-wrap; background: #f5f7f9; padding: 10px }
"""


HEADING = "The spectrum of a training loss:"


def learning_page(title: str, lines: str, scenes: list[Scene], language: str = "en", heading: str = HEADING) -> str:
    """A page: what the console says in `lines`, then the pictures."""
    told = [chinese_scene(scene) for scene in scenes] if language == "zh" else scenes
    heading = spoken(heading) if language == "zh" else heading
    figures = "\n".join(map(figure_of, told))
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head>\n"
        f"<body>\n<h1>{heading} {escape(title)}</h1>\n<pre>{escape(lines)}</pre>\n<main>\n{figures}\n</main>\n"
        "</body>\n</html>\n"
    )


def figure_of(scene: Scene) -> str:
    """A picture whose words stand in the page, where they can be read aloud and fold to its width."""
    bare = svg(replace(scene, question="", title="", caption="", notes=()))
    words = " ".join(escape(text) for text in (scene.caption, *scene.notes) if text)
    return (
        f"<figure><h2>{escape(scene.question)}</h2>\n<div class=title>{escape(scene.title)}</div>\n{bare}\n"
        f"<figcaption>{words}</figcaption></figure>"
    )


def write_learning_page(path: Path, title: str, lines: str, scenes: list[Scene], language: str) -> Path:
    """Writes it."""
    path.write_text(learning_page(title, lines, scenes, language), encoding="utf-8")
    return path

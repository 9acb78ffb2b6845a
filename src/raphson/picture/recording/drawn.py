"""Pictures of a large run that a report shows as they are drawn here: fields, pattern and factor, estimated spectrum.

The page gets them as SVG in both languages, without their images: these stand once in the file, in the part that is
read without scripts, and the script takes them from there.
"""

import re
from dataclasses import replace
from typing import Any

from raphson.model.quadratic import Model
from raphson.picture.chinese import chinese_scene
from raphson.picture.field import fields_of
from raphson.picture.pattern import pattern_data
from raphson.picture.products import spread_of
from raphson.picture.render.svg import svg
from raphson.picture.scene import Scene
from raphson.picture.views.field import field
from raphson.picture.views.sparsity import sparsity
from raphson.picture.views.spread import spread

WIDTH = 400
"""Pixels of a picture: on a phone its letters keep 85 % of their size."""

LARGE = 300
"""Variables above which no eigenvalues are recorded point by point (`DENSE` of recording/replay.py)."""

WORDS = {
    "fields": {"en": ("Fields", "What did x come to?"), "zh": ("场", "x 变成了什么样？")},
    "sparsity": {
        "en": ("Sparsity", "What is coupled, and what does a factorization add?"),
        "zh": ("稀疏结构", "哪些变量相互耦合，分解时又增加什么？"),
    },
    "spread": {
        "en": ("Spectrum", "Which directions are stiff, flat, downhill?"),
        "zh": ("特征值谱", "哪些方向陡，哪些平，哪些向下弯？"),
    },
}
"""Title and question of each panel."""

IMAGE = re.compile(r'href="(data:image/png;base64,[^"]*)"')


def add_drawn(out: dict[str, Any], thing: Any) -> None:
    """Adds `drawn`, panels with their words and pictures, and `images`, which a page takes out again."""
    images: list[str] = []

    def kept(match: re.Match[str]) -> str:
        if match[1] not in images:
            images.append(match[1])
        return f'href="#{images.index(match[1])}"'

    panels = []
    for name, scenes in drawn_scenes(thing).items():
        if len(scenes) == 1:  # the panel itself asks its question
            scenes = [replace(scenes[0], question="")]
        figures = [
            {"en": IMAGE.sub(kept, svg(scene, WIDTH)), "zh": IMAGE.sub(kept, svg(chinese_scene(scene), WIDTH))}
            for scene in scenes
        ]
        words = {code: {"title": title, "question": question} for code, (title, question) in WORDS[name].items()}
        panels.append({"name": name, "words": words, "figures": figures})
    if panels:
        out["drawn"], out["images"] = panels, images


def drawn_scenes(thing: Any) -> dict[str, list[Scene]]:
    """The pictures of each panel that there is something to draw for."""
    out: dict[str, list[Scene]] = {}
    model = getattr(thing, "model", thing)
    if model is None or not model.space.straight:
        return out
    if not isinstance(thing, Model) and (fields := fields_of(thing)):
        out["fields"] = [field(one) for of in fields for one in of]
    if model.curvature.compact:
        out["sparsity"] = list(sparsity(pattern_data(thing)))
    if int(model.gradient.shape[0]) > LARGE and (found := spread_of(thing)) is not None:
        out["spread"] = [spread(found)]
    return out


def drawn_part(recording: dict[str, Any], language: str) -> str:
    """The same for readers without scripts, with the images themselves."""
    images = recording.get("images", [])
    parts = []

    def image(match: re.Match[str]) -> str:
        return f'data-image="{match[1]}" href="{images[int(match[1])]}"'

    for panel in recording.get("drawn", []):
        figures = "".join(
            f"<figure>{re.sub(r'href="#([0-9]+)"', image, figure[language])}</figure>" for figure in panel["figures"]
        )
        parts.append(f'<h2>{panel["words"][language]["title"]}</h2><div class="pictures">{figures}</div>')
    return "".join(parts)

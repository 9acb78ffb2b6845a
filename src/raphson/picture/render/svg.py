"""Scenes as SVG text: no dependency, no script, the same scene gives the same bytes.

Every item is an element with `data-role`, its geometry in pixels: tests read pictures from the text.
"""

import hashlib
from dataclasses import replace

import numpy as np

from raphson.picture.render.lettering import letter
from raphson.picture.render.paper import HEAD, LINE, SMALL, Paper, lay_out, measure, ticks
from raphson.picture.render.strokes import DRAW, MARK, SHADES, blend, color, legible, words
from raphson.picture.scene import Heat, Scene, Stems

FONT = "system-ui,-apple-system,'Segoe UI',sans-serif"

LOWEST = 0.36
"""Height of the axes of a lower picture over those of the upper one."""

SLANTED = 110.0
"""Pixels under the axes that slanted labels of stems may take."""


def svg(scene: Scene, width: float = 480, height: float | None = None) -> str:
    """A scene as a standalone SVG with its question, picture and caption; `height` None: as high as it needs to be."""
    papers = sheets(scene, width, height)
    paper, tall = papers[0], sum(sheet.height for sheet in papers)
    name = legible("; ".join(part for part in (scene.question, scene.title) if part))
    told = legible(" ".join(part for part in (scene.caption, *scene.notes) if part))
    clips = [f'<clipPath id="{clip(k)}">{frame(sheet)}</clipPath>' for k, sheet in enumerate(papers)]
    text = "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="raphson-scene" role="img" '
            f'aria-labelledby="{MARK}-t {MARK}-d" data-view="{legible(scene.view)}" width="{width:g}" '
            f'height="{tall:.0f}" viewBox="0 0 {width:g} {tall:.0f}" font-family="{FONT}" '
            f'font-size="{SMALL:g}" fill="none" stroke-linecap="round" stroke-linejoin="round">',
            f'<title id="{MARK}-t">{name}</title>',
            f'<desc id="{MARK}-d">{told}</desc>',
            f"<defs>{''.join(clips)}{pattern()}</defs>",
            f'<rect width="{width:g}" height="{tall:.0f}" fill="#ffffff"/>',
            *heading(paper),
            *body(scene if scene.below is None else replace(scene, x_label=""), paper, 0),
            *([] if scene.below is None else shifted(body(scene.below, papers[1], 1), paper.height)),
            *shifted(footing(papers[-1]), tall - papers[-1].height),
            "</svg>",
        ]
    )
    # Names that belong to this picture alone: another picture on the same page has another text.
    return text.replace(MARK, "rp" + hashlib.sha256(text.encode()).hexdigest()[:10])


def sheets(scene: Scene, width: float, height: float | None) -> list[Paper]:
    """The paper of a scene; and that of the one below it, with the same edges, which then carries the words."""
    if scene.below is None:
        return [lay_out(scene, width, height, below=slant(scene, width))]
    upper = replace(scene, caption="", notes=(), x_label="")
    lower = replace(scene.below, caption=scene.caption, notes=scene.notes)
    margin = max(lay_out(part, width, None).left for part in (upper, lower))
    first, second = (lay_out(part, width, None, left=margin) for part in (upper, lower))
    cut = SMALL * LINE + 18  # the numbers and words under the upper axes are those of the lower
    silent = replace(first.x_ticks, words=("",) * len(first.x_ticks.words), suffix="")
    flat = LOWEST * first.inner[1]
    lift = second.inner[1] - flat
    ticked = ticks(*second.window[2:], flat, 30, "y" in second.log)
    second = replace(
        second, inner=(second.inner[0], flat), foot_top=second.foot_top - lift, height=second.height - lift,
        y_ticks=ticked,
    )  # fmt: skip
    return [replace(first, height=first.height - cut, foot_top=first.foot_top - cut, x_ticks=silent), second]


def clip(k: int) -> str:
    """The name of the k-th clip path."""
    return f"{MARK}-c{k or ''}"


def frame(paper: Paper) -> str:
    """The axes' box."""
    x0, y0, x1, y1 = paper.box
    return f'<rect x="{x0:.2f}" y="{y0:.2f}" width="{x1 - x0:.2f}" height="{y1 - y0:.2f}"/>'


def body(scene: Scene, paper: Paper, k: int) -> list[str]:
    """Axes, items and labels."""
    return [
        *([] if paper.bare else axes(scene, paper)),
        f'<g clip-path="url(#{clip(k)})">',
        *(part for item in scene.items for part in DRAW[type(item)](item, paper)),
        "</g>",
        *labels(scene, paper),
    ]


def shifted(parts: list[str], down: float) -> list[str]:
    """The same lower on the page."""
    return [f'<g transform="translate(0 {down:.2f})">', *parts, "</g>"] if down and parts else parts


def pattern() -> str:
    """Hatching for where f is not finite."""
    return (
        f'<pattern id="{MARK}-h" patternUnits="userSpaceOnUse" width="7" height="7" patternTransform="rotate(45)">'
        f'<path d="M0 0V7" stroke="{color("function")}" stroke-width="1.4"/></pattern>'
    )


def heading(paper: Paper) -> list[str]:
    """The question, and what it is asked about."""
    out, y = [], 6.0
    for line in paper.head:
        y += HEAD * LINE
        out.append(words((12, y - 3), line, extra=f' font-size="{HEAD:g}" font-weight="600"'))
    for line in paper.title:
        y += SMALL * LINE
        out.append(words((12, y - 3), line, "muted"))
    return out


def footing(paper: Paper) -> list[str]:
    """The caption."""
    return [
        words((12, paper.foot_top + SMALL * LINE * (k + 1) - 2), line, "muted") for k, line in enumerate(paper.foot)
    ]


def axes(scene: Scene, paper: Paper) -> list[str]:
    """The frame, ticks with their words, and the names of the axes."""
    x0, y0, x1, y1 = paper.box
    out = [f'<g data-role="axes"><rect x="{x0:.2f}" y="{y0:.2f}" width="{x1 - x0:.2f}" height="{y1 - y0:.2f}" '
           'stroke="#c4cad1"/>']  # fmt: skip
    small = f' font-size="{SMALL - 1:g}"'
    stems = [item for item in scene.items if isinstance(item, Stems) and item.labels]
    out += [line for item in stems for line in stem_labels(item, scene, paper)]
    out += [line for item in scene.items if isinstance(item, Heat) for line in key(item, paper)]
    spots = [] if stems else paper.x_ticks.at
    middle = (paper.window[0], paper.window[2])
    marks, grid = [], []
    for value, word in zip(spots, paper.x_ticks.words, strict=False):
        u = float(paper.pixels((value, middle[1]))[0])
        marks.append(f"M{u:.1f} {y1:.1f}v4")
        grid.append(f"M{u:.1f} {y0:.1f}V{y1:.1f}")
        out.append(words((u, y1 + 16), word, "muted", "middle", small))
    for value, word in zip(paper.y_ticks.at, paper.y_ticks.words, strict=True):
        if scene.ruled is not None and value > scene.ruled:
            continue
        v = float(paper.pixels((middle[0], value))[1])
        marks.append(f"M{x0:.1f} {v:.1f}h-4")
        grid.append(f"M{x0:.1f} {v:.1f}H{x1:.1f}")
        out.append(words((x0 - 7, v + 4), word, "muted", "end", small))
    if scene.log:
        out.insert(1, f'<path d="{"".join(grid)}" stroke="#e9ecef"/>')
    out.append(f'<path d="{"".join(marks)}" stroke="#c4cad1"/>')
    out.append(words(((x0 + x1) / 2, paper.foot_top - 8), scene.x_label + paper.x_ticks.suffix, "text", "middle"))
    v, u = (y0 + y1) / 2, 8 + SMALL
    side = scene.y_label + paper.y_ticks.suffix
    fit = min(1.0, (y1 - y0 + 50) / max(measure(side, SMALL), 1.0))  # a long name in smaller letters, not cut off
    smaller = f' font-size="{SMALL * fit:.1f}"' if fit < 1 else ""
    out.append(words((u, v), side, "text", "middle", f'{smaller} transform="rotate(-90 {u:.1f} {v:.1f})"'))
    return [*out, "</g>"]


def labels(scene: Scene, paper: Paper) -> list[str]:
    """The labels of items, with a white halo."""
    halo = ' stroke="#ffffff" stroke-width="3" paint-order="stroke" stroke-linejoin="round"'
    return [
        words(one.at + np.array([0, 0.36 * SMALL]), one.text, one.role if one.role != "model" else "model-level",
              "middle", f'{halo} data-label="{legible(one.role)}"')
        for one in letter(scene.items, paper)
    ]  # fmt: skip


def slant(scene: Scene, width: float) -> float:
    """Room under the axes for labels of stems that are too long to stand upright."""
    for item in scene.items:
        if isinstance(item, Stems) and item.labels:
            longest = max(measure(word, SMALL - 1) for word in item.labels)
            return min(0.6 * longest, SLANTED) if longest * len(item.labels) > 0.8 * width else 0.0
    return 0.0


def stem_labels(item: Stems, scene: Scene, paper: Paper) -> list[str]:
    """The names under stems, slanted where they are too long to stand side by side."""
    out, tilted = [], slant(scene, paper.width) > 0
    for position, word in zip(np.asarray(item.positions).tolist(), item.labels, strict=False):
        u, v = float(paper.pixels((position, paper.window[2]))[0]), paper.box[3] + 15
        turned = f' transform="rotate(-38 {u:.1f} {v:.1f})"' if tilted else ""
        extra = f' font-size="{SMALL - 1:g}"{turned}'
        out.append(words((u, v), word, "muted", "end" if tilted else "middle", extra))
    return out


def key(item: Heat, paper: Paper) -> list[str]:
    """What the colors of a heat map mean, at the right under the axes."""
    low, high = (f"{v:.3g}".replace("-", "−") for v in (item.low, item.high))
    right, y, cell = paper.box[2], paper.foot_top - 8, 4.0
    left = right - measure(high, SMALL - 1) - 4 - cell * SHADES
    small = f' font-size="{SMALL - 1:g}"'
    bar = "".join(
        f'<rect x="{left + cell * k:.1f}" y="{y - 9:.1f}" width="{cell:g}" height="9" '
        f'fill="{blend(k, item.low, item.high)}"/>'
        for k in range(SHADES)
    )
    return [
        words((left - 4, y), low, "muted", "end", small),
        f'<g stroke="none" shape-rendering="crispEdges">{bar}</g>',
        words((right, y), high, "muted", "end", small),
    ]

"""The page of a map: its record for the script, and a still picture with tables for readers without scripts."""

from html import escape
from typing import Any

import numpy as np

from raphson.picture.maps.graph_map import GraphMap
from raphson.picture.maps.map_ellipses import ELLIPSE, ellipses_of, outlines, reaching, shadows
from raphson.picture.maps.map_record import RAMP, map_record
from raphson.slam.account import FACTOR_CLASSES, ODOMETRY

WIDTH, HEIGHT = 9000, 6000
"""Units of the still picture: tenths of a pixel, so that coordinates are whole numbers."""

EDGES = 8000
"""Edges of the still picture, those with the largest errors and some of the others: about 130 kB."""

BEFORE = "#d3cdc4"
"""Of the start: warm and lighter than any color of an error; as frontend/src/map/canvas.ts."""

SPARED = "#b5588f"
"""Of edges that count little; as frontend/src/map/canvas.ts."""

VIEW = (-60.0, 30.0)
"""Azimuth and elevation from which a map in space is seen at first, in degrees; as frontend/src/map/view.ts."""


def map_page(fit: Any, title: str, language: str) -> tuple[str, str, dict[str, Any]]:
    """Title, body and record of a page about an optimized graph."""
    shown = GraphMap.of(fit)
    record = map_record(fit, shown, title)
    words = record["words"][language]
    return words["title"], still_page(shown, words, bool(fit.success)), record


def still_page(shown: GraphMap, words: dict[str, Any], found: bool) -> str:
    """The element `<main id="static">`."""
    lines = "".join(f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in words["lines"])
    notes = "".join(f"<li>{escape(note)}</li>" for note in words["noteList"])
    parts = [
        '<main id="static">',
        f"<h1>{escape(words['title'])}</h1><p>{escape(words['facts'])}</p>",
        f"<p><strong>{escape(words['headline'])}</strong></p><dl>{lines}</dl>",
        f"<h2>{escape(words['question'])}</h2>",
        f"<p>{escape(' '.join(words['sentences']))}</p>",
        still_map(shown, words), legend(shown, words),
        f"<p>{escape(words['sigma'])}</p>",
        f"<p>{escape(words['ellipses'])}</p>" if still_ellipses(shown)[1].size else "",
        f"<h2>{escape(words['worstQuestion'])}</h2>", plain_table(words["worstColumns"], words["worstRows"]),
        length_figure(words),
        f"<h2>{escape(words['costs'])}</h2>", plain_table(words["costColumns"], words["costRows"]),
        f"<h2>{escape(words['notes'])}</h2><ul>{notes}</ul>" if notes else "",
        f"<p>{escape(words['inside'])}</p>",
        "</main>",
    ]  # fmt: skip
    return "\n".join(part for part in parts if part)


def length_figure(words: dict[str, Any]) -> str:
    """The histogram of reprojection errors, where there is one."""
    if not words["lengths"]:
        return ""
    told = f"<figcaption>{escape(words['lengthsCaption'])}</figcaption>"
    return f"<h2>{escape(words['lengthsQuestion'])}</h2><figure>{words['lengths']}{told}</figure>"


def plain_table(columns: list[str], rows: list[list[str]]) -> str:
    """A table."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def still_map(shown: GraphMap, words: dict[str, Any]) -> str:
    """The map as SVG: the start thin and gray, then the edges, the largest errors last, then ellipses."""
    count, flat, (ellipses, around) = len(shown.ids), seen(shown.end.places), still_ellipses(shown)
    points, scale = in_frame(np.concatenate([seen(shown.start.places), flat, reaching(flat, around)]), count)
    before, after = points[:count], points[count:]
    bins = shown.bins(shown.end.error)
    drawn = chosen(shown)
    dashed, drawn = drawn[shown.spared[drawn]], drawn[~shown.spared[drawn]]
    chain = drawn[shown.classes[drawn] == FACTOR_CLASSES.index(ODOMETRY)]
    paths = [f'<path d="{strokes(before, shown.ends[chain])}" stroke="{BEFORE}" stroke-width="7"/>']
    if dashed.size:
        style = f'stroke="{SPARED}" stroke-width="8" stroke-dasharray="50 40"'
        paths.append(f'<path d="{strokes(after, shown.ends[dashed])}" {style}/>')
    for k, color in enumerate(RAMP["light"]):
        rows = drawn[bins[drawn] == k]
        if rows.size:
            paths.append(f'<path d="{strokes(after, shown.ends[rows])}" stroke="{color}" stroke-width="{8 + 3 * k}"/>')
    for (x, y), (large, small, angle) in zip(after, ellipses, strict=False):
        if large > 0:
            size = f'rx="{large * scale:.0f}" ry="{small * scale:.0f}"'
            place = f"translate({x} {y}) rotate({-np.degrees(angle):.1f})"
            paths.append(f'<ellipse {size} transform="{place}" stroke="{ELLIPSE}" stroke-width="9"/>')
    held = "".join(
        f'<rect x="{x - 60}" y="{y - 60}" width="120" height="120" fill="none" stroke="#1b1f24" stroke-width="22"/>'
        for x, y in after[np.flatnonzero(shown.held)[:50]]
    )
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" width="900" height="600" role="img" '
        f'aria-label="{escape(words["sentences"][0])}"><g fill="none" stroke-linecap="round">{"".join(paths)}</g>'
        f"{held}</svg></figure>"
    )


def still_ellipses(shown: GraphMap) -> tuple[np.ndarray, np.ndarray]:
    """Semi-axes and angles (N, 3) of what the still picture has, zeros where there is none, and the outlines: where all
    ellipses are drawn unasked."""
    if shown.covariances is None or not shown.clear:
        return np.zeros((0, 3)), np.zeros((0, 1, 2))
    known = shadows(shown.covariances, paper(shown.dimension))
    return np.nan_to_num(ellipses_of(known)), outlines(seen(shown.end.places), known)


def chosen(shown: GraphMap) -> np.ndarray:
    """Edges of two places that are drawn, the largest errors among them."""
    rows = shown.worst[shown.ends[shown.worst, 0] != shown.ends[shown.worst, 1]]
    if rows.size <= EDGES:
        return rows
    others = rows[EDGES // 2 :]
    return np.concatenate([rows[: EDGES // 2], others[:: -(-len(others) // (EDGES // 2))]])


def paper(dimension: int) -> np.ndarray:
    """The two axes of the paper (columns): of a map in space as it is seen from `VIEW`."""
    if dimension == 2:
        return np.eye(2)
    a, e = np.radians(VIEW)
    right = np.array([-np.sin(a), np.cos(a), 0.0])
    up = np.array([-np.sin(e) * np.cos(a), -np.sin(e) * np.sin(a), np.cos(e)])
    return np.stack([right, up], axis=1)


def seen(places: np.ndarray) -> np.ndarray:
    """Places in the plane of the paper."""
    return places @ paper(places.shape[1])


def in_frame(points: np.ndarray, first: int) -> tuple[np.ndarray, float]:
    """Points in units of the picture, as whole numbers, which those after the first ones fill; and units for one."""
    margin, own = 200.0, points[first:]
    low, high = own.min(axis=0), own.max(axis=0)
    size = np.maximum(high - low, 1e-12 + 1e-9 * np.abs(high))
    scale = float(np.min((np.array([WIDTH, HEIGHT]) - 2 * margin) / size))
    middle = (low + high) / 2
    far = 10.0 * WIDTH  # a start that is far away is not written out with all its digits
    at = np.array([WIDTH / 2, HEIGHT / 2]) + np.array([1.0, -1.0]) * (points - middle) * scale
    return np.rint(np.clip(at, -far, far)).astype(int), scale


def strokes(points: np.ndarray, ends: np.ndarray) -> str:
    """Lines between pairs of points; one that begins where the last ended goes on."""
    parts, last = [], -1
    for a, b in ends[np.argsort(ends[:, 0], kind="stable")].tolist():
        (x, y), (u, v) = points[a], points[b]
        parts.append(f"{'' if a == last else f'M{x} {y}'}l{u - x} {v - y}")
        last = b
    return "".join(parts)


def legend(shown: GraphMap, words: dict[str, Any]) -> str:
    """The colors of the errors with the bounds between them."""
    names = ["0", *(f"{bound:g}" for bound in shown.bounds)]
    swatches = "".join(
        f'<svg width="26" height="12"><path d="M1 6h24" stroke="{color}" stroke-width="5"/></svg> {name}… '
        for name, color in zip(names, RAMP["light"][: len(names)], strict=True)
    )
    loops = f" · {escape(words['start'])}"
    if words["spared"]:
        loops += f' · <span style="color:{SPARED}">╌</span> {escape(words["spared"])}'
    if still_ellipses(shown)[1].size:
        loops += f' · <span style="color:{ELLIPSE}">○</span> {escape(words["ellipse"])}'
    return f"<p>{escape(words['legend'])}: {swatches}{loops}</p>"

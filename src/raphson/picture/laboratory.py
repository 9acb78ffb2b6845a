"""The laboratory: one HTML file in which a formula is typed, and its geometry drawn; no network, no Python."""

from collections.abc import Sequence
from pathlib import Path

from raphson.picture.report import document, embedded, written

TITLE = "raphson: laboratory"

WITHOUT = (
    "<h1>Laboratory</h1><p>This page computes f, its gradient and its Hessian from a formula: it needs a browser with "
    "scripts switched on.</p><p lang='zh-CN'>本页由公式计算 f、它的梯度和海森矩阵：需要浏览器启用脚本。</p>"
)


def lab(
    formula: str = "", path: str | Path = "raphson-lab.html", start: Sequence[float] | None = None, language: str = "en"
) -> Path:
    """Writes the laboratory, a page with a formula box and the geometry of what is typed; the path of the file.

    The page reads the formula (the grammar is that of `raphson fit --model`), computes f, g and H itself, and draws
    what a report about one point draws: the levels, -g and the Newton step, the dual, the whitened plane, the
    spectrum, the surface. Nothing typed is executed. `formula`: what stands in the box at first ("": an example; one
    that cannot be read is shown with its error); `start`: x (n,), in the order in which the variables appear. Formula
    and start are in the address of the page, so that they can be sent. `language` ("en" or "zh") is that in which it
    opens. The same arguments give the same bytes.

    Raises FileNotFoundError where the folder does not exist, IsADirectoryError where the path is one, ValueError for a
    start that is not finite, and for another language.
    """
    from raphson.picture.recording.static import CODES

    if language not in CODES:
        raise ValueError(f"language = {language!r}: the laboratory speaks {' or '.join(map(repr, CODES))}")
    x = None if start is None else [float(a) for a in start]
    if x is not None and not all(abs(a) < float("inf") for a in x):
        raise ValueError(f"start has entries that are not finite: {x}")
    given = {"formula": str(formula)} if formula else {}
    data = embedded({**given, "start": x})
    return written(
        lambda: document(TITLE, f'<div id="static">{WITHOUT}</div>', language, data, "laboratory"), Path(path)
    )

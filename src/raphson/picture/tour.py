"""The tour: ten screens from the tangent parabola to Newton's method, in one HTML file; no network, no Python."""

from pathlib import Path

from raphson.picture.render.tight import tight
from raphson.picture.report import document, embedded, web, written

TITLES = {"en": "What a Hessian is", "zh": "海森矩阵是什么"}


def tour(path: str | Path = "raphson-tour.html", language: str = "en") -> Path:
    """Writes the tour, a page that teaches what H and H^-1 mean; the path of the file.

    Ten screens, each with a picture to drag: the parabola that fits best, H as a table of bends, axes and lengths of
    its ellipse, why -g misses the centre, what H^-1 divides, the stretched circle, whitening, methods in a race,
    saddles and damping, least squares and a map that closes its loop; at the end a box for a function of one's own.
    The page computes f, g and H itself. Without scripts, and printed, it is a lesson with still pictures. `language`
    ("en" or "zh") is that in which it opens; the reader can change it. The same language gives the same bytes.

    Raises FileNotFoundError where the folder does not exist, IsADirectoryError where the path is one, ValueError for
    another language.
    """
    if language not in TITLES:
        raise ValueError(f"language = {language!r}: the tour is given in {' or '.join(map(repr, TITLES))}")
    body = f'<div id="static">{tight(web(f"tour.{language}.html"))}</div>'
    return written(lambda: document(TITLES[language], body, language, embedded({}), "tour", "tour"), Path(path))

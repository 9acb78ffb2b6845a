"""What a notebook shows of a model or a result: a picture, and the text that the console shows.

What draws is imported when something is shown: `import raphson` does not pay for it.
"""

from collections.abc import Callable
from html import escape
from typing import Any

from raphson.fit.report import fit_html
from raphson.fit.result import Fit
from raphson.kernel import show
from raphson.model.quadratic import Model

STYLE = "display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start"
PRE = "margin:0;padding:8px 0;font-size:13px;line-height:1.45;white-space:pre-wrap;overflow-wrap:anywhere"

LARGEST = 300
"""Variables up to which showing a model computes its eigenvalues unasked."""


def register(*classes: type) -> None:
    """Makes `show.html` draw results of these classes: the run, and their text."""
    for cls in classes:
        show.html.register(cls, result_html)


@show.html.register
def model_html(model: Model) -> str:
    """The local picture of a model and its geometry in a sentence; the sentence alone where no picture can be made."""
    n = int(model.gradient.shape[0])
    head = f"f = {float(model.value):.7g}, {n} variable{'' if n == 1 else 's'}, {model.gradient.dtype}"
    if n > LARGEST:
        return page("", f"{head}\na picture needs the whole Hessian: rp.plot.local(model) draws it")
    return page(picture(lambda scenes: scenes.local(model)), f"{head}\n{geometry(model)}")


@show.html.register
def fitted_html(fit: Fit) -> str:
    """Data, curve and residuals of a fit, beside them the table of its parameters; how it was found is folded in."""
    drawing = picture(lambda scenes: scenes.fit(fit))
    drawn = f"<div>{drawing}</div>" if drawing else ""
    found = str(fit).partition("\n\n")[0]
    run = f'<details><summary>the run</summary><pre style="{PRE}">{escape(found)}</pre></details>'
    return f'<div class="raphson" style="{STYLE}">{drawn}<div>{fit_html(fit)}{run}</div></div>'


def result_html(result: Any) -> str:
    """The picture of a run and the text of its result; the text alone where no picture can be made."""
    return page(picture(lambda scenes: scenes.run(result)), str(result))


def picture(scene: Callable[[Any], Any]) -> str:
    """The SVG of a scene made by `picture.scenes`; empty where that fails: a notebook's last line must not."""
    from raphson.picture import scenes
    from raphson.picture.render.svg import svg

    try:
        return svg(scene(scenes))
    except Exception:  # a user's function may fail anywhere, in its own way
        return ""


def geometry(model: Model) -> str:
    """The geometry in a sentence, or why there is none."""
    try:
        return str(model.geometry())
    except ValueError as why:
        return str(why)


def page(drawing: str, text: str) -> str:
    """Self-contained HTML: no script, nothing loaded, every text escaped."""
    drawn = f"<div>{drawing}</div>" if drawing else ""
    return f'<div class="raphson" style="{STYLE}">{drawn}<pre style="{PRE}">{escape(text)}</pre></div>'

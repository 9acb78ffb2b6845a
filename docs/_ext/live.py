"""Pages to drag, written by raphson itself (`make docs` puts them into docs/_build/live).

They are listed beside the contents; a command in the text that writes one of them is a link to it; and the page that
explains begins with the tour itself. All of them open in the language of the page that they are opened from.
"""

import posixpath
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from languages import is_chinese
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)

LIVE = {
    "tour.html": ("What a Hessian is: the tour", "海森矩阵是什么：十屏"),
    "lab.html": ("Your own function: the laboratory", "你自己的函数：实验室"),
    "run.html": ("A run on Rosenbrock's valley", "Rosenbrock 山谷中的一次迭代"),
    "race.html": ("A race of methods in it", "各方法在其中赛跑"),
}
"""Files in the order in which they are shown, with their names in English and Chinese."""

COMMANDS = {
    f"raphson {verb}{language}": f"{verb}.html" for verb in ("tour", "lab") for language in ("", " --language zh")
}
"""What a reader of the repository types to get them."""

TOLD = {"explanation": "tour.html", "zh/explanation": "tour.html"}
"""Pages that hold one of them, below the paragraph that names its command."""


def there(app: Sphinx) -> list[str]:
    """The files that were written, in the order in which they are shown."""
    return [file for file in LIVE if Path(app.srcdir, "_build/live", file).is_file()]


def address(page: str, file: str) -> str:
    """The link from a page to a live one, in the page's language."""
    return posixpath.relpath(file, posixpath.dirname(page) or ".") + ("#lang=zh" if is_chinese(page) else "")


def link_commands(app: Sphinx, doctree: nodes.document, page: str) -> None:
    files, told = there(app), TOLD.get(page)
    for literal in list(doctree.findall(nodes.literal)):
        file = COMMANDS.get(literal.astext())
        if file not in files or isinstance(literal.parent, nodes.reference | nodes.title):
            continue
        paragraph = literal.parent
        literal.replace_self(nodes.reference("", "", literal.deepcopy(), refuri=address(page, file), internal=True))
        if file == told:
            frame = nodes.raw("", framed(page, file), format="html")
            paragraph.parent.insert(paragraph.parent.index(paragraph) + 1, frame)
            told = None
    if told in files:
        LOGGER.warning("no command for %s, below which it would be shown", told, location=page)


def framed(page: str, file: str) -> str:
    """The live page inside another one; it is loaded when it comes into sight."""
    title = escape(LIVE[file][is_chinese(page)])
    return f'<iframe class="live" src="{address(page, file)}" title="{title}" loading="lazy"></iframe>'


def page_context(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    chinese = is_chinese(page)
    state = "#lang=zh" if chinese else ""
    addresses = {file: context["pathto"](file, 1) + state for file in there(app)}
    links = [f'<a class="reference" href="{to}">{LIVE[file][chinese]}</a>' for file, to in addresses.items()]
    items = "".join(f'<li class="toctree-l1">{link}</li>' for link in links)
    caption = "可以拖动" if chinese else "To drag"
    live = f'<p class="caption" role="heading"><span class="caption-text">{caption}</span></p><ul>{items}</ul>'
    if links:  # below the pages in the reader's language
        context["furo_navigation_tree"] = context["furo_navigation_tree"].replace("</ul>", f"</ul>{live}", 1)


def setup(app: Sphinx) -> dict[str, bool]:
    if Path(app.srcdir, "_build/live").is_dir():
        app.config.html_extra_path.append("_build/live")
    app.connect("doctree-resolved", link_commands)
    app.connect("html-page-context", page_context, priority=950)  # after the languages
    return {"parallel_read_safe": True, "parallel_write_safe": True}

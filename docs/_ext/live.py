"""Pages to drag, written by raphson itself (`make docs` puts them into docs/_build/live), beside the contents."""

from pathlib import Path
from typing import Any

from languages import is_chinese
from sphinx.application import Sphinx

LIVE = {"run.html": ("A run on Rosenbrock's valley", "Rosenbrock 山谷中的一次迭代")}
"""Files in the order in which they are shown, with their names in English and Chinese."""


def page_context(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    chinese = is_chinese(page)
    there = [file for file in LIVE if Path(app.srcdir, "_build/live", file).is_file()]
    state = "#lang=zh" if chinese else ""
    addresses = {file: context["pathto"](file, 1) + state for file in there}
    links = [f'<a class="reference" href="{to}">{LIVE[file][chinese]}</a>' for file, to in addresses.items()]
    items = "".join(f'<li class="toctree-l1">{link}</li>' for link in links)
    caption = "可以拖动" if chinese else "To drag"
    live = f'<p class="caption" role="heading"><span class="caption-text">{caption}</span></p><ul>{items}</ul>'
    if there:  # below the pages in the reader's language
        context["furo_navigation_tree"] = context["furo_navigation_tree"].replace("</ul>", f"</ul>{live}", 1)


def setup(app: Sphinx) -> dict[str, bool]:
    if Path(app.srcdir, "_build/live").is_dir():
        app.config.html_extra_path.append("_build/live")
    app.connect("html-page-context", page_context, priority=950)  # after the languages
    return {"parallel_read_safe": True, "parallel_write_safe": True}

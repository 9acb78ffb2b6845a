"""The order of the pages, and what marks are for: read from the pages, which hold nothing that only Sphinx knows.

The tables of docs/index.md and docs/zh/index.md are the contents: each row's first link is a page. The marks of code
blocks (tests/house/pages.py) become classes, so that an output looks like one.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROW = re.compile(r"^\| *\[[^]]+\]\((?P<page>[\w-]+)\.md\)", re.MULTILINE)
OUTPUT = re.compile(r"^<!-- output -->$", re.MULTILINE)

TOCTREE = """
```{{toctree}}
:hidden:
:caption: {caption}
{pages}
```
"""


def listed(index: str) -> list[str]:
    """The pages that the tables of an index link to, in order."""
    return [row["page"] for row in ROW.finditer(index)]


def toctrees(folder: Path) -> str:
    """The contents of the site: the English pages, then the Chinese ones."""
    english = listed((folder / "index.md").read_text())
    chinese = [f"zh/{page}" for page in ["index", *listed((folder / "zh/index.md").read_text())]]
    parts = {"English": english, "中文": chinese}
    return "".join(TOCTREE.format(caption=caption, pages="\n".join(pages)) for caption, pages in parts.items())


def read_source(app: "Sphinx", page: str, source: list[str]) -> None:
    """Line by line the same, so that a warning shows the page's own line."""
    source[0] = OUTPUT.sub("{.output}", source[0])
    if page == "index":
        source[0] += toctrees(Path(app.srcdir))


def setup(app: "Sphinx") -> dict[str, bool]:
    app.connect("source-read", read_source)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

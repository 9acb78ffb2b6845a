"""Links to files outside docs/ lead to pages that show these files, a `name` to the line that defines it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

ROOT = Path(__file__).parents[2]
SHOWN: set[str] = set()  # files that pages link to, from ROOT


def definition(text: str, name: str) -> int | None:
    """The line of a Python file that defines a name at its top level, counted from 1."""
    found = re.search(rf"^(?:def|class) {name}\b|^{name}\b[^=\n]*=[^=]", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else None


class LinkSource(SphinxTransform):
    """Of a link to a file that is no page MyST makes a download, or, of Markdown, a page that does not exist."""

    default_priority = 300

    def apply(self, **_: Any) -> None:
        here = Path(self.env.doc2path(self.env.docname)).parent
        for link in list(self.document.findall(addnodes.download_reference)):
            self.show(link, (here / link["reftarget"]).resolve())
        for link in list(self.document.findall(addnodes.pending_xref)):
            if link["refdomain"] == "doc" and Path(link["reftarget"]).is_absolute():
                self.show(link, Path(link["reftarget"] + ".md"))

    def show(self, link: nodes.Element, file: Path) -> None:
        if not file.is_file():  # Sphinx warns of it
            return
        path = file.relative_to(ROOT).as_posix()
        SHOWN.add(path)
        line = definition(file.read_text(), link.astext()) if link.next_node(nodes.literal) else None
        up = os.path.relpath(".", Path(self.env.docname).parent)
        address = f"{up}/source/{path}.html" + (f"#line-{line}" if line else "")
        link.replace_self(nodes.reference("", "", *link.children, internal=True, refuri=address))


def source_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    for path in sorted(SHOWN):
        code = highlight(
            (ROOT / path).read_text(),
            get_lexer_for_filename(path) if Path(path).suffix else TextLexer(),  # NOTICE
            HtmlFormatter(cssclass="highlight source", lineanchors="line", anchorlinenos=True, linenos="inline"),
        )
        yield f"source/{path}", {"title": path, "body": f"<h1>{path}</h1>\n{code}"}, "page.html"


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_transform(LinkSource)
    app.connect("html-collect-pages", source_pages)
    return {"parallel_read_safe": False, "parallel_write_safe": True}

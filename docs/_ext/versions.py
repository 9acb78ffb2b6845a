"""The versions of this site that lie beside each other on a host, and the switch between them.

A host serves every version from a folder of its own, and `versions.json` beside these folders:

    python docs/_ext/versions.py FOLDER

writes it for the sites in FOLDER (`make docs`: for the one in docs/_build). A page reads the list by a relative address
and offers the others (_static/versions.js); where there is no list, or nothing else in it, it says its own version.
"""

import json
import re
import sys
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

LIST = "versions.json"
LATEST = "latest"
"""The folder that is offered first, whatever version lies in it."""

VERSION = re.compile(rb"^# Version: (?P<version>.*)$", re.MULTILINE)
"""In the head of objects.inv, which every built site holds."""


def sites(folder: Path) -> list[dict[str, str]]:
    """The sites in a folder: the latest, then the others from the newest on, each with its version and its folder."""
    found = []
    for inventory in sorted(folder.glob("*/objects.inv")):
        head = VERSION.search(inventory.read_bytes())
        if head:
            found.append({"version": head["version"].decode().strip(), "folder": inventory.parent.name})
    found.sort(key=lambda site: (site["folder"] == LATEST, age(site["version"])), reverse=True)
    return found


def age(version: str) -> tuple[tuple[int, int | str], ...]:
    """What orders versions: 0.10 is newer than 0.9, and words are older than numbers."""
    return tuple((1, int(part)) if part.isdigit() else (0, part) for part in re.split(r"[.\-+]", version))


def page_context(app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """The switch at the end of the contents: the version alone, until the script has found others."""
    from languages import is_chinese

    word, latest = ("版本", "最新") if is_chinese(page) else ("Version", "latest")
    own = escape(app.config.version)
    told = f'<p class="versions" data-version="{own}" data-latest="{latest}">{word} <span>{own}</span></p>'
    context["furo_navigation_tree"] += told


def setup(app: "Sphinx") -> dict[str, bool]:
    app.add_js_file("versions.js", loading_method="defer")
    app.connect("html-page-context", page_context, priority=960)  # after the pages to drag
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    beside = Path(sys.argv[1])
    Path(beside, LIST).write_text(json.dumps(sites(beside), indent=2) + "\n")

"""Checks a built site: every link leads somewhere, and a browser asks no other computer for anything.

python docs/_ext/check_site.py docs/_build/html
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"src", "srcset", "poster", "data"}  # attributes that make a browser fetch; href does in <link> and <use>
ELSEWHERE = re.compile(r"(?:[a-z]+:)?//", re.IGNORECASE)
IN_CSS = re.compile(r"""(?:url\(|@import)\s*["']?(?!data:)(?P<to>[^"')\s;]+)""")


class Page(HTMLParser):
    """What a page holds (ids), loads and links to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = {""}
        self.loads: list[str] = []
        self.links: list[str] = []
        self.in_style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_style = tag == "style"
        for name, value in attrs:
            if value is None:
                continue
            if name in {"id", "name"}:
                self.ids.add(value)
            elif name in LOADED and not tag.startswith("meta"):
                self.loads += [part.split()[0] for part in value.split(",")] if name == "srcset" else [value]
            elif name == "href" and tag in {"a", "area"}:
                self.links.append(value)
            elif name in {"href", "xlink:href"}:
                self.loads.append(value)
            elif name == "style":
                self.loads += [found["to"] for found in IN_CSS.finditer(value)]

    def handle_data(self, data: str) -> None:
        if self.in_style:
            self.loads += [found["to"] for found in IN_CSS.finditer(data)]
            self.in_style = False


def faults(folder: Path) -> list[str]:
    """In words, what is wrong with a site."""
    pages = {file.resolve(): Page(file.read_text()) for file in sorted(folder.rglob("*.html"))}
    loads = {file: page.loads for file, page in pages.items()}
    for css in sorted(folder.rglob("*.css")):
        loads[css.resolve()] = [found["to"] for found in IN_CSS.finditer(css.read_text())]
    found = []
    for file, addresses in loads.items():
        for address in addresses:
            if ELSEWHERE.match(address):
                found.append((file, f"loads {address}"))
            elif not address.startswith("data:"):
                found += missing(file, address, pages)
    for file, page in pages.items():
        for address in page.links:
            if not urlsplit(address).scheme and not address.startswith("//"):
                found += missing(file, address, pages)
    return sorted({f"{file.relative_to(folder.resolve())}: {words}" for file, words in found})


def missing(file: Path, address: str, pages: dict[Path, Page]) -> list[tuple[Path, str]]:
    path, anchor = unquote(urlsplit(address).path), unquote(urlsplit(address).fragment)
    target = (file.parent / path).resolve() if path else file
    if not target.is_file():
        return [(file, f"{address} is no file")]
    state = "=" in anchor  # of a report: #lang=zh
    if anchor and not state and target in pages and anchor not in pages[target].ids:
        return [(file, f"{address} is no place on that page")]
    return []


if __name__ == "__main__":
    wrong = faults(Path(sys.argv[1]))
    sys.stderr.write("".join(f"{fault}\n" for fault in wrong))
    sys.exit(bool(wrong))

"""What axe finds in the theme's pages, mended: levels of headings, names of landmarks, code to scroll by keys."""

from pathlib import Path

from sphinx.application import Sphinx

REPAIRS = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="On this page">',
    "<pre>": '<pre tabindex="0">',
}


def repair(app: Sphinx, failure: Exception | None) -> None:
    for file in Path(app.outdir).rglob("*.html") if failure is None else ():
        text = file.read_text()
        if "data-content_root" not in text:  # no page of the theme
            continue
        for found, mended in REPAIRS.items():
            text = text.replace(found, mended)
        file.write_text(text)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", repair, priority=400)  # before the languages
    return {"parallel_read_safe": True, "parallel_write_safe": True}

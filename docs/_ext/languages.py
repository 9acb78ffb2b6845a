"""Two languages on one site: words around a page in the page's language, and a search that reads both."""

import gettext
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sphinx
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

CATALOG = Path(sphinx.__file__).parent / "locale/zh_CN/LC_MESSAGES"
SEARCH = "search-zh"  # beside search: its links are relative to the root

# What the theme says and Sphinx's catalog does not know.
CHINESE = {
    '<a href="https://www.sphinx-doc.org/">Sphinx</a> and': '<a href="https://www.sphinx-doc.org/">Sphinx</a> 与 ',
    "Back to top": "回到顶部",
    "Contents": "目录",
    "Home": "首页",
    "Made with": "制作工具：",
    "Next": "下一页",
    "On this page": "本页内容",
    "Previous": "上一页",
    "Skip to content": "跳到正文",
}
# What the theme says without asking for a translation.
LABELS = {
    "All pages": "所有页面",
    "On this page": "本页内容",
    "Toggle Light / Dark / Auto color theme": "切换浅色、深色、自动",
    "Toggle site navigation sidebar": "显示或隐藏导航",
    "Toggle table of contents sidebar": "显示或隐藏本页内容",
}


class Words(gettext.GNUTranslations):
    """Sphinx's Chinese, with ours."""

    def gettext(self, message: str) -> str:
        return CHINESE.get(message.strip()) or super().gettext(message)


with (CATALOG / "sphinx.mo").open("rb") as catalog:
    WORDS = Words(catalog)


def is_chinese(page: str) -> bool:
    return page.startswith("zh/") or page == SEARCH


def own_language_first(tree: str) -> str:
    """The navigation with the part in Chinese above the English one."""
    soup = BeautifulSoup(tree, "html.parser")
    _, chinese = soup.find_all("ul", recursive=False)
    caption = chinese.find_previous_sibling("p")
    soup.insert(0, caption, chinese)
    return str(soup)


def page_context(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    _, before, after = app.builder.relations.get(page, (None, None, None))
    for side, beside in (("prev", before), ("next", after)):  # reading on does not change the language
        if beside is None or is_chinese(beside) != is_chinese(page):
            context[side] = None
    if not is_chinese(page):
        return
    path = context["pathto"]
    context |= {
        "language": "zh-CN",
        "master_doc": "zh/index",
        "pathto": lambda name, *rest: path(SEARCH if name == "search" else name, *rest),
        "_": WORDS.gettext,
        "gettext": WORDS.gettext,
        "furo_navigation_tree": own_language_first(context["furo_navigation_tree"]),
    }
    if page == SEARCH:
        app.add_js_file("sphinx.js")  # what the search says, of Sphinx's catalog


def search_page(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    yield SEARCH, {}, "search.html"


def label_in_chinese(app: Sphinx, failure: Exception | None) -> None:
    files = [*Path(app.outdir).glob("zh/*.html"), Path(app.outdir, f"{SEARCH}.html")]
    for file in files if failure is None else ():
        text = file.read_text()
        for english, chinese in LABELS.items():
            text = text.replace(f'aria-label="{english}"', f'aria-label="{chinese}"')
        file.write_text(text)


class Bilingual(SearchEnglish):
    """English by the stems of words; Chinese, which has no blanks, by characters and by every two beside each other."""

    lang = "en-zh"
    language_name = "English and Chinese"
    js_splitter_code = (Path(__file__).parent / "splitter.js").read_text()

    def split(self, input: str) -> list[str]:
        found = []
        for word in re.findall(r"[\u4e00-\u9fff]+|[^\W\u4e00-\u9fff]+", input):
            if "\u4e00" <= word[0] <= "\u9fff":
                found += [*word, *(word[i : i + 2] for i in range(len(word) - 1))]
            else:
                found.append(word)
        return found


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_search_language(Bilingual)
    app.config.html_static_path.append(str(CATALOG / "sphinx.js"))
    app.connect("html-page-context", page_context, priority=900)  # after the theme
    app.connect("html-collect-pages", search_page)
    app.connect("build-finished", label_in_chinese)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

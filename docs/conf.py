"""The documentation as a site: `make docs`. The pages are the Markdown files that a git host shows."""

import sys
from pathlib import Path

EXTENSIONS = Path(__file__).parent / "_ext"
sys.path.insert(0, str(EXTENSIONS))

project = "raphson"
version = "0.1.0"  # of pyproject.toml; tests/house/test_site.py compares
html_title = f"raphson {version}"

extensions = ["myst_parser", "accessible", "contents", "languages", "live", "source_pages", "versions"]
exclude_patterns = ["_*"]
myst_enable_extensions = ["attrs_block"]
myst_heading_anchors = 4
myst_heading_slug_func = "github"

html_theme = "furo"
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["site.css"]
html_search_language = "en-zh"
html_search_scorer = str(EXTENSIONS / "scorer.js")
html_copy_source = False
html_show_copyright = False
html_use_index = False
html_domain_indices = False
pygments_dark_style = "a11y-dark"
nitpicky = True
smartquotes = False  # g' is a transpose

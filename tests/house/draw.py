"""Draws a page's pictures: runs its code where they belong.

cd docs/pictures && python -m tests.house.draw ../explanation.md
"""

import sys
from pathlib import Path

from tests.house.pages import parts
from tests.house.test_docs import run_page

if __name__ == "__main__":
    for page in sys.argv[1:]:
        for part in range(len(parts(Path(page).read_text()))):
            run_page(Path(page), Path.cwd(), part)

"""Draws a page's pictures: runs its code where they belong.

cd docs/pictures && python -m tests.house.draw ../explanation.md
"""

import sys
from pathlib import Path

from tests.house.test_docs import run_page

if __name__ == "__main__":
    for page in sys.argv[1:]:
        run_page(Path(page), Path.cwd())

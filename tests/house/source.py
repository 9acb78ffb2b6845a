"""The source files of raphson, parsed: what every test of the house reads."""

import ast
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "raphson"


@dataclass(frozen=True)
class Source:
    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def room(self) -> str:
        """The folder under raphson/ that the file stands in; for a file directly under it, the file's own name."""
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def sources() -> list[Source]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text()
        found.append(Source(path, text, ast.parse(text, str(path))))
    return found

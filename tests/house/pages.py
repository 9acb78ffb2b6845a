"""Markdown pages as programs: the fenced blocks of a page, with the marks that say what a test does with them.

A mark is an HTML comment on the last line with text before the fence, so that it does not show on the page:

    <!-- no-run -->        the ```python block below is not executed
    <!-- output -->        the ```text block below is what the ```python block above printed; `...` stands for anything
    <!-- run -->           each `$ raphson ...` line of the ```console block below is executed and must exit with 0
    <!-- run: exit 1 -->   ... and must exit with 1

A line `<!-- part -->` anywhere in the text ends a part of the page: what stands before the first one begins every part,
and the parts run apart from each other, so that two workers can share a long page. A translation with the same code
and outputs is the same program, and run once.
"""

import ast
import re
from dataclasses import dataclass, replace
from pathlib import Path

FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<language>[\w-]*)")
MARK = re.compile(r"^ *<!-- *(?P<mark>no-run|output|run(: exit \d+)?) *-->$")
PART = re.compile(r"^<!-- part -->$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    language: str
    line: int  # of its first line of code, counted from 1
    code: str
    mark: str = ""
    expected: str | None = None  # what it must print; for a python block followed by its output

    @property
    def exit_code(self) -> int:
        return int(self.mark.removeprefix("run: exit ")) if ":" in self.mark else 0


def fenced_blocks(text: str) -> list[Block]:
    blocks: list[Block] = []
    fence, start, mark, body = None, 0, "", []
    for number, line in enumerate(text.splitlines(), start=1):
        if fence is None:
            if fence := FENCE.match(line):
                start, body = number + 1, []
            elif line.strip():
                found = MARK.match(line)
                mark = found["mark"] if found else ""
        elif line.strip().startswith(fence["ticks"]) and not line.strip().strip("`"):
            code = "\n".join(row.removeprefix(fence["indent"]) for row in body) + "\n"
            blocks.append(Block(fence["language"], start, code, mark))
            fence, mark = None, ""
        else:
            body.append(line)
    if fence is not None:
        raise ValueError(f"line {start - 1}: the fence is never closed")
    return blocks


def read_page(text: str) -> list[Block]:
    """The blocks that are executed, in order, each python block with the output that the page promises."""
    found: list[Block] = []
    promised_by: Block | None = None  # the block directly before
    for block in fenced_blocks(text):
        if block.mark == "output":
            if promised_by is None or promised_by.language != "python" or promised_by.mark == "no-run":
                raise ValueError(f"line {block.line}: an output without an executed python block directly before it")
            found[-1] = replace(found[-1], expected=block.code)
        elif block.mark.startswith("run") and block.language != "console":
            raise ValueError(f"line {block.line}: <!-- {block.mark} --> is for console blocks")
        elif (block.language == "python" and block.mark != "no-run") or block.mark.startswith("run"):
            found.append(block)
        promised_by = block
    return found


def parts(text: str) -> list[str]:
    """The parts of a page, each with the page's beginning and at its own lines."""
    beginning, *rest = PART.split(text)
    found, skipped = [], ""
    for piece in rest:
        found.append(beginning + skipped + piece)
        skipped += "\n" * piece.count("\n")
    return found or [text]


Program = tuple[tuple[str, str, str | None], ...]


def program(text: str) -> Program:
    """What executing a page does, apart from comments and lines: equal for a page and its translation."""
    return tuple(
        (block.mark, ast.dump(ast.parse(block.code)) if block.language == "python" else block.code, block.expected)
        for block in read_page(text)
    )


def commands(block: Block) -> list[str]:
    """The `$ ` lines of a console block, lines ended by a backslash joined with the next."""
    lines = block.code.replace("\\\n", " ").splitlines()
    found = [line.removeprefix("$ ").strip() for line in lines if line.startswith("$ ")]
    if not found or any(not command.startswith("raphson") for command in found):
        raise ValueError(f"line {block.line}: an executed console block has `$ raphson ...` lines and no other command")
    return found


def pages(root: Path) -> list[Path]:
    docs = root / "docs"
    written = [page for page in sorted(docs.rglob("*.md")) if not page.relative_to(docs).parts[0].startswith("_")]
    return [root / "README.md", root / "README.zh-CN.md", *written]

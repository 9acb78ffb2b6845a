"""The screen that the reader looks at: how wide it is, and texts that fit into it."""

import shutil
import textwrap

WIDEST = 100
"""Longer lines are hard to read, and this is the width where there is no terminal."""

INDENT = 10
"""Of the words behind a label: "why       max|g| = ..."."""


def width() -> int:
    """Columns of the terminal, or COLUMNS where that is set; at most `WIDEST`."""
    return max(40, min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST))


def prose(words: str, indent: int = 0) -> list[str]:
    """A paragraph as lines."""
    return textwrap.wrap(words, width(), initial_indent=" " * indent, subsequent_indent=" " * indent)


def fold(text: str, indent: int = INDENT, begin: str = "") -> str:
    """The text with its long lines continued under `indent`, each begun by `begin`; tables of parameters stay whole."""
    blocks = text.split("\n\n")
    return "\n\n".join(block if block.startswith("parameter ") else folded(block, indent, begin) for block in blocks)


def folded(block: str, indent: int, begin: str) -> str:
    """Lines, the long ones in several pieces; the first words keep their spacing, and words stay whole."""
    return "\n".join(
        "\n".join(textwrap.wrap(
            line, width(), initial_indent=begin, subsequent_indent=begin + " " * indent, break_long_words=False,
            break_on_hyphens=False,
        )) if len(begin + line) > width() else begin + line
        for line in block.split("\n")
    )  # fmt: skip

"""A file is read in one sitting and a function on one screen or two."""

import ast

from tests.house.source import sources

FILE_LINES = 350
FUNCTION_LINES = 80


def test_files_are_short() -> None:
    lengths = {source.name: source.text.count("\n") for source in sources()}
    offenders = [f"{name}: {lines} lines" for name, lines in lengths.items() if lines > FILE_LINES]
    assert not offenders, f"above {FILE_LINES} lines:\n" + "\n".join(offenders)


def test_functions_are_short() -> None:
    offenders = []
    for source in sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    offenders.append(f"{source.name}:{node.lineno}: {node.name} has {lines} lines")
    assert not offenders, f"above {FUNCTION_LINES} lines:\n" + "\n".join(offenders)


def test_every_file_says_what_it_holds() -> None:
    nameless = {"utils.py", "util.py", "helpers.py", "misc.py", "common.py"}
    offenders = [source.name for source in sources() if source.path.name in nameless]
    assert not offenders, f"name these files by what is in them: {offenders}"

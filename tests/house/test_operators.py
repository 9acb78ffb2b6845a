"""Operators and curvatures answer for themselves: nobody outside their own files asks one for its type."""

import ast
from collections.abc import Iterator

from tests.house.source import PACKAGE, Source, sources

OWN = ("operators/", "model/curvature.py", "model/quasi_newton.py")


def own(source: Source) -> bool:
    return source.path.relative_to(PACKAGE).as_posix().startswith(OWN)


def kinds() -> set[str]:
    """The classes defined in these files."""
    return {
        node.name for source in sources() if own(source) for node in source.tree.body if isinstance(node, ast.ClassDef)
    }


def names(node: ast.AST) -> set[str]:
    """Every name under a node, with or without its module."""
    plain = {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}
    return plain | {child.attr for child in ast.walk(node) if isinstance(child, ast.Attribute)}


def calls(node: ast.AST, *functions: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions


def questions(tree: ast.AST, kinds: set[str]) -> Iterator[int]:
    """Lines that ask for the type of one of these kinds, or for a field that only some of them have."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and calls(node, "isinstance", "issubclass"):
            asks = names(node.args[1]) & kinds
        elif isinstance(node, ast.Call) and calls(node, "hasattr", "getattr"):
            asks = names(node.args[0]) & {"curvature"}
        elif isinstance(node, ast.Compare):
            asks = any(calls(side, "type") for side in (node.left, *node.comparators)) and names(node) & kinds
        else:
            asks = isinstance(node, ast.MatchClass) and names(node.cls) & kinds
        if asks:
            yield node.lineno  # type: ignore[attr-defined]


def test_nobody_asks_an_operator_for_its_type() -> None:
    found = kinds()
    assert {"Dense", "Measured", "Inverted", "Diagonal", "Gram", "Held", "LowRank", "MatrixFree", "Exact"} <= found
    offenders = [
        f"{source.name}:{line}" for source in sources() if not own(source) for line in questions(source.tree, found)
    ]
    assert not offenders, "give the operator a function that answers:\n" + "\n".join(offenders)


def test_the_reader_sees_every_way_to_ask() -> None:
    ways = (
        "isinstance(B, Dense)",
        "isinstance(B, (Gram, dense.Dense))",
        "isinstance(B, Gram | Dense)",
        "issubclass(K, Dense)",
        "type(B) is Dense",
        "Dense == type(B)",
        "hasattr(seen.curvature, 'matrix')",
        "getattr(model.curvature, 'error', None)",
        "match B:\n    case Dense(): pass",
    )
    for way in ways:
        assert list(questions(ast.parse(way), {"Dense", "Gram"})), way
    for innocent in ("isinstance(B, Box)", "type(B).__name__", "Dense(H)", "B.dense()", "hasattr(f, 'lower')"):
        assert not list(questions(ast.parse(innocent), {"Dense", "Gram"})), innocent

"""One word for one thing: a name that one file gives to others is given by no other file."""

import ast
from collections import defaultdict

from tests.house.source import PACKAGE, Source, sources

BY_DESIGN = {
    "DRAW": "how matplotlib (render/artists.py) and how SVG (render/strokes.py) draws each item of a scene",
    "register": "report/console.py, picture/report.py and notebook.py: each tells `show` about the public classes",
}
"""Names that mean the same wherever they stand."""

LOCAL = {"Array", "log", "__all__"}
"""Abbreviations that many files make for themselves."""

Names = dict[str, set[str]]


def module(source: Source) -> str:
    return "raphson." + ".".join(source.path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def defined(tree: ast.Module) -> set[str]:
    """Functions, classes and constants at the top of a file."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.TypeAlias):
            found.add(node.name.id)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return found - LOCAL


def taken(tree: ast.Module) -> set[tuple[str, str]]:
    """(module, name) of what a file uses from others: `from module import name`, and `module.name` of one imported."""
    found, modules = set(), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "raphson":
            for alias in node.names:
                found.add((node.module, alias.name))
                modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            found.add((modules[node.value.id], node.attr))
    return found


def files_named_so(name: str, modules: set[str]) -> set[str]:
    """The verbs of the command line and the views of pictures: a file's main function is called as the file is, and as
    what it shows; the views are handed on by picture/scenes.py and picture/plot.py."""
    doors = {f"raphson.cli.{name}", f"raphson.picture.views.{name}"}
    return doors | {"raphson.picture.scenes", "raphson.picture.plot"} if doors & modules else set()


def shared(files: list[tuple[str, ast.Module]]) -> Names:
    """Names that more than one file gives to others, with these files."""
    given: Names = defaultdict(set)
    uses = set().union(*(taken(tree) for _, tree in files))
    for name_of_file, tree in files:
        for name in defined(tree):
            if (name_of_file, name) in uses:
                given[name].add(name_of_file)
    return {name: found for name, found in given.items() if len(found - files_named_so(name, found)) > 1}


def test_a_name_that_crosses_files_means_one_thing() -> None:
    found = shared([(module(source), source.tree) for source in sources()])
    offenders = [f"{name}: {', '.join(sorted(files))}" for name, files in found.items() if name not in BY_DESIGN]
    assert not offenders, "given by more than one file:\n" + "\n".join(sorted(offenders))
    assert BY_DESIGN.keys() <= found.keys(), "exceptions that nothing needs"


def test_the_reader_sees_both_ways_to_take_a_name() -> None:
    parse = ast.parse
    two = [("raphson.a", parse("def f(): ...")), ("raphson.b", parse("f = 1"))]
    assert shared([*two, ("raphson.c", parse("from raphson.a import f\nfrom raphson import b\nb.f"))]) == {
        "f": {"raphson.a", "raphson.b"}
    }
    assert shared([*two, ("raphson.c", parse("from raphson.a import f"))]) == {}
    views = [("raphson.cli.f", parse("def f(): ...")), two[0]]
    assert shared([*views, ("raphson.c", parse("from raphson.a import f\nfrom raphson.cli.f import f as verb"))]) == {}

"""Who may know whom: the order of the rooms in DESIGN.md, and who may speak."""

import ast
from collections.abc import Iterator

from tests.house.source import PACKAGE, Source, sources

ORDER = (
    "kernel < sparsity < tracing < problems < linear < operators < calculus < model < paths < controls < certificate "
    "< solver < report < fit < slam, ml < picture < cli"
)
LEVEL = {room: level for level, rooms in enumerate(ORDER.split(" < ")) for room in rooms.split(", ")}

# Closer walls than the order alone: steps and verdicts see only a Model, pictures only numbers.
WALLS = {
    "paths": {"problems", "calculus"},
    "controls": {"problems", "calculus"},
    "picture": {"solver"},
}
ROOT = "raphson"
OPEN_DOOR = {"cli", "__main__"}  # may use the public names
MAY_PRINT = {"cli", "__main__"}
PRINTING_FILES = {
    "src/raphson/report/console.py",  # the live progress display
    "src/raphson/ml/processes.py",  # flushes what others wrote, before it ends the process
}


def is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def import_statements(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Every import under `node`, inside functions too, save those that only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif isinstance(child, ast.If) and is_type_checking(child.test):
            for other in child.orelse:
                yield from import_statements(ast.Module([other], []))
        else:
            yield from import_statements(child)


def imported_modules(statement: ast.Import | ast.ImportFrom, package: list[str]) -> list[str]:
    """Absolute dotted names; `package` is the package of the importing file, in parts."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    base = package[: len(package) - statement.level + 1] if statement.level else []
    if statement.module:
        base = [*base, *statement.module.split(".")]
    # `from raphson import kernel` names a room, `from raphson.kernel import x` need not be followed further.
    return [".".join([*base, alias.name]) for alias in statement.names] if base == [ROOT] else [".".join(base)]


def is_room(name: str) -> bool:
    return name in LEVEL or (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


def imports(source: Source) -> list[tuple[int, str]]:
    """(line, room) of each import from raphson; the room is "raphson" for a public name taken from the root."""
    package = [ROOT, *source.path.relative_to(PACKAGE).parts[:-1]]
    found = []
    for statement in import_statements(source.tree):
        for module in imported_modules(statement, package):
            parts = module.split(".")
            if parts[0] == ROOT:
                found.append((statement.lineno, parts[1] if len(parts) > 1 and is_room(parts[1]) else ROOT))
    return found


def objection(room: str, other: str) -> str | None:
    if other == ROOT:
        return None if room in OPEN_DOOR else "imports the public door; import from the room that defines the name"
    if other not in LEVEL:
        return f"imports {other}, which the order does not name"
    if other in WALLS.get(room, set()):
        return f"{room} must not know {other}"
    if other != room and LEVEL[other] >= LEVEL[room]:
        return f"{room} imports {other}, which does not stand above it"
    return None


def test_each_room_imports_only_from_above() -> None:
    offenders = [
        f"{source.name}:{line}: {reason}"
        for source in sources()
        if source.room in LEVEL
        for line, other in imports(source)
        if (reason := objection(source.room, other))
    ]
    assert not offenders, f"order: {ORDER}\n" + "\n".join(offenders)


def test_every_room_is_in_the_order() -> None:
    strangers = (
        {source.room for source in sources()} - LEVEL.keys() - {"__init__", "__main__", "parts"}
    )  # parts: public names in groups
    assert not strangers, f"not in the order {ORDER}: {sorted(strangers)}"


def test_only_the_command_line_prints() -> None:
    offenders = []
    for source in sources():
        if source.room in MAY_PRINT or source.name in PRINTING_FILES:
            continue
        for node in ast.walk(source.tree):
            speaks = (isinstance(node, ast.Name) and node.id == "print") or (
                isinstance(node, ast.Attribute) and node.attr in {"print", "stdout"}
            )
            if speaks:
                offenders.append(f"{source.name}:{node.lineno}: writes to the console")
    assert not offenders, "\n".join(offenders)


def read(path: str, text: str) -> list[tuple[int, str]]:
    return imports(Source(PACKAGE / path, text, ast.parse(text)))


def test_the_reader_sees_every_form_of_import() -> None:
    assert read("paths/ray.py", "from raphson.calculus.taylor import x") == [(1, "calculus")]
    assert read("paths/ray.py", "import raphson.kernel.number as n, numpy") == [(1, "kernel")]
    assert read("paths/ray.py", "from ..kernel import space") == [(1, "kernel")]
    assert read("paths/__init__.py", "from .ray import Ray") == [(1, "paths")]
    assert read("paths/ray.py", "from .. import kernel") == [(1, "kernel")]
    assert read("paths/ray.py", "from raphson import minimize") == [(1, ROOT)]
    assert read("paths/ray.py", "def f():\n    from raphson.problems import zoo") == [(2, "problems")]
    assert read("paths/ray.py", "if TYPE_CHECKING:\n    from raphson.solver import step") == []


def test_the_walls_stand() -> None:
    assert objection("paths", "problems") and objection("controls", "calculus") and objection("picture", "solver")
    assert objection("slam", "ml") and objection("kernel", "model") and objection("solver", ROOT)
    assert objection("solver", "kernel") is None and objection("cli", ROOT) is None

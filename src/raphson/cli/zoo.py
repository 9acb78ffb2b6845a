"""`raphson zoo`: the names of the test problems."""

from typing import Annotated

import typer

from raphson import zoo as problems
from raphson.cli import options, screen
from raphson.cli.target import TargetError
from raphson.report.json import text
from raphson.report.table import LEFT, RIGHT, significant, table


def zoo(
    trait: Annotated[str | None, typer.Option(metavar="TRAIT", help="Only problems with this trait.")] = None,
    json: options.Json = False,
) -> int:
    """List the named test problems."""
    try:
        names = problems.names(trait)
    except KeyError as unknown:
        raise TargetError(f"{unknown.args[0]}; traits: {', '.join(problems.traits())}") from None
    found = [problems[name] for name in names]
    if json:
        print(text([{"name": p.name, "title": p.title, "n": p.n, "x0": p.x0, "traits": sorted(p.traits),
                     "minimum": None if p.minimum is None else p.minimum.value} for p in found]))  # fmt: skip
        return 0
    rows = [(p.name, str(p.n), "-" if p.minimum is None else significant(p.minimum.value, 4), p.title) for p in found]
    listed = table(("name", "n", "minimum", "title"), rows, (LEFT, RIGHT, RIGHT, LEFT))
    print(screen.fold(listed, listed.index("title")))
    return 0

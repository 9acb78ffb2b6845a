"""Options that several verbs have, each said once."""

from typing import Annotated

import typer

MethodName = Annotated[str, typer.Option(metavar="NAME", help="One of the methods below.")]
MaxSteps = Annotated[int | None, typer.Option(metavar="N", help="Limit of trials.")]
TimeLimit = Annotated[float | None, typer.Option(metavar="SECONDS", help="Limit of time.")]
Progress = Annotated[bool, typer.Option("--progress", help="Show a live line.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

"""`raphson tour`: ten screens about H and H^-1, in one file."""

from pathlib import Path
from typing import Annotated

import typer

import raphson
from raphson.cli import options
from raphson.cli import report as page

FILE = "raphson-tour.html"


def tour(
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE.html", help=f"The file to write (default: {FILE}).")
    ] = None,
    language: page.Language = "en",
    open: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    json: options.Json = False,
) -> int:
    """Write the tour: what a Hessian is, and what its inverse does, on ten screens to drag.

    The page is one file that needs neither network nor Python; without scripts, and printed, it is a lesson with still
    pictures.
    """
    file = page.spot(FILE) if to is None else to
    page.check(file, language, "--to")
    written = page.saved(lambda: raphson.tour(file, language), f"--to {file}")
    return page.hand_over("tour", written, open, json)

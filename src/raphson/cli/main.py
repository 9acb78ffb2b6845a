"""The command `raphson`: verbs, exit codes, and errors in one line.

Exit codes: 0 what was asked for was done, and for `minimize` a minimum was shown; 1 an honest failure
(no minimum shown, derivatives wrong); 2 wrong input, said in one line on standard error.
"""

import logging
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import jax
import typer

from raphson import __version__
from raphson.cli import cache, help, target
from raphson.cli.bench import bench
from raphson.cli.check import check
from raphson.cli.compare import compare
from raphson.cli.demo import demo
from raphson.cli.fit import fit
from raphson.cli.lab import lab
from raphson.cli.launch import launch
from raphson.cli.look import look
from raphson.cli.minimize import minimize
from raphson.cli.program import program
from raphson.cli.slam import slam
from raphson.cli.spectrum import spectrum
from raphson.cli.tour import tour
from raphson.cli.zoo import zoo

app = typer.Typer(name="raphson", add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
VERBS = {
    demo: "See it work on this machine; writes a page to drag.",
    tour: "What a Hessian is: ten screens to drag, in one file.",
    look: "Value, gradient, curvature and geometry at one point.",
    lab: "Type a formula, drag x: a page without network.",
    minimize: "Minimize a function, with verdict, reasons and cost.",
    fit: "Fit a formula to a file's columns, with error bars.",
    slam: "A pose graph, or cameras and points, from file to map.",
    spectrum: "Eigenvalues of a training loss, with error bars.",
    launch: "A script in several processes that compute together.",
    compare: "Several methods from one start in one table.",
    check: "Are gradient and Hessian those of the function?",
    zoo: "List the named test problems.",
    bench: "Measure it beside its peers (in a checkout).",
}
for verb, words in VERBS.items():
    settings = {"allow_interspersed_args": verb is not launch}  # what follows a script belongs to it
    app.command(short_help=words, epilog=help.epilog(verb.__name__), context_settings=settings)(verb)


INTERRUPTED = 130


def version(asked: bool) -> None:
    """Prints the version and leaves."""
    if asked:
        print(f"raphson {__version__}")
        raise typer.Exit()


@app.callback(epilog=help.overview())
def options(
    _: Annotated[bool, typer.Option("--version", callback=version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Second-order optimization that shows its work: it minimizes functions and fits models to data by their
    curvature, and says how it knows that it has arrived.
    """


def main() -> None:
    """The entry point."""
    sys.exit(invoke(sys.argv[1:]))


def invoke(arguments: Sequence[str]) -> int:
    """Runs a command line and returns its exit code."""
    logging.getLogger("jax").setLevel(logging.ERROR)  # remarks on platforms are not the reader's business
    cache.enable()
    try:
        code = app(args=asked(arguments), prog_name=program(), standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:  # typer makes this of a KeyboardInterrupt, without a word
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except BrokenPipeError:  # the reader has seen enough (`raphson ... | head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, typer.Abort):
        return complain("interrupted", INTERRUPTED)
    except Exception as error:
        return failed(error)


def asked(arguments: Sequence[str]) -> list[str]:
    """What is meant by no arguments at all, and by `help` and `help VERB`: the help."""
    first, *rest = arguments or ["help"]
    return [*rest[:1], "--help"] if first == "help" else [first, *rest]


def failed(error: Exception) -> int:
    """Exit code and words for an exception; what is neither the user's nor his function's is raised again."""
    if target.is_users(error):
        print(target.short_traceback(error), file=sys.stderr)
        return 2
    if hasattr(error, "format_message"):  # a usage error of typer
        context: Any = getattr(error, "ctx", None)
        verb = context.command.name if context is not None and context.parent is not None else ""
        return complain(f"{error.format_message()} See `{program()} help {verb}".rstrip() + "`")  # type: ignore[attr-defined]
    if isinstance(error, (ValueError, TypeError, MemoryError, NotImplementedError, target.TargetError)):
        return complain(str(error))
    if no_device():
        return complain(f"JAX finds no device for JAX_PLATFORMS={os.environ.get('JAX_PLATFORMS', '')}; try cpu")
    traceback.print_exception(error)
    return complain("this is a bug in raphson: please report it with the lines above")


def no_device() -> bool:
    """Whether JAX cannot run at all."""
    try:
        return not jax.devices()
    except Exception:
        return True


def complain(message: Any, code: int = 2) -> int:
    """One line on standard error."""
    print("raphson: " + " ".join(str(message).split()), file=sys.stderr)
    return code

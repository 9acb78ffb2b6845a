"""One process of `raphson launch`, started as a file: it executes the user's script and ends with its exit code.

An exception or a code other than 0 ends the process at once. At a usual exit JAX waits until all processes have come to
theirs, and they wait in a sum for this one. Nothing of raphson is imported: the script decides what it imports.
"""

import ctypes
import faulthandler
import os
import runpy
import signal
import sys
import traceback
from typing import Any

PARENT_DEATH = 1
"""PR_SET_PDEATHSIG of Linux: where `raphson launch` itself is killed, nothing of it goes on."""


def main(arguments: list[str]) -> None:
    """Executes the file that the first argument names, as Python itself does."""
    faulthandler.register(signal.SIGUSR1, all_threads=False)  # `raphson launch --time-limit` asks where it stands
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH, signal.SIGKILL)
    sys.argv = arguments
    sys.path[0] = os.path.dirname(os.path.abspath(arguments[0]))
    code = 0
    try:
        runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as left:
        code = code_of(left.code)
    except BaseException as error:
        print_own(error)
        code = 130 if isinstance(error, KeyboardInterrupt) else 1
    if code:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def code_of(given: Any) -> int:
    """The exit code that Python makes of the argument of `sys.exit`."""
    if given is None or isinstance(given, int):
        return int(given or 0) & 255
    print(given, file=sys.stderr)
    return 1


def print_own(error: BaseException) -> None:
    """The traceback, from the user's code on; none of its lines where it is not even Python."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename in (__file__, "<frozen runpy>"):
        trace = trace.tb_next
    traceback.print_exception(error.with_traceback(trace))


if __name__ == "__main__":
    main(sys.argv[1:])

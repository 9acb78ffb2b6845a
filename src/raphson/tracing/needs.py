"""Why a function needs numbers: the construct in the user's own line, and what to write instead."""

from __future__ import annotations

import linecache
import os
import re
import sys
from types import FrameType

import numpy as np

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
"""The folder of this package: its own frames are not the user's."""

NUMPY = os.path.dirname(os.path.abspath(str(np.__file__))) + os.sep

LONGEST = 60
"""Characters of the user's code that a note of one line has room for."""


class NeedsANumber(TypeError):
    """The function wants the value of a variable: it stays on the host. `str` of it is one line for people."""


class Busy(NeedsANumber):
    """Another thread's trace does not end: perhaps it waits for this one."""


class Refusals:
    """What was refused in the trace that is running: an `except` of the user's must not make it unsaid."""

    current: list[NeedsANumber] | None = None


def wanted(what: str, instead: str) -> NeedsANumber:
    """The exception for a construct (see `described`), noted for the end of the trace."""
    error = described(what, instead)
    if Refusals.current is not None:
        Refusals.current.append(error)
    return error


def described(what: str, instead: str) -> NeedsANumber:
    """The exception for a construct, with the user's code that asked for it and its line."""
    frame = user_frame()
    if frame is None:
        return NeedsANumber(f"{what}: {instead}")
    code = segment(frame)
    shown = f"`{code}`" if code else what
    line = f" (line {frame.f_lineno})" if code else ""
    function = re.search(r"\bmath\.(\w+)", code)
    if function and what == "float()":
        instead = f"write np.{function[1]}"
    elif code and what == "float()" and "float(" not in code:
        instead = "it computes with numbers, outside Python"
    return NeedsANumber(f"{shown}{line} needs the value of a variable: {instead}")


def user_frame() -> FrameType | None:
    """The innermost frame that is neither ours nor a library's: the user's own line."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_users(frame):
        frame = frame.f_back
    return frame


def is_users(frame: FrameType) -> bool:
    """Whether a frame runs code that is neither ours nor a library's."""
    name = frame.f_code.co_filename
    theirs = (HERE, NUMPY, "<frozen", "<__array_function__", "<stringsource>")
    return not name.startswith(theirs) and not name.endswith((".pyx", ".pxd")) and "site-packages" not in name


def where_raised(error: BaseException) -> str:
    """Why a trace ended with some other exception, in one line: the user's code that led there."""
    at, trace = None, error.__traceback__
    while trace is not None:
        at = trace if is_users(trace.tb_frame) else at
        trace = trace.tb_next
    code = segment(at.tb_frame, at.tb_lasti) if at is not None else ""
    shown = f"`{code}` (line {at.tb_lineno})" if at is not None and code else "it"
    return f"{shown} cannot be traced ({type(error).__name__})"


def segment(frame: FrameType, last: int | None = None) -> str:
    """The source of what the frame is computing, where it can be read; "" where not."""
    try:
        positions = list(frame.f_code.co_positions())[(frame.f_lasti if last is None else last) // 2]
    except IndexError:
        return ""
    line, end_line, start, end = positions
    if line is None or start is None or end is None or line != end_line:
        return ""
    source = linecache.getline(frame.f_code.co_filename, line).encode()
    text = source[start:end].decode(errors="replace").strip()
    return text if 0 < len(text) <= LONGEST else ""

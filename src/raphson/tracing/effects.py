"""What a function visibly does to the world outside: such a function is called as it stands, on the host.

A counter, a list of the points visited, a print: whoever writes them wants to see every call and its numbers, which a
trace would run once, on arrays without numbers. Read off the bytecode, in the function and in the user's functions
that it names; what escapes this reading is found after a trace, by what it kept (`program`).
"""

from __future__ import annotations

import builtins
import contextlib
import dis
import functools
from collections.abc import Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from raphson.tracing.fingerprint import _library

_CHANGING = """
    append extend insert update setdefault appendleft write writerow put send popitem clear
"""
CHANGING = frozenset(_CHANGING.split())
"""Methods by which a container, a file or a queue is changed."""
SPEAKING = frozenset({"print", "open", "input", "next", "setattr"})
LOGGING = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
CAUGHT = frozenset({"LinAlgError", "FloatingPointError", "ZeroDivisionError", "IndexError"})
"""Errors that NumPy or Python raises for a value: a program gives NaN there, or another branch."""
MOST_FUNCTIONS = 200


def effect_of(fun: Any) -> str:
    """What the function does beside returning a value, in words; "" where nothing is seen."""
    for one in functions_of(fun):
        found = effect_in(one.__code__, one.__globals__)
        if found:
            return found
        if any(isinstance(value, functools._lru_cache_wrapper) for value in reached(one)):
            return "it uses a function that keeps its results (lru_cache)"
        if any(isinstance(value, (list, dict, set)) for value in one.__defaults__ or ()):
            return "it has a default argument that can be changed"
        if CAUGHT & set(one.__code__.co_names) and one.__code__.co_exceptiontable:
            return "it catches an error of NumPy's, which a program does not raise"
    return ""


def speaks_jax(fun: Any) -> bool:
    """Whether a function, or one of the user's that it names, uses something of JAX: it is written for JAX then."""
    found = list(functions_of(fun))
    return not found or any(is_of_jax(value) for one in found for value in reached(one))


def is_of_jax(value: Any) -> bool:
    """Whether an object is JAX's own: a module, a function, an array, a transformed function."""
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "") or ""
    roots = {str(name).partition(".")[0], type(value).__module__.partition(".")[0]}
    return not roots.isdisjoint({"jax", "jaxlib"})


def functions_of(fun: Any) -> Iterator[FunctionType]:
    """The function and the user's functions that it reaches by name, closure or default; libraries' are left out."""
    seen: set[int] = set()  # libraries' functions, too: one that names itself must not be met for ever
    todo = [fun]
    while todo and len(seen) < MOST_FUNCTIONS:
        one = todo.pop()
        if isinstance(one, functools.partial):
            todo += [one.func, *one.args, *one.keywords.values()]
            continue
        call = None if isinstance(one, type) else vars(type(one)).get("__call__")
        if isinstance(call, FunctionType):
            one = MethodType(call, one)
        function = one.__func__ if isinstance(one, MethodType) else one
        if not isinstance(function, FunctionType) or id(function) in seen:
            continue
        seen.add(id(function))
        if _library(function):
            continue
        yield function
        todo += reached(function)
        if isinstance(one, MethodType):
            todo += own_methods(one)


def own_methods(method: MethodType) -> list:
    """Methods of the same object that a method names: self.residuals(x)."""
    names = names_of(method.__func__.__code__) + method.__func__.__code__.co_names
    found = [getattr(type(method.__self__), name, None) for name in names]
    return [MethodType(f, method.__self__) for f in found if isinstance(f, FunctionType)]


def reached(function: FunctionType) -> list:
    """What a function can name: its globals, what it closes over, its defaults."""
    found = [function.__globals__[name] for name in names_of(function.__code__) if name in function.__globals__]
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):
            found.append(cell.cell_contents)
    return [*found, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]


@functools.cache
def names_of(code: CodeType) -> tuple[str, ...]:
    """Global names that the code and that nested in it look up."""
    own = {i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    nested = [names_of(c) for c in code.co_consts if isinstance(c, CodeType)]
    return tuple(own.union(*nested))


def effect_in(code: CodeType, space: dict) -> str:
    """The first effect in one code object and in those nested in it."""
    found = effects(code)
    for kind, name in found:
        hidden = kind == "call" and (name in space or not hasattr(builtins, name))  # a function of that name of his own
        library = kind == "method" and isinstance(space.get(name.partition(".")[0]), ModuleType)  # np.append, np.insert
        if not (hidden or library):
            return WORDS[kind].format(name)
    for constant in code.co_consts:
        if isinstance(constant, CodeType) and (inner := effect_in(constant, space)):
            return inner
    return ""


WORDS = {
    "global": "it changes the global {}",
    "nonlocal": "it changes {}, which is defined outside it",
    "attribute": "it sets the attribute .{}",
    "method": "it calls {}",
    "item": "it changes an item of {}",
    "call": "it calls {}()",
    "speech": "it calls {}()",
}


@functools.cache
def effects(code: CodeType) -> tuple[tuple[str, str], ...]:
    """(kind, name) of everything in the code that changes what is not its own."""
    found = []
    instructions = [i for i in dis.get_instructions(code) if i.opname not in ("CACHE", "PUSH_NULL", "COPY_FREE_VARS")]
    outside = set(code.co_freevars)
    owner, chain = "", False  # the last name loaded that is not a local one
    for instruction in instructions:
        operation, name = instruction.opname, instruction.argval
        if operation in ("STORE_GLOBAL", "DELETE_GLOBAL"):
            found.append(("global", name))
        elif operation == "STORE_DEREF" and name in outside:
            found.append(("nonlocal", name))
        elif operation in ("STORE_ATTR", "DELETE_ATTR"):
            found.append(("attribute", name))
        elif operation in ("STORE_SUBSCR", "DELETE_SUBSCR"):
            container = written_to(instruction, instructions, outside)
            if container:
                found.append(("item", container))
        if operation in ("LOAD_GLOBAL", "LOAD_NAME") or (
            operation in ("LOAD_DEREF", "LOAD_CLASSDEREF") and name in outside
        ):
            owner, chain = name, True
            if operation != "LOAD_DEREF" and name in SPEAKING:
                found.append(("call", name))
        elif operation in ("LOAD_ATTR", "LOAD_METHOD"):
            if chain and name in LOGGING:
                found.append(("speech", f"{owner}.{name}"))
            if chain and name in CHANGING:
                found.append(("method", f"{owner}.{name}"))
            owner, chain = f"{owner}.{name}" if owner else str(name), True
        elif operation.startswith("LOAD_FAST"):
            # An attribute of a local is reached through it: self.history.append changes what is not the function's.
            owner, chain = (name if isinstance(name, str) else str(name[-1])), False
        else:
            owner, chain = "", False
    return tuple(found)


def written_to(store: Any, instructions: list, outside: set[str]) -> str:
    """The container of an item assignment if it is not a local variable: by where the two stand in the source."""
    at = store.positions
    if at is None or at.lineno is None:
        return ""
    for instruction in instructions:
        here = instruction.positions
        if here is None or (here.lineno, here.col_offset) != (at.lineno, at.col_offset) or instruction is store:
            continue
        operation, name = instruction.opname, instruction.argval
        if operation in ("LOAD_GLOBAL", "LOAD_NAME") or (operation == "LOAD_DEREF" and name in outside):
            return str(name)
        if operation in ("LOAD_ATTR", "LOAD_METHOD") and name not in ("T", "flat", "real", "imag"):
            return str(name)
    return ""

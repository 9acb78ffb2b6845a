"""What to say where an argument cannot be meant: the thing, its value, and the way out."""

import inspect
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

SCIPY_OPTIONS = ("gtol", "ftol", "xtol", "maxiter", "maxfun", "maxfev", "disp", "eps", "return_all")
"""Options of SciPy's minimize that are written as keywords by mistake."""


def refuse_swapped(fun: Any, x0: Any, door: str) -> None:
    """TypeError where the function and the start have changed places."""
    if callable(x0) and not callable(fun):
        raise TypeError(
            f"the first argument is {called(fun)} and the second a function: write {door}(fun, x0), the function first"
        )


def called(a: Any) -> str:
    """A thing by its type, as people say it."""
    name = type(a).__name__
    return {"ndarray": "an array", "list": "a list", "NoneType": "None", "str": "a text"}.get(
        name, f"a{'n' * (name[0] in 'aeio')} {name}"
    )


def check_arity(fun: Callable, args: Any, x: Any, name: str) -> None:
    """TypeError where fun cannot be called as fun(x, *args), with the names of its parameters.

    `name`: of the argument that holds the function. What cannot be inspected is let through.
    """
    try:
        parameters = list(inspect.signature(fun).parameters.values())
    except (TypeError, ValueError):
        return
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    taken = [p for p in parameters if p.kind in kinds]
    needed = [p.name for p in taken if p.default is p.empty]
    keywords = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    args = args if isinstance(args, tuple) else (args,)
    given, many = 1 + len(args), any(p.kind is p.VAR_POSITIONAL for p in parameters)
    if keywords:
        raise TypeError(f"{name} needs the keyword {keywords[0]}: pass lambda x: {name}(x, {keywords[0]}=...)")
    if given < len(needed):
        raise TypeError(too_few(needed, given, x, name))
    if given > len(taken) and not many:
        takes = f"{len(taken)} argument{'' if len(taken) == 1 else 's'}"
        listed = f" ({', '.join(p.name for p in taken)})" if taken else ""
        raise TypeError(f"{name} takes {takes}{listed}, but gets x and {len(args)} from args: {given} in all")


def too_few(needed: list[str], given: int, x: Any, name: str) -> str:
    """What to write where a function needs more arguments than it gets."""
    rest = needed[given:]
    missing = f"{', '.join(rest)} {'is' if len(rest) == 1 else 'are'} missing"
    text = f"{name} takes {len(needed)} arguments ({', '.join(needed)}), but gets {given}: {missing}"
    if given == 1 and getattr(x, "shape", None) == (len(needed),):
        return f"{text}. x is one vector: write lambda x: {name}(*x), or unpack it inside, {', '.join(needed)} = x"
    comma = "," if len(rest) == 1 else ""
    return f"{text}. Pass what belongs to the data as args=({', '.join(rest)}{comma})"


def refuse_keywords(unknown: dict[str, Any], door: str) -> None:
    """TypeError for keywords that no argument has; for those that are SciPy's options, what to write instead."""
    for name, value in unknown.items():
        if name in SCIPY_OPTIONS:
            ours = {"maxiter": "max_steps", "xtol": "tol"}.get(name, "")
            here = f"{door}(..., {ours}={value!r})" if ours else "tol= (the accuracy asked of x)"
            raise TypeError(
                f"{door} has no argument {name!r}: in SciPy it is an option, options={{{name!r}: {value!r}}}; here "
                f"write {here}"
            )
        raise TypeError(f"{door} has no argument {name!r}")


def refuse_kind(dtype: Any, what: str, number: str) -> NoReturn:
    """TypeError for values that are no floating-point numbers: None, texts, whole numbers."""
    kind = np.dtype(dtype).kind
    if kind == "O":
        raise TypeError(f"{what} no number (None, or a list of objects): is a return missing? Return {number}")
    if kind in "US":
        raise TypeError(f"{what} text: return {number}")
    raise TypeError(f"{what} {dtype}: a smooth function returns floating-point numbers")

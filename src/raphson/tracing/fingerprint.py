"""A key for "this Python function still means what it meant": the warm path skips tracing when it is unchanged.

A function object is no promise. Its globals can be rebound, its closure cells changed, the NumPy arrays that
it reads mutated in place. `fingerprint` walks everything that the function can reach and keys immutable
values by type and bits, immutable objects by identity (held alive, so that an id is never reused). What it
cannot vouch for makes it answer None, which means "trace again": slower by milliseconds, never wrong.
"""

from __future__ import annotations

import builtins
import dis
import functools
import sys
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType, WrapperDescriptorType
from weakref import WeakKeyDictionary

import jax
import numpy as np
from jax.core import Tracer

from raphson.tracing.keys import Keeper, Key, scalar_key

TRUSTED = frozenset({"jax", "jaxlib", "numpy", "scipy", "math", "operator", "functools", "itertools", "cmath"})
# Modules under a trusted root whose functions answer differently from call to call.
RESTLESS = ("numpy.random", "scipy.stats")
RESTLESS_ATTRIBUTES = frozenset({"random", "stats", "load", "loadtxt", "genfromtxt", "fromfile", "memmap"})
# Builtins through which a function could reach what its code does not name, or the world outside.
REACHING = frozenset(
    {
        "eval",
        "exec",
        "compile",
        "globals",
        "locals",
        "vars",
        "dir",
        "__import__",
        "open",
        "input",
        "print",
        "id",
        "breakpoint",
        "memoryview",
        "object",
        "super",
        "next",
        "iter",
    }
)
LARGEST_ARRAYS = 2**21
"""Bytes of all NumPy arrays that a function reaches, up to which they are read at every call, at 0.6 ms a megabyte:
tracing anew takes 5 ms and more (logistic regression of 300 x 4 numbers: 8 ms of 11)."""
MOST_OBJECTS = 200
DEEPEST = 20

_JIT_TYPE = type(jax.jit(lambda: None))
_DESCRIPTOR_TYPES = (BuiltinFunctionType, WrapperDescriptorType)


class Unsure(Exception):
    """The function reaches something whose changes could not be noticed."""


@functools.cache
def _context():
    """JAX's own summary of the settings that change what a trace gives (precision, x64, mesh, ...)."""
    try:
        from jax._src.config import trace_context
    except ImportError:  # a JAX which moved it: the settings that users change most
        return lambda: (
            jax.config.jax_enable_x64,
            jax.config.jax_default_matmul_precision,
            jax.config.jax_numpy_dtype_promotion,
        )
    return trace_context


_plans: WeakKeyDictionary[CodeType, tuple | None] = WeakKeyDictionary()

# Operations by which a function changes the world, imports, or makes classes: no promise about those.
_ESCAPES = frozenset(
    {
        "STORE_GLOBAL",
        "DELETE_GLOBAL",
        "STORE_ATTR",
        "DELETE_ATTR",
        "IMPORT_NAME",
        "LOAD_BUILD_CLASS",
        "LOAD_LOCALS",
        "LOAD_FROM_DICT_OR_GLOBALS",
    }
)


def _plan(code: CodeType):
    """What a code object can look up: ((global name, is a restless attribute read from it), ...), or None."""
    try:
        return _plans[code]
    except KeyError:
        names: dict[str, bool] = {}
        plan = _plans[code] = tuple(names.items()) if _read(code, names) else None
        return plan


def _read(code: CodeType, names: dict[str, bool]) -> bool:
    """Collect the global names of a code object and of the code nested in it; False if it escapes analysis."""
    owner = None
    for instruction in dis.get_instructions(code):
        operation, name = instruction.opname, instruction.argval
        if operation in _ESCAPES or (operation == "STORE_DEREF" and name in code.co_freevars):
            return False
        if operation in ("LOAD_GLOBAL", "LOAD_NAME"):
            names.setdefault(name, False)
            owner = name
        elif operation in ("LOAD_ATTR", "LOAD_METHOD"):
            if name in RESTLESS_ATTRIBUTES:
                if owner is None:
                    return False
                names[owner] = True
            owner = None
        elif operation not in ("PUSH_NULL", "CACHE"):
            owner = None
    return all(_read(inner, names) for inner in code.co_consts if isinstance(inner, CodeType))


def _root(name) -> str:
    return name.partition(".")[0] if isinstance(name, str) else ""


def _trusted_module(module: ModuleType) -> bool:
    name = module.__name__
    return _root(name) in TRUSTED and not name.startswith(RESTLESS) and sys.modules.get(name) is module


def _trusted_type(kind: type) -> bool:
    """A class of a trusted package, found there under its own name (a `__module__` can be set by anyone)."""
    module = kind.__module__
    if module == "builtins":
        return getattr(builtins, kind.__name__, None) is kind and kind.__name__ not in REACHING
    return _root(module) in TRUSTED and getattr(sys.modules.get(module), kind.__name__, None) is kind


def _library(function: FunctionType) -> bool:
    """Was it defined in a trusted package? Its globals tell; `__module__` is copied by functools.wraps.

    The tests of a package are written as its users write.
    """
    space = function.__globals__
    name = str(space.get("__name__"))
    module = sys.modules.get(name)
    own = module is not None and module.__dict__ is space
    return own and _root(name) in TRUSTED and "tests" not in name.split(".")


class _Walk(Keeper):
    """One walk over what a function reaches."""

    def __init__(self):
        super().__init__()
        self.seen: dict[int, int] = {}
        self.depth = 0
        self.read = 0

    def value(self, value):
        """Key of anything a function can reach; raises Unsure where a change could pass unnoticed."""
        key = scalar_key(value)
        if key is not None:
            return key
        if isinstance(value, jax.Array):
            if isinstance(value, Tracer):
                raise Unsure
            return ("array", self.same(value))
        mark = id(value)
        if mark in self.seen:
            return ("seen", self.seen[mark])
        if len(self.seen) >= MOST_OBJECTS or self.depth >= DEEPEST:
            raise Unsure
        self.seen[mark] = len(self.seen)
        self.held[mark] = value  # also keeps the marks of this walk unique
        self.depth += 1
        try:
            return self._object(value, type(value))
        finally:
            self.depth -= 1

    def _object(self, value, kind):
        if kind is FunctionType:
            return self._function(value)
        if kind is ModuleType:
            if _trusted_module(value):
                return ("module", id(value))
        elif kind is np.ndarray:
            self.read += value.nbytes
            if self.read <= LARGEST_ARRAYS and not value.dtype.hasobject:
                return self.bits(value)
        elif kind is tuple and len(value) <= MOST_OBJECTS:
            return ("tuple", *map(self.value, value))
        elif isinstance(value, type):
            if _trusted_type(value):
                return ("type", id(value))
        elif kind in _DESCRIPTOR_TYPES:
            return self._builtin(value)
        elif isinstance(value, np.ufunc):
            if value is getattr(np, value.__name__, None):  # np.frompyfunc wraps a function of the user
                return ("ufunc", id(value))
        elif kind is range:
            return ("range", value.start, value.stop, value.step)
        else:
            return self._wrapper(value, kind)
        raise Unsure

    def _builtin(self, value):
        owner = getattr(value, "__self__", None)
        if isinstance(owner, ModuleType):
            if (owner is builtins and value.__name__ not in REACHING) or (
                owner is not builtins and _trusted_module(owner)
            ):
                return ("builtin", id(value))
        elif owner is None and _root(getattr(value, "__module__", None)) in TRUSTED:
            return ("builtin", id(value))
        raise Unsure

    def _wrapper(self, value, kind):
        """partial, jax.jit, jax.custom_jvp and jax.custom_vjp: the object, and what it wraps now."""
        if kind is functools.partial:
            if value.__dict__:
                raise Unsure
            named = tuple((name, self.value(item)) for name, item in value.keywords.items())
            return ("partial", self.value(value.func), self.value(value.args), named)
        if kind is _JIT_TYPE:  # its options never change: they are the object's identity
            return ("jit", id(value), self.value(value.__wrapped__), *self._attributes(value))
        if kind is jax.custom_jvp or kind is jax.custom_vjp:  # `defjvp` can be called again
            return ("rules", id(value), *self._attributes(value))
        raise Unsure

    def _attributes(self, value):
        """What is set on a wrapper, but for what JAX and functools set when they make it."""
        made = ("_fun", "_jit_info")
        names = sorted(name for name in vars(value) if not name.startswith("__") and name not in made)
        return tuple((name, self.value(vars(value)[name])) for name in names)

    def _function(self, function):
        code, space = function.__code__, function.__globals__
        parts = ["function", self.same(code)]
        for cell in function.__closure__ or ():
            try:
                parts.append(self.value(cell.cell_contents))
            except ValueError:
                parts.append("empty")
        library = _library(function)
        if library and not function.__closure__ and "<locals>" not in function.__qualname__:
            return (*parts, id(function))
        if function.__defaults__:
            parts.append(self.value(function.__defaults__))
        for name, item in (function.__kwdefaults__ or {}).items():
            parts.append((name, self.value(item)))
        for name, item in function.__dict__.items():
            parts.append((name, self.value(item)))
        if library:  # such as jax.grad(f): it may hold what is the user's, but its globals are JAX's own
            return (*parts, id(function))
        plan = _plan(code)
        if plan is None:
            raise Unsure
        for name, restless in plan:
            parts.append(self._global(name, restless, space))
        return tuple(parts)

    def _global(self, name, restless, space):
        try:
            found = space[name]
        except KeyError:
            if name in REACHING:
                raise Unsure from None
            try:
                found = getattr(builtins, name)
            except AttributeError:
                return (name, "missing")
            if space.get("__builtins__") not in (builtins, builtins.__dict__):
                raise Unsure from None
        if restless and found is not jax:  # np.random draws afresh, np.load reads a file: a new function each time
            raise Unsure
        return self.value(found)


def fingerprint(fun) -> Key | None:
    """A key equal to an earlier one exactly if `fun` would trace to the same thing; None if that is unknown.

    Functions, `functools.partial`, `jax.jit`, `jax.custom_jvp` and `jax.custom_vjp` are walked through their
    code, closures, defaults, attributes and globals. Lists, dicts, objects and modules of the user: None.
    """
    walk = _Walk()
    try:
        return Key((_context()(), walk.value(fun)), walk.held)
    except (Unsure, TypeError):
        return None

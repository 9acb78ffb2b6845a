"""Laws of hoisting: fresh functions of one structure share a program, and nothing that differs ever does.

The second law is checked as the library would break it: one jitted callable takes the program as a static
argument, so a false hit shows as the value or the derivative of the other function.
"""

import collections
import functools
import itertools
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.experimental.ode import odeint

from raphson.tracing import hoist as hoisting
from raphson.tracing.fingerprint import fingerprint
from raphson.tracing.hoist import hoist

jax.config.update("jax_enable_x64", True)

X = jnp.array([0.3, -0.7, 1.1])


@functools.partial(jax.jit, static_argnums=0)
def evaluate(program, x, *data):
    """As the library calls it: value, gradient and Hessian, the program static, the data traced."""
    value, gradient = jax.value_and_grad(program)(x, *data)
    return value, gradient, jax.hessian(program)(x, *data)


@functools.partial(jax.jit, static_argnums=0)
def evaluate_first(program, x, *data):
    """Value and gradient, for what has no forward mode twice."""
    return jax.value_and_grad(program)(x, *data)


def own(fun, x=X, args=(), first=False):
    """The function's own value and derivatives, from a program that nothing shares."""
    if first:
        return jax.jit(jax.value_and_grad(fun))(x, *args)
    return jax.jit(lambda x, *a: (*jax.value_and_grad(fun)(x, *a), jax.hessian(fun)(x, *a)))(x, *args)


def agree(hoisted, theirs, x=X, bitwise=False, first=False):
    """The program's value and derivatives are the function's own: to rounding (XLA folds literal constants with
    each other, which it cannot do with data), or bitwise."""
    ours = (evaluate_first if first else evaluate)(hoisted.program, x, *hoisted.data)
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        assert one.dtype == other.dtype
        if bitwise:
            np.testing.assert_array_equal(one, other)
        else:
            precision = 8 * jnp.finfo(one.dtype).eps
            np.testing.assert_allclose(one, other, rtol=precision, atol=precision)


def rosenbrock(x):
    return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@jax.custom_jvp
def module_rule(x):
    return jnp.sin(x)


@module_rule.defjvp
def _(primals, tangents):
    return module_rule(primals[0]), 3.0 * jnp.cos(primals[0]) * tangents[0]


@jax.custom_vjp
def module_back(x):
    return jnp.sin(x)


module_back.defvjp(lambda x: (module_back(x), x), lambda x, t: (t * 5.0 * jnp.cos(x),))


# ---- (a) the same structure is the same program -------------------------------------------------------------


def scaled(c):
    return lambda x: jnp.sum(x**2 * c)


def parabola(c):
    return lambda x: jnp.sum(c * x**2) + c / 7.0


def literals(a, b, c):
    return lambda x: jnp.sum(x / a + jnp.maximum(x, b) - c)


SHARING = {
    "array": lambda d: lambda x: jnp.sum((x - d) ** 2),
    "literal": lambda d: scaled(float(d[0])),
    "literals": lambda d: literals(*map(float, d)),
    "where": lambda d: (lambda c: lambda x: jnp.sum(jnp.where(x > 0, x**2, c)))(float(d[0])),
    "numpy": lambda d: lambda x: jnp.sum(np.asarray(d) * x),
    "large numpy": lambda d: lambda x: jnp.sum(np.tile(np.asarray(d), 40) * jnp.tile(x, 40)),
    "inner jit": lambda d: (lambda c: lambda x: jax.jit(lambda y: jnp.sum(jnp.sin(y) * d * c))(x))(float(d[1])),
    "jit": lambda d: jax.jit(lambda x: jnp.sum(jnp.cos(x) * d)),
    "softplus": lambda d: lambda x: jnp.sum(jax.nn.softplus(x) * d),
    "relu": lambda d: lambda x: jnp.sum(jax.nn.relu(x - d) ** 2),
    "silu": lambda d: lambda x: jnp.sum(jax.nn.silu(x) * d + jax.nn.sigmoid(x) + jax.nn.gelu(x) + jax.nn.elu(x)),
    "logaddexp": lambda d: lambda x: jnp.sum(jnp.logaddexp(x, d)),
    "logsumexp": lambda d: lambda x: jax.nn.logsumexp(x * d),
    "softmax": lambda d: lambda x: jnp.sum(jax.nn.softmax(x) * d),
    "norm": lambda d: lambda x: jnp.linalg.norm(x - d),
    "solve": lambda d: lambda x: jnp.sum(jnp.linalg.solve(jnp.eye(3) * (2 + d), x) ** 2),
    "mean": lambda d: lambda x: jnp.mean((x - d) ** 2) + jnp.var(x),
    "cond": lambda d: lambda x: lax.cond(x[0] > 0, lambda v: jnp.sum(v * d), lambda v: jnp.prod(v), x),
    "scan": lambda d: lambda x: lax.scan(lambda c, y: (c * y + 1.0, None), x[0], x * d)[0],
    "fori": lambda d: lambda x: jnp.sum(lax.fori_loop(0, 3, lambda i, v: v * d + i, x)),
    "custom_jvp": lambda d: lambda x: jnp.sum(module_rule(x) * d),
    "grad inside": lambda d: lambda x: jnp.sum(jax.grad(lambda y: jnp.sum(y**3 * d))(x)),
    "vmap inside": lambda d: lambda x: jnp.sum(jax.vmap(lambda y, e: y * e)(x, d)),
    "checkpoint": lambda d: lambda x: jnp.sum(jax.checkpoint(jnp.sin)(x) * d),
    "random": lambda d: (lambda n: lambda x: jnp.sum(jax.random.normal(jax.random.key(n), (3,)) * x))(int(d[0] * 8)),
    "closed-over key": lambda d: (lambda key: lambda x: jnp.sum(jax.random.normal(key, (3,)) * x))(
        jax.random.key(int(d[0] * 8))
    ),
}


BITWISE = (
    "array",
    "literals",
    "where",
    "numpy",
    "jit",
    "softplus",
    "relu",
    "logaddexp",
    "norm",
    "cond",
    "scan",
    "custom_jvp",
    "grad inside",
)


@pytest.mark.parametrize("name", SHARING)
def test_fresh_functions_of_one_structure_share_a_program(name):
    make = SHARING[name]
    first, second = make(jnp.array([1.5, 2.5, -0.5])), make(jnp.array([1.25, 0.5, 3.0]))
    one, two = hoist(first, X), hoist(second, X)
    assert one.program is two.program or name == "random"  # its seed is an integer literal: structure
    agree(one, own(first), bitwise=name in BITWISE)
    agree(two, own(second), bitwise=name in BITWISE)


def test_custom_vjp_of_a_module_is_shared():
    one, two = (hoist(lambda x, c=c: jnp.sum(module_back(x) * c), X) for c in (2.0, 3.0))
    assert one.program is two.program
    agree(two, own(lambda x: jnp.sum(module_back(x) * 3.0), first=True), first=True)


def test_one_compilation_serves_fresh_lambdas():
    fresh = jax.jit(lambda program, x, *data: program(x, *data), static_argnums=0)
    for c in (0.0, 1.0, -1.0, 2.5):
        fun = parabola(c)
        hoisted = hoist(fun, X)
        np.testing.assert_allclose(fresh(hoisted.program, X, *hoisted.data), jax.jit(fun)(X), rtol=1e-15)
    assert fresh._cache_size() == 1


def test_arguments_stay_data():
    fun = lambda x, table, c: jnp.sum(x * table["a"]) * c
    one = hoist(fun, X, ({"a": X}, 2.0))
    two = hoist(fun, X, ({"a": X + 1}, 3.0))
    assert one.program is two.program
    assert all(isinstance(leaf, jax.Array) for leaf in one.data)
    agree(two, own(fun, args=({"a": X + 1}, 3.0)))


def test_leaves_are_few():
    hoisted = hoist(lambda x: jnp.sum(x * 2.5 + 1.5 / x) * 3.5 + jnp.sum(np.array([1.0, 2.0, 3.0]) * x), X)
    assert len(hoisted.data) == 1


# ---- (b) false hits ----------------------------------------------------------------------------------------


def inner_jit(value):
    constant = jnp.full(3, value)
    inner = jax.jit(lambda y: y * constant)
    return lambda x: jnp.sum(inner(x) ** 2)


def many_inner_jits(value):
    constant = jnp.full(3, value)
    inner = jax.jit(lambda y: jnp.sin(y) * constant)
    return lambda x: jnp.sum(functools.reduce(lambda y, _: inner(y), range(7), x))


def jit_in_scan(value):
    constant = jnp.full(3, value)
    inner = jax.jit(lambda y: y * constant)
    return lambda x: jnp.sum(lax.scan(lambda c, _: (inner(c), None), x, None, length=3)[0])


def jvp_rule(factor):
    @jax.custom_jvp
    def same_body(x):
        return jnp.sin(x)

    same_body.defjvp(lambda p, t: (same_body(p[0]), factor * jnp.cos(p[0]) * t[0]))
    return lambda x: jnp.sum(same_body(x))


def nested_jvp_rule(factor):
    inner = jvp_rule(factor)

    @jax.custom_jvp
    def outer(x):
        return jnp.sum(jnp.sin(x))

    outer.defjvp(lambda p, t: (outer(p[0]), jnp.vdot(jnp.cos(p[0]), t[0]) * inner(p[0])))
    return lambda x: outer(x) ** 2


def static_jvp_rule(factor):
    @functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
    def same_body(x, factor):
        return jnp.sin(x)

    same_body.defjvp(lambda c, p, t: (jnp.sin(p[0]), c * jnp.cos(p[0]) * t[0]))
    return lambda x: jnp.sum(same_body(x, factor))


def vjp_rule(factor):
    @jax.custom_vjp
    def same_body(x):
        return jnp.sin(x)

    same_body.defvjp(lambda x: (same_body(x), x), lambda x, t: (factor * t * jnp.cos(x),))
    return lambda x: jnp.sum(same_body(x))


def vjp_forward(factor):
    @jax.custom_vjp
    def same_body(x):
        return jnp.sin(x)

    same_body.defvjp(lambda x: (jnp.sin(x), factor * x), lambda x, t: (t * jnp.cos(x),))
    return lambda x: jnp.sum(same_body(x))


def symbolic_rule(factor):
    @jax.custom_jvp
    def same_body(x, y):
        return jnp.sin(x) + y

    def rule(p, t):
        zero = isinstance(t[1], jax.custom_derivatives.SymbolicZero)
        return same_body(*p), (factor if zero else 1.0) * jnp.cos(p[0]) * t[0]

    same_body.defjvp(rule, symbolic_zeros=True)
    return lambda x: jnp.sum(same_body(x, jnp.ones(3)))


def host(factor):
    def value(x):
        return jax.pure_callback(lambda y: np.asarray(factor * np.sum(y)), jax.ShapeDtypeStruct((), x.dtype), x)

    wrapped = jax.custom_jvp(value)
    wrapped.defjvp(lambda p, t: (wrapped(p[0]), jnp.sum(t[0])))
    return lambda x: wrapped(x)


def product(a, b):
    return lambda x: jnp.sum((x - a) * (x - b))


def loop(step):
    return lambda x: lax.while_loop(lambda s: s[1] < 3, lambda s: (s[0] * step, s[1] + 1), (jnp.sum(x), 0))[0]


FORWARD = {
    "inner jit": [inner_jit(2.0), inner_jit(3.0)],
    "many inner jits": [many_inner_jits(2.0), many_inner_jits(3.0)],
    "jit in scan": [jit_in_scan(2.0), jit_in_scan(3.0)],
    "custom_jvp": [jvp_rule(2.0), jvp_rule(3.0), jvp_rule(jnp.full(3, 4.0)), jvp_rule(jnp.full(3, 5.0)), jvp_rule(2)],
    "nested custom_jvp": [nested_jvp_rule(2.0), nested_jvp_rule(3.0)],
    "static argument of a rule": [static_jvp_rule(c) for c in (2.0, 3.0, 1, 1.0, True, 0.0, -0.0)],
    "symbolic zeros": [symbolic_rule(2.0), symbolic_rule(3.0)],
    "1, 1.0, True": [lambda x: jnp.sum(x) * 1, lambda x: jnp.sum(x) * 1.0, lambda x: jnp.sum(x) * True],
    "whole results": [lambda x, c=c: jnp.sum(x) * 0 + c for c in (1, 1.0, True)],
    "signed zero": [
        lambda x: jnp.sum(1 / jnp.where(x > 9, x, 0.0)),
        lambda x: jnp.sum(1 / jnp.where(x > 9, x, -0.0)),
        lambda x: jnp.sum(jnp.copysign(x, 0.0)),
        lambda x: jnp.sum(jnp.copysign(x, -0.0)),
    ],
    "inf and nan": [lambda x, c=c: jnp.sum(jnp.maximum(x, c)) for c in (-np.inf, np.inf, np.nan, -1e300)],
    "exponents": [lambda x, p=p: jnp.sum(jnp.abs(x) ** p) for p in (2, 3, 2.0, 3.0, 2.5, 1, 1.0)],
    "axes": [lambda x: jnp.sum(jnp.outer(x, x**2).sum(0) * x), lambda x: jnp.sum(jnp.outer(x, x**2).sum(1) * x)],
    "branches": [
        lambda x: lax.cond(x[0] > 0, jnp.sum, jnp.prod, x),
        lambda x: lax.cond(x[0] > 0, jnp.prod, jnp.sum, x),
    ],
    "branch constants": [lambda x, c=c: lax.cond(x[0] > 0, lambda v: v[0] * c, lambda v: v[0], x) for c in (2.0, 3.0)],
    "scan lengths": [lambda x, n=n: lax.scan(lambda c, _: (c * 1.5, None), x[0], None, length=n)[0] for n in (2, 3)],
    "fori constants": [lambda x, c=c: lax.fori_loop(0, 3, lambda i, v: v * c, x[0]) for c in (2.0, 3.0, 3)],
    "host functions": [host(2.0), host(3.0)],
    "numpy and jax": [lambda x, d=d: jnp.sum(x * d) for d in (np.arange(3.0), jnp.arange(3.0), jnp.ones(3))],
    "dtypes": [
        lambda x, d=d: jnp.sum(x * jnp.asarray(d))
        for d in (np.arange(3), np.arange(3.0), np.arange(3, dtype=np.float32), np.array([True, False, True]))
    ],
    "shapes": [lambda x, d=d: jnp.sum(x * d) for d in (jnp.ones(()), jnp.ones(1), jnp.ones(3), jnp.ones((2, 3)))],
    "where": [lambda x, c=c: jnp.sum(jnp.where(x > 0, x, c)) for c in (0.0, 1.0, 7, -2.5, np.float32(0.1))],
    "precision": [lambda x, n=n: jnp.sum(lax.reduce_precision(x, n, 7)) for n in (5, 8)],
    "reduce_precision": [lambda x, n=n: jnp.sum(lax.reduce_precision(x, 8, n)) for n in (3, 7)],
    "dot": [lambda x, p=p: jnp.dot(x, x, precision=p) for p in (None, "highest", "default")],
    "keys": [(lambda key: lambda x: jnp.sum(jax.random.normal(key, (3,)) * x))(jax.random.key(n)) for n in (0, 1)],
    "aliases": [product(a, b) for a, b in ((X, X), (X, X + 1), (X + 1, X))],
    "operand order": [lambda x: x[0] - 2.5 * x[1], lambda x: x[1] - 2.5 * x[0], lambda x: 2.5 * x[1] - x[0]],
    "index": [lambda x: x[0] ** 2, lambda x: x[1] ** 2, lambda x: x[-1] ** 2],
    "reverse": [lambda x, r=r: lax.scan(lambda c, y: (c * 0.5 + y, None), 0.0, x, reverse=r)[0] for r in (True, False)],
    "integers": [lambda x, n=n: jnp.sum(x * n) for n in (2, 3, 2.0, np.int32(2))],
    "float32 literal": [lambda x, c=c: jnp.sum(x * c) for c in (np.float32(0.1), 0.1, np.float64(0.1))],
}

REVERSE = {
    "custom_vjp": [vjp_rule(2.0), vjp_rule(3.0), vjp_rule(jnp.full(3, 4.0)), vjp_rule(jnp.full(3, 5.0)), vjp_rule(2)],
    "custom_vjp forward": [vjp_forward(2.0), vjp_forward(3.0)],
    "while": [lambda x, c=c: lax.stop_gradient(loop(c)(x)) + x[0] for c in (2.0, 3.0)],
    "debug print": [lambda x, t=t: (jax.debug.print(t), jnp.sum(x))[1] for t in ("one", "two")],
}


@pytest.mark.parametrize("name", [*FORWARD, *REVERSE])
def test_functions_that_look_alike_keep_their_own_values_and_derivatives(name):
    funs = FORWARD.get(name) or REVERSE[name]
    first = name in REVERSE
    hoisted = [hoist(fun, X) for fun in funs]
    pairs = list(zip(hoisted, [own(fun, first=first) for fun in funs], strict=True))
    for one, theirs in itertools.chain(pairs, reversed(pairs)):
        agree(one, theirs, first=first)


def test_different_structures_are_different_programs():
    for name in ("custom_jvp", "exponents", "axes", "branches", "scan lengths", "host functions"):
        programs = [hoist(fun, X).program for fun in FORWARD[name][:4]]
        assert len({id(program) for program in programs}) == len(programs), name


def test_dtype_weak_type_and_shape_of_x_are_structure():
    fun = lambda x: jnp.sum(x * 1.5)
    starts = [X, X[:2], X.astype(jnp.float32), X[None], jnp.asarray(1.5), jnp.float64(1.5), np.float32(1.5)]
    programs = [hoist(fun, x).program for x in starts]
    assert len({id(program) for program in programs}) == len(programs) - (jnp.asarray(1.5).weak_type is False)
    for x in starts:
        agree(hoist(fun, x), own(fun, jnp.asarray(x)), jnp.asarray(x))


def test_a_rule_that_reads_a_global_is_read_again():
    space = {"jnp": jnp, "scale": 2.0}
    exec("def rule(p, t):\n return jnp.sin(p[0]), scale * jnp.cos(p[0]) * t[0]", space)
    g = jax.custom_jvp(jnp.sin)
    g.defjvp(space["rule"])
    one = hoist(lambda x: jnp.sum(g(x)), X)
    gradient = evaluate(one.program, X, *one.data)[1]
    space["scale"] = 4.0
    two = hoist(lambda x: jnp.sum(g(x)), X)
    np.testing.assert_allclose(evaluate(two.program, X, *two.data)[1], 2 * gradient, rtol=1e-14)


def test_the_same_function_object_is_traced_again():
    space = {"jnp": jnp, "scale": 2.0}
    exec("def fun(x):\n return scale * jnp.sum(x)", space)
    one = hoist(space["fun"], X)
    space["scale"] = 5
    two = hoist(space["fun"], X)
    assert one.program(X, *one.data) * 5 == two.program(X, *two.data) * 2


def test_data_is_a_copy_of_numpy_memory():
    table, small = np.arange(300.0), np.arange(3.0)
    hoisted = hoist(lambda x: jnp.sum(x[0] * table) + jnp.sum(x * small), X)
    before = float(hoisted.program(X, *hoisted.data))
    table[:], small[:] = 0, 0
    assert float(hoisted.program(X, *hoisted.data)) == before


def test_a_running_trace_is_not_kept():
    """Inside somebody's jit the constants are tracers; a program that held one would fail later."""

    def outer(c):
        hoisted = hoist(lambda x: jnp.sum(jvp_rule(c)(x) * c), X)
        return jax.grad(hoisted.program)(X, *hoisted.data)

    np.testing.assert_allclose(jax.jit(outer)(2.0), 4 * jnp.cos(X))
    np.testing.assert_allclose(jax.jit(outer)(3.0), 9 * jnp.cos(X))
    np.testing.assert_allclose(jax.vmap(outer)(jnp.array([2.0, 3.0]))[1], 9 * jnp.cos(X))


# ---- (c), (d) derivatives, transformations, dtypes, pytrees ------------------------------------------------


def test_transformations_of_a_program():
    fun = lambda x: jnp.sum(jax.nn.softplus(x * 2.5) + x**3) * x[0]
    hoisted = hoist(fun, X)
    program = lambda x: hoisted.program(x, *hoisted.data)
    batch = jnp.stack([X, X + 1])
    np.testing.assert_array_equal(jax.jit(jax.vmap(program))(batch), jax.jit(jax.vmap(fun))(batch))
    np.testing.assert_allclose(jax.jacrev(jax.jacrev(program))(X), jax.hessian(fun)(X), rtol=1e-13)
    ours, theirs = jax.jvp(program, (X,), (X,)), jax.jvp(fun, (X,), (X,))
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-14)


def test_float32_stays():
    x = X.astype(jnp.float32)
    fun = lambda x: jnp.sum(x**2 * 3.7 + jnp.where(x > 0, x, 0.1)) / 3.0
    hoisted = hoist(fun, x)
    assert hoisted.out.dtype == jnp.float32
    assert {leaf.dtype for leaf in hoisted.data} == {jnp.dtype("float32")}
    agree(hoisted, own(fun, x), x)
    with_number = hoist(lambda x, c: jnp.sum(x) * c, x, (3.0,))
    assert with_number.program(x, *with_number.data).dtype == jnp.float32 == with_number.out.dtype


def test_a_rule_without_end_is_not_shared():
    """The backward rule of odeint integrates a larger system by odeint, and so on: no key, still right."""
    fun = lambda x: jnp.sum(odeint(lambda y, t: -y * X, x, jnp.linspace(0.0, 1.0, 3)))
    agree(hoist(fun, X), own(fun, first=True), first=True)


def test_pytrees():
    x = {"a": X, "b": (jnp.float64(2.0), None)}
    fun = lambda x, scale: {"r": scale["s"] * x["a"] * 1.5, "t": x["b"][0]}
    hoisted = hoist(fun, x, ({"s": 3.0},))
    value = hoisted.program(x, *hoisted.data)
    assert jax.tree.structure(value) == jax.tree.structure(hoisted.out)
    np.testing.assert_array_equal(value["r"], 3.0 * X * 1.5)
    assert hoist(fun, {"a": X, "b": (jnp.float64(2.0),)}, ({"s": 3.0},)).program is not hoisted.program
    with pytest.raises(TypeError, match="traced for"):
        hoisted.program({"a": X}, *hoisted.data)
    with pytest.raises(TypeError, match="traced for"):
        hoisted.program({"a": X[:2], "b": x["b"]}, *hoisted.data)


def test_random_expressions():
    """Random trees over one set of operations: a program shared by two trees must give each its own value."""
    generator = np.random.default_rng(0)
    unary = [jnp.sin, jnp.tanh, jax.nn.softplus, lambda v: v**2, lambda v: -v, jax.jit(jnp.cos), jax.nn.relu]
    binary = [jnp.add, jnp.multiply, jnp.maximum, jnp.logaddexp, lambda a, b: jnp.where(a > b, a, b)]
    constants = [0.0, -0.0, 1.0, 2.5, 2, np.float32(0.1), True, jnp.ones(3), np.arange(3.0)]

    def tree(depth):
        if depth == 0:
            if generator.random() < 0.5:
                return lambda x: x
            constant = constants[generator.integers(len(constants))]
            return lambda x: constant
        if generator.random() < 0.3:
            inner, f = tree(depth - 1), unary[generator.integers(len(unary))]
            return lambda x: f(inner(x) * jnp.ones(3))
        left, right, f = tree(depth - 1), tree(depth - 1), binary[generator.integers(len(binary))]
        return lambda x: f(left(x), right(x))

    funs = [(lambda t: lambda x: jnp.sum(t(x) * x))(tree(depth)) for depth in (1, 2) for _ in range(100)]
    hoisted = [hoist(fun, X) for fun in funs]
    sharers = collections.Counter(one.program for one in hoisted)
    assert sum(n > 1 for n in sharers.values()) > 20
    plain = lambda program, x, *data: jax.value_and_grad(program)(x, *data)
    compiled = jax.jit(plain, static_argnums=0)
    for fun, one in zip(funs, hoisted, strict=True):
        value = compiled if sharers[one.program] > 1 else plain
        with jax.disable_jit(value is plain):  # one operation after the other, which compile once for all trees
            ours = value(one.program, X, *one.data)
        theirs = jax.value_and_grad(fun)(X)
        np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-12)
        np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-12, atol=1e-12)


def test_the_table_is_bounded(monkeypatch):
    monkeypatch.setattr(hoisting, "MOST_PROGRAMS", len(hoisting._table))
    for n in range(4):
        hoist(lambda x, n=n: jnp.sum(x) ** (n + 20), X)
    assert len(hoisting._table) <= hoisting.MOST_PROGRAMS


# ---- (e) fingerprints --------------------------------------------------------------------------------------

GLOBAL_SCALE = 2.0


def helper(x):
    return GLOBAL_SCALE * jnp.sum(x)


def uses_helper(x):
    return helper(x) ** 2


class Thing:
    scale = 1.0

    def method(self, x):
        return self.scale * jnp.sum(x)


def test_an_unchanged_function_keeps_its_fingerprint():
    for fun in (
        rosenbrock,
        uses_helper,
        jax.jit(rosenbrock),
        functools.partial(lambda a, x: a * jnp.sum(x), 2.0),
        jax.grad(rosenbrock),
        module_rule,
        jax.nn.relu,
        jnp.sin,
        lambda x: jax.nn.softplus(x[0]) + helper(x),
    ):
        assert fingerprint(fun) is not None
        assert fingerprint(fun) == fingerprint(fun)
        assert hash(fingerprint(fun)) == hash(fingerprint(fun))
    assert fingerprint(rosenbrock) != fingerprint(helper)


def changes(fun, change):
    before = fingerprint(fun)
    change()
    after = fingerprint(fun)
    return before is None or after is None or before != after


@pytest.mark.parametrize("value", [3.0, 2, np.float64(2.0), jnp.float64(2.0), -2.0, None, "2.0"])
def test_a_rebound_global_changes_it(monkeypatch, value):
    assert fingerprint(uses_helper) is not None
    assert changes(uses_helper, lambda: monkeypatch.setitem(globals(), "GLOBAL_SCALE", value))


def test_what_a_function_closes_over_changes_it():
    cell, array = 1.0, np.arange(3.0)

    def closing(x):
        return jnp.sum(x * array) * cell

    def rebind():
        nonlocal cell
        cell = 1

    assert fingerprint(closing) is not None
    assert changes(closing, rebind)
    assert changes(closing, lambda: array.__setitem__(0, -0.0))
    assert changes(jax.jit(closing), lambda: array.__setitem__(0, 7.0))
    assert changes(jax.grad(closing), lambda: array.__setitem__(0, 8.0))
    assert changes(functools.partial(closing), lambda: array.__setitem__(0, 9.0))


def test_defaults_attributes_and_rules_change_it():
    def fun(x, a=1.0, *, b=2.0):
        return jnp.sum(x) * a * b * fun.c

    fun.c = 1.0
    assert fingerprint(fun) is not None
    assert changes(fun, lambda: setattr(fun, "__defaults__", (2.0,)))
    assert changes(fun, lambda: fun.__kwdefaults__.update(b=3.0))
    assert changes(fun, lambda: setattr(fun, "c", 2.0))
    assert changes(fun, lambda: setattr(fun, "__code__", (lambda x, a=1.0, *, b=2.0: x * fun.c).__code__))
    compiled = jax.jit(lambda x: x)
    compiled.c = 1.0
    assert fingerprint(compiled) is not None
    assert changes(lambda x: x * compiled.c, lambda: setattr(compiled, "c", 2.0))
    g = jax.custom_jvp(lambda x: x)
    g.defjvp(lambda p, t: (p[0], t[0]))
    assert fingerprint(g) is not None
    assert changes(lambda x: g(x), lambda: g.defjvp(lambda p, t: (p[0], 2 * t[0])))


def test_what_cannot_be_vouched_for_has_none():
    thing, table, big = Thing(), {"a": 1.0}, np.zeros(2**19)
    wrapped = functools.wraps(jnp.sin)(lambda x: thing.scale * x)
    for fun in (
        thing.method,
        lambda x: thing.scale * x,
        lambda x: table["a"] * x,
        lambda x: big[0] * x,
        lambda x: x * np.random.rand(),
        lambda x: Thing.scale * x,
        lambda x: hoisting.MOST_COPIES * x,
        lambda x: eval("x"),
        lambda x: globals()["X"] * x,
        Thing(),
        wrapped,
        lambda x: x * np.load("a"),
        np.frompyfunc(abs, 1, 1),
        lambda x: table.setdefault("b", x),
        functools.lru_cache(helper),
        np.random.default_rng(0).normal,
    ):
        assert fingerprint(fun) is None
    assert fingerprint(functools.reduce(lambda f, _: lambda x: f(x), range(300), helper)) is None


def test_arrays_of_a_data_set_are_told_apart_by_content():
    """300 rows of 20 numbers: vouched for, and one that changes changes the key."""
    data = np.ones((300, 20))
    fun = lambda x: jnp.sum(data @ x)
    assert fingerprint(fun) == fingerprint(fun) is not None
    assert changes(fun, lambda: data.__setitem__((299, 19), 2.0))


def test_nested_code_and_recursion():
    def recursive(x, n=2):
        return x if n == 0 else recursive(x * GLOBAL_SCALE, n - 1)

    assert fingerprint(recursive) == fingerprint(recursive) is not None
    nested = lambda x: jax.vmap(lambda y: y * GLOBAL_SCALE)(x)
    global_before = GLOBAL_SCALE
    try:
        assert changes(nested, lambda: globals().__setitem__("GLOBAL_SCALE", 9.0))
    finally:
        globals()["GLOBAL_SCALE"] = global_before


def test_identity_is_held_alive():
    """Ten thousand arrays made and dropped: an id that came back would give an old key to a new function."""
    keys = set()
    for n in range(200):
        array = jnp.full(2, float(n))
        keys.add(fingerprint(lambda x: jnp.sum(x * array)))  # noqa: B023
    assert len(keys) == 200


def test_settings_change_it():
    before = fingerprint(rosenbrock)
    with jax.default_matmul_precision("highest"):
        assert fingerprint(rosenbrock) != before
    assert fingerprint(rosenbrock) == before


# ---- (f) time, printed only ---------------------------------------------------------------------------------


def test_times(capsys):
    def fresh(c):
        return lambda x: jnp.sum((x - c) ** 2 * 1.5) + jnp.mean(jnp.sin(x) * c) + jnp.sum(jnp.cos(x[1:] - x[:-1]) / 3.0)

    def best(action, count):
        spans = []
        for _ in range(count):
            start = time.perf_counter()
            action()
            spans.append(time.perf_counter() - start)
        return sorted(spans)[count // 2]

    equations = len(hoist(fresh(1.0), X).program.jaxpr.eqns)
    with capsys.disabled():
        print(
            f"\nfingerprint of Rosenbrock {best(lambda: fingerprint(rosenbrock), 500) * 1e6:.1f} us; "
            f"hoist of {equations} equations {best(lambda: hoist(fresh(2.0), X), 20) * 1e3:.2f} ms, "
            f"of Rosenbrock {best(lambda: hoist(rosenbrock, X), 20) * 1e3:.2f} ms"
        )

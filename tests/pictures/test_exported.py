"""f as a small program for the page: what it holds means what f means, and what it cannot hold is named.

Second derivatives of these programs are tested against JAX where they are computed (frontend/tests/jets.test.ts).
"""

import base64
import importlib.util
from itertools import pairwise
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

import raphson as rp
from raphson.picture.recording.exported import exported
from raphson.picture.recording.record import make_recording

FIXTURES = Path(__file__).parents[2] / "frontend" / "tests" / "fixtures"


def fixtures():
    spec = importlib.util.spec_from_file_location("programs", FIXTURES / "programs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


KINDS = fixtures().KINDS

NUMPY = {
    "neg": np.negative, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "atan2": np.arctan2, "rem": np.fmod,
    "asinh": np.arcsinh, "atanh": np.arctanh, "mul": np.multiply, "sub": np.subtract, "div": np.divide, "pow": np.power,
    "rsqrt": lambda a: 1 / np.sqrt(a), "logistic": special.expit, "erf": special.erf, "erfc": special.erfc,
    "lgamma": special.gammaln, "digamma": special.digamma, "max": np.maximum, "min": np.minimum, "stop": np.array,
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not, "is_finite": np.isfinite,
    "relu": lambda a: np.maximum(a, 0), "clamp": lambda low, a, high: np.clip(a, low, high),
    "select_n": lambda which, *cases: np.choose(which.astype(int), cases),
    "round": lambda a: np.copysign(np.trunc(np.abs(a)) + (np.abs(a) % 1 >= 0.5), a), "round_even": np.rint,
}  # fmt: skip


def interpreted(program, x):
    """The value of a program, by NumPy."""
    values = [np.asarray(x, float)]
    for c in program["constants"]:
        values.append(np.frombuffer(base64.b64decode(c), "<f8") if isinstance(c, str) else np.array([c]))
    for one in program["operations"]:
        args, op = [values[k] for k in one["args"]], one["op"]
        if op == "pick":
            places = np.concatenate([first + step * np.arange(count) for first, step, count in one["runs"]] or [[]])
            places = places.astype(int)
            found = np.concatenate(args)[places]
        elif op in ("sum", "prod", "largest", "smallest"):
            reduce = {"sum": np.sum, "prod": np.prod, "largest": np.max, "smallest": np.min}[op]
            found = reduce(args[0].reshape(-1, one["group"]), axis=1)
        elif op == "cumsum":
            found = np.cumsum(args[0].reshape(-1, one["group"]), axis=1).ravel() if one["size"] else np.zeros(0)
        elif op == "dot":
            B, M, N, K = one["matrices"]
            found = np.einsum("bmk,bnk->bmn", args[0].reshape(B, M, K), args[1].reshape(B, N, K)).ravel()
        elif op == "integer_pow":
            found = args[0] ** one["power"]
        else:
            found = NUMPY.get(op, getattr(np, op, None))(*args)
        values.append(np.broadcast_to(found, one["size"]).astype(float))
    (value,) = values[program["out"]]
    return value


@pytest.mark.parametrize("name", KINDS)
def test_a_program_means_what_f_means(name):
    fun, x0 = KINDS[name]
    program, why = exported(rp.Minimize(fun), np.asarray(x0, float))
    assert why == ""
    np.testing.assert_allclose(interpreted(program, x0), float(fun(jnp.asarray(x0, float))), rtol=1e-12)


@pytest.mark.parametrize("name", ["rosenbrock", "watson", "nist-gauss1", "logistic-regression", "osborne-2", "beale"])
def test_so_do_those_of_the_zoo(name):
    problem = rp.zoo[name]
    x = np.asarray(problem.x0, float) + 0.01
    program, _ = exported(rp.Minimize(problem.fun), x)
    np.testing.assert_allclose(interpreted(program, x), float(problem.fun(jnp.asarray(x))), rtol=1e-11)


def test_structures_are_flattened_in_the_order_of_their_leaves():
    fun = lambda p: (p["b"][0] - 1) ** 2 * p["a"] + jnp.sum(p["b"] ** 3)
    x = {"a": np.array(2.0), "b": np.array([0.5, -1.0])}
    program, _ = exported(rp.Minimize(fun), x)
    assert program["n"] == 3
    np.testing.assert_allclose(interpreted(program, [2.0, 0.5, -1.0]), float(fun(x)), rtol=1e-14)


@jax.custom_jvp
def strange(x):
    return x**2


strange.defjvp(lambda p, t: (strange(*p), 7.0 * t[0]))


@jax.custom_jvp
def relu(x):
    return x**2


relu.defjvp(lambda p, t: (relu(*p), 7.0 * t[0]))


@jax.custom_jvp
def logaddexp(a, b):
    return a * b


logaddexp.defjvp(lambda p, t: (p[0] * p[1], t[0] + t[1]))


@jax.custom_vjp
def backwards(x):
    return x**2


backwards.defvjp(lambda x: (x**2, x), lambda x, g: (5.0 * g,))


@pytest.mark.parametrize(
    ("fun", "words"),
    [
        (lambda x: relu(x[0]) + x[1], "relu are given by a rule"),
        (lambda x: logaddexp(x[0], x[1]) + x[0], "logaddexp are given by a rule"),
        (lambda x: backwards(x[0]) + x[1], "backwards are given by a rule"),
        (lambda x: (jnp.sum(x > 0) // 2) * x[0] ** 2, "computes div of int"),
        (lambda x: jax.lax.div(-jnp.sum(x > 0), 2) * x[0] ** 2, "computes div of int"),
        (lambda x: jnp.sum((x > 0).astype(jnp.uint8) * jnp.uint8(200) * jnp.uint8(2) * x), "uint8 may overflow"),
        (lambda x: jnp.sum((x > 0).astype(jnp.int32) * jnp.int32(2**30) * jnp.int32(4) * x), "int32 may overflow"),
        (lambda x: jnp.sum((-(x > 0).astype(jnp.uint32)).astype(float) * x), "neg of uint32"),
        (lambda x: ((jnp.sum(x > 0) * (2**53 + 1)) - 2**53) * x[0], "int64 may overflow"),
        (lambda x: (2 + jnp.sum(x > 0)) ** 2000 * x[0], "int64 may overflow"),
        (lambda x: jnp.cumsum((x > -9).astype(jnp.uint8) * jnp.uint8(200), dtype=jnp.uint8) @ x, "uint8 may overflow"),
        (lambda x: jnp.sum(~(x > 0).astype(int) * x), "computes not of int"),
        (lambda x: jnp.sum(((x > 0).astype(int) * 6 & 3) * x), "computes and of int"),
        (lambda x: jnp.sum(((x > 0).astype(int) << 2) * x), "shift_left"),
        (lambda x: jax.lax.dot(x > 0, x > 0) * x[0] ** 2, "dot_general of truth values"),
        (lambda x: jnp.abs((x > 0) * (3 + 4j)).sum() * x[1], "complex"),
        (lambda x: jnp.abs(x[0] + 1j * x[1]), "complex"),
        (lambda x: jnp.sum(x.astype(jnp.float32) ** 2), "rounds numbers to float32"),
        (lambda x: jnp.mean(x > 0) * x[0] ** 2, "rounds numbers to float32"),
        (lambda x: jnp.sum(jax.lax.reduce_precision(x, 8, 7) ** 2), "rounds numbers to fewer digits"),
        (lambda x: jnp.sum(x.at[0].apply(jnp.sin) ** 2), "applies a function to entries"),
        (lambda x: x[jnp.sum(x > 9)] * x[0], "takes a place that depends on x"),
        (lambda x: x[jnp.argmax(x)], "uses argmax"),
        (lambda x: jax.pure_callback(np.sin, jax.ShapeDtypeStruct((2,), float), x).sum(), "uses pure_callback"),
        (lambda x: jnp.linalg.det(jnp.outer(x, x) + jnp.eye(2)), "_det_2x2 are given by a rule"),
        (lambda x: jax.lax.fori_loop(0, 10**7, lambda k, c: (c[0], c[1] + k), (x[0], 0.0))[0], "more than 20000 steps"),
        (lambda x: jnp.sum(jnp.broadcast_to(x, (10**6, 10**6, 2))), "more than 300000 numbers"),
        (lambda x: jnp.where(jnp.asarray(x)[0] > 0, x, x[:, None, None, None])[jnp.nan], "could not be written down"),
        (lambda x: jax.lax.while_loop(lambda c: c < 100, lambda c: 2 * c, 1 + x[0] ** 2), "uses while"),
        (lambda x: strange(x[0]) + x[1], "strange are given by a rule"),
        (lambda x: jnp.sum(jnp.sort(x)), "uses sort"),
        (lambda x: jnp.sum(jnp.arange(30000.0) * x[0]) + x[1], "data take more than"),
        (lambda x: jax.lax.fori_loop(0, 5000, lambda k, s: jnp.sin(s + x[0]), x[1]), "more than 3000 operations"),
        (lambda x: jnp.arange(9.0)[jnp.asarray(x[0], int)] * x[1], "turns numbers into"),
    ],
)
def test_what_cannot_be_written_is_named(fun, words):
    program, why = exported(rp.Minimize(fun), np.array([1.0, 2.0]))
    assert program is None
    assert words in why


def test_a_record_places_its_points_in_its_planes():
    fun = lambda x: jnp.sum((x - jnp.arange(4.0)) ** 4) + jnp.sum(x[1:] * x[:-1])
    recording = make_recording(rp.minimize(fun, np.ones(4)))
    assert recording["program"]["n"] == 4
    points = recording["points"]
    for plane in recording["planes"]:
        basis, project = np.array(plane["basis"]), np.array(plane["project"])
        np.testing.assert_allclose(project @ basis, np.eye(2), atol=1e-12)
        for a, b in pairwise(points):
            step = np.array(b["x"]) - np.array(a["x"])
            apart = np.subtract(b["views"][plane["id"]]["at"], a["views"][plane["id"]]["at"])
            np.testing.assert_allclose(project @ step, apart, atol=1e-9)
    for point in points:
        np.testing.assert_allclose(interpreted(recording["program"], point["x"]), point["value"], rtol=1e-12)


def test_a_function_on_the_host_and_many_variables_have_none():
    def host(x):
        return float((x[0] - 1) ** 2 + x[1] ** 2) if float(x[0]) < 9 else 0.0

    recording = make_recording(rp.local_model(host, np.array([0.5, 0.5])))
    assert recording["program"] is None
    assert "host" in recording["frozen"]
    many = make_recording(rp.minimize(lambda x: jnp.sum((x - 1) ** 2), np.zeros(70)))
    assert many["program"] is None
    assert "60 variables" in many["frozen"]


def test_a_page_says_that_it_computes_single_precision_in_double() -> None:
    fun = lambda x: jnp.sum((x - 0.1) ** 2) + x[0] * x[1]
    single, double = (make_recording(rp.local_model(fun, np.ones(2, kind))) for kind in (np.float32, np.float64))
    assert single["program"] is not None and double["notes"] == []
    assert single["notes"] == ["where the page computes f itself it does so in double precision, not in float32"]
    assert single["zh"]["notes"] == ["页面自己计算 f 时用双精度，而不是 float32"]
    np.testing.assert_allclose(interpreted(single["program"], [1.0, 1.0]), single["points"][0]["value"], rtol=1e-6)

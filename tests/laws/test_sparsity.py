"""Patterns of Hessians and Jacobians: they hold every place where a derivative is not zero, and few others."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from raphson.problems.zoo import zoo
from raphson.sparsity import remember
from raphson.sparsity.find import hessian_pattern, jacobian_pattern
from raphson.sparsity.pattern import Pattern, Refused, pattern_of
from tests.laws.random_programs import N, random_function
from tests.suites.patterned_functions import EXACT, FUNCTIONS, banded, switched

POINTS = 3


def found(pattern: Any) -> np.ndarray:
    """A pattern as a dense array, after a look at its form."""
    assert isinstance(pattern, Pattern), pattern
    assert remember.sound(pattern) and pattern.nnz == pattern.start[-1]
    places = pattern.matrix().toarray()
    assert places.sum() == pattern.nnz and np.array_equal(np.argwhere(places)[:, 0], pattern.row)
    return places


def found_hessian(fun: Callable[..., Any], x: Any, *data: Any, **options: Any) -> np.ndarray:
    places = found(hessian_pattern(fun, x, *data, **options))
    assert np.array_equal(places, places.T) and places.diagonal().all()
    return places


def true_places(fun: Callable[..., Any], points: np.ndarray) -> np.ndarray:
    """Where JAX's Hessian is not zero at any of some points; by the modes that the function allows."""
    ways = (jax.hessian, lambda f: jax.jacfwd(jax.jacfwd(f)), lambda f: jax.jacrev(jax.jacrev(f)))
    for way in ways:
        try:
            H = jax.vmap(way(fun))(points)
        except (TypeError, ValueError):  # a loop without an end known beforehand, a rule for one mode
            continue
        return (np.abs(np.asarray(H)) > 0).any(0)
    raise AssertionError("no mode differentiates this function")


# --- every place is there --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_pattern_holds_the_hessian(name):
    fun = FUNCTIONS[name]
    points = np.random.default_rng(1).uniform(0.3, 1.5, (POINTS, N))
    missing = true_places(fun, points) & ~found_hessian(fun, points[0])
    assert not missing.any(), np.argwhere(missing)


def check_random(seeds):
    points = 0.8 * np.random.default_rng(5).normal(size=(POINTS, N))
    places = held = 0
    for seed in seeds:
        fun, names = random_function(seed)
        true, ours = true_places(fun, points), found_hessian(fun, points[0])
        assert not (true & ~ours).any(), (seed, names, np.argwhere(true & ~ours))
        places += (true | np.eye(N, dtype=bool)).sum()
        held += ours.sum()
    assert held < 1.25 * places, "much more than is there"


def test_patterns_hold_the_hessians_of_random_functions():
    check_random(range(25))


@pytest.mark.slow
@pytest.mark.parametrize("first", range(25, 350, 25))
def test_patterns_hold_the_hessians_of_more_random_functions(first):
    check_random(range(first, first + 25))


UNARY = """
    exp exp2 log log1p expm1 sin cos tan asin acos atan sinh cosh tanh asinh atanh sqrt rsqrt cbrt square logistic erf
    erfc erf_inv lgamma digamma bessel_i0e bessel_i1e neg abs sign floor ceil round is_finite
"""
BINARY = "add sub mul div max min rem pow atan2 igamma igammac complex"


def numbered(name: str) -> Callable[..., Any]:
    """An elementwise operation of lax as one with real results."""
    operation = getattr(lax, name)
    return lambda *a: jnp.real(1.0 * operation(*a))


@pytest.mark.parametrize("name", [*UNARY.split(), *BINARY.split(), "acosh", "integer_pow", "clamp", "select"])
def test_elementwise_operations_couple_what_they_must(name):
    """Of sums of two variables each, and exactly. igamma by its second operand: JAX has no rule for the first."""
    fixed = {
        "acosh": lambda a: lax.acosh(1 + a),
        "integer_pow": lambda a: a + a**-1 + lax.integer_pow(a, 3),
        "clamp": lambda a, b, c: lax.clamp(0.9 * a, 2 * b, c),
        "select": lambda a, b: jnp.where(a > b, a * a, b),
    }
    operation = fixed.get(name) or numbered(name)
    count = 3 if name == "clamp" else 2 if name in (*BINARY.split(), "select") else 1
    if name in ("igamma", "igammac"):
        operation, count = lambda a, f=operation: f(2.0, a), 1
    fun = lambda x: operation(*(0.3 * x[2 * k] + 0.4 * x[2 * k + 1] for k in range(count)))
    points = np.random.default_rng(3).uniform(0.2, 0.9, (8, 6))
    true = true_places(fun, points) | np.eye(6, dtype=bool)
    assert np.array_equal(found_hessian(fun, points[0]), true)


SMALL = [name for name in zoo if zoo[name].x0.size <= 4 and zoo[name].residual is not None][::3]


@pytest.mark.parametrize("name", [n if n in SMALL else pytest.param(n, marks=pytest.mark.slow) for n in zoo])
def test_the_zoo(name):
    """Nothing is missing, and nothing is too much."""
    problem = zoo[name]
    x = np.asarray(problem.x0, float)
    points = x + 0.1 * np.random.default_rng(0).normal(size=(2, *x.shape))
    H = np.asarray(jax.jit(jax.vmap(jax.hessian(problem.fun)))(points))
    true = (np.abs(H) > 0).any(0) | np.eye(x.size, dtype=bool)
    assert np.array_equal(found_hessian(problem.fun, x), true)
    if problem.residual is not None:
        residuals = lambda x: jnp.concatenate([jnp.ravel(a) for a in jax.tree.leaves(problem.residual(x))])
        J = np.asarray(jax.jit(jax.vmap(jax.jacfwd(residuals)))(points))
        assert np.array_equal(found(jacobian_pattern(problem.residual, x)), (np.abs(J) > 0).any(0))


@pytest.mark.parametrize(
    "name", ["links", "scan", "convolved", "written", "solve_each", "custom_vjp", "softmax", "sorted"]
)
def test_a_pattern_holds_the_jacobian(name):
    """Of the gradient: the places of its Jacobian are those of the Hessian."""
    gradient = jax.grad(FUNCTIONS[name])
    points = np.random.default_rng(1).uniform(0.3, 1.5, (POINTS, N))
    missing = true_places(FUNCTIONS[name], points) & ~found(jacobian_pattern(gradient, points[0]))
    assert not missing.any(), np.argwhere(missing)


# --- and few others --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXACT)
def test_nothing_is_there_but_what_must_be(name):
    fun, known = EXACT[name]
    assert np.array_equal(found_hessian(fun, np.ones(len(known))), known)


def test_precision_and_shape_of_x_do_not_matter():
    rosenbrock = FUNCTIONS["rosenbrock"]
    assert np.array_equal(found_hessian(rosenbrock, np.ones(9, np.float32)), banded(9, 1))
    assert np.array_equal(found_hessian(rosenbrock, np.ones(9, int)), banded(9, 1)), "whole numbers move as real ones"
    tree = {"a": np.ones(3), "b": (np.float32(1), np.ones((0, 2))), "c": np.ones((1, 2))}
    both = lambda t: jnp.sum(t["a"] ** 2) * t["b"][0] + jnp.sum(t["c"] * t["c"][:, ::-1]) + jnp.sum(t["b"][1])
    places = found_hessian(both, tree)
    assert places.shape == (6, 6) and places.sum() == 4 + 3 * 2 + 4 and places[3, :4].all() and places[4, 5]
    assert found_hessian(lambda x: x**3, 2.0).tolist() == [[True]]
    assert found_hessian(lambda x: jnp.sum(x), np.ones(0)).shape == (0, 0)
    assert found_hessian(lambda x: 3.0, np.ones(2)).tolist() == np.eye(2).tolist()


def test_jacobians_are_of_all_results():
    r = lambda x: {"a": x[:2] * x[2], "b": (x[0], jnp.ones(2), x.astype(int))}
    want = [[1, 0, 1], [0, 1, 1], [1, 0, 0], *[[0, 0, 0]] * 5]
    assert found(jacobian_pattern(r, np.ones(3))).astype(int).tolist() == want
    assert found(jacobian_pattern(lambda x: (), np.ones(3))).shape == (0, 3)
    assert found(jacobian_pattern(lambda x: x[::-1] - 2, np.ones(3))).tolist() == np.eye(3)[::-1].tolist()


def test_data_are_trusted_as_they_should():
    """Zeros of a matrix count where it is part of the function or fixed; whole numbers and masks always."""
    D = np.diag([1.0, 2, 3])
    form = lambda x, A: jnp.sum((A @ x) ** 4)
    x = np.ones(3)
    assert found_hessian(form, x, D).all()
    assert np.array_equal(found_hessian(form, x, D, fixed=True), np.eye(3))
    assert np.array_equal(found_hessian(lambda x: form(x, D), x), np.eye(3))
    picked = lambda x, i: x[i] * x[0]
    assert found_hessian(picked, x, 2).sum() == 5
    assert found_hessian(picked, x, jax.ShapeDtypeStruct((), np.int32)).sum() == 7, "any entry"
    masked = lambda x, m: jnp.sum(jnp.where(m, x * x[0], x))
    assert found_hessian(masked, x, np.array([True, False, True])).sum() == 5
    assert found_hessian(switched, np.ones(N), 0).sum() == N + 2
    assert found_hessian(switched, np.ones(N), jax.ShapeDtypeStruct((), np.int32)).sum() == N + 4
    drawn = lambda x, key: x[jax.random.randint(key, (), 1, 2)] * x[0]
    assert found_hessian(drawn, x, jax.random.key(0)).sum() == 5


def computed_with(x, A):
    """A matrix of data through much of what is done to matrices."""
    B = jnp.where(jnp.arange(A.shape[0])[:, None] < 3, A, -2 * A) / 3 + (A * jnp.sqrt(A**2)).astype(A.dtype)
    B = jnp.concatenate([B[:2], jnp.pad(B, ((0, 0), (1, 1)))[2:, 1:-1]])[::-1].T[jnp.arange(A.shape[0])]
    rows, _ = jax.lax.scan(lambda c, b: (c + jnp.sum((A @ b) ** 4), None), 0.0, jnp.stack([x, 2 * x]))
    return jnp.sum(jnp.tanh(B[:, ::-1] @ x) ** 2) + rows + jnp.einsum("i,ij,j", x, A + A.T, x)


def test_zeros_of_matrices_of_data_count_and_their_other_numbers_do_not():
    """No entry is missing for any numbers in their places; and what depends on a threshold is not read."""
    rng = np.random.default_rng(4)
    for _ in range(5):
        places = rng.random((N, N)) < 0.12
        draws = [places * rng.normal(size=(N, N)) for _ in range(2)]
        found_ = [found_hessian(computed_with, np.ones(N), A, zeros=True) for A in draws]
        assert np.array_equal(*found_) and not found_[0].all()
        for A in draws:
            true = true_places(lambda x, A=A: computed_with(x, A), rng.normal(size=(POINTS, N)))
            assert not (true & ~found_[0]).any()
    above = lambda x, A: jnp.sum(jnp.where(A > 0.5, x * x[:, None], 0.0))
    assert found_hessian(above, np.ones(N), np.eye(N), zeros=True).all()
    dense = rng.normal(size=(N, N))
    assert found_hessian(lambda x, A: x @ A @ x, np.ones(N), dense, zeros=True).all()


def test_what_a_host_computes_is_full_unless_a_rule_says_more():
    shape = jax.ShapeDtypeStruct((3,), float)

    @jax.custom_jvp
    def squares(x):
        return jax.pure_callback(lambda a: np.asarray(a) ** 2, shape, x)

    bare = lambda x: jnp.sum(jax.pure_callback(lambda a: np.asarray(a) ** 2, shape, x))
    squares.defjvp(lambda primals, tangents: (squares(*primals), 2 * primals[0] * tangents[0]))
    assert found_hessian(bare, np.ones(3)).all()
    assert np.array_equal(found_hessian(lambda x: jnp.sum(squares(x)), np.ones(3)), np.eye(3))
    refused = hessian_pattern(lambda x: bare(x[:3]) + jnp.sum(x) ** 2, np.ones(100), most=1000)
    assert isinstance(refused, Refused) and "pure_callback" in refused.reason and refused.count == 10_000


# --- sizes -----------------------------------------------------------------------------------------------------------


def peak(make: Callable[[], Any]) -> tuple[Any, int]:
    """A result, and the bytes that were held at once on the way (NumPy's arrays included)."""
    tracemalloc.start()
    try:
        result = make()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


LARGE: dict[str, tuple[Callable[[Any], Any], int]] = {
    "rosenbrock": (FUNCTIONS["rosenbrock"], 3),
    "arrow": (FUNCTIONS["arrow"], 3),
    "row": (lambda x: x[3] * jnp.sum(x) + jnp.sum(x**2), 3),
    "loop": (lambda x: lax.fori_loop(0, x.size - 1, lambda i, s: s + (x[i + 1] - x[i] ** 2) ** 2, 0.0), 3),
    "map": (lambda x: jnp.sum(lax.map(lambda i: (x[i + 1] - x[i]) ** 4, jnp.arange(x.size - 1))), 3),
    "scan": (lambda x: jnp.sum(lax.scan(lambda last, a: (a, (a - last**2) ** 2), x[0], x[1:])[1]), 3),
    "softmax": (lambda x: jnp.sum(jax.nn.log_softmax(x.reshape(-1, 4), axis=1)[:, 0]), 4),
    "blocks": (lambda x: jnp.sum(jnp.linalg.det(x.reshape(-1, 2, 2))), 4),
    "centered": (lambda x: jnp.sum((x - jnp.mean(x)) * 2) + jnp.sum(x**2), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
def test_a_hundred_thousand_variables_take_linear_memory(name):
    """200 numbers a variable is far from n^2, and from the 100 or fewer that are met."""
    fun, width = LARGE[name]
    n = 100_000
    pattern, held = peak(lambda: hessian_pattern(fun, np.zeros(n), keep=False))
    assert isinstance(pattern, Pattern) and n <= pattern.nnz <= width * n, pattern
    assert held < 1600 * n, f"{held / n:.0f} bytes a variable"


def test_a_surface_has_nine_points():
    def surface(x):
        u = x.reshape(300, 300)
        a, b = u[1:, 1:] - u[:-1, :-1], u[1:, :-1] - u[:-1, 1:]
        return jnp.sum(jnp.sqrt(1 + (a * a + b * b) / 2))

    pattern = hessian_pattern(surface, np.zeros(90_000), keep=False)
    assert isinstance(pattern, Pattern) and pattern.nnz == (3 * 300 - 2) ** 2 and pattern.column.dtype == np.int32


DENSE: dict[str, Callable[[Any], Any]] = {
    "square of a sum": lambda x: jnp.sum(x) ** 2,
    "norm": jnp.linalg.norm,
    "variance": jnp.var,
    "running sums": lambda x: jnp.sum(jnp.cumsum(x) ** 2),
    "products of all": lambda x: jnp.sum(jnp.outer(x[:1000], x)),
    "wide stencil": lambda x: jnp.sum(jnp.convolve(x, jnp.ones(5000), mode="same") ** 2),
    "wide window": lambda x: jnp.sum(lax.reduce_window(x, 0.0, lax.add, (5000,), (1,), "SAME") ** 2),
}


@pytest.mark.parametrize("name", DENSE)
def test_what_would_be_dense_is_refused_before_it_is_formed(name):
    n = 300_000
    refused, held = peak(lambda: hessian_pattern(DENSE[name], np.zeros(n), keep=False, most=10_000_000))
    assert isinstance(refused, Refused) and refused.reason.startswith("too dense") and refused.count > 10_000_000
    assert held < 300 * n


def test_small_dense_patterns_are_patterns():
    for name, fun in DENSE.items():
        if name not in ("products of all", "wide stencil", "wide window"):
            assert found_hessian(fun, np.ones(40)).all()


def test_equal_sets_are_multiplied_once():
    """A thousand residuals that depend on everything are one set, and those of windows their own."""
    A = np.cos(np.arange(1000.0 * 300)).reshape(1000, 300)
    assert found_hessian(lambda x: jnp.sum((A @ x) ** 4), np.ones(300), most=300_000).all()
    window = lambda i, x: jnp.sum(lax.dynamic_slice(x, (i,), (40,))) ** 2
    both = lambda x: sum(jnp.sum(jax.vmap(lambda i: window(i, x))(jnp.arange(60))) for _ in range(2))
    assert np.array_equal(found_hessian(both, np.ones(99)), banded(99, 39))


# --- input that cannot be meant --------------------------------------------------------------------------------------


def test_what_is_no_function_of_real_numbers_raises():
    with pytest.raises(TypeError, match=r"one real number; it returns float64\[2\]"):
        hessian_pattern(lambda x: x, np.ones(2))
    with pytest.raises(TypeError, match="one real number"):
        hessian_pattern(lambda x: jnp.sum(x) * 1j, np.ones(2))
    with pytest.raises(TypeError, match="complex128"):
        hessian_pattern(lambda x: jnp.sum(x).real, np.ones(2) * 1j)
    with pytest.raises(ZeroDivisionError):
        hessian_pattern(lambda x: 1 / 0, np.ones(2))


def test_mutable_arrays_are_refused():
    def mutable(x):
        held = jax.new_ref(x)
        held[0] = x[1] ** 2
        return jnp.sum(held[...] ** 2)

    refused = hessian_pattern(mutable, np.ones(3))
    assert isinstance(refused, Refused) and "mutable" in refused.reason


# --- found once ------------------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty cache, and a memory that has forgotten."""
    monkeypatch.setenv("RAPHSON_CACHE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(remember, "WORTH_A_FILE", -1.0)
    remember.patterns.clear()
    yield tmp_path / "raphson" / "patterns"
    remember.patterns.clear()


def chain(weights, power=2):
    return lambda x: jnp.sum(weights * (x[1:] - x[:-1]) ** power)


def test_a_pattern_is_found_once(place, monkeypatch):
    first = hessian_pattern(chain(np.ones(4)), np.ones(5))
    assert hessian_pattern(chain(np.ones(4)), np.zeros(5)) is first, "the same program, a new function"
    remember.patterns.clear()
    monkeypatch.setattr("raphson.sparsity.find.judged", lambda *_: pytest.fail("found again"))
    again = hessian_pattern(chain(np.ones(4)), np.ones(5))
    assert isinstance(again, Pattern) and np.array_equal(again.column, first.column) and again.n == 5
    assert place.stat().st_mode & 0o777 == 0o700 and len(list(place.iterdir())) == 1


def test_other_programs_are_other_patterns(place):
    """Constants, data that are indices, limits, shapes and rules of derivatives are parts of the key."""
    seen = {
        id(hessian_pattern(chain(w, p), np.ones(n), **options))
        for w, p, n, options in [
            (np.ones(4), 2, 5, {}), (np.array([1.0, 0, 1, 1]), 2, 5, {}), (np.ones(4), 1, 5, {}),
            (np.ones(3), 2, 4, {}), (np.ones(4), 2, 5, {"most": 1000}),
        ]
    }  # fmt: skip
    assert len(seen) == 5
    picked = lambda x, i: x[i] * x[0]
    assert found_hessian(picked, np.ones(4), 2)[0, 2] and found_hessian(picked, np.ones(4), 3)[0, 3]
    for rule, entries in ((lambda p, t: (p[0], t[0] * p[0][::-1]), 5), (lambda p, t: (p[0], t[0]), 3)):
        f = jax.custom_jvp(lambda x: x)
        f.defjvp(rule)
        assert found_hessian(lambda x, f=f: jnp.sum(f(x)), np.ones(3)).sum() == entries


def test_a_damaged_file_is_ignored(place):
    first = hessian_pattern(chain(np.ones(4)), np.ones(5))
    (file,) = place.iterdir()
    whole = file.read_bytes()
    liar = pattern_of(first.matrix()[:, ::-1][:, ::-1])
    for damage in (b"", whole[: len(whole) // 2], b"not a file at all", whole.replace(whole[-40:], b"\0" * 40)):
        file.write_bytes(damage)
        remember.patterns.clear()
        again = hessian_pattern(chain(np.ones(4)), np.ones(5))
        assert np.array_equal(again.column, first.column), "found anew"
    assert np.array_equal(np.load(file)["column"], first.column), "and written anew"
    for start, column in [([0, 1], [5]), ([0, 2], [1, 1]), ([0, 2], [0]), ([1, 1], [0]), ([0, 1, 1], [0])]:
        assert not remember.sound(Pattern(np.array(start), np.array(column), 1, 3))
    assert remember.sound(liar)


def test_the_switch_turns_files_off(place, monkeypatch):
    monkeypatch.setenv("RAPHSON_CACHE", "0")
    hessian_pattern(chain(np.ones(4)), np.ones(5))
    assert not place.exists()

"""Formulas typed by a user: NumPy's values, Python's precedence, derivatives, and nothing that is executed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from raphson.cli.expression import DEPTH, FUNCTIONS, LENGTH, ExpressionError, parse

X, Y = np.array([-1.5, 0.3, 2.0, 7.0]), np.array([0.7, -2.5, 1.25, 3.0])
ORACLE = {
    "exp": np.exp, "sqrt": np.sqrt, "sin": np.sin, "log1p": np.log1p, "abs": np.abs, "arctan": np.arctan,
    "min": np.minimum, "max": np.maximum, "pi": np.pi,
}  # fmt: skip


def texts() -> st.SearchStrategy[str]:
    """Formulas put together as text, so that it is the reader who decides what belongs to what."""
    leaf = st.sampled_from(["x", "y", "2", "3", ".5", "1.25", "1e-1", "7.", "pi"])
    gap = st.sampled_from(["", "", " "])

    def larger(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        binary = st.tuples(part, gap, st.sampled_from(["+", "-", "*", "/", "**"]), gap, part).map("".join)
        one = st.tuples(st.sampled_from(["exp", "sqrt", "sin", "log1p", "abs", "arctan", ""]), part)
        two = st.tuples(st.sampled_from(["min", "max"]), part, part)
        return st.one_of(
            binary, binary, part.map(lambda a: f"-{a}"), one.map(lambda p: f"{p[0]}({p[1]})"),
            two.map(lambda p: f"{p[0]}({p[1]}, {p[2]})"),
        )  # fmt: skip

    return st.recursive(leaf, larger, max_leaves=12)


def by_numpy(text: str, factor: float) -> np.ndarray:
    """Python's reading with NumPy's functions, every number and name times a factor."""
    names = {name: value * factor if name == "pi" else value for name, value in ORACLE.items()}
    digits = [f"_n({word})" if word[0] in ".0123456789" else word for word in words(text)]
    names |= {"x": X * factor, "y": Y * factor, "_n": lambda a: np.float64(a) * factor}
    with np.errstate(all="ignore"):
        return np.broadcast_to(eval(" ".join(digits), {"__builtins__": {}}, names), X.shape)


def words(text: str) -> list[str]:
    """The tokens of a formula made by `texts`."""
    import io
    import tokenize

    return [t.string for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.string.strip()]


@given(texts())
def test_values_and_precedence_are_those_of_numpy(text: str) -> None:
    expected, moved = by_numpy(text, 1.0), by_numpy(text, 1 + 1e-12)
    with np.errstate(all="ignore"):
        steady = np.abs(moved - expected) <= 1e-8 * np.abs(expected)  # elsewhere rounding decides
    assume(steady.any())
    value, other = (np.asarray(parse(t)({"x": X, "y": Y})) for t in (text, text.replace("**", "^")))
    np.testing.assert_allclose(np.broadcast_to(value, X.shape)[steady], expected[steady], rtol=1e-6)
    np.testing.assert_array_equal(other, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-x**2", -9), ("2^3^2", 512), ("2**-x", 1 / 8), ("-2^2", -4), ("(-2)^2", 4), ("2^-x^2", 2**-9),
        ("-x*-x", 9), ("8/4/2", 1), ("10 - 3 - 2", 5), ("2*x^2", 18), ("+x", 3), ("--x", 3), ("2-+-x", 5),
        (" x\t+\n1 ", 4), ("x**-1", 1 / 3), ("0^0", 1), (".5e1", 5), ("1.e-1", 0.1), ("ln(e)", 1), ("log10(1e3)", 3),
        ("log2(8)", 3), ("atan2(1, 0)*2/pi", 1), ("cbrt(27)", 3), ("gamma(x + 2)", 24), ("erf(0) + erfc(0)", 1),
        ("max(x, 5) - min(x, 5)", 2), ("asin(1)/arcsin(1)", 1), ("x^100", 3.0**100), ("y = 2*x", 6),
    ],
)  # fmt: skip
def test_single_values(text: str, value: float) -> None:
    assert float(parse(text)({"x": 3})) == pytest.approx(value, rel=1e-14)  # x is whole on purpose


def test_names_in_order_constants_and_response() -> None:
    formula = parse("rate = b1*(1 - exp(-b2*x))/b1 + pi")
    assert formula.response == "rate" and formula.constants == ("pi",)
    assert list(formula.names) == ["b1", "b2", "x"]
    assert [formula.text[column:][:1] for column in formula.names.values()] == ["b", "b", "x"]
    assert list(parse("σ*Δ_1 + _a").names) == ["σ", "Δ_1", "_a"]
    assert float(parse("e + exp*2")({"e": 10.0, "exp": 1.0})) == 12  # the user's own names come first
    with pytest.raises(ExpressionError, match="no value for b2"):
        formula({"b1": 1.0, "x": 2.0})


def test_dtypes_are_those_of_the_data() -> None:
    x = jnp.array([1.0, 2.0], jnp.float32)
    assert parse("2*x + exp(1) + x**2")({"x": x}).dtype == jnp.float32
    assert parse("x/2")({"x": jnp.array([1, 2])}).dtype == jnp.float64


def test_derivatives_go_through() -> None:
    x = np.linspace(0.5, 3, 5)

    def model(b: jax.Array) -> jax.Array:
        return parse("b1*(1 - exp(-b2*x)) + b3^2")({"b1": b[0], "b2": b[1], "b3": b[2], "x": x})

    b = jnp.array([2.0, 0.7, -3.0])
    expected = np.stack([1 - np.exp(-0.7 * x), 2 * x * np.exp(-0.7 * x), 0 * x - 6], axis=1)
    np.testing.assert_allclose(jax.jit(jax.jacfwd(model))(b), expected, rtol=1e-14)
    square = parse("a^2 + a^3")
    for a, second in ((0.0, 2.0), (-1.0, -4.0)):  # pow itself has no derivative of a^p there
        assert float(jax.grad(jax.grad(lambda a: square({"a": a})))(a)) == second


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 0, "the formula is empty"), ("y = ", 4, "the formula is empty"), ("1 +", 3, "ends where a value"),
        ("b1*(1-expp(-b2*x))", 6, "no function 'expp'; did you mean exp or expm1"), ("(1+x", 0, "never closed"),
        ("sqrt(2*(x+1)", 4, "never closed"), ("x)", 1, "never opened"), ("(x 2)", 3, "missing before '2'"),
        ("2x", 1, "an operator is missing before 'x' (a product"), ("2 * * x", 4, "a value is expected, not '*'"),
        ("b1(1+x)", 0, "a product is written b1*("), ("EXP(x)", 0, "did you mean exp"), ("1,5", 1, "have a point"),
        ("exp(1,5)", 0, "exp takes 1 argument, not 2"), ("atan2(x)", 0, "atan2 takes 2 arguments, not 1"),
        ("exp()", 0, "takes 1 argument, not 0"), ("exp(x,)", 6, "a value is"), ("x == 1", 2, "one = may stand"),
        ("y = a = b", 6, "one = may stand"), ("y == a", 2, "one = may stand"), ("x < 1", 2, "no comparisons"),
        ("1-exp[-x]", 5, "use parentheses"), ("x − 1", 2, "the minus sign is -"), ("3·x", 1, "a product is *"),
        ("1 + x²", 5, "a square is **2"), ("1e999", 0, "too large"), ("x + 'a'", 4, "means nothing"),
        ("1.2.3", 3, "an operator is missing"), ("x\n+\n?", 4, "means nothing"), ("٣ + x", 0, "means nothing"),
    ],
)  # fmt: skip
def test_errors_point_at_the_place(text: str, column: int, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    what, shown, caret = str(caught.value).split("\n")
    assert caught.value.column == column and what.startswith(f"column {column + 1}: ") and message in what
    assert shown == "  " + text.replace("\n", " ") and caret == " " * (2 + column) + "^"


def test_a_long_formula_is_shown_around_the_error() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("a + " * 500 + "$ + " + "b + " * 500 + "c")
    _, shown, caret = str(caught.value).split("\n")
    assert shown[caret.index("^")] == "$" and len(shown) < 110 and shown.strip()[:3] == shown[-3:] == "..."


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')", "__import__(os)", "x.__class__", "x.real", "lambda: 0", "lambda x: x", "a[0]", "f'{x}'",
        "f\"{x}\"", "(x := 1)", "[x for x in x]", "{x: 1}", "x if x else y", "eval(x)", "exec(x)", "open(x)",
        "print(x)", "getattr(x, y)", "x; y", "import os", "x @ y", "x // y", "x % y", "not x", "x and y", "*x", "**x",
        "exp(*x)",
        "exp(x=1)", "x\\", "`x`", "x\0", "#", "0x10", "1_000", "1j", "...", "x!", "~x", "x'", "\u202ex\u202e",
        "(" * 5000, "-" * 5000 + "x", "exp(" * 200 + "x" + ")" * 200, "x^" * 500 + "x", "((" * 60 + "x" + "))" * 60,
        "1+" * LENGTH + "1", "x" * (LENGTH + 1),
    ],
)  # fmt: skip
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_what_is_large_is_harmless() -> None:
    assert float(parse("9^9^9^9^9^9")({})) == np.inf
    assert float(parse("9**99999999")({})) == np.inf and float(parse("0*9**-99999999")({})) == 0
    assert float(parse("x^1e300")({"x": 0.5})) == 0
    for deep in ("(" * DEPTH + "x" + ")" * DEPTH, "1+2*-(1+2*max(" * (DEPTH // 3) + "x" + ",1))" * (DEPTH // 3)):
        assert np.isfinite(parse(deep)({"x": 1.0}))
    width = LENGTH // 2 - 1
    long = parse("x" + "+x" * width)
    assert len(long.text) <= LENGTH and len(long.code) == 2 * width + 1
    assert float(jax.jit(lambda x: parse("x" + "+x" * 999)({"x": x}))(1.0)) == 1000


PIECES = [*"()+-*/^,.=[]'!$ 2x9", "**", "exp", "max", "b1", "1e3", "__", "lambda ", "y = ", *sorted(FUNCTIONS)[:3]]


@given(st.one_of(st.text(max_size=20), st.lists(st.sampled_from(PIECES), max_size=10).map("".join)))
def test_any_text_is_a_formula_or_an_expression_error(text: str) -> None:
    try:
        formula = parse(text)
    except ExpressionError as error:
        assert 0 <= error.column <= len(text) and len(str(error).split("\n")) == 3
    else:
        assert formula(dict.fromkeys(formula.names, 1.0)).shape == ()

"""Formulas typed by a user, as in `b1*(1-exp(-b2*x))`: parsed here, never executed as Python.

    formula := [NAME "="] sum
    sum     := product (("+" | "-") product)*
    product := signed (("*" | "/") signed)*
    signed  := ("-" | "+") signed | power
    power   := value [("**" | "^") signed]           so -x**2 is -(x**2), and 2^3^2 is 2^(3^2)
    value   := NUMBER | NAME | FUNCTION "(" sum ("," sum)* ")" | "(" sum ")"

The result is postfix code, which a loop runs on a stack: a sum of thousands of terms nests nothing.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

import jax.numpy as jnp
import numpy as np
from jax.scipy import special

LENGTH = 10_000
"""Characters that a formula may have."""
DEPTH = 100
"""Parentheses, calls, signs and powers that may stand inside one another: parsing them recurses."""
WIDTH = 90
"""Characters of a long formula shown around an error."""
UNROLLED = 64
"""Largest whole number n for which x**n is a chain of products, which unlike pow has derivatives at x <= 0."""

CONSTANTS: dict[str, float] = {"pi": np.pi, "e": np.e}
FUNCTIONS: dict[str, tuple[Callable, int]] = {
    "exp": (jnp.exp, 1), "expm1": (jnp.expm1, 1), "log": (jnp.log, 1), "ln": (jnp.log, 1), "log1p": (jnp.log1p, 1),
    "log2": (jnp.log2, 1), "log10": (jnp.log10, 1), "sqrt": (jnp.sqrt, 1), "cbrt": (jnp.cbrt, 1), "abs": (jnp.abs, 1),
    "sin": (jnp.sin, 1), "cos": (jnp.cos, 1), "tan": (jnp.tan, 1), "sinh": (jnp.sinh, 1), "cosh": (jnp.cosh, 1),
    "tanh": (jnp.tanh, 1), "asin": (jnp.arcsin, 1), "arcsin": (jnp.arcsin, 1), "acos": (jnp.arccos, 1),
    "arccos": (jnp.arccos, 1), "atan": (jnp.arctan, 1), "arctan": (jnp.arctan, 1), "atan2": (jnp.arctan2, 2),
    "arctan2": (jnp.arctan2, 2), "erf": (special.erf, 1), "erfc": (special.erfc, 1), "gamma": (special.gamma, 1),
    "lgamma": (special.gammaln, 1), "min": (jnp.minimum, 2), "max": (jnp.maximum, 2),
}  # fmt: skip

SUM, PRODUCT, SIGN, POWER = 1, 2, 3, 4
OPERATORS: dict[str, tuple[Callable, int]] = {
    "+": (jnp.add, SUM), "-": (jnp.subtract, SUM), "*": (jnp.multiply, PRODUCT), "/": (jnp.divide, PRODUCT),
    "**": (jnp.power, POWER), "^": (jnp.power, POWER),
}  # fmt: skip
TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)|(?P<sign>\*\*|[-+*/^(),])|(?P<end>$)|(?P<other>.))",
    re.DOTALL,
)
RESPONSE = re.compile(r"\s*(?P<name>[^\W\d]\w*)\s*=(?!=)")
ADVICE = {
    "[": "use parentheses ( )", "]": "use parentheses ( )", "{": "use parentheses ( )", "}": "use parentheses ( )",
    "−": "the minus sign is -", "–": "the minus sign is -", "·": "a product is *", "×": "a product is *",
    "²": "a square is **2", "³": "a cube is **3", "√": "a root is sqrt( )", "π": "write pi",
    "=": "one = may stand after the response, as in y = b1*x", "<": "there are no comparisons",
    ">": "there are no comparisons", "!": "a factorial n! is gamma(n+1)",
}  # fmt: skip


class ExpressionError(ValueError):
    """A formula that cannot be read: what is wrong, the formula, and a caret under the place (`column`, from 0)."""

    def __init__(self, text: str, column: int, what: str) -> None:
        super().__init__(f"column {column + 1}: {what}\n{picture(text, column)}")
        self.column = column


@dataclass(frozen=True)
class Expression:
    """A formula ready to be evaluated with jax.numpy.

    `names`: the free names in order of appearance, with the column where each first stands;
    `constants`: those of pi and e that it mentions, used unless a value is given for them;
    `response`: the name left of an equals sign, None without one.
    """

    text: str
    names: Mapping[str, int]
    constants: tuple[str, ...]
    response: str | None
    code: tuple["Push | Load | Apply", ...]

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """The value where each name has its value (arrays broadcast); a jax array."""
        stack: list[Any] = []
        for step in self.code:
            if isinstance(step, Push):
                stack.append(step.value)
            elif isinstance(step, Load):
                stack.append(self.look_up(step.name, values))
            else:
                operands = [stack.pop() for _ in range(step.arity)][::-1]
                stack.append(step.function(*operands))
        return jnp.asarray(stack.pop())

    def look_up(self, name: str, values: Mapping[str, Any]) -> Any:
        """A name's value; whole numbers as floats, since they have no derivatives and no negative powers."""
        if name not in values:
            return CONSTANTS[name] if name in CONSTANTS else self.object_to(name, f"there is no value for {name}")
        value = jnp.asarray(values[name])
        return value if jnp.issubdtype(value.dtype, jnp.inexact) else value.astype(float)

    def object_to(self, name: str, what: str) -> NoReturn:
        """Raises an ExpressionError that points at one of the free names."""
        raise ExpressionError(self.text, self.names[name], what)


@dataclass(frozen=True)
class Push:
    """Puts a number on the stack."""

    value: float


@dataclass(frozen=True)
class Load:
    """Puts a name's value on the stack."""

    name: str


@dataclass(frozen=True)
class Apply:
    """Replaces the last `arity` values by the function of them."""

    function: Callable
    arity: int


@dataclass(frozen=True)
class Token:
    """A piece of the text: kind "number", "name", "sign", "end" or "other", and where it begins."""

    kind: str
    text: str
    column: int


def parse(text: str) -> Expression:
    """Reads a formula; ExpressionError if it is not one."""
    if len(text) > LENGTH:
        raise ExpressionError(text, LENGTH, f"the formula has {len(text)} characters; the limit is {LENGTH}")
    left = RESPONSE.match(text)
    parser = Parser(text, left.end() if left else 0)
    parser.expression(SUM)
    parser.finish()
    names = {name: column for name, column in parser.names.items() if name not in CONSTANTS}
    constants = tuple(name for name in parser.names if name in CONSTANTS)
    return Expression(text, names, constants, left["name"] if left else None, tuple(parser.code))


class Parser:
    """Precedence climbing over the tokens from `start` on; writes postfix `code`, collects `names`."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.code: list[Push | Load | Apply] = []
        self.names: dict[str, int] = {}
        self.depth = 0
        self.end = start
        self.token = self.scan()

    def scan(self) -> Token:
        """The next token of the text."""
        found = TOKEN.match(self.text, self.end)
        if found is None or found.lastgroup is None:  # cannot be: the pattern ends in "the end, or any character"
            raise ExpressionError(self.text, self.end, "the formula cannot be read")
        self.end = found.end()
        return Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup))

    def advance(self) -> Token:
        """The token at hand; the next one takes its place."""
        token, self.token = self.token, self.scan()
        return token

    def take(self, sign: str) -> bool:
        """Whether the token at hand is this sign; if so, goes past it."""
        return self.token.kind == "sign" and self.token.text == sign and bool(self.advance())

    def fail(self, what: str, column: int | None = None) -> ExpressionError:
        """An error at a column (default: the token at hand)."""
        return ExpressionError(self.text, self.token.column if column is None else column, what)

    def nested(self, level: int) -> None:
        """An expression inside another."""
        self.depth += 1
        if self.depth > DEPTH:
            raise self.fail(f"the formula is nested deeper than {DEPTH} levels")
        self.expression(level)
        self.depth -= 1

    def expression(self, level: int) -> None:
        """Code for an expression whose operators bind at least as tightly as `level`."""
        self.operand()
        while self.token.kind == "sign" and self.token.text in OPERATORS:
            function, own = OPERATORS[self.token.text]
            if own < level:
                return
            self.advance()
            begin = len(self.code)
            if own == POWER:
                self.nested(POWER)
                self.power(begin)
            else:
                self.expression(own + 1)
                self.code.append(Apply(function, 2))

    def power(self, begin: int) -> None:
        """A power, whose exponent is the code from `begin` on; a whole number gives a chain of products."""
        exponent = self.code[begin:]
        if len(exponent) == 1 and isinstance(exponent[0], Push):
            number = exponent[0].value
            if number == round(number) and abs(number) <= UNROLLED:
                self.code[begin:] = [Apply(partial(whole_power, n=int(number)), 1)]
                return
        self.code.append(Apply(jnp.power, 2))

    def operand(self) -> None:
        """A sign with its operand, a number, a name, a call, or an expression in parentheses."""
        token = self.token
        if self.take("+"):
            self.nested(SIGN)
        elif self.take("-"):
            begin = len(self.code)
            self.nested(SIGN)
            self.negate(begin)
        elif self.take("("):
            self.nested(SUM)
            self.close(token)
        elif token.kind == "number":
            self.code.append(Push(self.number(self.advance())))
        elif token.kind == "name":
            self.name(self.advance())
        else:
            raise self.missing()

    def negate(self, begin: int) -> None:
        """Minus the code from `begin` on; a number is stored with its sign, for x**-2."""
        last = self.code[-1]
        if len(self.code) == begin + 1 and isinstance(last, Push):
            self.code[-1] = Push(-last.value)
        else:
            self.code.append(Apply(jnp.negative, 1))

    def number(self, token: Token) -> float:
        """The value of a number."""
        value = float(token.text)
        if not np.isfinite(value):
            raise self.fail(f"{token.text} is too large for a number", token.column)
        return value

    def name(self, token: Token) -> None:
        """A name, or a call."""
        if not token.text.isidentifier():  # \w lets superscripts in
            odd = next(i for i in range(len(token.text)) if not token.text[: i + 1].isidentifier())
            raise self.fail(meaningless(token.text[odd]), token.column + odd)
        opening = self.token
        if not self.take("("):
            self.names.setdefault(token.text, token.column)
            self.code.append(Load(token.text))
            return
        if token.text not in FUNCTIONS:
            raise self.fail(unknown(token.text), token.column)
        function, arity = FUNCTIONS[token.text]
        count = 0 if self.token.text == ")" else 1
        if count:
            self.nested(SUM)
            while self.take(","):
                self.nested(SUM)
                count += 1
        self.close(opening)
        if count != arity:
            takes = f"{arity} argument{'s' if arity > 1 else ''}"
            raise self.fail(f"{token.text} takes {takes}, not {count}", token.column)
        self.code.append(Apply(function, arity))

    def close(self, opening: Token) -> None:
        """Goes past the parenthesis that closes this one."""
        if not self.take(")"):
            at_end = self.token.kind == "end"
            raise self.fail("this parenthesis is never closed", opening.column) if at_end else self.stray()

    def finish(self) -> None:
        """Nothing may follow a formula."""
        if self.token.kind != "end":
            raise self.stray()

    def missing(self) -> ExpressionError:
        """Something stands where a value is expected."""
        if self.token.kind == "other":
            return self.fail(meaningless(self.token.text))
        if self.token.kind == "end":
            return self.fail("the formula ends where a value is expected" if self.code else "the formula is empty")
        return self.fail(f"a value is expected, not {self.token.text!r}")

    def stray(self) -> ExpressionError:
        """Something stands where an operator is expected."""
        text = self.token.text
        if self.token.kind == "other":
            return self.fail(meaningless(text))
        if text == ")":
            return self.fail("this parenthesis was never opened")
        if text == ",":
            return self.fail("a comma only separates the arguments of a function (decimals have a point)")
        return self.fail(f"an operator is missing before {text!r} (a product is written with *)")


def whole_power(x: Any, n: int) -> Any:
    """x**n by products."""
    return jnp.asarray(x) ** n


def meaningless(character: str) -> str:
    """What to say of a character that formulas do not have."""
    advice = ADVICE.get(character)
    return f"{character!r} means nothing in a formula" + (f"; {advice}" if advice else "")


def unknown(name: str) -> str:
    """What to say of a call of something that is not a function."""
    near = difflib.get_close_matches(name.lower(), FUNCTIONS, n=2)
    if near:
        return f"there is no function {name!r}; did you mean {' or '.join(near)}?"
    return f"there is no function {name!r} (a product is written {name}*( ... ), and --help lists the functions)"


def picture(text: str, column: int) -> str:
    """The formula, cut to the places around a column, and a caret under it."""
    line = "".join(character if character.isprintable() else " " for character in text)
    first = max(0, min(column - WIDTH // 2, len(line) - WIDTH))
    head, tail = "..." if first else "", "..." if first + WIDTH < len(line) else ""
    return f"  {head}{line[first : first + WIDTH]}{tail}\n  {' ' * (len(head) + column - first)}^"

"""`raphson fit`: a formula fitted to the columns of a file."""

import difflib
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import jax.numpy as jnp
import numpy as np
import typer

import raphson
from raphson.cli import options, screen, table
from raphson.cli import report as page
from raphson.cli.expression import FUNCTIONS, Expression, ExpressionError, parse
from raphson.report.console import live_line
from raphson.report.json import plain, text


def fit(
    data: Annotated[Path, typer.Argument(metavar="DATA.csv", help="Columns of numbers; a first line may name them.")],
    model: Annotated[str, typer.Option(metavar="FORMULA", help="The response, as in 'y = b1*(1-exp(-b2*x))'.")],
    start: Annotated[
        list[str] | None, typer.Option(metavar="b1=500,b2=1e-4", help="The parameters and their starts.")
    ] = None,
    y: Annotated[str | None, typer.Option(metavar="COLUMN", help="The response (default: y, or the last).")] = None,
    sigma: Annotated[str | None, typer.Option(metavar="COLUMN", help="The response's standard deviations.")] = None,
    absolute_sigma: Annotated[bool, typer.Option("--absolute-sigma", help="They are more than proportions.")] = False,
    bounds: Annotated[list[str] | None, typer.Option(metavar="b1=0:10,b2=:5", help="Lower and upper bounds.")] = None,
    loss: Annotated[str, typer.Option(metavar="NAME", help="linear, or one that spares outliers.")] = "linear",
    f_scale: Annotated[float, typer.Option(metavar="SIZE", help="Residual at which a loss begins to spare.")] = 1.0,
    nan_policy: Annotated[Literal["raise", "omit"], typer.Option(help="What to do with missing values.")] = "raise",
    method: options.MethodName = "auto",
    max_steps: options.MaxSteps = None,
    progress: options.Progress = False,
    report: page.Option = None,
    language: page.Language = "en",
    json: options.Json = False,
) -> int:
    """Fit a formula to data; exit 0 only if a minimum was shown.

    The formula has + - * / ** ^, parentheses, numbers, columns, parameters, pi, e, and the functions exp expm1 log
    (natural) ln log1p log2 log10 sqrt cbrt abs sin cos tan asin acos atan atan2 arcsin arccos arctan arctan2 sinh
    cosh tanh erf erfc gamma lgamma min(a, b) max(a, b). A column `Temp (C)` is called Temp_C in it.
    """
    if absolute_sigma and sigma is None:
        raise ValueError("--absolute-sigma is about a column of standard deviations: name it with --sigma NAME")
    page.check(report, language)
    page.keep(data, {"--report": report})
    try:
        task = prepare(data, parse(model), start or [], y, sigma, omit=nan_policy == "omit")
        lower, upper = limits(bounds or [], task.start)
        check_start(task)
    except ExpressionError as error:  # shown here, because its caret needs its lines
        print(f"raphson: --model, {error}", file=sys.stderr)
        return 2
    with live_line(data.name) if progress else nullcontext(False) as line:
        found = raphson.curve_fit(
            task.function(), task.predictors, task.response, list(task.start.values()), sigma=task.sigma,
            absolute_sigma=absolute_sigma, bounds=(lower, upper), method=method, loss=loss, f_scale=f_scale,
            max_steps=max_steps, progress=line, names=tuple(task.start),
        )  # fmt: skip
    x = next(iter(task.predictors)) if len(task.predictors) == 1 else "x"
    found.data = replace(found.data, names=(x, task.response_name), omitted=task.numbers.omitted)
    written = page.write_report(found, report, f"{data.name}: {task.formula.text.strip()}", language)
    if json:
        print(text({**plain(found.as_dict()), "data": task.as_dict(), **written}))
    else:
        print(screen.fold(f"{found}\n\n{task}{page.line(written)}"))
    return 0 if found.success else 1


@dataclass(frozen=True)
class Task:
    """What is fitted to what: the formula, the numbers, and the parameters' starts in the user's order."""

    file: Path
    formula: Expression
    response_name: str
    numbers: table.Numbers
    sigma_name: str | None
    start: dict[str, float]
    notes: tuple[str, ...]

    @property
    def response(self) -> np.ndarray:
        """The observed response (m,)."""
        return self.numbers.columns[self.response_name]

    @property
    def sigma(self) -> np.ndarray | None:
        """Its standard deviations (m,), if there are any."""
        return None if self.sigma_name is None else self.numbers.columns[self.sigma_name]

    @property
    def predictors(self) -> dict[str, np.ndarray]:
        """The other columns, by name."""
        others = {self.response_name, self.sigma_name}
        return {name: column for name, column in self.numbers.columns.items() if name not in others}

    def function(self) -> Callable:
        """f(predictors, *parameters), the response by the formula (m,)."""
        formula, names, rows = self.formula, tuple(self.start), len(self.response)

        def response(predictors: dict[str, Any], *parameters: Any) -> Any:
            value = formula({**predictors, **dict(zip(names, parameters, strict=True))})
            return jnp.broadcast_to(value, (rows,))  # a formula without a column is a constant

        return response

    def as_dict(self) -> dict[str, Any]:
        """File, model and roles of the columns, for JSON."""
        return {
            "file": str(self.file), "rows": len(self.response), "model": self.formula.text,
            "response": self.response_name, "predictors": list(self.predictors), "sigma": self.sigma_name,
            "notes": list(self.notes),
        }  # fmt: skip

    def __str__(self) -> str:
        roles = [f"response {self.response_name}"]
        if self.predictors:
            roles.append(f"predictor{'s' if len(self.predictors) > 1 else ''} {table.listed(self.predictors)}")
        if self.sigma_name is not None:
            roles.append(f"standard deviations {self.sigma_name}")
        lines = [f"data      {self.file}: {len(self.response)} rows; {'; '.join(roles)}"]
        formula = self.formula.text.strip()
        lines.append(f"model     {formula if self.formula.response else f'{self.response_name} = {formula}'}")
        return "\n".join([*lines, *(f"note      {note}" for note in self.notes)])


def prepare(
    file: Path, formula: Expression, start: Sequence[str], y: str | None, sigma: str | None, omit: bool
) -> Task:
    """Reads the file and gives every name of the formula its role."""
    source = table.read_table(file)
    values = {name: value_of(name, value) for name, value in assignments(start, "--start", "b1=500,b2=1e-4").items()}
    used = [*formula.names, *(name for name in formula.constants if name in values or name in source.names)]
    examine_names(formula, used, source, values)
    predictors = [name for name in used if name in source.names]
    sigma = None if sigma is None else column_of(source, sigma, "--sigma")
    response, notes = response_of(source, formula, y, [*predictors, *([sigma] if sigma else [])])
    numbers = source.numbers([*predictors, response, *([sigma] if sigma else [])], omit)
    if sigma is not None:
        check_sigma(numbers, sigma, source.file)
    constants = tuple(f"{name} is the constant, neither a column nor in --start"
                      for name in formula.constants if name == "e" and name not in used)  # fmt: skip
    return Task(file, formula, response, numbers, sigma, values, (*source.notes, *notes, *numbers.notes, *constants))


def examine_names(formula: Expression, used: list[str], source: table.TextTable, values: dict[str, float]) -> None:
    """Every name is a column or a parameter, and not both; every parameter is in the formula."""
    both = [name for name in values if name in source.names]
    if both:
        raise ValueError(f"--start gives {both[0]}, which is a column of {source.file}: call the parameter otherwise")
    lacking = [name for name in used if name not in source.names and name not in values]
    if lacking:
        say_lacking(formula, lacking, source, values)
    idle = [name for name in values if name not in used]
    if idle:
        near = difflib.get_close_matches(idle[0], [name for name in used if name not in source.names], n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"--start gives {idle[0]}, which is not in the model {formula.text!r}{hint}")
    if not values:
        raise ValueError(f"the model {formula.text!r} has no parameter: there is nothing to fit")


def say_lacking(formula: Expression, lacking: list[str], source: table.TextTable, values: dict[str, float]) -> NoReturn:
    """Raises an ExpressionError at the first name of a formula that is neither a column nor a parameter."""
    first = lacking[0]
    columns = f"a column of {source.file} ({table.listed(source.names)})"
    if first in FUNCTIONS:
        formula.object_to(first, f"{first} is a function, and takes its argument in parentheses: {first}( ... )")
    near = difflib.get_close_matches(first.lower(), [name.lower() for name in source.names], n=1, cutoff=0.7)
    meant = [name for name in source.names if name.lower() in near]
    if meant:
        formula.object_to(first, f"{first} is neither {columns} nor in --start; did you mean {meant[0]}?")
    example = ",".join([*(f"{name}={value:g}" for name, value in values.items()), *(f"{name}=1" for name in lacking)])
    hint = f"a parameter needs a start, as in --start {example}"
    formula.object_to(first, f"{first} is neither {columns} nor in --start; {hint}")


def response_of(
    source: table.TextTable, formula: Expression, y: str | None, taken: list[str]
) -> tuple[str, tuple[str, ...]]:
    """The response's column, and a note where it was guessed: --y, left of =, y, or the last column not `taken`."""
    left = formula.response
    if y is not None and left is not None and y != left:
        raise ValueError(f"--y {y} and the model's {left} = are two responses; give one")
    name = y if y is not None else left
    if name is not None:
        name = column_of(source, name, "--y" if y is not None else "--model, left of =")
        if name in taken:
            raise ValueError(f"the response {name} stands on the right of the model too, or is --sigma")
        return name, ()
    if "y" in source.names and "y" not in taken:
        return "y", ()
    free = [name for name in source.names if name not in taken]
    if not free:
        raise ValueError(f"no column of {source.file} ({table.listed(source.names)}) is left to be the response")
    return free[-1], (f"the response is {free[-1]}, the last column that is free; --y NAME names another",)


def column_of(source: table.TextTable, name: str, option: str) -> str:
    """The column that an option names, as formulas or as the file write it."""
    found = next((known for known in (name, table.identifier(name, 0)) if known in source.names), None)
    if found is None:
        raise ValueError(f"{option}: {source.file} has no column {name}; {source.near(name)}")
    return found


def check_sigma(numbers: table.Numbers, name: str, file: str) -> None:
    """Standard deviations are positive."""
    bad = np.flatnonzero(numbers.columns[name] <= 0)
    if bad.size:
        value = numbers.columns[name][bad[0]]
        raise ValueError(
            f"{file}, line {numbers.lines[bad[0]]}, column {name}: a standard deviation is positive, not {value:g}"
        )


def check_start(task: Task) -> None:
    """The model has values at the start; if not, the first row without one is shown."""
    values = np.asarray(task.function()(task.predictors, *task.start.values()))
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        start = ", ".join(f"{name}={value:g}" for name, value in task.start.items())
        row = "".join(f", {name}={column[bad[0]]:g}" for name, column in task.predictors.items())
        where = f"{bad.size} of {values.size} rows, first line {task.numbers.lines[bad[0]]} ({start}{row})"
        raise ValueError(f"at the start the model is {values[bad[0]]:g} in {where}: choose another --start")


def assignments(texts: Iterable[str], option: str, example: str) -> dict[str, str]:
    """`a=1,b=2` as a dict of texts."""
    found: dict[str, str] = {}
    for part in (part.strip() for written in texts for part in written.split(",")):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not part:
            continue
        if not equals or not name.isidentifier() or not value:
            raise ValueError(f"{option} takes names with values, as in {option} {example}; not {part!r}")
        if name in found:
            raise ValueError(f"{option} gives {name} twice")
        found[name] = value
    return found


def value_of(name: str, value: str) -> float:
    """A start as a number."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"--start {name}={value}: the start of {name} is one finite number, as in {name}=1.5")
    return number


def limits(texts: Sequence[str], start: dict[str, float]) -> tuple[list[float], list[float]]:
    """Lower and upper bounds in the order of the starts; infinite where none is given."""
    given = assignments(texts, "--bounds", "b1=0:10,b2=:5")
    unknown = next((name for name in given if name not in start), None)
    if unknown is not None:
        raise ValueError(f"--bounds gives {unknown}, which is not a parameter ({table.listed(start)})")
    pairs = [interval(name, given.get(name, ":"), value) for name, value in start.items()]
    return [low for low, _ in pairs], [high for _, high in pairs]


def interval(name: str, written: str, start: float) -> tuple[float, float]:
    """`0:10`, `0:` or `:10` as two numbers, with the start between."""
    low, colon, high = (piece.strip() for piece in written.partition(":"))
    try:
        pair = (float(low or "-inf"), float(high or "inf"))
    except ValueError:
        pair = (math.nan, math.nan)
    if not colon or not pair[0] < pair[1]:
        raise ValueError(f"--bounds {name}={written}: write {name}=LOW:HIGH, either side may be empty")
    if not pair[0] <= start <= pair[1]:
        raise ValueError(f"the start {name}={start:g} is outside its bounds {written}")
    return pair

"""`raphson demo`: the story of the library on real input, computed live."""

import time
from pathlib import Path
from typing import Any

import numpy as np

import raphson
from raphson import zoo
from raphson.cli import options, screen
from raphson.cli import report as page
from raphson.cli.compare import WIDE
from raphson.cli.program import program
from raphson.cli.tour import FILE
from raphson.report.json import plain, text
from raphson.report.shape import axes_table, point
from raphson.report.table import LEFT, POINT, RIGHT, significant, table

METHODS = ("gradient-descent", "newton", "bfgs")
NEXT = ("look rosenbrock --at 0,0", "minimize rosenbrock --x0 2,2", "compare rosenbrock --methods newton,bfgs", "help")
DIGITS = 11
"""Digits to which NIST certifies its parameters."""


def demo(
    report: page.Option = None,
    json: options.Json = False,
) -> int:
    """See it work: geometry, methods, an ill-conditioned quadratic, a certified fit; then as pages to drag."""
    page.check(report)
    path = report or (None if json else page.spot("raphson-demo.html"))
    lesson = path and beside(path)
    begin = time.perf_counter()
    say = (lambda *_: None) if json else (lambda *lines: print(screen.fold("\n".join(lines), 3), flush=True))
    say("raphson demo: why second order. Every number below is computed now, on this machine.", "")
    story = {"geometry": geometry(say), "methods": methods(say), "quadratic": quadratic(say), "fit": fit(say)}
    written = pictures(say, path) | tour(say, lesson)
    if json:
        print(text(story | written))
    say(f"All of it took {time.perf_counter() - begin:.1f} s. Go on with, typed as it stands:", "",
        *(f"   {program()} {more}" for more in NEXT))  # fmt: skip
    return 0


def geometry(say: Any) -> Any:
    """The model at Rosenbrock's start: -g misses the centre, Newton hits it."""
    problem = zoo["rosenbrock"]
    model = raphson.local_model(problem.fun, problem.x0)
    g = model.geometry()
    w, rise = g.eigenvalues, g.rise
    at_center = float(np.linalg.norm(g.gradient + np.asarray(model.hessian) @ g.newton_step))
    away, value = float(np.linalg.norm(g.newton_step)), float(model.value)
    say(
        "1  ONE POINT: where does the gradient point, and where is the minimum of the local model?",
        "",
        *prose(
            f"Rosenbrock's function at its usual start x = {point(problem.x0)}: f = {value:.6g}, "
            f"gradient g = {point(g.gradient, 4)}. The Hessian H has eigenvalues {w[0]:.4g} and {w[1]:.4g}: the local "
            f"model is a {g.kind} of condition {g.condition:.3g}, and its level through x is an ellipse around its "
            "centre. The dual ellipse, that of H^-1, is made of the gradients met on the first one, in units of f/x: "
            "the same axes, long where the first is short. The circle of all gradients of length 1, stretched by H^-1, "
            "is the third: short where f is steep, long where it is flat."
        ),
        "",
        *(f"     {line}" for line in axes_table(g, rise).splitlines()),
        "",
        *prose(
            f"-g is perpendicular to that level, and {g.angle_deg:.1f} deg off the direction to the centre (for this "
            f"condition at most {g.max_angle_deg:.1f}). The centre is {away:.3f} away; the ray along -g passes it at a "
            f"distance of {g.ray_distance:.3f}. The Newton step -H^-1 g hits it: the model's gradient there is "
            f"{at_center:.0e}. In the variables y = H^(1/2) s the ellipse is a circle, and -g points at its centre: "
            f"off by {whitened_angle(g):.0e} deg."
        ),
        "",
    )
    return {"x": problem.x0, "model": model, "geometry": g}


def whitened_angle(g: Any) -> float:
    """Angle from -gradient to the centre in whitened variables, where the gradient is H^(-1/2) g; degrees."""
    from raphson.model.geometry import angle

    return angle(-g.unwhiten(g.gradient), g.whiten(g.newton_step))


def methods(say: Any) -> Any:
    """Three methods from that start."""
    problem = zoo["rosenbrock"]
    say("2  THE WHOLE WAY: three methods from that start (time: a second run, without compiling)", "")
    seen = raphson.compare(problem.fun, problem.x0, METHODS)
    order = {name: result.trace.order() for name, result in seen.results.items()}
    say(
        *(f"   {line}" for line in seen.table("  " if screen.width() >= WIDE + 3 else " ").splitlines()),
        "",
        *prose(
            "Order p: the error falls like e_(k+1) ~ e_k^p. 1 means a constant factor a step (gradient descent), 2 "
            "means that the number of correct digits doubles (Newton); BFGS, which learns H from gradients, is between."
        ),
        "",
    )
    return plain(seen) | {"order": order}


def quadratic(say: Any) -> Any:
    """One Newton step against a thousand of gradient descent."""
    problem = zoo["quadratic-1e8"]
    newton = raphson.minimize(problem.fun, problem.x0, method="newton")
    descent = raphson.minimize(problem.fun, problem.x0, method="gradient-descent", max_steps=1000)
    start = newton.trace.start_value
    rows = [
        ("start", "0", significant(start, 4), "1"),
        ("gradient descent", str(descent.steps), significant(descent.value, 4), f"{descent.value / start:.1e}"),
        ("Newton", str(newton.steps), significant(newton.value, 4), f"{newton.value / start:.1e}"),
    ]
    say(
        f"3  ILL-CONDITIONED: a quadratic in {problem.n} variables, eigenvalues 1 to 1e8, axes turned at random",
        "",
        *(f"     {line}" for line in table(
            ("", "steps", "f", "f / f(x0)"), rows, (LEFT, RIGHT, RIGHT, RIGHT)).splitlines()),
        "",
        *wrapped(f"verdict on gradient descent: {descent.verdict}", 3),
        *wrapped(f"verdict on Newton: {newton.verdict}", 3),
        "",
    )  # fmt: skip
    return {"newton": newton, "gradient_descent": descent}


def fit(say: Any) -> Any:
    """A certified regression problem of NIST, from the far start."""
    problem: Any = zoo["nist-misra1a"]
    result = raphson.minimize(problem.fun, problem.x0)
    x = np.asarray(result.x)
    digits = [agreement(b, c) for b, c in zip(x, problem.certified, strict=True)]
    rows = [
        (f"b{i + 1}", significant(a, 4), f"{b:.11g}", f"{c:.11g}", f"{d:.1f}")
        for i, (a, b, c, d) in enumerate(zip(problem.x0, x, problem.certified, digits, strict=True))
    ]
    say(
        f"4  REAL DATA: a fit to NIST's data set Misra1a ({problem.observations} observations), from the far start",
        "",
        *(f"     {line}" for line in table(
            ("", "start", "found", "certified by NIST", f"digits (of {DIGITS})"), rows,
            (LEFT, RIGHT, POINT, POINT, POINT)).splitlines()),
        "",
        *(part for line in str(result).splitlines() for part in wrapped(line, 10)),
        "",
    )  # fmt: skip
    return {"result": result, "certified": problem.certified, "digits": digits}


def pictures(say: Any, path: Path | None) -> dict[str, str]:
    """The report of the run on Rosenbrock's function."""
    if path is None:
        return {}
    problem = zoo["rosenbrock"]
    written = page.write_report(raphson.minimize(problem.fun, problem.x0), path, "Rosenbrock's function")
    say(
        "5  SEE IT: the way from that start as pictures; drag the point, step through the trials",
        "",
        f"   open {written['report']} in a browser (one file, no network)",
        "",
    )
    return written


def beside(report: Path) -> Path:
    """Where the tour is written; ValueError where it cannot be."""
    path = report.with_name(FILE)
    if path.name.lower() == report.name.lower():  # the same file where case is not told apart
        raise ValueError(f"--report {report}: the tour takes this name")
    page.check(path, option="the tour,")
    return path


def tour(say: Any, path: Path | None) -> dict[str, str]:
    """The lesson on what the story was about."""
    if path is None:
        return {}
    written = page.saved(lambda: raphson.tour(path), f"the tour, {path}")
    say(
        "6  LEARN IT: what H and H^-1 mean, from a parabola to Newton's method, on ten screens to drag",
        "",
        f"   open {written} in a browser (English and Chinese)",
        "",
    )
    return {"tour": str(written)}


def prose(words: str) -> list[str]:
    """A paragraph."""
    return screen.prose(words, 3)


def wrapped(line: str, indent: int) -> list[str]:
    """A long line in pieces that fit the terminal."""
    return screen.fold(line, indent, "   ").splitlines()


def agreement(found: float, certified: float) -> float:
    """Digits to which two numbers agree, -log10 of the relative difference, at most the certified ones."""
    gap = abs(found - certified) / abs(certified)
    return float(DIGITS) if gap == 0 else float(np.clip(-np.log10(gap), 0, DIGITS))

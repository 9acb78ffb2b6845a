"""The second half of every `--help`: examples that can be typed as they stand, and the names of the methods."""

import textwrap
from collections.abc import Iterable, Sequence

from raphson.cli.program import program
from raphson.fit.strategy import ORDER
from raphson.problems.loss import LOSSES
from raphson.solver.presets import DESCRIPTIONS, RESIDUAL_DESCRIPTIONS

OWN = "echo 'def f(x): return (x[0] - 1)**2 + (x[1] - x[0]**2)**2' > mine.py"
CSV = "printf 't,y\\n0,2.5\\n1,1.3\\n2,0.6\\n3,0.3\\n' > decay.csv"

NET = (
    "echo 'import numpy as np; data = np.eye(4), np.arange(4.)' > net.py",
    "echo 'params = np.ones(4)' >> net.py",
    "echo 'loss = lambda p, b: ((b[0] @ p - b[1])**2).mean()' >> net.py",
)

JOIN = "echo 'import raphson as rp; print(rp.ml.distributed())' > join.py"

G2O = "printf 'EDGE_SE2 %s 1 0 2.1 9 0 0 9 0 99\\n' '0 1' '1 2' '2 0' > loop.g2o"

EXAMPLES = {
    "demo": ("raphson demo",),
    "tour": ("raphson tour", "raphson tour --language zh --to tour.html"),
    "look": ("raphson look rosenbrock", "raphson look rosenbrock --at 0,0 --report look.html", OWN,
             "raphson look mine.py:f --at 3,0"),
    "lab": ("raphson lab", "raphson lab 'x^4 - 3*x*y + y^2'", "raphson lab 'a*cosh(b) - b' --start 1,2 --to mine.html"),
    "minimize": ("raphson minimize rosenbrock", "raphson minimize rosenbrock --method bfgs --report run.html", OWN,
                 "raphson minimize mine.py:f --x0 3,0"),
    "fit": (
        CSV,
        "raphson fit decay.csv --model 'y = a*exp(-b*t)' \\\n      --start a=1,b=1",
        "raphson fit decay.csv --model 'y = a*exp(-b*t)' \\\n      --start a=1,b=1 --bounds a=0:10,b=0: --loss soft_l1",
    ),
    "slam": (G2O, "raphson slam loop.g2o",
             "raphson slam loop.g2o --out solved.g2o --report map.html",
             "raphson slam loop.g2o --robust huber --scale 2"),
    "spectrum": (*NET, "raphson spectrum net.py:loss", "raphson spectrum net.py:loss -k 2 --json"),
    "launch": (JOIN, "raphson launch join.py", "raphson launch -n 3 --logs logs join.py"),
    "compare": ("raphson compare rosenbrock", "raphson compare rosenbrock --methods newton,dogleg,bfgs"),
    "check": ("raphson check rosenbrock", OWN, "raphson check mine.py:f --at 3,0"),
    "zoo": ("raphson zoo", "raphson zoo --trait nist"),
    "bench": ("raphson bench", "raphson bench cutest --show"),
}  # fmt: skip
"""By verb. A test types them, one after another, in an empty folder."""


def epilog(verb: str) -> str:
    """What stands at the end of a verb's help; paragraphs that begin with backslash-b are shown as they are."""
    parts = [f"\b\nExamples:\n{commands(EXAMPLES[verb])}"]
    if verb == "minimize":
        parts.append(listed("Methods", {"auto": "chosen for the function; the result says why"} | DESCRIPTIONS))
        parts.append("SciPy's names (BFGS, L-BFGS-B, Newton-CG, trust-ncg, ...) are understood.")
    if verb == "fit":
        auto = f"{ORDER[0]}; where it fails, {', '.join(ORDER[1:])}"
        parts.append(listed("Methods", {"auto": auto} | RESIDUAL_DESCRIPTIONS))
        parts.append(names("Losses", LOSSES))
    if verb == "slam":
        parts.append(listed("Methods", {"auto": "lm, with a small first damping"} | RESIDUAL_DESCRIPTIONS))
        parts.append(names("Losses", LOSSES))
    if verb == "bench":
        parts.append("`bench cutest --subset quick` takes minutes; it needs sif2jax, and peers where they are there.")
    if verb == "compare":
        parts.append(names("Methods", ("auto", *DESCRIPTIONS)))
    return "\n\n".join(parts)


def overview() -> str:
    """What stands at the end of `raphson --help`."""
    first = ("raphson demo", "raphson tour", "raphson look rosenbrock", "raphson minimize rosenbrock --report run.html",
             "raphson help minimize")  # fmt: skip
    return "\n\n".join(
        [
            f"\b\nExamples:\n{commands(first)}",
            "A function of your own is named FILE.py:FUN, a test problem by its name (`zoo` lists them). `help VERB` "
            "shows the options of a verb with examples, and the methods.",
            "\b\nExit code 0: done, and for minimize and fit a minimum was shown; 1: none was\nshown, or derivatives "
            "are wrong; 2: wrong input, said on standard error.",
            "Compiled code is kept in ~/.cache/raphson; RAPHSON_CACHE=0 switches that off.",
        ]
    )


def commands(lines: Sequence[str]) -> str:
    """Command lines, indented, under the name by which the reader called the program."""
    name = program()
    typed = [name + line.removeprefix("raphson") if line.startswith("raphson ") else line for line in lines]
    return "\n".join(f"  {line}" for line in typed)


def names(title: str, words: Iterable[str]) -> str:
    """Names alone; a name with a hyphen is not broken."""
    lines = textwrap.wrap(", ".join(words), 72, break_on_hyphens=False)
    return "\n".join(["\b", f"{title}:", *(f"  {line}" for line in lines)])


def listed(title: str, meanings: dict[str, str]) -> str:
    """Names with their meanings, one a line."""
    longest = max(map(len, meanings))
    return f"\b\n{title}:\n" + "\n".join(f"  {name:<{longest}}  {words}" for name, words in meanings.items())

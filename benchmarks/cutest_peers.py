"""The peers on one CUTEst problem: SciPy, Ipopt and optimistix, with exact derivatives by JAX.

Ipopt comes with cyipopt, which is compiled against it (Debian): `apt-get install coinor-libipopt-dev liblapack-dev
libmumps-seq-dev gfortran pkg-config`, then `pip install --no-deps cyipopt`. A peer that is not installed is left out.
Tolerances are 1e-8: at their own defaults (1e-5 for most of SciPy) peers stop sooner, and more of their answers would
miss the lowest f by more than is counted as equal.
"""

import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import Bounds
from scipy.optimize import least_squares as scipy_least_squares
from scipy.optimize import minimize as scipy_minimize
from scipy.optimize import root as scipy_root

from benchmarks.cutest_problems import Problem
from benchmarks.cutest_runs import DENSE, LIMIT, SHORT, OutOfTimeError, Watched, at
from raphson.calculus.colored import SPARSE
from raphson.solver.inputs import jax_problem
from raphson.solver.sparsity import with_sparsity

OPTIONS: dict[str, dict[str, Any]] = {
    "BFGS": {"gtol": 1e-8, "maxiter": 100_000},
    "L-BFGS-B": {"ftol": 1e-12, "gtol": 1e-8, "maxiter": 100_000, "maxfun": 1_000_000},
    "trust-exact": {"gtol": 1e-8, "maxiter": 10_000},
    "trust-ncg": {"gtol": 1e-8, "maxiter": 10_000},
    "Newton-CG": {"xtol": 1e-8, "maxiter": 10_000},
    "TNC": {"ftol": 1e-12, "gtol": 1e-8, "maxfun": 1_000_000},
    "trust-constr": {"gtol": 1e-8, "xtol": 1e-10},
}

SECOND = ("trust-exact", "trust-constr")
PRODUCTS = ("trust-ncg", "Newton-CG")

STEPS = 2000
"""Steps for optimistix, whose compiled loop nothing can interrupt."""


def peers(family: str, n: int, m: int) -> list[str]:
    """Who is asked, by family and size; what cannot bear n variables is left out."""
    small = n <= DENSE
    if family == "unconstrained":
        own = ["L-BFGS-B", "trust-ncg", "Newton-CG", *(["BFGS", "trust-exact"] if small else [])]
        others = ["optimistix BFGS"] if small else []
    elif family == "bound":
        own, others = ["L-BFGS-B", "TNC", *(["trust-constr"] if small else [])], []
    else:
        own = ["trf", *(["lm"] if m >= n else []), *(["hybr"] if m == n else [])]
        own = own if small and m <= 4 * DENSE else ["L-BFGS-B"]
        others = [f"optimistix {k}" for k in ("LM", "Dogleg", *(["Newton"] if m == n else []))]
        others = others if small else []
    ipopt = [] if find_spec("cyipopt") is None else ["ipopt"]
    ipopt += ["ipopt equations"] if ipopt and small and family == "equations" and m <= n else []
    others = others if find_spec("optimistix") is not None else []
    return [*(f"scipy {name}" for name in own), *ipopt, *others]


def run(case: Problem, watched: Watched, solver: str) -> tuple[dict, np.ndarray]:
    """One solver: its row, and its answer. The answer of a run that ran out of time is the lowest point that it met."""
    name, _, method = solver.partition(" ")
    if case.bounds is not None and (name == "optimistix" or method in ("lm", "hybr")):
        return {"solver": solver, "skipped": "takes no bounds"}, case.x0
    call = {"scipy": by_scipy, "ipopt": by_ipopt, "optimistix": by_optimistix}[name](case, watched, method)
    watched.forget()
    begin, clock = time.process_time(), time.perf_counter()
    watched.ends = begin + (LIMIT if case.size > SHORT[0] else SHORT[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            x, success, status, more = call()
        except (OutOfTimeError, FloatingPointError, np.linalg.LinAlgError, ValueError, ZeroDivisionError) as error:
            x, success, status, more = watched.x, False, type(error).__name__, {}
    spent, wall = time.process_time() - begin, time.perf_counter() - clock
    watched.ends = np.inf
    x = np.asarray(x, float)
    row = {"solver": solver, "success": bool(success), "status": str(status)[:80], "spent": spent, "wall": wall}
    return row | {"counts": watched.counts | more} | at(case, x), x


def equations(case: Problem, watched: Watched) -> tuple[Callable, Callable]:
    """r and J for SciPy, compiled and counted."""
    residual = jax.jit(case.residual).lower(case.x0).compile()
    wide = jax.eval_shape(case.residual, case.x0).size >= case.size
    jacobian = jax.jit((jax.jacfwd if wide else jax.jacrev)(case.residual)).lower(case.x0).compile()

    def r(x: np.ndarray) -> np.ndarray:
        watched.tick("f")
        value = np.array(residual(np.asarray(x, float)))
        watched.seen(x, 0.5 * float(value @ value))
        return value

    def J(x: np.ndarray) -> np.ndarray:
        watched.tick("J")
        return np.array(jacobian(np.asarray(x, float)))

    return r, J


def by_scipy(case: Problem, watched: Watched, method: str) -> Callable[[], tuple]:
    """SciPy's methods as a call that gives x, success, status and counts."""
    answer = lambda found: (found.x, found.success, found.status, {})
    if method in ("trf", "lm", "hybr"):
        r, J = equations(case, watched)
        tight: dict[str, Any] = {"ftol": 1e-12, "xtol": 1e-12, "gtol": 1e-12, "max_nfev": 100_000}
        if method == "hybr":
            return lambda: answer(scipy_root(r, case.x0, jac=J, method="hybr", options={"xtol": 1e-10}))
        box = (-np.inf, np.inf) if case.bounds is None else case.bounds
        return lambda: answer(
            scipy_least_squares(r, case.x0, jac=J, bounds=box, method=method, x_scale="jac", **tight)  # type: ignore[arg-type]
        )
    watched.prepare(second=method in SECOND, product=method in PRODUCTS)
    more: dict[str, Any] = {"hess": watched.hessian} if method in SECOND else {}
    more |= {"hessp": watched.product} if method in PRODUCTS else {}
    more |= {} if case.bounds is None else {"bounds": Bounds(*case.bounds)}
    return lambda: answer(
        scipy_minimize(watched.both, case.x0, jac=True, method=method, options=OPTIONS[method], **more)
    )


class IpoptObjective:
    """f with its dense Hessian, as Ipopt asks."""

    def __init__(self, case: Problem, watched: Watched) -> None:
        if case.size > 4 * DENSE:
            raise MemoryError("the Hessian is not sparse, and a dense one is too large")
        self.case, self.watched, self.rows = case, watched, np.tril_indices(case.size)
        watched.prepare(second=True)
        self.objective, self.gradient = watched.value, watched.gradient

    def hessianstructure(self) -> tuple[np.ndarray, np.ndarray]:
        """The lower triangle."""
        return self.rows

    def hessian(self, x: np.ndarray, multipliers: np.ndarray, factor: float) -> np.ndarray:
        """Entries of the lower triangle."""
        return factor * self.watched.hessian(x)[self.rows]

    def intermediate(self, *_: Any) -> bool:
        """Whether to go on."""
        return time.process_time() < self.watched.ends


class IpoptSparse(IpoptObjective):
    """f with its sparse Hessian by coloring, with our own pattern: what is compared is the method and its factors."""

    def __init__(self, case: Problem, watched: Watched, problem: Any) -> None:
        self.case, self.watched = case, watched
        structure = problem.sparsity.structure
        self.rows = np.asarray(structure.rows), np.asarray(structure.columns)
        self.values = jax.jit(lambda x: SPARSE.traced(problem, x).curvature.values).lower(case.x0).compile()
        self.objective, self.gradient = watched.value, watched.gradient

    def hessian(self, x: np.ndarray, multipliers: np.ndarray, factor: float) -> np.ndarray:
        """Entries of the lower triangle."""
        self.watched.tick("H")
        return factor * np.asarray(self.values(np.asarray(x, float)))


class IpoptEquations:
    """The constant objective 0 with the equations as constraints, as Ipopt asks."""

    def __init__(self, case: Problem, watched: Watched) -> None:
        self.watched, self.size, self.rows = watched, case.size, np.tril_indices(case.size)
        self.constraints, self.dense = equations(case, watched)
        weighted = lambda x, y: jax.hessian(lambda v: jnp.vdot(y, case.residual(v)))(x)
        zero = jnp.zeros(jax.eval_shape(case.residual, case.x0).size)
        self.second = jax.jit(weighted).lower(case.x0, zero).compile()
        self.count = zero.size

    def objective(self, x: np.ndarray) -> float:
        """Nothing."""
        return 0.0

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """Nothing."""
        return np.zeros(self.size)

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """All entries, row by row."""
        return self.dense(x).ravel()

    def hessianstructure(self) -> tuple[np.ndarray, np.ndarray]:
        """The lower triangle."""
        return self.rows

    def hessian(self, x: np.ndarray, multipliers: np.ndarray, factor: float) -> np.ndarray:
        """Entries of the lower triangle of the multipliers times the second derivatives of r."""
        self.watched.tick("H")
        return np.array(self.second(np.asarray(x, float), np.asarray(multipliers, float)))[self.rows]

    def intermediate(self, *_: Any) -> bool:
        """Whether to go on."""
        return time.process_time() < self.watched.ends


def by_ipopt(case: Problem, watched: Watched, form: str) -> Callable[[], tuple]:
    """Ipopt on f, or on the `equations` as constraints."""
    import cyipopt

    m = 0
    if form:
        problem = IpoptEquations(case, watched)
        m = problem.count
    else:
        sparse = None if case.size <= DENSE else with_sparsity(jax_problem(case.fun, case.x0, (), []), case.x0, 1)[0]
        known = sparse is not None and sparse.sparsity is not None
        problem = IpoptSparse(case, watched, sparse) if known else IpoptObjective(case, watched)
    n = case.size
    low, high = case.bounds if case.bounds is not None else (np.full(n, -np.inf), np.full(n, np.inf))
    made = cyipopt.Problem(n=n, m=m, problem_obj=problem, lb=low, ub=high, cl=np.zeros(m), cu=np.zeros(m))
    for name, value in {
        "print_level": 0,
        "sb": "yes",
        "max_cpu_time": LIMIT if n > SHORT[0] else SHORT[1],
        "max_iter": 3000,
        "tol": 1e-8,
    }.items():
        made.add_option(name, value)

    def call() -> tuple:
        x, about = made.solve(case.x0)
        return x, about["status"] in (0, 1), about["status_msg"].decode(errors="replace"), {}

    return call


def by_optimistix(case: Problem, watched: Watched, method: str) -> Callable[[], tuple]:
    """optimistix, compiled ahead."""
    import optimistix as optx

    solver = {"BFGS": optx.BFGS, "LM": optx.LevenbergMarquardt, "Dogleg": optx.Dogleg, "Newton": optx.Newton}[method]
    door: Any = optx.minimise if method == "BFGS" else optx.root_find if method == "Newton" else optx.least_squares
    fun = case.fun if method == "BFGS" else case.residual

    def solve(x: Any) -> tuple:
        found = door(lambda v, _: fun(v), solver(rtol=1e-8, atol=1e-8), x, max_steps=STEPS, throw=False)
        return found.value, found.result == optx.RESULTS.successful, found.stats["num_steps"]

    compiled = jax.jit(solve).lower(jnp.asarray(case.x0)).compile()

    def call() -> tuple:
        x, success, steps = jax.block_until_ready(compiled(jnp.asarray(case.x0)))
        first = {"f": int(steps), "g": int(steps)} if method == "BFGS" else {"f": int(steps), "J": int(steps)}
        return np.asarray(x), bool(success), "successful" if success else "no", first

    return call

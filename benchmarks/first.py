"""A fresh process: what importing costs, and the first answer. Run by `cold`, as `python -P first.py WHO [CACHE]`.

Nothing is imported here that the measured libraries could share; the answer is one line of JSON.
"""

import json
import sys
import time


def seconds(call):
    """Seconds of a call, and what it returned."""
    begin = time.perf_counter()
    answer = call()
    return time.perf_counter() - begin, answer


def use_cache(folder):
    """JAX's persistent compilation cache as raphson's command line sets it up."""
    import jax

    jax.config.update("jax_compilation_cache_dir", folder)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def import_jax(cache):
    """import jax, and the settings of the cache."""
    spent, _ = seconds(lambda: __import__("jax"))
    if cache:
        use_cache(cache)
    return spent


def rosenbrock(x):
    """Rosenbrock's function, as a user writes it."""
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def raphson(cache):
    """import raphson; minimize(rosenbrock, [-1.2, 1]); and again."""
    jax_import = import_jax(cache)
    import_seconds, rp = seconds(lambda: __import__("raphson"))
    first, found = seconds(lambda: rp.minimize(rosenbrock, [-1.2, 1.0]))
    second, _ = seconds(lambda: rp.minimize(rosenbrock, [-1.2, 1.0]))
    return {"jax": jax_import, "import": import_seconds, "first": first, "second": second, "f": found.value,
            "ok": bool(found.success), "method": found.method, "compile": found.compile_seconds}  # fmt: skip


def solve(cache):
    """import raphson; jax.jit(rp.solve)."""
    jax_import = import_jax(cache)
    import_seconds, rp = seconds(lambda: __import__("raphson"))
    import jax

    compiled = jax.jit(lambda x: rp.solve(rosenbrock, "trust-exact", x))
    call = lambda: jax.block_until_ready(compiled(jax.numpy.asarray([-1.2, 1.0])))
    first, found = seconds(call)
    second, _ = seconds(call)
    return {"jax": jax_import, "import": import_seconds, "first": first, "second": second, "f": float(found.value),
            "ok": int(found.status) in (1, 2), "method": "trust-exact"}  # fmt: skip


def optimistix(cache):
    """import optimistix; minimise by BFGS."""
    jax_import = import_jax(cache)
    import jax

    jax.config.update("jax_enable_x64", True)
    import_seconds, optx = seconds(lambda: __import__("optimistix"))
    solver = optx.BFGS(rtol=1e-8, atol=1e-8)
    fun = lambda x, _: rosenbrock(x)

    def call():
        found = optx.minimise(fun, solver, jax.numpy.asarray([-1.2, 1.0]), max_steps=5000, throw=False)
        jax.block_until_ready(found.value)
        return found

    first, found = seconds(call)
    second, _ = seconds(call)
    return {"jax": jax_import, "import": import_seconds, "first": first, "second": second,
            "f": float(rosenbrock(found.value)), "ok": bool(found.result == optx.RESULTS.successful),
            "method": "BFGS"}  # fmt: skip


def scipy(cache):
    """import scipy.optimize; minimize by trust-exact with rosen, rosen_der, rosen_hess. No JAX."""
    import_seconds, _ = seconds(lambda: __import__("scipy.optimize"))
    from scipy.optimize import minimize, rosen, rosen_der, rosen_hess

    call = lambda: minimize(rosen, [-1.2, 1.0], jac=rosen_der, hess=rosen_hess, method="trust-exact")
    first, found = seconds(call)
    second, _ = seconds(call)
    return {"jax": 0.0, "import": import_seconds, "first": first, "second": second, "f": float(found.fun),
            "ok": bool(found.success), "method": "trust-exact"}  # fmt: skip


if __name__ == "__main__":
    WHO = {"raphson": raphson, "solve": solve, "optimistix": optimistix, "scipy": scipy}
    print(json.dumps(WHO[sys.argv[1]](sys.argv[2] if len(sys.argv) > 2 else None)))

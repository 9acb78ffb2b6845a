"""What `raphson spectrum` computes of a matrix, part by part, and how it is said."""

from typing import Any

from raphson.cli.spectrum_watch import Watch

FORMED = 600
"""Up to so many parameters the matrix is formed, and every eigenvalue known: estimates take more products."""

STEPS = 80
"""Products of a run of the density."""

PART = 2
"""Runs between two looks at Ctrl-C: the fewest that have an error."""


def found_whole(operator: Any, k: int) -> dict[str, Any]:
    """All eigenvalues of a small matrix."""
    import numpy as np

    from raphson.ml import condition_number, inertia
    from raphson.ml.log_determinant import all_eigenvalues, eigenvalue_rounding

    values = all_eigenvalues(operator)
    rounding = eigenvalue_rounding(operator, float(np.max(np.abs(values))))
    k = min(k, len(values))
    return {
        "largest": [(float(v), rounding) for v in values[::-1][:k]],
        "smallest": [(float(v), rounding) for v in values[:k]],
        "trace": (float(np.sum(values)), rounding),
        "negative": (float(np.sum(values < -rounding)), 0.0),
        "near_zero": (inertia(operator, rounding).near_zero.value, 0.0),
        "level": rounding,
        "condition": str(condition_number(operator)),
        "converged": True,
        "products": operator.size,
    }


def both_ends(operator: Any, k: int, runs: int, watch: Watch) -> tuple[dict[str, Any], Any, Any]:
    """The ends by Lanczos, the rest by quadrature, also where Ctrl-C ended the search: what was found, the pairs, and
    the density (None: ended before)."""
    from raphson import ml

    def look(products: int, residual: float) -> bool:
        return watch(f"outermost eigenvalues: {products} products, residual {residual:.0e} of the largest")

    watch("outermost eigenvalues: the first products (compiling)")
    ends = ml.eigenpairs(operator, min(k, operator.size // 4), "both", progress=look)
    half = len(ends.values) // 2
    pairs = [(float(v), float(e)) for v, e in zip(ends.values, ends.errors, strict=True)]
    found: dict[str, Any] = {
        "largest": pairs[:half],
        "smallest": pairs[half:][::-1],
        "converged": ends.converged,
        "products": ends.products,
    }
    density = spread(operator, runs, watch)
    if density is not None:
        trace, level = density.sum_of(lambda a: a), max(3 * float(ends.residuals.max()), density.resolution)
        below, zero = density.below(-level), density.near_zero(level)
        found |= {
            "trace": (trace.value, trace.error),
            "negative": (below.value, below.error),
            "near_zero": (zero.value, zero.error),
            "level": level,
            "products": ends.products + density.products,
        }
    return found, ends, density


def spread(operator: Any, runs: int, watch: Watch) -> Any:
    """The density, a few runs at a time; None where it was ended before the first of them."""
    from raphson import ml
    from raphson.ml.spectral_density import merged

    density = None
    for done in range(0, runs, PART):
        if watch(f"density: {done} of {runs} runs of {min(STEPS, operator.size)} products"):
            break
        more = ml.spectral_density(operator, PART, STEPS, seed=done)
        density = more if density is None else merged(density, more)
    return density


def spectrum_lines(found: dict[str, Any], language: str = "en") -> list[str]:
    """What a person reads, a line each."""
    from raphson.picture.chinese import chinese_lines

    rows = spectrum_rows(found)
    told = chinese_lines(rows) if language == "zh" else rows
    wide = 5 if language == "zh" else 10
    space = "\u3000" if language == "zh" else " "  # as wide as a Chinese character
    return [f"{label.ljust(wide, space)}{said}" if label else said for label, said in told]


def spectrum_rows(found: dict[str, Any]) -> list[list[str]]:
    """Labels, and what they are of."""

    def with_error(pair: tuple[float, float]) -> str:
        return f"{pair[0]:.6g} ± {pair[1]:.1g}"

    def counted(pair: tuple[float, float]) -> str:
        return f"{pair[0]:.0f} ± {pair[1]:.0f}"

    def listed(pairs: list[tuple[float, float]]) -> str:
        return ", ".join(f"{v:.6g}" for v, _ in pairs) + f"  (± {max(e for _, e in pairs):.1g})"

    said = [
        ["", f"{found['matrix']}: {found['parameters']} parameters, {found['examples']} examples"],
        ["loss", f"{found['loss']:.7g}"],
        ["largest", listed(found["largest"])],
        ["smallest", listed(found["smallest"])],
    ]
    if "trace" in found:
        share = found["negative"][0] / found["parameters"]
        said += [
            ["trace", with_error(found["trace"])],
            ["near 0", f"{counted(found['near_zero'])} eigenvalues within ± {found['level']:.1g}, not told apart"],
            ["negative", f"{counted(found['negative'])} eigenvalues beyond it, {100 * share:.1f} %"],
        ]
    if "condition" in found:
        said.append(["condition", found["condition"]])
    said.append(["work", f"{found['products']} products with the matrix, {found['seconds']:.1f} s"])
    if found.get("interrupted"):
        said.append(["note", "interrupted: what was found until then"])
    elif not found["converged"]:
        said.append(["note", "the outermost eigenvalues have not converged"])
    return said

"""Results, models, geometries and comparisons as plain JSON types."""

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import jax
import numpy as np

from raphson.kernel.trace import Trace
from raphson.model.geometry import Geometry
from raphson.model.quadratic import Model
from raphson.report.compare import Comparison
from raphson.solver.result import Result


def plain(a: Any) -> Any:
    """`a` as dicts, lists, strings, numbers, booleans and None.

    JSON has no NaN and no infinities: NaN becomes null, infinities the strings "inf" and "-inf".
    """
    known = {Result: of_result, Model: of_model, Geometry: of_geometry, Comparison: of_comparison, Trace: Trace.as_dict}
    for kind, write in known.items():
        if isinstance(a, kind):
            return plain(write(a))  # type: ignore[arg-type]
    if isinstance(a, Enum):
        return a.name.lower().replace("_", " ")
    if a is None or isinstance(a, (bool, str)):
        return a
    if isinstance(a, (int, np.integer)):
        return int(a)
    if isinstance(a, (float, np.floating)):
        return number(float(a))
    if isinstance(a, dict):
        return {str(key): plain(value) for key, value in a.items()}
    if isinstance(a, (list, tuple)):
        return [plain(value) for value in a]
    if isinstance(a, (np.ndarray, jax.Array)):
        return plain(np.asarray(a).tolist())
    if hasattr(a, "as_dict"):
        return plain(a.as_dict())
    if is_dataclass(a) and not isinstance(a, type):
        return {field.name: plain(getattr(a, field.name)) for field in fields(a)}
    return str(a)


def text(a: Any, indent: int | None = 2) -> str:
    """`a` as valid JSON text."""
    return json.dumps(plain(a), indent=indent, allow_nan=False)


def number(a: float) -> float | str | None:
    """A float as JSON can hold it."""
    if np.isnan(a):
        return None
    return a if np.isfinite(a) else "inf" if a > 0 else "-inf"


def of_result(r: Result) -> dict[str, Any]:
    """A result: SciPy's names and our own, the certificate, the trace in columns."""
    return {
        "x": r.x, "value": r.value, "gradient": r.gradient, "hessian": r.hessian, "success": r.success,
        "verdict": r.verdict, "status": r.status, "termination": r.termination,
        "certificate": r.certificate.as_dict(), "steps": r.steps, "evaluations": r.evaluations,
        "order": r.trace.order(),
        "method": r.method, "reasons": r.reasons, "notes": r.notes, "sparsity": r.sparsity, "seconds": r.seconds,
        "compile_seconds": r.compile_seconds, "trace": r.trace,
    }  # fmt: skip


def of_model(m: Model) -> dict[str, Any]:
    """A model: the point, f, g and H there."""
    return {"x": m.x, "value": m.value, "gradient": m.gradient, "hessian": m.hessian}


def of_geometry(g: Geometry) -> dict[str, Any]:
    """A geometry; `axes` row by row, so that axes[i][j] is entry i of axis j."""
    return {
        "kind": g.kind, "inertia": dict(zip(("negative", "zero", "positive"), g.inertia, strict=True)),
        "eigenvalues": g.eigenvalues, "axes": g.axes, "semi_axes": g.semi_axes(), "dual_semi_axes": g.dual_semi_axes(),
        "stretch_semi_axes": g.stretch_semi_axes(),
        "condition": g.condition, "angle_deg": g.angle_deg, "max_angle_deg": g.max_angle_deg,
        "newton_step": g.newton_step, "newton_is_descent": g.newton_is_descent, "center": g.center,
        "has_center": g.has_center, "ray_distance": g.ray_distance, "rise": g.rise,
    }  # fmt: skip


def of_comparison(c: Comparison) -> dict[str, Any]:
    """A comparison: the results by method, without their traces."""
    rows = {}
    for name, result in c.results.items():
        rows[name] = {key: value for key, value in of_result(result).items() if key not in ("trace", "hessian")}
        rows[name]["compile_seconds"] = c.compile_seconds[name]
    return {"results": rows}

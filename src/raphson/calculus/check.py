"""Are the derivatives right? The orders at which Taylor's remainders vanish, and the component at fault."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from raphson.calculus.difference import differences
from raphson.kernel.number import VALUE_NOISE

GRADIENT_ORDER, HESSIAN_ORDER = 1.75, 2.7
"""Observed orders from which a gradient (2 in theory) and a Hessian (3) are called right."""

CLEAR = 30.0
"""A remainder counts where it stands this many times above the rounding of f."""

STEPS = 10.0 ** -np.arange(0.5, 10.01, 0.5)
"""Fractions of x by which the point is moved, largest first."""

Vector = np.ndarray


@dataclass(frozen=True, eq=False)
class Remainders:
    """Along one direction: lengths h, |f(x+hv) - f - h g'v|, the same with - h^2/2 v'Hv, and the rounding of both."""

    h: Vector
    first: Vector
    second: Vector
    floor: Vector
    slope: Vector


@dataclass(frozen=True, eq=False, repr=False)
class DerivativeCheck:
    """Whether gradient and Hessian are the derivatives of f, and how that was seen.

    `gradient_order` is the observed order of |f(x+hv) - f - h g'v| in h: 2 if g is right, 1 if not;
    `hessian_order` that of the remainder with the term h^2/2 v'Hv: 3 if H is right, 2 if not. inf: the
    remainder vanishes to rounding (exact: f is linear, or quadratic). NaN: not judged. `ok`: nothing
    found wrong. `message` says what is wrong and where. `remainders` one `Remainders` per direction.
    """

    ok: bool
    gradient_order: float
    hessian_order: float
    message: str
    remainders: tuple[Remainders, ...]

    def table(self) -> str:
        """The remainders along the first direction, every second h, as text; what drowned in rounding is marked."""
        r = self.remainders[0]
        lines = ["        h   |f(x+hv) - f - h g'v|   and - h^2/2 v'Hv|"]
        for h, first, second, floor in list(zip(r.h, r.first, r.second, r.floor, strict=True))[1::2]:
            lines.append(f"{h:9.1e}   {shown(first, floor):>22}   {shown(second, floor):>18}")
        tail = f"order       {order_text(self.gradient_order):>19}   {order_text(self.hessian_order):>18}"
        return "\n".join([*lines, tail, "~ drowned in the rounding of f"])

    def __str__(self) -> str:
        return self.message

    __repr__ = __str__


def order_text(order: float) -> str:
    """An order as a person writes it."""
    return "exact" if order == np.inf else "not judged" if np.isnan(order) else f"{order:.2f}"


def shown(a: float, floor: float) -> str:
    """A remainder, marked where it means nothing."""
    return f"{a:.2e}" + (" ~" if a <= CLEAR * floor else "  ")


def directions(size: Vector) -> list[Vector]:
    """Three directions in which every variable moves by a part of its own size, the same in every run."""
    typical = np.median(size[size > 0]) if np.any(size > 0) else 1.0
    size = np.maximum(size, 1e-3 * typical)
    i = np.arange(1, size.size + 1)
    # Irrational turns: no entry is near zero in all three, and none repeats another's signs.
    waves = [np.cos(1.0 + 2.4 * i), np.sin(0.3 + 1.9 * i), 0.6 + 0.4 * np.cos(2.1 * i)]
    return [size * wave / np.max(np.abs(wave)) for wave in waves]


def remainders(value: Callable, x: Vector, f: float, g: Vector, H: Vector | None, v: Vector, eps: float) -> Remainders:
    """Taylor's remainders along v. The steps are those that rounding x + hv leaves, so x adds no error of its own."""
    rows = []
    for h in STEPS:
        y = (x + (h * v).astype(x.dtype)).astype(x.dtype)
        s = y.astype(float) - x.astype(float)
        moved, slope = float(value(y)), float(g @ s)
        bend = 0.0 if H is None else float(0.5 * s @ (H @ s))
        left = moved - f - slope
        floor = VALUE_NOISE * eps * (max(abs(f), abs(moved)) + np.abs(g) @ np.abs(s)) + np.finfo(float).tiny
        rows.append((h, abs(left), abs(left - bend), floor, abs(slope) + np.abs(g) @ np.abs(s)))
    table = np.array(rows)
    table = table[np.isfinite(table).all(axis=1)]
    return Remainders(*table.T)


def order(h: Vector, r: Vector, floor: Vector) -> float:
    """The order of r in h by the median of the local slopes over the six smallest h whose r is above rounding.

    The smallest, because a small error of the gradient shows only there. inf where too little of r
    stands above rounding: the remainder vanishes.
    """
    clear = np.flatnonzero(r > CLEAR * floor)
    # Below a gap everything is noise: only the run that begins at the largest h counts.
    gaps = np.flatnonzero(np.diff(clear) > 2)
    clear = clear[: gaps[0] + 1] if gaps.size else clear
    if len(clear) < 3:
        return float("inf")
    last = clear[-6:]
    x, y = np.log(h[last]), np.log(r[last])
    slopes = [(y[j] - y[i]) / (x[j] - x[i]) for i in range(len(last)) for j in range(i)]
    return float(np.median(slopes))


def examine(
    value: Callable[[Vector], float], x: Vector, g: Vector, H: Vector | None,
    gradient: Callable[[Vector], Vector] | None = None, eps: float | None = None, size: Vector | None = None,
) -> DerivativeCheck:  # fmt: skip
    """Checks the gradient g (n,) and Hessian H (n, n) of `value` at x (n,) against values of f alone.

    `gradient` (a function of x) serves to find the wrong entry of a Hessian. `eps`: precision in which
    f is computed (default: that of x). `size` (n,): what x is moved by parts of (default: |x|).
    Source: the Taylor remainder test, e.g. Farrell et al. (2013).
    """
    eps = float(np.finfo(x.dtype).eps) if eps is None else eps
    size = np.abs(x) if size is None else size
    vectors = directions(np.asarray(size, float))
    f = float(value(x))
    g = np.asarray(g, float)
    H = None if H is None else np.asarray(H, float)
    seen = tuple(remainders(value, x, f, g, H, v, eps) for v in vectors)
    first = min((order(r.h, r.first, r.floor) for r in seen), default=float("inf"))
    if first < GRADIENT_ORDER and disagreement(seen) > eps**0.4:
        where = suspects(differences(value, x).reshape(-1), g, eps)
        return DerivativeCheck(False, first, float("nan"), wrong_gradient(first, where), seen)
    if H is None:
        text = f"gradient right (remainder of order {order_text(first)}); no Hessian was given"
        return DerivativeCheck(True, first, float("nan"), text, seen)
    second = min((order(r.h, r.second, r.floor) for r in seen), default=float("inf"))
    if second < HESSIAN_ORDER and bent(seen, H, vectors) > eps**0.25:
        where = () if gradient is None else suspects(differences(gradient, x), H, eps)
        return DerivativeCheck(False, first, second, wrong_hessian(first, second, where), seen)
    text = f"derivatives right: remainders of order {order_text(first)} (gradient) and {order_text(second)} (Hessian)"
    return DerivativeCheck(True, first, second, text, seen)


def disagreement(seen: tuple[Remainders, ...]) -> float:
    """The relative error of the gradient: the first remainder over |g||s| at the smallest h where it can be read."""
    worst = 0.0
    for r in seen:
        clear = np.flatnonzero(r.first > CLEAR * r.floor)
        if clear.size:
            k = clear[-1]
            worst = max(worst, float(r.first[k] / r.slope[k]) if r.slope[k] > 0 else np.inf)
    return worst


def bent(seen: tuple[Remainders, ...], H: Vector, vectors: list[Vector]) -> float:
    """The relative error of the Hessian: the second remainder over |s'H s| where it can be read."""
    worst = 0.0
    for r, v in zip(seen, vectors, strict=True):
        clear = np.flatnonzero(r.second > CLEAR * r.floor)
        size = 0.5 * np.abs(v) @ np.abs(H) @ np.abs(v)
        if clear.size:
            k = clear[-1]
            worst = max(worst, float(r.second[k] / (r.h[k] ** 2 * size)) if size > 0 else np.inf)
    return worst


def suspects(true: Vector, given: Vector, eps: float) -> tuple[tuple[str, float, float], ...]:
    """Up to three entries that disagree most with differences, as (index, given, by differences)."""
    gap = np.abs(given - true)
    scale = np.maximum(np.abs(true), 1e-3 * np.max(np.abs(true), initial=0.0))
    relative = np.where(np.isfinite(gap), gap / np.where(scale > 0, scale, 1), np.inf)
    picked = [k for k in np.argsort(-relative, axis=None, kind="stable") if relative.flat[k] > 100 * eps ** (2 / 3)]
    if given.ndim == 2:
        picked = [k for k in picked if np.unravel_index(k, given.shape)[0] <= np.unravel_index(k, given.shape)[1]]
    names = [", ".join(str(int(i)) for i in np.unravel_index(k, given.shape)) for k in picked[:3]]
    return tuple((name, float(given.flat[k]), float(true.flat[k])) for name, k in zip(names, picked, strict=False))


def wrong_gradient(order: float, where: tuple) -> str:
    """What to say of a wrong gradient."""
    head = f"gradient wrong: |f(x+hv) - f - h g'v| falls like h^{order:.2f}, and should like h^2"
    return head + listed("gradient", where) + "; the Hessian was not judged"


def wrong_hessian(first: float, order: float, where: tuple) -> str:
    """What to say of a wrong Hessian."""
    head = f"gradient right (order {order_text(first)}), Hessian wrong: with the term h^2/2 v'Hv the remainder falls "
    return head + f"like h^{order:.2f}, and should like h^3" + listed("Hessian", where)


def listed(name: str, where: tuple) -> str:
    """Suspect entries in words."""
    if not where:
        return ""
    return ": " + "; ".join(f"{name}[{i}] = {given:.8g}, but differences give {true:.8g}" for i, given, true in where)

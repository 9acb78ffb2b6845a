"""Ellipsoid: the model's level in three variables, its axes, -g and the Newton step."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from raphson.kernel.number import CURVATURE_NOISE
from raphson.model.geometry import angle, hessian_units, kind_of, settled
from raphson.picture.plane import with_unit
from raphson.picture.scene3 import Arrow3, Dots3, Ellipsoid, Item3, Scene3, Wire
from raphson.picture.words import SECTIONS

QUESTION = "What does the level look like in three variables?"

NARROW = 0.4
"""The box is at least so deep, as a share of its longest edge: a needle needs some room around it."""

ROLES = {1: "positive", 0: "zero", -1: "negative"}
WORDS = {1: "up", 0: "flat", -1: "down"}

SHEETS = {
    "saddle": "a hyperboloid, not an ellipsoid: it has no end and no semi-axes along what curves down",
    "valley": "a cylinder or a trough, not an ellipsoid: it has no end along what is flat",
    "flat": "a plane across g: there is no curvature in any direction",
}


@dataclass(frozen=True, eq=False)
class Block:
    """The model in three variables, as `Quadratic` is in two; `section` "whole", "slice" or "shadow"."""

    gradient: np.ndarray
    hessian: np.ndarray
    at: np.ndarray
    labels: tuple[str, str, str]
    section: str = "whole"
    noise: float = 2.2e-16

    @cached_property
    def eigen(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues (3,) ascending and axes (3, 3) in columns, of settled sign."""
        w, V = np.linalg.eigh(self.hessian)
        return w, settled(V)

    @cached_property
    def signs(self) -> np.ndarray:
        """-1, 0, 1 for each eigenvalue: its sign beyond rounding, in natural units."""
        d = hessian_units(self.hessian)
        w = np.linalg.eigvalsh(self.hessian / d[:, None] / d[None, :])
        level = CURVATURE_NOISE * 3 * self.noise * np.max(np.abs(w))
        counts = int(np.sum(w < -level)), int(np.sum(np.abs(w) <= level)), int(np.sum(w > level))
        return np.repeat([-1, 0, 1], counts)

    @property
    def kind(self) -> str:
        """Bowl, saddle, dome, valley or flat."""
        return kind_of((int(np.sum(self.signs < 0)), int(np.sum(self.signs == 0)), int(np.sum(self.signs > 0))))

    @cached_property
    def newton(self) -> np.ndarray:
        """The step (3,) to the stationary point; the shortest least-squares one where H is singular."""
        w, V = self.eigen
        live = self.signs != 0
        return -V @ np.where(live, (V.T @ self.gradient) / np.where(live, w, 1), 0)

    @property
    def at_rest(self) -> bool:
        """Whether x is the stationary point for the eye."""
        size = float(np.max(np.abs(self.at))) or 1.0
        return bool(np.linalg.norm(self.newton) <= 1e-6 * size) and self.kind != "flat"

    @property
    def rise(self) -> float:
        """1/2 g'H^-1 g."""
        return float(-0.5 * self.gradient @ self.newton)


def block(subject: Any, chosen: Sequence[int], section: str) -> Block:
    """The model of a `section.Subject` in three of its variables, in powers of ten where their lengths differ much."""
    pick = list(chosen)
    d = subject.scales[pick]
    labels = tuple(with_unit(subject.names[i], float(u)) for i, u in zip(pick, d, strict=True))
    g, H, at = d * subject.gradient[pick], subject.hessian[np.ix_(pick, pick)] * np.outer(d, d), subject.x[pick] / d
    if subject.n == 3:
        return Block(g, H, at, labels, "whole", subject.noise)  # type: ignore[arg-type]
    if section == "slice":
        return Block(g, H, at, labels, "slice", subject.noise)  # type: ignore[arg-type]
    if section != "shadow":
        raise ValueError(
            f'section = {section!r}: "slice" holds the other variables fixed, "shadow" minimizes over them'
        )
    if subject.frame.inertia[2] < subject.n:
        raise ValueError('there is no shadow: H is not positive definite; section="slice" holds the others fixed')
    # C = P H^-1 P' with the sub-block of H^-1; its gradient makes the Newton step that of the whole.
    H = np.linalg.inv(np.linalg.inv(subject.hessian)[np.ix_(pick, pick)] / np.outer(d, d))
    H = (H + H.T) / 2
    return Block(-H @ (subject.newton[pick] / d), H, at, labels, "shadow", subject.noise)  # type: ignore[arg-type]


def ellipsoid(block: Block, title: str = "") -> Scene3:
    """The ellipsoid {m = f(x)} around the centre with its principal axes, -g and the Newton step.

    Only where all curvatures have one sign (all negative: marked as a hill); else the axes colored by sign, and
    words. Where g = 0 no level passes through x: the one of a rise that fits is drawn, and said.
    """
    w, V = block.eigen
    stationary = block.at_rest
    curved = block.kind in ("bowl", "dome")
    rise = fitting_rise(block) if stationary else block.rise
    center = block.at if stationary else block.at + block.newton
    items: list[Item3] = []
    if curved:
        semi = np.sqrt(2 * rise / w)
        hill = " (a hill)" if block.kind == "dome" else ""
        items.append(Ellipsoid("model-level", center, V, semi, w, f"level of the model{hill}"))
        reach = np.sqrt(np.sum((V * semi) ** 2, axis=1))
        items += [axis(center, V[:, k], semi[k], w[k], f"λ = {w[k]:.3g}") for k in range(3)]
    else:
        length = float(max(np.linalg.norm(block.newton), 0.3 * np.max(np.abs(block.at)), 1e-3))
        reach = np.full(3, length)
        center = block.at
        items += [axis(center, V[:, k], length, w[k], words(w[k], block.signs[k])) for k in range(3)]
    box, shape = room(np.stack([center - reach, center + reach, block.at]))
    items += arrows(block, box, curved)
    items.append(Dots3("point", block.at[None], np.array([True]), "x"))
    return Scene3(
        "ellipsoid", QUESTION, box, shape, tuple(items), block.labels,
        "; ".join(part for part in (title, SECTIONS[block.section]) if part), caption(block, rise, stationary),
    )  # fmt: skip


def axis(center: np.ndarray, v: np.ndarray, length: float, lam: float, label: str) -> Wire:
    """A principal axis, colored by the sign of its curvature."""
    role = ROLES[int(np.sign(lam))] if label.endswith(tuple(WORDS.values())) else "axis"
    return Wire(role, np.stack([center - length * v, center + length * v]), label=label)


def words(lam: float, sign: int) -> str:
    """An eigenvalue and what it does."""
    return f"λ = {lam:.3g}, {WORDS[int(sign)]}" if sign else "λ = 0 to rounding, flat"


def arrows(block: Block, box: tuple[float, ...], curved: bool) -> list[Item3]:
    """-g as a direction; the Newton step, where it ends in sight."""
    if block.at_rest or not np.any(block.gradient):
        return []
    low, high = np.reshape(box, (3, 2)).T
    down = -block.gradient / np.linalg.norm(block.gradient)
    reach = 0.3 * float(np.max(high - low))
    items: list[Item3] = [Arrow3("minus-gradient", block.at, block.at + reach * down, "−g")]
    center = block.at + block.newton
    if curved or (np.all(center >= low) and np.all(center <= high) and block.kind == "saddle"):
        items.append(Arrow3("newton", block.at, center, "Newton step"))
        items.append(Dots3("center", center[None], np.array([True])))
    return items


def fitting_rise(block: Block) -> float:
    """A rise whose ellipsoid is about as large as x, one digit long; of the sign of the curvatures."""
    w = block.eigen[0]
    size = max(float(np.max(np.abs(block.at))), 1e-3) if np.any(block.at) else 1.0
    flattest = w[np.argmin(np.abs(w))]
    return float(f"{0.125 * flattest * size**2:.0e}")


def room(points: np.ndarray) -> tuple[tuple[float, float, float, float, float, float], tuple[float, float, float]]:
    """A box with equal axes around points, and the lengths of its edges as drawn, the longest 1."""
    low, high = points.min(axis=0), points.max(axis=0)
    middle, edge = (low + high) / 2, high - low
    edge = 1.12 * np.maximum(edge, NARROW * edge.max())
    a, b = middle - edge / 2, middle + edge / 2
    x, y, z = (float(e) for e in edge / edge.max())
    return (float(a[0]), float(b[0]), float(a[1]), float(b[1]), float(a[2]), float(b[2])), (x, y, z)


def caption(block: Block, rise: float, stationary: bool) -> str:
    """What is seen, with numbers."""
    signs = block.signs
    if block.kind not in ("bowl", "dome"):
        counts = ", ".join(f"{int(np.sum(signs == s))} {WORDS[s]}" for s in (1, 0, -1) if np.any(signs == s))
        return f"{block.kind.capitalize()}: of three curvatures {counts}. The level is {SHEETS[block.kind]}."
    w = block.eigen[0]
    semi = np.sqrt(2 * rise / w)
    parts = [f"Semi-axes √(2 rise/λ) = {', '.join(f'{a:.3g}' for a in semi)} for rise {rise:.3g}."]
    if block.kind == "dome":
        parts.insert(0, "Dome: all curvatures are negative, so this is the level of a hill; its centre is a maximum.")
    if stationary:
        parts.append("The gradient is zero: x is the centre, and the rise was chosen to fit.")
    else:
        turn = angle(-block.gradient, block.newton)
        parts.append(f"−g is {turn:.1f}° off the Newton step, which ends at the centre.")
    return " ".join(parts)

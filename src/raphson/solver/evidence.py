"""Evidence for the certificate, gathered at the end of a run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from raphson.calculus.around import limits_of
from raphson.calculus.noise import Along
from raphson.calculus.taylor import GRADIENT
from raphson.certificate.factored import examine_sparse
from raphson.certificate.kinks import sampled
from raphson.certificate.level import Level
from raphson.certificate.measures import Evidence
from raphson.certificate.rules import certify
from raphson.certificate.sections import BEYOND, Course, Section, sections_along
from raphson.certificate.shape import WHOLE, Shape, examine_free, examine_products
from raphson.certificate.verdict import Certificate, Proof
from raphson.kernel.names import Numbered, step_names
from raphson.kernel.number import VALUE_NOISE, default_tolerance, eps
from raphson.kernel.product import unit_of
from raphson.kernel.program import Program
from raphson.linear.lowest import HostMatrix
from raphson.model.curvature import filled, natural_scale
from raphson.operators.dense import Dense
from raphson.operators.matrix_free import MatrixFree
from raphson.problems.allowed import hessian_error, modes_of
from raphson.problems.callback import HOST, HostResiduals, OutOfCalls
from raphson.solver.bounds import active_bounds, held_words
from raphson.solver.drive import Run
from raphson.solver.final import LARGEST, evaluate, flat, way_of, why_unseen
from raphson.solver.onward import goes_on
from raphson.solver.promise import promised_rise
from raphson.solver.settled import contracted, ended_well, travelling
from raphson.solver.step import State

product_at = Program(lambda problem, x, v: MatrixFree(problem, x).mv(v))

units = Program(lambda H: filled(natural_scale(Dense(H), jnp.zeros_like(H[0]))))

curved_units = Program(lambda H, space, x: filled(unit_of(space, x, natural_scale(Dense(H), jnp.zeros_like(H[0])))))


def certificate_of(
    done: Run, state: State, H: np.ndarray | None, problem: Any, tol: float | None, names: Any = None
) -> Certificate:
    """The evidence, and what follows from it. `names` of the variables; None: x1, x2, ..."""
    model, space = state.model, problem.space
    g, scale = np.asarray(model.gradient), np.asarray(model.scale)
    largest = np.asarray(state.iterate.stop_state.largest, float)
    if H is not None:
        scale = np.asarray(units(H) if space.straight else curved_units(H, space, model.x))
    magnitude, start, travelled = way_of(space, model.x, done.start)
    magnitude = magnitude.astype(float)
    sides = active_bounds(problem.space, g, model.x)
    held = sides != 0
    g = np.where(held, 0, g)
    names = (Numbered(g.size) if space.straight else step_names(space, model.x)) if names is None else names
    first = max(abs(done.trace.start_value), abs(float(model.value)))
    size, big = measures(magnitude, largest, scale.astype(float), eps(g), first)
    shape = shape_of(problem, model, H, g, scale, size, big, held, names)
    rounding = float(model.floor) / VALUE_NOISE  # one unit in the last place
    floor = max(rounding, noise_met(problem, float(model.value)))
    believed = ended_well(done.trace)
    found = weak_sections(
        problem, model, H, shape, g, magnitude, size, big, held, floor, believed, travelled
    )  # fmt: skip
    return certify(
        Evidence(
            value=float(model.value),
            gradient=g.astype(float),
            shape=shape,
            size=size,
            big=big,
            believed=believed,
            contracted=contracted(done.trace),
            travelling=travelling(done.trace, size) or goes_on(problem, model, shape, size, held, start, magnitude),
            first=first,
            start=start,
            here=magnitude,
            status=done.status,
            eps=eps(g),
            noise=BEYOND * found.noise,
            blur=blur_of(problem, shape, H, found, rounding, big, held),
            tolerance=10 * (default_tolerance(g) if tol is None else tol),
            sections=found.sections,
            steep=steep_falls(problem, model, g, size),
            imbalance=imbalance_at(problem, model, size, ~held, found),
            slope_error=problem.lengths.slope_error if isinstance(problem, HOST) else None,
            promise=promised_rise(problem, model, H, size, held, found.noise) if found.sections else None,
            held=held_words(space, model.x, sides, names),
            names=names,
            unseen=H is None and isinstance(problem, HOST) and not model.curvature.compact and finite(model, g),
            why_unseen=why_unseen(len(g)),
            proof=proof_of(H, model),
        )
    )


def proof_of(H: np.ndarray | None, model: Any) -> Proof:
    """How much of H was seen."""
    if H is None:
        return Proof.BOUNDED if model.curvature.compact else Proof.LIKELY
    return Proof.BOUNDED if len(H) > WHOLE else Proof.EXACT


GARBAGE = 1e-3
"""A size from natural units counts up to this part of the largest that the variable was: the unit of one whose
curvature is rounding means nothing."""


def measures(
    magnitude: np.ndarray, seen: np.ndarray, scale: np.ndarray, precision: float, first: float
) -> tuple[np.ndarray, np.ndarray]:
    """The sizes of the variables here, and the largest met (both > 0).

    A variable whose minimum is at 0 has no size of its own: it gets eps^(2/3) of the largest variable here in natural
    units, so that the accuracy asked of it, eps^(1/3) of that, is one rounding of this largest; where all end at 0,
    eps^2 of the largest met; but no more than changes f by eps of what it was at `first`. A far start excuses nothing
    else.
    """
    with np.errstate(all="ignore"):  # where H or x is not finite, sizes are not, and nothing is shown by them
        here = np.nanmax(scale * magnitude, initial=0.0) / scale
        big = np.maximum(magnitude, np.where(np.isfinite(seen), seen, 0))
        allowed = np.minimum(precision ** (2 / 3) * here, np.where(big > 0, GARBAGE * big, np.inf))
        allowed = np.maximum(allowed, precision ** (5 / 3) * big)
        seen_in_f = np.sqrt(2 * precision * first) / scale / precision ** (1 / 3)
        size = np.maximum(magnitude, np.minimum(allowed, seen_in_f))
        big = np.maximum(big, size)
    # A variable that never left 0 knows no size at all.
    other = float(np.max(big, initial=0.0)) or 1.0
    return np.where(size > 0, size, other), np.where(big > 0, big, other)


def noise_met(problem: Any, value: float) -> float:
    """The noise of f at the end as the differences on the host met it: ripples that are smooth from one number to the
    next show in steps of their length alone."""
    lengths = getattr(problem, "lengths", None)
    if lengths is None or lengths.noise is None or lengths.swing is None or not np.isfinite(value):
        return 0.0
    if not isinstance(problem, HostResiduals):
        return float(np.max(lengths.noise * np.maximum(abs(value), lengths.swing)))
    size = np.sqrt(2 * abs(value))  # the cost is a square
    level = float(np.max(lengths.noise * np.maximum(size, lengths.swing)))
    return level * (size + level)


SCATTERED = 1e4
"""Noise so many times above one rounding of f is that of its author's arithmetic: a simulation, an inner iteration."""


def blur_of(
    problem: Any, shape: Shape | None, H: np.ndarray | None, found: "Weak", floor: float, size: np.ndarray,
    held: np.ndarray,
) -> float:  # fmt: skip
    """How far from x, relative to its size, f rises by its noise: nearer than that differences of f see no minimum.

    Along the direction of least curvature; where noise far above rounding leaves a curvature in doubt, as f was seen to
    rise (infinite: it was not); 0 where derivatives are no differences of f. `floor`: the rounding of f; where f is
    nearly 0 it is what it makes of the changes of f with x.
    """
    slopes = problem.jacobian if isinstance(problem, HostResiduals) else getattr(problem, "gradient", None)
    if not isinstance(problem, HOST) or slopes is not None or H is None or shape is None:
        return 0.0
    if shape.zero and found.noise > SCATTERED * max(floor, eps(shape.newton) * change_of(shape, size)):
        sides = [side for section in found.sections for side in section.sides]
        # Where every curvature is in doubt, straight lines rise across a bent valley, too.
        seen = shape.positive or np.sum(~held) == 1
        risen = seen and shape.zero <= len(found.sections) and all(side.course == Course.RISES for side in sides)
        return max(side.length for side in sides) if risen else float("inf")
    if isinstance(problem, HostResiduals) or not shape.positive:  # J tells more of x than f does
        return 0.0
    with np.errstate(all="ignore"):
        M = (H * np.outer(size, size))[np.ix_(~held, ~held)].astype(float)
        if not np.all(np.isfinite(M)):
            return 0.0
        low = np.linalg.eigvalsh(M)[-shape.positive]
        return float(np.sqrt(2 * found.noise / low)) if low > 0 else 0.0


def change_of(shape: Shape, size: np.ndarray) -> float:
    """By how much f changes when a variable changes by its own size, the largest of them."""
    with np.errstate(all="ignore"):
        change = np.abs(0 if shape.diagonal is None else shape.diagonal) * size**2 / 2
    return float(np.max(change, where=np.isfinite(change), initial=0.0))


MOST = 7
"""Directions in which f is looked at, at most."""


FEW = 2
"""The same where every value costs much: code on the host, loops until convergence, many variables."""


@dataclass(frozen=True)
class Weak:
    """What was seen along weak directions: the noise of f, and sections."""

    noise: float
    sections: tuple[Section, ...] = ()


def weak_sections(
    problem: Any, model: Any, H: np.ndarray | None, shape: Shape | None, g: np.ndarray, magnitude: np.ndarray,
    size: np.ndarray, big: np.ndarray, held: np.ndarray, floor: float, believed: bool,
    travelled: np.ndarray,
) -> Weak:  # fmt: skip
    """Sections of f along the weakest directions, where slope and curvature at x do not decide by themselves.

    `travelled`: the way from the start, along which an infimum at infinity goes on.
    """
    if shape is None or not np.isfinite(float(model.value)) or held.all():
        return Weak(floor)
    host, modes = isinstance(problem, HOST), modes_of(problem, model.x)
    # Where pieces meet, slope and curvature are those of one of them: f = (x - 1)|x - 1| has no minimum at 1.
    broken = modes.pieces or (host and problem.lengths.noisy)
    if believed and plain(shape, magnitude, floor) and not broken:
        return Weak(floor)
    dear = host or "while_loop" in modes.why or "custom_vjp" in modes.why
    most = FEW if dear or len(g) > LARGEST else MOST
    distance = float(np.max(np.abs(shape.newton) / size, initial=0.0))
    newton = bool(np.isfinite(distance) and distance > 0)
    directions = [shape.newton] if newton else []
    directions += [*shape.weak[: max(most - 2, 1)], travelled, *axes(shape, size, held, most if modes.pieces else 2)]
    if len(directions) < most and np.any(g):
        directions.append(-g / np.max(np.abs(g)) * size * np.minimum(size, 1e100))
    directions = [np.where(held, 0, v) for v in directions]
    directions = [v for v in directions if np.any(v) and np.all(np.isfinite(v))]
    accuracy = eps(g) ** (1 / 3)
    doubt = None if H is None else model.curvature.doubt()
    times = products_with(problem, model)

    def model_along(v: np.ndarray) -> Along:
        if H is not None:
            return Along.of(v, g, H, doubt, not host)
        return Along() if host else Along(float(g @ v), float(v @ times(v)))

    # Where x is 0 to the last bit, eigenvectors are exact to eps: nearer than that they bend.
    size = np.maximum(size, eps(g) ** (2 / 3) * big)
    if dear:  # looked at over few lengths, which a variable that never left 0 takes from the others
        big = np.where((magnitude == 0) & (travelled == 0) & ~held, np.max(big), big)
    found = sections_along(
        problem, model.x, directions, magnitude, size, big, floor, accuracy, most, dear, modes.batched,
        model_along,
    )  # fmt: skip
    return Weak(found.noise, found.sections)


def products_with(problem: Any, model: Any) -> Callable[[np.ndarray], np.ndarray]:
    """v -> H v at the end of a run, on the host where H is there as a sparse matrix: the program that differentiates
    once more takes 0.77 s to compile for bundle adjustment."""
    B = model.curvature
    if B.compact:
        return HostMatrix(B.structure, np.asarray(B.values, float)).product
    return lambda v: np.asarray(product_at(problem, model.x, jnp.asarray(v, model.gradient.dtype)), float)


def plain(shape: Shape, magnitude: np.ndarray, floor: float) -> bool:
    """Whether slope and curvature decide: x is near the minimum relative to itself, H curves upwards beyond its error,
    and a variable that changes by its own size is seen in f a hundred times over (by the smallest eigenvalue at least).
    """
    bend = shape.smallest if shape.diagonal is None else shape.diagonal
    near = np.abs(shape.newton) <= float(np.finfo(float).eps) ** (1 / 3) * magnitude
    return shape.sure and bool(np.all(near & ((0.5 * bend * magnitude**2 > 100 * floor) | (magnitude == 0))))


def axes(shape: Shape, size: np.ndarray, held: np.ndarray, most: int) -> list[np.ndarray]:
    """The variables in which f curves least, at most so many, in units of their sizes."""
    if shape.diagonal is None or len(size) == 1:
        return []
    curvature = np.where(held, np.inf, np.abs(shape.diagonal) * size**2)
    return [np.where(np.arange(len(size)) == i, size, 0.0) for i in np.argsort(curvature)[:most] if not held[i]]


def shape_of(
    problem: Any, model: Any, H: np.ndarray | None, g: np.ndarray, scale: np.ndarray, size: np.ndarray,
    big: np.ndarray, held: np.ndarray, names: Any,
) -> Shape | None:  # fmt: skip
    """The shape of the Hessian: dense, by products where it is too large, None where it is not finite or not seen."""
    if not finite(model, g):
        return None
    if H is None and model.curvature.compact:
        slope, noise = g.astype(float), float(model.floor)
        error = max(eps(g), problem.hessian_error) if isinstance(problem, HOST) else eps(g)
        symmetry = getattr(problem.sparsity, "symmetry", None)
        still = None if symmetry is None else Level(symmetry[0](model.x), symmetry[1])
        return examine_sparse(model.curvature, slope, scale, size, big, error, noise, held, names, still)
    if H is None:
        return None if isinstance(problem, HOST) else examine_products(problem, model.x, g, size, held)
    if not np.all(np.isfinite(H)):
        return None
    bound = model.curvature.doubt()
    doubt = None if bound is None else np.asarray(bound)
    if doubt is not None and not np.all(np.isfinite(doubt)):
        return None
    error = eps(g) if isinstance(problem, HOST) else max(eps(g), hessian_error(problem, model.x, eps(g)))
    return examine_free(
        H.astype(float), g.astype(float), scale.astype(float), size, big, error, float(model.floor), held, names, doubt
    )


def finite(model: Any, g: np.ndarray) -> bool:
    """Whether f and g are finite."""
    return bool(np.isfinite(float(model.value)) and np.all(np.isfinite(g)))


STEEP = (1e-4, 1e-3, 1e-2, 0.1)
"""Parts of x by which a host function is looked at along -g: farther than the accuracy that a minimum is shown to."""


def steep_falls(problem: Any, model: Any, g: np.ndarray, size: np.ndarray) -> float:
    """By how much a host function is lower some way along -g, in the variable that promises most; 0 where it rises.

    A slope without end (a root or logarithm at its edge) makes differences of any step, and a curvature that grows
    faster: their Newton step says that x is there.
    """
    if not isinstance(problem, HOST) or not np.all(np.isfinite(g)) or not np.any(g):
        return 0.0
    low, high, _ = limits_of(problem.space, np.asarray(model.x))
    x, i = np.asarray(model.x), int(np.argmax(np.abs(g) * size))
    best = float(model.value)
    try:
        for t in STEEP:
            there = np.array(x)
            there[i] = np.clip(x[i] - t * np.sign(g[i]) * size[i], low[i], high[i])
            value = problem.value(there)
            best = value if value < best else best
    except OutOfCalls:
        pass
    return float(model.value) - best


def imbalance_at(problem: Any, model: Any, size: np.ndarray, free: np.ndarray, found: Weak) -> float:
    """The imbalance of gradients around a kink in more than one variable; 1 where there is none, or none can be had
    (on curved spaces they belong to different tangent spaces)."""
    if (
        isinstance(problem, HOST)
        or not problem.space.straight
        or free.sum() < 2
        or not any(section.kink for section in found.sections)
    ):
        return 1.0
    x = flat(model.x)
    at = lambda s: problem.space.move(model.x, jnp.asarray(s, x.dtype))[0]
    gradient = lambda s: np.asarray(evaluate(problem, at(s), GRADIENT).gradient, float)
    return sampled(gradient, x, size, free, eps(x) ** (1 / 3))

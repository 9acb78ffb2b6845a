"""`FactorGraph`: variables by type and factors by kind, all in arrays."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, wraps
from itertools import combinations
from typing import Any

import jax
import numpy as np

from raphson.kernel.motion import SE2, SE3
from raphson.kernel.space import Euclidean
from raphson.slam import errors
from raphson.slam.bundle_file import BundleFile
from raphson.slam.graph_file import EDGE_KINDS, Edges, GraphFile
from raphson.tracing.numpy import as_jax

SPACES = {"SE2": SE2(), "SE3": SE3(), "XY": Euclidean(), "XYZ": Euclidean()}
"""Where the vertices of a file live."""

FILE_ERRORS = {
    ("SE2", False): errors.between_se2,
    ("SE3", False): errors.between_se3,
    ("SE2_XY", False): errors.point_se2,
    ("SE3_XYZ", False): errors.point_se3,
    ("SE2_PRIOR", False): errors.prior_se2,
    ("SE3_PRIOR", False): errors.prior_se3,
    ("SE2", True): errors.between_se2_sensor,
    ("SE3", True): errors.between_se3_sensor,
    ("SE2_XY", True): errors.point_se2_sensor,
    ("SE3_XYZ", True): errors.point_se3_sensor,
    ("SE2_PRIOR", True): errors.prior_se2_sensor,
    ("SE3_PRIOR", True): errors.prior_se3_sensor,
}
"""What the edges of a file say, without and with the pose of a sensor on the robot: g2o's errors."""


@dataclass(frozen=True)
class Variables:
    """All variables of a type: the `space` of one, `values` (N, ...), which are no unknowns (`frozen`, (N,))."""

    space: Any
    values: np.ndarray
    frozen: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    @property
    def freedom(self) -> int:
        """Numbers of a step of one variable."""
        return self.space.size(self.values[0])

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """What has a row for each variable."""
        return self.values, self.frozen


@dataclass(frozen=True)
class Factors:
    """All factors of a kind: `rows` (m, k) of the variables of each, `measurements` (m, ...) or None, `roots`
    (m, d, d) of their information root'root."""

    residual: Callable[..., Any]
    types: tuple[str, ...]
    rows: np.ndarray
    measurements: Any
    roots: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def kind(self) -> tuple[Any, ...]:
        """What factors have in common that are evaluated by one call."""
        leaves, tree = jax.tree.flatten(self.measurements)
        return self.residual, self.types, tree, tuple(a.shape[1:] for a in leaves), self.roots.shape[1:]


@dataclass
class FactorGraph:
    """What is to be estimated, and what is known of it: many small functions, each of few variables.

    The cost is 1/2 sum e' Omega e over all factors, e = residual(x_1, ..., x_k, measurement). Variables of a type are
    rows of one array, factors of a kind one function and arrays. `file`: where the graph comes from, or None, also
    where it has more than its file; `ids` by type (N,): what the file calls its variables, else they are called by row.
    `gauge`: "held", one variable of what nothing else fixes is held where it is; or "free". `symmetry`: steps (n, k) of
    the unknowns at x along which the cost may be level whatever was measured, a function of x, and what they are, in
    words; the certificate takes out those that the Hessian confirms. None: nothing is known.

        graph = rp.slam.FactorGraph()
        graph.add_variables("pose", rp.slam.SE2(), start)                       # (N, 3)
        graph.add_factors(odometry, ("pose", "pose"), pairs, measured, sigmas=[0.1, 0.1, 0.02])
        result = rp.slam.optimize(graph)
    """

    variables: dict[str, Variables] = field(default_factory=dict)
    factors: list[Factors] = field(default_factory=list)
    file: GraphFile | None = None
    gauge: str = "held"
    symmetry: tuple[Callable[[Any], Any], str] | None = None
    ids: dict[str, np.ndarray] = field(default_factory=dict)

    def add_variables(self, name: str, space: Any, values: Any, frozen: Any = None) -> None:
        """Variables of a type: their space (of one of them), start values (N, ...), and which are held where they are:
        a mask (N,) or rows. ValueError for values that are not finite or no points of the space."""
        values = np.array(values, float)
        if name in self.variables:
            raise ValueError(f"variables {name!r} are there already: graph.extend adds to them")
        if values.ndim < 2 or not len(values):
            raise ValueError(f"variables {name!r} must be rows of an array (N, ...), not {values.shape}")
        why = "" if space.straight else space.misfit(values.shape[1:])
        if why:
            raise ValueError(f"variables {name!r}: {why.replace('(...,', '(N,')}")
        bad = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(1))
        if bad.size:
            raise ValueError(f"variables {name!r}: {bad.size} rows are not finite, the first is row {bad[0]}")
        if not space.straight:
            values = projected(space, values)
        held = np.zeros(len(values), bool)
        if frozen is not None:
            held[np.asarray(frozen, None if np.size(frozen) else int)] = True
        self.variables[name] = Variables(space, values, held)

    def extend(self, name: str, values: Any, frozen: Any = None) -> np.ndarray:
        """More variables of a type that is there, behind the others; returns their rows (k,). values (k, ...) and
        frozen as in `add_variables`. ValueError for a type that is not there or values of another shape."""
        if name not in self.variables:
            there = ", ".join(map(repr, self.variables)) or "none yet"
            raise ValueError(f"no variables {name!r} to extend: there are {there} (add_variables makes a type)")
        old, values = self.variables[name], np.array(values, float)
        if values.shape[1:] != old.values.shape[1:] or not values.ndim:
            raise ValueError(f"variables {name!r} have shape (k, {one_shape(old)}), not {values.shape}")
        new = FactorGraph()
        new.add_variables(name, old.space, values, frozen)
        both = zip(old.arrays, new.variables[name].arrays, strict=True)
        self.variables[name] = Variables(old.space, *(np.concatenate(pair) for pair in both))
        self.file = None  # it has more than its file
        if name in self.ids:  # behind all others, so that no two vertices share one
            after = max(int(ids.max()) for ids in self.ids.values() if ids.size) + 1
            self.ids = {**self.ids, name: np.concatenate([self.ids[name], after + np.arange(len(values))])}
        return np.arange(len(old), len(old) + len(values))

    def add_factors(
        self, residual: Callable[..., Any], types: str | Sequence[str], rows: Any, measurements: Any = None, *,
        information: Any = None, covariance: Any = None, sigmas: Any = None,
    ) -> None:  # fmt: skip
        """Factors of a kind: residual(x_1, ..., x_k, measurement) -> (d,) is a function of single variables of these
        types, written with NumPy or jax.numpy; without measurements it has no last argument. Quaternions that
        `errors.between_se3` measures are brought to length 1.

        rows (m, k): which variables; measurements: arrays (m, ...). Their noise, for all factors or each of them: the
        information Omega (d, d), or a covariance (d, d), or standard deviations (d,); without any, Omega is the
        identity. Raises ValueError for unknown types, rows that do not exist, a variable twice in a factor, and
        matrices that are not positive semidefinite.
        """
        types = (types,) if isinstance(types, str) else tuple(types)
        unknown = [name for name in types if name not in self.variables]
        if unknown:
            there = ", ".join(map(repr, self.variables)) or "none yet"
            raise ValueError(f"no variables {unknown[0]!r}: there are {there} (add_variables comes first)")
        rows = np.array(rows, np.int64).reshape(-1, len(types))
        for k, name in enumerate(types):
            bad = np.flatnonzero((rows[:, k] < 0) | (rows[:, k] >= len(self.variables[name])))
            if bad.size:
                count = len(self.variables[name])
                raise ValueError(f"factor {bad[0]} is of {name!r} {rows[bad[0], k]}: there are 0 to {count - 1}")
        for j, k in combinations(range(len(types)), 2):
            same = np.flatnonzero(rows[:, j] == rows[:, k])
            if types[j] == types[k] and same.size:
                which = f"factor {same[0]} has {types[j]!r} {rows[same[0], j]} twice"
                raise ValueError(f"{which}: write it as a function of one variable")
        if measurements is not None:  # a list is an array, a tuple or dict holds several
            several = lambda a: not isinstance(a, (tuple, dict))
            measurements = jax.tree.map(lambda a: np.array(a, float, ndmin=1), measurements, is_leaf=several)
        short = [len(a) for a in jax.tree.leaves(measurements) if len(a) != len(rows)]
        if short:
            raise ValueError(f"{len(rows)} factors have {short[0]} measurements")
        if not len(rows):
            raise ValueError("there are no factors in these rows")
        measurements, what = measured_poses(residual, [self.variables[name].space for name in types], measurements)
        for a in jax.tree.leaves(measurements):
            bad = np.flatnonzero(~np.isfinite(a.reshape(len(a), -1)).all(1))
            if bad.size:
                raise ValueError(f"{bad.size} measurements are {what}, the first is that of factor {bad[0]}")
        given = [self.variables[name].values[0] for name in types]
        given += [] if measurements is None else [jax.tree.map(lambda a: a[0], measurements)]
        residual, height = traceable(residual, given)
        roots = information_roots(information, covariance, sigmas, len(rows), height)
        self.include(Factors(residual, types, rows, measurements, roots))

    def include(self, new: Factors) -> None:
        """Puts factors behind those of the same kind, so that they stay one call; else they are a kind of their own."""
        self.file = None  # it has more than its file
        for k, old in enumerate(self.factors):
            if old.kind == new.kind:
                stack = lambda *a: np.concatenate(a)
                measured = jax.tree.map(stack, old.measurements, new.measurements)
                roots, rows = stack(old.roots, new.roots), stack(old.rows, new.rows)
                self.factors[k] = replace(old, rows=rows, measurements=measured, roots=roots)
                return
        self.factors.append(new)

    @classmethod
    def of(cls, graph: "GraphFile | BundleFile | FactorGraph") -> "FactorGraph":
        """The graph of a file: variables by kind of vertex, factors by kind of edge, with g2o's errors; of a bundle
        adjustment problem as `bundle_graph` has it."""
        if isinstance(graph, FactorGraph):
            return graph
        if isinstance(graph, BundleFile):
            from raphson.slam.bundle import bundle_graph  # here: it makes one of these

            return bundle_graph(graph)
        if not isinstance(graph, GraphFile):
            kind = type(graph).__name__
            raise TypeError(f"optimize takes a FactorGraph or what rp.slam.read_graph(path) gives, not {kind}")
        found, held = cls(file=graph, ids={kind: v.ids for kind, v in graph.vertices.items()}), graph.fixed_rows()
        for kind, vertices in graph.vertices.items():
            found.add_variables(kind, SPACES[kind], vertices.values, held[kind])
        for edges in graph.edges.values():
            found.factors.append(factors_of(edges))
        return found

    def with_values(self, values: Mapping[str, Any]) -> "FactorGraph":
        """The same graph with other values of its variables, by type."""
        new = {
            name: replace(v, values=np.array(values.get(name, v.values), float)) for name, v in self.variables.items()
        }
        return replace(self, variables=new, factors=list(self.factors))

    def __repr__(self) -> str:
        count = [f"{len(v)} {name}" for name, v in self.variables.items()]
        kinds = [f"{len(f)} {f.residual.__name__}({', '.join(f.types)})" for f in self.factors]
        return f"FactorGraph({', '.join(count) or 'empty'}; {', '.join(kinds) or 'no factors'})"


def projected(space: Any, values: np.ndarray) -> np.ndarray:
    """The nearest points of the space, made for a power of two of rows: JAX compiles for each number of rows."""
    lack = (1 << (len(values) - 1).bit_length()) - len(values)
    return np.array(space.project(np.concatenate([values, np.repeat(values[-1:], lack, 0)])))[: len(values)]


def measured_poses(residual: Callable[..., Any], spaces: list[Any], measurements: Any) -> tuple[Any, str]:
    """Measurements of an error of which `of_difference` was said, as points of its space, and what they are where they
    are none: its derivatives by one pose hold for measured quaternions of length 1."""
    known = errors.difference_of(residual)
    if known is None or any(type(own) is not type(known[0]) for own in spaces):
        return measurements, "not finite"
    fits = isinstance(measurements, np.ndarray) and not known[0].misfit(measurements.shape[1:])
    return (projected(known[0], measurements) if fits else measurements), "not finite, or no poses"


def one_shape(v: Variables) -> str:
    """The shape of one variable, in words."""
    return ", ".join(map(str, v.values.shape[1:]))


def traceable(residual: Callable[..., Any], given: list[Any]) -> tuple[Callable[..., Any], int]:
    """The function as JAX can trace it, as it stands or through NumPy's protocols, and how many numbers it returns.
    TypeError where it returns anything but one array of real numbers, and what tracing raises where it cannot be."""
    try:
        out = jax.eval_shape(residual, *given)
    except (jax.errors.JAXTypeError, TypeError):
        residual = through_numpy(residual)
        out = jax.eval_shape(residual, *given)
    if not isinstance(out, jax.ShapeDtypeStruct) or not np.issubdtype(out.dtype, np.floating) or not out.size:
        what = f"{out.dtype} {out.shape}" if isinstance(out, jax.ShapeDtypeStruct) else type(out).__name__
        raise TypeError(f"a factor must return one array of real numbers (d,), not {what}")
    return residual, int(out.size)


@lru_cache(maxsize=64)  # one function object for one factor: compiled programs are known by it
def through_numpy(residual: Callable[..., Any]) -> Callable[..., Any]:
    """A residual written with NumPy as a function of JAX, with its own name."""
    return wraps(residual)(as_jax(residual))


def factors_of(edges: Edges) -> Factors:
    """The edges of a file as factors."""
    kind, seen = EDGE_KINDS[edges.kind], edges.sensor is not None
    rows = edges.i[:, None] if kind.prior else np.stack([edges.i, edges.j], 1)
    types = (kind.start,) if kind.prior else (kind.start, kind.end)
    measured = (edges.measurement, edges.sensor) if seen else edges.measurement
    roots = roots_of(edges.information)
    return Factors(FILE_ERRORS[edges.kind, seen], types, rows, measured, roots)


def information_roots(information: Any, covariance: Any, sigmas: Any, m: int, d: int) -> np.ndarray:
    """The roots (m, d, d) of the information from whichever way the noise is given."""
    given = {"information": information, "covariance": covariance, "sigmas": sigmas}
    given = {name: np.asarray(a, float) for name, a in given.items() if a is not None}
    if len(given) > 1:
        raise ValueError(f"the noise is given twice: {' and '.join(given)}")
    for name, a in given.items():
        shape = (d,) if name == "sigmas" else (d, d)
        if a.shape not in (shape, (m, *shape)):
            raise ValueError(f"{name} must have shape {shape} or {(m, *shape)} for residuals ({d},), not {a.shape}")
        if not np.isfinite(a).all() or (name == "sigmas" and not (a > 0).all()):
            raise ValueError(f"{name} must be finite{' and positive' if name == 'sigmas' else ''}")
    if sigmas is not None:
        roots = np.eye(d) / given["sigmas"][..., None]
    elif covariance is not None:
        roots = roots_of(np.linalg.inv(given["covariance"]))
    else:
        roots = np.eye(d) if information is None else roots_of(given["information"])
    return np.array(np.broadcast_to(roots, (m, d, d)))


def roots_of(omega: np.ndarray) -> np.ndarray:
    """R with R'R = Omega (..., d, d): Cholesky's, or of a semidefinite one that of its eigenvalues; ValueError for one
    that is indefinite or not symmetric."""
    if not np.allclose(omega, np.swapaxes(omega, -1, -2), rtol=1e-9, atol=0):
        raise ValueError("an information matrix is not symmetric")
    try:
        return np.swapaxes(np.linalg.cholesky(omega), -1, -2)
    except np.linalg.LinAlgError:
        w, V = np.linalg.eigh(omega)
    bad = np.flatnonzero((w[..., 0] < -1e-9 * w[..., -1]) | (w[..., -1] <= 0))
    if bad.size:
        raise ValueError(f"{bad.size} information matrices are not positive semidefinite, the first is {bad[0]}")
    return np.sqrt(np.maximum(w, 0))[..., None] * np.swapaxes(V, -1, -2)

"""A small world for laws about graphs: what a robot measures on its way, and the minimum by SciPy."""

import numpy as np
import scipy.optimize

import raphson as rp
from raphson.slam import errors

SE2, PLANE = rp.slam.SE2(), rp.Euclidean()
POSES, MARKS = 60, 8


def seen_from(pose, p):
    """Points in the axes of poses, in NumPy."""
    c, s = np.cos(pose[..., 2]), np.sin(pose[..., 2])
    d = p[..., :2] - pose[..., :2]
    return np.stack([c * d[..., 0] + s * d[..., 1], c * d[..., 1] - s * d[..., 0]], -1)


def between(a, b):
    """Poses b seen from a, in NumPy."""
    return np.concatenate([seen_from(a, b), (b[..., 2] - a[..., 2])[..., None]], -1)


def onward(a, z):
    """The pose that is seen as z from a."""
    c, s = np.cos(a[2]), np.sin(a[2])
    return np.array([a[0] + c * z[0] - s * z[1], a[1] + s * z[0] + c * z[1], a[2] + z[2]])


class World:
    """A robot that drives two rounds, sees where it was half a round before, and landmarks beside its way."""

    def __init__(self, seed=0, noise=0.02):
        rng = np.random.default_rng(seed)
        turn = np.linspace(0, 4 * np.pi, POSES)
        truth = np.stack([5 * np.cos(turn), 5 * np.sin(turn), turn + np.pi / 2], 1)
        marks = 7 * np.stack([np.cos(np.arange(MARKS)), np.sin(np.arange(MARKS))], 1)
        chain = [(k, k + 1) for k in range(POSES - 1)]
        self.pairs = np.array(chain + [(k, k + 31) for k in range(2, 29, 5)])
        self.z = between(truth[self.pairs[:, 0]], truth[self.pairs[:, 1]])
        self.z += noise * rng.standard_normal(self.z.shape)
        self.seen = np.array([(k, k * MARKS // POSES) for k in range(0, POSES, 2)])
        self.spots = seen_from(truth[self.seen[:, 0]], marks[self.seen[:, 1]])
        self.spots += noise * rng.standard_normal(self.spots.shape)
        self.sigma = noise

    def start(self, n):
        """The graph of the first n poses, by odometry."""
        graph = rp.slam.FactorGraph()
        graph.add_variables("pose", SE2, self.guess(np.zeros(3), 0, n))
        self.add(graph, 0, n)
        return graph

    def guess(self, last, a, b):
        """Poses a to b by odometry."""
        poses = [last] if a == 0 else [onward(last, self.z[a - 1])]
        for k in range(a, b - 1):
            poses.append(onward(poses[-1], self.z[k]))
        return np.array(poses)

    def add(self, graph, a, b):
        """The factors whose last pose is one of a to b, and their landmarks."""
        last = self.pairs.max(1)
        which = (last >= a) & (last < b)
        noise = {"sigmas": [self.sigma] * 3}
        graph.add_factors(errors.between_se2, ("pose", "pose"), self.pairs[which], self.z[which], **noise)
        which = (self.seen[:, 0] >= a) & (self.seen[:, 0] < b)
        poses, marks = self.seen[which].T
        known = len(graph.variables["mark"]) if "mark" in graph.variables else 0
        first = [int(np.flatnonzero(marks == k)[0]) for k in sorted({*marks}) if k >= known]
        where = graph.variables["pose"].values[poses[first]]
        fresh = np.array([onward(a, [*p, 0])[:2] for a, p in zip(where, self.spots[which][first], strict=True)])
        if len(fresh) and known:
            graph.extend("mark", fresh)
        elif len(fresh):
            graph.add_variables("mark", PLANE, fresh)
        if which.any():
            rows, spots = self.seen[which], self.spots[which]
            graph.add_factors(errors.point_se2, ("pose", "mark"), rows, spots, sigmas=noise["sigmas"][:2])

    def grow(self, graph, b):
        """Up to pose b."""
        a = len(graph.variables["pose"])
        graph.extend("pose", self.guess(graph.variables["pose"].values[-1], a, b))
        self.add(graph, a, b)

    def least(self, values, huber=1e9):
        """The minimum by SciPy, residuals written anew, of what these values have."""
        poses, marks = values["pose"], values["mark"]
        pairs, z = (a[self.pairs.max(1) < len(poses)] for a in (self.pairs, self.z))
        seen, spots = (a[self.seen[:, 0] < len(poses)] for a in (self.seen, self.spots))

        def residuals(v):
            x = np.concatenate([poses[:1], v[: 3 * len(poses) - 3].reshape(-1, 3)])
            p = v[3 * len(poses) - 3 :].reshape(-1, 2)
            e = between(z, between(x[pairs[:, 0]], x[pairs[:, 1]]))
            e[:, 2] -= 2 * np.pi * np.round(e[:, 2] / (2 * np.pi))
            f = seen_from(x[seen[:, 0]], p[seen[:, 1]]) - spots
            return np.concatenate([counted(a / self.sigma).ravel() for a in (e, f)])

        def counted(e):
            """Errors (m, d) whose squares are Huber's rho of what they were."""
            size = np.linalg.norm(e, axis=1, keepdims=True)
            far = np.maximum(size, huber)
            return np.where(size > huber, e * np.sqrt(2 * huber * far - huber**2) / far, e)

        start = np.concatenate([poses[1:].ravel(), marks.ravel()])
        tight = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15, "x_scale": "jac"}
        return scipy.optimize.least_squares(residuals, start, **tight).cost

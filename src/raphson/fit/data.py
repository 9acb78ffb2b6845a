"""The data of `curve_fit`: numbers, weights and gaps, with clear refusals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class Data:
    """What a curve is fitted to: `x` as the model takes it, `y` (any shape, or one number), `weight` and `keep`.

    `weight` 1/sigma (m,), the inverse factor of a covariance (m, m), or None; points that do not count
    are gone from all of them. `keep`: where x cannot lose points, the indices that count of what the model returns.
    `omitted`, `unmeasured`: how many points were left out because of a gap, because of an infinite sigma; `names` of x
    and y, for pictures; `model` (parameters, x) the user's function, None where it is not known any more.
    """

    x: Any
    y: np.ndarray
    weight: np.ndarray | None
    keep: np.ndarray | None
    omitted: int = 0
    unmeasured: int = 0
    names: tuple[str, str] = ("x", "y")
    model: Callable[[Any, Any], Any] | None = None

    @property
    def predictor(self) -> np.ndarray | None:
        """The only predictor (m,), where there is just one number for every point; None elsewhere."""
        leaves = jax.tree.leaves(self.x)
        if len(leaves) != 1 or self.keep is not None or self.y.ndim != 1:
            return None
        (leaf,) = leaves
        numbers = isinstance(leaf, (np.ndarray, jax.Array)) and leaf.dtype.kind in "fiu"
        return np.asarray(leaf, float) if numbers and leaf.shape == self.y.shape else None

    def beside(self, x: np.ndarray) -> Any:
        """What the model takes, with other numbers (m,) in place of the only predictor."""
        (leaf,), tree = jax.tree.flatten(self.x)
        make = jnp.asarray if isinstance(leaf, jax.Array) else np.asarray
        return tree.unflatten([make(x, leaf.dtype)])

    def at(self, row: int) -> str:
        """Where the residual of this number lies: ", where xdata = 0.3"; "" where x is no vector of points."""
        points = isinstance(self.x, (np.ndarray, jax.Array)) and self.keep is None and self.x.shape == self.y.shape
        return f", where xdata = {float(self.x[row]):.6g}" if points and np.ndim(self.x) == 1 else ""


def read_data(xdata: Any, ydata: Any, sigma: Any, policy: str | None, check: bool) -> Data:
    """Data as floating-point numbers, without gaps and without points of infinite sigma.

    Raises TypeError for what is no real number, ValueError for gaps, weights that are none and no data at all.
    """
    x, y = as_numbers(xdata), np.asarray(ydata)
    if y.dtype.kind == "O":
        y = y.astype(float)
    if y.dtype.kind not in "fiub":
        raise TypeError(f"ydata must hold real numbers; it is {y.dtype}")
    y = y.astype(float) if y.dtype.kind in "iub" else y
    if y.size == 0:
        raise ValueError("ydata is empty: there is nothing to fit")
    keep = read_gaps(x, y, policy, check)
    omitted, unmeasured = 0 if keep is None else y.size - keep.size, 0
    sigma = read_sigma(sigma, y)
    if sigma is not None and sigma.ndim == 1 and np.any(np.isinf(sigma)):
        # An infinite sigma says that nothing was measured there: it is no point, and no degree of freedom.
        counts = np.isfinite(sigma) if keep is None else np.isfinite(sigma) & np.isin(np.arange(y.size), keep)
        keep = np.flatnonzero(counts)
        unmeasured = y.size - omitted - keep.size
    if keep is not None:
        if keep.size == 0:
            raise ValueError("no point is left: every one has a gap or an infinite sigma")
        sigma = sigma if sigma is None else sigma[keep] if sigma.ndim == 1 else sigma[np.ix_(keep, keep)]
        if by_points(x, y):
            x, y, keep = jax.tree.map(lambda a: a[..., keep], x), y[keep], None
        else:
            y = y.ravel()[keep]
    return Data(x, y, weights(sigma), keep, omitted, unmeasured)


def by_points(x: Any, y: np.ndarray) -> bool:
    """Whether x is made of arrays whose last axis counts the points of y (m,): then it can lose some of them.

    It should: NaN that stays in x reaches derivatives even where the model's own NaN is left out (0 NaN = NaN).
    """
    leaves = jax.tree.leaves(x)
    arrays = all(isinstance(a, (np.ndarray, jax.Array)) and np.shape(a)[-1:] == y.shape for a in leaves)
    return y.ndim == 1 and len(leaves) > 0 and arrays


def as_numbers(data: Any) -> Any:
    """xdata as SciPy's curve_fit takes it: lists, tuples, arrays and columns of numbers in float64, others as they are.

    Whole numbers would overflow in a power, and float32 would lose digits that the parameters' precision has.
    What is no array of numbers (a dict, a table with named columns, ragged lists) reaches the model unchanged,
    with its integer arrays as floats.
    """
    if data is None or (isinstance(data, jax.Array) and data.dtype.kind == "f"):
        return data
    listed = isinstance(data, Sequence) and not isinstance(data, str)
    column = hasattr(data, "__array__") and np.ndim(data) <= 1 and not hasattr(data, "columns")
    if listed or column or isinstance(data, (np.ndarray, jax.Array)):
        try:
            return np.asarray(data, float)
        except (TypeError, ValueError):
            pass
    if isinstance(data, (dict, list, tuple)):
        return jax.tree.map(as_numbers, data)
    return data


def read_sigma(sigma: Any, y: np.ndarray) -> np.ndarray | None:
    """Standard deviations (m,) or a covariance (m, m) in float64; ValueError names what is not positive."""
    if sigma is None:
        return None
    sigma, m = np.asarray(sigma, float), y.size
    if sigma.shape in ((), (1,), y.shape, (m,)):
        sigma = np.broadcast_to(sigma.ravel(), (m,))
        bad = np.flatnonzero(~(sigma > 0))
        if bad.size:
            raise ValueError(f"sigma[{bad[0]}] = {sigma[bad[0]]:g}: standard deviations must be positive numbers")
        return sigma
    if sigma.shape == (m, m):
        if not np.allclose(sigma, sigma.T, rtol=1e-8, atol=0):
            raise ValueError("sigma is not a covariance matrix: it is not symmetric")
        return sigma
    raise ValueError(f"sigma has shape {sigma.shape}; for ydata of shape {y.shape} give that shape or ({m}, {m})")


def weights(sigma: np.ndarray | None) -> np.ndarray | None:
    """1/sigma, or the inverse of the Cholesky factor of a covariance."""
    if sigma is None or sigma.ndim == 1:
        return None if sigma is None else 1 / sigma
    try:
        return np.linalg.inv(np.linalg.cholesky(sigma))
    except np.linalg.LinAlgError:
        raise ValueError("sigma is not a covariance matrix: it is not positive definite") from None


def read_gaps(xdata: Any, y: np.ndarray, policy: str | None, check: bool) -> np.ndarray | None:
    """Indices of the points to keep (None: all); ValueError names the first that is not finite."""
    if policy == "propagate":
        raise ValueError("`nan_policy='propagate'` is not supported by this function. There are 'raise' and 'omit'")
    if policy not in (None, "raise", "omit"):
        raise ValueError(f"nan_policy must be one of {{None, 'raise', 'omit'}}; it is {policy!r}")
    if policy is None and not check:
        return None
    good = np.isfinite(y).ravel()
    for leaf in jax.tree.leaves(xdata):
        a = np.asarray(leaf)
        if a.dtype.kind in "f" and a.ndim and a.shape[-1] == good.size:
            good = good & np.isfinite(a).reshape(-1, good.size).all(axis=0)
        elif a.dtype.kind in "f" and not np.isfinite(a).all() and policy != "omit":
            raise ValueError(
                f"xdata holds a value that is not finite, at {tuple(map(int, np.argwhere(~np.isfinite(a))[0]))}"
            )
    if good.all():
        return None
    if policy == "omit":
        return np.flatnonzero(good)
    i = int(np.argmin(good))
    what = f"ydata[{i}] = {y.ravel()[i]}" if not np.isfinite(y.ravel()[i]) else f"xdata[{i}] is not finite"
    raise ValueError(
        f"The input contains nan values or infinities: {what}, {int((~good).sum())} point(s) with gaps; "
        "nan_policy='omit' leaves them out"
    )

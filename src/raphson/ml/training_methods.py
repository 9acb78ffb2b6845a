"""What trains: methods of the solver by name or by their parts, or anything with `init` and `update`."""

import difflib
import inspect
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from raphson.controls.radius import Radius
from raphson.controls.ratio_damping import RatioDamping
from raphson.ml.backtracked import Backtracked
from raphson.ml.hessian_free import GGN, HESSIAN_KIND, KINDS, BatchProduct, HessianFree, asks_for_outputs
from raphson.ml.sampled import Sampled
from raphson.model.quasi_newton import LBFGS
from raphson.paths.steihaug import Steihaug
from raphson.solver.presets import PRESETS, cast
from raphson.solver.step import Method

EXTRAS = ("value", "grad", "value_fn", "batch", "risk", "key")
"""What `update` of a transformation is handed beside gradients, state and parameters, where it takes it."""


def hessian_free(
    curvature: str = GGN, *, damping: float = 0.1, progress: float = 5e-4, most: int = 250, decay: float = 0.95,
    preconditioned: bool = False, backtracking: bool = True,
) -> Method:  # fmt: skip
    """Newton-CG for training (Hessian-free optimization): damped conjugate gradients on products of the batch's
    Gauss-Newton matrix ("gauss-newton", the default) or Hessian ("hessian"), begun at `decay` times the last step,
    ended by relative `progress` a product or after `most`, walked back over kept points (`backtracking`), with lambda
    by the gain ratio; `damping`: the first lambda, in units of |gradient|^2 / loss; `preconditioned`: by the squares of
    single examples' gradients to the power 3/4, which cost more than they saved where it was measured.

    Raises ValueError for another curvature. Sources: Martens (2010); Martens and Sutskever (2012).
    """
    if curvature not in KINDS:
        raise ValueError(f"curvature is {curvature!r}: choose 'gauss-newton' or 'hessian'")
    path = Backtracked(progress, most, preconditioned, backtracking)
    return Method(HessianFree(decay, BatchProduct(curvature)), path, RatioDamping(damping))


def multibatch_lbfgs(size: int = 10) -> Method:
    """L-BFGS for training: pairs (s, y) whose gradients belong to one batch, kept where s'y > 0, in a trust region.

    Sources: Schraudolph, Yu and Guenter (2007), "A stochastic quasi-Newton method for online convex optimization";
    Berahas, Nocedal and Takac (2016), "A multi-batch L-BFGS method for machine learning".
    """
    return Method(LBFGS(size), Steihaug(), Radius())


TRAINING_PRESETS = {"newton-cg": hessian_free(), "lbfgs": multibatch_lbfgs()}
"""Methods of `train` by name; "hessian-free" is another name of the first."""


TRANSFORMATIONS = {
    "kfac": "rp.ml.kfac(risk)", "k-fac": "rp.ml.kfac(risk)", "sophia": "rp.ml.sophia(risk, 0.001)",
    "soap": "rp.ml.soap(0.01)", "shampoo": "rp.ml.shampoo(0.01)",
    "adam": "optax.adam(0.001)", "adamw": "optax.adamw(0.001)", "sgd": "optax.sgd(0.01)",
}  # fmt: skip
"""What is often asked for by name, and how it is given."""


@dataclass(frozen=True)
class Transformation:
    """`init` and `update` of an optax-like transformation, and which of `EXTRAS` its update takes."""

    init: Any
    update: Any
    extras: tuple[str, ...]


def accepted_extras(update: Any) -> tuple[str, ...]:
    """Which of `EXTRAS` a function takes."""
    try:
        parameters = inspect.signature(update).parameters.values()
    except (TypeError, ValueError):  # no signature to be had
        return ()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return EXTRAS
    return tuple(name for name in EXTRAS if any(p.name == name for p in parameters))


def training_method(method: Any, layered: bool, dtype: Any, constant: bool) -> Method | Transformation:
    """The method that is meant. `layered`: outputs and loss are known apart; `constant`: there is one batch for ever.

    Raises ValueError for an unknown name, with the nearest ones, and TypeError for what is no method.
    """
    if isinstance(method, str):
        method = named_training_method(method, layered)
    if isinstance(method, Method):
        if asks_for_outputs(method.curvature.observation) and not layered:
            raise TypeError(
                "the Gauss-Newton matrix looks at outputs and loss apart: give an EmpiricalRisk with predict= and the "
                'name of a loss, or take method=rp.ml.hessian_free("hessian")'
            )
        curvature = method.curvature if constant else Sampled(method.curvature)
        endless = replace(method.stop, max_steps=np.iinfo(np.int32).max)
        return cast(replace(method, curvature=curvature, stop=endless), dtype)
    init, update = getattr(method, "init", None), getattr(method, "update", None)
    if callable(init) and callable(update):
        return Transformation(init, update, accepted_extras(update))
    if callable(method) and not isinstance(method, type):
        name = getattr(method, "__name__", "it")
        raise TypeError(f"method is the function {name}: call it, as in method=rp.ml.soap(0.01) or optax.adam(0.001)")
    raise TypeError(
        f"method is {type(method).__name__}: give a name ({', '.join(TRAINING_PRESETS)}), a Method, or a "
        "transformation with init and update, as optax has them"
    )


def named_training_method(name: str, layered: bool) -> Method:
    """By name, in any case."""
    key = name.lower().replace("_", "-")
    if key in ("newton-cg", "hessian-free"):
        return hessian_free(GGN if layered else HESSIAN_KIND)
    if key in TRAINING_PRESETS:
        return TRAINING_PRESETS[key]
    hint = " (a preset of minimize: give it as rp.presets[...])" if key in PRESETS else ""
    made = TRANSFORMATIONS.get(key)
    if made is not None:
        raise ValueError(f"{name!r} has settings of its own and is no name: give method={made}")
    near = difflib.get_close_matches(key, [*TRAINING_PRESETS, "hessian-free"], n=1, cutoff=0.4)
    meant = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"unknown method {name!r}{hint}: {meant}There are {', '.join(map(repr, TRAINING_PRESETS))}")


def key_data(seed: int) -> np.ndarray:
    """A random key as plain numbers (2,), which any checkpoint can hold."""
    return np.asarray(jax.random.key_data(jax.random.key(seed)))

"""The last states of a run in a folder, so that a run that was killed goes on bit by bit as if it had not been.

Written by orbax (the extra `checkpoint`): into a folder of another name, which gets its own when everything is in it.
What a kill leaves behind is therefore never read. Arrays that are distributed over devices are written by the processes
that hold them, and read onto the devices that are there. Small ones lie together as bytes.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import json
import os
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.warning import warn
from raphson.ml.checkpoint_folder import alone_then_all, first_words, is_empty, is_state, put_aside, swept

SMALL = 1 << 20
"""Bytes up to which an array lies with others. An array on its own costs about a millisecond and two files."""


class Unreadable(ValueError):
    """The files of a step are damaged."""


class Checkpoints:
    """The `keep` last states in a folder, each with the number of its step.

    `every`: `train` saves one of so many trials, and the last one. `config`: what a state belongs to, a dictionary of
    words and numbers (the method, the seed, ...): a state that was saved with another one is refused. In several
    processes all of them call the same methods, and share the folder.

    Raises ImportError without orbax-checkpoint, ValueError for what cannot be meant, OSError where there is no such
    folder to be made.
    """

    def __init__(
        self, folder: str | os.PathLike[str], keep: int = 3, every: int = 1, config: dict[str, Any] | None = None
    ) -> None:
        for name, count, what in (("keep", keep, "states"), ("every", every, "steps")):
            if isinstance(count, bool) or count != int(count) or count < 1:
                raise ValueError(f"{name} is {count!r}: it is a number of {what}, at least 1")
        self.every = int(every)
        try:
            self.config = json.loads(json.dumps(config or {}, sort_keys=True))
        except TypeError as error:
            raise ValueError(f"config holds what JSON has no words for: {error}") from None
        self.folder = Path(folder).absolute()
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"{self.folder} is a file: a folder holds the states")
        self.manager = opened(self.folder, int(keep))
        self.lost: set[int] = set()

    @property
    def steps(self) -> list[int]:
        """The steps whose states are there, ascending, whoever saved them. Folders that are empty are passed over."""
        self.manager.reload()
        found = sorted(self.manager.all_steps())
        empty = {step for step in found if is_empty(self.folder / str(step))}
        self.lost = empty | self.lost.intersection(found)
        return [step for step in found if step not in empty]

    def save(self, step: int, state: Any) -> None:
        """Writes the state, a pytree of arrays, keys of jax.random and numbers; returns when it is there.

        What cannot be read is put aside, under another name; what killed writers left is removed. Raises ValueError for
        a step that is not above those that are there: the run did not go on from them; and in a folder whose steps are
        all something else, named by numbers. OSError where it cannot be written (a full disk): those before it are
        there.
        """
        whole = set(self.steps) - self.lost
        strange = {step for step in whole if not is_state(self.folder / str(step))}
        if strange and strange == whole:
            raise ValueError(
                f"{self.folder / str(min(strange))} is no state of a run: give states a folder of their own"
            )
        self.lost |= strange  # orbax would remove them as old states
        latest = max(whole - strange, default=None)
        if isinstance(step, bool) or step != int(step) or step < 0:
            raise ValueError(f"step is {step!r}: it is a whole number, at least 0")
        if latest is not None and step <= latest:
            raise ValueError(
                f"{self.folder} holds step {latest}, and step {step} was to be saved: go on from there (restore), "
                "or give an empty folder"
            )
        content = self.content(state)
        if self.lost:
            alone_then_all(lambda: put_aside(self.folder, sorted(self.lost)))
            self.lost.clear()
            self.manager.reload()
        try:
            self.manager.save(int(step), args=content, force=True)
        except (OSError, ValueError) as error:  # orbax hands on what tensorstore raises
            raise OSError(f"step {step} could not be saved in {self.folder}: {first_words(error)}") from error
        finally:
            if jax.process_index() == 0:
                swept(self.folder, int(step))

    def content(self, state: Any) -> Any:
        """What orbax is to write."""
        from orbax.checkpoint import args

        small, arrays, about = packed(state)
        about = {"leaves": about, "config": self.config}
        return args.Composite(state=args.StandardSave({"small": small, **arrays}), about=args.JsonSave(about))

    def restore(self, like: Any, step: int | None = None) -> tuple[int, Any] | None:
        """The latest step, or this one, with its state in the structure of `like`, each array of the same kind and on
        the same devices as there; None where nothing is saved. A step that cannot be read is passed over, with a
        warning, where an earlier one can.

        Raises ValueError for a step that is not there or cannot be read, and for a state of another structure, shape,
        type or config, which it names.
        """
        steps = self.steps
        if step is not None and step not in steps:
            raise ValueError(f"{self.folder} has no step {step}: there are {', '.join(map(str, steps)) or 'none'}")
        wanted, failure = (reversed(steps) if step is None else [step]), None
        for chosen in wanted:
            try:
                found = self.restored(like, chosen)
            except Unreadable as error:
                failure = failure or error
                continue
            self.passed_over(chosen)
            return chosen, found
        if failure is not None:
            raise failure
        self.passed_over(-1)
        return None

    def passed_over(self, step: int) -> None:
        """Warns of steps later than this one that hold no state."""
        later = sorted(lost for lost in self.lost if lost > step)
        if later:
            told = ", ".join(map(str, later))
            went = f"the run goes on from step {step}" if step >= 0 else "nothing else is there"
            warn(f"{self.folder}: no state can be read from step {told}: passed over, {went}", UserWarning)

    def restored(self, like: Any, step: int) -> Any:
        """The state of one step. Raises `Unreadable` where its files are damaged, ValueError where it is another
        run's."""
        from orbax.checkpoint import args

        about = self.read(step, "about", args.JsonRestore())
        self.fits(about, like, step)
        wanted = {name: abstract(leaf) for name, leaf in large(like).items()}
        size = sum(nbytes(leaf) for leaf in jax.tree.leaves(like) if not alone(leaf))
        content = args.StandardRestore({"small": np.zeros(size + 1, np.uint8), **wanted})
        return unpacked(self.read(step, "state", content), like)

    def read(self, step: int, part: str, how: Any) -> Any:
        """One part of what lies in the folder of a step. Raises `Unreadable` where it cannot be read, and from then on
        passes it over."""
        from orbax.checkpoint import args

        try:
            return self.manager.restore(step, args=args.Composite(**{part: how}))[part]
        except Exception as error:
            self.lost.add(step)
            where = self.folder / str(step)
            raise Unreadable(f"{where} is no state of a run, or is damaged: {first_words(error)}") from error

    def fits(self, about: Any, like: Any, step: int) -> None:
        """Raises ValueError where a state was saved for something else, and says what differs first."""
        where = f"{self.folder}, step {step}, belongs to another run"
        known = about["config"]
        for name in sorted({*known, *self.config}):
            if known.get(name) != self.config.get(name):
                raise ValueError(f"{where}: {name} was {known.get(name)!r} there and is {self.config.get(name)!r}")
        leaves, others = described(like), about["leaves"]
        for mine, its in zip(leaves, others, strict=False):
            if mine != its:
                raise ValueError(f"{where}: it has {' '.join(its)} where the state has {' '.join(mine)}")
        if len(leaves) != len(others):
            raise ValueError(f"{where}: it has {len(others)} arrays, and the state {len(leaves)}")


def opened(folder: Path, keep: int) -> Any:
    """Orbax's own view of a folder. Raises ImportError where orbax is not there."""
    try:
        import orbax.checkpoint as ocp
    except ImportError:
        raise ImportError("checkpoints are written by orbax: pip install 'raphson[checkpoint]'") from None
    # Not in the background: a state that save() has returned from is there. Removing old ones may be.
    options = ocp.CheckpointManagerOptions(max_to_keep=keep, enable_async_checkpointing=False)
    try:
        return ocp.CheckpointManager(folder, options=options)
    except OSError as error:
        raise type(error)(f"{folder} cannot be made, or read: {first_words(error)}") from error


def is_key(leaf: Any) -> bool:
    """Whether a leaf holds typed keys of jax.random."""
    return isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def numbers(leaf: Any) -> Any:
    """A leaf as an array of plain numbers. Raises TypeError for what holds none."""
    if is_key(leaf):
        return jax.random.key_data(leaf)
    if isinstance(leaf, jax.Array | jax.ShapeDtypeStruct):
        return leaf
    array = np.asarray(leaf)
    if array.dtype.kind in "OUS":
        raise TypeError(f"a state holds arrays and numbers, and {leaf!r} is neither: keep it in the config")
    return array


def nbytes(leaf: Any) -> int:
    """Bytes of a leaf."""
    array = numbers(leaf)
    return int(np.prod(array.shape)) * array.dtype.itemsize


def alone(leaf: Any) -> bool:
    """Whether a leaf is written on its own: it is large, or no process has all of it."""
    array = numbers(leaf)
    whole = not isinstance(array, jax.Array) or array.is_fully_addressable or array.is_fully_replicated
    return nbytes(leaf) > 0 and (nbytes(leaf) >= SMALL or not whole)


def large(state: Any) -> dict[str, Any]:
    """The leaves that are written on their own, by their places; what lies on one device as NumPy's."""
    found = {}
    for place, leaf in enumerate(jax.tree.leaves(state)):
        if alone(leaf):
            array = numbers(leaf)
            one = isinstance(array, jax.Array) and len(array.sharding.device_set) == 1
            found[str(place)] = np.asarray(array) if one else array
    return found


def abstract(leaf: Any) -> Any:
    """What orbax is told about a leaf that it reads: shape, type and devices, or an array of NumPy."""
    if isinstance(leaf, jax.Array | jax.ShapeDtypeStruct):
        return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=leaf.sharding)
    return leaf


def described(state: Any) -> list[list[str]]:
    """Name, shape and type of each leaf."""
    found = []
    for path, leaf in jax.tree_util.tree_leaves_with_path(state):
        kind = str(leaf.dtype) if is_key(leaf) else str(numbers(leaf).dtype)
        found.append([jax.tree_util.keystr(path) or "state", str(tuple(np.shape(leaf))), kind])
    return found


def packed(state: Any) -> tuple[Any, dict[str, Any], list[list[str]]]:
    """Small leaves as bytes (and one more, since orbax writes no empty array), the large ones, and what they are."""
    small = [np.asarray(numbers(leaf)).tobytes() for leaf in jax.tree.leaves(state) if not alone(leaf)]
    return np.frombuffer(b"".join([*small, b"\0"]), np.uint8), large(state), described(state)


def unpacked(read: dict[str, Any], like: Any) -> Any:
    """The state from what was read."""
    leaves, structure = jax.tree.flatten(like)
    raw, begin, found = np.asarray(read["small"]).tobytes(), 0, []
    for place, leaf in enumerate(leaves):
        array = numbers(leaf)
        if alone(leaf):
            found.append(as_was(read[str(place)], leaf))
            continue
        count = int(np.prod(array.shape))
        value = np.frombuffer(raw, array.dtype, count, begin).reshape(array.shape).copy()
        begin += count * array.dtype.itemsize
        found.append(as_was(value, leaf))
    return jax.tree.unflatten(structure, found)


def as_was(value: Any, leaf: Any) -> Any:
    """Numbers as the kind of leaf that they come from, on its devices."""
    if is_key(leaf):
        return jax.random.wrap_key_data(jnp.asarray(value), impl=jax.random.key_impl(leaf))
    if isinstance(leaf, bool | int | float | complex):
        return type(leaf)(value[()])
    if isinstance(leaf, jax.Array | jax.ShapeDtypeStruct):
        if leaf.sharding is None or not getattr(leaf, "committed", True):
            return jnp.asarray(value)
        return value if isinstance(value, jax.Array) else jax.device_put(value, leaf.sharding)
    return value[()] if isinstance(leaf, np.generic) else np.asarray(value)

"""Packing a tree of arrays into vectors and back changes nothing."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from raphson.kernel.pack import SMALL, layout_of, pack

LEAVES = st.sampled_from([np.float64, np.float32, np.int32, np.int64, np.bool_]).flatmap(
    lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
)
TREES = st.lists(LEAVES, min_size=1, max_size=6).map(lambda leaves: {"a": leaves[0], "rest": tuple(leaves[1:])})


def same(tree, other):
    assert jax.tree.structure(tree) == jax.tree.structure(other)
    for a, b in zip(jax.tree.leaves(tree), jax.tree.leaves(other), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@given(TREES)
def test_unpacking_undoes_packing(tree):
    packed = pack(tree)
    assert len(packed.vectors) <= 4
    same(packed.home(), tree)
    assert all(isinstance(leaf, np.ndarray) for leaf in jax.tree.leaves(packed.home()))
    assert layout_of(tree) is packed.layout


def test_compiled_code_packs_and_unpacks_alike():
    tree = {"f": np.arange(6.0).reshape(2, 3), "flag": np.array(True), "k": np.int32(-1), "big": np.ones(SMALL + 1)}
    packed = jax.jit(pack)(tree)
    assert (len(packed.vectors), len(packed.loose)) == (2, 1)
    assert packed.layout is layout_of(tree)
    same(packed.home(), tree)
    same(jax.jit(lambda packed: packed.tree())(packed), tree)


def test_random_keys_stay_pieces_of_their_own():
    tree = (jax.random.key(0), jnp.ones(2))
    key, ones = pack(tree).home()
    assert key is tree[0]
    np.testing.assert_array_equal(ones, 1)

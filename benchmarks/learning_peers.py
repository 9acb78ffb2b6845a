"""Curvature of learning beside the libraries that people have: the same weights, the same data, one processor."""

from benchmarks import learning_peer_runs
from benchmarks.suite import Suite

ABOUT = (
    "Two networks on scikit-learn's digits (8 x 8), double precision, all examples in one batch, mean "
    "cross-entropy; weights, data and vectors are the same files for all. Peers run in an environment of their own: "
    "`TORCH_PYTHON` is the path of a Python with `pip install torch curvlinops-for-pytorch pyhessian numpy scipy` "
    "(torch's wheels for the CPU do), and `EIGENTHINGS` a folder with a copy of "
    "noahgolmant/pytorch-hessian-eigenthings from GitHub, which is not on PyPI (tried: 1.0.0a6). Each side has one "
    "thread on one core; times are of the processor, medians of 9 (of 3 for eigenvalues and traces), compiling apart, "
    "the peers' in one process and raphson's in another after it. "
    "The reference is the dense Hessian that curvlinops makes, and NumPy's eigenvalues of it: nothing of ours."
)

SUITE = Suite("learning_peers", "Curvature of learning, beside other libraries", ABOUT, {"digits": learning_peer_runs})

"""Runnable comparisons with the peers; `python -m benchmarks --help` says how.

Threads of BLAS and the platform are settled here, before NumPy and JAX are imported: on a busy machine a
multi-threaded BLAS inside tiny LAPACK calls can be ten times slower, for SciPy as for JAX.
"""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

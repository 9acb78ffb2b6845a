"""What products with the curvature of a training loss cost beside its gradient."""

from benchmarks import learning_cost
from benchmarks.suite import Suite

ABOUT = (
    "Processor time in turns with the gradient of the same loss, float32, so that a busy machine slows both alike. "
    "*once*: linearized once for all products, all examples in one batch; *anew*: two microbatches, each linearized "
    "with every product, in gradients by two microbatches; *of 4*: one of four vectors in one program; *of 16*: one of "
    "sixteen by `A @ V`, which takes as many at once as it chooses."
)

SUITE = Suite("learning_products", "Products with Hessian and Gauss-Newton matrices", ABOUT, {"cost": learning_cost})

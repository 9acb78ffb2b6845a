"""What products with the curvature of a training loss cost beside its gradient."""

from benchmarks import learning_cost
from benchmarks.suite import Suite

ABOUT = (
    "Processor time in turns with the gradient of the same loss, float32, so that a busy machine slows both alike. "
    "*once*: linearized once for all products, all examples in one batch; *anew*: two microbatches, each linearized "
    "with every product, in gradients by two microbatches; *of 4, 16*: one of so many vectors together."
)

SUITE = Suite("learning_products", "Products with Hessian and Gauss-Newton matrices", ABOUT, {"cost": learning_cost})

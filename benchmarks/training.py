"""Training on real digits: methods that look at curvature beside tuned Adam, in time and epochs to a fixed loss."""

from benchmarks.suite import Suite
from benchmarks.training_runs import TrainingSection

ABOUT = (
    "Single precision, on the CPU. Every setting that was tried has a line: of Adam and of what preconditions "
    "gradients learning rates 3e-4, 1e-3, 3e-3, 1e-2, "
    "each constant and falling to 0 by half a cosine over 60 epochs, batches of "
    "128; of newton-cg and lbfgs the examples of a batch and of the curvature. *seconds* are those of trials, without "
    "compiling (its own column: the first trial of a throw-away run) and without the looks at the loss on all data. "
    "Curves (trials, epochs, seconds, loss) lie in the JSON files."
)

SECTIONS = {name: TrainingSection(name) for name in ("digits", "autoencoder")}

SUITE = Suite("training", "Training with curvature beside tuned Adam", ABOUT, SECTIONS)

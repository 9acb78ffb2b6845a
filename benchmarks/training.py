"""Training on real digits: methods that look at curvature beside tuned Adam, in time and epochs to a fixed loss."""

from benchmarks.suite import Suite
from benchmarks.training_runs import TrainingSection

ABOUT = (
    "Single precision, on one thread (XLA_FLAGS=--xla_cpu_multi_thread_eigen=false, no compilation cache). Every try "
    "is a line: Adam and SOAP had six learning rates, 0.001 to 0.3, K-FAC (own step) six first and least dampings, "
    "0.00001 to 1 (0.001 is the default), each in batches of 128; Newton-CG four pairs of examples in a batch and of "
    "these in the curvature, measured before its residuals were kept orthogonal (processor time as before, fewer "
    "products: design notes). Rates of 0.1 and 0.3 and dampings below 0.001 were tried later that day, in one more "
    "row each, with a trial of Adam and K-FAC taking up to 19 % longer. No schedules, no weight decay, everything "
    "else as it is by default. *seconds* are processor seconds of trials, without compiling (its own column: the "
    "first trial of a throw-away run, of all settings together) and without the looks at the loss on all data, which "
    "come every 5 % of the trials: no time or count of epochs is finer than that. Curves (trials, epochs, seconds, "
    "loss) lie in the JSON files; the losses of each method's best setting are drawn in "
    "[losses.svg](training/losses.svg) (`python -m benchmarks.training_pictures`). A row is a process of its own: "
    "methods were not measured in turns. A run ends with the trial in which its seconds are over. Shampoo, Sophia and "
    "L-BFGS were not run."
)

SECTIONS = {name: TrainingSection(name) for name in ("digits", "autoencoder")}

SUITE = Suite("training", "Training with curvature beside tuned Adam", ABOUT, SECTIONS)

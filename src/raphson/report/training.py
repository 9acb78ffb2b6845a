"""What a training run has a report by: its class lies below the pictures, which write it."""

from pathlib import Path

from raphson.kernel import show


class TrainingReport:
    """A training run that can be written as a page."""

    def report(self, path: str | Path, title: str = "", language: str = "en") -> Path:
        """Writes the run as one HTML file, without scripts and without the network; the path of the file.

        Loss, gradient, damping (or radius, or step length) and gain ratio by epoch, with what was refused named; and
        the loss on all data beside its quadratic model in the plane of -g and the last step, or, where these show
        nothing, of the two eigenvectors whose eigenvalues are largest by size: the page says which, and why. That
        needs an `EmpiricalRisk`, or a loss with data=; of a stream of batches there are curves alone. `language`: "en"
        or "zh". FileNotFoundError where the folder does not exist, ValueError for another language.
        """
        return show.report(self, path, title, language)

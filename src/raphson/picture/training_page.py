"""The page of a training run: what happened in words, curves by epoch, and where the last step went."""

from typing import Any

import numpy as np

from raphson.picture.chinese import chinese_notes
from raphson.picture.learning_page import learning_page
from raphson.picture.scene import Scene
from raphson.picture.training_plane import last_step
from raphson.picture.views.training import training

HEADING = "A training run:"

NAMED = 8
"""Batches that are named."""


def training_page(result: Any, title: str = "", language: str = "en") -> str:
    """The whole HTML text."""
    scenes, missing = training_scenes(result)
    lines = [*summary(result), *missing]
    told = chinese_notes(lines) if language == "zh" else lines
    heading = HEADING if title else HEADING.removesuffix(":")
    return learning_page(title, "\n".join(told), scenes, language, heading)


def training_scenes(result: Any) -> tuple[list[Scene], list[str]]:
    """The pictures, and why one is missing."""
    curves = list(training(result.trace, result.seen.unit)) if len(result.trace) else []
    risk = result.seen.risk
    if risk is None:
        return curves, [
            "no landscape: it needs all data, and this run saw a stream of batches, or was read from a file"
        ]
    try:
        return [last_step(risk, result.seen.before, result.params), *curves], []
    except ValueError as why:
        return curves, [f"no landscape: {why}"]


def summary(result: Any) -> list[str]:
    """What happened, one thing a line; what was refused is named."""
    trace = result.trace
    epochs = "" if np.isnan(result.epochs) else f", {result.epochs:.3g} epochs"
    lines = [f"{len(trace)} trials, {int(trace.accepted.sum())} taken{epochs}, {result.seconds:.2f} s"]
    if np.isfinite(result.loss):
        lines.append(f"last loss of a batch: {result.loss:.6g}")
    lines += [result.message, *refused(trace), *result.notes]
    return lines if result.certificate is None else [*lines, result.certificate.sentence]


def refused(trace: Any) -> list[str]:
    """Trials that were not taken though their loss was finite, by their batches; the others are in the notes."""
    fine = np.isfinite(trace.loss) & np.isfinite(trace.gradient_norm) & ~trace.accepted
    if not np.any(fine):
        return []
    batches = np.unique(trace.batch[fine]).astype(int)
    shown = ", ".join(map(str, batches[:NAMED])) + (" and others" if len(batches) > NAMED else "")
    count = int(fine.sum())
    return [f"refused, as the loss of the batch did not fall as the model said: {count} trials, on batch {shown}"]

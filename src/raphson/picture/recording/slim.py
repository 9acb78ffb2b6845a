"""A recording that stays below its bound: local grids go first, then points; said in its notes."""

import json
from typing import Any

MOST = 4_500_000
"""Bytes of a recording. With the page around it a report stays below 5 MB."""


def size(recording: dict[str, Any]) -> int:
    """Bytes of the recording as it is written."""
    return len(json.dumps(recording, separators=(",", ":")))


def slimmed(recording: dict[str, Any], most: int = MOST) -> dict[str, Any]:
    """The recording itself where it is small enough, else without f around points in all planes but the first, and
    then with ever fewer points."""
    if size(recording) <= most:
        return recording
    first = recording["planes"][0]["id"] if recording["planes"] else ""
    for point in recording["points"]:
        for name, view in point["views"].items():
            if name != first:
                view["grid"] = None
    recording["notes"].append("f around the points is kept in the first plane only: the file would have been too large")
    while size(recording) > most and len(recording["points"]) > 2:
        halve(recording)
    return recording


def halve(recording: dict[str, Any]) -> None:
    """Leaves out every other point, but for the first and the last."""
    points, trials = recording["points"], recording["trials"]
    kept = sorted({*range(0, len(points), 2), len(points) - 1})
    recording["points"] = [points[k] for k in kept]
    note = "points of the run were left out: the file would have been too large"
    if note not in recording["notes"]:
        recording["notes"].append(note)
    if trials is None:
        return
    before = [max(i for i, old in enumerate(kept) if old <= k) for k in range(len(points))]
    trials["exact"] = [exact and k in kept for exact, k in zip(trials["exact"], trials["point"], strict=True)]
    trials["point"] = [before[k] for k in trials["point"]]

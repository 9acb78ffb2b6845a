"""Which of many are shown: the first, the last, and the rest evenly."""

import numpy as np


def thinned(count: int, most: int, first: int, last: int) -> np.ndarray:
    """At most `most` numbers out of 0 .. count - 1, ascending: `first` from the front, `last` from the end.

    The very first and the very last always; what is left is spread evenly over the middle.
    """
    if count <= most:
        return np.arange(count)
    if most <= first + last:  # shares of what there is room for
        first = max(1, most * first // (first + last))
        last = max(1, most - first)
    room, left = count - first - last, most - first - last
    middle = first + (np.arange(left) + 0.5) * room / max(left, 1)
    return np.concatenate([np.arange(first), middle.astype(int), np.arange(count - last, count)])

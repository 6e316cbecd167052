"""Does information turn back while a network learns, and from which size of its code on?

The turn-back of a course a_t is R = max_t a_t − a_end. Noise alone gives a positive R, so that it
counts only where it exceeds the 95 % quantile of R around a course that never falls: the isotonic
regression of the mean course, plus the deviations of the replicates (probe batches, or seeds). A
replicate's deviation is kept whole, so that its correlation over time is that of the data; those
of B replicates are mixed with normal weights and divided by √(χ²/(B − 1)), because B replicates
know their own spread only so well. Resampling them with replacement would be too narrow for a
handful: noise alone would then turn back in up to one of ten courses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float

from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream

QUANTILE = 0.95
"""Share of courses without a turn-back whose R stays below the threshold."""
DRAWS = 999
RESAMPLES = 500

Courses = Float[np.ndarray, "snapshot replicate"]


@final
@dataclass(frozen=True)
class TurnBack:
    """How far a course falls from its peak to its end, and whether noise would fall as far.

    Attributes:
        size: R of the mean course.
        threshold: The quantile of R around a course that never falls.
        peak: The snapshot at which the mean course is largest.
        of_each: The fall of every replicate from that snapshot to the end, shape (replicate,).
    """

    size: float
    threshold: float
    peak: int
    of_each: np.ndarray

    @property
    def is_real(self) -> bool:
        """Whether it exceeds what noise does."""
        return self.size > self.threshold


def turn_back(courses: Courses, seed: int = 0) -> TurnBack:
    """The turn-back of the mean course.

    Args:
        courses: At least two moments of at least two replicates.
        seed: Of the draws; the same courses have the same threshold.

    Raises:
        InfoplaneError: There is one moment or replicate alone, or a number is not finite.
    """
    if min(courses.shape) < 2 or not np.isfinite(courses).all():
        raise InfoplaneError(
            f"A turn-back needs two finite moments of two replicates, got courses of shape "
            f"{courses.shape} with {int((~np.isfinite(courses)).sum())} numbers that are not."
        )
    mean = courses.mean(1)
    peak = int(mean.argmax())
    around = monotone(mean)[:, None] + _noise(courses, seed)
    threshold = float(np.quantile(fall(around), QUANTILE))
    return TurnBack(float(fall(mean)), threshold, peak, courses[peak] - courses[-1])


def fall(courses: Float[np.ndarray, "snapshot *more"]) -> Float[np.ndarray, "*more"]:
    """R of every course.

    >>> fall(np.array([0.0, 3.0, 1.0])).tolist()
    2.0
    """
    return np.asarray(courses.max(0) - courses[-1])


def monotone(course: Float[np.ndarray, " snapshot"]) -> Float[np.ndarray, " snapshot"]:
    """The course that never falls and is nearest to it, in mean square.

    >>> monotone(np.array([0.0, 3.0, 1.0])).tolist()
    [0.0, 2.0, 2.0]
    """
    from sklearn.isotonic import isotonic_regression  # a second to import, for those who judge

    return np.asarray(isotonic_regression(course.astype(float)))


@final
@dataclass(frozen=True)
class Smallest:
    """The smallest code whose information turns back.

    Attributes:
        size: Its size, None if no code's does.
        low: The 5 % quantile over resampled replicates, ∞ where none turns back.
        high: The 95 % quantile, ∞ where none turns back.
    """

    size: int | None
    low: float
    high: float


def smallest(courses: Mapping[int, Courses], seed: int = 0) -> Smallest:
    """The smallest size whose turn-back is real, with its 90 % interval.

    The interval is over replicates that are drawn anew with replacement, the same for all sizes
    (they are the same images, or seeds); thresholds stay as they are.

    Args:
        courses: By size; as many replicates of each.
        seed: Of the draws.

    Raises:
        InfoplaneError: As ``turn_back``.
    """
    sizes = sorted(courses)
    found = {size: turn_back(courses[size], seed) for size in sizes}
    own = next((size for size in sizes if found[size].is_real), None)
    count = courses[sizes[0]].shape[1]
    drawn = torch.randint(count, (RESAMPLES, count), generator=stream(seed, "resampled")).numpy()
    real = np.stack(
        [fall(courses[size][:, drawn].mean(2)) > found[size].threshold for size in sizes]
    )
    first = np.where(real.any(0), np.array(sizes, dtype=float)[real.argmax(0)], np.inf)
    low, high = np.quantile(first, [0.05, 0.95], method="nearest")
    return Smallest(own, float(low), float(high))


def _noise(courses: Courses, seed: int) -> Float[np.ndarray, "snapshot draw"]:
    """Errors of the mean course as replicates deviate, with Student's heavy tails."""
    count = courses.shape[1]
    generator = stream(seed, "turn-back")
    weights = torch.randn(count, DRAWS, generator=generator, dtype=torch.float64).numpy()
    spread = torch.randn(count - 1, DRAWS, generator=generator, dtype=torch.float64).numpy()
    chi = np.sqrt((spread**2).mean(0))
    deviations = courses - courses.mean(1, keepdims=True)
    return deviations @ weights / np.sqrt(count * (count - 1)) / chi

"""Samples as distinct points: what an intrinsic dimension is measured of."""

import math

import numpy as np
from jaxtyping import Float

from infoplane.measures.neighbours.neighbourhood import points_of, require_more_samples
from infoplane.measures.samples import Samples, as_numbers, as_samples
from infoplane.numerics.neighbours import distinct, nearest_by_euclid
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate
from infoplane.values.units import PURE

Points = Float[np.ndarray, "n d"]
Distances = Float[np.ndarray, "m k"]
TRUSTED = 10.0
"""Dimensions above it are underestimated by every nearest-neighbour method at usual n."""


def distinct_points(x: Samples, k: int, name: str) -> tuple[Points, tuple[str, ...]]:
    """The different rows of samples as float64 on the CPU, and a note of what was left out.

    Args:
        x: Samples (n,), (n, d) or (n, c, h, w); rows of integers (pixels) are numbers here.
        k: Neighbours that are needed.
        name: What an error calls the method.

    Raises:
        InfoplaneError: Class labels, NaN or infinity, or k different samples at most.
    """
    remedy = "Pass one-hot rows, or leave labels out."
    points = points_of(as_numbers(as_samples(x, "x"), "x", remedy))
    kept = distinct(points)
    require_more_samples(len(kept), k, f"{name} of different samples")
    if len(kept) == len(points):
        return kept, ()
    note = (
        f"{len(points) - len(kept)} of {len(points)} samples repeat an earlier one exactly; a "
        f"distance of 0 has no logarithm, so the dimension is that of the {len(kept)} different "
        "ones. Look for dead units, or for samples that were recorded twice."
    )
    return kept, (note,)


def resolved_distances(points: Points, k: int, name: str) -> tuple[Distances, tuple[str, ...]]:
    """Euclidean distances to k neighbours, none of them 0, and a note of what was left out.

    Different points can be so near that their distance is 0 in float64, since its square is less
    than the smallest number: of such a pair the later is left out.

    Args:
        points: Different points, more than k.
        k: Neighbours.
        name: What an error calls the method.

    Raises:
        InfoplaneError: So many distances vanish that k points or fewer are left.
    """
    kept = points
    while True:
        distances, others = nearest_by_euclid(kept, k)
        own, place = np.nonzero(distances == 0)
        if not len(own):
            break
        kept = np.delete(kept, np.unique(np.maximum(own, others[own, place])), axis=0)
        if len(kept) <= k:
            raise InfoplaneError(
                f"{name}: of {len(points)} different samples {len(kept)} have distances that are "
                f"not 0 in float64, and more than {k} are needed: multiply x by a large number, "
                "which changes no dimension."
            )
    if len(kept) == len(points):
        return distances, ()
    note = (
        f"{len(points) - len(kept)} of {len(points)} different samples are so near an earlier one "
        f"that their distance is 0 in float64, so the dimension is that of the {len(kept)} others. "
        "Look for saturated units, or multiply x by a large number, which changes no dimension."
    )
    return distances, (note,)


def dimension(
    value: float, n: int, method: str, stderr: float, source: str, notes: tuple[str, ...]
) -> Estimate:
    """A dimension as an estimate without unit, with what is known of its bias."""
    if not math.isfinite(value):
        told = (
            "All neighbours of a sample are equally far away, which no finite dimension explains: "
            "the samples are no cloud but a grid or a simplex (one-hot rows, say).",
        )
        return Estimate(value, n, method, unit=PURE, notes=notes + told)
    low = (
        f"Dimensions above about {TRUSTED:g} come out too low (Gaussians of 20, 40 and 80 "
        "dimensions as 16.8, 27 and 42 from 2000 samples): compare them at one n, and take more "
        "samples.",
    )
    return Estimate(
        value,
        n,
        method,
        stderr=stderr,
        stderr_source=source,
        unit=PURE,
        notes=notes + (low if value > TRUSTED else ()),
    )

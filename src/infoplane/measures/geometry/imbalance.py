"""What one representation knows of the neighbourhoods of another: information imbalance."""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import cdist
from scipy.stats import rankdata

from infoplane.measures.geometry.points import Points
from infoplane.measures.neighbours.neighbourhood import (
    points_of,
    require_more_samples,
    require_neighbours,
)
from infoplane.measures.samples import Samples, checked, numbers
from infoplane.numerics.neighbours import repeated
from infoplane.values.estimate import Estimate
from infoplane.values.units import PURE

BLOCK = 2_000_000
"""Distances of each representation that are held at once, 16 MB."""
WIDE = 24
"""Above as many columns distances come from products of matrices."""
MANY = 8
"""With more tied neighbours than this times k, all ranks at once are quicker."""


class Imbalance(NamedTuple):
    """Both directions of an information imbalance, without unit: 2/n (all is known) to 1 (nothing).

    Attributes:
        forward: Δ(a → b): how badly a predicts who is near in b.
        backward: Δ(b → a).
    """

    forward: Estimate
    backward: Estimate

    def __str__(self) -> str:
        return f"forward {self.forward}\nbackward {self.backward}"


def information_imbalance(a: Samples, b: Samples, k: int = 1) -> Imbalance:
    """2/n times the mean rank, by distance in one, of the k nearest neighbours in the other.

    Ranks begin at 1, so the smallest value is (k + 1)/n; independent representations have 1 up to
    1/√n. Equal distances share their ranks, and who is tied for the k-th place shares it. The
    standard error is that of n independent samples. Distances are Euclidean; pass columns on one
    scale. It computes on the CPU.

    Args:
        a: Samples (n,), (n, d) or (n, c, h, w); rows of integers (pixels) are numbers here.
        b: As many samples of another representation.
        k: Neighbours.

    Source: glielmo2022ranking.

    Raises:
        InfoplaneError: Class labels, other numbers of samples, NaN or infinity, or k samples at
            most.
    """
    require_neighbours(k, "information_imbalance")
    samples = checked({"a": a, "b": b})
    remedy = "Pass one-hot rows, or compare numbers."
    columns = {name: numbers(x, name, remedy) for name, x in samples.items()}
    require_more_samples(len(columns["a"]), k, "information_imbalance")
    first, second = (points_of(x) for x in columns.values())
    ranks = np.concatenate(list(_mean_ranks(first, second, k)), axis=1)
    notes = tuple(
        f"{count} of {len(x)} samples of {name} repeat another exactly: their order is unknown, so "
        "equal distances share their ranks. Look for dead units or quantised values."
        for name, x in columns.items()
        if (count := repeated(x))
    )
    forward, backward = (_estimate(one, k, notes) for one in ranks)
    return Imbalance(forward, backward)


def _estimate(ranks: np.ndarray, k: int, notes: tuple[str, ...]) -> Estimate:
    n = len(ranks)
    return Estimate(
        value=float(2 / n * ranks.mean()),
        n=n,
        method=f"information_imbalance(k={k})",
        stderr=float(2 / n * ranks.std(ddof=1) / math.sqrt(n)),
        stderr_source=f"spread of {n} ranks",
        bounds=((k + 1) / n, None),
        unit=PURE,
        notes=notes,
    )


def _mean_ranks(
    a: Float[np.ndarray, "n d"], b: Float[np.ndarray, "n p"], k: int
) -> Iterator[Float[np.ndarray, "2 m"]]:
    """Mean ranks of every sample's neighbours, in b of those in a and the other way, by blocks."""
    n = len(a)
    size = max(1, BLOCK // n)
    first, second = _distances(a), _distances(b)
    for start in range(0, n, size):
        rows = np.arange(start, min(start + size, n))
        here, there = first(rows), second(rows)
        yield np.stack([_ranks_of_nearest(here, there, k), _ranks_of_nearest(there, here, k)])


def _distances(points: Points) -> Callable[[np.ndarray], np.ndarray]:
    """Squared distances of some points, given by their places, to all others."""
    centred = points - points.mean(0)
    squares = np.einsum("nd,nd->n", centred, centred)

    def of(rows: np.ndarray) -> np.ndarray:
        if points.shape[1] <= WIDE:
            apart = cdist(points[rows], points, "sqeuclidean")
        else:
            apart = centred[rows] @ centred.T
            apart *= -2
            apart += squares
            apart += squares[rows, None]
        apart[np.arange(len(rows)), rows] = np.inf  # nobody is their own neighbour
        return apart

    return of


def _ranks_of_nearest(
    here: Float[np.ndarray, "m n"], there: Float[np.ndarray, "m n"], k: int
) -> Float[np.ndarray, " m"]:
    """Mean rank in ``there`` of the k nearest in ``here``, of every row."""
    reach = np.partition(here, k - 1, axis=1)[:, k - 1, None]
    nearer = here < reach
    tied = here == reach
    share = (k - nearer.sum(1)) / tied.sum(1)
    rows, others = np.nonzero(nearer | tied)
    weights = np.where(nearer[rows, others], 1.0, share[rows])
    ranks = _ranks(there, rows, others, many=len(rows) > MANY * k * len(here))
    return np.bincount(rows, weights * ranks, minlength=len(here)) / k


def _ranks(there: np.ndarray, rows: np.ndarray, others: np.ndarray, many: bool) -> np.ndarray:
    """The rank of some samples within their rows, from 1; equal distances share theirs."""
    if many:
        return rankdata(there, axis=1)[rows, others]
    ranks = np.empty(len(rows))
    for start in range(0, len(rows), len(there)):
        piece = slice(start, start + len(there))
        row = there[rows[piece]]
        own = there[rows[piece], others[piece]][:, None]
        ranks[piece] = (row < own).sum(1) + ((row == own).sum(1) + 1) / 2
    return ranks

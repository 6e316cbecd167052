"""What one representation knows of the neighbourhoods of another: information imbalance."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import cdist
from torch import Tensor

from infoplane.measures.geometry.points import Points
from infoplane.measures.neighbours.neighbourhood import (
    points_of,
    require_more_samples,
    require_neighbours,
)
from infoplane.measures.samples import Samples, as_numbers, checked
from infoplane.numerics.neighbours import repeated
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate
from infoplane.values.units import PURE

BLOCK = 2_000_000
"""Distances of each representation that are held at once, 16 MB."""
WIDE = 24
"""Above as many columns distances come from products of matrices."""
MANY = 12
"""Where more ranks than this are asked for in each row, all ranks at once are quicker."""

Pair = tuple[str, str]
"""Two representations by name."""


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
    return Imbalance(*imbalances({"a": a, "b": b}, (("a", "b"), ("b", "a")), (k,))[k].values())


def imbalances(
    representations: Mapping[str, Samples], pairs: Sequence[Pair], ks: Sequence[int]
) -> dict[int, dict[Pair, Estimate]]:
    """``information_imbalance`` of many pairs: every distance is computed once, every rank too.

    Args:
        representations: Representations of the same samples by name.
        pairs: Δ(first → second) of which pairs of names; both directions are two pairs.
        ks: Numbers of neighbours.

    Returns:
        By number of neighbours, in the order of the pairs.

    Raises:
        InfoplaneError: As ``information_imbalance``; or a pair names what is not there.
    """
    for k in ks:
        require_neighbours(k, "information_imbalance")
    if unknown := {name for pair in pairs for name in pair} - representations.keys():
        raise InfoplaneError(
            f"There is no representation {sorted(unknown)}; there are {list(representations)}."
        )
    samples = checked(representations)
    n = len(next(iter(samples.values())))
    require_more_samples(n, max(ks), "information_imbalance")
    asked = list(product(ks, pairs))
    blocks = list(_mean_ranks(samples, asked))
    notes = {name: _repetition(name, x) for name, x in samples.items()}
    found: dict[int, dict[Pair, Estimate]] = {k: {} for k in ks}
    for (k, pair), ranks in zip(asked, np.concatenate(blocks, axis=1), strict=True):
        told = [notes[name] for name in representations if name in pair]
        found[k][pair] = _estimate(ranks, k, tuple(note for note in told if note))
    return found


def _repetition(name: str, x: Tensor) -> str:
    """Warns of samples that occur twice; empty if there are none."""
    if not (count := repeated(x)):
        return ""
    return (
        f"{count} of {len(x)} samples of {name} repeat another exactly: their order is unknown, so "
        "equal distances share their ranks. Look for dead units or quantised values."
    )


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
    samples: Mapping[str, Tensor], asked: Sequence[tuple[int, Pair]]
) -> Iterator[Float[np.ndarray, "asked m"]]:
    """Mean ranks of every sample's k nearest in the first, by distance in the second, by blocks.

    One representation at a time has its columns in double precision; all have their distances.
    """
    n = len(next(iter(samples.values())))
    size = max(1, BLOCK // (n * max(1, len(samples) // 2)))
    remedy = "Pass one-hot rows, or compare numbers."
    for start in range(0, n, size):
        rows = np.arange(start, min(start + size, n))
        apart = {
            name: _distances(points_of(as_numbers(x, name, remedy)), rows)
            for name, x in samples.items()
        }
        yield _ranks_of_nearest(apart, asked)


def _distances(points: Points, rows: Int[np.ndarray, " m"]) -> Float[np.ndarray, "m n"]:
    """Squared distances of some points, given by their places, to all others."""
    if points.shape[1] <= WIDE:
        apart = cdist(points[rows], points, "sqeuclidean")
    else:
        centred = points - points.mean(0)
        squares = np.einsum("nd,nd->n", centred, centred)
        apart = centred[rows] @ centred.T
        apart *= -2
        apart += squares
        apart += squares[rows, None]
    apart[np.arange(len(rows)), rows] = np.inf  # nobody is their own neighbour
    return apart


class _Nearest(NamedTuple):
    """Who the k nearest of every row are: of tied ones all, each with its share.

    Attributes:
        rows: The row that each is a neighbour of.
        others: Which sample it is.
        weights: Its share; those of a row add up to k.
    """

    rows: np.ndarray
    others: np.ndarray
    weights: np.ndarray


def _ranks_of_nearest(
    apart: Mapping[str, Float[np.ndarray, "m n"]], asked: Sequence[tuple[int, Pair]]
) -> Float[np.ndarray, "asked m"]:
    """Mean rank in the second of the k nearest in the first, of every row; target by target."""
    sources = dict.fromkeys((k, here) for k, (here, _) in asked)
    near = {(k, here): _nearest(apart[here], k) for k, here in sources}
    found = np.empty((len(asked), len(next(iter(apart.values())))))
    for target, there in apart.items():
        places = [place for place, (_, pair) in enumerate(asked) if pair[1] == target]
        wanted = [near[asked[place][0], asked[place][1][0]] for place in places]
        for place, mean in zip(places, _weighed(there, wanted), strict=True):
            found[place] = mean / asked[place][0]
    return found


def _nearest(here: Float[np.ndarray, "m n"], k: int) -> _Nearest:
    reach = np.partition(here, k - 1, axis=1)[:, k - 1, None]
    nearer = here < reach
    tied = here == reach
    share = (k - nearer.sum(1)) / tied.sum(1)
    rows, others = np.nonzero(nearer | tied)
    return _Nearest(rows, others, np.where(nearer[rows, others], 1.0, share[rows]))


def _weighed(
    there: Float[np.ndarray, "m n"], wanted: Sequence[_Nearest]
) -> Iterator[Float[np.ndarray, " m"]]:
    """Sums of the ranks of each set of neighbours, row by row."""
    look = _all_ranks(there) if sum(len(one.rows) for one in wanted) > MANY * len(there) else None
    for one in wanted:
        ranks = _ranks(there, one) if look is None else look[one.rows, one.others]
        yield np.bincount(one.rows, one.weights * ranks, minlength=len(there))


def _all_ranks(there: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
    """The rank of every sample within its row, from 1; equal distances share theirs."""
    order = np.argsort(there, axis=1)
    ascending = np.take_along_axis(there, order, axis=1)
    ranks = np.empty(there.shape)
    np.put_along_axis(ranks, order, np.arange(1.0, there.shape[1] + 1)[None], axis=1)
    tied = (ascending[:, 1:] == ascending[:, :-1]).any(1)
    if tied.any():
        from scipy.stats import rankdata  # a second to import, and ties are rare

        ranks[tied] = rankdata(there[tied], axis=1)
    return ranks


def _ranks(there: Float[np.ndarray, "m n"], near: _Nearest) -> Float[np.ndarray, " l"]:
    """The same of some samples alone, by counting who is nearer."""
    ranks = np.empty(len(near.rows))
    for start in range(0, len(near.rows), len(there)):
        piece = slice(start, start + len(there))
        row = there[near.rows[piece]]
        own = there[near.rows[piece], near.others[piece]][:, None]
        ranks[piece] = (row < own).sum(1) + ((row == own).sum(1) + 1) / 2
    return ranks

"""Neighbours among samples: how far the nearest lie, and how many lie within a radius.

KD-trees and sorted columns in float64; everything here computes on the CPU. A tree is kept in many
columns too: where it degenerates it costs twice what all distances cost, and where the samples lie
on few dimensions it costs a fraction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from infoplane.numerics import counts
from infoplane.numerics.workers import cores, parallel

Result = TypeVar("Result")
LEAF = 40
"""Points per leaf of a tree; between 20 and 60 hardly matter."""
TREE_COLUMNS = 15
"""Above as many columns Euclidean distances come from products of matrices, which are quicker."""
PART = 1000
"""Fewer points than this are not worth a thread."""


@final
@dataclass(frozen=True)
class Cloud:
    """Samples as points: numbers in the max norm, states by equality.

    Two points of one state are as far apart as in the column where they are furthest; two points
    of different states are infinitely far apart.

    Attributes:
        numbers: (n, d); d = 0 where the state alone counts.
        states: One for all where only numbers count.
    """

    numbers: Float[np.ndarray, "n d"]
    states: counts.States

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def columns(self) -> int:
        """How many numbers a point has."""
        return self.numbers.shape[1]

    @cached_property
    def groups(self) -> list[np.ndarray]:
        """The indices of the points of each state."""
        if self.states.size == 1:
            return [np.arange(len(self))]
        ids = self.states.ids.numpy()
        order = np.argsort(ids, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(ids[order])) + 1)

    def at(self, order: Int[np.ndarray, " n"]) -> "Cloud":
        """The same points in another order."""
        return Cloud(self.numbers[order], self.states.reordered(torch.from_numpy(order)))


def of_numbers(numbers: Float[np.ndarray, "n d"]) -> Cloud:
    """Points that have numbers alone."""
    return Cloud(numbers, counts.States(torch.zeros(len(numbers), dtype=torch.int64), 1))


def of_states(x: Shaped[Tensor, "n *d"]) -> Cloud:
    """Points that are equal or not: every label, or distinct row, is a state."""
    return Cloud(np.empty((len(x), 0)), counts.states(x.cpu()))


def joined(*clouds: Cloud) -> Cloud:
    """The joint space: as far apart as in the variable where they are furthest."""
    numbers = np.concatenate([cloud.numbers for cloud in clouds], axis=1)
    return Cloud(numbers, counts.joined(*(cloud.states for cloud in clouds)))


def nearest_distances(cloud: Cloud, k: int) -> Float[np.ndarray, "n k"]:
    """Distances to the k nearest others, ascending; +∞ where fewer share the state."""
    found = np.full((len(cloud), k), np.inf)
    for group in cloud.groups:
        known = min(k, len(group) - 1)
        if known and cloud.columns:
            found[group, :known] = nearest_by_max_norm(cloud.numbers[group], known)[0]
        else:
            found[group, :known] = 0.0
    return found


def count_within(
    cloud: Cloud,
    radii: Float[np.ndarray, " n"],
    closed: Bool[np.ndarray, " n"] | bool,
) -> Int[np.ndarray, " n"]:
    """How many others lie nearer than each point's own radius, or (``closed``) as near.

    Exact at equality: differences are compared as they are rounded, with no tolerance, so a radius
    of ``nearest_distances`` has its own point on the sphere and not beside it.
    """
    # the largest distance that counts: nothing lies between two neighbouring floats
    reach = np.where(closed, radii, np.nextafter(radii, -np.inf))
    found = np.empty(len(cloud), dtype=np.int64)
    for group in cloud.groups:
        found[group] = _counts(cloud.numbers[group], reach[group])
    return found - (reach >= 0)  # nobody is their own neighbour


def nearest_by_max_norm(
    points: Float[np.ndarray, "n d"], k: int
) -> tuple[Float[np.ndarray, "n k"], Int[np.ndarray, "n k"]]:
    """Distances to the k nearest others in the max norm, ascending, and who they are."""
    return _without_self(*_query(points, k + 1, "chebyshev"))


def nearest_by_euclid(
    points: Float[np.ndarray, "n d"], k: int
) -> tuple[Float[np.ndarray, "n k"], Int[np.ndarray, "n k"]]:
    """Euclidean distances to the k nearest others, ascending, and who they are.

    In many columns they are looked for by matrix products of centred points, and then measured
    from differences, so that near duplicates keep their distance.
    """
    if points.shape[1] <= TREE_COLUMNS:
        return _without_self(*_query(points, k + 1, "euclidean"))
    from sklearn.neighbors import NearestNeighbors  # as for the tree

    search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(points - points.mean(0))
    return _measured(points, search.kneighbors(return_distance=False))


def repeated(points: Shaped[Tensor, "n d"]) -> int:
    """How many rows equal another row exactly.

    >>> repeated(torch.tensor([[0.0, 1.0], [2.0, 3.0], [0.0, 1.0]]))
    2
    """
    frequencies = counts.states(points).counts()
    return int(frequencies[frequencies > 1].sum())


def distinct(points: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "m d"]:
    """The points with every repetition left out, in their order."""
    ids = counts.states(torch.from_numpy(points)).ids.numpy()
    first = np.unique(ids, return_index=True)[1]
    return points if len(first) == len(points) else points[np.sort(first)]


def _counts(points: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """How many points of one state lie as near as ``reach``, the point itself among them."""
    if points.shape[1] == 0:
        return np.where(reach >= 0, len(points), 0)
    if points.shape[1] == 1:
        return _counts_on_a_line(points[:, 0], reach)
    tree = _tree(points, "chebyshev")
    counted = _in_parts(
        lambda rows: tree.query_radius(points[rows], reach[rows], count_only=True), len(points)
    )
    return np.concatenate(counted)


def _counts_on_a_line(values: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """The same for one column, by bisection among its sorted values."""
    line, own, frequencies = np.unique(values, return_inverse=True, return_counts=True)
    before = np.concatenate([[0], np.cumsum(frequencies)])
    first = _furthest_below(line, own, reach)
    mirrored = _furthest_below(-line[::-1], len(line) - 1 - own, reach)
    return np.where(reach >= 0, before[len(line) - mirrored] - before[first], 0)


def _furthest_below(line: np.ndarray, own: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """The first place of an ascending line whose value lies within reach of the own place's."""
    low, high, centre = np.zeros_like(own), own, line[own]
    while (low < high).any():
        middle = (low + high) // 2
        near = centre - line[middle] <= reach
        low, high = np.where(near, low, np.minimum(middle + 1, high)), np.where(near, middle, high)
    return low


def _tree(points: np.ndarray, metric: str) -> Any:  # noqa: ANN401 — a type of what is imported late
    from sklearn.neighbors import KDTree  # a second to import, for those who search

    return KDTree(points, LEAF, metric=metric)


def _query(points: np.ndarray, k: int, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """Distances to the k nearest, the point itself among them, ascending, and who they are."""
    tree = _tree(points, metric)
    found = _in_parts(lambda rows: tree.query(points[rows], k), len(points))
    distances, indices = zip(*found, strict=True)
    return np.concatenate(distances), np.concatenate(indices)


def _in_parts(search: Callable[[slice], Result], n: int) -> list[Result]:
    """A search for all points, in as many parts as there are cores for it."""
    size = max(PART, -(-n // cores()))
    parts = [slice(start, start + size) for start in range(0, n, size)]
    return parallel(search, parts) if len(parts) > 1 else [search(parts[0])]


def _measured(points: np.ndarray, neighbours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Euclidean distances to some neighbours from the differences, ascending, and who is where."""
    pieces = [slice(start, start + 4096) for start in range(0, len(points), 4096)]
    columns = [
        [np.linalg.norm(points[rows] - points[one[rows]], axis=1) for rows in pieces]
        for one in neighbours.T
    ]
    distances = np.stack([np.concatenate(column) for column in columns], axis=1)
    order = np.argsort(distances, axis=1, kind="stable")
    return np.take_along_axis(distances, order, 1), np.take_along_axis(neighbours, order, 1)


def _without_self(distances: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Neighbours without the point itself, which duplicates can hide behind themselves."""
    own = indices == np.arange(len(indices))[:, None]
    own[~own.any(1), 0] = True
    kept = (len(indices), indices.shape[1] - 1)
    return distances[~own].reshape(kept), indices[~own].reshape(kept)

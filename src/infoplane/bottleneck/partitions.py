"""The deterministic bottleneck over partitions: H(T) + β E d is a sum over clusters.

Of a cluster with mass r = Σ p(x) and R = Σ p(x) p(y|x), sums over its states, the cost is
−r ln r + β (Σ p(x) Σ_y p(y|x) ln p(y|x) − Σ_y R ln R/r). For the dual it is
−r ln r − β r ln Σ_y exp(R/r) with R = Σ p(x) ln p(y|x). Masses and R add up, so that moving a state
or merging two clusters costs a few rows.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.special import xlogy

from infoplane.bottleneck.agglomerative import labels_after, merged_in_turn
from infoplane.bottleneck.log_space import log_sum
from infoplane.bottleneck.maps import Problem

FEW = 8
"""States up to which all partitions are tried: 4140 of them."""
SIZES = 12
"""Sizes of partitions that are improved at most, where there are more states."""
SWEEPS = 50
"""Times at most that every state is asked whether it should move."""
GAIN = 1e-12
"""Nats that a move must gain."""


def best_partition(problem: Problem, most: int) -> Int[ndarray, " x"]:
    """The cheapest partition into at most so many clusters that was found, as labels.

    Of few states all are tried; of more, clusters are merged, the cheapest pair first, and at
    several sizes states are moved one at a time for as long as that gains.
    """
    sums = _sums(problem)
    if len(sums) <= FEW:
        tried = all_partitions(len(sums), most)
    else:
        tried = (_moved(problem, sums, one, most) for one in _merged(problem, sums, most))
    return min(tried, key=lambda labels: float(_costs(problem, _joined(sums, labels)).sum()))


def all_partitions(n: int, most: int) -> Iterator[Int[ndarray, " x"]]:
    """All partitions into at most so many blocks, as labels that grow by 1 at most."""
    grown = [[0]]
    for _ in range(n - 1):
        grown = [[*one, label] for one in grown for label in range(min(max(one) + 2, most))]
    yield from (np.array(one) for one in grown)


def _sums(problem: Problem) -> Float[ndarray, "x k"]:
    """What adds up over the states of a cluster: p(x), R, and for the bottleneck −H(Y|x) p(x)."""
    p = problem.p[:, None]
    if problem.dual:
        return np.hstack([p, p * problem.log_w])
    return np.hstack([p, p * problem.w, p * problem.negative_entropy[:, None]])


def _joined(sums: Float[ndarray, "x k"], labels: Int[ndarray, " x"]) -> Float[ndarray, "t k"]:
    found = np.zeros((int(labels.max()) + 1, sums.shape[1]))
    np.add.at(found, labels, sums)
    return found


def _costs(problem: Problem, sums: Float[ndarray, "n k"]) -> Float[ndarray, " n"]:
    """The cost of clusters in nats; 0 of an empty one."""
    r = sums[:, 0]
    if problem.dual:
        mean = sums[:, 1:] / np.where(r > 0, r, 1.0)[:, None]
        lost = -r * log_sum(mean, 1)
    else:
        lost = sums[:, -1] - xlogy(sums[:, 1:-1], sums[:, 1:-1]).sum(1) + xlogy(r, r)
    return problem.beta * lost - xlogy(r, r)


def _merged(
    problem: Problem, sums: Float[ndarray, "x k"], most: int
) -> Iterator[Int[ndarray, " x"]]:
    """Partitions of some sizes, from a cluster for every state on; the cheapest merge first."""

    def risen(one: ndarray, others: ndarray) -> Float[ndarray, " n"]:
        alone = _costs(problem, one[None]) + _costs(problem, others)
        return _costs(problem, one + others) - alone

    merges = merged_in_turn(sums, risen)[0]
    sizes = np.unique(np.geomspace(1, min(len(sums), most), SIZES).round().astype(int))
    yield from (labels_after(merges, int(size)) for size in sizes)


def _moved(
    problem: Problem, sums: Float[ndarray, "x k"], labels: Int[ndarray, " x"], most: int
) -> Int[ndarray, " x"]:
    """The partition after every move of one state that gains, the best of each state first."""
    labels, room = labels.copy(), min(most, int(labels.max()) + 2)
    clusters = np.zeros((room, sums.shape[1]))  # one of them may be empty
    np.add.at(clusters, labels, sums)
    for _ in range(SWEEPS):
        moved = False
        for x, own in enumerate(sums):
            here = labels[x]
            left = clusters[here] - own if (labels == here).sum() > 1 else np.zeros_like(own)
            with_it, without = clusters + own, clusters.copy()
            with_it[here], without[here] = clusters[here], left
            gained = _costs(problem, with_it) - _costs(problem, without)
            there = int(gained.argmin())
            if gained[there] < gained[here] - GAIN:
                clusters[here], clusters[there] = left, clusters[there] + own
                labels[x], moved = there, True
        if not moved:
            break
    return np.unique(labels, return_inverse=True)[1]

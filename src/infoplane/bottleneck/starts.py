"""Where descents begin if a single one might end in a local minimum. All of it is deterministic."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from infoplane.bottleneck.agglomerative import Agglomeration, lost_by_merging, merged_in_turn
from infoplane.bottleneck.joint import Joint
from infoplane.bottleneck.maps import Problem, logs
from infoplane.bottleneck.partitions import all_partitions, best_partition

FEW = 4
"""States up to which every partition is a start: 15 of them."""
MANY = 200
"""States from which on a cluster for every state is no start, because that costs too much."""
SIZES = 12
"""Sizes of agglomerative partitions that are starts at most."""
KEPT = 0.9
"""What a start leaves of a state in its own cluster; the rest is spread over all clusters."""
SHAKEN = 0.001
"""What is spread over all clusters before a solution is carried to another β."""


def trivial(problem: Problem) -> Float[ndarray, "x 1"]:
    """One cluster for all states, ln p(t|x)."""
    return np.zeros((len(problem.p), 1))


def identity(problem: Problem) -> Float[ndarray, "x x"]:
    """A cluster for every state, ln p(t|x)."""
    return logs(np.eye(len(problem.p)))


def shaken(log_q: Float[ndarray, "x t"]) -> Float[ndarray, "x t"]:
    """0.999 p(t|x) + 0.001/|T|: zeros are left behind, symmetries stay."""
    return np.log((1 - SHAKEN) * np.exp(log_q) + SHAKEN / log_q.shape[1])


def starts(problem: Problem, clusters: int | None) -> list[Float[ndarray, "x t"]]:
    """Encoders, as ln p(t|x), of all starts with at most so many clusters.

    They are a cluster for every state, clusters that differ a little, agglomerative partitions of
    every size (of a few sizes if there are many), all partitions of at most 4 states, and for
    α < 1 the best partition of the deterministic bottleneck.
    """
    n = len(problem.p)
    most = n if clusters is None else min(clusters, n)
    found = [_nearly_alike(problem, most)]
    if n == most and n <= MANY:
        found.append(identity(problem))
    partitions = [*_agglomerated(problem, most), *(all_partitions(n, most) if n <= FEW else ())]
    begun = [trivial(problem), *found, *(_softened(one) for one in partitions if one.max() > 0)]
    if problem.alpha == 1:
        return begun
    best = best_partition(problem, most)
    return [logs(np.eye(int(best.max()) + 1)[best]), _softened(best), *begun]


def _nearly_alike(problem: Problem, most: int) -> Float[ndarray, "x t"]:
    wave = np.sin(1 + 2.3 * np.arange(len(problem.p) * most)).reshape(len(problem.p), most)
    return wave / 10 - np.log(np.exp(wave / 10).sum(1, keepdims=True))


def _agglomerated(problem: Problem, most: int) -> Iterator[Int[ndarray, " x"]]:
    if most < 2:
        return
    table = problem.p[:, None] * problem.w
    tree = Agglomeration(Joint(table), *merged_in_turn(table, lost_by_merging))
    sizes = np.unique(np.geomspace(2, most, SIZES).round().astype(int))
    yield from (tree.labels(int(size)) for size in sizes)


def _softened(labels: Int[ndarray, " x"]) -> Float[ndarray, "x t"]:
    count = int(labels.max()) + 1
    return np.log(KEPT * np.eye(count)[labels] + (1 - KEPT) / count)

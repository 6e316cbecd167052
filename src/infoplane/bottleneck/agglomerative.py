"""Agglomerative bottleneck: from a cluster for every state to one, the cheapest merge first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.special import xlogy

from infoplane.bottleneck.joint import Joint, Table, as_joint
from infoplane.quantities.tables import mutual_information
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2


@final
@dataclass(frozen=True, eq=False)
class Agglomeration:
    """A tree of merges.

    Attributes:
        joint: What was clustered.
        merges: Which two clusters were merged, shape (n − 1, 2), states and clusters being known by
            the lowest state in them; the first column is the lower one and keeps its name.
        costs: By how much every merge lowered I(T;Y), in bits, shape (n − 1,).
    """

    joint: Joint
    merges: Int[ndarray, "m 2"]
    costs: Float[ndarray, " m"]

    def __repr__(self) -> str:
        """How much was merged."""
        return f"Agglomeration({len(self.joint.table)} states)"

    def labels(self, clusters: int) -> Int[ndarray, " x"]:
        """The partition into so many clusters, named 0, 1, … in the order of their lowest states.

        Raises:
            InfoplaneError: More clusters than states, or less than one.
        """
        n = len(self.joint.table)
        if not 1 <= clusters <= n:
            raise InfoplaneError(f"{clusters} clusters of {n} states: between 1 and {n} there are.")
        return labels_after(self.merges, clusters)

    def relevance(self, clusters: int) -> float:
        """I(T;Y) of the partition into so many clusters, in bits."""
        encoder = np.eye(clusters)[self.labels(clusters)]
        return mutual_information(encoder.T @ self.joint.table)


def agglomerate(joint: Joint | Table) -> Agglomeration:
    """Merges two clusters at a time, those that lower I(T;Y) least.

    A merge costs (p_i + p_j) JS[p(y|i), p(y|j)] with the weights p_i, p_j. Ties go to the lowest
    states. Memory n², time n² |Y|.

    Args:
        joint: p(x, y), shape (x, y).

    Raises:
        InfoplaneError: The table is no joint distribution.

    Source: slonim1999agglomerative.
    """
    given = as_joint(joint)
    merges, costs = merged_in_turn(given.table, lost_by_merging)
    return Agglomeration(given, merges, costs / LN2)


def labels_after(merges: Int[ndarray, "m 2"], clusters: int) -> Int[ndarray, " x"]:
    """The partition that is left at so many clusters, named in the order of their lowest states."""
    n = len(merges) + 1
    name = np.arange(n)
    for lower, upper in merges[: n - clusters]:
        name[name == upper] = lower
    return np.unique(name, return_inverse=True)[1]


Costs = Callable[[Float[ndarray, " y"], Float[ndarray, "n y"]], Float[ndarray, " n"]]
"""Of a row and others: what merging it with each of them costs, in nats."""


def merged_in_turn(
    table: Float[ndarray, "x y"], costs_of: Costs
) -> tuple[Int[ndarray, "m 2"], Float[ndarray, " m"]]:
    """The merges and their costs in nats; rows that are merged add up."""
    rows, n = table.copy(), len(table)
    price = np.full((n, n), np.inf)
    for i in range(n - 1):
        price[i, i + 1 :] = costs_of(rows[i], rows[i + 1 :])
    merges, costs = np.zeros((n - 1, 2), dtype=np.int64), np.zeros(n - 1)
    for step in range(n - 1):
        i, j = divmod(int(price.argmin()), n)
        merges[step], costs[step] = (i, j), price[i, j]
        rows[i] += rows[j]
        price[j], price[:, j] = np.inf, np.inf
        left = np.isfinite(price[i]) | np.isfinite(price[:, i])
        others = np.flatnonzero(left)
        found = costs_of(rows[i], rows[others])
        price[i, others[others > i]] = found[others > i]
        price[others[others < i], i] = found[others < i]
    return merges, costs


def lost_by_merging(
    one: Float[ndarray, " y"], others: Float[ndarray, "n y"]
) -> Float[ndarray, " n"]:
    """(p_i + p_j) JS of a row p(x, ·) with each of others, in nats."""
    both = one + others
    mass = both.sum(1)
    spread = xlogy(mass, mass) - xlogy(one.sum(), one.sum())
    spread = spread - xlogy(others.sum(1), others.sum(1))
    told = xlogy(one, one).sum() + xlogy(others, others).sum(1) - xlogy(both, both).sum(1)
    return told + spread

"""Where along the curve the number of clusters changes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import final

from infoplane.bottleneck.critical import Thresholds, thresholds
from infoplane.bottleneck.descent import Stop
from infoplane.bottleneck.solution import Solution
from infoplane.bottleneck.solver import solved_from

NARROW = 1e-3
"""The relative width of β within which a bifurcation is enclosed."""
STOP = Stop(evaluations=5_000)
"""When a descent of the search ends: next to a bifurcation convergence takes for ever, and the
number of clusters is known long before."""


class Kind(Enum):
    """What happens to the clusters of the global minimum as β rises."""

    SPLITS = "a cluster splits, its parts moving apart from where it was"
    APPEARS = "a cluster appears elsewhere, its mass rising from 0"
    MERGES = "clusters become fewer"


@final
@dataclass(frozen=True, eq=False)
class Bifurcation:
    """Where the number of clusters changes, enclosed by two solutions.

    Attributes:
        below: The solution before, β less than 0.1 % lower.
        above: The solution after.
        kind: What happens there.
        beta: Where: the onset if there was one cluster; else the β at which the cluster splits;
            the middle between both where that is not known or not between them.
        exact: Whether it is the onset, and no number within the enclosure.
    """

    below: Solution
    above: Solution
    kind: Kind
    beta: float
    exact: bool = False

    @property
    def splits(self) -> bool:
        """Whether a cluster splits."""
        return self.kind is Kind.SPLITS

    @property
    def before(self) -> int:
        """Clusters below."""
        return self.below.clusters

    @property
    def after(self) -> int:
        """Clusters above."""
        return self.above.clusters


def bifurcations(
    solutions: Sequence[Solution], known: Thresholds | None = None
) -> Iterator[Bifurcation]:
    """Where the number of clusters changes between neighbours in β.

    A cluster that comes and goes again between two neighbours is not seen.

    Args:
        solutions: Of one joint, in any order.
        known: Its thresholds, or those of its dual; None to compute them where the first cluster
            is left.
    """
    ordered = sorted(solutions, key=lambda one: one.beta)
    for below, above in pairwise(one for one in ordered if one.indexed):
        yield from (_bifurcation(*pair, known) for pair in _enclosed(below, above))


def _enclosed(below: Solution, above: Solution) -> Iterator[tuple[Solution, Solution]]:
    """Pairs of solutions near each other between which it changes, found by bisection.

    Each of them is a solution of its own, so that what is found is a change of the global minimum.
    """
    if below.clusters == above.clusters:
        return
    if above.beta <= below.beta * (1 + NARROW):
        yield below, above
        return
    middle = math.sqrt(below.beta * above.beta) if below.beta > 0 else above.beta / 2
    between = solved_from(below.joint, middle, below.dual, below, STOP)
    yield from _enclosed(below, between)
    yield from _enclosed(between, above)


def _bifurcation(below: Solution, above: Solution, known: Thresholds | None) -> Bifurcation:
    """The first cluster is left at the onset; any other splits where its own threshold lies."""
    if above.clusters < below.clusters:
        return Bifurcation(below, above, Kind.MERGES, math.sqrt(below.beta * above.beta))
    if below.clusters == 1:
        known = known or thresholds(below.joint, below.dual)
        splits, beta = not known.first_order, known.onset
    else:
        beta = float(below.critical.min())
        splits = below.beta * (1 - NARROW) <= beta <= above.beta * (1 + NARROW)
    known_inside = (splits or below.clusters == 1) and below.beta <= beta <= above.beta
    if not known_inside:
        beta = math.sqrt(below.beta * above.beta)
    kind = Kind.SPLITS if splits else Kind.APPEARS
    return Bifurcation(below, above, kind, beta, exact=known_inside and below.clusters == 1)

"""From which β on there is anything to be gained: local and global thresholds of a joint."""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from infoplane.bottleneck.contraction import by_geometric_mean, by_mean, contraction
from infoplane.bottleneck.joint import Joint, Table, as_joint
from infoplane.bottleneck.maps import Problem, evaluate
from infoplane.bottleneck.solver import posed
from infoplane.bottleneck.splitting import contrast, split_directions
from infoplane.bottleneck.starts import trivial

WEAK = 1e-6
"""The relative distance of both thresholds from which on a transition is said to be of first order.
Where p(x, y) has no symmetry the onset lies at least a trace below the local threshold."""


@final
@dataclass(frozen=True)
class Thresholds:
    """Values of β from which on the bottleneck, or its dual, has more than one cluster.

    β weighs an information against another in the same unit, and has none itself. Both are ∞ where
    X and Y are independent.

    Attributes:
        local: Above it the solution of one cluster is no local minimum. 1/ρ² for the bottleneck, ρ
            being the maximal correlation; for the dual the same of ln p(y|x), centred.
        onset: Above it that solution is no global minimum: 1/η, η being the contraction coefficient
            sup_r D(rW‖pW)/D(r‖p), the learnability threshold; for the dual the supremum of
            D(m_p‖m_r)/D(r‖p), m_r being the geometric mean of p(y|x) under r. It is never above
            ``local``; where it lies below, the second cluster does not split off. The supremum is
            searched from many places; if they all missed it, the onset is lower.
    """

    local: float
    onset: float

    @property
    def first_order(self) -> bool:
        """Whether the second cluster appears apart from the first, its mass rising from 0.

        It is the decoder that is new at a distance, as in a transition of first order; the rate
        rises from 0 without a jump. Otherwise the first splits.
        """
        return self.onset < self.local * (1 - WEAK)


def thresholds(joint: Joint | Table, dual: bool = False) -> Thresholds:
    """From which β on the bottleneck, or its dual, has more than one cluster.

    Args:
        joint: p(x, y), shape (x, y), NumPy or torch; or a ``Joint``.
        dual: Of the dual.

    Raises:
        InfoplaneError: The table is no joint distribution, or the dual where some p(y|x) = 0.

    Source: anantharam2013maximal (ρ² and η); wu2019learnability; piran2020dual (the dual's local
        one).
    """
    problem = posed(as_joint(joint), 1.0, dual=dual)
    if len(problem.p) == 1:
        return Thresholds(np.inf, np.inf)
    local, direction = _split(problem)
    if np.isinf(local):  # no correlation at all is independence
        return Thresholds(np.inf, np.inf)
    brought = (by_geometric_mean if dual else by_mean)(problem.p, problem.w)
    eta = contraction(problem.p, brought, direction, 1 / local)
    return Thresholds(local, 1 / eta)


def _split(problem: Problem) -> tuple[float, Float[ndarray, " x"]]:
    """The β at which one cluster splits, and the direction over x, as a change of ln p(x|t)."""
    at = evaluate(problem, trivial(problem))
    directions, critical = split_directions(problem, at)
    over_x = contrast(problem, problem.p, at.m[0]) @ (at.m[0] * directions[0])
    return float(critical[0]), over_x / max(np.abs(over_x).max(), 1e-300)

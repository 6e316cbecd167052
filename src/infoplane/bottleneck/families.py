"""The exponential family that the rows p(y|x) span, in which the dual bottleneck stays."""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from infoplane.bottleneck.joint import Joint, Table, as_joint
from infoplane.bottleneck.log_space import normalised
from infoplane.bottleneck.maps import decoder
from infoplane.bottleneck.solution import Solution
from infoplane.bottleneck.solver import posed
from infoplane.bottleneck.splitting import contrast
from infoplane.values.errors import InfoplaneError

NEGLIGIBLE = 1e-12
"""A singular value that is smaller, in nats, or as a share of the largest, is rounding."""


@final
@dataclass(frozen=True, eq=False)
class ExponentialFamily:
    """Distributions p(y) ∝ base(y) exp(−Σ_r λ_r(y) A_r), one for every value of the statistics A.

    The dual's decoder of a cluster is the member whose statistics are the means Σ_x p(x|t) A_r(x),
    so that it costs r numbers a cluster, however many outcomes there are. Bayes' decoder, a mean of
    the p(y|x) themselves, leaves the family unless it is all of the distributions over y.

    Attributes:
        joint: Whose rows p(y|x) it is the smallest family of.
        base: The member at A = 0, the geometric mean of the rows under p(x), shape (y,).
        parameters: λ_r(y), shape (r, y); 0 where y never occurs.
        statistics: A_r(x), shape (x, r), of mean 0 under p(x); 0 where x never occurs. Their
            variances, in falling order, are one over the β at which one cluster of the dual would
            split along them.
    """

    joint: Joint
    base: Float[ndarray, " y"]
    parameters: Float[ndarray, "r y"]
    statistics: Float[ndarray, "x r"]

    def __repr__(self) -> str:
        """How many statistics of how many outcomes."""
        return f"ExponentialFamily({self.dimension} statistics, {len(self.base)} outcomes)"

    @property
    def dimension(self) -> int:
        """How many statistics there are; no more than |X| − 1 and |Y| − 1."""
        return len(self.parameters)

    def member(self, statistics: Float[ndarray, "n r"]) -> Float[ndarray, "n y"]:
        """The distributions over y with these statistics, shape (n, y).

        Raises:
            InfoplaneError: The statistics are of another number than the family's.
        """
        given = np.asarray(statistics, dtype=np.float64)
        if given.ndim != 2 or given.shape[1] != self.dimension:
            raise InfoplaneError(
                f"The statistics have shape {given.shape}; (n, {self.dimension}) is needed."
            )
        with np.errstate(divide="ignore"):  # of what never occurs
            return np.exp(normalised(np.log(self.base) - given @ self.parameters))

    def of_clusters(self, solution: Solution) -> Float[ndarray, "t r"]:
        """The mean statistics Σ_x p(x|t) A_r(x) of every cluster, shape (t, r).

        Raises:
            InfoplaneError: The solution is one of another joint.
        """
        px = self.joint.px
        if not np.array_equal(solution.joint.table, self.joint.table):
            raise InfoplaneError("The solution is none of the joint whose family this is.")
        inverse = (px[:, None] * solution.encoder / solution.marginal).T
        return inverse @ self.statistics


def exponential_family(joint: Joint | Table) -> ExponentialFamily:
    """The smallest exponential family that all p(y|x) of a joint belong to.

    It is the singular value decomposition of ln p(y|x), centred over x and over y, with weights
    p(x) and the base, up to singular values of 1e-12 nat. For generic rows it has as many
    statistics as there can be.

    >>> import infoplane as ip
    >>> family = ip.bottleneck.exponential_family([[0.45, 0.05], [0.05, 0.45]])
    >>> dual = ip.bottleneck.solve(family.joint, beta=2.0, dual=True)
    >>> bool(abs(family.member(family.of_clusters(dual)) - dual.decoder).max() < 1e-12)
    True

    Args:
        joint: p(x, y) with every p(y|x) > 0, shape (x, y), NumPy or torch; or a ``Joint``.

    Raises:
        InfoplaneError: The table is no joint distribution, or some p(y|x) = 0.

    Source: piran2020dual (closure).
    """
    given = as_joint(joint)
    problem, reduced = posed(given, 0.0, dual=True), given.reduced
    base = decoder(problem, problem.p[None])[0]
    roots = np.sqrt(problem.p)[:, None], np.sqrt(base)[None]
    centred = contrast(problem, problem.p, base)
    left, values, right = np.linalg.svd(roots[0] * centred * roots[1], full_matrices=False)
    used = values > NEGLIGIBLE * max(values[0], 1.0)
    merged = (left * values)[:, used] / roots[0]
    statistics = np.where(reduced.place[:, None] >= 0, merged[reduced.place], 0.0)
    parameters = np.zeros((int(used.sum()), len(reduced.columns)))
    parameters[:, reduced.columns] = -right[used] / roots[1]
    return ExponentialFamily(given, reduced.widened(base[None])[0], parameters, statistics)

"""Intrinsic dimension from the distances to k nearest neighbours."""

import math
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from jaxtyping import Float

from infoplane.measures.geometry.points import (
    Distances,
    dimension,
    distinct_points,
    resolved_distances,
)
from infoplane.measures.samples import Samples
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate


def inverse_dimensions(distances: Distances) -> Float[np.ndarray, " n"]:
    """⟨ln(r_k / r_j)⟩ over j < k of every point: the inverse of its most likely dimension.

    Of distances to its k nearest neighbours, ascending.

    Source: levina2004maximum, equation 8.
    """
    logs = np.log(distances)
    return logs[:, -1] - logs[:, :-1].mean(1)


@final
@dataclass(frozen=True)
class LevinaBickel:
    """The dimension of the manifold on which samples lie, from k neighbours of every sample.

    Known bias: too low in many dimensions, and near the edge of the data for many neighbours.

    It computes on the CPU, wherever the samples lie.

    Attributes:
        k: Neighbours, at least 3.
        average: The "inverse" of the mean inverse dimension (MacKay and Ghahramani), or the mean
            of the local "dimensions" as first published, with k − 2 for k − 1, which its authors
            give as unbiased.

    Source: levina2004maximum; mackay2005comments.
    """

    k: int = 10
    average: Literal["inverse", "dimensions"] = "inverse"

    def __post_init__(self) -> None:
        if isinstance(self.k, bool) or not isinstance(self.k, int) or self.k < 3:
            raise InfoplaneError(
                f"LevinaBickel(k={self.k!r}): at least three neighbours are needed; 10 is usual."
            )
        if self.average not in ("inverse", "dimensions"):
            raise InfoplaneError(
                f"LevinaBickel(average={self.average!r}): give 'inverse' or 'dimensions'."
            )

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        pooled = "inverses averaged" if self.average == "inverse" else "local values averaged"
        return f"maximum-likelihood intrinsic dimension, k = {self.k}, {pooled}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("levina2004maximum", "mackay2005comments")

    def __call__(self, x: Samples) -> Estimate:
        """The dimension of samples (n,), (n, d) or (n, c, h, w), without unit.

        Raises:
            InfoplaneError: Class labels, NaN or infinity, or k different samples at most.
        """
        points, repeated = distinct_points(x, self.k, "LevinaBickel")
        distances, vanished = resolved_distances(points, self.k, "LevinaBickel")
        inverses = inverse_dimensions(distances)
        value, error = (
            _of_inverses(inverses)
            if self.average == "inverse"
            else _of_dimensions(inverses * (self.k - 1) / (self.k - 2))
        )
        n = len(inverses)
        source = f"spread of {n} local values"
        return dimension(value, n, repr(self), error, source, repeated + vanished)


def _of_inverses(inverses: np.ndarray) -> tuple[float, float]:
    """1/⟨1/d⟩ and its standard error, to first order."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(np.divide(1.0, inverses.mean()))
        return value, float(value**2 * inverses.std(ddof=1) / math.sqrt(len(inverses)))


def _of_dimensions(inverses: np.ndarray) -> tuple[float, float]:
    """⟨d⟩ and its standard error."""
    with np.errstate(divide="ignore", invalid="ignore"):
        local = np.divide(1.0, inverses)
        return float(local.mean()), float(local.std(ddof=1) / math.sqrt(len(local)))

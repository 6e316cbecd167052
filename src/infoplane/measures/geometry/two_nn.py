"""Intrinsic dimension from the two nearest neighbours."""

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

Ratios = Float[np.ndarray, " n"]


def log_ratios(distances: Distances, near: int, far: int) -> Ratios:
    """ln(r_far / r_near) of distances to two neighbours of every point."""
    return np.log(distances[:, far - 1]) - np.log(distances[:, near - 1])


def slope(logs: Ratios, fraction: float) -> float:
    """Slope through the origin of −ln(1 − i/n) against ln μ₍ᵢ₎, over a fraction of smallest μ.

    Source: facco2017estimating.
    """
    x = np.sort(logs)[: _fitted(len(logs), fraction)]
    y = _expected(len(logs), len(x))
    return float(x @ y / (x @ x)) if x.any() else math.inf


def slope_error(value: float, n: int, fraction: float) -> float:
    """Standard error of ``slope`` where n independent ln μ have the exponential law they should.

    To first order the slope depends on Σ y₍ᵢ₎·ln μ₍ᵢ₎ alone, and ordered exponentials are sums of
    independent ones: d·ln μ₍ᵢ₎ = Σ_{j ≤ i} Z_j/(n − j + 1).
    """
    y = _expected(n, _fitted(n, fraction))
    weights = np.cumsum(y[::-1])[::-1] / (n - np.arange(len(y)))
    return value * float(np.linalg.norm(weights) / (y @ y))


def likelihood(logs: Ratios) -> float:
    """(n − 1)/Σ ln μ: the most likely dimension, made unbiased.

    Source: facco2017estimating; denti2022generalized.
    """
    return float((len(logs) - 1) / logs.sum()) if logs.any() else math.inf


@final
@dataclass(frozen=True)
class TwoNN:
    """The dimension of the manifold on which samples lie, from r₂/r₁ of every sample.

    It needs the density to be constant only out to the second neighbour. Known bias: too low in
    many dimensions, because nearest neighbours are far away (Gaussians of 10, 20, 40 and 80
    dimensions as 9.5, 16.8, 27 and 42 from 2000 samples); too high at scales below the noise.

    It computes on the CPU, wherever the samples lie.

    Attributes:
        fit: The published straight line, or the most likely dimension.
        fraction: The straight line is fitted to this share of the smallest ratios.

    Source: facco2017estimating.
    """

    fit: Literal["slope", "likelihood"] = "slope"
    fraction: float = 0.9

    def __post_init__(self) -> None:
        if self.fit not in ("slope", "likelihood"):
            raise InfoplaneError(f"TwoNN(fit={self.fit!r}): give 'slope' or 'likelihood'.")
        if not 0 < self.fraction < 1:
            raise InfoplaneError(
                f"TwoNN(fraction={self.fraction}): a share between 0 and 1; 0.9 is usual."
            )

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        fitted = f"line through {self.fraction:g} of the ratios" if self._lined else self.fit
        return f"intrinsic dimension from two nearest neighbours ({fitted})"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("facco2017estimating",)

    def __call__(self, x: Samples) -> Estimate:
        """The dimension of samples (n,), (n, d) or (n, c, h, w), without unit.

        Raises:
            InfoplaneError: Class labels, NaN or infinity, or fewer than three different samples.
        """
        points, repeated = distinct_points(x, self.reach, "TwoNN")
        distances, vanished = resolved_distances(points, self.reach, "TwoNN")
        return self.of_distances(distances, repeated + vanished)

    @property
    def reach(self) -> int:
        """How many neighbours it looks at."""
        return 2

    def of_distances(self, distances: Distances, notes: tuple[str, ...] = ()) -> Estimate:
        """The same from distances to two neighbours or more, ascending and positive."""
        logs = log_ratios(distances, 1, 2)
        n = len(logs)
        value = slope(logs, self.fraction) if self._lined else likelihood(logs)
        error = (
            slope_error(value, n, self.fraction)
            if self._lined
            else value / math.sqrt(max(1, n - 2))
        )
        return dimension(value, n, repr(self), error, f"{n} independent ratios", notes)

    @property
    def _lined(self) -> bool:
        return self.fit == "slope"


def _fitted(n: int, fraction: float) -> int:
    return max(1, int(n * fraction))


def _expected(n: int, count: int) -> Ratios:
    """−ln(1 − i/n) of the smallest ``count``."""
    return -np.log1p(-np.arange(1, count + 1) / n)

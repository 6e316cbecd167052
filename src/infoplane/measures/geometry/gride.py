"""Intrinsic dimension across scales, from the ratios of distances to the 2k-th and k-th."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar, final

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq

from infoplane.measures.geometry.points import (
    Distances,
    dimension,
    distinct_points,
    resolved_distances,
)
from infoplane.measures.geometry.two_nn import Ratios, TwoNN, log_ratios
from infoplane.measures.neighbours.neighbourhood import require_neighbours
from infoplane.measures.samples import Samples
from infoplane.values.estimate import Estimate

Key = TypeVar("Key")


def most_likely(logs: Ratios, k: int) -> float:
    """The root d of (n − 1)/d = Σ [(2k − 1) − (k − 1)/(1 − μ^−d)]·ln μ over μ = r_2k/r_k.

    +∞ if every μ is 1. At k = 1 it is the likelihood of the two nearest neighbours.

    Source: denti2022generalized.
    """
    if not logs.any():
        return math.inf

    def score(d: float) -> float:
        return (len(logs) - 1) / d - (2 * k - 1) * logs.sum() + (k - 1) * _sum(logs, d)

    low = high = 1.0
    while score(low) < 0:
        low /= 2
    while score(high) > 0:
        high *= 2
    return low if low == high else float(brentq(score, low, high, xtol=1e-12, rtol=1e-12))


def likelihood_error(logs: Ratios, k: int, d: float) -> float:
    """1/√(observed information) of ``most_likely``; too small for large k, as balls overlap."""
    growth = d * logs
    shrunk = -np.expm1(-growth)
    whole = np.divide(growth, shrunk, out=np.ones_like(logs), where=shrunk > 0)
    return d / math.sqrt(len(logs) + (k - 1) * float((whole**2 * np.exp(-growth)).sum()))


def without_outliers(logs: Float[np.ndarray, " n"]) -> Float[np.ndarray, " kept"]:
    """The ratios below q₅₀ + 20(q₉₅ − q₅₀), as DADApy computes dimensions."""
    mu = np.exp(logs)
    half, most = np.percentile(mu, [50, 95])
    return logs[mu < half + 20 * (most - half)] if most > half else logs


@final
@dataclass(frozen=True)
class Gride:
    """The dimension of the manifold on which samples lie, at the scale of their k-th neighbours.

    At k = 1 it is that of the two nearest neighbours. A dimension that stays the same over k = 1,
    2, 4, … is one of the data; noise shows at small scales, curvature at large ones. Known bias:
    too low in many dimensions, as for TwoNN, and at large k near the edge of the data. Neighbours
    of large order are shared by many samples, so that the standard error is too small there.

    It computes on the CPU, wherever the samples lie.

    Attributes:
        k: The nearer of the two neighbours; the other is the 2k-th.
        outliers: Keep ratios beyond twenty times the usual spread too; the published code leaves
            them out, which overestimates one-dimensional data by some percent.

    Source: denti2022generalized.
    """

    k: int = 1
    outliers: bool = False

    def __post_init__(self) -> None:
        require_neighbours(self.k, "Gride")

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        kept = ", every ratio" if self.outliers else ""
        return f"intrinsic dimension from neighbours {self.k} and {2 * self.k}{kept}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("denti2022generalized",)

    def __call__(self, x: Samples) -> Estimate:
        """The dimension of samples (n,), (n, d) or (n, c, h, w), without unit.

        Raises:
            InfoplaneError: Class labels, NaN or infinity, or 2k different samples at most.
        """
        points, repeated = distinct_points(x, self.reach, "Gride")
        distances, vanished = resolved_distances(points, self.reach, "Gride")
        return self.of_distances(distances, repeated + vanished)

    @property
    def reach(self) -> int:
        """How many neighbours it looks at."""
        return 2 * self.k

    def of_distances(self, distances: Distances, notes: tuple[str, ...] = ()) -> Estimate:
        """The same from distances to 2k neighbours or more, ascending and positive."""
        every = log_ratios(distances, self.k, 2 * self.k)
        logs = every if self.outliers else without_outliers(every)
        if left_out := len(every) - len(logs):
            told = (
                f"{left_out} of {len(every)} ratios of distances beyond 20 times the usual spread "
                "were left out, as in the published code: Gride(outliers=True) keeps them."
            )
            notes = (*notes, told)
        value = most_likely(logs, self.k)
        error = likelihood_error(logs, self.k, value) if math.isfinite(value) else math.inf
        return dimension(value, len(every), repr(self), error, "curvature of the likelihood", notes)


def dimension_scaling(x: Samples, largest: int = 64, outliers: bool = False) -> dict[int, Estimate]:
    """``Gride`` at k = 1, 2, 4, … up to the ``largest``, from one search for neighbours.

    Raises:
        InfoplaneError: As ``Gride``; or 2·largest different samples at most.
    """
    require_neighbours(largest, "dimension_scaling")
    scales = [2**power for power in range(largest.bit_length())]
    return dimensions(x, {k: Gride(k, outliers) for k in scales})


def dimensions(x: Samples, estimators: Mapping[Key, TwoNN | Gride]) -> dict[Key, Estimate]:
    """What several estimators say of the same samples, from one search for neighbours.

    Raises:
        InfoplaneError: As the one that looks furthest.
    """
    furthest = max(estimators.values(), key=lambda one: one.reach)
    name = type(furthest).__name__
    points, repeated = distinct_points(x, furthest.reach, name)
    distances, vanished = resolved_distances(points, furthest.reach, name)
    notes = repeated + vanished
    return {key: one.of_distances(distances, notes) for key, one in estimators.items()}


def _sum(logs: Ratios, d: float) -> float:
    """Σ ln μ/(1 − μ^−d), whose terms are 1/d at μ = 1."""
    shrunk = -np.expm1(-d * logs)
    return float(np.divide(logs, shrunk, out=np.full_like(logs, 1 / d), where=shrunk > 0).sum())

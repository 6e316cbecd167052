"""How far estimators of intrinsic dimension are off on normal samples, and what to make of it.

In many dimensions nearest neighbours are far away, so that an estimate is too low: the more, the
more dimensions there are and the fewer samples. A table that comes with the package says what an
estimator makes of n standard normal samples of d dimensions; read backwards it says which d would
have given an estimate. That corrects the bias as far as other samples have that of normal ones,
which nobody knows; so a corrected dimension stands beside the estimate, never in its place.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from jaxtyping import Float

from infoplane.store.files import read_json

SHIPPED = Path(__file__).with_name("on_normals.json")
"""The table that comes with the package."""


@final
@dataclass(frozen=True)
class OnNormals:
    """What one estimator makes of standard normal samples.

    Attributes:
        method: The estimator with its parameters.
        counts: Numbers of samples n, increasing.
        dimensions: Dimensions d, increasing.
        found: What it says of them on average.
    """

    method: str
    counts: tuple[int, ...]
    dimensions: tuple[float, ...]
    found: Float[np.ndarray, "count dimension"]

    def estimates(self, n: int) -> Float[np.ndarray, " dimension"] | None:
        """What it says of n samples of every dimension; None where the table has no such n.

        Between two numbers of samples it is interpolated, on logarithmic scales.
        """
        if not self.counts[0] <= n <= self.counts[-1]:
            return None
        known, at = np.log(self.counts), math.log(n)
        return np.exp([np.interp(at, known, column) for column in np.log(self.found).T])

    def corrected(self, value: float, n: int) -> float:
        """The dimension of normal samples that would have given an estimate.

        Interpolated on logarithmic scales; below the table the ratio is that of its least
        dimension.

        Args:
            value: The estimate, positive.
            n: Of how many samples.

        Returns:
            ∞ if it is above everything in the table, NaN if the table has no such n.
        """
        found = self.estimates(n)
        if found is None or not value > 0:
            return math.nan
        if value > found[-1]:
            return math.inf
        if value < found[0]:
            return float(value / found[0] * self.dimensions[0])
        return float(np.exp(np.interp(math.log(value), np.log(found), np.log(self.dimensions))))


@functools.cache
def shipped() -> Mapping[str, OnNormals]:
    """The table that comes with the package, by the name of the estimator."""
    told = read_json(SHIPPED)
    counts, dimensions = tuple(told["n"]), tuple(map(float, told["dimension"]))
    return {
        name: OnNormals(one["method"], counts, dimensions, np.array(one["found"]))
        for name, one in told["estimators"].items()
    }


def corrected(name: str, value: float, n: int) -> float:
    """``OnNormals.corrected`` of an estimator; NaN if the table does not have it."""
    known = shipped().get(name)
    return math.nan if known is None else known.corrected(value, n)


def as_json(
    counts: Sequence[int],
    dimensions: Sequence[int],
    found: Mapping[str, Float[np.ndarray, "count dimension"]],
    methods: Mapping[str, str],
) -> dict[str, Any]:
    """A table as it is shipped, with four decimals.

    Args:
        counts: Numbers of samples.
        dimensions: Dimensions.
        found: What every estimator says of them, by name.
        methods: Every estimator with its parameters, by name.
    """
    return {
        "n": list(counts),
        "dimension": list(dimensions),
        "estimators": {
            name: {"method": methods[name], "found": np.round(values, 4).tolist()}
            for name, values in found.items()
        },
    }

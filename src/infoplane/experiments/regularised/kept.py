"""What a family of regularised classifiers ends with: errors and information, by member."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
import xarray as xr

from infoplane.analysis.repeated import mean
from infoplane.experiments.members import above_null_at, last, null_at
from infoplane.experiments.regularised.regulariser import Regulariser
from infoplane.values.trace import Trace

ALONG = "regulariser"
"""The dimension along which the members of the family lie."""


@final
@dataclass(frozen=True)
class Kept:
    """The members of a family on one probe, at the end of training.

    Attributes:
        trace: The family, of one seed or of several.
    """

    trace: Trace

    @cached_property
    def regularisers(self) -> list[Regulariser]:
        """Those of the members, in order."""
        return [Regulariser.named(str(name)) for name in self.trace[ALONG].values]

    @cached_property
    def prices(self) -> list[str]:
        """The members that differ in β alone, in its order, at the least dropout that is there."""
        least = min(one.dropout for one in self.regularisers)
        paying = [one for one in self.regularisers if one.dropout == least]
        return [one.name for one in sorted(paying, key=lambda one: one.beta)]

    @cached_property
    def free(self) -> str | None:
        """The member that pays nothing, at the least dropout; None if there is none."""
        first = self.prices[0]
        return first if Regulariser.named(first).beta == 0 else None

    @cached_property
    def paid(self) -> list[str]:
        """The members that pay, in order of β."""
        return [name for name in self.prices if name != self.free]

    @cached_property
    def dropped(self) -> list[str]:
        """The members with dropout in the place of a price, in its order."""
        least = min(one.dropout for one in self.regularisers)
        instead = [one for one in self.regularisers if one.beta == 0 and one.dropout > least]
        return [one.name for one in sorted(instead, key=lambda one: one.dropout)]

    @property
    def layer(self) -> str:
        """The layer that pays."""
        return str(self.trace.attrs["pays"])

    def error(self, name: str, part: str = "test") -> xr.DataArray:
        """Share of wrong classes, of "test" or "train" images."""
        return last(self._of(name)[f"error_{part}"])

    def gap(self, name: str) -> xr.DataArray:
        """The generalisation gap: the test error less the training error."""
        return self.error(name) - self.error(name, "train")

    def information(self, name: str) -> xr.DataArray:
        """I(X;T) of the layer that pays, in bits."""
        return last(self._of(name)["I_XT"])

    def null(self, name: str) -> xr.DataArray:
        """Its permutation mean."""
        return null_at(last, self._of(name), "I_XT")

    def above_null(self, name: str) -> xr.DataArray:
        """What it has above that."""
        return above_null_at(last, self._of(name), "I_XT")

    def best(self, names: Sequence[str]) -> str:
        """The member with the least test error; one that diverged only if all did."""
        return self._least(names, 0.0)

    def nearest(self, names: Sequence[str], to: str) -> str:
        """The member whose test error is nearest to that of another one."""
        return self._least(names, float(mean("", self.error(to))))

    def _least(self, names: Sequence[str], aim: float) -> str:
        away = [abs(float(mean("", self.error(name))) - aim) for name in names]
        known = [np.inf if np.isnan(one) else one for one in away]
        return names[int(np.argmin(known))]

    def _of(self, name: str) -> Trace:
        return self.trace.sel({ALONG: name, "layer": self.layer}, drop=True)

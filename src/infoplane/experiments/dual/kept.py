"""What a family of objectives ends with, by member."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
import xarray as xr

from infoplane.analysis.repeated import mean
from infoplane.experiments.dual.claims import SLACK
from infoplane.experiments.dual.settings import METHODS, Method, Objective
from infoplane.experiments.members import last, per_run
from infoplane.observe.bounds import CODE
from infoplane.values.trace import Trace

ALONG = "objective"
"""The dimension along which the members of the family lie."""
SHARE = 0.9
"""Share of the largest I(Z;Y) that both of two methods reach, at which their I(X;Z) is compared."""


@final
@dataclass(frozen=True)
class Kept:
    """The members of a family on one probe, at the end of training.

    Attributes:
        trace: The family, of one seed or of several.
    """

    trace: Trace

    @cached_property
    def methods(self) -> dict[Method, list[str]]:
        """Names of the members of each method, in order of their weight."""
        members = [Objective.named(str(name)) for name in self.trace[ALONG].values]
        found = {
            method: sorted(
                (one for one in members if one.method == method), key=lambda one: one.weight
            )
            for method in METHODS
        }
        return {method: [one.name for one in some] for method, some in found.items() if some}

    def informed(self, name: str) -> xr.DataArray:
        """The upper bound on I(X;Z), (estimator, batch)."""
        return self.plain(name, "I_XT").sel(layer=CODE, drop=True)

    def told(self, name: str) -> xr.DataArray:
        """The lower bound on I(Z;Y), (estimator, batch)."""
        return self.plain(name, "I_TY").sel(layer=CODE, drop=True)

    def beyond(self, name: str) -> xr.DataArray:
        """I(Z;Y) less the published abscissa, (estimator, batch)."""
        return self.told(name) - self.plain(name, "residual")

    def plain(self, name: str, variable: str) -> xr.DataArray:
        """A variable at the end, such as "error_test" or "residual"."""
        return last(self.trace[variable].sel({ALONG: name}, drop=True))

    def below_exact(self, name: str) -> xr.DataArray:
        """Bits below the exact curve of the known problem, and what is allowed."""
        return per_run(self.plain(name, "known_below") + SLACK)

    def best(self, names: Sequence[str]) -> str:
        """The member with the least test error; one that diverged only if all did."""
        errors = [float(mean("", self.plain(name, "error_test"))) for name in names]
        return names[int(np.argmin([np.inf if np.isnan(one) else one for one in errors]))]

    def level(self, methods: Sequence[Method]) -> float:
        """The I(Z;Y) in bits at which methods are compared; NaN if one of them diverged."""
        tops = [max(self._told_mean(name) for name in self.methods[one]) for one in methods]
        known = [self._told_mean(name) for one in methods for name in self.methods[one]]
        return float("nan") if np.isnan(known).any() else SHARE * min(tops)

    def needed(self, method: Method, level: float) -> xr.DataArray:
        """I(X;Z) at which a method first reaches a level of I(Z;Y), (estimator, batch).

        Between the last weight below the level and the first one above it, on a straight line
        through the means over the batches; where the smallest weight reaches it, that of this one.
        """
        names = self.methods[method]
        means = [self._told_mean(name) for name in names]
        place = next((i for i, one in enumerate(means) if one >= level), None)
        if place is None:
            return self.informed(names[-1]) * np.nan
        if place == 0:
            return self.informed(names[0])
        share = (level - means[place - 1]) / (means[place] - means[place - 1])
        before, after = self.informed(names[place - 1]), self.informed(names[place])
        return (1 - share) * before + share * after

    def _told_mean(self, name: str) -> float:
        return float(mean("", self.told(name).isel(estimator=0)))

"""What a family of infinite ensembles has, by member and by setting."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import xarray as xr

from infoplane.analysis.repeated import mean
from infoplane.experiments.members import members
from infoplane.experiments.wide.claims import told
from infoplane.experiments.wide.settings import Network
from infoplane.values.trace import Trace

ALONG = "network"
"""The dimension along which the members of the family lie."""
VARIED = {
    "weight_variance": "weight variance σ_w²",
    "depth": "hidden layers",
    "samples": "training samples",
}
"""The settings of which curves are drawn."""


@final
@dataclass(frozen=True)
class Kept:
    """The members of a family, of one seed or of several."""

    trace: Trace

    @cached_property
    def parts(self) -> dict[str, Trace]:
        """Every member as it was."""
        return {str(name): one for name, one in members(self.trace, ALONG).items()}

    def lines(self, setting: str) -> dict[str, list[str]]:
        """Members that differ in one setting alone, rising, by what they have in common.

        Args:
            setting: A field of ``Network``.
        """
        rows: dict[Network, list[Network]] = {}
        for name in self.parts:
            one = Network.named(name)
            default = getattr(Network(), setting)
            rows.setdefault(replace(one, **{setting: default}), []).append(one)
        return {
            _without(common, setting): [
                one.name for one in sorted(some, key=lambda one: getattr(one, setting))
            ]
            for common, some in rows.items()
            if len(some) > 1
        }

    def best(self, name: str) -> int:
        """The moment at which a member knows most of the target."""
        return int(mean("", told(self.parts[name])).argmax("snapshot"))

    def overfitting(self, name: str) -> xr.DataArray:
        """By how much the squared error at the end exceeds its least, (batch,)."""
        course = self.parts[name]["squared_test"]
        least = int(mean("", course).argmin("snapshot"))
        found = course.isel(snapshot=-1) - course.isel(snapshot=least)
        return found.reset_coords(drop=True)

    def known(self, name: str, of: Callable[[Trace], xr.DataArray], at: int) -> xr.DataArray:
        """A course of a member at one moment, (batch,)."""
        return of(self.parts[name]).isel(snapshot=at).reset_coords(drop=True)


def _without(network: Network, setting: str) -> str:
    """A network's name without the part of one setting."""
    part = {"weight_variance": "weights=", "depth": "depth=", "samples": "n="}[setting]
    return " ".join(one for one in network.name.split(" ") if not one.startswith(part))

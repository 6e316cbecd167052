"""What a family of filter counts ends with, trained, untrained, and trained on shuffled labels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import final

import xarray as xr

from infoplane.analysis.claims import UNTRAINED
from infoplane.experiments.convnet.control import LABELS, SUFFIX, has_control
from infoplane.experiments.convnet.kept import convolutions
from infoplane.experiments.members import first, last, null_at
from infoplane.values.trace import Trace

ALONG = "filters"
"""The dimension along which the members lie."""
TRAINED = "trained"
NULL = "permutation null"


@final
@dataclass(frozen=True)
class Counts:
    """The members on one probe, in order of their filters.

    Attributes:
        trace: The family, of one seed or of several.
    """

    trace: Trace

    @cached_property
    def names(self) -> list[str]:
        """From the fewest filters of the first convolutions to the most."""
        return sorted((str(one) for one in self.trace[ALONG].values), key=counts)

    @property
    def layers(self) -> list[str]:
        """The first and the last convolution."""
        maps = convolutions(self.trace)
        return list(dict.fromkeys((maps[0], maps[-1])))

    @property
    def readings(self) -> Mapping[str, Callable[[str, str], xr.DataArray]]:
        """A variable of a member, by what is done to its network."""
        known: dict[str, Callable[[str, str], xr.DataArray]] = {
            TRAINED: self.trained,
            UNTRAINED: self.untrained,
        }
        return known | ({LABELS: self.shuffled} if has_control(self.trace) else {})

    def trained(self, name: str, variable: str) -> xr.DataArray:
        """A variable at the end of training."""
        return last(self._of(name, variable))

    def untrained(self, name: str, variable: str) -> xr.DataArray:
        """The same of the network with as many filters before its first update."""
        return first(self._of(name, variable))

    def shuffled(self, name: str, variable: str) -> xr.DataArray:
        """The same of the network that learned shuffled labels."""
        return last(self._of(name, variable + SUFFIX))

    def null(self, name: str, variable: str) -> xr.DataArray:
        """The permutation mean of a variable at the end."""
        return null_at(last, self.trace.sel({ALONG: name}, drop=True), variable)

    def _of(self, name: str, variable: str) -> xr.DataArray:
        return self.trace[variable].sel({ALONG: name}, drop=True)


def counts(name: str) -> tuple[int, ...]:
    """The filters of a member; a name without numbers comes first.

    >>> sorted(["12-24", "6-12", "2-4"], key=counts)
    ['2-4', '6-12', '12-24']
    """
    return tuple(int(one) for one in name.split("-") if one.isdecimal())

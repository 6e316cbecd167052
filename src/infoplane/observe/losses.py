"""Losses on fixed samples, training's own and others, from one forward pass."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import xarray as xr
from torch import Tensor, nn

from infoplane.observe.stopwatch import Stopwatch
from infoplane.record.snapshot import Snapshot
from infoplane.record.undisturbed import undisturbed
from infoplane.values.trace import Measured


@final
@dataclass(frozen=True)
class Losses:
    """Several numbers on fixed sets of samples, without touching the network.

    Attributes:
        parts: Numbers of a network on samples by name, such as "loss"; each without dimensions.
        samples: Samples by the name that is put behind, such as "test" for "loss_test".
        unit: Unit of all parts.
        at: The steps at which they are measured; None for every moment.
    """

    parts: Callable[[nn.Module, Tensor], Mapping[str, Tensor]]
    samples: Mapping[str, Tensor]
    unit: str
    at: frozenset[int] | None = None

    def __call__(self, snapshot: Snapshot) -> Measured:
        """Every part on every set of samples."""
        clock, values = Stopwatch(), dict[str, xr.DataArray]()
        if self.at is not None and snapshot.step not in self.at:
            return Measured(values, clock.seconds)
        with clock.timing("loss"), undisturbed(snapshot.model):
            for name, x in self.samples.items():
                words = name.replace("_", " ")
                for part, value in self.parts(snapshot.model, x).items():
                    attributes = {"long_name": f"{part} {words}", "unit": self.unit, "n": len(x)}
                    values[f"{part}_{name}"] = xr.DataArray(value.item(), attrs=attributes)
        return Measured(values, clock.seconds)
